package loudness

import (
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// The numbers of BS.1770-5 Annex 1 and EBU Tech 3342.
const (
	calibration   = -0.691 // LUFS of a weighted mean square of 1
	absoluteGate  = -70.0  // LUFS
	relativeGate  = -10.0  // LU, for integrated loudness
	rangeGate     = -20.0  // LU, for loudness range
	rangeLow      = 0.10   // percentiles between which the loudness range lies
	rangeHigh     = 0.95
	hopsPerBlock  = 4  // 400 ms at a hop of 100 ms
	hopsPerShort  = 30 // 3 s at a hop of 100 ms
	hopsPerSecond = 10
	ticksPerHop   = 10 // 100 ms in ticks of 10 ms
	ticksPerBlock = 40 // 400 ms in ticks of 10 ms
)

// LUFS turns an energy (the weighted sum over the channels of the mean squares
// of the K-weighted samples) into loudness. No energy is -Inf.
func LUFS(energy float64) float64 {
	if energy <= 0 {
		return math.Inf(-1)
	}
	return calibration + float64(10*xmath.Log10(energy))
}

// Energy is the inverse of [LUFS].
func Energy(lufs float64) float64 { return xmath.Gain((lufs - calibration) * 2) }

// Integrated returns the gated loudness in LUFS of 400 ms block energies, as
// [Meter.Blocks] returns them. Given several lists it pools them: the loudness
// of an album is that of all its tracks' blocks together (the mean of the
// tracks' loudnesses would weigh a short interlude like a long finale).
// It is -Inf when no block passes the gates.
func Integrated(lists ...[]float64) float64 {
	return LUFS(meanAbove(lists, max(Energy(absoluteGate), relativeThreshold(lists))))
}

// RelativeThreshold returns the relative gate of [Integrated] in LUFS: 10 LU below the
// loudness of the blocks above -70 LUFS. It is -Inf when there are none.
func RelativeThreshold(lists ...[]float64) float64 { return LUFS(relativeThreshold(lists)) }

func relativeThreshold(lists [][]float64) float64 {
	return float64(meanAbove(lists, Energy(absoluteGate)) * xmath.Gain(relativeGate*2))
}

// meanAbove returns the mean of the energies above a threshold, 0 if there are none.
func meanAbove(lists [][]float64, threshold float64) float64 {
	sum, n := 0.0, 0
	for _, list := range lists {
		for _, e := range list {
			if e > threshold {
				sum += e
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// Range returns the loudness range (EBU Tech 3342) in LU of short-term
// energies, as [Meter.ShortTerm] returns them; several lists are pooled. It is
// NaN when nothing passes the gates. For less than a minute of sound the
// standard calls the figure of little meaning.
//
// Percentiles of a list of n lie between its values, at n·p - 1/2: half a window from
// meters that round (n-1)·p and from those that count up to n·p, which differ by
// 0.1 LU where music steps from one loudness to another.
func Range(lists ...[]float64) float64 {
	kept := rangeGated(lists)
	if len(kept) == 0 {
		return math.NaN()
	}
	at := func(p float64) float64 {
		x := min(max(float64(float64(len(kept))*p)-0.5, 0), float64(len(kept)-1))
		i := int(x)
		low, high := LUFS(kept[i]), LUFS(kept[min(i+1, len(kept)-1)])
		return low + float64((x-float64(i))*(high-low))
	}
	return at(rangeHigh) - at(rangeLow)
}

// rangeGated returns the energies that pass the gates of the loudness range, from
// the lowest on.
func rangeGated(lists [][]float64) []float64 {
	level := meanAbove(lists, Energy(absoluteGate))
	threshold := max(Energy(absoluteGate), float64(level*xmath.Gain(rangeGate*2)))
	var kept []float64
	for _, list := range lists {
		for _, e := range list {
			if e > threshold {
				kept = append(kept, e)
			}
		}
	}
	slices.Sort(kept)
	return kept
}

// RangeSparse returns the loudness range as meters read it that take a window of 3 s
// once a second, which EBU Tech 3342 allows, and whole percentiles: libebur128 is
// one. With so few windows it depends on where the stream begins, by up to a LU on
// short or sparse music.
func RangeSparse(short []float64) float64 {
	var some []float64
	for i := 0; i < len(short); i += hopsPerSecond {
		some = append(some, short[i])
	}
	kept := rangeGated([][]float64{some})
	if len(kept) == 0 {
		return math.NaN()
	}
	last := float64(len(kept) - 1)
	at := func(p float64) float64 { return LUFS(kept[int(math.Round(last*p))]) }
	return at(rangeHigh) - at(rangeLow)
}

// grid divides a stream into ticks of 10 ms. Where 10 ms is no whole number of
// frames (22.05 kHz) the ticks differ by one frame, and never drift.
type grid struct{ rate int64 }

// start is the first frame of tick k.
func (g grid) start(k int64) int64 { return (k*g.rate + 50) / 100 }

// windows returns the mean energies of every window of n hops, one hop apart.
// The sums are made anew for each window: a running sum would carry rounding
// errors of loud passages into quiet ones.
func (g grid) windows(hops []float64, n int) []float64 {
	if len(hops) < n {
		return nil
	}
	out := make([]float64, len(hops)-n+1)
	for i := range out {
		out[i] = g.mean(hops[i:i+n], int64(i), ticksPerHop)
	}
	return out
}

// mean divides the sum of consecutive parts by the frames they span; first is
// the index of the first part, each being ticks long.
func (g grid) mean(parts []float64, first, ticks int64) float64 {
	sum := 0.0
	for _, e := range parts {
		sum += e
	}
	from, to := g.start(first*ticks), g.start((first+int64(len(parts)))*ticks)
	return sum / float64(to-from)
}
