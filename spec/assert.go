package spec

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// Assertion is one promise of `assert`: a limit that finished outputs, or the
// songs of an album, have to keep. An entry with several limits makes several.
type Assertion struct {
	Pos   Pos
	Width int    // characters that the limit's key takes in its line
	Path  string // "assert[1].true_peak", as explain shows it
	Name  string // of its entry: what it is for; may be empty
	Warn  bool   // a failure is told, and fails nothing

	// What has to keep it. Songs are numbers of an album; nil stands for all.
	Songs                []int
	Versions, Deliveries []string // "main" is the song itself; nil stands for all

	Figure string // "true_peak", as written; "metadata"
	// Exactly one of these says what is allowed: a range that is open where a
	// bound is nil, a list of values, or a pattern for the text of a field.
	Min, Max *float64
	Allowed  []string
	Field    string // of metadata: "isrc"
	Pattern  string // "*" where any text will do
}

// Covers reports whether an assertion is about an output: song is its number in
// the album, version and delivery its names.
func (a Assertion) Covers(song int, version, delivery string) bool {
	return (a.Songs == nil || slices.Contains(a.Songs, song)) &&
		(a.Versions == nil || slices.Contains(a.Versions, version)) &&
		(a.Deliveries == nil || slices.Contains(a.Deliveries, delivery))
}

// Keeps reports whether a number is within the assertion's range.
func (a Assertion) Keeps(v float64) bool {
	return (a.Min == nil || v >= *a.Min) && (a.Max == nil || v <= *a.Max)
}

// Matches reports whether a text is what the assertion's pattern allows.
func (a Assertion) Matches(text string) bool { return text != "" && globbed(a.Pattern, text) }

// Format gives a number as the assertion's figure is written.
func (a Assertion) Format(v float64) string { return figureNamed(a.Figure).format(v) }

// What names what is asserted, for people: "true peak", "ISRC".
func (a Assertion) What() string {
	if a.Field != "" {
		return labelOf(a.Field)
	}
	return labelOf(a.Figure)
}

// Demand says what is asked for: "at most -1 dBTP".
func (a Assertion) Demand() string {
	switch {
	case a.Field != "" && a.Pattern == "*":
		return "present"
	case a.Field != "":
		return fmt.Sprintf("%q", a.Pattern)
	case a.Allowed != nil:
		return alternatives(a.Allowed)
	}
	return figureNamed(a.Figure).demand(bounds{a.Min, a.Max})
}

// labels are the names that are more than the key with spaces.
var labels = map[string]string{
	"plr": "PLR", "psr": "PSR", "dr": "DR", "rms": "RMS level", "dc_offset": "DC offset", "isrc": "ISRC", "upc": "UPC",
	"short_term": "highest short-term loudness", "momentary": "highest momentary loudness",
	"crest": "crest factor", "correlation_min": "lowest correlation",
	"clipped_runs": "number of clipped runs", "reduction": "limiter's reduction", "spread": "loudness spread",
}

func labelOf(key string) string {
	if l := labels[key]; l != "" {
		return l
	}
	return strings.ReplaceAll(key, "_", " ")
}

// figure is a number that can be asserted.
type figure struct {
	name  string
	of    quantity
	off   param.Unit // of what follows "±"
	full  bool       // a level in dB relative to full scale
	album bool       // of an album's songs together, or between them
	doc   string
}

func between(unit param.Unit, least, most float64, example string) quantity {
	return quantity{unit: unit, min: least, max: most, eg: example}
}

func wholeUpTo(most float64, example string) quantity {
	return quantity{max: most, whole: true, eg: example}
}

var figures = []figure{
	{name: "loudness", of: between(param.LUFS, -70, 10, "-14 LUFS"), off: param.LU, doc: "integrated loudness (BS.1770)"},
	{name: "short_term", of: between(param.LUFS, -70, 10, "-10 LUFS"), off: param.LU, doc: "highest loudness of any 3 s"},
	{name: "momentary", of: between(param.LUFS, -70, 10, "-8 LUFS"), off: param.LU, doc: "highest loudness of any 400 ms"},
	{name: "loudness_range", of: between(param.LU, 0, 60, "6 LU"), off: param.LU, doc: "loudness range, LRA (EBU Tech 3342)"},
	{name: "true_peak", of: between(param.DBTP, -100, 20, "-1 dBTP"), off: param.DB, doc: "true peak"},
	{name: "sample_peak", of: between(param.DB, -150, 0, "-1 dBFS"), off: param.DB, full: true, doc: "highest sample"},
	{name: "rms", of: between(param.DB, -150, 0, "-17 dBFS"), off: param.DB, full: true, doc: "RMS level of the whole file; a full-scale sine has -3.01 dBFS"},
	{name: "noise_floor", of: between(param.DB, -200, 0, "-70 dBFS"), off: param.DB, full: true, doc: "RMS level that one in twenty blocks of 400 ms stays below"},
	{name: "crest", of: between(param.DB, 0, 150, "12 dB"), off: param.DB, doc: "sample peak over RMS level"},
	{name: "plr", of: between(param.LU, 0, 60, "8 LU"), off: param.LU, doc: "peak to loudness ratio: true peak less integrated loudness"},
	{name: "psr", of: between(param.LU, 0, 60, "6 LU"), off: param.LU, doc: "the smallest true peak less loudness of any 3 s"},
	{name: "dr", of: wholeUpTo(60, "8"), doc: "the DR figure, a whole number"},
	{name: "reduction", of: between(param.DB, 0, 40, "3 dB"), off: param.DB, doc: "the most that the delivery's limiter took off the peaks"},
	{name: "duration", of: between(param.Seconds, 0, 86400, "3:30"), off: param.Seconds, doc: "length of the file"},
	{name: "head_silence", of: between(param.Seconds, 0, 86400, "0.5 s"), off: param.Seconds, doc: "silence (below -90 dBFS) before the first sound"},
	{name: "tail_silence", of: between(param.Seconds, 0, 86400, "2 s"), off: param.Seconds, doc: "silence (below -90 dBFS) after the last sound"},
	{name: "correlation", of: between(param.Plain, -1, 1, "0.3"), off: param.Plain, doc: "correlation of left and right"},
	{name: "correlation_min", of: between(param.Plain, -1, 1, "-0.3"), off: param.Plain, doc: "the lowest correlation of left and right of any 3 s"},
	{name: "dc_offset", of: between(param.Percent, 0, 100, "0.1%"), off: param.Percent, doc: "mean of the samples, as a share of full scale, whatever its sign; of the channel that has most of it"},
	{name: "clipped_runs", of: wholeUpTo(1e9, "0"), doc: "how often three samples or more in a row are at full scale"},
	{name: "spread", of: between(param.LU, 0, 60, "2 LU"), off: param.LU, album: true, doc: "difference in loudness between the loudest and the quietest of the songs, within one delivery and version"},
	{name: "gap", of: between(param.Seconds, -60, 600, "2 s"), off: param.Seconds, album: true, doc: "silence before a song, other than the first; a crossfade counts as a negative gap"},
}

func figureNamed(name string) figure {
	for _, f := range figures {
		if f.name == name {
			return f
		}
	}
	return figure{name: name}
}

// format prints a number of the figure. Levels of signals say that they are
// relative to full scale, and times are not turned into minutes, since limits
// and what is measured may differ by milliseconds.
func (f figure) format(v float64) string {
	switch {
	case f.full:
		return FormatNumber(v) + " dBFS"
	case f.of.unit == param.Seconds && math.Abs(v) < 60:
		return FormatNumber(v) + " s"
	}
	return f.of.format(v)
}

// demand says what range is asked for.
func (f figure) demand(b bounds) string {
	switch {
	case b.min != nil && b.max != nil && *b.min == *b.max:
		return "exactly " + f.format(*b.min)
	case b.min != nil && b.max != nil:
		return f.format(*b.min) + " to " + f.format(*b.max)
	case b.min != nil:
		return "at least " + f.format(*b.min)
	case b.max != nil:
		return "at most " + f.format(*b.max)
	}
	return "anything"
}

// bounds is a range that may be open on either side.
type bounds struct{ min, max *float64 }

// limits is the typ of a figure's limits: {min, max}, or a value with how far
// off it may be ("-14 LUFS ±0.5 LU"); the value is a bounds.
type limits struct{ figure }

func (t limits) keys() []key {
	return []key{
		{name: "min", typ: t.of, doc: "lowest that is allowed"},
		{name: "max", typ: t.of, doc: "highest that is allowed"},
	}
}

func (t limits) decode(d *decoder, n *node, at place) any {
	switch n.shape {
	case sequence:
		d.fail(n, at, "expected limits, found a list", t.advice())
		return nil
	case scalar:
		return t.single(d, n, at)
	}
	d.quiet++ // explain shows the range in one line
	g := d.decode(n, t.keys(), at)
	d.quiet--
	var b bounds
	if v, ok := g.values["min"].(float64); ok {
		b.min = &v
	}
	if v, ok := g.values["max"].(float64); ok {
		b.max = &v
	}
	switch {
	case len(n.entries) == 0:
		d.fail(n, at, "has no limit", t.advice())
		return nil
	case b.min == nil && b.max == nil: // both are wrong, which was said
		return nil
	case b.min != nil && b.max != nil && *b.min > *b.max:
		d.fail(n, at, fmt.Sprintf("nothing is at least %s and at most %s", t.format(*b.min), t.format(*b.max)), "exchange min and max")
		return nil
	}
	return b
}

// advice is how limits are written.
func (t limits) advice() string {
	eg := t.of.example()
	if t.of.whole {
		return fmt.Sprintf("write {min: %s}, {max: %s}, or the number alone for exactly that", eg, eg)
	}
	off := "0.2"
	if t.off != param.Plain {
		off = FormatQuantity(0.5, t.off)
	}
	return fmt.Sprintf("write {min: %s}, {max: %s}, both, or %s ±%s", eg, eg, eg, off)
}

// single decodes limits that are written as one value.
func (t limits) single(d *decoder, n *node, at place) any {
	middle, off, both := cutTolerance(n.text)
	if t.of.whole || !both {
		v, ok := t.of.decode(d, n, at).(float64)
		switch {
		case !ok:
		case t.of.whole:
			return bounds{&v, &v}
		default:
			d.fail(n, at, "one value alone is a limit in neither direction", t.advice())
		}
		return nil
	}
	part := func(q quantity, s string) (float64, bool) {
		v, f := q.parse(s, !bareNumber.MatchString(s), d.song.music)
		if f == nil {
			f = q.check(v)
		}
		if f != nil {
			d.fail(n, at, f.message, f.hint)
		}
		return v, f == nil
	}
	v, good := part(t.of, middle)
	w, fine := part(t.tolerance(), off)
	if !good || !fine {
		return nil
	}
	low, high := tidy(v-w), tidy(v+w)
	return bounds{&low, &high}
}

// tolerance is what may follow "±".
func (t limits) tolerance() quantity { return quantity{unit: t.off, max: t.of.max - t.of.min} }

// tidy takes the noise of binary arithmetic off a decimal number: -14 - 0.1 is
// meant to be -14.1.
func tidy(x float64) float64 { return math.Round(x*1e9) / 1e9 }

// cutTolerance takes "-14 LUFS ±0.5 LU" apart.
func cutTolerance(s string) (middle, off string, ok bool) {
	for _, sign := range []string{"±", "+/-", "+-"} {
		if middle, off, ok = strings.Cut(s, sign); ok {
			return strings.TrimSpace(middle), strings.TrimSpace(off), true
		}
	}
	return s, "", false
}

func (t limits) print(v any) string { return t.demand(v.(bounds)) }

func (t limits) schema(s *schemas) object {
	mapping := append(s.mapping(t.keys(), ""), member2{"minProperties", 1})
	if t.of.whole {
		return anyOf(t.of.schema(s), mapping)
	}
	plain := func(q quantity) string { return strings.TrimSuffix(strings.TrimPrefix(q.pattern(), "^"), "$") }
	either := func(q quantity) string {
		if q.unit == param.Plain {
			return numberPattern
		}
		return "(?:" + plain(q) + "|" + numberPattern + ")"
	}
	pattern := "^" + either(t.of) + ` *(?:±|\+/-|\+-) *` + either(t.tolerance()) + "$"
	return anyOf(object{{"type", "string"}, {"pattern", pattern}}, mapping)
}

// allowed is a list of values of which one has to be there; the value is a
// []string of them as they are printed. One value may stand without brackets.
type allowed struct{ each printer }

func (t allowed) decode(d *decoder, n *node, at place) any {
	items := n.items
	if n.shape != sequence {
		items = []*node{n}
	}
	var out []string
	for _, item := range items {
		if v := t.each.decode(d, item, at); v != nil {
			out = append(out, t.each.print(v))
		}
	}
	if !d.countIsRight(n, at, len(items), 1, 100, "values") || len(out) < len(items) {
		return nil
	}
	return out
}

func (allowed) print(v any) string { return alternatives(v.([]string)) }

func (t allowed) schema(s *schemas) object { return oneOrMore(t.each.schema(s)) }

// patterns is a list of names in which * stands for any characters; the value
// is a []word. One may stand without brackets.
type patterns struct{}

func (patterns) decode(d *decoder, n *node, at place) any {
	items := n.items
	if n.shape != sequence {
		items = []*node{n}
	}
	var out []word
	for _, item := range items {
		if s, ok := (text{}).decode(d, item, at).(string); ok {
			out = append(out, word{s, item})
		}
	}
	if !d.countIsRight(n, at, len(items), 1, 1000, "names") || len(out) < len(items) {
		return nil
	}
	return out
}

func (patterns) print(v any) string { return "[" + strings.Join(texts(v.([]word)), ", ") + "]" }

func (patterns) schema(s *schemas) object { return oneOrMore(text{}.schema(s)) }

// globbed reports whether a text fits a pattern, in which * stands for any
// characters.
func globbed(pattern, text string) bool {
	if pattern == "*" || pattern == text {
		return true
	}
	expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	return matches("(?s)^(?:"+expression+")$", text)
}

// wordFields are the fields of metadata, in the order of reading.
var wordFields = []string{"title", "artist", "album", "track", "date", "genre", "copyright", "isrc", "composer", "lyricist", "comment", "lyrics", "language", "label", "catalog", "upc", "cover"}

// wordRule is a field of metadata and what its text has to be.
type wordRule struct {
	field, pattern string
	node           *node
}

// wordRules is the typ of `metadata`: the names of fields that must be there,
// or a mapping from fields to what they must be; the value is a []wordRule.
type wordRules struct{}

func (wordRules) decode(d *decoder, n *node, at place) any {
	var out []wordRule
	seen := map[string]bool{}
	add := func(field *node, pattern string) {
		switch {
		case field.shape != scalar || field.isNull():
			d.fail(field, at, "expected the name of a field, found "+field.shape.String(), "")
		case !slices.Contains(wordFields, field.text):
			d.fail(field, at, fmt.Sprintf("there is no field %q", field.text), didYouMeanOr(field.text, wordFields, "there are "+list(wordFields)))
		case seen[field.text]:
			d.fail(field, at, field.text+" is written twice", "")
		default:
			seen[field.text] = true
			out = append(out, wordRule{field.text, pattern, field})
		}
	}
	switch n.shape {
	case mapping:
		for _, e := range n.entries {
			if pattern, ok := (text{}).decode(d, e.value, at.key(e.key.text)).(string); ok {
				add(e.key, pattern)
			}
		}
	case sequence:
		for _, item := range n.items {
			add(item, "*")
		}
	default:
		add(n, "*")
	}
	if n.shape != scalar && len(n.entries)+len(n.items) == 0 {
		d.fail(n, at, "is empty", "name the fields that must be there, such as [title, artist]")
	}
	if out == nil {
		return nil
	}
	return out
}

func (wordRules) print(v any) string {
	var parts []string
	for _, r := range v.([]wordRule) {
		if r.pattern != "*" {
			r.field += ": " + r.pattern
		}
		parts = append(parts, r.field)
	}
	return strings.Join(parts, ", ")
}

func (wordRules) schema(s *schemas) object {
	field := object{{"enum", wordFields}}
	return anyOf(field,
		object{{"type", "array"}, {"items", field}, {"minItems", 1}},
		object{{"type", "object"}, {"propertyNames", field}, {"additionalProperties", text{}.schema(s)}, {"minProperties", 1}})
}

// assertKeys are the keys of an entry of `assert`: which outputs it is about,
// and what they have to keep.
func assertKeys(album bool) []key {
	keys := []key{
		{name: "name", typ: text{}, doc: "what the entry is for; messages begin with it"},
		{name: "severity", typ: choice{[]string{"error", "warning"}}, def: "error", doc: "error: a failure stops the build and nothing is delivered; warning: it is told"},
	}
	if album {
		keys = append(keys, key{name: "song", typ: patterns{}, absent: "all", doc: "titles of the songs it is about; * stands for any characters"})
	}
	keys = append(keys,
		key{name: "version", typ: patterns{}, absent: "all", doc: "versions it is about; main is the song itself"},
		key{name: "delivery", typ: patterns{}, absent: "all", doc: "deliveries it is about"},
	)
	for _, f := range figures {
		if album || !f.album {
			keys = append(keys, key{name: f.name, typ: limits{f}, doc: f.doc + ". For example " + f.of.eg})
		}
	}
	return append(keys,
		key{name: "format", typ: allowed{keyNamed(deliveryKeys, "format").typ.(printer)}, doc: "file format, or a list of those that are allowed"},
		key{name: "sample_rate", typ: allowed{quantity{unit: param.Hz, min: 8000, max: 384000, whole: true, eg: "48 kHz"}}, doc: "sample rate of the file, or a list of those that are allowed"},
		key{name: "bit_depth", typ: allowed{keyNamed(deliveryKeys, "bit_depth").typ.(printer)}, doc: "word length of the file, or a list of those that are allowed"},
		key{name: "channels", typ: allowed{wholeUpTo(64, "2")}, doc: "number of channels, or a list of those that are allowed"},
		key{name: "metadata", typ: wordRules{}, doc: "fields that must have a text; or a mapping from fields to texts, in which * stands for any characters (in quotes where it comes first). Fields that go into the files must be there, the others in the project"},
	)
}

// assertList is the typ of `assert`. It is decoded when songs, versions and
// deliveries are known.
func assertList(album bool) typ {
	name := "song_assertion"
	if album {
		name = "album_assertion"
	}
	return later{items{keys: assertKeys(album), min: 1, max: maxAssertions, name: name}}
}

// maxAssertions is far above what a person writes.
const maxAssertions = 1000

// assertable are the outputs of one song, for what assertions name.
type assertable struct {
	number               int // in the album
	title                string
	versions, deliveries []string
	made                 map[string]*Delivery // by name
}

func (s *Song) assertable(number int) assertable {
	out := assertable{number: number, title: s.Title, versions: []string{mainVersion}, made: map[string]*Delivery{}}
	for _, v := range s.Versions {
		out.versions = append(out.versions, v.Name)
	}
	for i := range s.Deliver {
		v := &s.Deliver[i]
		out.deliveries = append(out.deliveries, v.Name)
		out.made[v.Name] = v
	}
	return out
}

// mainVersion is how the song itself is named among its versions.
const mainVersion = "main"

// assertions decodes the list of a song or an album; n is nil where none is
// written.
func (d *decoder) assertions(n *node, at place, album bool, about []assertable) []Assertion {
	if n == nil {
		return nil
	}
	at = place{path: at.path, words: "assert"}
	if n.isNull() {
		d.fail(n, at, "has no value", "write one, or remove the key")
		return nil
	}
	if n.shape != sequence {
		d.fail(n, at, "expected a list, found "+n.shape.String(), "put - before each entry")
		return nil
	}
	if !d.countIsRight(n, at, len(n.items), 1, maxAssertions, "entries") {
		return nil
	}
	var out []Assertion
	keys := assertKeys(album)
	for i, item := range n.items {
		here, own := at.item(i), *item // a copy: refuseForeign takes keys out
		if !album {
			d.refuseForeign(&own, keys, assertKeys(true), "the assert of an album")
		}
		g := d.decode(&own, keys, here)
		if own.shape != mapping {
			continue
		}
		if !slices.ContainsFunc(item.entries, func(e entry) bool { return !slices.Contains(selectors, e.key.text) }) {
			d.fail(item, here, "asserts nothing", "write a limit, such as true_peak: {max: -1 dBTP}")
		}
		out = append(out, d.assertion(g, keys, here, about)...)
	}
	return out
}

// assertion makes the promises of one entry.
func (d *decoder) assertion(g *group, keys []key, at place, about []assertable) []Assertion {
	entry := Assertion{Name: g.str("name"), Warn: g.str("severity") == "warning"}
	named := d.selectors(g, at, about, &entry)
	var out []Assertion
	for _, e := range g.node.entries {
		name := e.key.text
		if !hasKey(keys, name) || slices.Contains(selectors, name) {
			continue
		}
		a := entry
		a.Figure, a.Path = name, at.key(name).path
		a.Pos, a.Width = e.key.pos(), e.key.width
		switch v := g.values[name].(type) {
		case bounds:
			a.Min, a.Max = v.min, v.max
		case []string:
			a.Allowed = v
		case []wordRule:
			for _, r := range v {
				a.Field, a.Pattern, a.Path = r.field, r.pattern, at.key(name).key(r.field).path
				a.Pos, a.Width = r.node.pos(), r.node.width
				out = append(out, a)
			}
			continue
		default:
			continue // it could not be decoded, which was reported
		}
		if name == "gap" && (g.has("version") || g.has("delivery")) {
			d.fail(e.key, at, "the gap before a song is the same in every version and delivery", "write it into an entry without version and delivery")
		}
		out = append(out, a)
	}
	if !named {
		return nil
	}
	return out
}

// selectors are the keys of an entry that are no limits.
var selectors = []string{"name", "severity", "song", "version", "delivery"}

// selectors resolves what an entry is about, and refuses names that nothing
// has and outputs that nobody makes: such an assertion would never fail.
func (d *decoder) selectors(g *group, at place, about []assertable, a *Assertion) bool {
	good := true
	pick := func(key string, of func(assertable) []string) []string {
		var known, out []string
		for _, s := range about {
			for _, name := range of(s) {
				if !slices.Contains(known, name) {
					known = append(known, name)
				}
			}
		}
		for _, w := range g.words(key) {
			found := false
			for _, name := range known {
				if globbed(strings.ToLower(w.text), strings.ToLower(name)) {
					found = true
					if !slices.Contains(out, name) {
						out = append(out, name)
					}
				}
			}
			if !found {
				good = false
				d.fail(w.node, at, fmt.Sprintf("there is no %s %q", key, w.text), didYouMeanOr(w.text, known, knownNames(known)))
			}
		}
		return out
	}
	a.Versions = pick("version", func(s assertable) []string { return s.versions })
	a.Deliveries = pick("delivery", func(s assertable) []string { return s.deliveries })
	titles := pick("song", func(s assertable) []string { return []string{s.title} })
	outputs := 0
	for _, s := range about {
		if titles != nil && !slices.Contains(titles, s.title) {
			continue
		}
		if titles != nil {
			a.Songs = append(a.Songs, s.number)
		}
		for _, v := range s.versions {
			for _, delivery := range s.deliveries {
				if made := s.made[delivery]; a.Covers(s.number, v, delivery) && (made == nil || made.Makes(v)) {
					outputs++
				}
			}
		}
	}
	if good && outputs == 0 && slices.ContainsFunc(about, func(s assertable) bool { return len(s.deliveries) > 0 }) {
		d.fail(g.node, at, "no output is of that song, version and delivery", "")
		good = false
	}
	return good
}

// assertionsInAlbum decodes what a song file asserts, where the album says what
// is delivered. Names of the song's own deliveries are no faults then, but what
// the album does not make cannot be checked.
func (d *decoder) assertionsInAlbum(s *Song, own []Delivery, n *node, at place) []Assertion {
	about := s.assertable(0)
	made := about.deliveries
	for _, v := range own {
		about.deliveries = append(about.deliveries, v.Name)
	}
	isMade := func(name string) bool { return slices.Contains(made, name) }
	return slices.DeleteFunc(d.assertions(n, at, false, []assertable{about}), func(a Assertion) bool {
		if a.Deliveries == nil || slices.ContainsFunc(a.Deliveries, isMade) {
			return false
		}
		d.report(Diagnostic{
			Severity: SeverityWarning, File: a.Pos.File, Line: a.Pos.Line, Col: a.Pos.Col, Width: a.Width, LineText: n.src.shownLine(a.Pos.Line),
			Message: fmt.Sprintf("assert: %s: the album does not deliver %s, so this is not checked", a.What(), alternatives(a.Deliveries)),
		})
		return true
	})
}
