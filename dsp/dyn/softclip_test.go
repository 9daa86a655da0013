package dyn

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
	"pgregory.net/rapid"
)

// The clipper keeps the promises of a processor, though it is no kind.
func TestKindSoftClip(t *testing.T) {
	kind := dsp.Kind{
		Kind: param.Kind{Name: "softclip", Version: 1, Doc: "lowers a peak of 0.5 by 3 dB"},
		New: func(a dsp.Args) (dsp.Processor, error) {
			return NewSoftClip(0.5, 0.5*math.Pow(10, -3.0/20)), nil
		},
	}
	dsptest.Run(t, kind,
		dsptest.Case{Name: "44.1 kHz", Rate: 44100, Golden: "a6ef925a17e2d141b5767a73e5dfcd8c43eb6fb23a448a3c85e0bba3f6233d0d"},
		dsptest.Case{Name: "96 kHz", Rate: 96000, Golden: "d366eefb14e14d97691410e892274e9bc2998618f68fc65bfa7fd946257dfd4e"},
	)
}

// clip sends sound through a clipper and takes the latency off.
func clip(c *SoftClip, in dsp.Block) dsp.Block {
	out := dsptest.Play(c, join(in, dsp.NewBlock(c.Latency())))
	return out.Cut(c.Latency(), out.Len())
}

// The curve: straight to the bend, then without a corner to the level of the highest
// peak, and never down.
func TestSoftClipCurve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		peak := rapid.Float64Range(0.05, 4).Draw(t, "peak")
		level := peak * math.Pow(10, -rapid.Float64Range(0.01, MostClip).Draw(t, "dB")/20)
		c := NewSoftClip(peak, level)
		if got := c.At(peak); math.Abs(got-level) > 1e-12*peak {
			t.Fatalf("the highest peak comes out at %v, want %v", got, level)
		}
		if got := c.At(c.bend); got != c.bend || c.bend < 0 {
			t.Fatalf("at the bend, %v, it gives %v", c.bend, got)
		}
		last, slope := 0.0, 1.0
		const step = 1e-3
		for x := step; x < 1.2; x += step {
			y := c.At(x * peak)
			now := (y - last) / (step * peak)
			// Rounding of the difference of two levels of about 1.
			if now < -1e-9 || now > slope+1e-9 {
				t.Fatalf("at %v the slope goes from %v to %v", x*peak, slope, now)
			}
			last, slope = y, now
		}
	})
}

// What does not reach the bend passes bit for bit, and a full peak comes out at the
// level, also where it lies between the samples (here a quarter of the rate, 45° off).
func TestSoftClipLevels(t *testing.T) {
	c := NewSoftClip(1, 0.8)
	in := dsptest.Sine(20000, 44100, 997, 0.55)
	out := clip(c, in)
	for i, v := range in[0] {
		if math.Float64bits(v) != math.Float64bits(out[0][i]) {
			t.Fatalf("frame %d: %v becomes %v below the bend at %v", i, v, out[0][i], c.bend)
		}
	}
	for i := range in[0] {
		rise := min(1, float64(i)/1000, float64(in.Len()-i)/1000)
		in[0][i] = rise * math.Sin(math.Pi/2*float64(i)+math.Pi/4)
		in[1][i] = rise * math.Sin(2*math.Pi*100/44100*float64(i))
	}
	c.Reset()
	out = clip(c, in)
	gain, at := c.Least()
	if math.Abs(db(gain)-db(0.8)) > 0.001 || at < 900 || at > int64(in.Len()) {
		t.Errorf("it says that it took %.4f dB off at frame %d, want %.4f", -db(gain), at, -db(0.8))
	}
	low, _ := dsptest.Peak(dsp.Block{out[1][5000:15000], out[1][5000:15000]})
	if math.Abs(low-0.8) > 0.001 {
		t.Errorf("a full-scale sine of 100 Hz peaks at %v, want 0.8", low)
	}
	// Of the other only the fundamental is within the band: the curve's first Fourier
	// coefficient. The oversampler's pass band is flat to 0.001 dB.
	first, high := 0.0, 0.0
	const steps = 10000
	for i := range steps {
		s := math.Sin(math.Pi / 2 * (float64(i) + 0.5) / steps)
		first += 2 * c.At(s) * s / steps
	}
	for i := 5000; i < 15000; i++ {
		high = max(high, math.Hypot(out[0][i], out[0][i+1]))
	}
	if math.Abs(high-first) > 1e-3 {
		t.Errorf("a full-scale sine at a quarter of the rate comes out with an amplitude of %v, want %v", high, first)
	}
}

// A full-scale sine of 10 kHz, 3 dB clipped: aliases stay 88 dB down.
func TestSoftClipAliases(t *testing.T) {
	for _, rate := range []int{44100, 48000} {
		const n = 2400
		cycles := 10000*n/rate + 1
		c := NewSoftClip(1, math.Pow(10, -3.0/20))
		in := dsp.NewBlock(3 * n)
		for i := range in[0] {
			in[0][i] = math.Sin(2 * math.Pi * float64(cycles) * float64(i) / n)
			in[1][i] = in[0][i]
		}
		out := clip(c, in)[0][n : 2*n]
		worst, at := -400.0, 0
		for k := 1; k <= 20000*n/rate; k++ {
			if k == cycles {
				continue
			}
			var re, im float64
			for i, v := range out {
				s, c := math.Sincos(2 * math.Pi * float64(k*i%n) / n)
				re, im = re+v*c, im+v*s
			}
			if l := db(2 * math.Hypot(re, im) / n); l > worst {
				worst, at = l, k*rate/n
			}
		}
		t.Logf("%d Hz: %.1f dBFS at %d Hz", rate, worst, at)
		if worst > -88 {
			t.Errorf("%d Hz: an alias of %.1f dBFS at %d Hz", rate, worst, at)
		}
	}
}
