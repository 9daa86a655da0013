package conv

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/vector"
)

// TrueStereo convolves with a room heard from two places: each input goes to
// both outputs by an impulse response of its own. It is a [dsp.Processor].
type TrueStereo struct {
	straight *Convolver // left to left, right to right
	across   *Convolver // left to right, right to left
	crossed  dsp.Block
}

// NewTrueStereo returns a convolver for responses ir[in][out], 0 being left. They
// may have different lengths and are not kept; the latency is that of [New] for
// the longest.
func NewTrueStereo(ir [2][2][]float64) *TrueStereo {
	taps := 0
	for _, in := range ir {
		taps = max(taps, len(in[0]), len(in[1]))
	}
	// Equally long, so that both have the same latency.
	long := func(x []float64) []float64 { return append(make([]float64, 0, taps), x...)[:taps] }
	return &TrueStereo{
		straight: New(long(ir[0][0]), long(ir[1][1])),
		across:   New(long(ir[0][1]), long(ir[1][0])),
		crossed:  dsp.NewBlock(dsp.MaxBlock),
	}
}

// Process implements [dsp.Processor].
func (t *TrueStereo) Process(b dsp.Block) {
	crossed := t.crossed.Cut(0, b.Len())
	copy(crossed[0], b[0])
	copy(crossed[1], b[1])
	t.straight.Process(b)
	t.across.Process(crossed)
	for ch := range b {
		vector.Add(b[ch], crossed[1-ch])
	}
}

// Reset implements [dsp.Processor].
func (t *TrueStereo) Reset() {
	t.straight.Reset()
	t.across.Reset()
}

// Latency implements [dsp.Processor].
func (t *TrueStereo) Latency() int { return t.straight.Latency() }

// Tail implements [dsp.Processor].
func (t *TrueStereo) Tail() int { return t.straight.Tail() }
