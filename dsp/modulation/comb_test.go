package modulation

import (
	"math"
	"math/cmplx"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
)

// still is a movement that rests: at 0.01 Hz, starting from an end of the cycle,
// a sine moves by 1e-7 of its way in the 50 ms that are listened to.
// 90 degrees is the top (longest delay, highest corner), 270 the bottom.
func still(degrees float64, v param.Values) param.Values {
	return param.Values{"rate": 0.01, "phase": degrees}.With(v)
}

// impulse is the answer of the left channel to an impulse at frame 0.
func impulse(p dsp.Processor, n int) []float64 {
	return dsptest.Play(p, dsptest.Impulse(n, 0, 1))[0]
}

func response(h []float64, rate int, hz float64) complex128 {
	gain, angle := dsptest.Response(h, rate, hz)
	return cmplx.Rect(math.Pow(10, gain/20), angle)
}

// The notches lie at (k+1/2)/delay, or at k/delay upside down, and are complete at
// any feedback: below -60 dB up to 15 kHz. The peaks between them are √(1∓f)/(1-f·D).
func TestFlangerNotches(t *testing.T) {
	const rate = 48000
	for _, feedback := range []float64{0, 60, -60} {
		for _, invert := range []bool{false, true} {
			for _, degrees := range []float64{90, 270} {
				ms := 0.5
				if degrees == 90 {
					ms = 2.5
				}
				v := still(degrees, param.Values{"delay": 0.5, "depth": 2.0, "feedback": feedback, "invert": invert})
				h := impulse(build(t, flangerKind, rate, v), 4800)
				shift, sign := 0.5, 1.0
				if invert {
					shift, sign = 0, -1
				}
				f := feedback / 100
				for k := 0.0; (k+1)*1000/ms < 15000; k++ {
					notch, peak := (k+shift)*1000/ms, (k+0.5-shift)*1000/ms
					if notch > 0 {
						if got := 20 * math.Log10(cmplx.Abs(response(h, rate, notch))); got > -60 {
							t.Errorf("%v: %.1f dB at the notch of %v Hz", v, got, notch)
						}
					}
					want := math.Sqrt(1-sign*f) / (1 - f*sign)
					got := cmplx.Abs(response(h, rate, peak))
					if math.Abs(20*math.Log10(got/want)) > 0.05 {
						t.Errorf("%v: %.3f at the peak of %v Hz, want %.3f", v, got, peak, want)
					}
				}
			}
		}
	}
}

// The level of wideband sound does not depend on the feedback: 0.5 dB is for
// the part of a sweep that two seconds are, and for the treble above 15 kHz.
func TestFlangerKeepsItsLevel(t *testing.T) {
	in := dsptest.Noise(96000, 0.5, "level")
	power := func(x []float64) (sum float64) {
		for _, v := range x[4800:] {
			sum += v * v
		}
		return sum
	}
	for _, feedback := range []float64{-80, 0, 50, 80} {
		out := dsptest.Play(build(t, flangerKind, 48000, param.Values{"feedback": feedback}), in)
		if got := 10 * math.Log10(power(out[0])/power(in[0])); math.Abs(got+3.01) > 0.5 {
			t.Errorf("feedback %v%%: level changes by %.2f dB, want -3.01", feedback, got)
		}
	}
}

// With n stages there are n/2 notches, where n all-passes of the corner f₀ turn by an
// odd number of half turns: tan(πf/rate) = tan(πf₀/rate)·tan((2k+1)π/2n). They are
// below -60 dB at any feedback.
func TestPhaserNotches(t *testing.T) {
	const rate = 48000
	for n := 2; n <= maxStages; n += 2 {
		for _, feedback := range []float64{0, 70, -70} {
			for _, degrees := range []float64{90, 270} {
				corner := map[float64]float64{90: 3000, 270: 800}[degrees]
				v := still(degrees, param.Values{"stages": float64(n), "low": 800.0, "high": 3000.0, "feedback": feedback})
				h := impulse(build(t, phaserKind, rate, v), 4800)
				for k := range n / 2 {
					hz := rate / math.Pi * math.Atan(math.Tan(math.Pi*corner/rate)*math.Tan(float64(2*k+1)*math.Pi/float64(2*n)))
					if got := 20 * math.Log10(cmplx.Abs(response(h, rate, hz))); got > -60 {
						t.Errorf("%v: %.1f dB at the notch of %.1f Hz", v, got, hz)
					}
				}
				if feedback != 0 || degrees != 90 {
					continue
				}
				// There are no others: stretches below -20 dB, on a grid finer than those of
				// twelve stages are wide.
				dips, below := 0, false
				for hz := 20.0; hz < 23900; hz *= 1.024 {
					low := cmplx.Abs(response(h[:2048], rate, hz)) < 0.1
					if low && !below {
						dips++
					}
					below = low
				}
				if dips != n/2 {
					t.Errorf("%v: %d dips, want %d", v, dips, n/2)
				}
			}
		}
	}
}

// Without feedback the output is (x + A·x)/2 with |A| = 1 at every frequency; 1e-5 is
// what the rest of the movement leaves.
func TestPhaserIsAllPass(t *testing.T) {
	const rate = 48000
	for _, n := range []float64{2, 6, 12} {
		h := impulse(build(t, phaserKind, rate, still(270, param.Values{"stages": n, "feedback": 0.0})), 9600)
		for hz := 30.0; hz < 24000; hz *= 1.1 {
			if a := cmplx.Abs(2*response(h, rate, hz) - 1); math.Abs(a-1) > 1e-5 {
				t.Errorf("%v stages at %.0f Hz: all-pass has gain %v", n, hz, a)
			}
		}
	}
}

// The corner moves in octaves, by the formula. The notch of two stages is at the
// corner.
func TestPhaserSweep(t *testing.T) {
	const rate = 48000
	for _, degrees := range []float64{0, 30, 330} {
		corner := 200 * math.Pow(10, (1+math.Sin(degrees*math.Pi/180))/2)
		v := still(degrees, param.Values{"stages": 2.0, "low": 200.0, "high": 2000.0, "feedback": 0.0})
		h := impulse(build(t, phaserKind, rate, v), 2400)
		if got := 20 * math.Log10(cmplx.Abs(response(h, rate, corner))); got > -45 { // it moves by 0.07 octaves a second
			t.Errorf("%v degrees: %.1f dB at %v Hz", degrees, got, corner)
		}
	}
}

// A voice is the sound delayed by delay + depth·(1 + sin)/2, voices evenly spread
// over the cycle, the right channel's between them: the answer to an impulse is
// the sum of the voices, each a turn of the phase.
func TestChorusVoices(t *testing.T) {
	const rate, n = 48000, 2400
	voices := 3
	v := param.Values{"voices": float64(voices), "delay": 5.0, "depth": 15.0, "spread": 100.0, "rate": 0.01, "phase": 20.0}
	out := dsptest.Play(build(t, chorusKind, rate, v), dsptest.Impulse(n, 0, 1))
	for ch := range out {
		for _, hz := range []float64{200, 1000, 5000, 12000} {
			var want complex128
			for k := range voices {
				ahead := float64(k)/3 + float64(ch)/6 + 20./360
				delay := 0.0
				for range 5 { // the delay at the time when the voice comes
					delay = 240 + 720*(1+math.Sin(2*math.Pi*(ahead+0.01*delay/rate)))/2
				}
				want += cmplx.Rect(1/math.Sqrt(3), -2*math.Pi*hz*delay/rate)
			}
			if got := response(out[ch], rate, hz); cmplx.Abs(got-want) > 0.01 { // the voice moves by 0.02 frames while it passes
				t.Errorf("channel %d at %v Hz: %v, want %v", ch, hz, got, want)
			}
		}
	}
}

// With no spread both channels move alike: what is mono stays so.
func TestChorusWithoutSpreadIsMono(t *testing.T) {
	in := dsptest.Noise(9600, 0.5, "mono")
	copy(in[1], in[0])
	out := dsptest.Play(build(t, chorusKind, 48000, param.Values{"spread": 0.0}), in)
	for i := range out[0] {
		if out[0][i] != out[1][i] {
			t.Fatalf("frame %d: %v and %v", i, out[0][i], out[1][i])
		}
	}
}

// A delay that is set anew fades over and does not slide: a sine of 1 kHz through one
// resting voice stays a sine of 1 kHz, and goes over from the one delay to the
// other in a straight line.
func TestDelayChangesWithoutDoppler(t *testing.T) {
	const rate, hz = 48000, 1000.0
	v := param.Values{"voices": 1.0, "delay": 10.0, "depth": 0.0}
	p := build(t, chorusKind, rate, v).(dsp.Tunable)
	in := dsp.NewBlock(9600)
	for i := range in[0] {
		in[0][i] = math.Sin(2 * math.Pi * hz / rate * float64(i))
		in[1][i] = in[0][i]
	}
	a := dsptest.Play(p, in.Cut(0, 4800))
	p.Tune("delay")(10.25) // a quarter of a cycle later
	b := dsptest.Play(p, in.Cut(4800, 9600))
	fade := int(fadeTime * rate)
	for i := range 4800 {
		share := math.Min(float64(i)/float64(fade), 1)
		at := func(ms float64) float64 { return math.Sin(2 * math.Pi * hz * (float64(4800+i)/rate - ms/1000)) }
		want := (1-share)*at(10) + share*at(10.25)
		if math.Abs(b[0][i]-want) > 1e-4 {
			t.Fatalf("frame %d after the change: %v, want %v", i, b[0][i], want)
		}
	}
	if math.Abs(a[0][4799]-math.Sin(2*math.Pi*hz*(4799./rate-0.01))) > 1e-4 {
		t.Error("the voice is not where it should be before the change")
	}
}
