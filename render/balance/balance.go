// Package balance finds by how much the songs of an album have to be moved for
// their levels to keep rules. It knows no audio: levels come in, moves go out.
//
// Every rule is a limit to the difference of two levels, or to a move. Of all ways
// to keep the rules the one with the smallest sum of squared moves is taken: no
// song moves that does not have to, and what has to move is shared. That way is
// unique, and an album that keeps the rules is left alone, so a solved album solves
// to itself.
package balance

import (
	"fmt"
	"math"
	"slices"
)

// Precision is how exactly rules are kept, in dB: moves are rounded to it.
const Precision = 0.01

// Song is one song of an album.
type Song struct {
	Name  string
	Level float64 // by whatever measure, in LUFS; -Inf: silent, and not moved
}

// Rules are what the levels have to keep. Songs are named by their index.
type Rules struct {
	Anchor    int      // the song that the others go by: it does not move; -1: none
	Frozen    []int    // songs that do not move either
	MaxMove   *float64 // dB that any song may move
	MaxSpread *float64 // LU between the loudest and the quietest
	Under     []Under
}

// Under is a rule for two songs: Song lies Min to Max LU below Than (equal: by
// exactly so much; negative: above).
type Under struct {
	Song, Than int
	Min, Max   float64
}

// Solution is how an album is moved.
type Solution struct {
	Moves    []float64 // dB, of each song
	Binding  []string  // rules without which another way would be better, in words
	Excluded []int     // silent songs, which no rule can speak of
}

// Conflict says that rules contradict each other. It lists the fewest that do.
type Conflict struct{ Rules []string }

// Error implements error.
func (c *Conflict) Error() string {
	return fmt.Sprintf("the rules contradict each other: %s", join(c.Rules))
}

func join(list []string) string {
	text := ""
	for i, s := range list {
		switch {
		case i == 0:
		case i == len(list)-1:
			text += " and "
		default:
			text += ", "
		}
		text += s
	}
	return text
}

// limit is x[a] - x[b] <= most, where x are moves. b is -1 where the move of a
// alone is limited, a is -1 where -x[b] is.
type limit struct {
	a, b   int
	most   float64
	rule   string
	weight float64 // how hard it holds against the moves: Lagrange's multiplier
}

// Solve finds the moves. Where there are none that keep all rules the error is a
// [Conflict].
func Solve(songs []Song, r Rules) (Solution, error) {
	s := Solution{Moves: make([]float64, len(songs))}
	for i, song := range songs {
		if math.IsInf(song.Level, -1) {
			s.Excluded = append(s.Excluded, i)
		}
	}
	limits := r.limits(songs)
	if kept(limits, s.Moves) {
		return s, nil
	}
	if fewest := contradiction(limits, len(songs)); fewest != nil {
		return s, &Conflict{fewest}
	}
	s.Moves = project(limits, len(songs))
	seen := map[string]bool{}
	for _, l := range limits {
		if l.weight > Precision && !seen[l.rule] {
			seen[l.rule] = true
			s.Binding = append(s.Binding, l.rule)
		}
	}
	for i, x := range s.Moves {
		s.Moves[i] = math.Round(x/Precision) * Precision
	}
	return s, nil
}

// limits writes rules down as limits of moves.
func (r Rules) limits(songs []Song) []limit {
	var all []limit
	heard := func(i int) bool { return !math.IsInf(songs[i].Level, -1) }
	still := func(i int, rule string) {
		all = append(all, limit{a: i, b: -1, rule: rule}, limit{a: -1, b: i, rule: rule})
	}
	if r.Anchor >= 0 && heard(r.Anchor) {
		still(r.Anchor, fmt.Sprintf("%s is the anchor", songs[r.Anchor].Name))
	}
	for _, i := range r.Frozen {
		if i != r.Anchor && heard(i) {
			still(i, fmt.Sprintf("%s is frozen", songs[i].Name))
		}
	}
	for _, u := range r.Under {
		if !heard(u.Song) || !heard(u.Than) {
			continue
		}
		rule := u.text(songs)
		apart := songs[u.Than].Level - songs[u.Song].Level
		all = append(all,
			limit{a: u.Song, b: u.Than, most: apart - u.Min, rule: rule},
			limit{a: u.Than, b: u.Song, most: u.Max - apart, rule: rule})
	}
	if r.MaxMove != nil {
		for i, song := range songs {
			if heard(i) {
				rule := fmt.Sprintf("%s moves by at most %.4g dB", song.Name, *r.MaxMove)
				all = append(all, limit{a: i, b: -1, most: *r.MaxMove, rule: rule}, limit{a: -1, b: i, most: *r.MaxMove, rule: rule})
			}
		}
	}
	if r.MaxSpread != nil {
		for i := range songs {
			for j := range songs {
				if i != j && heard(i) && heard(j) {
					all = append(all, limit{
						a: i, b: j, most: *r.MaxSpread - (songs[i].Level - songs[j].Level),
						rule: fmt.Sprintf("%s is at most %.4g LU louder than %s (max_spread)", songs[i].Name, *r.MaxSpread, songs[j].Name),
					})
				}
			}
		}
	}
	return all
}

func (u Under) text(songs []Song) string {
	song, than := songs[u.Song].Name, songs[u.Than].Name
	switch {
	case u.Min == u.Max:
		return fmt.Sprintf("%s is %.4g LU under %s", song, u.Min, than)
	case math.IsInf(u.Max, 1):
		return fmt.Sprintf("%s is at least %.4g LU under %s", song, u.Min, than)
	case math.IsInf(u.Min, -1):
		return fmt.Sprintf("%s is at most %.4g LU under %s", song, u.Max, than)
	}
	return fmt.Sprintf("%s is %.4g to %.4g LU under %s", song, u.Min, u.Max, than)
}

// over is by how much moves are beyond a limit.
func (l *limit) over(x []float64) float64 {
	d := -l.most
	if l.a >= 0 {
		d += x[l.a]
	}
	if l.b >= 0 {
		d -= x[l.b]
	}
	return d
}

// slack is the most by which a rule may be missed: rounding two moves.
const slack = 1.001 * Precision

// kept reports whether moves keep all limits.
func kept(limits []limit, x []float64) bool {
	return !slices.ContainsFunc(limits, func(l limit) bool { return l.over(x) > slack })
}

// The projection ends when no limit asks for a step of settled dB any more; so
// many rounds are far more than albums need.
const (
	settled   = 1e-9
	maxRounds = 200_000
)

// project returns the moves with the smallest sum of squares that keep limits
// which can be kept: C. Hildreth, "A quadratic programming procedure" (Naval
// Research Logistics Quarterly 4, 1957). Each limit in turn pushes the songs it
// speaks of back to where it holds, and takes back what it pushed too much before.
func project(limits []limit, songs int) []float64 {
	x := make([]float64, songs)
	for range maxRounds {
		largest := 0.0
		for i := range limits {
			l := &limits[i]
			step := l.over(x)
			if l.a >= 0 && l.b >= 0 {
				step = float64(0.5 * step) // both sides move
			}
			step = max(step, -l.weight)
			l.weight += step
			if l.a >= 0 {
				x[l.a] -= step
			}
			if l.b >= 0 {
				x[l.b] += step
			}
			largest = max(largest, math.Abs(step))
		}
		if largest < settled {
			break
		}
	}
	return x
}
