package render

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/render/cache"
)

// artifact is a stage of a song kept on disk: a strip, a mixdown or a master, as
// interleaved 32-bit floats, little-endian, without a header.
type artifact struct {
	stageInfo
	path string
	pre  string // the same before the fader; only where somebody takes it from there
	rate int
	song int64 // frames of it that are the song: what lies beyond is below the silence floor
	head int64 // frames before the song's first; of a part of a stage
}

// artifactFrame is how many bytes a frame takes.
const artifactFrame = 8

// stageInfo is what is stored with an artifact.
type stageInfo struct {
	Frames  int64   `json:"frames"`  // in the file
	Latency int     `json:"latency"` // of the channel that made it
	Audible int64   `json:"audible"` // frames up to and including the last one above the silence floor
	Peak    float64 `json:"peak"`    // sample peak, linear

	Chain []ChainStage `json:"chain,omitempty"` // of a master
}

// artifactWriter is the sink that writes an artifact.
type artifactWriter struct {
	file  *os.File
	buf   *bufio.Writer
	bytes []byte
	limit int64 // frames to be written: the stage ends there
	stageInfo
}

// newArtifactWriter writes so many frames to a file; latency is that of the
// channel they come from.
func newArtifactWriter(path string, frames int64, latency int) (*artifactWriter, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create work file: %w", err)
	}
	return &artifactWriter{
		file: f, buf: bufio.NewWriterSize(f, 8*chunkFrames), bytes: make([]byte, 8*chunkFrames),
		limit: frames, stageInfo: stageInfo{Latency: latency},
	}, nil
}

// write implements sink.
func (w *artifactWriter) write(b dsp.Block) error {
	b = b.Cut(0, int(min(int64(b.Len()), w.limit-w.Frames)))
	if n := lastAudible(b); n > 0 {
		w.Audible = w.Frames + int64(n)
	}
	w.Frames += int64(b.Len())
	out := w.bytes[:8*b.Len()]
	w.Peak = max(w.Peak, vector.Largest(b[0]), vector.Largest(b[1]))
	vector.Join32(out, b[0], b[1])
	_, err := w.buf.Write(out)
	return err
}

func (w *artifactWriter) close() error {
	err := w.buf.Flush()
	if e := w.file.Close(); err == nil {
		err = e
	}
	return err
}

// artifactReader streams an artifact.
type artifactReader struct {
	file   *os.File
	buf    *bufio.Reader
	bytes  []byte
	stored int64 // frames left in the file
	left   int64 // frames left to give; beyond the file they are silent
}

// open reads the song: its frames, which may be fewer than the file has, or
// more (all versions of a song are as long as the longest).
func (a artifact) open() (*artifactReader, error) {
	r, err := a.reader(a.path, a.head+a.song)
	if err == nil && a.head > 0 {
		err = r.skip(a.head)
	}
	return r, err
}

func (a artifact) reader(path string, frames int64) (*artifactReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open work file: %w", err)
	}
	return &artifactReader{file: f, buf: bufio.NewReaderSize(f, 1<<18), bytes: make([]byte, 8*dsp.MaxBlock), stored: a.Frames, left: frames}, nil
}

// read fills b as far as the song goes and returns how many frames it gave; 0
// at the end. b has at most [dsp.MaxBlock] frames.
func (r *artifactReader) read(b dsp.Block) (int, error) {
	n := int(min(int64(b.Len()), r.left))
	have := int(min(int64(n), r.stored))
	in := r.bytes[:8*have]
	if _, err := io.ReadFull(r.buf, in); err != nil {
		return 0, fmt.Errorf("read work file: %w", err)
	}
	left, right := b[0][:n], b[1][:n]
	vector.Split32(left[:have], right[:have], in)
	clear(left[have:])
	clear(right[have:])
	r.stored -= int64(have)
	r.left -= int64(n)
	return n, nil
}

func (r *artifactReader) Close() error { return r.file.Close() }

// stageSource is a stored stage in the place of the channel that made it. It
// lags song time as that channel did, so that what follows (a modulation, the
// grid of automation) stands just where it stood when the stage was made.
type stageSource struct {
	artifact
	readers [2]*lagged // by port
}

// lagged reads an artifact after so many frames of silence.
type lagged struct {
	*artifactReader
	wait int64
}

func (s *stageSource) describe(*cache.Description) {} // never described: the channel was
func (s *stageSource) channels() int               { return 2 }
func (s *stageSource) frames() int64               { return s.Frames }
func (s *stageSource) latency() int                { return s.Latency }
func (s *stageSource) again() source               { return &stageSource{artifact: s.artifact} }
func (s *stageSource) cost() float64               { return 0 } // nobody asks: the channel is kept

func (s *stageSource) open() error {
	for p, path := range [2]string{post: s.path, pre: s.pre} {
		if path == "" {
			continue
		}
		r, err := s.artifact.reader(path, s.Frames)
		if err != nil {
			s.Close()
			return err
		}
		s.readers[p] = &lagged{r, int64(s.Latency)}
	}
	return nil
}

func (s *stageSource) Close() (err error) {
	for _, r := range s.readers {
		if r != nil {
			err = errors.Join(err, r.Close())
		}
	}
	s.readers = [2]*lagged{}
	return err
}

// read implements source.
func (s *stageSource) read(b dsp.Block) error { return s.readers[post].read(b) }

// readPre gives the sound before the fader.
func (s *stageSource) readPre(b dsp.Block) error { return s.readers[pre].read(b) }

func (r *lagged) read(b dsp.Block) error {
	if n := int(min(int64(b.Len()), r.wait)); n > 0 {
		silence(b.Cut(0, n))
		r.wait -= int64(n)
		b = b.Cut(n, b.Len())
	}
	n, err := r.artifactReader.read(b)
	if err == nil {
		silence(b.Cut(n, b.Len()))
	}
	return err
}
