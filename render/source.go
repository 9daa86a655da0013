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

// stemSource reads a stretch of a file as the song hears it: from the song's
// first frame on, at the session's rate, a mono file on both channels. It is all
// of a stem, or a clip of one.
//
// Places in the file are counted in frames of the session from the file's first
// frame on. The file is resampled as a whole and then cut, so that a cut falls on
// the session's frame whatever the file's rate, and two stretches that meet in the
// file meet in the song without a seam.
type stemSource struct {
	name string // of the stem
	clip spec.Clip
	sum  cache.Digest // of the file
	info audiofile.Info
	rate int // of the session

	zero            int64 // frame of the song at which the file's first frame lies, or would lie
	from, to        int64 // what is heard of the file
	gain            float64
	fadeIn, fadeOut fade

	reader *audiofile.Reader
	at     int64 // frame of the song that is read next
	ended  bool
	ratio  *resample.Resampler // of the two rates, only asked and never run; nil at the session's rate
	speed  *resample.Resampler // while open; nil at the session's rate
	block  dsp.Block
	left   dsp.Block // of block: decoded, not yet resampled
}

// openStem reads the header of a stem's file and nothing more.
func openStem(name string, c spec.Clip) (*stemSource, error) {
	r, err := audiofile.Open(c.File.Path)
	if err != nil {
		return nil, stemError(name, c.File, err)
	}
	defer r.Close()
	s := &stemSource{name: name, clip: c, info: r.Info(), gain: gainOf(c.Gain)}
	if s.info.Channels > 2 {
		return nil, stemError(name, c.File, fmt.Errorf("has %d channels: a stem is mono or stereo; split it", s.info.Channels))
	}
	if s.info.Frames == 0 {
		return nil, stemError(name, c.File, errors.New("has no samples"))
	}
	return s, nil
}

// cut sets the session's rate, and with it what is heard of the file. ratios are
// the resamplers of the song by the rate of their files.
func (s *stemSource) cut(rate int, ratios map[int]*resample.Resampler) error {
	s.rate = rate
	if s.info.Rate != rate {
		if ratios[s.info.Rate] == nil {
			r, err := resample.New(s.info.Rate, rate)
			if err != nil {
				return stemError(s.name, s.clip.File, err)
			}
			ratios[s.info.Rate] = r
		}
		s.ratio = ratios[s.info.Rate]
	}
	length := s.whole()
	s.from, s.to = frames(s.clip.Start, rate), length
	if s.clip.End > 0 {
		s.to = frames(s.clip.End, rate)
		if s.to-length <= int64(rate)/1000 { // an end that was read off a display is rounded
			s.to = min(s.to, length)
		}
	}
	if s.from >= length || s.to > length {
		beyond := s.clip.Start
		if s.from < length {
			beyond = s.clip.End
		}
		return s.fault("%s lies beyond the end of the file, which is %s long", spec.FormatClock(beyond), spec.FormatClock(s.info.Duration()))
	}
	if s.to <= s.from {
		return s.fault("nothing is left between %s and %s", spec.FormatClock(s.clip.Start), spec.FormatClock(s.clip.End))
	}
	s.fadeIn, s.fadeOut = newFade(s.clip.FadeIn, rate), newFade(s.clip.FadeOut, rate)
	return nil
}

// fits reports fades that are longer than what they fade.
func (s *stemSource) fits() error {
	if fades := s.fadeIn.frames + s.fadeOut.frames; fades > s.to-s.from {
		return s.fault("the fades take %s, and there is %s of sound", s.clock(fades), s.clock(s.to-s.from))
	}
	return nil
}

// fault is an error of the stretch.
func (s *stemSource) fault(format string, args ...any) error {
	return &InputError{Pos: s.clip.Pos, Message: fmt.Sprintf("stem %q: file %s: ", s.name, s.clip.File.Name) + fmt.Sprintf(format, args...)}
}

func (s *stemSource) clock(frames int64) string {
	return spec.FormatClock(float64(frames) / float64(s.rate))
}

// whole is the length of the file in frames of the session.
func (s *stemSource) whole() int64 {
	if s.ratio != nil {
		return s.ratio.OutFrames(s.info.Frames)
	}
	return s.info.Frames
}

// first is the first frame of the file that is heard: what lies before the song
// is not.
func (s *stemSource) first() int64 { return max(s.from, -s.zero) }

// begins and ends are the frames of the song between which the stretch sounds.
func (s *stemSource) begins() int64 { return s.zero + s.from }
func (s *stemSource) ends() int64   { return s.zero + s.to }

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
	t.AddFile(s.clip.File.Name, s.sum)
	t.Add("starts at frame", fmt.Sprint(max(s.zero, 0)))
	t.Add("without the first frames", fmt.Sprint(max(-s.zero, 0)))
	if s.from > 0 || s.to < s.whole() {
		t.Add("trimmed to frames", fmt.Sprintf("%d to %d", s.from, s.to))
	}
	for _, f := range []struct {
		what string
		fade
	}{{"fade_in", s.fadeIn}, {"fade_out", s.fadeOut}} {
		if f.frames > 0 {
			t.Add(f.what, f.String())
		}
	}
}

func (s *stemSource) channels() int { return s.info.Channels }

func (s *stemSource) frames() int64 { return max(s.ends(), 0) }

func (s *stemSource) cost() float64 {
	cost := float64(fileCost)
	if s.info.Format == "flac" {
		cost = flacCost
	}
	if s.ratio != nil {
		cost += resampleCost
	}
	return cost
}

func (s *stemSource) open() error { return s.openAt(0) }

// again implements [source]. It is asked of sources that are not open.
func (s *stemSource) again() source { other := *s; return &other }

// openAt opens the file to read from a frame of the song on.
func (s *stemSource) openAt(frame int64) error {
	r, err := audiofile.Open(s.clip.File.Path)
	if err != nil {
		return stemError(s.name, s.clip.File, err)
	}
	s.reader = r
	if s.ratio != nil {
		if s.speed, err = resample.New(s.info.Rate, s.rate); err != nil {
			return stemError(s.name, s.clip.File, err)
		}
		s.block = dsp.NewBlock(dsp.MaxBlock)
	}
	return s.seek(frame)
}

func (s *stemSource) Close() error {
	if s.reader == nil {
		return nil
	}
	err := s.reader.Close()
	s.reader, s.speed, s.block, s.left = nil, nil, dsp.Block{}, dsp.Block{}
	return err
}

// seek goes to a frame of the song. What is read from there on is, bit for bit,
// what is read there by who began at the song's first frame.
func (s *stemSource) seek(frame int64) error {
	s.at, s.ended, s.left = frame, false, dsp.Block{}
	want := max(frame-s.zero, s.first()) // of the file, in frames of the session
	enter, over := want, int64(0)
	if s.speed != nil {
		// The resampler is entered a stretch early, where both rates have a frame at
		// the same time.
		s.speed.Reset()
		d := gcd(int64(s.info.Rate), int64(s.rate))
		in, out := int64(s.info.Rate)/d, int64(s.rate)/d
		hop := s.speed.Hop()
		enter = max(want/out*in/hop-1, 0) * hop
		over = want - enter/in*out
	}
	if want >= s.to || enter >= s.info.Frames {
		s.ended = true
		return nil
	}
	if err := s.reader.SeekFrame(enter); err != nil {
		return stemError(s.name, s.clip.File, err)
	}
	b := dsp.NewBlock(int(min(over, dsp.MaxBlock)))
	for over > 0 {
		n, err := s.next(b.Cut(0, int(min(over, dsp.MaxBlock))))
		if err != nil {
			return err
		}
		if n == 0 {
			return nil // the file has ended
		}
		over -= int64(n)
	}
	return nil
}

// read implements source: silence until the stretch begins, then the stretch,
// then silence.
func (s *stemSource) read(b dsp.Block) error {
	if n := min(int64(b.Len()), s.begins()-s.at); n > 0 {
		silence(b.Cut(0, int(n)))
		s.at += n
		b = b.Cut(int(n), b.Len())
	}
	for b.Len() > 0 {
		n := 0
		if most := min(int64(b.Len()), s.ends()-s.at); most > 0 {
			var err error
			if n, err = s.next(b.Cut(0, int(most))); err != nil {
				return err
			}
		}
		if n == 0 {
			silence(b)
			s.at += int64(b.Len())
			return nil
		}
		s.edge(b.Cut(0, n), s.at-s.begins())
		s.at += int64(n)
		b = b.Cut(n, b.Len())
	}
	return nil
}

// edge applies gain and fades to sound that begins so many frames into the
// stretch.
func (s *stemSource) edge(b dsp.Block, at int64) {
	scale(b[0], s.gain)
	scale(b[1], s.gain)
	length := s.to - s.from
	for i := int64(0); i < min(int64(b.Len()), s.fadeIn.frames-at); i++ {
		g := s.fadeIn.gain(at + i)
		b[0][i] *= g
		b[1][i] *= g
	}
	for i := max(length-s.fadeOut.frames-at, 0); i < int64(b.Len()); i++ {
		g := s.fadeOut.gain(length - 1 - at - i)
		b[0][i] *= g
		b[1][i] *= g
	}
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
		return n, stemError(s.name, s.clip.File, err)
	}
	return n, nil
}

func silence(b dsp.Block) {
	clear(b[0])
	clear(b[1])
}
