package conv

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/fft"
)

// Partition returns the length of the partitions, a power of two, into which an
// impulse response of so many taps is cut.
//
// Per sample, the transforms cost nearly the same for any length, and the products of spectra
// cost in proportion to the number of partitions. With eight partitions the two are about
// equal; longer ones gain little and only add latency. The limit is where
// transforms leave the second-level cache and nothing is gained any more.
func Partition(taps int) int {
	size := 128
	for size < MaxPartition && size*8 < taps {
		size *= 2
	}
	return size
}

// MaxPartition is the longest partition, in samples, and so the greatest
// latency of a [Convolver].
const MaxPartition = 32768

// partitioned is uniformly partitioned overlap-save convolution with a
// frequency-domain delay line (Wefers, "Partitioned convolution algorithms for real-time auralization",
// 2015, chapter 5): of each window of two partitions of input the spectrum is
// taken once and kept; the output's spectrum is the sum over all partitions of
// the impulse response, each times the input spectrum of its age; and the second half of what
// comes back is free of wrap-around.
//
// Partitions are counted from the first sample after Reset, so that the blocks
// in which the sound comes do not matter.
type partitioned struct {
	size     int // of a partition
	plan     *fft.Plan
	channels [2]channel
	pos      int // samples collected for the current partition

	sum  spectrum  // of the output
	wave []float64 // two partitions
}

// channel is the state of one side.
type channel struct {
	ir     []spectrum // of the partitions of the impulse response
	input  []spectrum // of the input's windows, a ring
	newest int        // place in the ring
	window []float64  // the last partition and the one being collected
	out    []float64  // the partition that is being given out
}

// spectrum holds size+1 bins.
type spectrum struct{ re, im []float64 }

func newSpectra(count, bins int) []spectrum {
	mem := make([]float64, 2*count*bins)
	s := make([]spectrum, count)
	for i := range s {
		s[i].re, mem = mem[:bins:bins], mem[bins:]
		s[i].im, mem = mem[:bins:bins], mem[bins:]
	}
	return s
}

func newPartitioned(irL, irR []float64, size int) *partitioned {
	plan := fft.New(2 * size)
	p := &partitioned{size: size, plan: plan, sum: newSpectra(1, plan.Bins())[0], wave: make([]float64, 2*size)}
	for ch, ir := range [2][]float64{irL, irR} {
		c := &p.channels[ch]
		if ch == 1 && same(irL, irR) {
			c.ir = p.channels[0].ir
		} else {
			c.ir = cutIR(plan, ir)
		}
		c.input = newSpectra(max(1, len(c.ir)), plan.Bins())
		c.window = make([]float64, 2*size)
		c.out = make([]float64, size)
	}
	return p
}

// same reports whether two slices are one.
func same(a, b []float64) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

// cutIR returns the spectra of the impulse response's partitions, each followed
// by as many zeros.
func cutIR(plan *fft.Plan, ir []float64) []spectrum {
	size := plan.Len() / 2
	count := (len(ir) + size - 1) / size
	spectra := newSpectra(count, plan.Bins())
	padded := make([]float64, 2*size)
	for i, s := range spectra {
		clear(padded[copy(padded, ir[i*size:min(len(ir), (i+1)*size)]):])
		plan.Forward(padded, s.re, s.im)
	}
	return spectra
}

// Process implements [dsp.Processor].
func (p *partitioned) Process(b dsp.Block) {
	for b.Len() > 0 {
		n := min(b.Len(), p.size-p.pos)
		for ch := range p.channels {
			c := &p.channels[ch]
			x := b[ch][:n]
			copy(c.window[p.size+p.pos:], x)
			copy(x, c.out[p.pos:])
		}
		p.pos += n
		if p.pos == p.size {
			p.channels[0].next(p)
			p.channels[1].next(p)
			p.pos = 0
		}
		b = b.Cut(n, b.Len())
	}
}

// next turns the window into the next partition of output.
func (c *channel) next(p *partitioned) {
	if c.newest--; c.newest < 0 {
		c.newest = len(c.input) - 1
	}
	in := c.input[c.newest]
	p.plan.Forward(c.window, in.re, in.im)
	copy(c.window, c.window[p.size:])

	clear(p.sum.re)
	clear(p.sum.im)
	// From the newest window on: two rows without a seam.
	head := min(len(c.ir), len(c.input)-c.newest)
	p.sum.addProducts(c.ir[:head], c.input[c.newest:])
	p.sum.addProducts(c.ir[head:], c.input)
	p.plan.Inverse(p.sum.re, p.sum.im, p.wave)
	copy(c.out, p.wave[p.size:])
}

// addProducts adds h[0] x[0] + h[1] x[1] + ..., four products in one go over
// memory where there are as many.
func (s spectrum) addProducts(h, x []spectrum) {
	for ; len(h) >= 4; h, x = h[4:], x[4:] {
		s.addFour((*[4]spectrum)(h), (*[4]spectrum)(x))
	}
	for i := range h {
		s.addOne(h[i], x[i])
	}
}

func (s spectrum) addOne(h, x spectrum) {
	re, im := s.re, s.im[:len(s.re)]
	hr, hi := h.re[:len(re)], h.im[:len(re)]
	xr, xi := x.re[:len(re)], x.im[:len(re)]
	for k := range re {
		a, b, c, d := hr[k], hi[k], xr[k], xi[k]
		re[k] += float64(a*c) - float64(b*d)
		im[k] += float64(a*d) + float64(b*c)
	}
}

func (s spectrum) addFour(h, x *[4]spectrum) {
	re, im := s.re, s.im[:len(s.re)]
	n := len(re)
	h0r, h0i, x0r, x0i := h[0].re[:n], h[0].im[:n], x[0].re[:n], x[0].im[:n]
	h1r, h1i, x1r, x1i := h[1].re[:n], h[1].im[:n], x[1].re[:n], x[1].im[:n]
	h2r, h2i, x2r, x2i := h[2].re[:n], h[2].im[:n], x[2].re[:n], x[2].im[:n]
	h3r, h3i, x3r, x3i := h[3].re[:n], h[3].im[:n], x[3].re[:n], x[3].im[:n]
	for k := range re {
		a, b, c, d := h0r[k], h0i[k], x0r[k], x0i[k]
		r0, i0 := float64(a*c)-float64(b*d), float64(a*d)+float64(b*c)
		a, b, c, d = h1r[k], h1i[k], x1r[k], x1i[k]
		r1, i1 := float64(a*c)-float64(b*d), float64(a*d)+float64(b*c)
		a, b, c, d = h2r[k], h2i[k], x2r[k], x2i[k]
		r2, i2 := float64(a*c)-float64(b*d), float64(a*d)+float64(b*c)
		a, b, c, d = h3r[k], h3i[k], x3r[k], x3i[k]
		r3, i3 := float64(a*c)-float64(b*d), float64(a*d)+float64(b*c)
		re[k] += (r0 + r1) + (r2 + r3)
		im[k] += (i0 + i1) + (i2 + i3)
	}
}

// Reset implements [dsp.Processor].
func (p *partitioned) Reset() {
	p.pos = 0
	for ch := range p.channels {
		c := &p.channels[ch]
		c.newest = 0
		clear(c.window)
		clear(c.out)
		for _, s := range c.input {
			clear(s.re)
			clear(s.im)
		}
	}
}

// Latency implements [dsp.Processor]: one partition.
func (p *partitioned) Latency() int { return p.size }

// Tail implements [dsp.Processor].
func (p *partitioned) Tail() int {
	return max(len(p.channels[0].ir), len(p.channels[1].ir)) * p.size
}
