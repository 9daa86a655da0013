package filter

import "math"

// The wide design turns an analogue prototype into two digital sections (one,
// for a first-order prototype) whose magnitude is the analogue one on a
// frequency axis that is true to about a part in a thousand up to 0.9 of half
// the sample rate, where the bilinear transform is off by a factor of four.
//
// The squared magnitude of a digital filter is a ratio of polynomials in
// phi = sin²(w/2); that of the prototype is one in x², x = w/w0. So if w² is
// approximated by a ratio
//
//	w² ~ r(phi) = 4 phi (1 + a phi) / (1 + b phi + c phi²)
//
// and put into the prototype, what comes out is the squared magnitude of a
// digital filter of twice the order, and its poles and zeros follow from
// quadratic equations alone: a root x² of the prototype's polynomial gives two
// roots phi of r(phi) = x² w0², and a pair of roots phi gives a section by
// spectral factorisation. (The bilinear transform is the case a = c = 0,
// b = -1.) r is exact at 0, and the axis is stretched so that it is also exact
// at w0. Since numerator and denominator go through the same map, a boost and
// a cut of the same size cancel exactly, and 0 dB is the identity.
//
// The three constants come from minimising the error in dB over bells, shelves
// and pass filters at 44.1 kHz, to 16 kHz in full and to 20 kHz in part.
const (
	warpA = -0.8028
	warpB = -1.1489
	warpC = 0.2389
)

// warpSquare is r(phi).
func warpSquare(phi float64) float64 {
	return 4 * phi * (1 + float64(warpA*phi)) / (1 + float64(float64(warpB+float64(warpC*phi))*phi))
}

// Wide designs p for the sample rate in Hz as sections that follow the analogue
// curve up to near half the rate: two for a second-order prototype, one for a
// first-order one. The number does not depend on the settings, and the sections
// move smoothly with them.
func Wide(p Prototype, rate float64) []Coef {
	out := make([]Coef, 0, 2)
	return AppendWide(out, p, rate)
}

// AppendWide appends the sections of [Wide] to out; it does not allocate when
// out has room.
func AppendWide(out []Coef, p Prototype, rate float64) []Coef {
	ww := stretched(2 * math.Pi * p.Hz / rate)
	if p.N2 == 0 && p.D2 == 0 {
		n := firstOrder(p.N1, p.N0, ww)
		d := firstOrder(p.D1, p.D0, ww)
		c := factored(n, d)
		return append(out, gained(c, wideGain(p, ww, n.value, d.value)))
	}
	n1, n2 := secondOrder(p.N2, p.N1, p.N0, ww)
	d1, d2 := secondOrder(p.D2, p.D1, p.D0, ww)
	gain := wideGain(p, ww,
		func(phi float64) float64 { return n1.value(phi) * n2.value(phi) },
		func(phi float64) float64 { return d1.value(phi) * d2.value(phi) })
	return append(out, gained(factored(n1, d1), gain), factored(n2, d2))
}

// stretchTop is the w0 up to which the axis is stretched to be exact at w0; r
// strays from w² beyond it, and there the octaves below matter more.
const stretchTop = 0.85 * math.Pi

// stretched returns w0² on the axis of r.
func stretched(w0 float64) float64 {
	w := min(w0, stretchTop)
	x := w0 / w
	return float64(x*x) * warpSquare(phiOf(w, 2*math.Pi))
}

// wideGain is what is left between the prototype and the product of the
// factors n and d, in which constants were dropped: found where the curve is
// not zero, which is at 0 Hz or else at half the sample rate.
func wideGain(p Prototype, ww float64, n, d func(float64) float64) float64 {
	phi := 0.0
	if p.N0 == 0 {
		phi = 1
	}
	return math.Sqrt(p.power(warpSquare(phi)/ww) * (d(phi) / n(phi)))
}

func gained(c Coef, g float64) Coef {
	c.B0, c.B1, c.B2 = c.B0*g, c.B1*g, c.B2*g
	return c
}

// quadratic is p2 phi² + p1 phi + p0, at least 0 for phi in 0..1: the squared
// magnitude of one side of a section.
type quadratic struct{ p2, p1, p0 float64 }

func (p quadratic) value(phi float64) float64 {
	return p.p0 + float64((p.p1+float64(p.p2*phi))*phi)
}

// line is a phi + b, one real root of a quadratic.
type line struct{ a, b float64 }

// times multiplies two lines; the sign is chosen so that the product is
// positive in 0..1, where neither has a root of its own.
func (l line) times(m line) quadratic {
	p := quadratic{float64(l.a * m.a), float64(l.a*m.b) + float64(l.b*m.a), float64(l.b * m.b)}
	if p.value(0.5) < 0 {
		p = quadratic{-p.p2, -p.p1, -p.p0}
	}
	return p
}

// firstOrder maps |c1 s + c0|² = c1² x² + c0².
func firstOrder(c1, c0, ww float64) quadratic {
	near, far := realRoots(-float64(c0*c0), float64(c1*c1), ww)
	return near.times(far)
}

// secondOrder maps |c2 s² + c1 s + c0|² = c2² x⁴ + (c1² - 2 c0 c2) x² + c0²: near
// has the roots that lie near those of the prototype, far the others, which
// make up for the missing octaves above half the sample rate.
func secondOrder(c2, c1, c0, ww float64) (near, far quadratic) {
	a, b, c := float64(c2*c2), float64(c1*c1)-float64(2*float64(c0*c2)), float64(c0*c0)
	disc := float64(float64(c1*c1) * (float64(c1*c1) - float64(4*float64(c0*c2))))
	if disc < 0 {
		// A complex pair of roots x²; c2 is not zero.
		return complexRoots(-b/(2*a), math.Sqrt(-disc)/(2*a), ww)
	}
	// Two real roots x² = u/v, none of them positive unless double. v = 0 is
	// a root at infinity, where the prototype falls for good.
	q := (math.Abs(b) + math.Sqrt(disc)) / 2
	u1, v1, u2, v2 := -q, a, -c, q
	if b < 0 {
		u1, u2 = q, c
	}
	if q == 0 { // only one of a and c is left, or neither: s² or a constant
		u1, v1, u2, v2 = 0, 1, 0, 1
		if c2 == 0 {
			u1, v1, u2, v2 = 1, 0, 1, 0
		}
	}
	near1, far1 := realRoots(u1, v1, ww)
	near2, far2 := realRoots(u2, v2, ww)
	return near1.times(near2), far1.times(far2)
}

// realRoots solves r(phi) = (u/v) ww, that is
//
//	(4 a v - c u ww) phi² + (4 v - b u ww) phi - u ww = 0,
//
// for u/v <= 0 (or the double root of a notch). The root called near is the one
// that goes to 0 with ww. Both are returned as lines, so that a root at infinity
// needs no case of its own.
func realRoots(u, v, ww float64) (near, far line) {
	y := float64(u * ww)
	a := float64(4*float64(warpA*v)) - float64(warpC*y)
	b := float64(4*v) - float64(warpB*y)
	c := -y
	disc := float64(b*b) - float64(4*float64(a*c))
	root := math.Sqrt(max(disc, 0))
	// Of the two forms of each root take the one in which nothing cancels.
	if b >= 0 {
		q := -(b + root) / 2
		return line{q, -c}, line{a, -q}
	}
	q := (root - b) / 2
	return line{a, -q}, line{q, -c}
}

// complexRoots is realRoots for the pair x² = re ± j im; each root phi makes a
// quadratic with its conjugate.
func complexRoots(re, im, ww float64) (near, far quadratic) {
	yr, yi := float64(re*ww), float64(im*ww)
	a := cplx{float64(4*warpA) - float64(warpC*yr), -float64(warpC * yi)}
	b := cplx{4 - float64(warpB*yr), -float64(warpB * yi)}
	c := cplx{-yr, -yi}
	ac := a.mul(c)
	bb := b.mul(b)
	root := cplx{bb.re - float64(4*ac.re), bb.im - float64(4*ac.im)}.sqrt()
	if float64(b.re*root.re)+float64(b.im*root.im) >= 0 {
		q := cplx{-(b.re + root.re) / 2, -(b.im + root.im) / 2}
		return conjugates(q, c), conjugates(a, q)
	}
	q := cplx{(root.re - b.re) / 2, (root.im - b.im) / 2}
	return conjugates(a, q), conjugates(q, c)
}

// conjugates is |a phi - b|² for real phi.
func conjugates(a, b cplx) quadratic {
	return quadratic{a.abs2(), -2 * (float64(a.re*b.re) + float64(a.im*b.im)), b.abs2()}
}

// cplx is a complex number whose products no compiler fuses with their sum, as
// it may those of complex128.
type cplx struct{ re, im float64 }

func (a cplx) mul(b cplx) cplx {
	return cplx{float64(a.re*b.re) - float64(a.im*b.im), float64(a.re*b.im) + float64(a.im*b.re)}
}

func (a cplx) abs2() float64 { return float64(a.re*a.re) + float64(a.im*a.im) }

// sqrt is the root with a real part of at least 0.
func (a cplx) sqrt() cplx {
	r := math.Sqrt((math.Sqrt(a.abs2()) + math.Abs(a.re)) / 2)
	if r == 0 {
		return cplx{}
	}
	other := a.im / (2 * r)
	if a.re >= 0 {
		return cplx{r, other}
	}
	if other < 0 {
		return cplx{-other, -r}
	}
	return cplx{other, r}
}

// factored makes the minimum-phase section whose squared magnitude is n/d.
func factored(n, d quadratic) Coef {
	b0, b1, b2 := n.factor()
	a0, a1, a2 := d.factor()
	return Coef{b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0}
}

// factor finds c0 + c1/z + c2/z² with all its roots on or within the unit circle and
// with p as its squared magnitude (M. Vicanek, "Matched Second Order Digital
// Filters", 2016, section on the numerator).
func (p quadratic) factor() (c0, c1, c2 float64) {
	dc := math.Sqrt(max(p.p0, 0))           // |c0 + c1 + c2|
	ny := math.Sqrt(max(p.p0+p.p1+p.p2, 0)) // |c0 - c1 + c2|
	sum := float64((dc + ny) / 2)           // c0 + c2
	square := p.p0 + float64(p.p1/2) + float64(dc*ny)
	diff := math.Sqrt(max(square, 0) / 2) // c0 - c2
	return (sum + diff) / 2, (dc - ny) / 2, (sum - diff) / 2
}
