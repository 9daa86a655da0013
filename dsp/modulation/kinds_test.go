package modulation

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
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

// late is why chorus has no impulse at its latency.
var late = map[string]string{"latency": "the voices are late on purpose"}

func TestKindChorus(t *testing.T) {
	dsptest.Run(t, chorusKind,
		dsptest.Case{Name: "defaults", Golden: "e08348b6c29ff8a5f0f78ac4487821fdbebbb109b6525502806ea55e76d2fccb", Skip: late},
		dsptest.Case{Name: "vibrato", Golden: "5e4896fb0d9e51864d17e8d2a7f5d4d6287bde4551909fb4e693111bf1ac4013", Skip: late, Rate: 44100, Values: param.Values{"voices": 1.0, "rate": 6.0, "delay": 1.0, "depth": 2.0, "spread": 0.0, "phase": 270.0}},
		dsptest.Case{Name: "eight", Golden: "ee35e35fe04f26191f1bb84a5b79f8bff6830a14a06278aec065fe535f50fa74", Skip: late, Rate: 96000, Values: param.Values{"voices": 8.0, "delay": 50.0, "depth": 20.0, "spread": 70.0}},
	)
}

func TestKindFlanger(t *testing.T) {
	skip := map[string]string{"latency": "the peaks of the comb are louder than the impulse that begins it"}
	dsptest.Run(t, flangerKind,
		dsptest.Case{Name: "defaults", Golden: "ec6ac7eb43c8bedfec7133eeb6d352f3958022cb7798a8b50b16a81324013f59"},
		dsptest.Case{Name: "jet", Skip: skip, Golden: "a328471d64c1c89101842d4d887dfd4c17f2b1b63460f531c77948e28a4fb7c2", Rate: 44100, Values: param.Values{"delay": 0.2, "depth": 8.0, "feedback": 90.0, "rate": 2.0, "stereo_phase": 90.0}},
		dsptest.Case{Name: "negative", Skip: skip, Golden: "9671bed94729a3c02ca8b450c1acf9c4ac0df4c9d3c280371ba2eea949a5af2e", Values: param.Values{"feedback": -95.0, "invert": true, "phase": "auto", "depth": 1.0}},
		dsptest.Case{Name: "no feedback", Golden: "e9b3448e7933c25cc5c8b3448e94afb2f714f3bcb91f9a265538ff70173e2bab", Rate: 96000, Values: param.Values{"feedback": 0.0}},
	)
}

func TestKindPhaser(t *testing.T) {
	skip := map[string]string{"latency": "the all-passes ring louder than they begin"}
	dsptest.Run(t, phaserKind,
		dsptest.Case{Name: "defaults", Golden: "5151bfc45109723a8464befe6eb7be2d5b2e1035d917ba3527775e9133cd5d9a"},
		dsptest.Case{Name: "twelve", Skip: skip, Golden: "5d6d041ac788ac5b0eced688592c729e44235ff3f58408db3e743022f18d4fae", Rate: 44100, Values: param.Values{"stages": 12.0, "low": 60.0, "high": 8000.0, "feedback": 90.0, "rate": 4.0, "stereo_phase": 180.0}},
		dsptest.Case{Name: "two", Golden: "d5f6e4ea8c11a56f82ea0e351796c052d3fe8592bb7624b31464e274e819a890", Values: param.Values{"stages": 2.0, "feedback": -95.0, "phase": "auto", "low": 20.0}},
		dsptest.Case{Name: "no feedback", Golden: "1d40a1323b3f6aeb0614f89a3914de8d5490a3e5425e8ebd3319c041f591e770", Rate: 96000, Values: param.Values{"stages": 8.0, "feedback": 0.0, "low": 10000.0, "high": 10000.0}},
	)
}

func TestKindTremolo(t *testing.T) {
	dsptest.Run(t, tremoloKind,
		dsptest.Case{Name: "defaults", Golden: "6bdff7c5e4fcde116d1e7ff31cc372b458962b906e26adc1c2f2ac35c1b60643"},
		dsptest.Case{Name: "triangle", Golden: "1298c61954f29edf567414bb47f93d016c385fcc25de52f1725bbf0ee35f5061", Rate: 44100, Values: param.Values{"shape": "triangle", "rate": 40.0, "stereo_phase": 180.0, "depth": 80.0}},
		dsptest.Case{Name: "square", Skip: map[string]string{"latency": "the impulse falls where it is silent"}, Golden: "a04c5aefda7dfb792ddbc40113c898f97f5d35dc3c2f408f62b29614a375ec08", Values: param.Values{"shape": "square", "rate": 8.0, "depth": 100.0, "phase": "auto"}},
	)
}

func TestKindAutopan(t *testing.T) {
	dsptest.Run(t, autopanKind,
		dsptest.Case{Name: "defaults", Golden: "1b3739c3f142affea2a07a01a58b1c159974cf9279dd55d027628cebb5d49a77"},
		dsptest.Case{Name: "triangle", Golden: "fab98c46e182d63b06d1f52dc022d64d4949ae079d8b9d43d0182ff05e3af8e5", Rate: 44100, Values: param.Values{"shape": "triangle", "rate": 3.0, "depth": 60.0, "phase": 200.0}},
		dsptest.Case{Name: "square", Golden: "60b1a1856c928d74384481fd0f0c27ab544a4c28adcb0aa2888025ab57a049f2", Values: param.Values{"shape": "square", "rate": 0.01, "phase": 359.9}},
	)
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		kind   dsp.Kind
		values param.Values
		path   string
	}{
		{chorusKind, nil, ""}, {phaserKind, nil, ""},
		{chorusKind, param.Values{"voices": 2.5}, "voices"},
		{phaserKind, param.Values{"stages": 3.0}, "stages"},
		{phaserKind, param.Values{"low": 3000.0}, "low"},
	} {
		got := c.kind.Check(param.Defaults(c.kind.Params).With(c.values))
		if c.path == "" && got != nil || c.path != "" && (len(got) != 1 || got[0].Path != c.path) {
			t.Errorf("%s %v: %v, want a problem with %q", c.kind.Name, c.values, got, c.path)
		}
	}
}

// constant is what a processor makes of ones in both channels.
func constant(p dsp.Processor, n int) dsp.Block {
	in := dsp.NewBlock(n)
	for i := range in[0] {
		in[0][i], in[1][i] = 1, 1
	}
	return dsptest.Play(p, in)
}

// movement is the shapes' formula, from the frame and not from an oscillator.
func movement(shape string, cycles, hz float64) float64 {
	angle := math.Asin(math.Sin(2*math.Pi*math.Mod(cycles, 1))) / (math.Pi / 2) // triangle, -1..1
	switch shape {
	case triangle:
		return angle
	case square:
		return math.Sin(math.Pi / 2 * math.Max(-1, math.Min(angle/(2*hz*edgeTime), 1)))
	}
	return math.Sin(2 * math.Pi * math.Mod(cycles, 1))
}

// The gain at every frame is the formula's. 1e-9: Asin near ±1 loses half the
// digits in the test's own formula (1e-8 of the angle), where the sine is flat; the
// triangle's own limit is that.
func TestTremoloIsTheFormula(t *testing.T) {
	const rate, n = 48000, 48000
	for _, shape := range []string{sine, triangle, square} {
		limit := 1e-9
		if shape != sine {
			limit = 2e-8
		}
		for _, hz := range []float64{0.3, 5, 37} {
			v := param.Values{"shape": shape, "rate": hz, "depth": 70.0, "stereo_phase": 90.0, "phase": 30.0}
			out := constant(build(t, tremoloKind, rate, v), n)
			for i := range n {
				for ch := range out {
					cycles := hz*float64(i)/rate + 30./360 + 0.25*float64(ch)
					want := 1 - 0.7*(1-movement(shape, cycles, hz))/2
					if math.Abs(out[ch][i]-want) > limit {
						t.Fatalf("%s at %v Hz, channel %d, frame %d: %.12f, want %.12f", shape, hz, ch, i, out[ch][i], want)
					}
				}
			}
		}
	}
}

// The two gains are those of a pan pot at every frame, and their power is that of
// two untouched channels within 0.01 dB (measured: 1e-14).
func TestAutopanKeepsThePower(t *testing.T) {
	const rate, n, hz = 48000, 96000, 1.7
	for _, shape := range []string{sine, triangle, square} {
		for _, depth := range []float64{0, 40, 100} {
			out := constant(build(t, autopanKind, rate, param.Values{"shape": shape, "rate": hz, "depth": depth}), n)
			for i := range n {
				l, r := out[0][i], out[1][i]
				if power := 10 * math.Log10((l*l+r*r)/2); math.Abs(power) > 0.01 {
					t.Fatalf("%s, depth %v, frame %d: power is off by %.4f dB", shape, depth, i, power)
				}
				angle := (1 + depth/100*movement(shape, hz*float64(i)/rate, hz)) * math.Pi / 4
				if math.Abs(l-math.Sqrt2*math.Cos(angle)) > 2e-8 || math.Abs(r-math.Sqrt2*math.Sin(angle)) > 2e-8 {
					t.Fatalf("%s, depth %v, frame %d: gains %v and %v at %v", shape, depth, i, l, r, angle)
				}
			}
			if depth == 0 && (math.Abs(out[0][n-1]-1) > 1e-15 || math.Abs(out[1][n-1]-1) > 1e-15) {
				t.Errorf("depth 0 changes the level: %v %v", out[0][n-1], out[1][n-1])
			}
		}
	}
}

// A depth that jumps may not step faster than its glide of 5 ms.
func TestDepthMovesWithoutAClick(t *testing.T) {
	p := build(t, tremoloKind, 48000, param.Values{"rate": 0.01, "depth": 0.0, "phase": 270.0}).(dsp.Tunable)
	constant(p, 1000)
	p.Tune("depth")(100)
	out := constant(p, 4800)
	last := 1.0
	for i, x := range out[0] {
		if math.Abs(x-last) > 1./200 {
			t.Fatalf("step of %v at frame %d", x-last, i)
		}
		last = x
	}
	if last > 1e-3 {
		t.Errorf("ends at %v, want 0", last)
	}
}

func benchmark(b *testing.B, kind dsp.Kind, v param.Values) {
	p := build(b, kind, 48000, v)
	in, blk := dsptest.Noise(dsp.MaxBlock, 0.5, "benchmark"), dsp.NewBlock(dsp.MaxBlock)
	for range b.N {
		copy(blk[0], in[0])
		copy(blk[1], in[1])
		p.Process(blk)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dsp.MaxBlock, "ns/frame")
}

func BenchmarkChorus(b *testing.B)  { benchmark(b, chorusKind, nil) }
func BenchmarkFlanger(b *testing.B) { benchmark(b, flangerKind, nil) }
func BenchmarkPhaser(b *testing.B)  { benchmark(b, phaserKind, nil) }
func BenchmarkTremolo(b *testing.B) { benchmark(b, tremoloKind, nil) }
func BenchmarkAutopan(b *testing.B) { benchmark(b, autopanKind, nil) }
