package loudness

import (
	"math"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
)

// same compares readings bit for bit: NaN is the same as NaN.
func same(a, b Reading) bool {
	if math.IsNaN(a.PLR) && math.IsNaN(b.PLR) {
		a.PLR, b.PLR = 0, 0
	}
	if math.IsNaN(a.PSR) && math.IsNaN(b.PSR) {
		a.PSR, b.PSR = 0, 0
	}
	if math.IsNaN(a.Range) && math.IsNaN(b.Range) {
		a.Range, b.Range = 0, 0
	}
	if math.IsNaN(a.RangeSparse) && math.IsNaN(b.RangeSparse) {
		a.RangeSparse, b.RangeSparse = 0, 0
	}
	return a == b
}

func TestCutsDoNotMatter(t *testing.T) {
	b := dsptest.Signal(5*22050+77, 22050, "cuts") // at 22.05 kHz ticks differ in length
	signal := [][]float64{b[0], b[1], b[0]}
	whole := New(22050, 3, Options{})
	whole.Write(signal)
	want := whole.Reading()
	m := New(22050, 3, Options{})
	rapid.Check(t, func(t *rapid.T) {
		m.Reset()
		length := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 20000))
		for at := 0; at < b.Len(); {
			n := min(length.Draw(t, "frames"), b.Len()-at)
			m.Write([][]float64{signal[0][at : at+n], signal[1][at : at+n], signal[2][at : at+n]})
			at += n
			if rapid.IntRange(0, 9).Draw(t, "read") == 0 {
				m.Reading() // must not disturb what follows
			}
		}
		if got := m.Reading(); !same(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
		if !reflect.DeepEqual(m.Blocks(), whole.Blocks()) {
			t.Fatal("gating blocks differ")
		}
	})
}

// The fast path has the meter's bits, at rates with even and uneven ticks.
func TestIntegrator(t *testing.T) {
	for _, rate := range []int{11025, 22050, 44100, 48000} {
		b := dsptest.Signal(7*rate+123, rate, "integrator")
		m, g := New(rate, 2, Options{}), NewIntegrator(rate)
		m.Write(b[:])
		for at := 0; at < b.Len(); at += 700 {
			g.Write(b.Cut(at, min(at+700, b.Len())))
		}
		if !reflect.DeepEqual(m.Blocks(), g.Blocks()) || !reflect.DeepEqual(m.ShortTerm(), g.ShortTerm()) {
			t.Errorf("%d Hz: integrator and meter differ", rate)
		}
		first := g.Integrated()
		g.Reset()
		g.Write(b)
		if g.Integrated() != first {
			t.Errorf("%d Hz: after Reset the reading is another", rate)
		}
	}
}

// Against an interpolation 32 times as dense with 1024 samples' reach, on noise
// and tones up to 0.45 of the rate: within 0.1 dB, and never below the sample peak.
func TestTruePeakAgainstLongInterpolation(t *testing.T) {
	const rate, n = 48000, 400
	for trial := range 16 {
		x := make([]float64, n)
		noise := dsptest.Noise(16, 1, string(rune('a'+trial)))
		for i := range x {
			for k := range noise[0] { // a sum of tones: band-limited by construction
				hz := (0.5 + noise[0][k]/2) * 0.45 * rate
				if trial%4 == 0 && k > 0 {
					break // a single tone, high up
				} else if trial%4 == 0 {
					hz = (0.40 + 0.05*math.Abs(noise[0][k])) * rate
				}
				x[i] += math.Sin(2*math.Pi*hz*float64(i)/rate + 9*noise[1][k])
			}
			x[i] *= math.Pow(math.Sin(math.Pi*float64(i)/n), 2) / 16
		}
		want := 0.0
		for p := range n * 32 {
			at, sum := float64(p)/32, 0.0
			for k, v := range x { // the signal is zero outside: the sum is complete
				d := at - float64(k)
				if d == 0 {
					sum += v
				} else {
					sum += v * math.Sin(math.Pi*d) / (math.Pi * d)
				}
			}
			want = max(want, math.Abs(sum))
		}
		r := measure(rate, x)
		if d := r.TruePeak.DB - 20*math.Log10(want); math.Abs(d) > 0.1 {
			t.Errorf("trial %d: %.3f dBTP, %+.3f dB off", trial, r.TruePeak.DB, d)
		}
		if r.TruePeak.DB < r.SamplePeak.DB {
			t.Errorf("trial %d: true peak %.3f below sample peak %.3f", trial, r.TruePeak.DB, r.SamplePeak.DB)
		}
	}
}

// Skipping what cannot matter must not change the result: the reading is that
// of looking everywhere.
func TestTruePeakSkipsNothing(t *testing.T) {
	ip := newInterpolator()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(history+1, 400).Draw(t, "length")
		b := dsptest.Noise(n, 1, string(rune(rapid.IntRange(0, 1000).Draw(t, "noise"))))
		x := b[0]
		smooth := rapid.Float64Range(0, 0.95).Draw(t, "smooth")
		for i := 1; i < n; i++ {
			x[i] += smooth * (x[i-1] - x[i])
		}
		want, place := 0.0, -1
		for first := 0; first < n-history; first += groupSize {
			var group [groupSize - 1 + taps]float64
			copy(group[:], x[first:])
			if v, p := ip.group(&group, min(groupSize, n-history-first), want); v > want {
				want, place = v, (first+centre)*fine+p
			}
		}
		tracker := newPeakTracker(ip, n)
		if got, at := tracker.scan(x, 0); got != want || at != place {
			t.Fatalf("%v at %d, want %v at %d", got, at, want, place)
		}
	})
}

func TestPeakPlaces(t *testing.T) {
	x, y := make([]float64, 48000), make([]float64, 48000)
	y[31234], x[40000] = -0.5, 0.25
	r := measure(48000, x, y)
	want := Peak{20 * math.Log10(0.5), 31234, 1}
	for _, got := range []Peak{r.SamplePeak, r.TruePeak} {
		if math.Abs(got.DB-want.DB) > 1e-12 || got.Frame != want.Frame || got.Channel != want.Channel {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	// A peak between the last two frames of a stream counts.
	x = []float64{0, 0, 0, 0.5, 0.5}
	if r = measure(48000, x); r.TruePeak.DB < 20*math.Log10(0.6) || r.TruePeak.Frame < 3 || r.TruePeak.Frame > 4 {
		t.Errorf("two samples of 0.5 at the end: %+v", r.TruePeak)
	}
}

func TestWhatDoesNotExist(t *testing.T) {
	for name, x := range map[string][]float64{"nothing": {}, "one sample": {1}, "silence": make([]float64, 200000), "399 ms": make([]float64, 48*399)} {
		r := measure(48000, x, x)
		if !math.IsInf(r.Integrated, -1) || !math.IsInf(r.MaxMomentary, -1) || !math.IsInf(r.MaxShortTerm, -1) {
			t.Errorf("%s: loudness %v, %v, %v, want -Inf", name, r.Integrated, r.MaxMomentary, r.MaxShortTerm)
		}
		if !math.IsNaN(r.Range) || !math.IsNaN(r.PLR) || !math.IsNaN(r.PSR) {
			t.Errorf("%s: range %v, PLR %v, PSR %v, want NaN", name, r.Range, r.PLR, r.PSR)
		}
		if r.Frames != int64(len(x)) {
			t.Errorf("%s: %d frames, want %d", name, r.Frames, len(x))
		}
	}
}

// NaN and infinities are counted and read as 0.
func TestNonFinite(t *testing.T) {
	clean := dsptest.Signal(100000, 48000, "non-finite")
	for _, i := range []int{7, 50001, 99999} {
		clean[1][i] = 0
	}
	broken := dsptest.Copy(clean)
	broken[1][7], broken[1][50001], broken[1][99999] = math.NaN(), math.Inf(1), math.Inf(-1)
	want, got := measure(48000, clean[0], clean[1]), measure(48000, broken[0], broken[1])
	if got.NonFinite != 3 || got.NonFiniteAt != 7 {
		t.Errorf("%d samples from frame %d, want 3 from 7", got.NonFinite, got.NonFiniteAt)
	}
	got.NonFinite, got.NonFiniteAt = 0, 0
	if !same(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// An album's loudness is that of all its blocks; a silent track does not count.
func TestPooling(t *testing.T) {
	loud, soft := integrate(48000, tones(48000, step{-20, 10})).Blocks(), integrate(48000, tones(48000, step{-26, 10})).Blocks()
	pooled := Integrated(loud, soft, integrate(48000, make([]float64, 480000)).Blocks())
	want := 10 * math.Log10((math.Pow(10, -2)+math.Pow(10, -2.6))/2)
	near(t, "the album", pooled, want, 0.02, 0.02)
	near(t, "PLR of a tone", measure(48000, tones(48000, step{-20, 5})).PLR, 3.01, 0.02, 0.02)
	near(t, "PSR of a tone", measure(48000, tones(48000, step{-20, 5})).PSR, 3.01, 0.02, 0.02)
}

func TestWriteDoesNotAllocate(t *testing.T) {
	b := dsptest.Signal(1024, 48000, "alloc")
	m := New(48000, 2, Options{})
	m.hops, m.peaks = make([]float64, 0, 10000), make([]float64, 0, 10000)
	s := NewStatistics(48000, 2, 24)
	if n := testing.AllocsPerRun(50, func() { m.Write(b[:]); s.Write(b[:]) }); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}

// The readings of a fixed signal, as bits: those of the loudness meter, which
// decide about the gain of deliveries, and those of the statistics.
func TestGoldenReading(t *testing.T) {
	for _, c := range []struct {
		rate             int
		meter, statistic string
	}{
		{44100, "b053015e30928b3a5e4799930ff8a0897bca372721bd8cc8ddb0e95dc2481d01", "5976ce83ce6acb1e07d6d8533f1f9a773afc38aa8830ba706c9411e8651c55c4"},
		{48000, "96d97b9b14ad046b4933446a57665f5a134d8caac68d117f0d2bc4b89e7b2344", "2608a0ac6ea6cc0e39a70a92f7c47b62283124c7580b35cbd84cef3b62a9926c"},
	} {
		b := dsptest.Signal(10*c.rate, c.rate, "loudness")
		m, s := New(c.rate, 2, Options{}), NewStatistics(c.rate, 2, 24)
		m.Write(b[:])
		s.Write(b[:])
		r, f := m.Reading(), s.Figures()
		out := append(m.Blocks(), r.Integrated, r.Range, r.MaxMomentary, r.MaxShortTerm, r.TruePeak.DB, r.SamplePeak.DB, r.PLR, r.PSR,
			float64(r.TruePeak.Frame))
		dsptest.CheckGolden(t, dsp.Block{out, out}, c.meter)
		out = []float64{f.RMS, f.Crest, f.DC[0], f.DC[1], f.Correlation, f.LowestCorr, f.DR}
		dsptest.CheckGolden(t, dsp.Block{out, out}, c.statistic)
	}
}

// BS.1770-5: 1.41 at 60° to 120° to the side, nothing for LFE, 1 for all others.
func TestMaskWeights(t *testing.T) {
	const s = 1.41
	for name, c := range map[string]struct {
		mask uint32
		want []float64
	}{
		"mono":                       {0x4, []float64{1}},
		"stereo":                     {0x3, []float64{1, 1}},
		"quad":                       {0x33, []float64{1, 1, s, s}},
		"5.0, surrounds as back":     {0x37, []float64{1, 1, 1, s, s}},
		"5.0, surrounds as sides":    {0x607, []float64{1, 1, 1, s, s}},
		"5.1":                        {0x3f, []float64{1, 1, 1, 0, s, s}},
		"5.1, surrounds as sides":    {0x60f, []float64{1, 1, 1, 0, s, s}},
		"6.1":                        {0x70f, []float64{1, 1, 1, 0, 1, s, s}},
		"7.1":                        {0x63f, []float64{1, 1, 1, 0, 1, 1, s, s}},
		"5.1.2 with heights":         {0x503f, []float64{1, 1, 1, 0, s, s, 1, 1}},
		"2.1":                        {0xb, []float64{1, 1, 0}},
		"nothing known":              {0, []float64{1, 1, 1}},
		"more channels than in mask": {0x3, []float64{1, 1, 1}},
	} {
		if d := cmp.Diff(c.want, MaskWeights(c.mask, len(c.want))); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// The relative gate of a tone is 10 LU below it, and that of an album is its own.
func TestRelativeThreshold(t *testing.T) {
	loud, soft := tones(48000, step{-20, 10}), tones(48000, step{-26, 10})
	near(t, "a tone", measure(48000, loud, loud).RelativeThreshold, -30, 0.02, 0.02)
	near(t, "two", RelativeThreshold(integrate(48000, loud).Blocks(), integrate(48000, soft).Blocks()), -10+10*math.Log10((math.Pow(10, -2)+math.Pow(10, -2.6))/2), 0.02, 0.02)
	if r := RelativeThreshold(nil, []float64{0}); !math.IsInf(r, -1) {
		t.Errorf("silence: %v", r)
	}
}
