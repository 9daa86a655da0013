package render

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/resample"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// processorFiles are the audio files that a song's processors work with, such as
// impulse responses. They are short, and read whole when a chain that needs them
// is made.
type processorFiles struct {
	digest func(path string) (cache.Digest, error) // nil where nothing is stored and no key is needed
	used   map[string]usedFile                     // by path
	sounds map[string][][]float64                  // by path: channels at the session's rate
}

// usedFile is a file that is part of a description.
type usedFile struct {
	kind string // of the processor
	file spec.File
	sum  cache.Digest
}

// longestResponse is the longest file a processor takes, in seconds.
const longestResponse = 30

// describe adds the digests of the files that a chain uses, in the order of the
// chain; bypassed processors use none.
func (f *processorFiles) describe(chain []spec.Processor, t *cache.Description) error {
	for _, p := range chain {
		if p.Bypass {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(p.Files)) {
			u := usedFile{kind: p.Kind, file: p.Files[name]}
			if f.digest != nil {
				sum, err := f.digest(u.file.Path)
				if err != nil {
					return u.fail(err)
				}
				u.sum = sum
			}
			if f.used == nil {
				f.used = map[string]usedFile{}
			}
			f.used[u.file.Path] = u
			t.AddFile(u.file.Name, u.sum)
		}
		for _, name := range slices.Sorted(maps.Keys(p.Chains)) {
			for _, inner := range p.Chains[name] {
				if err := f.describe(inner, t); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// unchanged fails when a file is no longer what its description says.
func (f *processorFiles) unchanged() error {
	for _, path := range slices.Sorted(maps.Keys(f.used)) {
		u := f.used[path]
		if sum, err := f.digest(path); err != nil || sum != u.sum {
			return u.fail(errors.New("changed while it was read: build again when it is finished"))
		}
	}
	return nil
}

// load returns the sound of a processor's files at a rate, by parameter.
func (f *processorFiles) load(p spec.Processor, rate int) (map[string][][]float64, error) {
	if len(p.Files) == 0 {
		return nil, nil
	}
	sounds := map[string][][]float64{}
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		u := usedFile{kind: p.Kind, file: p.Files[name]}
		sound := f.sounds[u.file.Path]
		if sound == nil {
			var err error
			if sound, err = readWhole(u.file.Path, rate); err != nil {
				return nil, u.fail(err)
			}
			if f.sounds == nil {
				f.sounds = map[string][][]float64{}
			}
			f.sounds[u.file.Path] = sound
		}
		sounds[name] = sound
	}
	return sounds, nil
}

// fail says which processor's file an error is about, and where it is named.
func (u usedFile) fail(err error) error {
	var ae *audiofile.Error
	if errors.As(err, &ae) {
		err = detail{ae.Detail, err}
	}
	return &InputError{Pos: u.file.Pos, Message: fmt.Sprintf("%s: file %s", u.kind, u.file.Name), Err: err}
}

// readWhole reads an impulse response at a rate. The sum over a response is what
// it does to a level, so that with more samples each of them counts for less: a
// resampled one is scaled by the ratio of the rates.
func readWhole(path string, rate int) ([][]float64, error) {
	r, err := audiofile.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	info := r.Info()
	switch {
	case info.Channels != 1 && info.Channels != 2 && info.Channels != 4:
		return nil, fmt.Errorf("has %d channels: an impulse response has 1, 2, or 4 for true stereo", info.Channels)
	case info.Frames == 0:
		return nil, errors.New("has no samples")
	case info.Frames > longestResponse*int64(info.Rate):
		return nil, fmt.Errorf("is %.1f s long: an impulse response has at most %d s", info.Duration(), longestResponse)
	}
	sound := make([][]float64, info.Channels)
	for ch := range sound {
		sound[ch] = make([]float64, info.Frames)
	}
	if err := fill(r, sound); err != nil || info.Rate == rate {
		return sound, err
	}
	for ch := 0; ch < len(sound); ch += 2 {
		pair := dsp.Block{sound[ch], sound[min(ch+1, len(sound)-1)]}
		out, err := resampled(pair, info.Rate, rate)
		if err != nil {
			return nil, err
		}
		copy(sound[ch:], out[:min(2, len(sound))])
	}
	return sound, nil
}

// fill reads all frames of a file.
func fill(r *audiofile.Reader, sound [][]float64) error {
	rest := slices.Clone(sound)
	for len(rest[0]) > 0 {
		n, err := r.Read(rest)
		if errors.Is(err, io.EOF) || err == nil && n == 0 {
			return errors.New("ends before its header says")
		}
		if err != nil {
			return err
		}
		for ch := range rest {
			rest[ch] = rest[ch][n:]
		}
	}
	return nil
}

// resampled returns a response at another rate.
func resampled(in dsp.Block, from, to int) (dsp.Block, error) {
	r, err := resample.New(from, to)
	if err != nil {
		return dsp.Block{}, err
	}
	out := dsp.NewBlock(int(r.OutFrames(int64(in.Len()))))
	done := 0
	for in.Len() > 0 && done < out.Len() {
		consumed, produced := r.Process(in, out.Cut(done, out.Len()))
		in, done = in.Cut(consumed, in.Len()), done+produced
	}
	r.Flush(out.Cut(done, out.Len()))
	scale := float64(from) / float64(to)
	for _, x := range out {
		vector.Scale(x, scale)
	}
	return out, nil
}
