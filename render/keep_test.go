package render_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lathe-audio/lathe/render"
)

const keptSong = `lathe: 1
song: {title: Kept, tempo: 120 bpm}
session: {sample_rate: 48 kHz}
stems:
  drums: {file: drums.wav, to: band, chain: [{eq: {bands: [{type: highpass, freq: 30 Hz}]}}]}
  bass: {file: bass.wav, gain: -4 dB, chain: [{compressor: {threshold: -20 dB, ratio: 4, sidechain: drums}}]}
  lead: {file: lead.wav, width: 80%, tags: [vocal], sends: {plate: -12 dB, echo: {level: -18 dB, pre: true}}}
buses:
  band: {chain: [{compressor: {threshold: -30 dB, ratio: 8, attack: 1 ms, release: 60 ms}}]}
returns:
  plate: {chain: [{reverb: {type: plate, decay: 0.6 s, predelay: 20 ms}}]}
  echo: {chain: [{delay: {time: 1/8., feedback: 35%, pingpong: true}}]}
mix: {chain: [{compressor: {threshold: -14 dB, ratio: 2, attack: 30 ms, release: auto}}]}
versions: {instrumental: {mute: [vocal]}}
master: {chain: [{eq: {phase: linear, bands: [{type: bell, freq: 3 kHz, gain: 0.6 dB}]}}, {saturator: {drive: 2 dB}}]}
deliver: [streaming]
`

// actions builds a song with some words replaced and returns what was
// made and what was read back.
func actions(t *testing.T, dir string, o render.Options, replace ...string) (made, digests []string) {
	t.Helper()
	text := strings.NewReplacer(replace...).Replace(keptSong)
	if len(replace) > 0 && text == keptSong {
		t.Fatalf("%q is not in the song", replace)
	}
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Event = func(e render.Event) {
		if e.Event == render.ActionDone && !e.Cached && !strings.HasPrefix(e.Action, "deliver ") {
			made = append(made, e.Action)
		}
	}
	steps, err := render.Plan(context.Background(), load(t, dir), o)
	if err != nil {
		t.Fatal(err)
	}
	made = nil
	r, err := render.Build(context.Background(), load(t, dir), o)
	if err != nil {
		t.Fatal(err)
	}
	var planned []string
	for _, s := range steps {
		if s.Run && s.Output == "" {
			planned = append(planned, s.Action)
		}
	}
	slices.Sort(planned)
	slices.Sort(made)
	if !slices.Equal(planned, made) {
		t.Errorf("planned %q, made %q", planned, made)
	}
	for _, f := range r.Files {
		digests = append(digests, f.SHA256)
	}
	return made, digests
}

// Where strips are kept, a change makes that strip again, what hears it, and
// nothing else; and every output is what a clean build gives.
func TestOnlyTheStripThatChanged(t *testing.T) {
	long(t)
	t.Parallel()
	dir := t.TempDir()
	writeGoldenStems(t, dir)
	everything := render.Keeping(render.Options{}, func(string) bool { return true })
	nothing := render.Keeping(render.Options{}, func(string) bool { return false })
	all, _ := actions(t, dir, everything)
	t.Logf("all: %q", all)
	for _, c := range []struct {
		change []string
		made   []string
	}{
		{nil, nil},
		{[]string{"title: Kept", "title: Left"}, nil},
		{[]string{"tags: [vocal]", "tags: [vocal, loud]"}, nil},
		{[]string{"drive: 2 dB", "drive: 2.5 dB"}, []string{"master", "master (instrumental)"}},
		{[]string{"plate: -12 dB", "plate: -11 dB"}, []string{"master", "mix", "plate"}},
		{[]string{"gain: -4 dB", "gain: -5 dB"}, []string{"master", "master (instrumental)", "mix", "mix (instrumental)", "stems/bass"}},
		{[]string{"width: 80%", "width: 85%"}, []string{"echo", "master", "mix", "plate", "stems/lead"}},
		{[]string{"ratio: 8", "ratio: 9"}, []string{"band", "master", "master (instrumental)", "mix", "mix (instrumental)"}},
	} {
		made, digests := actions(t, dir, everything, c.change...)
		if diff := cmp.Diff(c.made, made, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q:\n%s", c.change, diff)
		}
		clean := nothing
		clean.Cache = t.TempDir()
		if _, want := actions(t, dir, clean, c.change...); !slices.Equal(digests, want) {
			t.Errorf("%q: not what a clean build gives", c.change)
		}
	}
}
