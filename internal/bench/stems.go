package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/lathe-audio/lathe/internal/demo"
)

const (
	stemRate  = 48000
	stemFrame = 6 // bytes: two channels of 24 bits
)

// writeStems writes n stems of so many seconds into dir, 48 kHz/24-bit stereo
// WAV, and returns their paths. They are the parts of the demo song, played in a
// loop: real spectra, transients and pauses, as a mix has them. Beyond the
// song's ten parts each repeats with another start, level and place, so that no two
// files are alike. A file that is there already with the right size is kept: the
// same call always makes the same bytes.
func writeStems(dir string, n, seconds int) ([]string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	parts := loopParts()
	var paths []string
	for i := range n {
		part := parts[i%len(parts)]
		path := filepath.Join(dir, fmt.Sprintf("%02d-%s-%ds.wav", i+1, part.name, seconds))
		paths = append(paths, path)
		size := int64(44 + seconds*stemRate*stemFrame)
		if info, err := os.Stat(path); err == nil && info.Size() == size {
			continue
		}
		if err := writeLoop(path, part.stem, i/len(parts), seconds); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return paths, nil
}

type loopPart struct {
	name string
	stem demo.Stem
}

// loopParts lists the demo song's stems that are as long as the song.
func loopParts() []loopPart {
	var parts []loopPart
	for _, song := range demo.Songs() {
		if song.Name != demo.Undertow {
			continue
		}
		for _, stem := range song.Stems {
			base := filepath.Base(stem.Path)
			if name := base[:len(base)-len(filepath.Ext(base))]; name != "crash" {
				parts = append(parts, loopPart{name, stem})
			}
		}
	}
	return parts
}

// writeLoop writes one stem. The loop is packed once and its bytes are written again and
// again, which is as fast as the disk.
func writeLoop(path string, stem demo.Stem, variation, seconds int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	data := seconds * stemRate * stemFrame
	if _, err := f.Write(wavHeader(data)); err != nil {
		return err
	}
	loop := packLoop(stem, variation)
	for data > 0 {
		part := loop[:min(len(loop), data)]
		if _, err := f.Write(part); err != nil {
			return err
		}
		data -= len(part)
	}
	return nil
}

// packLoop returns eleven bars of a stem as 24-bit stereo. A mono part gets a second
// channel that lags and is a little quieter; over everything lies a converter's
// noise at -110 dB, so that nobody is measured on digital silence.
func packLoop(stem demo.Stem, variation int) []byte {
	_, channels := stem.Samples()
	const frames = 11 * 4 * 60 * stemRate / 92 // eleven bars at 92 bpm
	start := variation * frames * 3 / 11
	gain := math.Ldexp(1, 23) * (1 - 0.15*float64(variation))
	noise := uint64(variation+1) * 0x9e3779b97f4a7c15
	loop := make([]byte, frames*stemFrame)
	for i := range frames {
		for c := range 2 {
			x, at, g := channels[c%len(channels)], (start+i)%frames, gain
			if c == 1 && len(channels) == 1 {
				at, g = (at+frames-17)%frames, 0.9*gain
			}
			v := 0.0
			if at < len(x) {
				v = x[at]
			}
			noise = noise*6364136223846793005 + 1442695040888963407
			hiss := float64(int32(noise>>32)) / (1 << 31) * 26
			s := int32(math.Round(float64(v*g) + hiss))
			o := i*stemFrame + 3*c
			loop[o], loop[o+1], loop[o+2] = byte(s), byte(s>>8), byte(s>>16)
		}
	}
	return loop
}

// wavHeader is the header of a 48 kHz/24-bit stereo file with so many bytes of samples.
func wavHeader(data int) []byte {
	le := func(v, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(v >> (8 * i))
		}
		return string(b)
	}
	return []byte("RIFF" + le(36+data, 4) + "WAVEfmt " + le(16, 4) + le(1, 2) + le(2, 2) +
		le(stemRate, 4) + le(stemRate*stemFrame, 4) + le(stemFrame, 2) + le(24, 2) + "data" + le(data, 4))
}
