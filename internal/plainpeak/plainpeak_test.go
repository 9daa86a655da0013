package plainpeak

import (
	"math"
	"testing"
)

// TestTones reads sines whose peaks lie between the frames. 192 taps under a cosine are
// within 0.002 dB up to 0.4 of the rate; positions 1/32 frame apart miss up to
// 20 log(cos(pi f/32)) of it, 0.01 dB at 0.49 of the rate.
func TestTones(t *testing.T) {
	m := New()
	for _, c := range []struct{ of, phase, tolerance float64 }{
		{1. / 4, math.Pi / 4, 0.003}, {1. / 8, math.Pi / 8, 0.003}, {997. / 44100, 0.3, 0.003}, {0.4, 0.1, 0.02}, {0.45, 0.1, 0.02},
	} {
		x := make([]float64, 4000)
		for i := range x {
			fade := math.Pow(math.Sin(math.Pi*float64(i)/float64(len(x))), 2) // no edges, which would be peaks of their own
			x[i] = 0.8 * fade * math.Sin(2*math.Pi*c.of*float64(i)+c.phase)
		}
		got, place := m.Over(x, 20*math.Log10(0.8))
		if want := 20 * math.Log10(0.8); math.Abs(got-want) > c.tolerance || math.Abs(float64(place)-2000) > 60 {
			t.Errorf("%g of the rate: %.4f dB at frame %d, want %.4f at 2000", c.of, got, place, want)
		}
	}
	if got, _ := m.Over(make([]float64, 500), 0); !math.IsInf(got, -1) {
		t.Errorf("silence: %g dB", got)
	}
}
