package audiofile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// interleaved gives out samples as they lie in a file, frame by frame, from one
// buffer.
type interleaved struct {
	fill    func() error // puts the next whole frames into have; io.EOF at the end
	have    []byte       // not yet given out
	align   int          // bytes a frame takes
	convert converter
	loose   bool  // samples that are no numbers are given out as they are
	pos     int64 // frames given out, or passed over
	rate    int   // for errors
}

// pcmSource reads samples that lie in one piece of the file, as in WAV and AIFF.
type pcmSource struct {
	interleaved
	r      *Reader // for the file and the digests
	data   chunk
	native func([]byte) // makes the file's bytes those of WAV, in place; nil where they are
	buf    []byte
	next   int64 // where the file is read on
}

// bufBytes is the size of a reader's buffer: large enough that a system call
// costs nothing per frame, small enough for the cache between disk and samples.
const bufBytes = 48 << 10

// readPCM makes data, which holds whole frames, what the reader reads from.
// native makes the bytes of the file those of a WAV file, in place; nil where
// they are.
func (r *Reader) readPCM(f pcmFormat, data chunk, native func([]byte)) {
	align := f.frameBytes()
	size := max(bufBytes/align, 1) * align
	src := &pcmSource{
		interleaved: interleaved{align: align, convert: converterFor(f), rate: f.rate},
		r:           r, data: data, native: native, next: data.off,
		buf: make([]byte, min(int64(size), max(data.size, 1))),
	}
	src.fill = src.readOn
	r.src = src
}

// truncated is the error for a file that ends before its samples do.
func truncated(have, want int64, rate int) error {
	seconds := func(frames int64) float64 { return float64(frames) / float64(rate) }
	return &Error{Kind: Truncated, Err: io.ErrUnexpectedEOF, Detail: fmt.Sprintf(
		"truncated: the last %.3f s of %.3f s are missing: copy or export it again", seconds(want-have), seconds(want))}
}

func (s *interleaved) read(dst [][]float64) (int, error) {
	want, n := len(dst[0]), 0
	for n < want {
		if len(s.have) == 0 {
			if err := s.fill(); err != nil {
				return n, err
			}
		}
		frames := min(want-n, len(s.have)/s.align)
		if bad := s.convert(dst, n, frames, s.have); bad >= 0 {
			if !s.loose {
				s.skip(bad)
				return n + bad, s.nonFinite(len(dst))
			}
			s.passOn(dst, n+bad, s.have[bad*s.align:])
			frames = bad + 1
		}
		s.skip(frames)
		n += frames
	}
	return n, nil
}

func (s *interleaved) skip(frames int) {
	s.have = s.have[frames*s.align:]
	s.pos += int64(frames)
}

// readOn fills the empty buffer.
func (s *pcmSource) readOn() error {
	rest := s.data.end() - s.next
	if rest == 0 {
		return io.EOF
	}
	b := s.buf[:min(rest, int64(len(s.buf)/s.align*s.align))]
	if err := readAt(s.r.file, b, s.next); err != nil {
		return err
	}
	if s.r.sums != nil {
		s.r.sums.file.Write(b)
	}
	if s.native != nil {
		s.native(b)
	}
	if s.r.sums != nil {
		s.r.sums.samples(b)
	}
	s.next += int64(len(b))
	s.have = b
	return nil
}

func (s *pcmSource) seek(frame int64) error {
	s.have, s.pos = nil, frame
	s.next = s.data.off + frame*int64(s.align)
	return nil
}

func (s *pcmSource) drain() error {
	for {
		s.have = nil
		if err := s.fill(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// passOn gives out one frame of floats whatever they are.
func (s *interleaved) passOn(dst [][]float64, at int, raw []byte) {
	size := s.align / len(dst)
	for ch := range dst {
		if b := raw[ch*size:]; size == 4 {
			dst[ch][at] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		} else {
			dst[ch][at] = math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
	}
}

// nonFinite is the error for the next frame, in which there is such a sample.
func (s *interleaved) nonFinite(channels int) error {
	// One sample at a time, to name the channel.
	size := s.align / channels
	one := converterFor(pcmFormat{float: true, container: size, channels: 1})
	for ch := range channels {
		x := [][]float64{{math.NaN()}}
		if one(x, 0, 1, s.have[ch*size:]) >= 0 {
			return &Error{Kind: NonFinite, Detail: fmt.Sprintf("a sample is not a number (NaN or infinite) at %s (frame %d, channel %d): render it again",
				clock(s.pos, s.rate), s.pos, ch+1)}
		}
	}
	return nil
}
