package spec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Pos is a place in a project file. Line and Col count from 1, Col in
// characters; a zero Pos stands for what no file says.
type Pos struct {
	File      string
	Line, Col int
}

// String gives "file:line:col", as editors and compilers write it.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Severity tells whether a project can be built in spite of a diagnostic.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Diagnostic is one thing that is wrong, or odd, about a project: data, so
// that a terminal, an editor and a test each show it in their own way.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`  // from 1; 0: the file as a whole
	Col      int      `json:"col,omitempty"`   // from 1, in characters
	Width    int      `json:"width,omitempty"` // characters that are meant, at least 1 where Line is set
	Message  string   `json:"message"`         // what is wrong, in lower case, without a period
	Hint     string   `json:"hint,omitempty"`  // what to do about it
	LineText string   `json:"line_text,omitempty"`
	Notes    []Note   `json:"notes,omitempty"` // other places that matter
}

// Note points from a diagnostic to another place that has to do with it.
type Note struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Col      int    `json:"col,omitempty"`
	Message  string `json:"message"`
	LineText string `json:"line_text,omitempty"`
}

// Pos returns where the diagnostic points.
func (d Diagnostic) Pos() Pos { return Pos{d.File, d.Line, d.Col} }

// Error gives the diagnostic in one line: "file:line:col: message (hint)".
func (d Diagnostic) Error() string {
	text := d.Pos().String() + ": "
	if d.Severity == SeverityWarning {
		text += "warning: "
	}
	text += d.Message
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	return text
}

// Text gives the diagnostic for people: the message, the line it is about,
// a caret under what is meant, and the hint.
//
//	lathe.yaml:14:9: stem "lead": to: there is no bus "drms"
//	  14 |     to: drms
//	     |         ^~~~
//	     = did you mean drums?
func (d Diagnostic) Text() string {
	var b strings.Builder
	b.WriteString(d.Pos().String() + ": ")
	if d.Severity == SeverityWarning {
		b.WriteString("warning: ")
	}
	b.WriteString(d.Message + "\n")
	if d.LineText != "" {
		snippet(&b, d.Line, d.Col, d.Width, d.LineText)
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "  %*s = %s\n", len(fmt.Sprint(d.Line)), "", d.Hint)
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "  note: %s: %s\n", Pos{n.File, n.Line, n.Col}, n.Message)
		if n.LineText != "" {
			snippet(&b, n.Line, n.Col, 1, n.LineText)
		}
	}
	return b.String()
}

// snippetWidth is how much of a line is shown: a chain written in one line
// may be longer than a terminal is wide.
const snippetWidth = 100

// snippet writes a source line and a caret line below it.
func snippet(b *strings.Builder, line, col, width int, text string) {
	runes := []rune(text)
	start := 0
	if len(runes) > snippetWidth && col > snippetWidth*3/4 {
		start = min(col-1-snippetWidth/2, len(runes)-snippetWidth)
	}
	shown := runes[start:min(len(runes), start+snippetWidth)]
	lead, tail := "", ""
	if start > 0 {
		lead = "…"
	}
	if start+len(shown) < len(runes) {
		tail = "…"
	}
	number := fmt.Sprint(line)
	fmt.Fprintf(b, "  %s | %s%s%s\n", number, lead, string(shown), tail)
	at := utf8.RuneCountInString(lead) + max(col-1-start, 0)
	marks := max(min(width, len(shown)-max(col-1-start, 0)), 1)
	fmt.Fprintf(b, "  %*s | %s^%s\n", len(number), "", strings.Repeat(" ", at), strings.Repeat("~", marks-1))
}

// Diagnostics are diagnostics in the order of the files.
type Diagnostics []Diagnostic

// HasErrors reports whether one of them keeps the project from being built.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == SeverityError })
}

// Errors returns the errors without the warnings.
func (ds Diagnostics) Errors() Diagnostics { return ds.only(SeverityError) }

// Warnings returns the warnings without the errors.
func (ds Diagnostics) Warnings() Diagnostics { return ds.only(SeverityWarning) }

func (ds Diagnostics) only(s Severity) Diagnostics {
	var out Diagnostics
	for _, d := range ds {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}

// Err returns the errors as one Go error, or nil where there are only warnings.
func (ds Diagnostics) Err() error {
	var errs []error
	for _, d := range ds.Errors() {
		errs = append(errs, d)
	}
	return errors.Join(errs...)
}

// Text gives all of them for people, with the lines they are about.
func (ds Diagnostics) Text() string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.Text())
	}
	return b.String()
}

// sortByPlace puts diagnostics in the order of the files (in the order in
// which those were first read) and of the places in each; what was found first
// stays first within one place. Exact repetitions, as an alias used twice
// causes them, are dropped.
func sortByPlace(ds Diagnostics, order map[string]int) Diagnostics {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(order[a.File], order[b.File]),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Col, b.Col),
		)
	})
	return slices.CompactFunc(ds, func(a, b Diagnostic) bool {
		return a.Pos() == b.Pos() && a.Message == b.Message
	})
}
