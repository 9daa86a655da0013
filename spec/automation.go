package spec

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// stripTargets are the settings of a strip that automation can move.
var stripTargets = []string{"gain", "pan", "width", "rotate", "mute"}

// pointKeys are the keys of an automation point whose value is a typ.
func pointKeys(value typ) []key {
	return []key{
		{name: "at", typ: moment{position}, required: true, doc: "when, from the start of the song"},
		{name: "value", typ: value, required: true, doc: "in the unit of what is automated"},
		{name: "curve", typ: choice{[]string{string(Step), string(Linear), string(Exponential), string(SCurve)}}, def: string(Step),
			doc: "how the value gets here from the point before: step jumps at the point, exponential is straight in the logarithm"},
	}
}

// position is a time in the song.
var position = quantity{unit: param.Seconds, max: 86400, bars: true}

// onOff is a mute that is automated: true or false, 1 or 0; the value is a float64.
type onOff struct{}

func (onOff) decode(d *decoder, n *node, at place) any {
	switch {
	case n.isBareNumber() && n.text == "1":
		return 1.0
	case n.isBareNumber() && n.text == "0":
		return 0.0
	}
	switch on := (toggle{}).decode(d, n, at); on {
	case true:
		return 1.0
	case false:
		return 0.0
	}
	return nil
}

func (onOff) print(v any) string { return fmt.Sprint(v == 1.0) }

// lanes is the typ of `automation`: from what is moved to a list of points. It
// is decoded when the rest of the strip is, which it refers to.
type lanes struct{}

func (lanes) decode(_ *decoder, n *node, _ place) any { return n }

// automated is what lanes of one strip can move.
type automated struct {
	what  string // "stem", or "" for the master, which has only processors
	own   []key  // the strip's table
	sends []Send
	chain []Processor

	byID map[string][]*Processor // filled in by lanes
	ids  []string
	to   map[string]bool // where sends go
}

// index makes the processors findable, those in containers too.
func (a *automated) index(chain []Processor) {
	for i := range chain {
		p := &chain[i]
		if p.ID != "" {
			if len(a.byID[p.ID]) == 0 {
				a.ids = append(a.ids, p.ID)
			}
			a.byID[p.ID] = append(a.byID[p.ID], p)
		}
		for _, name := range slices.Sorted(maps.Keys(p.Chains)) {
			for _, inner := range p.Chains[name] {
				a.index(inner)
			}
		}
	}
}

// lanes decodes the automation of a strip.
func (d *decoder) lanes(n *node, a automated, at place) []Lane {
	if n == nil {
		return nil
	}
	if n.shape != mapping {
		d.fail(n, at, "expected a mapping from a setting to its points, found "+n.shape.String(), "such as gain: [{at: bar 17, value: -3 dB}]")
		return nil
	}
	a.byID, a.to = map[string][]*Processor{}, map[string]bool{}
	a.index(a.chain)
	for _, s := range a.sends {
		a.to[s.To] = true
	}
	var out []Lane
	for _, e := range n.entries {
		here := at.key(e.key.text)
		target, value, f := d.target(e.key.text, &a)
		if f != nil {
			d.fail(e.key, at, f.message, f.hint)
			continue
		}
		lane := Lane{Pos: e.key.pos(), Path: e.key.text, Target: target}
		if lane.Points = d.points(e.value, value, here); len(lane.Points) > 0 {
			out = append(out, lane)
		}
	}
	return out
}

// target finds what a lane's path names, and how its values are written.
func (d *decoder) target(path string, a *automated) (Target, typ, *fault) {
	if slices.Contains(stripTargets, path) {
		if path == "mute" && hasKey(a.own, path) {
			return Target{Param: path}, onOff{}, nil
		}
		for _, k := range a.own {
			if q, ok := k.typ.(quantity); ok && k.name == path {
				return Target{Param: path, Unit: q.unit}, q, nil
			}
		}
		if a.what == "" {
			return Target{}, nil, &fault{"the master has no " + path, "automate a processor in its chain: id.setting"}
		}
		return Target{}, nil, &fault{fmt.Sprintf("a %s has no %s to automate", a.what, path), ""}
	}
	if a.what == "group" {
		return Target{}, nil, &fault{fmt.Sprintf("there is nothing called %q to automate", path), didYouMeanOr(path, []string{"gain", "mute"}, "a group has gain and mute")}
	}
	first, rest, _ := strings.Cut(path, ".")
	if first == "sends" {
		return a.sendTarget(rest)
	}
	named := a.byID[first]
	switch {
	case len(named) == 0:
		return Target{}, nil, d.noTarget(path, first, rest, a)
	case len(named) > 1:
		return Target{}, nil, &fault{fmt.Sprintf("two processors have the id %s", first), "they come from presets: write one of the chains out, with an id of its own"}
	}
	p := named[0]
	t := Target{Processor: first, Param: rest}
	k := d.kinds[p.Kind]
	if q, ok := typOf(processorKeys, rest).(quantity); ok {
		t.Unit = q.unit
		return t, q, nil
	}
	setting, f := settingTarget(k, p, rest)
	if f != nil {
		return t, nil, f
	}
	t.Unit = setting.Unit
	return t, quantity{unit: setting.Unit, min: setting.Min, max: setting.Max, notes: setting.Notes}, nil
}

// settingTarget finds a number among a processor's settings: "threshold", or
// "bands.2.gain", counted from 1 as on a console.
func settingTarget(k param.Kind, p *Processor, path string) (param.Param, *fault) {
	parts := strings.Split(path, ".")
	if path == "" {
		return param.Param{}, &fault{fmt.Sprintf("expected a setting after %s", p.ID), fmt.Sprintf("such as %s.%s", p.ID, firstOf(automatable(k.Params)))}
	}
	setting, ok := k.Param(parts[0])
	if !ok {
		return setting, &fault{fmt.Sprintf("the %s %s has no setting %q", k.Name, p.ID, parts[0]), didYouMeanOr(parts[0], automatable(k.Params), knownNames(automatable(k.Params)))}
	}
	if setting.Type == param.Items {
		count := len(p.Values.List(setting.Name))
		number := 0
		if len(parts) == 3 {
			number, _ = strconv.Atoi(parts[1])
		}
		if number < 1 || number > count || strconv.Itoa(number) != parts[1] {
			return setting, &fault{fmt.Sprintf("expected %s.%s.N.setting, with N from 1 to %d", p.ID, setting.Name, count), fmt.Sprintf("such as %s.%s.1.%s", p.ID, setting.Name, firstOf(automatable(setting.Fields)))}
		}
		for _, field := range setting.Fields {
			if field.Name == parts[2] {
				return field, canMove(k, p, path, field, p.Values.List(setting.Name)[number-1])
			}
		}
		return setting, &fault{fmt.Sprintf("%s has no setting %q", setting.Name, parts[2]), didYouMeanOr(parts[2], automatable(setting.Fields), knownNames(automatable(setting.Fields)))}
	}
	if len(parts) > 1 {
		return setting, &fault{fmt.Sprintf("%s has no settings within it", setting.Name), ""}
	}
	return setting, canMove(k, p, path, setting, p.Values)
}

// canMove tells why a setting of a processor, one of some values, cannot be automated.
func canMove(k param.Kind, p *Processor, path string, setting param.Param, values param.Values) *fault {
	if f := isFixed(setting); f != nil {
		return f
	}
	if values.IsAuto(setting.Name) {
		return &fault{setting.Name + " is auto, which leaves nothing to automate", "write a value where the " + k.Name + " is"}
	}
	if k.Still != nil {
		if why := k.Still(p.Values, path); why != "" {
			return &fault{why, ""}
		}
	}
	return nil
}

// isFixed tells why a setting can never be automated.
func isFixed(p param.Param) *fault {
	switch {
	case p.Type != param.Number:
		return &fault{p.Name + " is not a number, and only numbers can be automated", ""}
	case p.Fixed:
		return &fault{p.Name + " cannot be automated: the latency or the structure of the processor depends on it", ""}
	}
	return nil
}

func automatable(params []param.Param) []string {
	var out []string
	for _, p := range params {
		if isFixed(p) == nil {
			out = append(out, p.Name)
		}
	}
	return out
}

func firstOf(names []string) string {
	if len(names) == 0 {
		return "..."
	}
	return names[0]
}

func hasKey(keys []key, name string) bool { return slices.Contains(keyNames(keys), name) }

func typOf(keys []key, name string) typ {
	for _, k := range keys {
		if k.name == name {
			return k.typ
		}
	}
	return nil
}

func (a *automated) sendTarget(name string) (Target, typ, *fault) {
	if a.to[name] {
		q := typOf(sendKeys, "level").(quantity)
		return Target{Send: name, Param: "level", Unit: q.unit}, q, nil
	}
	switch {
	case len(a.sends) == 0:
		return Target{}, nil, &fault{"there are no sends here to automate", "write sends first"}
	case name == "":
		return Target{}, nil, &fault{"expected the name of a return after sends", "such as sends." + a.sends[0].To}
	}
	var names []string
	if len(a.to) <= manyNames {
		names = slices.Sorted(maps.Keys(a.to))
	}
	return Target{}, nil, &fault{fmt.Sprintf("there is no send to %q here", name), didYouMeanOr(name, names, knownNames(names))}
}

// noTarget explains why a path leads nowhere.
func (d *decoder) noTarget(path, first, rest string, a *automated) *fault {
	f := &fault{message: fmt.Sprintf("there is nothing called %q to automate", path)}
	var own []string
	for _, name := range stripTargets {
		if hasKey(a.own, name) {
			own = append(own, name)
		}
	}
	if f.hint = didYouMean(path, own); f.hint != "" {
		return f
	}
	if id := suggest(first, a.ids); id != "" {
		f.hint = "did you mean " + strings.TrimSuffix(id+"."+rest, ".") + "?"
		return f
	}
	if d.isKind(first) {
		f.message = "automation names a processor by its id, not by its kind"
		f.hint = fmt.Sprintf("give the %s an id, such as id: my-%s, and write my-%s.%s", first, first, first, rest)
		return f
	}
	if len(a.sends) > 0 {
		own = append(own, "sends")
	}
	if known := append(own, a.ids...); len(known) > 0 {
		f.hint = knownNames(known)
	}
	return f
}

// points decodes the points of a lane.
func (d *decoder) points(n *node, value typ, at place) []Point {
	groups, ok := (items{keys: pointKeys(value), min: 1}).decode(d, n, at).([]*group)
	d.song.music.moving, d.song.music.now = false, 0
	if !ok {
		return nil
	}
	var out []Point
	for i, g := range groups {
		p := Point{Pos: g.node.pos(), At: g.num("at"), Value: g.num("value"), Curve: Curve(g.str("curve"))}
		_, timed := g.values["at"]
		_, valued := g.values["value"]
		if !timed || !valued {
			continue // reported
		}
		here := at.item(i)
		if len(out) > 0 {
			last := out[len(out)-1]
			if p.At <= last.At {
				d.fail(g.nodeOf("at"), here, fmt.Sprintf("%s does not come after the point before it, at %s", FormatClock(p.At), FormatClock(last.At)), "write the points in the order of time")
				continue
			}
			if p.Curve == Exponential && (p.Value <= 0 || last.Value <= 0) {
				d.fail(g.nodeOf("curve"), here, "an exponential curve needs values above 0 on both sides", "levels in dB are logarithmic already: use linear")
			}
		}
		if _, isMute := value.(onOff); isMute && p.Curve != Step {
			d.fail(g.nodeOf("curve"), here, "a mute has no curve", "automate the gain for a fade")
		}
		out = append(out, p)
	}
	return out
}
