package loudness

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
)

// The meters' time for a frame of stereo, on sounds that differ in how much of the
// true peak can be passed over.
func BenchmarkMeters(b *testing.B) {
	const rate = 48000
	tone := dsp.NewBlock(10 * rate)
	for i := range tone[0] {
		tone[0][i], tone[1][i] = math.Sincos(2 * math.Pi * 9973 * float64(i) / rate)
	}
	noise := dsptest.Noise(10*rate, 1, "bench")
	pink := dsp.NewBlock(10 * rate)
	for c := range noise {
		var s1, s2, s3 float64
		for i, v := range noise[c] {
			s1 += 0.002 * (v - s1)
			s2 += 0.03 * (v - s2)
			s3 += 0.3 * (v - s3)
			pink[c][i] = s1*8 + s2*2 + s3*0.5 + 0.05*v
		}
	}
	for _, sound := range []struct {
		name string
		b    dsp.Block
	}{{"music", dsptest.Signal(10*rate, rate, "bench")}, {"pink", pink}, {"noise", noise}, {"tone", tone}} {
		run := func(name string, write func([][]float64)) {
			b.Run(sound.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					for at := 0; at < sound.b.Len(); at += 4096 {
						part := sound.b.Cut(at, min(at+4096, sound.b.Len()))
						write(part[:])
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(sound.b.Len()), "ns/frame")
			})
		}
		run("loudness", New(rate, 2, Options{}).Write)
		run("statistics", NewStatistics(rate, 2, 24).Write)
	}
}
