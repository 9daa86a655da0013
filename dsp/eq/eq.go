// Package eq is the equaliser: up to 24 bands, each on both channels, on one of
// them, on the middle or on the sides, with minimum phase or with linear phase.
// With minimum phase a band may be dynamic: its gain moves with the level in it.
package eq

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

// Kinds returns the equaliser.
func Kinds() []dsp.Kind { return []dsp.Kind{Kind} }

// Kind is the kind "eq".
var Kind = dsp.Kind{
	Kind: param.Kind{
		Name:    "eq",
		Version: 1,
		Doc: "equaliser whose curves are those of the analogue circuits up to 16 kHz and beyond, at every sample rate; " +
			"bands run in the order they are written",
		Params: []param.Param{
			{Name: "phase", Type: param.Choice, Choices: []string{"minimum", "linear"}, Default: "minimum",
				Doc: "minimum: like an analogue equaliser, no latency; linear: the same curve without phase shift, with latency and pre-ringing, for mastering and parallel paths"},
			{Name: "bands", Type: param.Items, Required: true, MinItems: 1, MaxItems: 24, Fields: fields,
				Doc: "the bands"},
		},
		Check: check,
		Still: still,
	},
	New:     newEQ,
	Follows: follows,
}

var fields = append([]param.Param{
	{Name: "type", Type: param.Choice, Required: true, Choices: []string{bell, lowShelf, highShelf, highPass, lowPass, bandPass, notch, tilt, allPass},
		Doc: "the shape: a bell, a shelf, a pass filter, a notch, a tilt of the whole spectrum, or a turn of the phase alone"},
	{Name: "freq", Type: param.Number, Unit: param.Hz, Min: 10, Max: 24000, Required: true,
		Doc: "centre of a bell, band-pass, notch or all-pass, corner of a pass filter, middle of a shelf's slope, pivot of a tilt"},
	{Name: "gain", Type: param.Number, Unit: param.DB, Min: -30, Max: 30, Default: 0.0,
		Doc: "boost or cut of a bell or shelf; a tilt raises everything above its pivot towards this and lowers everything below by as much"},
	{Name: "q", Type: param.Number, Min: 0.1, Max: 40, Default: 0.7071,
		Doc: "narrowness; of a high-pass or low-pass from 12 dB/oct on: 0.7071 is flat (Butterworth), more raises the corner"},
	{Name: "slope", Type: param.Number, Unit: param.Slope, Min: 6, Max: 96, Default: 12.0, Fixed: true,
		Doc: "steepness of a high-pass or low-pass, in steps of 6"},
	{Name: "on", Type: param.Choice, Choices: []string{onStereo, onLeft, onRight, onMid, onSide}, Default: onStereo,
		Doc: "what the band works on: both channels, one of them, the middle (left + right) or the sides (left - right)"},
}, dynamicFields...)

// The shapes of bands, and what bands work on.
const (
	bell      = "bell"
	lowShelf  = "lowshelf"
	highShelf = "highshelf"
	highPass  = "highpass"
	lowPass   = "lowpass"
	bandPass  = "bandpass"
	notch     = "notch"
	tilt      = "tilt"
	allPass   = "allpass"

	onStereo = "stereo"
	onLeft   = "left"
	onRight  = "right"
	onMid    = "mid"
	onSide   = "side"
)

// flatQ is the default of q: what a user writes for 1/sqrt 2.
const flatQ = 0.7071

// check finds settings that would have no effect, and slopes that do not exist.
func check(v param.Values) []param.Problem {
	var out []param.Problem
	for i, b := range v.List("bands") {
		complain := func(name, format string, args ...any) {
			out = append(out, param.Problem{Path: fmt.Sprintf("bands[%d].%s", i, name), Message: fmt.Sprintf(format, args...)})
		}
		shape := b.Str("type")
		if !hasGain(shape) && b.Num("gain") != 0 {
			complain("gain", "a %s has no gain: leave it out", shape)
		}
		if hasSlope(shape) {
			if math.Mod(b.Num("slope"), 6) != 0 {
				complain("slope", "%g dB/oct is not a multiple of 6: write 6, 12, 18 and so on to 96", b.Num("slope"))
			}
			if b.Num("slope") == 6 && b.Num("q") != flatQ {
				complain("q", "a %s of 6 dB/oct has no q: leave it out, or choose 12 dB/oct", shape)
			}
		} else if b.Num("slope") != 12 {
			complain("slope", "a %s has no slope: leave it out", shape)
		}
		if shape == tilt && b.Num("q") != flatQ {
			complain("q", "a tilt has no q: leave it out")
		}
		if shape == allPass && v.Str("phase") == "linear" {
			complain("type", "an allpass does nothing in linear phase: take it out, or write phase: minimum")
		}
		checkDynamic(b, v.Str("phase"), complain)
	}
	return out
}

func hasGain(shape string) bool {
	return shape == bell || shape == lowShelf || shape == highShelf || shape == tilt
}

func hasSlope(shape string) bool { return shape == highPass || shape == lowPass }

// band is the settings of one band.
type band struct {
	shape, on   string
	hz, gain, q float64
	order       int          // of a high-pass or low-pass
	dynamic     param.Values // all settings of a dynamic band; nil of another
}

func bandsOf(v param.Values) []band {
	var out []band
	for _, b := range v.List("bands") {
		x := band{shape: b.Str("type"), on: b.Str("on"), hz: b.Num("freq"), gain: b.Num("gain"), q: b.Num("q"),
			order: int(b.Num("slope")) / 6}
		x.q = exactQ(x.q)
		if b.Has("threshold") && canBeDynamic(x.shape) {
			x.dynamic = b
		}
		out = append(out, x)
	}
	return out
}

// still says why a setting of a band does not move.
func still(v param.Values, path string) string {
	if v.Str("phase") == "linear" {
		return "an eq with linear phase cannot be automated: write phase: minimum"
	}
	i, setting, ok := itemOf(path)
	bands := bandsOf(v)
	if !ok || i > len(bands) {
		return ""
	}
	b := bands[i-1]
	switch {
	case setting == "gain" && !hasGain(b.shape):
		return fmt.Sprintf("band %d is a %s, which has no gain to automate: automate freq or the mix, or make it a bell or a shelf", i, b.shape)
	case setting == "q" && !b.hasQ():
		return fmt.Sprintf("band %d has no q to automate: a %s of 6 dB/oct and a tilt have none", i, b.shape)
	case isDynamicSetting(setting) && b.dynamic == nil:
		return fmt.Sprintf("%s does nothing in band %d, which is not dynamic: give the band a threshold and a range", setting, i)
	}
	return ""
}

// itemOf reads a setting's name, "bands.2.gain", bands counted from 1.
func itemOf(name string) (i int, setting string, ok bool) {
	rest, ok := strings.CutPrefix(name, "bands.")
	item, setting, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(item)
	return i, setting, ok && err == nil && i >= 1
}

// exactQ takes the four digits that a user writes for 1/sqrt 2 for that.
func exactQ(q float64) float64 {
	if q == flatQ {
		return filter.ButterworthQ
	}
	return q
}

// flat reports whether the band changes nothing.
func (b band) flat() bool { return hasGain(b.shape) && b.gain == 0 }

// appendPrototypes appends the analogue filters whose product is the band.
func (b band) appendPrototypes(out []filter.Prototype) []filter.Prototype {
	switch b.shape {
	case bell:
		return append(out, filter.AnalogBell(b.hz, b.gain, b.q))
	case lowShelf:
		return append(out, filter.AnalogLowShelf(b.hz, b.gain, b.q))
	case highShelf:
		return append(out, filter.AnalogHighShelf(b.hz, b.gain, b.q))
	case highPass:
		return filter.AppendHighPassSlope(out, b.hz, b.q, b.order)
	case lowPass:
		return filter.AppendLowPassSlope(out, b.hz, b.q, b.order)
	case bandPass:
		return append(out, filter.AnalogBandPass(b.hz, b.q))
	case notch:
		return append(out, filter.AnalogNotch(b.hz, b.q))
	case tilt:
		return append(out, filter.AnalogTilt(b.hz, b.gain))
	}
	return append(out, filter.AnalogAllPass(b.hz, b.q))
}

// sections designs a band that stays as it is.
func (b band) sections(rate float64) []filter.Coef {
	switch {
	case b.flat():
		return []filter.Coef{filter.Identity}
	case b.shape == allPass:
		return filter.AllPass(b.hz, b.q, rate)
	}
	return filter.MatchAll(b.appendPrototypes(nil), rate)
}

// appendMoving designs a band that moves: sections whose number and order do
// not depend on freq, gain and q.
func (b band) appendMoving(out []filter.Coef, prototypes []filter.Prototype, rate float64) []filter.Coef {
	if b.shape == allPass {
		return append(out, filter.AllPassSection(b.hz, b.q, rate))
	}
	for _, p := range b.appendPrototypes(prototypes[:0]) {
		out = filter.AppendWide(out, p, rate)
	}
	return out
}

// newEQ makes the processor.
func newEQ(a dsp.Args) (dsp.Processor, error) {
	bands, rate := bandsOf(a.Values), float64(a.Rate)
	if a.Values.Str("phase") == "linear" {
		if err := dynamicInLinear(bands); err != nil {
			return nil, err
		}
		return newLinear(bands, rate)
	}
	for i, b := range bands {
		if b.shape == allPass && 2*b.hz >= rate {
			return nil, fmt.Errorf("bands.%d: an allpass at %g Hz is not below half the sample rate (%g Hz)", i+1, b.hz, rate/2)
		}
	}
	return newMinimum(bands, rate), nil
}

// encode turns left and right into middle and side.
func encode(b dsp.Block) {
	left, right := b[0], b[1][:len(b[0])]
	for i, l := range left {
		r := right[i]
		left[i], right[i] = (l+r)/2, (l-r)/2
	}
}

// decode turns middle and side into left and right.
func decode(b dsp.Block) {
	mid, side := b[0], b[1][:len(b[0])]
	for i, m := range mid {
		s := side[i]
		mid[i], side[i] = m+s, m-s
	}
}

// isMidSide reports whether a band works on middle or side.
func isMidSide(on string) bool { return on == onMid || on == onSide }

// name of a band in messages: "bands.2 (notch at 50 Hz)".
func (b band) name(i int) string {
	return strings.TrimSpace(fmt.Sprintf("bands.%d (%s at %g Hz, q %g)", i+1, b.shape, b.hz, b.q))
}
