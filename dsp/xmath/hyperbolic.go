package xmath

import "math"

// Tanh returns the hyperbolic tangent. It is the curve of saturators, and fast.
func Tanh(x float64) float64 {
	a := math.Abs(x)
	if a < 1./8 {
		return tanhNear(x)
	}
	if !(a < 4) {
		switch {
		case x != x:
			return x
		case a > 22:
			return math.Copysign(1, x)
		}
		return math.Copysign(1-2/(Exp(2*a)+1), x)
	}
	// With c the nearest of the table's points and r = a - c, by the addition
	// theorem tanh a = t + (1-t²) u / (1 + t u), where t = tanh c, u = tanh r.
	i := int(float64(a*32) + 0.5)
	r := a - float64(float64(i)*(1./32)) // exact
	e := &tanhTable[i]
	z := float64(r * r)
	u := (-1./3 + float64(z*(2./15))) + float64(float64(z*z)*(-17./315+float64(z*(62./2835))))
	u = r + float64(float64(z*r)*u)
	y := e.t1 + (e.t2 + float64(e.d*u)/(1+float64(e.t1*u)))
	return math.Copysign(y, x)
}

// tanhNear is Taylor's series for |x| < 1/8; its first term left out is below
// 2^-57 of the sum.
func tanhNear(x float64) float64 {
	if x == 0 {
		return x
	}
	z := float64(x * x)
	z2 := float64(z * z)
	a := (-1./3 + float64(z*(2./15))) + float64(z2*(-17./315+float64(z*(62./2835))))
	b := (-1382./155925 + float64(z*(21844./6081075))) + float64(z2*(-929569./638512875))
	a += float64(float64(z2*z2) * b)
	return x + float64(float64(x*z)*a)
}

// Sinh returns the hyperbolic sine.
func Sinh(x float64) float64 {
	a := math.Abs(x)
	if a < 1 {
		return sinhNear(x)
	}
	if x != x {
		return x
	}
	hi, lo := quarterExp(a)
	return math.Copysign(2*(hi+(lo-0.0625/(hi+lo))), x)
}

// Cosh returns the hyperbolic cosine.
func Cosh(x float64) float64 {
	if x != x {
		return x
	}
	hi, lo := quarterExp(math.Abs(x))
	return 2 * (hi + (lo + 0.0625/(hi+lo)))
}

// quarterExp returns hi + lo = e^x / 4 for x >= 0, with some eight bits to
// spare: a quarter, because the last results before overflow need e^x beyond it.
func quarterExp(x float64) (hi, lo float64) {
	if x > 711 {
		return math.Inf(1), 0
	}
	k := float64(x*(128/math.Ln2)) + roundBias
	bits := math.Float64bits(k) - 2*128
	k -= roundBias
	r := (x - float64(k*expStepHi)) - float64(k*expStepLo)
	s, p := expParts(bits, r)
	return s, float64(s * p)
}

// sinhNear is Taylor's series for |x| < 1, to the 19th power.
func sinhNear(x float64) float64 {
	const (
		c3  = 1. / 6
		c5  = c3 / (4 * 5)
		c7  = c5 / (6 * 7)
		c9  = c7 / (8 * 9)
		c11 = c9 / (10 * 11)
		c13 = c11 / (12 * 13)
		c15 = c13 / (14 * 15)
		c17 = c15 / (16 * 17)
		c19 = c17 / (18 * 19)
	)
	if x == 0 {
		return x
	}
	z := float64(x * x)
	z2 := float64(z * z)
	a := (c3 + float64(z*c5)) + float64(z2*(c7+float64(z*c9)))
	b := (c11 + float64(z*c13)) + float64(z2*(c15+float64(z*(c17+float64(z*c19)))))
	a += float64(float64(z2*z2) * b)
	return x + float64(float64(x*z)*a)
}
