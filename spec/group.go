package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// groupKeys are the keys of a group: a fader for many strips that carries no
// sound of its own, as a VCA does on a console.
var groupKeys = []key{
	{name: "members", typ: words{}, required: true, doc: "stems, buses, returns, tags or other groups; a strip that is named in several ways is a member once"},
	{name: "gain", typ: gainKey.typ, def: 0.0, doc: "added to the fader of every member, after its own automation; post-fader sends follow"},
	{name: "mute", typ: toggle{}, def: false, doc: "silence every member"},
	{name: "solo", typ: toggle{}, def: false, doc: "hear the members and other soloed strips only; for working, not for a release"},
	lanesKey,
}

// maxGroups is as many as the largest consoles have. It bounds what groups of
// groups of everything amount to.
const maxGroups = 128

// groupList is the typ of `groups`. Groups may name groups that come after
// them, so members are resolved when all are decoded.
type groupList struct{ named }

func (t groupList) decode(d *decoder, n *node, at place) any {
	if n.shape == mapping && len(n.entries) > maxGroups {
		d.fail(n, at, fmt.Sprintf("the song has more than %d groups", maxGroups), "a tag can stand for many strips")
		return nil
	}
	if t.named.decode(d, n, at) == nil {
		return nil
	}
	if d.song.addressees == nil {
		d.song.address()
	}
	r := groupResolver{decoder: d, done: map[string]map[string]bool{}}
	r.known = union(slices.Clone(d.song.addresses), d.song.of("group"))
	for _, m := range d.song.groups {
		r.resolve(m)
	}
	for i := range d.song.out.Groups {
		g := &d.song.out.Groups[i]
		for _, name := range d.song.of("stem", "bus", "return") {
			if r.done[g.Name][name] {
				g.Members = append(g.Members, name)
			}
		}
		d.song.addressees[g.Name] = union(d.song.addressees[g.Name], g.Members)
		d.song.addresses = append(d.song.addresses, g.Name)
	}
	return true
}

// union appends what a list does not have yet.
func union(list, more []string) []string {
	have := map[string]bool{}
	for _, s := range list {
		have[s] = true
	}
	for _, s := range more {
		if !have[s] {
			have[s] = true
			list = append(list, s)
		}
	}
	return list
}

func (d *decoder) addGroup(m member) {
	g := Group{Pos: m.key.pos(), Name: m.name, Gain: m.num("gain"), Mute: m.on("mute"), Solo: m.on("solo")}
	g.Automation = d.lanes(m.group.at["automation"], automated{what: "group", own: groupKeys}, m.here.key("automation"))
	for _, lane := range g.Automation {
		if m.has(lane.Path) {
			d.warn(m.group.at[lane.Path], m.here.key(lane.Path), "is written, but automation replaces it", "remove it, or the automation")
		}
	}
	if g.Solo {
		d.warn(m.nodeOf("solo"), m.here, "solo is on: everything that is not soloed is silent in what is built", "")
	}
	if m.has("members") && m.group.at["members"].shape == sequence && len(m.group.at["members"].items) == 0 {
		d.fail(m.group.at["members"], m.here.key("members"), "is empty", "name at least one stem, bus, return, tag or group")
	}
	d.song.out.Groups = append(d.song.out.Groups, g)
	d.song.groups = append(d.song.groups, m)
}

// groupResolver finds the strips of each group.
type groupResolver struct {
	*decoder
	way  []string                   // groups that are being resolved
	done map[string]map[string]bool // by group: its strips

	known []string // what members may name
}

// resolve returns the strips of a group, those of the groups in it included.
func (r *groupResolver) resolve(m member) map[string]bool {
	if strips, ok := r.done[m.name]; ok {
		return strips
	}
	strips := map[string]bool{}
	r.way = append(r.way, m.name)
	for _, w := range m.words("members") {
		for _, name := range r.song.addressees[w.text] {
			strips[name] = true
		}
		inner := slices.IndexFunc(r.song.groups, func(g member) bool { return g.name == w.text })
		tagged := len(r.song.addressees[w.text]) > 0
		switch at := slices.Index(r.way, w.text); {
		case inner < 0 && !tagged:
			r.fail(w.node, m.here.key("members"), fmt.Sprintf("there is no stem, bus, return, group or tag %q", w.text), didYouMeanOr(w.text, r.known, knownNames(r.known)))
		case inner < 0 || w.text == m.name && tagged: // a tag may have the group's own name
		case at >= 0:
			loop := append(slices.Clone(r.way[at:]), w.text)
			r.fail(w.node, m.here, "the groups go in a circle: "+strings.Join(loop, " → "), "remove one of them from members")
		default:
			for name := range r.resolve(r.song.groups[inner]) {
				strips[name] = true
			}
		}
	}
	r.way = r.way[:len(r.way)-1]
	r.done[m.name] = strips
	return strips
}

// offsets is the typ of a version's gain: from names of strips, groups or tags
// to levels; the value is an offsetList.
type offsets struct{}

// offsetLevel is how far a version may move a fader.
var offsetLevel = quantity{unit: param.DB, min: -60, max: 24, eg: "1 dB"}

// offset is a level that is added to the faders of what a word names.
type offset struct {
	word
	db float64
}

type offsetList []offset

func (offsets) decode(d *decoder, n *node, at place) any {
	if n.shape != mapping {
		d.fail(n, at, "expected a mapping from names to levels, found "+n.shape.String(), "such as gain: {vocals: 1 dB}")
		return nil
	}
	out := offsetList{}
	for _, e := range n.entries {
		here := at.key(e.key.text)
		if e.value.isNull() {
			d.fail(e.value, here, "has no value", "write one, or remove the key")
			continue
		}
		if db, ok := offsetLevel.decode(d, e.value, here).(float64); ok {
			out = append(out, offset{word{e.key.text, e.key}, db})
		}
	}
	if len(n.entries) == 0 {
		d.fail(n, at, "is empty", "such as gain: {vocals: 1 dB}")
	}
	return out
}

func (offsets) print(v any) string {
	var texts []string
	for _, o := range v.(offsetList) {
		texts = append(texts, o.text+": "+offsetLevel.format(o.db))
	}
	return "{" + strings.Join(texts, ", ") + "}"
}

func (offsets) schema(s *schemas) object {
	return object{
		{"type", "object"}, {"minProperties", 1},
		{"propertyNames", object{{"pattern", namePattern}}},
		{"additionalProperties", offsetLevel.schema(s)},
	}
}

// offsets adds up what a version adds to each strip.
func (d *decoder) offsets(m member) map[string]float64 {
	list, _ := m.values["gain"].(offsetList)
	if len(list) == 0 {
		return nil
	}
	sum := map[string]float64{}
	for _, o := range list {
		for _, name := range d.addressee(o.word, m.here.key("gain")) {
			sum[name] += o.db
		}
	}
	return sum
}
