package spec

import (
	"fmt"
	"slices"
)

// The values of `dither`. "shaped" is the set that most will want, and is
// written as what it is wherever a build speaks of it.
const (
	shaped    = "shaped"
	shapedSet = "wannamaker-9"
)

var (
	plainDither  = []string{"tpdf", "tpdf-hp"}
	shapedDither = []string{"lipshitz-5", "modified-e-9", "improved-e-9", "wannamaker-3", shapedSet, "wannamaker-24"}
	ditherNames  = slices.Concat(plainDither, []string{shaped}, shapedDither, []string{none})
)

const ditherDoc = "noise that makes the rounding to the word length harmless; 32 float needs none. tpdf: white, -93 dB at 16 bits; tpdf-hp: as loud, less of it below 11 kHz; shaped: wannamaker-9. The named sets (Lipshitz, Vanderkooy, Wannamaker 1991 and 1992) move noise out of 2 to 6 kHz into the treble: 25 dB less there, 18 more in all; for 16 bits at 44.1 or 48 kHz. What is in the file's word length already is not dithered"

// The values of `resample`.
const (
	linearPhase  = "linear"
	minimumPhase = "minimum"
)

// shapedRates are the sample rates in Hz that noise shaping is made for.
var shapedRates = []int{44100, 48000}

// ditherOf is the kind of dither that a value asks for.
func ditherOf(value string) string {
	if value == shaped {
		return shapedSet
	}
	return value
}

// checkDither holds a delivery's dither against its word length and its rate, as
// far as that is written. name is the entry of `deliver`, top what it writes itself.
func (d *decoder) checkDither(v *Delivery, top *group, name *node, at place) {
	if v.BitDepth == 32 { // rounding to 32 bits is far below that of the floats a song is made of
		if top.has("dither") && v.Dither != none {
			what := "32 bits are"
			if v.Float {
				what = "32 float is"
			}
			d.fail(top.at["dither"], at, what+" not dithered", "remove dither, or choose bit_depth: 24")
		}
		v.Dither = none
		return
	}
	if v.SampleRate == 0 || v.DitherFits(v.SampleRate) {
		return
	}
	n := name
	for _, key := range []string{"sample_rate", "dither"} {
		if top.has(key) {
			n = top.at[key]
		}
	}
	d.fail(n, at, v.DitherMisfit(v.SampleRate), DitherHint)
}

// DitherHint says what to do about it.
const DitherHint = "choose dither: tpdf or tpdf-hp, or one of these rates"

// DitherFits reports whether the delivery's dither is made for a sample rate in Hz.
func (v *Delivery) DitherFits(rate int) bool {
	return !slices.Contains(shapedDither, v.Dither) || slices.Contains(shapedRates, rate)
}

// DitherMisfit says why its dither is not made for a sample rate in Hz.
func (v *Delivery) DitherMisfit(rate int) string {
	return fmt.Sprintf("dither %s shapes the noise for 44.1 and 48 kHz, not for %g kHz", v.Dither, float64(rate)/1000)
}
