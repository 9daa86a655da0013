package modulation

import (
	"math"
	"math/big"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
)

func testLFO(rate int, hz, degrees float64) lfo {
	return newLFO(dsp.Args{Rate: rate, Seed: 1, Values: param.Values{"rate": hz, "phase": degrees}})
}

// After ten minutes the phase is where the formula, reckoned with rationals, puts
// it: 1e-6 cycles is the promise, 1e-11 what is kept.
func TestRateIsExactOverTenMinutes(t *testing.T) {
	for _, rate := range []int{44100, 48000, 96000, 192000} {
		for _, hz := range []float64{0.01, 0.3, 1. / 3, 2.123456789, 40} {
			l := testLFO(rate, hz, 90)
			n := 600 * rate
			for done := 0; done < n; { // in cuts that are not whole
				step := min(7919, n-done)
				l.advance(step)
				done += step
			}
			want := new(big.Rat).SetFloat64(hz)
			want.Mul(want, big.NewRat(int64(n), int64(rate)))
			want.Add(want, big.NewRat(1, 4))
			whole := new(big.Int).Quo(want.Num(), want.Denom())
			want.Sub(want, new(big.Rat).SetInt(whole))
			cycles, _ := want.Float64()
			off := math.Ldexp(float64(l.phase), -64) - cycles
			off -= math.Round(off)
			if math.Abs(off) > 1e-11 {
				t.Errorf("%v Hz at %d Hz: off by %g cycles after 10 minutes", hz, rate, off)
			}
		}
	}
}

// 1e-15 is the truncation of the series; two roundings of 2^-53 come on top.
func TestSine(t *testing.T) {
	worst := 0.0
	for i := range 1 << 16 {
		phase := uint64(i)<<48 + 12345
		want := math.Sin(2 * math.Pi * math.Ldexp(float64(phase), -64))
		worst = math.Max(worst, math.Abs(sinTurn(fold(phase))-want))
	}
	if worst > 2e-15 {
		t.Errorf("error %g, want at most 2e-15", worst)
	}
	t.Logf("error %.2g", worst)
}

// Where the rate changes, the phase goes on.
func TestRateChangesWithoutAJump(t *testing.T) {
	p := build(t, tremoloKind, 48000, param.Values{"rate": 1.0, "depth": 100.0}).(dsp.Tunable)
	a := constant(p, 1000)
	p.Tune("rate")(10)
	b := constant(p, 1000)
	phase := 1. * 1000 / 48000
	for i := range 1000 {
		want := (1 + math.Sin(2*math.Pi*(phase+10*float64(i)/48000))) / 2
		if math.Abs(b[0][i]-want) > 1e-9 {
			t.Fatalf("frame %d after the change: %v, want %v", i, b[0][i], want)
		}
	}
	if math.Abs(a[0][999]-b[0][0]) > 1e-4 {
		t.Error("a jump")
	}
}

// auto starts somewhere else for every key, and at the same place for the same.
func TestAutoPhaseIsKeyed(t *testing.T) {
	start := func(key uint64) uint64 {
		l := newLFO(dsp.Args{Rate: 48000, Seed: key, Values: param.Values{"rate": 1.0, "phase": param.AutoValue}})
		return l.phase
	}
	if start(1) != start(1) || start(1) == start(2) {
		t.Errorf("keys 1, 1, 2 start at %x, %x, %x", start(1), start(1), start(2))
	}
}

// The interpolator: gain and delay of reading between samples, up to 15 kHz at 44.1
// kHz, where its transition begins. 0.01 dB and 0.001 frames.
func TestFractionalDelay(t *testing.T) {
	const rate = 44100
	k := newKernel()
	worstGain, worstDelay := 0.0, 0.0
	for _, delay := range []float64{minDelay, 20, 20.001, 20.25, 20.4999, 20.5, 20.7517, 20.999, 77.3} {
		l := newLine(k, 100)
		h := make([]float64, 128)
		for i := range h {
			h[i] = l.read(delay)
			l.push(map[bool]float64{true: 1}[i == 0])
		}
		for _, hz := range []float64{100, 1000, 5000, 10000, 12500, 15000} {
			gain, angle := dsptest.Response(h, rate, hz)
			late := -angle / (2 * math.Pi) * rate / hz
			late += math.Round((delay-late)*hz/rate) * rate / hz
			worstGain = math.Max(worstGain, math.Abs(gain))
			worstDelay = math.Max(worstDelay, math.Abs(late-delay))
			if math.Abs(gain) > 0.01 || math.Abs(late-delay) > 0.001 {
				t.Errorf("delay of %v frames at %v Hz: %.4f dB, %.5f frames", delay, hz, gain, late)
			}
		}
	}
	t.Logf("gain within %.4f dB, delay within %.2g frames", worstGain, worstDelay)
}
