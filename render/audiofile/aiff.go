package audiofile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// aiff is the table of a file's chunks: RIFF's elder brother, big-endian.
type aiff struct {
	chunkTable
	sound    chunk // SSND, as far as the file goes
	hasSound bool
	claims   int64 // what SSND's own header says of its length
}

// scanAIFF lists the chunks of an AIFF or AIFF-C file. Like [scanRIFF] it
// reads chunk headers only, and the length of the whole, which many writers
// leave wrong, is not looked at.
func scanAIFF(f io.ReaderAt, fileSize int64) (*aiff, error) {
	t := &aiff{}
	for pos := int64(12); fileSize-pos >= 8; {
		if len(t.chunks) == maxChunks {
			t.warn("more than %d chunks: the rest is ignored", maxChunks)
			break
		}
		var h [8]byte
		if err := readAt(f, h[:], pos); err != nil {
			return nil, err
		}
		if !isID(h[:4]) {
			t.warn("%d bytes that are no chunk, at byte %d, are ignored", fileSize-pos, pos)
			break
		}
		c := chunk{id: string(h[:4]), off: pos + 8, size: int64(binary.BigEndian.Uint32(h[4:]))}
		if c.id == "SSND" && !t.hasSound {
			if err := t.takeSound(f, &c, fileSize); err != nil {
				return nil, err
			}
		} else if rest := fileSize - c.off; c.size > rest {
			t.warn("chunk %q is cut off: %d bytes of %d", c.id, rest, c.size)
			break
		}
		t.chunks = append(t.chunks, c)
		next, err := afterChunk(f, c, fileSize)
		if err != nil {
			return nil, err
		}
		pos = next
	}
	return t, nil
}

// takeSound settles how far the chunk of samples really goes. A writer that
// could not seek back has left it 0.
func (t *aiff) takeSound(f io.ReaderAt, c *chunk, fileSize int64) error {
	rest := fileSize - c.off
	t.claims = c.size
	if c.size == 0 {
		ends, err := chunksToEnd(f, binary.BigEndian, c.off, fileSize)
		if err != nil {
			return err
		}
		if !ends {
			c.size = rest
		}
	}
	c.size = min(c.size, rest)
	t.sound, t.hasSound = *c, true
	return nil
}

// aiffFormat is the COMM chunk, decoded.
type aiffFormat struct {
	pcmFormat
	frames int64
	native func([]byte) // makes of samples in the file's order what a WAV file has, in place; nil where they are
}

// aiffCodecs are the kinds of samples of AIFF-C that are no compression. A
// plain AIFF is "NONE". Where size is 0 the bits of COMM say it.
var aiffCodecs = map[string]struct {
	size                    int // bytes of a sample
	float, little, unsigned bool
}{
	"NONE": {}, "twos": {}, "sowt": {little: true},
	"in24": {size: 3}, "in32": {size: 4}, "42ni": {size: 3, little: true}, "23ni": {size: 4, little: true},
	"raw ": {size: 1, unsigned: true},
	"fl32": {size: 4, float: true}, "FL32": {size: 4, float: true}, "fl64": {size: 8, float: true}, "FL64": {size: 8, float: true},
}

// parseCOMM decodes the COMM chunk of an AIFF file, or of AIFF-C.
func parseCOMM(b []byte, compressed bool) (f aiffFormat, warning string, err error) {
	codec, need := "NONE", 18
	if compressed {
		need = 22
	}
	if len(b) < need {
		return f, "", corrupt("its COMM chunk has %d bytes where %d are needed", len(b), need)
	}
	if compressed {
		codec = string(b[18:22])
	}
	kind, known := aiffCodecs[codec]
	if !known {
		return f, "", &Error{Kind: Unsupported, Detail: fmt.Sprintf("AIFF-C with %s, which is not supported: convert it to PCM first", aiffCodecName(codec))}
	}
	be := binary.BigEndian
	f.channels, f.frames = int(be.Uint16(b)), int64(be.Uint32(b[2:]))
	f.container, f.valid, f.float = kind.size, 8*kind.size, kind.float
	if kind.size == 0 {
		f.valid = int(be.Uint16(b[6:]))
		f.container = (f.valid + 7) / 8
	}
	rate, whole := extended(b[8:18])
	switch {
	case f.channels == 0:
		return f, "", corrupt("its header says 0 channels")
	case f.channels > maxChannels:
		return f, "", &Error{Kind: Unsupported, Detail: fmt.Sprintf("AIFF with %d channels, which is not supported (at most %d are)", f.channels, maxChannels)}
	case rate < minRate || rate > maxRate:
		return f, "", corrupt("its header says a sample rate of %d Hz", rate)
	case f.valid == 0 || !f.known():
		return f, "", &Error{Kind: Unsupported, Detail: fmt.Sprintf("AIFF with %d-bit samples, which is not supported", f.valid)}
	}
	if f.rate = int(rate); !whole {
		warning = fmt.Sprintf("the sample rate is no whole number: taken as %d Hz", rate)
	}
	f.native = toNative(f.container, kind.little, kind.unsigned)
	return f, warning, nil
}

// extended reads an 80-bit extended float (IEEE 754, SANE) as a whole number,
// rounded, and says whether it is one. What does not fit 32 bits is 0.
func extended(b []byte) (n uint64, whole bool) {
	sign, mantissa := binary.BigEndian.Uint16(b), binary.BigEndian.Uint64(b[2:])
	shift := 16383 + 63 - int(sign) // right, to the integer
	if sign&0x8000 != 0 || shift < 32 || shift > 63 {
		return 0, true
	}
	n = mantissa >> shift
	whole = bits.TrailingZeros64(mantissa) >= shift
	return n + mantissa>>(shift-1)&1, whole
}

// toNative is the change of byte order and sign that makes samples
// little-endian, and those of one byte unsigned, as WAV has them.
func toNative(size int, little, unsigned bool) func([]byte) {
	switch {
	case size == 1 && !unsigned:
		return func(b []byte) {
			for i := range b {
				b[i] ^= 0x80
			}
		}
	case size == 1 || little:
		return nil
	case size == 2:
		return func(b []byte) {
			for ; len(b) >= 2; b = b[2:] {
				b[0], b[1] = b[1], b[0]
			}
		}
	case size == 3:
		return func(b []byte) {
			for ; len(b) >= 3; b = b[3:] {
				b[0], b[2] = b[2], b[0]
			}
		}
	case size == 4:
		return func(b []byte) {
			for ; len(b) >= 4; b = b[4:] {
				binary.LittleEndian.PutUint32(b, binary.BigEndian.Uint32(b))
			}
		}
	}
	return func(b []byte) {
		for ; len(b) >= 8; b = b[8:] {
			binary.LittleEndian.PutUint64(b, binary.BigEndian.Uint64(b))
		}
	}
}

// openAIFF sets up a reader for AIFF and AIFF-C.
func (r *Reader) openAIFF(compressed bool) error {
	t, err := scanAIFF(r.file, r.size)
	if err != nil {
		return err
	}
	comm, ok := t.find("COMM")
	if !ok {
		return &Error{Kind: Corrupt, Detail: "damaged: an AIFF file without a COMM chunk"}
	}
	b := make([]byte, min(comm.size, 22))
	if err := readAt(r.file, b, comm.off); err != nil {
		return err
	}
	f, warning, err := parseCOMM(b, compressed)
	if err != nil {
		return err
	}
	if warning != "" {
		t.warn("%s", warning)
	}
	data, frames, err := t.samples(r.file, f)
	if err != nil {
		return err
	}
	r.info = Info{
		Format: "aiff", Encoding: f.encoding(), BitDepth: f.valid, ContainerBits: 8 * f.container,
		Channels: f.channels, Rate: f.rate, Frames: frames, Warnings: append(r.info.Warnings, t.warnings...),
	}
	if compressed {
		r.info.Format = "aifc"
	}
	r.info.ChannelMask = r.aiffMask(t)
	r.aiffTags(t)
	r.readPCM(f.pcmFormat, data, f.native)
	return nil
}

// samples settles where the samples lie and how many there are: COMM and SSND
// both say so, and writers into a pipe fill in neither.
func (t *aiff) samples(file io.ReaderAt, f aiffFormat) (data chunk, frames int64, err error) {
	if !t.hasSound {
		if f.frames == 0 { // the format allows it
			return chunk{}, 0, nil
		}
		return data, 0, &Error{Kind: NoData, Detail: "an AIFF file without an SSND chunk: it holds no sound"}
	}
	if t.sound.size < 8 {
		if t.sound.size == 0 && f.frames == 0 {
			return chunk{}, 0, nil
		}
		return data, 0, truncated(0, f.frames, f.rate)
	}
	var h [4]byte
	if err := readAt(file, h[:], t.sound.off); err != nil {
		return data, 0, err
	}
	skip := 8 + int64(binary.BigEndian.Uint32(h[:]))
	if skip > t.sound.size {
		return data, 0, corrupt("its samples begin %d bytes into a chunk of %d", skip, t.sound.size)
	}
	data = chunk{"SSND", t.sound.off + skip, t.sound.size - skip}
	align := int64(f.frameBytes())
	have := data.size / align
	switch frames = f.frames; {
	case f.streamed() && have > 0:
		t.warn("the number of frames was never filled in: read to the end of the samples")
		frames = have
	case frames > have && t.claims > t.sound.size:
		return data, 0, truncated(have, frames, f.rate)
	case frames > have:
		t.warn("the header says %d frames, the file holds %d", frames, have)
		frames = have
	case data.size-frames*align >= align:
		t.warn("%d bytes behind the last frame are ignored", data.size-frames*align)
	}
	data.size = frames * align
	return data, frames, nil
}

// streamed reports whether the number of frames is what writers put there that
// do not know it yet: nothing (ffmpeg), or as many as make 0x7F000000 bytes (SoX).
func (f aiffFormat) streamed() bool {
	const sox = 0x7F000000
	align := int64(f.frameBytes())
	return f.frames == 0 || f.frames == sox/align
}

// aiffMask is which loudspeakers the channels are for: as a CHAN chunk says
// (Core Audio's layout tags), or as is usual.
func (r *Reader) aiffMask(t *aiff) uint32 {
	usual := usualMask(r.info.Channels)
	c, ok := t.find("CHAN")
	if !ok || c.size < 12 {
		return usual
	}
	var b [12]byte
	if readAt(r.file, b[:], c.off) != nil {
		return usual
	}
	const useBitmap = 1 << 16
	tag, bitmap := binary.BigEndian.Uint32(b[:]), binary.BigEndian.Uint32(b[4:])
	if tag == useBitmap { // the bits are those of WAV
		return fileMask(bitmap, r.info.Channels)
	}
	if mask, ok := coreAudioLayouts[tag]; ok && bits.OnesCount32(mask) == r.info.Channels {
		return mask
	}
	if r.info.Channels > 2 {
		r.warn("its channel layout (Core Audio's %d/%d) is not known: the usual order of %d channels is taken", tag>>16, tag&0xffff, r.info.Channels)
	}
	return usual
}

// coreAudioLayouts are the layout tags whose order of channels is that of WAV.
var coreAudioLayouts = map[uint32]uint32{
	100<<16 | 1: 0x4, 101<<16 | 2: 0x3, // mono, stereo
	113<<16 | 3: 0x7,   // L R C
	108<<16 | 4: 0x33,  // quadraphonic: L R Ls Rs
	117<<16 | 5: 0x37,  // L R C Ls Rs
	121<<16 | 6: 0x3F,  // L R C LFE Ls Rs
	128<<16 | 8: 0x63F, // L R C LFE Rls Rrs Ls Rs
}

// aiffTags reads the text chunks. They have no encoding of their own.
func (r *Reader) aiffTags(t *aiff) {
	for _, c := range t.chunks {
		if c.id == "ID3 " || c.id == "id3 " {
			defer r.readID3(c) // after the text chunks, which are asked first
		}
		f, ok := fieldOf(aiffColumn, c.id)
		if !ok || r.info.TagsIn["aiff"][f.Name] != "" {
			continue
		}
		if b := r.payload(c, maxMetadata); b != nil {
			r.setTag("aiff", f.Name, string(bytes.TrimRight(b, "\x00")))
		}
	}
}

func aiffCodecName(codec string) string {
	names := map[string]string{
		"ulaw": "µ-law", "ULAW": "µ-law", "alaw": "A-law", "ALAW": "A-law", "ima4": "IMA ADPCM", "MAC3": "MACE 3:1", "MAC6": "MACE 6:1",
		"GSM ": "GSM 6.10", "G722": "G.722", "G726": "G.726", "QDM2": "QDesign Music 2", "QDMC": "QDesign Music", "Qclp": "Qualcomm PureVoice", "ACE2": "ACE 2:1", "ACE8": "ACE 8:3", "DWVW": "DWVW",
	}
	if n, ok := names[codec]; ok {
		return n
	}
	return fmt.Sprintf("codec %q", codec)
}
