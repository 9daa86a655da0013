package render_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/profiles"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// Every preset renders a steady tone, and leaves it in the neighbourhood of its
// level. The tone peaks at -8 dBFS, which is what presets are made for.
func TestPresets(t *testing.T) {
	long(t)
	t.Parallel()
	const rate, seconds, peak = 48000, 2, -8.0
	dir := t.TempDir()
	writeTone(t, filepath.Join(dir, "tone.wav"), rate, seconds, 1000, peak)
	var text strings.Builder
	text.WriteString("lathe: 1\nsong: {title: P, length: 0:02}\ndeliver: [stems]\nstems:\n  dry: tone.wav\n" +
		"  moved: {file: tone.wav, chain: [preset: effects/eq3], automation: {eq3.bands.2.gain: [{at: 0:00, value: -6 dB}]}}\n")
	names := profiles.PresetNames()
	for _, name := range names {
		fmt.Fprintf(&text, "  %s: {file: tone.wav, chain: [preset: %s]}\n", strings.ReplaceAll(name, "/", "-"), name)
	}
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := render.Build(context.Background(), load(t, dir), render.Options{Cache: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	// level is the peak of the second second, when everything has settled.
	level := func(strip string) (sound [2][]float64, db float64) {
		sound = readWhole(t, filepath.Join(dir, "dist/stems/P - "+strip+".wav"))
		top := 0.0
		for _, x := range sound {
			for _, v := range x[rate:] {
				top = max(top, math.Abs(v))
			}
		}
		return sound, 20 * math.Log10(top)
	}
	dry, _ := level("dry")
	for _, name := range names {
		sound, got := level(strings.ReplaceAll(name, "/", "-"))
		low, high := peak-12, peak+6 // wide: a tone that never lets go is held down by up to 13 dB (vocal/backing)
		switch name {
		case "effects/eq3": // flat until moved
			if !slices.Equal(sound[0], dry[0]) || !slices.Equal(sound[1], dry[1]) {
				t.Errorf("%s changes the sound", name)
			}
		case "effects/compressor": // 6 dB over the threshold at 3:1 loses 4 dB and gets 2 back; the ripple of attack and release is below 0.2 dB at 1 kHz
			low, high = peak-2.2, peak-1.8
		case "effects/reverb", "effects/room": // wet only; a steady tone meets peaks and dips of the response
			low, high = peak-30, peak+10
		}
		if got < low || got > high || math.IsNaN(got) {
			t.Errorf("%s: a tone that peaks at %v dBFS comes out at %.2f dBFS, not %v to %v", name, peak, got, low, high)
		}
	}
	if _, got := level("moved"); math.Abs(got-(peak-6)) > 0.05 { // within 0.05 dB of the curve at its centre
		t.Errorf("the moved band gives %.2f dBFS, not %v", got, peak-6)
	}
}

func writeTone(t *testing.T, path string, rate, seconds int, hz, dBFS float64) {
	t.Helper()
	x := make([]float64, rate*seconds)
	for i := range x {
		x[i] = math.Pow(10, dBFS/20) * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: 2, Bits: 32, Float: true, Frames: int64(len(x))})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFloat([][]float64{x, x}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
