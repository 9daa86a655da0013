package audiofile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/lathe-audio/lathe/dsp/vector"
)

// PCMWriter writes samples that lie in a file as they are: WAV, AIFF and AIFF-C.
// Its bytes depend on the Spec and the samples alone: no time, no name of the
// machine, no chunk that is not needed.
type PCMWriter struct {
	w      io.WriteSeeker
	spec   Spec
	form   pcmForm
	frames int64
	limit  int64  // how many frames the header's sizes can say
	buf    []byte // full but for slack bytes that a wide store may touch
	n      int
	err    error
	closed bool
}

// pcmForm is what is around the samples.
type pcmForm struct {
	header  func(frames int64) []byte // as long for any number of frames
	end     []byte                    // behind the samples
	foreign func([]byte)              // makes of samples as WAV has them those of the file; nil where they are
}

const writeSlack = vector.JoinSlack

// newPCM writes the header to w. limit is the number of frames that it can say.
func newPCM(w io.WriteSeeker, spec Spec, form pcmForm, limit int64) (*PCMWriter, error) {
	pw := &PCMWriter{w: w, spec: spec, form: form, limit: limit, buf: make([]byte, bufBytes+writeSlack)}
	if _, err := w.Write(form.header(spec.Frames)); err != nil {
		return nil, err
	}
	return pw, nil
}

func (w *PCMWriter) align() int { return w.spec.align() }

// tooLong says that more was written than the header can say.
func (w *PCMWriter) tooLong() error {
	if w.spec.format() == "wav" {
		return fmt.Errorf("audiofile: more than 4 GiB in a file that was not announced to be that long")
	}
	return tooLong(w.spec.format())
}

// WriteInt writes samples that are integers of the file's depth, one slice per
// channel. A sample that does not fit its depth is an error, never wrapped.
func (w *PCMWriter) WriteInt(planar [][]int32) error {
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
			ok = vector.Join24(b, planar[0][at:at+frames], planar[1][at:at+frames])
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
func (w *PCMWriter) WriteFloat(planar [][]float64) error {
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

func (w *PCMWriter) check(channels int) error {
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
func (w *PCMWriter) room(frames int) int {
	align := w.align()
	if bufBytes-w.n < align {
		w.flush()
	}
	if w.err != nil {
		return 0
	}
	return min(frames, (bufBytes-w.n)/align)
}

func (w *PCMWriter) wrote(frames int) {
	w.n += frames * w.align()
	w.frames += int64(frames)
}

func (w *PCMWriter) flush() {
	if w.err != nil {
		return
	}
	if w.frames > w.limit {
		w.err = w.tooLong()
		return
	}
	if w.form.foreign != nil {
		w.form.foreign(w.buf[:w.n])
	}
	_, w.err = w.w.Write(w.buf[:w.n])
	w.n = 0
}

// Close writes what is still in the buffer and what belongs behind the samples,
// and puts the real sizes into the header. It does not close the file.
func (w *PCMWriter) Close() error {
	if w.closed || w.err != nil {
		w.closed = true
		return w.err
	}
	w.closed = true
	w.flush()
	if w.err != nil {
		return w.err
	}
	end := w.form.end
	if w.frames*int64(w.align())&1 == 1 {
		end = append([]byte{0}, end...)
	}
	if _, w.err = w.w.Write(end); w.err != nil || w.frames == w.spec.Frames {
		return w.err
	}
	if _, w.err = w.w.Seek(0, io.SeekStart); w.err != nil {
		return w.err
	}
	if _, w.err = w.w.Write(w.form.header(w.frames)); w.err != nil {
		return w.err
	}
	_, w.err = w.w.Seek(0, io.SeekEnd)
	return w.err
}

// Frames is how many frames have been written.
func (w *PCMWriter) Frames() int64 { return w.frames }

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
