package oversample

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"pgregory.net/rapid"
)

// roundTrip runs x (both channels alike) up and down again.
func roundTrip(o *Stereo, x []float64) []float64 {
	y := append([]float64(nil), x...)
	b := dsp.Block{y, append([]float64(nil), x...)}
	for at := 0; at < len(x); at += MaxFrames {
		cut := b.Cut(at, min(at+MaxFrames, len(x)))
		o.Down(o.Up(cut), cut)
	}
	return y
}

// gainAt is the magnitude in dB of the impulse response h at f (in cycles a sample).
func gainAt(h []float64, f float64) float64 {
	var re, im float64
	for i, x := range h {
		re += x * math.Cos(2*math.Pi*f*float64(i))
		im += x * math.Sin(2*math.Pi*f*float64(i))
	}
	return 20 * math.Log10(math.Hypot(re, im))
}

// upResponse is the impulse response of Up at the higher rate.
func upResponse(factor int) []float64 {
	o := New(factor)
	h := make([]float64, 0, 8*1024)
	for at := 0; at < 1024; at += MaxFrames {
		b := dsp.NewBlock(MaxFrames)
		if at == 0 {
			b[0][0] = 1
		}
		h = append(h, o.Up(b)[0]...)
	}
	return h
}

func TestLatencyIsTheImpulsePeakAndSymmetric(t *testing.T) {
	for _, factor := range []int{1, 2, 4, 8} {
		o := New(factor)
		x := make([]float64, 512)
		x[0] = 1
		y := roundTrip(o, x)
		l := o.Latency()
		for i, v := range y {
			if v > y[l] {
				t.Fatalf("%dx: latency %d, but the response is larger at %d", factor, l, i)
			}
		}
		// Linear phase: the response is its own mirror image about the latency.
		for d := 1; d <= l; d++ {
			if e := math.Abs(y[l-d] - y[l+d]); e > 1e-15 {
				t.Errorf("%dx: not symmetric by %g at ±%d", factor, e, d)
			}
		}
		t.Logf("%dx: latency %d frames", factor, l)
	}
}

// The pass band reaches 20 kHz at 44.1 kHz. Four passes of half-band filters
// with about 105 dB are flat to 4·10^(-105/20) ≈ 2e-4 dB; the promise is 0.001.
func TestPassBandFlat(t *testing.T) {
	for _, factor := range []int{2, 4, 8} {
		x := make([]float64, 512)
		x[0] = 1
		y := roundTrip(New(factor), x)
		worst := 0.0
		for f := 0.0; f <= 20000.0/44100; f += 0.001 {
			worst = math.Max(worst, math.Abs(gainAt(y, f)))
		}
		if worst > 0.001 {
			t.Errorf("%dx: ripple %.5f dB below 20 kHz", factor, worst)
		}
		t.Logf("%dx: ripple %.2g dB", factor, worst)
	}
}

// Images of 0..20 kHz (at 44.1 kHz) after Up, and by the transposed structure
// aliases that fall there in Down.
func TestStopBand(t *testing.T) {
	for _, factor := range []int{2, 4, 8} {
		h := upResponse(factor)
		worst := math.Inf(-1)
		for centre := 1.0; centre <= float64(factor)/2; centre++ {
			for off := -20000.0 / 44100; off <= 20000.0/44100; off += 0.004 {
				f := (centre + off) / float64(factor)
				if f <= 0.5 {
					worst = math.Max(worst, gainAt(h, f)-20*math.Log10(float64(factor)))
				}
			}
		}
		if worst > -100 {
			t.Errorf("%dx: images at %.1f dB, want at most -100", factor, worst)
		}
		t.Logf("%dx: images at %.1f dB", factor, worst)
	}
}

func TestDownRejectsWhatWouldAlias(t *testing.T) {
	const factor = 4
	for _, f := range []float64{24200, 30000, 44100, 60000, 70000, 88000} {
		o := New(factor)
		var worst float64
		phase := 0
		for block := range 40 {
			b := dsp.NewBlock(MaxFrames)
			over := o.Up(b)
			for i := range over[0] {
				over[0][i] = math.Sin(2 * math.Pi * f / (44100 * factor) * float64(phase))
				phase++
			}
			o.Down(over, b)
			if block < 4 {
				continue // the filters fill
			}
			for _, v := range b[0] {
				worst = math.Max(worst, math.Abs(v))
			}
		}
		if db := 20 * math.Log10(worst); db > -100 {
			t.Errorf("%.0f Hz at %dx of 44.1 kHz comes down at %.1f dB, want at most -100", f, factor, db)
		}
	}
}

func TestCutsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		factor := rapid.SampledFrom([]int{1, 2, 4, 8}).Draw(t, "factor")
		x := rapid.SliceOfN(rapid.Float64Range(-1, 1), 300, 300).Draw(t, "x")
		whole := roundTrip(New(factor), x)

		o := New(factor)
		b := dsp.Block{append([]float64(nil), x...), make([]float64, len(x))}
		for at := 0; at < len(x); {
			n := rapid.IntRange(0, MaxFrames).Draw(t, "n")
			cut := b.Cut(at, min(at+n, len(x)))
			o.Down(o.Up(cut), cut)
			at += n
		}
		for i := range whole {
			if whole[i] != b[0][i] {
				t.Fatalf("%dx: sample %d differs: %v and %v", factor, i, whole[i], b[0][i])
			}
		}
	})
}

func TestResetIsNew(t *testing.T) {
	x := make([]float64, 400)
	for i := range x {
		x[i] = math.Sin(float64(i * i))
	}
	o := New(8)
	first := roundTrip(o, x)
	o.Reset()
	for i, v := range roundTrip(o, x) {
		if v != first[i] {
			t.Fatalf("sample %d after Reset: %v, new: %v", i, v, first[i])
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	for _, factor := range []int{2, 4, 8} {
		b.Run(map[int]string{2: "2x", 4: "4x", 8: "8x"}[factor], func(b *testing.B) {
			o := New(factor)
			blk := dsp.NewBlock(MaxFrames)
			for range b.N {
				o.Down(o.Up(blk), blk)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/MaxFrames, "ns/frame")
		})
	}
}
