package dyn

import (
	"fmt"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// Times of the transient shaper's envelopes in ms.
const (
	transientRise = 1.0 // of the envelope that follows closely, called near
	// transientHold bridges the half period of 50 Hz, so that a bass note has a
	// steady level.
	transientHold = longestHold
)

// transientFull is by how many dB two envelopes must differ for the whole of a
// gain: a hit out of silence is there at once, one 12 dB above what sounds about.
const transientFull = 12.0

// transientTimes are what a speed stands for, time constants in ms.
type transientTimes struct {
	late float64 // rise of the envelope that comes late: a hit is an attack for about as long
	fall float64 // of the close envelope and the late one
	long float64 // fall of the one that stays: how long a sustain may be
}

var transientSpeeds = map[string]transientTimes{
	"fast":   {late: 10, fall: 15, long: 150},
	"medium": {late: 20, fall: 30, long: 300},
	"slow":   {late: 40, fall: 60, long: 600},
}

func transientKind() dsp.Kind {
	return dsp.Kind{
		Kind: param.Kind{
			Name:    "transient",
			Version: 1,
			Doc:     "transient shaper: makes the attacks of notes and what follows them louder or softer, whatever their level; both channels alike",
			Params: []param.Param{
				{Name: "attack", Unit: param.DB, Min: -24, Max: 24, Default: 0.0,
					Doc: "gain of attacks"},
				{Name: "sustain", Unit: param.DB, Min: -24, Max: 24, Default: 0.0,
					Doc: "gain of what dies away after them"},
				{Name: "speed", Type: param.Choice, Choices: []string{"fast", "medium", "slow"}, Default: "medium",
					Doc: fmt.Sprintf("how long an attack is: about %g, %g or %g ms; and up to how long a sustain, ten times that and more",
						transientSpeeds["fast"].late, transientSpeeds["medium"].late, transientSpeeds["slow"].late)},
			},
		},
		New:     func(a dsp.Args) (dsp.Processor, error) { return newTransient(a), nil },
		Follows: always,
	}
}

// transient is the kind "transient". Three envelopes follow the same peaks: one
// closely; one that rises late; one that falls late. While the close one is
// above the late one, that is an attack, and while it is below the long one, a
// sustain; how far in dB says how much of each. A difference in dB is a ratio,
// and the envelopes are linear in the sound's amplitude, so a gain before the
// processor and one after it do the same.
type transient struct {
	peak             peakHold
	rise, late       float64 // parts of the way in one frame
	fall, stay       float64
	near, slow, long float64 // the envelopes
	attack, sustain  smooth.Value
	level            []float64
}

func newTransient(a dsp.Args) *transient {
	times := transientSpeeds[a.Values.Str("speed")]
	t := &transient{
		rise:    share(transientRise, a.Rate),
		late:    share(times.late, a.Rate),
		fall:    share(times.fall, a.Rate),
		stay:    share(times.long, a.Rate),
		attack:  smooth.New(a.Values.Num("attack"), a.Rate),
		sustain: smooth.New(a.Values.Num("sustain"), a.Rate),
		level:   make([]float64, dsp.MaxBlock),
	}
	t.peak.setTime(transientHold, a.Rate)
	t.Reset()
	return t
}

// Reset implements [dsp.Processor].
func (t *transient) Reset() {
	t.peak.reset()
	t.near, t.slow, t.long = 0, 0, 0
	t.attack.Reset()
	t.sustain.Reset()
}

// Process implements [dsp.Processor].
func (t *transient) Process(b dsp.Block) { t.process(b, b) }

// ProcessLed implements [dsp.Led].
func (t *transient) ProcessLed(b, lead dsp.Block, leader dsp.Processor, _ []dsp.Block) {
	t.process(b, lead)
	leader.Process(lead)
}

// process shapes b by the attacks and sustains of what it hears.
func (t *transient) process(b, heard dsp.Block) {
	n := b.Len()
	x := t.level[:n]
	t.peak.run(x, heard[0], heard[1])
	still := t.attack.Begin(n)
	still = t.sustain.Begin(n) && still
	t.run(x, still)
	if still && t.attack.Now == 0 && t.sustain.Now == 0 {
		return
	}
	scaleBoth(b, x, 0)
}

// run replaces levels by what the gain takes off, in dB; a boost is negative.
// still says that the settings do not move.
func (t *transient) run(x []float64, still bool) {
	rise, late, fall, stay := t.rise, t.late, t.fall, t.stay
	near, slow, long := t.near, t.slow, t.long
	attack, sustain := t.attack, t.sustain
	up, down := attack.Now, sustain.Now
	for i, v := range x {
		near = follow(near, v, rise, fall)
		slow = follow(slow, v, late, fall)
		long = follow(long, v, rise, stay)
		if !still {
			up, down = attack.Step(), sustain.Step()
		}
		gain := 0.0
		if slow > silent {
			if up != 0 {
				gain = float64(up * part(near, slow))
			}
			if down != 0 {
				gain += float64(down * part(long, near))
			}
		}
		x[i] = -gain
	}
	t.near, t.slow, t.long = near, slow, long
	t.attack, t.sustain = attack, sustain
}

// silent is an amplitude of -300 dB: below it there is nothing to shape.
const silent = 1e-15

// follow is one step of an envelope towards a level.
func follow(now, level, rise, fall float64) float64 {
	way := fall
	if level > now {
		way = rise
	}
	now = float64((1-way)*now) + float64(way*level)
	if now < tiny {
		return 0 // long before it becomes a denormal number
	}
	return now
}

// part returns how much of a gain applies, 0 to 1, from two envelopes.
func part(above, below float64) float64 {
	if above <= below {
		return 0
	}
	return min(1, xmath.FastDB(above/below)/transientFull)
}

// Latency implements [dsp.Processor].
func (t *transient) Latency() int { return 0 }

// Tail implements [dsp.Processor]: any gain on silence is silence.
func (t *transient) Tail() int { return 0 }

// Tune implements [dsp.Tunable]: the gains glide.
func (t *transient) Tune(name string) func(float64) {
	switch name {
	case "attack":
		return t.attack.Set
	case "sustain":
		return t.sustain.Set
	}
	return nil
}
