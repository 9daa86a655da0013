package render

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/lathe-audio/lathe/dsp"
)

// artifact is a stage of a song kept on disk: a mixdown or a master, as
// interleaved 32-bit floats, little-endian, without a header.
type artifact struct {
	path   string
	rate   int
	frames int64   // of the song; the file may go on beyond, below the silence floor
	peak   float64 // sample peak, linear
}

// artifactWriter is the sink that writes an artifact.
type artifactWriter struct {
	file    *os.File
	buf     *bufio.Writer
	bytes   []byte
	limit   int64 // song.length in frames; 0: none
	frames  int64 // written
	audible int64 // up to and including the last frame above the silence floor
	peak    float64
}

// newArtifactWriter writes to path; with an empty path it only listens where
// the song ends.
func newArtifactWriter(path string, limit int64) (*artifactWriter, error) {
	w := &artifactWriter{limit: limit}
	if path == "" {
		return w, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create work file: %w", err)
	}
	w.file, w.buf, w.bytes = f, bufio.NewWriterSize(f, 1<<18), make([]byte, 8*chunkFrames)
	return w, nil
}

// write implements sink.
func (w *artifactWriter) write(b dsp.Block) error {
	if w.limit > 0 {
		b = b.Cut(0, int(min(int64(b.Len()), max(w.limit-w.frames, 0))))
	}
	if n := lastAudible(b); n > 0 {
		w.audible = w.frames + int64(n)
	}
	w.frames += int64(b.Len())
	if w.file == nil {
		return nil
	}
	out := w.bytes[:8*b.Len()]
	right := b[1][:b.Len()]
	for i, l := range b[0] {
		w.peak = max(w.peak, math.Abs(l), math.Abs(right[i]))
		binary.LittleEndian.PutUint32(out[8*i:], math.Float32bits(float32(l)))
		binary.LittleEndian.PutUint32(out[8*i+4:], math.Float32bits(float32(right[i])))
	}
	_, err := w.buf.Write(out)
	return err
}

func (w *artifactWriter) close() error {
	if w.file == nil {
		return nil
	}
	err := w.buf.Flush()
	if e := w.file.Close(); err == nil {
		err = e
	}
	return err
}

// artifactReader streams an artifact.
type artifactReader struct {
	file  *os.File
	buf   *bufio.Reader
	bytes []byte
	left  int64
}

func (a artifact) open() (*artifactReader, error) {
	f, err := os.Open(a.path)
	if err != nil {
		return nil, fmt.Errorf("open work file: %w", err)
	}
	return &artifactReader{file: f, buf: bufio.NewReaderSize(f, 1<<18), bytes: make([]byte, 8*dsp.MaxBlock), left: a.frames}, nil
}

// read fills b as far as the song goes and returns how many frames it gave; 0
// at the end. b has at most [dsp.MaxBlock] frames.
func (r *artifactReader) read(b dsp.Block) (int, error) {
	n := int(min(int64(b.Len()), r.left))
	in := r.bytes[:8*n]
	if _, err := io.ReadFull(r.buf, in); err != nil {
		return 0, fmt.Errorf("read work file: %w", err)
	}
	left, right := b[0][:n], b[1][:n]
	for i := range left {
		left[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(in[8*i:])))
		right[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(in[8*i+4:])))
	}
	r.left -= int64(n)
	return n, nil
}

func (r *artifactReader) Close() error { return r.file.Close() }

// pad appends silence up to length frames: a version whose own tail is shorter
// than the main version's is as long as that.
func (w *artifactWriter) pad(length int64) error {
	silence := dsp.NewBlock(chunkFrames)
	for w.frames < length {
		if err := w.write(silence.Cut(0, int(min(chunkFrames, length-w.frames)))); err != nil {
			return err
		}
	}
	return nil
}
