package eq_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/eq"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

// dynamic makes a band dynamic.
func dynamic(b param.Values, threshold, reach float64, more ...param.Values) param.Values {
	b = b.With(param.Values{"threshold": threshold, "range": reach})
	for _, m := range more {
		b = b.With(m)
	}
	return b
}

func TestKindDynamicEQ(t *testing.T) {
	wet := map[string]string{"latency": "the bands about the impulse move its peak by up to a frame"}
	dsptest.Run(t, eq.Kind,
		dsptest.Case{Name: "one bell", Golden: "1d473fb488152796e6ebed3e5e7cbca41f7bae5c5ed4f030d845d37e4b7b0e87", Values: bands("minimum", dynamic(band("bell", 1500, 0, 1, "stereo"), -40, -9))},
		dsptest.Case{Name: "every way", Golden: "8c4ad9dda1bc4c2027987cfc3e2d0ad626d15e43e53ab43443308499cffbc96a", Rate: 44100, Skip: wet, Values: bands("minimum",
			dynamic(band("lowshelf", 150, 2, 0.7071, "mid"), -30, -6, param.Values{"release": 300.0}),
			band("bell", 900, -2, 1, "stereo"),
			dynamic(band("bell", 3000, 0, 2, "left"), -50, 6, param.Values{"ratio": 100.0, "attack": 0.1}),
			dynamic(band("highshelf", 8000, -3, 0.7071, "side"), -60, -30))},
		dsptest.Case{Name: "keyed", Golden: "aa1e71eaf48098a4a29df1a532eef682caac7dbb75d4f0a62f3e4ffe3b4ac748", Rate: 96000, Skip: wet, Values: bands("minimum",
			dynamic(band("bell", 220, 0, 1, "stereo"), -30, -12, param.Values{"sidechain": "kick"}),
			dynamic(band("bell", 3000, 3, 1, "mid"), -40, -6),
			dynamic(band("highshelf", 5000, 0, 0.7071, "right"), -50, -12, param.Values{"sidechain": "voice"}))},
	)
}

// gainAt plays a sine and returns by how many dB its level has changed at the end.
func gainAt(p dsp.Processor, rate int, hz, level float64, keys ...dsp.Block) float64 {
	in := dsptest.Sine(2*rate, rate, hz, math.Pow(10, level/20))
	out := dsptest.Play(p, in, keys...)
	return rms(out[0][rate:]) - rms(in[0][rate:])
}

// rms is the level of a whole number of periods in dB.
func rms(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return 10 * math.Log10(sum/float64(len(x)))
}

// A tone in the middle of the band moves the gain by what a compressor's curve
// gives for its level, down or up, on top of the band's own gain: within 0.1 dB.
func TestDynamicCurve(t *testing.T) {
	const rate, hz = 48000, 1000.0
	for _, c := range []struct{ gain, reach, ratio float64 }{{0, -12, 2}, {0, 9, 4}, {4, -6, 100}, {-3, -30, 1.5}} {
		worst := 0.0
		for level := -60.0; level <= 0; level += 4 {
			p := build(t, rate, bands("minimum", dynamic(band("bell", hz, c.gain, 1, "stereo"), -36, c.reach, param.Values{"ratio": c.ratio})))
			moved := dyn.Curve{Threshold: -36, Ratio: c.ratio, Knee: 6, Range: math.Abs(c.reach)}.Reduction(level)
			want := c.gain + math.Copysign(moved, c.reach)
			worst = max(worst, math.Abs(gainAt(p, rate, hz, level)-want))
		}
		t.Logf("%+v: off by %.4f dB at most", c, worst)
		if worst > 0.1 {
			t.Errorf("%+v: off the curve by %.3f dB", c, worst)
		}
	}
}

// What counts is the level in the band: a tone outside is heard through the
// detector's filter only.
func TestDynamicDetector(t *testing.T) {
	const rate = 48000
	for _, c := range []struct {
		shape     string
		hz        float64
		detector  filter.Coef
		tone      float64
		analogous func(db float64) filter.Prototype
	}{
		{"bell", 1000, filter.BilinearBandPass(1000, 1, rate), 2000, func(db float64) filter.Prototype { return filter.AnalogBell(1000, db, 1) }},
		{"lowshelf", 200, filter.BilinearLowPass(200, filter.ButterworthQ, rate), 400, func(db float64) filter.Prototype { return filter.AnalogLowShelf(200, db, filter.ButterworthQ) }},
		{"highshelf", 4000, filter.BilinearHighPass(4000, filter.ButterworthQ, rate), 2000, func(db float64) filter.Prototype { return filter.AnalogHighShelf(4000, db, filter.ButterworthQ) }},
	} {
		p := build(t, rate, bands("minimum", dynamic(band(c.shape, c.hz, 0, map[bool]float64{true: 1, false: 0.7071}[c.shape == "bell"], "stereo"), -40, -20)))
		got := gainAt(p, rate, c.tone, -6)
		moved := dyn.Curve{Threshold: -40, Ratio: 2, Knee: 6, Range: 20}.Reduction(-6 + c.detector.DB(c.tone, rate))
		want := c.analogous(-moved).DB(c.tone)
		t.Logf("%s: a tone an octave away is heard at %.2f dB, moves the gain by %.2f dB and itself by %.2f", c.shape, -6+c.detector.DB(c.tone, rate), -moved, got)
		if math.Abs(got-want) > 0.1 {
			t.Errorf("%s: a tone an octave away changes by %.3f dB, want %.3f", c.shape, got, want)
		}
	}
}

// While the gain is held where it is, the band's curve is that of a band of that
// gain that stands still.
func TestDynamicHasTheCurveOfABand(t *testing.T) {
	const rate = 48000
	for _, probe := range []float64{100, 500, 2000, 5000, 15000} {
		p := build(t, rate, bands("minimum", dynamic(band("bell", 1000, 2, 1, "stereo"), -40, -8, param.Values{"ratio": 100.0})))
		in, tone := dsptest.Sine(2*rate, rate, 1000, 0.5), dsptest.Sine(2*rate, rate, probe, 1e-4)
		for ch := range in {
			for i := range in[ch] {
				in[ch][i] += tone[ch][i]
			}
		}
		out := dsptest.Play(p, in)
		got := amplitude(out[0][rate:], rate, probe) / 1e-4
		if off := 20*math.Log10(got) - filter.AnalogBell(1000, 2-8, 1).DB(probe); math.Abs(off) > 0.05 {
			t.Errorf("at %g Hz the curve is off by %.3f dB", probe, off)
		}
	}
}

// amplitude is that of a tone in a whole number of periods.
func amplitude(x []float64, rate int, hz float64) float64 {
	var re, im float64
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * math.Mod(hz*float64(i)/float64(rate), 1))
		re += v * c
		im += v * s
	}
	return 2 * math.Hypot(re, im) / float64(len(x))
}

// Attack and release are the times in which 63 % of the way is covered, within 5
// % and what the wait for the next design is on average, half of 32 frames. The
// key steps at odd frames; a small tone in the band shows its gain.
func TestDynamicTimes(t *testing.T) {
	const rate, hz = 48000, 6000.0 // 8 frames a period
	for _, c := range []struct{ attack, release float64 }{{2, 50}, {10, 120}, {50, 500}, {200, 1000}} {
		p := build(t, rate, bands("minimum", dynamic(band("bell", hz, 0, 0.5, "stereo"), -40, -6,
			param.Values{"ratio": 100.0, "attack": c.attack, "release": c.release, "sidechain": "key"})))
		up := 1001 + int(2*c.release*rate/1000)
		down := up + int(15*c.attack*rate/1000) + 13
		n := down + int(8*c.release*rate/1000)
		in, key := dsptest.Sine(n, rate, hz, 1e-3), dsptest.Sine(n, rate, hz, 0.5)
		for ch := range key {
			for i := range key[ch] {
				if i < up || i >= down {
					key[ch][i] = 0
				}
			}
		}
		out := dsptest.Play(p, in, key)
		gains := envelope(out[0], in[0])
		attack := float64(crossing(gains[up:], func(g float64) bool { return g < -6*(1-1/math.E) })) * 1000 / rate
		release := float64(crossing(gains[down:], func(g float64) bool { return g > -6/math.E })) * 1000 / rate
		t.Logf("attack %g ms: %.2f, release %g ms: %.2f", c.attack, attack, c.release, release)
		const wait = 16 * 1000.0 / rate
		if math.Abs(attack-c.attack) > 0.05*c.attack+wait {
			t.Errorf("attack of %g ms takes %.2f ms", c.attack, attack)
		}
		if math.Abs(release-c.release) > 0.05*c.release+wait {
			t.Errorf("release of %g ms takes %.2f ms", c.release, release)
		}
	}
}

// envelope is the gain in dB over the 8 frames about each.
func envelope(out, in []float64) []float64 {
	gains := make([]float64, len(out)-8)
	for i := range gains[4:] {
		gains[i+4] = rms(out[i:i+8]) - rms(in[i:i+8])
	}
	return gains
}

func crossing(x []float64, ok func(float64) bool) int {
	for i, v := range x {
		if ok(v) {
			return i
		}
	}
	return math.MaxInt32
}

// Where the threshold is not reached, a band is bit for bit what it would be
// without one, and at 0 dB nothing at all; and so it is again after the release.
func TestDynamicTransparent(t *testing.T) {
	const rate = 48000
	quiet := dsptest.Noise(rate, 0.01, "quiet")
	for _, on := range []string{"stereo", "left", "side"} {
		p := build(t, rate, bands("minimum", dynamic(band("bell", 1000, 0, 1, on), -20, -12, param.Values{"release": 20.0})))
		in := quiet
		if on == "side" { // middle and side round
			in = dsptest.Copy(quiet)
			copy(in[1], in[0])
		}
		for _, when := range []string{"before", "after"} {
			out := dsptest.Play(p, in)
			for i := range in[0] {
				if out[0][i] != in[0][i] || out[1][i] != in[1][i] {
					t.Fatalf("on %s, %s a loud passage: frame %d is %v, was %v", on, when, i, out[0][i], in[0][i])
				}
			}
			loud := dsptest.Noise(rate, 1, "loud")
			changed := dsptest.Play(p, loud)
			if same := changed[0][rate-1] == loud[0][rate-1]; same {
				t.Errorf("on %s: the loud passage is not changed", on)
			}
			dsptest.Play(p, dsp.NewBlock(rate))
		}
		// The other band, with a gain of its own.
		still := build(t, rate, bands("minimum", band("bell", 7000, 5, 1, on)))
		p = build(t, rate, bands("minimum", dynamic(band("bell", 7000, 5, 1, on), -20, -12)))
		want, got := dsptest.Play(still, in), dsptest.Play(p, in)
		for i := range want[0] {
			if want[0][i] != got[0][i] || want[1][i] != got[1][i] {
				t.Fatalf("on %s, +5 dB: frame %d is %v, in a band that is not dynamic %v", on, i, got[0][i], want[0][i])
			}
		}
	}
}

// The key moves the band it is for, and no other.
func TestDynamicSidechain(t *testing.T) {
	const rate = 48000
	one := dynamic(band("bell", 100, 0, 2, "stereo"), -40, -6, param.Values{"ratio": 100.0, "sidechain": "kick"})
	two := dynamic(band("bell", 4000, 0, 2, "stereo"), -40, -9, param.Values{"ratio": 100.0, "sidechain": "voice"})
	silence := dsp.NewBlock(2 * rate)
	for _, c := range []struct {
		kick, voice dsp.Block
		hz, want    float64
	}{
		{silence, silence, 100, 0},
		{dsptest.Sine(2*rate, rate, 100, 0.5), silence, 100, -6},
		{dsptest.Sine(2*rate, rate, 100, 0.5), silence, 4000, 0},
		{silence, dsptest.Sine(2*rate, rate, 4000, 0.5), 4000, -9},
		{silence, dsptest.Sine(2*rate, rate, 100, 0.5), 4000, 0}, // not in its band
	} {
		p := build(t, rate, bands("minimum", one, two))
		if n := p.(dsp.Keyed).Keys(); n != 2 {
			t.Fatalf("takes %d keys", n)
		}
		if got := gainAt(p, rate, c.hz, -3, c.kick, c.voice); math.Abs(got-c.want) > 0.1 {
			t.Errorf("%g Hz changes by %.3f dB, want %g", c.hz, got, c.want)
		}
	}
	if n := build(t, rate, bands("minimum", band("bell", 100, 3, 1, "stereo"))).(dsp.Keyed).Keys(); n != 0 {
		t.Errorf("without a side-chain it takes %d keys", n)
	}
}

// A band that works on the sides hears the sides, and leaves the middle alone.
func TestDynamicOnSide(t *testing.T) {
	const rate = 48000
	p := build(t, rate, bands("minimum", dynamic(band("bell", 1000, 0, 1, "side"), -40, -12, param.Values{"ratio": 100.0})))
	in := dsptest.Sine(2*rate, rate, 1000, 0.5) // all middle
	side := dsptest.Sine(2*rate, rate, 997, 0.1)
	for i := range side[0] {
		in[0][i] += side[0][i]
		in[1][i] -= side[0][i]
	}
	out := dsptest.Play(p, in)
	mid, sides := make([]float64, rate), make([]float64, rate)
	for i := range mid {
		l, r := out[0][rate+i], out[1][rate+i]
		mid[i], sides[i] = (l+r)/2, (l-r)/2
	}
	if got := 20 * math.Log10(amplitude(mid, rate, 1000)/0.5); math.Abs(got) > 1e-9 {
		t.Errorf("the middle changes by %g dB", got)
	}
	if got := 20 * math.Log10(amplitude(sides, rate, 997)/0.1); math.Abs(got+12) > 0.1 {
		t.Errorf("the side changes by %.3f dB, want -12", got)
	}
	if got := 20 * math.Log10(amplitude(sides, rate, 1000)); got > -120 {
		t.Errorf("%.1f dB of the middle come out at the sides", got)
	}
}

// A band that a loud tone moves does not click: what lies above 8 kHz of a 100 Hz
// tone that swells and fades stays below -100 dB, also while automation turns
// the range over.
func TestDynamicIsClean(t *testing.T) {
	const rate = 48000
	p := build(t, rate, bands("minimum", dynamic(band("bell", 100, 0, 1, "stereo"), -40, -12, param.Values{"attack": 20.0})))
	reach := p.(dsp.Tunable).Tune("bands.1.range")
	b := dsptest.Sine(2*rate, rate, 100, 0.5)
	for ch := range b {
		for i := range b[ch] {
			swell := math.Sin(math.Pi * float64(i) / float64(b.Len()))
			b[ch][i] *= swell * swell
		}
	}
	for from := 0; from < b.Len(); from += 480 {
		if from == rate {
			reach(6)
		}
		p.Process(b.Cut(from, from+480))
	}
	filter.NewCascade(filter.HighPass(8000, filter.ButterworthQ, 8, rate)...).Process(b)
	peak, at := dsptest.Peak(b)
	t.Logf("%.1f dB above 8 kHz", 20*math.Log10(peak))
	if db := 20 * math.Log10(peak/0.5); db > -100 {
		t.Errorf("it leaves %.1f dB above 8 kHz at frame %d", db, at)
	}
}

func TestCheckDynamic(t *testing.T) {
	for _, c := range []struct {
		phase string
		band  param.Values
		want  []string
	}{
		{"minimum", dynamic(band("bell", 100, 3, 2, "mid"), -20, 6), nil},
		{"linear", dynamic(band("bell", 100, 3, 2, "mid"), -20, 6), []string{"bands[0].threshold"}},
		{"minimum", dynamic(band("notch", 100, 0, 2, "mid"), -20, 6), []string{"bands[0].threshold"}},
		{"minimum", dynamic(band("tilt", 100, 3, 0.7071, "mid"), -20, 6), []string{"bands[0].threshold"}},
		{"minimum", dynamic(band("bell", 100, 3, 2, "mid"), -20, 0), []string{"bands[0].range"}},
		{"minimum", band("bell", 100, 3, 2, "mid").With(param.Values{"range": -3.0, "attack": 5.0, "release": 9.0, "ratio": 3.0, "sidechain": "kick"}),
			[]string{"bands[0].range", "bands[0].ratio", "bands[0].attack", "bands[0].release", "bands[0].sidechain"}},
	} {
		var got []string
		for _, p := range eq.Kind.Check(bands(c.phase, c.band)) {
			got = append(got, p.Path)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", c.phase, c.band, diff)
		}
	}
	if _, err := eq.Kind.New(dsp.Args{Rate: 48000, Values: bands("linear", dynamic(band("bell", 100, 3, 2, "mid"), -20, 6))}); err == nil {
		t.Error("a dynamic band was built with linear phase")
	}
}

func BenchmarkDynamicEQ(b *testing.B) {
	for _, threshold := range []float64{0, -60} {
		name := map[float64]string{0: "idle", -60: "working"}[threshold]
		b.Run(fmt.Sprint("bell, ", name), func(b *testing.B) {
			bench(b, build(b, 48000, bands("minimum", dynamic(band("bell", 1000, 0, 1, "stereo"), threshold, -12))))
		})
	}
}
