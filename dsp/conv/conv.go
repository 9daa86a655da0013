// Package conv convolves stereo sound with impulse responses: short ones sum by
// sum, long ones through the Fourier transform.
package conv

import "github.com/lathe-audio/lathe/dsp"

// ShortTaps is the greatest length in samples of an impulse response that is
// convolved directly, without latency.
const ShortTaps = 64

// Convolver convolves left and right, each with an impulse response of its
// own. It is a [dsp.Processor].
type Convolver struct {
	method dsp.Processor // *fir or *partitioned
	taps   int
}

// New returns a convolver; irL and irR may have different lengths and are not
// kept. Where both are the same slice, the spectra are kept once. Its latency
// is 0 up to [ShortTaps] taps, and beyond that the length of the partition
// that [Partition] chooses. An empty impulse response gives silence.
func New(irL, irR []float64) *Convolver {
	c := &Convolver{taps: max(len(irL), len(irR))}
	if c.taps <= ShortTaps {
		c.method = newFIR(irL, irR)
	} else {
		c.method = newPartitioned(irL, irR, Partition(c.taps))
	}
	return c
}

// Process implements [dsp.Processor].
func (c *Convolver) Process(b dsp.Block) { c.method.Process(b) }

// Reset implements [dsp.Processor].
func (c *Convolver) Reset() { c.method.Reset() }

// Latency implements [dsp.Processor].
func (c *Convolver) Latency() int { return c.method.Latency() }

// Tail implements [dsp.Processor]: the length of the longer impulse response,
// less its first sample.
func (c *Convolver) Tail() int { return max(0, c.taps-1) }
