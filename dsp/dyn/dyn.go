// Package dyn holds the processors that act on level: compressor, expander, gate,
// ducker, de-esser, transient shaper, multiband compressor, and the true-peak
// limiter of a delivery.
//
// Compressor, de-esser and multiband compressor share one core, a feed-forward compressor that works on
// decibels (D. Giannoulis, M. Massberg, J. D. Reiss, "Digital dynamic range
// compressor design - a tutorial and analysis", J. Audio Eng. Soc. 60(6), 2012).
// It has four steps, each a loop of its own over the block, so that the
// processor can overlap the long arithmetic of one frame with the next frame's:
//
//	detector    how loud is what it listens to          detector.go
//	curve       how much may that level be reduced      curve.go
//	ballistics  how fast does the reduction get there   ballistics.go
//	gain        reduction and make-up on both channels  core.go
//
// The expander has the same four steps with a curve of its own; gate and ducker
// put a trigger in the place of the curve; the transient shaper compares envelopes
// with each other and knows no level. What the last four listen to, and how, is in
// ear.go.
//
// The limiter is another matter: it knows the future by its look-ahead, and
// promises a ceiling. See [PeakScanner], [Gain] and [Limiter].
package dyn

import "github.com/lathe-audio/lathe/dsp"

// Kinds returns the kinds of this package.
func Kinds() []dsp.Kind {
	return []dsp.Kind{
		compressorKind(), expanderKind(), gateKind(), duckerKind(), deesserKind(), transientKind(), multibandKind(),
	}
}
