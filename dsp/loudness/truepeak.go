package loudness

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/dsp/window"
)

// True peak (BS.1770-5 Annex 2) is the peak of the wave between the samples.
//
// The annex asks for at least 4-times oversampling, which under-reads a tone
// at 0.45 of the sample rate by up to 0.55 dB. This meter looks at a grid of 4
// positions per sample, and where something on that grid could be the foot of
// a higher peak it looks at a grid of 32 around it, which leaves 0.01 dB.
//
// The interpolator is a sinc of 48 samples under a Kaiser window: within
// 0.012 dB up to 20 kHz at 44.1 kHz, and exact on the samples themselves, so
// the true peak is never below the sample peak.
const (
	taps       = 48           // of the interpolator, per position
	pairs      = taps / 2     // taps k to the left and k to the right of the gap between two samples
	history    = taps - 1     // frames before a stretch that its first position needs
	centre     = pairs - 1    // the sample left of the gap, counted from a position's first tap
	fine       = 32           // positions per sample on the fine grid
	coarse     = fine / 4     // steps of the fine grid between positions of the coarse one
	tapsBeta   = 6.0          // of the Kaiser window: flat to 0.4535 of the rate, half at 0.5
	groupSize  = vector.Group // gaps that are looked at or skipped together
	groupReach = 7            // groups of samples a group of gaps depends on

	fallHalf    = 1.4142135625 // 1/cos(pi/4), rounded up
	fallQuarter = 1.0823922004 // 1/cos(pi/8), rounded up
)

// interpolator holds the tables of the true-peak meter.
type interpolator struct {
	// The coarse grid's three positions in a gap. Positions 1/4 and 3/4 mirror
	// each other: with the sums s and differences d of samples equally far to
	// the left and right they are quarter·s ± skew·d, which saves half the work.
	half, quarter, skew [pairs]float64
	// phases[p] are the taps for position p/fine behind the left sample.
	phases [fine + 1][taps]float64
	// bound[g] is the most that samples of magnitude 1 in the g-th group of samples can
	// add to any position in a group of gaps.
	bound [groupReach]float64
}

func newInterpolator() *interpolator {
	t := &interpolator{}
	shape := window.Kaiser(taps*fine+1, tapsBeta)
	for p := range t.phases {
		h, sum := &t.phases[p], 0.0
		for k := range h {
			steps := (k-centre)*fine - p // from the position to the sample
			h[k] = float64(window.Sinc(float64(steps)/fine) * shape[steps+pairs*fine])
			sum += h[k]
		}
		for k := range h {
			h[k] /= sum // exact at 0 Hz
		}
	}
	for k := range pairs {
		left, right := t.phases[coarse][centre-k], t.phases[coarse][centre+1+k]
		t.quarter[k], t.skew[k] = (left+right)/2, (left-right)/2
		t.half[k] = t.phases[2*coarse][centre-k]
	}
	for o := range groupSize {
		for p := range t.phases {
			var sums [groupReach]float64
			for k, h := range t.phases[p] {
				sums[(o+k)/groupSize] += math.Abs(h)
			}
			for g, s := range sums {
				t.bound[g] = max(t.bound[g], s)
			}
		}
	}
	return t
}

// peakTracker follows one channel's peaks. x, given to scan, begins with the
// history samples before the stretch.
type peakTracker struct {
	ip     *interpolator
	groups []vector.Span // the groups of samples of the stretch
	bounds []float64     // what the wave does not exceed in each group of gaps

	tail [groupSize - 1 + taps]float64 // the last group of gaps, when it is incomplete
}

// newPeakTracker makes a tracker for stretches of up to n samples, history included.
func newPeakTracker(ip *interpolator, n int) peakTracker {
	groups := (n+groupSize-1)/groupSize + groupReach
	return peakTracker{ip: ip, groups: make([]vector.Span, groups), bounds: make([]float64, groups)}
}

// scan looks for a magnitude above floor in the gaps of x: gap i lies between
// samples i+centre and i+centre+1, and there are len(x)-history of them. It
// returns the largest magnitude and its place in fine steps from x[0], or floor
// and -1 when nothing is larger.
//
// Most gaps are never interpolated: samples that lie within so much of a level
// make at most so large a value between them.
func (t *peakTracker) scan(x []float64, floor float64) (peak float64, place int) {
	gaps := len(x) - history
	whole := len(x) / groupSize
	vector.Spans(t.groups[:whole], x)
	clear(t.groups[whole:])
	if rest := x[whole*groupSize:]; len(rest) > 0 {
		t.groups[whole] = vector.SpanOf(rest)
	}
	bounds := t.bounds[:(gaps+groupSize-1)/groupSize]
	vector.Bounds(bounds, t.groups, t.ip.bound[:], 1)
	peak, place = floor, -1
	for first := 0; first < gaps; first += groupSize {
		if bounds[first/groupSize] <= peak {
			continue
		}
		n := min(groupSize, gaps-first)
		group := &t.tail
		if n == groupSize {
			group = (*[groupSize - 1 + taps]float64)(x[first:])
		} else {
			clear(group[copy(group[:], x[first:]):])
		}
		if v, p := t.ip.group(group, n, peak); v > peak {
			peak, place = v, (first+centre)*fine+p
		}
	}
	return peak, place
}

// group returns the largest magnitude in the first n gaps of a group, and its place
// in fine steps from the sample left of the first one. What cannot exceed floor is
// not looked at more closely.
//
// Around its peak A a wave without content above half the sample rate falls
// off no faster than a cosine of that frequency. So the peak is still at least
// A cos(pi/4) at the nearest half sample, and A cos(pi/8) at the nearest
// quarter: where the wave is lower than that it need not be searched.
func (ip *interpolator) group(x *[groupSize - 1 + taps]float64, n int, floor float64) (peak float64, place int) {
	var halves, even, odd [groupSize]float64
	ip.halves(&halves, x)
	quartered := false
	for o, half := range halves[:n] {
		left, right := x[o+centre], x[o+centre+1]
		if max(math.Abs(left), math.Abs(half), math.Abs(right))*fallHalf <= floor {
			continue
		}
		if !quartered {
			ip.quarters(&even, &odd, x)
			quartered = true
		}
		grid := [5]float64{left, even[o] + odd[o], half, even[o] - odd[o], right}
		if v, p := ip.refine((*[taps]float64)(x[o:]), &grid, floor); v > floor {
			peak, place, floor = v, o*fine+p, v
		}
	}
	return peak, place
}

// refine returns the largest magnitude in a gap and its position on the fine grid,
// given those on the coarse one.
func (ip *interpolator) refine(x *[taps]float64, grid *[5]float64, floor float64) (peak float64, place int) {
	for i, v := range grid {
		if v = math.Abs(v); v > peak {
			peak, place = v, i
		}
	}
	if peak*fallQuarter <= floor || summit(grid, place) <= floor {
		return peak, place * coarse
	}
	place *= coarse
	for step := coarse / 2; step > 0; step /= 2 {
		// At an end of the gap, one of the two is that end: no more than there is.
		before, after := max(place-step, 0), min(place+step, fine)
		v, w := vector.Dots(ip.phases[before][:], ip.phases[after][:], x[:])
		if v = math.Abs(v); v > peak {
			peak, place = v, before
		}
		if w = math.Abs(w); w > peak {
			peak, place = w, after
		}
	}
	return peak, place
}

// summit is how high the wave may be near the highest place of the coarse
// grid, judged by the parabola through three points of it; 0 where the summit
// lies outside the gap. It spares most of the work on low tones, whose samples
// all but touch the peak. On a wave of half the sample rate, the worst case, a
// parabola finds 1/1.13 of what lies above its highest point.
func summit(grid *[5]float64, place int) float64 {
	const missed, outside = 1.25, 1.5
	middle := min(max(place, 1), 3)
	a, b, c, top := grid[middle-1], grid[middle], grid[middle+1], grid[place]
	if top < 0 {
		a, b, c, top = -a, -b, -c, -top
	}
	slope, bend := (c-a)/2, (b-a)-(c-b)
	if bend <= 0 || math.Abs(slope) > float64(outside*bend) {
		return 0
	}
	rise := b + float64(slope*slope)/(2*bend) - top
	return top + float64(missed*rise)
}
