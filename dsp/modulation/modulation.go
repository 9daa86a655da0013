// Package modulation moves things in cycles: the kinds `chorus`, `flanger`,
// `phaser`, `tremolo` and `autopan`.
//
// Where a cycle stands depends on the frame, the rate and the phase it starts
// from, and on nothing else: the same place of a song sounds the same however
// the stream is cut, and two processors with the same settings move together.
package modulation

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// Kinds lists the processors of this package.
func Kinds() []dsp.Kind {
	return []dsp.Kind{chorusKind, flangerKind, phaserKind, tremoloKind, autopanKind}
}

// moves is for processors that move: where in a cycle a sound finds them depends on
// what comes before them, which is later where a leader hears something later.
func moves(param.Values) bool { return true }

// rateParam is the rate that all kinds have.
func rateParam(hz float64) param.Param {
	return param.Param{
		Name: "rate", Unit: param.Hz, Min: 0.01, Max: 40, Default: hz, Notes: true,
		Doc: "Cycles a second; a note length is how long one cycle takes",
	}
}

// phaseParam is where in its cycle the movement starts; start is a number of
// degrees or param.AutoValue.
func phaseParam(start any) param.Param {
	return param.Param{
		Name: "phase", Unit: param.Degrees, Min: 0, Max: 360, Default: start, Auto: true, Fixed: true,
		Doc: "Where in its cycle the movement is when the song begins: 0 is half way up, 90 the top; auto: somewhere else for every place in the song",
	}
}

// stereoParam is by how much the right channel is ahead.
func stereoParam(degrees float64) param.Param {
	return param.Param{
		Name: "stereo_phase", Unit: param.Degrees, Min: 0, Max: 180, Default: degrees, Fixed: true,
		Doc: "How far the right channel's cycle is ahead of the left one's",
	}
}

// frames is a time in milliseconds in frames, which need not be whole.
func frames(ms float64, rate int) float64 { return float64(ms / 1000 * float64(rate)) }

// decay is how many times a loop of that gain goes round until a full-scale sound
// that it has built up to has fallen by 120 dB.
func decay(gain float64) float64 {
	if gain == 0 {
		return 1
	}
	// What is in a loop of gain g may have built up to 1/(1-g).
	return 1 + math.Ceil((6*math.Ln10-xmath.Log(1-gain))/-xmath.Log(gain))
}
