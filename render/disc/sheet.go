package disc

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"unicode/utf8"
)

// Sheet is the PQ sheet of a disc: what a plant holds the master against, on paper.
type Sheet struct {
	Title, Performer string
	Head             []Line
	Rows             []SheetRow
	LeadOut          MSF
	Notes            Findings // what Check has to say
	Files            []SheetFile
}

// SheetRow is one index of a track.
type SheetRow struct {
	Track, Index int
	First        bool // of its track's rows
	Start        MSF
	Length       string // of a pregap, or, at index 01, of the track
	ISRC         string
	Flags        string
	Title        string
	Performer    string // where it is not the disc's
}

// SheetFile is a file with its MD5.
type SheetFile struct {
	Name string
	Size int64
	MD5  string
}

// NewSheet puts a sheet together. about are lines of its head, after those that the layout knows; files
// are the disc's files, with their digests.
func NewSheet(l Layout, about []Line, files []File) *Sheet {
	s := &Sheet{Title: l.Text.Title, Performer: l.Text.Performer, LeadOut: l.LeadOut, Notes: Check(l)}
	s.head("Catalogue number (EAN)", l.MCN)
	s.head("Master ID", l.MasterID)
	s.head("Tracks", fmt.Sprint(len(l.Tracks)))
	s.head("Playing time", l.Playing().String())
	text := "no"
	if l.HasText() {
		text = "yes"
	}
	s.head("CD-TEXT", text)
	for _, line := range about {
		s.head(line.Name, line.Value)
	}
	for i, t := range l.Tracks {
		for k, p := range t.Points() {
			row := SheetRow{Track: i + 1, Index: p.Index, First: k == 0, Start: p.Time}
			switch p.Index {
			case 0:
				row.Length = t.Pregap.String()
			case 1:
				row.Length, row.ISRC, row.Flags, row.Title = l.Length(i).String(), t.ISRC, t.Flags.String(), t.Text.Title
				if t.Text.Performer != l.Text.Performer {
					row.Performer = t.Text.Performer
				}
			}
			s.Rows = append(s.Rows, row)
		}
	}
	for _, f := range files {
		s.Files = append(s.Files, SheetFile{f.Name, f.Size, fmt.Sprintf("%x", f.MD5)})
	}
	return s
}

// head adds a line that says something.
func (s *Sheet) head(name, value string) {
	if value != "" {
		s.Head = append(s.Head, Line{name, value})
	}
}

// timesNote explains the sheet's times.
const timesNote = "Times are MM:SS:FF with 75 frames a second. Starts count from the beginning of the pause before track 1;\n" +
	"a track's length is that from its index 01 to the next, as players show it."

// Text is the sheet as text, UTF-8.
func (s *Sheet) Text() []byte {
	var b bytes.Buffer
	b.WriteString("PQ SHEET\n")
	for _, line := range []string{s.Title, s.Performer} {
		if line != "" {
			b.WriteString(line + "\n")
		}
	}
	b.WriteByte('\n')
	for _, line := range s.Head {
		fmt.Fprintf(&b, "%-24s %s\n", line.Name, line.Value)
	}
	b.WriteString("\n" + timesNote + "\n\n")
	table := [][]string{{"Track", "Index", "Start", "Length", "ISRC", "Flags", "Title"}}
	for _, r := range s.Rows {
		track := ""
		if r.First {
			track = fmt.Sprintf("%02d", r.Track)
		}
		title := r.Title
		if r.Performer != "" {
			title += " / " + r.Performer
		}
		if r.Index == 0 {
			title = "(pause)"
		}
		table = append(table, []string{track, fmt.Sprintf("%02d", r.Index), r.Start.String(), r.Length, r.ISRC, r.Flags, title})
	}
	writeTable(&b, append(table, []string{"AA", "01", s.LeadOut.String(), "", "", "", "(lead-out)"}))
	if len(s.Notes) > 0 {
		b.WriteString("\n" + s.Notes.Error() + "\n")
	}
	if len(s.Files) > 0 {
		files := [][]string{{"File", "Bytes", "MD5"}}
		for _, f := range s.Files {
			files = append(files, []string{f.Name, fmt.Sprint(f.Size), f.MD5})
		}
		b.WriteByte('\n')
		writeTable(&b, files)
	}
	return b.Bytes()
}

// writeTable sets rows in columns two spaces apart.
func writeTable(b *bytes.Buffer, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

//go:embed sheet.html
var sheetHTML string

var sheetPage = template.Must(template.New("sheet").Parse(sheetHTML))

// HTML is the sheet as a page that prints on A4 or Letter and needs nothing from outside.
func (s *Sheet) HTML() []byte {
	var b bytes.Buffer
	if err := sheetPage.Execute(&b, s); err != nil {
		panic(err) // a fault of the template, which the tests run
	}
	return b.Bytes()
}

// TimesNote explains the sheet's times, for the page.
func (s *Sheet) TimesNote() string { return timesNote }
