package render_test

import (
	"context"
	"math"
	"testing"
	"time"

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

// BenchmarkNothingToDo is a build when all is as it was.
func BenchmarkNothingToDo(b *testing.B) {
	b.Setenv("LATHE_CACHE", b.TempDir())
	p := load(b, "../examples/undertow")
	out := b.TempDir()
	build := func() {
		if _, err := render.Build(context.Background(), p, render.Options{Out: out}); err != nil {
			b.Fatal(err)
		}
	}
	build()
	time.Sleep(3 * time.Second) // the digests of files just written are not believed
	build()
	for b.Loop() {
		build()
	}
}

// The examples give what their lock files say, on every machine.
func TestExamplesAreAsLocked(t *testing.T) {
	if testing.Short() {
		t.Skip("builds whole songs")
	}
	t.Parallel()
	for _, name := range []string{"undertow", "low-tide"} {
		t.Run(name, func(t *testing.T) {
			p := load(t, "../examples/"+name)
			dir := t.TempDir()
			r, err := render.Build(context.Background(), p, render.Options{Out: dir, Cache: t.TempDir(), Locked: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range r.Files {
				if o.Carrier != "" { // of the songs' own samples
					continue
				}
				if o.TruePeak == nil || *o.TruePeak > *o.Ceiling {
					t.Errorf("%s: %v dBTP", o.Path, o.TruePeak)
				}
				switch target := map[string]float64{"broadcast": -23}[o.Delivery]; {
				case o.TargetLoudness != nil && math.Abs(*o.Integrated-*o.TargetLoudness) > 0.1:
					t.Errorf("%s: %.2f LUFS, want %.1f", o.Path, *o.Integrated, *o.TargetLoudness)
				case o.TargetLoudness == nil && math.Abs(*o.AlbumIntegrated-min(target, -14)) > 0.05: // one gain for the album
					t.Errorf("%s: the album reads %.2f LUFS", o.Path, *o.AlbumIntegrated)
				}
			}
		})
	}
}

// long skips a test that builds many songs where time is short, as it is under
// the race detector.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds many songs; run without -short")
	}
}
