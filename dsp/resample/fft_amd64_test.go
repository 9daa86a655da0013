package resample

import (
	"math"
	"testing"
)

// The vector instructions give the bits of the plain loops, for every radix at
// every stride and number of groups that transforms have, and write nothing else.
func TestAVXGivesTheSameBits(t *testing.T) {
	if !useAVX {
		t.Skip("this processor has no AVX")
	}
	defer func() { useAVX = true }()
	const guard = 8
	for _, n := range []int{16, 32, 48, 64, 80, 112, 128, 192, 240, 336, 400, 560, 784, 1280, 2240, 3920, 4704, 5120, 4 * 4 * 2 * 3 * 5 * 7 * 11, 4 * 4 * 3 * 3 * 5 * 5 * 7 * 7} {
		f := newFFT(n)
		x := pair{noise(n)[0], noise(n)[1]}
		for i := range n {
			x.re[i] *= math.Exp(float64(i%70 - 50)) // 1e-22 to 1e8
		}
		for i := range f.stages {
			s := &f.stages[i]
			got, want := newPair(n+guard), newPair(n+guard)
			useAVX = true
			fast := s.runFast(x, got)
			if vectorised := s.radix <= 7 && (s.stride%4 == 0 || s.stride == 1 && s.radix == 4 && s.groups%4 == 0); fast != vectorised {
				t.Fatalf("length %d, radix %d, stride %d: vectors %v, expected %v", n, s.radix, s.stride, fast, vectorised)
			}
			s.run(x, got)
			useAVX = false
			s.run(x, want)
			for k := range want.re {
				if math.Float64bits(got.re[k]) != math.Float64bits(want.re[k]) || math.Float64bits(got.im[k]) != math.Float64bits(want.im[k]) {
					t.Fatalf("length %d, radix %d, stride %d, bin %d: %v%+vi, want %v%+vi", n, s.radix, s.stride, k, got.re[k], got.im[k], want.re[k], want.im[k])
				}
			}
			copy(x.re, want.re)
			copy(x.im, want.im)
		}
	}
}
