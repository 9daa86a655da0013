package xmath

import "math"

// Exp returns e^x.
func Exp(x float64) float64 {
	if !(math.Abs(x) < 708) {
		return expFar(x)
	}
	// x = k ln2/128 + r, |r| < 0.0028
	k := float64(x*(128/math.Ln2)) + roundBias
	bits := math.Float64bits(k)
	k -= roundBias
	r := (x - float64(k*expStepHi)) - float64(k*expStepLo)
	s, p := expParts(bits, r)
	return s + float64(s*p)
}

// expParts returns s and p with 2^(k/128) e^r = s + s p, k being the integer in
// the low bits and |r| < 0.004: that is e^r - 1 by Taylor's series, the sixth
// term of which is below 2^-60.
func expParts(bits uint64, r float64) (s, p float64) {
	e := &expTable[bits&127]
	s = math.Float64frombits(e.bits + bits<<45)
	square := float64(r * r)
	p = (1./2 + float64(r*(1./6))) + float64(square*(1./24+float64(r*(1./120))))
	return s, e.tail + float64(square*p) + r
}

// expFar is Exp where the result overflows, or nearly, or is subnormal.
func expFar(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709.8:
		return math.Inf(1)
	case x < -745.2:
		return 0
	}
	k := math.Round(x * (128 / math.Ln2))
	return expScaled(k, (x-float64(k*expStepHi))-float64(k*expStepLo))
}

// expScaled returns 2^(k/128) e^r where the exponent may not fit a float64: it
// is applied to the finished value, in two steps.
func expScaled(k, r float64) float64 {
	n := int64(k)
	s, p := expParts(uint64(n&127), r)
	y := s + float64(s*p) // in [1, 2), nearly
	n >>= 7
	half := n / 2
	return y * power2(half) * power2(n-half)
}

// power2 returns 2^n for -1022 <= n <= 1023.
func power2(n int64) float64 { return math.Float64frombits(uint64(1023+n) << 52) }

// Exp2 returns 2^x.
func Exp2(x float64) float64 {
	if !(math.Abs(x) < 1021) {
		switch {
		case x != x:
			return x
		case x >= 1024:
			return math.Inf(1)
		case x < -1076:
			return 0
		}
		k := math.Round(x * 128)
		return expScaled(k, float64((x-float64(k*(1./128)))*math.Ln2))
	}
	k := float64(x*128) + roundBias
	bits := math.Float64bits(k)
	k -= roundBias
	s, p := expParts(bits, float64((x-float64(k*(1./128)))*math.Ln2))
	return s + float64(s*p)
}

// Gain returns 10^(db/20): the factor that db decibels stand for.
func Gain(db float64) float64 {
	// db = k 20 log10(2)/128 + r, |r| < 0.024 dB
	const perStep = 128 * math.Ln10 / (20 * math.Ln2)
	if !(math.Abs(db) < 6140) {
		switch {
		case db != db:
			return db
		case db > 6166:
			return math.Inf(1)
		case db < -6500:
			return 0
		}
		k := math.Round(db * perStep)
		r := (db - float64(k*dbStepHi)) - float64(k*dbStepLo)
		return expScaled(k, float64(r*(math.Ln10/20)))
	}
	k := float64(db*perStep) + roundBias
	bits := math.Float64bits(k)
	k -= roundBias
	r := (db - float64(k*dbStepHi)) - float64(k*dbStepLo)
	s, p := expParts(bits, float64(r*(math.Ln10/20)))
	return s + float64(s*p)
}

// Expm1 returns e^x - 1, without loss near 0.
func Expm1(x float64) float64 {
	if math.Abs(x) < 0.35 {
		return expm1Near(x)
	}
	switch {
	case x != x:
		return x
	case x > 708:
		return expFar(x) // the 1 is far below the last place
	case x < -40:
		return -1
	}
	k := float64(x*(128/math.Ln2)) + roundBias
	bits := math.Float64bits(k)
	k -= roundBias
	r := (x - float64(k*expStepHi)) - float64(k*expStepLo)
	s, p := expParts(bits, r)
	d, e := sum(s, -1)
	return d + (e + float64(s*p))
}

// expm1Near is Taylor's series, good for |x| < 0.35: the first term left out is
// x^14/14!, below 2^-57 of the sum.
func expm1Near(x float64) float64 {
	const (
		c3  = 1. / 6
		c4  = c3 / 4
		c5  = c4 / 5
		c6  = c5 / 6
		c7  = c6 / 7
		c8  = c7 / 8
		c9  = c8 / 9
		c10 = c9 / 10
		c11 = c10 / 11
		c12 = c11 / 12
		c13 = c12 / 13
	)
	if x == 0 {
		return x // -0 stays -0
	}
	x2 := float64(x * x)
	x4 := float64(x2 * x2)
	a := (c3 + float64(x*c4)) + float64(x2*(c5+float64(x*c6)))
	b := (c7 + float64(x*c8)) + float64(x2*(c9+float64(x*c10)))
	c := c11 + float64(x*(c12+float64(x*c13)))
	a += float64(x4 * (b + float64(x4*c)))
	return x + (float64(0.5*x2) + float64(float64(x2*x)*a))
}
