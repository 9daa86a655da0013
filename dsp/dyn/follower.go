package dyn

import "github.com/lathe-audio/lathe/dsp"

// FollowerSettings are what a Follower is set to.
type FollowerSettings struct {
	Curve
	Attack, Release float64 // ms: time constants (63 %)
}

// Follower is a compressor that has no gain of its own: the detector, curve and
// ballistics of the kind "compressor" for a processor that moves something else
// with the level, in steps of some frames.
type Follower struct {
	rate, step int
	first, set FollowerSettings

	computer        computer
	peak            peakHold
	ballist         ballistics
	attack, release float64 // part of the way in one step
	goal            float64 // reduction in dB that the last level asks for
	level           []float64
}

// NewFollower returns a follower at its first frame, for a rate in Hz and steps
// of that many frames.
func NewFollower(set FollowerSettings, rate, step int) *Follower {
	f := &Follower{rate: rate, step: step, first: set, level: make([]float64, dsp.MaxBlock)}
	f.Reset()
	return f
}

// Settings returns what the follower is set to now.
func (f *Follower) Settings() FollowerSettings { return f.set }

// Set changes the settings. The reduction goes where they lead with the
// attack and release times.
func (f *Follower) Set(set FollowerSettings) {
	f.set = set
	f.computer = newComputer(set.Curve, false)
	hold := holdTime(set.Release)
	f.peak.setTime(hold, f.rate)
	f.ballist.setTimes(set.Attack, set.Release, hold, false, f.rate)
	f.attack = share(set.Attack/float64(f.step), f.rate)
	f.release = share((set.Release-hold)/float64(f.step), f.rate)
}

// Reset goes back to the first frame, and to the settings NewFollower was given.
func (f *Follower) Reset() {
	f.Set(f.first)
	f.peak.reset()
	f.ballist.reset()
	f.goal = 0
}

// Hear takes the next frames of two signals, of which the louder counts; for one
// signal give it twice. They are as long as each other, and [dsp.MaxBlock] at most.
func (f *Follower) Hear(a, b []float64) {
	level := f.level[:len(a)]
	if len(level) == 0 {
		return
	}
	if top := f.peak.run(level, a, b); top <= f.computer.from && f.ballist.idle() {
		f.goal = 0
		return
	}
	f.goal = f.computer.at(level[len(level)-1])
	f.ballist.run(level, &f.computer)
}

// Ahead returns the reduction in dB one step after the last frame heard, if the
// level stays: who moves there in a straight line meanwhile is not late.
func (f *Follower) Ahead() float64 {
	now, way := f.ballist.now, f.release
	if f.goal > now {
		way = f.attack
	}
	now = float64((1-way)*now) + float64(way*f.goal)
	if now < settled {
		return 0
	}
	return now
}
