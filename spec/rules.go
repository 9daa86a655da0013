package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// Rule is one rule of a delivery profile: a limit that the files of a platform,
// a distributor or a broadcaster keep. An entry of `rules` with several limits
// makes several.
type Rule struct {
	Assertion // which limit; Pos is in the profile

	// Advice is only told; a rule that is none keeps a build from delivering.
	Advice bool
	// Own says that the rule would fail a file, had not the project itself asked
	// for something else on top of the profile: then it is advice.
	Own    bool
	Known  bool   // advice about what the project itself has decided: it need not be told at every build
	Mark   string // who says so: one of Marks; "" where the profile does not say
	Source string // where it is written

	LouderThan *float64 // LUFS: only files louder than that keep it
	Channels   int      // only files of so many channels keep it; 0: all
}

// The marks of a figure: by whom it is known.
const (
	Published   = "published"   // by the platform or the standard itself
	Reported    = "reported"    // by others, who read or measured it
	Unconfirmed = "unconfirmed" // by custom, or by sources that contradict each other
)

// Marks lists what `mark` may say.
var Marks = []string{Published, Reported, Unconfirmed}

// Formats are the file formats that a rule may name, as outputs have them.
var Formats = []string{"wav", "aiff", "flac", "alac", "mp3", "aac", "opus", "vorbis"}

// The kinds of characters that the name of a file may be made of.
const (
	AnyCharacters         = "any"
	ASCIICharacters       = "ascii"       // printable ASCII
	DistributorCharacters = "distributor" // letters A-Z and a-z, digits, _ and -, and one dot
)

// What names the limit for people.
func (r Rule) What() string {
	switch r.Figure {
	case "characters":
		return "file name"
	case "name_length":
		return "length of the file name"
	case "tags":
		return "tags in the file"
	}
	return r.Assertion.What()
}

// Demand says what is asked for: "at most -1 dBTP".
func (r Rule) Demand() string {
	switch r.Figure {
	case "characters":
		return map[string]string{ASCIICharacters: "ASCII characters", DistributorCharacters: "letters A to Z, digits, _ and -"}[r.Allowed[0]]
	case "name_length":
		return fmt.Sprintf("at most %s characters", FormatNumber(*r.Max))
	}
	return r.Assertion.Demand()
}

// Condition says of which files it is asked; nothing where of all.
func (r Rule) Condition() string {
	switch {
	case r.Channels == 1:
		return " of a mono file"
	case r.Channels == 2:
		return " of a stereo file"
	case r.LouderThan != nil:
		return " of a file louder than " + FormatQuantity(*r.LouderThan, param.LUFS)
	}
	return ""
}

// String is the rule in one line: "true peak: at most -1 dBTP (advice)".
func (r Rule) String() string {
	text := r.What() + r.Condition() + ": " + r.Demand()
	if r.Advice {
		text += " (advice)"
	}
	return text
}

// ruleSelectors are the keys of an entry of `rules` that are no limits.
var ruleSelectors = []string{"severity", "mark", "source", "louder_than", "channels_of"}

// ruleKeys are the keys of an entry of `rules`: the limits of `assert` that can be
// asked of a single file, and some that only platforms ask for.
func ruleKeys() []key {
	keys := []key{
		{name: "severity", typ: choice{[]string{"fail", "advice"}}, def: "fail", doc: "fail: a file that does not keep it is not delivered; advice: it is told"},
		{name: "mark", typ: choice{Marks}, absent: "nobody is named", doc: "who says so. published: the platform or the standard itself; reported: others, who read or measured it; unconfirmed: custom, or sources that contradict each other, which can only be advice"},
		{name: "source", typ: text{}, absent: "the profile's", doc: "where it is written"},
		{name: "louder_than", typ: quantity{unit: param.LUFS, min: -60, max: 0}, absent: "all files", doc: "only files with a higher integrated loudness keep it"},
		{name: "channels_of", typ: choice{[]string{"mono", "stereo"}}, absent: "all files", doc: "only files with that many channels keep it"},
	}
	for _, f := range figures {
		if !f.album && f.name != "reduction" {
			keys = append(keys, key{name: f.name, typ: limits{f}, doc: f.doc + ". For example " + f.of.eg})
		}
	}
	return append(keys,
		key{name: "format", typ: allowed{choice{Formats}}, doc: "file format, or a list of those that are taken"},
		key{name: "sample_rate", typ: allowed{quantity{unit: param.Hz, min: 8000, max: 384000, whole: true, eg: "48 kHz"}}, doc: "sample rate, or a list of those that are taken"},
		key{name: "bit_depth", typ: allowed{keyNamed(deliveryKeys, "bit_depth").typ.(printer)}, doc: "word length, or a list of those that are taken"},
		key{name: "channels", typ: allowed{wholeUpTo(64, "2")}, doc: "number of channels, or a list of those that are taken"},
		key{name: "tags", typ: allowed{choice{[]string{none}}}, doc: "none: no text about the recording inside the file"},
		key{name: "characters", typ: allowed{choice{[]string{ASCIICharacters, DistributorCharacters}}}, doc: "characters of the file's name. ascii: printable ASCII; distributor: letters A to Z, digits, _ and -, and one dot"},
		key{name: "name_length", typ: limits{figure{name: "name_length", of: wholeUpTo(255, "31")}}, doc: "characters of the file's name with its extension"},
	)
}

// ruleList is the typ of `rules`: a list of rules, or a word about those of the
// profile; the value is a ruleChoice.
type ruleList struct{}

// ruleChoice is what is written: rules, or where word is not "" what becomes of the
// profile's.
type ruleChoice struct {
	word  string
	rules []Rule
}

const adviceOnly = "advice"

// maxRules is far above what a person writes.
const maxRules = 200

func (ruleList) decode(d *decoder, n *node, at place) any {
	words := []string{adviceOnly, none}
	switch {
	case n.shape == scalar && slices.Contains(words, n.text):
		return ruleChoice{word: n.text}
	case n.shape != sequence:
		hint := "such as rules: [{true_peak: {max: -1 dBTP}}]"
		if n.shape == scalar {
			hint = didYouMeanOr(n.text, words, hint)
		}
		d.fail(n, at, "expected advice, none or a list of rules", hint)
		return nil
	case !d.countIsRight(n, at, len(n.items), 1, maxRules, "rules"):
		return nil
	}
	d.quiet++
	defer func() { d.quiet-- }()
	var out []Rule
	keys := ruleKeys()
	for i, item := range n.items {
		here := at.item(i)
		g := d.decode(item, keys, here)
		if item.shape == mapping {
			out = append(out, d.rules(g, keys, here)...)
		}
	}
	return ruleChoice{rules: out}
}

// rules makes the rules of one entry.
func (d *decoder) rules(g *group, keys []key, at place) []Rule {
	entry := Rule{Advice: g.str("severity") == adviceOnly, Mark: g.str("mark"), Source: g.str("source")}
	if entry.Mark == Unconfirmed && !entry.Advice {
		d.fail(g.nodeOf("mark"), at, "what nobody has confirmed fails no file", "write severity: advice")
	}
	if v, ok := g.values["louder_than"].(float64); ok {
		entry.LouderThan = &v
	}
	entry.Channels = map[string]int{"mono": 1, "stereo": 2}[g.str("channels_of")]
	var out []Rule
	limited := false
	for _, e := range g.node.entries {
		if slices.Contains(ruleSelectors, e.key.text) {
			continue
		}
		limited = true
		if !hasKey(keys, e.key.text) { // which was reported
			continue
		}
		r := entry
		r.Figure, r.Path = e.key.text, at.key(e.key.text).path
		r.Pos, r.Width = e.key.pos(), e.key.width
		switch v := g.values[e.key.text].(type) {
		case bounds:
			r.Min, r.Max = v.min, v.max
		case []string:
			r.Allowed = v
		default:
			continue // it could not be decoded, which was reported
		}
		out = append(out, r)
	}
	if !limited {
		d.fail(g.node, at, "is no rule", "write a limit, such as true_peak: {max: -1 dBTP}")
	}
	return out
}

func (ruleList) print(v any) string {
	c := v.(ruleChoice)
	if c.word != "" {
		return c.word
	}
	var texts []string
	for _, r := range c.rules {
		texts = append(texts, r.String())
	}
	return strings.Join(texts, "; ")
}

func (ruleList) schema(s *schemas) object {
	return anyOf(object{{"enum", []string{adviceOnly, none}}}, items{keys: ruleKeys(), min: 1, max: maxRules, name: "rule"}.schema(s))
}

// askedFor are the keys of a delivery by which a project decides about a figure
// itself.
var askedFor = map[string][]string{
	"loudness": {"loudness", "peak"}, "true_peak": {"ceiling", "peak", "loudness"}, "sample_peak": {"peak", "loudness", "ceiling"},
	"sample_rate": {"sample_rate", "max_sample_rate"}, "bit_depth": {"bit_depth", "format"}, "format": {"format"}, "tags": {"metadata"},
	"characters": {"characters", "file_name"}, "name_length": {"file_name"}, "head_silence": {"head"}, "tail_silence": {"tail"},
}

// profileRules are the rules that a delivery is held against: those of the
// profile, unless the project has its own or wants none. What the project asks for
// on top of the profile is its own decision, and only advised against.
func profileRules(v *Delivery, base, top *group) []Rule {
	c, _ := base.values["rules"].(ruleChoice)
	own := false
	if over, ok := top.values["rules"].(ruleChoice); ok {
		if own = over.rules != nil; own {
			c = over
		}
		c.word = over.word
	}
	if c.word == none {
		return nil
	}
	rules := slices.Clone(c.rules)
	for i := range rules {
		r := &rules[i]
		if r.Source == "" && !own {
			r.Source = v.Source
		}
		asked := slices.ContainsFunc(askedFor[r.Figure], top.has)
		switch {
		case own:
		case r.Advice:
			r.Known = asked
		case asked || c.word == adviceOnly:
			r.Advice, r.Own = true, true
		}
	}
	return rules
}

// explainRules shows the rules of a delivery, one in a line.
func (d *decoder) explainRules(v *Delivery, base, top *group, at place) {
	for i, r := range v.Rules {
		where := base
		if c, ok := top.values["rules"].(ruleChoice); ok && c.rules != nil {
			where = top
		}
		here := at.key("rules").item(i)
		d.explain(Line{Path: here.path, Value: r.String(), Origin: where.nodeOf("rules").origin(), Doc: r.Source})
	}
}

// FileRules are the rules by which any file is held against a delivery: those
// of its profile, and its own targets where no rule is about them.
func (v *Delivery) FileRules() []Rule {
	rules := slices.Clone(v.Rules)
	ruled := func(figure string) bool {
		return slices.ContainsFunc(v.Rules, func(r Rule) bool { return r.Figure == figure })
	}
	add := func(a Assertion) {
		if !ruled(a.Figure) {
			a.Pos = v.Pos
			rules = append(rules, Rule{Assertion: a, Source: v.Source})
		}
	}
	one := func(figure, value string) { add(Assertion{Figure: figure, Allowed: []string{value}}) }
	one("format", v.Format)
	depth := fmt.Sprint(v.BitDepth)
	if v.Float {
		depth += " float"
	}
	one("bit_depth", depth)
	if v.SampleRate > 0 {
		one("sample_rate", FormatQuantity(float64(v.SampleRate), param.Hz))
	}
	if v.Loudness != nil {
		low, high := tidy(*v.Loudness-v.Tolerance), tidy(*v.Loudness+v.Tolerance)
		add(Assertion{Figure: "loudness", Min: &low, Max: &high})
	}
	if v.Ceiling != nil {
		add(Assertion{Figure: "true_peak", Max: v.Ceiling})
	}
	if v.Peak != nil {
		high := tidy(*v.Peak + PeakTolerance)
		add(Assertion{Figure: "sample_peak", Max: &high})
	}
	return rules
}

// PeakTolerance is how far the sample peak of a file may lie from `peak`, in dB.
const PeakTolerance = 0.01

// profileGroups are the kinds of profiles, in the order in which they are listed.
var profileGroups = []string{"release", "platform", "disc", "broadcast", "speech and games", "hand-over"}

// ProfileGroups lists the kinds of delivery profiles in the order of reading.
func ProfileGroups() []string { return slices.Clone(profileGroups) }
