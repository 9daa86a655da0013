package audiofile

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// ogg is an Ogg file (RFC 3533) with one stream, of Opus (RFC 7845) or Vorbis: its
// header packets, of which the second is the comments, and the pages of sound, which
// begin on a page of their own.
type ogg struct {
	Coded
	src     io.ReaderAt
	serial  uint32
	first   []byte   // the packet that names the codec, on the first page
	vendor  []byte   // of the comments: the library that encoded it
	setup   [][]byte // packets behind the comments
	pages   []span
	magic   string // that the comments begin with
	framing bool   // a bit ends them
}

// span is where a page of sound lies.
type span struct{ from, to int64 }

// Flags of a page, and the granule position of one on which no packet ends.
const (
	oggContinued = 1
	oggFirst     = 2
	oggNowhere   = ^uint64(0)
	oggSegments  = 255
)

// maxHeaders is far above what comments, cover and Vorbis' tables take.
const maxHeaders = 64 << 20

func openOgg(src io.ReaderAt, size int64) (*ogg, error) {
	f := &ogg{src: src, Coded: Coded{Tags: map[string]string{}}}
	want, sum := 2, sha256.New()
	var packets [][]byte
	var packet []byte
	var last uint64
	for at := int64(0); at < size; {
		p, err := readOggPage(src, at)
		if err != nil {
			return nil, err
		}
		switch {
		case at == 0:
			f.serial = p.serial
		case p.flags&oggFirst != 0 || p.serial != f.serial:
			return nil, fmt.Errorf("an Ogg file with several streams")
		}
		page := span{at, at + int64(len(p.raw))}
		at = page.to
		if len(packets) == want { // sound
			p.number(0)
			sum.Write(p.raw)
			f.Bytes += int64(len(p.raw))
			f.pages = append(f.pages, page)
			if p.granule != oggNowhere {
				last = p.granule
			}
			continue
		}
		body := p.raw[27+len(p.lacing):]
		for _, n := range p.lacing {
			packet = append(packet, body[:n]...)
			body = body[n:]
			if len(packet) > maxHeaders {
				return nil, fmt.Errorf("an Ogg file whose headers do not end")
			}
			if n < 255 {
				packets, packet = append(packets, packet), nil
			}
		}
		if len(packets) > 0 && f.Format == "" {
			if err := f.codec(packets[0]); err != nil {
				return nil, err
			}
			if f.Format == "vorbis" {
				want = 3
			}
		}
		if len(packets) > want || len(packets) == want && len(packet) > 0 {
			return nil, fmt.Errorf("an Ogg file whose sound does not begin on a page of its own")
		}
	}
	if len(packets) < want || len(f.pages) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	f.first, f.setup, f.Pages = packets[0], packets[2:], len(f.pages)
	for _, p := range append([][]byte{f.first}, f.setup...) {
		sum.Write(p)
	}
	sum.Sum(f.Audio[:0])
	f.Frames = int64(last) - f.Delay
	if f.Frames <= 0 {
		return nil, fmt.Errorf("an Ogg file that says it has no sound")
	}
	return f, f.comments(packets[1])
}

// codec reads the first packet.
func (f *ogg) codec(p []byte) error {
	le := binary.LittleEndian
	switch {
	case bytes.HasPrefix(p, []byte("OpusHead")) && len(p) >= 19:
		f.Format, f.magic = "opus", "OpusTags"
		f.Rate, f.Delay = 48000, int64(le.Uint16(p[10:]))
		if gain := le.Uint16(p[16:]); gain != 0 {
			return fmt.Errorf("an Opus file with an output gain of %d/256 dB", int16(gain))
		}
	case bytes.HasPrefix(p, []byte("\x01vorbis")) && len(p) >= 30:
		f.Format, f.magic, f.framing = "vorbis", "\x03vorbis", true
		f.Rate = int(le.Uint32(p[12:]))
	default:
		return fmt.Errorf("an Ogg file of another codec than Opus and Vorbis")
	}
	return nil
}

// comments reads the second packet.
func (f *ogg) comments(p []byte) error {
	p, ok := bytes.CutPrefix(p, []byte(f.magic))
	if !ok {
		return fmt.Errorf("an Ogg file whose second packet is not its comments")
	}
	next := func() ([]byte, bool) {
		if len(p) < 4 {
			return nil, false
		}
		n := binary.LittleEndian.Uint32(p)
		if int64(n) > int64(len(p)-4) {
			return nil, false
		}
		text := p[4 : 4+n]
		p = p[4+n:]
		return text, true
	}
	vendor, ok := next()
	if !ok || len(p) < 4 {
		return io.ErrUnexpectedEOF
	}
	f.vendor = vendor
	count := binary.LittleEndian.Uint32(p)
	p = p[4:]
	for range count {
		line, ok := next()
		if !ok {
			return io.ErrUnexpectedEOF
		}
		name, text, _ := strings.Cut(string(line), "=")
		f.comment(strings.ToUpper(name), text)
	}
	return nil
}

func (f *ogg) comment(name, text string) {
	if name == pictureComment {
		if b, err := base64.StdEncoding.DecodeString(text); err == nil && f.Cover == nil {
			f.Cover = pictureOf(b)
		}
		return
	}
	field := strings.ToLower(name)
	if one, ok := fieldOf(vorbisColumn, name); ok {
		field = one.Name
	} else if !strings.HasPrefix(name, "R128_") {
		return
	}
	if old := f.Tags[field]; old != "" {
		text = old + listSeparator + text
	}
	f.Tags[field] = text
}

// pictureComment is the comment that holds a FLAC picture block.
const pictureComment = "METADATA_BLOCK_PICTURE"

// pictureOf reads the body of a FLAC picture block; nil where it is damaged.
func pictureOf(b []byte) *Picture {
	be := binary.BigEndian
	ok := true
	word := func() int {
		if len(b) < 4 {
			ok = false
			return 0
		}
		n := be.Uint32(b)
		b = b[4:]
		return int(n)
	}
	text := func() []byte {
		n := word()
		if n > len(b) {
			ok = false
			return nil
		}
		t := b[:n]
		b = b[n:]
		return t
	}
	word() // front or back
	p := &Picture{MIME: string(text())}
	text()
	p.Width, p.Height, p.Depth = word(), word(), word()
	word()
	p.Data = text()
	if !ok {
		return nil
	}
	return p
}

func (f *ogg) describe() Coded { return f.Coded }

// copy writes the headers anew and numbers the pages behind them.
func (f *ogg) copy(dst io.Writer, m Metadata) error {
	if m.ID3 {
		return fmt.Errorf("audiofile: copy: ID3 is not for Ogg files")
	}
	number := uint32(0)
	write := func(flags byte, packets ...[]byte) error {
		for _, page := range oggPages(f.serial, flags, packets) {
			page.number(number)
			number++
			if _, err := dst.Write(page.raw); err != nil {
				return err
			}
		}
		return nil
	}
	if err := write(oggFirst, f.first); err != nil {
		return err
	}
	if err := write(0, append([][]byte{f.words(m)}, f.setup...)...); err != nil {
		return err
	}
	for _, at := range f.pages {
		p, err := readOggPage(f.src, at.from)
		if err != nil {
			return err
		}
		p.number(number)
		number++
		if _, err := dst.Write(p.raw); err != nil {
			return err
		}
	}
	return nil
}

// words is the packet of comments.
func (f *ogg) words(m Metadata) []byte {
	var extra []string
	tags := map[string]string{}
	if m.Texts {
		tags = m.Tags
		for _, name := range r128Fields {
			if text := opusGains(f.Format, tags)[strings.ToLower(name)]; text != "" {
				extra = append(extra, name+"="+text)
			}
		}
		if m.Cover != nil {
			extra = append(extra, pictureComment+"="+base64.StdEncoding.EncodeToString(m.Cover.flac()))
		}
	}
	b := append([]byte(f.magic), commentBlock(f.vendor, tags, extra)...)
	if f.framing {
		b = append(b, 1)
	}
	return b
}

// commentBlock is vorbisComments with a vendor of its own and more lines.
func commentBlock(vendor []byte, tags map[string]string, extra []string) []byte {
	le := binary.LittleEndian
	own := vorbisComments(tags)[4+len(flacVendor):] // count and lines
	b := append(le.AppendUint32(nil, uint32(len(vendor))), vendor...)
	b = le.AppendUint32(b, le.Uint32(own)+uint32(len(extra)))
	b = append(b, own[4:]...)
	for _, line := range extra {
		b = append(le.AppendUint32(b, uint32(len(line))), line...)
	}
	return b
}

// oggPage is one page of an Ogg file.
type oggPage struct {
	raw     []byte
	flags   byte
	granule uint64
	serial  uint32
	lacing  []byte
}

// readOggPage reads and checks the page at an offset.
func readOggPage(src io.ReaderAt, at int64) (oggPage, error) {
	head := make([]byte, 27+oggSegments)
	if err := readAt(src, head[:27], at); err != nil {
		return oggPage{}, err
	}
	le := binary.LittleEndian
	p := oggPage{flags: head[5], granule: le.Uint64(head[6:]), serial: le.Uint32(head[14:])}
	if string(head[:4]) != "OggS" || head[4] != 0 {
		return p, fmt.Errorf("no Ogg page at byte %d", at)
	}
	n := int(head[26])
	p.lacing = head[27 : 27+n]
	if err := readAt(src, p.lacing, at+27); err != nil {
		return p, err
	}
	size := 27 + n
	for _, l := range p.lacing {
		size += int(l)
	}
	p.raw = make([]byte, size)
	if err := readAt(src, p.raw, at); err != nil {
		return p, err
	}
	sum := le.Uint32(p.raw[22:])
	if le.PutUint32(p.raw[22:], 0); oggSum(p.raw) != sum {
		return p, fmt.Errorf("the Ogg page at byte %d is damaged", at)
	}
	return p, nil
}

// number gives a page its place in the stream, and the checksum that goes with it.
func (p *oggPage) number(n uint32) {
	le := binary.LittleEndian
	le.PutUint32(p.raw[18:], n)
	le.PutUint32(p.raw[22:], 0)
	le.PutUint32(p.raw[22:], oggSum(p.raw))
}

// oggPages lays header packets out in pages, not yet numbered; flags are the first's.
func oggPages(serial uint32, flags byte, packets [][]byte) []oggPage {
	var lacing []byte
	for _, p := range packets {
		for n := len(p); n >= 255; n -= 255 {
			lacing = append(lacing, 255)
		}
		lacing = append(lacing, byte(len(p)%255))
	}
	body := bytes.Join(packets, nil)
	le := binary.LittleEndian
	var pages []oggPage
	for len(lacing) > 0 {
		n := min(len(lacing), oggSegments)
		size, granule := 0, oggNowhere
		for _, l := range lacing[:n] {
			if size += int(l); l < 255 {
				granule = 0
			}
		}
		raw := append([]byte("OggS\x00"), flags)
		raw = le.AppendUint64(raw, granule)
		raw = le.AppendUint32(raw, serial)
		raw = append(raw, 0, 0, 0, 0, 0, 0, 0, 0, byte(n))
		raw = append(append(raw, lacing[:n]...), body[:size]...)
		pages = append(pages, oggPage{raw: raw})
		flags = 0
		if lacing[n-1] == 255 {
			flags = oggContinued
		}
		lacing, body = lacing[n:], body[size:]
	}
	return pages
}

// oggTable is of the CRC-32 with the polynomial 0x04c11db7, highest bit first, which
// begins and ends with 0 (RFC 3533, 6).
var oggTable = func() (t [256]uint32) {
	for i := range t {
		r := uint32(i) << 24
		for range 8 {
			carry := r & 0x80000000
			if r <<= 1; carry != 0 {
				r ^= 0x04c11db7
			}
		}
		t[i] = r
	}
	return t
}()

func oggSum(b []byte) (sum uint32) {
	for _, x := range b {
		sum = sum<<8 ^ oggTable[byte(sum>>24)^x]
	}
	return sum
}
