package colour

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
)

var types = []string{"tape", "tube", "tanh", "soft", "hard", "asymmetric"}

// biased reports whether a type bends the half-waves differently, and has a
// high-pass of 2 Hz that takes the offset away.
func biased(kind string) bool { return kind == "tube" || kind == "asymmetric" }

func newTest(t testing.TB, rate int, v param.Values) dsp.Processor {
	t.Helper()
	p, err := saturatorKind.New(dsp.Args{Rate: rate, Values: param.Defaults(saturatorKind.Params).With(v)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestKindSaturator(t *testing.T) {
	dsptest.Run(t, saturatorKind,
		dsptest.Case{Name: "defaults", Golden: "aef10e88675aa98ccbeec3daaaa6fd22619426e24d1df304e93e2ea598eb8577"},
		dsptest.Case{Name: "tube", Values: param.Values{"type": "tube", "drive": 9.0, "output": -2.0, "oversample": 2.0}, Golden: "48eebf3c18cc84cb33fe19da77323e375a544850fba63b59d5f2e45b8c3366b3"},
		dsptest.Case{Name: "tanh", Values: param.Values{"type": "tanh", "drive": 20.0, "oversample": 8.0}, Rate: 44100, Golden: "7e93b38ec9540bed5eafdcc7c8edad4701be66289e3f33d7ee3df1dd4ce4856e"},
		dsptest.Case{Name: "soft", Values: param.Values{"type": "soft", "oversample": 1.0}, Golden: "c04d90b0c57a703f7884468f3ebea08b52d4585d6877a011291ffdbe42478bdb"},
		dsptest.Case{Name: "hard", Values: param.Values{"type": "hard", "drive": 12.0}, Rate: 96000, Golden: "8a21e156e5d46b8aa11ff1dbfa28a88adfcd36ebc3210dccb451643ad3b1ddc1"},
		dsptest.Case{Name: "hard 1x", Values: param.Values{"type": "hard", "drive": 30.0, "oversample": 1.0}, Golden: "dd0f766247d36f35f53df344bb49f0374dace1535355706170aef5574cd34d94"},
		dsptest.Case{Name: "hard 8x", Values: param.Values{"type": "hard", "oversample": 8.0}, Rate: 44100, Golden: "0d7867682bde299d8141e5e4153b0d474fbc3099a90c41c168a9c61b6af198e7"},
		dsptest.Case{Name: "asymmetric", Values: param.Values{"type": "asymmetric", "drive": 9.0}, Golden: "ab5f6209d8c15b4bb275e08534f78aa39024c5afc882959e65445e009b4c4c35"},
		dsptest.Case{Name: "asymmetric, far", Values: param.Values{"type": "asymmetric", "bias": 100.0, "oversample": 2.0}, Rate: 44100, Golden: "c183afac98dce4f994f14dab0db37ae7d57261b1b91cd8307900e5abca7e9ca7"},
	)
}

// sine puts a sine through the processor and returns the last n frames of the
// left channel, after lead frames to settle.
func sine(p dsp.Processor, hz, rate, amplitude float64, lead, n int) []float64 {
	b := dsp.NewBlock(lead + n)
	for i := range b[0] {
		v := amplitude * math.Sin(2*math.Pi*hz/rate*float64(i))
		b[0][i], b[1][i] = v, v
	}
	for at := 0; at < b.Len(); at += dsp.MaxBlock {
		p.Process(b.Cut(at, min(at+dsp.MaxBlock, b.Len())))
	}
	return b[0][lead:]
}

// level is the amplitude of the partial with that many cycles in x.
func level(x []float64, cycles int) float64 {
	var re, im float64
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * float64(cycles*i%len(x)) / float64(len(x)))
		re += v * c
		im += v * s
	}
	return 2 * math.Hypot(re, im) / float64(len(x))
}

func db(x float64) float64 { return 20 * math.Log10(x+1e-300) }

// The rational tanh against the library's. 2e-10 is the figure its comment gives.
func TestHyperbolicIsTanh(t *testing.T) {
	worst := 0.0
	for u := -40.0; u <= 40; u += 0.001 {
		x := []float64{u}
		hyperbolic(x, 1, 0, 0, 1)
		worst = math.Max(worst, math.Abs(x[0]-math.Tanh(u)))
	}
	if worst > 2e-10 {
		t.Errorf("error %g, want at most 2e-10", worst)
	}
	t.Logf("error %.2g", worst)
}

// Small signals keep their level at any drive: at -80 dBFS and 24 dB of drive the
// curves are straight within 1e-4 (tube: its bend at u = 16e-4·b). The tube's
// high-pass takes 0.04 dB off at 20 Hz; the tape's two filters cancel exactly.
func TestSmallSignalsKeepTheirLevel(t *testing.T) {
	const rate, n = 48000, 2400 // one cycle of 20 Hz
	for _, kind := range types {
		for _, oversample := range []float64{1, 2, 4, 8} {
			for _, hz := range []float64{20, 100, 1000, 10000, 20000} {
				p := newTest(t, rate, param.Values{"type": kind, "drive": 24.0, "oversample": oversample})
				lead := n
				if biased(kind) {
					lead = 5 * n // for its high-pass to settle
				}
				x := sine(p, hz, rate, 1e-4, lead, n)
				got := db(level(x, int(hz*n/rate)) / 1e-4)
				limit := 0.002
				if biased(kind) && hz < 100 {
					limit = 0.05
				}
				if math.Abs(got) > limit {
					t.Errorf("%s at %vx, %v Hz: %.4f dB, want 0", kind, oversample, hz, got)
				}
			}
		}
	}
}

// A full-scale sine of 10 kHz at 48 kHz makes harmonics at 20, 30, ... kHz; all that
// comes out below 20 kHz and is not the sine is an alias. The tone is put on bin
// 501 of 2400 so that no alias falls on a harmonic.
func aliases(p dsp.Processor, v param.Values, rate float64) (worst float64, at float64) {
	const n = 2400
	cycles := int(10000*n/rate) + 1
	lead := n
	if biased(v.Str("type")) {
		lead = 3 * int(rate) // its high-pass lets the onset's offset go at 109 dB a second
	}
	x := sine(p, float64(cycles)*rate/n, rate, 1, lead, n)
	worst = -400
	for k := 1; k <= int(20000*n/rate); k++ {
		if k == cycles {
			continue
		}
		if l := db(level(x, k)); l > worst {
			worst, at = l, float64(k)*rate/n
		}
	}
	return worst, at
}

func TestAliases(t *testing.T) {
	for _, c := range []struct {
		values param.Values
		limit  float64 // dBFS; -90 is the promise at the default settings
	}{
		{param.Values{}, -90},
		{param.Values{"type": "tanh"}, -90},
		{param.Values{"type": "tube"}, -90},
		{param.Values{"type": "soft"}, -90},
		{param.Values{"type": "hard"}, -90},
		{param.Values{"type": "asymmetric"}, -90},
		// Strong drive makes harmonics that no fixed factor holds back; these are
		// figures to keep, not promises.
		{param.Values{"type": "asymmetric", "bias": 100.0}, -80},
		{param.Values{"type": "hard", "oversample": 1.0}, -20},
		{param.Values{"type": "hard", "oversample": 2.0}, -55},
		{param.Values{"type": "hard", "oversample": 8.0}, -110},
		{param.Values{"type": "hard", "drive": 12.0}, -80},
		{param.Values{"type": "hard", "drive": 36.0}, -60},
		{param.Values{"drive": 12.0}, -45},
		{param.Values{"drive": 12.0, "oversample": 8.0}, -80},
	} {
		for _, rate := range []float64{44100, 48000} {
			worst, at := aliases(newTest(t, int(rate), c.values), c.values, rate)
			if worst > c.limit {
				t.Errorf("%v at %v Hz: alias of %.1f dBFS at %.0f Hz, want below %v", c.values, rate, worst, at, c.limit)
			}
			t.Logf("%v at %v Hz: %.1f dBFS at %.0f Hz", c.values, rate, worst, at)
		}
	}
}

func TestHarmonicsAndDC(t *testing.T) {
	const rate, n = 48000, 4800
	for _, kind := range types {
		p := newTest(t, rate, param.Values{"type": kind, "drive": 6.0})
		x := sine(p, 1000, rate, 0.5, 5*rate, n)
		h2, h3 := db(level(x, 200)/level(x, 100)), db(level(x, 300)/level(x, 100))
		mean := 0.0
		for _, v := range x {
			mean += v / n
		}
		// After 5 s the tube's high-pass of 2 Hz has let the offset decay by 500 dB;
		// the others have none.
		if db(math.Abs(mean)) > -140 {
			t.Errorf("%s: offset %.1f dBFS", kind, db(math.Abs(mean)))
		}
		if biased(kind) != (h2 > -60) {
			t.Errorf("%s: second harmonic at %.1f dB", kind, h2)
		}
		if kind != "hard" && h3 < -60 {
			t.Errorf("%s: third harmonic at %.1f dB", kind, h3)
		}
		t.Logf("%s: h2 %.1f dB, h3 %.1f dB, offset %.0f dBFS", kind, h2, h3, db(math.Abs(mean)))
	}
}

// A sine that is clipped at a level c has the harmonics of the clipped curve,
// here summed over a fine grid. 0.01 dB is what the straight pieces between the
// samples lose.
func TestHardClipsToTheFormula(t *testing.T) {
	const rate, n = 48000, 4800
	for _, drive := range []float64{3, 12, 30} {
		gain := math.Pow(10, drive/20)
		ideal := make([]float64, 1<<16)
		for i := range ideal {
			ideal[i] = math.Max(-1, math.Min(gain*math.Sin(2*math.Pi*float64(i)/float64(len(ideal))), 1)) / gain
		}
		x := sine(newTest(t, rate, param.Values{"type": "hard", "drive": drive}), 1000, rate, 1, n, n)
		for _, h := range []int{1, 3, 5, 7} {
			got, want := db(level(x, 100*h)), db(level(ideal, h))
			if math.Abs(got-want) > 0.01 {
				t.Errorf("%v dB of drive: harmonic %d at %.3f dB, want %.3f", drive, h, got, want)
			}
		}
	}
}

// What stays below the limit passes bit for bit: at 1x, where there are no other
// filters, the output is the input, later.
func TestHardLeavesTheRestAlone(t *testing.T) {
	in := dsptest.Noise(4096, 0.79, "below the limit")
	p := newTest(t, 48000, param.Values{"type": "hard", "drive": 0.0, "oversample": 1.0})
	out := dsptest.Play(p, in)
	for i := range out.Len() - p.Latency() {
		if out[0][i+p.Latency()] != in[0][i] {
			t.Fatalf("frame %d: %v, want %v", i, out[0][i+p.Latency()], in[0][i])
		}
	}
}

// The bias decides how strong the even harmonics are, from none.
func TestBiasMakesEvenHarmonics(t *testing.T) {
	const rate, n = 48000, 4800
	last := -400.0
	for _, bias := range []float64{0, 10, 50, 100} {
		x := sine(newTest(t, rate, param.Values{"type": "asymmetric", "bias": bias}), 1000, rate, 0.1, 5*rate, n)
		// tanh at bias b is, after its slope is divided out, x - tanh(b)·g·x² + ...:
		// a sine of amplitude a has the second harmonic g·a·tanh(b)/2, within 2 % here.
		got := level(x, 200) / level(x, 100)
		want := math.Pow(10, 3./20) * 0.1 * math.Tanh(bias/100) / 2
		if math.Abs(got-want) > 0.02*want+1e-9 || db(got) < last {
			t.Errorf("bias %v%%: second harmonic %.5f, want %.5f", bias, got, want)
		}
		last = db(got)
	}
}

// Tape saturates treble first: the gain of a loud sine falls with frequency.
func TestTapeCompressesTreble(t *testing.T) {
	const rate, n = 48000, 4800
	gain := func(hz float64) float64 {
		return db(level(sine(newTest(t, rate, nil), hz, rate, 0.7, 24000, n), int(hz*n/rate)) / 0.7)
	}
	low, high := gain(200), gain(10000)
	if !(high < low-0.5) {
		t.Errorf("gain is %.2f dB at 200 Hz and %.2f dB at 10 kHz", low, high)
	}
	t.Logf("-3 dBFS at 3 dB of drive: %.2f dB at 200 Hz, %.2f dB at 10 kHz", low, high)
}

func TestLatencyIsWhereTheImpulseComes(t *testing.T) {
	for _, c := range []struct {
		kind       string
		oversample float64
	}{{"tanh", 1}, {"tanh", 2}, {"tanh", 4}, {"tanh", 8}, {"hard", 1}, {"hard", 2}, {"hard", 4}, {"hard", 8}} {
		p := newTest(t, 48000, param.Values{"type": c.kind, "oversample": c.oversample})
		b := dsp.NewBlock(512)
		b[0][0] = 1e-3
		p.Process(b)
		peak := 0
		for i, v := range b[0] {
			if math.Abs(v) > math.Abs(b[0][peak]) {
				peak = i
			}
		}
		if peak != p.Latency() {
			t.Errorf("%s at %vx: impulse comes at %d, latency says %d", c.kind, c.oversample, peak, p.Latency())
		}
	}
}

// A drive that jumps while a constant passes may not step faster than its glide:
// the factor 10^(36/20) is covered in steps of at most 1/240 of the way.
func TestDriveMovesWithoutAClick(t *testing.T) {
	p := newTest(t, 48000, param.Values{"type": "tanh", "drive": 0.0}).(dsp.Tunable)
	b := dsp.NewBlock(8 * dsp.MaxBlock)
	for i := range b[0] {
		b[0][i] = 0.1
	}
	for k := range 8 {
		if k == 2 {
			p.Tune("drive")(12)
		}
		p.Process(b.Cut(k*dsp.MaxBlock, (k+1)*dsp.MaxBlock))
	}
	start, end := b[0][2*dsp.MaxBlock-1], b[0][8*dsp.MaxBlock-1]
	if want := math.Tanh(0.1*math.Pow(10, 0.6)) / math.Pow(10, 0.6); math.Abs(end-want) > 1e-6 {
		t.Errorf("ends at %v, want %v", end, want)
	}
	for i := 2 * dsp.MaxBlock; i < b.Len(); i++ {
		if step := math.Abs(b[0][i] - b[0][i-1]); step > math.Abs(end-start)/50 {
			t.Fatalf("step of %g at frame %d on a way of %g", step, i, end-start)
		}
	}
}

func TestCheck(t *testing.T) {
	v := param.Defaults(saturatorKind.Params)
	if p := saturatorKind.Check(v); p != nil {
		t.Errorf("defaults have problems: %v", p)
	}
	if p := saturatorKind.Check(v.With(param.Values{"oversample": 3.0})); len(p) != 1 || p[0].Path != "oversample" {
		t.Errorf("3x oversampling: %v", p)
	}
}

func BenchmarkSaturator(b *testing.B) {
	for _, kind := range types {
		for _, oversample := range []float64{1, 4, 8} {
			name := map[float64]string{1: "1x", 4: "4x", 8: "8x"}[oversample]
			b.Run(kind+"/"+name, func(b *testing.B) {
				p := newTest(b, 48000, param.Values{"type": kind, "oversample": oversample})
				blk := dsp.NewBlock(dsp.MaxBlock)
				for i := range blk[0] {
					blk[0][i], blk[1][i] = math.Sin(float64(i)), math.Cos(float64(i))
				}
				for range b.N {
					p.Process(blk)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dsp.MaxBlock, "ns/frame")
			})
		}
	}
}
