package filter

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"pgregory.net/rapid"
)

func noise(n int, seed uint64) dsp.Block {
	rng := rand.New(rand.NewPCG(seed, 0))
	b := dsp.NewBlock(n)
	for i := range n {
		b[0][i], b[1][i] = rng.Float64()-0.5, rng.Float64()-0.5
	}
	return b
}

func copied(b dsp.Block) dsp.Block {
	out := dsp.NewBlock(b.Len())
	copyBlock(out, b)
	return out
}

// slow is the difference equation as in the books, direct form I in the order
// of the fast loop.
func slow(c Coef, x []float64) []float64 {
	out := make([]float64, len(x))
	at := func(s []float64, i int) float64 {
		if i < 0 {
			return 0
		}
		return s[i]
	}
	for i := range x {
		forward := c.B0*x[i] + (c.B1*at(x, i-1) + c.B2*at(x, i-2))
		out[i] = forward - c.A2*at(out, i-2) - c.A1*at(out, i-1)
	}
	return out
}

func TestCascadeIsTheDifferenceEquation(t *testing.T) {
	coefs := append(Bell(3000, 6, 2, 48000), HighPass(80, ButterworthQ, 3, 48000)...)
	in := noise(3000, 1)
	want := copied(in)
	for _, c := range coefs {
		want[0], want[1] = slow(c, want[0]), slow(c, want[1])
	}
	stereo, mono := copied(in), copied(in)
	NewCascade(coefs...).Process(stereo)
	NewCascade(coefs...).ProcessMono(mono[0])
	one := slices.Clone(in[0])
	for _, c := range coefs {
		o := NewOne(c)
		for i, x := range one {
			one[i] = o.Next(x)
		}
	}
	for i := range in.Len() {
		if stereo[0][i] != want[0][i] || stereo[1][i] != want[1][i] || mono[0][i] != want[0][i] {
			t.Fatalf("frame %d: stereo %v %v, mono %v, want %v %v", i, stereo[0][i], stereo[1][i], mono[0][i], want[0][i], want[1][i])
		}
		// The transposed form rounds in another order; the poles at 80 Hz amplify
		// the difference by 1/w0² = 1e4.
		if math.Abs(one[i]-want[0][i]) > 1e-11 {
			t.Fatalf("frame %d: One %v, want %v", i, one[i], want[0][i])
		}
	}
}

// Cuts, glides and looks for quiet do not depend on the blocks.
func TestCascadeDoesNotDependOnCuts(t *testing.T) {
	in := noise(6000, 2)
	// Quiet comes into play with silence in the second half.
	clear(in[0][2000:])
	clear(in[1][2000:])
	run := func(mono bool, length func() int) dsp.Block {
		c := NewCascade(Bell(300, 6, 2, 48000)...)
		c.Reserve(4)
		out := copied(in)
		for from := 0; from < out.Len(); {
			for _, at := range []int{1000, 1007, 1500} {
				if from == at {
					c.Glide(Wide(AnalogBell(float64(at), -6, 1), 48000))
				}
			}
			to := min(from+length(), out.Len())
			for _, at := range []int{1000, 1007, 1500} {
				if from < at {
					to = min(to, at)
				}
			}
			if mono {
				c.ProcessMono(out[0][from:to])
			} else {
				c.Process(out.Cut(from, to))
			}
			from = to
		}
		return out
	}
	for _, mono := range []bool{false, true} {
		want := run(mono, func() int { return 1024 })
		for seed := range uint64(5) {
			rng := rand.New(rand.NewPCG(seed, 0))
			got := run(mono, func() int { return rng.IntN(90) })
			for i := range want.Len() {
				if got[0][i] != want[0][i] || got[1][i] != want[1][i] {
					t.Fatalf("mono %v, seed %d: frame %d is %v, want %v", mono, seed, i, got[0][i], want[0][i])
				}
			}
		}
	}
}

// After sound has ended a filter comes to rest at zero, and does not go on with
// denormal numbers.
func TestQuiet(t *testing.T) {
	q := NewBiquad(BilinearLowPass(1000, 8, 48000))
	b := noise(1024, 3)
	q.Process(b)
	for range 100 {
		clear(b[0])
		clear(b[1])
		q.Process(b)
	}
	if q.l != (history{}) || q.r != (history{}) {
		t.Errorf("two seconds after the end the filter remembers %v %v", q.l, q.r)
	}
}

// A glide leads to the same filter as setting it, and more sections can come
// in: the first output of a section added in mid-stream is what went in.
func TestGlideArrives(t *testing.T) {
	from, to := Bell(200, 3, 1, 48000), Wide(AnalogBell(9000, -9, 3), 48000)
	c := NewCascade(from...)
	b := noise(1000, 4)
	c.Process(b)
	c.Glide(to)
	c.Process(b.Cut(0, Glide))
	for i, want := range to {
		if got := c.sections[i].Coef; got != want {
			t.Errorf("section %d after the glide is %+v, want %+v", i, got, want)
		}
	}
	if c.Len() != 2 {
		t.Errorf("%d sections, want 2", c.Len())
	}
}

// Moving settings must not click. A 90 Hz tone under a bell at 100 Hz whose gain
// goes from 0 to 12 dB in 20 ms must leave nothing above 2 kHz but what the
// slope of the gain itself makes; a step of the coefficients would leave -40 dB.
func TestGlideIsClean(t *testing.T) {
	const rate = 48000
	c := NewCascade(Wide(AnalogBell(100, 0, 1), rate)...)
	out := dsp.NewBlock(rate / 2)
	for i := range out.Len() {
		out[0][i] = math.Sin(2 * math.Pi * 90 * float64(i) / rate)
	}
	const begin, end = 12000, 12960
	for from := 0; from < out.Len(); from += Glide {
		if from >= begin {
			x := math.Min(1, float64(from-begin)/(end-begin))
			c.Glide(Wide(AnalogBell(100, 12*x, 1), rate))
		}
		c.Process(out.Cut(from, min(from+Glide, out.Len())))
	}
	NewCascade(HighPass(2000, ButterworthQ, 8, rate)...).Process(out)
	peak := 0.0
	for _, x := range out[0][6000:] { // the high-pass has rung out from the start
		peak = math.Max(peak, math.Abs(x))
	}
	if db := 20 * math.Log10(peak); db > -105 {
		t.Errorf("the move leaves %.1f dB above 2 kHz", db)
	}
}

// Rounding in direct form I at its worst place, a high-pass far below the rate,
// where 1/w0² = 1e6 amplifies it: -190 dB, far below 24 bits.
func TestNoiseFloor(t *testing.T) {
	const rate, hz = 192000, 30
	c := HighPass(hz, ButterworthQ, 2, rate)
	b := dsp.NewBlock(4 * rate)
	const tone = 997
	for i := range b.Len() {
		b[0][i] = math.Sin(2 * math.Pi * tone * float64(i) / rate)
	}
	NewCascade(c...).Process(b)
	re, im := c[0].Response(tone, rate)
	worst := 0.0
	for i := 2 * rate; i < b.Len(); i++ {
		angle := 2 * math.Pi * tone * float64(i) / rate
		worst = math.Max(worst, math.Abs(b[0][i]-re*math.Sin(angle)-im*math.Cos(angle)))
	}
	if db := 20 * math.Log10(worst); db > -190 {
		t.Errorf("the error is %.1f dB", db)
	}
}

func TestTailCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hz := math.Exp(rapid.Float64Range(math.Log(30), math.Log(20000)).Draw(t, "log hz"))
		q := math.Exp(rapid.Float64Range(math.Log(0.1), math.Log(10)).Draw(t, "log q"))
		db := rapid.Float64Range(-30, 30).Draw(t, "dB")
		coefs := Match(AnalogBell(hz, db, q), 48000)
		b := noise(4000, 5)
		end := dsp.NewBlock(TailOf(coefs) + 1000)
		c := NewCascade(coefs...)
		c.Process(b)
		c.Process(end)
		for _, x := range end[0][TailOf(coefs):] {
			if math.Abs(x) > 1e-6 {
				t.Fatalf("%g after the tail of %d frames", x, TailOf(coefs))
			}
		}
	})
}

func TestCrossoverSumsToAnAllPass(t *testing.T) {
	for _, rate := range []float64{44100, 48000, 96000} {
		for _, splits := range [][]float64{{20}, {200, 500}, {120, 2500}, {80, 90, 4000}, {60, 250, 2000, 12000}} {
			// The impulse response of the sum against the explicit all-passes.
			n := int(rate)
			in := dsp.NewBlock(n)
			in[0][0], in[1][3] = 1, -0.5
			want := copied(in)
			CrossoverPhase(splits, rate).Process(want)
			bands := make([]dsp.Block, len(splits)+1)
			for i := range bands {
				bands[i] = dsp.NewBlock(n)
			}
			x := NewCrossover(splits, rate)
			x.Split(in, bands)
			sum := dsp.NewBlock(n)
			for _, b := range bands {
				for ch := range sum {
					for i, v := range b[ch] {
						sum[ch][i] += v
					}
				}
			}
			energy := 0.0
			for ch := range sum {
				for i, v := range sum[ch] {
					// Rounding of samples below 1 in a dozen sections.
					if math.Abs(v-want[ch][i]) > 1e-12 {
						t.Fatalf("splits %v at %g Hz: frame %d is %v, want %v", splits, rate, i, v, want[ch][i])
					}
					energy += v * v
				}
			}
			// By Parseval: an all-pass keeps the energy of an impulse, 1 + 1/4.
			if math.Abs(energy-1.25) > 1e-11 {
				t.Errorf("splits %v at %g Hz: energy %.15f", splits, rate, energy)
			}
			// Exact but for rounding within Magnitude, where terms of the size w² cancel
			// down to w⁴ at the all-pass's poles.
			for _, hz := range []float64{10, 100, 1000, 10000, 20000} {
				m := 1.0
				for _, s := range splits {
					m *= BilinearAllPass(s, ButterworthQ, rate).Magnitude(hz, rate)
				}
				if math.Abs(m-1) > 1e-11 {
					t.Errorf("splits %v at %g Hz: magnitude 1%+g at %g Hz", splits, rate, m-1, hz)
				}
			}
		}
	}
}

// Each band has the curve of its LR4 filters: -6.02 dB at the splits, 24 dB an
// octave beyond.
func TestCrossoverBands(t *testing.T) {
	const rate = 48000
	splits := []float64{200, 2000}
	n := rate
	in := dsp.NewBlock(n)
	in[0][0] = 1
	bands := []dsp.Block{dsp.NewBlock(n), dsp.NewBlock(n), dsp.NewBlock(n)}
	NewCrossover(splits, rate).Split(in, bands)
	low1, high1 := LR4(200, rate)
	low2, high2 := LR4(2000, rate)
	want := [][]Coef{low1[:], append(high1[:], low2[:]...), append(high1[:], high2[:]...)}
	for i, b := range bands {
		for _, hz := range []float64{50, 200, 600, 2000, 9000} {
			got, target := spectrum(b[0], hz, rate), MagnitudeOf(want[i], hz, rate)
			// Relative where the band passes, -240 dB where it does not: the sum of
			// 48000 roundings of 1e-16.
			if math.Abs(got-target) > 1e-9*target+1e-12 {
				t.Errorf("band %d at %g Hz: %g, want %g", i, hz, got, target)
			}
		}
	}
	if db := 20 * math.Log10(MagnitudeOf(low1[:], 200, rate)); math.Abs(db+20*math.Log10(2)) > 1e-9 {
		t.Errorf("LR4 is %.9f dB at its frequency", db)
	}
}

func spectrum(h []float64, hz, rate float64) float64 {
	var re, im float64
	for i, x := range h {
		re += x * math.Cos(2*math.Pi*hz*float64(i)/rate)
		im -= x * math.Sin(2*math.Pi*hz*float64(i)/rate)
	}
	return math.Hypot(re, im)
}

func TestCrossoverReset(t *testing.T) {
	x := NewCrossover([]float64{100, 1000}, 48000)
	in := noise(2000, 6)
	bands := []dsp.Block{dsp.NewBlock(2000), dsp.NewBlock(2000), dsp.NewBlock(2000)}
	x.Split(in, bands)
	first := copied(bands[1])
	x.Reset()
	x.Split(in, bands)
	for i, v := range bands[1][0] {
		if v != first[0][i] {
			t.Fatalf("frame %d after Reset is %v, was %v", i, v, first[0][i])
		}
	}
}

func BenchmarkCascade(b *testing.B) {
	for n := 1; n <= 4; n++ {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var coefs []Coef
			for i := range n {
				coefs = append(coefs, Bell(200+100*float64(i), 3, 1, 48000)[0])
			}
			c := NewCascade(coefs...)
			in := noise(1024, 8)
			work := copied(in)
			for b.Loop() {
				copyBlock(work, in) // 0.2 ns a frame: the input must not grow
				c.Process(work)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/frame")
		})
	}
}

func BenchmarkCrossover3(b *testing.B) {
	x := NewCrossover([]float64{120, 2500}, 48000)
	in := noise(1024, 9)
	bands := []dsp.Block{dsp.NewBlock(1024), dsp.NewBlock(1024), dsp.NewBlock(1024)}
	for b.Loop() {
		x.Split(in, bands)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/frame")
}
