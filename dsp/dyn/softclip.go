package dyn

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/oversample"
	"github.com/lathe-audio/lathe/dsp/vector"
)

// SoftClip rounds off the highest peaks of a sound whose true peak is known, so that
// a limiter after it has less to do. The curve is the softest that there is with a
// given effect: straight up to where it has to bend, then a parabola, level where the
// highest peak lies. The highest peak comes out at a given level, those below it are
// lowered by less, and what does not reach the bend passes bit for bit.
//
// It bends the wave at eight times the rate: so the peaks between the samples are seen as
// well, and harmonics beyond the band are filtered out instead of folding back. Only
// what is taken off goes through the filters.
type SoftClip struct {
	bend, peak float64 // linear levels: where the curve bends, and the highest peak,
	level      float64 // which becomes this
	share      float64 // of the squared excess over the bend that is taken off

	over  *oversample.Stereo
	delay dsp.Delay
	taken dsp.Block
	quiet int // frames since something was taken off, up to when the filters are empty

	frame   int64 // of the stream, that comes in next
	least   float64
	leastAt int64
}

// MostClip is the most in dB that a soft clipper can take off the highest peak: with
// more, the curve would have to bend from nothing.
const MostClip = 6.0

const clipOversample = 8

// NewSoftClip returns a clipper that makes a peak (a linear level) come out at level;
// at least peak less [MostClip] dB.
func NewSoftClip(peak, level float64) *SoftClip {
	c := &SoftClip{
		bend: float64(2*level) - peak, peak: peak, level: level, share: 1 / (4 * (peak - level)),
		over: oversample.New(clipOversample), taken: dsp.NewBlock(oversample.MaxFrames), least: 1,
	}
	c.delay = dsp.NewDelay(c.over.Latency())
	c.quiet = c.ring()
	return c
}

// ring is after how many frames of silence the filters are empty: longer than both
// their ways.
func (c *SoftClip) ring() int { return 4*c.over.Latency() + oversample.MaxFrames }

// At is the curve: what becomes of a linear level.
func (c *SoftClip) At(x float64) float64 { return x - c.excess(x) }

// excess is what is taken off a linear level.
func (c *SoftClip) excess(x float64) float64 {
	switch {
	case x <= c.bend:
		return 0
	case x >= c.peak: // a filter may have raised it
		return x - c.level
	}
	over := x - c.bend
	return c.share * float64(over*over)
}

// Process implements [dsp.Processor].
func (c *SoftClip) Process(b dsp.Block) {
	for b.Len() > 0 {
		n := min(b.Len(), oversample.MaxFrames)
		c.process(b.Cut(0, n))
		b = b.Cut(n, b.Len())
	}
}

func (c *SoftClip) process(b dsp.Block) {
	over := c.over.Up(b)
	found := c.find(over)
	c.frame += int64(b.Len())
	c.delay.Process(b)
	if found {
		c.quiet = 0
	} else if c.quiet >= c.ring() {
		return // the filters are empty: nothing would come out of them
	} else {
		c.quiet += b.Len()
	}
	taken := c.taken.Cut(0, b.Len())
	c.over.Down(over, taken)
	for ch := range b {
		vector.Subtract(b[ch], taken[ch])
	}
}

// find replaces the wave by what is taken off it, and reports whether that is anything.
func (c *SoftClip) find(over dsp.Block) (any bool) {
	for ch := range over {
		x := over[ch]
		for i, v := range x {
			size, sign := v, 1.0
			if v < 0 {
				size, sign = -v, -1
			}
			if size <= c.bend {
				x[i] = 0
				continue
			}
			any = true
			e := c.excess(size)
			if g := 1 - e/size; g < c.least {
				c.least, c.leastAt = g, c.frame+int64(i/clipOversample)
			}
			x[i] = sign * e
		}
	}
	return any
}

// Least returns the lowest linear gain of a peak so far, and the frame of the input
// where that was; 1 while nothing was clipped.
func (c *SoftClip) Least() (gain float64, frame int64) {
	return c.least, max(c.leastAt-int64(c.Latency()/2), 0)
}

// Forget has [SoftClip.Least] begin anew with the frames that come in next.
func (c *SoftClip) Forget() { c.least = 1 }

// Reset implements [dsp.Processor].
func (c *SoftClip) Reset() {
	c.over.Reset()
	c.delay.Reset()
	c.frame, c.least, c.leastAt = 0, 1, 0
	c.quiet = c.ring()
}

// Latency implements [dsp.Processor].
func (c *SoftClip) Latency() int { return c.over.Latency() }

// Tail implements [dsp.Processor]: the filters end one latency after their middle.
func (c *SoftClip) Tail() int { return c.Latency() }
