package loudness

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp/dsptest"
)

// twice runs f with vector instructions and without.
func twice(f func()) {
	defer func(was bool) { useAVX = was }(useAVX)
	for _, useAVX = range []bool{true, false} {
		f()
	}
}

// The vector instructions have the bits of the loops in Go, at every length and alignment.
func TestVectorTwins(t *testing.T) {
	if !useAVX {
		t.Skip("this processor has no AVX")
	}
	noise := dsptest.Noise(600, 1, "twins")
	noise[0][0], noise[0][1] = math.SmallestNonzeroFloat64, math.Copysign(0, -1)
	ip := newInterpolator()
	k := newKFilter(44100)
	for at := range 5 {
		for n := range 100 {
			x, y := noise[0][at:at+n], noise[1][at:at+n]
			var tallies []any
			twice(func() {
				a, b := kState{1, 2, 3, 4}, kState{0.1, 0.2, 0.3, 0.4}
				ea, eb := k.energy2(&a, &b, x, y, 0.5, 0.25)
				s, ok := tally(x)
				tallies = append(tallies, [...]any{ea, eb, a, b, s, ok, product(x, y)})
			})
			half := len(tallies) / 2
			for i := range half {
				if tallies[i] != tallies[half+i] {
					t.Fatalf("%d samples from %d: %v with vectors, %v without", n, at, tallies[i], tallies[half+i])
				}
			}
		}
		x := (*[groupSize - 1 + taps]float64)(noise[0][at:])
		type result struct {
			halves, even, odd [groupSize]float64
		}
		var got []result
		twice(func() {
			var r result
			ip.halves(&r.halves, x)
			ip.quarters(&r.even, &r.odd, x)
			got = append(got, r)
		})
		if got[0] != got[1] {
			t.Fatalf("interpolation from %d: %v with vectors, %v without", at, got[0], got[1])
		}
	}
}

func TestTallyFindsWhatIsNotFinite(t *testing.T) {
	twice(func() {
		for n := 1; n < 13; n++ {
			for at := range n {
				for _, odd := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
					x := make([]float64, n)
					if _, ok := tally(x); !ok {
						t.Errorf("%d zeros are not finite", n)
					}
					if x[at] = odd; n > 0 {
						if _, ok := tally(x); ok {
							t.Errorf("%v at %d of %d was not seen", odd, at, n)
						}
					}
				}
			}
		}
	})
}
