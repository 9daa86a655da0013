package xmath

import (
	"math"
	"math/bits"
)

// Sin returns the sine of x radians.
func Sin(x float64) float64 {
	if math.Abs(x) < math.Pi/4 {
		if math.Abs(x) < 1./(1<<27) {
			return x // and -0 stays -0
		}
		return sinNear(x, 0)
	}
	n, r, rest := quadrant(x)
	return sinQuadrant(n, r, rest)
}

// Cos returns the cosine of x radians.
func Cos(x float64) float64 {
	if math.Abs(x) < math.Pi/4 {
		return cosNear(x, 0)
	}
	n, r, rest := quadrant(x)
	return sinQuadrant(n+1, r, rest)
}

// Sincos returns both.
func Sincos(x float64) (sin, cos float64) {
	if math.Abs(x) < 1./(1<<27) {
		return x, cosNear(x, 0)
	}
	n, r, rest := quadrant(x)
	return sinQuadrant(n, r, rest), sinQuadrant(n+1, r, rest)
}

// SinPi returns sin(πx): exactly 0 for integers, and without the error that
// rounding π x would bring.
func SinPi(x float64) float64 {
	if x == 0 {
		return x
	}
	n, r, rest := quadrantPi(x)
	return sinQuadrant(n, r, rest)
}

// CosPi returns cos(πx).
func CosPi(x float64) float64 {
	n, r, rest := quadrantPi(x)
	return sinQuadrant(n+1, r, rest)
}

// Tan returns the tangent of x radians.
func Tan(x float64) float64 {
	if math.Abs(x) < 1./(1<<27) {
		return x
	}
	n, r, rest := quadrant(x)
	s2 := sinRest(r, rest)
	c1, c2 := cosParts(r, rest)
	c1, c2 = c1+c2, (c1-(c1+c2))+c2
	s1, s2 := r+s2, (r-(r+s2))+s2
	if n&1 == 0 {
		return quotient(s1, s2, c1, c2)
	}
	return -quotient(c1, c2, s1, s2)
}

// sinQuadrant returns sin(n π/2 + r + rest).
func sinQuadrant(n int, r, rest float64) float64 {
	switch n & 3 {
	case 0:
		return sinNear(r, rest)
	case 1:
		return cosNear(r, rest)
	case 2:
		return -sinNear(r, rest)
	}
	return -cosNear(r, rest)
}

func sinNear(r, rest float64) float64 { return r + sinRest(r, rest) }

func cosNear(r, rest float64) float64 {
	c1, c2 := cosParts(r, rest)
	return c1 + c2
}

// sinRest returns sin(r+rest) - r for |r| <= π/4: Taylor's series to the 17th
// power; the 19th is below 2^-62.
func sinRest(r, rest float64) float64 {
	const (
		c3  = -1. / 6
		c5  = -c3 / (4 * 5)
		c7  = -c5 / (6 * 7)
		c9  = -c7 / (8 * 9)
		c11 = -c9 / (10 * 11)
		c13 = -c11 / (12 * 13)
		c15 = -c13 / (14 * 15)
		c17 = -c15 / (16 * 17)
	)
	z := float64(r * r)
	z2 := float64(z * z)
	a := (c5 + float64(z*c7)) + float64(z2*(c9+float64(z*c11)))
	b := (c13 + float64(z*c15)) + float64(z2*c17)
	a += float64(float64(z2*z2) * b)
	cube := float64(z * r)
	return float64(cube*c3) + (float64(float64(cube*z)*a) + (rest - float64(float64(0.5*z)*rest)))
}

// cosParts returns c1 + c2 = cos(r+rest) for |r| <= π/4: Taylor's series to the
// 16th power; the 18th is below 2^-58. Half the square is taken in two parts,
// because c1 = 1 - r²/2 shows its error.
func cosParts(r, rest float64) (c1, c2 float64) {
	const (
		c4  = 1. / 24
		c6  = -c4 / (5 * 6)
		c8  = -c6 / (7 * 8)
		c10 = -c8 / (9 * 10)
		c12 = -c10 / (11 * 12)
		c14 = -c12 / (13 * 14)
		c16 = -c14 / (15 * 16)
	)
	z := float64(r * r)
	z2 := float64(z * z)
	a := (c4 + float64(z*c6)) + float64(z2*(c8+float64(z*c10)))
	b := (c12 + float64(z*c14)) + float64(z2*c16)
	a += float64(float64(z2*z2) * b)

	r1 := upper(r)
	h := float64(0.5 * float64(r1*r1)) // exact
	g := float64(0.5 * float64((r-r1)*(r+r1)))
	c1 = 1 - h
	return c1, ((1 - c1) - h) + (float64(z2*a) - g - float64(r*rest))
}

// quadrant returns n (modulo 4) and r + rest = x - n π/2, |r| <= π/4 and a
// hair. NaN and Inf give NaN.
func quadrant(x float64) (n int, r, rest float64) {
	if !(math.Abs(x) < 1<<20) {
		return quadrantFar(x)
	}
	k := float64(x*(2/math.Pi)) + roundBias
	n = int(math.Float64bits(k) & 3)
	k -= roundBias
	// After Cody and Waite: k has 20 bits, the first two parts of π/2 have 33, so
	// both products are exact.
	t := x - float64(k*piOver2Hi)
	p := float64(k * piOver2Mid)
	s := t - p
	e := (t - s) - p - float64(k*piOver2Lo)
	r = s + e
	if math.Abs(r) < 1./(1<<30) && k != 0 {
		return quadrantFar(x) // so close to a multiple that the three parts do not do
	}
	return n, r, (s - r) + e
}

// quadrantFar is quadrant for numbers of any size (after Payne and Hanek):
// the bits of 2/π whose product with x is a multiple of 4 are left out, and of
// the rest 192 are enough, because no float64 comes closer to a multiple of π/2
// than about 2^-62.
func quadrantFar(x float64) (n int, r, rest float64) {
	xbits := math.Float64bits(x) & absMask
	if xbits >= inf {
		return 0, math.NaN(), math.NaN()
	}
	// |x| = m 2^exp, and 2/π = Σ bit_i 2^-i: bits before number exp-1 do not matter.
	m := xbits&(minNormal-1) | minNormal
	exp := int(xbits>>52) - 1023 - 52
	w0, w1, w2 := window(exp - 2)
	// The low 192 bits of m times the window: a fixed-point number modulo 4, with
	// the point behind its second bit.
	hi2, lo2 := bits.Mul64(m, w2)
	hi1, lo1 := bits.Mul64(m, w1)
	f2 := lo2
	f1, carry := bits.Add64(lo1, hi2, 0)
	f0 := m*w0 + hi1 + carry
	n = int(f0 >> 62)
	f0 = f0<<2 | f1>>62
	f1 = f1<<2 | f2>>62
	f2 <<= 2
	// To the nearest quadrant: the fraction becomes -1/2..1/2, sign and size.
	negative := f0>>63 == 1
	if negative {
		n++
		var borrow uint64
		f2, borrow = bits.Sub64(0, f2, 0)
		f1, borrow = bits.Sub64(0, f1, borrow)
		f0, _ = bits.Sub64(0, f0, borrow)
	}
	zeros := bits.LeadingZeros64(f0)
	if zeros == 64 {
		f0, f1, f2 = f1, f2, 0
	} else if zeros > 0 {
		f0 = f0<<zeros | f1>>(64-zeros)
		f1 = f1<<zeros | f2>>(64-zeros)
	}
	// The first 53 bits, and the next 53, as numbers; then times π/2.
	scale := power2(-int64(zeros))
	a := float64(float64(f0>>11) * (1. / (1 << 53)) * scale)
	b := float64(float64(f0<<53>>11|f1>>22) * (1. / (1 << 53)) * (1. / (1 << 53)) * scale)
	r, rest = product(a, halfPiHi)
	rest += float64(a*halfPiLo) + float64(b*halfPiHi)
	if negative {
		r, rest = -r, -rest
	}
	if x < 0 {
		return -n, -r, -rest
	}
	return n, r, rest
}

// window returns 192 bits of 2/π, without the first `skip` bits behind the point
// (bits before the point, where skip is negative, are zero).
func window(skip int) (w0, w1, w2 uint64) {
	word := func(i int) uint64 {
		if i < 0 || i >= len(twoOverPi) {
			return 0
		}
		return twoOverPi[i]
	}
	i, shift := skip>>6, uint(skip&63)
	at := func(i int) uint64 { return word(i)<<shift | word(i+1)>>(64-shift) }
	return at(i), at(i + 1), at(i + 2)
}

// quadrantPi is quadrant for π x.
func quadrantPi(x float64) (n int, r, rest float64) {
	if !(math.Abs(x) < 1<<50) {
		x = math.Mod(x, 2) // NaN for Inf
	}
	k := math.RoundToEven(2 * x)
	f := x - float64(0.5*k) // exact, |f| <= 1/4
	r1 := upper(f)
	r = float64(f * math.Pi)
	rest = float64(r1*piHi) - r // exact
	rest += float64(r1*piLo) + float64((f-r1)*math.Pi)
	return int(int64(k) & 3), r, rest
}

// Atan returns the arc tangent, in radians.
func Atan(x float64) float64 {
	a := math.Abs(x)
	if a < 3./16 {
		if a < 1./(1<<27) {
			return x
		}
		return x + atanRest(x)
	}
	var hi, lo float64
	switch {
	case a <= 1:
		// atan a = atan c + atan((a-c) / (1+ac))
		i := int(float64(a*32) + 0.5)
		c := float64(float64(i) * (1. / 32))
		e := &atanTable[i]
		t := (a - c) / (1 + float64(a*c))
		hi, lo = e.a1, e.a2+atanRest(t)+t
	case a < 1<<60:
		// atan a = π/2 - atan(1/a), with the same step for 1/a
		i := int(32/a + 0.5)
		c := float64(float64(i) * (1. / 32))
		e := &atanTable[i]
		a1 := upper(a)
		t := ((float64(a1*c) - 1) + float64((a-a1)*c)) / (a + c)
		hi = halfPiHi - e.a1
		lo = ((halfPiHi - hi) - e.a1) + (halfPiLo - e.a2)
		lo += atanRest(t) + t
	case a != a:
		return x
	default:
		hi = halfPiHi
	}
	return math.Copysign(hi+lo, x)
}

// atanRest returns atan(t) - t for |t| < 3/16: Taylor's series to the 23rd power.
func atanRest(t float64) float64 {
	z := float64(t * t)
	z2 := float64(z * z)
	a := (-1./3 + float64(z*(1./5))) + float64(z2*(-1./7+float64(z*(1./9))))
	b := (-1./11 + float64(z*(1./13))) + float64(z2*(-1./15+float64(z*(1./17))))
	c := (-1./19 + float64(z*(1./21))) + float64(z2*(-1./23))
	z4 := float64(z2 * z2)
	a += float64(z4 * (b + float64(z4*c)))
	return float64(float64(z*t) * a)
}
