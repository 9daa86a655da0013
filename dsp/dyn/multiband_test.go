package dyn

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
)

func TestKindMultiband(t *testing.T) {
	quiet := param.Values{"threshold": -40.0}
	dsptest.Run(t, multibandKind(),
		dsptest.Case{Name: "three bands", Golden: "9c38ae404c6cb478e45dd6ccba3c139ba82fe2910991ddd18d5c957fa78939a3",
			Values: param.Values{"split": []float64{120, 2500}, "bands": []param.Values{
				{"threshold": -30.0}, {"threshold": -40.0, "release": "auto", "makeup": "auto"}, {"threshold": -40.0, "ratio": 1.6}}}},
		dsptest.Case{Name: "two bands", Golden: "b9384f851cc6ec50f2ae5bc727e94cf783319023c4f55a01dfc07e1d2dbd4c98", Rate: 44100,
			Values: param.Values{"split": []float64{20}, "bands": []param.Values{{"makeup": 24.0}, {"bypass": true}}}},
		dsptest.Case{Name: "five bands", Golden: "7b704deb1988c917a2213dd48d299e273a55d244924e501c7c5d50d62dd6b29e", Rate: 96000,
			Skip:   map[string]string{"latency": "the highest value of an all-pass's impulse response need not be its first"},
			Values: param.Values{"split": []float64{60, 300, 3000, 9000}, "bands": []param.Values{quiet, quiet, quiet, quiet, quiet}}},
	)
}

func threeBands(t testing.TB, bands ...param.Values) dsp.Processor {
	return build(t, multibandKind(), rate, param.Values{"split": []float64{200, 2000}, "bands": bands})
}

// With nothing to reduce, the sum of the bands has the magnitude of its input and
// is the same as the dry path.
func TestMultibandIsAllPass(t *testing.T) {
	p := threeBands(t, param.Values{}, param.Values{"bypass": true}, param.Values{"ratio": 1.0})
	in := dsptest.Impulse(rate, 0, 0.1)
	out := dsptest.Play(p, in)
	dry := dsp.Block{append([]float64(nil), in[0]...), append([]float64(nil), in[1]...)}
	p.(dsp.Phased).TurnDry(dry)
	for _, hz := range []float64{20, 100, 200, 632, 2000, 5000, 20000} {
		got, _ := dsptest.Response(out[0], rate, hz)
		// 1e-9 dB: rounding, over the sum of an impulse response of a second.
		if math.Abs(got-db(0.1)) > 1e-9 {
			t.Errorf("at %g Hz the level changes by %g dB", hz, got-db(0.1))
		}
	}
	for i := range out[0] {
		if math.Abs(out[0][i]-dry[0][i]) > 1e-15 {
			t.Fatalf("frame %d: %g through the bands, %g through the dry path", i, out[0][i], dry[0][i])
		}
	}
}

// Each band compresses what lies in it and leaves the others alone. All bands
// are in phase, so what comes out is the sum of each band's share of the tone,
// those of LR4 filters, times the gain that the static curve gives it.
func TestMultibandBands(t *testing.T) {
	loud := param.Values{"threshold": -30.0, "ratio": 4.0, "knee": 0.0}
	off := param.Values{"ratio": 1.0}
	const level = -10.0
	for _, hz := range []float64{50, 150, 632, 3000, 7918} {
		low, notHigh := lr4(hz, 200), lr4(hz, 2000)
		shares := []float64{low, (1 - low) * notHigh, (1 - low) * (1 - notHigh)}
		for active := range 3 {
			bands := []param.Values{off, off, off}
			bands[active] = loud
			want := 0.0
			for i, share := range shares {
				if i == active {
					in := level + db(share)
					share *= math.Pow(10, (reference(in, -30, 4, 0)-in)/20)
				}
				want += share
			}
			if got := levelAt(threeBands(t, bands...), hz, level); math.Abs(got-db(want)) > 0.05 {
				t.Errorf("%g Hz with band %d active: %.2f dB, want %.2f", hz, active+1, got, db(want))
			}
		}
	}
}

// lr4 is the share of a tone that the low side of a split at split Hz has.
func lr4(hz, split float64) float64 {
	r := math.Tan(math.Pi*hz/rate) / math.Tan(math.Pi*split/rate)
	return 1 / (1 + r*r*r*r)
}

func TestMultibandCheck(t *testing.T) {
	for _, c := range []struct {
		split []float64
		bands int
		want  []string
	}{
		{[]float64{100, 1000}, 3, nil},
		{[]float64{1000, 100}, 3, []string{"split[1]"}},
		{[]float64{100, 100, 100}, 3, []string{"split[1]", "split[2]", "bands"}},
		{[]float64{100}, 1, []string{"bands"}},
	} {
		var got []string
		for _, p := range checkMultiband(param.Values{"split": c.split, "bands": make([]param.Values, c.bands)}) {
			got = append(got, p.Path)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("split %v with %d bands (-want +got):\n%s", c.split, c.bands, diff)
		}
	}
}

func TestTuneItem(t *testing.T) {
	p := threeBands(t, param.Values{"release": "auto"}, param.Values{}, param.Values{"bypass": true}).(dsp.Tunable)
	for name, want := range map[string]bool{
		"bands.1.threshold": true, "bands.2.release": true, "bands.3.ratio": false, // it is bypassed
		"bands.1.release": false, "bands.0.ratio": false, "bands.4.ratio": false, "bands.11.ratio": false,
		"bands.1": false, "bands.1.": false, "bands..ratio": false, "threshold": false, "split.1": false, "": false,
	} {
		if got := p.Tune(name) != nil; got != want {
			t.Errorf("Tune(%q) can be tuned: %v, want %v", name, got, want)
		}
	}
}
