package dyn

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

func TestKindDeesser(t *testing.T) {
	dsptest.Run(t, deesserKind(),
		dsptest.Case{Name: "defaults", Golden: "c2b30af0900051744986b6bf2001df100cbf6b2a6939a6cb1c4beb80e5624a32"},
		dsptest.Case{Name: "working", Golden: "5e2d6f8a186f77222db1c5faae697ab5a17d98ffcf70afd5968ea272bea1063d", Rate: 44100,
			Values: param.Values{"threshold": -50.0, "freq": 16000.0}},
		dsptest.Case{Name: "wide", Golden: "f5fc916403c74c8d5e1a6b18025534ae6c757bcbb672405fb9307dddf2fc5802", Rate: 96000,
			Values: param.Values{"threshold": -50.0, "mode": "wide", "range": 24.0}},
		dsptest.Case{Name: "relative", Golden: "5ddbd3060b31a9ce2b0401eb1be23752719fa66b91b2ee8eefefdba3b37a16e0",
			Values: param.Values{"threshold": -15.0, "relative": true}},
	)
}

// levelAt plays a sine and returns by how many dB its level changes.
func levelAt(p dsp.Processor, hz, level float64) float64 {
	a := math.Pow(10, level/20)
	out := dsptest.Play(p, dsptest.Sine(rate, rate, hz, a))
	got, _ := harmonics(out[0][rate/2:], hz, rate, 1)
	return db(got / a)
}

// A sibilant in the middle of the band is lowered by the static curve, up to
// the range; speech below it is left alone; in wide mode everything follows.
func TestDeesserReduces(t *testing.T) {
	for _, c := range []struct {
		mode      string
		hz, level float64
		want      float64
	}{
		{"split", 6500, -14, -7.5}, // 10 dB over at 4:1
		{"split", 6500, 0, -8},     // the range
		{"split", 6500, -40, 0},
		{"split", 200, -6, 0}, // in the band-pass 30 dB lower
		{"wide", 6500, -14, -7.5},
		{"wide", 200, -6, 0},
	} {
		p := build(t, deesserKind(), rate, param.Values{"mode": c.mode})
		if got := levelAt(p, c.hz, c.level); math.Abs(got-c.want) > 0.05 {
			t.Errorf("%s: %g Hz at %g dB changes by %.3f dB, want %g", c.mode, c.hz, c.level, got, c.want)
		}
	}
}

// While a sibilant is held down, what else sounds goes through a bell filter of
// that gain: at 6.5 kHz the reduction, half of it in amplitude where the band-pass
// is down by 6 dB, nothing far away.
func TestDeesserIsABell(t *testing.T) {
	const reduction = 7.5
	g := math.Pow(10, -reduction/20)
	band := filter.BilinearBandPass(6500, deesserQ, rate)
	for _, hz := range []float64{100, 1000, 3000, 5000, 9000, 12000, 20000} {
		p := build(t, deesserKind(), rate, nil)
		in := dsptest.Sine(rate, rate, 6500, math.Pow(10, -14.0/20))
		probe := dsptest.Sine(rate, rate, hz, 1e-5)
		for ch := range in {
			for i := range in[ch] {
				in[ch][i] += probe[ch][i]
			}
		}
		out := dsptest.Play(p, in)
		got, _ := harmonics(out[0][rate/2:], hz, rate, 1)
		re, im := band.Response(hz, rate)
		want := math.Hypot(1-(1-g)*re, (1-g)*im)
		if math.Abs(db(got/1e-5)-db(want)) > 0.1 {
			t.Errorf("at %g Hz the gain is %.2f dB, want %.2f", hz, db(got/1e-5), db(want))
		}
	}
}

// Where nothing hisses, not a bit changes.
func TestDeesserTransparent(t *testing.T) {
	for _, mode := range []string{"split", "wide"} {
		p := build(t, deesserKind(), rate, param.Values{"mode": mode})
		in := dsptest.Sine(rate, rate, 200, 0.7)
		out := dsptest.Play(p, in)
		for i := range in[0] {
			if out[0][i] != in[0][i] || out[1][i] != in[1][i] {
				t.Errorf("%s: frame %d is %v, want %v", mode, i, out[0][i], in[0][i])
				break
			}
		}
	}
}

// With a relative threshold the band's share of the whole counts, and the level of
// both does not.
func TestDeesserRelative(t *testing.T) {
	values := param.Values{"relative": true, "threshold": -10.0}
	for _, level := range []float64{-1, -20, -50} {
		// A sibilant alone: the band is the whole, 10 dB over at 4:1.
		if got := levelAt(build(t, deesserKind(), rate, values), 6500, level); math.Abs(got+7.5) > 0.05 {
			t.Errorf("a sibilant at %g dB changes by %.3f dB, want -7.5", level, got)
		}
		if got := levelAt(build(t, deesserKind(), rate, values), 200, level); math.Abs(got) > 1e-8 {
			t.Errorf("speech at %g dB changes by %g dB", level, got)
		}
	}
	// A hiss 20 dB below a voice, 18 dB above it, and as a whole 40 dB softer.
	for _, c := range []struct{ voice, hiss, want float64 }{{-10, -30, 0}, {-50, -70, 0}, {-30, -12, -6.5}, {-70, -52, -6.5}} {
		in := dsptest.Sine(rate, rate, 200, math.Pow(10, c.voice/20))
		hiss := dsptest.Sine(rate, rate, 6500, math.Pow(10, c.hiss/20))
		for ch := range in {
			for i := range in[ch] {
				in[ch][i] += hiss[ch][i]
			}
		}
		out := dsptest.Play(build(t, deesserKind(), rate, values), in)
		got, _ := harmonics(out[0][rate/2:], 6500, rate, 1)
		// The whole's peak is the sum: 1 dB above the hiss where it is 18 dB above the voice.
		if off := db(got) - c.hiss - c.want; math.Abs(off) > 0.5 {
			t.Errorf("voice at %g dB, hiss at %g dB: changes by %.2f dB, want about %g", c.voice, c.hiss, db(got)-c.hiss, c.want)
		}
	}
}

// Between the levels nothing changes: the same sound 40 dB softer is the same
// output 40 dB softer.
func TestDeesserRelativeIsLevelIndependent(t *testing.T) {
	values := param.Values{"relative": true, "threshold": -20.0}
	song := benchSong(48000)
	want := dsptest.Play(build(t, deesserKind(), rate, values), song)
	got := dsptest.Play(build(t, deesserKind(), rate, values), scaled(song, 1.0/128))
	changed := false
	for i, x := range want[0] {
		changed = changed || x != song[0][i]
		if got[0][i]*128 != x {
			t.Fatalf("frame %d is %v softer, and %v louder", i, got[0][i]*128, x)
		}
	}
	if !changed {
		t.Error("nothing was lowered")
	}
}
