package dyn

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
	"pgregory.net/rapid"
)

func TestKindExpander(t *testing.T) {
	dsptest.Run(t, expanderKind(),
		dsptest.Case{Name: "defaults", Golden: "8c9dae55966f3cc9e37b9bdb052ac0ad0cb10ca6b69b27c1895b1dd12b86c329"},
		dsptest.Case{Name: "rms", Golden: "b9cea3e2386d1be7b46c6fb504c55c53ffcb5b094244f28a14b1cef768de33cc", Rate: 44100,
			Values: param.Values{"threshold": -20.0, "ratio": 4.0, "knee": 0.0, "detector": "rms", "lookahead": 3.0}},
		dsptest.Case{Name: "keyed", Golden: "298771bdd79b2bcdba4686c5ceb6b8e0f969093c8bacd243f15046b6b08ae22d", Rate: 96000,
			Values: param.Values{"threshold": -10.0, "ratio": 20.0, "range": 120.0, "sidechain": "kick", "sidechain_lowpass": 400.0}},
	)
}

// expanded is the static curve of a downward expander: the level that comes out.
// Above the knee it is the input, below it a line of slope ratio through the
// threshold, and in between the parabola that joins the two without a corner.
func expanded(x, threshold, ratio, knee float64) float64 {
	switch under := 2 * (threshold - x); {
	case under < -knee:
		return x
	case under <= knee && knee > 0:
		return x - (ratio-1)*math.Pow(threshold-x+knee/2, 2)/(2*knee)
	}
	return threshold + (x-threshold)*ratio
}

func TestExpansion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := Expansion{
			Threshold: rapid.Float64Range(-100, 0).Draw(t, "threshold"),
			Ratio:     rapid.Float64Range(1, 20).Draw(t, "ratio"),
			Knee:      rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.01, 36)).Draw(t, "knee"), // narrower ones are lost in the fast logarithm
			Range:     rapid.Float64Range(0, 120).Draw(t, "range"),
		}
		level := rapid.Float64Range(-140, 24).Draw(t, "level")
		want := min(level-expanded(level, e.Threshold, e.Ratio, e.Knee), e.Range)
		if got := e.Reduction(level); math.Abs(got-want) > 1e-9 {
			t.Errorf("Reduction(%g) of %+v is %g, want %g", level, e, got, want)
		}
		for _, power := range []bool{false, true} {
			k := newExpansion(e, power)
			linear := math.Pow(10, level/20)
			if power {
				linear *= linear
			}
			// The fast logarithm is off by 2e-7 dB, and the ratio multiplies that.
			if got := k.at(linear); math.Abs(got-want) > 1e-5 {
				t.Errorf("at(%g dB) of %+v is %g, want %g", level, e, got, want)
			}
			if got := k.at(0); got != e.Range && e.Ratio > 1.1 {
				t.Errorf("at(0) of %+v is %g, want the range", e, got)
			}
		}
	})
}

// A steady sine comes out at the level that the curve gives, within 0.1 dB,
// whichever detector looks.
func TestExpanderSteadySine(t *testing.T) {
	const hz = 997
	for _, detector := range []string{"peak", "rms"} {
		for _, knee := range []float64{0, 6, 20} {
			worst := 0.0
			for level := -70.0; level <= 0; level += 5 {
				p := build(t, expanderKind(), rate, param.Values{
					"threshold": -30.0, "ratio": 2.0, "knee": knee, "detector": detector, "range": 60.0})
				out := dsptest.Play(p, dsptest.Sine(2*rate, rate, hz, math.Pow(10, level/20)))
				amplitude, _ := harmonics(out[0][rate:], hz, rate, 1)
				worst = max(worst, math.Abs(db(amplitude)-expanded(level, -30, 2, knee)))
			}
			t.Logf("%s, knee %g dB: off by %.4f dB at most", detector, knee, worst)
			if worst > 0.1 {
				t.Errorf("%s, knee %g dB: off the curve by %.3f dB", detector, knee, worst)
			}
		}
	}
}

// Attack and release are the times in which 63 % of the way in dB is covered.
func TestExpanderTimes(t *testing.T) {
	for _, c := range []struct{ attack, release float64 }{{0.1, 10}, {1, 50}, {20, 300}, {100, 1000}} {
		p := build(t, expanderKind(), rate, param.Values{
			"threshold": -30.0, "ratio": 2.0, "attack": c.attack, "release": c.release, "range": 20.0})
		n := int(20 * max(c.attack, c.release) * rate / 1000)
		gains := gainsOf(p, steps(n, -60, -10, -60))
		checkTime(t, "expander: attack", first(gains[n:], func(g float64) bool { return g > -20/math.E }), c.attack)
		checkTime(t, "expander: release", first(gains[2*n:], func(g float64) bool { return g < -20*(1-1/math.E) }), c.release)
	}
}

// Above the knee not a bit changes, and below it no more than the range is taken off.
func TestExpanderEnds(t *testing.T) {
	p := build(t, expanderKind(), rate, param.Values{"range": 15.0})
	in := steps(2*rate, -90, -30)
	out := dsptest.Play(p, in)
	if got := db(out[0][2*rate-1] / in[0][0]); math.Abs(got+15) > accurate {
		t.Errorf("far below the threshold %.6f dB are taken off, want the range of 15", -got)
	}
	for i := 3 * rate; i < 4*rate; i++ {
		if out[0][i] != in[0][i] {
			t.Fatalf("above the threshold frame %d is %v, was %v", i, out[0][i], in[0][i])
		}
	}
}
