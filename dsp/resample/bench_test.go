package resample

import (
	"fmt"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
)

func BenchmarkConvert(b *testing.B) {
	for _, c := range []struct{ from, to int }{{48000, 44100}, {44100, 48000}, {96000, 44100}, {48000, 96000}, {96000, 48000}} {
		b.Run(fmt.Sprintf("%d-%d", c.from, c.to), func(b *testing.B) {
			r, err := New(c.from, c.to)
			if err != nil {
				b.Fatal(err)
			}
			in := sine(997, float64(c.from), dsp.MaxBlock)
			out := dsp.NewBlock(dsp.MaxBlock * 4)
			frames := 0
			b.ReportAllocs()
			for b.Loop() {
				_, n := r.Process(in, out)
				frames += n
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/out-frame")
		})
	}
}
