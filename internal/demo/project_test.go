package demo_test

import (
	"path/filepath"
	"testing"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/internal/demo"
	"github.com/lathe-audio/lathe/profiles"
	"github.com/lathe-audio/lathe/spec"
)

// The demo song is in order as it is written, without so much as a warning.
func TestUndertowLoads(t *testing.T) {
	dir := filepath.Join("..", "..", "examples", demo.Undertow)
	project, found := spec.Load(dir, spec.Options{Catalogue: catalogue.Params()})
	for _, d := range found {
		t.Error(d)
	}
	if project == nil {
		t.FailNow()
	}
	if got := len(project.Song.Stems); got != 10 {
		t.Errorf("%d stems, want 10", got)
	}
}

// Every song of the album builds alone, so every one loads alone.
func TestLowTideLoads(t *testing.T) {
	dir := filepath.Join("..", "..", "examples", demo.LowTide)
	for _, name := range []string{"lathe.yaml", "songs/breakwater.yaml", "songs/slack-water.yaml"} {
		project, found := spec.Load(filepath.Join(dir, filepath.FromSlash(name)), spec.Options{Catalogue: catalogue.Params()})
		if project == nil || found.HasErrors() {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// Each preset of lathe can be read as what it is: a chain of known processors.
func TestPresetsAreThere(t *testing.T) {
	want := []string{
		"bass/di", "drums/bus", "drums/kick", "drums/snare", "guitar/acoustic", "keys/piano",
		"master/default", "mix/glue", "vocal/backing", "vocal/lead",
	}
	have := map[string]bool{}
	for _, name := range profiles.PresetNames() {
		have[name] = true
	}
	for _, name := range want {
		if !have[name] {
			t.Errorf("preset %s is missing", name)
		}
	}
}
