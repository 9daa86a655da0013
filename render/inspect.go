package render

import (
	"errors"
	"fmt"

	"github.com/lathe-audio/lathe/spec"
)

// Inspect finds what can be known of a loaded project without rendering it and
// without spec knowing any audio: whether every file can be read, at what
// rate, whether every processor works at the session's rate, and whether two
// outputs would take the same name.
func Inspect(p *spec.Project) spec.Diagnostics {
	var found spec.Diagnostics
	note := func(severity spec.Severity, err error) { found = append(found, Findings(severity, err)...) }
	if all, err := every(p); err != nil {
		note(spec.SeverityError, err)
	} else {
		found = append(found, inspectSequence(p, all)...)
	}
	b := &builder{event: func(e Event) {
		if e.Event == Warning {
			note(spec.SeverityWarning, &InputError{Pos: e.Pos, Message: e.Message})
		}
	}}
	for _, song := range songs(p) {
		if err := inspectReferences(song); err != nil {
			note(spec.SeverityError, err)
		}
		sources, rate, err := b.sources(song)
		if err != nil {
			note(spec.SeverityError, err)
			continue
		}
		d := newDesk(song, rate, sources)
		d.bare = true
		for _, v := range versions(song) {
			mix, err := d.mixdown(v)
			if err == nil {
				_, mix, err = d.mastered(v, mix)
			}
			if err == nil {
				_, err = d.make(mix)
			}
			if err != nil {
				note(spec.SeverityError, err)
				break
			}
		}
	}
	return found
}

// Findings are joined errors as diagnostics, each where it has a place; none of nil.
func Findings(severity spec.Severity, err error) (found spec.Diagnostics) {
	if err == nil {
		return nil
	}
	for _, one := range separate(err) {
		d := spec.Diagnostic{Severity: severity, Message: one.Error()}
		var input *InputError
		if errors.As(one, &input) {
			plain := *input
			plain.Pos = spec.Pos{}
			d.File, d.Line, d.Col, d.Message = input.Pos.File, input.Pos.Line, input.Pos.Col, plain.Error()
		}
		found = append(found, d)
	}
	return found
}

// separate takes joined errors apart.
func separate(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// songs lists a project's songs in order.
func songs(p *spec.Project) []*spec.Song {
	if p.Song != nil {
		return []*spec.Song{p.Song}
	}
	var all []*spec.Song
	for _, s := range p.Songs {
		all = append(all, s.Song)
	}
	return all
}

// Describe says in a few lines what a project would build.
func Describe(p *spec.Project) []string {
	var lines []string
	for _, s := range songs(p) {
		lines = append(lines, fmt.Sprintf("%s: %s, %s, %s, %s", s.Title, plural(len(s.Stems), "stem", "s"), plural(len(s.Buses), "bus", "es"),
			plural(len(s.Returns), "return", "s"), plural(1+len(s.Versions), "version", "s")))
	}
	all, err := every(p)
	if err != nil {
		return lines
	}
	carriers, err := findCarriers(p, all)
	if err != nil {
		return lines
	}
	for _, path := range outputPaths(delivered(all), carriers) {
		lines = append(lines, "  "+path)
	}
	return append(lines, describeSequence(p)...)
}

// plural is "1 bus", "2 buses".
func plural(n int, word, ending string) string {
	if n == 1 {
		ending = ""
	}
	return fmt.Sprintf("%d %s%s", n, word, ending)
}
