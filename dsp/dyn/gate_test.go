package dyn

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
)

func TestKindGate(t *testing.T) {
	dsptest.Run(t, gateKind(),
		dsptest.Case{Name: "defaults", Golden: "25d2c2c38627769fce79f03ac2cbbf2cca94eff21a670ef34fdd88f1bd7bf585"},
		dsptest.Case{Name: "rms", Golden: "abfa67d7b37789f039c34e53735995e099b09e1d0d62df9f40f10a7590cf312c", Rate: 44100,
			Values: param.Values{"threshold": -20.0, "detector": "rms", "hold": 0.0, "lookahead": 0.0, "range": 12.0}},
		dsptest.Case{Name: "keyed", Golden: "3cbd26311e1eef8fda43f873d1da8a9419604cd6093ea68559776774fb9a6468", Rate: 96000,
			Values: param.Values{"threshold": -12.0, "attack": 2.0, "release": 30.0, "lookahead": 5.0,
				"sidechain": "kick", "sidechain_highpass": 60.0, "sidechain_lowpass": 900.0}},
	)
}

func TestKindDucker(t *testing.T) {
	dsptest.Run(t, duckerKind(),
		dsptest.Case{Name: "defaults", Golden: "74ad23881592748b9121b2d7396d6c5cc34d6bbe86c029420d217c8f87e73418", Values: param.Values{"sidechain": "voice"}},
		dsptest.Case{Name: "early", Golden: "a58d99e7bdb478630b3aeac84143189dd902f980a3d7c74b2c022b7c6e9dc8b9", Rate: 44100,
			Values: param.Values{"sidechain": "voice", "detector": "rms", "lookahead": 200.0, "sidechain_highpass": 200.0}},
	)
}

// accurate is what the fast exponential is off by, in dB, and more.
const accurate = 1e-6

// A gate opens above the threshold and closes below threshold - hysteresis, to a
// hundredth of a dB, and closed it takes off the range, open nothing.
func TestGateHysteresis(t *testing.T) {
	for _, c := range []struct{ threshold, hysteresis, depth float64 }{{-40, 4, 80}, {-20, 0, 12}, {-60, 24, 120}} {
		p := build(t, gateKind(), rate, param.Values{"threshold": c.threshold, "hysteresis": c.hysteresis, "range": c.depth,
			"attack": 0.01, "hold": 0.0, "release": 1.0, "lookahead": 0.0})
		// Levels about both thresholds, up and down again in steps of 0.02 dB and off each by half
		// of one, each for as long as the gain needs to settle.
		const step, frames, near = 0.02, 1600, 8
		var levels []float64
		for _, about := range []float64{c.threshold - c.hysteresis, c.threshold} {
			for i := -near; i < near; i++ {
				levels = append(levels, about+step*(float64(i)+0.5))
			}
		}
		n := len(levels)
		for i := range n {
			levels = append(levels, levels[n-1-i])
		}
		gains := gainsOf(p, steps(frames, levels...))
		for i, level := range levels {
			open := level > c.threshold
			if i >= n {
				open = level >= c.threshold-c.hysteresis
			}
			want := -c.depth
			if open {
				want = 0
			}
			if got := gains[(i+1)*frames-1]; math.Abs(got-want) > accurate {
				t.Fatalf("%+v: at %.2f dB (step %d of %d up and %d down) the gain is %.6f dB, want %g", c, level, i, n, n, got, want)
			}
		}
	}
}

// Open, not a bit changes.
func TestGateOpenIsTransparent(t *testing.T) {
	p := build(t, gateKind(), rate, param.Values{"lookahead": 0.0, "attack": 0.01})
	in := join(steps(100, -1), dsptest.Sine(rate, rate, 100, 0.5)) // its zeros are shorter than the hold
	out := dsptest.Play(p, in)
	for i := 100; i < in.Len(); i++ {
		if out[0][i] != in[0][i] {
			t.Fatalf("frame %d is %v, was %v", i, out[0][i], in[0][i])
		}
	}
}

// After the last loud frame the gate stays open for the hold time, to the frame,
// and a ducker stays down.
func TestHold(t *testing.T) {
	for _, ms := range []float64{0, 0.5, 30, 333.3} {
		want := int(math.Round(ms * rate / 1000))
		values := param.Values{"hold": ms, "attack": 0.01, "lookahead": 0.0}
		gains := gainsOf(build(t, gateKind(), rate, values), steps(rate/2, -10, -60))
		if got := first(gains[rate/2:], func(g float64) bool { return g < 0 }); got != want {
			t.Errorf("gate, hold %g ms: it closes after %d frames, want %d", ms, got, want)
		}
		p := build(t, duckerKind(), rate, values.With(param.Values{"sidechain": "voice"}))
		gains = gainsOf(p, steps(rate, -10), steps(rate/2, -10, -60))
		if got := first(gains[rate/2:], func(g float64) bool { return g > -12+accurate }); got != want {
			t.Errorf("ducker, hold %g ms: it comes back after %d frames, want %d", ms, got, want)
		}
	}
}

// Attack and release are the times in which 63 % of the way in dB is covered, to
// a frame.
func TestGateTimes(t *testing.T) {
	for _, c := range []struct{ attack, release float64 }{{0.1, 10}, {1, 50}, {20, 300}} {
		values := param.Values{"attack": c.attack, "release": c.release, "hold": 0.0, "range": 40.0, "lookahead": 0.0}
		n := int(30 * max(c.attack, c.release) * rate / 1000)
		opens, closes := func(g float64) bool { return g > -40/math.E }, func(g float64) bool { return g < -40*(1-1/math.E) }

		gains := gainsOf(build(t, gateKind(), rate, values), steps(n, -60, -10, -60))
		checkTime(t, "gate: attack", first(gains[n:], opens), c.attack)
		checkTime(t, "gate: release", first(gains[2*n:], closes), c.release)

		gains = gainsOf(build(t, duckerKind(), rate, values.With(param.Values{"sidechain": "voice"})), steps(3*n, -10), steps(n, -60, -10, -60))
		checkTime(t, "ducker: attack", first(gains[n:], closes), c.attack)
		checkTime(t, "ducker: release", first(gains[2*n:], opens), c.release)
	}
}

// checkTime compares frames with a time in ms, within 5 % or one frame.
func checkTime(t *testing.T, what string, frames int, want float64) {
	t.Helper()
	// The gain of frame 0 is already one step on its way.
	got := float64(frames+1) * 1000 / rate
	t.Logf("%s of %g ms: %.3f ms", what, want, got)
	if math.Abs(got-want) > max(0.05*want, 1000.0/rate) {
		t.Errorf("%s of %g ms takes %.3f ms", what, want, got)
	}
}

// With look-ahead the gate is open when the hit arrives: the declared latency is
// the measured one (the harness looks too), and by so much sooner it opens.
func TestGateLookahead(t *testing.T) {
	p := build(t, gateKind(), rate, param.Values{"lookahead": 2.0, "attack": 0.2})
	if p.Latency() != 96 {
		t.Fatalf("latency is %d frames, want 96", p.Latency())
	}
	const at = 1000
	gains := gainsOf(p, steps(at, -70, -10))
	if got := first(gains, func(g float64) bool { return g > -80+accurate }); got != at-96 {
		t.Errorf("the gate begins to open %d frames before the hit, want 96", at-got)
	}
	// Ten time constants, and the frame itself: 80 dB exp(-97/9.6) are 0.003 dB.
	if got := gains[at]; got < -0.005 || got > 0 {
		t.Errorf("when the hit comes the gain is %.4f dB", got)
	}
}

// With a side-chain only the key counts, within its filters; by RMS a sine
// counts with its peak, as it does by peaks.
func TestGateListens(t *testing.T) {
	quiet, loud := steps(rate, -60), steps(rate, -3)
	for _, c := range []struct {
		name    string
		values  param.Values
		in, key dsp.Block
		open    bool
	}{
		{"loud key", nil, quiet, loud, true},
		{"quiet key", nil, loud, quiet, false},
		{"bass below the high-pass", param.Values{"sidechain_highpass": 1000.0}, quiet, dsptest.Sine(rate, rate, 60, 0.5), false},
		{"treble above the low-pass", param.Values{"sidechain_lowpass": 200.0}, quiet, dsptest.Sine(rate, rate, 5000, 0.5), false},
		{"treble below the low-pass", param.Values{"sidechain_lowpass": 10000.0}, quiet, dsptest.Sine(rate, rate, 1000, 0.5), true},
		{"0.2 dB over by RMS", param.Values{"detector": "rms"}, quiet, dsptest.Sine(rate, rate, 997, math.Pow(10, -39.8/20)), true},
		{"0.2 dB under by RMS", param.Values{"detector": "rms"}, quiet, dsptest.Sine(rate, rate, 997, math.Pow(10, -40.2/20)), false},
	} {
		p := build(t, gateKind(), rate, param.Values{"sidechain": "kick"}.With(c.values))
		want := -80.0
		if c.open {
			want = 0
		}
		// What a filter lets through of a tone's onset opens it too, and has had 0.9 s to be forgotten.
		if got := gainsOf(p, c.in, c.key)[rate-100]; math.Abs(got-want) > 0.02 {
			t.Errorf("%s: the gain is %.3f dB, want %g", c.name, got, want)
		}
	}
}

// A ducker lowers by the range while the key is loud, and touches no bit
// while it is quiet, however loud the signal.
func TestDucker(t *testing.T) {
	for _, depth := range []float64{3, 12, 60} {
		p := build(t, duckerKind(), rate, param.Values{"sidechain": "voice", "range": depth, "release": 10.0})
		in := steps(2*rate, -1)
		out := dsptest.Play(p, in, steps(rate, -10, -60))
		if got := db(out[0][rate-1] / in[0][0]); math.Abs(got+depth) > accurate {
			t.Errorf("range %g dB: ducks by %.6f dB", depth, -got)
		}
		if got, want := out[0][2*rate-1], in[0][0]; got != want {
			t.Errorf("range %g dB: at rest %v comes out for %v", depth, got, want)
		}
	}
}

// Sidechain filters above half the rate are refused.
func TestEarAboveHalfTheRate(t *testing.T) {
	for _, name := range []string{"sidechain_highpass", "sidechain_lowpass"} {
		for _, kind := range []dsp.Kind{gateKind(), expanderKind(), duckerKind()} {
			if _, err := kind.New(dsp.Args{Rate: 4000, Values: param.Defaults(kind.Params).With(param.Values{name: 2000.0})}); err == nil {
				t.Errorf("%s: no error for %s at 2 kHz and a rate of 4 kHz", kind.Name, name)
			}
		}
	}
	if _, err := compressorKind().New(dsp.Args{Rate: 4000, Values: param.Defaults(compressorKind().Params).With(param.Values{"sidechain_lowpass": 2000.0})}); err == nil {
		t.Error("compressor: no error for sidechain_lowpass at 2 kHz and a rate of 4 kHz")
	}
}
