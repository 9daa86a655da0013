package render_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/render"
)

const chainSong = `lathe: 1
song: {title: Way, artist: Test, length: 0:02}
session: {sample_rate: 48 kHz}
stems:
  drums: {file: drums.wav}
  bass: {file: bass.wav, gain: -3 dB}
master:
  ADVICE
  chain:
    - eq: {id: tone, phase: linear, bands: [{type: bell, freq: 200 Hz, gain: 4 dB}]}
    - compressor: {threshold: -30 dB, ratio: 8, attack: 5 ms, release: 60 ms}
    - multiband: {split: [300 Hz], bands: [{threshold: -40 dB, ratio: 10}, {threshold: 0 dB}]}
    - compressor: {id: spare, threshold: 0 dB}
deliver: [mix, mix: {name: master, from: master}, streaming: {loudness: -20 LUFS}]
`

// The figures of the way through the master are those of the files at its ends,
// and the same when nothing was rendered. Advice tells what a master should not
// have to do, and nothing where it is switched off.
func TestWayThroughTheMaster(t *testing.T) {
	long(t)
	dir, cache := t.TempDir(), t.TempDir()
	writeGoldenStems(t, dir)
	build := func(advice string) (r *render.Result, told []string) {
		text := strings.Replace(chainSong, "ADVICE", advice, 1)
		if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := render.Build(context.Background(), load(t, dir), render.Options{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Checks {
			if rule, ok := strings.CutPrefix(c.Rule, "advice/"); ok {
				told = append(told, rule+": "+c.Message)
			}
		}
		return r, told
	}
	r, told := build("")
	way := r.Masters
	if len(way) != 1 || len(way[0].Stages) != 5 || way[0].Version != "main" {
		t.Fatalf("the way through the master: %+v", way)
	}
	stages := way[0].Stages
	for i, end := range []render.ChainStage{stages[0], stages[4]} {
		file := r.Files[i]
		// A thousandth for rounding; the master's file is rounded to 32-bit float.
		for what, x := range map[string][2]*float64{"loudness": {end.Integrated, file.Integrated}, "peak": {end.Peak, file.SamplePeak}, "RMS": {end.RMS, file.RMS}} {
			if x[0] == nil || x[1] == nil || math.Abs(*x[0]-*x[1]) > 0.0015 {
				t.Errorf("%s of %s is %v, and of its file %v", what, end.Name, *x[0], *x[1])
			}
		}
	}
	if names := []string{stages[1].Name, stages[2].Name}; !slices.Equal(names, []string{"1 eq tone", "2 compressor"}) {
		t.Errorf("stages are called %q", names)
	}
	if n := len(stages[3].Reductions); n != 2 || stages[3].Reductions[1].Most != 0 {
		t.Errorf("the multiband tells of %d bands: %+v", n, stages[3].Reductions)
	}
	rules := func(told []string) (rules []string) {
		for _, s := range told {
			rule, _, _ := strings.Cut(s, ":")
			rules = append(rules, rule)
		}
		return rules
	}
	if diff := cmp.Diff([]string{"eq", "reduction", "reduction", "idle"}, rules(told)); diff != "" {
		t.Errorf("advice (-want +got):\n%s\n%s", diff, strings.Join(told, "\n"))
	}
	again, _ := build("")
	if diff := cmp.Diff(way, again.Masters); diff != "" || again.Rendered != 0 {
		t.Errorf("with nothing to do, %d steps and another way:\n%s", again.Rendered, diff)
	}
	quiet, told := build("advice: {eq: none, reduction: none, plr: 24 LU}")
	if diff := cmp.Diff([]string{"idle", "plr"}, rules(told)); diff != "" || quiet.Rendered != 0 {
		t.Errorf("advice (-want +got), %d steps rendered:\n%s", quiet.Rendered, diff)
	}
}
