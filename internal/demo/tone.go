package demo

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// svf is a two-pole state-variable filter that may be swept at audio rate: the
// trapezoidal form of Zavalishin, "The Art of VA Filter Design", chapter 4.
type svf struct {
	g, k, a1, a2 float64
	s1, s2       float64
}

// tune sets corner frequency and resonance.
func (f *svf) tune(rate int, hz, q float64) {
	f.g = xmath.Tan(math.Pi * min(hz/float64(rate), 0.49))
	f.k = 1 / q
	f.a1 = 1 / (1 + float64(f.g*(f.g+f.k)))
	f.a2 = f.g * f.a1
}

// step filters a sample and returns the three outputs.
func (f *svf) step(x float64) (low, band, high float64) {
	band = float64(f.a1*f.s1) + float64(f.a2*(x-f.s2))
	low = f.s2 + float64(f.g*band)
	f.s1 = float64(2*band) - f.s1
	f.s2 = float64(2*low) - f.s2
	return low, band, x - float64(f.k*band) - low
}

// resonance is a formant: a two-pole resonator with unity gain at 0 Hz, as in
// Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67 (1980).
type resonance struct{ a, b, c, y1, y2 float64 }

func (r *resonance) tune(rate int, hz, bandwidth float64) {
	t := 1 / float64(rate)
	radius := xmath.Exp(-math.Pi * bandwidth * t)
	r.c = -float64(radius * radius)
	r.b = float64(2 * radius * xmath.Cos(2*math.Pi*hz*t))
	r.a = 1 - r.b - r.c
}

func (r *resonance) step(x float64) float64 {
	y := float64(r.a*x) + float64(r.b*r.y1) + float64(r.c*r.y2)
	r.y2, r.y1 = r.y1, y
	return y
}

// partial adds a decaying sine (a mode of a struck body) to x: two
// multiplications a frame, by the recurrence of a complex rotation's real part.
func partial(x []float64, rate int, hz, level, seconds float64) {
	if hz > 0.45*float64(rate) {
		return
	}
	w := 2 * math.Pi * hz / float64(rate)
	r := decay(rate, seconds)
	c1, c2 := 2*r*xmath.Cos(w), r*r
	y1, y2 := 0.0, -level*xmath.Sin(w)/r
	for i := range x {
		y := float64(c1*y1) - float64(c2*y2)
		y2, y1 = y1, y
		x[i] += y
	}
}

// blep is what a step of height 1 at phase 0 must be changed by so that it does
// not alias: the two-sample polynomial of Välimäki and Huovilainen (2007).
func blep(phase, increment float64) float64 {
	switch {
	case phase < increment:
		t := phase / increment
		return float64(t+t) - float64(t*t) - 1
	case phase > 1-increment:
		t := (phase - 1) / increment
		return float64(t*t) + float64(t+t) + 1
	}
	return 0
}

// saw is a band-limited sawtooth.
type saw struct{ phase float64 }

func (o *saw) step(increment float64) float64 {
	y := float64(2*o.phase) - 1 - blep(o.phase, increment)
	if o.phase += increment; o.phase >= 1 {
		o.phase--
	}
	return y
}

// hat is the shape of attack and release: gain at frame i of a note that is let go at frame
// held, rising over attack frames and falling over release frames.
func hat(i, attack, held, release int) float64 {
	g := 1.0
	if i < attack {
		g = float64(i) / float64(attack)
	}
	if i > held {
		g *= max(0, 1-float64(i-held)/float64(release))
	}
	return g
}
