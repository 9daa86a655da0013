package render_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render"
)

const ruledAlbum = `loudness: {mode: solve, RULES}
songs:
  - {mix: a.wav, title: One}
  - {mix: b.wav, title: Two}
  - {mix: c.wav, title: Ballad}
  - {mix: d.wav, title: Silent}
deliver: [streaming: {ceiling: none, loudness: -20 LUFS}]
`

// An album's rules hold in the files as they read, its loudness is that of all of them
// together, a second build moves nothing, and what contradicts itself is told.
func TestRulesOfAnAlbum(t *testing.T) {
	album := func(rules string) string { return strings.Replace(ruledAlbum, "RULES", rules, 1) }
	dir := albumOf(t, album("anchor: One, max_spread: 5 LU, rules: [{song: ballad, under: anchor, by: 3 LU}]"), 4, 4, 4, 1)
	quieter(t, filepath.Join(dir, "b.wav"), 0.25)
	quieter(t, filepath.Join(dir, "d.wav"), 0)
	levels := func(r *render.Result) map[string]float64 {
		got := map[string]float64{}
		for _, f := range r.Files {
			if f.Integrated != nil {
				got[f.Song] = *f.Integrated
			}
			if math.Abs(*f.AlbumIntegrated+20) > 0.05 {
				t.Errorf("the album reads %.3f LUFS", *f.AlbumIntegrated)
			}
		}
		return got
	}
	r, _ := made(t, dir)
	got := levels(r)
	// A hundredth for the step of a move, and as much for the meter's gates.
	if under := got["One"] - got["Ballad"]; math.Abs(under-3) > 0.02 {
		t.Errorf("the ballad is %.3f LU under the anchor, want 3", under)
	}
	if under := got["One"] - got["Two"]; math.Abs(under-5) > 0.02 {
		t.Errorf("the quietest song is %.3f LU under the loudest, want 5", under)
	}
	var notes []string
	o := render.Options{Event: func(e render.Event) {
		if e.Event == render.Note && strings.Contains(e.Message, "rules") {
			notes = append(notes, e.Message)
		}
	}}
	again, err := render.Build(context.Background(), load(t, dir), o)
	if err != nil || again.Rendered != 0 {
		t.Errorf("made again: %d steps, %v", again.Rendered, err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "Ballad -") || !strings.Contains(notes[0], "max_spread") {
		t.Errorf("what was moved, and why: %q", notes)
	}
	rewrite(t, dir, album("max_spread: 0 LU"))
	if r, _ = made(t, dir); math.Abs(levels(r)["Two"]-levels(r)["One"]) > 0.02 {
		t.Errorf("with no spread: %v", levels(r))
	}
	rewrite(t, dir, album("max_spread: 5 LU, max_move: 1 dB"))
	_, err = render.Build(context.Background(), load(t, dir), render.Options{})
	var missed *render.TargetError
	if !errors.As(err, &missed) || !strings.Contains(err.Error(), `"Two" moves by at most 1 dB`) || !strings.Contains(err.Error(), "5 LU louder") {
		t.Errorf("rules that contradict each other: %v", err)
	}
}
