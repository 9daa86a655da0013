package disc

import (
	"bytes"
	"fmt"
)

// TOC makes the file that cdrdao burns from, for the same image as Cue: without the first two seconds,
// which cdrdao adds. A text that one track has is written for all, as cdrdao demands.
func TOC(l Layout, wav string) []byte {
	var b bytes.Buffer
	b.WriteString("CD_DA\n\n")
	if l.MCN != "" {
		fmt.Fprintf(&b, "CATALOG %q\n\n", l.MCN)
	}
	text := l.HasText()
	if text {
		tocDisc(&b, l)
	}
	for i, t := range l.Tracks {
		fmt.Fprintf(&b, "TRACK AUDIO\n%sCOPY\n%sPRE_EMPHASIS\nTWO_CHANNEL_AUDIO\n", no(t.Flags.Copy), no(t.Flags.PreEmphasis))
		if t.ISRC != "" {
			fmt.Fprintf(&b, "ISRC %q\n", t.ISRC)
		}
		if text {
			tocTrack(&b, l, t)
		}
		points := t.imagePoints(i)
		begin := points[0].Time
		fmt.Fprintf(&b, "FILE %s %v %v\n", tocString(wav), begin, l.End(i)-LeadPause-begin)
		start := t.Start - LeadPause
		if start > begin {
			fmt.Fprintf(&b, "START %v\n", start-begin)
		}
		for _, at := range t.Indexes {
			fmt.Fprintf(&b, "INDEX %v\n", at-t.Start)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func no(set bool) string {
	if set {
		return ""
	}
	return "NO "
}

// tocDisc writes the CD-TEXT of the disc.
func tocDisc(b *bytes.Buffer, l Layout) {
	b.WriteString("CD_TEXT {\n  LANGUAGE_MAP {\n    0 : EN\n  }\n  LANGUAGE 0 {\n")
	tocTexts(b, l, l.Text)
	if l.DiscID != "" {
		fmt.Fprintf(b, "    DISC_ID %s\n", tocString(l.DiscID))
	}
	if l.Genre.Code > 0 {
		fmt.Fprintf(b, "    GENRE { %d, %d", l.Genre.Code>>8, l.Genre.Code&0xFF)
		for _, c := range []byte(l.Genre.Text) {
			fmt.Fprintf(b, ", %d", c)
		}
		b.WriteString(", 0 }\n")
	}
	if l.codes() != nil {
		fmt.Fprintf(b, "    UPC_EAN %s\n", tocString(l.MCN))
	}
	b.WriteString("  }\n}\n\n")
}

// tocTrack writes the CD-TEXT of a track.
func tocTrack(b *bytes.Buffer, l Layout, t Track) {
	b.WriteString("CD_TEXT {\n  LANGUAGE 0 {\n")
	tocTexts(b, l, t.Text)
	if l.codes() != nil {
		fmt.Fprintf(b, "    ISRC %s\n", tocString(t.ISRC))
	}
	b.WriteString("  }\n}\n")
}

// tocTexts writes every kind of text that anything on the disc has.
func tocTexts(b *bytes.Buffer, l Layout, t Text) {
	for _, kind := range textKinds {
		if l.texts(kind) != nil {
			fmt.Fprintf(b, "    %s %s\n", kind.word(), tocString(*kind.of(&t)))
		}
	}
}

// tocString quotes a text for cdrdao, which reads \" and octal numbers: what is not ASCII, and a
// backslash, is written as the octal number of its ISO 8859-1 code.
func tocString(s string) string {
	text, _ := latin1(s)
	var b bytes.Buffer
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"':
			b.WriteString(`\"`)
		case c == '\\' || c > '~':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
