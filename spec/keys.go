package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// The language is written down once, in tables of keys: projectKeys,
// stripKeys, deliveryKeys and so on, and the parameters of the processors in
// the catalogue, which become keys too. The tables have four uses: they refuse
// what is unknown, they decode, they are printed as JSON Schema, and they name
// and order the lines of explain.

// key is one key of a mapping.
type key struct {
	name     string
	typ      typ
	required bool
	def      any    // value when the key is absent, of the type that typ decodes to; nil: none
	absent   string // what its absence means, where there is no default value
	doc      string // one line
}

// typ is what may stand after a key.
type typ interface {
	// decode returns the value, or nil after reporting why there is none.
	decode(d *decoder, n *node, at place) any
	// schema describes what decode accepts.
	schema(s *schemas) object
}

// printer is a typ whose values explain shows in one line.
type printer interface {
	typ
	print(v any) string
}

// place is where in the project a value stands: for explain as a path, for
// diagnostics in words.
type place struct {
	path  string // "stems.bass.chain[0].threshold"
	words string // `stem "bass": compressor: threshold`
	// plain places are those of song, session and release, whose words are
	// the path itself.
	plain bool
}

func (p place) key(name string) place {
	words := p.words + ": " + name
	switch {
	case p.words == "":
		words = name
	case p.plain:
		words = p.words + "." + name
	}
	return place{join(p.path, name), words, p.plain}
}

// named is the place of an entry under a key whose entries have names.
func (p place) named(what, name string) place {
	words := fmt.Sprintf("%s %q", what, name)
	if !p.plain { // stem "lead": send "plate", without the key sends
		words = p.words[:max(strings.LastIndex(p.words, ": "), 0)] + ": " + words
	}
	return place{join(p.path, name), words, false}
}

func (p place) item(i int) place {
	return place{fmt.Sprintf("%s[%d]", p.path, i), fmt.Sprintf("%s %d", p.words, i+1), p.plain}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// group is a decoded mapping.
type group struct {
	node   *node
	values map[string]any   // defaults filled in
	at     map[string]*node // the values that are written
}

func (g *group) num(name string) float64 { f, _ := g.values[name].(float64); return f }
func (g *group) str(name string) string  { s, _ := g.values[name].(string); return s }
func (g *group) on(name string) bool     { b, _ := g.values[name].(bool); return b }
func (g *group) file(name string) *File  { f, _ := g.values[name].(*File); return f }
func (g *group) has(name string) bool    { return g.at[name] != nil }

func (g *group) words(name string) []word { w, _ := g.values[name].([]word); return w }

func (g *group) group(name string) *group { h, _ := g.values[name].(*group); return h }

// nodeOf is where a key's value stands, or the whole mapping.
func (g *group) nodeOf(name string) *node {
	if n := g.at[name]; n != nil {
		return n
	}
	return g.node
}

// decode reads a mapping by its table. The keys are taken in the order of the
// table, not of the file, because some need others: bars need the tempo.
func (d *decoder) decode(n *node, keys []key, at place) *group {
	g := &group{node: n, values: map[string]any{}, at: map[string]*node{}}
	if n.shape != mapping {
		d.fail(n, at, "expected a mapping (key: value), found "+n.shape.String(), "the keys are "+list(keyNames(keys)))
		return g
	}
	d.refuseUnknown(n, keys, at)
	for _, k := range keys {
		value := n.get(k.name)
		switch {
		case value == nil && k.required:
			d.fail(n, at, k.name+" is missing", "write "+k.name+": "+exampleOf(k))
		case value == nil:
			g.fillIn(k)
			d.explainAbsent(at.key(k.name), k)
		case value.isNull():
			d.fail(value, at.key(k.name), "has no value", "write one, or remove the key")
			g.at[k.name] = value
			g.fillIn(k)
		default:
			g.at[k.name] = value
			v := k.typ.decode(d, value, at.key(k.name))
			if v == nil {
				g.fillIn(k) // so that what follows has something to go on
				continue
			}
			g.values[k.name] = v
			if p, ok := k.typ.(printer); ok {
				d.explainValue(at.key(k.name), k, p, v, value)
			}
		}
	}
	return g
}

// fillIn gives a key its default.
func (g *group) fillIn(k key) {
	if k.def != nil {
		g.values[k.name] = k.def
	}
}

// refuseUnknown reports the keys that are in no table.
func (d *decoder) refuseUnknown(n *node, keys []key, at place) {
	names := keyNames(keys)
	for _, e := range n.entries {
		if slices.Contains(names, e.key.text) {
			continue
		}
		hint := whereIsKey(e.key.text, keys)
		if e.value.isNull() && matches(`^[0-9]`, e.key.text) {
			hint = "a decimal comma? numbers are written with a point"
		}
		d.fail(e.key, at, "unknown key "+e.key.text, hint)
	}
}

// whereIsKey finds what an unknown key was meant to be: a mistyped one, one
// from another program's vocabulary, or one that belongs a level deeper.
func whereIsKey(word string, keys []key) string {
	names := keyNames(keys)
	if hint := didYouMean(word, names); hint != "" {
		return hint
	}
	if own := foreignWords[strings.ToLower(word)]; slices.Contains(names, own) {
		return "did you mean " + own + "?"
	}
	for _, k := range keys {
		if r, ok := k.typ.(record); ok && slices.Contains(keyNames(r.keys), word) {
			return "it belongs under " + k.name
		}
	}
	return "the keys here are " + list(names)
}

// foreignWords are words that other programs have for ours.
var foreignWords = map[string]string{
	"volume": "gain", "level": "gain", "fader": "gain", "balance": "pan", "panning": "pan",
	"effects": "chain", "fx": "chain", "inserts": "chain", "plugins": "chain", "processors": "chain",
	"tracks": "stems", "channels": "stems", "vcas": "groups", "vca": "groups", "dcas": "groups", "busses": "buses", "subgroups": "buses",
	"aux": "returns", "auxes": "returns", "output": "to", "out": "to", "route": "to", "bus": "to",
	"path": "file", "source": "file", "src": "file", "phase": "polarity", "invert": "polarity",
	"reverse_polarity": "polarity", "start": "offset", "bpm": "tempo", "time_signature": "meter",
	"name": "title", "deliveries": "deliver", "exports": "deliver", "outputs": "deliver",
	"samplerate": "sample_rate", "rate": "sample_rate", "bits": "bit_depth", "lufs": "loudness",
	"target": "loudness", "true_peak": "ceiling", "tracklist": "songs", "mastering": "master",
	"attack_time": "attack", "release_time": "release", "frequency": "freq", "hz": "freq",
	"time": "at", "position": "at", "shape": "curve", "album": "release", "barcode": "upc", "ean": "upc",
	"lra": "loudness_range", "ceiling": "true_peak", "integrated": "loudness", "peak": "true_peak", "dbtp": "true_peak", "length": "duration",
	"regions": "clips", "items": "clips", "takes": "clips", "fadein": "fade_in", "fadeout": "fade_out", "xfade": "crossfade",
	"limiting": "reduction", "references": "reference", "match": "reference", "matching": "reference", "tags": "metadata", "profile": "delivery", "songs": "song",
}

func keyNames(keys []key) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

// exampleOf is what one might write after a key.
func exampleOf(k key) string {
	switch t := k.typ.(type) {
	case quantity:
		return t.example()
	case moment:
		return t.example()
	case later:
		if q, ok := t.typ.(quantity); ok {
			return q.example()
		}
	case choice:
		return t.words[0]
	case filePath:
		return "path/to/" + t.what
	case coverFile:
		return "path/to/" + t.what
	case record:
		for _, k := range t.keys {
			if k.required {
				return "{" + k.name + ": " + exampleOf(k) + "}"
			}
		}
		return "{...}"
	case numbers:
		return "[" + t.each.example() + "]"
	case items:
		return "[{" + list(keyNames(t.keys)) + "}]"
	case words:
		return "[a, b]"
	case chain:
		return "[...]"
	}
	return "..."
}

// list prints words for people: "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// quantity as a typ: the value is a float64, or one of the words as a string.

func (q quantity) decode(d *decoder, n *node, at place) any {
	if n.shape != scalar {
		d.fail(n, at, "expected "+q.expected()+", found "+n.shape.String(), "")
		return nil
	}
	if slices.Contains(q.words, n.text) {
		return n.text
	}
	v, f := q.parse(n.text, !n.isBareNumber(), d.song.music)
	if f == nil {
		f = q.check(v)
	}
	if f == nil {
		if isNote.MatchString(n.text) { // at the tempo of the song's start
			d.warnOfTempo(n, at)
		}
		return v
	}
	if d.song.tempoBroken && d.song.music.tempo == 0 && (isNote.MatchString(n.text) || isBar.MatchString(n.text)) {
		return nil // the tempo is at fault, which was reported
	}
	if f.hint == "" && len(q.words) > 0 {
		f.hint = didYouMean(n.text, q.words)
	}
	d.fail(n, at, f.message, f.hint)
	return nil
}

// asQuantity returns the quantity that a typ is.
func asQuantity(t typ) (quantity, bool) {
	switch t := t.(type) {
	case quantity:
		return t, true
	case tempo:
		return t.quantity, true
	case moment: // an automation point's
		return t.quantity, true
	case sampleTime:
		return t.quantity, true
	}
	return quantity{}, false
}

// numbers is a list of quantities; the value is a []float64. One number may
// stand without brackets.
type numbers struct {
	each     quantity
	min, max int // how many; max 0: any number
}

func (t numbers) decode(d *decoder, n *node, at place) any {
	items := n.items
	if n.shape != sequence {
		items = []*node{n}
	}
	out := make([]float64, 0, len(items))
	for _, item := range items {
		if v, ok := t.each.decode(d, item, at).(float64); ok {
			out = append(out, v)
		}
	}
	if !d.countIsRight(n, at, len(items), t.min, t.max, "values") || len(out) < len(items) {
		return nil
	}
	return out
}

func (t numbers) print(v any) string {
	var texts []string
	for _, f := range v.([]float64) {
		texts = append(texts, t.each.format(f))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func (d *decoder) countIsRight(n *node, at place, count, least, most int, what string) bool {
	switch {
	case count == 0 && least > 0:
		d.fail(n, at, "is empty", "")
	case count < least && least == most, most > 0 && count > most && least == most:
		d.fail(n, at, fmt.Sprintf("expected %d %s, found %d", least, what, count), "")
	case count < least:
		d.fail(n, at, fmt.Sprintf("expected at least %d %s, found %d", least, what, count), "")
	case most > 0 && count > most:
		d.fail(n, at, fmt.Sprintf("expected at most %d %s, found %d", most, what, count), "")
	default:
		return true
	}
	return false
}

// choice is one of a few words; the value is a string. A word that looks like
// a number (oversample: 4) is written without quotes.
type choice struct{ words []string }

func (t choice) decode(d *decoder, n *node, at place) any {
	if n.shape == scalar && slices.Contains(t.words, n.text) {
		return n.text
	}
	all := "expected " + alternatives(t.words)
	if n.shape != scalar {
		d.fail(n, at, all+", found "+n.shape.String(), "")
		return nil
	}
	d.fail(n, at, fmt.Sprintf("%s, found %q", all, n.text), didYouMean(n.text, t.words))
	return nil
}

func (t choice) print(v any) string { return v.(string) }

// alternatives prints words for people: "a, b or c".
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// toggle is true or false, without quotes; the value is a bool.
type toggle struct{}

func (toggle) decode(d *decoder, n *node, at place) any {
	if n.shape == scalar && !n.quoted && n.tag == "!!bool" {
		return strings.EqualFold(n.text, "true")
	}
	found, hint := n.shape.String(), ""
	if n.shape == scalar {
		found = n.text
		switch strings.ToLower(n.text) {
		case "true", "yes", "on", "y", "1":
			hint = "write true"
		case "false", "no", "off", "n", "0":
			hint = "write false"
		}
		if n.quoted {
			found = fmt.Sprintf("the text %q", n.text)
			if hint != "" {
				hint += " without quotes"
			}
		}
	}
	d.fail(n, at, "expected true or false, found "+found, hint)
	return nil
}

func (toggle) print(v any) string { return fmt.Sprint(v) }

// text is free text; the value is a string. What YAML takes for a number, a
// date or a truth value is text here all the same (title: 1999), unless
// quoted says that it must be in quotes.
type text struct {
	pattern string              // for the schema, and refused where it does not match
	expect  string              // what the pattern means
	quoted  bool                // digits must be in quotes: other readers would drop leading zeros
	check   func(string) *fault // what no pattern can say
	tidy    func(string) string // canonical form
}

func (t text) decode(d *decoder, n *node, at place) any {
	if n.shape != scalar {
		d.fail(n, at, "expected a text, found "+n.shape.String(), "")
		return nil
	}
	s := n.text
	switch {
	case t.quoted && n.isBareNumber():
		d.fail(n, at, s+" is a number here, and numbers lose their leading zeros", fmt.Sprintf("put it in quotes: %q", s))
		return nil
	case strings.TrimSpace(s) == "":
		d.fail(n, at, "is empty", "")
		return nil
	case len(s) > 1000:
		d.fail(n, at, "is longer than 1000 bytes", "")
		return nil
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		d.fail(n, at, "has a line end or another control character in it", "")
		return nil
	case t.pattern != "" && !matches(t.pattern, s):
		d.fail(n, at, fmt.Sprintf("expected %s, found %q", t.expect, s), "")
		return nil
	}
	if t.check != nil {
		if f := t.check(s); f != nil {
			d.fail(n, at, f.message, f.hint)
			return nil
		}
	}
	if t.tidy != nil {
		s = t.tidy(s)
	}
	return s
}

func (t text) print(v any) string { return v.(string) }

// words is a list of names; the value is a []word. One name may stand without
// brackets.
type words struct{}

// word is a name and where it stands.
type word struct {
	text string
	node *node
}

func (words) decode(d *decoder, n *node, at place) any {
	items := n.items
	if n.shape != sequence {
		items = []*node{n}
	}
	var out []word
	seen := map[string]bool{}
	for _, item := range items {
		switch {
		case item.shape != scalar || item.isNull():
			d.fail(item, at, "expected a name, found "+item.shape.String(), "")
		case !matches(namePattern, item.text):
			d.fail(item, at, fmt.Sprintf("%q is not a name", item.text), nameRule)
		case seen[item.text]:
			d.fail(item, at, item.text+" is written twice", "")
		default:
			seen[item.text] = true
			out = append(out, word{item.text, item})
		}
	}
	return out
}

func (words) print(v any) string { return "[" + strings.Join(texts(v.([]word)), ", ") + "]" }

func texts(ws []word) []string {
	var out []string
	for _, w := range ws {
		out = append(out, w.text)
	}
	return out
}

// Names of stems, buses, returns, versions, deliveries and processors. They
// appear in paths ("sends.plate", "vox.threshold") and in folder names.
const (
	namePattern = `^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,63}$`
	nameRule    = "a name is made of letters, digits, _ and -, and begins with a letter or digit"
)

// record is a mapping with keys of its own; the value is a *group. Where short
// is set, a single value stands for the mapping with that one key.
type record struct {
	name  string // in the schema
	keys  []key
	short string
	// either lists keys of which exactly one is written; who builds the value
	// says so in its own words.
	either []string
}

func (t record) decode(d *decoder, n *node, at place) any {
	if t.short != "" && n.shape == scalar {
		n = &node{src: n.src, line: n.line, col: n.col, width: n.width, shape: mapping,
			entries: []entry{{&node{src: n.src, text: t.short}, n}}}
	}
	return d.decode(n, t.keys, at)
}

// named is a mapping from names to records. Each entry is given to build as
// soon as it is decoded.
type named struct {
	what  string // "stem"
	of    record
	build func(d *decoder, m member)
	// refs: the names are those of others, not new ones.
	refs bool
}

// member is one entry of a named mapping.
type member struct {
	*group
	name string
	key  *node
	here place
}

func (t named) decode(d *decoder, n *node, at place) any {
	if n.shape != mapping {
		d.fail(n, at, fmt.Sprintf("expected a mapping of %s names, found %s", t.what, n.shape), "write name: {...} for each")
		return nil
	}
	for _, e := range n.entries {
		m := member{name: e.key.text, key: e.key, here: at.named(t.what, e.key.text)}
		if !t.refs && !matches(namePattern, m.name) {
			d.fail(e.key, at, fmt.Sprintf("%q is not a name", m.name), nameRule)
		}
		if e.value.isNull() {
			d.fail(e.key, m.here, "has no value", "write {} for all defaults")
			continue
		}
		if !t.refs {
			d.song.strip = m.name
		}
		m.group = t.of.decode(d, e.value, m.here).(*group)
		t.build(d, m)
	}
	return true
}

// items is a list of records; the value is a []*group.
type items struct {
	keys     []key
	min, max int
	name     string
}

func (t items) decode(d *decoder, n *node, at place) any {
	if n.shape != sequence {
		d.fail(n, at, "expected a list, found "+n.shape.String(), "put - before each entry, or [ ] around them")
		return nil
	}
	out := make([]*group, 0, len(n.items))
	for i, item := range n.items {
		out = append(out, d.decode(item, t.keys, at.item(i)))
	}
	if !d.countIsRight(n, at, len(n.items), t.min, t.max, "entries") {
		return nil
	}
	return out
}

// later is something that can only be decoded when more is known; the value is
// the *node.
type later struct{ typ }

func (later) decode(_ *decoder, n *node, _ place) any { return n }

// keyOf makes a key from a processor's parameter.
func keyOf(p param.Param) key {
	k := key{name: p.Name, required: p.Required, def: p.Default, doc: p.Doc}
	q := quantity{unit: p.Unit, min: p.Min, max: p.Max, notes: p.Notes}
	switch p.Type {
	case param.Number:
		if p.Auto {
			q.words = []string{param.AutoValue}
		}
		k.typ = q
	case param.Numbers:
		k.typ = numbers{q, p.MinItems, p.MaxItems}
	case param.Choice:
		k.typ = choice{p.Choices}
	case param.Switch:
		k.typ = toggle{}
	case param.Signal:
		k.typ = signal{}
	case param.Items:
		k.typ = items{keys: keysOf(p.Fields), min: p.MinItems, max: p.MaxItems}
	case param.Chain:
		k.typ = chain{}
	case param.File:
		k.typ = filePath{what: "file.wav"}
	case param.Chains:
		k.typ = chains{p.MinItems, p.MaxItems}
	}
	return k
}

func keysOf(params []param.Param) []key {
	keys := make([]key, len(params))
	for i, p := range params {
		keys[i] = keyOf(p)
	}
	return keys
}
