package dyn

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
)

func TestKindTransient(t *testing.T) {
	dsptest.Run(t, transientKind(),
		dsptest.Case{Name: "defaults", Golden: "aa0b210bc5b92d0b0ab4ad2b3a72eab7ee072559fa4063980adaffac90fc20b3"},
		dsptest.Case{Name: "punch", Golden: "9c04f31fa5208b1a92d88d8ae5036c54c6cb27ed76b55388c6fd33afedba0461", Values: param.Values{"attack": 6.0, "sustain": -6.0}},
		dsptest.Case{Name: "room", Golden: "3e006c1d2ee21a4b4eb3ea2aa5a5faf656e5908d76e7d072ac11040e5b66fdf1", Rate: 44100, Values: param.Values{"attack": -12.0, "sustain": 9.0, "speed": "fast"}},
		dsptest.Case{Name: "slow", Golden: "1553632b3e7c2610fe96ecea8390437232c43212fb218825268321ddfbd7b7a6", Rate: 96000, Values: param.Values{"attack": 24.0, "speed": "slow"}},
	)
}

func scaled(b dsp.Block, gain float64) dsp.Block {
	out := dsptest.Copy(b)
	for ch := range out {
		for i := range out[ch] {
			out[ch][i] *= gain
		}
	}
	return out
}

// How loud the sound is does not matter: a gain before the processor and one
// after it give the same. For a power of two not a bit differs, for others the
// fast logarithm and exponential may.
func TestTransientIsLevelIndependent(t *testing.T) {
	song := benchSong(3 * 24000)
	values := param.Values{"attack": 9.0, "sustain": -7.0}
	want := dsptest.Play(build(t, transientKind(), rate, values), song)
	for _, gain := range []float64{1.0 / 1024, 0.03, 7} {
		got := dsptest.Play(build(t, transientKind(), rate, values), scaled(song, gain))
		worst := 0.0
		for ch := range got {
			for i, x := range got[ch] {
				if w := gain * want[ch][i]; w != 0 {
					worst = max(worst, math.Abs(x/w-1))
				}
			}
		}
		t.Logf("%.1f dB: off by %.2g", db(gain), worst)
		if most := 1e-7; worst > most || gain == 1.0/1024 && worst != 0 {
			t.Errorf("by %.1f dB softer or louder, the output differs by a part of %g", db(gain), worst)
		}
	}
}

// A step out of silence has the gain that the two envelopes give: all of it at
// first, and 63 % of the envelopes' way later what the definition says.
func TestTransientAttack(t *testing.T) {
	for speed, times := range transientSpeeds {
		for _, attack := range []float64{6, -12} {
			p := build(t, transientKind(), rate, param.Values{"attack": attack, "speed": speed})
			gains := gainsOf(p, steps(rate, -30))
			worst := 0.0
			for i, got := range gains {
				ms := float64(i+1) * 1000 / rate
				apart := db((1 - math.Exp(-ms/transientRise)) / (1 - math.Exp(-ms/times.late)))
				want := attack * min(1, apart/transientFull)
				worst = max(worst, math.Abs(got-want))
			}
			if worst > 1e-4 {
				t.Errorf("%s, attack %g dB: off by %g dB", speed, attack, worst)
			}
			if got := gains[0]; math.Abs(got-attack) > accurate {
				t.Errorf("%s: a hit out of silence has %g dB, want %g", speed, got, attack)
			}
		}
	}
}

// What follows a hit gets the whole sustain when the envelopes have come apart
// by 12 dB, which takes ln 4 / (1/fall - 1/long); a steady level gets none.
func TestTransientSustain(t *testing.T) {
	for speed, times := range transientSpeeds {
		p := build(t, transientKind(), rate, param.Values{"sustain": 8.0, "speed": speed})
		const n = 2 * rate
		gains := gainsOf(p, steps(n, -6, -86))
		if got := gains[n-1]; math.Abs(got) > 0.01 {
			t.Errorf("%s: a steady level has %.3f dB", speed, got)
		}
		if got := max(0, gains[n+rate/2]); math.Abs(got-8) > accurate {
			t.Errorf("%s: what follows has %.6f dB, want 8", speed, got)
		}
		took := float64(first(gains[n:], func(g float64) bool { return g > 8-0.001 })) * 1000 / rate
		want := transientHold + math.Ln2*2/(1/times.fall-1/times.long)
		t.Logf("%s: the whole sustain is there after %.1f ms, want %.1f", speed, took, want)
		// The hold ends up to half a quarter, a seventh, early or late.
		if math.Abs(took-want) > 0.05*want+transientHold/7 {
			t.Errorf("%s: the whole sustain is there after %.1f ms, want %.1f", speed, took, want)
		}
	}
}

// A steady tone is left alone, also a low one: no more than 0.05 dB, and clean.
func TestTransientLeavesTones(t *testing.T) {
	for _, hz := range []float64{50, 100, 1000} {
		p := build(t, transientKind(), rate, param.Values{"attack": 12.0, "sustain": 12.0})
		out := dsptest.Play(p, dsptest.Sine(4*rate, rate, hz, 0.5))
		amplitude, thd := harmonics(out[0][3*rate:], hz, rate, 20)
		t.Logf("%g Hz: %+.4f dB, THD %.5f %%", hz, db(amplitude/0.5), 100*thd)
		if math.Abs(db(amplitude/0.5)) > 0.05 || thd > 1e-4 {
			t.Errorf("%g Hz: %+.4f dB, THD %.5f %%", hz, db(amplitude/0.5), 100*thd)
		}
	}
}

// At 0 dB not a bit changes.
func TestTransientTransparent(t *testing.T) {
	song := benchSong(24000)
	out := dsptest.Play(build(t, transientKind(), rate, nil), song)
	for i := range song[0] {
		if out[0][i] != song[0][i] || out[1][i] != song[1][i] {
			t.Fatalf("frame %d changed", i)
		}
	}
}
