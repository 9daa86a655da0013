package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// desk lays out a song's graph. It works in two steps: channels say what every
// strip of the desk depends on, completely, and cost nothing; nodes are made of
// those channels whose sound is really needed. Channels that compute the same
// thing are the same channel, so an instrumental shares every stem with the
// main version, and every bus the vocals do not reach.
type desk struct {
	number   int // of the song in its album; 0: no album
	song     *spec.Song
	rate     int
	length   int64                    // frames, where the project sets it; else 0
	sources  map[string]source        // by stem name; "mix" for a finished mix
	stems    map[string]bool          // by name
	groups   map[string][]*spec.Group // by member
	known    map[cache.Key]*channel
	mainDesk *routing
	version  string                                                  // being laid out
	worth    func(strip string, cost time.Duration, size int64) bool // its place in the cache; nil: never
	kept     func(*channel) *stageSource                             // the sound of a channel whose stage is stored; may be nil
	match    *matching                                               // to the song's references; nil: there are none
	bare     bool                                                    // make a master without its match
	order    []*node                                                 // inputs before their consumers
	made     []*channel                                              // whose nodes are in order
	files    processorFiles
}

// channel is a strip of the desk, or a stage of the master, before anything is
// made of it.
type channel struct {
	name    string
	version string      // that was the first to need it; "" for the main one
	song    int         // number of it in the album: the same sound may be in two
	strip   *spec.Strip // nil for a stage of the master: no fader
	added   float64     // dB that groups and the version add to the strip's own fader
	riders  []rider     // groups whose automation moves it as well
	source  source      // in place of inputs, for a stem
	pick    string      // the channel of a stereo file that is taken; "" both
	inputs  []wire
	keys    []*channel // what the chain listens to; nil where nothing reaches it in this version
	lead    []wire     // what the chain's leader hears; nil: it has none
	led     bool       // lead and keys are the main version's
	chain   []spec.Processor
	lanes   []spec.Lane
	match   *channel // the analysis whose result is the chain; see [matching]
	rounded bool     // a stage boundary

	description cache.Description
	key         cache.Key
	node        *node // once made
	wantPre     bool
	kept        *bool   // see [desk.keeps]; nil: nobody has asked
	seconds     float64 // that its stage took to make
}

// action names the making of a channel's sound for people.
func (c *channel) action() string {
	if c.version == "" {
		return c.name
	}
	return c.name + " (" + c.version + ")"
}

// isMix reports whether a channel is the mix strip: the song's, the one that stem
// mastering makes of it, or what a print goes through.
func (c *channel) isMix() bool { return c.strip != nil && c.strip.Name == "mix" }

// seedName is the place whose modulation and noise a channel's chain has.
func (c *channel) seedName() string {
	if c.isMix() {
		return "mix"
	}
	return c.name
}

// wire is an input of a channel.
type wire struct {
	from   *channel
	port   port
	db     float64      // level
	points []spec.Point // automation of the level; nil: fixed
}

// version is what is heard of a song.
type version struct {
	name    string // "" for the main version
	title   string // "Instrumental"
	mute    []string
	solo    []string
	gain    map[string]float64 // dB that is added to the faders of strips
	follows bool               // its dynamics do what the main version's do
}

func newDesk(song *spec.Song, rate int, sources map[string]source) *desk {
	d := &desk{song: song, rate: rate, length: frames(song.Length, rate), sources: sources, groups: groupsByMember(song), known: map[cache.Key]*channel{}}
	d.stems = map[string]bool{}
	for _, s := range song.Stems {
		d.stems[s.Name] = true
	}
	return d
}

// versions lists the main version and then the song's others.
func versions(song *spec.Song) []version {
	all := []version{{}}
	for _, v := range song.Versions {
		all = append(all, version{name: v.Name, title: v.Title, mute: v.Mute, solo: v.Solo, gain: v.Gain, follows: v.Dynamics == spec.DynamicsMain})
	}
	return all
}

// mixdown returns the channel that puts out the printed stereo mix of a version.
func (d *desk) mixdown(v version) (*channel, error) {
	d.version = v.name
	mix, err := d.routing(v).strip("mix")
	if err == nil && mix == nil {
		return nil, &InputError{Pos: d.song.Mix.Pos, Message: nothingHeard(v)}
	}
	return mix, err
}

func nothingHeard(v version) string {
	if v.name == "" {
		return "nothing is heard: every stem is muted"
	}
	return fmt.Sprintf("nothing is heard in version %q: every stem is muted", v.name)
}

// mastered returns the channel that puts out the mastered mix of a version, and the
// mix that the master begins with.
func (d *desk) mastered(v version, mix *channel) (begin, master *channel, err error) {
	lead, err := d.leads(v)
	if err != nil {
		return nil, nil, err
	}
	if begin, err = d.stemMastered(mix, lead); err != nil {
		return nil, nil, err
	}
	if lead != nil {
		if lead, err = d.stemMastered(lead, nil); err != nil {
			return nil, nil, err
		}
	}
	master, err = d.master(begin, lead)
	return begin, master, err
}

// master returns the channel that puts out the mastered mix. Every processor of
// the chain is a channel of its own, so that the chain spreads over the cores. lead
// is the mix whose master leads; nil: none does.
func (d *desk) master(mix, lead *channel) (*channel, error) {
	c, lead, err := d.matched(mix, lead)
	if err != nil {
		return nil, err
	}
	for i := range d.song.Master.Chain {
		if d.song.Master.Chain[i].Bypass {
			continue
		}
		next, err := d.mastering(i, c, lead)
		if err == nil && lead != nil && lead != c {
			lead, err = d.mastering(i, lead, nil)
		} else {
			lead = nil // it hears the same: from here on both are one
		}
		if err != nil {
			return nil, err
		}
		c = next
	}
	if c == mix {
		return mix, nil
	}
	return d.add(channel{name: "master", inputs: []wire{{from: c}}, led: c.led, rounded: true}, nil)
}

// mastering returns the channel of a processor of the master, led by the one that
// hears lead.
func (d *desk) mastering(i int, from, lead *channel) (*channel, error) {
	chain := d.song.Master.Chain[i : i+1]
	c := channel{name: fmt.Sprintf("master/%d %s", i+1, chain[0].Kind), chain: chain, inputs: []wire{{from: from}}}
	for _, lane := range d.song.Master.Automation {
		if holds(chain[0], lane.Target.Processor) {
			c.lanes = append(c.lanes, lane)
		}
	}
	if lead != nil && lead != from {
		c.follow(&channel{inputs: []wire{{from: lead}}})
	}
	return d.add(c, nil)
}

// holds reports whether p or a processor within it has the id.
func holds(p spec.Processor, id string) bool {
	if p.ID == id {
		return true
	}
	for _, chains := range p.Chains {
		for _, chain := range chains {
			if slices.ContainsFunc(chain, func(q spec.Processor) bool { return holds(q, id) }) {
				return true
			}
		}
	}
	return false
}

// routing wires the strips of one version.
type routing struct {
	*desk
	version version
	lead    *routing            // whose dynamics lead; nil: nobody's
	print   []string            // strips that alone are printed; nil: all
	made    map[string]*channel // by strip name; nil for a strip that nothing reaches
}

// find returns a strip by name, and the stem it belongs to, if it is one.
func (r *routing) find(name string) (*spec.Strip, *spec.Stem) {
	for i := range r.song.Stems {
		if r.song.Stems[i].Name == name {
			return &r.song.Stems[i].Strip, &r.song.Stems[i]
		}
	}
	for _, list := range [][]spec.Bus{r.song.Buses, r.song.Returns} {
		for i := range list {
			if list[i].Name == name {
				return &list[i].Strip, nil
			}
		}
	}
	return &r.song.Mix.Strip, nil
}

// strips lists every strip that may feed another, in the order of summation.
func (r *routing) strips() []*spec.Strip {
	var all []*spec.Strip
	for i := range r.song.Stems {
		all = append(all, &r.song.Stems[i].Strip)
	}
	for i := range r.song.Buses {
		all = append(all, &r.song.Buses[i].Strip)
	}
	for i := range r.song.Returns {
		all = append(all, &r.song.Returns[i].Strip)
	}
	return all
}

// strip returns the channel of a strip in this version, or nil where nothing
// reaches it.
func (r *routing) strip(name string) (*channel, error) {
	if c, ok := r.made[name]; ok {
		return c, nil
	}
	s, stem := r.find(name)
	c := channel{name: name, strip: s, source: r.sources[name], chain: s.Chain, lanes: s.Automation, rounded: true}
	if stem != nil {
		c.name, c.pick = "stems/"+name, stem.Channel
	}
	r.ride(&c)
	if c.source == nil {
		var err error
		if c.inputs, err = r.inputs(name); err != nil {
			return nil, err
		}
		if len(c.inputs) == 0 {
			r.made[name] = nil
			return nil, nil
		}
	}
	made, err := r.mount(c)
	r.made[name] = made
	return made, err
}

// mount adds a strip's channel, led by the main version's where that is asked for.
func (r *routing) mount(c channel) (*channel, error) {
	if r.lead == nil {
		return r.add(c, r.strip)
	}
	leader, err := r.leader(c.strip.Name)
	if err != nil || leader != nil && sameStrip(&c, leader) {
		return leader, err
	}
	c.follow(leader)
	return r.add(c, r.leader)
}

// inputs wires what feeds a bus, a return or the mix.
func (r *routing) inputs(name string) ([]wire, error) {
	var wires []wire
	connect := func(from *spec.Strip, w wire) (err error) {
		w.from, err = r.strip(from.Name)
		if w.from != nil {
			w.from.wantPre = w.from.wantPre || w.port == pre
			wires = append(wires, w)
		}
		return err
	}
	for _, s := range r.strips() {
		if s.To == name && r.heard(s, "") {
			if err := connect(s, wire{}); err != nil {
				return nil, err
			}
		}
	}
	for _, s := range r.strips() {
		for _, send := range s.Sends {
			if send.To != name || !r.heard(s, name) {
				continue
			}
			w := wire{db: send.Level, points: automation(s.Automation, spec.Target{Send: name, Param: "level"})}
			if send.Pre {
				w.port = pre
			}
			if err := connect(s, w); err != nil {
				return nil, err
			}
		}
	}
	return wires, nil
}

// heard reports whether a strip's output goes on in this version: to its bus
// (send empty) or into a return. A muted strip still works, so that whoever
// listens to it as a side-chain goes on doing so.
func (r *routing) heard(s *spec.Strip, send string) bool {
	if r.muted(s) {
		return false
	}
	// What is muted as a group is gone, its reverb too.
	for t := s; send != "" && t.Name != "mix"; {
		if t, _ = r.find(t.To); r.muted(t) {
			return false
		}
	}
	if !r.stems[s.Name] { // buses and returns carry what is left in them
		return true
	}
	return !slices.ContainsFunc(r.solos(), func(solo []string) bool { return !r.among(solo, s, send) })
}

// among reports whether a stem is heard where some strips alone are: as one of them,
// on its way into one of them, or by a send that they hear.
func (r *routing) among(solo []string, s *spec.Strip, send string) bool {
	if send != "" && slices.Contains(solo, send) {
		return true
	}
	for name := s.Name; name != "mix" && name != ""; {
		if slices.Contains(solo, name) {
			return true
		}
		t, _ := r.find(name)
		name = t.To
	}
	return false
}

// automation returns the points of the lane with that target, or nil.
func automation(lanes []spec.Lane, target spec.Target) []spec.Point {
	for _, l := range lanes {
		t := l.Target
		if t.Send == target.Send && t.Processor == target.Processor && t.Param == target.Param {
			return l.Points
		}
	}
	return nil
}

// add describes a channel, or returns the one there already is. listen returns
// the channel of the strip that a side-chain names.
func (d *desk) add(c channel, listen func(string) (*channel, error)) (*channel, error) {
	for _, name := range sidechains(c.chain) {
		key, err := listen(name)
		if err != nil {
			return nil, err
		}
		c.keys = append(c.keys, key)
	}
	if err := d.describe(&c); err != nil {
		return nil, err
	}
	c.key = c.description.Key()
	if known := d.known[c.key]; known != nil {
		return known, nil
	}
	c.version, c.song = d.version, d.number
	d.known[c.key] = &c
	return &c, nil
}

// describe says everything that a channel's sound depends on. The name is part
// of it, because it seeds modulation and noise.
func (d *desk) describe(c *channel) error {
	t := cache.Describe(EngineVersion, "channel")
	t.Add("name", c.name)
	t.Add("rate", fmt.Sprint(d.rate))
	if c.isMix() && d.length > 0 {
		t.Add("song.length", fmt.Sprint(d.length))
	}
	if c.source != nil {
		c.source.describe(&t)
	}
	named := map[string]bool{}
	input := func(name string, from *channel) {
		if !named[name] {
			named[name] = true
			t.AddInput(name, from.key)
		}
	}
	for _, w := range c.inputs {
		input(w.from.name, w.from)
		if err := t.AddValue(levelOf("", w), map[string]any{"db": w.db, "automation": describePoints(w.points)}); err != nil {
			return err
		}
	}
	for _, w := range c.lead {
		input(ofMain+w.from.name, w.from)
		if err := t.AddValue(levelOf(ofMain, w), map[string]any{"db": w.db, "automation": describePoints(w.points)}); err != nil {
			return err
		}
	}
	if c.match != nil {
		input(c.match.name, c.match)
	}
	for i, k := range c.keys {
		name := "silence"
		if k != nil {
			name = c.keyName(k)
			input(name, k)
		}
		t.Add(fmt.Sprintf("side-chain %d", i+1), name)
	}
	if err := t.AddValue("chain", describeChain(c.chain)); err != nil {
		return err
	}
	if err := d.files.describe(c.chain, &t); err != nil {
		return err
	}
	if s := c.strip; s != nil {
		if err := t.AddValue("fader", map[string]any{"gain": s.Gain, "pan": s.Pan, "width": s.Width, "invert": s.Invert}); err != nil {
			return err
		}
		if err := d.describeSides(c, &t); err != nil {
			return err
		}
	}
	for _, l := range c.lanes {
		if l.Target.Send == "" { // a send's level belongs to what it feeds
			if err := t.AddValue("automation."+l.Path, describePoints(l.Points)); err != nil {
				return err
			}
		}
	}
	if c.added != 0 {
		if err := t.AddValue("fader.added", c.added); err != nil {
			return err
		}
	}
	for _, rd := range c.riders {
		if err := t.AddValue("groups."+rd.group+"."+rd.param, map[string]any{"start": rd.start, "automation": describePoints(rd.points)}); err != nil {
			return err
		}
	}
	c.description = t
	return nil
}

// levelOf names the level of a wire.
func levelOf(whose string, w wire) string {
	what := "level of " + whose + w.from.name
	if w.port == pre {
		what = "pre-fader " + what
	}
	return what
}

// describePoints is a lane without the places in the file.
func describePoints(points []spec.Point) [][]any {
	var out [][]any
	for _, p := range points {
		out = append(out, []any{p.At, p.Value, p.Curve})
	}
	return out
}

// describeChain is a chain's settings without places in the file; bypassed
// processors are not in it.
func describeChain(chain []spec.Processor) []any {
	out := []any{}
	for _, p := range chain {
		if p.Bypass {
			continue
		}
		kind, _ := catalogue.Lookup(p.Kind)
		one := map[string]any{"name": p.Kind, "version": kind.Version, "mix": p.Mix, "settings": p.Values}
		if p.ID != "" {
			one["name"] = p.ID
			one["kind"] = p.Kind
		}
		for name, chains := range p.Chains {
			var inner []any
			for _, c := range chains {
				inner = append(inner, describeChain(c))
			}
			one[name] = inner
		}
		out = append(out, one)
	}
	return out
}

// sidechains lists the strips that a chain's processors listen to, in the
// order in which [dsp.Chain] takes its keys.
func sidechains(chain []spec.Processor) []string {
	var names []string
	for _, p := range chain {
		if p.Bypass {
			continue
		}
		kind, _ := catalogue.Lookup(p.Kind)
		for _, prm := range kind.Params {
			switch {
			case prm.Type == param.Signal && p.Values.Has(prm.Name):
				names = append(names, p.Values.Str(prm.Name))
			case prm.Type == param.Items: // a dynamic band of an equaliser, say
				for _, item := range p.Values.List(prm.Name) {
					for _, field := range prm.Fields {
						if field.Type == param.Signal && item.Has(field.Name) {
							names = append(names, item.Str(field.Name))
						}
					}
				}
			case prm.Type == param.Chain || prm.Type == param.Chains:
				for _, inner := range p.Chains[prm.Name] {
					names = append(names, sidechains(inner)...)
				}
			}
		}
	}
	return names
}

// make makes the node of a channel and of everything it needs, once.
func (d *desk) make(c *channel) (*node, error) {
	if c.node != nil {
		return c.node, nil
	}
	n := &node{name: c.name, rounded: c.rounded, wantPre: c.wantPre}
	if stored := d.stored(c); stored != nil { // in place of all that lies before it
		n.source, n.stored, n.latency, n.end = stored, stored, stored.latency(), stored.frames()
		c.node = n
		d.order = append(d.order, n)
		return n, nil
	}
	if c.match != nil && d.match.found == nil && !d.bare {
		return nil, errors.New("render: a master is made before its match is known")
	}
	var err error
	if n.chain, err = d.chain(c.seedName(), c.chain); err != nil {
		return nil, err
	}
	if c.lead != nil {
		if n.leader, err = d.chain(c.seedName(), c.chain); err != nil {
			return nil, err
		}
	}
	if c.source != nil {
		n.source = c.source.again()
	}
	if err := d.align(n, c); err != nil {
		return nil, err
	}
	d.setHead(n, c)
	if err := d.automate(n, c); err != nil {
		return nil, err
	}
	n.latency += n.chain.Latency()
	n.end += int64(max(n.tail, n.chain.Tail()))
	if c.isMix() && d.length > 0 {
		n.end = d.length
	}
	c.node = n
	d.order = append(d.order, n)
	d.made = append(d.made, c)
	return n, nil
}

// clear gives up the nodes that were made, with all the memory of their processors.
func (d *desk) clear() {
	for _, c := range d.known {
		c.node = nil
	}
	d.order, d.made = nil, nil
}

// stored returns the sound of a channel that need not be made, or nil.
func (d *desk) stored(c *channel) *stageSource {
	if d.kept == nil || !d.keeps(c) {
		return nil
	}
	return d.kept(c)
}

// align connects a node's inputs and keys, each delayed so that all of them
// arrive together: compensation of latency, side-chains included.
func (d *desk) align(n *node, c *channel) error {
	at := 0 // latency at which everything meets at the chain's input
	for _, list := range [][]wire{c.inputs, c.lead} {
		for _, w := range list {
			from, err := d.make(w.from)
			if err != nil {
				return err
			}
			at = max(at, from.latency)
		}
	}
	for i, k := range c.keys {
		if k == nil {
			continue
		}
		from, err := d.make(k)
		if err != nil {
			return err
		}
		at = max(at, from.latency-n.chain.KeyLatency(i))
	}
	n.latency = at
	if c.source != nil {
		n.sourceDelay = dsp.NewDelay(at)
		n.end = c.source.frames()
	}
	for _, w := range c.inputs {
		n.inputs = append(n.inputs, d.connect(n, w, at))
		n.end = max(n.end, w.from.node.end)
	}
	for _, w := range c.lead {
		n.lead = append(n.lead, d.connect(n, w, at))
	}
	for i, k := range c.keys {
		if k == nil { // nothing reaches the key in this version: it listens to silence
			n.keys = append(n.keys, &input{})
			continue
		}
		n.keys = append(n.keys, &input{from: k.node, port: post, delay: dsp.NewDelay(at + n.chain.KeyLatency(i) - k.node.latency)})
		k.node.consumers = append(k.node.consumers, n)
	}
	return nil
}

// connect makes a wire into a node whose input lags the song by so many frames.
func (d *desk) connect(n *node, w wire, at int) *input {
	from := w.from.node
	in := &input{from: from, port: w.port, level: fixedLevel(w.db), delay: dsp.NewDelay(at - from.latency)}
	if w.points != nil {
		in.level.db = newLane(w.points, w.db, d.rate)
	}
	from.consumers = append(from.consumers, n)
	return in
}

// automate sets up the fader and the moving parameters of the chain.
func (d *desk) automate(n *node, s *channel) error {
	for _, l := range s.lanes {
		if l.Target.Processor == "" {
			continue
		}
		set, before, found := n.tune(l.Target)
		if !found { // bypassed
			continue
		}
		if set == nil {
			return &InputError{Pos: l.Pos, Message: fmt.Sprintf("%s cannot be automated: it changes the processor's latency or structure", l.Path)}
		}
		start := settingOf(s.chain, l.Target)
		for _, p := range l.Points { // a reverb that is opened up later rings as long as then
			set(p.Value)
			n.tail = max(n.tail, n.chain.Tail())
		}
		set(start)
		n.moving = append(n.moving, tuning{
			lane: newLane(l.Points, start, d.rate), offset: int64(n.latency + before), set: set, last: start,
		})
	}
	if s.strip == nil {
		return nil
	}
	lane := func(name string, start float64) *lane {
		return newLane(automation(s.lanes, spec.Target{Param: name}), start, d.rate)
	}
	n.fader = &fader{
		law:    d.panLaw(s),
		invert: s.strip.Invert,
		pan:    lane("pan", s.strip.Pan),
		width:  lane("width", s.strip.Width),
	}
	n.fader.ride(s, d.rate)
	if points := automation(s.lanes, spec.Target{Param: "rotate"}); points != nil || s.strip.Rotate != 0 {
		n.fader.rotate = lane("rotate", s.strip.Rotate)
	}
	if points := automation(s.lanes, spec.Target{Param: "mute"}); points != nil {
		n.fader.mute = lane("mute", 0)
	}
	return nil
}

// settingOf finds the written value of an automated parameter.
func settingOf(chain []spec.Processor, t spec.Target) float64 {
	for _, p := range chain {
		if p.ID == t.Processor {
			if t.Param == "mix" {
				return p.Mix
			}
			values, name := p.Values, t.Param
			if parts := strings.Split(name, "."); len(parts) == 3 {
				i := 0
				fmt.Sscan(parts[1], &i)
				if list := values.List(parts[0]); i >= 1 && i <= len(list) {
					values, name = list[i-1], parts[2]
				}
			}
			return values.Num(name)
		}
		for _, chains := range p.Chains {
			for _, c := range chains {
				if slices.ContainsFunc(c, func(q spec.Processor) bool { return holds(q, t.Processor) }) {
					return settingOf(c, t)
				}
			}
		}
	}
	return 0
}

// chain builds the processors of a chain.
func (d *desk) chain(name string, list []spec.Processor) (*dsp.Chain, error) {
	var slots []*dsp.Slot
	for i, p := range list {
		if p.Bypass {
			continue
		}
		place := fmt.Sprintf("%s[%d]", name, i)
		kind, ok := catalogue.Lookup(p.Kind)
		if !ok {
			return nil, &InputError{Pos: p.Pos, Message: fmt.Sprintf("there is no processor %q", p.Kind)}
		}
		args := dsp.Args{Rate: d.rate, Seed: seed.Of(place), Values: p.Values, Chains: map[string][]*dsp.Chain{}}
		for _, prm := range kind.Params {
			for j, inner := range p.Chains[prm.Name] {
				c, err := d.chain(fmt.Sprintf("%s.%s[%d]", place, prm.Name, j), inner)
				if err != nil {
					return nil, err
				}
				args.Chains[prm.Name] = append(args.Chains[prm.Name], c)
			}
		}
		var err error
		if args.Files, err = d.files.load(p, d.rate); err != nil {
			return nil, err
		}
		proc, err := kind.New(args)
		if err != nil {
			return nil, &InputError{Pos: p.Pos, Message: fmt.Sprintf("%s: %v", p.Kind, err)}
		}
		slots = append(slots, dsp.NewSlot(p.ID, proc, p.Mix))
	}
	return dsp.NewChain(slots...), nil
}
