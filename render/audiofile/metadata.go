package audiofile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// Metadata is what a file says of its recording beside the samples.
type Metadata struct {
	// Tags is text by the names of [Fields]. A file says what it has a place for.
	Tags map[string]string
	// Cover goes into FLAC files and ID3 tags.
	Cover *Picture
	// Texts writes the tags as the format itself has them: LIST/INFO in WAV, text
	// chunks in AIFF, Vorbis comments in FLAC, which carry the cover too.
	Texts bool
	// ID3 writes tags and cover as an ID3v2.3 tag in a chunk; WAV and AIFF only.
	ID3 bool
	// Broadcast is a bext chunk; WAV only.
	Broadcast *Broadcast
	// IXML is an iXML chunk; WAV only.
	IXML *IXML
}

// Picture is a cover, as it lies in a file of its own.
type Picture struct {
	MIME                 string // "image/jpeg" or "image/png"
	Width, Height, Depth int    // pixels, bits a pixel
	Data                 []byte
}

// MaxPicture is the largest picture that goes into a FLAC file, in bytes: lengths of
// metadata blocks have 24 bits.
const MaxPicture = 1<<24 - 1 - 1024

// CopyWith copies a file that a [Writer] made, of size bytes, and adds metadata: so
// new words need no new sound. What is around the samples is all that changes; in
// a WAV file the result is the same bytes as if the INFO tags had been there from
// the start. A WAV file that passes 4 GiB by it becomes RF64.
func CopyWith(dst io.Writer, src io.ReaderAt, size int64, m Metadata) error {
	var head [12]byte
	if _, err := src.ReadAt(head[:], 0); err != nil {
		return fmt.Errorf("audiofile: copy: %w", err)
	}
	copy := copyWAV
	switch sniff(head[:]) {
	case looksWAV:
	case looksAIFF, looksAIFC:
		copy = copyAIFF
	case looksFLAC:
		copy = copyFLAC
	default:
		return fmt.Errorf("audiofile: copy: %q is nothing that takes metadata", head[:4])
	}
	return copy(dst, src, size, m)
}

// part copies a stretch of a file.
func part(dst io.Writer, src io.ReaderAt, from, to int64) error {
	n, err := io.Copy(dst, io.NewSectionReader(src, from, to-from))
	if err == nil && n < to-from {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("audiofile: copied %d bytes of %d: %w", n, to-from, err)
	}
	return nil
}

// copyWAV puts bext before the format, as EBU Tech 3285 has it, and the rest
// behind the samples.
func copyWAV(dst io.Writer, src io.ReaderAt, size int64, m Metadata) error {
	t, err := scanRIFF(src, size)
	if err != nil {
		return err
	}
	if !t.hasData || t.data.end()+t.data.size&1 != size {
		return fmt.Errorf("audiofile: copy: a WAV file that already has something behind its samples")
	}
	var front, back []byte
	if m.Broadcast != nil {
		front = riffChunk(front, "bext", m.Broadcast.bytes())
	}
	if m.Texts {
		if back, err = infoChunk(only(m.Tags, infoColumn)); err != nil {
			return err
		}
	}
	if m.ID3 {
		back = riffChunk(back, "id3 ", id3Tag(m.Tags, m.Cover))
	}
	if m.IXML != nil {
		back = riffChunk(back, "iXML", m.IXML.bytes())
	}
	le := binary.LittleEndian
	form, first := t.form, int64(12) // the first chunk that is copied
	riffSize := uint64(size) - 8 + uint64(len(front)+len(back))
	head := make([]byte, 36)
	switch {
	case form == "RF64":
		if err := readAt(src, head, 0); err != nil {
			return err
		}
		le.PutUint64(head[20:], riffSize)
		first = 12 + 8 + 28
		more := make([]byte, first-36)
		if err := readAt(src, more, 36); err != nil {
			return err
		}
		head = append(head, more...)
	case form == "RIFF" && riffSize <= math.MaxUint32:
		if err := readAt(src, head[:12], 0); err != nil {
			return err
		}
		head = head[:12]
		le.PutUint32(head[4:], uint32(riffSize))
	case form == "RIFF":
		fc, _ := t.find("fmt ")
		f, err := readFormat(src, fc)
		if err != nil {
			return err
		}
		head = append(head[:0], "RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00"...)
		head = le.AppendUint64(head, riffSize+8+28)
		head = le.AppendUint64(head, uint64(t.data.size))
		head = le.AppendUint64(head, uint64(t.data.size/int64(f.frameBytes())))
		head = le.AppendUint32(head, 0)
	default:
		return fmt.Errorf("audiofile: copy: %q cannot take metadata", form)
	}
	if _, err := dst.Write(append(head, front...)); err != nil {
		return err
	}
	if err := part(dst, src, first, t.data.off-4); err != nil {
		return err
	}
	length := clamp32(t.data.size)
	if form == "RF64" || riffSize > math.MaxUint32 {
		length = streamed
	}
	if _, err := dst.Write(le.AppendUint32(nil, length)); err != nil {
		return err
	}
	if err := part(dst, src, t.data.off, size); err != nil {
		return err
	}
	_, err = dst.Write(back)
	return err
}

// riffChunk appends a chunk.
func riffChunk(to []byte, id string, payload []byte) []byte {
	to = binary.LittleEndian.AppendUint32(append(to, id...), uint32(len(payload)))
	return padded(append(to, payload...), len(payload))
}

// aiffChunk appends a chunk.
func aiffChunk(to []byte, id string, payload []byte) []byte {
	to = binary.BigEndian.AppendUint32(append(to, id...), uint32(len(payload)))
	return padded(append(to, payload...), len(payload))
}

func padded(b []byte, payload int) []byte {
	if payload&1 == 1 {
		b = append(b, 0)
	}
	return b
}

// copyAIFF puts text chunks and ID3 behind the samples.
func copyAIFF(dst io.Writer, src io.ReaderAt, size int64, m Metadata) error {
	var back []byte
	if m.Texts {
		for _, f := range fields {
			if text := m.Tags[f.Name]; f.AIFF != "" && text != "" {
				back = aiffChunk(back, f.AIFF, []byte(text))
			}
		}
	}
	if m.ID3 {
		back = aiffChunk(back, "ID3 ", id3Tag(m.Tags, m.Cover))
	}
	if m.Broadcast != nil || m.IXML != nil {
		return fmt.Errorf("audiofile: copy: bext and iXML are for WAV files")
	}
	total := size - 8 + int64(len(back))
	if total > math.MaxUint32 {
		return tooLong("aiff")
	}
	head := make([]byte, 8)
	if err := readAt(src, head, 0); err != nil {
		return err
	}
	binary.BigEndian.PutUint32(head[4:], uint32(total))
	if _, err := dst.Write(head); err != nil {
		return err
	}
	if err := part(dst, src, 8, size); err != nil {
		return err
	}
	_, err := dst.Write(back)
	return err
}

// Types of FLAC metadata blocks, and the flag of the last one.
const (
	flacStreamInfo = 0
	flacComments   = 4
	flacPicture    = 6
	flacLast       = 0x80
)

// flacVendor is what Vorbis comments begin with: the program that wrote the file.
const flacVendor = "lathe"

// copyFLAC replaces all metadata blocks but the stream's description.
func copyFLAC(dst io.Writer, src io.ReaderAt, size int64, m Metadata) error {
	if m.ID3 || m.Broadcast != nil || m.IXML != nil {
		return fmt.Errorf("audiofile: copy: ID3, bext and iXML are not for FLAC files")
	}
	head := make([]byte, 4+4+34)
	if err := readAt(src, head, 0); err != nil {
		return err
	}
	first := int64(len(head))
	for last := head[4]&flacLast != 0; !last; { // blocks that are there already
		var h [4]byte
		if err := readAt(src, h[:], first); err != nil {
			return err
		}
		last = h[0]&flacLast != 0
		first += 4 + int64(binary.BigEndian.Uint32(h[:])&0xffffff)
	}
	var blocks [][]byte
	if m.Texts {
		blocks = append(blocks, flacBlock(flacComments, vorbisComments(m.Tags)))
		if m.Cover != nil {
			blocks = append(blocks, flacBlock(flacPicture, m.Cover.flac()))
		}
	}
	head[4] = flacStreamInfo
	if len(blocks) == 0 {
		head[4] |= flacLast
	} else {
		blocks[len(blocks)-1][0] |= flacLast
	}
	for _, b := range blocks {
		if len(b)-4 > 1<<24-1 {
			return &Error{Kind: TooLong, Detail: fmt.Sprintf("%d bytes of metadata where a FLAC file takes 16 MiB: take a smaller cover", len(b))}
		}
	}
	if _, err := dst.Write(append(head, slices.Concat(blocks...)...)); err != nil {
		return err
	}
	return part(dst, src, first, size)
}

func flacBlock(kind byte, body []byte) []byte {
	n := len(body)
	return append([]byte{kind, byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// vorbisComments is the body of a comment block (RFC 9639, 8.6), little-endian
// unlike all else.
func vorbisComments(tags map[string]string) []byte {
	le := binary.LittleEndian
	count, list := uint32(0), []byte(nil)
	for _, f := range fields {
		text := tags[f.Name]
		if text == "" {
			continue
		}
		for _, entry := range entries(f.Name, text) {
			line := f.Vorbis + "=" + entry
			list = le.AppendUint32(list, uint32(len(line)))
			list = append(list, line...)
			count++
		}
	}
	b := le.AppendUint32(nil, uint32(len(flacVendor)))
	b = append(b, flacVendor...)
	return append(le.AppendUint32(b, count), list...)
}

// flac is the body of a picture block (RFC 9639, 8.8).
func (p *Picture) flac() []byte {
	be := binary.BigEndian
	b := be.AppendUint32(nil, frontCover)
	b = append(be.AppendUint32(b, uint32(len(p.MIME))), p.MIME...)
	b = be.AppendUint32(b, 0) // no description
	for _, n := range []int{p.Width, p.Height, p.Depth, 0} {
		b = be.AppendUint32(b, uint32(n))
	}
	return append(be.AppendUint32(b, uint32(len(p.Data))), p.Data...)
}

// frontCover is the kind of picture, in FLAC as in ID3.
const frontCover = 3

// Verify holds what was read of a file against the metadata that was written into
// it, place by place, and names the first that differs: each by what a reader of
// its own makes of the bytes.
func (m Metadata) Verify(r *Reader) error {
	info := r.Info()
	texts := map[string]map[string]string{}
	format := map[string]string{"aiff": "aiff", "aifc": "aiff", "flac": "vorbis"}[info.Format]
	if format == "" {
		format = "info"
	}
	if m.Texts {
		column := map[string]func(Field) string{"aiff": aiffColumn, "vorbis": vorbisColumn, "info": infoColumn}[format]
		texts[format] = only(m.Tags, column)
	}
	if m.ID3 {
		texts["id3"] = asID3(only(m.Tags, id3Column))
	}
	for _, where := range []string{"info", "aiff", "vorbis", "id3"} {
		want, got := texts[where], info.TagsIn[where]
		for _, f := range fields {
			if got[f.Name] != strings.TrimRight(want[f.Name], "\x00 ") { // as it is read
				return fmt.Errorf("%s: %s reads back as %q, not %q, in %s", r.Name(), f.Name, got[f.Name], want[f.Name], where)
			}
		}
	}
	for _, where := range []string{"vorbis", "id3"} {
		want := m.Cover != nil && texts[where] != nil
		if (r.cover[where] != nil) != want {
			return fmt.Errorf("%s: the cover in %s does not read back", r.Name(), where)
		}
		if want {
			if p, err := r.cover[where](); err != nil || p.MIME != m.Cover.MIME || !bytes.Equal(p.Data, m.Cover.Data) {
				return fmt.Errorf("%s: the cover in %s reads back as other bytes (%v)", r.Name(), where, err)
			}
		}
	}
	if !sameBytes(m.Broadcast, info.Broadcast) {
		return fmt.Errorf("%s: bext reads back otherwise", r.Name())
	}
	if !sameBytes(m.IXML, info.IXML) {
		return fmt.Errorf("%s: iXML reads back otherwise", r.Name())
	}
	return nil
}

// sameBytes reports whether what was read would be written as what was written:
// in as many digits and characters as the file has room for.
func sameBytes[T any, P interface {
	*T
	bytes() []byte
}](want, got P) bool {
	if want == nil || got == nil {
		return want == got
	}
	return bytes.Equal(want.bytes(), got.bytes())
}

// asID3 are tags as they come back from ID3v2.3, which knows whole dates and years,
// and languages by three letters.
func asID3(tags map[string]string) map[string]string {
	out := maps.Clone(tags)
	if date := tags["date"]; date != "" && len(date) != len("2026-11-20") {
		out["date"], _, _ = strings.Cut(date, "-")
	}
	if code := tags["language"]; code != "" {
		out["language"] = id3Language(code)
	}
	return out
}

// Says lists what a file of a format tells with this metadata, in alphabetical
// order: the names of its texts, and "bext", "cover" and "ixml".
func (m Metadata) Says(format string) []string {
	said := map[string]string{}
	switch {
	case slices.Contains(CodedFormats(), format):
		said = m.codedTags(format)
	case m.Texts:
		column := map[string]func(Field) string{"aiff": aiffColumn, "aifc": aiffColumn, "flac": vorbisColumn, "wav": infoColumn}[format]
		maps.Copy(said, only(m.Tags, column))
	}
	if m.ID3 {
		maps.Copy(said, only(m.Tags, id3Column))
	}
	if m.Broadcast != nil {
		said["bext"] = ""
	}
	if m.IXML != nil {
		said["ixml"] = ""
	}
	if m.Cover != nil && (m.ID3 || m.Texts && (format == "flac" || slices.Contains(CodedFormats(), format))) {
		said["cover"] = ""
	}
	return slices.Sorted(maps.Keys(said))
}

// Says is the same of a file of a lossy format.
func (c Coded) Says() []string {
	said := maps.Clone(c.Tags)
	if said == nil {
		said = map[string]string{}
	}
	if c.Cover != nil {
		said["cover"] = ""
	}
	return slices.Sorted(maps.Keys(said))
}

// Says is the same of a file that is read, with the names that are its own.
func (r *Reader) Says() []string {
	said := maps.Clone(r.info.Tags)
	if said == nil {
		said = map[string]string{}
	}
	if r.info.Broadcast != nil {
		said["bext"] = ""
	}
	if r.info.IXML != nil {
		said["ixml"] = ""
	}
	if len(r.cover) > 0 {
		said["cover"] = ""
	}
	return slices.Sorted(maps.Keys(said))
}
