package balance

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func album(levels ...float64) []Song {
	var songs []Song
	for i, l := range levels {
		songs = append(songs, Song{Name: fmt.Sprintf("song %d", i+1), Level: l})
	}
	return songs
}

func number(x float64) *float64 { return &x }

// Cases that can be worked out by hand: the least squares share what has to be
// moved.
func TestSolve(t *testing.T) {
	silent := math.Inf(-1)
	for _, c := range []struct {
		name    string
		levels  []float64
		rules   Rules
		want    []float64
		binding string // a part of the rules that bind
	}{
		{"no rules", []float64{-12, -9, -20}, Rules{Anchor: -1}, []float64{0, 0, 0}, ""},
		{"rules that are kept", []float64{-12, -11}, Rules{Anchor: 0, MaxSpread: number(1)}, []float64{0, 0}, ""},
		{"a spread is shared", []float64{-10, -16}, Rules{Anchor: -1, MaxSpread: number(4)}, []float64{-1, 1}, "song 1 is at most 4 LU louder than song 2"},
		{"but not with the anchor", []float64{-10, -16}, Rules{Anchor: 0, MaxSpread: number(4)}, []float64{0, 2}, "song 1 is the anchor"},
		{"spread of 0 matches all to the anchor", []float64{-10, -16, -13}, Rules{Anchor: 2, MaxSpread: number(0)}, []float64{-3, 3, 0}, "max_spread"},
		{"without one, to the mean", []float64{-10, -16, -13}, Rules{Anchor: -1, MaxSpread: number(0)}, []float64{-3, 3, 0}, "max_spread"},
		{"a ballad", []float64{-12, -12}, Rules{Anchor: 0, Under: []Under{{1, 0, 3, 3}}}, []float64{0, -3}, "song 2 is 3 LU under song 1"},
		{"a ballad is low enough", []float64{-12, -16}, Rules{Anchor: 0, Under: []Under{{1, 0, 3, math.Inf(1)}}}, []float64{0, 0}, ""},
		{"a move that is not enough is taken over", []float64{-10, -20}, Rules{Anchor: -1, MaxMove: number(3), MaxSpread: number(5)}, []float64{-2.5, 2.5}, "max_spread"},
		{"frozen", []float64{-10, -14, -18}, Rules{Anchor: -1, Frozen: []int{1}, MaxSpread: number(4)}, []float64{-2, 0, 2}, "max_spread"},
		{"silence", []float64{-10, silent, -18}, Rules{Anchor: 0, MaxSpread: number(4)}, []float64{0, 0, 4}, "max_spread"},
	} {
		got, err := Solve(album(c.levels...), c.rules)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got.Moves, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if text := join(got.Binding); !strings.Contains(text, c.binding) || c.binding == "" && text != "" {
			t.Errorf("%s: what binds is %q, want %q", c.name, text, c.binding)
		}
	}
}

// An impossible set of rules is told by the fewest that contradict each other.
func TestConflict(t *testing.T) {
	for _, c := range []struct {
		levels []float64
		rules  Rules
		want   []string
	}{
		{[]float64{-10, -20, -12}, Rules{Anchor: -1, MaxMove: number(2), MaxSpread: number(5)}, []string{
			"song 1 is at most 5 LU louder than song 2 (max_spread)", "song 1 moves by at most 2 dB", "song 2 moves by at most 2 dB"}},
		{[]float64{-10, -10, -10, -10}, Rules{Anchor: 0, MaxSpread: number(6), Under: []Under{{1, 0, 3, 3}, {2, 1, 3, 3}, {3, 2, 3, 3}, {3, 0, 1, 1}}}, []string{
			"song 2 is 3 LU under song 1", "song 3 is 3 LU under song 2", "song 4 is 1 LU under song 1", "song 4 is 3 LU under song 3"}},
		{[]float64{-10, -10}, Rules{Anchor: 0, Frozen: []int{1}, Under: []Under{{1, 0, 3, 3}}}, []string{
			"song 1 is the anchor", "song 2 is 3 LU under song 1", "song 2 is frozen"}},
	} {
		_, err := Solve(album(c.levels...), c.rules)
		var conflict *Conflict
		if !errors.As(err, &conflict) {
			t.Errorf("%v: no conflict, %v", c.rules, err)
			continue
		}
		slices.Sort(conflict.Rules)
		if diff := cmp.Diff(c.want, conflict.Rules); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func drawn(t *rapid.T) ([]Song, Rules) {
	level := rapid.Custom(func(t *rapid.T) float64 {
		if rapid.IntRange(0, 11).Draw(t, "silent") == 0 {
			return math.Inf(-1)
		}
		return float64(rapid.IntRange(-3000, -500).Draw(t, "level")) / 100
	})
	songs := album(rapid.SliceOfN(level, 1, 9).Draw(t, "levels")...)
	any := rapid.IntRange(0, len(songs)-1)
	r := Rules{Anchor: rapid.IntRange(-1, len(songs)-1).Draw(t, "anchor")}
	r.Frozen = rapid.SliceOfNDistinct(any, 0, 2, rapid.ID).Draw(t, "frozen")
	if rapid.Bool().Draw(t, "moves") {
		r.MaxMove = number(float64(rapid.IntRange(0, 100).Draw(t, "max move")) / 10)
	}
	if rapid.Bool().Draw(t, "spreads") {
		r.MaxSpread = number(float64(rapid.IntRange(0, 120).Draw(t, "max spread")) / 10)
	}
	for range rapid.IntRange(0, 3).Draw(t, "rules") {
		u := Under{Song: any.Draw(t, "song"), Than: any.Draw(t, "than"), Min: float64(rapid.IntRange(-50, 50).Draw(t, "min")) / 10}
		u.Max = u.Min + float64(rapid.IntRange(0, 30).Draw(t, "to max"))/10
		if u.Song != u.Than {
			r.Under = append(r.Under, u)
		}
	}
	return songs, r
}

// A solution keeps every rule within the precision, leaves silent songs alone, and
// is solved to itself; what is said to contradict itself does so without all other
// rules, and no longer when one of it is left out.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		songs, rules := drawn(t)
		limits := rules.limits(songs)
		got, err := Solve(songs, rules)
		var conflict *Conflict
		if errors.As(err, &conflict) {
			only := func(but string) []limit {
				var some []limit
				for _, l := range limits {
					if slices.Contains(conflict.Rules, l.rule) && l.rule != but {
						some = append(some, l)
					}
				}
				return some
			}
			if contradiction(only(""), len(songs)) == nil {
				t.Fatalf("%q do not contradict each other", conflict.Rules)
			}
			for _, rule := range conflict.Rules {
				if contradiction(only(rule), len(songs)) != nil {
					t.Fatalf("%q contradict each other without %q", conflict.Rules, rule)
				}
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range limits {
			if over := l.over(got.Moves); over > slack {
				t.Fatalf("%s: missed by %.4f dB: %v", l.rule, over, got.Moves)
			}
		}
		moved := slices.Clone(songs)
		for i := range moved {
			if math.IsInf(songs[i].Level, -1) && got.Moves[i] != 0 {
				t.Fatalf("silent song %d moves by %v dB", i+1, got.Moves[i])
			}
			moved[i].Level += got.Moves[i]
		}
		again, err := Solve(moved, rules)
		if err != nil {
			t.Fatalf("solved, and then: %v", err)
		}
		for i, x := range again.Moves {
			if x != 0 {
				t.Fatalf("solved again, song %d moves by %v dB more", i+1, x)
			}
		}
	})
}

// No other way that keeps the rules moves less: random steps away from the
// solution, back to where the rules hold, are never shorter.
func TestLeastSquares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		songs, rules := drawn(t)
		limits := rules.limits(songs)
		if contradiction(limits, len(songs)) != nil {
			return
		}
		x := project(limits, len(songs))
		length := func(x []float64) (sum float64) {
			for _, v := range x {
				sum += v * v
			}
			return sum
		}
		for range 20 {
			y := slices.Clone(x)
			for i := range y {
				y[i] += rapid.Float64Range(-0.5, 0.5).Draw(t, "step")
			}
			if !slices.ContainsFunc(limits, func(l limit) bool { return l.over(y) > 1e-6 }) && length(y) < length(x)-1e-3 {
				t.Fatalf("%v moves less than %v", y, x)
			}
		}
	})
}
