package oversample

import (
	"math"
)

// halfband returns the non-zero side taps of a linear-phase half-band low-pass
// with 4k-1 taps (windowed sinc, Kaiser window with that β), for one side only:
// tap j lies 2j+1 samples from the centre. The centre tap is ½; every other even
// tap is zero. The side taps are scaled so that the gain at 0 Hz is exactly 1
// up to rounding, which for a half-band filter makes it 0 at half the rate.
func halfband(k int, beta float64) []float64 {
	taps := make([]float64, k)
	half := float64(2*k - 1) // the outermost tap's distance
	sum := 0.0
	for j := range taps {
		d := float64(2*j + 1)
		// sin(πd/2) of an odd d is +1, -1, +1, ...
		ideal := 1 / (math.Pi * d)
		if j%2 == 1 {
			ideal = -ideal
		}
		x := d / (half + 1)
		taps[j] = float64(ideal * besselI0(float64(beta*math.Sqrt(1-float64(x*x)))))
		sum += taps[j]
	}
	for j := range taps {
		taps[j] *= 0.25 / sum // both sides together are ½
	}
	return taps
}

// besselI0 is the modified Bessel function of order 0, by its power series
// Σ ((x/2)^n/n!)², which for the arguments of a Kaiser window ends at about 40
// terms.
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for n := 1.0; term > 1e-18*sum; n++ {
		f := x / (2 * n)
		term = float64(term * float64(f*f))
		sum += term
	}
	return sum
}
