package colour

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

func build(t testing.TB, kind dsp.Kind, rate int, v param.Values) dsp.Processor {
	t.Helper()
	p, err := kind.New(dsp.Args{Rate: rate, Seed: 1, Values: param.Defaults(kind.Params).With(v)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestKindExciter(t *testing.T) {
	dsptest.Run(t, exciterKind,
		dsptest.Case{Name: "defaults", Golden: "7776f160f71e6709326c90e6a811e3f7b996f06cf6190d040c054577e84c70ea"},
		dsptest.Case{Name: "even", Values: param.Values{"even": 100.0, "amount": 100.0, "freq": 6000.0, "drive": 18.0}, Rate: 44100, Golden: "c12f411de79b7fd276bb2307494680301db43ef1ac8d5a7758fbe3bfb2fb2d48"},
		dsptest.Case{Name: "odd", Values: param.Values{"even": 0.0, "oversample": 8.0, "freq": 500.0}, Rate: 96000, Golden: "e266870f0025f4d3d4333586cbcb9c7b7320afdbce71f8008716357b99dd9f14"},
		dsptest.Case{Name: "1x", Values: param.Values{"oversample": 1.0}, Golden: "7d01ee78ec178885758c3d188b938a550e26a67eed2acda6e7d863ff130c36f5"},
	)
}

// The harmonics of a sine are the Fourier series of the curve at the level that
// the first high-pass leaves, through the second one. 0.02 dB is for the
// oversampling filters (0.001 dB) and the aliases of the strongest drive.
func TestExciterHarmonics(t *testing.T) {
	const rate, n, hz = 48000, 4800, 3000
	for _, c := range []struct{ drive, even, amount, amplitude float64 }{
		{6, 50, 50, 0.5}, {12, 0, 100, 0.25}, {12, 100, 100, 0.25}, {0, 30, 80, 1},
	} {
		v := param.Values{"drive": c.drive, "even": c.even, "amount": c.amount, "freq": 2000.0}
		x := sine(build(t, exciterKind, rate, v), hz, rate, c.amplitude, rate, n)
		high := filter.BilinearHighPass(2000, filter.ButterworthQ, rate)
		treble := c.amplitude * high.Magnitude(hz, rate)
		g, even := math.Pow(10, c.drive/20), c.even/100
		curve := make([]float64, 1<<12)
		for i := range curve {
			u := g * treble * math.Sin(2*math.Pi*float64(i)/float64(len(curve)))
			curve[i] = ((1-even)*(u-math.Tanh(u)) + even*u*math.Tanh(u)) / g
		}
		for _, h := range []int{2, 3, 4, 5, 6} {
			want := db(c.amount / 100 * level(curve, h) * high.Magnitude(float64(h*hz), rate))
			got := db(level(x, h*hz*n/rate))
			if want < -120 && got < -120 {
				continue // odd alone has no even ones, and the other way round
			}
			if math.Abs(got-want) > 0.02 {
				t.Errorf("%+v: harmonic %d at %.3f dBFS, want %.3f", c, h, got, want)
			}
		}
	}
}

// Bass is left alone: a sine far below the frequency comes out as it went in, and
// bending two trebles leaves little at their difference.
func TestExciterLeavesTheBassAlone(t *testing.T) {
	const rate, n = 48000, 4800
	x := sine(build(t, exciterKind, rate, param.Values{"amount": 100.0, "drive": 0.0}), 100, rate, 0.5, rate, n)
	for h := 2; h <= 20; h++ {
		if l := db(level(x, 10*h)); l > -120 {
			t.Errorf("100 Hz: harmonic %d at %.1f dBFS", h, l)
		}
	}
	if got := db(level(x, 10) / 0.5); math.Abs(got) > 1e-3 {
		t.Errorf("100 Hz is changed by %.4f dB", got)
	}
}

func TestExciterWithoutAmountIsADelay(t *testing.T) {
	in := dsptest.Noise(4096, 1, "exciter")
	p := build(t, exciterKind, 48000, param.Values{"amount": 0.0})
	out := dsptest.Play(p, in)
	for i := range out.Len() - p.Latency() {
		if out[0][i+p.Latency()] != in[0][i] {
			t.Fatalf("frame %d: %v, want %v", i, out[0][i+p.Latency()], in[0][i])
		}
	}
}

func TestExciterAliases(t *testing.T) {
	for _, c := range []struct {
		values param.Values
		limit  float64
	}{
		{param.Values{}, -90},
		{param.Values{"even": 0.0}, -90},
		{param.Values{"even": 100.0}, -90},
		{param.Values{"drive": 12.0, "oversample": 8.0}, -80}, // a figure to keep, not a promise
	} {
		for _, rate := range []float64{44100, 48000} {
			v := c.values.With(param.Values{"type": "tube"}) // its offset takes as long to go
			worst, at := aliases(build(t, exciterKind, int(rate), c.values), v, rate)
			if worst > c.limit {
				t.Errorf("%v at %v Hz: alias of %.1f dBFS at %.0f Hz, want below %v", c.values, rate, worst, at, c.limit)
			}
			t.Logf("%v at %v Hz: %.1f dBFS at %.0f Hz", c.values, rate, worst, at)
		}
	}
}

func benchmark(b *testing.B, p dsp.Processor) {
	in := dsptest.Noise(dsp.MaxBlock, 0.5, "benchmark")
	blk := dsp.NewBlock(dsp.MaxBlock)
	for range b.N {
		copy(blk[0], in[0])
		copy(blk[1], in[1])
		p.Process(blk)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dsp.MaxBlock, "ns/frame")
}

func BenchmarkExciter(b *testing.B) { benchmark(b, build(b, exciterKind, 48000, nil)) }
