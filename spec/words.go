package spec

import (
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // covers
	_ "image/png"
	"os"
	"strings"
	"unicode/utf8"
)

// What stores ask of a cover. 1400 pixels is the least that the larger ones take.
const (
	coverPixels = 1400
	coverBytes  = 10 << 20
)

// coverFile is the name of a picture; the value is a *File. What stores refuse is
// told, and no fault of the project.
type coverFile struct{ filePath }

func (t coverFile) decode(d *decoder, n *node, at place) any {
	f, ok := t.filePath.decode(d, n, at).(*File)
	if !ok {
		return nil
	}
	file, err := os.Open(f.Path)
	if err != nil {
		d.failPath(n, at, f.Name+" cannot be read: "+reason(err), "")
		return nil
	}
	defer file.Close()
	picture, format, err := image.DecodeConfig(file)
	warn := func(message, hint string) { d.report(warned(n.diagnostic(at.words+" "+f.Name+" "+message, hint))) }
	if err != nil {
		warn("is no JPEG or PNG picture", "export it as one of these")
		return f
	}
	if picture.Width != picture.Height {
		warn(fmt.Sprintf("is not square: %d × %d pixels", picture.Width, picture.Height), "stores take square covers only")
	}
	if short := min(picture.Width, picture.Height); short < coverPixels {
		warn(fmt.Sprintf("has %d pixels a side", short), fmt.Sprintf("stores want at least %d, and 3000 to show it large", coverPixels))
	}
	if picture.ColorModel == color.CMYKModel {
		warn("is in CMYK, the colours of print", "stores take RGB: convert it")
	}
	if info, err := file.Stat(); err == nil && info.Size() > coverBytes {
		warn(fmt.Sprintf("has %.1f MB", float64(info.Size())/1e6), "stores refuse more than 10 MB, and every file that carries it grows by it: export the "+format+" smaller")
	}
	return f
}

func warned(x Diagnostic) Diagnostic {
	x.Severity = SeverityWarning
	return x
}

// textList is a list of free texts; the value is a []string. One may stand without
// brackets.
type textList struct{}

func (textList) decode(d *decoder, n *node, at place) any {
	items := n.items
	if n.shape != sequence {
		items = []*node{n}
	}
	var out []string
	for _, item := range items {
		s, ok := (text{}).decode(d, item, at).(string)
		switch {
		case !ok:
			return nil
		case strings.Contains(s, ";"): // what stands between names where a file has room for one text
			d.fail(item, at, s+" has a semicolon in it", "write each name by itself: [A, B]")
			return nil
		}
		out = append(out, s)
	}
	if !d.countIsRight(n, at, len(items), 1, 100, "names") {
		return nil
	}
	return out
}

func (textList) print(v any) string { return "[" + strings.Join(v.([]string), ", ") + "]" }

func (textList) schema(s *schemas) object { return oneOrMore(text{}.schema(s)) }

// credit makes one text of several names: A, B & C.
func credit(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " & " + names[len(names)-1]
}

// prose is text of several lines; the value is a string, its lines separated by
// line feeds and without an end.
type prose struct{}

// maxProse is far more than a song has words.
const maxProse = 64 << 10

func (prose) decode(d *decoder, n *node, at place) any {
	if n.shape != scalar {
		d.fail(n, at, "expected lines of text, found "+n.shape.String(), "write | after the key and indent the lines below it")
		return nil
	}
	s := strings.TrimRight(strings.ReplaceAll(n.text, "\r\n", "\n"), "\n ")
	switch {
	case strings.TrimSpace(s) == "":
		d.fail(n, at, "is empty", "")
		return nil
	case len(s) > maxProse:
		d.fail(n, at, fmt.Sprintf("is longer than %d bytes", maxProse), "")
		return nil
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }):
		d.fail(n, at, "has a control character in it", "")
		return nil
	}
	return s
}

// print shows the first line.
func (prose) print(v any) string {
	first, _, more := strings.Cut(v.(string), "\n")
	if more {
		first += " …"
	}
	return first
}

func (prose) schema(*schemas) object {
	return object{{"type", "string"}, {"minLength", 1}, {"maxLength", maxProse}}
}

// uniqueVersionCodes refuses a version's ISRC that is that of another recording.
func (d *decoder) uniqueVersionCodes(p *Project) {
	songs := []*Song{p.Song}
	if p.Song == nil {
		songs = nil
		for _, s := range p.Songs {
			songs = append(songs, s.Song)
		}
	}
	used := map[string]string{}
	for _, s := range songs {
		if s.ISRC != "" {
			used[s.ISRC] = fmt.Sprintf("%q", s.Title)
		}
	}
	for _, s := range songs {
		for _, v := range s.Versions {
			if v.ISRC == "" {
				continue
			}
			if other, taken := used[v.ISRC]; taken {
				d.report(Diagnostic{
					File: v.Pos.File, Line: v.Pos.Line, Col: v.Pos.Col, Width: len(v.Name),
					LineText: d.lineAt(v.Pos),
					Message:  fmt.Sprintf("version %q: its ISRC %s is that of %s", v.Name, v.ISRC, other),
					Hint:     "every recording has its own",
				})
				continue
			}
			used[v.ISRC] = fmt.Sprintf("%q (%s)", s.Title, v.Title)
		}
	}
}

// lineAt is the line of a file that was read, as it is shown with a diagnostic.
func (d *decoder) lineAt(p Pos) string {
	if root := d.parsed[p.File]; root != nil {
		return root.src.shownLine(p.Line)
	}
	return ""
}
