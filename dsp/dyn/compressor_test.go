package dyn

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
	"pgregory.net/rapid"
)

const rate = 48000

func TestKindCompressor(t *testing.T) {
	dsptest.Run(t, compressorKind(),
		dsptest.Case{Name: "defaults", Golden: "7ede48b893de71b8cc53d3828be96cc3949f119dd730cedea4e6739a868faa36"},
		dsptest.Case{Name: "auto", Golden: "cd45895945e04a65465c97f821eec9ab27d83d2ce2fa27d8a06478d6da7fbedb",
			Values: param.Values{"threshold": -30.0, "ratio": 4.0, "release": "auto", "makeup": "auto"}},
		dsptest.Case{Name: "rms half linked", Golden: "531d16409483b722152ad55da176c24682e18dee7ebc8b5a87247ee88dbd0672", Rate: 44100,
			Values: param.Values{"threshold": -30.0, "ratio": 8.0, "detector": "rms", "link": 50.0, "knee": 0.0}},
		dsptest.Case{Name: "keyed", Golden: "a3fb254db032fc01487d5caa5881340e79ffed033686b352212db4139a2a863d", Rate: 96000,
			Values: param.Values{"threshold": -40.0, "ratio": 100.0, "attack": 0.01, "release": 1.0, "range": 12.0, "makeup": 3.0,
				"lookahead": 5.0, "sidechain": "kick", "sidechain_highpass": 90.0}},
		dsptest.Case{Name: "low key", Golden: "6f448253dd469019b224dcd2ba83a9586a9269b25fb8c68487064d595f9512a7",
			Values: param.Values{"threshold": -30.0, "ratio": 4.0, "sidechain": "kick", "sidechain_highpass": 30.0, "sidechain_lowpass": 120.0}},
	)
}

// gainsOf plays a signal and returns the gain of every frame of the left channel
// in dB, where the input is not silent.
func gainsOf(p dsp.Processor, in dsp.Block, keys ...dsp.Block) []float64 {
	out := dsptest.Play(p, in, keys...)
	gains := make([]float64, in.Len())
	lag := p.Latency()
	for i := range gains[:len(gains)-lag] {
		gains[i] = db(out[0][i+lag] / in[0][i])
	}
	return gains
}

// steps returns a signal on both channels that stays at each level (in dB) for
// that many frames.
func steps(frames int, levels ...float64) dsp.Block {
	b := dsp.NewBlock(frames * len(levels))
	for i := range b[0] {
		b[0][i] = math.Pow(10, levels[i/frames]/20)
		b[1][i] = b[0][i]
	}
	return b
}

// reference is the static curve as the paper gives it: the level that comes out.
func reference(x, threshold, ratio, knee float64) float64 {
	switch over := 2 * (x - threshold); {
	case over < -knee:
		return x
	case over <= knee && knee > 0:
		return x + (1/ratio-1)*math.Pow(x-threshold+knee/2, 2)/(2*knee)
	}
	return threshold + (x-threshold)/ratio
}

func TestStaticCurve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Curve{
			Threshold: rapid.Float64Range(-80, 0).Draw(t, "threshold"),
			Ratio:     rapid.Float64Range(1, 100).Draw(t, "ratio"),
			Knee:      rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.01, 36)).Draw(t, "knee"), // narrower ones are lost in the fast logarithm
			Range:     rapid.Float64Range(0, 80).Draw(t, "range"),
		}
		level := rapid.Float64Range(-120, 24).Draw(t, "level")
		want := min(level-reference(level, c.Threshold, c.Ratio, c.Knee), c.Range)
		if got := c.Reduction(level); math.Abs(got-want) > 1e-9 {
			t.Errorf("Reduction(%g) of %+v is %g, want %g", level, c, got, want)
		}
		for _, power := range []bool{false, true} {
			k := newComputer(c, power)
			linear := math.Pow(10, level/20)
			if power {
				linear *= linear
			}
			// The level is exact to what the fast logarithm is: 2e-7 dB.
			if got := k.at(linear); math.Abs(got-want) > 1e-6 {
				t.Errorf("at(%g dB) of %+v is %g, want %g", level, c, got, want)
			}
		}
	})
}

// A steady sine comes out at the level that the static curve gives, whatever
// detector looks at it.
func TestSteadySine(t *testing.T) {
	const hz = 997
	for _, detector := range []string{"peak", "rms"} {
		for _, knee := range []float64{0, 6, 20} {
			worst := 0.0
			for level := -50.0; level <= 0; level += 5 {
				p := build(t, compressorKind(), rate, param.Values{
					"threshold": -24.0, "ratio": 4.0, "knee": knee, "detector": detector})
				in := dsptest.Sine(rate, rate, hz, math.Pow(10, level/20))
				out := dsptest.Play(p, in)
				amplitude, _ := harmonics(out[0][rate/2:], hz, rate, 1)
				worst = max(worst, math.Abs(db(amplitude)-reference(level, -24, 4, knee)))
			}
			t.Logf("%s, knee %g dB: off by %.4f dB at most", detector, knee, worst)
			if worst > 0.05 {
				t.Errorf("%s, knee %g dB: off the curve by %.3f dB", detector, knee, worst)
			}
		}
	}
}

// Attack and release are the times in which 63 % of the way is covered.
func TestTimes(t *testing.T) {
	for _, c := range []struct{ attack, release float64 }{
		{0.01, 1}, {0.1, 10}, {1, 50}, {10, 120}, {30, 400}, {100, 1000},
	} {
		p := build(t, compressorKind(), rate, param.Values{
			"threshold": -30.0, "ratio": 4.0, "attack": c.attack, "release": c.release})
		n := int(10 * max(c.attack, c.release) * rate / 1000)
		gains := gainsOf(p, steps(n, -60, -10, -60))
		const full = -15.0 // 20 dB over at 4:1
		attack := first(gains[n:], func(g float64) bool { return g < full*(1-1/math.E) })
		release := first(gains[2*n:], func(g float64) bool { return g > full/math.E })
		attackMS, releaseMS := float64(attack)*1000/rate, float64(release)*1000/rate
		t.Logf("attack %g ms: %.2f, release %g ms: %.2f", c.attack, attackMS, c.release, releaseMS)
		// One frame of rounding; the hold is counted in quarters and so ends up to half
		// a quarter early or late.
		const frame = 1000.0 / rate
		if math.Abs(attackMS-c.attack) > frame {
			t.Errorf("attack of %g ms takes %g ms", c.attack, attackMS)
		}
		if math.Abs(releaseMS-c.release) > holdTime(c.release)/7+3*frame {
			t.Errorf("release of %g ms takes %g ms", c.release, releaseMS)
		}
	}
}

// first returns the first index for which ok holds, or a large number.
func first(x []float64, ok func(float64) bool) int {
	for i, v := range x {
		if ok(v) {
			return i
		}
	}
	return math.MaxInt32
}

// The automatic release is fast after a short peak and slow after long loudness,
// and in between the longer the slower.
func TestAutoRelease(t *testing.T) {
	last := 0.0
	for _, c := range []struct{ ms, least, most float64 }{
		{5, autoFast - 10, autoFast + 10},
		{100, 80, 200},
		{1000, 800, 1080},
		{5000, autoSlow, autoSlow + autoFast + 10}, // one stage after the other
	} {
		p := build(t, compressorKind(), rate, param.Values{
			"threshold": -30.0, "ratio": 4.0, "attack": 1.0, "release": "auto"})
		n := int(c.ms * rate / 1000)
		in := join(steps(n, -10), steps(8*rate, -60))
		gains := gainsOf(p, in)
		start := gains[n]
		took := float64(first(gains[n:], func(g float64) bool { return g > start/math.E })) * 1000 / rate
		t.Logf("after %g ms at -10 dB, 63 %% of %.1f dB come back in %.0f ms", c.ms, -start, took)
		if took < c.least || took > c.most {
			t.Errorf("after %g ms the release takes %.0f ms, want %g to %g", c.ms, took, c.least, c.most)
		}
		if took < last {
			t.Errorf("after %g ms the release is faster than after less", c.ms)
		}
		last = took
	}
}

func join(blocks ...dsp.Block) dsp.Block {
	var out dsp.Block
	for _, b := range blocks {
		out[0] = append(out[0], b[0]...)
		out[1] = append(out[1], b[1]...)
	}
	return out
}

// The link says how much of the louder channel's reduction the other takes.
func TestLink(t *testing.T) {
	for _, link := range []float64{0, 50, 100} {
		p := build(t, compressorKind(), rate, param.Values{
			"threshold": -30.0, "ratio": 4.0, "knee": 0.0, "link": link})
		in := steps(rate, -10)
		for i := range in[1] {
			in[1][i] = 0.01 // -40 dB: below the threshold
		}
		out := dsptest.Play(p, in)
		left, right := db(out[0][rate-1]/in[0][0]), db(out[1][rate-1]/0.01)
		want := -15 * link / 100
		if math.Abs(left+15) > 1e-3 || math.Abs(right-want) > 1e-3 {
			t.Errorf("link %g %%: %.3f dB and %.3f dB, want -15 and %g", link, left, right, want)
		}
	}
}

// With a side-chain, the key ducks the signal and the signal's own level does
// not matter; with a high-pass, a low key does not.
func TestSidechain(t *testing.T) {
	values := param.Values{"threshold": -30.0, "ratio": 4.0, "knee": 0.0, "sidechain": "kick"}
	loud, quiet := dsptest.Sine(rate, rate, 60, 0.3162), steps(rate, -60)
	for _, c := range []struct {
		name     string
		highpass float64
		in, key  dsp.Block
		want     float64
	}{
		{"loud key, quiet signal", 0, quiet, loud, -15},
		{"quiet key, loud signal", 0, steps(rate, -1), quiet, 0},
		// Two octaves below a 12 dB/oct high-pass at 240 Hz a 60 Hz key loses 24.1 dB and
		// so lies below the threshold.
		{"low key, high-passed", 240, quiet, loud, 0},
	} {
		v := values
		if c.highpass > 0 {
			v = values.With(param.Values{"sidechain_highpass": c.highpass})
		}
		p := build(t, compressorKind(), rate, v)
		if n := p.(dsp.Keyed).Keys(); n != 1 {
			t.Fatalf("takes %d keys", n)
		}
		gains := gainsOf(p, c.in, c.key)
		if got := gains[rate-100]; math.Abs(got-c.want) > 0.05 {
			t.Errorf("%s: %.3f dB, want %g", c.name, got, c.want)
		}
	}
	if n := build(t, compressorKind(), rate, nil).(dsp.Keyed).Keys(); n != 0 {
		t.Errorf("without a side-chain it takes %d keys", n)
	}
}

// With look-ahead the gain is down when a step arrives.
func TestLookahead(t *testing.T) {
	values := param.Values{"threshold": -30.0, "ratio": 4.0, "knee": 0.0, "attack": 1.0, "lookahead": 5.0, "sidechain": "kick"}
	in, key := steps(rate/2, -60, -10), steps(rate/2, -60, -10)
	p := build(t, compressorKind(), rate, values)
	if p.Latency() != 240 {
		t.Fatalf("latency is %d frames, want 240", p.Latency())
	}
	gains := gainsOf(p, in, key)
	// 5 time constants of 1 ms: all but exp(-5) of the 15 dB.
	if got, want := gains[rate/2], -15*(1-math.Exp(-5)); math.Abs(got-want) > 0.05 {
		t.Errorf("when the step comes the gain is %.3f dB, want %.3f", got, want)
	}
	if got := gains[rate/2-250]; got != 0 {
		t.Errorf("before the look-ahead the gain is %g dB", got)
	}
}

// Below the threshold, and after the release has ended, not a bit changes.
func TestTransparent(t *testing.T) {
	for _, v := range []param.Values{{}, {"release": "auto"}, {"detector": "rms"}, {"link": 0.0}} {
		p := build(t, compressorKind(), rate, v)
		quiet := dsptest.Noise(rate, 0.05, "quiet")
		in := join(quiet, dsptest.Noise(rate, 1, "loud"), dsp.NewBlock(30*rate), quiet)
		out := dsptest.Play(p, in)
		changed := 0
		for i := range out[0] {
			if out[0][i] != in[0][i] && (i < rate || i >= 32*rate) {
				changed++
			}
		}
		if changed > 0 {
			t.Errorf("%v: %d quiet frames changed", v, changed)
		}
	}
}

func TestMakeup(t *testing.T) {
	for _, c := range []struct {
		values param.Values
		want   float64 // gain of a signal far below the threshold
	}{
		{param.Values{"makeup": 4.0}, 4},
		{param.Values{"makeup": "auto", "threshold": -20.0, "ratio": 4.0, "knee": 0.0}, 7.5},
		{param.Values{"makeup": "auto", "threshold": -20.0, "ratio": 4.0, "knee": 0.0, "range": 6.0}, 3},
	} {
		p := build(t, compressorKind(), rate, c.values)
		if got := gainsOf(p, steps(100, -60))[50]; math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%v: %g dB, want %g", c.values, got, c.want)
		}
	}
}

// A make-up that is moved glides: no step larger than what 5 ms give.
func TestMakeupGlides(t *testing.T) {
	p := build(t, compressorKind(), rate, nil)
	set := p.(dsp.Tunable).Tune("makeup")
	in := steps(rate, -60)
	out := dsptest.Play(p, in.Cut(0, rate/2))
	set(12)
	out = join(out, dsptest.Play(p, in.Cut(rate/2, rate)))
	steepest := 0.0
	for i := 1; i < rate; i++ {
		steepest = max(steepest, db(out[0][i]/out[0][i-1]))
	}
	if end := db(out[0][rate-1] / in[0][0]); math.Abs(end-12) > 1e-6 {
		t.Errorf("ends at %g dB, want 12", end)
	}
	if most := 12.0 / (0.005 * rate); steepest > most {
		t.Errorf("steps by %g dB, want at most %g", steepest, most)
	}
}

// What moves is only what can move.
func TestTuneAuto(t *testing.T) {
	p := build(t, compressorKind(), rate, param.Values{"release": "auto", "makeup": "auto"}).(dsp.Tunable)
	for _, name := range []string{"release", "makeup", "lookahead", "link", ""} {
		if p.Tune(name) != nil {
			t.Errorf("Tune(%q) is not nil", name)
		}
	}
}

func TestAboveHalfTheRate(t *testing.T) {
	for _, c := range []struct {
		kind   dsp.Kind
		values param.Values
	}{
		{compressorKind(), param.Values{"sidechain_highpass": 2000.0}},
		{deesserKind(), param.Values{"freq": 2000.0}},
		{multibandKind(), param.Values{"split": []float64{100, 2000}, "bands": make([]param.Values, 3)}},
	} {
		if _, err := c.kind.New(dsp.Args{Rate: 4000, Values: param.Defaults(c.kind.Params).With(c.values)}); err == nil {
			t.Errorf("%s: no error for 2 kHz at a rate of 4 kHz", c.kind.Name)
		}
	}
}

// A steady tone has a steady gain: the compressor does not distort it.
func TestToneStaysClean(t *testing.T) {
	for _, hz := range []float64{50, 100, 1000} {
		p := build(t, compressorKind(), rate, param.Values{"threshold": -30.0, "ratio": 4.0})
		out := dsptest.Play(p, dsptest.Sine(3*rate, rate, hz, 0.5))
		_, thd := harmonics(out[0][2*rate:], hz, rate, 20)
		t.Logf("%g Hz, 18 dB reduced: THD %.5f %%", hz, 100*thd)
		if thd > 1e-4 {
			t.Errorf("%g Hz: THD is %.4f %%", hz, 100*thd)
		}
	}
}
