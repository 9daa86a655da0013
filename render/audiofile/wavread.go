package audiofile

import (
	"fmt"
	"io"
	"math"
)

// wavSource reads the samples of a WAV file through one buffer.
type wavSource struct {
	r       *Reader // for the file, its length and the digests
	data    chunk
	align   int // bytes a frame takes
	convert converter

	buf  []byte
	have []byte // what of buf is not yet given out; whole frames
	next int64  // where the file is read on
}

// bufBytes is the size of a reader's buffer: large enough that a system call
// costs nothing per frame, small enough for the cache between disk and samples.
const bufBytes = 48 << 10

// openWAV sets up a reader for WAV, RF64 and BW64.
func (r *Reader) openWAV() error {
	t, err := scanRIFF(r.file, r.size)
	if err != nil {
		return err
	}
	fc, ok := t.find("fmt ")
	if !ok {
		return &Error{Kind: Corrupt, Detail: "damaged: a WAV file without a fmt chunk"}
	}
	f, err := readFormat(r.file, fc)
	if err != nil {
		return err
	}
	if !t.hasData {
		return &Error{Kind: NoData, Detail: "a WAV file without a data chunk: it holds no sound"}
	}
	align := f.frameBytes()
	if t.short > 0 {
		return truncated(t.data.size/int64(align), (t.data.size+t.short)/int64(align), f.rate)
	}
	frames := t.data.size / int64(align)
	r.info = Info{
		Format:        map[string]string{"RIFF": "wav", "RF64": "rf64", "BW64": "bw64"}[t.form],
		Encoding:      "pcm",
		BitDepth:      f.valid,
		ContainerBits: 8 * f.container,
		Channels:      f.channels,
		Rate:          f.rate,
		Frames:        frames,
		Extensible:    f.extensible,
		Mask:          f.mask,
		Warnings:      append(r.info.Warnings, t.warnings...),
	}
	if f.float {
		r.info.Encoding = "float"
	}
	if rest := t.data.size % int64(align); rest != 0 {
		r.warn("the data ends in %d bytes of a frame of %d: they are ignored", rest, align)
	}
	r.readMetadata(t)
	size := max(bufBytes/align, 1) * align
	r.src = &wavSource{
		r:       r,
		data:    chunk{"data", t.data.off, frames * int64(align)},
		align:   align,
		convert: converterFor(f),
		buf:     make([]byte, min(int64(size), max(t.data.size, 1))),
		next:    t.data.off,
	}
	return nil
}

// truncated is the error for a file that ends before its samples do.
func truncated(have, want int64, rate int) error {
	seconds := func(frames int64) float64 { return float64(frames) / float64(rate) }
	return &Error{Kind: Truncated, Err: io.ErrUnexpectedEOF, Detail: fmt.Sprintf(
		"truncated: the last %.3f s of %.3f s are missing: copy or export it again", seconds(want-have), seconds(want))}
}

func (s *wavSource) read(dst [][]float64) (int, error) {
	want, n := len(dst[0]), 0
	for n < want {
		if len(s.have) == 0 {
			if err := s.fill(); err != nil {
				return n, err
			}
		}
		frames := min(want-n, len(s.have)/s.align)
		if bad := s.convert(dst, n, frames, s.have); bad >= 0 {
			err := s.nonFinite(bad)
			s.have = s.have[bad*s.align:]
			return n + bad, err
		}
		s.have = s.have[frames*s.align:]
		n += frames
	}
	return n, nil
}

// fill reads the next whole frames into the empty buffer; io.EOF at the end.
func (s *wavSource) fill() error {
	rest := s.data.end() - s.next
	if rest == 0 {
		return io.EOF
	}
	b := s.buf[:min(rest, int64(len(s.buf)/s.align*s.align))]
	if err := readAt(s.r.file, b, s.next); err != nil {
		return err
	}
	if s.r.sums != nil {
		s.r.sums.data(b)
	}
	s.next += int64(len(b))
	s.have = b
	return nil
}

func (s *wavSource) seek(frame int64) error {
	s.have = nil
	s.next = s.data.off + frame*int64(s.align)
	return nil
}

func (s *wavSource) drain() error {
	for {
		s.have = nil
		if err := s.fill(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// nonFinite is the error for frame bad of what is left in the buffer.
func (s *wavSource) nonFinite(bad int) error {
	frame := (s.next-s.data.off-int64(len(s.have)))/int64(s.align) + int64(bad)
	raw := s.have[bad*s.align:][:s.align]
	// One sample at a time, to name the channel.
	size := s.align / s.r.info.Channels
	one := wavFormat{float: true, container: size, channels: 1}
	for ch := range s.r.info.Channels {
		x := [][]float64{{math.NaN()}}
		if converterFor(one)(x, 0, 1, raw[ch*size:]) >= 0 {
			return &Error{Kind: NonFinite, Detail: fmt.Sprintf("a sample is not a number (NaN or infinite) at %s (frame %d, channel %d): render it again",
				clock(frame, s.r.info.Rate), frame, ch+1)}
		}
	}
	return nil
}
