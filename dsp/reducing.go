package dsp

import "github.com/lathe-audio/lathe/dsp/vector"

// Reducing is a processor that takes level off and can tell how much.
type Reducing interface {
	// CountReduction makes it count from now on, at some cost in time.
	CountReduction()
	// Reductions tells what it took off so far: one entry, or one for each band,
	// lowest first.
	Reductions() []Reduction
}

// Reduction is what a compressor, or a band of one, took off.
type Reduction struct {
	Most    float64 // dB
	Typical float64 // dB, the mean over the time in which it took anything off
	Share   float64 // of the time in which it did, 0..1
}

// Tally counts reductions. It is made for processors to hold; the zero value
// has counted nothing.
type Tally struct {
	most, sum     float64 // dB
	working, seen int64   // frames
}

// inaudible is the reduction in dB below which a compressor is taken to rest.
const inaudible = 0.1

// Add counts reductions in dB, one for each frame; nil stands for frames without
// any.
func (t *Tally) Add(reduction []float64, frames int) {
	t.seen += int64(frames)
	sum, most, working := vector.Above(reduction, inaudible)
	t.sum, t.most, t.working = t.sum+sum, max(t.most, most), t.working+int64(working)
}

// Reduction returns what was counted.
func (t *Tally) Reduction() Reduction {
	if t.working == 0 {
		return Reduction{}
	}
	return Reduction{Most: t.most, Typical: t.sum / float64(t.working), Share: float64(t.working) / float64(t.seen)}
}
