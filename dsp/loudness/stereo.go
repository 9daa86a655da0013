package loudness

import "math"

// products are the sums a correlation is made of.
type products struct{ ll, rr, lr float64 }

func (p products) plus(o products) products { return products{p.ll + o.ll, p.rr + o.rr, p.lr + o.lr} }

// correlation is the sum of products over the geometric mean of the powers: 1
// for mono, -1 for opposite polarity, NaN where a channel is silent.
func (p products) correlation() float64 {
	if p.ll <= 0 || p.rr <= 0 {
		return math.NaN()
	}
	return min(max(p.lr/(math.Sqrt(p.ll)*math.Sqrt(p.rr)), -1), 1)
}

// stereo measures the correlation of two channels.
type stereo struct {
	grid   grid
	sums   products             // of the current 100 ms so far
	all    products             // of all that have ended
	recent [lowestSpan]products // of the last ones, a ring

	least   float64
	leastAt int64
}

func newStereo(g grid) stereo { return stereo{grid: g, least: math.NaN()} }

// endHop ends 100 ms, of which there have now been hops.
func (s *stereo) endHop(hops int64) {
	s.all = s.all.plus(s.sums)
	s.recent[(hops-1)%lowestSpan] = s.sums
	s.sums = products{}
	if hops < lowestSpan {
		return
	}
	var window products
	for _, p := range s.recent {
		window = window.plus(p)
	}
	// What is quieter than -70 dBFS on either side says nothing about the picture.
	first, end := s.grid.start((hops-lowestSpan)*ticksPerHop), s.grid.start(hops*ticksPerHop)
	floor := 1e-7 * float64(end-first)
	if c := window.correlation(); window.ll > floor && window.rr > floor && !(c >= s.least) {
		s.least, s.leastAt = c, first
	}
}

// lowest returns the lowest correlation of 3 s and where they begin.
func (s *stereo) lowest() (float64, int64) { return s.least, s.leastAt }
