package filter

import "math"

// matchTolerance is how far, in dB, a single section may stray from the
// prototype in the whole band up to bandTop to be taken in place of the two of
// the wide design.
const matchTolerance = 0.02

// bandTop is the upper end of the band in which designs are judged: 20 kHz, or
// 0.9 of half the sample rate where that is lower.
func bandTop(rate float64) float64 { return min(20000, 0.45*rate) }

// Match designs p for the sample rate in Hz so that the digital curve is the
// analogue one: one section where that is enough (bells up to a few kHz and
// high-passes: most of what is used), otherwise the sections of [Wide].
func Match(p Prototype, rate float64) []Coef {
	if c, ok := fit(p, rate); ok {
		return []Coef{c}
	}
	return Wide(p, rate)
}

// MatchAll designs prototypes one after the other.
func MatchAll(cascade []Prototype, rate float64) []Coef {
	var out []Coef
	for _, p := range cascade {
		out = append(out, Match(p, rate)...)
	}
	return out
}

// fit makes a single section whose squared magnitude, a ratio of quadratics in
// phi, goes through the prototype's at 0 Hz, at the top of the band, at the
// prototype's frequency and on both of its slopes. It fails where the result
// is not a filter or strays from the prototype.
func fit(p Prototype, rate float64) (Coef, bool) {
	top := bandTop(rate)
	q := p.sharpness()
	slope := 1/(2*q) + math.Sqrt(1+1/(4*q*q)) // upper edge of the band over its middle
	if q == 0 || p.Hz*slope > 0.7*top {
		return Coef{}, false
	}
	n, d, ok := interpolate(p, rate, []float64{p.Hz, p.Hz / slope, p.Hz * slope, top})
	if !ok || !n.positive() || !d.positive() {
		return Coef{}, false
	}
	c := factored(n, d)
	return c, strays(c, p, rate, p.Hz/slope, top) <= matchTolerance
}

// sharpness is the Q of a second-order prototype, of boost and cut alike, and
// 0 for what fit does not deal with: first order and notches.
func (p Prototype) sharpness() float64 {
	switch {
	case p.D2 == 0, p.IsNotch():
		return 0
	case p.N1 == 0 || p.N0 == 0:
		return math.Sqrt(p.D2*p.D0) / p.D1
	}
	return math.Sqrt(math.Sqrt(p.N2*p.N0*p.D2*p.D0) / (p.N1 * p.D1))
}

// interpolate solves N(phi) = |H|² D(phi) at the frequencies hz for the
// coefficients of both, D(0) = 1, in which the zeros at 0 Hz of a high-pass or
// band-pass are kept out of the data and put back afterwards.
func interpolate(p Prototype, rate float64, hz []float64) (n, d quadratic, ok bool) {
	unit := phiOf(p.Hz, rate)
	zeros := p.zeros()
	var m [4][5]float64 // unknown: n0 or n2, n1, d1, d2
	for i, f := range hz {
		x := f / p.Hz
		t := phiOf(f, rate) / unit
		y := p.power(float64(x * x))
		row := &m[i]
		row[2], row[3] = -float64(y*t), -float64(y*float64(t*t))
		switch zeros {
		case 0: // n0 is known
			y0 := p.power(0)
			row[0], row[1], row[4] = float64(t*t), t, y-y0
		case 1:
			row[0], row[1], row[4] = float64(t*t), t, y
		case 2: // one unknown less: n1 is held at 0 in place of the third point
			row[0], row[4] = float64(t*t), y
			if i == 2 {
				*row = [5]float64{1: 1}
			}
		}
		scale := 1 / (1 + float64(t*t))
		for j := range row {
			row[j] *= scale
		}
	}
	u, ok := solve4(&m)
	if !ok {
		return n, d, false
	}
	n = quadratic{p2: u[0] / (unit * unit), p1: u[1] / unit}
	if zeros == 0 {
		n.p0 = p.power(0)
	}
	return n, quadratic{u[3] / (unit * unit), u[2] / unit, 1}, true
}

// zeros is the number of zeros at 0 Hz.
func (p Prototype) zeros() int {
	switch {
	case p.N0 != 0:
		return 0
	case p.N1 != 0:
		return 1
	}
	return 2
}

// positive reports whether p is above 0 within 0..1 (at the ends it may be 0).
func (p quadratic) positive() bool {
	if p.p0 < 0 || p.p0+p.p1+p.p2 < 0 || !(p.value(0.5) > 0) {
		return false
	}
	lowest := -p.p1 / (2 * p.p2)
	return !(p.p2 > 0 && lowest > 0 && lowest < 1) || p.value(lowest) > 0
}

// solve4 solves four linear equations, the right side last in each row, by
// elimination with pivots.
func solve4(m *[4][5]float64) (u [4]float64, ok bool) {
	for i := range m {
		pivot := i
		for j := i + 1; j < 4; j++ {
			if math.Abs(m[j][i]) > math.Abs(m[pivot][i]) {
				pivot = j
			}
		}
		m[i], m[pivot] = m[pivot], m[i]
		if m[i][i] == 0 {
			return u, false
		}
		for j := i + 1; j < 4; j++ {
			f := m[j][i] / m[i][i]
			for k := i; k < 5; k++ {
				m[j][k] -= float64(f * m[i][k])
			}
		}
	}
	for i := 3; i >= 0; i-- {
		x := m[i][4]
		for k := i + 1; k < 4; k++ {
			x -= float64(m[i][k] * u[k])
		}
		u[i] = x / m[i][i]
	}
	return u, true
}

// strays is the largest distance in dB between section and prototype, looked
// for from an octave below from to top; not a number counts as infinite. Where
// the prototype is below -60 dB nobody hears the difference.
func strays(c Coef, p Prototype, rate, from, top float64) float64 {
	const points = 24
	ratio := top / (from / 2)
	step := math.Sqrt(math.Sqrt(math.Sqrt(ratio))) // ratio^(1/8), three points each
	worst := 0.0
	for i := range points + 1 {
		hz := from / 2
		for range i / 3 {
			hz *= step
		}
		hz *= 1 + float64(float64(i%3)/3*(step-1))
		want := p.DB(hz)
		if want < -60 {
			continue
		}
		off := math.Abs(c.DB(hz, rate) - want)
		if !(off <= worst) {
			worst = off
		}
	}
	if math.IsNaN(worst) {
		return math.Inf(1)
	}
	return worst
}
