package render

import (
	"fmt"

	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/spec"
)

// fade is a way from silence to full level over some frames of the session, or
// back.
type fade struct {
	frames int64
	shape  spec.Shape
}

func newFade(f spec.Fade, rate int) fade { return fade{frames(f.Length, rate), f.Shape} }

// String is the fade as a key has it.
func (f fade) String() string { return fmt.Sprintf("%s over %d frames", f.shape, f.frames) }

// gain is the gain of the frame that is so many frames away from silence. The
// time is that of the frame's middle: (i+½)/frames, so that a fade-out is a fade-in
// backwards, and a fade-out and a fade-in over the same frames are complements.
func (f fade) gain(i int64) float64 {
	t := (float64(i) + 0.5) / float64(f.frames)
	switch f.shape {
	case spec.FadeExponential:
		return (xmath.Exp(float64(t*ln1000)) - 1) / 999
	case spec.FadeSCurve:
		return 0.5 - float64(0.5*xmath.Cos(float64(pi*t)))
	case spec.FadeEqualPower:
		return xmath.Sin(float64(pi / 2 * t))
	}
	return t
}

const ln1000 = 6.90775527898213705205
