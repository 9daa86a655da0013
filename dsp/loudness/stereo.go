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
	pieces [2][piece]float64
	pos    int64
	hop    int64 // index of the current 100 ms
	end    int64 // frame at which they end
	sums   products
	all    products
	recent [lowestSpan]products // the last complete hops, a ring

	least   float64
	leastAt int64
}

func newStereo(g grid) stereo {
	return stereo{grid: g, end: g.start(ticksPerHop), least: math.NaN()}
}

// load keeps a channel's samples until the other channel's are there too.
func (s *stereo) load(c int, x []float64) { copy(s.pieces[c][:], x) }

func (s *stereo) measure(n int) {
	for from := 0; from < n; {
		to := from + int(min(int64(n-from), s.end-s.pos))
		ll, rr, lr := s.sums.ll, s.sums.rr, s.sums.lr
		left, right := s.pieces[0][from:to], s.pieces[1][from:to]
		for i, l := range left {
			r := right[i]
			ll += float64(l * l)
			rr += float64(r * r)
			lr += float64(l * r)
		}
		s.sums = products{ll, rr, lr}
		s.pos += int64(to - from)
		from = to
		if s.pos == s.end {
			s.endHop()
		}
	}
}

func (s *stereo) endHop() {
	s.all = s.all.plus(s.sums)
	s.recent[s.hop%lowestSpan] = s.sums
	s.sums = products{}
	s.hop++
	s.end = s.grid.start((s.hop + 1) * ticksPerHop)
	if s.hop < lowestSpan {
		return
	}
	var window products
	for _, p := range s.recent {
		window = window.plus(p)
	}
	// What is quieter than -70 dBFS on either side says nothing about the picture.
	first := s.grid.start((s.hop - lowestSpan) * ticksPerHop)
	floor := 1e-7 * float64(s.pos-first)
	if c := window.correlation(); window.ll > floor && window.rr > floor && !(c >= s.least) {
		s.least, s.leastAt = c, first
	}
}

// lowest returns the lowest correlation of 3 s and where they begin.
func (s *stereo) lowest() (float64, int64) { return s.least, s.leastAt }
