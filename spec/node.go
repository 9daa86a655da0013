package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The limits of one file. They are far above any project that a person or a
// program writes on purpose, and low enough that no file can stall the tool.
const (
	maxFileSize = 4 << 20
	maxDepth    = 100    // mappings and lists within each other
	maxExpanded = 10_000 // nodes that aliases (*name) stand for, in all
)

// source is one file of the project language.
type source struct {
	name  string // as diagnostics show it
	dir   string // the folder its paths start from; empty for what comes with lathe
	label string // "preset vocal/lead" for what comes with lathe, else empty
	lines []string

	last      int // the line whose characters were asked for last, and these
	lastRunes []rune
}

// shape is what a node is.
type shape int

const (
	scalar shape = iota
	mapping
	sequence
)

func (s shape) String() string { return [...]string{"a value", "a mapping", "a list"}[s] }

// node is one value of a file: what yaml.v3 gives, with aliases and merge keys
// resolved, duplicate keys refused, and a place in the text.
type node struct {
	src              *source
	line, col, width int
	shape            shape
	text             string  // of a scalar, as written, without quotes
	tag              string  // of a scalar: what YAML takes it for ("!!str", "!!int", ...)
	quoted           bool    // of a scalar
	entries          []entry // of a mapping, in order
	items            []*node // of a sequence
	label            string  // where it comes from, if it is written nowhere
}

type entry struct{ key, value *node }

func (n *node) pos() Pos { return Pos{n.src.name, n.line, n.col} }

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for _, e := range n.entries {
		if e.key.text == key {
			return e.value
		}
	}
	return nil
}

// absent is an empty mapping in the place of a key that n does not have.
func (n *node) absent() *node {
	return &node{src: n.src, line: n.line, col: n.col, width: 1, shape: mapping}
}

func (n *node) isNull() bool { return n.shape == scalar && n.tag == "!!null" }

// isBareNumber reports whether YAML itself takes the scalar for a number.
func (n *node) isBareNumber() bool {
	return n.shape == scalar && !n.quoted && (n.tag == "!!int" || n.tag == "!!float")
}

// parse reads the text of a file. It returns nil after reporting what keeps
// the file from being read as one mapping.
func parse(src *source, data []byte, report func(Diagnostic)) *node {
	if len(data) > maxFileSize {
		report(Diagnostic{File: src.name, Message: "file is larger than 4 MiB", Hint: "a project file is text; is this an audio file?"})
		return nil
	}
	if !utf8.Valid(data) {
		report(notUTF8(src, data))
		return nil
	}
	src.lines = splitLines(string(data))
	doc, err := firstDocument(data)
	if err != nil {
		report(syntaxError(src, data, err))
		return nil
	}
	if doc == nil {
		report(Diagnostic{File: src.name, Message: "file is empty", Hint: fmt.Sprintf("a project begins with lathe: %d", LanguageVersion)})
		return nil
	}
	b := builder{src: src, report: report, active: map[*yaml.Node]bool{}}
	root := b.build(doc.Content[0], 0, false)
	if root != nil && root.shape != mapping {
		report(root.diagnostic("expected a mapping (key: value), found "+root.shape.String(), ""))
		return nil
	}
	return root
}

// errSecondDocument stands for a "---" in the middle of a file.
type errSecondDocument struct{ line int }

func (e errSecondDocument) Error() string { return "a second document starts here" }

// firstDocument parses the only document of a file; nil if there is none.
func firstDocument(data []byte) (doc *yaml.Node, err error) {
	// yaml.v3 turns its own faults into errors, but an index out of range in
	// its scanner would end the program for a broken file.
	defer func() {
		if fault := recover(); fault != nil {
			doc, err = nil, fmt.Errorf("yaml: cannot be parsed (%v)", fault)
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := decoder.Decode(&first); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	if first.Kind != yaml.DocumentNode || len(first.Content) == 0 {
		return nil, nil
	}
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
		return &first, nil
	case err != nil:
		return nil, err
	default:
		return nil, errSecondDocument{second.Line}
	}
}

// builder turns yaml.v3's nodes into ours.
type builder struct {
	src      *source
	report   func(Diagnostic)
	active   map[*yaml.Node]bool // anchors that are being expanded
	expanded int
	stopped  bool // the limit of expansion was reported
}

// build returns nil where nothing usable stands; that was reported then.
func (b *builder) build(y *yaml.Node, depth int, aliased bool) *node {
	n := b.at(y)
	if depth > maxDepth {
		b.report(n.diagnostic(fmt.Sprintf("more than %d levels of nesting", maxDepth), ""))
		return nil
	}
	if aliased {
		if b.expanded++; b.expanded > maxExpanded {
			if !b.stopped {
				b.stopped = true
				b.report(n.diagnostic(fmt.Sprintf("aliases (*name) stand for more than %d values", maxExpanded), "write a preset file instead"))
			}
			return nil
		}
	}
	if y.Style&yaml.TaggedStyle != 0 {
		b.report(n.diagnostic(fmt.Sprintf("the tag %s is not part of the language", y.Tag), "remove it"))
		return nil
	}
	switch y.Kind {
	case yaml.AliasNode:
		return b.alias(y, n, depth)
	case yaml.MappingNode:
		return b.mapping(y, n, depth, aliased)
	case yaml.SequenceNode:
		n.shape = sequence
		for _, item := range y.Content {
			if built := b.build(item, depth+1, aliased); built != nil {
				n.items = append(n.items, built)
			}
		}
	default:
		n.text, n.tag = y.Value, y.ShortTag()
		n.quoted = y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
		n.width = b.scalarWidth(y)
	}
	return n
}

func (b *builder) at(y *yaml.Node) *node {
	return &node{src: b.src, line: y.Line, col: y.Column, width: 1}
}

func (b *builder) alias(y *yaml.Node, n *node, depth int) *node {
	n.width = utf8.RuneCountInString(y.Value) + 1
	if b.active[y.Alias] {
		b.report(n.diagnostic("*"+y.Value+" contains itself", ""))
		return nil
	}
	b.active[y.Alias] = true
	defer delete(b.active, y.Alias)
	return b.build(y.Alias, depth, true)
}

// mapping builds a mapping: explicit keys first, then what merge keys ("<<")
// bring that is not there yet.
func (b *builder) mapping(y *yaml.Node, n *node, depth int, aliased bool) *node {
	n.shape = mapping
	if y.Anchor != "" {
		b.active[y] = true // an alias to it from within would have no end
		defer delete(b.active, y)
	}
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		if k.Kind == yaml.ScalarNode && k.ShortTag() == "!!merge" {
			merged = append(merged, b.mergeSources(v, depth, aliased)...)
			continue
		}
		key := b.build(k, depth+1, aliased)
		value := b.build(v, depth+1, aliased)
		switch {
		case key == nil || value == nil:
		case key.shape != scalar:
			b.report(key.diagnostic("a key must be a word, found "+key.shape.String(), ""))
		default:
			n.entries = append(n.entries, entry{key, value})
		}
	}
	b.refuseDuplicates(n)
	seen := n.keys()
	for _, from := range merged {
		for _, e := range from.entries {
			if !seen[e.key.text] {
				seen[e.key.text] = true
				n.entries = append(n.entries, e)
			}
		}
	}
	return n
}

// mergeSources returns the mappings that a merge key names, the strongest first.
func (b *builder) mergeSources(v *yaml.Node, depth int, aliased bool) []*node {
	built := b.build(v, depth+1, aliased)
	if built == nil {
		return nil
	}
	sources := []*node{built}
	if built.shape == sequence {
		sources = built.items
	}
	for _, s := range sources {
		if s.shape != mapping {
			b.report(s.diagnostic("<<: expected a mapping to merge, found "+s.shape.String(), "name an anchored mapping: <<: *name"))
			return nil
		}
	}
	return sources
}

// refuseDuplicates reports keys that stand twice and keeps the first.
func (b *builder) refuseDuplicates(n *node) {
	first := map[string]*node{}
	kept := n.entries[:0]
	for _, e := range n.entries {
		before, twice := first[e.key.text]
		if twice {
			d := e.key.diagnostic(fmt.Sprintf("%q is written twice", e.key.text), "keep one of the two")
			d.Notes = []Note{before.note("first written here")}
			b.report(d)
			continue
		}
		first[e.key.text] = e.key
		kept = append(kept, e)
	}
	n.entries = kept
}

func (n *node) keys() map[string]bool {
	out := make(map[string]bool, len(n.entries))
	for _, e := range n.entries {
		out[e.key.text] = true
	}
	return out
}

// scalarWidth is how many characters a scalar takes in its line, quotes
// included; a scalar of several lines is marked to the end of its first.
func (b *builder) scalarWidth(y *yaml.Node) int {
	rest := b.src.runes(y.Line)
	if y.Column < 1 || y.Column > len(rest) {
		return 1
	}
	rest = rest[y.Column-1:]
	if rest[0] == '&' { // the position is the anchor's
		return utf8.RuneCountInString(y.Anchor) + 1
	}
	switch quote := rest[0]; {
	case y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		for i := 1; i < len(rest); i++ {
			switch {
			case rest[i] == '\\' && quote == '"':
				i++
			case rest[i] == quote && quote == '\'' && i+1 < len(rest) && rest[i+1] == quote:
				i++
			case rest[i] == quote:
				return i + 1
			}
		}
	default:
		if width := utf8.RuneCountInString(y.Value); width <= len(rest) && string(rest[:width]) == y.Value {
			return max(width, 1)
		}
	}
	return max(utf8.RuneCountInString(strings.TrimRight(string(rest), " \t")), 1)
}

// runes are the characters of a line. A whole project may stand in one line,
// so that they are not to be taken apart for every value in it.
func (s *source) runes(line int) []rune {
	if s.last != line {
		s.last, s.lastRunes = line, []rune(s.lineText(line))
	}
	return s.lastRunes
}

func (s *source) lineText(line int) string {
	if line < 1 || line > len(s.lines) {
		return ""
	}
	return s.lines[line-1]
}

// shownLine is a line as diagnostics carry it: nothing where it is so long that
// a person did not write it.
func (s *source) shownLine(line int) string {
	if text := s.lineText(line); len(text) <= 10_000 {
		return text
	}
	return ""
}

// diagnostic makes an error about the node.
func (n *node) diagnostic(message, hint string) Diagnostic {
	return Diagnostic{
		Severity: SeverityError, File: n.src.name, Line: n.line, Col: n.col, Width: n.width,
		Message: message, Hint: hint, LineText: n.src.shownLine(n.line),
	}
}

func (n *node) note(message string) Note {
	return Note{File: n.src.name, Line: n.line, Col: n.col, Message: message, LineText: n.src.shownLine(n.line)}
}

// splitLines cuts text where yaml.v3 counts a new line: besides the usual line
// ends these are NEL, LS and PS.
func splitLines(text string) []string {
	text = strings.TrimPrefix(text, "\ufeff")
	text = lineEnds.Replace(text)
	return strings.Split(text, "\n")
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

func notUTF8(src *source, data []byte) Diagnostic {
	good := 0
	for good < len(data) {
		r, size := utf8.DecodeRune(data[good:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		good += size
	}
	lines := splitLines(string(data[:good]))
	last := lines[len(lines)-1]
	return Diagnostic{
		Severity: SeverityError, File: src.name, Line: len(lines), Col: utf8.RuneCountInString(last) + 1, Width: 1,
		Message: "the file is not UTF-8 text", Hint: "save it with the encoding UTF-8", LineText: last + "�",
	}
}

// syntaxAdvice says what usually lies behind an error of the YAML parser.
var syntaxAdvice = []struct{ contains, message, hint string }{
	{"mapping values are not allowed", `unexpected ": "`, "a value that has a colon and a space in it needs quotes; else check the indentation"},
	{"tab character", "a tab in the indentation", "YAML is indented with spaces only"},
	{"cannot start any token", "a value cannot start with this character", "put the value in quotes"},
	{"expected ',' or ']'", "the list opened here with [ does not end as it should", "write a comma between entries and ] at the end"},
	{"expected ',' or '}'", "the mapping opened here with { does not end as it should", "write a comma between entries and } at the end"},
	{"did not find expected key", "this line does not fit in here", "check the indentation and the quotes of the lines around it"},
	{"did not find expected '-' indicator", "this line does not fit into the list", "check the indentation; list entries start with -"},
	{"could not find expected ':'", `a key without ":"`, "write key: value"},
	{"unexpected end of stream", "a quoted text does not end", "close the quotes"},
	{"control characters", "a control character", "remove it"},
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxError finds the place of an error of yaml.v3, which names the line on
// which the surrounding construct began, if any, and no column. Where the
// text really breaks is found by parsing ever shorter beginnings of it: the
// line is the first after which the same error shows.
func syntaxError(src *source, data []byte, err error) Diagnostic {
	d := Diagnostic{Severity: SeverityError, File: src.name, Line: 1, Col: 1, Width: 1}
	if second, ok := err.(errSecondDocument); ok {
		d.Line = second.line
		d.Message, d.Hint, d.LineText = err.Error(), "one file holds one project; remove ---", src.lineText(second.line)
		return d
	}
	reported := yamlLine.FindStringSubmatch(err.Error())
	text := err.Error()
	if reported != nil {
		fmt.Sscan(reported[1], &d.Line)
		text = reported[2]
	}
	if name, ok := strings.CutPrefix(text, "unknown anchor '"); ok {
		name, _, _ = strings.Cut(name, "'")
		return unknownAnchor(src, d, name)
	}
	d.Message = "not valid YAML: " + text
	sameFault := func(beginning string) bool {
		_, err := firstDocument([]byte(beginning))
		return err != nil && strings.HasSuffix(err.Error(), text)
	}
	if len(data) <= 256<<10 { // each trial parses the file once
		d.Line = 1 + lastFalse(len(src.lines), func(n int) bool { return sameFault(strings.Join(src.lines[:n], "\n")) })
	}
	d.Line = min(max(d.Line, 1), len(src.lines))
	line := []rune(src.lines[d.Line-1])
	before := strings.Join(src.lines[:d.Line-1], "\n") + "\n"
	d.Col = 1 + leadingBlanks(line)
	for _, a := range syntaxAdvice {
		if !strings.Contains(text, a.contains) {
			continue
		}
		d.Message, d.Hint = a.message, a.hint
		switch a.contains {
		case "expected ',' or ']'", "expected ',' or '}'":
			if at := strings.LastIndexAny(string(line), "[{"); at >= 0 {
				d.Col = 1 + utf8.RuneCountInString(string(line)[:at])
			}
		case "unexpected end of stream":
			if at := strings.IndexAny(string(line), `"'`); at >= 0 {
				d.Col = 1 + utf8.RuneCountInString(string(line)[:at])
			}
		case "mapping values are not allowed", "cannot start any token", "control characters":
			d.Col = max(1, lastFalse(len(line), func(n int) bool { return sameFault(before + string(line[:n])) })+1)
		}
		break
	}
	if tab := strings.IndexByte(string(line[:leadingBlanks(line)]), '\t'); tab >= 0 {
		d.Message, d.Hint, d.Col = "a tab in the indentation", "YAML is indented with spaces only", tab+1
	}
	d.Col = min(d.Col, max(len(line), 1))
	d.LineText = string(line)
	return d
}

func unknownAnchor(src *source, d Diagnostic, name string) Diagnostic {
	d.Message, d.Hint = "there is no anchor &"+name, "an anchor must stand before the alias that names it"
	for i, line := range src.lines {
		if at := strings.Index(line, "*"+name); at >= 0 {
			d.Line, d.Col, d.Width, d.LineText = i+1, utf8.RuneCountInString(line[:at])+1, utf8.RuneCountInString(name)+1, line
			break
		}
	}
	return d
}

// lastFalse returns the largest n in [0, limit) with !f(n), by bisection: f is
// true at limit, and is asked about beginnings of growing length.
func lastFalse(limit int, f func(int) bool) int {
	low, high := 0, limit
	for high-low > 1 {
		middle := (low + high) / 2
		if f(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return low
}

func leadingBlanks(line []rune) int {
	n := 0
	for n < len(line) && (line[n] == ' ' || line[n] == '\t') {
		n++
	}
	return n
}
