package demo

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// sound is a stem in the making: one or two channels, full scale ±1.
type sound struct {
	rate int
	ch   [][]float64
}

// newSound returns silence.
func newSound(rate, channels int, seconds float64) *sound {
	frames := int(math.Ceil(seconds * float64(rate)))
	s := &sound{rate: rate}
	for range channels {
		s.ch = append(s.ch, make([]float64, frames))
	}
	return s
}

// frames is the length of the sound.
func (s *sound) frames() int { return len(s.ch[0]) }

// add mixes a mono signal in from frame at on, with a gain for each channel. What
// would lie outside the sound is dropped.
func (s *sound) add(at int, x []float64, gains ...float64) {
	if at < 0 {
		x, at = x[min(-at, len(x)):], 0
	}
	for c, dst := range s.ch {
		if at >= len(dst) {
			return
		}
		g, dst := gains[c], dst[at:]
		for i := range min(len(dst), len(x)) {
			dst[i] += float64(g * x[i])
		}
	}
}

// mix adds another sound of the same shape.
func (s *sound) mix(other *sound, gain float64) {
	for c := range s.ch {
		dst, src := s.ch[c], other.ch[c%len(other.ch)]
		for i := range min(len(dst), len(src)) {
			dst[i] += float64(gain * src[i])
		}
	}
}

// scale sets the highest sample to a level in dBFS: a stem is handed over with
// headroom, and its level in the song is the mix's business.
func (s *sound) scale(peakDB float64) *sound {
	peak := 0.0
	for _, x := range s.ch {
		for _, v := range x {
			peak = max(peak, math.Abs(v))
		}
	}
	if peak == 0 {
		return s
	}
	g := xmath.Gain(peakDB) / peak
	for _, x := range s.ch {
		for i := range x {
			x[i] *= g
		}
	}
	return s
}

// cut ends the sound after so many seconds.
func (s *sound) cut(seconds float64) *sound {
	n := min(s.frames(), int(math.Round(seconds*float64(s.rate))))
	for c := range s.ch {
		s.ch[c] = s.ch[c][:n]
	}
	return s
}

// fade lets the last seconds of the sound go to nothing along a raised cosine.
func (s *sound) fade(seconds float64) *sound {
	n := min(int(seconds*float64(s.rate)), s.frames())
	for _, x := range s.ch {
		tail := x[len(x)-n:]
		for i := range tail {
			tail[i] *= 0.5 + float64(0.5*xmath.Cos(math.Pi*float64(i+1)/float64(n)))
		}
	}
	return s
}

// pan returns the gains of a mono source between left (-1) and right (+1), at
// constant power.
func pan(position float64) []float64 {
	angle := (position + 1) * math.Pi / 4
	return []float64{xmath.Cos(angle), xmath.Sin(angle)}
}

// hertz returns the frequency of a MIDI pitch in equal temperament.
func hertz(pitch float64) float64 { return 440 * xmath.Exp2((pitch-69)/12) }

// decay returns the factor per frame of something that falls by 60 dB in so
// many seconds.
func decay(rate int, seconds float64) float64 {
	return xmath.Exp(-6.907755278982137 / (seconds * float64(rate)))
}

// lag returns the share of the way to its target that a one-pole smoother
// goes in a step, for a time constant in seconds and steps a second.
func lag(stepsPerSecond, seconds float64) float64 {
	return -xmath.Expm1(-1 / (seconds * stepsPerSecond))
}

// ramp is a straight line between points of an envelope.
type ramp []struct{ at, value float64 }

// value reads the line; before the first point and after the last it is flat.
func (r ramp) value(at float64) float64 {
	for i, p := range r {
		if at < p.at {
			if i == 0 {
				return p.value
			}
			from := r[i-1]
			return from.value + float64((p.value-from.value)*(at-from.at)/(p.at-from.at))
		}
	}
	return r[len(r)-1].value
}

// echo repeats the sound from side to side: the one effect that a finished mix
// (which no lathe project mixes) brings along itself.
func (s *sound) echo(seconds, feedback, level float64) {
	n := int(math.Round(seconds * float64(s.rate)))
	var line [2][]float64
	var low [2]float64
	line[0], line[1] = make([]float64, n), make([]float64, n)
	damp := lag(float64(s.rate), 1/(2*math.Pi*2600))
	for i := range s.frames() {
		k := i % n
		l, r := line[0][k], line[1][k]
		low[0] += float64(damp * (l - low[0]))
		low[1] += float64(damp * (r - low[1]))
		in := float64((s.ch[0][i] + s.ch[1][i]) / 2)
		line[0][k] = in + float64(feedback*low[1])
		line[1][k] = float64(feedback * low[0])
		s.ch[0][i] += float64(level * l)
		s.ch[1][i] += float64(level * r)
	}
}
