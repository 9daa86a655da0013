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
// [HighPass] is triangular noise too, moved up in frequency; the shaped kinds
// (shaped.go) also feed the error of each sample back into the next ones, so
// that what is left lies where it is hardly heard.
//
// Dither once, as the last step.
package dither

import (
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/seed"
)

// Kind is the kind of dither.
type Kind int

// The kinds of dither. The noise of each is independent in each channel.
const (
	None         Kind = iota // round only: for sound that is on the grid already
	TPDF                     // triangular noise of 2 LSB peak to peak, white
	HighPass                 // the same noise with less below a quarter of the rate and more above
	Lipshitz5                // TPDF, and the error shaped: see shaped.go
	ModifiedE9               //
	ImprovedE9               //
	Wannamaker3              //
	Wannamaker9              //
	Wannamaker24             //
)

// names are the kinds as people write them.
var names = [...]string{
	None: "none", TPDF: "tpdf", HighPass: "tpdf-hp",
	Lipshitz5: "lipshitz-5", ModifiedE9: "modified-e-9", ImprovedE9: "improved-e-9",
	Wannamaker3: "wannamaker-3", Wannamaker9: "wannamaker-9", Wannamaker24: "wannamaker-24",
}

// String returns the kind's name: "tpdf", "wannamaker-9".
func (k Kind) String() string { return names[k] }

// Named returns the kind of a name, and whether there is one.
func Named(name string) (Kind, bool) {
	k := slices.Index(names[:], name)
	return Kind(max(k, 0)), k >= 0
}

// Quantizer turns sound into whole numbers of a word length. The same key
// gives the same noise, whatever the block lengths.
type Quantizer struct {
	bits    int
	kind    Kind
	noise   [2]seed.Stream
	pos     uint64
	clipped int64
	shaper  *shaper // nil for what shapes nothing
}

// New returns a quantizer to words of 2 to 32 bits. The key says which noise:
// derive it from song and delivery with [seed.Of], so that no two files share
// theirs; the two channels have independent noise.
func New(bits int, kind Kind, key uint64) *Quantizer {
	q := &Quantizer{bits: min(max(bits, 2), 32), kind: kind}
	keys := seed.New(key)
	for ch := range q.noise {
		q.noise[ch] = seed.New(keys.Bits(uint64(ch)))
	}
	if kind.Shaped() {
		q.shaper = newShaper(sets[kind])
	}
	return q
}

// Process writes the next samples as whole numbers from -2^(bits-1) to
// 2^(bits-1)-1; out is as long as in. They are rounded to the nearest, halves
// to even (a mid-tread quantizer: silence stays 0 without dither), and clamped
// at full scale, where the clamped samples are counted. What is no number
// becomes 0.
func (q *Quantizer) Process(in dsp.Block, out [2][]int32) {
	if q.shaper != nil {
		q.clipped += q.shaper.process(in, out, q.bits, q.noise, q.pos)
		q.pos += uint64(in.Len())
		return
	}
	for ch := range in {
		switch q.kind {
		case TPDF:
			q.clipped += dithered(in[ch], out[ch], q.bits, q.noise[ch], q.pos)
		case HighPass:
			q.clipped += highPassed(in[ch], out[ch], q.bits, q.noise[ch], q.pos)
		default:
			q.clipped += rounded(in[ch], out[ch], q.bits)
		}
	}
	q.pos += uint64(in.Len())
}

// Clipped is how many samples have been clamped so far, both channels together.
func (q *Quantizer) Clipped() int64 { return q.clipped }

// Reset goes back to the first sample.
func (q *Quantizer) Reset() {
	q.pos, q.clipped = 0, 0
	if q.shaper != nil {
		q.shaper.reset()
	}
}

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

// highPassed dithers with the difference of each uniform number to the one
// before it: triangular as their sum is, with no noise at 0 Hz and twice the
// power at half the rate (R. A. Wannamaker, PhD thesis, Waterloo 1997, 4.3).
// One number a sample is all it takes.
func highPassed(in []float64, out []int32, bits int, noise seed.Stream, pos uint64) (clipped int64) {
	scale, low, high := limits(bits)
	out = out[:len(in)]
	before := noise.Uniform(pos - 1) // of the first sample: the stream's last number, in a circle
	for i, x := range in {
		u := noise.Uniform(pos + uint64(i))
		v := math.RoundToEven(float64(x*scale) + (u - before))
		before = u
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
