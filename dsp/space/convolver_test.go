package space

import (
	"math"
	"slices"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/conv"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// responses returns channels of noise that die away by 60 dB over n samples.
func responses(channels, n int) [][]float64 {
	var out [][]float64
	for _, key := range []string{"a", "b", "c", "d"}[:channels] {
		x := dsptest.Noise(n, 0.5, "response "+key)[0]
		for i := range x {
			x[i] *= xmath.Gain(-60 * float64(i) / float64(n))
		}
		out = append(out, x)
	}
	return out
}

func TestKindConvolver(t *testing.T) {
	skip := map[string]string{"latency": "the response is noise"}
	files := func(channels, n int) map[string][][]float64 {
		return map[string][][]float64{"ir": responses(channels, n)}
	}
	dsptest.Run(t, convolverKind,
		dsptest.Case{Name: "stereo", Golden: "54c6e5e2a4bbd1de2208ce8a33a16d09faf3cae8f72c895cae617d0058053f47", Skip: skip, Files: files(2, 3000), Values: param.Values{"ir": "x.wav"}},
		dsptest.Case{
			Name: "mono", Golden: "546ae5d774ee62d881020243e0d922c19e3ee63756bf55db4722ff4e479d3549", Skip: skip, Files: files(1, 50), Rate: 44100,
			Values: param.Values{"ir": "x.wav", "normalize": "none", "predelay": 7.0, "gain": -3.0, "width": 60.0},
		},
		dsptest.Case{
			Name: "true stereo", Golden: "a6b34a38104b4e1118700fb998788335eb4c860597462e6c0cb005dfd730591b", Skip: skip, Files: files(4, 5000),
			Values: param.Values{"ir": "x.wav", "length": 0.08, "reverse": true, "lowcut": 200.0, "highcut": 7000.0},
		},
	)
}

func convolverOf(t testing.TB, ir [][]float64, v param.Values) dsp.Processor {
	t.Helper()
	values := param.Defaults(convolverKind.Params).With(param.Values{"ir": "x.wav"}).With(v)
	p, err := convolverKind.New(dsp.Args{Rate: 48000, Values: values, Files: map[string][][]float64{"ir": ir}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sum is the convolution by definition, added to y.
func addSum(y, h, x []float64) {
	for n := range y {
		for k := 0; k < len(h) && k <= n; k++ {
			y[n] += h[k] * x[n-k]
		}
	}
}

// The output is the convolution sum, late by latency and predelay, within 1e-12: the
// rounding of a transform, of sums of up to 100.
func TestConvolverIsTheConvolution(t *testing.T) {
	in := dsptest.Noise(6000, 0.5, "convolver")
	for _, c := range []struct{ channels, taps int }{{1, 40}, {1, 700}, {2, 64}, {2, 3000}, {4, 64}, {4, 2500}} {
		ir := responses(c.channels, c.taps)
		p := convolverOf(t, ir, param.Values{"normalize": "none", "predelay": 10.0, "gain": -6.0})
		out := dsptest.Play(p, in)
		want := dsp.NewBlock(in.Len())
		switch c.channels {
		case 1:
			addSum(want[0], ir[0], in[0])
			addSum(want[1], ir[0], in[1])
		case 2:
			addSum(want[0], ir[0], in[0])
			addSum(want[1], ir[1], in[1])
		case 4:
			addSum(want[0], ir[0], in[0])
			addSum(want[1], ir[1], in[0])
			addSum(want[0], ir[2], in[1])
			addSum(want[1], ir[3], in[1])
		}
		late, gain := p.Latency()+480, math.Pow(10, -6.0/20)
		for ch := range out {
			for i, got := range out[ch] {
				w := 0.0
				if i >= late {
					w = gain * want[ch][i-late]
				}
				if !(math.Abs(got-w) <= 1e-12) {
					t.Fatalf("%d channels, %d taps: channel %d, frame %d is %v, want %v", c.channels, c.taps, ch, i, got, w)
				}
			}
		}
	}
}

// White noise in both inputs comes out 3 dB lower, like the reverb's, whatever the
// level of the response and however many channels it has.
func TestConvolverLevel(t *testing.T) {
	in := dsptest.Noise(48000, 1, "level")
	for _, channels := range []int{1, 2, 4} {
		ir := responses(channels, 4000)
		for _, x := range ir {
			for i := range x {
				x[i] *= 100
			}
		}
		keep := slices.Clone(ir[0])
		out := dsptest.Play(convolverOf(t, ir, nil), in)
		got := toDB((power(out[0][8000:]) + power(out[1][8000:])) / (power(in[0]) + power(in[1])))
		if math.Abs(got+3) > 0.3 { // a second of noise is known to 0.1 dB
			t.Errorf("%d channels: %.2f dB, want -3", channels, got)
		}
		if !slices.Equal(keep, ir[0]) {
			t.Error("the file's samples have been changed")
		}
	}
}

func TestConvolverShapesTheResponse(t *testing.T) {
	ones := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = 1
		}
		return x
	}
	v := param.Values{"length": 0.001, "normalize": "none"} // 48 samples, the last 10 faded
	got := shaped([][]float64{ones(1000)}, v, 48000)[0]
	if len(got) != 48 || got[37] != 1 || !(got[38] < 1) || !(got[47] > 0 && got[47] < 0.03) || !slices.IsSortedFunc(got, func(a, b float64) int { return int(math.Copysign(1, b-a)) }) {
		t.Errorf("shortened: %v", got)
	}
	if got := shaped([][]float64{ones(48)}, v, 48000)[0]; !slices.Equal(got, ones(48)) {
		t.Errorf("a response of that length is not kept as it is: %v", got)
	}
	if got := shaped([][]float64{{1, 2, 3}}, param.Values{"reverse": true}, 48000)[0]; !slices.Equal(got, []float64{3, 2, 1}) {
		t.Errorf("reversed: %v", got)
	}
	if got := shaped([][]float64{{0, 0}}, param.Values{"normalize": "energy"}, 48000)[0]; !slices.Equal(got, []float64{0, 0}) {
		t.Errorf("silence: %v", got)
	}
}

func TestConvolverRefusesOtherChannels(t *testing.T) {
	for _, n := range []int{0, 3, 5} {
		if _, err := convolverKind.New(dsp.Args{Rate: 48000, Files: map[string][][]float64{"ir": make([][]float64, n)}}); err == nil {
			t.Errorf("%d channels are taken", n)
		}
	}
}

// Mixed with the dry sound, a response that is one impulse nulls against it: the
// latency is what it says.
func TestConvolverAlignsWithDry(t *testing.T) {
	one := make([]float64, 3000)
	one[0] = -1
	chain := dsp.NewChain(dsp.NewSlot("", convolverOf(t, [][]float64{one}, param.Values{"normalize": "none"}), 50))
	out := dsptest.Play(chain, dsptest.Noise(20000, 1, "null"))
	if peak, _ := dsptest.Peak(out); peak > 1e-14 {
		t.Errorf("%g is left", peak)
	}
}

var _ dsp.Processor = (*conv.TrueStereo)(nil)

func BenchmarkConvolver(b *testing.B) {
	for name, ir := range map[string][][]float64{"stereo 2s": responses(2, 96000), "true stereo 2s": responses(4, 96000)} {
		b.Run(name, func(b *testing.B) {
			p := convolverOf(b, ir, nil)
			blk := dsp.NewBlock(dsp.MaxBlock)
			frames := 0
			for b.Loop() {
				for range p.Latency() / dsp.MaxBlock { // whole partitions
					p.Process(blk)
					frames += blk.Len()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/frame")
		})
	}
}
