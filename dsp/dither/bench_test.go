package dither

import (
	"testing"

	"github.com/lathe-audio/lathe/dsp"
)

func BenchmarkTPDF(b *testing.B) {
	in := dsp.NewBlock(dsp.MaxBlock)
	for i := range in[0] {
		in[0][i], in[1][i] = float64(i)*1e-4, float64(i)*-1e-4
	}
	out := [2][]int32{make([]int32, dsp.MaxBlock), make([]int32, dsp.MaxBlock)}
	q := New(24, TPDF, 1)
	for b.Loop() {
		q.Process(in, out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dsp.MaxBlock, "ns/frame")
}
