// Package match finds what makes one sound's tone, width and dynamics those of
// others: the equaliser, and where it is asked for the compressor, that lie
// between a mix and its references.
//
// The way: an [Analyser] listens to a sound and gives its [Profile], the spectra of
// middle and side in the loud parts, at a loudness of their own; [Find] compares
// profiles and fits bands of an ordinary equaliser to the difference; [Squeeze]
// finds a compressor. What comes out are settings that anybody could have written,
// so that what is shown is what is heard.
package match

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// The grid on which spectra are compared: bands of 1/12 octave side by side, from
// 19.7 Hz to 20.2 kHz, with 1 kHz as the centre of one.
const (
	bandsPerOctave = 12
	lowestBand     = -68
	highestBand    = 52
	gridBands      = highestBand - lowestBand + 1
)

// centre is the frequency in Hz in the middle of a band of the grid.
func centre(band int) float64 {
	return 1000 * xmath.Exp2(float64(band+lowestBand)/bandsPerOctave)
}

// Grid returns the centres of all bands in Hz.
func Grid() []float64 {
	hz := make([]float64, gridBands)
	for i := range hz {
		hz[i] = centre(i)
	}
	return hz
}

// Settings are how far a match goes.
type Settings struct {
	Tone     float64 // 0..1: how much of the difference of the spectra is made up for
	Width    float64 // 0..1: how much of the difference of the sides' level
	Range    float64 // dB: the tone of middle and side is moved by no more at any frequency; the width is apart
	From, To float64 // Hz: between which spectra are compared; beyond, the curve stays as it ends
}

// Weighted is a reference and how much it counts beside the others.
type Weighted struct {
	Profile
	Weight float64 // above 0
}

// Bounds of the parts that are no equaliser curve.
const (
	widthRange = 3.0   // dB by which the level of the sides is moved at the most
	widthFrom  = 150.0 // Hz: the middle of the slope above which it is; the bass stays where it is
)

// Tone is the spectrum of a sound in two curves over [Grid].
type Tone struct {
	Mid  []float64 `json:"mid_db"`  // where all of the sound is at 0 LUFS
	Side []float64 `json:"side_db"` // likewise; -150 where there is nothing
}

// Result is a match.
type Result struct {
	Bands      []Band  // of an equaliser, in order; none where there is nothing to do
	WidthDB    float64 // by which the sides' level is moved, one of the bands
	LoudnessLU float64 // the references' loud parts are that much louder: the equaliser leaves that alone

	Before, Reference, After Tone
}

// Find compares a mix with references. Levels are compared at equal loudness of the
// loud parts, so that an equaliser that does all of it changes no loudness.
//
// The tone of both channels follows that of the middle, and what is left of the
// sides' is made up for in the sides alone: their spectrum by bands, as far as there
// is enough of them to be heard, and their level by a shelf.
func Find(mix Profile, refs []Weighted, s Settings) Result {
	hz := Grid()
	r := Result{Before: mix.tone(), Reference: blend(refs)}
	total := 0.0
	for _, ref := range refs {
		r.LoudnessLU += float64(ref.Weight * ref.Loudness)
		total += ref.Weight
	}
	r.LoudnessLU = r.LoudnessLU/total - mix.Loudness
	if mix.Silent() {
		r.After, r.LoudnessLU = r.Before, 0
		return r
	}
	usable := func(i int) bool {
		return hz[i] >= s.From && hz[i] <= s.To && i < mix.bands() && !lacks(refs, i)
	}
	d := difference(mix, refs, r, usable)

	wanted := smoothed(bounded(d.mid, s.Range), d.sure)
	vector.Scale(wanted, s.Tone)
	bands := held(fit(wanted, d.weights(usable), stereoBands, fitTolerance), nil, s.Range)
	for i := range bands {
		bands[i].On = "stereo"
	}
	moved := Response(bands, hz)

	level := d.width(hz, s)
	shape := make([]float64, len(hz))
	for i := range shape {
		shape[i] = d.side[i] - level.all
	}
	side := smoothed(bounded(shape, s.Range), d.sideSure)
	for i := range side {
		side[i] = float64(side[i] * (s.Tone * ramp(xmath.Log2(hz[i]/widthFrom), -1, 0.5)))
		side[i] = max(-s.Range-moved[i], min(side[i], s.Range-moved[i])) // with what is done to both channels
	}
	sides := held(fit(side, d.weights(usable), sideBands, sideTolerance), bands, s.Range)
	if math.Abs(level.moved) >= flat {
		r.WidthDB = level.moved
		sides = append([]Band{{Shape: "highshelf", Hz: widthFrom, Gain: level.moved, Q: shelfQ}}, sides...)
	}
	for i := range sides {
		sides[i].On = "side"
	}
	r.Bands = append(bands, sides...)
	r.After = Tone{Mid: added(r.Before.Mid, moved), Side: added(r.Before.Side, Response(r.Bands, hz))}
	return r
}

// lacks reports whether a reference's sample rate does not reach a band.
func lacks(refs []Weighted, band int) bool {
	for _, ref := range refs {
		if band >= ref.bands() {
			return true
		}
	}
	return false
}

// differences are what lies between a mix and its references, over the grid.
type differences struct {
	mid, side      []float64 // dB; the sides' beyond that of the middle
	sure, sideSure []float64 // 0..1: how much there is to compare
}

func difference(mix Profile, refs []Weighted, r Result, usable func(int) bool) differences {
	d := differences{
		mid: make([]float64, gridBands), side: make([]float64, gridBands),
		sure: make([]float64, gridBands), sideSure: make([]float64, gridBands),
	}
	own, ownSides := mix.sureness()
	for i := range d.mid {
		if !usable(i) {
			continue
		}
		d.mid[i] = r.Reference.Mid[i] - r.Before.Mid[i]
		d.side[i] = (r.Reference.Side[i] - r.Reference.Mid[i]) - (r.Before.Side[i] - r.Before.Mid[i])
		d.sure[i], d.sideSure[i] = own[i], ownSides[i]
	}
	theirs, theirSides, total := make([]float64, gridBands), make([]float64, gridBands), 0.0
	for _, ref := range refs {
		all, sides := ref.sureness()
		total += ref.Weight
		for i := range theirs {
			theirs[i] += float64(ref.Weight * all[i])
			theirSides[i] += float64(ref.Weight * sides[i])
		}
	}
	for i := range d.sure {
		d.sure[i] = float64(d.sure[i] * (theirs[i] / total))
		d.sideSure[i] = float64(d.sideSure[i] * (theirSides[i] / total))
	}
	return d
}

// weights are what a band counts in a fit: beyond the range that is compared, the
// curve has only to stay as it ends.
func (d differences) weights(usable func(int) bool) []float64 {
	w := make([]float64, gridBands)
	for i := range w {
		if w[i] = beyond; usable(i) {
			w[i] = 1
		}
	}
	return w
}

// widths is the level of the sides: by how much the references' differs, and what is
// made up for.
type widths struct{ all, moved float64 } // dB

// width takes the mean over the bands above the bass: that is what remains of the
// sides' difference when its shape is taken away.
func (d differences) width(hz []float64, s Settings) widths {
	sum, weight := 0.0, 0.0
	for i, side := range d.side {
		if hz[i] >= widthFrom {
			sum += float64(d.sideSure[i] * side)
			weight += d.sideSure[i]
		}
	}
	if weight < bandsPerOctave { // less than an octave of sides is no width
		return widths{}
	}
	all := sum / weight
	return widths{all, hundredths(float64(max(-widthRange, min(all, widthRange)) * s.Width))}
}

// blend is the mean tone of references. Where a reference has no sides to speak of,
// those of the others count.
func blend(refs []Weighted) Tone {
	mean := Tone{make([]float64, gridBands), make([]float64, gridBands)}
	sides, total, sure := make([]float64, gridBands), 0.0, make([]float64, gridBands)
	for _, ref := range refs {
		t := ref.tone()
		_, own := ref.sureness()
		total += ref.Weight
		for i := range mean.Mid {
			mean.Mid[i] += float64(ref.Weight * t.Mid[i])
			w := float64(ref.Weight * max(own[i], 1e-6)) // where all are mono, mono is their mean
			sides[i] += float64(w * (t.Side[i] - t.Mid[i]))
			sure[i] += w
		}
	}
	for i := range mean.Mid {
		mean.Mid[i] /= total
		mean.Side[i] = mean.Mid[i] + sides[i]/sure[i]
	}
	return mean
}

func bounded(x []float64, most float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = max(-most, min(v, most))
	}
	return out
}

func added(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range out {
		out[i] = a[i] + b[i]
	}
	return out
}

// ramp rises from 0 to 1 between two values.
func ramp(x, from, to float64) float64 { return max(0, min((x-from)/(to-from), 1)) }

// hundredths rounds to what is written of a gain.
func hundredths(x float64) float64 { return math.Round(x*100) / 100 }

// smoothed draws a curve through one that is only as good as it is sure: a mean over
// an octave to either side, under a Hann window (half as high half an octave away),
// in which every band counts by how sure it is. So what nobody can tell is like what
// lies nearest to it. An octave is finer than a tone control and coarser than a note:
// a song in another key is no other tone.
func smoothed(x, sure []float64) []float64 {
	out := make([]float64, len(x))
	known, last := -1, 0.0
	for i := range x {
		sum, weight := 0.0, 0.0
		for j := -bandsPerOctave; j <= bandsPerOctave; j++ {
			if k := i + j; k >= 0 && k < len(x) {
				c := xmath.CosPi(float64(j) / (2 * (bandsPerOctave + 1)))
				w := float64(c * c * sure[k])
				sum += float64(w * x[k])
				weight += w
			}
		}
		if weight > 1e-3 {
			if last = sum / weight; known < 0 {
				known = i
			}
		}
		out[i] = last
	}
	for i := range max(known, 0) { // what lies before the first that is known
		out[i] = out[known]
	}
	return out
}
