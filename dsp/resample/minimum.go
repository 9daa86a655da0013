package resample

import (
	"github.com/lathe-audio/lathe/dsp/window"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// The minimum-phase filter has the linear one's gain at every frequency, and all
// of its ringing after the sound instead of half before it: of all filters with
// that gain the one whose energy comes earliest. Its phase follows from the gain
// by way of the cepstrum (A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal
// Processing", homomorphic processing): the logarithm of the response of such a
// filter has no part before time 0.
//
// It is designed at a much higher rate than either of the two, as the filter that
// acts on the sound between the frames: designed at the input's rate it would
// leave the ringing of an ideal interpolator, which is on both sides.

const (
	oversampled = 8    // the design's rate is at least so many times the lower of the two
	denser      = 4    // the design's frequencies are so many times closer than the transform's bins
	deepest     = -210 // dB: the depth at which the zeros of the stop band are taken to end, as they have no logarithm
)

// NewMinimumPhase returns a resampler whose filter has minimum phase: nothing rings
// before a sound. What comes out is later than with [New], by 0.1 ms at 44.1 kHz
// where the phase is straight and more towards the band's end, and that is
// not taken out. Between equal rates there is no filter. It fails as New does.
func NewMinimumPhase(from, to int) (*Resampler, error) {
	r, err := New(from, to)
	if err != nil || r.forward == nil {
		return r, err
	}
	r.before, r.after = 2*r.guard, 0
	r.gains, r.sines = r.designMinimum(from, to)
	r.Reset()
	return r, nil
}

// designMinimum returns the real and imaginary part of the filter's response at
// each bin, divided by the transform's length as design's gains are.
func (r *Resampler) designMinimum(from, to int) (re, im []float64) {
	times := 1
	for times*from < oversampled*min(from, to) {
		times *= 2
	}
	n := denser * times * r.forward.n
	f := newFFT(n)
	h := minimumPhase(f, prototype(n, times, reach(from, to), float64(min(from, to))/float64(times*from)))
	// The filter must end where the overlap of the stretches does.
	clear(h.re[times*r.before+1:])
	clear(h.im)
	response := f.transform(h, newPair(n), newPair(n))
	sum := response.re[0]
	bins := (min(r.forward.n, r.inverse.n) + 1) / 2
	re, im = make([]float64, bins), make([]float64, bins)
	for k := range bins {
		re[k] = response.re[denser*k] / sum / float64(r.forward.n)
		im[k] = response.im[denser*k] / sum / float64(r.forward.n)
	}
	return re, im
}

// prototype is the linear filter about frame 0 of a circle of n frames, at times
// the input's rate. band is the lower of the two rates as a share of that.
func prototype(n, times, reach int, band float64) pair {
	half, cutoff := times*reach, (stopEdge+passEdge)/2*band
	shape := window.Kaiser(2*half+1, window.KaiserBeta(attenuation))
	h, sum := newPair(n), 0.0
	for i := -half; i <= half; i++ {
		v := float64(window.Sinc(float64(i)*cutoff) * shape[half+i])
		h.re[(i+n)%n] = v
		sum += v
	}
	for i := range h.re {
		h.re[i] /= sum
	}
	return h
}

// minimumPhase returns the filter of minimum phase with the gain of h, which is
// symmetric about frame 0.
func minimumPhase(f *fft, h pair) pair {
	n := f.n
	a, b, c := newPair(n), newPair(n), newPair(n)
	floor := xmath.Gain(2 * deepest)
	spectrum := f.transform(h, a, b)
	for i, v := range spectrum.re {
		c.re[i] = 0.5 * xmath.Log(float64(v*v)+floor) / float64(n)
	}
	cepstrum := f.transform(c, a, b) // real and even, so that there and back are the same
	for i := 1; i < n/2; i++ {
		cepstrum.re[i] *= 2
		cepstrum.re[n-i] = 0
	}
	clear(cepstrum.im)
	copy(h.re, cepstrum.re)
	copy(h.im, cepstrum.im)
	phase := f.transform(h, a, b)
	for i := range phase.re {
		gain := xmath.Exp(phase.re[i]) / float64(n)
		sin, cos := xmath.Sincos(phase.im[i])
		c.re[i], c.im[i] = gain*cos, gain*sin
	}
	// Back in time: the inverse is the transform with real and imaginary parts exchanged.
	back := f.transform(c.swap(), a, b).swap()
	copy(h.re, back.re)
	copy(h.im, back.im)
	return h
}

// rotate filters the spectrum from as shape does, with a filter that turns phases.
// Both channels are real, so that what lies below 0 Hz is turned back.
func (r *Resampler) rotate(to, from pair) {
	n, m := r.forward.n, r.inverse.n
	top := len(r.gains)
	for i, g := range r.gains {
		to.re[i], to.im[i] = turn{g, r.sines[i]}.times(from.re[i], from.im[i])
	}
	clear(to.re[top : m-top+1])
	clear(to.im[top : m-top+1])
	for i := 1; i < top; i++ {
		to.re[m-i], to.im[m-i] = turn{r.gains[i], -r.sines[i]}.times(from.re[n-i], from.im[n-i])
	}
}
