package loudness

import "github.com/lathe-audio/lathe/dsp"

// Integrator measures the loudness of a stereo stream and no peaks, as fast as
// it can be done: for the search for a gain that hits a target. It gives the
// same bits as [Meter].
type Integrator struct {
	grid  grid
	k     kFilter
	state [2]kState

	pos  int64      // frames taken in
	end  int64      // frame at which the current tick ends
	tick int64      // index of the current tick
	sum  [2]float64 // of the current tick, per channel
	hop  float64    // of the current hop's complete ticks
	all  float64    // of all complete ticks
	hops []float64  // of each complete hop of 100 ms
}

// NewIntegrator returns an integrator for a sample rate in Hz.
func NewIntegrator(rate int) *Integrator {
	m := &Integrator{grid: grid{int64(rate)}, k: newKFilter(rate)}
	m.Reset()
	return m
}

// Reset goes back to the first sample. Memory is kept.
func (m *Integrator) Reset() {
	*m = Integrator{grid: m.grid, k: m.k, end: m.grid.start(1), hops: m.hops[:0]}
}

// Write takes in a block of any length.
func (m *Integrator) Write(b dsp.Block) {
	for b.Len() > 0 {
		n := int(min(int64(b.Len()), m.end-m.pos))
		m.sum[0], m.sum[1] = m.k.energy2(&m.state[0], &m.state[1], b[0][:n], b[1][:n], m.sum[0], m.sum[1])
		m.pos += int64(n)
		if m.pos == m.end {
			m.endTick()
		}
		b = b.Cut(n, b.Len())
	}
}

func (m *Integrator) endTick() {
	m.hop += m.sum[0] + m.sum[1]
	m.all += m.sum[0] + m.sum[1]
	m.sum = [2]float64{}
	m.state[0].settle()
	m.state[1].settle()
	m.tick++
	m.end = m.grid.start(m.tick + 1)
	if m.tick%ticksPerHop == 0 {
		m.hops = append(m.hops, m.hop)
		m.hop = 0
	}
}

// Blocks returns the energies of the 400 ms gating blocks so far, for [Integrated].
func (m *Integrator) Blocks() []float64 { return m.grid.windows(m.hops, hopsPerBlock) }

// ShortTerm returns the energies of the 3 s windows so far, for [Range].
func (m *Integrator) ShortTerm() []float64 { return m.grid.windows(m.hops, hopsPerShort) }

// Integrated returns the integrated loudness so far in LUFS; -Inf where there is none.
func (m *Integrator) Integrated() float64 { return Integrated(m.Blocks()) }

// IntegratedTo returns the integrated loudness of the first frames alone.
func (m *Integrator) IntegratedTo(frames int64) float64 {
	n := 0
	for n < len(m.hops) && m.grid.start(int64(n+1)*ticksPerHop) <= frames {
		n++
	}
	return Integrated(m.grid.windows(m.hops[:n], hopsPerBlock))
}

// Energy returns the sum of the squares of all K-weighted samples so far: the
// difference of two readings is the energy of what came in between.
func (m *Integrator) Energy() float64 { return m.all + m.sum[0] + m.sum[1] }
