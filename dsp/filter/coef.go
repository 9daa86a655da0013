// Package filter holds what every equaliser, crossover and side-chain filter is
// made of: analogue prototypes, the design of digital sections from them, and
// the sections that run.
//
// Design and running are apart. A design is a pure function from hertz,
// decibels, Q and sample rate to [Coef]; the running types ([Biquad],
// [Cascade], [One], [Crossover]) only multiply and add.
//
// There are two families of design:
//
//   - the matched one ([Match] and, on top of it, [Bell], [HighPass] and the
//     others) follows the analogue curve up to near half the sample rate; it is
//     what a listener's equaliser uses;
//   - the bilinear one ([BilinearLowPass] and the others) has the algebra that
//     crossovers need (low-pass + high-pass = all-pass, exactly) and is cheap
//     to compute; its curve is squeezed towards half the sample rate.
package filter

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Coef is a second-order section
//
//	H(z) = (B0 + B1/z + B2/z²) / (1 + A1/z + A2/z²)
//
// A first-order section has B2 = A2 = 0.
type Coef struct{ B0, B1, B2, A1, A2 float64 }

// Identity is the section that changes nothing.
var Identity = Coef{B0: 1}

// Response returns the real and imaginary part of H at hz for a sample rate in
// Hz.
func (c Coef) Response(hz, rate float64) (re, im float64) {
	w := 2 * math.Pi * hz / rate
	cos1, sin1 := xmath.Cos(w), xmath.Sin(w)
	cos2 := float64(2*float64(cos1*cos1)) - 1
	sin2 := 2 * float64(sin1*cos1)
	nr := c.B0 + float64(c.B1*cos1) + float64(c.B2*cos2)
	ni := -float64(c.B1*sin1) - float64(c.B2*sin2)
	dr := 1 + float64(c.A1*cos1) + float64(c.A2*cos2)
	di := -float64(c.A1*sin1) - float64(c.A2*sin2)
	d := float64(dr*dr) + float64(di*di)
	re = (float64(nr*dr) + float64(ni*di)) / d
	im = (float64(ni*dr) - float64(nr*di)) / d
	return re, im
}

// Magnitude returns |H| at hz for a sample rate in Hz.
func (c Coef) Magnitude(hz, rate float64) float64 {
	phi := phiOf(hz, rate)
	return math.Sqrt(squared(c.B0, c.B1, c.B2, phi) / squared(1, c.A1, c.A2, phi))
}

// DB returns |H| in dB at hz for a sample rate in Hz.
func (c Coef) DB(hz, rate float64) float64 { return xmath.DB(c.Magnitude(hz, rate)) }

// phiOf is sin²(w/2), in which the squared magnitude of a digital filter is a
// polynomial ratio: 0 at 0 Hz, 1 at half the sample rate.
func phiOf(hz, rate float64) float64 {
	s := xmath.Sin(math.Pi * hz / rate)
	return float64(s * s)
}

// squared is |c0 + c1/z + c2/z²|² at phi. The form with the sums squared keeps
// its precision at low frequencies, where the plain sum of cosines cancels.
func squared(c0, c1, c2, phi float64) float64 {
	sum, alt := c0+c1+c2, c0-c1+c2
	return float64(float64(sum*sum)*(1-phi)) + float64(float64(alt*alt)*phi) -
		float64(16*float64(float64(c0*c2)*float64(phi*(1-phi))))
}

// MagnitudeOf returns the product of the sections' magnitudes at hz.
func MagnitudeOf(sections []Coef, hz, rate float64) float64 {
	m := 1.0
	for _, c := range sections {
		m *= c.Magnitude(hz, rate)
	}
	return m
}

// Tail is the number of frames after which the section has rung out to -160 dB:
// 40 dB below what a processor's tail asks for, to leave room for resonance and
// for sections one after the other.
func (c Coef) Tail() int {
	r := 0.0 // radius of the outer pole
	if disc := float64(c.A1*c.A1) - float64(4*c.A2); disc < 0 {
		r = math.Sqrt(c.A2)
	} else {
		r = (math.Abs(c.A1) + math.Sqrt(disc)) / 2
	}
	const longest = 1 << 30
	if r >= 1 {
		return longest
	}
	frames := 2.0
	if r > 1e-8 {
		frames += -8 * math.Ln10 / xmath.Log(r)
	}
	return int(min(frames, longest))
}

// TailOf is the tail of sections one after the other.
func TailOf(sections []Coef) int {
	n := 0
	for _, c := range sections {
		n += c.Tail()
	}
	return n
}
