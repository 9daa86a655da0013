package loudness

import (
	"math"
	"math/bits"
)

// words finds how long samples are as whole numbers: which of their last bits are
// ever used. 16-bit sound in a 24-bit file has eight that never are.
type words struct {
	depth int    // bits of the file's samples; there cannot be more
	seen  uint64 // all samples as numbers of 32 bits, laid over each other
	wide  bool   // there was a sample that 32 bits do not hold
}

// add looks at samples, if there is anything left to know.
func (w *words) add(x []float64) {
	const one = 1 << (wordLength - 1)
	if w.wide || w.used() >= w.depth {
		return
	}
	for _, v := range x {
		scaled := v * one
		if math.Abs(scaled) >= 1<<52 || scaled != math.Trunc(scaled) {
			w.wide = true
			return
		}
		w.seen |= uint64(int64(scaled))
	}
}

// used is how many bits the longest sample has; 0 where there is only silence or
// where 32 are not enough.
func (w *words) used() int {
	if w.wide || w.seen == 0 {
		return 0
	}
	return max(wordLength-bits.TrailingZeros64(w.seen), 1)
}
