package audiofile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/language"
)

// id3Tag is an ID3v2.3 tag. Version 2.3 and not 2.4, as players, DJ software and
// Windows read it everywhere; what 2.4 has more (dates to the day in one frame, UTF-8,
// lists) is written here in the older way.
func id3Tag(tags map[string]string, cover *Picture) []byte {
	var body []byte
	frame := func(id string, content ...[]byte) {
		b := bytes.Join(content, nil)
		body = append(body, id...)
		body = binary.BigEndian.AppendUint32(body, uint32(len(b)))
		body = append(append(body, 0, 0), b...)
	}
	spoken := id3Language(tags["language"])
	for _, f := range fields {
		text := tags[f.Name]
		if text == "" {
			continue
		}
		switch f.Name {
		case "track":
			if total := tags["track_total"]; total != "" {
				text += "/" + total
			}
		case "track_total":
			continue
		case "date":
			year, day, _ := strings.Cut(text, "-")
			if month, d, whole := strings.Cut(day, "-"); whole {
				frame("TDAT", id3Text(d+month))
			}
			text = year
		case "language":
			text = spoken
		case "comment", "lyrics":
			encoding, description, content := id3Described("", text)
			frame(f.ID3, []byte{encoding}, []byte(spoken), description, content)
			continue
		}
		if name, own := strings.CutPrefix(f.ID3, "TXXX:"); own {
			encoding, description, content := id3Described(name, text)
			frame("TXXX", []byte{encoding}, description, content)
			continue
		}
		frame(f.ID3, id3Text(text))
	}
	if cover != nil {
		frame("APIC", []byte{0}, []byte(cover.MIME+"\x00"), []byte{frontCover, 0}, cover.Data)
	}
	n := len(body)
	return append([]byte{'I', 'D', '3', 3, 0, 0, byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}, body...)
}

// id3Text is a text with its encoding before it: ASCII as Latin-1, all else as
// UTF-16 with a byte order mark.
func id3Text(text string) []byte {
	encoding, _, content := id3Described("", text)
	return append([]byte{encoding}, content...)
}

// id3Described are a text and its description, which ends in a zero, in one
// encoding.
func id3Described(name, text string) (encoding byte, description, content []byte) {
	if isASCII(name + text) {
		return 0, []byte(name + "\x00"), []byte(text)
	}
	return 1, append(utf16Text(name), 0, 0), utf16Text(text)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e }) < 0
}

func utf16Text(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// id3Language is a BCP 47 code as ID3 has it: three letters of ISO 639-2, XXX where
// none is known.
func id3Language(code string) string {
	tag, err := language.Parse(code)
	if base, sure := tag.Base(); err == nil && sure != language.No && len(base.ISO3()) == 3 {
		return base.ISO3()
	}
	return "XXX"
}

// id3 is an ID3v2 tag, read.
type id3 struct {
	tags  map[string]string
	cover *Picture
}

// parseID3 reads an ID3v2.3 or 2.4 tag. What it has that is no text of [Fields] is
// passed over; what is damaged ends it.
func parseID3(b []byte) (id3, error) {
	out := id3{tags: map[string]string{}}
	if len(b) < 10 || string(b[:3]) != "ID3" {
		return out, fmt.Errorf("no ID3 tag")
	}
	version, flags := b[3], b[5]
	if version != 3 && version != 4 {
		return out, fmt.Errorf("ID3v2.%d is not read", version)
	}
	size := syncsafe(b[6:])
	b = b[10:min(len(b), 10+size)]
	if flags&0x80 != 0 && version == 3 { // unsynchronised as a whole; 2.4 says it again for each frame
		b = bytes.ReplaceAll(b, []byte{0xff, 0}, []byte{0xff})
	}
	if flags&0x40 != 0 { // an extended header
		if len(b) < 4 {
			return out, fmt.Errorf("ID3: cut off")
		}
		skip := int(binary.BigEndian.Uint32(b)) + 4
		if version == 4 {
			skip = syncsafe(b)
		}
		if skip < 0 || skip > len(b) {
			return out, fmt.Errorf("ID3: cut off")
		}
		b = b[skip:]
	}
	for len(b) >= 10 && b[0] != 0 { // zeros: padding
		id, n, flags := string(b[:4]), int(binary.BigEndian.Uint32(b[4:])), b[9]
		if version == 4 {
			n = syncsafe(b[4:])
		}
		if n < 0 || n > len(b)-10 {
			return out, fmt.Errorf("ID3: frame %q of %d bytes is cut off", id, n)
		}
		if body := b[10 : 10+n]; version == 4 && flags&0x02 != 0 {
			out.frame(id, bytes.ReplaceAll(body, []byte{0xff, 0}, []byte{0xff}))
		} else {
			out.frame(id, body)
		}
		b = b[10+n:]
	}
	return out, nil
}

func syncsafe(b []byte) int {
	return int(b[0]&0x7f)<<21 | int(b[1]&0x7f)<<14 | int(b[2]&0x7f)<<7 | int(b[3]&0x7f)
}

// frame takes in one frame.
func (t *id3) frame(id string, b []byte) {
	if len(b) < 2 {
		return
	}
	encoding, rest := b[0], b[1:]
	switch id {
	case "APIC":
		t.picture(encoding, rest)
		return
	case "TYER", "TDAT", "TDRC":
		t.date(id, text3(encoding, rest))
		return
	case "COMM", "USLT":
		if len(rest) < 3 {
			return
		}
		description, content := cut3(encoding, rest[3:])
		if text3(encoding, description) == "" || id == "USLT" {
			t.set(id, text3(encoding, content))
		}
		return
	case "TXXX":
		description, content := cut3(encoding, rest)
		t.set("TXXX:"+text3(encoding, description), text3(encoding, content))
		return
	case "TRCK":
		number, total, _ := strings.Cut(text3(encoding, rest), "/")
		t.tags["track"] = number
		if total != "" {
			t.tags["track_total"] = total
		}
		return
	}
	t.set(id, text3(encoding, rest))
}

func (t *id3) set(id, text string) {
	if f, ok := fieldOf(id3Column, id); ok && text != "" {
		t.tags[f.Name] = text
	}
}

// date puts year, and day and month, together in whichever order they come.
func (t *id3) date(id, text string) {
	year, rest := "", ""
	if old := t.tags["date"]; old != "" {
		year, rest, _ = strings.Cut(old, "-")
	}
	switch {
	case id == "TDRC":
		t.tags["date"] = text
		return
	case id == "TYER":
		year = text
	case len(text) == 4:
		rest = text[2:] + "-" + text[:2]
	}
	if t.tags["date"] = year; rest != "" {
		t.tags["date"] = year + "-" + rest
	}
}

// picture keeps the front cover, or what comes first.
func (t *id3) picture(encoding byte, b []byte) {
	mime, b, ok := bytes.Cut(b, []byte{0})
	if !ok || len(b) < 2 || t.cover != nil && b[0] != frontCover {
		return
	}
	_, data := cut3(encoding, b[1:])
	t.cover = &Picture{MIME: string(mime), Data: data}
}

// cut3 splits a text at its zero.
func cut3(encoding byte, b []byte) (before, after []byte) {
	if encoding == 0 || encoding == 3 {
		before, after, _ = bytes.Cut(b, []byte{0})
		return before, after
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return b[:i], b[i+2:]
		}
	}
	return b, nil
}

// text3 decodes a text; a list's entries are joined.
func text3(encoding byte, b []byte) string {
	var s string
	switch encoding {
	case 0:
		var latin strings.Builder
		for _, c := range b {
			latin.WriteRune(rune(c))
		}
		s = latin.String()
	case 3:
		s = strings.ToValidUTF8(string(b), "?")
	default:
		order := binary.ByteOrder(binary.BigEndian)
		if len(b) >= 2 && b[0] == 0xff && b[1] == 0xfe {
			order = binary.LittleEndian
		}
		if len(b) >= 2 && (b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff) {
			b = b[2:]
		}
		var units []uint16
		for ; len(b) >= 2; b = b[2:] {
			units = append(units, order.Uint16(b))
		}
		s = string(utf16.Decode(units))
	}
	return strings.ReplaceAll(strings.TrimRight(s, "\x00"), "\x00", listSeparator)
}
