package filter

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// The bilinear designs substitute s = (1 - 1/z) / (1 + 1/z), pre-warped so that
// the curve is exact at hz (R. Bristow-Johnson, "Cookbook formulae for audio EQ
// biquad filter coefficients", here in terms of k = tan(pi hz/rate)). All take
// hz in (0, rate/2) and hold it below 0.499 rate; q is the Q at hz.

// warp returns k = tan(pi hz / rate), hz held below half the rate.
func warp(hz, rate float64) float64 {
	return xmath.Tan(math.Pi * min(hz/rate, 0.499))
}

// poles2 returns A1 and A2 of the second-order denominator s² + s/q + 1 and the
// factor 1/a0 that the numerator takes.
func poles2(k, q float64) (a1, a2, norm float64) {
	kk := float64(k * k)
	norm = 1 / (1 + k/q + kk)
	return 2 * float64(float64((k-1)*(k+1))*norm), float64((1 - k/q + kk) * norm), norm
}

// BilinearLowPass is the second-order low-pass 1 / (s² + s/q + 1).
func BilinearLowPass(hz, q, rate float64) Coef {
	k := warp(hz, rate)
	a1, a2, norm := poles2(k, q)
	b := float64(float64(k*k) * norm)
	return Coef{b, 2 * b, b, a1, a2}
}

// BilinearHighPass is the second-order high-pass s² / (s² + s/q + 1).
func BilinearHighPass(hz, q, rate float64) Coef {
	a1, a2, norm := poles2(warp(hz, rate), q)
	return Coef{norm, -2 * norm, norm, a1, a2}
}

// BilinearBandPass is the second-order band-pass (s/q) / (s² + s/q + 1), 0 dB at
// hz.
func BilinearBandPass(hz, q, rate float64) Coef {
	k := warp(hz, rate)
	a1, a2, norm := poles2(k, q)
	b := float64(k / q * norm)
	return Coef{b, 0, -b, a1, a2}
}

// BilinearAllPass is the second-order all-pass (s² - s/q + 1) / (s² + s/q + 1):
// 180 degrees at hz. Its numerator is its denominator read backwards, so its
// magnitude is 1 whatever rounding did to the coefficients.
func BilinearAllPass(hz, q, rate float64) Coef {
	a1, a2, _ := poles2(warp(hz, rate), q)
	return Coef{a2, a1, 1, a1, a2}
}

// BilinearLowPass1 is the first-order low-pass 1 / (s + 1).
func BilinearLowPass1(hz, rate float64) Coef {
	k := warp(hz, rate)
	b := k / (1 + k)
	return Coef{B0: b, B1: b, A1: (k - 1) / (k + 1)}
}

// BilinearHighPass1 is the first-order high-pass s / (s + 1).
func BilinearHighPass1(hz, rate float64) Coef {
	k := warp(hz, rate)
	b := 1 / (1 + k)
	return Coef{B0: b, B1: -b, A1: (k - 1) / (k + 1)}
}
