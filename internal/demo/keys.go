package demo

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// tine returns one note of an electric piano: two-operator FM for the body
// (index falling with time, higher for a harder touch) and a short, high
// second modulator for the tine being struck.
func tine(p pulse, n note) []float64 {
	rate := p.rate
	hz := hertz(n.pitch)
	held := int(p.seconds(n.length) * float64(rate))
	release := rate / 6
	x := make([]float64, held+release)
	body := 0.35 + float64(1.5*n.velocity*n.velocity)
	strike := float64(0.5*n.velocity) * min(1, 500/hz)
	kBody, kStrike := decay(rate, 1.6), decay(rate, 0.25)
	level, kLevel := n.velocity, decay(rate, 9-min(6, hz/150))
	inc := hz / float64(rate)
	phase := 0.0
	for i := range x {
		turn := float64(2 * math.Pi * phase)
		y := xmath.Sin(turn + float64(body*xmath.Sin(turn)) + float64(strike*xmath.Sin(11*turn)))
		x[i] = level * hat(i, rate/500, held, release) * y
		body *= kBody
		strike *= kStrike
		level *= kLevel
		if phase += inc; phase >= 1 {
			phase--
		}
	}
	return x
}

// tremolo lets the level sway, depth up and down around 1; rate in Hz.
func (s *sound) tremolo(hz, depth float64) {
	for i := range s.frames() {
		gain := 1 + float64(depth*xmath.Sin(2*math.Pi*hz*float64(i)/float64(s.rate)))
		for _, x := range s.ch {
			x[i] *= gain
		}
	}
}

// felt returns one note of a soft upright piano: modes with the stretch of a
// stiff string (Fletcher 1964), the higher ones weaker and shorter, and the
// felt's thump.
func felt(p pulse, n note, d *dice) []float64 {
	rate := p.rate
	hz := hertz(n.pitch)
	held := int(p.seconds(n.length) * float64(rate))
	x := make([]float64, held+rate/3)
	stiff := 0.00028 * (1 + hz/400)
	bright := 0.64 + float64(0.24*n.velocity)
	level := 0.5 * n.velocity
	for k := 1; k <= 20; k++ {
		h := float64(k)
		f := hz * h * math.Sqrt(1+float64(stiff*h*h))
		seconds := (7 - min(5, hz/160)) / (0.75 + float64(0.25*h))
		// Two strings a note, a little apart, beat slowly against each other.
		partial(x, rate, f*1.0003, level*0.6, seconds)
		partial(x, rate, f*0.9995, level*0.4, seconds*1.25)
		level *= bright
		if k == 7 { // the hammer strikes near a node of the seventh
			level *= 0.4
		}
	}
	thump, k := 0.06*n.velocity, decay(rate, 0.06)
	var wood, hammer svf
	wood.tune(rate, 320, 0.9)
	hammer.tune(rate, 3200, 0.7)
	for i := range x {
		noise := d.white()
		low, _, _ := wood.step(noise)
		_, band, _ := hammer.step(noise)
		x[i] += float64(thump * (low + float64(0.9*n.velocity*band)))
		thump *= k
		x[i] *= hat(i, rate/700, held, rate/3)
	}
	return x
}

// pad plays chords that swell and melt into each other: on each side two saws a
// note, detuned against the other side, through one slowly moving filter.
func pad(s *sound, p pulse, chords []chordAt, cutoff ramp, d *dice) {
	raw := newSound(s.rate, 2, float64(s.frames())/float64(s.rate))
	for _, c := range chords {
		start := p.frame(c.at)
		held := p.frame(c.at+c.length) - start
		attack, release := s.rate*7/10, s.rate*9/10
		for _, pitch := range c.pitches {
			for side := range 2 {
				for _, cents := range []float64{-6, 5} {
					o := saw{phase: (d.white() + 1) / 2}
					inc := hertz(pitch+(cents+float64(3*d.white()))/100) / float64(s.rate)
					out := raw.ch[side][min(start, s.frames()):]
					for i := range min(held+release, len(out)) {
						out[i] += float64(hat(i, attack, held, release) * o.step(inc))
					}
				}
			}
		}
	}
	for side := range 2 {
		var f1, f2 svf
		out := s.ch[side]
		for i, x := range raw.ch[side] {
			if i%32 == 0 {
				t := float64(i) / float64(s.rate)
				sway := 1 + float64(0.12*xmath.Sin(2*math.Pi*(float64(0.21*t)+float64(0.25*float64(side)))))
				hz := cutoff.value(t) * sway
				f1.tune(s.rate, hz, 0.7)
				f2.tune(s.rate, hz*1.4, 0.6)
			}
			y, _, _ := f1.step(x)
			y, _, _ = f2.step(y)
			out[i] += float64(0.1 * y)
		}
	}
}

// chordAt is a chord of the song's harmony.
type chordAt struct {
	at, length float64
	pitches    []float64
}

// harmony lays chords of equal length, in quarter notes, one after the other.
func harmony(start, length float64, chords ...string) []chordAt {
	var all []chordAt
	for i, names := range chords {
		all = append(all, chordAt{start + float64(float64(i)*length), length, chord(names)})
	}
	return all
}
