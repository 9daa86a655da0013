package loudness

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/fft"
	"github.com/lathe-audio/lathe/dsp/window"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Spectrum measures the average power over frequency of a stream of any number
// of channels.
//
// The ear's bands are narrow at the bottom and wide at the top, so there are two
// analyses: one of the stream, with bins of some 20 Hz, and below 354 Hz one of
// the stream at a few kHz, with bins of some 1.5 Hz. The first looks at a twentieth
// of a second five times a second, which is plenty for an average.
type Spectrum struct {
	rate   float64
	treble *analysis
	bass   *analysis
	lower  *decimator
}

// The division between the two analyses: the edge of the octaves around 250 and 500 Hz.
var bassTop = 1000 / (2 * math.Sqrt2)

const (
	trebleBin     = 24.0   // Hz, the widest bins of the analysis of the stream
	bassLength    = 2048   // samples of the other one
	bassRate      = 2500.0 // Hz, the lowest rate it works at
	bassRejection = 70.0   // dB of what would fold onto its band
)

// NewSpectrum returns a meter for a sample rate in Hz.
func NewSpectrum(rate, channels int) *Spectrum {
	length, factor := 256, 1
	for float64(rate)/float64(length) > trebleBin {
		length *= 2
	}
	for float64(rate)/float64(2*factor) >= bassRate {
		factor *= 2
	}
	return &Spectrum{
		rate:   float64(rate),
		treble: newAnalysis(float64(rate), length, 4*length, channels),
		bass:   newAnalysis(float64(rate)/float64(factor), bassLength, bassLength, channels),
		lower:  newDecimator(float64(rate), factor, channels),
	}
}

// Write takes in a block of any length: as many slices as there are channels,
// equally long, all samples finite.
func (s *Spectrum) Write(planar [][]float64) {
	if len(planar) == 0 {
		return
	}
	s.treble.write(planar)
	s.lower.write(planar, s.bass)
}

// Finish ends the measurement: nothing may be written afterwards. It comes before [Spectrum.Bands].
func (s *Spectrum) Finish() {
	s.lower.finish(s.bass)
	s.treble.finish()
	s.bass.finish()
}

// Bands returns the level of bands of 1/n octave, side by side and so that 1 kHz is the centre of
// one, from the one around lowest to that around highest or the last that begins below half the sample
// rate.
func (s *Spectrum) Bands(n int, lowest, highest float64) []Band {
	var bands []Band
	step := 1 / float64(n)
	first := math.Round(xmath.Log2(lowest/1000) * float64(n))
	for k := first; ; k++ {
		centre := 1000 * xmath.Exp2(k*step)
		from, to := centre*xmath.Exp2(-step/2), centre*xmath.Exp2(step/2)
		if centre > highest*xmath.Exp2(step/2) || from >= s.rate/2 {
			return bands
		}
		a := s.treble
		if centre < bassTop {
			a = s.bass
		}
		level := math.Inf(-1)
		if p := a.power(from, to); p > 0 {
			level = float64(10 * xmath.Log10(p))
		}
		bands = append(bands, Band{Hz: centre, Level: level})
	}
}

// analysis is the average of short-time spectra.
type analysis struct {
	bin    float64 // Hz
	hop    int     // from one window to the next
	plan   *fft.Plan
	window []float64
	weight float64 // sum of the window's squares

	buf    [][]float64
	fill   int
	fresh  int // of which no spectrum has yet been taken
	skip   int // frames to pass over before the next window
	x      []float64
	re, im []float64

	squares  []float64 // of each bin, all channels and windows together
	weights  float64   // of the windows
	channels float64
}

func newAnalysis(rate float64, length, hop, channels int) *analysis {
	a := &analysis{
		bin: rate / float64(length), hop: hop, plan: fft.New(length), window: window.Hann(length),
		buf: make([][]float64, channels), x: make([]float64, length), channels: float64(channels),
	}
	a.weight = product(a.window, a.window)
	for c := range a.buf {
		a.buf[c] = make([]float64, length)
	}
	bins := a.plan.Bins()
	a.re, a.im, a.squares = make([]float64, bins), make([]float64, bins), make([]float64, bins)
	return a
}

func (a *analysis) write(planar [][]float64) {
	length := len(a.window)
	for at, frames := 0, len(planar[0]); at < frames; {
		if a.skip > 0 {
			n := min(frames-at, a.skip)
			at, a.skip = at+n, a.skip-n
			continue
		}
		n := min(frames-at, length-a.fill)
		for c, b := range a.buf {
			copy(b[a.fill:], planar[c][at:at+n])
		}
		at += n
		a.fill += n
		if a.fresh += n; a.fill < length {
			continue
		}
		a.take(a.window, a.weight)
		overlap := max(length-a.hop, 0)
		for _, b := range a.buf {
			copy(b, b[length-overlap:])
		}
		a.fill, a.fresh, a.skip = overlap, 0, max(a.hop-length, 0)
	}
}

// finish takes the spectrum of what is left, under a window of its length. Less than
// half a window would only smear what the others have found.
func (a *analysis) finish() {
	if a.fresh == 0 || a.weights > 0 && a.fill < len(a.window)/2 {
		return
	}
	w := window.Hann(a.fill)
	weight := product(w, w)
	if weight == 0 { // of a sample or two
		for i := range w {
			w[i] = 1
		}
		weight = float64(a.fill)
	}
	a.take(w, weight)
}

// take adds the spectra of the first len(w) samples of each channel.
func (a *analysis) take(w []float64, weight float64) {
	clear(a.x)
	for _, b := range a.buf {
		x := a.x[:len(w)]
		for i, v := range b[:len(w)] {
			x[i] = v * w[i]
		}
		a.plan.Forward(a.x, a.re, a.im)
		for k, re := range a.re {
			im := a.im[k]
			a.squares[k] += float64(re*re) + float64(im*im)
		}
	}
	a.weights += weight
}

// power is the mean square of all channels between two frequencies. A bin stands for
// as much on either side of it as there is to the next.
func (a *analysis) power(from, to float64) float64 {
	last := len(a.squares) - 1
	sum := 0.0
	for k := max(int(math.Floor(from/a.bin)), 0); k <= last; k++ {
		lo, hi := float64((float64(k)-0.5)*a.bin), float64((float64(k)+0.5)*a.bin)
		if lo >= to {
			break
		}
		if share := (min(hi, to) - max(lo, from)) / a.bin; share > 0 {
			if k == 0 || k == last {
				share /= 2 // the others have a twin at the negative frequency
			}
			sum += float64(share * a.squares[k])
		}
	}
	if a.weights == 0 {
		return 0
	}
	return 2 * sum / (float64(len(a.window)) * a.weights * a.channels)
}

// decimator lowers the rate by a whole number, for the analysis of the bass.
type decimator struct {
	factor int
	taps   []float64
	buf    [][]float64
	fill   int
	out    [][]float64
}

func newDecimator(rate float64, factor, channels int) *decimator {
	d := &decimator{factor: factor, taps: []float64{1}, buf: make([][]float64, channels), out: make([][]float64, channels)}
	if factor > 1 {
		lower := rate / float64(factor)
		n := window.KaiserLength(bassRejection, lower-float64(2*bassTop), rate)
		d.taps = window.Kaiser(n, window.KaiserBeta(bassRejection))
		sum := 0.0
		for i := range d.taps {
			d.taps[i] = float64(d.taps[i] * window.Sinc(float64(i-n/2)/float64(factor)))
			sum += d.taps[i]
		}
		for i := range d.taps {
			d.taps[i] /= sum
		}
	}
	for c := range d.buf {
		d.buf[c] = make([]float64, len(d.taps)+decimated*factor)
		d.out[c] = make([]float64, 1+decimated)
	}
	d.fill = len(d.taps) / 2 // silence, so that the filter's middle is on the first frame
	return d
}

// decimated is how many frames a decimator makes at a time.
const decimated = 64

func (d *decimator) write(planar [][]float64, to *analysis) {
	for at, frames := 0, len(planar[0]); at < frames; {
		n := min(frames-at, len(d.buf[0])-d.fill)
		for c, b := range d.buf {
			copy(b[d.fill:], planar[c][at:at+n])
		}
		at += n
		if d.fill += n; d.fill == len(d.buf[0]) {
			d.filter(to)
		}
	}
}

// filter makes as many frames as there are samples for.
func (d *decimator) filter(to *analysis) {
	n := 0
	if d.fill >= len(d.taps) {
		n = (d.fill-len(d.taps))/d.factor + 1
	}
	for c, b := range d.buf {
		out := d.out[c][:n]
		for i := range out {
			out[i] = product(d.taps, b[i*d.factor:][:len(d.taps)])
		}
		d.out[c] = out
		copy(b, b[n*d.factor:d.fill])
	}
	d.fill -= n * d.factor
	if n > 0 {
		to.write(d.out)
	}
}

// finish gives out what the filter still holds.
func (d *decimator) finish(to *analysis) {
	if len(d.buf) == 0 {
		return
	}
	tail := make([][]float64, len(d.buf))
	for c := range tail {
		tail[c] = make([]float64, len(d.taps)/2)
	}
	d.write(tail, to)
	d.filter(to)
}
