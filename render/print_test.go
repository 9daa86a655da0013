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
	t.Parallel()
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

const replaySong = `lathe: 1
song: {title: Parts, artist: Test, length: 0:02}
session: {sample_rate: 48 kHz}
stems:
  drums: {file: drums.wav, to: rhythm}
  bass: {file: bass.wav, to: rhythm, gain: -3 dB}
  lead: {file: lead.wav, gain: LEAD, to: rhythm}
buses: {rhythm: {chain: [{compressor: {threshold: -30 dB, ratio: 4}}]}}
mix: {chain: [{compressor: {threshold: -20 dB, ratio: 3, lookahead: 5 ms}}]}
versions: {instrumental: {mute: [lead], dynamics: main}, a-cappella: {solo: [lead], dynamics: main}}
deliver:
  - mix
  - stems: {name: through, prints: stems, through: mix, dynamics: main, versions: [main, instr*]}
`

// Prints of versions have names of their own and add up to their version; versions
// add up to the song. What leads a version is among the reasons to render it again.
func TestPrintsOfVersionsOnDisk(t *testing.T) {
	long(t)
	dir, cache := t.TempDir(), t.TempDir()
	writeGoldenStems(t, dir)
	o := render.Keeping(render.Options{Cache: cache}, func(string) bool { return true })
	write := func(lead string) {
		if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(strings.ReplaceAll(replaySong, "LEAD", lead)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("-6 dB")
	r, err := render.Build(context.Background(), load(t, dir), o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Files {
		got = append(got, f.Path)
	}
	want := []string{
		"mix/Parts.wav", "through/Parts - drums.wav", "through/Parts - bass.wav", "through/Parts - lead.wav",
		"mix/Parts (Instrumental).wav", "through/Parts (Instrumental) - drums.wav", "through/Parts (Instrumental) - bass.wav",
		"mix/Parts (A Cappella).wav",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("outputs (-want +got):\n%s", diff)
	}
	null := func(whole string, parts ...string) {
		t.Helper()
		rest, loudest := readWhole(t, filepath.Join(dir, "dist", whole)), 0.0
		for _, name := range parts {
			x := readWhole(t, filepath.Join(dir, "dist", name))
			for ch := range rest {
				for i, v := range x[ch] {
					rest[ch][i] -= v
				}
			}
		}
		for ch := range rest {
			for _, v := range rest[ch] {
				loudest = max(loudest, math.Abs(v))
			}
		}
		// Roundings to 32-bit float, those of the mix at 24 bits.
		if db := 20 * math.Log10(loudest+1e-300); db > -100 {
			t.Errorf("%s: its parts leave %.1f dB", whole, db)
		}
	}
	null(want[0], want[1:4]...)
	null(want[4], want[5:7]...)
	null(want[0], want[4], want[7])

	plan := func() map[string]string {
		steps, err := render.Plan(context.Background(), load(t, dir), o)
		if err != nil {
			t.Fatal(err)
		}
		why := map[string]string{}
		for _, s := range steps {
			if s.Run {
				why[s.Action] = strings.Join(s.Why, "; ")
			}
		}
		return why
	}
	if again := plan(); len(again) != 0 {
		t.Errorf("there is something to do after a build: %v", again)
	}
	text, err := os.ReadFile(filepath.Join(dir, "lathe.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(strings.ReplaceAll(string(text), "-3 dB", "-4 dB")), 0o644); err != nil {
		t.Fatal(err)
	}
	if why := plan()["mix (instrumental)"]; why != "stems/bass: fader.gain: -3 → -4" {
		t.Errorf("the instrumental is rendered again because %q", why)
	}
	write("-7 dB") // the instrumental does not hear it, but its compressors do
	if why := plan()["mix (instrumental)"]; why != "main version's stems/lead: fader.gain: -6 → -7" {
		t.Errorf("the instrumental is rendered again because %q", why)
	}
}
