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
// The standard prints coefficients for 48 kHz only. The analogue prototypes
// below, put through the bilinear transform with prewarping, give them back to
// all printed digits, so the same prototypes define the filter at every other
// rate. The high-pass keeps the numerator 1, -2, 1 as printed, not divided by
// a0: its gain in the treble is a hair above 1.
func KWeighting(rate int) (shelf, highpass Biquad) {
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

// energy2 filters two channels, adds the squares of the filtered samples to
// sumX and sumY and returns the new sums. One loop over both channels costs
// hardly more than one channel: four short chains of dependent operations run
// side by side.
func (f *kFilter) energy2(sx, sy *kState, x, y []float64, sumX, sumY float64) (float64, float64) {
	b0, b1, b2, a1, a2 := f.shelf.B0, f.shelf.B1, f.shelf.B2, f.shelf.A1, f.shelf.A2
	c1, c2 := f.pass.A1, f.pass.A2
	xs1, xs2, xp1, xp2 := sx.s1, sx.s2, sx.p1, sx.p2
	ys1, ys2, yp1, yp2 := sy.s1, sy.s2, sy.p1, sy.p2
	y = y[:len(x)]
	for i, u := range x {
		v := y[i]
		xw := float64(b0*u) + xs1
		yw := float64(b0*v) + ys1
		xs1 = (float64(b1*u) + xs2) - float64(a1*xw)
		ys1 = (float64(b1*v) + ys2) - float64(a1*yw)
		xs2 = float64(b2*u) - float64(a2*xw)
		ys2 = float64(b2*v) - float64(a2*yw)

		xz := xw + xp1
		yz := yw + yp1
		xp1 = (xp2 - (xw + xw)) - float64(c1*xz)
		yp1 = (yp2 - (yw + yw)) - float64(c1*yz)
		xp2 = xw - float64(c2*xz)
		yp2 = yw - float64(c2*yz)

		sumX += float64(xz * xz)
		sumY += float64(yz * yz)
	}
	*sx = kState{xs1, xs2, xp1, xp2}
	*sy = kState{ys1, ys2, yp1, yp2}
	return sumX, sumY
}

// energy1 is energy2 for a single channel, with the same bits.
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
