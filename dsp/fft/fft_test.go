package fft_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/fft"
	"github.com/lathe-audio/lathe/dsp/seed"
)

func noise(n int) []float64 {
	s := seed.New(seed.Of("fft", fmt.Sprint(n)))
	x := make([]float64, n)
	for i := range x {
		x[i] = 2 * s.Next()
	}
	return x
}

// bin is one bin of the spectrum by definition, with Neumaier's compensated sum.
func bin(x []float64, k int) (re, im float64) {
	n := len(x)
	var er, ei float64
	add := func(sum, err *float64, v float64) {
		t := *sum + v
		if math.Abs(*sum) >= math.Abs(v) {
			*err += (*sum - t) + v
		} else {
			*err += (v - t) + *sum
		}
		*sum = t
	}
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * float64(i*k%n) / float64(n))
		add(&re, &er, v*c)
		add(&im, &ei, -v*s)
	}
	return re + er, im + ei
}

// The error of a transform grows as the root of the number of passes: some
// 0.3 ε √log2(n), relative to the root mean square of the spectrum, √(n/3) for noise in
// ±1. Allowed is ten times as much for the largest of all bins.
func tolerance(n int) float64 {
	return 3 * 0x1p-52 * math.Sqrt(math.Log2(float64(n))) * math.Sqrt(float64(n)/3)
}

func TestForwardIsTheFourierSum(t *testing.T) {
	for n := 4; n <= 1<<16; n *= 2 {
		x := noise(n)
		p := fft.New(n)
		re, im := make([]float64, p.Bins()), make([]float64, p.Bins())
		p.Forward(x, re, im)
		for k := 0; k < p.Bins(); k += max(1, n/256-1) {
			wantRe, wantIm := bin(x, k)
			if d := math.Hypot(re[k]-wantRe, im[k]-wantIm); !(d <= tolerance(n)) {
				t.Errorf("n = %d: bin %d is %v%+vi, want %v%+vi (off by %g, allowed %g)", n, k, re[k], im[k], wantRe, wantIm, d, tolerance(n))
			}
		}
		if im[0] != 0 || im[n/2] != 0 {
			t.Errorf("n = %d: first and last bin are not real", n)
		}
	}
}

func TestInverseGivesTheSignalBack(t *testing.T) {
	for n := 4; n <= 1<<18; n *= 2 {
		x, y := noise(n), make([]float64, n)
		p := fft.New(n)
		re, im := make([]float64, p.Bins()), make([]float64, p.Bins())
		p.Forward(x, re, im)
		p.Inverse(re, im, y)
		for i := range x {
			if d := math.Abs(y[i] - x[i]); !(d <= 2e-15) {
				t.Fatalf("n = %d: sample %d is %v, want %v", n, i, y[i], x[i])
			}
		}
	}
}

func TestNoAllocation(t *testing.T) {
	p := fft.New(1024)
	x, re, im := noise(1024), make([]float64, 513), make([]float64, 513)
	if n := testing.AllocsPerRun(10, func() { p.Forward(x, re, im); p.Inverse(re, im, x) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNewRefusesOtherLengths(t *testing.T) {
	for _, n := range []int{-8, 0, 1, 2, 3, 6, 1000} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New(%d) does not panic", n)
				}
			}()
			fft.New(n)
		}()
	}
}

func TestGoldenSpectrum(t *testing.T) {
	for _, test := range []struct {
		n              int
		spectrum, back string
	}{
		{512, "1ae23060cf3092c49dc56d80592c964306b7ce51718ce2cd8eeb6984402b48f5", "b5384a7b933388b4739aa0df11a2947adc2e88604a756f5e9cc37e0a4584d21e"},
		{2048, "c73b0082d1ec48f69b345655be1ec7818561624fa983ad2dedefa8a56a1ff3df", "c9ec08a0dfcf69655f36bb750b6b1e488b99a1fb47a01c1463a7d075bcbed89c"},
	} {
		p := fft.New(test.n)
		spectrum, back := dsp.NewBlock(p.Bins()), dsp.NewBlock(test.n)
		p.Forward(noise(test.n), spectrum[0], spectrum[1])
		p.Inverse(spectrum[0], spectrum[1], back[0])
		dsptest.CheckGolden(t, spectrum, test.spectrum)
		dsptest.CheckGolden(t, back, test.back)
	}
}

func BenchmarkForward(b *testing.B) {
	for _, n := range []int{512, 2048, 4096, 16384, 65536} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := fft.New(n)
			x, re, im := noise(n), make([]float64, p.Bins()), make([]float64, p.Bins())
			for b.Loop() {
				p.Forward(x, re, im)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/sample")
		})
	}
}

func BenchmarkInverse(b *testing.B) {
	p := fft.New(2048)
	x, re, im := noise(2048), make([]float64, p.Bins()), make([]float64, p.Bins())
	p.Forward(x, re, im)
	for b.Loop() {
		p.Inverse(re, im, x)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/sample")
}
