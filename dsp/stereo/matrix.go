package stereo

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Matrix makes each channel anew of both:
//
//	left'  = LL·left + LR·right
//	right' = RL·left + RR·right
type Matrix struct{ LL, LR, RL, RR float64 }

// Unity changes nothing.
var Unity = Matrix{LL: 1, RR: 1}

// The matrices that put one signal on both sides: a channel, or what the
// channels have in common (mid, half their sum) or not (side, half their
// difference).
var (
	Left  = Matrix{LL: 1, RL: 1}
	Right = Matrix{LR: 1, RR: 1}
	Mid   = Matrix{LL: 0.5, LR: 0.5, RL: 0.5, RR: 0.5}
	Side  = Matrix{LL: 0.5, LR: -0.5, RL: 0.5, RR: -0.5}
)

// Flip turns the polarity of channels over.
func Flip(left, right bool) Matrix {
	m := Unity
	if left {
		m.LL = -1
	}
	if right {
		m.RR = -1
	}
	return m
}

// Rotation turns the whole picture by so many degrees, clockwise as seen from
// above: at 45° what was in the centre is hard right, and what was hard left is
// in the centre. Unlike balance it moves everything and loses nothing:
// left² + right² stays what it was.
func Rotation(degrees float64) Matrix {
	if degrees == 0 {
		return Unity
	}
	// Right angles and their halves are exact, so that what should vanish does.
	switch degrees {
	case 90:
		return Matrix{LR: -1, RL: 1}
	case -90:
		return Matrix{LR: 1, RL: -1}
	}
	angle := float64(degrees * (pi / 180))
	sin, cos := xmath.Sin(angle), xmath.Cos(angle)
	if degrees == 45 || degrees == -45 {
		cos = xmath.Sin(float64(45 * (pi / 180)))
		sin = cos
		if degrees < 0 {
			sin = -cos
		}
	}
	return Matrix{LL: cos, LR: -sin, RL: sin, RR: cos}
}

const pi = 3.14159265358979323846

// After is the matrix that does first and then m.
func (m Matrix) After(first Matrix) Matrix {
	return Matrix{
		LL: float64(m.LL*first.LL) + float64(m.LR*first.RL), LR: float64(m.LL*first.LR) + float64(m.LR*first.RR),
		RL: float64(m.RL*first.LL) + float64(m.RR*first.RL), RR: float64(m.RL*first.LR) + float64(m.RR*first.RR),
	}
}

// Apply replaces the block. [Unity] leaves every bit.
func (m Matrix) Apply(b dsp.Block) {
	if m == Unity {
		return
	}
	left := b[0]
	right := b[1][:len(left)]
	for i, l := range left {
		r := right[i]
		left[i] = float64(m.LL*l) + float64(m.LR*r)
		right[i] = float64(m.RL*l) + float64(m.RR*r)
	}
}
