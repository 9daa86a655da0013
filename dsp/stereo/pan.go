// Package stereo places sound between the loudspeakers: pan laws, stereo
// width, and the kind `imager`.
package stereo

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Law says how loud a source is on its way from one side to the other.
type Law int

// The pan laws. The first three are for mono sources (two equal channels):
// with θ = (pan+100)/200·90° they are powers of cos θ on the left and of sin θ
// on the right, and differ in how far both are down in the centre.
const (
	// LawPower keeps left² + right² at 1: the same loudness everywhere in a
	// room. Centre: 2^-½, -3.01 dB.
	LawPower Law = iota
	// LawMiddle is the geometric mean of the other two. Centre: 2^-¾, -4.52 dB.
	LawMiddle
	// LawSum keeps left + right at 1: the same level everywhere in the mono sum.
	// Centre: ½, -6.02 dB.
	LawSum
	// LawBalance is for stereo sources, because a pan pot's loss in the centre
	// would change a stem that nobody moved: the near side stays at 0 dB and the
	// far side fades with cos(|pan|/100·90°): 0 dB in the centre, -3.01 dB half
	// way, silent at the end. Nothing of one side is moved over to the other.
	LawBalance
)

// Gains returns the gains of the left and the right channel for a position
// from -100 (hard left) to +100 (hard right).
//
// A law is exact where it matters: mirrored positions give mirrored bits, the
// centre gives equal (or unity) gains, the ends give exactly 0 and 1.
func (l Law) Gains(pan float64) (left, right float64) {
	off := math.Min(math.Abs(pan)/100, 1) // distance from the centre, 0..1
	var near, far float64
	switch {
	case l == LawBalance:
		near, far = 1, xmath.Sin(float64((1-off)*(math.Pi/2)))
	case off == 0:
		near = l.shape(math.Sqrt2 / 2)
		if l == LawSum {
			near = 0.5 // which the square of the root misses by one bit
		}
		far = near
	default:
		toEnd := float64((1 - off) * (math.Pi / 4)) // angle left to the near end
		near, far = l.shape(xmath.Cos(toEnd)), l.shape(xmath.Sin(toEnd))
	}
	if pan < 0 {
		return near, far
	}
	return far, near
}

// shape raises a cosine to the power of the law.
func (l Law) shape(x float64) float64 {
	switch l {
	case LawMiddle:
		return x * math.Sqrt(x)
	case LawSum:
		return x * x
	}
	return x
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
