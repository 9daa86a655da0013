package match

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// TiltPivot is the frequency in Hz about which a tilt turns: the middle, in octaves, of
// the range in which slopes are compared.
const TiltPivot = 1000.0

// The range in which the slope of a spectrum is taken. Below it lies what the
// arrangement decides (is there a bass?), above it air and what an encoder has left.
const (
	tiltFrom = 100.0
	tiltTo   = 10000.0
)

// Slope is how a spectrum falls or rises: the straight line, in dB over octaves, that
// lies nearest to it (least squares) between 100 Hz and 10 kHz. Pink noise has 0.
type Slope struct {
	DB    float64 `json:"db_per_octave"`
	PerDB float64 `json:"db_per_octave_of_1_db"` // what a tilt of 1 dB about [TiltPivot] adds to it
}

// Tilted is the slope after a tilt of so many dB: of at most 1 dB, so that the line is
// moved in proportion.
func (s Slope) Tilted(db float64) float64 { return s.DB + float64(s.PerDB*db) }

// Slope returns the slope of both channels' power in the loud parts. Bands count by how
// much there is in them, so that where a sound ends (a telephone's band, a lone bass)
// there is no cliff in its slope. ok is false where there is too little to lay a line
// through: less than two octaves.
func (p Profile) Slope() (s Slope, ok bool) {
	if p.Silent() {
		return s, false
	}
	all := make([]float64, len(p.Mid))
	for i := range all {
		all[i] = p.Mid[i] + p.Side[i]
	}
	hz := Grid()
	levels, loudest := make([]float64, len(hz)), silent
	for i := range hz {
		levels[i] = p.level(all, i)
		loudest = max(loudest, levels[i])
	}
	tilt := Response([]Band{{Shape: "tilt", Hz: TiltPivot, Gain: 1}}, hz)
	var total, mean float64
	weight, octave := make([]float64, len(hz)), make([]float64, len(hz))
	for i, f := range hz {
		if f < tiltFrom || f > tiltTo || i >= p.bands() || levels[i] <= silent {
			continue
		}
		octave[i] = xmath.Log2(f / TiltPivot)
		weight[i] = ramp(levels[i]-loudest, -75, -60)
		total += weight[i]
		mean += float64(weight[i] * octave[i])
	}
	if total < 2*bandsPerOctave {
		return s, false
	}
	mean /= total
	var square, level, one float64
	for i, w := range weight {
		x := octave[i] - mean
		square += float64(w * float64(x*x))
		level += float64(w * float64(x*levels[i]))
		one += float64(w * float64(x*tilt[i]))
	}
	return Slope{DB: level / square, PerDB: one / square}, true
}

// Towards is the gain of the tilt that brings a slope to another, in steps of 1/perDB
// dB and at most so many dB either way.
func (s Slope) Towards(slope, most, perDB float64) float64 {
	db := math.Round(float64((slope-s.DB)/s.PerDB*perDB)) / perDB
	return max(-most, min(db, most)) + 0 // no negative zero
}

// MeanSlope is the slope in the middle of several; each counts the same.
func MeanSlope(slopes []Slope) (mean Slope) {
	n := float64(len(slopes))
	for _, s := range slopes {
		mean.DB += s.DB / n
		mean.PerDB += s.PerDB / n
	}
	return mean
}

// TiltBand is a tilt as a band of an equaliser.
func TiltBand(db float64) Band {
	return Band{Shape: "tilt", Hz: TiltPivot, Gain: db, Q: flatQ, On: "stereo"}
}

// flatQ is the q of a band that has none to set.
const flatQ = 0.7071
