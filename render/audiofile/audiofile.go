// Package audiofile reads WAV, RF64/BW64, AIFF, AIFF-C and FLAC and writes WAV.
//
// Files are told apart by their content, never by their name. Reading is
// streaming: memory is bounded by one buffer whatever the length, and a block
// is read without allocating. Samples are planar float64 with full scale ±1: an
// integer of b bits is divided by 2^(b-1), so that float64 holds every integer
// format exactly and a copy is a copy. [OpenAny] reads anything else through
// ffmpeg, for who wants to know and not to make something of it.
//
// The chunk scans, the format chunks and the sample conversion are this package's
// own, with every size checked against the file: what studios hand over has sizes
// of 0 and 0xFFFFFFFF from streaming writers, odd chunks without their pad byte,
// extensible headers, and floats in a 16-byte format chunk. go-audio/wav reads the
// INFO, cue and smpl chunks, which it is only given after they have been found
// sound; mewkiz/flac decodes FLAC.
package audiofile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Info is what a file says about itself.
type Info struct {
	Format        string // "wav", "rf64", "bw64", "aiff", "aifc" or "flac"; see [OpenAny]
	Encoding      string // "pcm" or "float"; see [OpenAny]
	BitDepth      int    // bits that carry sound: 8 to 32, or 64 for floats; 0 where samples have no depth of their own (MP3)
	ContainerBits int    // bits a sample takes in the file; 24-bit sound may come in 32
	Channels      int
	Rate          int    // Hz
	Frames        int64  // samples per channel
	Decoder       string // the program that decodes it, with its version; empty for this package
	// ChannelMask says which loudspeakers the channels are for, in their order,
	// in the bits of WAVE_FORMAT_EXTENSIBLE (front left 1, front right 2, centre
	// 4, LFE 8, back 0x10 and 0x20, side 0x200 and 0x400): as the file says, or
	// as is usual for so many channels, or 0.
	ChannelMask uint32
	// Warnings says what is odd about the file and was put up with.
	Warnings []string
	// Tags holds text about the recording by the names of [Fields], or by a name
	// of the file's own in lower case: what the format itself says, and where it
	// says nothing, an ID3 tag.
	Tags map[string]string
	// TagsIn holds the same by where it stands in the file: "info", "aiff",
	// "vorbis" or "id3".
	TagsIn map[string]map[string]string
	// Broadcast and IXML are those chunks of a WAV file, or nil.
	Broadcast *Broadcast
	IXML      *IXML

	Cues  []Cue
	Loops []Loop
	// TimeStamp is the time of day at which the file begins, in frames since
	// midnight, as the bext chunk of a Broadcast WAVE says (EBU Tech 3285); nil
	// where nothing says so.
	TimeStamp *int64
}

// Duration is the length in seconds.
func (i Info) Duration() float64 { return float64(i.Frames) / float64(i.Rate) }

// Cue is a marker of a WAV file.
type Cue struct {
	ID    uint32
	Frame int64
}

// Loop is a sampler's loop: the first and the last frame of it.
type Loop struct {
	Start, End int64
	Count      int // 0: for ever
}

// source decodes one format.
type source interface {
	// read fills the channels of dst, which are equally long, as far as it can
	// and returns how many frames it wrote: fewer than asked for only together
	// with an error, io.EOF at the end.
	read(dst [][]float64) (int, error)
	// seek makes the next read begin at the frame, which lies within the file.
	seek(frame int64) error
	// drain reads on to the end for the sake of the digests alone.
	drain() error
}

// Reader reads the samples of one file. It is not for several goroutines at once.
type Reader struct {
	info   Info
	name   string
	file   io.ReaderAt
	size   int64
	closer io.Closer
	src    source
	sums   *digester // nil unless asked for
	pos    int64
	cover  map[string]func() (*Picture, error) // by the name that TagsIn has for where it is
	stereo [2][]float64                        // ReadStereo's view, kept so that a call allocates nothing
}

// Open opens a file for reading. Whatever keeps it from being read is an
// [*Error] that says which case it is.
func Open(path string) (*Reader, error) {
	// Asked before opening: opening a named pipe would wait for a writer.
	fi, err := os.Stat(path)
	if err != nil {
		return nil, osError(path, err)
	}
	if fi.IsDir() {
		return nil, &Error{Path: path, Kind: NotAudio, Detail: "a folder, not a file"}
	}
	if !fi.Mode().IsRegular() {
		return nil, &Error{Path: path, Kind: NotAudio, Detail: "not a regular file"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, osError(path, err)
	}
	r, err := NewReader(f, fi.Size(), path)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.closer = f
	return r, nil
}

// NewReader reads a file of the given size in bytes; name is for errors. The
// caller closes file.
func NewReader(file io.ReaderAt, size int64, name string) (*Reader, error) {
	r := &Reader{name: name, file: file, size: size}
	head := make([]byte, min(size, sniffLen))
	if _, err := file.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, osError(name, err)
	}
	var err error
	switch sniff(head) {
	case looksWAV:
		err = r.openWAV()
	case looksAIFF, looksAIFC:
		err = r.openAIFF(head[11] == 'C')
	case looksFLAC:
		err = r.openFLAC(0)
	case looksID3:
		// An ID3v2 tag before a FLAC stream is against the format, and common.
		off := id3Size(head)
		var magic [4]byte
		if _, e := file.ReadAt(magic[:], off); e == nil && string(magic[:]) == "fLaC" {
			r.warn("an ID3 tag before the FLAC stream is ignored")
			err = r.openFLAC(off)
		} else {
			err = notAudio(head, size)
		}
	default:
		err = notAudio(head, size)
	}
	if err != nil {
		return nil, r.fail(err)
	}
	return r, nil
}

// Info returns what the file says about itself.
func (r *Reader) Info() Info { return r.info }

// Name returns the path the reader was opened with.
func (r *Reader) Name() string { return r.name }

// Read fills dst, one slice per channel and all equally long, and returns how
// many frames it wrote. It returns fewer than asked for only at the end or
// with an error, and 0 and io.EOF after the end. A sample that is NaN or
// infinite is an [*Error] of kind [NonFinite]; the frames before it are valid.
// See [Reader.AllowNonFinite].
func (r *Reader) Read(dst [][]float64) (int, error) {
	if len(dst) != r.info.Channels {
		return 0, fmt.Errorf("audiofile: %d channels asked of a file with %d", len(dst), r.info.Channels)
	}
	for _, ch := range dst[1:] {
		if len(ch) != len(dst[0]) {
			return 0, errors.New("audiofile: channels of unequal length")
		}
	}
	n, err := r.src.read(dst)
	r.pos += int64(n)
	if err == io.EOF {
		if n > 0 {
			err = nil
		}
		return n, err
	}
	if err != nil {
		err = r.fail(err)
	}
	return n, err
}

// ReadStereo is [Reader.Read] into two channels: a mono file gives both the
// same samples. Files with more than two channels are an [*Error] of kind
// [Unsupported].
func (r *Reader) ReadStereo(left, right []float64) (int, error) {
	r.stereo = [2][]float64{left, right}
	switch r.info.Channels {
	case 1:
		n, err := r.Read(r.stereo[:1])
		copy(right, left[:n])
		return n, err
	case 2:
		return r.Read(r.stereo[:])
	}
	return 0, &Error{Path: r.name, Kind: Unsupported, Detail: fmt.Sprintf("%d channels where mono or stereo is needed", r.info.Channels)}
}

// AllowNonFinite makes Read give out samples that are NaN or infinite instead
// of refusing them: for a meter, which counts them.
func (r *Reader) AllowNonFinite() {
	if s, ok := r.src.(interface{ allowNonFinite() }); ok {
		s.allowNonFinite()
	}
}

func (s *interleaved) allowNonFinite() { s.loose = true }

// SeekFrame makes the next Read begin at the frame. The digests, which need
// every byte in order, are lost.
func (r *Reader) SeekFrame(frame int64) error {
	if frame < 0 || frame > r.info.Frames {
		return fmt.Errorf("audiofile: seek to frame %d of %d", frame, r.info.Frames)
	}
	if frame == r.pos {
		return nil
	}
	r.sums = nil
	if err := r.src.seek(frame); err != nil {
		return r.fail(err)
	}
	r.pos = frame
	return nil
}

// Close closes the file.
func (r *Reader) Close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}

func (r *Reader) warn(format string, args ...any) {
	r.info.Warnings = append(r.info.Warnings, fmt.Sprintf(format, args...))
}

// fail gives an error the file's name.
func (r *Reader) fail(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return osError(r.name, err)
	}
	if e.Path == "" {
		e.Path = r.name
	}
	return err
}

// clock formats a place in the file for people: "1:02.345".
func clock(frame int64, rate int) string {
	// Whole milliseconds, rounded down, in integers: exact for any length.
	ms := frame / int64(rate) * 1000
	ms += frame % int64(rate) * 1000 / int64(rate)
	d := time.Duration(ms) * time.Millisecond
	return fmt.Sprintf("%d:%02d.%03d", d/time.Minute, d%time.Minute/time.Second, d%time.Second/time.Millisecond)
}
