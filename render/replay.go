package render

import (
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/spec"
)

// Keyed replay: the dynamics of a version or a print do what those of the main
// version do. Where the song asks for it, a strip that hears something else than in
// the main version has a second chain beside its own, which hears what the main
// version's hears and leads it (see [dsp.Led]). Side-chains are the main version's.
// What hears the same as in the main version is the main version's channel.

// ofMain stands before the names of channels of the main version where a channel of
// another one listens to them.
const ofMain = "main version's "

// main is the desk of the main version, which leads others.
func (d *desk) main() *routing {
	if d.mainDesk == nil {
		d.mainDesk = &routing{desk: d, made: map[string]*channel{}}
	}
	return d.mainDesk
}

// routing is the desk of a version.
func (d *desk) routing(v version) *routing {
	r := &routing{desk: d, version: v, made: map[string]*channel{}}
	if v.follows {
		r.lead = d.main()
	}
	return r
}

// leader is the channel of a strip in the main version.
func (r *routing) leader(name string) (*channel, error) {
	defer func(was string) { r.desk.version = was }(r.desk.version)
	r.desk.version = ""
	return r.lead.strip(name)
}

// follow has a channel led by that of the same strip in the main version, which is
// nil where nothing reaches the strip there.
func (c *channel) follow(leader *channel) {
	c.led = true
	if leader != nil && c.source == nil && follows(c.chain) && !sameWires(c.inputs, leader.inputs) {
		c.lead = leader.inputs
	}
}

// leads is the mix whose master leads that of a version; nil: none does.
func (d *desk) leads(v version) (*channel, error) {
	if !v.follows {
		return nil, nil
	}
	return d.routing(v).leader("mix")
}

// sameStrip reports whether a strip does in two versions the same: hears the same, at
// the same fader.
func sameStrip(a, b *channel) bool { return sameWires(a.inputs, b.inputs) && a.added == b.added }

// sameWires reports whether two strips hear the same.
func sameWires(a, b []wire) bool {
	return slices.EqualFunc(a, b, func(v, w wire) bool {
		return v.from == w.from && v.port == w.port && v.db == w.db && slices.Equal(v.points, w.points)
	})
}

// follows reports whether a chain holds anything whose gain depends on what the
// chain hears.
func follows(chain []spec.Processor) bool {
	return slices.ContainsFunc(chain, func(p spec.Processor) bool {
		if p.Bypass {
			return false
		}
		if kind, _ := catalogue.Lookup(p.Kind); kind.Follows != nil && kind.Follows(p.Values) {
			return true
		}
		for _, chains := range p.Chains {
			if slices.ContainsFunc(chains, follows) {
				return true
			}
		}
		return false
	})
}

// before lists all that a channel hears, is led by or listens to.
func (c *channel) before() []*channel {
	var all []*channel
	for _, list := range [][]wire{c.inputs, c.lead} {
		for _, w := range list {
			all = append(all, w.from)
		}
	}
	for _, k := range c.keys {
		if k != nil {
			all = append(all, k)
		}
	}
	return all
}

// background is what lies behind a channel, by the names under which it is
// remembered: the channels' own, and, where two versions meet, those of the main
// one with a word before them.
type background struct {
	root  *channel
	names []string
	known map[string]*channel
}

func behind(root *channel) *background {
	b := &background{root: root, known: map[string]*channel{}}
	var visit func(name string, c *channel)
	visit = func(name string, c *channel) {
		if c == nil || b.known[name] != nil {
			return
		}
		b.names, b.known[name] = append(b.names, name), c
		for _, w := range c.inputs {
			visit(b.name(name, c, c.inputName(w.from)), w.from)
		}
		for _, w := range c.lead {
			visit(b.name(name, c, ofMain+w.from.name), w.from)
		}
		for _, k := range c.keys {
			if k != nil {
				visit(b.name(name, c, c.keyName(k)), k)
			}
		}
		if c.match != nil {
			visit(b.name(name, c, c.match.name), c.match)
		}
	}
	visit(root.name, root)
	return b
}

// name is under which name an input of a channel is remembered. What lies behind a
// channel of the main version belongs to that as well.
func (b *background) name(of string, c *channel, input string) string {
	main := c != b.root && c.version == "" && !strings.HasPrefix(c.name, printsFolder)
	if !strings.HasPrefix(input, ofMain) && (b.root.led && main || strings.HasPrefix(of, ofMain)) {
		return ofMain + input
	}
	return input
}

// find finds what a channel calls its input: the name under which it is remembered.
// Nothing has a finished sound's name, "".
func (b *background) find(of, input string) (string, *channel) {
	if c := b.known[of]; c != nil {
		input = b.name(of, c, input)
	}
	return input, b.known[input]
}

// inputName is how a channel calls one that it hears. A match is always that of the
// main version.
func (c *channel) inputName(from *channel) string {
	if c.name == matchName {
		return ofMain + from.name
	}
	return from.name
}

// keyName is how a channel calls one that it listens to.
func (c *channel) keyName(k *channel) string {
	if c.led {
		return ofMain + k.name
	}
	return k.name
}

// leading makes what the leader of a node's chain hears, for frames [from, to) of
// chunk c.
func (n *node) leading(c int64, from, to int) dsp.Block {
	b := n.heard.Cut(0, to-from)
	for i, in := range n.lead {
		in.add(b, i == 0, n.tmp.Cut(0, to-from), c, from, to)
	}
	n.leadDelay.Process(b)
	if n.head != nil {
		n.head.Apply(b)
	}
	return b
}

// edges lists what a node hears, is led by and listens to.
func (n *node) edges() [3][]*input { return [3][]*input{n.inputs, n.lead, n.keys} }

// tune returns the setter of a parameter of the chain, and by how many frames its
// processor's input lags the chain's. A leader moves with what it leads. found is
// false for a processor that is bypassed.
func (n *node) tune(t spec.Target) (set func(float64), before int, found bool) {
	slot, before := n.chain.Find(t.Processor)
	if slot == nil {
		return nil, 0, false
	}
	set = slot.Tune(t.Param)
	if set == nil || n.leader == nil {
		return set, before, true
	}
	own := set
	twin, _ := n.leader.Find(t.Processor)
	lead := twin.Tune(t.Param)
	return func(value float64) {
		own(value)
		lead(value)
	}, before, true
}
