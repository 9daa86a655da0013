package render

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/spec"
)

func TestLane(t *testing.T) {
	const rate = 48000
	points := []spec.Point{
		{At: 0, Value: -3},
		{At: 1, Value: 3, Curve: spec.Linear},
		{At: 2, Value: -6, Curve: spec.Step},
		{At: 3, Value: 0, Curve: spec.SCurve},
	}
	l := newLane(points, 99, rate)
	step := int64(stepSeconds * rate)
	for _, c := range []struct {
		frame int64
		want  float64
		why   string
	}{
		{0, -3, "a point at 0:00 is the start"},
		{rate / 2, 0, "half way of a straight line in dB"},
		{rate, 3, "the line's end"},
		{2*rate - 1, 3, "held until the step"},
		{2*rate + step/2, -1.5, "half way of the step's short ramp"},
		{2*rate + step, -6, "the step is done"},
		{3 * rate, 0, "the end of the s-curve"},
		{9 * rate, 0, "held after the last point"},
	} {
		if got, _ := l.at(c.frame); math.Abs(got-c.want) > 1e-3 { // a step leads to where the ramp after it will be: here a few ten-thousandths of a dB on
			t.Errorf("frame %d: %g, want %g: %s", c.frame, got, c.want, c.why)
		}
	}
	if mid, _ := l.at(5 * rate / 2); math.Abs(mid+3) > 1e-9 {
		t.Errorf("the s-curve's middle is %g, want -3", mid)
	}
}

// A point that changes nothing is no step, and a ramp is straight from point to
// point although a step before it takes its time.
func TestLaneRampAfterAStep(t *testing.T) {
	l := newLane([]spec.Point{{At: 1, Value: 0}, {At: 2, Value: -12, Curve: spec.Linear}}, 0, 48000)
	if v, _ := l.at(60000); v != -3 {
		t.Errorf("a quarter of the way from 0 to -12: %g, want -3", v)
	}
	l = newLane([]spec.Point{{At: 1, Value: 6}, {At: 2, Value: -6, Curve: spec.Linear}}, 0, 48000)
	if v, _ := l.at(60000); v != 3 {
		t.Errorf("a quarter of the way from 6 to -6, after a step: %g, want 3", v)
	}
	before, _ := l.at(48239)
	after, _ := l.at(48240)
	if math.Abs(after-before) > 0.05 {
		t.Errorf("from the step to the ramp: %g then %g, want no jump", before, after)
	}
}

// Without a point at the start, the setting's own value holds until the first point.
func TestLaneStartsAtTheSetting(t *testing.T) {
	l := newLane([]spec.Point{{At: 1, Value: -6}}, -12, 44100)
	if v, until := l.at(0); v != -12 || until != 44100 {
		t.Errorf("at 0: %g until %d, want -12 until 44100", v, until)
	}
}

// What lane.at says about how long a value stays must be true for every frame.
func TestLaneUntil(t *testing.T) {
	l := newLane([]spec.Point{{At: 0.01, Value: 1, Curve: spec.Linear}, {At: 0.02, Value: 4}, {At: 0.021, Value: 2}, {At: 0.05, Value: 8, Curve: spec.Exponential}}, 0, 48000)
	for frame := int64(0); frame < 4000; {
		v, until := l.at(frame)
		if until <= frame {
			t.Fatalf("frame %d: until %d", frame, until)
		}
		for f := frame; f < min(until, 4000); f++ {
			if w, _ := l.at(f); w != v {
				t.Fatalf("frame %d: %g, but %g was to hold until %d", f, w, v, until)
			}
		}
		frame = until
	}
}
