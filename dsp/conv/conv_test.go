package conv_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/conv"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// reverb returns noise that dies away by 60 dB over its length.
func reverb(n int, key string) []float64 {
	h := dsptest.Noise(n, 1, key)[0]
	for i := range h {
		h[i] *= xmath.Gain(-60 * float64(i) / float64(n))
	}
	return h
}

// sum is the convolution by definition.
func sum(h, x []float64) []float64 {
	y := make([]float64, len(x))
	for n := range y {
		for k := 0; k < len(h) && k <= n; k++ {
			y[n] += h[k] * x[n-k]
		}
	}
	return y
}

func TestConvolverIsTheSum(t *testing.T) {
	for _, taps := range []int{1, 2, 3, 4, 63, 64, 65, 127, 128, 129, 1000, 1024, 2000, 3333} {
		irL, irR := reverb(taps, "L"), reverb(max(0, taps-1), "R")
		c := conv.New(irL, irR)
		if short := taps <= conv.ShortTaps; short != (c.Latency() == 0) {
			t.Errorf("%d taps: latency %d", taps, c.Latency())
		}
		in := dsptest.Signal(6000, 48000, "conv")
		got := dsptest.Play(c, in)
		for ch, ir := range [][]float64{irL, irR} {
			want := sum(ir, in[ch])
			size := 0.0 // of the largest possible sum: what rounding is relative to
			for _, h := range ir {
				size += math.Abs(h)
			}
			for i := c.Latency(); i < in.Len(); i++ {
				if d := math.Abs(got[ch][i] - want[i-c.Latency()]); !(d <= 1e-15*(1+size)) {
					t.Fatalf("%d taps, channel %d, frame %d: off by %g of %g", taps, ch, i, d, size)
				}
			}
			for i := range c.Latency() {
				if got[ch][i] != 0 {
					t.Fatalf("%d taps: %v at frame %d, before the latency", taps, got[ch][i], i)
				}
			}
		}
	}
}

// Sharing one impulse response saves memory and changes nothing.
func TestSharedImpulseResponse(t *testing.T) {
	ir := reverb(5000, "shared")
	in := dsptest.Signal(20000, 48000, "shared")
	a := dsptest.Play(conv.New(ir, ir), in)
	b := dsptest.Play(conv.New(ir, append([]float64(nil), ir...)), in)
	if dsptest.Hash(a) != dsptest.Hash(b) {
		t.Error("one slice for both sides gives another result than two equal ones")
	}
}

func TestPartition(t *testing.T) {
	for taps, want := range map[int]int{65: 128, 1024: 128, 1025: 256, 4097: 1024, 48000: 8192, 960000: 32768} {
		if got := conv.Partition(taps); got != want {
			t.Errorf("Partition(%d) = %d, want %d", taps, got, want)
		}
	}
}

// kind makes the convolver a processor for the harness.
func kind(irL, irR []float64) dsp.Kind {
	return dsp.Kind{
		Kind: param.Kind{Name: "convolver", Version: 1, Doc: "convolves"},
		New:  func(dsp.Args) (dsp.Processor, error) { return conv.New(irL, irR), nil },
	}
}

func TestKindShort(t *testing.T) {
	irL, irR := reverb(48, "short left"), reverb(64, "short right")
	irL[0], irR[0] = 1, 1 // the peak, for the harness to find
	dsptest.Run(t, kind(irL, irR), dsptest.Case{Name: "48 and 64 taps", Golden: "a7cb2cb73ba553ca092861384488bd036875cd02531d8b85f9c38db49731409b"})
}

func TestKindLong(t *testing.T) {
	ir := reverb(6000, "long")
	dsptest.Run(t, kind(ir, ir), dsptest.Case{Name: "6000 taps", Golden: "7bb89d7b284ec21d31f329d30d8aa80212de192897e1d673c2a2bd8449e34931",
		Skip: map[string]string{"latency": "an impulse comes out as noise"}})
}

func TestKindPartition(t *testing.T) {
	ir := make([]float64, 333) // a pure delay has an impulse to find
	ir[0] = 1
	dsptest.Run(t, kind(ir, ir), dsptest.Case{Name: "impulse", Golden: "2b49d14fc627676971a3dfd776c7a6a4ca1784ce499271bb28dd687628457f66"})
}

func BenchmarkConvolver(b *testing.B) {
	in := dsptest.Noise(dsp.MaxBlock, 0.5, "bench")
	rng := rand.New(rand.NewPCG(1, 2))
	for _, taps := range []int{16, 64, 512, 4096, 16384, 48000, 192000, 960000} {
		ir := make([]float64, taps)
		for i := range ir {
			ir[i] = rng.Float64() / float64(taps)
		}
		b.Run(fmt.Sprint(taps), func(b *testing.B) {
			c := conv.New(ir, ir)
			block := dsptest.Copy(in)
			frames := 0
			for b.Loop() {
				for range max(1, c.Latency()/dsp.MaxBlock) {
					copy(block[0], in[0])
					copy(block[1], in[1])
					c.Process(block)
					frames += block.Len()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/frame")
		})
	}
}
