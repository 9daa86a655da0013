package loudness

import (
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Options changes how a [Meter] reads.
type Options struct {
	// DualMono reads a mono file as it sounds from two loudspeakers, 3.01 LU
	// louder than the standard's reading of a single channel.
	DualMono bool
	// Weights replaces the channel weights, one per channel: see [MaskWeights].
	Weights []float64
}

// Weights returns the weight of each channel's energy (BS.1770-5) in the usual
// order of a file with so many channels: 3 is L R C, 4 is L R Ls Rs, 5 is L R C
// Ls Rs, 6 adds LFE before Ls, 8 adds two rear channels between LFE and the
// sides. Channels of other layouts weigh 1.
func Weights(channels int) []float64 {
	masks := map[int]uint32{4: 0x33, 5: 0x37, 6: 0x3f, 7: 0x70f, 8: 0x63f}
	return MaskWeights(masks[channels], channels)
}

// MaskWeights returns the weight of each channel's energy by the loudspeakers that
// the channels are for, in the bits of a WAVE_FORMAT_EXTENSIBLE mask: front left 1, front right 2,
// centre 4, LFE 8, back left 0x10 and right 0x20, side left 0x200 and right 0x400.
//
// A loudspeaker at ear level and 60° to 120° to the side weighs 1.41, the LFE
// channel nothing, any other 1 (BS.1770-5 tables 4 and 5). Sides are at 90° or 110°.
// The back pair is at 135° and weighs 1 where there are sides too; where there are
// none it is the surround pair of 5.1, which many programs write as back left and right.
// A channel that the mask has no loudspeaker for weighs 1.
func MaskWeights(mask uint32, channels int) []float64 {
	const (
		surround     = 1.41
		lfe          = 0x8
		backs, sides = 0x30, 0x600
		loudspeakers = 32
	)
	beside := uint32(sides)
	if mask&sides == 0 {
		beside = backs
	}
	w := make([]float64, channels)
	at := 0
	for bit := range loudspeakers {
		one := uint32(1) << bit
		if mask&one == 0 || at == channels {
			continue
		}
		switch {
		case one == lfe:
		case one&beside != 0:
			w[at] = surround
		default:
			w[at] = 1
		}
		at++
	}
	for ; at < channels; at++ {
		w[at] = 1
	}
	return w
}

// ZeroNonFinite puts 0 for samples that are infinite or no number. It returns how
// many there were and the first frame that had one.
func ZeroNonFinite(planar [][]float64) (count int64, first int) {
	for _, x := range planar {
		if _, ok := tally(x); ok {
			continue
		}
		for i, v := range x {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				continue
			}
			x[i] = 0
			if count == 0 || i < first {
				first = i
			}
			count++
		}
	}
	return count, first
}

// Peak is the largest magnitude of a stream, and where it is.
type Peak struct {
	DB      float64 // relative to full scale; -Inf for digital silence
	Frame   int64   // the nearest frame
	Channel int
}

// Reading is what a meter has measured. A loudness is -Inf when there is none:
// silence, or a stream shorter than the measure's window. A difference of two
// levels is NaN when either of them does not exist.
type Reading struct {
	Frames         int64
	Integrated     float64 // LUFS, gated
	Range          float64 // LU, loudness range
	RangeSparse    float64 // LU, the same as [RangeSparse] has it
	MaxMomentary   float64 // LUFS, over 400 ms, looked at every 10 ms
	MaxShortTerm   float64 // LUFS, over 3 s, looked at every 100 ms
	MaxMomentaryAt int64   // first frame of that window
	MaxShortTermAt int64   // first frame of that window
	TruePeak       Peak    // dBTP
	SamplePeak     Peak    // dBFS
	PLR            float64 // LU: peak to loudness ratio, true peak less integrated loudness
	PSR            float64 // LU: the smallest true peak less loudness of any 3 s
	NonFinite      int64   // samples that were no number or infinite; measured as 0
	NonFiniteAt    int64   // frame of the first of them

	// RelativeThreshold is the gate of Integrated in LUFS.
	RelativeThreshold float64
}

// Meter measures loudness and peaks of a stream of any number of channels. Its
// memory is 16 bytes for each 100 ms.
type Meter struct {
	grid    grid
	weights []float64
	k       kFilter
	states  []kState

	// The 100 ms that are being filled, with the frames before them that the
	// true-peak interpolator needs, and room for as much silence after them.
	// Peaks are looked for in all of it at once: what does not come up to the highest sample
	// of so long a stretch can mostly be passed over.
	buf   [][]float64
	fill  int   // frames of the hop so far
	begun int   // frame of the hop at which the current tick begins
	end   int   // and at which it ends
	tick  int64 // index of the tick

	recent [ticksPerBlock]float64 // energy sums of the last ticks, a ring
	hop    float64                // energy sum of the current hop's complete ticks
	hops   []float64              // energy sums of the complete hops
	peaks  []float64              // true peaks of the complete hops

	loudest   float64 // largest momentary energy
	loudestAt int64

	tracker peakTracker
	sizes   []float64 // largest magnitude in the hop's complete ticks, per channel
	peak    peaks

	nonFinite, nonFiniteAt int64
}

// peaks is what the peak measurement has found so far: kept apart so that a
// reading in mid-stream can go on from a copy.
type peaks struct {
	hop          float64 // true peak of the current hop
	real, sample spot    // between the samples too, and on them only
}

// spot is a magnitude with its place.
type spot struct {
	size    float64
	frame   int64
	channel int
}

func (s spot) peak() Peak { return Peak{xmath.DB(s.size), s.frame, s.channel} }

// New returns a meter for a sample rate in Hz.
func New(rate, channels int, opts Options) *Meter {
	m := &Meter{grid: grid{int64(rate)}, weights: opts.Weights, k: newKFilter(rate), states: make([]kState, channels)}
	if m.weights == nil {
		m.weights = Weights(channels)
	}
	if opts.DualMono && channels == 1 {
		m.weights = []float64{2}
	}
	m.sizes = make([]float64, channels)
	longest := rate/10 + 1
	m.buf = make([][]float64, channels)
	for c := range m.buf {
		m.buf[c] = make([]float64, history+longest+history)
	}
	m.tracker = newPeakTracker(newInterpolator(), history+longest+history)
	m.Reset()
	return m
}

// Reset goes back to the first sample. Memory is kept.
func (m *Meter) Reset() {
	clear(m.states)
	for _, b := range m.buf {
		clear(b)
	}
	*m = Meter{grid: m.grid, weights: m.weights, k: m.k, states: m.states, buf: m.buf,
		tracker: m.tracker, sizes: m.sizes, hops: m.hops[:0], peaks: m.peaks[:0], end: int(m.grid.start(1))}
	clear(m.sizes)
}

// Write takes in a block of any length: as many slices as there are channels,
// equally long.
func (m *Meter) Write(planar [][]float64) {
	if len(m.buf) == 0 {
		return
	}
	for at, frames := 0, len(planar[0]); at < frames; {
		n := min(frames-at, m.end-m.fill)
		for c, b := range m.buf {
			copy(b[history+m.fill:], planar[c][at:at+n])
		}
		at += n
		if m.fill += n; m.fill == m.end {
			m.endTick()
		}
	}
}

// endTick measures the loudness of the full tick.
func (m *Meter) endTick() {
	m.inspect(m.sizes, m.begun, m.end)
	energy := m.energy(m.begun, m.end)
	m.recent[m.tick%ticksPerBlock] = energy
	m.hop += energy
	m.tick++
	if m.tick >= ticksPerBlock {
		m.momentary()
	}
	m.begun = m.end
	if m.tick%ticksPerHop == 0 {
		m.endHop()
	}
	m.end = m.begun + int(m.grid.start(m.tick+1)-m.grid.start(m.tick))
}

// endHop measures the peaks of the full hop and makes room for the next.
func (m *Meter) endHop() {
	m.measurePeaks(&m.peak, m.sizes, m.grid.start(m.tick)-int64(m.fill), m.fill, 0)
	for _, b := range m.buf {
		copy(b, b[m.fill:m.fill+history])
	}
	m.hops = append(m.hops, m.hop)
	m.peaks = append(m.peaks, m.peak.hop)
	m.hop, m.peak.hop = 0, 0
	m.fill, m.begun = 0, 0
	clear(m.sizes)
}

// energy K-weights frames of the hop and returns the weighted sum of their squares.
func (m *Meter) energy(from, to int) float64 {
	from, to = history+from, history+to
	sum := 0.0
	c := 0
	for ; c+1 < len(m.buf); c += 2 {
		x, y := m.buf[c][from:to], m.buf[c+1][from:to]
		ex, ey := m.k.energy2(&m.states[c], &m.states[c+1], x, y, 0, 0)
		sum += float64(m.weights[c] * ex)
		sum += float64(m.weights[c+1] * ey)
	}
	if c < len(m.buf) {
		sum += float64(m.weights[c] * m.k.energy1(&m.states[c], m.buf[c][from:to], 0))
	}
	for i := range m.states {
		m.states[i].settle()
	}
	return sum
}

// momentary looks at the 400 ms that end with the last complete tick. With a
// coarser step than 20 ms the maximum of a 400 ms burst reads low (EBU Tech
// 3341, case 13).
func (m *Meter) momentary() {
	first := m.tick - ticksPerBlock
	sum, oldest := 0.0, int(first%ticksPerBlock)
	for _, e := range m.recent[oldest:] {
		sum += e
	}
	for _, e := range m.recent[:oldest] {
		sum += e
	}
	if e := sum / float64(m.grid.start(m.tick)-m.grid.start(first)); e > m.loudest {
		m.loudest, m.loudestAt = e, m.grid.start(first)
	}
}

// inspect raises sizes to the largest magnitudes of frames of the hop, having put 0
// for what is no finite number.
func (m *Meter) inspect(sizes []float64, from, to int) {
	for c, b := range m.buf {
		x := b[history+from : history+to]
		s, ok := tally(x)
		if !ok {
			count, first := ZeroNonFinite([][]float64{x})
			if at := m.grid.start(m.tick) - int64(m.begun) + int64(from+first); m.nonFinite == 0 || at < m.nonFiniteAt {
				m.nonFiniteAt = at
			}
			m.nonFinite += count
			s, _ = tally(x)
		}
		sizes[c] = max(sizes[c], s.largest)
	}
}

// measurePeaks brings p up to date with the n frames in the buffer, which have
// been inspected and the first of which is frame start, and with so many silent
// frames after them.
func (m *Meter) measurePeaks(p *peaks, sizes []float64, start int64, n, silent int) {
	if s := m.highest(sizes, start, n); s.size > p.sample.size {
		p.sample = s
		if s.size > p.real.size {
			p.real = s
		}
	}
	p.hop = max(p.hop, slices.Max(sizes))
	for c, b := range m.buf {
		found, place := m.tracker.scan(b[:history+n+silent], p.hop)
		p.hop = found
		if found > p.real.size {
			// Between the last frame and the silence after it counts as the last frame.
			frame := start - history + int64((place+fine/2)/fine)
			p.real = spot{found, min(max(frame, 0), start+int64(n)-1), c}
		}
	}
}

// highest finds the first sample of the largest magnitude.
func (m *Meter) highest(sizes []float64, start int64, n int) spot {
	most := spot{size: slices.Max(sizes), frame: -1}
	for c, b := range m.buf {
		if sizes[c] < most.size {
			continue
		}
		i := slices.IndexFunc(b[history:history+n], func(v float64) bool { return math.Abs(v) == most.size })
		if at := start + int64(i); i >= 0 && (most.frame < 0 || at < most.frame) {
			most.frame, most.channel = at, c
		}
	}
	return most
}

// Blocks returns the energies of the 400 ms gating blocks, 100 ms apart, so
// far: for [Integrated], and for pooling the tracks of an album.
func (m *Meter) Blocks() []float64 { return m.grid.windows(m.hops, hopsPerBlock) }

// ShortTerm returns the energies of the 3 s windows, 100 ms apart, so far: for
// [Range], and for a curve of loudness over time through [LUFS].
func (m *Meter) ShortTerm() []float64 { return m.grid.windows(m.hops, hopsPerShort) }

// TruePeaks returns the largest magnitude, between the samples too, of each
// complete 100 ms so far.
func (m *Meter) TruePeaks() []float64 { return slices.Clone(m.peaks) }

// Reading returns what has been measured so far. The stream may go on
// afterwards; a reading in between does not change it.
func (m *Meter) Reading() Reading {
	start := m.grid.start(m.tick) - int64(m.begun)
	r := Reading{Frames: start + int64(m.fill)}

	// The peaks of a stream that ends here: what lies between the last samples
	// and the silence after them counts.
	sizes := slices.Clone(m.sizes)
	m.inspect(sizes, m.begun, m.fill)
	p := m.peak
	if r.Frames > 0 && len(m.buf) > 0 {
		for _, b := range m.buf {
			clear(b[history+m.fill:])
		}
		m.measurePeaks(&p, sizes, start, m.fill, history)
	}
	r.TruePeak, r.SamplePeak = p.real.peak(), p.sample.peak()
	r.NonFinite, r.NonFiniteAt = m.nonFinite, m.nonFiniteAt

	short := m.ShortTerm()
	r.Integrated, r.Range, r.RangeSparse = Integrated(m.Blocks()), Range(short), RangeSparse(short)
	r.RelativeThreshold = RelativeThreshold(m.Blocks())
	r.MaxMomentary, r.MaxMomentaryAt = LUFS(m.loudest), m.loudestAt
	r.MaxShortTerm = math.Inf(-1)
	for i, e := range short {
		if l := LUFS(e); l > r.MaxShortTerm {
			r.MaxShortTerm, r.MaxShortTermAt = l, m.grid.start(int64(i)*ticksPerHop)
		}
	}
	r.PLR, r.PSR = math.NaN(), m.psr(short)
	if !math.IsInf(r.Integrated, -1) {
		r.PLR = r.TruePeak.DB - r.Integrated
	}
	return r
}

// psr returns the smallest ratio of the true peak of 3 s to their loudness, of
// windows above the absolute gate; NaN if there is none. (J. Shepherd and
// others, AES 143rd convention, 2017.)
func (m *Meter) psr(short []float64) float64 {
	least := math.NaN()
	for i, e := range short {
		if e <= Energy(absoluteGate) {
			continue
		}
		ratio := xmath.DB(slices.Max(m.peaks[i:i+hopsPerShort])) - LUFS(e)
		if !(ratio >= least) {
			least = ratio
		}
	}
	return least
}
