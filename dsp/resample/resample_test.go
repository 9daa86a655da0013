package resample

import (
	"fmt"
	"math"
	"math/cmplx"

	"testing"

	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
)

// convert resamples a whole signal, in and out in blocks of the given length.
func convert(t testing.TB, from, to int, in dsp.Block, block int) dsp.Block {
	t.Helper()
	r, err := New(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return run(r, in, func() int { return block }, func() int { return block })
}

func run(r *Resampler, in dsp.Block, inLen, outLen func() int) dsp.Block {
	total := int(r.OutFrames(int64(in.Len())))
	out, made := dsp.NewBlock(total+1), 0 // one more than may come
	for in.Len() > 0 {
		n := min(inLen(), in.Len())
		used, got := r.Process(in.Cut(0, n), out.Cut(made, min(made+outLen(), out.Len())))
		in, made = in.Cut(used, in.Len()), made+got
	}
	for {
		n := min(max(1, outLen()), out.Len()-made)
		got := r.Flush(out.Cut(made, made+n))
		if got == 0 {
			return out.Cut(0, made)
		}
		made += got
	}
}

// sine makes n frames of a sine of amplitude 1 in the left channel and its
// cosine in the right.
func sine(hz, rate float64, n int) dsp.Block {
	b := dsp.NewBlock(n)
	for i := range n {
		// The phase is reduced before it gets large: at 1 s and 20 kHz a plain
		// product would be off by 1e-12, above what is measured here.
		cycles := hz / rate * float64(i)
		e := math.FMA(hz/rate, float64(i), -cycles) + math.FMA(-hz/rate, rate, hz)/rate*float64(i)
		b[0][i], b[1][i] = math.Sincos(2 * math.Pi * (cycles - math.Round(cycles) + e))
	}
	return b
}

// middle drops what the abrupt start and end of a test signal reach.
func middle(b dsp.Block, edge int) dsp.Block { return b.Cut(edge, b.Len()-edge) }

func db(x float64) float64 { return 20 * math.Log10(x) }

// residual fits a sine of known frequency by least squares and returns its
// complex amplitude relative to the sine that sine() makes, and the rms of what
// is left over relative to the rms of a full-scale sine.
func residual(x []float64, hz, rate float64, first int) (amplitude complex128, rest float64) {
	ref := sine(hz, rate, first+len(x))
	s, c := ref[0][first:], ref[1][first:]
	var ss, sc, cc, xs, xc float64
	for i, v := range x {
		ss, sc, cc = ss+s[i]*s[i], sc+s[i]*c[i], cc+c[i]*c[i]
		xs, xc = xs+v*s[i], xc+v*c[i]
	}
	det := ss*cc - sc*sc
	a, b := (xs*cc-xc*sc)/det, (xc*ss-xs*sc)/det
	sum := 0.0
	for i, v := range x {
		e := v - a*s[i] - b*c[i]
		sum += e * e
	}
	return complex(a, b), math.Sqrt(2 * sum / float64(len(x)))
}

func peak(b dsp.Block) float64 {
	m := 0.0
	for _, x := range b {
		for _, v := range x {
			m = max(m, math.Abs(v))
		}
	}
	return m
}

// makers are the two filters.
var makers = map[string]func(from, to int) (*Resampler, error){"linear": New, "minimum": NewMinimumPhase}

// probe measures a resampler with tones.
type probe struct {
	r        *Resampler
	from, to int
	frames   int
}

func newProbe(t *testing.T, phase string, from, to, frames int) *probe {
	t.Helper()
	r, err := makers[phase](from, to)
	if err != nil {
		t.Fatal(err)
	}
	return &probe{r, from, to, frames}
}

// play converts a tone and drops what its abrupt start and end reach.
func (p *probe) play(hz float64) (tone dsp.Block, first int) {
	p.r.Reset()
	out := run(p.r, sine(hz, float64(p.from), p.frames), func() int { return 1000 }, func() int { return 1000 })
	first = 4 * reach(p.from, p.to) * p.to / p.from
	return middle(out, first), first
}

// gain returns a tone's gain and what else comes out, in dB.
func (p *probe) gain(hz float64) (gain, rest float64) {
	out, first := p.play(hz)
	a, rest := residual(out[0], hz, float64(p.to), first)
	return db(cmplx.Abs(a)), db(rest)
}

// check measures the promises: flat to 0.907 of the lower rate's half (20 kHz
// at 44.1 kHz) within 0.001 dB, -0.1 dB no lower than 0.934 of it (20.6 kHz), and
// alias, image and distortion at -180 dB or less, with so many tones in each part.
func (p *probe) check(t *testing.T, tones int) {
	t.Helper()
	nyquist := float64(min(p.from, p.to)) / 2
	worst, ripple := math.Inf(-1), 0.0
	for i := range tones {
		gain, rest := p.gain(20 + (0.907*nyquist-20)*float64(i)/float64(tones-1))
		worst, ripple = max(worst, rest), max(ripple, math.Abs(gain))
	}
	edge, _ := p.gain(20600.0 / 22050 * nyquist)
	for i := range (tones + 2) / 3 { // up to the band's end, where an image would be next door
		_, rest := p.gain(nyquist * (0.9999 - 0.0799*float64(i)/float64((tones+2)/3)))
		worst = max(worst, rest)
	}
	// What lies above the lower rate's half must be gone altogether: it has
	// nowhere to go but back into the band.
	alias := math.Inf(-1)
	if p.from > p.to {
		for i := range tones {
			out, _ := p.play(nyquist + (float64(p.from)/2-nyquist)*float64(i)/(float64(tones)-0.5))
			alias = max(alias, db(peak(out)))
		}
	}
	t.Logf("ripple %.7f dB, residual %.1f dB, %.4f dB at 0.934, alias %.1f dB", ripple, worst, edge, alias)
	if ripple > 0.001 || worst > -180 || edge < -0.1 || alias > -180 {
		t.Errorf("ripple %.6f dB (0.001 allowed), residual %.1f dB (-180), %.3f dB at 0.934 of the band (-0.1), alias %.1f dB (-180)", ripple, worst, edge, alias)
	}
}

// The promises, closely for the pairs of rates that matter and one unusual one.
func TestQuality(t *testing.T) {
	for _, c := range []struct{ from, to int }{{48000, 44100}, {44100, 48000}, {96000, 44100}, {44100, 96000}, {22050, 44100}, {192000, 48000}} {
		for phase := range makers {
			t.Run(fmt.Sprintf("%d-%d-%s", c.from, c.to, phase), func(t *testing.T) {
				newProbe(t, phase, c.from, c.to, c.from/2).check(t, 12)
			})
		}
	}
}

// And for every pair of the rates that music is made at.
func TestQualityOfAllPairs(t *testing.T) {
	rates := []int{44100, 48000, 88200, 96000, 176400, 192000}
	for _, from := range rates {
		for _, to := range rates {
			if from != to {
				t.Run(fmt.Sprintf("%d-%d", from, to), func(t *testing.T) {
					newProbe(t, "linear", from, to, from/5).check(t, 4)
				})
			}
		}
	}
}

// Nothing rings before the sound with minimum phase: what comes before a click
// is -180 dB of its peak or less. The bass comes 0.11 ms later at 44.1 kHz, and
// nothing up to 20 kHz more than 0.72 ms.
func TestMinimumPhase(t *testing.T) {
	for _, c := range []struct{ from, to int }{{48000, 44100}, {44100, 48000}, {96000, 44100}, {44100, 192000}, {192000, 44100}, {176400, 96000}} {
		r, err := NewMinimumPhase(c.from, c.to)
		if err != nil {
			t.Fatal(err)
		}
		in := dsp.NewBlock(c.from / 2)
		at := c.from / 4 / int(r.down) * int(r.down)
		in[0][at] = 1
		out := run(r, in, func() int { return 777 }, func() int { return 999 })
		at = at / int(r.down) * int(r.up)
		before, after := peak(out.Cut(0, at)), peak(out.Cut(at, out.Len()))
		if d := db(before / after); d > -180 {
			t.Errorf("%d to %d Hz: %.1f dB before the click", c.from, c.to, d)
		}
		n, low := float64(r.forward.n), float64(min(c.from, c.to))
		delay := func(hz float64) float64 { // in ms at 44.1 kHz
			k := int(hz / 44100 * low * n / float64(c.from))
			a, b := complex(r.gains[k], r.sines[k]), complex(r.gains[k+1], r.sines[k+1])
			return cmplx.Phase(a/b) / (2 * math.Pi) * n / float64(c.from) * low / 44.1
		}
		for _, x := range []struct{ hz, from, to float64 }{{50, 0.108, 0.113}, {1000, 0.108, 0.113}, {11025, 0.146, 0.152}, {17640, 0.315, 0.326}, {20000, 0.70, 0.73}} {
			if d := delay(x.hz); !(d >= x.from && d <= x.to) {
				t.Errorf("%d to %d Hz: %g Hz comes %.3f ms late, expected %g to %g", c.from, c.to, x.hz, d, x.from, x.to)
			}
		}
	}
}

// It is the filter's own phase and no other: of all stable filters with its gain the
// energy comes earliest, for any stretch from the start (Oppenheim, Schafer). The
// linear one, with its delay put back, is one of the others.
func TestMinimumPhaseIsEarliest(t *testing.T) {
	var sums [2][]float64
	for i, phase := range []string{"minimum", "linear"} {
		in := dsp.NewBlock(9600)
		in[0][4800] = 1
		r, err := makers[phase](48000, 96000)
		if err != nil {
			t.Fatal(err)
		}
		out := run(r, in, func() int { return 500 }, func() int { return 500 })
		start := 9600
		if phase == "linear" {
			start -= 2 * reach(48000, 96000)
		}
		sum := 0.0
		for _, v := range out[0][start:][:4*reach(48000, 96000)] {
			sum += v * v
			sums[i] = append(sums[i], sum)
		}
	}
	for i := range sums[0] {
		if sums[0][i] < sums[1][i]-1e-6 { // the two gains differ by 1e-6 dB
			t.Fatalf("after %d frames: energy %g, the linear filter has %g", i, sums[0][i], sums[1][i])
		}
	}
}

// Frame m of the output is the sound at time m/rate: the phase of a sine is
// right to a ten-thousandth of a frame at 1 kHz for any pair of rates.
func TestAlignment(t *testing.T) {
	rates := []int{8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000}
	for _, from := range rates {
		for _, to := range rates {
			out := convert(t, from, to, sine(1000, float64(from), from/4), 777)
			edge := to / 16
			mid := middle(out, edge)
			for ch, want := range []complex128{1, 1i} {
				a, _ := residual(mid[ch], 1000, float64(to), edge)
				// 1e-9 of amplitude is 1e-9 rad of phase: far less than a frame.
				if cmplx.Abs(a-want) > 1e-9 {
					t.Errorf("%d to %d Hz: channel %d is %v of the sine, want %v", from, to, ch, a, want)
				}
			}
		}
	}
}

// An impulse stays on its frame and rings equally to both sides, but for what
// the filter lets through at -195 dB (2e-10), which is where the stretches'
// edges become visible.
func TestImpulse(t *testing.T) {
	in := dsp.NewBlock(9600)
	in[0][4800], in[1][4800] = 1, -0.5
	out := convert(t, 48000, 44100, in, 100)
	for i := range 400 {
		before, after := out[0][4410-i], out[0][4410+i]
		if math.Abs(before-after) > 2e-10 {
			t.Fatalf("frame %d: %g before and %g after the impulse", i, before, after)
		}
		if i > 0 && math.Abs(after) >= out[0][4410] {
			t.Fatalf("frame %d after the impulse is larger than the impulse", i)
		}
		if math.Abs(out[1][4410+i]+0.5*after) > 1e-15 {
			t.Fatalf("frame %d: the channels leak into each other", i)
		}
	}
}

func TestConstant(t *testing.T) {
	for _, to := range []int{44100, 48000, 96000, 192000, 8000} {
		in := dsp.NewBlock(48000)
		for i := range in[0] {
			in[0][i], in[1][i] = 1, -0.25
		}
		out := middle(convert(t, 48000, to, in, 1000), to/10)
		for i := range out[0] {
			if math.Abs(out[0][i]-1) > 1e-9 || math.Abs(out[1][i]+0.25) > 1e-9 {
				t.Fatalf("48000 to %d Hz: frame %d of a constant 1, -0.25 is %v, %v", to, i, out[0][i], out[1][i])
			}
		}
	}
}

func TestLength(t *testing.T) {
	for _, c := range []struct {
		from, to int
		in, out  int
	}{
		{48000, 44100, 48000, 44100}, {48000, 44100, 1, 1}, {48000, 44100, 2, 2}, {48000, 44100, 0, 0},
		{44100, 48000, 44100, 48000}, {44100, 48000, 1, 2}, {48000, 96000, 7, 14}, {96000, 48000, 7, 4}, {48000, 48000, 5, 5},
	} {
		if got := convert(t, c.from, c.to, dsp.NewBlock(c.in), 3).Len(); got != c.out {
			t.Errorf("%d frames from %d to %d Hz: %d frames, want %d", c.in, c.from, c.to, got, c.out)
		}
	}
}

func TestSameRateIsIdentity(t *testing.T) {
	in := noise(5000)
	out := convert(t, 48000, 48000, in, 333)
	for i := range in[0] {
		if in[0][i] != out[0][i] || in[1][i] != out[1][i] {
			t.Fatalf("frame %d changed", i)
		}
	}
}

func TestCutsDoNotMatter(t *testing.T) {
	in := noise(9001)
	for _, c := range []struct {
		phase    string
		from, to int
	}{{"linear", 48000, 44100}, {"linear", 44100, 96000}, {"linear", 48000, 48000}, {"minimum", 48000, 44100}, {"minimum", 44100, 96000}} {
		r, err := makers[c.phase](c.from, c.to)
		if err != nil {
			t.Fatal(err)
		}
		want := run(r, in, func() int { return 1024 }, func() int { return 1024 })
		rapid.Check(t, func(t *rapid.T) {
			r.Reset()
			length := rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(0, 4000))
			draw := func() int { return length.Draw(t, "frames") }
			got := run(r, in, draw, draw)
			if got.Len() != want.Len() {
				t.Fatalf("%d frames, want %d", got.Len(), want.Len())
			}
			for ch := range got {
				for i, v := range got[ch] {
					if v != want[ch][i] {
						t.Fatalf("channel %d, frame %d: %v, want %v", ch, i, v, want[ch][i])
					}
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, c := range [][2]int{{0, 48000}, {48000, -1}, {44101, 48000}, {48000, 44056}} {
		if _, err := New(c[0], c[1]); err == nil {
			t.Errorf("New(%d, %d): no error", c[0], c[1])
		}
	}
	for _, c := range [][2]int{{47952, 48000}, {37800, 44100}, {384000, 8000}, {8000, 384000}, {11025, 192000}} {
		if _, err := New(c[0], c[1]); err != nil {
			t.Errorf("New(%d, %d): %v", c[0], c[1], err)
		}
	}
}

// The transform against the definition, for every code path: all the radices
// at strides of 1 and more.
func TestFFT(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 11, 13, 15, 21, 35, 37, 49, 60, 64, 77, 147, 160, 400, 448, 1960} {
		x := pair{noise(n)[0], noise(n)[1]}
		y := newFFT(n).transform(x, newPair(n), newPair(n))
		for k := range n {
			var want complex128
			for i := range n {
				want += complex(x.re[i], x.im[i]) * cmplx.Rect(1, -2*math.Pi*float64(k*i%n)/float64(n))
			}
			// Noise of rms 0.6: the sum's rounding error stays below 1e-16 times its terms.
			if got := complex(y.re[k], y.im[k]); cmplx.Abs(got-want) > 1e-15*float64(n)+1e-14 {
				t.Fatalf("length %d, bin %d: %v, want %v", n, k, got, want)
			}
		}
	}
}

func noise(n int) dsp.Block { return dsptest.Noise(n, 1, "resample") }

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		from, to int
		sum      string
	}{
		{48000, 44100, "9152ee4de177276e0ac1769d5ab0762954ed1938d5405e94848248342c678441"},
		{44100, 48000, "e20f4494924d4894bf91156b799ef8a03dfa9569c23fb1fc4cff24d7b0d920ec"},
		{96000, 48000, "30b555c538da48d12be8448638a54da60bda4d3e4c97a44ee9838dd671f08ccf"},
		{22050, 48000, "5543fe022cdb7d3a96d9e78f9d715c8e9da35435d1ebc5b2768955b3ef2cb616"},
	} {
		t.Run(fmt.Sprintf("%d-%d", c.from, c.to), func(t *testing.T) {
			dsptest.CheckGolden(t, convert(t, c.from, c.to, noise(20000), 1024), c.sum)
		})
	}
	t.Run("minimum", func(t *testing.T) {
		r, err := NewMinimumPhase(48000, 44100)
		if err != nil {
			t.Fatal(err)
		}
		size := func() int { return 1024 }
		dsptest.CheckGolden(t, run(r, noise(20000), size, size), "4ad622e5e4f397113011608af68ca266f8b22cf62d61504b88e37c3552d2e748")
	})
}
