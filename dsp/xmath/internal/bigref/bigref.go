// Package bigref computes elementary functions with math/big, slowly and far
// more exactly than float64. The tables of xmath are made from it and the
// tests of xmath measure against it; nothing else uses it.
package bigref

import "math/big"

// Prec is the working precision in bits. Results are good to about Prec-40
// bits, relative; arguments of [Sin] and [Cos] of any size are reduced with
// as many bits more as they are large.
const Prec = 320

// F returns a new number of working precision with the value of x.
func F(x float64) *big.Float { return newf().SetFloat64(x) }

func newf() *big.Float         { return new(big.Float).SetPrec(Prec) }
func integer(n int) *big.Float { return newf().SetInt64(int64(n)) }

func add(x, y *big.Float) *big.Float { return newf().Add(x, y) }
func sub(x, y *big.Float) *big.Float { return newf().Sub(x, y) }

// Mul, Quo return products and quotients of working precision.
func Mul(x, y *big.Float) *big.Float { return newf().Mul(x, y) }
func Quo(x, y *big.Float) *big.Float { return newf().Quo(x, y) }

// Sub returns x - y.
func Sub(x, y *big.Float) *big.Float { return sub(x, y) }

// scaled returns x * 2^n.
func scaled(x *big.Float, n int) *big.Float { return newf().SetMantExp(x, n) }

// negligible reports whether term no longer matters beside sum.
func negligible(term, sum *big.Float) bool {
	return term.Sign() == 0 || sum.Sign() != 0 && term.MantExp(nil) < sum.MantExp(nil)-Prec-8
}

var ln2, pi = atanhInv(3), machin(Prec)

// Ln2 returns the natural logarithm of two.
func Ln2() *big.Float { return scaled(ln2, 1) } // ln 2 = 2 atanh(1/3)

// Ln10 returns the natural logarithm of ten.
func Ln10() *big.Float { return Log(integer(10)) }

// Pi returns π.
func Pi() *big.Float { return newf().Set(pi) }

// atanhInv returns atanh(1/n) = Σ 1/((2i+1) n^(2i+1)).
func atanhInv(n int) *big.Float { return series(Quo(integer(1), integer(n)), +1) }

// series returns x + s x³/3 + x⁵/5 + s x⁷/7 ...: atanh for s = +1, atan for -1.
func series(x *big.Float, s int) *big.Float {
	sum, power, square := newf().Set(x), newf().Set(x), Mul(x, x)
	if s < 0 {
		square.Neg(square)
	}
	for n := 3; ; n += 2 {
		power = Mul(power, square)
		term := Quo(power, integer(n))
		if negligible(term, sum) {
			return sum
		}
		sum = add(sum, term)
	}
}

// machin returns π = 16 atan(1/5) - 4 atan(1/239) to prec bits, in integers.
func machin(prec uint) *big.Float {
	shift := prec + 32
	one := new(big.Int).Lsh(big.NewInt(1), shift)
	atanInv := func(n int64) *big.Int {
		sum, power, square := new(big.Int), new(big.Int).Quo(one, big.NewInt(n)), big.NewInt(n*n)
		for i := int64(1); power.Sign() != 0; i += 2 {
			term := new(big.Int).Quo(power, big.NewInt(i))
			if i%4 == 1 {
				sum.Add(sum, term)
			} else {
				sum.Sub(sum, term)
			}
			power.Quo(power, square)
		}
		return sum
	}
	a := new(big.Int).Mul(big.NewInt(16), atanInv(5))
	a.Sub(a, new(big.Int).Mul(big.NewInt(4), atanInv(239)))
	v := new(big.Float).SetPrec(prec + 16).SetInt(a)
	return new(big.Float).SetPrec(prec).SetMantExp(v, -int(shift))
}

// TwoOverPi returns the first 64 n bits of the fraction 2/π, most significant
// word first.
func TwoOverPi(n int) []uint64 {
	prec := uint(64*n + 64)
	q := new(big.Float).SetPrec(prec).Quo(big.NewFloat(2), machin(prec+32))
	i, _ := new(big.Float).SetMantExp(q, 64*n).Int(nil)
	words := make([]uint64, n)
	mask := new(big.Int).SetUint64(1<<64 - 1)
	for k := range words {
		w := new(big.Int).Rsh(i, uint(64*(n-1-k)))
		words[k] = w.And(w, mask).Uint64()
	}
	return words
}

// Exp returns e^x: x is cut to below 2^-16, Taylor's series, then squared back.
func Exp(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return integer(1)
	}
	halvings := max(0, x.MantExp(nil)+16)
	r := scaled(x, -halvings)
	y := add(expm1Series(r), integer(1))
	for range halvings {
		y = Mul(y, y)
	}
	return y
}

// Expm1 returns e^x - 1.
func Expm1(x *big.Float) *big.Float {
	if x.Sign() != 0 && x.MantExp(nil) > -4 {
		return sub(Exp(x), integer(1))
	}
	return expm1Series(x)
}

func expm1Series(r *big.Float) *big.Float {
	sum, term := newf().Set(r), newf().Set(r)
	for n := 2; ; n++ {
		term = Quo(Mul(term, r), integer(n))
		if negligible(term, sum) {
			return sum
		}
		sum = add(sum, term)
	}
}

// Log returns ln x for x > 0, by x = m 2^k and ln m = 2 atanh((m-1)/(m+1)).
func Log(x *big.Float) *big.Float {
	m := newf()
	k := x.MantExp(m)         // m in [0.5, 1)
	if m.Cmp(F(0.7071)) < 0 { // bring it around 1, where the series is relative
		m, k = scaled(m, 1), k-1
	}
	ln := newf()
	if z := Quo(sub(m, integer(1)), add(m, integer(1))); z.Sign() != 0 {
		ln = scaled(series(z, +1), 1)
	}
	return add(ln, Mul(integer(k), Ln2()))
}

// Log1p returns ln(1+x).
func Log1p(x *big.Float) *big.Float {
	if x.Sign() != 0 && x.MantExp(nil) > -4 {
		sum := new(big.Float).SetPrec(2*Prec).Add(integer(1), x)
		return Log(newf().Set(sum))
	}
	return scaled(series(Quo(x, add(x, integer(2))), +1), 1)
}

// SinCos returns the sine and cosine of x radians.
func SinCos(x *big.Float) (sin, cos *big.Float) {
	extra := uint(max(0, x.MantExp(nil)))
	half := new(big.Float).SetPrec(Prec + 2*extra + 64)
	half.SetMantExp(machin(half.Prec()), -1)
	q := new(big.Float).SetPrec(half.Prec()).Quo(x, half)
	q.Add(q, big.NewFloat(0.5))
	n, _ := q.Int(nil)
	if q.Sign() < 0 && !q.IsInt() {
		n.Sub(n, big.NewInt(1))
	}
	r := new(big.Float).SetPrec(half.Prec()).SetInt(n)
	r.Mul(r, half)
	r.Sub(new(big.Float).SetPrec(half.Prec()).Set(x), r)
	s, c := sinCosSeries(newf().Set(r))
	switch new(big.Int).And(n, big.NewInt(3)).Int64() {
	case 1:
		return c, s.Neg(s)
	case 2:
		return s.Neg(s), c.Neg(c)
	case 3:
		return c.Neg(c), s
	}
	return s, c
}

func sinCosSeries(r *big.Float) (sin, cos *big.Float) {
	sin, cos = newf().Set(r), integer(1)
	if r.Sign() == 0 {
		return sin, cos
	}
	term := newf().Set(r)
	for n := 2; ; n++ {
		term = Quo(Mul(term, r), integer(n))
		t := newf().Set(term)
		if n%4 >= 2 {
			t.Neg(t)
		}
		if n%2 == 0 {
			cos = add(cos, t)
		} else {
			sin = add(sin, t)
		}
		if negligible(term, sin) {
			return sin, cos
		}
	}
}

// Tanh returns the hyperbolic tangent.
func Tanh(x *big.Float) *big.Float {
	if x.MantExp(nil) > 8 { // beyond the working precision
		return integer(x.Sign())
	}
	e := Expm1(scaled(x, 1))
	return Quo(e, add(e, integer(2)))
}

// SinhCosh returns the hyperbolic sine and cosine.
func SinhCosh(x *big.Float) (sinh, cosh *big.Float) {
	if x.Sign() < 0 { // e^x - 1 is -1 to any precision where x is large
		sinh, cosh = SinhCosh(newf().Neg(x))
		return sinh.Neg(sinh), cosh
	}
	e := Expm1(x)
	e1 := add(e, integer(1))
	sinh = scaled(add(e, Quo(e, e1)), -1)
	cosh = scaled(add(e1, Quo(integer(1), e1)), -1)
	return sinh, cosh
}

// Atan returns the arc tangent: the angle is halved until the series is fast.
func Atan(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return newf()
	}
	const halvings = 4
	y := newf().Set(x)
	for range halvings { // tan(a/2) = t / (1 + √(1+t²))
		root := newf().Sqrt(add(integer(1), Mul(y, y)))
		y = Quo(y, add(integer(1), root))
	}
	return scaled(series(y, -1), halvings)
}

// BesselI0 returns the modified Bessel function of order zero, by its series.
func BesselI0(x *big.Float) *big.Float {
	q := scaled(Mul(x, x), -2)
	sum, term := integer(1), integer(1)
	for k := 1; ; k++ {
		term = Quo(Mul(term, q), integer(k*k))
		if negligible(term, sum) {
			return sum
		}
		sum = add(sum, term)
	}
}
