package demo

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// phone is a sound of speech as the synthesiser needs it: where the throat and
// mouth resonate, and what excites them.
type phone struct {
	formant [3]float64 // Hz; zero: those of the next vowel
	voice   float64    // vibrating vocal folds
	breath  float64    // noise at the vocal folds
	hiss    float64    // noise at teeth or lips ...
	hissHz  float64    // ... around this frequency
	seconds float64    // of a consonant
	burst   bool       // a stop: closed, then the hiss as a short burst
}

// phones by the letter that stands for them in a score. Vowel formants are near
// the averages for women in Peterson and Barney, "Control methods used in a
// study of the vowels", JASA 24 (1952), table II.
var phones = map[byte]phone{
	'a': {formant: [3]float64{850, 1250, 2800}, voice: 1},
	'e': {formant: [3]float64{600, 2200, 2950}, voice: 1},
	'i': {formant: [3]float64{330, 2650, 3250}, voice: 1},
	'o': {formant: [3]float64{560, 920, 2720}, voice: 1},
	'u': {formant: [3]float64{380, 980, 2650}, voice: 1},
	'A': {formant: [3]float64{740, 1400, 2780}, voice: 1}, // as in "under"
	'E': {formant: [3]float64{520, 1600, 2400}, voice: 1}, // as in "the"

	'l': {formant: [3]float64{370, 1150, 2900}, voice: 0.55, seconds: 0.065},
	'r': {formant: [3]float64{420, 1300, 1750}, voice: 0.6, seconds: 0.07},
	'w': {formant: [3]float64{320, 700, 2350}, voice: 0.55, seconds: 0.07},
	'y': {formant: [3]float64{290, 2500, 3200}, voice: 0.6, seconds: 0.06},
	'm': {formant: [3]float64{270, 1000, 2250}, voice: 0.34, seconds: 0.075},
	'n': {formant: [3]float64{280, 1600, 2550}, voice: 0.34, seconds: 0.065},
	'D': {formant: [3]float64{330, 1500, 2600}, voice: 0.32, hiss: 0.03, hissHz: 5200, seconds: 0.045}, // "the"
	'v': {formant: [3]float64{330, 1200, 2450}, voice: 0.36, hiss: 0.04, hissHz: 6000, seconds: 0.06},
	'h': {breath: 0.55, seconds: 0.065},
	's': {hiss: 0.30, hissHz: 7000, seconds: 0.115},
	'S': {hiss: 0.30, hissHz: 3600, seconds: 0.10}, // "shore"
	'f': {hiss: 0.10, hissHz: 5200, seconds: 0.09},
	'd': {formant: [3]float64{300, 1700, 2700}, voice: 0.18, hiss: 0.18, hissHz: 4200, seconds: 0.05, burst: true},
	't': {breath: 0.08, hiss: 0.30, hissHz: 5200, seconds: 0.075, burst: true},
	'k': {breath: 0.10, hiss: 0.26, hissHz: 2300, seconds: 0.075, burst: true},
	'b': {formant: [3]float64{280, 900, 2400}, voice: 0.16, hiss: 0.10, hissHz: 1100, seconds: 0.05, burst: true},
	'g': {formant: [3]float64{290, 1900, 2500}, voice: 0.16, hiss: 0.14, hissHz: 2000, seconds: 0.05, burst: true},
}

// singer is how a line is sung.
type singer struct {
	vibrato float64 // semitones
	glide   float64 // seconds to reach a new pitch
	breath  float64 // air in the tone, 0..1
	bright  float64 // Hz up to which the folds' tone is full
	size    float64 // of the vocal tract: 1 an average woman's, less is longer, darker
}

// moment is the state of the mouth from a time on.
type moment struct {
	at float64 // seconds
	phone
	quick bool // reached at once (a burst)
}

// speak lays the syllables of the notes out in time. Consonants before the
// vowel come before the beat, so that the vowel is on it, as singers do; those
// after it end with the note. A second vowel (a diphthong) comes late.
func speak(p pulse, notes []note) []moment {
	silent := phone{}
	track := []moment{{0, silent, false}}
	for i, n := range notes {
		on, off := float64(p.frame(n.at))/float64(p.rate), float64(p.frame(n.end()))/float64(p.rate)
		var before, vowels, after []phone
		for c := range len(n.text) {
			ph := phones[n.text[c]]
			switch {
			case ph.seconds == 0:
				vowels = append(vowels, ph)
			case len(vowels) == 0:
				before = append(before, ph)
			default:
				after = append(after, ph)
			}
		}
		t := on
		for _, c := range before {
			t -= c.seconds
		}
		for _, c := range before {
			track = consonant(track, t, c, vowels[0])
			t += c.seconds
		}
		track = append(track, moment{at: on, phone: vowels[0]})
		if len(vowels) > 1 {
			turn := on + float64(0.62*(off-on))
			if off-on > 0.7 {
				turn = off - 0.28
			}
			track = append(track, moment{at: turn, phone: vowels[1]})
		}
		t = off
		for _, c := range after {
			t -= c.seconds
		}
		for _, c := range after {
			track = consonant(track, t, c, vowels[len(vowels)-1])
			t += c.seconds
		}
		if i == len(notes)-1 || notes[i+1].at > n.end()+0.05 {
			rest := vowels[len(vowels)-1]
			rest.voice = 0
			track = append(track, moment{at: off, phone: rest})
		}
	}
	return track
}

// consonant appends a consonant to the track.
func consonant(track []moment, at float64, c, vowel phone) []moment {
	if c.formant[0] == 0 {
		c.formant = vowel.formant
	}
	if !c.burst {
		return append(track, moment{at: at, phone: c})
	}
	shut, open := c, c
	shut.hiss, shut.breath = 0, 0
	open.voice /= 2
	return append(track,
		moment{at: at, phone: shut},
		moment{at: at + c.seconds - 0.024, phone: open, quick: true})
}

// sing renders a line: a glottal pulse (Rosenberg's polynomial, as in Klatt and
// Klatt 1990) with vibrato, drift, jitter and breath, through five resonances
// that move with the syllables.
func sing(p pulse, notes []note, v singer, frames int, d *dice) []float64 {
	const step = 32 // frames between two settings of the mouth
	rate := p.rate
	control := float64(rate) / step
	track := speak(p, notes)
	x := make([]float64, frames)

	var tract [5]resonance
	var hiss, tilt, upper, edge svf
	var now phone
	now.formant, now.hissHz = phones['E'].formant, 6000
	tilt.tune(rate, v.bright, 0.55)
	upper.tune(rate, 2600, 0.6)
	edge.tune(rate, 3600, 0.7)
	mouth := lag(control, 0.018)
	force := lag(control, 0.009)
	sharp := lag(control, 0.0015)
	glide := lag(control, v.glide/2)

	pitch, settled := notes[0].pitch-1.2, notes[0].pitch-1.2
	phase, wobble, drift, jitter, deep := 0.0, 0.0, 0.0, 0.0, 0.0
	at, next := 0, 0
	inc := 0.0
	effort := 0.0
	level := now
	for i := range x {
		if i%step == 0 {
			t := float64(i) / float64(rate)
			for next < len(track) && track[next].at <= t {
				next++
			}
			goal := track[next-1]
			for at+1 < len(notes) && p.frame(notes[at+1].at)-rate/25 <= i {
				at++
				deep = 0
			}
			n := notes[at]

			// Pitch: glide, then vibrato that sets in late, over a slow drift.
			settled += float64(glide * (n.pitch - settled))
			pitch += float64(glide * (settled - pitch))
			since := t - float64(p.frame(n.at))/float64(rate)
			if since > 0.28 && p.seconds(n.length) > 0.5 {
				deep += float64(0.006 * (v.vibrato - deep))
			}
			wobble += (5.5 + float64(0.5*d.white())) / control
			drift += float64(0.01*d.white()) - float64(0.004*drift)
			sung := pitch + float64(deep*xmath.Sin(2*math.Pi*wobble)) + drift
			hz := hertz(sung)
			inc = hz * (1 + float64(jitter)) / float64(rate)

			// Mouth and force.
			follow := force
			if goal.quick {
				follow = sharp
			}
			for k := range now.formant {
				if goal.formant[k] > 0 {
					now.formant[k] += float64(mouth * (goal.formant[k] - now.formant[k]))
				}
			}
			level = now
			now.voice += float64(force * (goal.voice - now.voice))
			now.breath += float64(force * (goal.breath - now.breath))
			now.hiss += float64(follow * (goal.hiss - now.hiss))
			if goal.hiss > 0 {
				now.hissHz = goal.hissHz
			}
			effort += float64(0.02 * (n.velocity - effort))
			hiss.tune(rate, now.hissHz, 1.3)
			// Singers open the mouth so that the first resonance stays above the pitch.
			f1 := max(now.formant[0]*v.size, 1.04*hz)
			tract[0].tune(rate, f1, 80+float64(f1/16))
			tract[1].tune(rate, max(now.formant[1]*v.size, f1+180), 110)
			tract[2].tune(rate, now.formant[2]*v.size, 150)
			tract[3].tune(rate, 3850*v.size, 220)
			tract[4].tune(rate, 4950*v.size, 320)
		}
		if phase += inc; phase >= 1 {
			phase--
			jitter = 0.004 * d.white()
		}
		const open = 0.62 // share of the period in which the folds are apart
		folds, gap := 0.0, 0.25
		if phase < open {
			u := phase / open
			folds = float64(2*u) - float64(3*u*u)
			gap = 1
		}
		shut := phase - open // distance from the closure, whose edge must not alias
		if shut < 0 {
			shut++
		}
		folds += float64(0.5 * blep(shut, inc))
		noise := d.white()
		voiced := float64(level.voice * (folds + float64(v.breath*gap*noise*0.22)))
		voiced, _, _ = tilt.step(voiced)
		y := effort * (voiced + float64(0.12*level.breath*noise))
		for k := range tract {
			y = tract[k].step(y)
		}
		// Five poles fall off faster than a throat with all of its: make up for the
		// rest with a rise, and with some of the folds' own edge.
		_, _, high := upper.step(y)
		_, _, bite := edge.step(voiced)
		y += float64(1.6*high) + float64(0.9*effort*bite)
		_, fric, _ := hiss.step(noise)
		air := 0.010 * v.breath * level.voice * gap * noise
		x[i] = float64(y) + float64(effort*level.hiss*fric) + float64(effort*air)
	}
	return even(x, p, notes)
}

// even rides the level so that no vowel jumps out: each note moves most of the
// way towards the line's average.
func even(x []float64, p pulse, notes []note) []float64 {
	gains := make(ramp, 0, 2*len(notes))
	var rms []float64
	mean := 0.0
	for _, n := range notes {
		sum := 0.0
		part := x[min(p.frame(n.at), len(x)):min(p.frame(n.end()), len(x))]
		for _, v := range part {
			sum += float64(v * v)
		}
		rms = append(rms, math.Sqrt(sum/float64(max(1, len(part))))/n.velocity)
		mean += rms[len(rms)-1] / float64(len(notes))
	}
	for i, n := range notes {
		g := xmath.Pow(mean/max(rms[i], mean/10), 0.8)
		gains = append(gains,
			struct{ at, value float64 }{float64(p.frame(n.at)) - float64(float64(p.rate)*0.09), g},
			struct{ at, value float64 }{float64(p.frame(n.end())) - float64(float64(p.rate)*0.11), g})
	}
	k := 0
	for i := range x {
		at := float64(i)
		for k+1 < len(gains) && gains[k+1].at <= at {
			k++
		}
		g := gains[k].value
		if k+1 < len(gains) && at > gains[k].at {
			to := gains[k+1]
			g += float64((to.value - g) * (at - gains[k].at) / (to.at - gains[k].at))
		}
		x[i] *= g
	}
	return x
}

// whistle renders a line as a breathy whistle: a sine with a trace of its
// octave, gliding and with vibrato, and noise around its pitch.
func whistle(p pulse, notes []note, frames int, d *dice) []float64 {
	x := make([]float64, frames)
	rate := p.rate
	control := float64(rate) / 32
	glide := lag(control, 0.03)
	attack := lag(control, 0.012)
	pitch, deep, wobble, phase, inc, level, slope := notes[0].pitch-1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
	var breath svf
	at := 0
	for i := range x {
		if i%32 == 0 {
			for at+1 < len(notes) && p.frame(notes[at+1].at) <= i {
				at++
				deep = 0
			}
			n := notes[at]
			pitch += float64(glide * (n.pitch - pitch))
			if i > p.frame(n.at)+rate/5 {
				deep += float64(0.008 * (0.25 - deep))
			}
			wobble += (5.1 + float64(0.3*d.white())) / control
			hz := hertz(pitch + float64(deep*xmath.Sin(2*math.Pi*wobble)))
			inc = hz / float64(rate)
			breath.tune(rate, hz, 6)
			goal := 0.0
			if i >= p.frame(n.at) && i < p.frame(n.end()-0.06) {
				goal = n.velocity
			}
			slope = float64(attack * (goal - level) / 32)
		}
		level += slope
		if phase += inc; phase >= 1 {
			phase--
		}
		_, noise, _ := breath.step(d.white())
		turn := float64(2 * math.Pi * phase)
		tone := xmath.Sin(turn) + float64(0.12*xmath.Sin(2*turn)) + float64(0.05*xmath.Sin(3*turn))
		x[i] = level * (tone + float64(0.02*noise))
	}
	return x
}
