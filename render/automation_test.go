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

// curves are the ways between two points, by their definitions: t runs from 0 to 1.
var curves = map[spec.Curve]func(a, b, t float64) float64{
	spec.Linear:      func(a, b, t float64) float64 { return a + (b-a)*t },
	spec.Exponential: func(a, b, t float64) float64 { return a * math.Pow(b/a, t) },
	spec.SCurve:      func(a, b, t float64) float64 { return a + (b-a)*(1-math.Cos(math.Pi*t))/2 },
	spec.Step:        func(a, b, t float64) float64 { return a },
}

// valueAt is what a lane from a at 0.1 s to b at 0.4 s is at a time. A step takes
// its 5 ms after the point.
func valueAt(curve spec.Curve, a, b, at float64) float64 {
	switch {
	case at < 0.1:
		return a
	case at < 0.4:
		return curves[curve](a, b, (at-0.1)/0.3)
	case curve == spec.Step:
		return a + (b-a)*min(1, (at-0.4)/stepSeconds)
	}
	return b
}

// Gain, pan, width, mute and sends are what arithmetic makes of their points at
// every sample, for every curve. The source is a constant on the left and another on
// the right, so a sample is the product of what moves.
func TestAutomationIsArithmetic(t *testing.T) {
	const left, right = 0.5, 0.25
	points := func(a, b float64, curve spec.Curve) []spec.Point {
		return []spec.Point{{At: 0, Value: a}, {At: 0.1, Value: a}, {At: 0.4, Value: b, Curve: curve}}
	}
	gain := func(db float64) float64 { return math.Pow(10, db/20) }
	for param, c := range map[string]struct {
		a, b float64
		want func(v float64) (l, r float64)
	}{
		"gain": {1, 9, func(v float64) (float64, float64) { return left * gain(v), right * gain(v) }},
		// A stereo stem is balanced: one side falls by the cosine, the other stays.
		"pan": {5, 95, func(v float64) (float64, float64) { return left * math.Cos(v/100*math.Pi/2), right }},
		"width": {20, 180, func(v float64) (float64, float64) {
			m, s := (left+right)/2, (left-right)/2
			return m + s*v/100, m - s*v/100
		}},
		"mute":  {0, 1, func(v float64) (float64, float64) { return left * (1 - v), right * (1 - v) }},
		"level": {1, 12, func(v float64) (float64, float64) { return left * (1 + gain(v)), right * (1 + gain(v)) }},
	} {
		for curve := range curves {
			if param == "mute" && curve != spec.Step {
				continue // the language refuses it
			}
			t.Run(param+" "+string(curve), func(t *testing.T) {
				d := newTestDesk(&tone{name: "a", n: 30000, f: func(int64) (float64, float64) { return left, right }})
				target := spec.Target{Param: param}
				if param == "level" {
					d.song.Returns = []spec.Bus{{Strip: strip("wet", "mix")}}
					d.song.Stems[0].Sends = []spec.Send{{To: "wet", Level: -3}}
					target.Send = "wet"
				}
				d.song.Stems[0].Automation = []spec.Lane{{Path: param, Target: target, Points: points(c.a, c.b, curve)}}
				got := d.mix(t, version{}, 1)
				for i := range 30000 {
					l, r := c.want(valueAt(curve, c.a, c.b, float64(i)/48000))
					// Stem, return and mix are rounded to 32-bit float, at up to 4.
					if math.Abs(got.l[i]-l) > 3e-7 || math.Abs(got.r[i]-r) > 3e-7 {
						t.Fatalf("frame %d: %.9f %.9f, want %.9f %.9f", i, got.l[i], got.r[i], l, r)
					}
				}
			})
		}
	}
}
