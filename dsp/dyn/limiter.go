package dyn

import "github.com/lathe-audio/lathe/dsp"

// Limiter holds the true peak of what passes below a ceiling: a [PeakScanner]
// and a [Gain] with the sound delayed to match. What never comes near the
// ceiling passes unchanged, bit for bit.
//
// A gain that moves makes new frequencies, and a wave's peaks depend on the filter
// that looks at them; so between the frames the output may exceed the ceiling by
// a few hundredths of a dB.
type Limiter struct {
	scanner *PeakScanner
	gain    *Gain
	delay   dsp.Delay
	peaks   []float64

	frame   int64 // of the stream, that comes in next
	least   float64
	leastAt int64
}

// NewLimiter returns a limiter at its first frame.
func NewLimiter(set GainSettings) *Limiter {
	l := &Limiter{
		scanner: NewPeakScanner(set.Rate, set.Ceiling),
		gain:    NewGain(set),
		peaks:   make([]float64, dsp.MaxBlock),
		least:   1,
	}
	l.delay = dsp.NewDelay(l.Latency())
	return l
}

// Process implements [dsp.Processor].
func (l *Limiter) Process(b dsp.Block) {
	gains := l.peaks[:b.Len()]
	l.scanner.Scan(b, gains)
	l.gain.Process(gains, gains)
	l.delay.Process(b)
	left, right := b[0][:len(gains)], b[1][:len(gains)]
	for i, g := range gains {
		left[i] *= g
		right[i] *= g
		if g < l.least {
			l.least, l.leastAt = g, l.frame+int64(i)
		}
	}
	l.frame += int64(len(gains))
}

// Least returns the lowest linear gain so far, and the frame of the input that
// got it first; 1 while nothing was limited.
func (l *Limiter) Least() (gain float64, frame int64) {
	return l.least, max(l.leastAt-int64(l.Latency()), 0)
}

// Reset implements [dsp.Processor].
func (l *Limiter) Reset() {
	l.scanner.Reset()
	l.gain.Reset()
	l.delay.Reset()
	l.frame, l.least, l.leastAt = 0, 1, 0
}

// Latency implements [dsp.Processor]: the interpolation's and the look-ahead.
func (l *Limiter) Latency() int { return l.scanner.Latency() + l.gain.Latency() }

// Tail implements [dsp.Processor]: any gain on silence is silence.
func (l *Limiter) Tail() int { return 0 }
