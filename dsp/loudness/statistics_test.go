package loudness

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp/dsptest"
)

func figures(rate, bits int, channels ...[]float64) Figures {
	s := NewStatistics(rate, len(channels), bits)
	s.Write(channels)
	return s.Figures()
}

func TestStatisticsOfASine(t *testing.T) {
	const n = 10 * 48000
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i], y[i] = math.Sincos(2 * math.Pi * float64(i) / 48)
		y[i] += 0.125
	}
	f := figures(48000, 0, x, x)
	near(t, "rms", f.RMS, -3.0103, 1e-4, 1e-4)
	near(t, "crest", f.Crest, 3.0103, 1e-4, 1e-4)
	near(t, "correlation", f.Correlation, 1, 1e-12, 0)
	near(t, "DR", f.DR, 0, 1e-9, 1e-9)
	f = figures(48000, 0, x, y)
	near(t, "DC left", f.DC[0], 0, 1e-12, 1e-12)
	near(t, "DC right", f.DC[1], 0.125, 1e-12, 1e-12)
	near(t, "correlation of sine and cosine", f.Correlation, 0, 1e-9, 1e-9)
}

// Three blocks of 3 s at -20, -6 and -10 dB with a click of 0.9 in each: the
// loudest fifth is one block, the second highest peak the click.
func TestDR(t *testing.T) {
	var x []float64
	for _, db := range []float64{-20, -6, -10} {
		block := tones(48000, step{db, 3})
		block[len(block)/2] = 0.9
		x = append(x, block...)
	}
	near(t, "DR", figures(48000, 0, x, x).DR, 20*math.Log10(0.9)+6, 0.001, 0.001)
	if f := figures(48000, 0, x[:100], x[:100]); !math.IsNaN(f.DR) {
		t.Errorf("DR of less than a block is %v, want NaN", f.DR)
	}
}

func TestLowestCorrelation(t *testing.T) {
	x := tones(48000, step{-10, 12})
	y := make([]float64, len(x))
	for i := range y {
		y[i] = x[i]
		if i >= 5*48000 && i < 9*48000 {
			y[i] = -x[i]
		}
	}
	f := figures(48000, 0, x, y)
	near(t, "lowest correlation", f.LowestCorr, -1, 1e-12, 1e-12)
	near(t, "its frame", float64(f.LowestFrame), 5*48000, 0, 48000)
	near(t, "correlation", f.Correlation, 1./3, 1e-9, 1e-9)
}

func TestClippedRuns(t *testing.T) {
	x, y := make([]float64, 3000), make([]float64, 3000)
	full := 1 - math.Ldexp(1, -15)
	x[10], x[11] = 1, 1 // two are no run
	x[1022], x[1023], x[1024], x[1025] = full, 1, -1, -full
	y[500], y[501], y[502] = full, full, full
	y[2997], y[2998], y[2999] = -1, -1, -1
	f := figures(48000, 16, x, y)
	want := []Run{{500, 3, 1}, {1022, 4, 0}, {2997, 3, 1}}
	if d := cmp.Diff(want, f.Clipped); d != "" || f.ClippedRuns != 3 {
		t.Errorf("%d runs: %s", f.ClippedRuns, d)
	}
	// In floating point, where full scale is 1, the largest 16-bit word is below it.
	if f := figures(48000, 0, x, y); f.ClippedRuns != 1 {
		t.Errorf("%d runs in floating point, want 1", f.ClippedRuns)
	}
}

func TestHeadAndTail(t *testing.T) {
	x, y := make([]float64, 5000), make([]float64, 5000)
	x[0], y[4999] = 3e-5, -3e-5 // below -90 dBFS
	y[1200], x[3500] = 4e-5, -4e-5
	if f := figures(48000, 24, x, y); f.Head != 1200 || f.Tail != 1499 {
		t.Errorf("head %d, tail %d, want 1200 and 1499", f.Head, f.Tail)
	}
	if f := figures(48000, 24, x[:9], x[:9]); f.Head != 9 || f.Tail != 9 {
		t.Errorf("silence throughout: %+v", f)
	}
}

func TestStatisticsCutsDoNotMatter(t *testing.T) {
	b := dsptest.Signal(5*11025+1, 11025, "statistics")
	for i := 2000; i < 30000; i += 90 {
		b[i/90%2][i], b[i/90%2][i+1], b[i/90%2][i+2] = 1, 1, 1 // more runs than are kept
	}
	b[0][4000] = math.NaN()
	want := figures(11025, 24, b[0], b[1])
	rapid.Check(t, func(t *rapid.T) {
		s := NewStatistics(11025, 2, 24)
		length := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 9000))
		for at := 0; at < b.Len(); {
			n := min(length.Draw(t, "frames"), b.Len()-at)
			cut := b.Cut(at, at+n)
			s.Write(cut[:])
			at += n
		}
		if d := cmp.Diff(want, s.Figures(), cmpopts.EquateNaNs()); d != "" {
			t.Fatal(d)
		}
	})
}

// The noise floor of tones and pauses is the pauses' level; digital silence is not a
// recording's noise.
func TestNoiseFloor(t *testing.T) {
	x := tones(48000, step{-10, 6}, step{-70, 1}, step{silence, 3}, step{-20, 2})
	near(t, "noise floor", figures(48000, 24, x, x).NoiseFloor, -73.01, 0.01, 0.01)
	for name, x := range map[string][]float64{"silence": make([]float64, 48000), "399 ms": tones(48000, step{-10, 0.399})} {
		if f := figures(48000, 24, x); !math.IsInf(f.NoiseFloor, -1) {
			t.Errorf("%s: %v", name, f.NoiseFloor)
		}
	}
}

func TestBitsUsed(t *testing.T) {
	for _, c := range []struct {
		file, sound, want int
	}{{24, 16, 16}, {24, 24, 24}, {32, 24, 24}, {32, 32, 32}, {0, 16, 16}, {0, 24, 24}, {24, 8, 8}, {16, 16, 16}, {0, 33, 0}} {
		x := make([]float64, 5000)
		for i := range x {
			x[i] = math.Ldexp(math.Round(math.Ldexp(math.Sin(float64(i)), c.sound-2)), 1-c.sound)
		}
		if got := figures(48000, c.file, x, x).BitsUsed; got != c.want {
			t.Errorf("%d bits in a file of %d: %d", c.sound, c.file, got)
		}
	}
	for name, c := range map[string]struct {
		x    []float64
		want int
	}{"silence": {make([]float64, 100), 0}, "full scale": {[]float64{-1, 1}, 1}, "beyond it": {[]float64{4, 0.5}, 2}, "a third": {[]float64{0, 1. / 3}, 0}, "huge": {[]float64{1e300}, 0}} {
		if got := figures(48000, 0, c.x).BitsUsed; got != c.want {
			t.Errorf("%s: %d bits, want %d", name, got, c.want)
		}
	}
}

// A stream shorter than 100 ms has a correlation and peaks like any other.
func TestShortFigures(t *testing.T) {
	f := figures(48000, 24, []float64{0, 0.5, 0}, []float64{0, -0.25, 0})
	near(t, "correlation", f.Correlation, -1, 1e-12, 0)
	near(t, "peak left", f.Peaks[0], 20*math.Log10(0.5), 1e-9, 1e-9)
	near(t, "peak right", f.Peaks[1], 20*math.Log10(0.25), 1e-9, 1e-9)
	near(t, "crest", f.Crest, f.Peaks[0]-f.RMS, 1e-12, 1e-12)
	if f := figures(48000, 24, nil, nil); !math.IsNaN(f.Correlation) || !math.IsInf(f.Peaks[0], -1) || !math.IsNaN(f.Crest) || f.BitsUsed != 0 {
		t.Errorf("nothing: %+v", f)
	}
}
