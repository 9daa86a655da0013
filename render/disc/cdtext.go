package disc

import (
	"fmt"
	"slices"
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
		list = append(list, stringPacks(kind.pack, l.texts(kind))...)
	}
	if l.DiscID != "" {
		list = append(list, stringPacks(packDisc, []string{l.DiscID})...)
	}
	if code := l.Genre.Code; code > 0 {
		binary := string([]rune{rune(code >> 8 & 0xFF), rune(code & 0xFF)})
		list = append(list, stringPacks(packGenre, []string{binary + l.Genre.Text})...)
	}
	return append(list, stringPacks(packCodes, l.codes())...)
}

// stringPacks cuts strings, each with a NUL behind it, into payloads.
func stringPacks(kind byte, strings []string) []pack {
	var list []pack
	room := 0 // bytes left in the last pack
	for number, s := range strings {
		text, _ := latin1(s)
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

// ParseCDText reads packs, with or without the four bytes of length that a drive puts before
// them, into the texts, the MCN and the ISRCs of a layout that has as many tracks as it speaks of and no
// times. It reads block 0; what is damaged or unusual is a finding. It fails on nothing.
func ParseCDText(data []byte) (Layout, Findings) {
	c := &checker{}
	data = c.trimmed(data)
	payloads := map[byte][]byte{}
	firstOf := map[byte]int{} // track of the first string
	var info []byte
	counts := map[byte]int{}
	blocks, number := 0, 0
	for i := 0; i+packBytes <= len(data); i += packBytes {
		p := data[i : i+packBytes]
		if got, want := uint16(p[16])<<8|uint16(p[17]), ^crc16(p[:16]); got != want {
			c.add(Error, "text-crc", 0, "CD-TEXT pack %d: its CRC is %04X, its content gives %04X", i/packBytes, got, want)
		}
		if block := int(p[3] >> 4 & 7); block != 0 {
			blocks = max(blocks, block)
			continue
		}
		if p[3]&0x80 != 0 {
			c.add(Warning, "text-characters", 0, "CD-TEXT pack %d has characters of two bytes, which are not read", i/packBytes)
			continue
		}
		if int(p[2]) != number&0xFF {
			c.add(Error, "text-sequence", 0, "CD-TEXT pack %d has the number %d, expected %d", i/packBytes, p[2], number&0xFF)
		}
		number++
		counts[p[0]]++
		if p[0] == packSize {
			info = append(info, p[4:16]...)
			continue
		}
		if _, known := payloads[p[0]]; !known {
			firstOf[p[0]] = int(p[1])
		}
		payloads[p[0]] = append(payloads[p[0]], p[4:16]...)
	}
	if blocks > 0 {
		c.add(Note, "text-blocks", 0, "CD-TEXT has %d languages, the first is read", blocks+1)
	}
	c.sizeInfo(info, counts, number)
	tracks := 0
	if len(info) > 2 {
		tracks = min(int(info[2]), MaxTracks)
	}
	l := Layout{Tracks: make([]Track, tracks)}
	for _, kind := range textKinds {
		for track, s := range split(payloads[kind.pack], firstOf[kind.pack], tracks) {
			if track == 0 {
				*kind.of(&l.Text) = s
			} else if track <= tracks {
				*kind.of(&l.Tracks[track-1].Text) = s
			}
		}
	}
	if p := payloads[packDisc]; len(p) > 0 {
		l.DiscID = fromLatin1(cString(p))
	}
	if p := payloads[packGenre]; len(p) > 2 {
		l.Genre = Genre{Code: int(p[0])<<8 | int(p[1]), Text: fromLatin1(cString(p[2:]))}
	}
	if p := payloads[packCodes]; len(p) > 0 {
		for track, s := range split(p, firstOf[packCodes], tracks) {
			l.TextCodes = l.TextCodes || s != ""
			if track == 0 {
				l.MCN = s
			} else if track <= tracks {
				l.Tracks[track-1].ISRC = strings.ReplaceAll(s, "-", "")
			}
		}
	}
	return l, c.list
}

// trimmed cuts what is before and behind the packs.
func (c *checker) trimmed(data []byte) []byte {
	// A drive's answer begins with the length of what follows its first two bytes, and two zeros; a
	// pack begins with 0x80 or more.
	if len(data) >= 4 && len(data)%packBytes == 4 && data[0] < 0x80 && data[2] == 0 && data[3] == 0 {
		c.add(Warning, "text-size", 0, "CD-TEXT begins with the four bytes of a drive's answer: a DDP has packs only")
		data = data[4:]
	}
	rest := data[len(data)/packBytes*packBytes:]
	switch {
	case len(rest) == 0:
	case slices.Max(rest) == 0:
		c.add(Note, "text-size", 0, "CD-TEXT ends with %d bytes 00 behind the packs, as some programs write it", len(rest))
	default:
		c.add(Error, "text-size", 0, "CD-TEXT ends with %d bytes that are no whole pack", len(rest)).numbers(len(rest), 0, "bytes")
	}
	return data[:len(data)-len(rest)]
}

// sizeInfo holds what the size information says against what is there.
func (c *checker) sizeInfo(info []byte, counts map[byte]int, total int) {
	if len(info) != sizePacks*packPayload {
		c.add(Error, "text-info", 0, "CD-TEXT has %d packs of size information, expected %d", len(info)/packPayload, sizePacks).numbers(len(info)/packPayload, sizePacks, "packs")
		return
	}
	if info[0] != latin1Chars && info[0] != asciiChars {
		c.add(Warning, "text-characters", 0, "CD-TEXT has the character set %02X, and is read as ISO 8859-1", info[0])
	}
	if info[1] != 1 {
		c.add(Error, "text-info", 0, "CD-TEXT begins with track %d", info[1]).numbers(int(info[1]), 1, "track")
	}
	for i := range 16 {
		if kind := byte(0x80 + i); int(info[4+i]) != counts[kind] {
			c.add(Error, "text-info", 0, "CD-TEXT has %d packs of type %02X, its size information says %d", counts[kind], kind, info[4+i]).numbers(counts[kind], int(info[4+i]), "packs")
		}
	}
	if int(info[20]) != total-1 {
		c.add(Error, "text-info", 0, "CD-TEXT ends with pack %d, its size information says %d", total-1, info[20]).numbers(total-1, int(info[20]), "packs")
	}
}

// split takes the strings of one kind apart, by track (0 the disc); first is the track of the first string.
func split(payload []byte, first, tracks int) map[int]string {
	list := map[int]string{}
	for track := first; len(payload) > 0 && track <= tracks; track++ {
		text := cString(payload)
		payload = payload[min(len(text)+1, len(payload)):]
		list[track] = fromLatin1(text)
		if list[track] == sameAsBefore {
			list[track] = list[track-1]
		}
	}
	return list
}

// cString is what comes before the first NUL.
func cString(b []byte) []byte {
	if i := slices.Index(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}
