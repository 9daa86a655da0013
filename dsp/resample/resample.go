// Package resample converts between sample rates.
//
// It is a windowed sinc applied as a product of spectra: a stretch of input is
// transformed, multiplied by the filter's response, and transformed back with
// a transform whose length is in the exact ratio of the two rates, which is
// what changes the rate. Stretches overlap by the filter's length, and only
// what no edge has touched is kept (overlap-save). For 48 to 44.1 kHz that does
// what a polyphase filter of 330 taps for each output sample does, to rounding,
// in a fraction of the time; left and right are the two halves of one complex
// transform.
//
// The filter is linear in phase and its delay is taken out: frame m of the
// output is the sound at the time m/rate of the input. It is flat up to 0.907
// of the lower rate's half (20 kHz of 22.05) and closed from that half on, so
// nothing folds back into the band and nothing is mirrored out of it. There is
// one of minimum phase too (minimum.go).
package resample

import (
	"fmt"
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/window"
)

// The filter, relative to half the lower of the two rates.
const (
	stopEdge    = 1.0
	passEdge    = 0.915
	attenuation = 195.0 // dB, of everything beyond the stop edge
)

// Resampler converts a stereo stream from one sample rate to another. Its
// memory is bounded; what it puts out does not depend on how the stream is cut.
type Resampler struct {
	up, down int64 // output and input frames of the exact ratio, in lowest terms

	forward, inverse *fft
	gains            []float64 // the filter: of bin k, scaled for the unscaled transforms
	sines            []float64 // its imaginary part; nil for linear phase, which has none
	guard            int       // input frames that the filter reaches to either side, or twice as many to one
	before, after    int       // frames at the two ends of a stretch that it reaches over
	hop              int       // frames by which stretches advance: a multiple of down

	in        dsp.Block // the stretch that is being filled, starting so many frames before its first output
	fill      int
	work      [2]pair
	out       dsp.Block // frames that are done but not yet fetched
	pending   dsp.Block // the rest of them
	got, gave int64     // frames in and out so far
}

// New returns a resampler between two rates in Hz. It fails for rates whose
// ratio has large prime factors, which no usual pair of rates has.
func New(from, to int) (*Resampler, error) {
	const highest = 10_000_000
	if from < 1 || to < 1 || from > highest || to > highest {
		return nil, fmt.Errorf("cannot convert %d Hz to %d Hz: no such sample rate", from, to)
	}
	g := gcd(from, to)
	r := &Resampler{up: int64(to / g), down: int64(from / g)}
	if from == to {
		return r, nil
	}
	const largestPrime, longest = 61, 1 << 20
	guard, lengthIn, lengthOut := r.lengths(from, to)
	if p := max(largestFactor(to/g), largestFactor(from/g)); p > largestPrime || max(lengthIn, lengthOut) > longest {
		return nil, fmt.Errorf("cannot convert %d Hz to %d Hz: their ratio %d:%d is too odd; give a usual rate such as 44100 or 48000", from, to, r.up, r.down)
	}
	r.guard, r.hop = guard, lengthIn-2*guard
	r.before, r.after = guard, guard
	r.forward, r.inverse = newFFT(lengthIn), newFFT(lengthOut)
	r.in, r.out = dsp.NewBlock(lengthIn), dsp.NewBlock(r.hop/int(r.down)*int(r.up))
	for i := range r.work {
		r.work[i] = newPair(max(lengthIn, lengthOut))
	}
	r.gains = r.design(from, to)
	r.Reset()
	return r, nil
}

// reach is how many input frames the filter extends to either side, by
// Kaiser's formula for the length of a low-pass (J. F. Kaiser, 1974).
func reach(from, to int) int {
	nyquist := float64(min(from, to)) / 2
	transition := 2 * math.Pi * (stopEdge - passEdge) * nyquist / float64(from) // rad per frame
	return int(math.Ceil((attenuation - 7.95) / (2.285 * transition) / 2))
}

// lengths chooses the guard and the transforms' lengths in frames: whole
// multiples of the ratio's terms, six times as long as both guards or more,
// so that little work is done twice and the data stays in a near cache.
func (r *Resampler) lengths(from, to int) (guard, in, out int) {
	const overlap, shortest = 12, 2048
	up, down := int(r.up), int(r.down)
	units := (reach(from, to) + down - 1) / down
	k := 1
	for k < overlap*units || k*max(up, down) < shortest {
		k *= 2
	}
	return units * down, k * down, k * up
}

// design returns the filter's gain for each bin of the forward transform up to
// the last that both transforms have, divided by the transform's length.
func (r *Resampler) design(from, to int) []float64 {
	n, half := r.forward.n, reach(from, to)
	cutoff := (stopEdge + passEdge) / 2 * float64(min(from, to)) / float64(from) // of half the input rate
	shape := window.Kaiser(2*half+1, window.KaiserBeta(attenuation))
	h, sum := newPair(n), 0.0
	for i := -half; i <= half; i++ {
		v := float64(window.Sinc(float64(i)*cutoff) * shape[half+i])
		h.re[(i+n)%n] = v
		sum += v
	}
	// The response of a filter that is symmetric about frame 0 is real.
	response := r.forward.transform(h, newPair(n), newPair(n)).re
	gains := make([]float64, (min(n, r.inverse.n)+1)/2)
	for k := range gains {
		gains[k] = response[k] / sum / float64(n)
	}
	return gains
}

// Reset goes back to the first frame.
func (r *Resampler) Reset() {
	r.pending, r.got, r.gave = dsp.Block{}, 0, 0
	r.fill = r.before // silence before the first frame
	for _, x := range r.in {
		clear(x)
	}
}

// OutFrames is how many frames a stream of so many frames becomes: all whose
// time lies before its end.
func (r *Resampler) OutFrames(in int64) int64 { return (in*r.up + r.down - 1) / r.down }

// Hop is how many input frames are converted at a time. A resampler that is given
// a stream from a multiple of Hop on puts out, after the first Hop frames' worth,
// the same bits as one that was given all of it: by then it has filtered nothing
// that it did not hear.
func (r *Resampler) Hop() int64 { return int64(max(r.hop, 1)) }

// Process takes frames from in and puts frames into out, as many as it can of
// either: it returns with all of in consumed or all of out filled. The output
// lags behind the input by up to a few thousand frames; nothing is missing
// after [Resampler.Flush].
func (r *Resampler) Process(in, out dsp.Block) (consumed, produced int) {
	if r.forward == nil { // the same rate: straight through
		n := min(in.Len(), out.Len())
		copy(out[0][:n], in[0])
		copy(out[1][:n], in[1])
		r.got += int64(n)
		r.gave += int64(n)
		return n, n
	}
	for {
		produced += r.fetch(out.Cut(produced, out.Len()))
		if consumed == in.Len() || produced == out.Len() {
			return consumed, produced
		}
		n := r.take(in.Cut(consumed, in.Len()))
		consumed += n
		r.got += int64(n)
		r.convert()
	}
}

// Flush puts what is left after the end of the input into out. It is called
// until it returns 0; then the stream has [Resampler.OutFrames] frames.
func (r *Resampler) Flush(out dsp.Block) (produced int) {
	left := r.OutFrames(r.got) - r.gave
	out = out.Cut(0, int(min(int64(out.Len()), left)))
	for {
		produced += r.fetch(out.Cut(produced, out.Len()))
		if produced == out.Len() {
			return produced
		}
		for _, x := range r.in {
			clear(x[r.fill:])
		}
		r.fill = r.in.Len()
		r.convert()
	}
}

// fetch moves finished frames to out.
func (r *Resampler) fetch(out dsp.Block) int {
	n := min(out.Len(), r.pending.Len())
	copy(out[0][:n], r.pending[0])
	copy(out[1][:n], r.pending[1])
	r.pending = r.pending.Cut(n, r.pending.Len())
	r.gave += int64(n)
	return n
}

// take moves frames into the stretch.
func (r *Resampler) take(in dsp.Block) int {
	n := copy(r.in[0][r.fill:], in[0])
	copy(r.in[1][r.fill:], in[1])
	r.fill += n
	return n
}

// convert turns a full stretch into finished frames and makes room for the next.
func (r *Resampler) convert() {
	if r.fill < r.in.Len() {
		return
	}
	spectrum := r.forward.transform(pair{r.in[0], r.in[1]}, r.work[0], r.work[1])
	other := r.work[0]
	if &spectrum.re[0] == &other.re[0] {
		other = r.work[1]
	}
	if r.sines == nil {
		r.shape(other, spectrum)
	} else {
		r.rotate(other, spectrum)
	}
	done := r.inverse.transform(other.swap(), spectrum.swap(), other.swap()).swap()

	first := r.before / int(r.down) * int(r.up)
	n := r.out.Len()
	copy(r.out[0], done.re[first:first+n])
	copy(r.out[1], done.im[first:first+n])
	r.pending = r.out
	for _, x := range r.in {
		copy(x, x[r.hop:])
	}
	r.fill = r.before + r.after
}

// shape filters the spectrum from and writes it into to, whose length is the
// other rate's: bins that only one of the two has are dropped or zero.
func (r *Resampler) shape(to, from pair) {
	n, m := r.forward.n, r.inverse.n
	top := len(r.gains)
	for i, g := range r.gains {
		to.re[i], to.im[i] = float64(g*from.re[i]), float64(g*from.im[i])
	}
	clear(to.re[top : m-top+1])
	clear(to.im[top : m-top+1])
	for i := 1; i < top; i++ {
		g := r.gains[i]
		to.re[m-i], to.im[m-i] = float64(g*from.re[n-i]), float64(g*from.im[n-i])
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func largestFactor(n int) int {
	largest := 1
	for p := 2; n > 1; p++ {
		for ; n%p == 0; n /= p {
			largest = p
		}
	}
	return largest
}
