package render

import (
	"sort"

	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/spec"
)

// stepSeconds is how long a step of automation takes: a jump of the level
// within one sample would click. The ramp begins at the point's own sample.
const stepSeconds = 0.005

// lane is the automation of one value over a song: pieces in order of time,
// each a ramp that ends in a held value. It answers for any frame without
// state, so results cannot depend on how the song is cut.
type lane struct {
	start float64 // the value before the first ramp
	ramps []ramp
}

// ramp moves from one value to another between two frames, and holds.
type ramp struct {
	from, to   int64 // frames of the song over which it holds; to > from
	origin     int64 // where the value is a; before from where a step is still on its way
	a, b       float64
	curve      spec.Curve
	logA, logB float64 // of an exponential ramp
}

// newLane turns a lane's points into ramps. Before the first point the value
// is start: the setting as written outside the automation.
func newLane(points []spec.Point, start float64, rate int) *lane {
	l := &lane{start: start}
	at, value := int64(0), start
	for _, p := range points {
		frame := frames(p.At, rate)
		r := ramp{from: at, origin: at, to: frame, a: value, b: p.Value, curve: p.Curve}
		if p.Curve == spec.Step || p.Curve == "" || frame <= at {
			if frame == 0 { // the song begins with this value
				l.start, at, value = p.Value, 0, p.Value
				continue
			}
			if p.Value == value {
				at = frame
				continue
			}
			r.from, r.origin, r.to, r.curve = frame, frame, frame+max(frames(stepSeconds, rate), 1), spec.Linear
		}
		if r.curve == spec.Exponential {
			r.logA, r.logB = xmath.Log(r.a), xmath.Log(r.b)
		}
		// A step that is still on its way when the next ramp begins leads to where
		// that ramp will be.
		if n := len(l.ramps); n > 0 && l.ramps[n-1].to > r.from {
			r.from = min(l.ramps[n-1].to, r.to-1)
			l.ramps[n-1].b = r.value(r.from)
		}
		l.ramps = append(l.ramps, r)
		at, value = frame, p.Value
	}
	return l
}

// at returns the value at a frame, and until which frame (exclusive) it stays
// just that; a moving value stays for one frame.
func (l *lane) at(frame int64) (value float64, until int64) {
	const forever = int64(1) << 62
	i := sort.Search(len(l.ramps), func(i int) bool { return l.ramps[i].from > frame }) - 1
	next := forever
	if i+1 < len(l.ramps) {
		next = l.ramps[i+1].from
	}
	if i < 0 {
		return l.start, next
	}
	r := &l.ramps[i]
	if frame >= r.to {
		return r.b, next
	}
	return r.value(frame), frame + 1
}

func (r *ramp) value(frame int64) float64 {
	t := float64(frame-r.origin) / float64(r.to-r.origin)
	switch r.curve {
	case spec.Exponential:
		return xmath.Exp(r.logA + float64((r.logB-r.logA)*t))
	case spec.SCurve:
		t = 0.5 - float64(0.5*xmath.Cos(pi*t))
	}
	return r.a + float64((r.b-r.a)*t)
}

const pi = 3.14159265358979323846

// cut returns the first frame after frame at which a ramp begins or ends.
func (l *lane) cut(frame int64) int64 {
	for _, r := range l.ramps {
		if r.from > frame {
			return r.from
		}
		if r.to > frame {
			return r.to
		}
	}
	return int64(1) << 62
}

// frames converts seconds to the nearest frame.
func frames(seconds float64, rate int) int64 {
	f := float64(seconds * float64(rate))
	if f < 0 {
		return -int64(0.5 - f)
	}
	return int64(f + 0.5)
}
