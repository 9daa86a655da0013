package xmath_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/dsp/xmath/internal/bigref"
)

// function is one function of the package with its exact counterpart, where it
// is to be measured, and how its special cases come out in package math.
type function struct {
	name   string
	f, std func(float64) float64
	ref    func(*big.Float) *big.Float
	points func(*rand.Rand) float64 // arguments where the result is finite
	edges  []float64                // more arguments where cases meet
}

func uniform(lo, hi float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return lo + float64(r.Float64()*(hi-lo)) }
}

// spread draws numbers whose logarithms are uniform: 2^lo to 2^hi, of either sign.
func spread(lo, hi float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 {
		e := math.Floor(lo + float64(r.Float64()*(hi-lo)))
		return math.Ldexp(1+r.Float64(), int(e)) * float64(1-2*r.IntN(2))
	}
}

func positive(f func(*rand.Rand) float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return math.Abs(f(r)) }
}

func mixture(fs ...func(*rand.Rand) float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return fs[r.IntN(len(fs))](r) }
}

func sin(x *big.Float) *big.Float  { s, _ := bigref.SinCos(x); return s }
func cos(x *big.Float) *big.Float  { _, c := bigref.SinCos(x); return c }
func tan(x *big.Float) *big.Float  { s, c := bigref.SinCos(x); return bigref.Quo(s, c) }
func sinh(x *big.Float) *big.Float { s, _ := bigref.SinhCosh(x); return s }
func cosh(x *big.Float) *big.Float { _, c := bigref.SinhCosh(x); return c }

func times(f func(*big.Float) *big.Float, k *big.Float) func(*big.Float) *big.Float {
	return func(x *big.Float) *big.Float { return f(bigref.Mul(x, k)) }
}

func over(f func(*big.Float) *big.Float, k *big.Float) func(*big.Float) *big.Float {
	return func(x *big.Float) *big.Float { return bigref.Quo(f(x), k) }
}

var functions = func() []function {
	ln2, ln10, pi := bigref.Ln2(), bigref.Ln10(), bigref.Pi()
	twentieth := bigref.Quo(ln10, bigref.F(20))
	// Around 1, where logarithms are small; over the whole range; subnormal.
	logs := mixture(uniform(0.98, 1.02), uniform(0.6, 1.5), positive(spread(-1074, 1024)), positive(spread(-50, 50)))
	angles := mixture(uniform(-1, 1), uniform(-20, 20), spread(-30, 20), spread(19, 1024))
	// The float64 that comes closest of all to a multiple of π/2, and neighbours
	// of small multiples.
	close := []float64{0x1.6ac5b262ca1ffp+849, math.Pi / 4, math.Pi / 2, math.Pi, 2 * math.Pi, 355, 103993,
		math.Nextafter(math.Pi/4, 0), math.Nextafter(math.Pi/2, 4), 1 << 20, 1<<20 - 0.5, math.MaxFloat64}
	return []function{
		{"Exp", xmath.Exp, math.Exp, bigref.Exp, mixture(uniform(-1, 1), uniform(-745, 709.7), uniform(-745.1, -708), spread(-60, 0)),
			[]float64{708, -708, 709.78271289338397, -745.13321910194110, -708.396418532264}},
		{"Exp2", xmath.Exp2, math.Exp2, times(bigref.Exp, ln2), mixture(uniform(-1, 1), uniform(-1074, 1023.9), uniform(-1075, -1020), spread(-60, 0)),
			[]float64{1, 10, -1074, -1022, 1023, 0.5}},
		{"Expm1", xmath.Expm1, math.Expm1, bigref.Expm1, mixture(uniform(-0.4, 0.4), uniform(-3, 3), uniform(-60, 709), spread(-1074, 0)),
			[]float64{0.35, -0.35, 36.7, -37.4, -40, 708, 709.7}},
		{"Log", xmath.Log, math.Log, bigref.Log, logs, []float64{0.6875, 1.375, math.SmallestNonzeroFloat64, math.MaxFloat64, 0x1p-1022}},
		{"Log1p", xmath.Log1p, math.Log1p, bigref.Log1p, mixture(uniform(-0.01, 0.01), uniform(-0.999, 3), positive(spread(-1074, 1024)), spread(-60, 0)),
			[]float64{-1 + 0x1p-53, 1. / 128, -1. / 128, math.MaxFloat64}},
		{"Log2", xmath.Log2, math.Log2, over(bigref.Log, ln2), logs, []float64{8, 0x1p-1074, 0x1p1023}},
		{"Log10", xmath.Log10, math.Log10, over(bigref.Log, ln10), logs, []float64{10, 1000, 1e22, 1e-5}},
		{"Sin", xmath.Sin, math.Sin, sin, angles, close},
		{"Cos", xmath.Cos, math.Cos, cos, angles, close},
		{"Tan", xmath.Tan, math.Tan, tan, angles, close},
		{"Tanh", xmath.Tanh, math.Tanh, bigref.Tanh, mixture(uniform(-0.2, 0.2), uniform(-5, 5), uniform(-30, 30), spread(-1000, 5)),
			[]float64{0.125, 4, 22, math.Nextafter(4, 0), math.Nextafter(0.125, 0), 1e300}},
		{"Sinh", xmath.Sinh, math.Sinh, sinh, mixture(uniform(-1.2, 1.2), uniform(-30, 30), uniform(-710, 710), spread(-1000, 9)), []float64{1, 710.4758600739439}},
		{"Cosh", xmath.Cosh, math.Cosh, cosh, mixture(uniform(-1.2, 1.2), uniform(-30, 30), uniform(-710, 710), spread(-1000, 9)), []float64{1, 710.4758600739439}},
		{"Atan", xmath.Atan, math.Atan, bigref.Atan, mixture(uniform(-2, 2), uniform(-40, 40), spread(-1000, 1024)),
			[]float64{3. / 16, 1, math.Nextafter(1, 2), 32, 33, 1 << 60, 1e300}},
		{"SinPi", xmath.SinPi, func(x float64) float64 { return math.Sin(math.Pi * math.Mod(x, 2)) }, times(sin, pi),
			mixture(uniform(-1, 1), uniform(-100, 100), spread(-40, 30)), []float64{0.25, 0.75, 1e-300}},
		{"CosPi", xmath.CosPi, func(x float64) float64 { return math.Cos(math.Pi * math.Mod(x, 2)) }, times(cos, pi),
			mixture(uniform(-1, 1), uniform(-100, 100), spread(-40, 30)), []float64{0.25, 0.75, 1e-300}},
		{"DB", xmath.DB, func(x float64) float64 { return 20 * math.Log10(x) }, over(bigref.Log, twentieth), logs, []float64{10, 0.001, 1e5}},
		{"Gain", xmath.Gain, func(x float64) float64 { return math.Pow(10, x/20) }, times(bigref.Exp, twentieth),
			mixture(uniform(-120, 24), uniform(-6470, 6165), spread(-50, 2)), []float64{20, -20, 6.02, 6140, -6140, 6165}},
	}
}()

// ulps returns the error of got in units of the last place of want; below the normal
// range that is the spacing of subnormal numbers.
func ulps(got float64, want *big.Float) float64 {
	exp := max(want.MantExp(nil)-53, -1074)
	diff, _ := new(big.Float).SetMantExp(bigref.Sub(bigref.F(got), want), -exp).Float64()
	return math.Abs(diff)
}

// allowed is what the package promises.
const allowed = 1.0

func TestErrorIsAtMostOneUlp(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 500
	}
	for _, fn := range functions {
		t.Run(fn.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 2))
			worst, at := 0.0, 0.0
			check := func(x float64) {
				if e := ulps(fn.f(x), fn.ref(bigref.F(x))); !(e <= worst) {
					worst, at = e, x
				}
			}
			for range n {
				check(fn.points(rng))
			}
			for _, x := range fn.edges {
				check(x)
			}
			t.Logf("largest error %.3f ulp, at %v", worst, at)
			if !(worst <= allowed) {
				t.Errorf("%s(%v) is off by %.3f ulp, allowed %g", fn.name, at, worst, allowed)
			}
		})
	}
}

func TestSpecialCasesAreThoseOfMath(t *testing.T) {
	inf := math.Inf(1)
	for _, fn := range functions {
		for _, x := range []float64{0, math.Copysign(0, -1), inf, -inf, math.NaN(), 1e5, -1e5, -1, 7000, -7000} {
			got, want := fn.f(x), fn.std(x)
			if x == 1e5 || math.Abs(x) == 7000 { // for overflow and underflow only
				if !math.IsInf(want, 0) && want != 0 {
					continue
				}
			}
			switch {
			case math.IsNaN(want) && math.IsNaN(got):
			case want == 0 && fn.name == "SinPi": // math has no SinPi of its own
			case got == want && math.Signbit(got) == math.Signbit(want):
			case want != 0 && math.Abs(got/want-1) < 1e-9 && !math.IsInf(want, 0):
			case fn.name == "SinPi" && got == 0 && math.Abs(want) < 1e-10:
			default:
				t.Errorf("%s(%v) = %v, want %v", fn.name, x, got, want)
			}
		}
	}
}

func TestPowErrorIsAtMostOneUlp(t *testing.T) {
	n := 20000
	if testing.Short() {
		n = 2000
	}
	rng := rand.New(rand.NewPCG(3, 4))
	bases := mixture(uniform(0.5, 2), uniform(0.99, 1.01), positive(spread(-1074, 1024)))
	worst, atX, atY := 0.0, 0.0, 0.0
	check := func(x, y float64) {
		want := bigref.Exp(bigref.Mul(bigref.F(y), bigref.Log(bigref.F(x))))
		if e := ulps(xmath.Pow(x, y), want); !(e <= worst) {
			worst, atX, atY = e, x, y
		}
	}
	for range n {
		x := bases(rng)
		// An exponent that lands the result anywhere from the smallest subnormal
		// to the largest number.
		y := (-744 + rng.Float64()*1453) / xmath.Log(x)
		if rng.IntN(2) == 0 {
			y = math.Round(y)
		}
		if e := y * xmath.Log(x); math.IsInf(y, 0) || e > 709 || e < -744 {
			continue
		}
		check(x, y)
	}
	check(10, 0.05)
	check(2, -1074)
	check(0x1.fffffffffffffp-1, 1e18)
	check(1.0000000001, 7e12)
	t.Logf("largest error %.3f ulp, at %v, %v", worst, atX, atY)
	if !(worst <= allowed) {
		t.Errorf("Pow(%v, %v) is off by %.3f ulp", atX, atY, worst)
	}
}

func TestPowSpecialCasesAreThoseOfMath(t *testing.T) {
	inf, zero := math.Inf(1), math.Copysign(0, -1)
	values := []float64{0, zero, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1e300, -1e300, 1e-300, 5e-324, 0x1p53, 0x1p53 + 2, inf, -inf, math.NaN()}
	for _, x := range values {
		for _, y := range values {
			got, want := xmath.Pow(x, y), math.Pow(x, y)
			same := got == want && math.Signbit(got) == math.Signbit(want) || math.IsNaN(got) && math.IsNaN(want)
			if !same && !(math.Abs(got/want-1) < 1e-12) {
				t.Errorf("Pow(%v, %v) = %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestExactResults(t *testing.T) {
	for k := -1074; k < 1024; k++ {
		x := math.Ldexp(1, k)
		if got := xmath.Log2(x); got != float64(k) {
			t.Errorf("Log2(2^%d) = %v", k, got)
		}
		if got := xmath.Exp2(float64(k)); got != x {
			t.Errorf("Exp2(%d) = %v", k, got)
		}
	}
	ten := 1.0
	for k := range 23 { // the powers of ten that are float64 numbers
		if got := xmath.Log10(ten); got != float64(k) {
			t.Errorf("Log10(1e%d) = %v", k, got)
		}
		if got := xmath.DB(ten); got != float64(20*k) {
			t.Errorf("DB(1e%d) = %v", k, got)
		}
		if got := xmath.Gain(float64(20 * k)); got != ten {
			t.Errorf("Gain(%d) = %v", 20*k, got)
		}
		ten *= 10
	}
	for k := range 100 {
		if s, c := xmath.SinPi(float64(k)), xmath.CosPi(float64(k)+0.5); s != 0 || c != 0 {
			t.Errorf("SinPi(%d) = %v, CosPi(%d.5) = %v", k, s, k, c)
		}
	}
	if xmath.Gain(0) != 1 || xmath.DB(1) != 0 || xmath.Exp(0) != 1 || xmath.Tanh(40) != 1 {
		t.Error("Gain(0), DB(1), Exp(0) or Tanh(40) is not exact")
	}
	if s, c := xmath.Sincos(2); s != xmath.Sin(2) || c != xmath.Cos(2) {
		t.Error("Sincos is not Sin and Cos")
	}
}

// Neighbours in the same or the next interval of a table must not step back by
// more than rounding explains: curves made of them would not be monotonic.
func TestMonotonic(t *testing.T) {
	for _, fn := range functions {
		switch fn.name {
		case "Sin", "Cos", "Tan", "SinPi", "CosPi", "Cosh":
			continue
		}
		rng := rand.New(rand.NewPCG(5, 6))
		for range 20000 {
			x := math.Abs(fn.points(rng))
			next := x + math.Abs(x)*0x1p-48
			a, b := fn.f(x), fn.f(next)
			if b < a && (a-b) > math.Abs(a)*0x1p-51 {
				t.Errorf("%s falls from %v to %v between %v and %v", fn.name, a, b, x, next)
			}
		}
	}
}

// All results of all functions over the same arguments as above, in one hash:
// they are what every other golden hash of the project stands on.
func TestGoldenBits(t *testing.T) {
	const want = "1352a6a703faf6ba08e695fde51b163a0a73c03b0a02ed3925a92eafe5bd8681"
	h := sha256.New()
	write := func(x float64) {
		if x != x {
			x = math.Inf(1) // the sign of a NaN differs between machines
		}
		h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)))
	}
	rng := rand.New(rand.NewPCG(11, 12))
	bases := positive(spread(-1074, 1024))
	for _, fn := range functions {
		for range 10000 {
			x := fn.points(rng)
			write(fn.f(x))
			write(xmath.Pow(bases(rng), float64(4*x)))
		}
		for _, x := range fn.edges {
			write(fn.f(x))
		}
	}
	for range 10000 {
		write(xmath.FastDB(bases(rng)))
		write(xmath.FastGain(uniform(-6000, 6000)(rng)))
		s, c := xmath.Sincos(uniform(-1000, 1000)(rng))
		write(s)
		write(c)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("hash is %q, want %q", got, want)
	}
}

func TestFastDB(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	draw := mixture(uniform(0.5, 2), spread(-60, 10), spread(-1022, 1024))
	worst := 0.0
	for range 1000000 {
		x := draw(rng)
		worst = max(worst, math.Abs(xmath.FastDB(x)-xmath.DB(math.Abs(x))))
	}
	t.Logf("largest error %.2g dB", worst)
	if !(worst < 2e-7) {
		t.Errorf("off by %g dB", worst)
	}
	if got := xmath.FastDB(0); !(got < -6100) {
		t.Errorf("FastDB(0) = %v, want less than any signal", got)
	}
}

func TestFastGain(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	draw := mixture(uniform(-100, 30), uniform(-6100, 6100))
	worst := 0.0
	for range 1000000 {
		db := draw(rng)
		worst = max(worst, math.Abs(xmath.FastGain(db)/xmath.Gain(db)-1))
	}
	t.Logf("largest relative error %.2g", worst)
	if !(worst < 1e-8) {
		t.Errorf("off by a factor of 1 + %g", worst)
	}
	if xmath.FastGain(0) != 1 {
		t.Error("FastGain(0) is not 1")
	}
}

var sink float64

func BenchmarkXmath(b *testing.B) {
	bench := func(name string, f func(float64) float64, lo, hi float64) {
		b.Run(name, func(b *testing.B) {
			x := make([]float64, 1024)
			rng := rand.New(rand.NewPCG(1, 2))
			for i := range x {
				x[i] = lo + rng.Float64()*(hi-lo)
			}
			y := 0.0
			i := 0
			for b.Loop() {
				y += f(x[i&1023])
				i++
			}
			sink = y
		})
	}
	bench("Exp", xmath.Exp, -10, 10)
	bench("math.Exp", math.Exp, -10, 10)
	bench("Exp2", xmath.Exp2, -10, 10)
	bench("Expm1", xmath.Expm1, -1, 1)
	bench("Log", xmath.Log, 0.1, 10)
	bench("math.Log", math.Log, 0.1, 10)
	bench("Log1p", xmath.Log1p, -0.5, 1)
	bench("Log2", xmath.Log2, 0.1, 10)
	bench("Log10", xmath.Log10, 0.1, 10)
	bench("DB", xmath.DB, 0.1, 10)
	bench("Gain", xmath.Gain, -60, 20)
	bench("Sin", xmath.Sin, -10, 10)
	bench("math.Sin", math.Sin, -10, 10)
	bench("Cos", xmath.Cos, -10, 10)
	bench("SinPi", xmath.SinPi, -10, 10)
	bench("Tan", xmath.Tan, -1.5, 1.5)
	bench("Tanh", xmath.Tanh, -3, 3)
	bench("math.Tanh", math.Tanh, -3, 3)
	bench("Sinh", xmath.Sinh, -3, 3)
	bench("Cosh", xmath.Cosh, -3, 3)
	bench("Atan", xmath.Atan, -3, 3)
	bench("Pow", func(x float64) float64 { return xmath.Pow(x, 1.7) }, 0.1, 10)
	bench("FastDB", xmath.FastDB, 0.001, 2)
	bench("FastGain", xmath.FastGain, -60, 20)
}

func BenchmarkFastLoop(b *testing.B) {
	x := make([]float64, 1024)
	for i := range x {
		x[i] = float64(i+1) / 1024
	}
	y := make([]float64, len(x))
	b.Run("FastDB", func(b *testing.B) {
		for b.Loop() {
			for i, v := range x {
				y[i] = xmath.FastDB(v)
			}
		}
	})
	b.Run("FastGain", func(b *testing.B) {
		for b.Loop() {
			for i, v := range x {
				y[i] = xmath.FastGain(v)
			}
		}
	})
}
