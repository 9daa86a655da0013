package audiofile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// Coded is what a file of a lossy format says of its sound, which is not decoded
// here: an encoder made it, and a program decodes it.
type Coded struct {
	Format string // one of [CodedFormats]
	Rate   int
	// Frames is how many frames a decoder shall give: without what the coder put
	// before and after the sound, Delay and Padding.
	Frames, Delay, Padding int64
	Audio                  [32]byte // SHA-256 of the coded sound: not of what says something about the recording
	Bytes                  int64    // of the coded sound
	Pages                  int      // of Ogg files, that hold it
	Tags                   map[string]string
	Cover                  *Picture

	path string
}

// CodedFormats lists the lossy formats whose files take metadata: MP3, AAC in MP4,
// Opus and Vorbis in Ogg.
func CodedFormats() []string { return []string{"mp3", "aac", "opus", "vorbis"} }

// container is a coded file laid open: what of it is sound, and what is to be
// written around that.
type container interface {
	describe() Coded
	// copy writes the file with other words in it.
	copy(dst io.Writer, m Metadata) error
}

// ReadCoded reads what a file of a lossy format says of itself. It reads what
// encoders write, once: several sounds in one file are an error.
func ReadCoded(path string) (Coded, error) {
	f, err := os.Open(path)
	if err != nil {
		return Coded{}, osError(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Coded{}, osError(path, err)
	}
	c, err := openCoded(f, info.Size())
	if err != nil {
		return Coded{}, &Error{Path: path, Kind: Corrupt, Err: err, Detail: err.Error()}
	}
	said := c.describe()
	said.path = path
	return said, nil
}

// openCoded tells the format by what is there.
func openCoded(src io.ReaderAt, size int64) (container, error) {
	head := make([]byte, min(size, sniffLen))
	if err := readAt(src, head, 0); err != nil {
		return nil, err
	}
	var c container
	var err error
	switch {
	case bytes.HasPrefix(head, []byte("OggS")):
		c, err = openOgg(src, size)
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		c, err = openMP4(src, size)
	default:
		c, err = openMP3(src, size)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("cut off")
	}
	if err != nil {
		return nil, err // and not an interface that holds a nil pointer
	}
	return c, nil
}

// CopyCoded copies a file of a lossy format, of size bytes, and puts metadata in
// place of what it says of the recording: new words need no new encoding. Texts are
// written as the format has them, in MP3 files as ID3; bext and iXML have no place.
// The coded sound is copied byte for byte. What says how long it is becomes exact
// where the encoder could not say it (AAC).
func CopyCoded(dst io.Writer, src io.ReaderAt, size int64, m Metadata) error {
	if m.Broadcast != nil || m.IXML != nil {
		return fmt.Errorf("audiofile: copy: bext and iXML are for WAV files")
	}
	c, err := openCoded(src, size)
	if err != nil {
		return fmt.Errorf("audiofile: copy: %w", err)
	}
	return c.copy(dst, m)
}

// VerifyCoded holds what was read of a coded file against the metadata that was
// written into it, and names the first that differs.
func (m Metadata) VerifyCoded(c Coded) error {
	want := m.codedTags(c.Format)
	for _, name := range slices.Sorted(maps.Keys(union(want, c.Tags))) {
		if strings.TrimRight(want[name], "\x00 ") != c.Tags[name] {
			return fmt.Errorf("%s: %s reads back as %q, not %q", c.path, name, c.Tags[name], want[name])
		}
	}
	cover := m.Cover
	if !m.Texts && !m.ID3 {
		cover = nil
	}
	switch {
	case (cover == nil) != (c.Cover == nil):
		return fmt.Errorf("%s: the cover does not read back", c.path)
	case cover != nil && (cover.MIME != c.Cover.MIME || !bytes.Equal(cover.Data, c.Cover.Data)):
		return fmt.Errorf("%s: the cover reads back as other bytes", c.path)
	}
	return nil
}

// codedTags are the texts that come back from a file of a lossy format.
func (m Metadata) codedTags(format string) map[string]string {
	tags := map[string]string{}
	switch {
	case format == "mp3" && m.ID3:
		tags = asID3(only(m.Tags, id3Column))
	case format == "aac" && m.Texts:
		tags = only(m.Tags, func(f Field) string { return mp4Names[f.Name] })
	case format != "mp3" && m.Texts:
		tags = only(m.Tags, vorbisColumn)
		maps.Copy(tags, opusGains(format, m.Tags))
	}
	return tags
}

// opusGains are the fields that Opus files have in place of ReplayGain's.
func opusGains(format string, tags map[string]string) map[string]string {
	out := map[string]string{}
	if format == "opus" {
		for _, name := range r128Fields {
			if text := tags[strings.ToLower(name)]; text != "" {
				out[strings.ToLower(name)] = text
			}
		}
	}
	return out
}

// r128Fields are the comments of an Opus file that say how much louder or softer it
// is to be played (RFC 7845, 5.2.1): 256ths of a dB, by which it comes to -23 LUFS.
var r128Fields = []string{"R128_TRACK_GAIN", "R128_ALBUM_GAIN"}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	for k := range b {
		all[k] += ""
	}
	return all
}

// digestOf is the SHA-256 of a stretch of a file.
func digestOf(src io.ReaderAt, from, to int64) (sum [32]byte, err error) {
	h := sha256.New()
	if err := part(h, src, from, to); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}
