package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
)

// hummingNoise is a second of noise below 1 kHz or so, without silence.
func hummingNoise(rate int) dsp.Block {
	r := rand.New(rand.NewPCG(1, 2))
	b := dsp.NewBlock(rate)
	for c := range b {
		v := 0.0
		for i := range b[c] {
			v += 0.1 * (r.Float64() - 0.5 - v)
			b[c][i] = v
		}
	}
	return b
}

// TestCompare tells a gain that moves slowly from one that moves fast: a tremolo of 1 dB
// is pumping of 1/√2 dB at 2 Hz, and distortion of its sidebands at 400 Hz. Half of the energy
// has to be on either side of the mean, and the noise is not that even: 10 %.
func TestCompare(t *testing.T) {
	const rate = 48000
	in := hummingNoise(rate)
	tremolo := func(hz float64, lag int) (dsp.Block, dsp.Block) {
		idle, out := dsp.NewBlock(rate), dsp.NewBlock(rate)
		for c := range in {
			for i := lag; i < rate; i++ {
				idle[c][i] = in[c][i-lag]
				out[c][i] = in[c][i-lag] * math.Pow(10, math.Sin(2*math.Pi*hz*float64(i-lag)/rate)/20)
			}
		}
		return idle, out
	}
	sidebands := 20 * math.Log10(math.Ln10/20/math.Sqrt2)
	slowIn, slow := tremolo(2, 0)
	if e := compare(slowIn, slow, rate); math.Abs(e.pumping-1/math.Sqrt2) > 0.07 || e.distortion > -50 || math.Abs(e.residual-sidebands) > 1 {
		t.Errorf("2 Hz: %+v, want pumping of 0.7 dB, distortion below -50 dB, residual %.1f dB", e, sidebands)
	}
	fastIn, fast := tremolo(400, 0)
	e := compare(fastIn, fast, rate)
	if e.pumping > 0.1 || math.Abs(e.distortion-sidebands) > 1 {
		t.Errorf("400 Hz: %+v, want pumping below 0.1 dB, distortion %.1f dB", e, sidebands)
	}
	// What lags reads the same but for the 7 ms of noise that fall out at the end.
	lateIn, late := tremolo(400, 321)
	if l := compare(lateIn, late, rate); math.Abs(l.distortion-e.distortion) > 0.05 {
		t.Errorf("400 Hz, late: distortion %.2f dB, on time %.2f dB", l.distortion, e.distortion)
	}
}

// TestLevel finds the threshold of a limiter that lets 5 % of what is over through, and
// gives up where no threshold is high enough.
func TestLevel(t *testing.T) {
	const rate = 48000
	in := hummingNoise(rate)
	amplify(in, 1.25/math.Pow(10, peakOf(in)/20))
	leaky := func(least float64) peakLimiter {
		return peakLimiter{"leaky", func(_ string, in dsp.Block, _ int, threshold float64) (dsp.Block, error) {
			peak := math.Pow(10, peakOf(in)/20)
			top := math.Pow(10, threshold/20) * least
			out := copied(in)
			amplify(out, (top+0.05*(peak-top))/peak)
			return out, nil
		}}
	}
	if _, threshold, peak, err := leaky(1).level("", in, rate, 0); err != nil || math.Abs(peak+1.06) > 0.005 || threshold > -1.2 {
		t.Errorf("peak %.3f dBTP at a threshold of %.3f dB (%v), want -1.06", peak, threshold, err)
	}
	if _, threshold, peak, _ := leaky(0.5).level("", in, rate, 0); threshold != 0 || peak > -2 {
		t.Errorf("peak %.3f dBTP at a threshold of %.3f dB, want the highest one", peak, threshold)
	}
}
