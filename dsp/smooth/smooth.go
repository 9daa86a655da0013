// Package smooth moves a setting to a new value without a click.
package smooth

import "github.com/lathe-audio/lathe/dsp/xmath"

// Time is the time constant of a [Value] in seconds. Automation arrives as a
// staircase of a few milliseconds a step; this turns it into a slope.
const Time = 0.005

// Value is a setting that glides towards its target by one-pole smoothing,
// one step a frame, so that the glide does not depend on how the stream is
// cut. Hot loops step a local copy and write it back at the end of the block.
type Value struct {
	Now, Target float64
	K           float64 // share of the way left that one frame covers

	first   float64 // what Reset goes back to
	running bool    // the first frame has been heard: from here on, glide
}

// New returns a value at rest, for steps at the given rate in Hz.
func New(value float64, rate int) Value {
	k := 1 - xmath.Exp(-1/(Time*float64(rate)))
	return Value{Now: value, Target: value, K: k, first: value}
}

// Set gives the value a new target. Before the first frame it is taken at once:
// automation sets the scene at time zero, and there is nothing to click.
func (v *Value) Set(target float64) {
	v.Target = target
	if !v.running {
		v.Now = target
	}
}

// Begin marks the beginning of a block of that many frames and reports whether
// the value is at rest, so that a block with nothing moving can take a plain
// loop. A value at rest does not change by stepping: both loops must give, and
// so do give, the same bits.
func (v *Value) Begin(frames int) (still bool) {
	v.running = v.running || frames > 0
	return v.Now == v.Target
}

// Step goes one frame on and returns the value for that frame.
func (v *Value) Step() float64 {
	next := v.Now + float64(v.K*(v.Target-v.Now))
	if next == v.Now {
		next = v.Target // the rest is below the last bit: arrive
	}
	v.Now = next
	return next
}

// Reset goes back to the value New was given.
func (v *Value) Reset() {
	v.Now, v.Target, v.running = v.first, v.first, false
}
