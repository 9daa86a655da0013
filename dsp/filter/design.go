package filter

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// The designs below follow the prototype of the same name ([AnalogBell] and so
// on) by [Match]. hz may be anything above 0, also above half the sample rate:
// what reaches below it is kept. rate is in Hz.

// Bell is a peak or dip of db at hz.
func Bell(hz, db, q, rate float64) []Coef { return Match(AnalogBell(hz, db, q), rate) }

// LowShelf is db below hz.
func LowShelf(hz, db, q, rate float64) []Coef { return Match(AnalogLowShelf(hz, db, q), rate) }

// HighShelf is db above hz.
func HighShelf(hz, db, q, rate float64) []Coef { return Match(AnalogHighShelf(hz, db, q), rate) }

// Tilt is +db far above hz and -db far below.
func Tilt(hz, db, rate float64) []Coef { return Match(AnalogTilt(hz, db), rate) }

// BandPass lets pass what lies about hz, 0 dB there.
func BandPass(hz, q, rate float64) []Coef { return Match(AnalogBandPass(hz, q), rate) }

// Notch takes out hz.
func Notch(hz, q, rate float64) []Coef { return Match(AnalogNotch(hz, q), rate) }

// HighPass is a high-pass of order 1 to [MaxOrder], 6 dB an octave each; see
// [AnalogHighPassSlope] for q.
func HighPass(hz, q float64, order int, rate float64) []Coef {
	return MatchAll(AnalogHighPassSlope(hz, q, order), rate)
}

// LowPass is a low-pass of order 1 to [MaxOrder], 6 dB an octave each.
func LowPass(hz, q float64, order int, rate float64) []Coef {
	return MatchAll(AnalogLowPassSlope(hz, q, order), rate)
}

// AllPass turns the phase by 180 degrees at hz; see [AllPassSection].
func AllPass(hz, q, rate float64) []Coef { return []Coef{AllPassSection(hz, q, rate)} }

// AllPassSection is the all-pass with the group delay of the analogue one at
// hz: the pre-warped bilinear section with its Q corrected by sin(w0)/w0. hz is
// held below half the sample rate.
func AllPassSection(hz, q, rate float64) Coef {
	w := 2 * math.Pi * min(hz/rate, 0.499)
	return BilinearAllPass(hz, q*xmath.Sin(w)/w, rate)
}
