package render

import (
	"errors"
	"fmt"
	"io"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/resample"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// stemSource reads a stem's file as the song hears it: from the song's first
// frame on, at the session's rate, a mono file on both channels.
type stemSource struct {
	name string // of the stem
	file spec.File
	sum  cache.Digest // of the file
	info audiofile.Info
	rate int   // of the session
	skip int64 // frames of the file that lie before the song
	wait int64 // frames of the session before the file starts

	reader *audiofile.Reader
	waited int64
	ended  bool
	speed  *resample.Resampler // nil at the session's rate
	block  dsp.Block
	left   dsp.Block // of block: decoded, not yet resampled
}

// openStem reads a stem's header and nothing more.
func openStem(name string, file spec.File, offset float64) (*stemSource, error) {
	r, err := audiofile.Open(file.Path)
	if err != nil {
		return nil, stemError(name, file, err)
	}
	defer r.Close()
	s := &stemSource{name: name, file: file, info: r.Info()}
	if s.info.Channels > 2 {
		return nil, stemError(name, file, fmt.Errorf("has %d channels: a stem is mono or stereo; split it", s.info.Channels))
	}
	if s.info.Frames == 0 {
		return nil, stemError(name, file, errors.New("has no samples"))
	}
	if offset < 0 {
		s.skip = min(frames(-offset, s.info.Rate), s.info.Frames)
	}
	return s, nil
}

// at sets the session's rate.
func (s *stemSource) at(rate int, offset float64) error {
	s.rate = rate
	s.wait = frames(max(offset, 0), rate)
	if s.info.Rate != rate {
		r, err := resample.New(s.info.Rate, rate)
		if err != nil {
			return stemError(s.name, s.file, err)
		}
		s.speed = r
	}
	return nil
}

// stemError says which stem an error is about, and where it is named. The
// audio file's own error names the path as it was opened; people know it as
// they wrote it.
func stemError(name string, file spec.File, err error) error {
	var ae *audiofile.Error
	if errors.As(err, &ae) {
		err = detail{ae.Detail, err}
	}
	return &InputError{Pos: file.Pos, Message: fmt.Sprintf("stem %q: file %s", name, file.Name), Err: err}
}

// detail is an error in other words.
type detail struct {
	text string
	err  error
}

func (d detail) Error() string { return d.text }
func (d detail) Unwrap() error { return d.err }

func (s *stemSource) describe(t *cache.Description) {
	t.AddFile(s.file.Name, s.sum)
	t.Add("starts at frame", fmt.Sprint(s.wait))
	t.Add("without the first frames", fmt.Sprint(s.skip))
}

func (s *stemSource) channels() int { return s.info.Channels }

func (s *stemSource) frames() int64 {
	n := s.info.Frames - s.skip
	if s.speed != nil {
		n = s.speed.OutFrames(n)
	}
	return s.wait + n
}

func (s *stemSource) cost() float64 {
	cost := float64(fileCost)
	if s.info.Format == "flac" {
		cost = flacCost
	}
	if s.speed != nil {
		cost += resampleCost
	}
	return cost
}

func (s *stemSource) open() error {
	r, err := audiofile.Open(s.file.Path)
	if err == nil && s.skip > 0 {
		err = r.SeekFrame(s.skip)
	}
	if err != nil {
		return stemError(s.name, s.file, err)
	}
	s.reader, s.waited, s.ended = r, 0, false
	if s.speed != nil {
		s.speed.Reset()
		s.block, s.left = dsp.NewBlock(dsp.MaxBlock), dsp.Block{}
	}
	return nil
}

func (s *stemSource) Close() error {
	if s.reader == nil {
		return nil
	}
	err := s.reader.Close()
	s.reader = nil
	return err
}

// read implements source: silence until the file starts, then the file, then
// silence.
func (s *stemSource) read(b dsp.Block) error {
	if n := int(min(int64(b.Len()), s.wait-s.waited)); n > 0 {
		silence(b.Cut(0, n))
		s.waited += int64(n)
		b = b.Cut(n, b.Len())
	}
	for b.Len() > 0 {
		n, err := s.next(b)
		if err != nil {
			return err
		}
		if n == 0 {
			silence(b)
			return nil
		}
		b = b.Cut(n, b.Len())
	}
	return nil
}

// next gives the next frames at the session's rate; 0 at the end.
func (s *stemSource) next(b dsp.Block) (int, error) {
	if s.speed == nil {
		return s.decode(b)
	}
	for done := 0; ; {
		if s.ended && s.left.Len() == 0 {
			return done + s.speed.Flush(b.Cut(done, b.Len())), nil
		}
		consumed, produced := s.speed.Process(s.left, b.Cut(done, b.Len()))
		s.left = s.left.Cut(consumed, s.left.Len())
		if done += produced; done == b.Len() {
			return done, nil
		}
		n, err := s.decode(s.block)
		if err != nil {
			return 0, err
		}
		s.left = s.block.Cut(0, n)
	}
}

// decode gives the next frames of the file; 0 at the end.
func (s *stemSource) decode(b dsp.Block) (int, error) {
	if s.ended {
		return 0, nil
	}
	n, err := s.reader.ReadStereo(b[0], b[1])
	if errors.Is(err, io.EOF) {
		s.ended, err = true, nil
	}
	if err != nil {
		return n, stemError(s.name, s.file, err)
	}
	return n, nil
}

func silence(b dsp.Block) {
	clear(b[0])
	clear(b[1])
}
