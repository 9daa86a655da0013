package dyn

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Times of the detectors.
const (
	// longestHold bridges the half period of 50 Hz, so that the gain does not
	// follow the waveform of a bass note.
	longestHold = 10.0 // ms
	// holdParts is the number of steps in which the hold is counted.
	holdParts = 4
	// rmsTime is the time constant of the mean square.
	rmsTime = 10.0 // ms
)

// holdTime returns for how long the peak detector holds a peak, given the release
// time, both in ms. The hold is part of the release: what begins that much later
// runs that much faster.
func holdTime(release float64) float64 { return min(longestHold, release/8) }

// signBit is the sign of a float64. With it cleared, the bits of two floats
// compare like the floats, and in integers the compiler knows how to take the
// larger of two without a jump.
const signBit = 1 << 63

// peakHold is the peak detector: the largest magnitude of the last few
// milliseconds. Its output rises with the waveform and then stays, so that a
// steady tone has a steady level (and no distortion from a gain that follows
// the wave), a tone's level is its peak, and the logarithm that comes next is
// rarely needed.
//
// The window is kept in quarters: the maximum so far of the current one and of
// the three before. It therefore spans 3 to 4 quarters, and moves on at fixed
// frames whatever the blocks.
type peakHold struct {
	quarter int                   // length in frames
	left    int                   // frames until the current one is full
	current uint64                // its maximum so far, as float64 bits
	past    [holdParts - 1]uint64 // the maxima of those before
}

func (h *peakHold) setTime(ms float64, rate int) {
	// 3.5 quarters is the mean hold.
	h.quarter = max(1, int(math.Round(ms*float64(rate)/(1000*(holdParts-0.5)))))
}

func (h *peakHold) reset() {
	h.left, h.current, h.past = h.quarter, 0, [holdParts - 1]uint64{}
}

// held is the largest of the quarters before the current one.
func (h *peakHold) held() uint64 {
	m := h.past[0]
	for _, p := range h.past[1:] {
		m = max(m, p)
	}
	return m
}

// run writes the level of the louder of two signals, and returns the highest
// level written. For one signal, give it twice.
func (h *peakHold) run(level, a, b []float64) (highest float64) {
	a, b = a[:len(level)], b[:len(level)]
	top := uint64(0)
	for from := 0; from < len(level); {
		to := min(from+h.left, len(level))
		h.left -= to - from
		h.current = maxima(level[from:to], a[from:to], b[from:to], h.current, h.held())
		top = max(top, h.current, h.held())
		if h.left == 0 {
			copy(h.past[1:], h.past[:])
			h.past[0], h.current, h.left = h.current, 0, h.quarter
		}
		from = to
	}
	return math.Float64frombits(top)
}

// maxima writes the running maximum of |a| and |b|, never below floor, and
// returns it without the floor.
func maxima(level, a, b []float64, running, floor uint64) uint64 {
	a, b = a[:len(level)], b[:len(level)]
	for i := range level {
		x := math.Float64bits(a[i]) &^ signBit
		y := math.Float64bits(b[i]) &^ signBit
		running = max(running, x, y)
		level[i] = math.Float64frombits(max(running, floor))
	}
	return running
}

// meanSquare is the RMS detector: a one-pole mean of the square. Its level is a
// power relative to that of a full-scale sine (AES17), so that for a sine the
// threshold means the same as with the peak detector.
type meanSquare struct {
	share float64 // of a new frame in the mean
	a, b  float64 // the means of two signals
}

func (m *meanSquare) setTime(ms float64, rate int) { m.share = share(ms, rate) }

func (m *meanSquare) reset() { m.a, m.b = 0, 0 }

// run writes the level of the louder of two signals, and returns the highest
// level written. For one signal, give it twice.
func (m *meanSquare) run(level, a, b []float64) (highest float64) {
	// 2: a full-scale sine has a mean square of ½.
	meanA, meanB, in, keep := m.a, m.b, 2*m.share, 1-m.share
	a, b = a[:len(level)], b[:len(level)]
	for i := range level {
		x, y := a[i], b[i]
		meanA = float64(keep*meanA) + float64(in*float64(x*x))
		meanB = float64(keep*meanB) + float64(in*float64(y*y))
		if meanA < tiny {
			meanA = 0 // long before it becomes a denormal number
		}
		if meanB < tiny {
			meanB = 0
		}
		louder := meanA
		if meanB > meanA {
			louder = meanB
		}
		if louder > highest {
			highest = louder
		}
		level[i] = louder
	}
	m.a, m.b = meanA, meanB
	return highest
}

// tiny is a power of -300 dB.
const tiny = 1e-30

// share returns what part of the way to its goal a one-pole smoother with that
// time constant (63 %) covers in one frame.
func share(ms float64, rate int) float64 {
	if ms <= 0 {
		return 1
	}
	return -xmath.Expm1(-1000 / (ms * float64(rate)))
}
