package render_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/spec"
)

// previewSong has stems that are loud at different times, one of them at
// another rate, and all that a run-in has to settle: a compressor with a
// side-chain, an echo, a reverb that stands still.
const previewSong = `lathe: 1
song: {title: Song, artist: Test}
session: {sample_rate: 48 kHz}
stems:
  early: {file: early.wav, gain: EARLY, to: band, sends: {plate: -6 dB}}
  late: {file: late.wav, gain: LATE, offset: 2 s, sends: {echo: -6 dB}, automation: {pan: [{at: 0:03, value: C}, LANE{at: 0:25, value: L20}]}}
buses:
  band: {chain: [{compressor: {threshold: -30 dB, ratio: 4, release: 200 ms, sidechain: late}}]}
returns:
  plate: {chain: [{reverb: {decay: 1.2 s, modulation: 0%}}]}
  echo: {chain: [{delay: {time: 300 ms, feedback: 40%}}]}
master: {chain: [{eq: {phase: linear, bands: [{type: bell, freq: 1 kHz, gain: MASTER}]}}]}
deliver: DELIVER
`

// lab is a project to preview.
type lab struct {
	*testing.T
	dir    string
	values map[string]string
	render.Previewer
}

func newLab(t *testing.T, seconds float64) *lab {
	t.Helper()
	l := &lab{T: t, dir: t.TempDir(), values: map[string]string{
		"EARLY": "0 dB", "LATE": "-12 dB", "LANE": "", "MASTER": "2 dB", "DELIVER": "[streaming, cd, mix]",
	}}
	// early is loud from 0.4 to 0.6 of the song, late from 0.7 to 0.8.
	loud := func(from, to float64) func(x float64) float64 {
		return func(x float64) float64 {
			if x > from && x < to {
				return 0.4
			}
			return 0.02
		}
	}
	writeNoise(t, filepath.Join(l.dir, "early.wav"), 48000, seconds, 1, loud(0.4, 0.6))
	writeNoise(t, filepath.Join(l.dir, "late.wav"), 44100, seconds, 2, loud(0.7-2/seconds, 0.8-2/seconds))
	return l
}

// writeNoise writes a 24-bit stereo file of noise with a level over its length.
func writeNoise(t *testing.T, path string, rate int, seconds float64, seed uint64, level func(x float64) float64) {
	t.Helper()
	n := int(seconds * float64(rate))
	noise := rand.New(rand.NewPCG(seed, 5))
	x := [][]int32{make([]int32, n), make([]int32, n)}
	for i := range n {
		amp := level(float64(i)/float64(n)) * (1 << 23)
		x[0][i], x[1][i] = int32(amp*(noise.Float64()-0.5)), int32(amp*(noise.Float64()-0.5))
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: 2, Bits: 24, Frames: int64(n)})
	if err == nil {
		err = w.WriteInt(x)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// load loads the project with these values changed: "EARLY", "-3 dB".
func (l *lab) load(changes ...string) *spec.Project {
	l.Helper()
	for i := 0; i < len(changes); i += 2 {
		l.values[changes[i]] = changes[i+1]
	}
	text := previewSong
	for name, value := range l.values {
		text = strings.ReplaceAll(text, name, value)
	}
	if err := os.WriteFile(filepath.Join(l.dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		l.Fatal(err)
	}
	return load(l, l.dir)
}

func (l *lab) build(changes ...string) *render.Result {
	l.Helper()
	r, err := render.Build(context.Background(), l.load(changes...), render.Options{})
	if err != nil {
		l.Fatal(err)
	}
	return r
}

func (l *lab) preview(seconds float64, changes ...string) *render.Preview {
	l.Helper()
	v, err := l.Previewer.Render(context.Background(), l.load(changes...), render.Options{}, seconds)
	if err != nil {
		l.Fatal(err)
	}
	return v
}

func samples(t *testing.T, path string) (rate int, x [2][]float64) {
	t.Helper()
	r, err := audiofile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := int(r.Info().Frames)
	x[0], x[1] = make([]float64, n), make([]float64, n)
	if got, err := r.ReadStereo(x[0], x[1]); got != n || n == 0 {
		t.Fatalf("%s: %d frames of %d: %v", path, got, n, err)
	}
	return r.Info().Rate, x
}

// A preview is what the finished file has in that place: with the run-in, what
// it lacks of the sound before lies 90 dB below it.
func TestPreviewIsThePassage(t *testing.T) {
	long(t)
	t.Parallel()
	l := newLab(t, 24)
	for _, c := range []struct{ name, changed, value string }{
		{"from the stems", "EARLY", "-1 dB"},
		{"from a stored mix", "MASTER", "-2 dB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.T = t
			l.build("DELIVER", "[mix: {name: master, from: master}]", "EARLY", "0 dB", "MASTER", "2 dB")
			v := l.preview(4.5, c.changed, c.value)
			if v == nil || v.Level != render.LevelAsIs {
				t.Fatalf("%+v, want a preview with the level unchanged", v)
			}
			r := l.build()
			rate, got := samples(t, v.File)
			_, whole := samples(t, filepath.Join(r.Dir, r.Files[0].Path))
			at := int(math.Round(v.From * float64(rate)))
			if len(got[0]) != int(4.5*float64(rate)) {
				t.Fatalf("%d frames", len(got[0]))
			}
			signal, noise := 0.0, 0.0
			for ch := range got {
				for i, x := range got[ch] {
					d := x - whole[ch][at+i]
					signal += x * x
					noise += d * d
				}
			}
			below := 10 * math.Log10(signal/max(noise, 1e-30))
			t.Logf("%.1f s on: what differs lies %.1f dB below the sound", v.From, below)
			if below < 90 {
				t.Errorf("what differs lies %.1f dB below the sound, want 90", below)
			}
		})
	}
}

// Where a preview lies, and how loud it is.
func TestPreviewChoosesThePassage(t *testing.T) {
	long(t)
	t.Parallel()
	l := newLab(t, 24)
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s: %.2f, want %.2f", what, got, want)
		}
	}
	v := l.preview(4) // nothing was built: by the stems, at a level of its own
	near("first", v.From, 0.4*24, 0.6)
	near("loudness", *v.Integrated, -14, 0.1)
	if v.Why != render.WhyLoudest || v.Level != render.LevelPassage || v.Output != "streaming/Song.wav" {
		t.Errorf("first: %+v", v)
	}
	first := l.build()
	if v := l.preview(4); v != nil {
		t.Errorf("nothing to render, and a preview: %+v", v)
	}

	v = l.preview(4, "MASTER", "1 dB")
	near("master", v.From, 0.4*24, 0.6)
	near("gain", v.Gain, first.Files[0].Gain, 0.001)
	if v.Why != render.WhyLoudest || v.Level != render.LevelLast || *v.TruePeak > -1 {
		t.Errorf("master: %+v", v)
	}
	l.build()

	v = l.preview(2.4, "LATE", "-14 dB") // softer than the other stem everywhere
	near("a stem", v.From, 0.7*24, 0.4)
	if v.Why != render.WhyStrips || !cmp.Equal(v.Strips, []string{"late"}) {
		t.Errorf("a stem: %+v", v)
	}
	built := l.build()

	v = l.preview(4, "LANE", "{at: 0:18, value: R30}, {at: 0:19, value: C}, ")
	near("automation", v.From, 18.5-2, 0.6)
	if v.Why != render.WhyAutomation {
		t.Errorf("automation: %+v", v)
	}
	l.build()

	v = l.preview(4, "DELIVER", "[streaming: {loudness: -12 LUFS}, mix]") // louder by two, with the level
	near("gain", v.Gain, built.Files[0].Gain+2, 0.1)
	if v.Level != render.LevelLast {
		t.Errorf("another target: %+v", v)
	}
	if v := l.preview(60); v != nil {
		t.Errorf("a preview longer than the song: %+v", v)
	}
}

// A preview is no result: nothing knows of it but the output folder, which it
// leaves without a trace.
func TestPreviewLeavesNoTrace(t *testing.T) {
	t.Parallel()
	l := newLab(t, 6)
	l.build()
	tree := func() map[string]string {
		all := map[string]string{}
		err := filepath.WalkDir(l.dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || strings.HasSuffix(path, ".lock") {
				return err
			}
			text, err := os.ReadFile(path)
			if rel, _ := filepath.Rel(l.dir, path); !strings.Contains(rel, "digests") { // of inputs: those may be learnt
				all[rel] = fmt.Sprint(len(text))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	p := l.load("EARLY", "-1 dB")
	before := tree()
	v := l.preview(3)
	if v == nil || v.File != filepath.Join(l.dir, "dist", "preview", "Song.wav") {
		t.Fatalf("%+v", v)
	}
	if steps, err := render.Plan(context.Background(), p, render.Options{}); err != nil || !slices.ContainsFunc(steps, func(s render.Step) bool { return s.Action == "mix" && s.Run }) {
		t.Errorf("after the preview the plan is %+v, %v", steps, err)
	}
	if err := render.RemovePreview(p, render.Options{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, tree()); d != "" {
		t.Errorf("a preview leaves: %s", d)
	}

	// Somebody else's file is left alone, and so is a preview that was edited.
	if err := os.MkdirAll(filepath.Dir(v.File), 0o755); err != nil {
		t.Fatal(err)
	}
	mine := []byte("mine")
	for _, when := range []string{"before", "after"} {
		if when == "after" {
			os.Remove(v.File)
			l.preview(3)
		}
		if err := os.WriteFile(v.File, mine, 0o644); err != nil {
			t.Fatal(err)
		}
		var taken *render.InputError
		if _, err := l.Previewer.Render(context.Background(), p, render.Options{}, 3); !errors.As(err, &taken) {
			t.Errorf("%s: %v, want that lathe did not write this", when, err)
		}
		if err := render.RemovePreview(p, render.Options{}); err != nil {
			t.Error(err)
		}
		if text, _ := os.ReadFile(v.File); string(text) != string(mine) {
			t.Errorf("%s: somebody else's file was overwritten or removed", when)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if v, err := l.Previewer.Render(ctx, p, render.Options{}, 3); v != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v, %v", v, err)
	}
	p = l.load("DELIVER", "[streaming: {name: preview}]")
	if v, err := l.Previewer.Render(context.Background(), p, render.Options{}, 3); v != nil || err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("a delivery called preview: %v, %v", v, err)
	}
}
