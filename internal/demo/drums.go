package demo

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// A drum is three things: the stroke (a few milliseconds of noise), the body
// (modes that fall in pitch as the head relaxes) and, for a snare, the wires.

// kick returns one stroke of a bass drum tuned to hz.
func kick(rate int, hz, velocity float64, d *dice) []float64 {
	x := make([]float64, int(0.34*float64(rate)))
	phase, bend := 0.0, 1.0
	fall := decay(rate, 0.11) // of the pitch
	env, k := 1.0, decay(rate, 0.46)
	for i := range x {
		phase += hz * (1 + float64(4.2*bend*bend) + float64(0.5*bend)) / float64(rate)
		bend *= fall
		x[i] = env * xmath.Sin(2*math.Pi*phase)
		env = float64(env * k)
	}
	beater(x, rate, 0.20+float64(0.28*velocity), d)
	for i := range x {
		// A soft limit thickens the body the harder it is hit.
		x[i] = velocity * xmath.Tanh((1+velocity)*x[i])
	}
	return closeTail(x, rate)
}

// beater adds the click of the stroke, band-limited noise of 4 ms.
func beater(x []float64, rate int, level float64, d *dice) {
	var f svf
	f.tune(rate, 3400, 0.8)
	env, k := level, decay(rate, 0.016)
	for i := range min(len(x), rate/50) {
		_, band, _ := f.step(d.white())
		x[i] += float64(env * band)
		env = float64(env * k)
	}
}

// snare returns one stroke of a snare drum. A ghost note (low velocity) is not
// only quieter: the wires answer less and the stroke is duller.
func snare(rate int, velocity float64, d *dice) []float64 {
	x := make([]float64, int((0.12+float64(0.22*velocity))*float64(rate)))
	detune := 1 + float64(0.006*d.near())
	partial(x, rate, 188*detune, 0.62, 0.17)
	partial(x, rate, 284*detune, 0.36, 0.13)
	partial(x, rate, 421*detune, 0.20, 0.09)
	var wires, air svf
	wires.tune(rate, 2300+float64(1500*velocity), 0.55)
	air.tune(rate, 11500, 0.6)
	slow, ks := float64(0.8*velocity), decay(rate, 0.14+float64(0.16*velocity))
	fast, kf := 1.1, decay(rate, 0.035)
	for i := range x {
		_, band, _ := wires.step(d.white())
		soft, _, _ := air.step(band)
		x[i] += float64((slow + fast) * soft)
		slow = float64(slow * ks)
		fast = float64(fast * kf)
	}
	level := velocity * (0.55 + float64(0.45*velocity))
	for i := range x {
		x[i] = level * xmath.Tanh(1.3*x[i])
	}
	return closeTail(x, rate)
}

// Ratios of a cymbal's stronger modes; none is a multiple of another.
var cymbalModes = []float64{1, 1.342, 1.483, 1.802, 2.546, 2.63, 3.124, 3.896, 4.51}

// hihat returns one stroke of a hi-hat. Open 0 is pressed shut, 1 lets it ring.
func hihat(rate int, velocity, open float64, d *dice) []float64 {
	seconds := 0.055 + float64(0.04*velocity) + float64(0.5*open)
	x := make([]float64, int(min(0.42, seconds)*float64(rate)))
	for _, m := range cymbalModes {
		partial(x, rate, 3150*m*(1+float64(0.004*d.near())), 0.09, seconds)
	}
	var high, top svf
	high.tune(rate, 7200, 0.8)
	top.tune(rate, 12500, 0.6)
	env, k := 1.0, decay(rate, seconds*0.9)
	tick, kt := 1.2, decay(rate, 0.008)
	for i := range x {
		y := x[i] + float64((env+tick)*d.white()*0.5)
		env = float64(env * k)
		tick = float64(tick * kt)
		_, _, y = high.step(y)
		y, _, _ = top.step(y)
		x[i] = velocity * y
	}
	return closeTail(x, rate)
}

// crash strikes a crash cymbal into s: as many modes as there
// is room for, brighter ones dying first, spread a little where s is stereo.
func crash(s *sound, at int, seconds, velocity float64, d *dice) {
	n := min(int(seconds*float64(s.rate)), s.frames()-at)
	for range 42 {
		hz := float64(340 * xmath.Exp2(float64(4.6*(d.white()+1)/2)))
		x := make([]float64, n)
		partial(x, s.rate, hz, 0.06*velocity*(0.6+float64(0.4*d.white())), seconds*(0.35+260/(hz+300)))
		where := 0.7 * d.white()
		if len(s.ch) == 1 {
			s.add(at, x, 1)
			continue
		}
		s.add(at, x, pan(where)...)
	}
	for side := range s.ch {
		var high, top svf
		high.tune(s.rate, 5200, 0.7)
		top.tune(s.rate, 11000, 0.6)
		env, k := 0.55*velocity, decay(s.rate, seconds*0.55)
		swell := lag(float64(s.rate), 0.004)
		rise := 0.0
		out := s.ch[side][at:]
		for i := range n {
			rise += float64(swell * (1 - rise))
			_, _, y := high.step(d.white())
			y, _, _ = top.step(y)
			out[i] += float64(env * rise * y)
			env = float64(env * k)
		}
	}
}

// closeTail brings the last 12 ms of a stroke to exact silence.
func closeTail(x []float64, rate int) []float64 {
	n := min(len(x), rate*12/1000)
	for i := range n {
		x[len(x)-1-i] *= float64(i) / float64(n)
	}
	return x
}

// player is the hand that plays a part: how far from the grid it plays, and
// how much it leans back.
type player struct {
	pulse
	loose  float64 // seconds, the usual distance from the grid
	behind float64 // seconds after the beat on average
	dice   *dice
}

// when returns the frame on which the note is struck.
func (p player) when(n note) int {
	shift := p.behind + float64(p.loose*p.dice.near())
	return max(0, p.frame(n.at)+int(math.Round(shift*float64(p.rate))))
}

// touch varies a velocity a little.
func (p player) touch(velocity float64) float64 {
	return min(1, max(0.05, velocity*(1+float64(0.06*p.dice.near()))))
}

// play strikes one sound a note into s at the given channel gains.
func (p player) play(s *sound, notes []note, stroke func(note) []float64, gains ...float64) {
	for _, n := range notes {
		n.velocity = p.touch(n.velocity)
		s.add(p.when(n), stroke(n), gains...)
	}
}
