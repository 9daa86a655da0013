package render_test

import (
	"context"
	"testing"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/spec"
)

func load(t testing.TB, name string) *spec.Project {
	t.Helper()
	p, diags := spec.Load(name, spec.Options{Catalogue: catalogue.Params()})
	if p == nil {
		t.Fatal(diags.Text())
	}
	return p
}

// BenchmarkBuild builds the example song whole: three versions, four deliveries.
func BenchmarkBuild(b *testing.B) {
	b.Setenv("LATHE_CACHE", b.TempDir())
	p := load(b, "../examples/undertow")
	for b.Loop() {
		r, err := render.Build(context.Background(), p, render.Options{Out: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(r.Files)), "outputs")
	}
}
