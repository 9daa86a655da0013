package spec

import "github.com/lathe-audio/lathe/internal/param"

// auto is a setting of the limiter that its style decides.
const auto = "auto"

// defaultStyle is the limiter's where none is named.
const defaultStyle = "transparent"

// limiterKeys are those of a delivery's limiter and of the master's. Each may be
// written alone: what a delivery does not say its profile says, or else the master.
var limiterKeys = []key{
	{name: "style", typ: choice{[]string{defaultStyle, "punchy", "loud"}}, def: defaultStyle, doc: "how the gain moves. transparent: as little as can be, 6 ms ahead of a peak, back within 40 ms after a single one and 400 ms after a loud passage; punchy: a hit keeps its shape, its body going down by as much as its attack (1 ms ahead, held for 20 ms, back within 60, 150 and 800 ms); loud: only the peak itself goes down, so that the most is left of the rest (3 ms ahead, back within 8, 60 and 300 ms, sides half linked), and bass distorts first"},
	{name: "release", typ: quantity{unit: param.MS, min: 1, max: 5000, words: []string{auto}}, def: auto, doc: "time constant with which the gain comes back after it has been down for long; after short peaks it is faster, in the style's proportion. auto: the style's own"},
	{name: "lookahead", typ: quantity{unit: param.MS, min: 0.1, max: 20, words: []string{auto}}, def: auto, doc: "time in which the gain comes down before a peak: longer distorts less and is heard sooner. auto: the style's own"},
	{name: "link", typ: quantity{unit: param.Percent, max: 100, words: []string{auto}}, def: auto, doc: "how far what one side needs is taken off the other as well: 100% keeps the stereo image where it is, 0% limits each side for itself. auto: 100% (loud: 50%)"},
	{name: "clip", typ: quantity{unit: param.DB, max: 6}, def: 0.0, doc: "dB that a soft clipper, eight times oversampled, takes off the song's highest peak before the limiter; lower peaks lose less, what lies under the bend nothing"},
}

var limiterRecord = record{name: "limiter", keys: limiterKeys, short: "style"}

// fillLimiter notes what a delivery and its profile say of the limiter; the rest is
// the master's.
func (l layers) fillLimiter(v *Delivery) {
	said := map[string]any{}
	l.d.limiters[v.Pos] = said
	at := l.at.key("limiter")
	for _, k := range limiterKeys {
		for _, g := range []*group{l.top.group("limiter"), l.base.group("limiter")} {
			if g != nil && g.has(k.name) && g.values[k.name] != nil {
				l.d.explainValue(at.key(k.name), k, k.typ.(printer), g.values[k.name], g.at[k.name])
				said[k.name] = g.values[k.name]
				break
			}
		}
	}
}

// inheritLimiter completes a delivery's limiter by what the master says of it.
func (d *decoder) inheritLimiter(v *Delivery, master *group, at place) {
	values, said := map[string]any{}, d.limiters[v.Pos]
	if v.Ceiling == nil { // there is no limiter to explain
		d.quiet++
		defer func() { d.quiet-- }()
	}
	for _, k := range limiterKeys {
		p := k.typ.(printer)
		own, written := said[k.name]
		switch {
		case written:
			values[k.name] = own
		case master != nil && master.has(k.name):
			values[k.name] = master.values[k.name]
			d.explainValue(at.key(k.name), k, p, values[k.name], master.at[k.name])
		default:
			values[k.name] = k.def
			d.explainDefault(at.key(k.name), k, p.print(k.def), k.def)
		}
	}
	number := func(name string) *float64 {
		if f, ok := values[name].(float64); ok {
			return &f
		}
		return nil
	}
	v.Limiter = Limiter{Style: values["style"].(string), Release: number("release"), LookAhead: number("lookahead"), Link: number("link"), Clip: values["clip"].(float64)}
}

// checkLimits refuses what would do nothing: a limiter without a ceiling, and caps on a
// level that is not moved.
func (d *decoder) checkLimits(v *Delivery, top, base *group, name *node, at place) {
	written := func(key string) *node {
		for _, g := range []*group{top, base} {
			if n := g.at[key]; n != nil {
				if n.src == name.src { // of a profile the entry is what can be changed
					return n
				}
				return name
			}
		}
		return nil
	}
	if n := written("limiter"); n != nil && v.Ceiling == nil {
		d.fail(n, at, "without a ceiling there is no limiter", "write ceiling: -1 dBTP, or remove limiter")
	}
	if v.Loudness != nil {
		return
	}
	for _, c := range []struct {
		key   string
		limit *float64
	}{{"max_short_term", v.MaxShortTerm}, {"min_plr", v.MinPLR}, {"min_psr", v.MinPSR}} {
		if n := written(c.key); n != nil && c.limit != nil {
			d.fail(n, at, c.key+" keeps a file below its loudness, and none is asked for", "write loudness: -14 LUFS, or remove "+c.key)
		}
	}
}

// number is the value of a key, nil where it is a word.
func (l layers) number(name string) *float64 {
	if f, ok := l.get(name).(float64); ok {
		return &f
	}
	return nil
}
