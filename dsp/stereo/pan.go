// Package stereo places sound between the loudspeakers: pan laws, stereo
// width, and the kind `imager`.
package stereo

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// PanGains returns the gains of the left and the right channel for a position
// from -100 (hard left) to +100 (hard right).
//
// A mono source (two equal channels) is panned at constant power: with
// θ = (pan+100)/200·90°, left = cos θ and right = sin θ, so left² + right² = 1
// and both are -3.01 dB in the centre.
//
// A stereo source is balanced, because a pan pot's -3 dB in the centre would
// change a stem that nobody moved: the near side stays at 0 dB and the far
// side fades with cos(|pan|/100·90°): 0 dB in the centre, -3.01 dB half way,
// silent at the end. Nothing of one side is moved over to the other.
//
// The law is exact where it matters: mirrored positions give mirrored bits,
// the centre gives equal (or unity) gains, the ends give exactly 0 and 1.
func PanGains(pan float64, mono bool) (left, right float64) {
	off := math.Min(math.Abs(pan)/100, 1) // distance from the centre, 0..1
	var near, far float64
	switch {
	case !mono:
		near, far = 1, xmath.Sin(float64((1-off)*(math.Pi/2)))
	case off == 0:
		near, far = math.Sqrt2/2, math.Sqrt2/2
	default:
		toEnd := float64((1 - off) * (math.Pi / 4)) // angle left to the near end
		near, far = xmath.Cos(toEnd), xmath.Sin(toEnd)
	}
	if pan < 0 {
		return near, far
	}
	return far, near
}

// WidthGains returns the two gains of a width of percent (0..200):
// left' = same·left + cross·right, and right' mirrored. It scales the side
// signal S = (L-R)/2 by percent/100 and leaves M = (L+R)/2 alone, so the mono
// sum never changes; it does not preserve energy.
func WidthGains(percent float64) (same, cross float64) {
	w := percent / 100
	return (1 + w) / 2, (1 - w) / 2
}

// Width sets the stereo width of the block in place: 0 % is mono, 100 %
// changes nothing, 200 % doubles the side signal. See [WidthGains].
func Width(b dsp.Block, percent float64) {
	if percent == 100 {
		return
	}
	same, cross := WidthGains(percent)
	mix(b, same, cross)
}

// mix is left' = same·left + cross·right, and right' mirrored.
func mix(b dsp.Block, same, cross float64) {
	left := b[0]
	right := b[1][:len(left)]
	for i, l := range left {
		r := right[i]
		left[i] = float64(same*l) + float64(cross*r)
		right[i] = float64(cross*l) + float64(same*r)
	}
}
