package oversample

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The vector instructions give the bits of the plain loop, and write nothing else.
func TestAVXGivesTheSameBits(t *testing.T) {
	if !useAVX {
		t.Skip("this processor has no AVX")
	}
	defer func() { useAVX = true }()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		k, n := 1+rng.IntN(40), rng.IntN(130)
		taps, x := make([]float64, k), make([]float64, n+2*k)
		for i := range taps {
			taps[i] = rng.NormFloat64()
		}
		for i := range x {
			x[i] = rng.NormFloat64() * math.Pow(10, rng.Float64()*20-15)
		}
		got, want := make([]float64, n+16), make([]float64, n+16)
		useAVX = true
		fir(got[:n], x, taps)
		useAVX = false
		fir(want[:n], x, taps)
		for i := range want {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
				t.Fatalf("%d taps, output %d of %d: %v, want %v", k, i, n, got[i], want[i])
			}
		}
	}
}
