package filter

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/vector"
)

// MaxBands is how many bands a [Crossover] can make.
const MaxBands = 5

// LR4 returns the fourth-order Linkwitz-Riley low-pass and high-pass at hz:
// each is the second-order Butterworth filter twice, -6.02 dB at hz, and their
// plain sum is the second-order all-pass of the same frequency and Q
// (S. Linkwitz, "Active crossover networks for noncoincident drivers", JAES
// 24(1), 1976).
func LR4(hz, rate float64) (low, high [2]Coef) {
	lp := BilinearLowPass(hz, ButterworthQ, rate)
	hp := BilinearHighPass(hz, ButterworthQ, rate)
	return [2]Coef{lp, lp}, [2]Coef{hp, hp}
}

// Crossover splits sound into bands with LR4 filters. The plain sum of the
// bands is an all-pass: every band also goes through the all-passes of the
// splits above its own upper edge, so that all bands are in phase with each
// other everywhere.
//
// The high side of a split is made as all-pass minus low-pass, which is the LR4
// high-pass by the identity of [LR4], saves a section, and makes the sum exact
// whatever the coefficients were rounded to.
type Crossover struct {
	splits []split
}

// split is one frequency: what comes in at the top of the tree is parted, and
// the bands that were parted off before are turned along.
type split struct {
	low  Cascade  // LR4 low-pass
	all  Biquad   // the all-pass of the same frequency
	turn []Biquad // the same for each band below
}

// NewCrossover makes a crossover at the given frequencies in Hz, ascending,
// each below half the sample rate, at most MaxBands-1 of them.
func NewCrossover(splits []float64, rate float64) *Crossover {
	x := &Crossover{splits: make([]split, len(splits))}
	for i, hz := range splits {
		low, _ := LR4(hz, rate)
		all := BilinearAllPass(hz, ButterworthQ, rate)
		s := split{low: *NewCascade(low[:]...), all: *NewBiquad(all)}
		for range i {
			s.turn = append(s.turn, *NewBiquad(all))
		}
		x.splits[i] = s
	}
	return x
}

// Bands is the number of bands: one more than there are splits.
func (x *Crossover) Bands() int { return len(x.splits) + 1 }

// Split writes the bands of in, lowest first, into bands: one block for each
// band, each as long as in. In is not changed; bands must not share memory
// with each other, but the last one may be in itself.
func (x *Crossover) Split(in dsp.Block, bands []dsp.Block) {
	rest := bands[len(x.splits)]
	copyBlock(rest, in)
	for i := range x.splits {
		s := &x.splits[i]
		low := bands[i]
		copyBlock(low, rest)
		s.low.Process(low)
		s.all.Process(rest)
		subtract(rest, low)
		for j := range s.turn {
			s.turn[j].Process(bands[j])
		}
	}
}

// CrossoverPhase is the all-pass that the bands of [NewCrossover] sum to: for a
// path that runs beside the bands.
func CrossoverPhase(splits []float64, rate float64) *Cascade {
	var turns []Coef
	for _, hz := range splits {
		turns = append(turns, BilinearAllPass(hz, ButterworthQ, rate))
	}
	return NewCascade(turns...)
}

// Reset forgets all sound.
func (x *Crossover) Reset() {
	for i := range x.splits {
		s := &x.splits[i]
		s.low.Reset()
		s.all.Reset()
		for j := range s.turn {
			s.turn[j].Reset()
		}
	}
}

func copyBlock(to, from dsp.Block) {
	copy(to[0], from[0])
	copy(to[1], from[1])
}

// subtract takes b off a.
func subtract(a, b dsp.Block) {
	vector.Subtract(a[0], b[0])
	vector.Subtract(a[1], b[1])
}
