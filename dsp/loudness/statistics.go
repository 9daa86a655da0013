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
	lowestSpan = 30    // hops of 100 ms that the lowest correlation is taken over
	floorShare = 0.05  // of the blocks of 400 ms are quieter than the noise floor
	wordLength = 32    // bits of the longest samples that are whole numbers
)

// Figures are statistics of the samples as they stand, without weighting. A
// ratio is NaN where it does not exist.
type Figures struct {
	Frames      int64
	RMS         float64   // dBFS, of all channels together; a full-scale sine has -3.01
	Crest       float64   // dB: sample peak over RMS
	DC          []float64 // mean of each channel; full scale is 1
	Correlation float64   // of left and right, -1 to 1: only of two channels
	LowestCorr  float64   // the lowest over any 3 s, looked at every 100 ms; quiet ones, below -70 dBFS on either side, left out
	LowestFrame int64     // first frame of those 3 s
	ClippedRuns int64     // how often a channel stays at full scale for 3 samples or more
	Clipped     []Run     // the first of them
	Head, Tail  int64     // frames of silence (all channels below -90 dBFS) at the start and at the end
	DR          float64   // dB, see dynamics; round it to compare with other meters
	Peaks       []float64 // largest magnitude of each channel in dBFS
	// NoiseFloor is the rms in dBFS, all channels together, that 5 % of the blocks
	// of 400 ms, 100 ms apart, do not exceed. Blocks with 100 ms of digital silence in them are
	// left out: that is where there is no recording. -Inf where no block is left.
	NoiseFloor float64
	// BitsUsed is how many bits a sample has when the last ones that are zero in
	// all samples are left away; 0 for silence and for what no 32 bits hold.
	BitsUsed int
}

// Band is the level of a band of frequencies.
type Band struct {
	Hz    float64 // its centre: the geometric mean of its edges
	Level float64 // dBFS of the mean power of all channels (a full-scale sine in each has -3.01); -Inf for none
}

// Run is a stretch of samples of one channel at full scale.
type Run struct {
	Frame   int64 // its first
	Length  int64
	Channel int
}

// Statistics gathers [Figures] from a stream of any number of channels.
type Statistics struct {
	grid    grid
	full    float64 // from this magnitude on a sample counts as clipped
	audible float64 // from this magnitude on a sample is no silence

	// Samples are looked at in pieces that end with every tick of 10 ms and with every
	// block of the dynamic range. One that does not arrive whole is put together in buf.
	buf     [][]float64
	fill    int
	size    int   // of the piece
	pos     int64 // frame at which it begins
	tick    int64 // index of the current tick
	tickEnd int64 // frame at which it ends

	sides    []side
	dynamics []dynamics
	stereo   stereo
	hop      float64   // squares of all channels in the current 100 ms so far
	hops     []float64 // in each 100 ms that has ended
	words    words

	first, last int64 // audible frames; first is -1 while there is none
	runs        int64
	kept        []Run
}

// side is what is kept of one channel, beside its dynamics.
type side struct {
	piece     sums
	sum       float64
	largest   float64
	runStart  int64 // first frame of the run at full scale
	runLength int64 // 0 outside a run
}

// NewStatistics returns a meter for a sample rate in Hz. Bits is the word
// length of the file, which decides what full scale is: the largest positive
// whole number. 0 stands for floating point, where it is 1.
func NewStatistics(rate, channels, bits int) *Statistics {
	s := &Statistics{
		grid: grid{int64(rate)}, full: 1, audible: xmath.Gain(silenceDB), words: words{depth: wordLength},
		sides: make([]side, channels), dynamics: make([]dynamics, channels), buf: make([][]float64, channels), first: -1,
	}
	if bits > 0 {
		s.full, s.words.depth = 1-math.Ldexp(1, 1-bits), bits
	}
	for c := range s.sides {
		s.dynamics[c] = newDynamics(rate)
		s.buf[c] = make([]float64, rate/100+1)
	}
	s.tickEnd = s.grid.start(1)
	s.stereo = newStereo(s.grid)
	s.begin()
	return s
}

// begin begins a piece.
func (s *Statistics) begin() {
	s.fill = 0
	if len(s.sides) > 0 {
		s.size = int(min(s.tickEnd-s.pos, s.dynamics[0].room()))
	}
}

// Write takes in a block of any length: as many slices as there are channels,
// equally long. What is no finite number counts as 0.
func (s *Statistics) Write(planar [][]float64) {
	if len(s.sides) == 0 {
		return
	}
	for at, frames := 0, len(planar[0]); at < frames; {
		n := min(frames-at, s.size-s.fill)
		if n == s.size {
			s.measure(planar, at, n)
			at += n
			continue
		}
		for c, x := range planar {
			copy(s.buf[c][s.fill:], x[at:at+n])
		}
		at += n
		if s.fill += n; s.fill == s.size {
			s.measure(s.buf, 0, s.size)
		}
	}
}

// measure takes in the piece, n frames of planar from frame at on.
func (s *Statistics) measure(planar [][]float64, at, n int) {
	finite := true
	for c := range planar {
		t, ok := tally(planar[c][at : at+n])
		s.sides[c].piece = t
		finite = finite && ok
	}
	if !finite {
		s.measure(s.zeroed(planar, at, n), 0, n)
		return
	}
	for c := range planar {
		s.channel(c, planar[c][at:at+n])
	}
	if len(planar) == 2 {
		lr := product(planar[0][at:at+n], planar[1][at:at+n])
		s.stereo.sums = s.stereo.sums.plus(products{s.sides[0].piece.squares, s.sides[1].piece.squares, lr})
	}
	if s.pos += int64(n); s.pos == s.tickEnd {
		s.endTick()
	}
	s.begin()
}

// zeroed copies a piece to buf, with 0 for what is no finite number.
func (s *Statistics) zeroed(planar [][]float64, at, n int) [][]float64 {
	for c, b := range s.buf {
		copy(b[:n], planar[c][at:at+n])
		for i, v := range b[:n] {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				b[i] = 0
			}
		}
	}
	return s.buf
}

// channel takes in channel c's part of the piece, which has been tallied.
func (s *Statistics) channel(c int, x []float64) {
	t := &s.sides[c]
	t.sum += t.piece.sum
	t.largest = max(t.largest, t.piece.largest)
	s.hop += t.piece.squares
	s.dynamics[c].advance(int64(len(x)), t.piece.squares, t.piece.largest)
	if t.piece.largest >= s.audible {
		s.hear(x)
	}
	if t.piece.largest >= s.full || t.runLength > 0 {
		s.findRuns(c, x)
	}
	s.words.add(x)
}

func (s *Statistics) endTick() {
	s.tick++
	s.tickEnd = s.grid.start(s.tick + 1)
	if s.tick%ticksPerHop == 0 {
		s.hops = append(s.hops, s.hop)
		s.hop = 0
		s.stereo.endHop(s.tick / ticksPerHop)
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
	t := &s.sides[c]
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
	t := &s.sides[c]
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
	if s.fill > 0 {
		for c := range s.buf {
			s.buf[c] = s.buf[c][:s.fill]
		}
		s.measure(s.buf, 0, s.fill)
	}
	f := Figures{Frames: s.pos, RMS: math.Inf(-1), Crest: math.NaN(), Correlation: math.NaN(), LowestCorr: math.NaN(), Head: s.pos, Tail: s.pos}
	for c := range s.sides {
		s.endRun(c)
	}
	f.ClippedRuns, f.Clipped = s.runs, s.kept
	if s.first >= 0 {
		f.Head, f.Tail = s.first, s.pos-1-s.last
	}
	squares, peak := 0.0, 0.0
	for c, t := range s.sides {
		f.DC = append(f.DC, t.sum/float64(max(s.pos, 1)))
		f.Peaks = append(f.Peaks, xmath.DB(t.largest))
		s.dynamics[c].end()
		squares += s.dynamics[c].total
		peak = max(peak, t.largest)
	}
	if squares > 0 {
		f.RMS = float64(10 * xmath.Log10(squares/(float64(s.pos)*float64(len(s.sides)))))
		f.Crest = xmath.DB(peak) - f.RMS
	}
	if len(s.sides) == 2 {
		f.Correlation = s.stereo.all.plus(s.stereo.sums).correlation()
		f.LowestCorr, f.LowestFrame = s.stereo.lowest()
	}
	f.DR = meanDR(s.dynamics)
	f.NoiseFloor = s.noiseFloor()
	f.BitsUsed = s.words.used()
	return f
}

// noiseFloor is that of [Figures].
func (s *Statistics) noiseFloor() float64 {
	var blocks []float64
	for i := 0; i+hopsPerBlock <= len(s.hops); i++ {
		if block := s.hops[i : i+hopsPerBlock]; slices.Min(block) > 0 {
			blocks = append(blocks, s.grid.mean(block, int64(i), ticksPerHop)/float64(len(s.sides)))
		}
	}
	if len(blocks) == 0 {
		return math.Inf(-1)
	}
	slices.Sort(blocks)
	return float64(10 * xmath.Log10(blocks[int(floorShare*float64(len(blocks)-1))]))
}
