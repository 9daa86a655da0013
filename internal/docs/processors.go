package main

import (
	"fmt"
	"strings"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/spec"
)

// processors returns the page of processors and its figures, by their paths within
// docs.
func processors() (map[string][]byte, error) {
	files, drawn := map[string][]byte{}, map[string]bool{}
	var p page
	p.line("# Processors\n\nMade by `go run ./internal/docs` from the table of processors; `lathe explain --processors NAME` prints the same.\n" +
		"Figures are measured on the processors themselves, at 48 kHz; what they do not name is at its default.\n")
	p.line("A chain is a list of processors, `- KIND: {...}`, and of [presets](reference.md#presets), `- preset: NAME`. A bare number is taken in the unit of\n" +
		"the range. ◦ marks what [automation](reference.md#automation) can move.\n")
	for _, family := range catalogue.Families() {
		var names []string
		for _, k := range family.Kinds {
			names = append(names, fmt.Sprintf("[%s](#%s)", k.Name, k.Name))
		}
		p.line("- %s: %s", family.Name, strings.Join(names, ", "))
	}
	p.line("\nEvery processor takes:\n")
	p.settings(spec.CommonSettings())
	for _, family := range catalogue.Families() {
		p.line("## %s\n", strings.ToUpper(family.Name[:1])+family.Name[1:])
		for _, k := range family.Kinds {
			p.line("### %s\n\n%s.\n", k.Name, strings.ToUpper(k.Doc[:1])+k.Doc[1:])
			p.settings(spec.Settings(k.Params))
			if k.Follows != nil {
				p.line("With `dynamics: main` its gain and its movement are in [versions](reference.md#versions) and prints what they are in the main version.\n")
			}
			for _, f := range figures[k.Name] {
				path := "processors/" + f.name + ".svg"
				svg, err := f.file()
				if err != nil {
					return nil, fmt.Errorf("%s: %w", path, err)
				}
				files[path] = svg
				drawn[k.Name] = true
				p.line("![%s](%s)\n\n*%s*\n", f.caption, path, f.caption)
			}
		}
	}
	for kind := range figures {
		if !drawn[kind] {
			return nil, fmt.Errorf("there are figures of %q, which is no kind", kind)
		}
	}
	files["processors.md"] = p.text.Bytes()
	return files, nil
}

// file measures and draws a figure.
func (f figure) file() ([]byte, error) {
	l := &lab{}
	c := f.draw(l)
	if l.err != nil {
		return nil, l.err
	}
	return c.svg(f.caption), c.check()
}

// settings prints a table of settings; those of a list's entries follow in a table
// of their own.
func (p *page) settings(settings []spec.Setting) {
	p.line("| key | | range | default | meaning |\n| --- | --- | --- | --- | --- |")
	for _, s := range settings {
		moves, def := "", s.DefaultText()
		if s.Automatable {
			moves = "◦"
		}
		if s.Required {
			def = "required"
		}
		p.line("| `%s` | %s | %s | %s | %s |", s.Key, moves, s.Accepts(), def, strings.ReplaceAll(s.Meaning, "|", `\|`))
	}
	p.line("")
	for _, s := range settings {
		if len(s.Settings) > 0 {
			p.line("Each of `%s`:\n", s.Key)
			p.settings(s.Settings)
		}
	}
}
