package render

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/render/balance"
	"github.com/lathe-audio/lathe/spec"
)

// balance finds the moves that an album's rules ask for, by the outlines of its
// songs at their trims, before any limiter.
func (p *pool) balance(takes []*take) error {
	if p.jobs[0].levelling() != spec.LoudnessSolve {
		return nil
	}
	want := p.jobs[0].balance
	place := map[int]int{} // in the pool, by the song's place in the album
	var songs []balance.Song
	for i, st := range p.stages {
		place[st.entry.Number-1] = i
		songs = append(songs, balance.Song{Name: fmt.Sprintf("%q", st.song.Title), Level: takes[i].level(want.By) + st.trim})
	}
	in := func(song int) int {
		if i, here := place[song]; here {
			return i
		}
		return -1
	}
	rules := balance.Rules{Anchor: in(want.Anchor), MaxMove: want.MaxMove, MaxSpread: want.MaxSpread}
	for _, song := range want.Frozen {
		if i := in(song); i >= 0 {
			rules.Frozen = append(rules.Frozen, i)
		}
	}
	for _, u := range want.Under {
		if a, b := in(u.Song), in(u.Than); a >= 0 && b >= 0 {
			rules.Under = append(rules.Under, balance.Under{Song: a, Than: b, Min: u.Min, Max: u.Max})
		}
	}
	found, err := balance.Solve(songs, rules)
	if err != nil {
		return err
	}
	p.moves, p.binding = found.Moves, found.Binding
	return nil
}

// level is how loud a take is by one of the measures of [spec.Balance]; -Inf where
// it has none.
func (t *take) level(by string) float64 {
	if by == spec.ByIntegrated || math.IsInf(t.loudness, -1) {
		return t.loudness
	}
	windows := blocks(t.outline.play(drive{ceiling: math.Inf(1)}).energies, t.outline.hopFrames(), hopsPerShort)
	if len(windows) == 0 {
		return math.Inf(-1)
	}
	slices.Sort(windows)
	at := len(windows) - 1
	if by == spec.ByRangeTop {
		at = int(math.Round(0.95 * float64(at)))
	}
	return loudness.LUFS(windows[at]) + t.outline.shift
}

// describeBalance is what of rules is in a key: all of them, without places in the
// file.
func describeBalance(b *spec.Balance) map[string]any {
	var under []string
	for _, u := range b.Under {
		under = append(under, fmt.Sprintf("song %d: %v to %v LU under song %d", u.Song+1, u.Min, u.Max, u.Than+1))
	}
	return map[string]any{
		"by": b.By, "anchor": b.Anchor + 1, "frozen": b.Frozen, "max_move": optional(b.MaxMove), "max_spread": optional(b.MaxSpread), "under": under,
	}
}

// movesText says by how much songs are moved, and which rules move them.
func (p *pool) movesText() string {
	var moved []string
	for i, st := range p.stages {
		if i < len(p.moves) && p.moves[i] != 0 {
			moved = append(moved, fmt.Sprintf("%s %+.2f dB", st.song.Title, p.moves[i]))
		}
	}
	if len(moved) == 0 {
		return p.name() + ": the songs keep the album's rules as they are"
	}
	return fmt.Sprintf("%s: moved to keep the album's rules: %s; what binds: %s", p.name(), strings.Join(moved, ", "), strings.Join(p.binding, "; "))
}
