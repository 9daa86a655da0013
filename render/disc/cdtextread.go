package disc

import (
	"slices"
	"strings"
)

// textReader collects the packs of one block.
type textReader struct {
	checker
	payloads map[byte][]byte // by pack type
	first    map[byte]int    // track of the first string of a type
	counts   map[byte]int    // packs of a type
	total    int             // packs of the block
	blocks   int             // the highest number of a block
}

// ParseCDText reads packs, with or without the four bytes of length that a drive puts before them,
// into the texts, the MCN and the ISRCs of a layout that has as many tracks as they speak of and no times.
// It reads block 0; what is damaged or unusual is a finding. It fails on nothing.
func ParseCDText(data []byte) (Layout, Findings) {
	r := &textReader{payloads: map[byte][]byte{}, first: map[byte]int{}, counts: map[byte]int{}}
	data = r.trimmed(data)
	for i := 0; i+packBytes <= len(data); i += packBytes {
		r.pack(i/packBytes, data[i:i+packBytes])
	}
	if r.blocks > 0 {
		r.add(Note, "text-blocks", 0, "CD-TEXT has %d languages, the first is read", r.blocks+1)
	}
	info := r.payloads[packSize]
	r.sizeInfo(info)
	tracks := 0
	if len(info) > 2 {
		tracks = min(int(info[2]), MaxTracks)
	}
	return r.layout(tracks), r.list
}

// pack takes one pack.
func (r *textReader) pack(at int, p []byte) {
	if got, want := uint16(p[16])<<8|uint16(p[17]), ^crc16(p[:16]); got != want {
		r.add(Error, "text-crc", 0, "CD-TEXT pack %d: its CRC is %04X, its content gives %04X", at, got, want)
	}
	if block := int(p[3] >> 4 & 7); block != 0 {
		r.blocks = max(r.blocks, block)
		return
	}
	if want := byte(r.total); p[2] != want {
		r.add(Error, "text-sequence", 0, "CD-TEXT pack %d has the number %d, expected %d", at, p[2], want)
	}
	r.total++
	kind := p[0]
	r.counts[kind]++
	if p[3]&0x80 != 0 {
		r.add(Warning, "text-characters", 0, "CD-TEXT pack %d has characters of two bytes, which are not read", at)
		return
	}
	if _, known := r.first[kind]; !known {
		r.first[kind] = int(p[1])
	}
	r.payloads[kind] = append(r.payloads[kind], p[4:16]...)
}

// layout puts what was read into a layout.
func (r *textReader) layout(tracks int) Layout {
	l := Layout{Tracks: make([]Track, tracks)}
	for _, kind := range textKinds {
		for track, s := range r.strings(kind.pack, tracks) {
			if track == 0 {
				*kind.of(&l.Text) = s
			} else {
				*kind.of(&l.Tracks[track-1].Text) = s
			}
		}
	}
	l.DiscID = fromLatin1(cString(r.payloads[packDisc]))
	if p := r.payloads[packGenre]; len(p) > 2 {
		l.Genre = Genre{Code: int(p[0])<<8 | int(p[1]), Text: fromLatin1(cString(p[2:]))}
	}
	for track, s := range r.strings(packCodes, tracks) {
		l.TextCodes = l.TextCodes || s != ""
		if track == 0 {
			l.MCN = s
		} else {
			l.Tracks[track-1].ISRC = strings.ReplaceAll(s, "-", "")
		}
	}
	return l
}

// strings takes the strings of one type apart: the disc's, then each track's, as many as there are.
func (r *textReader) strings(kind byte, tracks int) []string {
	list := make([]string, tracks+1)
	payload := r.payloads[kind]
	for track := r.first[kind]; len(payload) > 0 && track <= tracks; track++ {
		text := cString(payload)
		payload = payload[min(len(text)+1, len(payload)):]
		list[track] = fromLatin1(text)
		if track > 0 && list[track] == sameAsBefore {
			list[track] = list[track-1]
		}
	}
	return list
}

// trimmed cuts what is before and behind the packs.
func (r *textReader) trimmed(data []byte) []byte {
	// A drive's answer begins with the length of what follows its first two bytes, and two zeros; a
	// pack begins with 0x80 or more.
	if len(data) >= 4 && len(data)%packBytes == 4 && data[0] < 0x80 && data[2] == 0 && data[3] == 0 {
		r.add(Warning, "text-size", 0, "CD-TEXT begins with the four bytes of a drive's answer: a DDP has packs only")
		data = data[4:]
	}
	rest := data[len(data)/packBytes*packBytes:]
	switch {
	case len(rest) == 0:
	case slices.Max(rest) == 0:
		r.add(Note, "text-size", 0, "CD-TEXT ends with %d bytes 00 behind the packs, as some programs write it", len(rest))
	default:
		r.add(Error, "text-size", 0, "CD-TEXT ends with %d bytes that are no whole pack", len(rest)).numbers(len(rest), 0, "bytes")
	}
	return data[:len(data)-len(rest)]
}

// sizeInfo holds what the size information says against what is there.
func (r *textReader) sizeInfo(info []byte) {
	if len(info) != sizePacks*packPayload {
		r.add(Error, "text-info", 0, "CD-TEXT has %d packs of size information, expected %d", len(info)/packPayload, sizePacks).numbers(len(info)/packPayload, sizePacks, "packs")
		return
	}
	if info[0] != latin1Chars && info[0] != asciiChars {
		r.add(Warning, "text-characters", 0, "CD-TEXT has the character set %02X, and is read as ISO 8859-1", info[0])
	}
	if info[1] != 1 {
		r.add(Error, "text-info", 0, "CD-TEXT begins with track %d", info[1]).numbers(int(info[1]), 1, "track")
	}
	for i := range 16 {
		if kind := byte(0x80 + i); int(info[4+i]) != r.counts[kind] {
			r.add(Error, "text-info", 0, "CD-TEXT has %d packs of type %02X, its size information says %d", r.counts[kind], kind, info[4+i]).numbers(r.counts[kind], int(info[4+i]), "packs")
		}
	}
	if int(info[20]) != r.total-1 {
		r.add(Error, "text-info", 0, "CD-TEXT ends with pack %d, its size information says %d", r.total-1, info[20]).numbers(r.total-1, int(info[20]), "packs")
	}
}

// cString is what comes before the first NUL.
func cString(b []byte) []byte {
	if i := slices.Index(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}
