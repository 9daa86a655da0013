package demo

import (
	"fmt"
	"io"

	"github.com/lathe-audio/lathe/render/audiofile"
)

// writeFLAC writes the sound as FLAC of 16 or 24 bits.
func writeFLAC(w io.WriteSeeker, s *sound, depth int) error {
	out, err := audiofile.Create(w, audiofile.Spec{Format: "flac", Rate: s.rate, Channels: len(s.ch), Bits: depth})
	if err == nil {
		err = out.WriteInt(s.integers(0, s.frames(), depth))
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return fmt.Errorf("flac: %w", err)
	}
	return withoutFrameSizes(w)
}

// withoutFrameSizes takes the sizes of the shortest and longest frame out of the
// header, where 0 stands for unknown (RFC 9639, section 8.2): the examples were
// written without, and are the same bytes for ever.
func withoutFrameSizes(w io.WriteSeeker) error {
	const place = 4 + 4 + 2 + 2 // signature, block header, smallest and largest block
	if _, err := w.Seek(place, io.SeekStart); err != nil {
		return err
	}
	if _, err := w.Write(make([]byte, 6)); err != nil {
		return err
	}
	_, err := w.Seek(0, io.SeekEnd)
	return err
}
