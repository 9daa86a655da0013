package spec

import (
	"fmt"
	"slices"
	"strings"
)

// scope is what is known of the song that is being decoded.
type scope struct {
	music       music
	tempoBroken bool // a tempo is written but could not be read

	meterWritten bool // song.meter is

	what  map[string]string   // stems, buses, returns and groups: name → "stem", "bus", "return" or "group"
	at    map[string]*node    // where each name is written
	names []string            // of strips, in order
	kind  map[string][]string // names by what they are

	strip string           // the strip whose keys are being decoded; "" in the master
	sends []Send           // of that strip
	ids   map[string]*node // of the processors of that strip

	bwf        bool // a stem goes by its time stamp
	edges      []edge
	groups     []member // whose members are resolved when all are known
	processors int      // how many there are so far
	presets    []string // being expanded
	out        *Song

	masterBuses []MasterBus // of the master being decoded

	// Of the versions: who is addressed by which name or tag, what can be
	// addressed, and which titles are taken, in lower case.
	addressees map[string][]string
	addresses  []string
	titles     map[string]string
}

func newScope() *scope {
	return &scope{
		music: music{meter: Meter{4, 4}},
		what:  map[string]string{}, at: map[string]*node{}, kind: map[string][]string{}, ids: map[string]*node{},
		out: &Song{}, titles: map[string]string{},
	}
}

// edge is a way that sound takes from one strip to another.
type edge struct {
	from, to string
	node     *node // where it is written
	key      bool  // it is only listened to
}

// mixName and masterName are the names that no strip may have.
const (
	mixName    = "mix"
	masterName = "master"
)

// declare collects the names of a song's strips before anything refers to
// them, so that a strip that cannot be decoded can still be referred to.
func (d *decoder) declare(root *node) {
	for _, section := range []struct{ key, what string }{{"stems", "stem"}, {"buses", "bus"}, {"returns", "return"}, {"groups", "group"}} {
		n := root.get(section.key)
		if n == nil || n.shape != mapping {
			continue
		}
		for _, e := range n.entries {
			name := e.key.text
			at := place{words: fmt.Sprintf("%s %q", section.what, name)}
			if name == mixName || name == masterName {
				d.fail(e.key, at, "the name "+name+" is taken: it is a part of every song", "choose another name")
				continue
			}
			if first := d.song.at[name]; first != nil {
				x := e.key.diagnostic(fmt.Sprintf("%s: the name is taken by a %s", at.words, d.song.what[name]), "names are unique across stems, buses, returns and groups")
				x.Notes = []Note{first.note("first used here")}
				d.report(x)
				continue
			}
			d.song.what[name], d.song.at[name] = section.what, e.key
			if section.what != "group" { // which no sound goes through
				d.song.names = append(d.song.names, name)
			}
			d.song.kind[section.what] = append(d.song.kind[section.what], name)
		}
	}
}

// of returns the names of the given kinds of strips.
func (s *scope) of(whats ...string) []string {
	var out []string
	for _, what := range whats {
		out = append(out, s.kind[what]...)
	}
	return out
}

// candidates are the names that a mistyped reference may have meant; where
// there are very many, one kind of them stands for all, as none is suggested.
func (s *scope) candidates(whats []string) []string {
	for _, what := range whats {
		if len(s.kind[what]) > manyNames {
			return s.kind[what]
		}
	}
	return s.of(whats...)
}

// refer checks a reference to a strip of one of the given kinds.
func (d *decoder) refer(n *node, at place, whats []string, also ...string) (string, bool) {
	if n.shape != scalar {
		d.fail(n, at, "expected a name, found "+n.shape.String(), "")
		return "", false
	}
	name := n.text
	what := d.song.what[name]
	if slices.Contains(whats, what) || slices.Contains(also, name) {
		return name, true
	}
	candidates := append(slices.Clip(d.song.candidates(whats)), also...)
	wanted := alternatives(whats)
	switch {
	case what != "":
		d.fail(n, at, fmt.Sprintf("%s is a %s; expected a %s", name, what, wanted), wayTo(what, whats))
	case len(candidates) == 0:
		d.fail(n, at, fmt.Sprintf("there is no %s %q", wanted, name), fmt.Sprintf("the song has no %s", plural(whats)))
	default:
		d.fail(n, at, fmt.Sprintf("there is no %s %q", wanted, name), didYouMeanOr(name, candidates, knownNames(candidates)))
	}
	return "", false
}

// wayTo tells how a strip of one kind is reached where another is wanted.
func wayTo(what string, wanted []string) string {
	switch {
	case what == "group":
		return "no sound goes through a group; it is a fader for its members"
	case what == "return" && slices.Contains(wanted, "bus"):
		return "a return is fed by sends"
	case what == "bus" && slices.Contains(wanted, "return"):
		return "sends go to returns; to feed a bus, name it in to"
	}
	return ""
}

func plural(whats []string) string {
	names := map[string]string{"stem": "stems", "bus": "buses", "return": "returns"}
	var out []string
	for _, w := range whats {
		out = append(out, names[w])
	}
	return alternatives(out)
}

func knownNames(names []string) string {
	if len(names) > 12 {
		return ""
	}
	if len(names) == 0 {
		return ""
	}
	if len(names) == 1 {
		return "there is only " + names[0]
	}
	return "there are " + list(names)
}

// output is the typ of `to`: a bus or the mix; the value is a string.
type output struct{}

func (output) decode(d *decoder, n *node, at place) any {
	name, ok := d.refer(n, at, []string{"bus"}, mixName)
	if !ok {
		return nil
	}
	if name != mixName {
		d.song.edges = append(d.song.edges, edge{from: d.song.strip, to: name, node: n})
	}
	return name
}

func (output) print(v any) string { return v.(string) }

// signal is the typ of a side-chain: a stem, bus or return that is listened
// to; the value is a string.
type signal struct{}

func (signal) decode(d *decoder, n *node, at place) any {
	if d.song.strip == "" {
		d.fail(n, at, "the master hears the finished mix only; there is no side-chain to listen to", "put the processor on the mix")
		return nil
	}
	name, ok := d.refer(n, at, []string{"stem", "bus", "return"})
	if !ok {
		return nil
	}
	d.song.edges = append(d.song.edges, edge{from: name, to: d.song.strip, node: n, key: true})
	return name
}

func (signal) print(v any) string { return v.(string) }

// checkRouting reports ways of the sound that come back to where they began,
// and strips that nothing feeds.
func (d *decoder) checkRouting() {
	next := map[string][]edge{}
	fed := map[string]bool{}
	for _, e := range d.song.edges {
		next[e.from] = append(next[e.from], e)
		fed[e.to] = fed[e.to] || !e.key
	}
	const (
		unseen = iota
		onTheWay
		done
	)
	state := map[string]int{}
	depth := map[string]int{} // where on the way a strip stands
	var way []string
	var walk func(name string)
	walk = func(name string) {
		state[name], depth[name] = onTheWay, len(way)
		way = append(way, name)
		for _, e := range next[name] {
			switch state[e.to] {
			case unseen:
				walk(e.to)
			case onTheWay:
				loop := append(slices.Clone(way[depth[e.to]:min(len(way), depth[e.to]+20)]), e.to)
				if len(way)-depth[e.to] > 20 {
					loop[19] = "…"
				}
				d.report(e.node.diagnostic("the sound goes in a circle: "+strings.Join(loop, " → "), "remove one of these ways"))
			}
		}
		way = way[:len(way)-1]
		state[name] = done
	}
	for _, name := range d.song.names {
		if state[name] == unseen {
			walk(name)
		}
		if what := d.song.what[name]; what != "stem" && !fed[name] {
			d.warn(d.song.at[name], place{}, fmt.Sprintf("%s %q: nothing is routed to it", what, name), map[string]string{
				"bus": "name it in the to of a stem", "return": "name it in the sends of a stem"}[what])
		}
	}
}
