package dyn

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/vector"
)

// LimiterSettings are what a limiter is made from.
type LimiterSettings struct {
	GainSettings

	// Unlink is how far each side is limited for itself, 0 to 1: at 0 both get the same
	// gain, so that nothing moves from side to side; at 1 what is over on one side
	// leaves the other alone.
	Unlink float64
}

// Limiter holds the true peak of what passes below a ceiling: a [PeakScanner]
// and a [Gain] with the sound delayed to match; two gains where the sides are not
// linked wholly. What never comes near the ceiling passes unchanged, bit for bit.
//
// A gain that moves makes new frequencies, and a wave's peaks depend on the filter
// that looks at them; so between the frames the output may exceed the ceiling by
// a few hundredths of a dB.
type Limiter struct {
	scanner *PeakScanner
	gains   []*Gain // one for both sides, or one for each
	delay   dsp.Delay
	peaks   [2][]float64
	ceiling float64
	unlink  float64

	frame   int64 // of the stream, that comes in next
	least   float64
	leastAt int64
}

// NewLimiter returns a limiter at its first frame.
func NewLimiter(set LimiterSettings) *Limiter {
	l := &Limiter{
		scanner: NewPeakScanner(set.Rate, set.Ceiling),
		gains:   []*Gain{NewGain(set.GainSettings)},
		peaks:   [2][]float64{make([]float64, dsp.MaxBlock), make([]float64, dsp.MaxBlock)},
		ceiling: set.Ceiling,
		unlink:  min(max(set.Unlink, 0), 1),
		least:   1,
	}
	if l.unlink > 0 {
		l.gains = append(l.gains, NewGain(set.GainSettings))
	}
	l.delay = dsp.NewDelay(l.Latency())
	return l
}

// Process implements [dsp.Processor].
func (l *Limiter) Process(b dsp.Block) {
	gains := l.gainsOf(b)
	l.delay.Process(b)
	for c := range b {
		vector.Multiply(b[c], gains[c])
	}
	l.note(gains[0])
	if len(l.gains) > 1 {
		l.note(gains[1])
	}
	l.frame += int64(b.Len())
}

// gainsOf returns the gains of both sides for the frames that leave the delay now.
func (l *Limiter) gainsOf(b dsp.Block) [2][]float64 {
	left, right := l.peaks[0][:b.Len()], l.peaks[1][:b.Len()]
	if len(l.gains) == 1 {
		l.scanner.Scan(b, left)
		l.gains[0].Process(left, left)
		return [2][]float64{left, left}
	}
	l.scanner.ScanSides(b, left, right)
	l.link(left, right)
	l.gains[0].Process(left, left)
	l.gains[1].Process(right, right)
	return [2][]float64{left, right}
}

// link raises the peaks of each side toward those of the other, so far that what has
// to be taken off is in part its own and in part what both have in common.
func (l *Limiter) link(left, right []float64) {
	for i, a := range left {
		b := right[i]
		if a <= l.ceiling && b <= l.ceiling {
			continue
		}
		if a < b {
			left[i] = l.linked(a, b)
		} else if b < a {
			right[i] = l.linked(b, a)
		}
	}
}

// linked is the peak that calls for what a side whose own peak is low gives up
// beside one whose peak is high.
func (l *Limiter) linked(low, high float64) float64 {
	own, other := 0.0, 1-l.ceiling/high
	if low > l.ceiling {
		own = 1 - l.ceiling/low
	}
	return max(low, l.ceiling/(1-other+float64(l.unlink*(other-own))))
}

// note keeps the lowest of gains.
func (l *Limiter) note(gains []float64) {
	for i, g := range gains {
		if g < l.least {
			l.least, l.leastAt = g, l.frame+int64(i)
		}
	}
}

// Least returns the lowest linear gain so far, and the frame of the input that
// got it first; 1 while nothing was limited.
func (l *Limiter) Least() (gain float64, frame int64) {
	return l.least, max(l.leastAt-int64(l.Latency()), 0)
}

// Forget has [Limiter.Least] begin anew with the frames that come in next.
func (l *Limiter) Forget() { l.least = 1 }

// Reset implements [dsp.Processor].
func (l *Limiter) Reset() {
	l.scanner.Reset()
	for _, g := range l.gains {
		g.Reset()
	}
	l.delay.Reset()
	l.frame, l.least, l.leastAt = 0, 1, 0
}

// Latency implements [dsp.Processor]: the interpolation's and the look-ahead.
func (l *Limiter) Latency() int { return l.scanner.Latency() + l.gains[0].Latency() }

// Tail implements [dsp.Processor]: any gain on silence is silence.
func (l *Limiter) Tail() int { return 0 }
