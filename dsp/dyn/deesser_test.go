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
