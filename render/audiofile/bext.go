package audiofile

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Broadcast is the bext chunk of a Broadcast WAVE file (EBU Tech 3285, version 2).
// Its texts are ASCII: accents are taken off, what has a usual form there is written so,
// and what is left becomes "?".
type Broadcast struct {
	Description         string // up to 256 characters
	Originator          string // up to 32
	OriginatorReference string // up to 32
	Date                string // yyyy-mm-dd
	Time                string // hh:mm:ss
	TimeReference       int64  // frames since midnight
	Loudness            BroadcastLoudness
	CodingHistory       string // lines that end in CR LF
}

// BroadcastLoudness are the loudness fields of a bext chunk; nil where there is
// no such figure. They are kept to hundredths.
type BroadcastLoudness struct {
	Integrated   *float64 // LUFS
	Range        *float64 // LU
	TruePeak     *float64 // dBTP
	MaxMomentary *float64 // LUFS
	MaxShortTerm *float64 // LUFS
}

// Places in a bext chunk.
const (
	bextStamp    = 338
	bextVersion  = 346
	bextLoudness = 412
	bextLength   = 602
	noLoudness   = 0x7FFF
)

// bytes is the chunk's payload.
func (b *Broadcast) bytes() []byte {
	le := binary.LittleEndian
	out := make([]byte, bextLength)
	for _, f := range []struct {
		at, size int
		text     string
	}{{0, 256, b.Description}, {256, 32, b.Originator}, {288, 32, b.OriginatorReference}, {320, 10, b.Date}, {330, 8, b.Time}} {
		text := ascii(f.text)
		copy(out[f.at:f.at+f.size], strings.TrimRight(text[:min(f.size, len(text))], " "))
	}
	le.PutUint64(out[bextStamp:], uint64(max(b.TimeReference, 0)))
	le.PutUint16(out[bextVersion:], 2)
	for i, x := range b.Loudness.list() {
		le.PutUint16(out[bextLoudness+2*i:], hundredths(*x))
	}
	return append(out, ascii(b.CodingHistory)...)
}

// list are the figures in the order of the chunk.
func (l *BroadcastLoudness) list() []**float64 {
	return []**float64{&l.Integrated, &l.Range, &l.TruePeak, &l.MaxMomentary, &l.MaxShortTerm}
}

// hundredths is a figure as the chunk has it: rounded to the nearest, or unused.
func hundredths(x *float64) uint16 {
	if x == nil || !(math.Abs(*x) < 327) {
		return noLoudness
	}
	return uint16(int16(math.Round(*x * 100)))
}

// ascii writes a text in ASCII.
func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r): // an accent
			return -1
		case r < unicode.MaxASCII:
			return r
		}
		return '?'
	}, unaccented.Replace(norm.NFD.String(text)))
}

// unaccented are letters and signs that are no ASCII with an accent and yet have
// a usual form there.
var unaccented = strings.NewReplacer(
	"ø", "o", "Ø", "O", "ł", "l", "Ł", "L", "đ", "d", "Đ", "D", "æ", "ae", "Æ", "AE", "œ", "oe", "Œ", "OE", "ß", "ss", "ð", "d", "Ð", "D", "þ", "th", "Þ", "Th", "ı", "i",
	"‘", "'", "’", "'", "“", `"`, "”", `"`, "–", "-", "—", "-", "…", "...", "©", "(c)", "℗", "(p)",
)

// parseBroadcast reads a bext chunk of any version; false where it is too short
// to be one.
func parseBroadcast(b []byte) (*Broadcast, bool) {
	if len(b) < bextStamp+8 {
		return nil, false
	}
	le := binary.LittleEndian
	text := func(from, size int) string {
		s, _, _ := bytes.Cut(b[from:from+size], []byte{0})
		return strings.TrimRight(string(s), " ")
	}
	out := &Broadcast{
		Description: text(0, 256), Originator: text(256, 32), OriginatorReference: text(288, 32),
		Date: text(320, 10), Time: text(330, 8),
		TimeReference: int64(le.Uint64(b[bextStamp:])), // what is beyond 2^63 is negative, and no time
	}
	if len(b) < bextLength {
		return out, true
	}
	if le.Uint16(b[bextVersion:]) >= 2 {
		for i, x := range out.Loudness.list() {
			if n := le.Uint16(b[bextLoudness+2*i:]); n != noLoudness {
				v := float64(int16(n)) / 100
				*x = &v
			}
		}
	}
	out.CodingHistory = strings.TrimRight(string(b[bextLength:]), "\x00")
	return out, true
}
