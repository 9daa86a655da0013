package dyn

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"github.com/lathe-audio/lathe/dsp"
)

func TestReal(t *testing.T) {
	raw, err := os.ReadFile("/tmp/mix.f32")
	if err != nil { t.Skip() }
	n := len(raw) / 8
	b := dsp.NewBlock(n)
	for i := range n {
		b[0][i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[8*i:])))
		b[1][i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[8*i+4:])))
	}
	peaks := make([]float64, n)
	for _, fl := range []float64{0, -9, -11.4, -12.4, -17, -300} {
		floor := math.Pow(10, fl/20)
		best := 1e9
		for range 3 {
			s := NewPeakScanner(44100, floor)
			t0 := time.Now()
			s.Scan(b, peaks)
			best = min(best, float64(time.Since(t0).Nanoseconds())/float64(n))
		}
		over := 0
		for _, p := range peaks { if p > floor { over++ } }
		fmt.Printf("floor %6.1f dB: %.1f ns/frame, %.2f %% over\n", fl, best, 100*float64(over)/float64(n))
		if fl > -13 && fl < -10 {
			g := NewGain(GainSettings{Rate: 44100, Ceiling: floor})
			gains := make([]float64, n)
			t0 := time.Now()
			g.Process(peaks, gains)
			d := float64(time.Since(t0).Nanoseconds())/float64(n)
			less, low := 0, 1.0
			for _, x := range gains { if x < 1 { less++ }; low = min(low, x) }
			fmt.Printf("   gain %.1f ns/frame, %.1f %% of frames below 1, least %.2f dB\n", d, 100*float64(less)/float64(n), db(low))
		}
	}
}
