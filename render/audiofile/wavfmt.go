package audiofile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Format tags of WAV files.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagExtensible = 0xFFFE
)

// guidTail is what follows the format tag in the GUID of an extensible format.
var guidTail = []byte{0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71}

// pcmFormat is what samples look like in a file: the format chunk of a WAV
// file, decoded, or as much of it as another format has.
type pcmFormat struct {
	float     bool
	channels  int
	rate      int
	container int // bytes a sample takes
	valid     int // bits of it that carry sound
	mask      uint32
}

func (f pcmFormat) encoding() string {
	if f.float {
		return "float"
	}
	return "pcm"
}

// frameBytes is what one frame takes in the file.
func (f pcmFormat) frameBytes() int { return f.container * f.channels }

// What is believed of a header: everything after it allocates by these.
const (
	minRate, maxRate = 1000, 1_536_000 // Hz
	maxChannels      = 64
)

func readFormat(f io.ReaderAt, c chunk) (pcmFormat, error) {
	b := make([]byte, min(c.size, 40))
	if err := readAt(f, b, c.off); err != nil {
		return pcmFormat{}, err
	}
	return parseFormat(b)
}

// parseFormat decodes a format chunk. The extension is used where it is there
// and not missed where it is not: some writers give floats (tag 3) in the bare
// 16-byte form that is meant for PCM.
func parseFormat(b []byte) (pcmFormat, error) {
	if len(b) < 16 {
		return pcmFormat{}, corrupt("its fmt chunk has %d bytes where 16 are needed", len(b))
	}
	le := binary.LittleEndian
	tag := le.Uint16(b)
	align, bits := int(le.Uint16(b[12:])), int(le.Uint16(b[14:]))
	f := pcmFormat{channels: int(le.Uint16(b[2:])), rate: int(le.Uint32(b[4:]))}
	valid := bits
	if tag == tagExtensible {
		if len(b) < 40 {
			return f, corrupt("its extensible fmt chunk has %d bytes where 40 are needed", len(b))
		}
		f.mask = le.Uint32(b[20:])
		tag = le.Uint16(b[24:])
		if !bytes.Equal(b[26:40], guidTail) {
			return f, &Error{Kind: Unsupported, Detail: fmt.Sprintf("WAV with a format of its maker's own (GUID %x), which is not supported", b[24:40])}
		}
		if v := int(le.Uint16(b[18:])); v > 0 && v <= bits {
			valid = v
		}
	}
	if tag != tagPCM && tag != tagFloat {
		return f, &Error{Kind: Unsupported, Detail: fmt.Sprintf("WAV with %s, which is not supported: convert it to PCM first", codecName(tag))}
	}
	f.float = tag == tagFloat
	f.valid = valid
	switch {
	case f.channels == 0:
		return f, corrupt("its header says 0 channels")
	case f.channels > maxChannels:
		return f, &Error{Kind: Unsupported, Detail: fmt.Sprintf("WAV with %d channels, which is not supported (at most %d are)", f.channels, maxChannels)}
	case f.rate < minRate || f.rate > maxRate:
		return f, corrupt("its header says a sample rate of %d Hz", f.rate)
	case align == 0: // never filled in
		f.container = (bits + 7) / 8
	case align%f.channels != 0:
		return f, corrupt("its header says %d bytes for a frame of %d channels", align, f.channels)
	default:
		f.container = align / f.channels
	}
	if valid < 1 || valid > 8*f.container || !f.known() {
		kind := "integer"
		if f.float {
			kind = "float"
		}
		return f, &Error{Kind: Unsupported, Detail: fmt.Sprintf("WAV with %d-bit %s samples in %d bytes, which is not supported", valid, kind, f.container)}
	}
	return f, nil
}

// known reports whether samples of this size are read here.
func (f pcmFormat) known() bool {
	if f.float {
		return (f.container == 4 || f.container == 8) && f.valid == 8*f.container
	}
	return f.container >= 1 && f.container <= 4
}

func corrupt(format string, args ...any) error {
	return &Error{Kind: Corrupt, Detail: "damaged: " + fmt.Sprintf(format, args...)}
}

// codecName names a format tag.
func codecName(tag uint16) string {
	names := map[uint16]string{
		0x0002: "Microsoft ADPCM", 0x0006: "A-law", 0x0007: "µ-law", 0x0011: "IMA ADPCM", 0x0016: "G.723 ADPCM",
		0x0031: "GSM 6.10", 0x0040: "G.721 ADPCM", 0x0045: "G.726 ADPCM", 0x0050: "MPEG layer 2", 0x0055: "MP3",
		0x0092: "Dolby AC-3 (S/PDIF)", 0x0160: "Windows Media 7", 0x0161: "Windows Media 9", 0x0162: "Windows Media 9 Pro",
		0x0163: "Windows Media Lossless", 0x00FF: "AAC", 0x2000: "Dolby AC-3", 0x2001: "DTS", 0x566F: "Ogg Vorbis",
		0x674F: "Ogg Vorbis", 0x6750: "Ogg Vorbis", 0x6751: "Ogg Vorbis", 0xF1AC: "FLAC",
	}
	if n, ok := names[tag]; ok {
		return n
	}
	return fmt.Sprintf("codec 0x%04X", tag)
}
