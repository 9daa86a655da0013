package dyn

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/dsp/window"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Design of the scanner's interpolation.
const (
	// The first stage makes the value half-way between two frames, from 40 on
	// either side. With this window that is within 0.015 dB up to 0.4535 of the rate
	// (20 kHz at 44.1 kHz) and within 0.03 dB up to 0.475.
	halfPairs = 40
	halfBeta  = 5.0
	// The second stage works on the doubled rate, where the sound fills only the
	// lower half of the band, and has room: 0.003 dB with 5 values on either side.
	finePairs = 5
	fineBeta  = 8.05

	// Frames are looked at or skipped in groups, at fixed multiples of this.
	group = vector.Group
	// reach is how many groups to either side have a say in a group's peaks:
	// the frames of both stages, 40 + 3, rounded up.
	reach = 6
)

// PeakScanner finds for every frame of a stereo stream how high the wave gets
// from half a frame before it to half a frame after it, in either channel: the
// true peak, by interpolation at 8 times the rate (4 times above 50 kHz), with a
// parabola through the highest points. A gain that suits a frame's peak
// suits everything between the frames as well. It is within 0.02 dB for sound up
// to 0.4535 of the rate (20 kHz at 44.1 kHz; above 50 kHz up to 0.3 of it).
//
// Interpolating is dear and most of a song is not loud, so there is a floor.
// Peaks above it are found exactly. Where it is certain that nothing exceeds it,
// the scanner gives what made it certain: some value up to the floor.
type PeakScanner struct {
	*interpolation
	floor, lowest float64 // now, and at the first frame
	follow        float64
	ch            [2]scanChannel

	filled  int          // frames in the channels' buffers
	out     [2][]float64 // peaks found and not yet given: of both channels, or of each
	waiting int          // how many
}

// Between calls a buffer holds lead groups and up to a group of frames more. The
// group whose turn is next has reach groups on either side: it is number reach.
const (
	lead     = 2 * reach
	buffered = (lead+1)*group + dsp.MaxBlock
)

// NewPeakScanner returns a scanner for a rate in Hz, with a floor as a linear
// level; a floor of 0 has everything interpolated but silence.
func NewPeakScanner(rate int, floor float64) *PeakScanner {
	s := &PeakScanner{
		interpolation: newInterpolation(rate <= 50000),
		lowest:        floor,
	}
	for c := range s.ch {
		s.out[c] = make([]float64, 2*group+dsp.MaxBlock)
		s.ch[c] = scanChannel{
			x:      make([]float64, buffered),
			double: make([]float64, 2*buffered),
			groups: make([]scanGroup, buffered/group),
			spans:  make([]vector.Span, buffered/group),
			bounds: make([]float64, buffered/group),
		}
	}
	s.Reset()
	return s
}

// Follow has the floor rise to a share (0..1) of the highest peak found so far:
// for whoever looks for the highest peaks of a sound without knowing how high
// they are. At 1 little more than the highest one is found.
func (s *PeakScanner) Follow(share float64) { s.follow = share }

// Latency is by how many frames the peaks lag the sound.
func (s *PeakScanner) Latency() int { return (reach+1)*group - 1 }

// Reset goes back to the first frame, before which there was silence.
func (s *PeakScanner) Reset() {
	for c := range s.ch {
		clear(s.ch[c].x)
		clear(s.ch[c].double)
		clear(s.ch[c].groups)
		clear(s.ch[c].spans)
		clear(s.out[c])
	}
	s.floor = s.lowest
	s.filled = lead * group
	s.waiting = group - 1
}

// Scan takes the next frames and writes as many peaks as linear levels. The
// first of them belongs to the frame that came in Latency frames before b's first.
func (s *PeakScanner) Scan(b dsp.Block, peaks []float64) {
	for b.Len() > 0 {
		n := min(b.Len(), dsp.MaxBlock)
		for g := range s.take(b.Cut(0, n)) {
			s.look(reach+g, 0, 2, (*[group]float64)(s.out[0][s.waiting+g*group:]))
		}
		s.give(n, peaks[:n])
		b, peaks = b.Cut(n, b.Len()), peaks[n:]
	}
}

// ScanSides is Scan for each channel by itself. A stream is scanned with one of them
// from its first frame to its last.
func (s *PeakScanner) ScanSides(b dsp.Block, left, right []float64) {
	for b.Len() > 0 {
		n := min(b.Len(), dsp.MaxBlock)
		for g := range s.take(b.Cut(0, n)) {
			for c := range s.ch {
				s.look(reach+g, c, c+1, (*[group]float64)(s.out[c][s.waiting+g*group:]))
			}
		}
		s.give(n, left[:n], right[:n])
		b, left, right = b.Cut(n, b.Len()), left[n:], right[n:]
	}
}

// take takes frames in. It returns how many groups have all around them now: from
// number reach on.
func (s *PeakScanner) take(b dsp.Block) int {
	for c := range s.ch {
		s.ch[c].take(b[c], s.filled)
	}
	s.filled += b.Len()
	groups := s.filled/group - lead
	for c := range s.ch {
		// The weights of any position add up to 1 (times between).
		vector.Bounds(s.ch[c].bounds[:groups], s.ch[c].spans, s.weight[:], s.between)
	}
	return groups
}

// give drops the groups that were looked at, and gives away peaks that wait.
func (s *PeakScanner) give(n int, peaks ...[]float64) {
	groups := s.filled / group
	done := groups - lead
	for c := range s.ch {
		s.ch[c].drop(done, groups, s.filled)
	}
	s.filled -= done * group
	s.waiting += done * group
	for i, p := range peaks {
		copy(p, s.out[i][:s.waiting])
		copy(s.out[i], s.out[i][n:s.waiting])
	}
	s.waiting -= n
}

// look finds the peaks of group g in the channels from first to before end.
func (s *PeakScanner) look(g, first, end int, peaks *[group]float64) {
	least := 0.0 // what is certain not to be exceeded in the channels not looked at
	for c := first; c < end; c++ {
		if bound := s.ch[c].bounds[g-reach]; bound <= s.floor && bound > least {
			least = bound
		}
	}
	for i := range peaks {
		peaks[i] = least
	}
	closer := false
	for c := first; c < end; c++ {
		if s.ch[c].bounds[g-reach] > s.floor {
			s.lookCloser(&s.ch[c], g, peaks)
			closer = true
		}
	}
	if closer && s.follow > 0 {
		s.floor = max(s.floor, float64(s.follow*vector.Largest(peaks[:])))
	}
}

// lookCloser raises peaks to those of a channel's group g.
func (s *PeakScanner) lookCloser(c *scanChannel, g int, peaks *[group]float64) {
	highest := 0.0
	for i := g - 1; i <= g+1; i++ {
		if !c.groups[i].ready {
			s.fill(c, i)
		}
		highest = max(highest, c.groups[i].highest)
	}
	others := float64(s.far * highest)
	for i := range peaks {
		at := 2 * (g*group + i) // the frame, at the doubled rate
		for _, gap := range [2]int{at - 1, at} {
			v := (*[2 * finePairs]float64)(c.double[gap-finePairs+1:])
			a, b := math.Abs(v[finePairs-1]), math.Abs(v[finePairs])
			if b > a {
				a = b
			}
			p := float64(s.near*a) + others
			if p > s.floor {
				p = s.peakIn(v)
			}
			if p > peaks[i] {
				peaks[i] = p
			}
		}
	}
}

// scanChannel is as much of one channel's stream as is still needed.
type scanChannel struct {
	x      []float64 // the frames
	double []float64 // the same at the doubled rate, as far as groups are ready
	groups []scanGroup
	spans  []vector.Span
	bounds []float64 // levels that nothing exceeds in groups number reach and on
}

// scanGroup is what is known of a group of frames.
type scanGroup struct {
	ready   bool    // double is filled in
	highest float64 // the largest magnitude there
}

// take appends frames, and measures the groups that they complete.
func (c *scanChannel) take(x []float64, filled int) {
	copy(c.x[filled:], x)
	from, to := filled/group, (filled+len(x))/group
	clear(c.groups[from:to])
	vector.Spans(c.spans[from:to], c.x[from*group:])
}

// drop forgets the first groups.
func (c *scanChannel) drop(n, groups, filled int) {
	copy(c.x, c.x[n*group:filled])
	copy(c.double, c.double[2*n*group:2*groups*group])
	copy(c.groups, c.groups[n:groups])
	copy(c.spans, c.spans[n:groups])
}

// interpolation is the design of a scanner, and only read.
type interpolation struct {
	half [halfPairs]float64 // for x[n-k] + x[n+1+k], k = 0, 1, ...
	// Positions between two values of the doubled rate: centre is for the middle;
	// a quarter of the way, sums of pairs weigh even and differences odd, and in
	// the mirrored position -odd.
	centre, even, odd [finePairs]float64
	eighths           bool
	between           float64 // how much higher a wave may be between these positions, as a factor

	// Bounds: weight[i] is the most that a group i-reach groups away can add to
	// anything in a group, per unit of magnitude; near and far likewise for the
	// nearest two and the other values of the doubled rate.
	weight    [2*reach + 1]float64
	near, far float64
}

func newInterpolation(eighths bool) *interpolation {
	t := &interpolation{eighths: eighths, between: 1 / xmath.Cos(math.Pi/8)}
	if eighths {
		t.between = 1 / xmath.Cos(math.Pi/16)
	}
	for k := range t.half {
		t.half[k] = windowedSinc(float64(k)+0.5, halfPairs, halfBeta)
	}
	normalise(t.half[:])
	for k := range t.centre {
		t.centre[k] = windowedSinc(float64(k)+0.5, finePairs, fineBeta)
		left := windowedSinc(float64(k)+0.25, finePairs, fineBeta)
		right := windowedSinc(float64(k)+0.75, finePairs, fineBeta)
		t.even[k], t.odd[k] = (left+right)/2, (left-right)/2
	}
	scale := normalise(t.even[:])
	for k := range t.odd {
		t.odd[k] *= scale
	}
	normalise(t.centre[:])
	t.setBounds()
	return t
}

// windowedSinc is sin(pi x)/(pi x) under a Kaiser window from -width to width.
// The window's height does not matter: see normalise.
func windowedSinc(x, width, beta float64) float64 {
	r := x / width
	return window.Sinc(x) * window.BesselI0(beta*math.Sqrt(1-float64(r*r)))
}

// normalise makes weights of pairs add up to one half, so that a constant stays
// what it is, and returns what it multiplied them by.
func normalise(pairs []float64) (scale float64) {
	sum := 0.0
	for _, h := range pairs {
		sum += h
	}
	scale = 0.5 / sum
	for k := range pairs {
		pairs[k] *= scale
	}
	return scale
}

// setBounds derives the bounds from the weights.
func (t *interpolation) setBounds() {
	var phases [4][2 * finePairs]float64 // weights of double[gap-finePairs+1] and on
	for k := range finePairs {
		l, r := finePairs-1-k, finePairs+k
		phases[0][l], phases[0][r] = t.centre[k], t.centre[k]
		phases[1][l], phases[1][r] = t.even[k]+t.odd[k], t.even[k]-t.odd[k]
		phases[2][l], phases[2][r] = t.even[k]-t.odd[k], t.even[k]+t.odd[k]
	}
	phases[3][finePairs-1] = 1 // the value before the gap itself
	for _, phase := range phases {
		// What the parabola adds is at most what a sine at half the rate has in between.
		for i := range phase {
			phase[i] *= t.between
		}
		near := math.Abs(phase[finePairs-1]) + math.Abs(phase[finePairs])
		far := 0.0
		for _, h := range phase {
			far += math.Abs(h)
		}
		t.near, t.far = max(t.near, near), max(t.far, far-near)
		for gap := -1; gap < 2*group-1; gap++ {
			t.raiseWeights(gap, &phase)
		}
	}
}

// raiseWeights raises the weights to what one position of a gap takes. Gaps are
// counted at the doubled rate from a group's first frame.
func (t *interpolation) raiseWeights(gap int, phase *[2 * finePairs]float64) {
	const before = reach * group
	var frames [(2*reach + 1) * group]float64 // the weight of each frame around
	for i, h := range phase {
		at := gap - finePairs + 1 + i + 2*before
		if at%2 == 0 {
			frames[at/2] += h
			continue
		}
		for k, w := range t.half {
			frames[at/2-k] += float64(h * w)
			frames[at/2+1+k] += float64(h * w)
		}
	}
	for i := range t.weight {
		sum := 0.0
		for _, h := range frames[i*group:][:group] {
			sum += math.Abs(h)
		}
		t.weight[i] = max(t.weight[i], sum)
	}
}

// fill makes group g ready: the frames and the values half-way between them.
func (t *interpolation) fill(c *scanChannel, g int) {
	x := (*[group + 2*halfPairs - 1]float64)(c.x[g*group-halfPairs+1:])
	out := (*[2 * group]float64)(c.double[2*g*group:])
	if useAVX {
		doubleAVX(out, x, &t.half)
	} else {
		t.double(out, x)
	}
	c.groups[g] = scanGroup{ready: true, highest: vector.Largest(out[:])}
}

// double writes eight frames, the middle ones of x, and the values half-way behind each.
func (t *interpolation) double(out *[2 * group]float64, x *[group + 2*halfPairs - 1]float64) {
	var s0, s1, s2, s3, s4, s5, s6, s7 float64
	for k, h := range t.half {
		l := (*[group]float64)(x[halfPairs-1-k:])
		r := (*[group]float64)(x[halfPairs+k:])
		s0 += float64(h * (l[0] + r[0]))
		s1 += float64(h * (l[1] + r[1]))
		s2 += float64(h * (l[2] + r[2]))
		s3 += float64(h * (l[3] + r[3]))
		s4 += float64(h * (l[4] + r[4]))
		s5 += float64(h * (l[5] + r[5]))
		s6 += float64(h * (l[6] + r[6]))
		s7 += float64(h * (l[7] + r[7]))
	}
	frames := (*[group]float64)(x[halfPairs-1:])
	for i, v := range [group]float64{s0, s1, s2, s3, s4, s5, s6, s7} {
		out[2*i], out[2*i+1] = frames[i], v
	}
}

// peakIn returns the highest magnitude between the two middle ones of ten values
// at the doubled rate.
func (t *interpolation) peakIn(v *[2 * finePairs]float64) float64 {
	var middle, even, odd float64
	for k := range finePairs {
		l, r := v[finePairs-1-k], v[finePairs+k]
		middle += float64(t.centre[k] * (l + r))
		even += float64(t.even[k] * (l + r))
		odd += float64(t.odd[k] * (l - r))
	}
	first, last := math.Abs(v[finePairs-1]), math.Abs(v[finePairs])
	middle = math.Abs(middle)
	if !t.eighths {
		return crest(first, middle, last)
	}
	left, right := math.Abs(even+odd), math.Abs(even-odd)
	// Half a frame is less than half a period, so there is one top at most.
	top := 0.0
	switch {
	case left > middle && left >= right:
		top = crest(first, left, middle)
	case right > middle:
		top = crest(middle, right, last)
	default:
		top = crest(left, middle, right)
	}
	if first > top {
		top = first
	}
	if last > top {
		top = last
	}
	return top
}

// crest returns the top of the parabola through three equidistant points, if it
// lies between them, or else the highest of the points.
func crest(a, b, c float64) float64 {
	slope, bend := a-c, (b-a)+(b-c)
	if math.Abs(slope) > 2*bend || bend == 0 {
		return max(a, b, c)
	}
	return b + slope*slope/(8*bend)
}
