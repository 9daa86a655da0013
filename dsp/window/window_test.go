package window_test

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp/window"
)

func TestSinc(t *testing.T) {
	for x, want := range map[float64]float64{0: 1, 1e-12: 1, 1: 0, -3: 0, 100: 0, 0.5: 2 / math.Pi, -0.5: 2 / math.Pi, 1.5: -2 / (3 * math.Pi)} {
		if got := window.Sinc(x); math.Abs(got-want) > 2e-16 {
			t.Errorf("Sinc(%v) = %v, want %v", x, got, want)
		}
	}
}

// Abramowitz and Stegun, tables 9.8 and 9.11, to the digits printed there.
func TestBesselI0(t *testing.T) {
	for x, want := range map[float64]float64{0: 1, 0.5: 1.0634833707413236, 1: 1.2660658777520084, -1: 1.2660658777520084,
		5: 27.239871823604442, 10: 2815.7166284662544, 20: 43558282.559553533} {
		if got := window.BesselI0(x); math.Abs(got/want-1) > 4e-15 {
			t.Errorf("BesselI0(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestKaiserIsSymmetric(t *testing.T) {
	for _, n := range []int{1, 2, 3, 64, 101} {
		w := window.Kaiser(n, 9)
		for i := range w {
			if w[i] != w[n-1-i] || !(w[i] > 0 && w[i] <= 1) {
				t.Errorf("Kaiser(%d)[%d] = %v, mirrored %v", n, i, w[i], w[n-1-i])
			}
		}
		if n%2 == 1 && w[n/2] != 1 {
			t.Errorf("Kaiser(%d) is %v in the middle", n, w[n/2])
		}
	}
}

// A low-pass made with the three design functions keeps its promise. Kaiser's
// formulas are fits: they miss by up to 1 dB, measured here.
func TestKaiserDesign(t *testing.T) {
	const rate, cutoff, width = 48000., 10000., 2000.
	for _, attenuation := range []float64{40, 60, 96, 120, 140} {
		n := window.KaiserLength(attenuation, width, rate)
		h := window.Kaiser(n, window.KaiserBeta(attenuation))
		for i := range h {
			h[i] *= 2 * cutoff / rate * window.Sinc(2*cutoff/rate*float64(i-n/2))
		}
		worst := math.Inf(-1)
		for hz := cutoff + width/2; hz <= rate/2; hz += 25 {
			sum := h[n/2]
			for i := range n / 2 { // symmetric: a sum of cosines
				sum += 2 * h[i] * math.Cos(2*math.Pi*hz/rate*float64(n/2-i))
			}
			worst = max(worst, 20*math.Log10(math.Abs(sum)))
		}
		if n%2 == 0 || !(worst < -attenuation+1) || worst < -attenuation-12 {
			t.Errorf("designed for %g dB, the stop band of %d taps is at %.2f dB", attenuation, n, worst)
		}
	}
}

func TestHannAddsUp(t *testing.T) {
	w := window.Hann(64)
	for i := range 32 {
		if got := w[i] + w[i+32]; math.Abs(got-1) > 3e-16 {
			t.Errorf("points %d and %d sum to %v", i, i+32, got)
		}
	}
}
