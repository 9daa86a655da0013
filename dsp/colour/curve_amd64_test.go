package colour

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
	rng := rand.New(rand.NewPCG(3, 4))
	edges := []float64{0, math.Copysign(0, -1), 16, -16, math.Nextafter(16, 17), 1e300, -1e300, math.Inf(1), math.Inf(-1), 5e-324, 1e-200}
	for range 500 {
		x := make([]float64, rng.IntN(70))
		for i := range x {
			x[i] = rng.NormFloat64() * math.Pow(10, rng.Float64()*20-15)
			if rng.IntN(4) == 0 {
				x[i] = edges[rng.IntN(len(edges))]
			}
		}
		pre, bias, rest, post := math.Exp(rng.NormFloat64()), 0.0, 0.0, math.Exp(rng.NormFloat64())
		if rng.IntN(2) == 0 {
			bias, rest = rng.Float64(), rng.Float64()
		}
		got, want := append([]float64{}, x...), append([]float64{}, x...)
		useAVX = true
		hyperbolic(got, pre, bias, rest, post)
		useAVX = false
		hyperbolic(want, pre, bias, rest, post)
		for i := range want {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
				t.Fatalf("value %d of %d, %v: %v, want %v", i, len(x), x[i], got[i], want[i])
			}
		}
	}
}

func BenchmarkHyperbolic(b *testing.B) {
	x := make([]float64, 4096)
	for _, fast := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "vector"}[fast], func(b *testing.B) {
			defer func() { useAVX = true }()
			useAVX = fast
			b.SetBytes(int64(8 * len(x)))
			for b.Loop() {
				hyperbolic(x, 1.3, 0, 0, 1/1.3)
			}
		})
	}
}
