package render_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/lathe-audio/lathe/dsp/dither"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/spec"
)

// writeStem16 writes a stereo stem of 16-bit words.
func writeStem16(t *testing.T, path string, rate int, left, right []int32) {
	t.Helper()
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := audiofile.CreateWAV(out, audiofile.Spec{Rate: rate, Channels: 2, Bits: 16, Frames: int64(len(left))})
	if err == nil {
		err = w.WriteInt([][]int32{left, right})
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func writeProject(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Where nothing is lost nothing is added: 16-bit words through an empty chain
// come out as they went in, whatever dither is asked for. With a fader moved every
// kind makes another file, all of them within its reach of the song.
func TestNoDitherWhereNothingIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	dir := t.TempDir()
	x := [2][]int32{make([]int32, 30000), make([]int32, 30000)}
	noise := seed.New(seed.Of("word length"))
	for i := range x[0] {
		x[0][i], x[1][i] = int32(noise.Next()*60000), int32(noise.Next()*60000)
	}
	writeStem16(t, filepath.Join(dir, "stem.wav"), 44100, x[0], x[1])
	kinds := []string{"tpdf", "tpdf-hp", "shaped", "lipshitz-5", "improved-e-9", "wannamaker-24", "none"}
	build := func(gain string) map[string][2][]float64 {
		text := "lathe: 1\nsong: {title: S}\nstems: {stem: {file: stem.wav, gain: " + gain + "}}\ndeliver:\n"
		for _, k := range kinds {
			text += "  - cd: {name: " + k + ", loudness: none, ceiling: none, dither: " + k + "}\n"
		}
		writeProject(t, dir, text)
		if _, err := render.Build(context.Background(), load(t, dir), render.Options{}); err != nil {
			t.Fatal(err)
		}
		out := map[string][2][]float64{}
		for _, k := range kinds {
			out[k] = readWhole(t, filepath.Join(dir, "dist", k, "S.wav"))
		}
		return out
	}
	for k, got := range build("0 dB") {
		for ch := range got {
			if len(got[ch]) != len(x[ch]) {
				t.Fatalf("%s: %d frames, want %d", k, len(got[ch]), len(x[ch]))
			}
			for i, v := range got[ch] {
				if v*32768 != float64(x[ch][i]) {
					t.Fatalf("%s, channel %d, frame %d: %v, want %d", k, ch, i, v*32768, x[ch][i])
				}
			}
		}
	}
	lowered := build("-1 dB")
	gain := math.Pow(10, -0.05)
	for k, got := range lowered {
		// TPDF is off by 1.5 LSB at most, and a shaped error is the sum of such
		// errors times 1 and the coefficients, which are 38.9 together at most.
		most := map[string]float64{"none": 0.51, "tpdf": 1.51, "tpdf-hp": 1.51}[k]
		if most == 0 {
			most = 1.5 * 39
		}
		for ch := range got {
			for i, v := range got[ch] {
				if d := math.Abs(v*32768 - gain*float64(x[ch][i])); d > most {
					t.Fatalf("%s, channel %d, frame %d: off by %.2f LSB, at most %g", k, ch, i, d, most)
				}
			}
		}
		for other, y := range lowered {
			same := 0
			for i, v := range y[0] {
				if v == got[0][i] {
					same++
				}
			}
			if other != k && same > len(got[0])*7/10 { // rounding and TPDF agree on half
				t.Errorf("%s and %s agree on %d of %d samples", k, other, same, len(got[0]))
			}
		}
	}
}

// Every value of `dither` is a kind, and every kind is a value: the language and
// the quantizer keep lists of their own.
func TestDitherNames(t *testing.T) {
	dir := t.TempDir()
	writeStem16(t, filepath.Join(dir, "stem.wav"), 44100, make([]int32, 10), make([]int32, 10))
	text := "lathe: 1\nsong: {title: S}\nstems: {stem: stem.wav}\ndeliver:\n"
	for k := dither.None; k <= dither.Wannamaker24; k++ {
		text += "  - cd: {name: " + k.String() + ", dither: " + k.String() + "}\n"
	}
	writeProject(t, dir, text+"  - cd: {name: shaped, dither: shaped}\n")
	for _, d := range load(t, dir).Song.Deliver {
		kind, ok := dither.Named(d.Dither)
		if !ok || d.Name != "shaped" && d.Name != kind.String() || d.Name == "shaped" && kind != dither.Wannamaker9 {
			t.Errorf("%s: dither %q is kind %v (%v)", d.Name, d.Dither, kind, ok)
		}
		for _, rate := range []int{32000, 44100, 48000, 96000} {
			if d.DitherFits(rate) != kind.Fits(rate) {
				t.Errorf("%s: the language says %v at %d Hz, the quantizer %v", d.Name, d.DitherFits(rate), rate, kind.Fits(rate))
			}
		}
	}
}

// A delivery at the session's rate is held against that rate, known only when
// the stems are.
func TestShapedAtTheSessionsRate(t *testing.T) {
	dir := t.TempDir()
	writeStem16(t, filepath.Join(dir, "stem.wav"), 96000, make([]int32, 10), make([]int32, 10))
	writeProject(t, dir, "lathe: 1\nsong: {title: S}\nstems: {stem: stem.wav}\ndeliver:\n  - cd: {dither: shaped}\n  - cd: {name: high, sample_rate: session, dither: shaped}\n")
	p := load(t, dir)
	const want = "deliver: high: dither wannamaker-9 shapes the noise for 44.1 and 48 kHz, not for 96 kHz, the session's rate: " + spec.DitherHint
	_, err := render.Build(context.Background(), p, render.Options{})
	var input *render.InputError
	if !errors.As(err, &input) || input.Message != want || input.Pos.Line != 6 {
		t.Errorf("build: %v", err)
	}
	found := render.Inspect(p)
	if len(found) != 1 || found[0].Message != want || found[0].Line != 6 {
		t.Errorf("check: %v", found)
	}
}

// Of one stage at one rate, each phase is a take of its own: a click at 44.1 kHz has
// silence before it with minimum phase and ringing with the linear one, at the same
// place otherwise; and at the session's rate both are the same file.
func TestPhasesOfTakes(t *testing.T) {
	dir := t.TempDir()
	x := [2][]int32{make([]int32, 48000), make([]int32, 48000)}
	x[0][24000], x[1][24000] = 32000, 32000
	writeStem16(t, filepath.Join(dir, "stem.wav"), 48000, x[0], x[1])
	entry := func(name, keys string) string {
		return "  - mix: {name: " + name + ", " + keys + "}\n"
	}
	writeProject(t, dir, "lathe: 1\nsong: {title: S, length: 0:01}\nstems: {stem: stem.wav}\ndeliver:\n"+
		entry("linear", "sample_rate: 44.1 kHz")+entry("minimum", "sample_rate: 44.1 kHz, resample: minimum")+
		entry("same", "resample: linear")+entry("same-minimum", "resample: minimum"))
	r, err := render.Build(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]string{}
	for _, o := range r.Files {
		digests[o.Delivery] = o.PCM
	}
	if digests["same"] != digests["same-minimum"] {
		t.Error("without resampling there is no phase to choose")
	}
	linear, minimum := readWhole(t, filepath.Join(dir, "dist/linear/S.wav")), readWhole(t, filepath.Join(dir, "dist/minimum/S.wav"))
	if len(linear[0]) != len(minimum[0]) {
		t.Fatalf("%d and %d frames", len(linear[0]), len(minimum[0]))
	}
	before := func(x []float64) float64 {
		most := 0.0
		for _, v := range x[:22050] {
			most = max(most, math.Abs(v))
		}
		return most
	}
	if l, m := before(linear[0]), before(minimum[0]); l < 0.02 || m > 1e-9 {
		t.Errorf("before the click: %g with linear phase, %g with minimum phase", l, m)
	}
	if digests["linear"] == digests["minimum"] {
		t.Error("both phases give the same file")
	}
}
