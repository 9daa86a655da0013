package audiofile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// mp3 is an MPEG-1 layer III file whose first frame says how long the sound is
// (Xing's and LAME's header): without it no decoder can leave out what the coder
// put around it.
type mp3 struct {
	Coded
	src         io.ReaderAt
	first, last int64 // the frames, that one included, between the tags
}

// id3v1Bytes is the length of the older tag, at the end of a file.
const id3v1Bytes = 128

// decoderDelay is what every decoder adds to the encoder's delay (LAME's header
// counts without it): 528 frames of the filter bank and one.
const decoderDelay = 529

func openMP3(src io.ReaderAt, size int64) (*mp3, error) {
	f := &mp3{src: src, last: size, Coded: Coded{Format: "mp3", Tags: map[string]string{}}}
	head := make([]byte, 10)
	for {
		if err := readAt(src, head, f.first); err != nil {
			return nil, err
		}
		if string(head[:3]) != "ID3" {
			break
		}
		end := f.first + id3Size(head)
		if end > size {
			return nil, io.ErrUnexpectedEOF
		}
		tag := make([]byte, end-f.first)
		if err := readAt(src, tag, f.first); err != nil {
			return nil, err
		}
		said, err := parseID3(tag)
		if err != nil {
			return nil, err
		}
		f.Tags, f.Cover, f.first = said.tags, said.cover, end
	}
	if end := make([]byte, 3); size-f.first >= id3v1Bytes {
		if err := readAt(src, end, size-id3v1Bytes); err != nil {
			return nil, err
		}
		if string(end) == "TAG" {
			f.last -= id3v1Bytes
		}
	}
	if err := f.header(); err != nil {
		return nil, err
	}
	var err error
	f.Bytes = f.last - f.first
	f.Audio, err = digestOf(src, f.first, f.last)
	return f, err
}

// header reads the frame that holds no sound but says how much of it there is.
func (f *mp3) header() error {
	b := make([]byte, min(f.last-f.first, 4+32+4+4+4+4+100+4+24))
	if err := readAt(f.src, b, f.first); err != nil {
		return err
	}
	be := binary.BigEndian
	switch {
	case len(b) < 4+32+8 || b[0] != 0xff || b[1]&0xe0 != 0xe0:
		return fmt.Errorf("no MP3: it does not begin with a frame")
	case b[1]&0x1e != 0x1a: // MPEG-1, layer III
		return fmt.Errorf("no MPEG-1 layer III")
	}
	f.Rate = [4]int{44100, 48000, 32000, 0}[b[2]>>2&3]
	side := 32
	if b[3]>>6 == 3 { // mono
		side = 17
	}
	x := b[4+side:]
	if id := x[:4]; !bytes.Equal(id, []byte("Xing")) && !bytes.Equal(id, []byte("Info")) {
		return fmt.Errorf("an MP3 that does not say how long it is (no Xing or LAME header)")
	}
	flags := be.Uint32(x[4:])
	x = x[8:]
	const hasFrames, hasBytes, hasTable, hasQuality = 1, 2, 4, 8
	if flags&hasFrames == 0 || len(x) < 4 {
		return fmt.Errorf("an MP3 that does not say how many frames it has")
	}
	f.Frames = int64(be.Uint32(x)) * 1152
	x = x[4:]
	for _, one := range []struct {
		flag uint32
		size int
	}{{hasBytes, 4}, {hasTable, 100}, {hasQuality, 4}} {
		if flags&one.flag != 0 {
			if len(x) < one.size {
				return io.ErrUnexpectedEOF
			}
			x = x[one.size:]
		}
	}
	if len(x) < 24 {
		return fmt.Errorf("an MP3 that does not say what its coder added (no LAME header)")
	}
	delay, padding := int64(x[21])<<4|int64(x[22])>>4, int64(x[22]&0xf)<<8|int64(x[23])
	f.Frames -= delay + padding
	f.Delay, f.Padding = delay+decoderDelay, padding-decoderDelay
	if f.Rate == 0 || f.Frames <= 0 {
		return fmt.Errorf("an MP3 whose header contradicts itself")
	}
	return nil
}

func (f *mp3) describe() Coded { return f.Coded }

func (f *mp3) copy(dst io.Writer, m Metadata) error {
	if m.Texts {
		return fmt.Errorf("audiofile: copy: an MP3 file has no texts but ID3")
	}
	if m.ID3 {
		if _, err := dst.Write(id3Tag(m.Tags, m.Cover)); err != nil {
			return err
		}
	}
	return part(dst, f.src, f.first, f.last)
}
