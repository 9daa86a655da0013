package render_test

import (
	"context"
	"os"
	"testing"

	"github.com/lathe-audio/lathe/render"
)

// BenchmarkProject builds the project that LATHE_BENCH_PROJECT names: for
// profiles of real work.
func BenchmarkProject(b *testing.B) {
	name := os.Getenv("LATHE_BENCH_PROJECT")
	if name == "" {
		b.Skip("set LATHE_BENCH_PROJECT to a project to measure it")
	}
	p := load(b, name)
	for b.Loop() {
		b.Setenv("LATHE_CACHE", b.TempDir())
		if _, err := render.Build(context.Background(), p, render.Options{Out: b.TempDir()}); err != nil {
			b.Fatal(err)
		}
	}
}
