package xmath

import "math"

// Pow returns x^y; special cases as in [math.Pow].
func Pow(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case x != x || y != y:
		return math.NaN()
	case x == 0:
		return powOfZero(x, y)
	case math.IsInf(y, 0):
		switch a := math.Abs(x); {
		case a == 1:
			return 1
		case (a < 1) == (y > 0):
			return 0
		}
		return math.Inf(1)
	case math.IsInf(x, 0):
		return powOfZero(1/x, -y)
	}
	if x > 0 {
		return powPositive(x, y)
	}
	if y != math.Trunc(y) {
		return math.NaN()
	}
	if isOdd(y) {
		return -powPositive(-x, y)
	}
	return powPositive(-x, y)
}

func isOdd(y float64) bool { return math.Abs(math.Mod(y, 2)) == 1 }

// powOfZero is (±0)^y.
func powOfZero(x, y float64) float64 {
	if y < 0 {
		x = 1 / x
	}
	if isOdd(y) {
		return x
	}
	return math.Abs(x)
}

// powPositive is e^(y ln x). The logarithm has some 66 good bits, so that
// times y (the product is at most 745) it still has the 53 + 10 places after
// the point that the exponential needs.
func powPositive(x, y float64) float64 {
	l1, l2 := logParts(x)
	hi, lo := product(y, l1)
	lo += float64(y * l2)
	switch {
	case hi > 709.8 || hi < -745.2: // and where the product overflowed, lo is NaN
		if hi > 0 {
			return math.Inf(1)
		}
		return 0
	}
	k := math.RoundToEven(hi * (128 / math.Ln2))
	r := (hi - float64(k*expStepHi)) - float64(k*expStepLo) + lo
	if math.Abs(hi) >= 708 {
		return expScaled(k, r)
	}
	s, p := expParts(uint64(int64(k)), r)
	return s + float64(s*p)
}

// logParts returns hi + lo = ln x for positive finite x.
func logParts(x float64) (hi, lo float64) {
	bits, bias := math.Float64bits(x), 0.0
	if bits < minNormal {
		bits, bias = math.Float64bits(x*(1<<52)), -52
	}
	// As logReduce, but with what the sum that gives r loses.
	t := bits - logStart
	e := &logTable[t>>45&127]
	bits -= t & (0xfff << 52)
	m := math.Float64frombits(bits)
	top := math.Float64frombits(bits &^ (1<<32 - 1))
	r, rest := sum(float64(top*e.inv)-1, float64((m-top)*e.inv))
	k := float64(int64(t)>>52) + bias

	// r²/2 = h + g, h exact
	r1 := upper(r)
	h := float64(0.5 * float64(r1*r1))
	g := float64(0.5 * float64((r-r1)*(r+r1)))

	w := float64(k*ln2Hi) + e.ln1 // exact
	s := w + r
	d := s - h
	lo = ((w - s) + r) + ((s - d) - h)
	r2 := float64(r * r)
	a := (1./3 - float64(r*(1./4))) + float64(r2*(1./5-float64(r*(1./6))))
	b := (1./7 - float64(r*(1./8))) + float64(r2*(1./9-float64(r*(1./10))))
	a += float64(float64(r2*r2) * b)
	lo += (e.ln2 + float64(k*ln2Lo)) + (rest - float64(r*rest) - g + float64(float64(r2*r)*a))
	hi = d + lo
	return hi, (d - hi) + lo
}
