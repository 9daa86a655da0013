package dsptest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Signal returns n frames of the harness's test signal at a rate: it is what the golden
// hashes are made from and must not change. Within each 16384 frames it has a
// click in silence, a chord with different sides that swells to just below full scale,
// noise that dies away, and a quiet low note. Signals of different key have
// different noise and pitch.
func Signal(n, rate int, key string) dsp.Block {
	const period = 16384
	b := dsp.NewBlock(n)
	noise := [2]seed.Stream{seed.New(seed.Of("dsptest", key, "left")), seed.New(seed.Of("dsptest", key, "right"))}
	pitch := 1 + float64(noise[0].Uniform(0)/4)
	sine := func(i int, hz float64) float64 { return xmath.SinPi(2 * hz * pitch / float64(rate) * float64(i)) }
	for i := range n {
		var l, r float64
		switch at := i % period; {
		case at == 64:
			l, r = 0.9, -0.7
		case at < 512:
		case at < 6144:
			swell := float64(at-512) / (6144 - 512)
			both, side := float64(0.6*swell*sine(i, 220)), float64(0.35*swell*sine(i, 1370))
			l, r = both+side, both-side
		case at < 12288:
			decay := xmath.Exp(-float64(at-6144) / 1500)
			l = 1.8 * decay * noise[0].Uniform(uint64(i))
			r = 1.8 * decay * noise[1].Uniform(uint64(i))
		default:
			l = 0.02 * sine(i, 55)
			r = l
		}
		b[0][i], b[1][i] = l, r
	}
	return b
}

// Noise returns n frames of white noise between -peak and peak, the two sides independent.
func Noise(n int, peak float64, key string) dsp.Block {
	b := dsp.NewBlock(n)
	for ch, side := range []string{"left", "right"} {
		s := seed.New(seed.Of("dsptest noise", key, side))
		for i := range b[ch] {
			b[ch][i] = 2 * peak * s.Next()
		}
	}
	return b
}

// Sine returns n frames of a sine on both sides, starting at phase 0.
func Sine(n, rate int, hz, peak float64) dsp.Block {
	b := dsp.NewBlock(n)
	for i := range n {
		b[0][i] = peak * xmath.SinPi(2*hz/float64(rate)*float64(i))
	}
	copy(b[1], b[0])
	return b
}

// Impulse returns n frames of silence but for one of the given height.
func Impulse(n, at int, height float64) dsp.Block {
	b := dsp.NewBlock(n)
	b[0][at], b[1][at] = height, height
	return b
}

// Copy returns the block in memory of its own.
func Copy(b dsp.Block) dsp.Block {
	c := dsp.NewBlock(b.Len())
	copy(c[0], b[0])
	copy(c[1], b[1])
	return c
}

// Play sends a signal through a processor, in blocks of the greatest length,
// and returns what comes out; the signal is left as it is. Keys are those of
// a [dsp.Keyed].
func Play(p dsp.Processor, in dsp.Block, keys ...dsp.Block) dsp.Block {
	return play(p, in, keys, func() int { return dsp.MaxBlock })
}

// PlayCut is Play in blocks of random length: from none to the greatest, with
// many of 0, 1 and 2 frames.
func PlayCut(p dsp.Processor, in dsp.Block, rng *rand.Rand, keys ...dsp.Block) dsp.Block {
	return play(p, in, keys, func() int {
		switch rng.IntN(4) {
		case 0:
			return rng.IntN(3)
		case 1:
			return rng.IntN(40)
		case 2:
			return dsp.MaxBlock
		}
		return rng.IntN(dsp.MaxBlock + 1)
	})
}

func play(p dsp.Processor, in dsp.Block, keys []dsp.Block, length func() int) dsp.Block {
	out := Copy(in)
	cuts := make([]dsp.Block, len(keys))
	for at := 0; at < out.Len(); {
		to := min(at+length(), out.Len())
		if len(keys) == 0 {
			p.Process(out.Cut(at, to))
		} else {
			for i, k := range keys {
				cuts[i] = k.Cut(at, to)
			}
			p.(dsp.Keyed).ProcessKeyed(out.Cut(at, to), cuts)
		}
		at = to
	}
	return out
}

// Hash returns the SHA-256 of a block: its float64 samples, little-endian, left and
// right in turn.
func Hash(b dsp.Block) string {
	h := sha256.New()
	mem := make([]byte, 0, 1<<14)
	for i := range b.Len() {
		mem = binary.LittleEndian.AppendUint64(mem, math.Float64bits(b[0][i]))
		mem = binary.LittleEndian.AppendUint64(mem, math.Float64bits(b[1][i]))
		if len(mem) >= 1<<14-16 || i == b.Len()-1 {
			h.Write(mem)
			mem = mem[:0]
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Peak returns the largest absolute sample of both sides, and where it first is.
func Peak(b dsp.Block) (peak float64, at int) {
	for i := range b.Len() {
		if m := max(math.Abs(b[0][i]), math.Abs(b[1][i])); m > peak {
			peak, at = m, i
		}
	}
	return peak, at
}

// Response returns the gain in dB and the phase in radians of an impulse response at a
// frequency, by its Fourier sum.
func Response(h []float64, rate int, hz float64) (db, phase float64) {
	var re, im float64
	for i, v := range h {
		turn := 2 * math.Mod(hz/float64(rate)*float64(i), 1)
		re += v * math.Cos(math.Pi*turn)
		im -= v * math.Sin(math.Pi*turn)
	}
	return 20 * math.Log10(math.Hypot(re, im)), math.Atan2(im, re)
}
