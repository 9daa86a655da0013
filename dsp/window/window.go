// Package window holds windows for filters and spectra, and the functions they
// are made of.
package window

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Sinc returns sin(πx)/(πx), 1 at x = 0 and exactly 0 at the other integers:
// the impulse response of the ideal low-pass at half the sample rate.
func Sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 { // 1 - (πx)²/6
		return 1
	}
	return xmath.SinPi(x) / (math.Pi * x)
}

// BesselI0 returns the modified Bessel function of the first kind and order
// zero, by its power series Σ ((x/2)^k / k!)² (Abramowitz and Stegun 9.6.12). All
// terms are positive, so that nothing cancels; it is meant for |x| up to some
// hundreds, where a few hundred terms do, and for design, not per sample.
func BesselI0(x float64) float64 {
	quarter := x * x / 4
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*0x1p-54; k++ {
		term = float64(term * (quarter / (k * k)))
		sum += term
	}
	return sum
}

// Kaiser returns the n points of a Kaiser window, symmetric, 1 in the
// middle (for even n the middle lies between two points).
func Kaiser(n int, beta float64) []float64 {
	w := make([]float64, n)
	scale := 1 / BesselI0(beta)
	for i := range w {
		// The distance from the ends, without the cancellation of 1 - r²:
		// 1 - (2i/(n-1) - 1)² = 4 i (n-1-i) / (n-1)²
		r := 1.0
		if n > 1 {
			r = 2 * math.Sqrt(float64(i)*float64(n-1-i)) / float64(n-1)
		}
		w[i] = BesselI0(beta*r) * scale
	}
	return w
}

// KaiserBeta returns the β with which a Kaiser-windowed filter keeps its stop
// band the given number of decibels down (Kaiser 1974).
func KaiserBeta(attenuation float64) float64 {
	a := attenuation
	switch {
	case a > 50:
		return 0.1102 * (a - 8.7)
	case a > 21:
		return float64(0.5842*xmath.Pow(a-21, 0.4)) + float64(0.07886*(a-21))
	}
	return 0
}

// KaiserLength returns how many taps a Kaiser-windowed filter needs for an
// attenuation in dB and a transition band of width hz, at a sample rate. It is
// odd, so that the filter's delay is a whole number of samples.
func KaiserLength(attenuation, hz, rate float64) int {
	n := (attenuation-7.95)/(2.285*2*math.Pi*hz/rate) + 1
	return int(math.Ceil(n/2))*2 + 1
}

// Hann returns the n points of a Hann window for spectra: periodic, so that
// copies at half its length add up to 1.
func Hann(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		s := xmath.SinPi(float64(i) / float64(n))
		w[i] = s * s
	}
	return w
}
