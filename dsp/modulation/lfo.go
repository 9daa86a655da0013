package modulation

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/seed"
)

// lfo is a low-frequency oscillator. Its phase is a whole number of 2^-64 cycles,
// so adding to it never rounds: at frame n of a steady rate it is start + n·step
// exactly, and all its error is that of step, below 2^-53 of the rate: after ten
// minutes of 40 Hz, 3e-12 cycles. Where the rate changes, the phase goes on from
// where it is.
type lfo struct {
	phase, step uint64

	start, first uint64 // at frame 0
	session      float64
}

// newLFO reads rate and phase from the settings.
func newLFO(a dsp.Args) lfo {
	l := lfo{session: float64(a.Rate), start: turn(a.Values.Num("phase") / 360)}
	if a.Values.IsAuto("phase") {
		l.start = seed.New(a.Seed).Bits(0)
	}
	l.setRate(a.Values.Num("rate"))
	l.first = l.step
	l.reset()
	return l
}

func (l *lfo) reset() { l.phase, l.step = l.start, l.first }

func (l *lfo) setRate(hz float64) { l.step = turn(hz / l.session) }

// turn is a phase of so many cycles, 0 or more; whole ones do not count.
func turn(cycles float64) uint64 { return uint64(math.Ldexp(math.Mod(cycles, 1), 64)) }

// fold is a triangle wave of the phase that runs from -1/4 to 1/4 and is 0, and
// rising, at phase 0: the angle in cycles, of the same sine, that lies in the
// half-circle around 0.
func fold(phase uint64) float64 {
	const quarter = 1 << 62
	p := int64(phase) // -1/2 .. 1/2
	switch {
	case p > quarter:
		p = math.MaxInt64 - p + 1
	case p < -quarter:
		p = math.MinInt64 - p
	}
	return float64(float64(p) * (1. / (1 << 64)))
}

// sinTurn is sin(2πx) for x from -1/4 to 1/4: Taylor's series up to the 19th
// power, whose error there is below 1e-15.
func sinTurn(x float64) float64 {
	y := float64(2 * math.Pi * x)
	z := float64(y * y)
	p := -1. / 121645100408832000
	p = float64(p*z) + 1./355687428096000
	p = float64(p*z) - 1./1307674368000
	p = float64(p*z) + 1./6227020800
	p = float64(p*z) - 1./39916800
	p = float64(p*z) + 1./362880
	p = float64(p*z) - 1./5040
	p = float64(p*z) + 1./120
	p = float64(p*z) - 1./6
	return y + float64(y*float64(z*p))
}

// The shapes of movement; all are 0 and rising at phase 0, where the square's
// rising edge has its middle.
const (
	sine     = "sine"
	triangle = "triangle"
	square   = "square"
)

// edgeTime is how long the square takes from one end to the other, in seconds:
// a jump would click.
const edgeTime = 0.004

// fill writes the movement of the next len(dst) frames, from -1 to 1, with so
// much added to the phase. It does not move on.
func (l *lfo) fill(dst []float64, shape string, ahead uint64) {
	p := l.phase + ahead
	switch shape {
	case sine:
		for i := range dst {
			dst[i] = sinTurn(fold(p))
			p += l.step
		}
	case triangle:
		for i := range dst {
			dst[i] = 4 * fold(p)
			p += l.step
		}
	default:
		// An edge is half a sine that takes edgeTime, or as much as there is.
		cycles := float64(float64(l.step) * (1. / (1 << 64)))
		steep := math.Max(1, 1/(2*float64(edgeTime*float64(cycles*l.session))))
		for i := range dst {
			dst[i] = sinTurn(max(-0.25, min(steep*fold(p), 0.25)))
			p += l.step
		}
	}
}

// advance moves on.
func (l *lfo) advance(n int) { l.phase += uint64(n) * l.step }
