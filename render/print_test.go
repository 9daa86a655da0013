package render_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// readWhole reads a stereo file.
func readWhole(t *testing.T, path string) [2][]float64 {
	t.Helper()
	r, err := audiofile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	x := [2][]float64{make([]float64, r.Info().Frames), make([]float64, r.Info().Frames)}
	for at := 0; at < len(x[0]); {
		n, err := r.ReadStereo(x[0][at:], x[1][at:])
		if n == 0 || err != nil {
			t.Fatalf("%s: frame %d: %v", path, at, err)
		}
		at += n
	}
	return x
}

const printSong = `lathe: 1
song: {title: Parts, artist: Test, tempo: 120 bpm, length: 0:03}
session: {sample_rate: 48 kHz}
stems:
  drums: {file: drums.wav, to: rhythm, sends: {plate: -14 dB}}
  bass: {file: bass.wav, to: rhythm, gain: -3 dB, chain: [{eq: {bands: [{type: lowpass, freq: 2 kHz}]}}]}
  lead: {file: lead.wav, gain: -6 dB, sends: {plate: -9 dB}, chain: [{eq: {phase: linear, bands: [{type: bell, freq: 1 kHz, gain: 2 dB}]}}]}
  spare: {file: lead.wav, mute: true}
buses: {rhythm: {BUS}}
returns: {plate: {chain: [{reverb: {decay: 0.4 s}}]}}
groups: {all: {members: [drums, bass, lead], gain: -2 dB}}
mix: {MIX}
deliver:
  - mix
  - stems
  - stems: {name: buses, prints: buses}
  - stems: {name: parts, prints: [rhythm, lead], bit_depth: 24, dither: tpdf}
`

// Prints begin together, are as long as the song and add up to the mix print. Those
// of the buses do so whatever the chains, and the others where they are linear. A
// change of the mix's own chain makes no print anew.
func TestPrintsOnDisk(t *testing.T) {
	long(t)
	dir, cache := t.TempDir(), t.TempDir()
	writeGoldenStems(t, dir)
	build := func(bus, mix string) (made []string) {
		text := strings.NewReplacer("BUS", bus, "MIX", mix).Replace(printSong)
		if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		o := render.Keeping(render.Options{Cache: cache}, func(string) bool { return true })
		steps, err := render.Plan(context.Background(), load(t, dir), o)
		if err != nil {
			t.Fatal(err)
		}
		var planned []string
		for _, s := range steps {
			if s.Run {
				planned = append(planned, s.Action)
			}
		}
		o.Event = func(e render.Event) {
			if e.Event == render.ActionDone && !e.Cached {
				made = append(made, e.Action)
			}
		}
		if _, err = render.Build(context.Background(), load(t, dir), o); err != nil {
			t.Fatal(err)
		}
		slices.Sort(planned)
		slices.Sort(made)
		if diff := cmp.Diff(planned, made); diff != "" {
			t.Errorf("what was planned and what was made (-planned +made):\n%s", diff)
		}
		return made
	}
	left := func(folder string) float64 {
		t.Helper()
		mix := readWhole(t, filepath.Join(dir, "dist", "mix", "Parts.wav"))
		files, err := filepath.Glob(filepath.Join(dir, "dist", folder, "*.wav"))
		if err != nil || len(files) < 2 {
			t.Fatalf("%s: %d prints, %v", folder, len(files), err)
		}
		for _, f := range files {
			x := readWhole(t, f)
			if len(x[0]) != len(mix[0]) {
				t.Fatalf("%s has %d frames, the mix %d", f, len(x[0]), len(mix[0]))
			}
			for ch := range x {
				for i, v := range x[ch] {
					mix[ch][i] -= v
				}
			}
		}
		peak := 0.0
		for ch := range mix {
			for _, v := range mix[ch] {
				peak = max(peak, math.Abs(v))
			}
		}
		return 20 * math.Log10(peak+1e-300)
	}

	build("", "")
	for folder, want := range map[string]int{"stems": 3, "buses": 3, "parts": 2} {
		if files := filesBelow(t, filepath.Join(dir, "dist", folder)); len(files) != want {
			t.Errorf("%s: %d files, want %d: %v", folder, len(files), want, files)
		}
	}
	for _, name := range []string{"stems/Parts - bass.wav", "buses/Parts - rhythm.wav", "buses/Parts - plate.wav", "buses/Parts - lead.wav", "parts/Parts - rhythm.wav"} {
		if _, err := os.Stat(filepath.Join(dir, "dist", name)); err != nil {
			t.Error(err)
		}
	}
	// Roundings to 32-bit float, at 24 bits and dithered twice 1.5 steps.
	for _, folder := range []string{"stems", "buses", "parts"} {
		if db := left(folder); db > -120 {
			t.Errorf("%s: the sum leaves %.1f dB of the mix", folder, db)
		}
	}
	if made := build("", ""); len(made) != 0 {
		t.Errorf("a second build makes %v", made)
	}
	for _, action := range build("", "gain: -1 dB") {
		if strings.Contains(action, "print") || strings.Contains(action, "deliver") && !strings.Contains(action, "mix/") {
			t.Errorf("the mix's fader makes %s", action)
		}
	}
	build("chain: [{compressor: {threshold: -30 dB, ratio: 8}}]", "")
	if db := left("buses"); db > -120 {
		t.Errorf("buses with a compressor: the sum leaves %.1f dB of the mix", db)
	}
	if db := left("stems"); db < -60 {
		t.Errorf("stems through a compressor leave %.1f dB: it does nothing, and the test shows nothing", db)
	}
}
