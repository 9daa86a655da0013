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
