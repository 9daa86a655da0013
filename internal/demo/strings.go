package demo

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// synthBass returns one note of a subtractive bass: two saws through a four-pole
// filter that opens with the stroke, over a sine that holds the foundation. The
// pitch slides up from `from` when that is not the note itself.
func synthBass(p pulse, n note, from float64) []float64 {
	rate := p.rate
	held := int(p.seconds(n.length) * float64(rate))
	release := rate / 30
	x := make([]float64, held+release)
	var osc, second saw
	var f1, f2 svf
	sub := 0.0
	pitch, slide := from, lag(float64(rate), 0.022)
	env, k := 1.0, decay(rate, 0.42)
	level, kl := 1.0, decay(rate, 9)
	for i := range x {
		if i%32 == 0 {
			cutoff := 150 + float64(hertz(n.pitch)*1.6) + float64(1500*env*env*n.velocity)
			f1.tune(rate, cutoff, 0.6)
			f2.tune(rate, cutoff, 1.1)
		}
		pitch += float64(slide * (n.pitch - pitch))
		env = float64(env * k)
		level *= kl
		inc := hertz(pitch) / float64(rate)
		y := float64(0.42*osc.step(inc)) + float64(0.25*second.step(inc*1.0035))
		y, _, _ = f1.step(y)
		y, _, _ = f2.step(y)
		if sub += inc; sub >= 1 {
			sub--
		}
		y -= float64(0.4 * xmath.Sin(2*math.Pi*sub)) // a rising saw's first harmonic is a falling sine
		x[i] = n.velocity * level * hat(i, rate/250, held, release) * xmath.Tanh(1.4*y)
	}
	return x
}

// bassLine plays notes one at a time; a note that begins where the last one ends
// is slid into. An uneven wave through a soft limit leaves an offset, which a
// slow average takes off again.
func (p player) bassLine(s *sound, notes []note) {
	last := note{}
	for _, n := range notes {
		from := n.pitch
		if last.end() >= n.at-0.01 && math.Abs(last.pitch-n.pitch) <= 5 {
			from = last.pitch
		}
		last = n
		n.velocity = p.touch(n.velocity)
		s.add(p.when(n), synthBass(p.pulse, n, from), 1, 1)
	}
	slow := lag(float64(s.rate), 1/(2*math.Pi*12))
	for _, x := range s.ch {
		average := 0.0
		for i := range x {
			average += float64(slow * (x[i] - average))
			x[i] -= average
		}
	}
}

// pluck returns one plucked string (Karplus and Strong 1983, with Jaffe and
// Smith's allpass tuning and pick position) with the body of a small guitar.
func pluck(p pulse, n note, ring float64, d *dice) []float64 {
	rate := p.rate
	period := float64(rate) / hertz(n.pitch)
	blend := 0.5 - float64(0.28*n.velocity) // of the loop's averager: harder is brighter
	whole := int(period - blend - 0.2)
	frac := period - blend - float64(whole)
	allpass := (1 - frac) / (1 + frac)

	// The flesh of the finger rounds the string's corner: noise through two poles.
	line := make([]float64, whole)
	touch := 0.22 + float64(0.40*n.velocity)
	first, second := 0.0, 0.0
	for i := range 2 * whole {
		first += float64(touch * (d.white() - first))
		second += float64(touch * (first - second))
		line[i%whole] = second
	}
	pick := max(1, int(0.17*float64(whole)))
	excited := make([]float64, whole)
	for i := range line {
		excited[i] = line[i] - line[(i+whole-pick)%whole]
	}
	line = excited

	held := int(p.seconds(n.length) * float64(rate))
	x := make([]float64, held+rate/5)
	loss := xmath.Exp(-6.9 * period / (float64(rate) * ring))
	damped := xmath.Exp(-6.9 * period / (float64(rate) * 0.16))
	var body1, body2 svf
	body1.tune(rate, 118, 2.2)
	body2.tune(rate, 246, 2.4)
	last, apIn, apOut := 0.0, 0.0, 0.0
	for i := range x {
		k := i % whole
		in := line[k]
		y := float64((1-blend)*in) + float64(blend*last)
		last = in
		if i < held {
			y = float64(y * loss)
		} else {
			y = float64(y * damped)
		}
		ap := float64(allpass*(y-apOut)) + apIn
		apIn, apOut = y, ap
		line[k] = ap
		_, b1, _ := body1.step(in)
		_, b2, _ := body2.step(in)
		x[i] = n.velocity * (in + float64(0.35*b1) + float64(0.3*b2))
	}
	return closeTail(x, rate)
}

// strum plays a chord across the strings, down or up.
func (p player) strum(s *sound, pitches []float64, at, length, velocity, ring float64, up bool, gains ...float64) {
	start := p.when(note{at: at})
	for i, pitch := range pitches {
		order := i
		if up {
			order = len(pitches) - 1 - i
		}
		n := note{at: at, length: length, pitch: pitch, velocity: p.touch(velocity * (1 - float64(0.04*float64(order))))}
		gap := float64(order) * (0.011 + float64(0.002*p.dice.white()))
		s.add(start+int(gap*float64(p.rate)), pluck(p.pulse, n, ring, p.dice), gains...)
	}
}
