package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/profiles"
)

// maxProcessors is how many processors and presets one song may have: presets
// that name presets could otherwise grow without end.
const maxProcessors = 10_000

// processorKeys are what every processor takes besides its own settings.
var processorKeys = []key{
	{name: "id", typ: text{pattern: namePattern, expect: "a name", check: notReserved}, doc: "name by which automation knows the processor"},
	{name: "bypass", typ: toggle{}, def: false, doc: "leave the processor out"},
	{name: "mix", typ: quantity{unit: param.Percent, max: 100}, def: 100.0, doc: "share of the processed signal; the rest is the input, aligned to the sample"},
}

// presetKeys are the keys of a preset file.
var presetKeys = []key{
	{name: "title", typ: text{}, doc: "name for people"},
	{name: "doc", typ: text{}, doc: "what it is for, in one line"},
	{name: "source", typ: text{}, doc: "where its settings come from"},
	{name: "date", typ: text{pattern: datePattern, expect: "a date such as 2026-11-20"}, doc: "when it was made"},
	{name: "chain", typ: later{chain{}}, required: true, doc: "the processors it stands for"},
}

// notReserved refuses the id that would make "sends.plate" mean two things.
func notReserved(id string) *fault {
	if id == "sends" {
		return &fault{"the id sends is taken: automation finds the sends by it", "choose another id"}
	}
	return nil
}

// chain is a list of processors; the value is a []Processor.
type chain struct{}

func (chain) decode(d *decoder, n *node, at place) any {
	if n.shape != sequence {
		d.fail(n, at, "expected a list of processors, found "+n.shape.String(), "put - before each processor")
		return nil
	}
	at.words = strings.TrimRight(strings.TrimSuffix(at.words, "chain"), ": .") // "stem "bass": compressor" says enough
	return d.chain(n, at, nil)
}

// chain decodes the entries of a list on top of out, which presets extend by
// more than one.
func (d *decoder) chain(n *node, at place, out []Processor) []Processor {
	for _, item := range n.items {
		if d.song.processors++; d.song.processors > maxProcessors {
			if d.song.processors == maxProcessors+1 {
				d.fail(item, at, fmt.Sprintf("the song has more than %d processors", maxProcessors), "")
			}
			return out
		}
		kind, settings := d.entry(item, at)
		switch {
		case kind == nil:
		case kind.text == "preset":
			out = d.preset(settings, at, out)
		default:
			here := at.item(len(out))
			here.words = strings.TrimPrefix(at.words+": "+kind.text, ": ")
			if p, ok := d.processor(kind, settings, here); ok {
				out = append(out, p)
			}
		}
	}
	return out
}

// entry takes "- kind: {settings}" or "- kind" apart.
func (d *decoder) entry(item *node, at place) (kind, settings *node) {
	switch {
	case item.shape == scalar && !item.isNull():
		return item, &node{src: item.src, line: item.line, col: item.col, width: item.width, shape: mapping}
	case item.shape != mapping || len(item.entries) == 0:
		d.fail(item, at, "expected a processor, such as compressor: {ratio: 4}", "")
	case len(item.entries) > 1:
		var names []string
		for _, e := range item.entries {
			names = append(names, e.key.text)
		}
		hint := "put - before each processor"
		if item.entries[0].value.isNull() || !d.isKind(names[1]) {
			hint = fmt.Sprintf("indent the settings below %s:", names[0])
		}
		d.fail(item.entries[1].key, at, "one processor per entry of a chain, found "+list(names), hint)
	default:
		return item.entries[0].key, item.entries[0].value
	}
	return nil, nil
}

func (d *decoder) isKind(name string) bool {
	_, ok := d.kinds[name]
	return ok || name == "preset"
}

// foreignKinds are words that other programs have for our processors.
var foreignKinds = map[string]string{
	"equalizer": "eq", "equaliser": "eq", "eq3": "eq", "peq": "eq", "filter": "eq",
	"comp": "compressor", "dynamics": "compressor", "verb": "reverb", "plate": "reverb", "hall": "reverb",
	"de-esser": "deesser", "de_esser": "deesser", "ms": "mid_side", "midside": "mid_side", "mid-side": "mid_side",
	"widener": "imager", "stereo": "imager", "width": "imager", "saturation": "saturator", "distortion": "saturator",
	"noise_gate": "gate", "noisegate": "gate", "ducking": "ducker", "transient_shaper": "transient", "transient_designer": "transient",
	"tape": "saturator", "echo": "delay", "convolution": "convolver", "ir": "convolver", "multiband_compressor": "multiband", "rack": "parallel",
}

func (d *decoder) failKind(kind *node, at place) {
	names := []string{"preset"}
	for _, k := range d.catalogue {
		names = append(names, k.Name)
	}
	hint := didYouMean(kind.text, names)
	if own := foreignKinds[strings.ToLower(kind.text)]; hint == "" && d.isKind(own) {
		hint = "did you mean " + own + "?"
	}
	if kind.text == "limiter" {
		hint = "the limiter belongs to the delivery, which sets its ceiling"
	}
	if hint == "" {
		hint = "there are " + list(names)
	}
	d.fail(kind, at, "there is no processor "+kind.text, hint)
}

// processor decodes the settings of one processor.
func (d *decoder) processor(kind, settings *node, at place) (p Processor, ok bool) {
	k, known := d.kinds[kind.text]
	if !known {
		at.words = strings.TrimSuffix(strings.TrimSuffix(at.words, kind.text), ": ")
		d.failKind(kind, at)
		return p, false
	}
	if settings.isNull() {
		d.fail(kind, at, "has no settings", fmt.Sprintf("write %s: {} for the defaults", kind.text))
		return p, false
	}
	d.explain(Line{Path: at.path, Value: k.Name, Origin: kind.origin(), Doc: k.Doc})
	errorsBefore := len(d.diags)
	g := d.decode(settings, d.kindKeys[k.Name], at)
	p = Processor{
		Pos: kind.pos(), Kind: k.Name,
		ID: g.str("id"), Bypass: g.on("bypass"), Mix: g.num("mix"),
		Values: param.Values{}, From: d.from(),
	}
	for _, setting := range k.Params {
		p.set(setting, g.values[setting.Name])
	}
	if p.ID != "" {
		d.claimID(p.ID, g.nodeOf("id"), at)
	}
	if k.Check != nil && len(d.diags) == errorsBefore {
		for _, problem := range k.Check(p.checked(k)) {
			here := at
			for _, name := range strings.FieldsFunc(problem.Path, func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
				if i, err := strconv.Atoi(name); err == nil {
					here.words += fmt.Sprint(" ", i+1)
				} else {
					here = here.key(name)
				}
			}
			d.fail(follow(settings, kind, problem.Path), here, problem.Message, "")
		}
	}
	return p, true
}

// set stores a decoded setting where the engine looks for it.
func (p *Processor) set(setting param.Param, value any) {
	switch v := value.(type) {
	case nil:
	case *File:
		p.Values[setting.Name] = v.Name
		if p.Files == nil {
			p.Files = map[string]File{}
		}
		p.Files[setting.Name] = *v
	case []Processor:
		p.setChains(setting.Name, [][]Processor{v})
	case [][]Processor:
		p.setChains(setting.Name, v)
	case []*group:
		groups := make([]param.Values, len(v))
		for i, g := range v {
			groups[i] = param.Values{}
			for _, f := range setting.Fields {
				if x, ok := g.values[f.Name]; ok {
					groups[i][f.Name] = x
				}
			}
		}
		p.Values[setting.Name] = groups
	default:
		p.Values[setting.Name] = v
	}
}

func (p *Processor) setChains(name string, chains [][]Processor) {
	if p.Chains == nil {
		p.Chains = map[string][][]Processor{}
	}
	p.Chains[name] = chains
}

// checked are the values that a kind's Check gets: the settings, and for each
// parameter that is chains, how many there are.
func (p *Processor) checked(k param.Kind) param.Values {
	v := p.Values
	for _, setting := range k.Params {
		if setting.Type == param.Chain || setting.Type == param.Chains {
			v = v.With(param.Values{setting.Name: float64(len(p.Chains[setting.Name]))})
		}
	}
	return v
}

var pathStep = regexp.MustCompile(`[^.\[\]]+|\[\d+\]`)

// follow finds what a path such as "bands[1].freq" names, as far as it is
// written down.
func follow(settings, kind *node, path string) *node {
	found, n := kind, settings
	for _, step := range pathStep.FindAllString(path, -1) {
		var next *node
		if step[0] == '[' {
			if i, err := strconv.Atoi(strings.Trim(step, "[]")); err == nil && i < len(n.items) {
				next = n.items[i]
			}
		} else {
			next = n.get(step)
		}
		if next == nil {
			break
		}
		found, n = next, next
	}
	return found
}

// claimID makes sure that ids are unique within a strip. Those that presets
// bring may meet each other, as nobody who uses two presets can change them;
// only automating one of them is an error then.
func (d *decoder) claimID(id string, n *node, at place) {
	if len(d.song.presets) > 0 {
		return
	}
	if first := d.song.ids[id]; first != nil {
		x := n.diagnostic(fmt.Sprintf("%s: the id %s is taken", at.words, id), "ids are unique within a chain and the chains in it")
		x.Notes = []Note{first.note("first used here")}
		d.report(x)
		return
	}
	d.song.ids[id] = n
}

// from names the preset that is being expanded.
func (d *decoder) from() string {
	if len(d.song.presets) == 0 {
		return ""
	}
	return "preset " + d.song.presets[len(d.song.presets)-1]
}

// preset puts the chain that a preset stands for in the place of its name.
func (d *decoder) preset(n *node, at place, out []Processor) []Processor {
	root, name := d.presetFile(n, at)
	if root == nil {
		return out
	}
	if slices.Contains(d.song.presets, name) {
		d.fail(n, at, "the preset contains itself: "+strings.Join(append(slices.Clone(d.song.presets), name), " → "), "")
		return out
	}
	if len(d.song.presets) >= 10 {
		d.fail(n, at, "more than 10 presets within each other", "")
		return out
	}
	d.song.presets = append(d.song.presets, name)
	d.usedBy = append(d.usedBy, n.note("used here"))
	defer func() {
		d.song.presets = d.song.presets[:len(d.song.presets)-1]
		d.usedBy = d.usedBy[:len(d.usedBy)-1]
	}()
	d.quiet++
	g := d.decode(root, presetKeys, place{words: "preset " + name})
	d.quiet--
	entries, _ := g.values["chain"].(*node)
	switch {
	case entries == nil:
	case entries.shape != sequence:
		d.fail(entries, at, "expected a list of processors, found "+entries.shape.String(), "")
	default:
		out = d.chain(entries, at, out)
	}
	return out
}

// presetFile reads the preset that n names: one that comes with lathe, or a
// file of the project.
func (d *decoder) presetFile(n *node, at place) (*node, string) {
	if n.shape != scalar {
		d.fail(n, at, "preset: expected a name, found "+n.shape.String(), "such as preset: vocal/lead")
		return nil, ""
	}
	if isPath(n.text) {
		return d.included(n, at, "preset")
	}
	data, ok := profiles.Preset(n.text)
	if !ok {
		d.fail(n, at, fmt.Sprintf("there is no preset %q", n.text), didYouMeanOr(n.text, profiles.PresetNames(), "a file of your own is named by its path: ./presets/mine.yaml"))
		return nil, ""
	}
	return d.builtin("preset "+n.text, data), n.text
}

// included reads a preset or profile of the project's own.
func (d *decoder) included(n *node, at place, what string) (*node, string) {
	at.words = strings.TrimPrefix(at.words+": "+what, ": ")
	f, ok := filePath{what: what + ".yaml"}.decode(d, n, at).(*File)
	if !ok {
		return nil, ""
	}
	return d.read(f.Path, f.Path), n.text
}

// builtin reads what comes with lathe.
func (d *decoder) builtin(label string, data []byte) *node {
	root, known := d.parsed[label]
	if !known {
		d.enter(label)
		root = parse(&source{name: label, label: label}, data, d.report)
		d.parsed[label] = root
	}
	return root
}

// chains is a list of chains; the value is a [][]Processor.
type chains struct{ min, max int }

func (t chains) decode(d *decoder, n *node, at place) any {
	if n.shape != sequence {
		d.fail(n, at, "expected a list of chains, found "+n.shape.String(), "write [[...], [...]]")
		return nil
	}
	out := make([][]Processor, 0, len(n.items))
	for i, item := range n.items {
		here := at.item(i)
		if item.shape != sequence {
			d.fail(item, here, "expected a list of processors, found "+item.shape.String(), "put the chain of each band in brackets")
			continue
		}
		out = append(out, d.chain(item, here, nil))
	}
	if !d.countIsRight(n, at, len(n.items), t.min, t.max, "chains") {
		return nil
	}
	return out
}
