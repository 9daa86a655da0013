package dither

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/seed"
)

// Noise shaping subtracts from each sample what rounding has done to those
// before it, weighted with c:
//
//	v[n] = x[n] - Σ c[k] e[n-k]
//	y[n] = round(v[n] + dither),  e[n] = y[n] - v[n]
//
// The white error e then comes out filtered by 1 - Σ c[k] z^-k. Noise can only
// be moved: over all frequencies the mean of that filter's gain in dB is 0 at
// best (M. A. Gerzon, P. G. Craven, "Optimal noise shaping and dither of digital
// signals", AES 87th convention, 1989), and is 0 for every set here. They take it
// out of 2 to 6 kHz, where the ear is keenest, and put more of it above 14 kHz.
//
// As dither makes e noise of 0.5 LSB rms whatever the signal, what comes out is
// too. And as e never exceeds 1.5 LSB, it cannot run away: e is taken before the
// clamp at full scale, so that clipped samples are not made up for later.

// set is the c[1], c[2] … of a shaper, designed for 44.1 kHz. At 48 kHz its curve
// lies 9 % higher in frequency.
type set []float64

// sets are the published ones: S. P. Lipshitz, J. Vanderkooy, R. A. Wannamaker,
// "Minimally audible noise shaping", JAES 39(11), 1991 (the first three; E is the
// weighting by hearing at low levels), and R. A. Wannamaker, "Psychoacoustically
// optimal noise shaping", JAES 40(7/8), 1992 (F-weighted).
var sets = map[Kind]set{
	Lipshitz5:   {2.033, -2.165, 1.959, -1.590, 0.6149},
	ModifiedE9:  {1.662, -1.263, 0.4827, -0.2913, 0.1268, -0.1124, 0.03252, -0.01265, -0.03524},
	ImprovedE9:  {2.847, -4.685, 6.214, -7.184, 6.639, -5.032, 3.263, -1.632, 0.4191},
	Wannamaker3: {1.623, -0.982, 0.109},
	Wannamaker9: {2.412, -3.370, 3.937, -4.174, 3.353, -2.205, 1.281, -0.569, 0.0847},
	Wannamaker24: {
		2.391510, -3.284444, 3.679506, -3.635044, 2.524185, -1.146701, 0.115354, 0.513745, -0.749277, 0.512386, -0.188997, -0.043705,
		0.149843, -0.151186, 0.076302, -0.012070, -0.021127, 0.025232, -0.016121, 0.004453, 0.000876, -0.001799, 0.000774, -0.000128,
	},
}

// Shaped reports whether the kind shapes its noise.
func (k Kind) Shaped() bool { return k >= Lipshitz5 }

// Fits reports whether the kind is made for a sample rate in Hz: shaped ones for
// 44.1 and 48 kHz, others for any. At 32 kHz the raised noise of a set lies in
// the middle of hearing; from 88.2 kHz on it would be the shape of nothing.
func (k Kind) Fits(rate int) bool { return !k.Shaped() || rate == 44100 || rate == 48000 }

// shaper remembers the errors of both channels.
type shaper struct {
	c    set // the last first: c[0] is for the oldest error
	past [2][]float64
}

func newShaper(c set) *shaper {
	s := &shaper{}
	for i := len(c) - 1; i >= 0; i-- {
		s.c = append(s.c, c[i])
	}
	for ch := range s.past {
		s.past[ch] = make([]float64, len(c)+dsp.MaxBlock)
	}
	return s
}

func (s *shaper) reset() {
	for _, e := range s.past {
		clear(e)
	}
}

func (s *shaper) process(in dsp.Block, out [2][]int32, bits int, noise [2]seed.Stream, pos uint64) (clipped int64) {
	for at := 0; at < in.Len(); {
		n := min(in.Len()-at, dsp.MaxBlock)
		part := [2][]int32{out[0][at : at+n], out[1][at : at+n]}
		clipped += s.run(in.Cut(at, at+n), part, bits, noise, pos+uint64(at))
		at += n
	}
	return clipped
}

// run takes both channels side by side: either waits for its own last error.
func (s *shaper) run(in dsp.Block, out [2][]int32, bits int, noise [2]seed.Stream, pos uint64) (clipped int64) {
	scale, low, high := limits(bits)
	n, order := in.Len(), len(s.c)
	x0, x1 := in[0][:n], in[1][:n]
	y0, y1 := out[0][:n], out[1][:n]
	e0, e1 := s.past[0][:order+n], s.past[1][:order+n]
	for i := range n {
		p0, p1 := e0[i:][:order], e1[i:][:order]
		sum0, sum1 := 0.0, 0.0
		for k, c := range s.c { // the newest error comes last: the others need not wait for it
			sum0 += float64(c * p0[k])
			sum1 += float64(c * p1[k])
		}
		v0, v1 := float64(x0[i]*scale)-sum0, float64(x1[i]*scale)-sum1
		w0 := math.RoundToEven(v0 + triangle(noise[0].Bits(pos+uint64(i))))
		w1 := math.RoundToEven(v1 + triangle(noise[1].Bits(pos+uint64(i))))
		e0[order+i], e1[order+i] = bounded(w0-v0), bounded(w1-v1)
		if !(w0 >= low && w0 <= high) {
			w0 = clamp(w0, low, high)
			clipped++
		}
		if !(w1 >= low && w1 <= high) {
			w1 = clamp(w1, low, high)
			clipped++
		}
		y0[i], y1[i] = int32(w0), int32(w1)
	}
	copy(e0, e0[n:])
	copy(e1, e1[n:])
	return clipped
}

// bounded is an error as it is, or 0 where the sample was no finite number.
func bounded(e float64) float64 {
	if e >= -2 && e <= 2 {
		return e
	}
	return 0
}
