package render_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/disc"
)

const imageAlbum = `songs:
  - {mix: a.wav, title: Hidden, hidden: true, end: 1 s}
  - {mix: a.wav, title: One, isrc: QZABC2600001, gap: 1.5 s}
  - {mix: b.wav, title: Two, isrc: QZABC2600002, gap: 0}
  - {mix: a.wav, title: Three, isrc: QZABC2600003, crossfade: 0.333 s}
  - {mix: b.wav, title: Four, isrc: QZABC2600004, gap: 1.001 s}
  - {mix: a.wav, title: Five, isrc: QZABC2600005, disc: 2, side: B}
deliver: [cd: {images: [cue, ddp]}, vinyl: {sample_rate: 48 kHz}]
`

// A disc's image is the songs' files one after the other, each at a frame of the CD, and
// silence between them; nothing else. The gaps are those of the sequence, rounded up.
func TestImageIsTheFiles(t *testing.T) {
	long(t)
	t.Parallel()
	dir := albumOf(t, imageAlbum, 4.111, 5.05)
	r, ran := made(t, dir)
	if !slices.Contains(ran, "assemble cd disc 1") || !slices.Contains(ran, "assemble vinyl side B") {
		t.Errorf("made %q", ran)
	}
	cd := filepath.Join(dir, "dist", "cd")
	image, err := os.ReadFile(filepath.Join(cd, "ddp-1", "IMAGE.DAT"))
	if err != nil {
		t.Fatal(err)
	}
	frame := func(n int64) []byte { return image[4*n : 4*n+4] }
	var at int64 // where the sound before ends, in samples
	files := []string{"00 Hidden.wav", "01 One.wav", "02 Two.wav", "03 Three.wav", "04 Four.wav"}
	gaps := []float64{2, 1.5, 0, 0, 1.001}
	var starts []int64
	for i, name := range files {
		x := readWhole(t, filepath.Join(cd, name))
		start := at + int64(gaps[i]*44100+0.5)
		start = (start + 587) / 588 * 588
		for n := at; n < start; n++ {
			if f := frame(n); f[0]|f[1]|f[2]|f[3] != 0 {
				t.Fatalf("%s: sound at sample %d, before it", name, n)
			}
		}
		for n := range x[0] {
			l, r := int16(x[0][n]*(1<<15)), int16(x[1][n]*(1<<15))
			f := frame(start + int64(n))
			if int16(uint16(f[0])|uint16(f[1])<<8) != l || int16(uint16(f[2])|uint16(f[3])<<8) != r {
				t.Fatalf("%s: sample %d is another in the image", name, n)
			}
		}
		starts = append(starts, start)
		at = start + int64(len(x[0]))
	}
	if rest := int64(len(image))/4 - at; rest < 0 || rest >= 588 || len(image)%2352 != 0 {
		t.Errorf("the image ends %d samples after its last song", rest)
	}
	// Read back, the DDP says the same, and the cue sheet names the image.
	back, err := disc.ReadDDP(os.DirFS(filepath.Join(cd, "ddp-1")))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(back.Layout.Tracks); n != 4 {
		t.Fatalf("%d tracks", n)
	}
	for i, track := range back.Layout.Tracks {
		if track.Start.Samples() != starts[i+1] || track.ISRC != []string{"QZABC2600001", "QZABC2600002", "QZABC2600003", "QZABC2600004"}[i] {
			t.Errorf("track %d: %+v, begins at %d", i+1, track, starts[i+1])
		}
	}
	cue, err := os.ReadFile(filepath.Join(cd, "R (Disc 1).cue"))
	if err != nil || !strings.Contains(string(cue), `FILE "R (Disc 1).wav" WAVE`) {
		t.Errorf("%v\n%s", err, cue)
	}
	if _, err := os.Stat(filepath.Join(cd, "R (Disc 1).toc")); err == nil {
		t.Error("a TOC that nobody asked for")
	}
	sheet, err := os.ReadFile(filepath.Join(cd, "R (Disc 1) PQ.txt"))
	if err != nil || !strings.Contains(string(sheet), "Hidden") {
		t.Errorf("%v\n%s", err, sheet)
	}

	// Sides of vinyl have the gaps to the sample, and no file of a song besides.
	side := readWhole(t, filepath.Join(dir, "dist", "vinyl", "R - Side A.wav"))
	want := 0
	for _, seconds := range []float64{1, 1.5, 4.111, 5.05, 4.111 - 0.333, 1.001, 5.05} {
		want += int(seconds*48000 + 0.5)
	}
	if got := len(side[0]); got < want-5 || got > want+5 { // songs at 44.1 kHz end between samples of 48
		t.Errorf("side A has %d samples, want about %d", got, want)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "dist", "vinyl"))
	if err != nil || len(entries) != 4 {
		t.Errorf("%v %v", entries, err)
	}

	// Nothing to do; then another title is other words, and no other sound.
	if _, ran := made(t, dir); len(ran) > 0 {
		t.Errorf("made again: %q", ran)
	}
	rewrite(t, dir, strings.Replace(imageAlbum, "title: Five", "title: Cinque", 1))
	steps, err := render.Plan(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var planned []string
	for _, s := range steps {
		if s.Run {
			planned = append(planned, s.Action)
		}
	}
	_, ran = made(t, dir)
	if want := []string{"assemble cd disc 2", "assemble vinyl side B"}; !slices.Equal(ran, want) || !slices.Equal(planned, want) {
		t.Errorf("after a new title: made %q, planned %q", ran, planned)
	}
	// A carrier that was lost is assembled anew, from outputs that lie in their place.
	if err := os.Remove(filepath.Join(cd, "ddp-1", "PQDESCR")); err != nil {
		t.Fatal(err)
	}
	if _, ran = made(t, dir); !slices.Equal(ran, []string{"assemble cd disc 1"}) {
		t.Errorf("after a lost file: %q", ran)
	}
	again, err := os.ReadFile(filepath.Join(cd, "ddp-1", "IMAGE.DAT"))
	if err != nil || !slices.Equal(again, image) {
		t.Errorf("the image is another: %v", err)
	}
	if found, err := render.Verify(context.Background(), load(t, dir), render.Options{}, false); err != nil || len(found) > 0 {
		t.Errorf("verify: %v %v", found, err)
	}
	if err := os.WriteFile(filepath.Join(cd, "R (Disc 1).cue"), append(cue, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	differences, err := render.Verify(context.Background(), load(t, dir), render.Options{}, false)
	if err != nil || len(differences) != 1 || !strings.Contains(differences[0].String(), "other content") {
		t.Errorf("verify of a changed cue sheet: %v %v", differences, err)
	}
	_ = r
}

// What the Red Book forbids stops the build with its numbers; what needs no sound to be
// known is found without.
func TestNoDisc(t *testing.T) {
	dir := albumOf(t, "songs: [{mix: a.wav, title: One}, {mix: a.wav, title: Two, end: 2 s}]\ndeliver: [cd: {images: ddp}]\n", 4.5)
	_, err := render.Build(context.Background(), load(t, dir), render.Options{})
	if err == nil || !strings.Contains(err.Error(), "track 2: is 00:02:00 long, 00:04:00 at least") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "dist", "cd")); err == nil {
		t.Error("delivered all the same")
	}
	rewrite(t, dir, "songs: [{mix: a.wav, title: さくら}]\ndeliver: [cd: {images: ddp}]\n")
	found := render.Inspect(load(t, dir))
	if !found.HasErrors() || !strings.Contains(found.Text(), "CD-TEXT title") {
		t.Errorf("found %s", found.Text())
	}
}
