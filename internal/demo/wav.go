package demo

import (
	"fmt"
	"io"
	"math"

	"github.com/lathe-audio/lathe/render/audiofile"
)

// quantise rounds a sample to an integer of so many bits, within its range. The
// stems are not dithered: what they hold below the last bit is decaying to
// nothing, and silence between notes stays digital silence, which packs well.
func quantise(x float64, bits int) int32 {
	full := float64(int64(1) << (bits - 1))
	y := math.RoundToEven(x * full)
	if y > full-1 {
		y = full - 1
	}
	if y < -full {
		y = -full
	}
	return int32(y)
}

// integers returns frames [from, to) of the sound in so many bits.
func (s *sound) integers(from, to, bits int) [][]int32 {
	samples := make([][]int32, len(s.ch))
	for c, x := range s.ch {
		samples[c] = make([]int32, to-from)
		for i, v := range x[from:to] {
			samples[c][i] = quantise(v, bits)
		}
	}
	return samples
}

// writeWAV writes the sound as integer PCM of 16 or 24 bits.
func writeWAV(w io.WriteSeeker, s *sound, bits int) error {
	out, err := audiofile.CreateWAV(w, audiofile.Spec{Rate: s.rate, Channels: len(s.ch), Bits: bits, Frames: int64(s.frames())})
	if err != nil {
		return fmt.Errorf("wav: %w", err)
	}
	if err := out.WriteInt(s.integers(0, s.frames(), bits)); err != nil {
		return fmt.Errorf("wav: %w", err)
	}
	return out.Close()
}
