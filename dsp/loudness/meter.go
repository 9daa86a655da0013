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
	// Weights replaces the channel weights; one per channel.
	Weights []float64
}

// Weights returns the weight of each channel's energy (BS.1770-5 table 5) in
// the usual order of a file with so many channels: 3 is L R C, 4 is L R Ls Rs,
// 5 is L R C Ls Rs, 6 adds LFE (which does not count) before Ls, 8 adds two
// rear channels between LFE and the sides. Channels of other layouts weigh 1.
func Weights(channels int) []float64 {
	const surround = 1.41
	switch channels {
	case 4:
		return []float64{1, 1, surround, surround}
	case 5:
		return []float64{1, 1, 1, surround, surround}
	case 6:
		return []float64{1, 1, 1, 0, surround, surround}
	case 8:
		return []float64{1, 1, 1, 0, 1, 1, surround, surround}
	}
	w := make([]float64, channels)
	for i := range w {
		w[i] = 1
	}
	return w
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
}

// Meter measures loudness and peaks of a stream of any number of channels. Its
// memory is 16 bytes for each 100 ms.
type Meter struct {
	grid    grid
	weights []float64
	k       kFilter
	states  []kState

	// The tick that is being filled, with the frames before it that the
	// true-peak interpolator needs, and room for as much silence after it.
	buf  [][]float64
	fill int   // frames of the tick so far
	size int   // frames of the tick when full
	tick int64 // index of the tick

	recent [ticksPerBlock]float64 // energy sums of the last ticks, a ring
	hop    float64                // energy sum of the current hop's complete ticks
	hops   []float64              // energy sums of the complete hops
	peaks  []float64              // true peaks of the complete hops

	loudest   float64 // largest momentary energy
	loudestAt int64

	tracker peakTracker
	sizes   []float64 // largest magnitude in the tick, per channel
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
	longest := rate/100 + 1
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
		tracker: m.tracker, sizes: m.sizes, hops: m.hops[:0], peaks: m.peaks[:0], size: int(m.grid.start(1))}
}

// Write takes in a block of any length: as many slices as there are channels,
// equally long.
func (m *Meter) Write(planar [][]float64) {
	if len(m.buf) == 0 {
		return
	}
	for at, frames := 0, len(planar[0]); at < frames; {
		n := min(frames-at, m.size-m.fill)
		for c, b := range m.buf {
			copy(b[history+m.fill:], planar[c][at:at+n])
		}
		at += n
		if m.fill += n; m.fill == m.size {
			m.endTick()
		}
	}
}

// endTick measures the full tick and makes room for the next.
func (m *Meter) endTick() {
	start := m.grid.start(m.tick)
	m.inspect(start, m.size)
	m.measurePeaks(&m.peak, start, m.size, 0)
	energy := m.energy()
	for _, b := range m.buf {
		copy(b, b[m.size:m.size+history])
	}

	m.recent[m.tick%ticksPerBlock] = energy
	m.hop += energy
	m.tick++
	m.fill, m.size = 0, int(m.grid.start(m.tick+1)-m.grid.start(m.tick))
	if m.tick%ticksPerHop == 0 {
		m.hops = append(m.hops, m.hop)
		m.peaks = append(m.peaks, m.peak.hop)
		m.hop, m.peak.hop = 0, 0
	}
	if m.tick >= ticksPerBlock {
		m.momentary()
	}
}

// energy K-weights the full tick and returns the weighted sum of its squares.
func (m *Meter) energy() float64 {
	sum := 0.0
	c := 0
	for ; c+1 < len(m.buf); c += 2 {
		x, y := m.buf[c][history:history+m.size], m.buf[c+1][history:history+m.size]
		ex, ey := m.k.energy2(&m.states[c], &m.states[c+1], x, y, 0, 0)
		sum += float64(m.weights[c] * ex)
		sum += float64(m.weights[c+1] * ey)
	}
	if c < len(m.buf) {
		sum += float64(m.weights[c] * m.k.energy1(&m.states[c], m.buf[c][history:history+m.size], 0))
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

// inspect finds the largest magnitude of the n frames in the buffer, the first
// of which is frame start, having put 0 for what is no finite number.
func (m *Meter) inspect(start int64, n int) {
	for c, b := range m.buf {
		x, ok := b[history:history+n], false
		if m.sizes[c], ok = maxMagnitude(x); ok {
			continue
		}
		for i, v := range x {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				continue
			}
			x[i] = 0
			if at := start + int64(i); m.nonFinite == 0 || at < m.nonFiniteAt {
				m.nonFiniteAt = at
			}
			m.nonFinite++
		}
		m.sizes[c], _ = maxMagnitude(x)
	}
}

// measurePeaks brings p up to date with the n frames in the buffer, which have
// been inspected, and with so many silent frames after them.
func (m *Meter) measurePeaks(p *peaks, start int64, n, silent int) {
	for c, b := range m.buf {
		size := m.sizes[c]
		if size > p.sample.size {
			i := slices.IndexFunc(b[history:history+n], func(v float64) bool { return math.Abs(v) == size })
			p.sample = spot{size, start + int64(i), c}
			if size > p.real.size {
				p.real = p.sample
			}
		}
		p.hop = max(p.hop, size)
		found, place := m.tracker.scan(b[:history+n+silent], p.hop)
		p.hop = found
		if found > p.real.size {
			// Between the last frame and the silence after it counts as the last frame.
			frame := start - history + int64((place+fine/2)/fine)
			p.real = spot{found, min(max(frame, 0), start+int64(n)-1), c}
		}
	}
}

// maxMagnitude returns the largest magnitude; not ok if a sample is infinite
// or no number. Magnitudes compare like the bits that encode them, with all
// that is not finite on top.
func maxMagnitude(x []float64) (m float64, ok bool) {
	const sign, infinite = 1 << 63, 0x7ff << 52
	var most uint64
	for _, v := range x {
		most = max(most, math.Float64bits(v)&^sign)
	}
	return math.Float64frombits(most), most < infinite
}

// Blocks returns the energies of the 400 ms gating blocks, 100 ms apart, so
// far: for [Integrated], and for pooling the tracks of an album.
func (m *Meter) Blocks() []float64 { return m.grid.windows(m.hops, hopsPerBlock) }

// ShortTerm returns the energies of the 3 s windows, 100 ms apart, so far: for
// [Range], and for a curve of loudness over time through [LUFS].
func (m *Meter) ShortTerm() []float64 { return m.grid.windows(m.hops, hopsPerShort) }

// Reading returns what has been measured so far. The stream may go on
// afterwards; a reading in between does not change it.
func (m *Meter) Reading() Reading {
	start := m.grid.start(m.tick)
	r := Reading{Frames: start + int64(m.fill)}

	// The peaks of a stream that ends here: what lies between the last samples
	// and the silence after them counts.
	m.inspect(start, m.fill)
	p := m.peak
	if r.Frames > 0 {
		for _, b := range m.buf {
			clear(b[history+m.fill:])
		}
		m.measurePeaks(&p, start, m.fill, history)
	}
	r.TruePeak, r.SamplePeak = p.real.peak(), p.sample.peak()
	r.NonFinite, r.NonFiniteAt = m.nonFinite, m.nonFiniteAt

	short := m.ShortTerm()
	r.Integrated, r.Range = Integrated(m.Blocks()), Range(short)
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
