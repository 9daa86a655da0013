package audiofile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"math"
)

// Spec is the format of a WAV file to be written.
type Spec struct {
	Rate     int
	Channels int  // 1 or 2
	Bits     int  // 16, 24 or 32
	Float    bool // 32-bit float
	// Frames is how many frames will be written, 0 if that is not known. It
	// matters above 4 GiB: such a file is RF64 from its first byte on, and one
	// that was not announced cannot become so.
	Frames int64
	// Tags is written as LIST/INFO after the samples. Names are those of
	// [InfoTags]; others are an error.
	Tags map[string]string
}

// infoTags gives the INFO chunk of each tag, in the order they are written.
var infoTags = []struct{ name, id string }{
	{"title", "INAM"}, {"artist", "IART"}, {"album", "IPRD"}, {"track", "ITRK"}, {"date", "ICRD"}, {"genre", "IGNR"},
	{"comment", "ICMT"}, {"copyright", "ICOP"}, {"engineer", "IENG"}, {"software", "ISFT"},
}

// InfoTags lists the tags that can be written into a WAV file.
func InfoTags() []string {
	var names []string
	for _, t := range infoTags {
		names = append(names, t.name)
	}
	return names
}

// Writer writes a WAV file. Its bytes depend on the Spec and the samples alone:
// no time, no name of the machine, no chunk that is not needed.
//
// 16-, 24- and 32-bit integers are written with the plain format tag 1 and
// floats with tag 3 and a fact chunk. The extensible form that the standard
// asks for above 16 bits is refused by strict readers (CD premastering) and
// needed by none for mono and stereo.
type Writer struct {
	w      io.WriteSeeker
	spec   Spec
	rf64   bool
	frames int64
	limit  int64  // how many frames the header's sizes can say
	buf    []byte // full but for slack bytes that a wide store may touch
	n      int
	sum    hash.Hash
	err    error
	closed bool
}

const writeSlack = 8

// CreateWAV writes the header of a WAV file to w, which is at its beginning.
func CreateWAV(w io.WriteSeeker, spec Spec) (*Writer, error) {
	switch {
	case spec.Channels != 1 && spec.Channels != 2:
		return nil, fmt.Errorf("audiofile: cannot write %d channels, only 1 or 2", spec.Channels)
	case spec.Bits != 16 && spec.Bits != 24 && spec.Bits != 32, spec.Float && spec.Bits != 32:
		return nil, fmt.Errorf("audiofile: cannot write %d-bit samples (float: %v)", spec.Bits, spec.Float)
	case spec.Rate < minRate || spec.Rate > maxRate:
		return nil, fmt.Errorf("audiofile: cannot write a sample rate of %d Hz", spec.Rate)
	}
	if _, err := infoChunk(spec.Tags); err != nil {
		return nil, err
	}
	ww := &Writer{w: w, spec: spec, sum: sha256.New(), buf: make([]byte, bufBytes+writeSlack)}
	_, other := ww.sizes(0)
	ww.limit = (math.MaxUint32 - other - 1) / int64(ww.align()) // 1: a pad byte
	if spec.Frames > ww.limit {
		ww.rf64, ww.limit = true, math.MaxInt64
	}
	if _, err := w.Write(ww.header(spec.Frames)); err != nil {
		return nil, err
	}
	return ww, nil
}

func (w *Writer) align() int { return w.spec.Channels * w.spec.Bits / 8 }

// sizes are those of the samples and of the whole file.
func (w *Writer) sizes(frames int64) (data, total int64) {
	data = frames * int64(w.align())
	list, _ := infoChunk(w.spec.Tags)
	return data, int64(len(w.header(0))) + data + data&1 + int64(len(list))
}

// header is everything before the samples, for a file of so many frames. Its
// length does not depend on their number.
func (w *Writer) header(frames int64) []byte {
	data := frames * int64(w.align())
	list, _ := infoChunk(w.spec.Tags)
	le := binary.LittleEndian
	var h []byte
	if w.rf64 {
		h = append(h, "RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00"...)
		h = le.AppendUint64(h, 0) // size, below
		h = le.AppendUint64(h, uint64(data))
		h = le.AppendUint64(h, uint64(frames))
		h = le.AppendUint32(h, 0) // no table: no other chunk is that long
	} else {
		h = append(h, "RIFF\x00\x00\x00\x00WAVE"...)
	}
	tag, size := uint16(tagPCM), uint32(16)
	if w.spec.Float {
		tag, size = tagFloat, 18
	}
	h = append(h, "fmt "...)
	h = le.AppendUint32(h, size)
	h = le.AppendUint16(h, tag)
	h = le.AppendUint16(h, uint16(w.spec.Channels))
	h = le.AppendUint32(h, uint32(w.spec.Rate))
	h = le.AppendUint32(h, uint32(w.spec.Rate*w.align()))
	h = le.AppendUint16(h, uint16(w.align()))
	h = le.AppendUint16(h, uint16(w.spec.Bits))
	if w.spec.Float { // no extension; and the count of frames that formats other than PCM carry
		h = le.AppendUint16(h, 0)
		h = append(h, "fact\x04\x00\x00\x00"...)
		h = le.AppendUint32(h, clamp32(frames))
	}
	h = append(h, "data"...)
	if w.rf64 {
		h = le.AppendUint32(h, streamed)
	} else {
		h = le.AppendUint32(h, uint32(data))
	}
	riffSize := int64(len(h)) + data + data&1 + int64(len(list)) - 8
	if w.rf64 {
		le.PutUint64(h[20:], uint64(riffSize))
	} else {
		le.PutUint32(h[4:], uint32(riffSize))
	}
	return h
}

func clamp32(n int64) uint32 { return uint32(min(n, math.MaxUint32)) }

// infoChunk is the LIST/INFO chunk of some tags; nothing for none.
func infoChunk(tags map[string]string) ([]byte, error) {
	var list []byte
	known := 0
	for _, t := range infoTags {
		text, ok := tags[t.name]
		if !ok {
			continue
		}
		known++
		if text == "" {
			continue
		}
		list = append(list, t.id...)
		list = binary.LittleEndian.AppendUint32(list, uint32(len(text)+1))
		list = append(list, text...)
		list = append(list, 0)
		if len(list)&1 == 1 {
			list = append(list, 0)
		}
	}
	if known != len(tags) {
		return nil, fmt.Errorf("audiofile: tags %v: only %v can be written", tags, InfoTags())
	}
	if list == nil {
		return nil, nil
	}
	head := binary.LittleEndian.AppendUint32([]byte("LIST"), uint32(len(list)+4))
	return append(append(head, "INFO"...), list...), nil
}

// WriteInt writes samples that are integers of the file's depth, one slice per
// channel. A sample that does not fit its depth is an error, never wrapped.
func (w *Writer) WriteInt(planar [][]int32) error {
	if w.err == nil && w.spec.Float {
		w.err = fmt.Errorf("audiofile: integers written to a float file")
	}
	if err := w.check(len(planar)); err != nil {
		return err
	}
	for at, n := 0, len(planar[0]); at < n; {
		frames := w.room(n - at)
		if frames == 0 {
			return w.err
		}
		b := w.buf[w.n:]
		var ok bool
		switch {
		case w.spec.Bits == 24 && w.spec.Channels == 2:
			ok = putStereo24(b, planar[0][at:at+frames], planar[1][at:at+frames])
		case w.spec.Bits == 16 && w.spec.Channels == 2:
			ok = putStereo16(b, planar[0][at:at+frames], planar[1][at:at+frames])
		default:
			ok = putPlanar(b, planar, at, frames, w.spec.Bits)
		}
		if !ok {
			w.err = fmt.Errorf("audiofile: a sample does not fit %d bits", w.spec.Bits)
			return w.err
		}
		w.wrote(frames)
		at += frames
	}
	return nil
}

// WriteFloat writes samples to a float file, one slice per channel, rounded to
// 32 bits. NaN and infinities are an error.
func (w *Writer) WriteFloat(planar [][]float64) error {
	if w.err == nil && !w.spec.Float {
		w.err = fmt.Errorf("audiofile: floats written to an integer file: they must be rounded (and dithered) first")
	}
	if err := w.check(len(planar)); err != nil {
		return err
	}
	for at, n := 0, len(planar[0]); at < n; {
		frames := w.room(n - at)
		if frames == 0 {
			return w.err
		}
		if !putFloat32(w.buf[w.n:], planar, at, frames) {
			w.err = &Error{Kind: NonFinite, Detail: fmt.Sprintf("a sample to be written is not a number (NaN or infinite) near %s", clock(w.frames, w.spec.Rate))}
			return w.err
		}
		w.wrote(frames)
		at += frames
	}
	return nil
}

func (w *Writer) check(channels int) error {
	if w.err == nil && w.closed {
		w.err = fmt.Errorf("audiofile: written to after Close")
	}
	if w.err == nil && channels != w.spec.Channels {
		w.err = fmt.Errorf("audiofile: %d channels written to a file with %d", channels, w.spec.Channels)
	}
	return w.err
}

// room makes room in the buffer and returns how many of so many frames fit; 0
// after an error.
func (w *Writer) room(frames int) int {
	align := w.align()
	if bufBytes-w.n < align {
		w.flush()
	}
	if w.err != nil {
		return 0
	}
	return min(frames, (bufBytes-w.n)/align)
}

func (w *Writer) wrote(frames int) {
	w.n += frames * w.align()
	w.frames += int64(frames)
}

func (w *Writer) flush() {
	if w.err != nil {
		return
	}
	if w.frames > w.limit {
		w.err = fmt.Errorf("audiofile: more than 4 GiB in a file that was not announced to be that long")
		return
	}
	w.sum.Write(w.buf[:w.n])
	_, w.err = w.w.Write(w.buf[:w.n])
	w.n = 0
}

// Close writes what is still in the buffer and the tags, and puts the real
// sizes into the header. It does not close the file.
func (w *Writer) Close() error {
	if w.closed || w.err != nil {
		w.closed = true
		return w.err
	}
	w.closed = true
	w.flush()
	if w.err != nil {
		return w.err
	}
	list, _ := infoChunk(w.spec.Tags)
	if data, _ := w.sizes(w.frames); data&1 == 1 {
		list = append([]byte{0}, list...)
	}
	if _, w.err = w.w.Write(list); w.err != nil || w.frames == w.spec.Frames {
		return w.err
	}
	if _, w.err = w.w.Seek(0, io.SeekStart); w.err != nil {
		return w.err
	}
	if _, w.err = w.w.Write(w.header(w.frames)); w.err != nil {
		return w.err
	}
	_, w.err = w.w.Seek(0, io.SeekEnd)
	return w.err
}

// Frames is how many frames have been written.
func (w *Writer) Frames() int64 { return w.frames }

// PCMSum is the SHA-256 of the samples alone, as [Digests] gives it for the
// file. It is complete after Close.
func (w *Writer) PCMSum() (sum [32]byte) {
	copy(sum[:], w.sum.Sum(nil))
	return sum
}

// The put functions encode frames into b, which has writeSlack bytes to spare
// behind them. They report whether every sample fits: out gathers, for each
// sample moved up by half the range, the bits above that range.

func putStereo16(b []byte, left, right []int32) bool {
	right = right[:len(left)]
	b = b[:4*len(left)]
	var out uint32
	for i, l := range left {
		r := right[i]
		out |= (uint32(l) + 1<<15) | (uint32(r) + 1<<15)
		binary.LittleEndian.PutUint32(b[4*i:], uint32(uint16(l))|uint32(r)<<16)
	}
	return out>>16 == 0
}

// putStereo24 writes six bytes by a store of eight: the next frame, or the
// slack, takes the two that are too many.
func putStereo24(b []byte, left, right []int32) bool {
	right = right[:len(left)]
	b = b[:6*len(left)+2]
	var out uint32
	for i, l := range left {
		r := right[i]
		out |= (uint32(l) + 1<<23) | (uint32(r) + 1<<23)
		binary.LittleEndian.PutUint64(b[6*i:], uint64(uint32(l)&0xffffff)|uint64(uint32(r))<<24)
	}
	return out>>24 == 0
}

func putPlanar(b []byte, planar [][]int32, at, frames, bits int) bool {
	size := bits / 8
	step := size * len(planar)
	var out uint64
	for ch, in := range planar {
		for i, x := range in[at : at+frames] {
			out |= uint64(int64(x) + int64(1)<<(bits-1))
			p := b[i*step+ch*size:]
			p[0], p[1] = byte(x), byte(x>>8)
			if size > 2 {
				p[2] = byte(x >> 16)
			}
			if size > 3 {
				p[3] = byte(x >> 24)
			}
		}
	}
	return out>>bits == 0
}

func putFloat32(b []byte, planar [][]float64, at, frames int) bool {
	step := 4 * len(planar)
	ok := true
	for ch, in := range planar {
		for i, x := range in[at : at+frames] {
			u := math.Float32bits(float32(x))
			if u&exp32 == exp32 {
				ok = false
			}
			binary.LittleEndian.PutUint32(b[i*step+4*ch:], u)
		}
	}
	return ok
}
