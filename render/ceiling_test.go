package render_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/internal/plainpeak"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
	"pgregory.net/rapid"
)

// rude are sounds that limiters fail on, 3 to 12 dB over full scale.
var rude = map[string]func(i int, level float64, r *rand.Rand) (l, right float64){
	"noise": func(i int, level float64, r *rand.Rand) (float64, float64) {
		return level * (2*r.Float64() - 1), level * (2*r.Float64() - 1)
	},
	"square": func(i int, level float64, r *rand.Rand) (float64, float64) {
		v := math.Copysign(level, math.Sin(2*math.Pi*977*float64(i)/44100))
		return v, -0.4 * v
	},
	"bursts at a quarter of the rate": func(i int, level float64, r *rand.Rand) (float64, float64) {
		if i/700%3 != 0 {
			return 0, 0
		}
		return level * math.Sin(math.Pi/2*float64(i)+math.Pi/4), level * 0.2
	},
	"clicks": func(i int, level float64, r *rand.Rand) (float64, float64) {
		switch i % 1777 {
		case 200:
			return level, 0
		case 203, 900, 901:
			return 0.3, -level
		}
		return 0, 0
	},
	"silence": func(int, float64, *rand.Rand) (float64, float64) { return 0, 0 },
	"bass and treble": func(i int, level float64, r *rand.Rand) (float64, float64) {
		at := 2 * math.Pi * float64(i) / 44100
		return level * (0.6*math.Sin(50*at) + 0.4*math.Sin(9001*at)), level * math.Sin(80*at)
	},
}

// writeStereo writes 32-bit float at 44.1 kHz.
func writeStereo(t *testing.T, path string, rate int, x [][]float64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: 2, Bits: 32, Float: true, Frames: int64(len(x[0]))})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFloat(x); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// Whatever comes in, no file is over its ceiling by a meter that is not ours, dither
// included: for every style, link, clip, word length, rate and ceiling. A build that
// cannot do it says so.
func TestNoFileIsOverItsCeiling(t *testing.T) {
	long(t)
	t.Parallel()
	meter := plainpeak.New()
	names := []string{"noise", "square", "bursts at a quarter of the rate", "clicks", "silence", "bass and treble"}
	dir := t.TempDir()
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		if checks++; checks > 12 && os.Getenv("LATHE_LONG") == "" {
			return
		}
		name := rapid.SampledFrom(names).Draw(rt, "sound")
		level := math.Pow(10, rapid.Float64Range(3, 12).Draw(rt, "level")/20)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		x := [][]float64{make([]float64, 5000), make([]float64, 5000)}
		for i := range x[0] {
			x[0][i], x[1][i] = rude[name](i, level, r)
		}
		writeStereo(t, filepath.Join(dir, "in.wav"), 44100, x)
		ceiling := rapid.SampledFrom([]float64{0, -0.5, -1, -6}).Draw(rt, "ceiling")
		deliver := ""
		for i, style := range []string{"transparent", "punchy", "loud"} {
			deliver += fmt.Sprintf("  - streaming: {name: d%d, loudness: none, ceiling: %g dBTP, max_reduction: 40 dB, bit_depth: %s, sample_rate: %s, limiter: {style: %s, link: %s, clip: %s}}\n", i, ceiling,
				rapid.SampledFrom([]string{"16", "24"}).Draw(rt, "bits"), rapid.SampledFrom([]string{"44.1 kHz", "48 kHz"}).Draw(rt, "rate"), style,
				rapid.SampledFrom([]string{"auto", "0%", "30%", "100%"}).Draw(rt, "link"), rapid.SampledFrom([]string{"0", "1", "3", "6"}).Draw(rt, "clip"))
		}
		files := buildMix(t, dir, deliver)
		for path, sound := range files {
			for ch := range sound {
				if peak, place := meter.Over(sound[ch], ceiling); peak > ceiling {
					rt.Errorf("%s, %s: channel %d is at %.4f dBTP at frame %d, over %g\n%s", name, path, ch, peak, place, ceiling, deliver)
				}
			}
		}
		if len(files) != 3 {
			rt.Errorf("%d files", len(files))
		}
	})
}

// buildMix builds a project of one finished mix, in.wav, and returns its files.
func buildMix(t *testing.T, dir, deliver string) map[string][2][]float64 {
	t.Helper()
	out := map[string][2][]float64{}
	r := buildMixes(t, dir, deliver)
	for _, o := range r.Files {
		out[o.Path] = readWhole(t, filepath.Join(dir, "dist", filepath.FromSlash(o.Path)))
	}
	return out
}

func buildMixes(t *testing.T, dir, deliver string) *render.Result {
	t.Helper()
	text := "lathe: 1\nsong: {title: S}\nmix: in.wav\ndeliver:\n" + deliver
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(filepath.Join(dir, "dist"))
	r, err := render.Build(context.Background(), load(t, filepath.Join(dir, "lathe.yaml")), render.Options{Cache: filepath.Join(dir, "cache")})
	if err != nil {
		var missed *render.TargetError
		if errors.As(err, &missed) {
			t.Fatal(strings.TrimSpace(err.Error()))
		}
		t.Fatal(err)
	}
	return r
}
