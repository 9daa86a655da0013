package dyn

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
	"pgregory.net/rapid"
)

// The limiter keeps the promises of a processor, though it is no kind.
func TestKindLimiter(t *testing.T) {
	for _, style := range Styles() {
		kind := dsp.Kind{
			Kind: param.Kind{Name: "limiter", Version: 1, Doc: "holds the true peak below a quarter"},
			New: func(a dsp.Args) (dsp.Processor, error) {
				return NewLimiter(styled(style, a.Rate, 0.25)), nil
			},
		}
		t.Run(style.Name, func(t *testing.T) {
			dsptest.Run(t, kind,
				dsptest.Case{Name: "44.1 kHz", Rate: 44100, Golden: limiterGolden[style.Name][0]},
				dsptest.Case{Name: "96 kHz", Rate: 96000, Golden: limiterGolden[style.Name][1]},
			)
		})
	}
}

var limiterGolden = map[string][2]string{
	"transparent": {"985442926b8c3425cb6953e618bd2019007ada6dd1dd297776f8dd265dfa493c", "01aa5a104aeae0a5a9169be4f5a786af0a2f33c30f7abde8a87fc8da4e6e6f4e"},
	"punchy":      {"e4a9681c337cf0bafc4cf625c056faf01f67e7bc0b9ab165da22d181b247021a", "f4dc75910df38278946be850f5fd2543c5be0699fcbdc1614917fe5abf616d98"},
	"loud":        {"ae9d790e255a87cfc3cdf7f5aafa43cc943161ede7e969a4eb69f7ed9448af36", "1caafe34c31424fd0458fb3a3b37debf37822ec0707c55c93fb73584c843ae28"},
}

// styled is a style as it is meant.
func styled(style Style, rate int, ceiling float64) LimiterSettings {
	return LimiterSettings{GainSettings: GainSettings{Rate: rate, Ceiling: ceiling, Style: style}, Unlink: style.Unlink}
}

// referencePeak is an independent true-peak meter: 32 positions between every two
// frames, each a plain sum over 256 frames, with a window so narrow that it sees
// nearly to half the rate.
type referencePeak [33][256]float64

func newReferencePeak() *referencePeak {
	var r referencePeak
	for p := range r {
		sum := 0.0
		for k := range r[p] {
			d := float64(k-127) - float64(p)/32
			s := 1.0
			if d != 0 {
				s = math.Sin(math.Pi*d) / (math.Pi * d)
			}
			r[p][k] = s * math.Cos(math.Pi*d/258)
			sum += r[p][k]
		}
		for k := range r[p] {
			r[p][k] /= sum
		}
	}
	return &r
}

// of returns the true peak of x and the frame before it, if it is above least.
func (r *referencePeak) of(x []float64, least float64) (peak float64, place int) {
	padded := make([]float64, len(x)+256)
	copy(padded[127:], x)
	at := func(i, p int) float64 {
		sum := 0.0
		for k, v := range padded[i : i+256] {
			sum += r[p][k] * v
		}
		return math.Abs(sum)
	}
	peak = least
	for i := range x {
		coarse := 0.0
		for p := 0; p < 32; p += 4 {
			coarse = max(coarse, at(i, p))
		}
		if coarse < 0.97*peak { // between eight positions a wave rises by 2 % at most
			continue
		}
		for p := range r {
			if v := at(i, p); v > peak {
				peak, place = v, i
			}
		}
	}
	return peak, place
}

// bandlimit takes away what lies above 0.45 of the rate, as every resampler does.
func bandlimit(x []float64) {
	var h [161]float64
	for k := range h {
		d := float64(k - 80)
		h[k] = 0.9
		if d != 0 {
			h[k] = math.Sin(0.9*math.Pi*d) / (math.Pi * d)
		}
		h[k] *= 0.42 + 0.5*math.Cos(math.Pi*d/81) + 0.08*math.Cos(2*math.Pi*d/81)
	}
	for i := len(x) - 1; i >= 0; i-- {
		sum := 0.0
		for k, w := range h[:min(len(h), i+1)] {
			sum += w * x[i-k]
		}
		x[i] = sum
	}
}

// fade takes the hard edges off, which are no property of a limiter.
func fade(x []float64) {
	const length = 100
	for i := range length {
		g := 0.5 - 0.5*math.Cos(math.Pi*float64(i)/length)
		x[i] *= g
		x[len(x)-1-i] *= g
	}
}

// nasty are signals that limiters fail on. Each gives left and right of a frame.
var nasty = []struct {
	name string
	at   func(i int, rate float64, n *noise) (l, r float64)
}{
	{"noise", func(i int, rate float64, n *noise) (float64, float64) { return 1.5 * n.next(), 1.5 * n.next() }},
	{"noise bursts", func(i int, rate float64, n *noise) (float64, float64) {
		g := 2 * expDecay(i%2000, 200)
		return g * n.next(), g * n.next()
	}},
	{"square, 97 Hz", func(i int, rate float64, n *noise) (float64, float64) {
		v := math.Copysign(1.4, sine(i, 97, rate))
		return v, -v
	}},
	{"square, 3 kHz", func(i int, rate float64, n *noise) (float64, float64) {
		v := math.Copysign(1.4, sine(i, 3001, rate))
		return v, 0.5 * v
	}},
	{"bursts at a quarter of the rate", func(i int, rate float64, n *noise) (float64, float64) {
		if i/700%3 != 0 {
			return 0, 0
		}
		return 1.6 * math.Sin(math.Pi/2*float64(i)+math.Pi/4), 0
	}},
	{"clicks", func(i int, rate float64, n *noise) (float64, float64) {
		switch i % 1777 {
		case 200:
			return 1.9, 0
		case 203:
			return 0, -1.7
		case 900, 901:
			return 1.5, 1.5
		}
		return 0, 0
	}},
	{"sine at 0.4 of the rate", func(i int, rate float64, n *noise) (float64, float64) {
		return 1.3 * sine(i, 0.4, 1), 1.3 * math.Sin(2*math.Pi*0.4*float64(i)+0.31)
	}},
	{"sine at 0.4011 of the rate", func(i int, rate float64, n *noise) (float64, float64) {
		v := 1.3 * sine(i, 0.4011, 1)
		return v, v
	}},
	{"sine, 50 Hz", func(i int, rate float64, n *noise) (float64, float64) {
		v := 1.6 * sine(i, 50, rate)
		return v, v
	}},
	{"two tones", func(i int, rate float64, n *noise) (float64, float64) {
		return 0.8*sine(i, 5003, rate) + 0.8*sine(i, 60, rate), 0.9*sine(i, 17011, rate) + 0.7*sine(i, 250, rate)
	}},
}

// The output's true peak by an independent meter is at most 0.05 dB over the
// ceiling, whatever the style and the link. Sound is band-limited as it is in music;
// where hard digital edges fill the band to the brim (squares, clicks) it is still so.
func TestLimiterTruePeak(t *testing.T) {
	const ceiling, frames = 0.8, 5000
	meter := newReferencePeak()
	check := func(set LimiterSettings, name string, in dsp.Block) {
		out := limit(set, in)
		for ch := range out {
			peak, place := meter.of(out[ch], 0.9*ceiling)
			if db(peak/ceiling) > 0.05 {
				t.Errorf("%s, unlinked %g, %d Hz, %s, channel %d: %.3f dB over the ceiling at frame %d", set.Style.Name, set.Unlink, set.Rate, name, ch, db(peak/ceiling), place)
			}
		}
	}
	for _, rate := range []int{44100, 96000} {
		for k, signal := range nasty {
			in := dsp.NewBlock(frames)
			n := newNoise(3)
			for i := range frames {
				in[0][i], in[1][i] = signal.at(i, float64(rate), n)
			}
			for ch := range in {
				if signal.name[:5] == "noise" {
					bandlimit(in[ch])
				}
				fade(in[ch])
			}
			check(styled(Transparent, rate, ceiling), signal.name, in)
			if rate == 44100 || k%3 == 0 { // above 50 kHz nothing differs but the scanner
				for _, style := range []Style{Punchy, Loud} {
					check(styled(style, rate, ceiling), signal.name, in)
				}
				apart := styled(Transparent, rate, ceiling)
				apart.Unlink = 1
				check(apart, signal.name, in)
			}
		}
	}
}

// limit sends sound through a limiter and takes the latency off.
func limit(set LimiterSettings, in dsp.Block) dsp.Block {
	l := NewLimiter(set)
	out := dsptest.Play(l, join(in, dsp.NewBlock(l.Latency())))
	return out.Cut(l.Latency(), out.Len())
}

// drawLimiter draws settings for a ceiling.
func drawLimiter(t *rapid.T, ceiling float64) LimiterSettings {
	set := styled(rapid.SampledFrom(Styles()).Draw(t, "style"), 44100, ceiling)
	set.Unlink = rapid.SampledFrom([]float64{0, 0.3, 0.5, 1}).Draw(t, "unlink")
	set.LookAhead = rapid.SampledFrom([]float64{0, 0.1, 1, 10}).Draw(t, "look-ahead")
	set.Release = rapid.SampledFrom([]float64{0, 1, 50, 2000}).Draw(t, "release")
	return set
}

// Whatever comes in, no sample comes out above the ceiling, beyond rounding.
func TestLimiterSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const ceiling = 0.3
		in := drawSound(t, 2000)
		for ch, x := range limit(drawLimiter(t, ceiling), in) {
			for i, v := range x {
				if math.Abs(v) > ceiling*(1+1e-15) || math.Abs(v) > math.Abs(in[ch][i]) {
					t.Fatalf("channel %d, frame %d: %v becomes %v", ch, i, in[ch][i], v)
				}
			}
		}
	})
}

// What the link does: at 0 both sides get one gain; at 1 each is what it would be
// alone; and between the two the quiet side gives up a part of what the loud one does.
func TestLimiterLink(t *testing.T) {
	const ceiling = 0.5
	rapid.Check(t, func(t *rapid.T) {
		set := drawLimiter(t, ceiling)
		left := 0.5 * math.Pow(10, rapid.Float64Range(0, 12).Draw(t, "left")/20)
		right := 0.5 * math.Pow(10, rapid.Float64Range(-12, 12).Draw(t, "right")/20)
		in := dsptest.Sine(14000, 44100, 1000, 1)
		for i := range in[0] {
			in[0][i] *= left
			in[1][i] *= right
		}
		out := limit(set, in)
		own := [2]float64{max(0, 1-ceiling/left), max(0, 1-ceiling/right)}
		both := max(own[0], own[1])
		for ch, level := range []float64{left, right} {
			want := level * (1 - both + set.Unlink*(both-own[ch]))
			got, _ := dsptest.Peak(dsp.Block{out[ch][7000:], out[ch][7000:]})
			// The scanner's interpolation is within 0.02 dB.
			if math.Abs(db(got/want)) > 0.02 {
				t.Fatalf("channel %d: %g beside %g comes out at %.4f, want %.4f", ch, level, left+right-level, got, want)
			}
		}
	})
}

// What stays below the ceiling comes out as it went in, bit for bit, and silence
// is silence.
func TestLimiterTransparent(t *testing.T) {
	for name, in := range map[string]dsp.Block{
		"music":   dsptest.Signal(30000, 44100, "limiter"),
		"silence": dsp.NewBlock(3000),
	} {
		peak, _ := dsptest.Peak(in)
		out := limit(LimiterSettings{GainSettings: GainSettings{Rate: 44100, Ceiling: 1.5*peak + 0.1}}, in)
		for ch := range in {
			for i, v := range in[ch] {
				if math.Float64bits(out[ch][i]) != math.Float64bits(v) {
					t.Fatalf("%s: channel %d, frame %d: %v becomes %v", name, ch, i, v, out[ch][i])
				}
			}
		}
	}
}

// A steady tone 3 dB over is lowered, and otherwise left as it is: the gain does
// not follow the wave.
func TestLimiterDistortion(t *testing.T) {
	for _, c := range []struct{ hz, most float64 }{{50, 1e-4}, {1000, 1e-6}} {
		in := dsptest.Sine(3*rate, rate, c.hz, 0.5*math.Pow(10, 3.0/20))
		out := limit(styled(Transparent, rate, 0.5), in)
		amplitude, thd := harmonics(out[0][2*rate:], c.hz, rate, 40)
		t.Logf("%g Hz, 3 dB over: %.3f dB against the ceiling, THD %.5f %%", c.hz, db(amplitude/0.5), 100*thd)
		if thd > c.most {
			t.Errorf("%g Hz: THD is %.4f %%, want at most %g %%", c.hz, 100*thd, 100*c.most)
		}
		if math.Abs(db(amplitude/0.5)) > 0.02 {
			t.Errorf("%g Hz: comes out %.3f dB from the ceiling", c.hz, db(amplitude/0.5))
		}
	}
}
