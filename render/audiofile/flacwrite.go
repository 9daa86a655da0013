package audiofile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// blockFrames is the length of a FLAC frame: the usual one.
const blockFrames = 4096

// batchBlocks is how many FLAC frames are thought about at once, side by side. It
// changes no bytes.
const batchBlocks = 8

// flacWriter writes FLAC (RFC 9639). How each frame is coded is decided in
// flacpack.go; github.com/mewkiz/flac writes it. Frames do not depend on each other,
// so they are packed side by side, and written in order.
type flacWriter struct {
	out    *flacOutput
	spec   Spec
	enc    *flac.Encoder
	batch  [][][]int32 // blocks to be packed, by channel
	full   int         // blocks of it that are full
	fill   int         // frames in the one after them
	frames int64
	err    error
	closed bool
}

// createFLAC writes the header of a FLAC file to w: the stream's description, and
// no other metadata block, see [CopyWith].
func createFLAC(w io.WriteSeeker, spec Spec) (*flacWriter, error) {
	if err := spec.check(2, []int{16, 24}, false); err != nil {
		return nil, err
	}
	const most = 655350 // Hz, as the format says
	if spec.Rate > most || spec.Rate > 65535 && spec.Rate%10 != 0 {
		return nil, fmt.Errorf("audiofile: cannot write a sample rate of %d Hz as flac", spec.Rate)
	}
	f := &flacWriter{out: &flacOutput{w: w}, spec: spec}
	for range batchBlocks {
		block := make([][]int32, spec.Channels)
		for ch := range block {
			block[ch] = make([]int32, blockFrames)
		}
		f.batch = append(f.batch, block)
	}
	info := &meta.StreamInfo{
		BlockSizeMin: blockFrames, BlockSizeMax: blockFrames,
		SampleRate: uint32(spec.Rate), NChannels: uint8(spec.Channels), BitsPerSample: uint8(spec.Bits),
	}
	var err error
	if f.enc, err = flac.NewEncoder(f.out, info); err != nil {
		return nil, f.out.cause(err)
	}
	f.enc.EnablePredictionAnalysis(false)
	if err := f.out.flush(); err != nil {
		return nil, err
	}
	return f, nil
}

// WriteInt implements [Writer].
func (f *flacWriter) WriteInt(planar [][]int32) error {
	if err := f.check(len(planar)); err != nil {
		return err
	}
	for at, n := 0, len(planar[0]); at < n; {
		frames := min(n-at, blockFrames-f.fill)
		block := f.batch[f.full]
		for ch, x := range planar {
			copy(block[ch][f.fill:], x[at:at+frames])
		}
		at += frames
		if f.fill += frames; f.fill == blockFrames {
			f.fill = 0
			if f.full++; f.full == batchBlocks {
				f.flush()
			}
		}
		if f.err != nil {
			return f.err
		}
	}
	return nil
}

// WriteFloat implements [Writer]: FLAC has no floats.
func (f *flacWriter) WriteFloat([][]float64) error {
	if f.err == nil {
		f.err = errors.New("audiofile: floats written to a FLAC file: they must be rounded (and dithered) first")
	}
	return f.err
}

func (f *flacWriter) check(channels int) error {
	if f.err == nil && f.closed {
		f.err = errors.New("audiofile: written to after Close")
	}
	if f.err == nil && channels != f.spec.Channels {
		f.err = fmt.Errorf("audiofile: %d channels written to a file with %d", channels, f.spec.Channels)
	}
	return f.err
}

// flush packs and writes what is in the batch. All that it starts has ended when
// it returns.
func (f *flacWriter) flush() {
	blocks := f.batch[:f.full:f.full]
	if f.fill > 0 { // the last, short one
		short := make([][]int32, f.spec.Channels)
		for ch := range short {
			short[ch] = f.batch[f.full][ch][:f.fill]
		}
		blocks = append(blocks, short)
	}
	f.full, f.fill = 0, 0
	for _, b := range blocks {
		if !fits(b, f.spec.Bits) {
			f.err = fmt.Errorf("audiofile: a sample does not fit %d bits", f.spec.Bits)
			return
		}
	}
	packed := make([]*frame.Frame, len(blocks))
	var ready [batchBlocks]sync.WaitGroup
	for i, b := range blocks {
		ready[i].Go(func() { packed[i] = packFrame(b, f.spec.Rate, f.spec.Bits) })
	}
	for i := range packed {
		if ready[i].Wait(); f.err == nil {
			f.write(packed[i])
		}
	}
}

// write writes one frame.
func (f *flacWriter) write(packed *frame.Frame) {
	err := f.enc.WriteFrame(packed)
	if err == nil {
		err = f.out.frame()
	}
	f.err = f.out.cause(err)
	f.frames += int64(packed.BlockSize)
}

// fits reports whether all samples of a block fit so many bits.
func fits(block [][]int32, bits int) bool {
	var out uint64 // of each sample, moved up by half the range, the bits above that range
	for _, x := range block {
		for _, v := range x {
			out |= uint64(int64(v) + int64(1)<<(bits-1))
		}
	}
	return out>>bits == 0
}

// Close implements [Writer].
func (f *flacWriter) Close() error {
	if f.closed || f.err != nil {
		f.closed = true
		return f.err
	}
	f.closed = true
	if f.flush(); f.err != nil {
		return f.err
	}
	if f.err = f.out.cause(f.enc.Close()); f.err != nil {
		return f.err
	}
	f.err = f.out.finish()
	return f.err
}

// Frames implements [Writer].
func (f *flacWriter) Frames() int64 { return f.frames + int64(f.full*blockFrames+f.fill) }

// flacOutput is what the encoder writes to: buffered, as it writes in small
// pieces, and with an eye on how long its frames become. It has no Close method,
// which the encoder would call: who opens a file closes it.
type flacOutput struct {
	w                 io.WriteSeeker
	buf               []byte
	current           int // bytes of the frame that is being written
	shortest, longest int
	err               error
}

func (o *flacOutput) Write(p []byte) (int, error) {
	o.buf = append(o.buf, p...)
	o.current += len(p)
	return len(p), nil
}

// Seek implements [io.Seeker], which the encoder needs to complete the header.
func (o *flacOutput) Seek(offset int64, whence int) (int64, error) {
	if err := o.flush(); err != nil {
		return 0, err
	}
	return o.w.Seek(offset, whence)
}

func (o *flacOutput) flush() error {
	if o.err == nil && len(o.buf) > 0 {
		_, o.err = o.w.Write(o.buf)
	}
	o.buf, o.current = o.buf[:0], 0
	return o.err
}

// frame ends a frame.
func (o *flacOutput) frame() error {
	if o.shortest == 0 || o.current < o.shortest {
		o.shortest = o.current
	}
	o.longest = max(o.longest, o.current)
	o.current = 0
	if len(o.buf) < 64<<10 {
		return nil
	}
	return o.flush()
}

// finish puts right what the encoder writes into the header: the smallest block is
// not the last, short one (RFC 9639, section 8.2; below 16 frames readers would
// refuse the file), and the sizes of frames are known.
func (o *flacOutput) finish() error {
	const place = 4 + 4 // behind the signature and the block's own header
	if _, err := o.Seek(place, io.SeekStart); err != nil {
		return err
	}
	be := binary.BigEndian
	sizes := be.AppendUint16(be.AppendUint16(nil, blockFrames), blockFrames)
	for _, n := range []int{o.shortest, o.longest} {
		sizes = append(sizes, byte(n>>16), byte(n>>8), byte(n))
	}
	if _, err := o.w.Write(sizes); err != nil {
		return err
	}
	_, err := o.w.Seek(0, io.SeekEnd)
	return err
}

// cause is the error of the file below an error of the encoder, whose own texts
// are about the encoder's source.
func (o *flacOutput) cause(err error) error {
	if err != nil && o.err != nil {
		return o.err
	}
	return err
}
