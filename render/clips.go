package render

import (
	"errors"
	"fmt"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// clipSource is a stem made of stretches of files, in the order of time. At most
// two of them are open at a time.
type clipSource struct {
	clips []*stemSource

	at   int64 // frame of the song that is read next
	next int   // the first clip that is not over
	tmp  dsp.Block
}

// clips are the stretches that a source is made of.
func clips(src source) []*stemSource {
	switch s := src.(type) {
	case *stemSource:
		return []*stemSource{s}
	case *clipSource:
		return s.clips
	}
	return nil
}

// lay puts clips into the song, whose time begins at a frame for them: each plays
// until it ends or the next begins, and where that has a crossfade for so long
// after. What is cut off although its end was written is told to warn.
func lay(clips []*stemSource, begin int64, warn func(*stemSource, string)) error {
	for i, s := range clips {
		s.zero = frames(s.clip.At, s.rate) + begin - s.from
		if i == 0 {
			continue
		}
		last, cross := clips[i-1], newFade(s.clip.Crossfade, s.rate)
		until := s.begins() + cross.frames
		switch {
		case s.begins() <= last.begins():
			return s.fault("the clip before it begins at the same sample")
		case cross.frames > 0 && last.ends() < until:
			return s.fault("its crossfade lasts until %s, and the clip before it ends at %s", s.clock(until), s.clock(last.ends()))
		case last.ends() <= until:
		case last.clip.End > 0:
			warn(last, fmt.Sprintf("is cut off at %s, where the next clip takes over; by itself it would end at %s", s.clock(until), s.clock(last.ends())))
		}
		last.to = min(last.to, until-last.zero)
		if cross.frames > 0 {
			last.fadeOut, s.fadeIn = cross, cross
		}
	}
	for _, s := range clips {
		if err := s.fits(); err != nil {
			return err
		}
	}
	return nil
}

func (s *clipSource) describe(t *cache.Description) {
	for i, c := range s.clips {
		what := fmt.Sprintf("clip %d ", i+1)
		t.AddFile(c.clip.File.Name, c.sum)
		t.Add(what+"begins at frame", fmt.Sprint(c.begins()))
		t.Add(what+"frames", fmt.Sprintf("%d to %d", c.from, c.to))
		if c.clip.Gain != 0 {
			t.Add(what+"gain", spec.FormatNumber(c.clip.Gain))
		}
		if c.fadeIn.frames > 0 {
			t.Add(what+"fade in", c.fadeIn.String())
		}
		if c.fadeOut.frames > 0 {
			t.Add(what+"fade out", c.fadeOut.String())
		}
	}
}

// channels implements source: a stem of mono files is mono.
func (s *clipSource) channels() int {
	n := 1
	for _, c := range s.clips {
		n = max(n, c.channels())
	}
	return n
}

func (s *clipSource) frames() int64 { return s.clips[len(s.clips)-1].frames() }

// cost implements source: that of the dearest clip; few overlap.
func (s *clipSource) again() source {
	other := &clipSource{}
	for _, c := range s.clips {
		clip := *c
		other.clips = append(other.clips, &clip)
	}
	return other
}

func (s *clipSource) cost() float64 {
	cost := 0.0
	for _, c := range s.clips {
		cost = max(cost, c.cost())
	}
	return cost
}

func (s *clipSource) open() error {
	s.tmp = dsp.NewBlock(dsp.MaxBlock)
	return s.seek(0)
}

// seek goes to a frame of the song.
func (s *clipSource) seek(frame int64) error {
	s.at, s.next = frame, 0
	return s.Close()
}

// Close closes the clips that are open.
func (s *clipSource) Close() error {
	var errs []error
	for _, c := range s.clips {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// read implements source: the sum of the clips that sound.
func (s *clipSource) read(b dsp.Block) error {
	silence(b)
	end := s.at + int64(b.Len())
	for i := s.next; i < len(s.clips) && s.clips[i].begins() < end; i++ {
		c := s.clips[i]
		if c.ends() <= s.at {
			s.next = i + 1 // each ends after the one before it
			if err := c.Close(); err != nil {
				return err
			}
			continue
		}
		if err := s.add(b, c); err != nil {
			return err
		}
	}
	s.at = end
	return nil
}

// add adds a clip to the block.
func (s *clipSource) add(b dsp.Block, c *stemSource) error {
	if c.reader == nil {
		if err := c.openAt(s.at); err != nil {
			return err
		}
	}
	x := s.tmp.Cut(0, b.Len())
	if err := c.read(x); err != nil {
		return err
	}
	for ch := range b {
		vector.Add(b[ch], x[ch])
	}
	return nil
}
