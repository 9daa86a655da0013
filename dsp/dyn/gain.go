package dyn

import "math"

// GainSettings are what a limiter's gain is worked out from.
type GainSettings struct {
	Rate    int     // Hz
	Ceiling float64 // linear level that nothing may exceed
	Style   Style   // the zero Style stands for Transparent

	// LookAhead is the time in ms in which the gain comes down before a peak:
	// from one frame to MaxLookAhead; 0 stands for the style's.
	LookAhead float64
	// Release is the time constant in ms with which the gain comes back after it
	// has been down for long; the style's other stages follow in proportion. 0
	// stands for the style's.
	Release float64
}

// MaxLookAhead is the longest look-ahead, in ms.
const MaxLookAhead = 20.0

// resolved has the style's values where there are no others.
func (s GainSettings) resolved() GainSettings {
	if s.Style == (Style{}) {
		s.Style = Transparent
	}
	if s.LookAhead <= 0 {
		s.LookAhead = s.Style.LookAhead
	}
	if s.Release <= 0 {
		s.Release = s.Style.Slow.Release
	}
	return s
}

// released is the reduction (as 1 - gain) that counts as none: -120 dB of the
// signal, and the step to nothing is smoothed like all others.
const released = 1e-6

// Gain works out a limiter's gain from peaks. What it promises: the gain of a
// frame times the frame's peak is at most the ceiling; it moves smoothly, ahead
// of the peak; and it is exactly 1 where nothing has been over for a while.
//
// For each frame the gain it needs is known. The least that the last frames need
// (L of them, and some more: see holdOver) is let go of slowly, and averaged over L
// frames with a bell of weights that add up to 1. The result belongs to the first of
// these L frames, whose own need all L values have heard of, so that their average
// does not exceed it.
//
// The bell is three moving averages in a row, of lengths in the ratios that the
// Signalsmith Audio DSP library found to give the lowest side lobes. Their sums
// are kept in integers: no rounding, so no drift, and the same bits whatever came
// before.
type Gain struct {
	ceiling float64
	window  int // L
	hold    slidingMax
	fast    float64  // part of the way in one frame
	stages  [2]stage // the middle one and the slow one
	boxes   [3]box
	full    float64 // what the boxes give for a gain of 1

	now     float64 // reduction as 1 - gain, of the first stage
	ones    int     // how many gains in a row were exactly 1, up to window
	scratch [256]int64
}

// oneGain is a gain of 1 in the integers of the boxes. With the longest window,
// 20 ms at 192 kHz, the sum of the third box stays below 2^61.
const oneGain = 1 << 30

// NewGain returns a gain at its first frame.
func NewGain(set GainSettings) *Gain {
	set = set.resolved()
	rate := float64(set.Rate)
	n := 1 + int(math.Round(min(set.LookAhead, MaxLookAhead)*rate/1000))
	slower := set.Release / set.Style.Slow.Release
	// Three boxes of a, b and c frames make a bell of a+b+c-2.
	a := max(1, int(math.Round(0.404*float64(n+2))))
	b := max(1, int(math.Round(0.335*float64(n+2))))
	g := &Gain{
		ceiling: set.Ceiling,
		window:  n,
		hold:    newSlidingMax(n + int(math.Round(set.Style.Hold*rate/1000))),
		fast:    share(set.Style.Fast*slower, set.Rate),
		stages:  [2]stage{newStage(set.Style.Middle, slower, set.Rate), newStage(set.Style.Slow, slower, set.Rate)},
		boxes:   [3]box{newBox(a), newBox(b), newBox(n + 2 - a - b)},
	}
	g.Reset()
	return g
}

// Latency is by how many frames the gains lag the peaks: the look-ahead.
func (g *Gain) Latency() int { return g.window - 1 }

// Reset goes back to the first frame.
func (g *Gain) Reset() {
	g.hold.reset()
	g.now, g.ones = 0, g.window
	g.stages[0].base, g.stages[1].base = 0, 0
	one := int64(oneGain)
	for i := range g.boxes {
		one = g.boxes[i].reset(one)
	}
	g.full = float64(one)
}

// Process takes the next frames' peaks and writes as many linear gains. The
// first belongs to the frame whose peak came Latency frames before peaks[0].
// gains may be peaks.
func (g *Gain) Process(peaks, gains []float64) {
	gains = gains[:len(peaks)]
	for len(peaks) > 0 {
		n := 0
		if g.resting() {
			n = g.rest(peaks, gains)
		}
		if n < len(peaks) {
			to := min(n+len(g.scratch), len(peaks))
			reductions(peaks[n:to], gains[n:to], g.ceiling)
			g.work(gains[n:to])
			n = to
		}
		peaks, gains = peaks[n:], gains[n:]
	}
}

// resting reports that everything at hand is 1, so that it does not even matter
// where the boxes stand.
func (g *Gain) resting() bool {
	return g.ones == g.window && g.stages[0].base == 0 && g.stages[1].base == 0
}

// rest is work as long as there is nothing to do. It returns for how many frames.
func (g *Gain) rest(peaks, gains []float64) int {
	for i, p := range peaks {
		if p > g.ceiling {
			return i
		}
		gains[i] = 1
	}
	return len(peaks)
}

// reductions turns peaks into what has to be taken off them, as 1 - gain.
func reductions(peaks, needs []float64, ceiling float64) {
	for i, p := range peaks {
		need := 0.0
		if p > ceiling {
			need = 1 - ceiling/p
		}
		needs[i] = need
	}
}

// work replaces reductions, as many as fit into scratch, by gains.
func (g *Gain) work(x []float64) {
	for i, need := range x {
		x[i] = g.hold.next(need)
	}
	values := g.scratch[:len(x)]
	g.release(x, values)
	for i := range g.boxes {
		g.boxes[i].run(values)
	}
	for i, v := range values {
		x[i] = float64(v) / g.full
	}
}

// stage is one of the slower stages of the release at work.
type stage struct {
	charge, slow float64 // parts of the way in one frame
	base         float64 // reduction as 1 - gain
}

func newStage(s Stage, slower float64, rate int) stage {
	if s.Charge <= 0 {
		return stage{}
	}
	return stage{charge: share(s.Charge*slower, rate), slow: share(s.Release*slower, rate)}
}

// follow moves the stage toward a reduction.
func (s *stage) follow(held float64) float64 {
	if held > s.base {
		s.base += float64(s.charge * (held - s.base))
	} else {
		s.base += float64(s.slow * (held - s.base))
		if s.base < released {
			s.base = 0
		}
	}
	return s.base
}

// release lets reductions go slowly, and writes the gains as integers.
func (g *Gain) release(reductions []float64, gains []int64) {
	now, ones, fast := g.now, g.ones, g.fast
	middle, slow := g.stages[0], g.stages[1]
	for i, held := range reductions {
		goal := held
		if b := middle.follow(held); b > goal {
			goal = b
		}
		if b := slow.follow(held); b > goal {
			goal = b
		}
		now += float64(fast * (goal - now))
		if now < goal || now < released {
			now = goal
		}
		// Rounded down, so that the gain is never above what is needed.
		gains[i] = int64((1 - now) * oneGain)
		ones++
		if now > 0 {
			ones = 0
		}
	}
	g.now, g.ones = now, min(ones, g.window)
	g.stages = [2]stage{middle, slow}
}

// slidingMax is the largest of the last n values: a queue of those that may still
// become it, falling from front to back (D. Lemire, "Streaming maximum-minimum
// filter using no more than three comparisons per element", Nordic J. of
// Computing 13, 2006). Zeros are not kept.
type slidingMax struct {
	n           int64
	mask        int64
	values      []float64
	frames      []int64 // at which the values came
	front, back int64   // of the queue; counted up, and wrapped by the mask
	frame       int64
}

func newSlidingMax(n int) slidingMax {
	size := 1
	for size <= n {
		size *= 2
	}
	return slidingMax{n: int64(n), mask: int64(size - 1), values: make([]float64, size), frames: make([]int64, size)}
}

func (m *slidingMax) reset() { m.front, m.back, m.frame = 0, 0, 0 }

// next takes a value (0 or more) and returns the largest of the last n.
func (m *slidingMax) next(v float64) float64 {
	m.frame++
	if m.front < m.back && m.frames[m.front&m.mask] <= m.frame-m.n {
		m.front++
	}
	if v > 0 {
		for m.front < m.back && m.values[(m.back-1)&m.mask] <= v {
			m.back--
		}
		m.values[m.back&m.mask], m.frames[m.back&m.mask] = v, m.frame
		m.back++
	}
	if m.front == m.back {
		return 0
	}
	return m.values[m.front&m.mask]
}

// box is the sum of the last values.
type box struct {
	values []int64
	at     int
	sum    int64
}

func newBox(n int) box { return box{values: make([]int64, n)} }

// reset fills the box with a value and returns the sum.
func (b *box) reset(v int64) int64 {
	for i := range b.values {
		b.values[i] = v
	}
	b.at, b.sum = 0, v*int64(len(b.values))
	return b.sum
}

// run replaces values by the sums up to each.
func (b *box) run(values []int64) {
	at, sum, ring := b.at, b.sum, b.values
	for i, v := range values {
		sum += v - ring[at]
		ring[at] = v
		if at++; at == len(ring) {
			at = 0
		}
		values[i] = sum
	}
	b.at, b.sum = at, sum
}
