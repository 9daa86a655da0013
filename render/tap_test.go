package render_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render"
)

// What is tapped is what is delivered from the same place, sample by sample; the
// taps of the time before go, and what somebody else put there stays.
func TestTap(t *testing.T) {
	long(t)
	dir := t.TempDir()
	o := render.Options{Cache: t.TempDir()}
	writeGoldenStems(t, dir)
	text := strings.Replace(chainSong, "ADVICE", "", 1) + "versions: {low: {mute: [drums]}}\n"
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p := load(t, dir)
	if _, err := render.Build(context.Background(), p, o); err != nil {
		t.Fatal(err)
	}
	nodes := []string{"mix", "master@low", "master/4", "drums", "master/tone"}
	if err := render.CheckTaps(p, nodes); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"drms", "mix@high", "master/9", ""} {
		var usage *render.UsageError
		if err := render.CheckTaps(p, []string{"mix", wrong}); !errors.As(err, &usage) {
			t.Errorf("%q is taken for a node: %v", wrong, err)
		}
	}
	taps, err := render.Tap(context.Background(), p, o, nodes)
	if err != nil || len(taps) != len(nodes) {
		t.Fatalf("%d taps, %v", len(taps), err)
	}
	tapped := func(name string) [2][]float64 { return readWhole(t, filepath.Join(dir, "dist", "taps", name)) }
	for tap, delivered := range map[string]string{
		"Way - mix.wav": "mix/Way.wav", "Way - master 4.wav": "master/Way.wav", "Way (Low) - master.wav": "master/Way (Low).wav",
	} {
		got, want := tapped(tap), readWhole(t, filepath.Join(dir, "dist", delivered))
		if !slices.Equal(got[0], want[0]) || !slices.Equal(got[1], want[1]) {
			t.Errorf("%s is not %s", tap, delivered)
		}
	}
	drums, tone, mix := tapped("Way - drums.wav"), tapped("Way - master tone.wav"), tapped("Way - mix.wav")
	if slices.Equal(drums[0], mix[0]) || slices.Equal(tone[0], mix[0]) {
		t.Error("drums or equaliser sound like the mix")
	}
	theirs := filepath.Join(dir, "dist", "taps", "Way - master.wav")
	if err := os.WriteFile(theirs, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := render.Tap(context.Background(), p, o, []string{"master"}); err == nil {
		t.Error("somebody's file is overwritten")
	}
	if _, err := render.Tap(context.Background(), p, o, []string{"drums"}); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "dist", "taps", "*"))
	if want := []string{filepath.Join(dir, "dist", "taps", "Way - drums.wav"), theirs}; err != nil || !slices.Equal(left, want) {
		t.Errorf("taps are %q, want %q", left, want)
	}
}
