package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// Line is one value of the resolved project, for people, for tools (as JSON)
// and for comparing two builds.
type Line struct {
	Path   string     `json:"path"`             // "stems.bass.chain[0].threshold"
	Value  string     `json:"value"`            // as one would write it: "-20 dB"
	Number *float64   `json:"number,omitempty"` // of a number, in Unit
	Unit   param.Unit `json:"unit,omitempty"`
	Origin string     `json:"origin"` // "lathe.yaml:27", "default", "preset vocal/lead", "profile streaming"
	Doc    string     `json:"doc,omitempty"`
}

// Explain returns every value of a loaded project at or below a path, in the
// order of the language, each with where it comes from. An empty path stands
// for all; a path that the project does not have gives nothing.
func Explain(p *Project, path string) []Line {
	var out []Line
	for _, l := range p.lines {
		rest, below := strings.CutPrefix(l.Path, path)
		if path == "" || below && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			out = append(out, l)
		}
	}
	return out
}

// Suggest returns the path of the project that is nearest to one it does not
// have, or "".
func (p *Project) Suggest(path string) string {
	var paths []string
	for _, l := range p.lines {
		for at := l.Path; at != ""; at = at[:max(strings.LastIndexAny(at, ".["), 0)] {
			if !slices.Contains(paths, at) && strings.Count(at, ".") == strings.Count(path, ".") {
				paths = append(paths, at)
			}
		}
	}
	return suggest(path, paths)
}

func (d *decoder) explain(l Line) {
	if d.quiet == 0 && len(d.usedBy) < 10 {
		d.lines = append(d.lines, l)
	}
}

// explainValue notes a value that is written somewhere.
func (d *decoder) explainValue(at place, k key, p printer, v any, n *node) {
	l := Line{Path: at.path, Value: p.print(v), Origin: n.origin(), Doc: k.doc}
	l.measure(k, v)
	if n.shape == scalar && l.Number != nil {
		switch {
		case isBar.MatchString(n.text):
			l.Value = FormatClock(*l.Number)
			fallthrough
		case isNote.MatchString(n.text):
			l.Origin += " (" + d.song.music.reckoned(n.text) + ")"
		case isClock.MatchString(n.text) && l.Unit == param.Seconds:
			l.Value = FormatClock(*l.Number)
		}
	}
	d.explain(l)
}

func (d *decoder) explainDefault(at place, k key, value string, v any) {
	l := Line{Path: at.path, Value: value, Origin: "default", Doc: k.doc}
	l.measure(k, v)
	d.explain(l)
}

// explainAbsent notes what the absence of a key means.
func (d *decoder) explainAbsent(at place, k key) {
	p, ok := k.typ.(printer)
	switch {
	case ok && k.def != nil:
		d.explainDefault(at, k, p.print(k.def), k.def)
	case k.absent != "":
		d.explainDefault(at, k, k.absent, nil)
	}
}

// explainAll notes the defaults of a mapping that is not written.
func (d *decoder) explainAll(keys []key, at place) {
	for _, k := range keys {
		d.explainAbsent(at.key(k.name), k)
	}
}

func (d *decoder) explainNumber(at place, k key, v float64, origin string) {
	l := Line{Path: at.path, Value: k.typ.(printer).print(v), Origin: origin, Doc: k.doc}
	l.measure(k, v)
	d.explain(l)
}

// measure adds number and unit of a quantity.
func (l *Line) measure(k key, v any) {
	number, ok := v.(float64)
	if !ok {
		return
	}
	l.Number = &number
	if q, ok := asQuantity(k.typ); ok {
		l.Unit = q.unit
	}
}

// origin tells where a node is written.
func (n *node) origin() string {
	if n.label != "" {
		return n.label
	}
	if n.src.label != "" {
		return n.src.label
	}
	return fmt.Sprintf("%s:%d", n.src.name, n.line)
}
