package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// What songs are compared by.
const (
	ByIntegrated = "integrated" // integrated loudness
	ByShortTerm  = "short_term" // the loudest 3 s
	ByRangeTop   = "range_top"  // the loudness that 5 % of the song's 3 s lie above
)

// Balance is what the levels of an album's songs have to keep against each other.
// Songs are meant by their index in the album.
type Balance struct {
	By                 string
	Anchor             int // does not move; -1: none
	Frozen             []int
	MaxMove, MaxSpread *float64
	Under              []Under
}

// Under puts a song Min to Max LU below another.
type Under struct {
	Song, Than int
	Min, Max   float64 // LU; infinite where nothing is written
}

// underKeys are the keys of an entry of loudness.rules.
var underKeys = []key{
	{name: "song", typ: text{}, required: true, doc: "the song that the rule is for: its title, or its number in the list"},
	{name: "under", typ: text{}, required: true, doc: "the song that it is held against; anchor is the anchor"},
	{name: "by", typ: quantity{unit: param.LU, min: -40, max: 40}, doc: "exactly so much below it; below 0 it is louder"},
	{name: "min", typ: quantity{unit: param.LU, min: -40, max: 40}, doc: "at least so much below it"},
	{name: "max", typ: quantity{unit: param.LU, min: -40, max: 40}, doc: "at most so much below it"},
}

// balanceKeys are the keys of an album's `loudness` that mode: solve goes by.
var balanceKeys = []key{
	{name: "by", typ: choice{[]string{ByIntegrated, ByShortTerm, ByRangeTop}}, def: ByIntegrated, doc: "of mode: solve, what songs are compared by: integrated loudness, the loudest 3 s, or the loudness that 5 % of their 3 s lie above"},
	{name: "anchor", typ: text{}, absent: "none", doc: "of mode: solve, the song that the others go by, by title or number: it does not move against its trim"},
	{name: "frozen", typ: words{}, doc: "of mode: solve, other songs that do not move, by title or number"},
	{name: "max_move", typ: quantity{unit: param.DB, max: 40}, absent: "any", doc: "of mode: solve, the most that a song moves"},
	{name: "max_spread", typ: quantity{unit: param.LU, max: 60}, absent: "any", doc: "of mode: solve, the most that the loudest song is above the quietest; 0 matches all"},
	{name: "rules", typ: items{keys: underKeys, max: maxSongs, name: "under"}, doc: "of mode: solve, songs that lie so much under others: {song: Ballad, under: anchor, by: 3 LU}, or from min to max"},
}

// balance resolves an album's rules, when its songs are known.
func (d *decoder) balance(g *group, songs []AlbumSong, at place) *Balance {
	if g.str("mode") != LoudnessSolve {
		for _, k := range balanceKeys {
			if g.has(k.name) {
				d.fail(g.at[k.name], at, k.name+" is a matter of mode: solve", "write mode: solve, or remove it")
			}
		}
		return nil
	}
	b := &Balance{By: g.str("by"), Anchor: -1}
	find := func(n *node, name string) int {
		if name == "anchor" && b.Anchor >= 0 {
			return b.Anchor
		}
		return d.albumSongNamed(n, name, songs, at)
	}
	if g.has("anchor") {
		b.Anchor = d.albumSongNamed(g.at["anchor"], g.str("anchor"), songs, at)
	}
	for _, w := range g.words("frozen") {
		if i := find(w.node, w.text); i >= 0 {
			b.Frozen = append(b.Frozen, i)
		}
	}
	for name, limit := range map[string]**float64{"max_move": &b.MaxMove, "max_spread": &b.MaxSpread} {
		if v, ok := g.values[name].(float64); ok {
			*limit = &v
		}
	}
	rules, _ := g.values["rules"].([]*group)
	for _, r := range rules {
		if u, ok := d.under(r, find, at); ok {
			b.Under = append(b.Under, u)
		}
	}
	return b
}

// under resolves one rule.
func (d *decoder) under(r *group, find func(*node, string) int, at place) (Under, bool) {
	if !r.has("song") || !r.has("under") {
		return Under{}, false
	}
	u := Under{Song: find(r.at["song"], r.str("song")), Than: find(r.at["under"], r.str("under")), Min: math.Inf(-1), Max: math.Inf(1)}
	switch {
	case u.Song < 0 || u.Than < 0:
		return u, false
	case u.Song == u.Than:
		d.fail(r.at["under"], at, "a song cannot be under itself", "name another song")
		return u, false
	case r.has("by") && (r.has("min") || r.has("max")):
		d.fail(r.at["by"], at, "by says all; min and max exclude it", "keep by, or min and max")
	case r.has("by"):
		u.Min, u.Max = r.num("by"), r.num("by")
	case !r.has("min") && !r.has("max"):
		d.fail(r.node, at, "the rule does not say by how much", "write by: 3 LU, or min and max")
	default:
		if r.has("min") {
			u.Min = r.num("min")
		}
		if r.has("max") {
			u.Max = r.num("max")
		}
		if u.Min > u.Max {
			d.fail(r.at["max"], at, "max is below min", "")
		}
	}
	return u, true
}

// albumSongNamed finds a song by its number in the list, or its title; -1 where
// there is none.
func (d *decoder) albumSongNamed(n *node, name string, songs []AlbumSong, at place) int {
	if i, err := strconv.Atoi(name); err == nil && i >= 1 && i <= len(songs) {
		return i - 1
	}
	var titles []string
	for i, s := range songs {
		if strings.EqualFold(s.Song.Title, name) {
			return i
		}
		titles = append(titles, s.Song.Title)
	}
	d.fail(n, at, fmt.Sprintf("there is no song %q", name), didYouMeanOr(name, titles, fmt.Sprintf("songs go from 1 to %d, or by their titles", len(songs))))
	return -1
}
