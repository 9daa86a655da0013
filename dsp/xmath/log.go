package xmath

import "math"

// Log returns the natural logarithm.
func Log(x float64) float64 {
	bits, bias := math.Float64bits(x), 0.0
	if bits-minNormal >= inf-minNormal {
		if !(x > 0) || x > math.MaxFloat64 {
			return logSpecial(x)
		}
		bits, bias = math.Float64bits(x*(1<<52)), -52
	}
	k, r, i := logReduce(bits)
	k += bias
	e := &logTable[i]
	w := float64(k*ln2Hi) + e.ln1 // exact
	hi := w + r
	lo := (w - hi) + r + (e.ln2 + float64(k*ln2Lo))
	return hi + (lo + logRest(r))
}

// logSpecial is the logarithm, to any base, of what is not a positive number.
func logSpecial(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x > 0 || x != x:
		return x // +Inf, NaN
	}
	return math.NaN()
}

// logReduce takes a positive normal number x = 2^k m apart: m in [0.6875,
// 1.375) lies in interval i of logTable, and r = m inv - 1, |r| < 1/128. inv
// having 13 bits, both products are exact; r is rounded once, and where inv is
// 1 not at all.
func logReduce(bits uint64) (k, r float64, i uint64) {
	t := bits - logStart
	i = t >> 45 & 127
	bits -= t & (0xfff << 52)
	m := math.Float64frombits(bits)
	top := math.Float64frombits(bits &^ (1<<32 - 1))
	inv := logTable[i].inv
	return float64(int64(t) >> 52), (float64(top*inv) - 1) + float64((m-top)*inv), i
}

// logRest returns ln(1+r) - r for |r| < 1/128: Taylor's series; its first
// term left out is below 2^-59 r.
func logRest(r float64) float64 {
	r2 := float64(r * r)
	a := 1./3 - float64(r*(1./4))
	b := 1./5 - float64(r*(1./6))
	c := 1./7 - float64(r*(1./8))
	a += float64(r2 * (b + float64(r2*c)))
	return float64(float64(r2*r)*a) - float64(0.5*r2)
}

// Log2 returns the binary logarithm, exact for powers of two.
func Log2(x float64) float64 {
	bits, bias := math.Float64bits(x), 0.0
	if bits-minNormal >= inf-minNormal {
		if !(x > 0) || x > math.MaxFloat64 {
			return logSpecial(x)
		}
		bits, bias = math.Float64bits(x*(1<<52)), -52
	}
	k, r, i := logReduce(bits)
	e := &logTable[i]
	w := k + bias + e.lb1 // exact
	r1 := upper(r)
	p := float64(r1 * log2EHi) // exact
	hi := w + p
	lo := (w - hi) + p + e.lb2
	lo += float64(r1*log2ELo) + float64((r-r1)*math.Log2E)
	return hi + (lo + float64(logRest(r)*math.Log2E))
}

// Log10 returns the decimal logarithm, exact for powers of ten.
func Log10(x float64) float64 {
	hi, lo := log10(x)
	return hi + lo
}

// DB returns 20 log10(x): the level of the amplitude x in decibels, -Inf for 0.
func DB(x float64) float64 {
	hi, lo := log10(x)
	if hi-hi != 0 { // ±Inf, NaN
		return hi
	}
	// 20 hi = 16 hi + 4 hi, both exact, and so is what their sum loses.
	a, b := float64(16*hi), float64(4*hi)
	s := a + b
	return s + ((a - s) + b + float64(20*lo))
}

// log10 returns hi + lo, the decimal logarithm with some ten bits to spare.
func log10(x float64) (hi, lo float64) {
	bits, bias := math.Float64bits(x), 0.0
	if bits-minNormal >= inf-minNormal {
		if !(x > 0) || x > math.MaxFloat64 {
			return logSpecial(x), 0
		}
		bits, bias = math.Float64bits(x*(1<<52)), -52
	}
	k, r, i := logReduce(bits)
	k += bias
	e := &logTable[i]
	w := float64(k*log10Of2Hi) + e.lg1 // exact
	r1 := upper(r)
	p := float64(r1 * log10EHi) // exact
	hi = w + p
	lo = (w - hi) + p + (e.lg2 + float64(k*log10Of2Lo))
	lo += float64(r1*log10ELo) + float64((r-r1)*math.Log10E)
	return hi, lo + float64(logRest(r)*math.Log10E)
}

// Log1p returns ln(1+x), without loss near 0.
func Log1p(x float64) float64 {
	if math.Abs(x) < 1./128 {
		if x == 0 {
			return x
		}
		return x + logRest(x)
	}
	if !(x > -1) || x > math.MaxFloat64 {
		return logSpecial(1 + x)
	}
	// u + lost = 1 + x, exactly
	u := 1 + x
	lost := x - (u - 1)
	if x >= 1 {
		lost = 1 - (u - x)
	}
	k, r, i := logReduce(math.Float64bits(u))
	e := &logTable[i]
	w := float64(k*ln2Hi) + e.ln1
	hi := w + r
	lo := (w - hi) + r + (e.ln2 + float64(k*ln2Lo))
	return hi + (lo + lost/u + logRest(r))
}
