package dyn

import (
	"testing"

	"github.com/lathe-audio/lathe/dsp/dsptest"
)

// TestDoubleIsItsTwin: the vector instructions give the bits of the loop in Go.
func TestDoubleIsItsTwin(t *testing.T) {
	if !useAVX {
		t.Skip("this processor has no AVX")
	}
	noise := dsptest.Noise(600, 1, "twins")
	ip := newInterpolation(true)
	for at := range 500 {
		x := (*[group + 2*halfPairs - 1]float64)(noise[0][at:])
		var fast, plain [2 * group]float64
		doubleAVX(&fast, x, &ip.half)
		ip.double(&plain, x)
		if fast != plain {
			t.Fatalf("from %d: %v with vectors, %v without", at, fast, plain)
		}
	}
}
