package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A sequence of two discs and three sides: every song's place, number, gap, and
// which of them are one programme with the song before.
func TestSequence(t *testing.T) {
	p := mustLoad(t, `lathe: 1
release: {title: R}
loudness: album
songs:
  - {mix: mix.wav, title: Overture, hidden: true}
  - {mix: mix.wav, title: One, gap: 5 s, fade_in: {length: 10 ms, shape: s-curve}}
  - {mix: mix.wav, title: Two, gap: 0, start: 0:01.5, end: 1:00}
  - {mix: mix.wav, title: Three, crossfade: {length: 4 s, shape: linear}}
  - {mix: mix.wav, title: Four, side: B}
  - {mix: mix.wav, title: Five, disc: 2, side: C, gap: 0, fade_out: 3 s}
deliver: [cd: {images: [ddp, cue]}, streaming]
`)
	type place struct {
		Track    int
		Gap      float64
		Cross    Fade
		From, To float64
		Disc     int
		Side     string
		Joined   bool
	}
	var got []place
	for _, s := range p.Songs {
		got = append(got, place{s.Track, s.Gap, s.Crossfade, s.Start, s.End, s.Disc, s.Side, s.Joined()})
	}
	want := []place{
		{0, 0, Fade{}, 0, 0, 1, "A", false},
		{1, 5, Fade{}, 0, 0, 1, "A", false},
		{2, 0, Fade{}, 1.5, 60, 1, "A", true},
		{3, 0, Fade{4, FadeLinear}, 0, 0, 1, "A", true},
		{4, 2, Fade{}, 0, 0, 1, "B", false},
		{5, 0, Fade{}, 0, 0, 2, "C", true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f := p.Songs[1].FadeIn; f != (Fade{0.01, FadeSCurve}) || !p.Songs[1].Edited() || p.Songs[3].Edited() {
		t.Errorf("edits: %+v", p.Songs)
	}
	if p.Loudness.Mode != LoudnessAlbum {
		t.Errorf("loudness: %+v", p.Loudness)
	}
	cd, streaming := p.Songs[0].Song.Deliver[0], p.Songs[0].Song.Deliver[1]
	if diff := cmp.Diff([]string{ImageCue, ImageDDP}, cd.Images); diff != "" || streaming.Images != nil || cd.Split != SplitSong {
		t.Errorf("images: %q %q", cd.Images, streaming.Images)
	}
	for path, want := range map[string]string{
		"loudness.mode":     "loudness.mode = album | lathe.yaml:3\n",
		"songs[4].gap":      "songs[4].gap = 2 s | default\n",
		"songs[4].disc":     "songs[4].disc = that of the song before | default\n",
		"songs[5].side":     "songs[5].side = C | lathe.yaml:10\n",
		"deliver.cd.images": "deliver.cd.images = [cue, ddp] | lathe.yaml:11\n",
	} {
		if diff := cmp.Diff(want, explained(p, path)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
}
