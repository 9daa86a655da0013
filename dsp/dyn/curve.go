package dyn

import "github.com/lathe-audio/lathe/dsp/xmath"

// Curve is a compressor's static characteristic: what a level that stays does
// to the gain (Giannoulis et al. 2012, equation 4).
type Curve struct {
	Threshold float64 // dB relative to full scale
	Ratio     float64 // dB in for one dB out, above the threshold; at least 1
	Knee      float64 // width in dB of the bend, half of it below the threshold
	Range     float64 // the most it takes off, in dB
}

// Reduction returns by how many dB a level (in dB) is lowered: 0 or more.
func (c Curve) Reduction(level float64) float64 {
	slope := 1 - 1/c.Ratio
	over := level - c.Threshold
	half := float64(c.Knee / 2)
	r := 0.0
	switch {
	case over >= half:
		r = slope * over
	case over > -half:
		r = slope * (over + half) * (over + half) / (2 * c.Knee)
	}
	return min(r, c.Range)
}

// AutoMakeup returns the make-up gain in dB that goes with the curve: half of
// what it takes off a full-scale signal. Programme lies on average well below
// full scale, so all of it would make the result louder than the input.
func (c Curve) AutoMakeup() float64 { return c.Reduction(0) / 2 }

// computer is a Curve made ready to run on levels as the detector gives them.
type computer struct {
	from      float64 // level up to which nothing happens
	unit      float64 // dB for a factor of ten, over 20: ½ where levels are powers
	bend      float64 // dB where the straight part begins
	start     float64 // dB where the knee begins
	threshold float64
	slope     float64 // dB of reduction for each dB above the threshold
	knee      float64 // slope / (2 * knee width): the knee's parabola
	limit     float64 // range
}

// newComputer takes levels that are amplitudes or, with power, their squares.
func newComputer(c Curve, power bool) computer {
	half := float64(c.Knee / 2)
	k := computer{
		unit:      1,
		bend:      c.Threshold + half,
		start:     c.Threshold - half,
		threshold: c.Threshold,
		slope:     1 - 1/c.Ratio,
		limit:     c.Range,
	}
	if power {
		k.unit = 0.5
	}
	k.from = xmath.Gain(k.start / k.unit)
	if c.Knee > 0 {
		k.knee = k.slope / (2 * c.Knee)
	}
	return k
}

// at returns the reduction in dB at a level.
func (k *computer) at(level float64) float64 {
	if !(level > k.from) {
		return 0
	}
	db := float64(k.unit * xmath.FastDB(level))
	r := k.slope * (db - k.threshold)
	if db < k.bend {
		into := db - k.start
		r = k.knee * into * into
	}
	return max(0, min(r, k.limit))
}
