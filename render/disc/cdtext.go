package disc

import (
	"fmt"
	"strings"
)

// CD-TEXT is a row of packs of 18 bytes in the lead-in: four bytes of header, twelve of payload and
// a CRC. The layout is that of the libcdio documentation (doc/cd-text-format) and of MMC-3, Annex J.
const (
	packBytes    = 18
	packPayload  = 12
	sizePacks    = 3  // packs of size information that end a block
	english      = 9  // language code of the one block that is written
	maxPosition  = 15 // the header counts no further into a string
	packDisc     = 0x86
	packGenre    = 0x87
	packCodes    = 0x8E
	packSize     = 0x8F
	latin1Chars  = 0x00 // character codes of size information
	asciiChars   = 0x01
	sameAsBefore = "\t" // a track's text that is that of the track before
)

// textKind is one of the six kinds of text that discs and tracks have.
type textKind struct {
	pack byte
	name string // for people, and in capitals the word of cue sheets and TOCs
	of   func(*Text) *string
}

var textKinds = []textKind{
	{0x80, "title", func(t *Text) *string { return &t.Title }},
	{0x81, "performer", func(t *Text) *string { return &t.Performer }},
	{0x82, "songwriter", func(t *Text) *string { return &t.Songwriter }},
	{0x83, "composer", func(t *Text) *string { return &t.Composer }},
	{0x84, "arranger", func(t *Text) *string { return &t.Arranger }},
	{0x85, "message", func(t *Text) *string { return &t.Message }},
}

// word is what cue sheets and TOCs call the kind.
func (k textKind) word() string { return strings.ToUpper(k.name) }

// Genres are the names of CD-TEXT genre codes, as libcdio's header numbers them.
var Genres = []string{
	"", "not defined", "adult contemporary", "alternative rock", "children's music", "classical", "contemporary Christian", "country", "dance",
	"easy listening", "erotic", "folk", "gospel", "hip hop", "jazz", "Latin", "musical", "new age", "opera", "operetta", "pop", "rap", "reggae",
	"rock", "rhythm & blues", "sound effects", "soundtrack", "spoken word", "world",
}

// texts are the strings of one kind: the disc's and then each track's. Nil: nobody has one.
func (l Layout) texts(kind textKind) []string {
	list, any := []string{*kind.of(&l.Text)}, *kind.of(&l.Text) != ""
	for _, t := range l.Tracks {
		text := *kind.of(&t.Text)
		list, any = append(list, text), any || text != ""
	}
	if !any {
		return nil
	}
	return list
}

// codes are the strings of the pack type that repeats MCN and ISRCs.
func (l Layout) codes() []string {
	if !l.TextCodes {
		return nil
	}
	list, any := []string{l.MCN}, l.MCN != ""
	for _, t := range l.Tracks {
		list, any = append(list, t.ISRC), any || t.ISRC != ""
	}
	if !any {
		return nil
	}
	return list
}

// HasText reports whether there is any CD-TEXT.
func (l Layout) HasText() bool { return len(packsOf(l)) > 0 }

// CDText makes the packs of a layout, size information included; nil where it has no text. It
// refuses what Check finds against the texts.
func CDText(l Layout) ([]byte, error) {
	c := &checker{}
	c.text(l)
	if errors := c.list.Errors(); len(errors) > 0 {
		return nil, errors
	}
	packs := packsOf(l)
	if len(packs) == 0 {
		return nil, nil
	}
	packs = append(packs, sizeInfo(packs, len(l.Tracks))...)
	out := make([]byte, 0, len(packs)*packBytes)
	for i := range packs {
		packs[i][2] = byte(i)
		crc := ^crc16(packs[i][:16])
		packs[i][16], packs[i][17] = byte(crc>>8), byte(crc)
		out = append(out, packs[i][:]...)
	}
	return out, nil
}

// pack is one pack; number and CRC are filled in when all are there.
type pack [packBytes]byte

// packsOf are the packs of a layout without size information. Characters that are not of
// ISO 8859-1 become question marks: who writes has checked them.
func packsOf(l Layout) []pack {
	var list []pack
	for _, kind := range textKinds {
		list = append(list, stringPacks(kind.pack, encoded(l.texts(kind)))...)
	}
	if l.DiscID != "" {
		list = append(list, stringPacks(packDisc, encoded([]string{l.DiscID}))...)
	}
	if code := l.Genre.Code; code > 0 {
		list = append(list, stringPacks(packGenre, [][]byte{append([]byte{byte(code >> 8), byte(code)}, l.Genre.Text...)})...)
	}
	return append(list, stringPacks(packCodes, encoded(l.codes()))...)
}

// encoded are texts in ISO 8859-1.
func encoded(texts []string) (list [][]byte) {
	for _, s := range texts {
		text, _ := latin1(s)
		list = append(list, text)
	}
	return list
}

// stringPacks cuts strings, each with a NUL behind it, into payloads.
func stringPacks(kind byte, strings [][]byte) []pack {
	var list []pack
	room := 0 // bytes left in the last pack
	for number, text := range strings {
		for position, c := range append(text, 0) {
			if room == 0 {
				list = append(list, pack{0: kind, 1: byte(number), 3: byte(min(position, maxPosition))})
				room = packPayload
			}
			list[len(list)-1][4+packPayload-room] = c
			room--
		}
	}
	return list
}

// sizeInfo are the three packs that say what the block holds.
func sizeInfo(packs []pack, tracks int) []pack {
	info := [sizePacks * packPayload]byte{0: latin1Chars, 1: 1, 2: byte(tracks)}
	for _, p := range packs {
		info[4+p[0]&0x0F]++
	}
	info[4+packSize&0x0F] = sizePacks
	info[20] = byte(len(packs) + sizePacks - 1) // the last number of block 0; there is no other
	info[28] = english
	list := make([]pack, sizePacks)
	for i := range list {
		list[i][0], list[i][1] = packSize, byte(i)
		copy(list[i][4:], info[i*packPayload:(i+1)*packPayload])
	}
	return list
}

// crc16 is the CRC of the packs before it is inverted: polynomial 0x1021, from 0, the highest bit
// first. "123456789" gives 0x31C3.
func crc16(data []byte) uint16 {
	var crc uint16
	for _, b := range data {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// latin1 encodes a text in ISO 8859-1. The error names the first character that it does not have,
// which is written as a question mark.
func latin1(s string) (text []byte, err error) {
	for _, r := range s {
		if r < ' ' && err == nil {
			err = fmt.Errorf("the control character %U cannot be in it", r)
		}
		if r > 0xFF || r >= 0x7F && r < 0xA0 {
			if err == nil {
				err = notLatin1(r)
			}
			r = '?'
		}
		text = append(text, byte(r))
	}
	return text, err
}

func notLatin1(r rune) error {
	if plain, ok := plainRunes[r]; ok {
		return fmt.Errorf("the character %q is not in ISO 8859-1: write %q", r, plain)
	}
	return fmt.Errorf("the character %q (%U) is not in ISO 8859-1, all that CD-TEXT has", r, r)
}

// plainRunes are the signs of good typography that ISO 8859-1 has no place for.
var plainRunes = map[rune]string{
	'‘': "'", '’': "'", '‚': ",", '‛': "'", '“': `"`, '”': `"`, '„': `"`, '‐': "-", '‑': "-", '–': "-", '—': "-", '―': "-", '…': "...",
	'•': "·", '′': "'", '″': `"`, 'Œ': "OE", 'œ': "oe", '€': "EUR", '™': "(TM)", '\u2009': " ", '\u202f': " ",
}

// Plain writes the signs of typography that CD-TEXT has no place for (curly quotes, dashes,
// ellipses) with those that it has. Letters of other alphabets stay, and Check names them.
func Plain(s string) string {
	var b strings.Builder
	for _, r := range s {
		if plain, ok := plainRunes[r]; ok {
			b.WriteString(plain)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// fromLatin1 decodes ISO 8859-1.
func fromLatin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}
