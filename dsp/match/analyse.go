package match

import (
	"cmp"
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/fft"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/window"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Profile is what is known of a sound. It can be kept as JSON without loss.
type Profile struct {
	Rate       int       `json:"sample_rate_hz"`
	Mid        []float64 `json:"mid"`             // mean square of (left + right) / 2 in each band of the grid, in the loud parts
	Side       []float64 `json:"side"`            // of (left - right) / 2
	Loudness   float64   `json:"loud_lufs"`       // of the loud parts; 0 where there are none
	Integrated *float64  `json:"integrated_lufs"` // of all of it; nil where there is none
	Crest      float64   `json:"crest_db"`        // see [crest]
	Heard      float64   `json:"heard_s"`         // seconds above -70 dBFS
}

// Silent reports whether there is nothing to compare.
func (p Profile) Silent() bool { return len(p.Mid) == 0 }

// bands is how many bands of the grid the sample rate can hold: up to 0.45 of it, as
// converters and encoders take away what lies above.
func (p Profile) bands() int {
	n := 0
	for n < gridBands && centre(n) <= 0.45*float64(p.Rate) {
		n++
	}
	return n
}

// silent is the level in dB of a band in which nothing is.
const silent = -150.0

// tone is the profile in dB at 0 LUFS, each band with the third of an octave about
// it: less is not tone but notes.
func (p Profile) tone() Tone {
	t := Tone{make([]float64, gridBands), make([]float64, gridBands)}
	for i := range t.Mid {
		t.Mid[i], t.Side[i] = silent, silent
		if !p.Silent() {
			t.Mid[i], t.Side[i] = p.level(p.Mid, i), p.level(p.Side, i)
		}
	}
	return t
}

func (p Profile) level(powers []float64, band int) float64 {
	sum, weight := 0.0, 0.0
	for j, w := range [5]float64{1, 2, 3, 2, 1} {
		if k := band + j - 2; k >= 0 && k < min(len(powers), p.bands()) {
			sum += float64(w * powers[k])
			weight += w
		}
	}
	if sum <= 0 {
		return silent
	}
	return max(silent, float64(10*xmath.Log10(sum/weight))-p.Loudness)
}

// sureness says for each band how much there is to compare: of all of it, and of the
// sides. A band 75 dB below the loudest has none, nor have sides 40 dB below
// the middle; from 60 and 30 dB on it is all.
func (p Profile) sureness() (all, sides []float64) {
	all, sides = make([]float64, gridBands), make([]float64, gridBands)
	t := p.tone()
	loudest := slices.Max(t.Mid)
	for i := range all {
		if t.Mid[i] > silent {
			all[i] = ramp(t.Mid[i]-loudest, -75, -60)
			sides[i] = float64(all[i] * ramp(t.Side[i]-t.Mid[i], -40, -30))
		}
	}
	return all, sides
}

// Analyser makes the profile of a stereo sound. It looks at windows of some 0.7 s,
// each of which begins in the middle of the one before.
type Analyser struct {
	rate  int
	hop   int // half a window
	plan  *fft.Plan
	hann  []float64
	scale float64 // of a bin's square to mean square
	bands []bandBins
	meter *loudness.Integrator

	buf    dsp.Block
	fill   int
	frames int64
	x      []float64
	re, im []float64

	windows  []windowed
	energies []float64 // mean square of both channels in each block of 1/8 hop
}

// bandBins are the bins of a band: a part of the first and the last, and all between.
type bandBins struct {
	first, last int
	head, tail  float64 // how much of them
	weight      float64 // of the K filter, squared
}

// windowed is one window.
type windowed struct {
	mid, side []float64 // mean square by band
	energy    float64   // K-weighted, both channels
}

// blocksPerHop is how many levels are taken in a hop: one in some 45 ms, about
// as long as a beat of a drum.
const blocksPerHop = 8

// shortestWindow is how long a window is at least, in seconds: it resolves the bands
// of the bass.
const shortestWindow = 0.6

// NewAnalyser returns an analyser for a sample rate in Hz.
func NewAnalyser(rate int) *Analyser {
	size := windowFrames(rate)
	a := &Analyser{
		rate: rate, hop: size / 2, plan: fft.New(size), hann: window.Hann(size),
		meter: loudness.NewIntegrator(rate), buf: dsp.NewBlock(size), x: make([]float64, size),
	}
	a.re, a.im = make([]float64, a.plan.Bins()), make([]float64, a.plan.Bins())
	sum := 0.0
	for _, w := range a.hann {
		sum += float64(w * w)
	}
	a.scale = 2 / (float64(size) * sum)
	bin := float64(rate) / float64(size)
	for i := range gridBands {
		from, to := float64(centre(i)*xmath.Exp2(-0.5/bandsPerOctave)), float64(centre(i)*xmath.Exp2(0.5/bandsPerOctave))
		if to > float64(rate)/2 {
			break
		}
		a.bands = append(a.bands, binsOf(from/bin, to/bin, kWeight(centre(i), rate)))
	}
	return a
}

// windowFrames is the length of a window.
func windowFrames(rate int) int {
	size := 4096
	for float64(size) < shortestWindow*float64(rate) {
		size *= 2
	}
	return size
}

// binsOf lists the bins between two frequencies, given in bins. A bin stands for half
// of the way to its neighbours.
func binsOf(from, to, weight float64) bandBins {
	b := bandBins{first: int(math.Round(from)), last: int(math.Round(to)), weight: weight}
	b.head, b.tail = float64(b.first)+0.5-from, to-(float64(b.last)-0.5)
	if b.first == b.last {
		b.head, b.tail = to-from, 0
	}
	return b
}

// power sums the squares of the bins of a band.
func (b bandBins) power(re, im []float64) float64 {
	at := func(k int) float64 { return float64(re[k]*re[k]) + float64(im[k]*im[k]) }
	sum := float64(b.head*at(b.first)) + float64(b.tail*at(b.last))
	for k := b.first + 1; k < b.last; k++ {
		sum += at(k)
	}
	return sum
}

// kWeight is the squared gain of the K filter at a frequency.
func kWeight(hz float64, rate int) float64 {
	shelf, pass := loudness.KWeighting(rate)
	w := 2 * hz / float64(rate)
	c1, s1, c2, s2 := xmath.CosPi(w), xmath.SinPi(w), xmath.CosPi(2*w), xmath.SinPi(2*w)
	square := func(b0, b1, b2 float64) float64 {
		re, im := b0+float64(b1*c1)+float64(b2*c2), float64(b1*s1)+float64(b2*s2)
		return float64(re*re) + float64(im*im)
	}
	gain := 1.0
	for _, q := range []loudness.Biquad{shelf, pass} {
		gain *= square(q.B0, q.B1, q.B2) / square(1, q.A1, q.A2)
	}
	return gain
}

// Write takes in a block of any length, all samples finite.
func (a *Analyser) Write(b dsp.Block) {
	a.meter.Write(b)
	a.frames += int64(b.Len())
	for b.Len() > 0 {
		n := min(b.Len(), len(a.x)-a.fill)
		for c := range b {
			copy(a.buf[c][a.fill:], b[c][:n])
		}
		b = b.Cut(n, b.Len())
		if a.fill += n; a.fill == len(a.x) {
			a.take()
		}
	}
}

// take looks at a full window and moves on by a hop.
func (a *Analyser) take() {
	if len(a.windows) == 0 {
		a.blocks(0)
	}
	a.blocks(a.hop)
	w := windowed{mid: make([]float64, len(a.bands)), side: make([]float64, len(a.bands))}
	left, right := a.buf[0], a.buf[1]
	a.spectrum(w.mid, func(i int) float64 { return (left[i] + right[i]) / 2 })
	a.spectrum(w.side, func(i int) float64 { return (left[i] - right[i]) / 2 })
	for i, b := range a.bands {
		w.energy += float64(b.weight * (2 * (w.mid[i] + w.side[i]))) // left² + right² = 2 (mid² + side²)
	}
	a.windows = append(a.windows, w)
	for _, x := range a.buf {
		copy(x, x[a.hop:])
	}
	a.fill = a.hop
}

// spectrum takes the mean squares of all bands.
func (a *Analyser) spectrum(out []float64, at func(int) float64) {
	for i, w := range a.hann {
		a.x[i] = float64(w * at(i))
	}
	a.plan.Forward(a.x, a.re, a.im)
	for i, b := range a.bands {
		out[i] = float64(a.scale * b.power(a.re, a.im))
	}
}

// blocks takes the levels of a hop that begins at a frame of the window.
func (a *Analyser) blocks(from int) {
	n := a.hop / blocksPerHop
	for k := range blocksPerHop {
		sum := 0.0
		for _, x := range a.buf {
			for _, v := range x[from+k*n : from+(k+1)*n] {
				sum += float64(v * v)
			}
		}
		a.energies = append(a.energies, sum/float64(n))
	}
}

// Finish ends the analysis: nothing may be written afterwards.
func (a *Analyser) Finish() Profile {
	p := Profile{Rate: a.rate}
	if l := a.meter.Integrated(); !math.IsInf(l, -1) {
		p.Integrated = &l
	}
	if a.fill > a.hop || len(a.windows) == 0 && a.fill > 0 { // what is left, with silence behind it
		for _, x := range a.buf {
			clear(x[a.fill:])
		}
		a.take()
	}
	for _, e := range a.energies {
		if e > heardEnergy {
			p.Heard += float64(a.hop/blocksPerHop) / float64(a.rate)
		}
	}
	weights, sum := a.weights(), 0.0
	for i, w := range a.windows {
		if weights[i] == 0 {
			continue
		}
		if p.Mid == nil {
			p.Mid, p.Side = make([]float64, len(a.bands)), make([]float64, len(a.bands))
		}
		for b := range w.mid {
			p.Mid[b] += float64(weights[i] * w.mid[b])
			p.Side[b] += float64(weights[i] * w.side[b])
		}
		p.Loudness += float64(weights[i] * w.energy)
		sum += weights[i]
	}
	if p.Mid == nil {
		return p
	}
	for b := range p.Mid {
		p.Mid[b] /= sum
		p.Side[b] /= sum
	}
	p.Loudness = loudness.LUFS(p.Loudness / sum)
	p.Crest = crest(a.energies, a.blockWeights(weights))
	return p
}

// heardEnergy is the mean square of both channels together from which on a sound is
// heard: -70 dBFS.
const heardEnergy = 1e-7

// loudDepth is how far below the mean a window may be and still count, in LU.
const loudDepth = 3.0

// weights says how much each window counts. Of all that is above -70 LUFS, windows as
// loud as the mean count in full, and those 3 LU below it no more; between them it
// rises evenly, so that a tenth of a dB never brings a whole chorus in or out.
func (a *Analyser) weights() []float64 {
	sum, n, gate := 0.0, 0.0, loudness.Energy(-70)
	for _, w := range a.windows {
		if w.energy > gate {
			sum += w.energy
			n++
		}
	}
	out := make([]float64, len(a.windows))
	if n == 0 {
		return out
	}
	mean := loudness.LUFS(sum / n)
	for i, w := range a.windows {
		if w.energy > gate {
			out[i] = ramp(loudness.LUFS(w.energy), mean-loudDepth, mean)
		}
	}
	return out
}

// blockWeights says how much each block counts: as the windows it lies in.
func (a *Analyser) blockWeights(windows []float64) []float64 {
	out := make([]float64, len(a.energies))
	for i := range out {
		hop := i / blocksPerHop
		if hop < len(windows) {
			out[i] += windows[hop]
		}
		if hop > 0 {
			out[i] += windows[hop-1]
		}
	}
	return out
}

// Span is a stretch of a sound, in frames.
type Span struct{ From, To int64 }

// Loudest returns the loudest stretches, as many seconds of them as are asked for or
// as there are loud parts, in the order of time. It is asked after [Analyser.Finish].
func (a *Analyser) Loudest(seconds float64) []Span {
	weights := a.weights()
	var order []int
	for i, w := range weights {
		if w > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(a.windows[j].energy, a.windows[i].energy) })
	order = order[:min(len(order), max(1, int(seconds*float64(a.rate))/a.hop))]
	slices.Sort(order)
	var spans []Span
	for _, i := range order {
		from, to := int64(i)*int64(a.hop), min(int64(i+2)*int64(a.hop), a.frames)
		if n := len(spans); n > 0 && from <= spans[n-1].To {
			spans[n-1].To = to
			continue
		}
		spans = append(spans, Span{from, to})
	}
	return spans
}
