package dyn

import "math"

// noise is uniform white noise in ±1, the same in every run (a 64-bit linear
// congruential generator with Knuth's constants).
type noise struct{ state uint64 }

func newNoise(seed uint64) *noise { return &noise{seed} }

func (n *noise) next() float64 {
	n.state = n.state*6364136223846793005 + 1442695040888963407
	return float64(int64(n.state)) / (1 << 63)
}

// sine is frame i of a sine at hz.
func sine(i int, hz, rate float64) float64 {
	return math.Sin(2 * math.Pi * math.Mod(hz*float64(i)/rate, 1))
}

// expDecay is an exponential decay with a time constant in frames.
func expDecay(i int, frames float64) float64 { return math.Exp(-float64(i) / frames) }

func db(x float64) float64 { return 20 * math.Log10(x) }

// harmonics returns the amplitude of a tone and its distortion: the root of the
// power of its harmonics from the second to the n-th over that of the first. x
// must hold a whole number of periods.
func harmonics(x []float64, hz, rate float64, n int) (amplitude, thd float64) {
	var others float64
	for k := 1; k <= n && float64(k)*hz < rate/2; k++ {
		var re, im float64
		for i, v := range x {
			s, c := math.Sincos(2 * math.Pi * math.Mod(hz*float64(k)*float64(i)/rate, 1))
			re += v * c
			im += v * s
		}
		a := 2 * math.Hypot(re, im) / float64(len(x))
		if k == 1 {
			amplitude = a
		} else {
			others += a * a
		}
	}
	return amplitude, math.Sqrt(others) / amplitude
}
