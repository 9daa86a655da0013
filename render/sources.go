package render

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lathe-audio/lathe/dsp/resample"
	"github.com/lathe-audio/lathe/spec"
)

// opened is a stem (or a finished mix) with the headers of its files read.
type opened struct {
	name   string
	stem   *spec.Stem // nil for a finished mix
	clips  []*stemSource
	faults []error
}

func (o *opened) note(err error) {
	if err != nil {
		o.faults = append(o.faults, err)
	}
}

// sources opens the headers of a song's files, settles the session's rate, and
// puts the files into the song's time.
func (b *builder) sources(song *spec.Song) (map[string]source, int, error) {
	list, err := openAll(song)
	if err != nil {
		return nil, 0, err
	}
	rate := song.SampleRate
	if rate == 0 {
		rate = commonRate(list)
	}
	faults := fitting(song, rate)
	b.tellOfFiles(song, list, rate)
	ratios := map[int]*resample.Resampler{}
	for i := range list {
		o := &list[i]
		for _, s := range o.clips {
			o.note(s.cut(rate, ratios))
		}
		if o.stem != nil && o.stem.FromBWF {
			o.note(o.clips[0].stamped())
		}
	}
	midnight := startOf(song, list, rate)
	sources := map[string]source{}
	for _, o := range list {
		if len(o.faults) == 0 {
			src, err := b.arrange(song, o, rate, midnight)
			o.note(err)
			sources[o.name] = src
		}
		faults = append(faults, o.faults...)
	}
	return sources, rate, errors.Join(faults...)
}

// fitting finds deliveries at the session's rate whose dither is made for others.
func fitting(song *spec.Song, rate int) (faults []error) {
	for _, d := range song.Deliver {
		if d.SampleRate == 0 {
			if message, hint := d.RateFault(deliveredRate(&d, rate)); message != "" {
				faults = append(faults, &InputError{Pos: d.Pos, Message: fmt.Sprintf("deliver: %s: %s: that is the session's; write %s", d.Name, message, hint)})
			}
		}
		if at := deliveredRate(&d, rate); d.SampleRate == 0 && !d.DitherFits(at) {
			faults = append(faults, &InputError{Pos: d.Pos, Message: fmt.Sprintf("deliver: %s: %s, the session's rate: %s", d.Name, d.DitherMisfit(at), spec.DitherHint)})
		}
	}
	return faults
}

// openAll reads the headers of all files of a song.
func openAll(song *spec.Song) ([]opened, error) {
	var list []opened
	var faults []error
	open := func(name string, stem *spec.Stem, clips []spec.Clip) {
		o := opened{name: name, stem: stem}
		for _, c := range clips {
			s, err := openStem(name, c)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			o.clips = append(o.clips, s)
		}
		list = append(list, o)
	}
	if song.MixFile != nil {
		open("mix", nil, []spec.Clip{{Pos: song.MixFile.Pos, File: *song.MixFile}})
	}
	for i := range song.Stems {
		s := &song.Stems[i]
		if len(s.Clips) > 0 {
			open(s.Name, s, s.Clips)
			continue
		}
		open(s.Name, s, []spec.Clip{{Pos: s.File.Pos, File: s.File, Start: s.Start, End: s.End, FadeIn: s.FadeIn, FadeOut: s.FadeOut}})
	}
	return list, errors.Join(faults...)
}

// tellOfFiles warns of what is odd about the files, once for each.
func (b *builder) tellOfFiles(song *spec.Song, list []opened, rate int) {
	for _, o := range list {
		told := map[string]bool{}
		for _, s := range o.clips {
			if told[s.clip.File.Path] {
				continue
			}
			told[s.clip.File.Path] = true
			warn := func(text string) {
				b.event(Event{Event: Warning, Song: song.Title, Pos: s.clip.File.Pos, Message: fmt.Sprintf("stem %q: file %s%s", s.name, s.clip.File.Name, text)})
			}
			if s.info.Rate != rate {
				warn(fmt.Sprintf(" is at %s: resampled to the session's %s", kHz(s.info.Rate), kHz(rate)))
			}
			for _, w := range s.info.Warnings {
				warn(": " + w)
			}
		}
	}
}

// arrange puts an opened stem into the song's time. midnight is the frame of the
// song to which time stamps count.
func (b *builder) arrange(song *spec.Song, o opened, rate int, midnight int64) (source, error) {
	first := o.clips[0]
	if o.stem == nil {
		return first, nil
	}
	begin := frames(o.stem.Offset, rate) + inFrames(o.stem.Delay, rate)
	if len(o.stem.Clips) == 0 {
		if first.zero = begin; o.stem.FromBWF {
			first.zero += first.stamp() + midnight
		}
		return first, first.fits()
	}
	err := lay(o.clips, begin, func(s *stemSource, text string) {
		b.event(Event{Event: Warning, Song: song.Title, Pos: s.clip.Pos, Message: fmt.Sprintf("stem %q: file %s: %s", s.name, s.clip.File.Name, text)})
	})
	return &clipSource{clips: o.clips}, err
}

// inFrames is a time in frames.
func inFrames(t spec.SampleTime, rate int) int64 { return frames(t.Seconds, rate) + t.Samples }

// stamp is the time of day at which a file begins, in frames of the session.
// Rounding each file's own, and not its distance to another, keeps the order of
// the stems out of it.
func (s *stemSource) stamp() int64 {
	rate := int64(s.info.Rate)
	return (*s.info.TimeStamp*int64(s.rate) + rate/2) / rate
}

// stamped reports a file that has no time stamp, or one that is no time of day.
func (s *stemSource) stamped() error {
	const longest = 48 * 3600 // seconds: sessions run past midnight
	switch at := s.info.TimeStamp; {
	case at == nil:
		return s.fault("offset: bwf, but the file has no time stamp: only WAV files with a bext chunk have one")
	case *at < 0 || *at > longest*int64(s.info.Rate):
		return s.fault("offset: bwf, but the file's time stamp of %d samples is no time of day", *at)
	}
	return nil
}

// startOf is the frame of the song at which the day begins: minus the start of the
// session, or minus the earliest time stamp among the stems that go by theirs.
func startOf(song *spec.Song, list []opened, rate int) int64 {
	if song.Start != nil {
		return -inFrames(*song.Start, rate)
	}
	var stamps []int64
	for _, o := range list {
		if o.stem != nil && o.stem.FromBWF && len(o.faults) == 0 {
			stamps = append(stamps, o.clips[0].stamp())
		}
	}
	if len(stamps) == 0 {
		return 0
	}
	return -slices.Min(stamps)
}

// commonRate is the most common rate among the stems; of two equally common
// ones the higher. A stem of clips counts once, by its first.
func commonRate(list []opened) int {
	count := map[int]int{}
	best := 0
	for _, o := range list {
		count[o.clips[0].info.Rate]++
	}
	for rate, n := range count {
		if n > count[best] || n == count[best] && rate > best {
			best = rate
		}
	}
	return best
}
