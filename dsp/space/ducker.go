package space

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// ducker turns echoes down while there is sound at the input. The louder side's
// peak is held for a while (so that it does not follow the waves of a bass), and
// between the threshold and 12 dB above it the way down goes from none to all of
// the depth. The way down is smoothed, with an attack of 10 ms and a release as
// set.
type ducker struct {
	depth     smooth.Value // dB
	threshold float64      // as an amplitude
	hold      float64      // what is left of the peak after one frame
	attack    float64      // share of the way that one frame covers
	release   float64
	rate      float64

	peak, down float64 // state; down is from 0 to 1
}

const (
	duckHold   = 0.05 // seconds, time constant
	duckAttack = 0.01
	duckRange  = 12.0 // dB above the threshold at which ducking is complete
)

func newDucker(v param.Values, rate int) *ducker {
	d := &ducker{depth: smooth.New(v.Num("ducking"), rate), rate: float64(rate)}
	d.hold = 1 - d.share(duckHold)
	d.attack = d.share(duckAttack)
	d.reset(v)
	return d
}

// share is how much of the way one frame covers, for a time constant in seconds.
func (d *ducker) share(seconds float64) float64 { return 1 - xmath.Exp(-1/(seconds*d.rate)) }

func (d *ducker) reset(v param.Values) {
	d.depth.Reset()
	d.setThreshold(v.Num("duck_threshold"))
	d.setRelease(v.Num("duck_release"))
	d.peak, d.down = 0, 0
}

func (d *ducker) setThreshold(db float64) { d.threshold = xmath.Gain(db) }
func (d *ducker) setRelease(ms float64)   { d.release = d.share(ms / 1000) }

// on reports whether there is anything to do in this frame.
func (d *ducker) on() bool { return d.depth.Now != 0 || d.depth.Target != 0 }

// next is the gain of the echoes for the next frame of input.
func (d *ducker) next(l, r float64) float64 {
	d.peak = float64(d.peak * d.hold)
	if x := math.Max(math.Abs(l), math.Abs(r)); x > d.peak {
		d.peak = x
	}
	want := 0.0
	if d.peak > d.threshold { // else the logarithm is not needed, and of 0 there is none
		want = math.Min(1, xmath.DB(d.peak/d.threshold)/duckRange)
	}
	k := d.release
	if want > d.down {
		k = d.attack
	}
	d.down += float64(k * (want - d.down))
	if d.peak < quiet {
		d.peak = 0
	}
	if d.down < quiet {
		d.down = 0
	}
	return xmath.Gain(-float64(d.depth.Step() * d.down))
}
