package audiofile

import (
	"bytes"

	"github.com/mewkiz/flac/frame"
)

// checkEnd looks whether the last whole frame in the file is the stream's last,
// so that a file that was cut off is noticed when it is opened, without decoding
// all of it. Frames are looked for, backwards, in as much of the file's end as
// two of them can take; where there is none (behind it is a long tag, or
// something else again) nothing is said. A frame is one whose checksums are
// right: by header alone, noise would pass for one in every ten thousandth file.
func (s *flacSource) checkEnd() error {
	info := &s.r.info
	longest := s.longest
	if longest == 0 { // the encoder did not say
		longest = int(s.block)*info.Channels*(info.BitDepth+1)/8 + 64
	}
	size := max(min(2*int64(longest)+4096, s.r.size-s.first), 0)
	b := make([]byte, size)
	if err := readAt(s.r.file, b, s.r.size-size); err != nil {
		return err
	}
	for at := len(b) - 2; at >= 0; at-- {
		if b[at] != 0xFF || b[at+1]&0xFE != 0xF8 { // sync code
			continue
		}
		f, err := frame.New(bytes.NewReader(b[at:]))
		if err != nil || !s.fits(f) || f.Parse() != nil {
			continue
		}
		if end := s.start(f) + int64(f.BlockSize); end < info.Frames {
			return truncated(end, info.Frames, info.Rate)
		}
		return nil
	}
	if s.r.size <= s.first {
		return truncated(0, info.Frames, info.Rate)
	}
	return nil
}

// fits reports whether a frame is of the stream's format, and completes what the
// frame leaves to the header, which the library does not see.
func (s *flacSource) fits(f *frame.Frame) bool {
	info := &s.r.info
	if f.BitsPerSample == 0 {
		f.BitsPerSample = uint8(info.BitDepth)
	}
	return f.Channels.Count() == info.Channels && int(f.BitsPerSample) == info.BitDepth && f.BlockSize > 0 &&
		(f.SampleRate == 0 || int(f.SampleRate) == info.Rate)
}
