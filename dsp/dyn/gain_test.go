package dyn

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// gainAll returns the gain of each frame, silence following the peaks.
func gainAll(g *Gain, peaks []float64) []float64 {
	all := append(slices.Clone(peaks), make([]float64, g.Latency())...)
	gains := make([]float64, len(all))
	g.Process(all, gains)
	return gains[g.Latency():]
}

// drawPeaks draws single peaks and plateaus among quiet.
func drawPeaks(t *rapid.T, frames int) []float64 {
	peaks := make([]float64, frames)
	for at := 0; at < frames; {
		end := min(frames, at+rapid.IntRange(1, frames/3).Draw(t, "length"))
		level := rapid.SampledFrom([]float64{0, 0.05, 0.1, 0.5, 1, 1 + 3e-7, 1.001, 1.5, 4, 1000}).Draw(t, "level")
		if rapid.Bool().Draw(t, "single") {
			peaks[at] = level
			at = end
			continue
		}
		for ; at < end; at++ {
			peaks[at] = level
		}
	}
	return peaks
}

// The promise: no frame's gain leaves its peak above the ceiling; nothing is made
// louder; and nothing is touched that is further from every peak than the look-ahead,
// until the first one.
func TestGainPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := GainSettings{
			Rate:      rapid.SampledFrom([]int{8000, 44100, 48000, 192000}).Draw(t, "rate"),
			Ceiling:   rapid.SampledFrom([]float64{0.1, 0.5, 1}).Draw(t, "ceiling"),
			Style:     rapid.SampledFrom(Styles()).Draw(t, "style"),
			LookAhead: rapid.SampledFrom([]float64{0, 0.001, 0.1, 1.5, 2.5, 20}).Draw(t, "look-ahead"),
			Release:   rapid.SampledFrom([]float64{0, 1, 50, 400}).Draw(t, "release"),
		}
		peaks := drawPeaks(t, 3000)
		g := NewGain(set)
		firstOver := slices.IndexFunc(peaks, func(p float64) bool { return p > set.Ceiling })
		for i, gain := range gainAll(g, peaks) {
			// One rounding of the division and one of this product.
			if gain*peaks[i] > set.Ceiling*(1+1e-15) {
				t.Fatalf("frame %d: a gain of %v leaves a peak of %v at %v", i, gain, peaks[i], gain*peaks[i])
			}
			if gain <= 0 || gain > 1 {
				t.Fatalf("frame %d: the gain is %v", i, gain)
			}
			if (firstOver < 0 || i < firstOver-g.Latency()) && gain != 1 {
				t.Fatalf("frame %d: the gain is %v before the first peak at %d", i, gain, firstOver)
			}
		}
	})
}

// A gain at work and one that rests are the same: what a gain gives does not
// depend on how the peaks are cut, nor on what it was used for before Reset.
func TestGainCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := GainSettings{Rate: 8000, Ceiling: 1, LookAhead: 1, Release: 5, Style: rapid.SampledFrom(Styles()).Draw(t, "style")}
		peaks := drawPeaks(t, 4000)
		g := NewGain(set)
		want := make([]float64, len(peaks))
		g.Process(peaks, want)
		g.Reset()
		got := slices.Clone(peaks) // in place
		for rest := got; len(rest) > 0; {
			n := rapid.IntRange(0, len(rest)).Draw(t, "cut")
			if len(rest) < 10 {
				n = len(rest)
			}
			g.Process(rest[:n], rest[:n])
			rest = rest[n:]
		}
		if !slices.Equal(got, want) {
			t.Fatal("differs when cut")
		}
	})
}

// The queue agrees with looking at all values.
func TestSlidingMax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		values := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 300).Draw(t, "values")
		for i := range values {
			if values[i] < 0.3 {
				values[i] = 0
			}
		}
		m := newSlidingMax(n)
		for i, v := range values {
			if got, want := m.next(v), slices.Max(values[max(0, i-n+1):i+1]); got != want {
				t.Fatalf("value %d: %g, want %g", i, got, want)
			}
		}
	})
}

// A single peak is met exactly, by a smooth way down; the gain is let go with the
// short time constant after a short peak and with the long one after a long one, and
// arrives at exactly 1.
func TestGainShape(t *testing.T) {
	const rate = 48000
	for _, c := range []struct {
		frames      int
		least, most float64 // ms for 63 % of the way back
	}{
		{1, 40, 60},
		{3 * rate, 400, 460},
	} {
		g := NewGain(GainSettings{Rate: rate, Ceiling: 0.5})
		peaks := make([]float64, 12*rate)
		const at = 1000
		for i := range c.frames {
			peaks[at+i] = 1
		}
		gains := gainAll(g, peaks)
		if math.Abs(gains[at]-0.5) > 1e-8 {
			t.Errorf("the gain at the peak is %v, want 0.5", gains[at])
		}
		steepest := 0.0
		for i := at - g.Latency(); i <= at; i++ {
			if gains[i] > gains[i-1] {
				t.Errorf("frame %d: the gain rises before the peak", i)
			}
			steepest = max(steepest, gains[i-1]-gains[i])
		}
		// The bell's top is 2.2 times its mean: half of 1 over the look-ahead.
		if mean := 0.5 / float64(g.Latency()); steepest > 2.2*mean {
			t.Errorf("the steepest step is %g, the mean one %g", steepest, mean)
		}
		end := at + c.frames
		took := float64(first(gains[end:], func(g float64) bool { return g > 1-0.5/math.E })) * 1000 / rate
		t.Logf("after %d frames at +6 dB, 63 %% come back in %.1f ms", c.frames, took)
		if took < c.least || took > c.most {
			t.Errorf("after %d frames the release takes %.1f ms, want %g to %g", c.frames, took, c.least, c.most)
		}
		if last := gains[len(gains)-1]; last != 1 {
			t.Errorf("at the end the gain is %v", last)
		}
	}
}
