package render_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render"
)

const stemMasterSong = `lathe: 1
song: {title: Parts, artist: Test, length: 0:02}
session: {sample_rate: 48 kHz}
stems:
  drums: {file: drums.wav, to: rhythm}
  bass: {file: bass.wav, to: rhythm, gain: -3 dB}
  lead: {file: lead.wav, gain: -6 dB, chain: [{eq: {phase: linear, bands: [{type: bell, freq: 1 kHz, gain: 2 dB}]}}], sends: {plate: -9 dB}}
buses: {rhythm: {GAIN}}
returns: {plate: {chain: [{reverb: {decay: 0.4 s}}]}}
mix: {chain: [{compressor: {threshold: -20 dB, sidechain: drums}}]}
versions: {instrumental: {mute: [lead]}}
master:
  MASTER
  chain: [{saturator: {drive: 3 dB}}]
deliver: [mix, mix: {name: master, from: master}]
`

// What the master does to a bus is what the bus's fader would do, and nobody but
// the master hears it: the mix keeps its samples, and is not rendered again.
func TestStemMastering(t *testing.T) {
	long(t)
	t.Parallel()
	dir, cache := t.TempDir(), t.TempDir()
	writeGoldenStems(t, dir)
	build := func(gain, master string) (pcm map[string]string, made []string) {
		text := strings.NewReplacer("GAIN", gain, "MASTER", master).Replace(stemMasterSong)
		if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		o := render.Options{Cache: cache, Event: func(e render.Event) {
			if e.Event == render.ActionDone && !e.Cached {
				made = append(made, e.Action)
			}
		}}
		r, err := render.Build(context.Background(), load(t, dir), o)
		if err != nil {
			t.Fatal(err)
		}
		pcm = map[string]string{}
		for _, f := range r.Files {
			pcm[f.Path] = f.PCM
		}
		return pcm, made
	}
	const main, instrumental = "master/Parts.wav", "master/Parts (Instrumental).wav"
	plain, _ := build("", "")
	nothing, _ := build("", "buses: {rhythm: {}, lead: {chain: []}}")
	lower, made := build("", "buses: {rhythm: {gain: -6 dB}}")
	faded, _ := build("gain: -6 dB", "")
	treated, _ := build("", "buses: {rhythm: {gain: -6 dB}, plate: {chain: [{eq: {phase: linear, bands: [{type: bell, freq: 1 kHz, gain: 3 dB}]}}]}}")
	for name, sum := range plain {
		if nothing[name] != sum {
			t.Errorf("%s: taking the parts apart changes the sound", name)
		}
		if folder, _, _ := strings.Cut(name, "/"); folder == "mix" && lower[name] != sum {
			t.Errorf("%s: the mix hears what the master does", name)
		}
	}
	for _, name := range []string{main, instrumental} {
		if lower[name] == plain[name] {
			t.Errorf("%s: the bus at -6 dB in the master is not heard", name)
		}
	}
	if want := []string{"deliver master/Parts (Instrumental).wav", "deliver master/Parts.wav", "master", "master (instrumental)", "master/mix", "master/mix (instrumental)"}; !slices.Equal(sorted(made), want) {
		t.Errorf("made %q, want %q", sorted(made), want)
	}
	// The fader rounds to 32-bit float behind the gain, the master in front of it.
	a, b := filepath.Join(dir, "dist", main), filepath.Join(t.TempDir(), "faded.wav")
	build("gain: -6 dB", "")
	if err := os.Link(a, b); err != nil {
		t.Fatal(err)
	}
	build("", "buses: {rhythm: {gain: -6 dB}}")
	x, y := readWhole(t, a), readWhole(t, b)
	for ch := range x {
		for i, v := range x[ch] {
			if d := v - y[ch][i]; d > 1e-6 || d < -1e-6 {
				t.Fatalf("frame %d: %v in the master's hands, %v by the fader", i, v, y[ch][i])
			}
		}
	}
	if faded["mix/Parts.wav"] == plain["mix/Parts.wav"] {
		t.Error("the bus's own fader is not heard in the mix")
	}
	if treated[main] == lower[main] || treated[instrumental] != lower[instrumental] {
		t.Error("the plate is treated where it is not heard, or not where it is")
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
