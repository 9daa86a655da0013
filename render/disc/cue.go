package disc

import (
	"bytes"
	"fmt"
	"strings"
)

// Cue makes the cue sheet of an image without the first two seconds: wav is the image's name,
// packs that of a file with the CD-TEXT, empty for none; both in ASCII, without quotes.
//
// Texts are in ISO 8859-1, like the CD-TEXT that programs make of them; a double quote becomes a
// single one, since a cue sheet has no way to write it. Composers, arrangers and messages are
// remarks: programs that know the three common words only would refuse the sheet. Where track 1 has
// more of a pregap than two seconds, the rest of it is in the image, as index 00.
func Cue(l Layout, wav, packs string) []byte {
	var b bytes.Buffer
	if l.MCN != "" {
		fmt.Fprintf(&b, "CATALOG %s\n", l.MCN)
	}
	if packs != "" {
		fmt.Fprintf(&b, "CDTEXTFILE %q\n", packs)
	}
	cueText(&b, l.Text, 0)
	fmt.Fprintf(&b, "FILE %q WAVE\n", wav)
	for i, t := range l.Tracks {
		fmt.Fprintf(&b, "  TRACK %02d AUDIO\n", i+1)
		cueText(&b, t.Text, 2)
		if flags := t.Flags.String(); flags != "" {
			fmt.Fprintf(&b, "    FLAGS %s\n", flags)
		}
		if t.ISRC != "" {
			fmt.Fprintf(&b, "    ISRC %s\n", t.ISRC)
		}
		for _, p := range t.imagePoints(i) {
			fmt.Fprintf(&b, "    INDEX %02d %v\n", p.Index, p.Time)
		}
	}
	return b.Bytes()
}

// imagePoints are the indexes of the track at i in an image without the first two seconds.
func (t Track) imagePoints(i int) []Point {
	if i == 0 {
		t.Pregap -= LeadPause
	}
	points := t.Points()
	for k := range points {
		points[k].Time -= LeadPause
	}
	return points
}

// cueText writes the lines of texts that are there, tabs deep.
func cueText(b *bytes.Buffer, t Text, tabs int) {
	for _, kind := range textKinds {
		if text := *kind.of(&t); text != "" {
			b.WriteString(strings.Repeat("  ", tabs))
			b.Write(kind.cueLine(text))
			b.WriteByte('\n')
		}
	}
}

// lastCueText is the songwriter: the last kind of text that every reader of cue sheets knows.
const lastCueText = 0x82

// cueLine is the line of a text, without what indents it.
func (k textKind) cueLine(text string) []byte {
	word := k.word()
	if k.pack > lastCueText {
		word = "REM " + word
	}
	line, _ := latin1(fmt.Sprintf(`%s "%s"`, word, strings.ReplaceAll(text, `"`, "'")))
	return line
}

// String names the flags that are set as cue sheets do: "DCP PRE".
func (f Flags) String() string {
	var list []string
	for _, flag := range f.list() {
		if *flag.set {
			list = append(list, flag.word)
		}
	}
	return strings.Join(list, " ")
}

// list names the flags.
func (f *Flags) list() []struct {
	word string
	set  *bool
} {
	return []struct {
		word string
		set  *bool
	}{{"DCP", &f.Copy}, {"4CH", &f.FourChannel}, {"PRE", &f.PreEmphasis}, {"SCMS", &f.SCMS}}
}
