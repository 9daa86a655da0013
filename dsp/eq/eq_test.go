package eq_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/eq"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

// bands makes the values of an equaliser.
func bands(phase string, list ...param.Values) param.Values {
	fields := eq.Kind.Params[1].Fields
	full := make([]param.Values, len(list))
	for i, b := range list {
		full[i] = param.Defaults(fields).With(b)
	}
	return param.Values{"phase": phase, "bands": full}
}

func band(shape string, hz, gain, q float64, on string) param.Values {
	return param.Values{"type": shape, "freq": hz, "gain": gain, "q": q, "on": on}
}

func slope(shape string, hz, dbPerOctave float64) param.Values {
	return param.Values{"type": shape, "freq": hz, "slope": dbPerOctave}
}

func build(t testing.TB, rate int, v param.Values) dsp.Processor {
	t.Helper()
	for _, p := range eq.Kind.Check(v) {
		t.Fatalf("%s: %s", p.Path, p.Message)
	}
	p, err := eq.Kind.New(dsp.Args{Rate: rate, Values: v})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const everyShape = "every shape"

func everyBand() []param.Values {
	return []param.Values{
		slope("highpass", 30, 24), band("lowshelf", 100, 2, 0.7071, "stereo"), band("bell", 400, -3, 1.4, "left"),
		band("bell", 3000, 4, 2, "mid"), band("notch", 1000, 0, 5, "side"), band("highshelf", 9000, -2, 0.7071, "right"),
		band("bandpass", 2000, 0, 0.1, "stereo"), band("tilt", 700, 1, 0.7071, "stereo"), slope("lowpass", 18000, 18),
		band("allpass", 200, 0, 0.7071, "stereo"),
	}
}

func TestKindEQ(t *testing.T) {
	wet := map[string]string{"latency": "the bands about the impulse move its peak by up to a frame"}
	still := map[string]string{"tune": "linear phase cannot move: its impulse response is computed once"}
	dsptest.Run(t, eq.Kind,
		dsptest.Case{Name: "three bands", Golden: "176101fa048a33f22a471ec787b6b1c069a9435b7b11bbe245a19f6df80e2b5e", Values: bands("minimum", slope("highpass", 80, 12), band("bell", 400, -3, 1.4, "stereo"), band("bell", 3000, 2, 1, "stereo"))},
		dsptest.Case{Name: everyShape, Golden: "8977cced3cea782ec0e09d81ce6817179f2c3e4557c106a107a893faf0047845", Rate: 44100, Values: bands("minimum", everyBand()...), Skip: wet},
		dsptest.Case{Name: "flat", Golden: "aa0b210bc5b92d0b0ab4ad2b3a72eab7ee072559fa4063980adaffac90fc20b3", Values: bands("minimum", band("bell", 400, 0, 1, "stereo"))},
		dsptest.Case{Name: "linear", Golden: "6bbc8502527d62157fe44e4dc7fefd2f103c4a8ea44d79054a06b5db4df4762f", Values: bands("linear", band("lowshelf", 90, -0.8, 0.7071, "stereo"), band("bell", 3000, 0.6, 0.7, "stereo")), Skip: still},
		dsptest.Case{Name: "linear on mid", Golden: "92ce56f885cd9417ce06587d1640caede3fe091a13bd443b59fa554e2a1a7640", Rate: 96000, Values: bands("linear", band("lowshelf", 90, -0.8, 0.7071, "stereo"), band("bell", 3000, 0.6, 0.7, "mid")), Skip: still},
		dsptest.Case{Name: "linear left and side", Golden: "3c17f5f8f09d051b13dd0eb1c798dd6348cf8da7e7c18f05d801dc9336c5aa97", Rate: 44100, Values: bands("linear", band("bell", 500, 3, 1, "left"), band("highshelf", 8000, 2, 0.7071, "side")), Skip: still},
	)
}

// response is the frequency response of the path from an input channel to an
// output channel, the latency taken out.
type response struct {
	h    []float64
	rate float64
	lag  int
}

func measure(p dsp.Processor, rate, from, to int) response {
	n := p.Latency() + p.Tail() + 1
	in := dsp.NewBlock(n)
	in[from][0] = 1
	p.Reset()
	out := dsptest.Play(p, in)
	return response{out[to], float64(rate), p.Latency()}
}

func (r response) at(hz float64) (re, im float64) {
	w := 2 * math.Pi * hz / r.rate
	for i, x := range r.h {
		re += x * math.Cos(w*float64(i-r.lag))
		im -= x * math.Sin(w*float64(i-r.lag))
	}
	return re, im
}

func (r response) db(hz float64) float64 {
	re, im := r.at(hz)
	return 20 * math.Log10(math.Hypot(re, im))
}

var table = []struct {
	settings param.Values
	analogue []filter.Prototype
}{
	{band("bell", 9000, 6, 1.5, "stereo"), []filter.Prototype{filter.AnalogBell(9000, 6, 1.5)}},
	{band("bell", 60, -12, 2, "stereo"), []filter.Prototype{filter.AnalogBell(60, -12, 2)}},
	{band("lowshelf", 90, -3, 0.7071, "stereo"), []filter.Prototype{filter.AnalogLowShelf(90, -3, filter.ButterworthQ)}},
	{band("highshelf", 10000, 4, 0.7071, "stereo"), []filter.Prototype{filter.AnalogHighShelf(10000, 4, filter.ButterworthQ)}},
	{slope("highpass", 30, 24), filter.AnalogHighPassSlope(30, filter.ButterworthQ, 4)},
	{slope("highpass", 40, 6), filter.AnalogHighPassSlope(40, filter.ButterworthQ, 1)},
	{slope("lowpass", 14000, 48), filter.AnalogLowPassSlope(14000, filter.ButterworthQ, 8)},
	{band("bandpass", 1000, 0, 1, "stereo"), []filter.Prototype{filter.AnalogBandPass(1000, 1)}},
	{band("notch", 50, 0, 4, "stereo"), []filter.Prototype{filter.AnalogNotch(50, 4)}},
	{band("tilt", 700, 2, 0.7071, "stereo"), []filter.Prototype{filter.AnalogTilt(700, 2)}},
}

// Both phases have the analogue curve: minimum phase within 0.05 dB to 16 kHz a
// section (four at 48 dB/oct), linear phase within 0.05 dB to 20 kHz, as far down as -50 dB.
func TestCurves(t *testing.T) {
	for _, rate := range []int{44100, 48000, 96000} {
		for _, c := range table {
			for phase, allowed := range map[string]float64{"minimum": 0.05 * math.Max(1, float64(len(c.analogue))/2), "linear": 0.05} {
				p := build(t, rate, bands(phase, c.settings))
				r := measure(p, rate, 0, 0)
				top := 16000.0
				if phase == "linear" {
					top = math.Min(20000, 0.45*float64(rate))
				}
				worst, at := 0.0, 0.0
				for i := range 41 {
					hz := 20 * math.Pow(top/20, float64(i)/40)
					want := 20 * math.Log10(filter.AnalogMagnitude(c.analogue, hz))
					if off := math.Abs(r.db(hz) - want); want > -50 && !(off <= worst) {
						worst, at = off, hz
					}
				}
				if !(worst <= allowed) {
					t.Errorf("%s, %v at %d Hz: off by %.3f dB at %.0f Hz", phase, c.settings, rate, worst, at)
				}
				if phase == "linear" {
					t.Logf("%d Hz %s %g Hz: %d taps, latency %d, off by %.4f dB", rate, c.settings["type"], c.settings["freq"], 2*p.Tail()+1, p.Latency(), worst)
				}
			}
		}
	}
}

// A linear-phase response is symmetric about its latency.
func TestLinearIsSymmetric(t *testing.T) {
	p := build(t, 48000, bands("linear", everyBand()[:9]...))
	r := measure(p, 48000, 0, 1)
	peak, off := 0.0, 0.0
	for i := range p.Tail() + 1 {
		a, b := r.h[p.Latency()+i], 0.0
		if j := p.Latency() - i; j >= 0 {
			b = r.h[j]
		}
		peak, off = math.Max(peak, math.Abs(a)), math.Max(off, math.Abs(a-b))
	}
	// Two convolutions with left and right different and mid and side different:
	// the rounding of a Fourier transform of double precision, below -280 dB,
	// lies far under the -150 dB asked for.
	if db := 20 * math.Log10(off/peak); db > -150 {
		t.Errorf("the halves differ by %.0f dB", db)
	}
}

// Bands on one channel, on mid or on side leave the others alone, in both phases.
func TestOn(t *testing.T) {
	const hz, gain = 1000.0, 6.0
	g := math.Pow(10, gain/20)
	for _, phase := range []string{"minimum", "linear"} {
		for on, want := range map[string][2][2]float64{ // [from][to] at hz
			"stereo": {{g, 0}, {0, g}},
			"left":   {{g, 0}, {0, 1}},
			"right":  {{1, 0}, {0, g}},
			"mid":    {{(g + 1) / 2, (g - 1) / 2}, {(g - 1) / 2, (g + 1) / 2}},
			"side":   {{(1 + g) / 2, (1 - g) / 2}, {(1 - g) / 2, (1 + g) / 2}},
		} {
			p := build(t, 48000, bands(phase, band("bell", hz, gain, 1, on)))
			for from := range 2 {
				for to := range 2 {
					re, im := measure(p, 48000, from, to).at(hz)
					// 0.05 dB of the curve is 0.6 %.
					if math.Abs(re-want[from][to]) > 0.012 || math.Abs(im) > 0.012 {
						t.Errorf("%s phase, on %s: from %d to %d is %.4f %+.4fi, want %.4f", phase, on, from, to, re, im, want[from][to])
					}
				}
			}
		}
	}
}

// Bands on the middle leave the sides alone, and those on the sides the middle: what
// changes there lies below -120 dB of the signal, with any shape and in both phases.
func TestOnLeavesTheOtherAlone(t *testing.T) {
	const rate = 48000
	in := dsptest.Signal(rate/2, rate, "mid and side")
	for _, phase := range []string{"minimum", "linear"} {
		for on, sign := range map[string]float64{"mid": -1, "side": 1} { // what is left alone is left + sign·right
			p := build(t, rate, bands(phase, band("bell", 1000, 9, 1, on), band("highshelf", 6000, -12, 0.7071, on), band("notch", 300, 0, 3, on), slope("highpass", 100, 24).With(param.Values{"on": on})))
			out := dsptest.Play(p, in)
			lag := p.Latency()
			loudest, worst, changed := 0.0, 0.0, 0.0
			for i := lag; i < in.Len(); i++ {
				before, after := in[0][i-lag]+sign*in[1][i-lag], out[0][i]+sign*out[1][i]
				loudest = max(loudest, math.Abs(before))
				worst = max(worst, math.Abs(after-before))
				changed = max(changed, math.Abs((out[0][i]-sign*out[1][i])-(in[0][i-lag]-sign*in[1][i-lag])))
			}
			if db := 20 * math.Log10(worst/loudest); loudest < 0.1 || changed < 0.1 || db > -120 {
				t.Errorf("%s phase, on %s: the other changes at %.1f dB; the signal there peaks at %g, the change of what is worked on at %g", phase, on, db, loudest, changed)
			}
		}
	}
}

// Boost and cut of one size take each other away to the last bits.
func TestBoostAndCutCancel(t *testing.T) {
	for _, on := range []string{"stereo", "left", "mid"} {
		for _, shape := range []string{"bell", "lowshelf", "highshelf", "tilt"} {
			p := build(t, 44100, bands("minimum", band(shape, 5000, 9, 0.7071, on), band(shape, 5000, -9, 0.7071, on)))
			in := dsptest.Signal(8192, 44100, "cancel")
			out := dsptest.Play(p, in)
			for ch := range in {
				for i, x := range in[ch] {
					if math.Abs(out[ch][i]-x) > 1e-11 {
						t.Fatalf("%s on %s: frame %d is %v, was %v", shape, on, i, out[ch][i], x)
					}
				}
			}
		}
	}
}

// A band that begins to move in mid-stream goes over from the design that
// stands still to the one that moves, and comes back to the curve it has
// reached, without a jump.
func TestMovingIsClean(t *testing.T) {
	const rate, tone = 48000, 110.0
	p := build(t, rate, bands("minimum", band("bell", 100, 0, 1, "stereo"), band("bell", 5000, 3, 1, "mid")))
	gain, freq := p.(dsp.Tunable).Tune("bands.1.gain"), p.(dsp.Tunable).Tune("bands.2.freq")
	b := dsptest.Sine(rate, rate, tone, 0.5)
	for from := 0; from < b.Len(); from += 240 {
		if from >= rate/4 && from <= rate/2 { // as automation does it: a staircase of 5 ms
			x := float64(from-rate/4) / (rate / 4)
			gain(6 * x)
			freq(5000 + 2000*x)
		}
		p.Process(b.Cut(from, from+240))
	}
	filter.NewCascade(filter.HighPass(3000, filter.ButterworthQ, 8, rate)...).Process(b)
	peak, at := dsptest.Peak(b.Cut(6000, b.Len()))
	if db := 20 * math.Log10(peak/0.5); db > -100 {
		t.Errorf("the move leaves %.1f dB above 3 kHz at frame %d", db, at+6000)
	}

	settled := dsptest.Sine(rate/2, rate, tone, 0.5)
	p.Process(settled)
	want := filter.AnalogBell(100, 6, 1).DB(tone) + filter.AnalogBell(7000, 3, 1).DB(tone)
	peak, _ = dsptest.Peak(settled.Cut(rate/4, rate/2))
	if got := 20 * math.Log10(peak/0.5); math.Abs(got-want) > 0.01 { // peaks between samples: 0.0003 dB
		t.Errorf("after the move the tone is at %+.3f dB, want %+.3f dB", got, want)
	}
}

func TestTuneOfWhatCannotMove(t *testing.T) {
	p := build(t, 48000, bands("minimum", band("bell", 100, 0, 1, "stereo"))).(dsp.Tunable)
	for _, name := range []string{"", "gain", "bands.0.gain", "bands.2.gain", "bands.1.slope", "bands.1.on", "bands.x.gain", "phase", "bands.1.threshold"} {
		if p.Tune(name) != nil {
			t.Errorf("Tune(%q) is not nil", name)
		}
	}
	if _, ok := build(t, 48000, bands("linear", band("bell", 100, 1, 1, "stereo"))).(dsp.Tunable); ok {
		t.Error("linear phase says it is tunable")
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		phase string
		band  param.Values
		want  []string
	}{
		{"minimum", band("bell", 100, 3, 2, "mid"), nil},
		{"minimum", band("highpass", 100, 3, 0.7071, "stereo"), []string{"bands[0].gain"}},
		{"minimum", band("notch", 100, 0, 8, "stereo").With(param.Values{"slope": 24.0}), []string{"bands[0].slope"}},
		{"minimum", slope("lowpass", 100, 20), []string{"bands[0].slope"}},
		{"minimum", slope("lowpass", 100, 6).With(param.Values{"q": 2.0}), []string{"bands[0].q"}},
		{"minimum", band("tilt", 100, 3, 2, "stereo"), []string{"bands[0].q"}},
		{"minimum", band("allpass", 100, 0, 2, "stereo"), nil},
		{"linear", band("allpass", 100, 0, 2, "stereo"), []string{"bands[0].type"}},
	} {
		var got []string
		for _, p := range eq.Kind.Check(bands(c.phase, c.band)) {
			got = append(got, p.Path)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", c.phase, c.band, diff)
		}
	}
}

func TestWhatCannotBeBuilt(t *testing.T) {
	for _, v := range []param.Values{
		bands("linear", band("notch", 10, 0, 40, "stereo")),
		bands("minimum", band("allpass", 23000, 0, 1, "stereo")),
	} {
		if _, err := eq.Kind.New(dsp.Args{Rate: 44100, Values: v}); err == nil {
			t.Errorf("%v was built", v)
		} else {
			t.Log(err)
		}
	}
}

func BenchmarkEQ(b *testing.B) {
	for _, c := range []struct {
		name string
		v    param.Values
	}{
		{"highpass and two bells", bands("minimum", slope("highpass", 80, 12), band("bell", 300, -3, 1, "stereo"), band("bell", 3000, 3, 1, "stereo"))},
		{"bell at 10 kHz", bands("minimum", band("bell", 10000, 3, 1, "stereo"))},
		{"bell on mid", bands("minimum", band("bell", 1000, 3, 1, "mid"))},
		{"linear", bands("linear", band("lowshelf", 90, -0.8, 0.7071, "stereo"), band("bell", 3000, 0.6, 0.7, "mid"))},
	} {
		b.Run(c.name, func(b *testing.B) { bench(b, build(b, 48000, c.v)) })
	}
	moving := build(b, 48000, bands("minimum", band("bell", 1000, 3, 1, "stereo")))
	set := moving.(dsp.Tunable).Tune("bands.1.gain")
	n := 0
	b.Run("bell moving", func(b *testing.B) {
		bench(b, before{moving, func() { n++; set(float64(n % 2)) }})
	})
}

// before does something before each block.
type before struct {
	dsp.Processor
	do func()
}

func (p before) Process(b dsp.Block) { p.do(); p.Processor.Process(b) }

func bench(b *testing.B, p dsp.Processor) {
	in := dsptest.Signal(dsp.MaxBlock, 48000, "bench")
	work := dsptest.Copy(in)
	for b.Loop() {
		copy(work[0], in[0])
		copy(work[1], in[1])
		p.Process(work)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dsp.MaxBlock, "ns/frame")
}

func ExampleKinds() {
	fmt.Println(eq.Kinds()[0].Name)
	// Output: eq
}

// A setting that would change nothing is refused where it is written, with a reason.
func TestStill(t *testing.T) {
	moving := band("bell", 100, 3, 1, "stereo").With(param.Values{"threshold": -30.0, "range": -6.0})
	list := []param.Values{band("bell", 100, 3, 1, "stereo"), band("notch", 100, 0, 1, "stereo"), band("tilt", 700, 1, 0.7071, "stereo"), slope("highpass", 30, 6), moving}
	for path, want := range map[string]bool{
		"bands.1.gain": false, "bands.1.range": true, "bands.1.threshold": true, "bands.1.attack": true,
		"bands.2.gain": true, "bands.2.freq": false, "bands.3.q": true, "bands.4.q": true, "bands.4.freq": false,
		"bands.5.range": false, "bands.5.threshold": false, "bands.5.release": false,
	} {
		v := param.Complete(eq.Kind.Params, bands("minimum", list...))
		if why := eq.Kind.Still(v, path); (why != "") != want {
			t.Errorf("%s: %q", path, why)
		}
		if moves := build(t, 48000, bands("minimum", list...)).(dsp.Tunable).Tune(path) != nil; moves == want {
			t.Errorf("%s can be tuned: %v", path, moves)
		}
	}
	if eq.Kind.Still(bands("linear", list[0]), "bands.1.gain") == "" {
		t.Error("a band in linear phase is said to move")
	}
}
