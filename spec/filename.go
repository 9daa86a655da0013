package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// DefaultFileName is the template of a delivery that has none.
const DefaultFileName = "{track:02} {title}{version}{print}"

// FileName is the template of a file's name, without the extension.
type FileName []NamePart

// NamePart is a piece of a template: a text, a field, or a part in brackets that
// is left out where a field in it has no value.
type NamePart struct {
	Text          string
	Field, Format string
	Optional      FileName
}

// nameField is something that a file can be named by.
type nameField struct {
	name string
	doc  string
	// loose fields may be without a value outside brackets: a song that stands
	// alone has no track number.
	loose bool
}

var nameFields = []nameField{
	{"title", "the song's title", false},
	{"version", "` (Instrumental)`, as it follows a title; nothing for the song itself", true},
	{"print", "` - kick`, likewise, of prints", true},
	{"artist", "the song's artist, or the release's", false},
	{"album", "the release's title", true},
	{"track", "the song's number in the album", true},
	{"isrc", "", false},
	{"catalog", "the release's catalogue number", false},
	{"upc", "", false},
	{"label", "", false},
	{"date", "the song's date, or the release's", false},
	{"delivery", "the delivery's name", false},
	{"rate", "the file's sample rate in kHz: `44.1`", false},
	{"depth", "the file's word length: `24`, `32f`", false},
}

// What may stand after a field's colon, besides the digits of a number.
var nameFormats = []string{"bare", "words", "initials", "upper", "lower"}

func nameFieldNames() []string {
	var names []string
	for _, f := range nameFields {
		names = append(names, f.name)
	}
	return names
}

// fileTemplate is the typ of `file_name`; the value is a FileName.
type fileTemplate struct{}

func (fileTemplate) decode(d *decoder, n *node, at place) any {
	s, ok := text{}.decode(d, n, at).(string)
	if !ok {
		return nil
	}
	name, f := parseFileName(s)
	if f == nil {
		return name
	}
	at0 := *n // the place of the fault within the text
	quote := 0
	if n.quoted {
		quote = 1
	}
	at0.col, at0.width = n.col+quote+utf8.RuneCountInString(s[:f.at]), utf8.RuneCountInString(s[f.at:f.end])
	d.fail(&at0, at, f.message, f.hint)
	return nil
}

func (fileTemplate) print(v any) string { return v.(FileName).String() }

func (fileTemplate) schema(*schemas) object {
	return object{{"type", "string"}, {"minLength", 1}, {"pattern", `^[^/\\]+$`}, {"examples", []string{DefaultFileName}}}
}

// String is the template as one would write it.
func (t FileName) String() string {
	var b strings.Builder
	for _, p := range t {
		switch {
		case p.Optional != nil:
			b.WriteString("[" + p.Optional.String() + "]")
		case p.Field != "" && p.Format != "":
			b.WriteString("{" + p.Field + ":" + p.Format + "}")
		case p.Field != "":
			b.WriteString("{" + p.Field + "}")
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

// templateFault is what is wrong with a template, and where.
type templateFault struct {
	fault
	at, end int // bytes
}

// ParseFileName reads a template that is known to be right.
func ParseFileName(s string) FileName {
	t, f := parseFileName(s)
	if f != nil {
		panic("spec: file name " + s + ": " + f.message)
	}
	return t
}

func parseFileName(s string) (FileName, *templateFault) {
	var out FileName
	open, bracket := -1, -1 // where a brace and a bracket were opened
	var outer FileName
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			out = append(out, NamePart{Text: literal.String()})
			literal.Reset()
		}
	}
	bad := func(from, to int, hint, format string, args ...any) (FileName, *templateFault) {
		return nil, &templateFault{fault{fmt.Sprintf(format, args...), hint}, from, to}
	}
	for i, r := range s {
		switch {
		case r == '{' && open < 0:
			flush()
			open = i
		case r == '}' && open >= 0:
			part, f := parseField(s[open+1 : i])
			if f != nil {
				return nil, &templateFault{*f, open, i + 1}
			}
			out = append(out, part)
			open = -1
		case open >= 0: // the field's name is read when it ends
		case r == '}':
			return bad(i, i+1, "fields are written {title}", "} without {")
		case r == '/' || r == '\\':
			return bad(i, i+1, "the folder is the delivery's name", "a file's name has no %c in it", r)
		case r == '[' && bracket >= 0:
			return bad(i, i+1, "", "brackets within brackets")
		case r == '[':
			flush()
			outer, out, bracket = out, nil, i
		case r == ']' && bracket < 0:
			return bad(i, i+1, "", "] without [")
		case r == ']':
			flush()
			if !slices.ContainsFunc(out, func(p NamePart) bool { return p.Field != "" }) {
				return bad(bracket, i+1, "such as [ ({catalog})]", "there is no field in the brackets, so they never are left out")
			}
			out, bracket = append(outer, NamePart{Optional: out}), -1
		default:
			literal.WriteRune(r)
		}
	}
	flush()
	switch {
	case open >= 0:
		return bad(open, len(s), "", "{ is not closed")
	case bracket >= 0:
		return bad(bracket, len(s), "", "[ is not closed")
	}
	return out, nil
}

// parseField reads what stands between braces.
func parseField(s string) (NamePart, *fault) {
	name, format, formatted := strings.Cut(s, ":")
	names := nameFieldNames()
	if !slices.Contains(names, name) {
		return NamePart{}, &fault{fmt.Sprintf("there is no field {%s}", name), didYouMeanOr(name, names, "there are "+list(names))}
	}
	p := NamePart{Field: name, Format: format}
	if !formatted || slices.Contains(nameFormats, format) {
		return p, nil
	}
	if width, err := strconv.Atoi(format); err == nil && width > 0 && width < 10 && format[0] == '0' && len(format) == 2 {
		if name != "track" {
			return p, &fault{fmt.Sprintf("{%s} is no number that could have %d digits", name, width), ""}
		}
		return p, nil
	}
	return p, &fault{fmt.Sprintf("{%s}: after the colon stands %s, or of a number 02", s, alternatives(nameFormats)), didYouMean(format, nameFormats)}
}

// Expand fills in the fields. missing are fields outside brackets that have no
// value and should have one.
func (t FileName) Expand(value func(field string) string) (name string, missing []string) {
	name, missing, _ = t.expand(value)
	return name, missing
}

func (t FileName) expand(value func(field string) string) (name string, missing []string, complete bool) {
	complete = true
	var b strings.Builder
	for _, p := range t {
		switch {
		case p.Optional != nil:
			if s, _, all := p.Optional.expand(value); all {
				b.WriteString(s)
			}
		case p.Field != "":
			v := value(p.Field)
			if v == "" {
				complete = false
				if f := nameFields[slices.Index(nameFieldNames(), p.Field)]; !f.loose {
					missing = append(missing, p.Field)
				}
				continue
			}
			b.WriteString(p.format(v))
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String(), missing, complete
}

// format writes a field's value.
func (p NamePart) format(v string) string {
	switch p.Format {
	case "":
		return p.decorated(v)
	case "bare":
		return v
	case "words":
		return capitalWords(v)
	case "initials":
		return initials(v)
	case "upper":
		return strings.ToUpper(v)
	case "lower":
		return strings.ToLower(v)
	}
	n, _ := strconv.Atoi(p.Format)
	return strings.Repeat("0", max(n-len(v), 0)) + v
}

// decorated is how versions and prints follow a title.
func (p NamePart) decorated(v string) string {
	switch p.Field {
	case "version":
		return " (" + v + ")"
	case "print":
		return " - " + v
	}
	return v
}

// capitalWords joins words, each with a capital: "low tide, slowly" is
// "LowTideSlowly". What is neither letter nor digit parts words.
func capitalWords(s string) string {
	var b strings.Builder
	for _, w := range splitWords(s) {
		first, size := utf8.DecodeRuneInString(w)
		b.WriteRune(unicode.ToUpper(first))
		b.WriteString(w[size:])
	}
	return b.String()
}

func initials(s string) string {
	var b strings.Builder
	for _, w := range splitWords(s) {
		first, _ := utf8.DecodeRuneInString(w)
		b.WriteRune(unicode.ToUpper(first))
	}
	return b.String()
}

// splitWords cuts a text into words; an apostrophe belongs to its word and is
// dropped.
func splitWords(s string) []string {
	s = strings.NewReplacer("'", "", "’", "").Replace(s)
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// fileNameDoc is the line of meaning of `file_name`.
func fileNameDoc() string {
	var fields []string
	for _, f := range nameFields {
		text := "{" + f.name + "}"
		if f.doc != "" {
			text += " " + f.doc
		}
		fields = append(fields, text)
	}
	return "name of the file, without its extension. Fields: " + strings.Join(fields, "; ") +
		". After a colon: {track:02} has two digits; {version:bare} has no blank and brackets; words: LowTideSlowly; initials; upper; lower. What stands in [ ] is left out where a field in it has no value"
}
