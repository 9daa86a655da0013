package audiofile

import (
	"bytes"
	"encoding/binary"
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
		if c.id == "bext" {
			r.readStamp(c)
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

// readStamp reads the time reference of a bext chunk: 64 bits, which follow 338
// bytes of text (EBU Tech 3285, 2.3).
func (r *Reader) readStamp(c chunk) {
	const at = 338
	var b [8]byte
	if c.size < at+int64(len(b)) || readAt(r.file, b[:], c.off+at) != nil {
		r.warn("metadata chunk %q is damaged and ignored", c.id)
		return
	}
	stamp := int64(binary.LittleEndian.Uint64(b[:])) // what is beyond 2^63 is negative, and no time
	r.info.TimeStamp = &stamp
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
		r.setTag(f.name, f.text)
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
func (r *Reader) setTag(name, text string) {
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
		r.info.Tags = map[string]string{}
	}
	r.info.Tags[name] = text
}
