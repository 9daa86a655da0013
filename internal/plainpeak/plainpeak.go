// Package plainpeak is a true-peak meter that shares nothing with lathe's own: slow, and
// plain enough to be right. Tests and comparisons measure with it.
package plainpeak

import "math"

// Meter looks at 32 positions between every two frames, each a sum over 192 frames under a
// cosine, which sees as far as 0.49 of the rate.
type Meter [32][192]float64

// New returns a meter; it keeps nothing between measurements.
func New() *Meter {
	var m Meter
	for p := range m {
		for k := range m[p] {
			x := float64(k-95) - float64(p)/32
			m[p][k] = math.Cos(math.Pi * x / 194)
			if x != 0 {
				m[p][k] *= math.Sin(math.Pi*x) / (math.Pi * x)
			}
		}
	}
	return &m
}

// Over returns the true peak of x in dBTP where it may be over a ceiling, and its place in
// frames. Between two frames far below the ceiling no wave comes near it: a sine at 0.49
// of the rate has at least one frame in eight above 0.9 of its peak, so only what lies
// within eight frames of half the ceiling is looked at, 0 where nothing does.
func (m *Meter) Over(x []float64, ceiling float64) (peak float64, place int) {
	least := math.Pow(10, ceiling/20) / 2
	padded := make([]float64, len(x)+192)
	copy(padded[95:], x)
	look := 0
	for i := range x {
		if i+8 < len(x) && math.Abs(x[i+8]) > least {
			look = i + 17
		}
		if i >= look {
			continue
		}
		w := padded[i : i+192]
		var coarse [9]float64 // every fourth position, and the last
		for p := range coarse {
			coarse[p] = m.at(w, min(4*p, 31))
		}
		for p := range m {
			var v float64
			switch near := max(coarse[p/4], coarse[p/4+1]); {
			case p%4 == 0:
				v = coarse[p/4]
			case near < 0.95*peak:
				continue // a wave rises by less than 2 % between them
			default:
				v = m.at(w, p)
			}
			if v > peak {
				peak, place = v, i
			}
		}
	}
	return 20 * math.Log10(peak), place
}

// at is how far the wave is from zero at a position.
func (m *Meter) at(w []float64, p int) float64 {
	sum := 0.0
	for k, h := range m[p] {
		sum += h * w[k]
	}
	return math.Abs(sum)
}
