package loudness

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Biquad is a second-order section, normalised so that a0 is 1:
//
//	y[n] = B0 x[n] + B1 x[n-1] + B2 x[n-2] - A1 y[n-1] - A2 y[n-2]
type Biquad struct{ B0, B1, B2, A1, A2 float64 }

// KWeighting returns the two sections of the K filter of ITU-R BS.1770-5
// Annex 1 for a sample rate in Hz: a high shelf for the head, then a high-pass.
//
// The standard prints coefficients for 48 kHz only, and asks for the same response at
// other rates. The analogue prototypes in kPrototypes, put through the bilinear transform with
// prewarping, give the printed ones back to all digits, so they define the filter's
// shape at every other rate.
//
// Its gain is another matter. The high-pass has the numerator 1, -2, 1 as printed, not divided by
// a0, which makes the whole filter louder than its prototype: by 0.043 dB at 48 kHz, which the
// standard's constant of -0.691 LU has taken into account, and by half as much at twice the
// rate. So where 997 Hz, the tone of the standard's example, comes out more than 0.005 dB from
// where it comes out at 48 kHz, the first section's gain makes up for it: +0.017 dB
// at 96 kHz. At 44.1 kHz the filter is within 0.003 dB, and is left as every meter has it.
func KWeighting(rate int) (shelf, highpass Biquad) {
	const tone, tolerated = 997, 0.005 // Hz, dB
	shelf, highpass = kPrototypes(rate)
	s, h := kPrototypes(48000)
	want := s.gain(tone, 48000) * h.gain(tone, 48000)
	have := shelf.gain(tone, rate) * highpass.gain(tone, rate)
	if math.Abs(xmath.DB(want/have)) > tolerated {
		shelf.B0, shelf.B1, shelf.B2 = shelf.B0*want/have, shelf.B1*want/have, shelf.B2*want/have
	}
	return shelf, highpass
}

// gain is the section's gain at a frequency.
func (b Biquad) gain(hz float64, rate int) float64 {
	w := 2 * math.Pi * hz / float64(rate)
	c1, s1, c2, s2 := xmath.Cos(w), xmath.Sin(w), xmath.Cos(2*w), xmath.Sin(2*w)
	squared := func(b0, b1, b2 float64) float64 {
		re, im := b0+float64(b1*c1)+float64(b2*c2), float64(b1*s1)+float64(b2*s2)
		return float64(re*re) + float64(im*im)
	}
	return math.Sqrt(squared(b.B0, b.B1, b.B2) / squared(1, b.A1, b.A2))
}

// kPrototypes is the K filter before its gain is looked at.
func kPrototypes(rate int) (shelf, highpass Biquad) {
	const (
		shelfHz, shelfDB, shelfQ = 1681.974450955533, 3.999843853973347, 0.7071752369554196
		passHz, passQ            = 38.13547087602444, 0.5003270373238773
		bandExponent             = 0.4996667741545416 // Vb = Vh^this: gain at the shelf's corner
	)
	k := xmath.Tan(math.Pi * shelfHz / float64(rate))
	kq, kk := k/shelfQ, float64(k*k)
	vh := xmath.Gain(shelfDB)
	vb := xmath.Gain(shelfDB * bandExponent)
	a0 := 1 + kq + kk
	shelf = Biquad{
		B0: (vh + float64(vb*kq) + kk) / a0,
		B1: 2 * (kk - vh) / a0,
		B2: (vh - float64(vb*kq) + kk) / a0,
		A1: 2 * (kk - 1) / a0,
		A2: (1 - kq + kk) / a0,
	}

	k = xmath.Tan(math.Pi * passHz / float64(rate))
	kq, kk = k/passQ, float64(k*k)
	a0 = 1 + kq + kk
	highpass = Biquad{B0: 1, B1: -2, B2: 1, A1: 2 * (kk - 1) / a0, A2: (1 - kq + kk) / a0}
	return shelf, highpass
}

// kFilter is the K filter's coefficients as the inner loops want them.
type kFilter struct{ shelf, pass Biquad }

func newKFilter(rate int) kFilter {
	shelf, pass := KWeighting(rate)
	return kFilter{shelf, pass}
}

// kState is what the K filter remembers of one channel: two sections in
// transposed direct form II.
type kState struct{ s1, s2, p1, p2 float64 }

// settle sets what has decayed to nothing to zero, so that silence after sound
// does not crawl through denormal numbers. It is called at multiples of 10 ms
// of the stream, never at block ends, which would make the result depend on
// how the stream is cut.
func (s *kState) settle() {
	const tiny = 1e-30
	if math.Abs(s.s1) < tiny && math.Abs(s.s2) < tiny && math.Abs(s.p1) < tiny && math.Abs(s.p2) < tiny {
		*s = kState{}
	}
}

// energy1 filters a channel, adds the squares of the filtered samples to sum
// and returns the new sum.
func (f *kFilter) energy1(s *kState, x []float64, sum float64) float64 {
	b0, b1, b2, a1, a2 := f.shelf.B0, f.shelf.B1, f.shelf.B2, f.shelf.A1, f.shelf.A2
	c1, c2 := f.pass.A1, f.pass.A2
	s1, s2, p1, p2 := s.s1, s.s2, s.p1, s.p2
	for _, u := range x {
		w := float64(b0*u) + s1
		s1 = (float64(b1*u) + s2) - float64(a1*w)
		s2 = float64(b2*u) - float64(a2*w)
		z := w + p1
		p1 = (p2 - (w + w)) - float64(c1*z)
		p2 = w - float64(c2*z)
		sum += float64(z * z)
	}
	*s = kState{s1, s2, p1, p2}
	return sum
}
