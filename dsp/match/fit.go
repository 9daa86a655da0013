package match

import (
	"cmp"
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Band is a band of an equaliser, with settings as they are written.
type Band struct {
	Shape string  `json:"type"` // "bell", "lowshelf", "highshelf" or "tilt"
	Hz    float64 `json:"freq_hz"`
	Gain  float64 `json:"gain_db"`
	Q     float64 `json:"q"`
	On    string  `json:"on"` // "stereo" or "side"
}

// How near a fit has to come, and with how many bands: together they fit into one
// equaliser, with the shelf of the width.
const (
	stereoBands   = 14
	sideBands     = 8
	fitTolerance  = 0.1  // dB
	sideTolerance = 0.25 // dB: of what is rarely more than half of a sound
	beyond        = 0.03 // weight of a band that is not compared
	flat          = 0.05 // dB: a curve that is nowhere further from 0 is none
)

// The limits of a band's settings: nothing narrower than an engineer would draw by
// hand, and shelves without a bump.
const (
	narrowest  = 2.5
	widest     = 0.3
	shelfQ     = 0.7
	shelfLeast = 0.4
	mostGain   = 15.0 // dB
)

func (b Band) prototype() filter.Prototype {
	switch b.Shape {
	case "lowshelf":
		return filter.AnalogLowShelf(b.Hz, b.Gain, b.Q)
	case "highshelf":
		return filter.AnalogHighShelf(b.Hz, b.Gain, b.Q)
	case "tilt":
		return filter.AnalogTilt(b.Hz, b.Gain)
	}
	return filter.AnalogBell(b.Hz, b.Gain, b.Q)
}

// curve is the band's gain in dB at frequencies.
func (b Band) curve(hz []float64) []float64 {
	p := b.prototype()
	out := make([]float64, len(hz))
	for i, f := range hz {
		out[i] = p.DB(f)
	}
	return out
}

// Response is the gain in dB of bands, one after the other, at frequencies in Hz; of
// an equaliser with these bands on both channels.
func Response(bands []Band, hz []float64) []float64 {
	out := make([]float64, len(hz))
	for _, b := range bands {
		for i, g := range b.curve(hz) {
			out[i] += g
		}
	}
	return out
}

// fit finds bands whose curve is the wanted one, over the grid: at most so many, and
// no more than it takes to come as near as tolerance where a weight is 1. Each
// band is first the one that takes most away of what is left, and then all of them
// are moved together until nothing is gained (Levenberg 1944, Marquardt 1963).
func fit(want, weight []float64, most int, tolerance float64) []Band {
	f := fitter{hz: Grid(), want: want, weight: weight}
	if f.worst(want) < flat {
		return nil
	}
	f.span()
	f.shapes = f.candidates()
	var bands []Band
	for len(bands) < most {
		left := f.left(bands)
		if f.worst(left) <= tolerance {
			break
		}
		bands = f.refine(append(bands, f.best(left)))
	}
	return tidy(bands)
}

// fitter fits one curve.
type fitter struct {
	hz           []float64
	want, weight []float64
	low, high    float64 // Hz: between which bands lie
	shapes       []candidate
}

// span finds where there is something to compare.
func (f *fitter) span() {
	for i, w := range f.weight {
		if w == 1 {
			if f.low == 0 {
				f.low = f.hz[i]
			}
			f.high = f.hz[i]
		}
	}
}

// worst is the largest magnitude where it counts.
func (f *fitter) worst(x []float64) float64 {
	worst := 0.0
	for i, v := range x {
		if f.weight[i] == 1 {
			worst = max(worst, math.Abs(v))
		}
	}
	return worst
}

// left is what bands leave of the wanted curve.
func (f *fitter) left(bands []Band) []float64 {
	out := Response(bands, f.hz)
	for i := range out {
		out[i] = f.want[i] - out[i]
	}
	return out
}

// candidate is a band of 3 dB with its curve.
type candidate struct {
	Band
	curve []float64
}

func (f *fitter) candidates() []candidate {
	var all []candidate
	add := func(b Band) {
		b.Gain = 3
		all = append(all, candidate{b, b.curve(f.hz)})
	}
	for i, hz := range f.hz {
		if i%3 != 0 || hz < f.low || hz > f.high {
			continue
		}
		add(Band{Shape: "lowshelf", Hz: hz, Q: shelfQ})
		add(Band{Shape: "highshelf", Hz: hz, Q: shelfQ})
		for _, q := range []float64{0.5, 0.8, 1.3, 2} {
			add(Band{Shape: "bell", Hz: hz, Q: q})
		}
	}
	return all
}

// best is the candidate that takes most away of what is left, with the gain at
// which it does.
func (f *fitter) best(left []float64) Band {
	var found Band
	top := -1.0
	for _, c := range f.shapes {
		dot, square := 0.0, 0.0
		for i, g := range c.curve {
			wg := float64(f.weight[i] * g)
			dot += float64(wg * left[i])
			square += float64(wg * g)
		}
		if gone := dot * dot / square; gone > top {
			top, found = gone, c.Band
			found.Gain = max(-mostGain, min(3*dot/square, mostGain))
		}
	}
	return found
}

// gainPrice is what the square of a band's gain costs beside the squares of the
// errors, so that no two bands pull against each other.
const gainPrice = 0.02

// cost is what a fit tries to make small.
func (f *fitter) cost(bands []Band) float64 {
	sum := 0.0
	for i, e := range f.left(bands) {
		sum += float64(float64(f.weight[i]*e) * e)
	}
	for _, b := range bands {
		sum += float64(float64(gainPrice*b.Gain) * b.Gain)
	}
	return sum
}

// A band's settings as a fit moves them: steps of the logarithms of frequency and q,
// and of the gain in dB.
const settings = 3

func (f *fitter) moved(b Band, setting int, by float64) Band {
	switch setting {
	case 0:
		b.Hz = max(f.low, min(float64(b.Hz*xmath.Exp(by)), f.high))
	case 1:
		b.Gain = max(-mostGain, min(b.Gain+by, mostGain))
	default:
		low, high := widest, narrowest
		if b.Shape != "bell" {
			low, high = shelfLeast, shelfQ
		}
		b.Q = max(low, min(float64(b.Q*xmath.Exp(by)), high))
	}
	return b
}

// refine moves all bands together.
func (f *fitter) refine(bands []Band) []Band {
	const steps, small = 20, 1e-3 // at most; and the part of the cost that is no gain any more
	n := settings * len(bands)
	damping, now := 1e-2, f.cost(bands)
	for range steps {
		normal, gradient := f.normal(bands, n)
		for damping < 1e8 {
			by := solve(normal, gradient, damping)
			next := make([]Band, len(bands))
			for i, b := range bands {
				for s := range settings {
					b = f.moved(b, s, max(-0.7, min(by[settings*i+s], 0.7)))
				}
				next[i] = b
			}
			cost := f.cost(next)
			if cost < now {
				gained := now - cost
				bands, now, damping = next, cost, damping/3
				if gained < float64(small*now)+1e-9 {
					return bands
				}
				break
			}
			damping *= 4
		}
		if damping >= 1e8 {
			break
		}
	}
	return bands
}

// normal makes the normal equations of a step: the products of the slopes of the
// curve over every setting, and of the slopes with what is left.
func (f *fitter) normal(bands []Band, n int) (square [][]float64, right []float64) {
	left := f.left(bands)
	slopes := make([][]float64, n)
	for i, b := range bands {
		base := b.curve(f.hz)
		for s := range settings {
			const step = 1e-4
			sign := 1.0
			to := f.moved(b, s, step)
			if to == b { // at its limit
				sign, to = -1, f.moved(b, s, -step)
			}
			slope := to.curve(f.hz)
			for k := range slope {
				slope[k] = sign * (slope[k] - base[k]) / step
			}
			slopes[settings*i+s] = slope
		}
	}
	square, right = make([][]float64, n), make([]float64, n)
	for i := range square {
		square[i] = make([]float64, n)
		for j := range i + 1 {
			for k, w := range f.weight {
				square[i][j] += float64(float64(w*slopes[i][k]) * slopes[j][k])
			}
			square[j][i] = square[i][j]
		}
		for k, w := range f.weight {
			right[i] += float64(float64(w*slopes[i][k]) * left[k])
		}
		if i%settings == 1 {
			square[i][i] += gainPrice
			right[i] -= float64(gainPrice * bands[i/settings].Gain)
		}
	}
	return square, right
}

// solve solves the damped normal equations by Cholesky's factors.
func solve(square [][]float64, right []float64, damping float64) []float64 {
	n := len(right)
	l := make([][]float64, n)
	for i := range l {
		l[i] = make([]float64, i+1)
		for j := range i + 1 {
			sum := square[i][j]
			if i == j {
				sum += float64(damping*square[i][i]) + 1e-9
			}
			for k := range j {
				sum -= float64(l[i][k] * l[j][k])
			}
			if i == j {
				l[i][i] = math.Sqrt(max(sum, 1e-12))
			} else {
				l[i][j] = sum / l[j][j]
			}
		}
	}
	x := make([]float64, n)
	for i := range x {
		sum := right[i]
		for k := range i {
			sum -= float64(l[i][k] * x[k])
		}
		x[i] = sum / l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		sum := x[i]
		for k := i + 1; k < n; k++ {
			sum -= float64(l[k][i] * x[k])
		}
		x[i] = sum / l[i][i]
	}
	return x
}

// tidy rounds settings to what one would write, drops bands that do nothing, and
// puts the rest in the order of frequency.
func tidy(bands []Band) []Band {
	var out []Band
	for _, b := range bands {
		b.Gain, b.Q = hundredths(b.Gain), hundredths(b.Q)
		switch {
		case b.Hz >= 1000:
			b.Hz = math.Round(b.Hz/10) * 10
		case b.Hz >= 100:
			b.Hz = math.Round(b.Hz)
		default:
			b.Hz = math.Round(b.Hz*10) / 10
		}
		if math.Abs(b.Gain) >= flat {
			out = append(out, b)
		}
	}
	slices.SortStableFunc(out, func(a, b Band) int { return cmp.Compare(a.Hz, b.Hz) })
	return out
}

// everywhere is every frequency that can be heard, and some beyond, more closely than
// any band is narrow.
func everywhere() []float64 {
	var hz []float64
	for f := 10.0; f < 24000; f *= 1.04 {
		hz = append(hz, f)
	}
	return hz
}

// held lowers the gains of bands until these and the ones under them stay within a
// range everywhere. Those under them do already.
func held(bands, under []Band, most float64) []Band {
	hz := everywhere()
	for len(bands) > 0 {
		over := 1.0
		below := Response(under, hz)
		for i, g := range Response(bands, hz) {
			if math.Abs(below[i]+g) > most {
				room := most - math.Abs(below[i]) // what is left for these, on the side they push to
				over = min(over, max(room, 0)/max(math.Abs(g), 1e-9))
			}
		}
		if over == 1 {
			return bands
		}
		var lower []Band
		for _, b := range bands {
			b.Gain = math.Trunc(b.Gain*min(over, 0.999)*100) / 100
			if math.Abs(b.Gain) >= flat {
				lower = append(lower, b)
			}
		}
		bands = lower
	}
	return nil
}
