package audiofile

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-audio/wav"
)

// maxMetadata is the longest chunk of metadata that is looked into.
const maxMetadata = 1 << 20

// readMetadata reads INFO, cue and smpl with go-audio/wav. That library
// believes every size it reads and allocates by it, so it never sees the file:
// it is given a WAV made in memory from those chunks alone, after their inner
// sizes have been found to fit. Metadata that does not is left out with a
// warning; it is no reason to refuse the sound.
func (r *Reader) readMetadata(t *riff) {
	safe := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\xbb\x00\x00\x00\x77\x01\x00\x02\x00\x10\x00")
	found := false
	for _, c := range t.chunks {
		switch c.id {
		case "bext":
			r.readBroadcast(c)
		case "iXML":
			r.readIXML(c)
		case "id3 ", "ID3 ":
			defer r.readID3(c) // after INFO, which is asked first
		}
		check := metadataChecks[c.id]
		if check == nil {
			continue
		}
		if c.size > maxMetadata || len(safe) > 2*maxMetadata {
			r.warn("metadata chunk %q of %d bytes is too long and ignored", c.id, c.size)
			continue
		}
		b := make([]byte, c.size, c.size+1)
		if err := readAt(r.file, b, c.off); err != nil {
			return
		}
		if c.id == "LIST" && !bytes.HasPrefix(b, []byte("INFO")) {
			continue // adtl, exif, ...
		}
		if !check(b) {
			r.warn("metadata chunk %q is damaged and ignored", c.id)
			continue
		}
		if len(b)&1 == 1 {
			b = append(b, 0)
		}
		safe = append(safe, c.id...)
		safe = binary.LittleEndian.AppendUint32(safe, uint32(len(b)))
		safe = append(safe, b...)
		found = true
	}
	if !found {
		return
	}
	d := wav.NewDecoder(bytes.NewReader(safe))
	d.ReadMetadata()
	if d.Metadata != nil {
		r.takeMetadata(d.Metadata)
	}
}

// payload reads a chunk of metadata of at most so many bytes; nil, with a warning,
// where it is longer or cannot be read.
func (r *Reader) payload(c chunk, most int64) []byte {
	if c.size > most {
		r.warn("metadata chunk %q of %d bytes is too long and ignored", c.id, c.size)
		return nil
	}
	b := make([]byte, c.size)
	if readAt(r.file, b, c.off) != nil {
		r.damaged(c)
		return nil
	}
	return b
}

func (r *Reader) damaged(c chunk) { r.warn("metadata chunk %q is damaged and ignored", c.id) }

// readBroadcast reads a bext chunk.
func (r *Reader) readBroadcast(c chunk) {
	b := r.payload(c, maxMetadata)
	if b == nil {
		return
	}
	bext, ok := parseBroadcast(b)
	if !ok {
		r.damaged(c)
		return
	}
	r.info.Broadcast, r.info.TimeStamp = bext, &bext.TimeReference
}

// readIXML reads an iXML chunk.
func (r *Reader) readIXML(c chunk) {
	b := r.payload(c, maxMetadata)
	if b == nil {
		return
	}
	var ok bool
	if r.info.IXML, ok = parseIXML(b); !ok {
		r.damaged(c)
	}
}

// readID3 reads a chunk that holds an ID3v2 tag, with its cover.
func (r *Reader) readID3(c chunk) {
	b := r.payload(c, MaxPicture+maxMetadata)
	if b == nil {
		return
	}
	tag, err := parseID3(b)
	if err != nil {
		r.warn("metadata chunk %q is damaged (%v)", c.id, err)
	}
	for _, name := range slices.Sorted(maps.Keys(tag.tags)) {
		r.setTag("id3", name, tag.tags[name])
	}
	if tag.cover != nil {
		r.setCover("id3", func() (*Picture, error) { return tag.cover, nil })
	}
}

func (r *Reader) setCover(where string, read func() (*Picture, error)) {
	if r.cover == nil {
		r.cover = map[string]func() (*Picture, error){}
	}
	r.cover[where] = read
}

// Cover returns the front cover: of a FLAC file's picture block, or of an ID3 tag;
// nil where there is none.
func (r *Reader) Cover() (*Picture, error) {
	for _, where := range []string{"vorbis", "id3"} {
		if read := r.cover[where]; read != nil {
			return read()
		}
	}
	return nil, nil
}

// metadataChecks says, for each chunk that is read, whether its inner sizes are true.
var metadataChecks = map[string]func([]byte) bool{
	"LIST": func(b []byte) bool {
		for b = b[4:]; len(b) >= 8; {
			n := int(binary.LittleEndian.Uint32(b[4:]))
			if n < 0 || n > len(b)-8 {
				return false
			}
			b = b[min(8+n+n&1, len(b)):]
		}
		return len(b) <= 1 // a stray pad byte
	},
	"cue ": func(b []byte) bool {
		return len(b) >= 4 && int64(binary.LittleEndian.Uint32(b))*24 <= int64(len(b)-4)
	},
	"smpl": func(b []byte) bool {
		return len(b) >= 36 && int64(binary.LittleEndian.Uint32(b[28:]))*24 <= int64(len(b)-36)
	},
}

func (r *Reader) takeMetadata(m *wav.Metadata) {
	for _, f := range []struct{ name, text string }{
		{"title", m.Title}, {"artist", m.Artist}, {"album", m.Product}, {"track", m.TrackNbr}, {"date", m.CreationDate},
		{"genre", m.Genre}, {"comment", m.Comments}, {"copyright", m.Copyright}, {"engineer", m.Engineer},
		{"technician", m.Technician}, {"software", m.Software}, {"source", m.Source}, {"subject", m.Subject},
		{"keywords", m.Keywords}, {"medium", m.Medium}, {"archive", m.Location},
	} {
		r.setTag("info", f.name, f.text)
	}
	for _, c := range m.CuePoints {
		r.info.Cues = append(r.info.Cues, Cue{ID: binary.LittleEndian.Uint32(c.ID[:]), Frame: int64(c.SampleOffset)})
	}
	if m.SamplerInfo != nil {
		for _, l := range m.SamplerInfo.Loops {
			r.info.Loops = append(r.info.Loops, Loop{Start: int64(l.Start), End: int64(l.End), Count: int(l.PlayCount)})
		}
	}
}

// setTag keeps a text. INFO has no encoding of its own: what is not UTF-8 is
// taken for Latin-1, which is what older writers mean.
func (r *Reader) setTag(where, name, text string) {
	if !utf8.ValidString(text) {
		var b strings.Builder
		for _, c := range []byte(text) {
			b.WriteRune(rune(c))
		}
		text = b.String()
	}
	if text = strings.TrimRight(text, "\x00 "); text == "" {
		return
	}
	if r.info.Tags == nil {
		r.info.Tags, r.info.TagsIn = map[string]string{}, map[string]map[string]string{}
	}
	if r.info.TagsIn[where] == nil {
		r.info.TagsIn[where] = map[string]string{}
	}
	r.info.TagsIn[where][name] = text
	if where != "id3" || r.info.Tags[name] == "" {
		r.info.Tags[name] = text
	}
}
