package dyn

import (
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/internal/param"
)

// build makes a processor of a kind, with values laid over the defaults.
func build(t testing.TB, kind dsp.Kind, rate int, v param.Values) dsp.Processor {
	t.Helper()
	full := param.Defaults(kind.Params).With(v)
	for _, p := range kind.Params {
		if p.Type != param.Items {
			continue
		}
		items := []param.Values{}
		for _, item := range full.List(p.Name) {
			items = append(items, param.Defaults(p.Fields).With(item))
		}
		full[p.Name] = items
	}
	p, err := kind.New(dsp.Args{Rate: rate, Values: full})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func BenchmarkDeesser(b *testing.B) {
	for _, threshold := range []float64{0, -50} {
		p := build(b, deesserKind(), 48000, param.Values{"threshold": threshold})
		b.Run(map[bool]string{true: "idle", false: "working"}[threshold == 0], func(b *testing.B) {
			benchmarkFrames(b, 1, p.Process)
		})
	}
}

func BenchmarkMultiband(b *testing.B) {
	band := param.Values{"threshold": -30.0}
	p := build(b, multibandKind(), 48000, param.Values{
		"split": []float64{120, 2500}, "bands": []param.Values{band, band, band}})
	b.Run("three", func(b *testing.B) { benchmarkFrames(b, 1, p.Process) })
}
