package render_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/internal/plainpeak"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/measure"
)

// heldTargets are what every mix has to reach: LUFS, dBTP, and the limiter one would take
// for that.
var heldTargets = []struct {
	loudness, ceiling float64
	style             string
}{{-14, -1, "transparent"}, {-9, -1, "loud"}, {-23, -1, "transparent"}}

// Mixes from -30 to -8 LUFS reach -14, -9 and -23 LUFS within 0.05 LU under a ceiling
// of -1 dBTP, by a meter that is not ours. Here they are made: drums over a chord, more
// or less driven. LATHE_MIXES names files or folders of real ones
// (LATHE_MIXES=~/mixes go test -v -run TestHeldSet -timeout 60m ./render); ffmpeg reads
// what lathe does not.
func TestHeldSet(t *testing.T) {
	long(t)
	t.Parallel()
	meter := plainpeak.New()
	if names := os.Getenv("LATHE_MIXES"); names != "" {
		for _, name := range filepath.SplitList(names) {
			for _, file := range filesIn(t, name) {
				dir := t.TempDir()
				in := filepath.Join(dir, "in.wav")
				if out, err := exec.Command("ffmpeg", "-v", "error", "-i", file, "-c:a", "pcm_f32le", in).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v %s", file, err, out)
				}
				reachesAll(t, meter, dir, filepath.Base(file))
			}
		}
		return
	}
	for i, loudness := range []float64{-30, -19, -8} {
		dir := t.TempDir()
		writeStereo(t, filepath.Join(dir, "in.wav"), 48000, madeMix(6, uint64(i), loudness))
		reachesAll(t, meter, dir, fmt.Sprintf("made mix %d", i))
	}
}

// reachesAll builds a folder's in.wav to all targets.
func reachesAll(t *testing.T, meter *plainpeak.Meter, dir, name string) {
	t.Helper()
	in, err := measure.File(t.Context(), filepath.Join(dir, "in.wav"), measure.Options{})
	if err != nil {
		t.Fatal(err)
	}
	deliver := ""
	for i, target := range heldTargets {
		deliver += fmt.Sprintf("  - streaming: {name: t%d, loudness: %g LUFS, ceiling: %g dBTP, max_reduction: 40 dB, limiter: %s}\n", i, target.loudness, target.ceiling, target.style)
	}
	line := fmt.Sprintf("%-24s %6.2f LUFS %6.2f dBTP", name, *in.Integrated, *in.TruePeak)
	r := buildMixes(t, dir, deliver)
	for i, o := range r.Files {
		target := heldTargets[i]
		x := readWhole(t, filepath.Join(dir, "dist", filepath.FromSlash(o.Path)))
		peak := math.Inf(-1)
		for ch := range x {
			if p, _ := meter.Over(x[ch], target.ceiling); p > peak {
				peak = p
			}
		}
		line += fmt.Sprintf(" | %7.3f %6.3f %5.1f", *o.Integrated, peak, o.Reduction)
		if math.Abs(*o.Integrated-target.loudness) > 0.05 || peak > target.ceiling {
			t.Errorf("%s: %.3f LUFS, %.4f dBTP, want %g and at most %g", name, *o.Integrated, peak, target.loudness, target.ceiling)
		}
	}
	t.Log(line)
	os.RemoveAll(filepath.Join(dir, "cache"))
	os.RemoveAll(filepath.Join(dir, "dist"))
}

func filesIn(t *testing.T, name string) []string {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if !info.IsDir() {
		return []string{name}
	}
	list, err := filepath.Glob(filepath.Join(name, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// madeMix is music enough for a limiter, about as loud as it is asked for.
func madeMix(seconds int, seed uint64, loudness float64) [][]float64 {
	const rate = 48000
	r := rand.New(rand.NewPCG(seed, 1))
	x := [][]float64{make([]float64, seconds*rate), make([]float64, seconds*rate)}
	drive := math.Pow(10, (loudness+14)/20)
	for i := range x[0] {
		at := float64(i) / rate
		beat := math.Mod(at, 0.5)
		kick := math.Exp(-18*beat) * math.Sin(2*math.Pi*60*beat)
		hat := math.Exp(-60*math.Mod(at, 0.25)) * (2*r.Float64() - 1)
		chord := 0.15 * (math.Sin(2*math.Pi*220*at) + math.Sin(2*math.Pi*277*at) + math.Sin(2*math.Pi*1330*at))
		left, right := 0.7*kick+0.1*hat+chord, 0.7*kick+0.15*hat-0.5*chord
		if loudness > -10 { // driven, as loud mixes are
			left, right = math.Tanh(2*left)/1.2, math.Tanh(2*right)/1.2
		}
		x[0][i], x[1][i] = drive*left, drive*right
	}
	return x
}

// A delivery's caps hold its level down, as little as they can, and say so; where the
// level is not their doing they say nothing. Every style reaches its target in the tries
// that it has.
func TestCaps(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	dir := t.TempDir()
	writeStereo(t, filepath.Join(dir, "in.wav"), 48000, madeMix(8, 3, -19))
	const key = "loudness: -9 LUFS, ceiling: -1 dBTP, max_reduction: 30 dB"
	r := buildMixes(t, dir, strings.Join([]string{
		"  - streaming: {name: free, " + key + "}",
		"  - streaming: {name: punchy, loudness: -13 LUFS, ceiling: -1 dBTP, limiter: punchy}",
		"  - streaming: {name: loud, " + key + ", limiter: {style: loud, link: 0%}}",
		"  - streaming: {name: clipped, " + key + ", limiter: {clip: 3 dB}}",
		"  - streaming: {name: short, " + key + ", max_short_term: -11 LUFS}",
		"  - streaming: {name: plr, " + key + ", min_plr: 9.5 LU}",
		"  - streaming: {name: psr, " + key + ", min_psr: 9 LU, limiter: loud}",
		"  - streaming: {name: idle, " + key + ", max_short_term: -3 LUFS, min_plr: 2 LU}",
		"  - streaming: {name: both, " + key + ", max_short_term: -12 LUFS, min_plr: 9.5 LU}",
		"",
	}, "\n"))
	limits := map[string]struct {
		by    string
		value func(render.Output) float64
		limit float64
		room  func(v, limit float64) float64
	}{
		"short": {"max_short_term", func(o render.Output) float64 { return *o.MaxShortTerm }, -11, func(v, l float64) float64 { return l - v }},
		"plr":   {"min_plr", func(o render.Output) float64 { return *o.PLR }, 9.5, func(v, l float64) float64 { return v - l }},
		"psr":   {"min_psr", func(o render.Output) float64 { return *o.PSR }, 9, func(v, l float64) float64 { return v - l }},
		"both":  {"max_short_term", func(o render.Output) float64 { return *o.MaxShortTerm }, -12, func(v, l float64) float64 { return l - v }},
	}
	for _, o := range r.Files {
		t.Logf("%-8s %.3f LUFS, short-term %.3f, PLR %.3f, PSR %.3f, %.2f dBTP, limiter %.2f dB, clip %v, bound %+v", o.Delivery, *o.Integrated, *o.MaxShortTerm, *o.PLR, *o.PSR, *o.TruePeak, o.Reduction, o.Clip, o.Bound)
		c, capped := limits[o.Delivery]
		switch {
		case !capped && (o.Bound != nil || math.Abs(*o.Integrated-*o.TargetLoudness) > 0.05):
			t.Errorf("%s: %.3f LUFS, bound by %+v", o.Delivery, *o.Integrated, o.Bound)
		case capped && (o.Bound == nil || o.Bound.By != c.by || o.Bound.Limit != c.limit || o.Bound.At == nil || math.Abs(o.Bound.Short+9+*o.Integrated) > 0.002):
			t.Errorf("%s: bound by %+v, want %s", o.Delivery, o.Bound, c.by)
		case capped:
			// As loud as the cap lets it be: within 0.02 LU, and never beyond (rounded to thousandths).
			if room := c.room(c.value(o), c.limit); room < -0.0005 || room > 0.0205 {
				t.Errorf("%s: %s is at %.3f for a limit of %g", o.Delivery, c.by, c.value(o), c.limit)
			}
		}
		if *o.TruePeak > -1 {
			t.Errorf("%s: %.3f dBTP", o.Delivery, *o.TruePeak)
		}
		if (o.Delivery == "clipped") != (o.Clip != nil) || o.Clip != nil && math.Abs(*o.Clip-3) > 0.05 {
			t.Errorf("%s: the clipper took off %v dB, want 3", o.Delivery, o.Clip)
		}
	}
}
