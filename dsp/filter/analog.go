package filter

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Prototype is an analogue filter of first or second order
//
//	H(s) = (N2 s² + N1 s + N0) / (D2 s² + D1 s + D0)
//
// with s in units of 2 pi Hz, so that s = j at the frequency Hz. Its curve is
// what the digital designs aim at and what their tests compare with.
type Prototype struct {
	Hz         float64
	N2, N1, N0 float64
	D2, D1, D0 float64
}

// Magnitude returns |H| at hz.
func (p Prototype) Magnitude(hz float64) float64 {
	x := hz / p.Hz
	return math.Sqrt(p.power(float64(x * x)))
}

// DB returns |H| in dB at hz.
func (p Prototype) DB(hz float64) float64 { return xmath.DB(p.Magnitude(hz)) }

// IsNotch reports whether the prototype takes a frequency out altogether.
func (p Prototype) IsNotch() bool { return p.N2 != 0 && p.N1 == 0 && p.N0 != 0 }

// power is |H|² as a function of the squared relative frequency.
func (p Prototype) power(xx float64) float64 {
	return square(p.N2, p.N1, p.N0, xx) / square(p.D2, p.D1, p.D0, xx)
}

// square is |c2 s² + c1 s + c0|² on the imaginary axis at s² = -xx.
func square(c2, c1, c0, xx float64) float64 {
	re := c0 - float64(c2*xx)
	return float64(re*re) + float64(float64(c1*c1)*xx)
}

// AnalogMagnitude is the magnitude of prototypes one after the other at hz.
func AnalogMagnitude(cascade []Prototype, hz float64) float64 {
	m := 1.0
	for _, p := range cascade {
		m *= p.Magnitude(hz)
	}
	return m
}

// The prototypes of the second order follow R. Bristow-Johnson's cookbook. hz is
// the middle of the curve: the peak of a bell, half the gain (in dB) of a shelf,
// the corner of a pass filter (gain q there). db is the gain in dB.

// AnalogBell is a peak or a dip of db at hz. Boost and cut of the same size
// cancel.
func AnalogBell(hz, db, q float64) Prototype {
	a := xmath.Gain(db / 2)
	return Prototype{Hz: hz, N2: 1, N1: a / q, N0: 1, D2: 1, D1: 1 / (a * q), D0: 1}
}

// AnalogLowShelf is db below hz and 0 dB above; q above 0.7071 adds over- and
// undershoot at the ends of the slope.
func AnalogLowShelf(hz, db, q float64) Prototype {
	a := xmath.Gain(db / 2)
	mid := math.Sqrt(a) / q
	return Prototype{Hz: hz, N2: a, N1: a * mid, N0: a * a, D2: a, D1: mid, D0: 1}
}

// AnalogHighShelf is db above hz and 0 dB below.
func AnalogHighShelf(hz, db, q float64) Prototype {
	a := xmath.Gain(db / 2)
	mid := math.Sqrt(a) / q
	return Prototype{Hz: hz, N2: a * a, N1: a * mid, N0: a, D2: 1, D1: mid, D0: a}
}

// AnalogTilt turns the spectrum about hz, where it is 0 dB: towards +db far
// above and -db far below, by one first-order slope.
func AnalogTilt(hz, db float64) Prototype {
	g := xmath.Gain(db)
	return Prototype{Hz: hz, N1: g, N0: 1, D1: 1, D0: g}
}

// AnalogHighPass is a second-order high-pass.
func AnalogHighPass(hz, q float64) Prototype {
	return Prototype{Hz: hz, N2: 1, D2: 1, D1: 1 / q, D0: 1}
}

// AnalogLowPass is a second-order low-pass.
func AnalogLowPass(hz, q float64) Prototype {
	return Prototype{Hz: hz, N0: 1, D2: 1, D1: 1 / q, D0: 1}
}

// AnalogHighPass1 is a first-order high-pass, 6 dB an octave.
func AnalogHighPass1(hz float64) Prototype {
	return Prototype{Hz: hz, N1: 1, D1: 1, D0: 1}
}

// AnalogLowPass1 is a first-order low-pass, 6 dB an octave.
func AnalogLowPass1(hz float64) Prototype {
	return Prototype{Hz: hz, N0: 1, D1: 1, D0: 1}
}

// AnalogBandPass is 0 dB at hz and falls by 6 dB an octave on both sides; q is
// hz over the distance of the -3 dB points.
func AnalogBandPass(hz, q float64) Prototype {
	return Prototype{Hz: hz, N1: 1 / q, D2: 1, D1: 1 / q, D0: 1}
}

// AnalogNotch takes hz out altogether; q is hz over the distance of the -3 dB
// points.
func AnalogNotch(hz, q float64) Prototype {
	return Prototype{Hz: hz, N2: 1, N0: 1, D2: 1, D1: 1 / q, D0: 1}
}

// AnalogAllPass changes the phase only: -180 degrees at hz, within a range of
// about hz/q.
func AnalogAllPass(hz, q float64) Prototype {
	return Prototype{Hz: hz, N2: 1, N1: -1 / q, N0: 1, D2: 1, D1: 1 / q, D0: 1}
}

// ButterworthQ is the Q of a second-order Butterworth filter, and the q at which
// the pass bands below have a Butterworth curve.
const ButterworthQ = math.Sqrt2 / 2

// MaxOrder is the highest order of [AnalogHighPassSlope] and
// [AnalogLowPassSlope]: 96 dB an octave.
const MaxOrder = 16

// AnalogHighPassSlope is a high-pass of 6 dB times order an octave, order 1 to
// [MaxOrder]. With q = [ButterworthQ] it is a Butterworth filter, -3 dB at hz.
// Another q scales the Q of the most resonant section by q/ButterworthQ, so it
// raises or lowers the curve near hz; the first order has no q.
func AnalogHighPassSlope(hz, q float64, order int) []Prototype {
	return AppendHighPassSlope(nil, hz, q, order)
}

// AnalogLowPassSlope is the low-pass like [AnalogHighPassSlope].
func AnalogLowPassSlope(hz, q float64, order int) []Prototype {
	return AppendLowPassSlope(nil, hz, q, order)
}

// AppendHighPassSlope appends [AnalogHighPassSlope] to out.
func AppendHighPassSlope(out []Prototype, hz, q float64, order int) []Prototype {
	if order%2 == 1 {
		out = append(out, AnalogHighPass1(hz))
	}
	for k := range order / 2 {
		out = append(out, AnalogHighPass(hz, butterworth(q, order, k)))
	}
	return out
}

// AppendLowPassSlope appends [AnalogLowPassSlope] to out.
func AppendLowPassSlope(out []Prototype, hz, q float64, order int) []Prototype {
	if order%2 == 1 {
		out = append(out, AnalogLowPass1(hz))
	}
	for k := range order / 2 {
		out = append(out, AnalogLowPass(hz, butterworth(q, order, k)))
	}
	return out
}

// butterworth is the Q of second-order section k of a Butterworth filter,
// 1/(2 sin((2j+1) pi / (2 order))), the flattest first: so the level between
// the sections stays low. The last is the most resonant one, which q scales.
func butterworth(q float64, order, k int) float64 {
	j := order/2 - 1 - k
	angle := float64(2*j+1) * math.Pi / float64(2*order)
	section := 1 / (2 * xmath.Sin(angle))
	if j == 0 {
		section *= q / ButterworthQ
	}
	return section
}
