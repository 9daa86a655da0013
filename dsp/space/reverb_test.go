package space

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

func TestKindReverb(t *testing.T) {
	skip := map[string]string{"latency": "the output is echoes only"}
	dsptest.Run(t, reverbKind,
		dsptest.Case{Name: "defaults", Golden: "767f062001afcd665208d0bb158572d023575ea1296f724508df36c1539cb772", Skip: skip},
		dsptest.Case{
			Name: "short and small", Golden: "6ee4ec1189e68b43c359ad3f4548d65aa9bf204e1572d09e85f56dde6ca58a06", Skip: skip,
			Values: param.Values{"decay": 0.3, "size": 50.0, "predelay": 20.0, "damping": 3000.0, "width": 60.0, "modulation": 100.0},
		},
		dsptest.Case{
			Name: "cut", Golden: "3143d9a8c8877deb521af52bfa90e003ef3e42ffd26c15440b7549e3e8d77626", Skip: skip, Rate: 44100,
			Values: param.Values{"size": 150.0, "lowcut": 250.0, "highcut": 7000.0, "modulation": 0.0},
		},
		dsptest.Case{Name: "96 kHz", Golden: "cc82b4b9bda935949e1cde30bae5aecfa7925be96bda2a891a91ffb984d25c51", Skip: skip, Rate: 96000, Values: param.Values{"decay": 0.8}},
	)
}

func build(t testing.TB, k dsp.Kind, rate int, seed uint64, v param.Values) dsp.Processor {
	t.Helper()
	p, err := k.New(dsp.Args{Rate: rate, Seed: seed, Values: param.Defaults(k.Params).With(v)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// plateResponse is the response of the plate to impulses in the two channels.
func plateResponse(t testing.TB, rate int, seconds, left, right float64, v param.Values) dsp.Block {
	t.Helper()
	in := dsp.NewBlock(int(seconds * float64(rate)))
	in[0][0], in[1][0] = left, right
	return dsptest.Play(build(t, reverbKind, rate, 1, v), in)
}

// octave returns x in the octave band around hz (two band-passes in a row).
func octave(x []float64, hz float64, rate int) []float64 {
	b := dsp.Block{append([]float64(nil), x...), make([]float64, len(x))}
	c := filter.BilinearBandPass(hz, math.Sqrt2, float64(rate))
	filter.NewCascade(c, c).Process(b)
	return b[0]
}

// decayTime is the T60 from the backward-integrated energy between -5 and -35 dB
// (ISO 3382's T30).
func decayTime(x []float64, rate int) float64 { return decayOver(30, x, rate) }

// decayOver is the T60 from so many dB of the decay, from -5 dB on.
func decayOver(span float64, x []float64, rate int) float64 {
	rest := make([]float64, len(x)+1)
	for i := len(x) - 1; i >= 0; i-- {
		rest[i] = rest[i+1] + x[i]*x[i]
	}
	below := func(db float64) int {
		for i, e := range rest {
			if e < rest[0]*math.Pow(10, db/10) {
				return i
			}
		}
		return len(rest)
	}
	return 60 / span * float64(below(-5-span)-below(-5)) / float64(rate)
}

// The decay is the T60 at mid frequencies (mean of the 250, 500 and 1000 Hz octaves
// of both channels) within 5 %. Below 0.5 s there are so few echoes within the first 30 dB
// that what is read depends on where it is (0.29 to 0.32 s of 0.3): there it is read over 50 dB.
// From 5 s on, the damping at 6 kHz is felt at 1 kHz; the test takes it away.
func TestDecayIsT60(t *testing.T) {
	for _, c := range []struct {
		rate  int
		decay float64
		size  float64
		span  float64 // dB
	}{
		{48000, 0.3, 100, 50}, {48000, 0.6, 100, 30}, {48000, 1.8, 100, 30}, {44100, 1.8, 50, 30},
		{96000, 1.8, 150, 30}, {48000, 5, 100, 30}, {48000, 10, 100, 30},
	} {
		b := plateResponse(t, c.rate, 0.8*c.decay+0.5, 1, 1, param.Values{"decay": c.decay, "size": c.size, "damping": 20000.0})
		sum := 0.0
		for ch := range b {
			for _, hz := range []float64{250, 500, 1000} {
				sum += decayOver(c.span, octave(b[ch], hz, c.rate), c.rate)
			}
		}
		got := sum / 6
		if math.Abs(got/c.decay-1) > 0.05 {
			t.Errorf("%d Hz, size %v %%: T60 is %.3f s, want %v", c.rate, c.size, got, c.decay)
		}
		t.Logf("%d Hz, size %v %%: T60 is %.3f s for %v (%+.1f %%)", c.rate, c.size, got, c.decay, 100*(got/c.decay-1))
	}
}

// Damping makes treble die faster, bass not.
func TestDamping(t *testing.T) {
	b := plateResponse(t, 48000, 2.5, 1, 1, param.Values{"damping": 3000.0})
	low, high := decayTime(octave(b[0], 250, 48000), 48000), decayTime(octave(b[0], 8000, 48000), 48000)
	if low < 1.6 || low > 2 || high > 0.6*low {
		t.Errorf("T60 is %.2f s at 250 Hz and %.2f s at 8 kHz for 1.8 s damped at 3 kHz", low, high)
	}
}

// pink is noise of -3 dB an octave: white noise through a row of first-order
// shelves (zeros and poles a factor of ten to the quarter apart), good to half a
// decibel from 20 Hz to 15 kHz, which is enough for a level.
func pink(n, rate int, key string) dsp.Block {
	b := dsptest.Noise(n, 1, key)
	for hz := 20.0; hz < 15000; hz *= math.Sqrt(10) {
		pole := math.Exp(-2 * math.Pi * hz / float64(rate))
		zero := math.Exp(-2 * math.Pi * hz * math.Pow(10, 0.25) / float64(rate))
		q := filter.NewBiquad(filter.Coef{B0: 1, B1: -zero, A1: -pole})
		q.Process(b)
	}
	return b
}

func power(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return sum / float64(len(x))
}

// Steady pink noise comes out 2 to 6 dB lower than it went in, at every decay
// and size: a send of -12 dB puts reverberation at about -16 dB.
func TestLevel(t *testing.T) {
	const rate = 48000
	for _, v := range []param.Values{
		{}, {"decay": 0.1}, {"decay": 0.5}, {"decay": 4.0}, {"size": 50.0}, {"size": 150.0}, {"decay": 0.3, "size": 50.0},
	} {
		const n = 10 * rate
		in := pink(n, rate, "pink")
		want := power(in[0][n/2:]) + power(in[1][n/2:])
		out := dsptest.Play(build(t, reverbKind, rate, 1, v), in)
		got := 10 * math.Log10((power(out[0][n/2:])+power(out[1][n/2:]))/want)
		if got < -6 || got > -2 {
			t.Errorf("%v: pink noise comes out at %.2f dB", v, got)
		}
		t.Logf("%v: %.2f dB", v, got)
	}
}

// Sound in the middle gives the two outputs nothing in common (the paper's taps);
// a correlation of 0.05 is what 1.8 s of noise has by chance.
func TestDecorrelation(t *testing.T) {
	for _, v := range []param.Values{{}, {"size": 50.0}, {"size": 150.0}, {"modulation": 0.0}} {
		b := plateResponse(t, 48000, 3, 1, 1, v)
		cross := 0.0
		for i, l := range b[0] {
			cross += l * b[1][i] / float64(b.Len())
		}
		r := cross / math.Sqrt(power(b[0])*power(b[1]))
		if math.Abs(r) > 0.05 {
			t.Errorf("%v: correlation %.3f", v, r)
		}
		t.Logf("%v: correlation %+.3f", v, r)
	}
}

// A source on one side starts on that side, and fills both.
func TestSidesAreKept(t *testing.T) {
	for side := range 2 {
		b := plateResponse(t, 48000, 3, float64(1-side), float64(side), nil)
		own, other := b[side], b[1-side]
		early := 10 * math.Log10(power(own[:4800])/power(other[:4800]))
		all := 10 * math.Log10(power(own)/power(other))
		if early < 3 || all < 0 || all > 6 {
			t.Errorf("input %d: its own side is louder by %.1f dB in the first 100 ms and by %.1f dB in all", side, early, all)
		}
	}
}

// echoDensity is the share of samples in a window of ±10 ms that lie outside the
// standard deviation, relative to Gaussian noise (Abel and Huang, AES 121st
// Convention, 2006): 1 is fully dense.
func echoDensity(x []float64, rate, ms int) float64 {
	w := x[(ms-10)*rate/1000 : (ms+10)*rate/1000]
	sd := math.Sqrt(power(w))
	outside := 0
	for _, v := range w {
		if math.Abs(v) > sd {
			outside++
		}
	}
	return float64(outside) / float64(len(w)) / math.Erfc(1/math.Sqrt2)
}

func TestEchoDensity(t *testing.T) {
	b := plateResponse(t, 48000, 1, 1, 1, nil)
	for _, c := range []struct {
		ms   int
		want float64
	}{{50, 0.3}, {150, 0.6}, {300, 0.7}, {700, 0.85}} {
		got := (echoDensity(b[0], 48000, c.ms) + echoDensity(b[1], 48000, c.ms)) / 2
		if got < c.want {
			t.Errorf("echo density at %d ms is %.2f, want at least %.2f", c.ms, got, c.want)
		}
		t.Logf("%d ms: %.2f", c.ms, got)
	}
}

// A constant is not sound: nothing of it may stay.
func TestNoOffset(t *testing.T) {
	const n = 6 * 48000
	b := dsp.NewBlock(n)
	for i := range n {
		b[0][i], b[1][i] = 1, 1
	}
	out := dsptest.Play(build(t, reverbKind, 48000, 1, nil), b)
	if peak, _ := dsptest.Peak(out.Cut(n-48000, n)); peak > 1e-6 {
		t.Errorf("a constant input leaves %g after 5 s", peak)
	}
}

func TestModulationComesFromTheSeed(t *testing.T) {
	play := func(seed uint64) string {
		in := dsptest.Noise(24000, 1, "seed")
		return dsptest.Hash(dsptest.Play(build(t, reverbKind, 48000, seed, nil), in))
	}
	if play(1) != play(1) {
		t.Error("the same seed gives different sound")
	}
	if play(1) == play(2) {
		t.Error("another seed gives the same sound")
	}
}

// When the tank has died away it goes to sleep, with nothing left in it.
func TestTankFallsAsleep(t *testing.T) {
	p := build(t, reverbKind, 48000, 1, param.Values{"decay": 0.1}).(*reverb)
	b := dsp.NewBlock(8 * 48000)
	b[0][0] = 1
	dsptest.Play(p, b)
	tank := p.body.(*tank)
	if tank.awake != 0 {
		t.Fatalf("still awake after 8 s of silence: %d frames to go", tank.awake)
	}
	if peak, _ := dsptest.Peak(dsp.Block{tank.ring, tank.ring}); peak != 0 {
		t.Errorf("%g left in the tank", peak)
	}
}

func benchmark(b *testing.B, k dsp.Kind, v param.Values) {
	p := build(b, k, 48000, 1, v)
	in := dsptest.Noise(dsp.MaxBlock, 1, "bench")
	blk := dsp.NewBlock(dsp.MaxBlock)
	b.ReportAllocs()
	for b.Loop() {
		copy(blk[0], in[0])
		copy(blk[1], in[1])
		p.Process(blk)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dsp.MaxBlock, "ns/frame")
}

func BenchmarkReverb(b *testing.B) { benchmark(b, reverbKind, nil) }

func BenchmarkDelay(b *testing.B) {
	benchmark(b, delayKind, param.Values{"time": 375.0, "lowcut": 200.0, "highcut": 5000.0})
}
