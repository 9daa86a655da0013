// Package dither shortens the word length: from the engine's float64 to the
// 16, 20 or 24 bits of a file.
//
// Rounding alone makes an error that follows the signal: distortion, and a fade
// that ends in gravel. Noise added before the rounding turns it into a steady
// hiss. The noise used here is TPDF dither, the sum of two uniform variables of
// one step (1 LSB of the target) each: the least noise that makes both the mean
// and the power of the error independent of the signal (S. P. Lipshitz,
// R. A. Wannamaker, J. Vanderkooy, "Quantization and dither: a theoretical
// survey", JAES 40(5), 1992). The error is then 0.5 LSB rms: -93.3 dB below a
// full-scale sine at 16 bits.
//
// Dither once, as the last step.
package dither

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/seed"
)

// Kind is the kind of dither.
type Kind int

// The kinds of dither.
const (
	None Kind = iota // round only: for sound that is on the grid already
	TPDF             // triangular noise of 2 LSB peak to peak, white, independent in each channel
)

// Quantizer turns sound into whole numbers of a word length. The same key
// gives the same noise, whatever the block lengths.
type Quantizer struct {
	bits    int
	kind    Kind
	noise   [2]seed.Stream
	pos     uint64
	clipped int64
}

// New returns a quantizer to words of 2 to 31 bits. The key says which noise:
// derive it from song and delivery with [seed.Of], so that no two files share
// theirs; the two channels have independent noise.
func New(bits int, kind Kind, key uint64) *Quantizer {
	q := &Quantizer{bits: min(max(bits, 2), 31), kind: kind}
	keys := seed.New(key)
	for ch := range q.noise {
		q.noise[ch] = seed.New(keys.Bits(uint64(ch)))
	}
	return q
}

// Process writes the next samples as whole numbers from -2^(bits-1) to
// 2^(bits-1)-1; out is as long as in. They are rounded to the nearest, halves
// to even (a mid-tread quantizer: silence stays 0 without dither), and clamped
// at full scale, where the clamped samples are counted. What is no number
// becomes 0.
func (q *Quantizer) Process(in dsp.Block, out [2][]int32) {
	for ch := range in {
		if q.kind == TPDF {
			q.clipped += dithered(in[ch], out[ch], q.bits, q.noise[ch], q.pos)
		} else {
			q.clipped += rounded(in[ch], out[ch], q.bits)
		}
	}
	q.pos += uint64(in.Len())
}

// Clipped is how many samples have been clamped so far, both channels together.
func (q *Quantizer) Clipped() int64 { return q.clipped }

// Reset goes back to the first sample.
func (q *Quantizer) Reset() { q.pos, q.clipped = 0, 0 }

func dithered(in []float64, out []int32, bits int, noise seed.Stream, pos uint64) (clipped int64) {
	scale, low, high := limits(bits)
	out = out[:len(in)]
	for i, x := range in {
		v := math.RoundToEven(float64(x*scale) + triangle(noise.Bits(pos+uint64(i))))
		if !(v >= low && v <= high) {
			v = clamp(v, low, high)
			clipped++
		}
		out[i] = int32(v)
	}
	return clipped
}

func rounded(in []float64, out []int32, bits int) (clipped int64) {
	scale, low, high := limits(bits)
	out = out[:len(in)]
	for i, x := range in {
		v := math.RoundToEven(x * scale)
		if !(v >= low && v <= high) {
			v = clamp(v, low, high)
			clipped++
		}
		out[i] = int32(v)
	}
	return clipped
}

// limits returns what full scale is multiplied by, and the range of a word.
func limits(bits int) (scale, low, high float64) {
	scale = math.Ldexp(1, bits-1)
	return scale, -scale, scale - 1
}

func clamp(v, low, high float64) float64 {
	switch {
	case v > high:
		return high
	case v < low:
		return low
	}
	return 0 // not a number
}

// OnGrid reports whether every sample is a word of so many bits as it stands:
// then nothing is lost by rounding, and a stream that is so as a whole must
// not be dithered.
func OnGrid(b dsp.Block, bits int) bool {
	scale, low, high := limits(bits)
	for _, x := range b {
		for _, v := range x {
			v *= scale
			if !(v >= low && v <= high) || v != math.Trunc(v) {
				return false
			}
		}
	}
	return true
}

// triangle turns 64 random bits into a number between -1 and 1 with triangular
// distribution and a mean of exactly 0: the sum of two uniform numbers of 32 bits.
func triangle(bits uint64) float64 {
	sum := int64(bits>>32) + int64(bits&0xffffffff)
	return float64(float64(sum-0xffffffff) * (1.0 / (1 << 32)))
}
