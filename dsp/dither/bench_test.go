package dither

import (
	"testing"

	"github.com/lathe-audio/lathe/dsp"
)

func BenchmarkProcess(b *testing.B) {
	in := dsp.NewBlock(dsp.MaxBlock)
	for i := range in[0] {
		in[0][i], in[1][i] = float64(i)*1e-4, float64(i)*-1e-4
	}
	out := words(dsp.MaxBlock)
	for _, kind := range []Kind{None, TPDF, HighPass, Wannamaker3, Wannamaker9, Wannamaker24} {
		b.Run(kind.String(), func(b *testing.B) {
			q := New(16, kind, 1)
			for b.Loop() {
				q.Process(in, out)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dsp.MaxBlock, "ns/frame")
		})
	}
}
