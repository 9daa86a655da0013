package colour

import (
	"fmt"
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

func TestKindCrusher(t *testing.T) {
	skip := map[string]string{"latency": "an impulse between two frames that are taken is lost"}
	dsptest.Run(t, crusherKind,
		dsptest.Case{Name: "defaults", Golden: "4f9c5a72330331ef4bce44379c1f47c4d8fca338a5319726e36987c4ea32482a"},
		dsptest.Case{Name: "sampler", Values: param.Values{"bits": 8.0, "rate": 22050.0, "dither": "tpdf", "filter": true}, Skip: skip, Golden: "fc5454b793d2a0f597fa59f90a2e68f97fe54b0440da6066ccf903bbc84ca6ff"},
		dsptest.Case{Name: "toy", Values: param.Values{"bits": 3.5, "rate": 5512.5}, Skip: skip, Rate: 44100, Golden: "9929f86dd65b16f51cf6ccb3a2bc523590ce46cee2e24d87aba7c4c5e580b292"},
		dsptest.Case{Name: "no bits", Values: param.Values{"bits": 1.0, "dither": "tpdf", "rate": 100.0, "filter": true}, Skip: skip, Rate: 96000, Golden: "80b9725a9edf301abf9637de5b63e354be63eff3a2485bc2bd2160167ed088e1"},
		dsptest.Case{Name: "rate above the session's", Values: param.Values{"bits": 24.0, "rate": 192000.0, "filter": true}, Golden: "e66bb66d91f0c1c09001187d96cedb5d31c410f0684ab73f60d97496c939a3ce"},
	)
}

// Every sample is the input of the frame at which the held one was taken, on the
// nearest step, exactly.
func TestCrusherSteps(t *testing.T) {
	const session = 48000
	in := dsptest.Noise(9600, 1.1, "crusher")
	for _, bits := range []float64{1, 4, 8, 16, 24} {
		for _, rate := range []float64{100, 8000, 11025, 44100, 47999, 48000, 96000} {
			out := dsptest.Play(build(t, crusherKind, session, param.Values{"bits": bits, "rate": rate}), in)
			step := math.Ldexp(1, 1-int(bits))
			for i := range out.Len() {
				k := math.Floor(float64(i) * math.Min(rate, session) / session) // samples taken before this one
				taken := int(math.Ceil(k * session / math.Min(rate, session)))
				for ch := range out {
					want := math.Max(-1, math.Min(math.RoundToEven(in[ch][taken]/step)*step, 1))
					if out[ch][i] != want {
						t.Fatalf("%v bit, %v Hz, frame %d: %v, want %v (of frame %d)", bits, rate, i, out[ch][i], want, taken)
					}
				}
			}
		}
	}
}

// With triangular dither of 2 steps the error has the mean 0 and the power
// (1/12 + 1/6) step², whatever the sound: here a constant between two steps. Of
// 96000 samples the mean is uncertain by 0.0016 steps (so 5 times that) and the
// power by 1 % (so 3 %).
func TestCrusherDither(t *testing.T) {
	const n = 96000
	step := math.Ldexp(1, -7)
	for _, at := range []float64{0.1, 0.25, 0.5} {
		in := dsp.NewBlock(n)
		for i := range n {
			in[0][i], in[1][i] = (10+at)*step, -(10+at)*step
		}
		out := dsptest.Play(build(t, crusherKind, 48000, param.Values{"bits": 8.0, "dither": "tpdf"}), in)
		for ch := range out {
			mean, power := 0.0, 0.0
			for i, x := range out[ch] {
				e := (x - in[ch][i]) / step
				mean += e / n
				power += e * e / n
			}
			if math.Abs(mean) > 0.008 || math.Abs(power*4-1) > 0.03 {
				t.Errorf("channel %d, %v of a step: error has mean %.4f and power %.4f steps", ch, at, mean, power)
			}
		}
	}
}

// The channels' noise is independent, and another key has another noise.
func TestCrusherDitherIsKeyed(t *testing.T) {
	v := param.Defaults(crusherKind.Params).With(param.Values{"bits": 4.0, "dither": "tpdf"})
	in := dsp.NewBlock(1000)
	for i := range 1000 {
		in[0][i], in[1][i] = 0.3, 0.3
	}
	play := func(key uint64) dsp.Block {
		p, err := crusherKind.New(dsp.Args{Rate: 48000, Seed: key, Values: v})
		if err != nil {
			t.Fatal(err)
		}
		return dsptest.Play(p, in)
	}
	a, b := play(1), play(2)
	if dsptest.Hash(a) == dsptest.Hash(b) {
		t.Error("keys 1 and 2 have the same noise")
	}
	same := 0
	for i := range 1000 {
		if a[0][i] == a[1][i] {
			same++
		}
	}
	if same > 700 { // of 3 or 4 steps each takes about half
		t.Errorf("left and right are the same in %d of 1000 frames", same)
	}
}

// The filter is an eighth-order Butterworth low-pass at 45 % of the rate.
func TestCrusherFilter(t *testing.T) {
	const session, n = 48000, 4800
	for _, hz := range []float64{1000, 3000, 3600, 5000} {
		v := param.Values{"bits": 24.0, "rate": 8000.0, "filter": true}
		c := build(t, crusherKind, session, v).(*crusher)
		b := dsp.NewBlock(4 * n)
		for i := range b[0] {
			b[0][i] = math.Sin(2 * math.Pi * hz / session * float64(i))
		}
		c.filter.Process(b)
		got := db(level(b[0][3*n:], int(hz*n/session)))
		want := -10 * math.Log10(1+math.Pow(hz/3600, 16))
		if math.Abs(got-want) > 0.05 { // what the matched design promises below 20 kHz
			t.Errorf("%v Hz: %.3f dB, want %.3f", hz, got, want)
		}
	}
	if filter.ButterworthQ != math.Sqrt2/2 {
		t.Error("the Q is not Butterworth's")
	}
}

func TestCrusherCheck(t *testing.T) {
	v := param.Defaults(crusherKind.Params)
	if p := crusherKind.Check(v); p != nil {
		t.Errorf("defaults have problems: %v", p)
	}
	if p := crusherKind.Check(v.With(param.Values{"filter": true})); len(p) != 1 || p[0].Path != "filter" {
		t.Errorf("filter without rate: %v", p)
	}
}

func BenchmarkCrusher(b *testing.B) {
	for _, v := range []param.Values{{}, {"rate": 8000.0, "filter": true, "dither": "tpdf"}} {
		b.Run(fmt.Sprint(len(v)), func(b *testing.B) { benchmark(b, build(b, crusherKind, 48000, v)) })
	}
}
