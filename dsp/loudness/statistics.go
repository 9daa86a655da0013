package loudness

import (
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// The conventions of [Statistics].
const (
	silenceDB  = -90.0 // dBFS: below it is silence, as is the flicker of a 16-bit file's last bit
	clippedRun = 3     // samples at full scale in a row: fewer may be chance
	keptRuns   = 100   // places of clipped runs that are kept; all are counted
	piece      = 1024  // frames looked at together
	lowestSpan = 30    // pieces of 100 ms that the lowest correlation is taken over
)

// Figures are statistics of the samples as they stand, without weighting. A
// ratio is NaN where it does not exist.
type Figures struct {
	Frames      int64
	RMS         float64   // dBFS, of all channels together; a full-scale sine has -3.01
	Crest       float64   // dB: sample peak over RMS
	DC          []float64 // mean of each channel; full scale is 1
	Correlation float64   // of left and right, -1 to 1: only of two channels
	LowestCorr  float64   // the lowest over any 3 s, looked at every 100 ms
	LowestFrame int64     // first frame of those 3 s
	ClippedRuns int64     // how often a channel stays at full scale for 3 samples or more
	Clipped     []Run     // the first of them
	Head, Tail  int64     // frames of silence (all channels below -90 dBFS) at the start and at the end
	DR          float64   // dB, see dynamics; round it to compare with other meters
}

// Run is a stretch of samples of one channel at full scale.
type Run struct {
	Frame   int64 // its first
	Length  int64
	Channel int
}

// Statistics gathers [Figures] from a stream of any number of channels.
type Statistics struct {
	grid     grid
	full     float64 // from this magnitude on a sample counts as clipped
	audible  float64 // from this magnitude on a sample is no silence
	channels []tally
	dynamics []dynamics
	stereo   stereo
	scratch  []float64

	pos         int64
	first, last int64 // audible frames; first is -1 while there is none
	runs        int64
	kept        []Run
}

// tally is what is summed up of one channel, beside its dynamics.
type tally struct {
	sum       float64
	runStart  int64 // first frame of the run at full scale
	runLength int64 // 0 outside a run
}

// NewStatistics returns a meter for a sample rate in Hz. Bits is the word
// length of the file, which decides what full scale is: the largest positive
// whole number. 0 stands for floating point, where it is 1.
func NewStatistics(rate, channels, bits int) *Statistics {
	s := &Statistics{
		grid: grid{int64(rate)}, full: 1, audible: xmath.Gain(silenceDB),
		channels: make([]tally, channels), dynamics: make([]dynamics, channels), first: -1,
	}
	if bits > 0 {
		s.full = 1 - math.Ldexp(1, 1-bits)
	}
	for c := range s.dynamics {
		s.dynamics[c] = newDynamics(rate)
	}
	s.stereo = newStereo(s.grid)
	return s
}

// Write takes in a block of any length: as many slices as there are channels,
// equally long. What is no finite number counts as 0.
func (s *Statistics) Write(planar [][]float64) {
	if len(s.channels) == 0 {
		return
	}
	for at, frames := 0, len(planar[0]); at < frames; {
		n := int(min(int64(frames-at), piece, s.dynamics[0].room()))
		for c, x := range planar {
			x, size := s.finite(x[at : at+n])
			s.channel(c, x, size)
			if len(planar) == 2 {
				s.stereo.load(c, x)
			}
		}
		if len(planar) == 2 {
			s.stereo.measure(n)
		}
		s.pos += int64(n)
		at += n
	}
}

// finite returns x and its largest magnitude; x is a copy with zeros for what
// is no finite number, where there is any.
func (s *Statistics) finite(x []float64) ([]float64, float64) {
	size, ok := maxMagnitude(x)
	if ok {
		return x, size
	}
	s.scratch = append(s.scratch[:0], x...)
	for i, v := range s.scratch {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			s.scratch[i] = 0
		}
	}
	size, _ = maxMagnitude(s.scratch)
	return s.scratch, size
}

// channel measures a piece of channel c that starts at s.pos.
func (s *Statistics) channel(c int, x []float64, size float64) {
	t, d := &s.channels[c], &s.dynamics[c]
	sum, squares := t.sum, d.squares
	for _, v := range x {
		sum += v
		squares += float64(v * v)
	}
	t.sum = sum
	d.advance(int64(len(x)), squares, size)

	if size >= s.audible {
		s.hear(x)
	}
	if size >= s.full || t.runLength > 0 {
		s.findRuns(c, x)
	}
}

// hear notes the first and the last audible frame.
func (s *Statistics) hear(x []float64) {
	for i, v := range x {
		if math.Abs(v) >= s.audible {
			if at := s.pos + int64(i); s.first < 0 || at < s.first {
				s.first = at
			}
			break
		}
	}
	for i := len(x) - 1; i >= 0; i-- {
		if math.Abs(x[i]) >= s.audible {
			s.last = max(s.last, s.pos+int64(i))
			break
		}
	}
}

func (s *Statistics) findRuns(c int, x []float64) {
	t := &s.channels[c]
	for i, v := range x {
		if math.Abs(v) < s.full {
			s.endRun(c)
			continue
		}
		if t.runLength == 0 {
			t.runStart = s.pos + int64(i)
		}
		if t.runLength++; t.runLength == clippedRun {
			s.runs++
		}
	}
}

func (s *Statistics) endRun(c int) {
	t := &s.channels[c]
	if t.runLength >= clippedRun {
		s.keep(Run{t.runStart, t.runLength, c})
	}
	t.runLength = 0
}

// keep files a run in the order of time and channel, whatever the order in
// which the channels' pieces were looked at.
func (s *Statistics) keep(r Run) {
	at := len(s.kept)
	for at > 0 && r.before(s.kept[at-1]) {
		at--
	}
	if at == keptRuns {
		return
	}
	if len(s.kept) < keptRuns {
		s.kept = append(s.kept, Run{})
	}
	copy(s.kept[at+1:], s.kept[at:])
	s.kept[at] = r
}

func (r Run) before(o Run) bool {
	return r.Frame < o.Frame || r.Frame == o.Frame && r.Channel < o.Channel
}

// Figures returns what has been measured. It ends the measurement: nothing may
// be written afterwards.
func (s *Statistics) Figures() Figures {
	f := Figures{Frames: s.pos, RMS: math.Inf(-1), Crest: math.NaN(), Correlation: math.NaN(), LowestCorr: math.NaN(), Head: s.pos, Tail: s.pos}
	for c := range s.channels {
		s.endRun(c)
	}
	f.ClippedRuns, f.Clipped = s.runs, s.kept
	if s.first >= 0 {
		f.Head, f.Tail = s.first, s.pos-1-s.last
	}
	squares, peak := 0.0, 0.0
	for c, t := range s.channels {
		f.DC = append(f.DC, t.sum/float64(max(s.pos, 1)))
		s.dynamics[c].end()
		squares += s.dynamics[c].total
		peak = max(peak, slices.Max(append(s.dynamics[c].peaks, 0)))
	}
	if squares > 0 {
		f.RMS = float64(10 * xmath.Log10(squares/(float64(s.pos)*float64(len(s.channels)))))
		f.Crest = xmath.DB(peak) - f.RMS
	}
	if len(s.channels) == 2 {
		f.Correlation = s.stereo.all.correlation()
		f.LowestCorr, f.LowestFrame = s.stereo.lowest()
	}
	f.DR = meanDR(s.dynamics)
	return f
}
