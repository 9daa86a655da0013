// Package space makes rooms and echoes: the kinds `reverb`, `convolver` and
// `delay`. All put out the wet sound only; they belong on a return, or take a
// `mix`.
package space

import (
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/internal/param"
)

// Kinds lists the processors of this package.
func Kinds() []dsp.Kind { return []dsp.Kind{reverbKind, convolverKind, delayKind} }

var reverbKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "reverb",
		Version: 1,
		Doc:     "Reverberation, fully wet, in stereo: a plate, or a room made from its geometry",
		Params: []param.Param{
			{
				Name: "type", Type: param.Choice, Default: "plate", Choices: []string{"plate", "room", "chamber", "hall"},
				Doc: "plate: dense from the start, no early reflections; room: 5 × 7 × 3 m; chamber: 5 × 8 × 4 m of hard walls; hall: 24 × 38 × 15 m",
			},
			{
				Name: "decay", Unit: param.Seconds, Min: 0.1, Max: 20, Default: 1.8,
				Doc: "T60, the time in which the sound falls by 60 dB, below the damping; the level of the whole stays the same",
			},
			{
				Name: "predelay", Unit: param.MS, Min: 0, Max: 500, Default: 0.0, Notes: true, Fixed: true,
				Doc: "Silence between the sound and its reverberation",
			},
			{
				Name: "size", Unit: param.Percent, Min: 50, Max: 150, Default: 100.0, Fixed: true,
				Doc: "Size of the plate or room: smaller is denser and more metallic, larger is looser",
			},
			{
				Name: "damping", Unit: param.Hz, Min: 500, Max: 20000, Default: 6000.0,
				Doc: "Above this frequency the sound dies away faster than the decay says; in a room, chamber or hall it is where the T60 is half the decay",
			},
			{
				Name: "bass", Unit: param.Percent, Min: 25, Max: 200,
				Doc: "T60 in the bass (halfway at 160 Hz), relative to the decay; not of a plate; 100 % when left out",
			},
			{
				Name: "early", Unit: param.DB, Min: -60, Max: 6,
				Doc: "Energy of the early reflections relative to the late field; not of a plate; -3 dB of a room, -10 dB of a chamber, -7 dB of a hall when left out",
			},
			{
				Name: "diffusion", Unit: param.Percent, Min: 0, Max: 100,
				Doc: "How far the sound is smeared before it enters: less keeps a click a click; not of a plate; 75 % of a room, 100 % of a chamber, 85 % of a hall when left out",
			},
			{
				Name: "lowcut", Unit: param.Hz, Min: 10, Max: 2000, Default: 20.0,
				Doc: "High-pass on the reverberation, 12 dB/oct",
			},
			{
				Name: "highcut", Unit: param.Hz, Min: 500, Max: 24000,
				Doc: "Low-pass on the reverberation, 12 dB/oct; off when left out",
			},
			{
				Name: "width", Unit: param.Percent, Min: 0, Max: 200, Default: 100.0,
				Doc: "Stereo width of the reverberation: 0 % is mono",
			},
			{
				Name: "modulation", Unit: param.Percent, Min: 0, Max: 100, Default: 50.0,
				Doc: "How far plate or room move: less is purer, more is richer and softens ringing",
			},
		},
		Check: checkReverb,
		Still: func(v param.Values, path string) string {
			if v.Str("type") == "plate" && slices.Contains(roomSettings, path) {
				return plateHasNo(path)
			}
			return ""
		},
	},
	New:     newReverb,
	Follows: func(param.Values) bool { return true }, // it moves from the first sound on, and stands still in silence
}

// roomSettings are what a plate does not have.
var roomSettings = []string{"bass", "early", "diffusion"}

func checkReverb(v param.Values) (found []param.Problem) {
	if v.Str("type") != "plate" {
		return nil
	}
	for _, name := range roomSettings {
		if v.Has(name) {
			found = append(found, param.Problem{Path: name, Message: plateHasNo(name)})
		}
	}
	return found
}

func plateHasNo(name string) string {
	return "a plate has no " + name + ": it belongs to the types room, chamber and hall"
}

// wetPower is the power of the reverberation relative to its input for steady
// sound without damping and cuts: -3 dB. Damping takes about another decibel off
// pink noise.
const wetPower = 0.5

// reverb is cuts → predelay → body. The cuts come first, where they are as good
// as on the output (all of it is linear) and keep out of the body what would
// only build up there.
type reverb struct {
	rate     int
	lowcut   *cut
	highcut  *cut
	predelay dsp.Delay
	body     body
	room     *network // the body, if it is not a plate

	first   param.Values // settings at frame 0
	decay   float64      // T60
	bass    float64      // share of it in the bass
	longest float64      // longest T60 set so far, for Tail
	before  int          // frames of predelay
}

// body is what reverberates: a [tank] or a [network].
type body interface {
	setDecay(seconds float64)
	setDamping(hz float64)
	setModulation(percent float64)
	// power is the energy of the response to a unit impulse per output channel,
	// without damping.
	power() float64
	level() *output
	process(left, right []float64)
	reset()
}

// output is what a body does last.
type output struct {
	gain  smooth.Value // output level
	width smooth.Value // side gain of the output
}

func (o *output) level() *output { return o }

func newReverb(a dsp.Args) (dsp.Processor, error) {
	v := a.Values
	r := &reverb{
		rate:    a.Rate,
		lowcut:  newCut(filter.BilinearHighPass, a.Rate),
		highcut: newCut(filter.BilinearLowPass, a.Rate),
		before:  frames(v.Num("predelay"), a.Rate),
		first:   v,
	}
	size := v.Num("size") / 100
	if reference, ok := rooms[v.Str("type")]; ok {
		r.room = newNetwork(a.Rate, size, a.Seed, reference)
		r.body = r.room
		r.first = v.With(reference.defaults(v))
	} else {
		r.body = newTank(a.Rate, size, a.Seed)
	}
	r.predelay = dsp.NewDelay(r.before)
	r.settings()
	out := r.body.level()
	out.width = smooth.New(v.Num("width")/100, a.Rate)
	out.gain = smooth.New(wetGain(r.body.power()), a.Rate)
	if r.room != nil {
		r.room.early.gain = smooth.New(r.room.earlyGain(), a.Rate)
		r.room.reset()
	}
	return r, nil
}

// defaults are the settings that are left out and that the type decides.
func (r *room) defaults(v param.Values) param.Values {
	all := param.Values{"bass": 100.0, "early": r.early, "diffusion": r.diffusion}
	own := param.Values{}
	for _, name := range roomSettings {
		if !v.Has(name) {
			own[name] = all[name]
		}
	}
	return own
}

// frames is a time in milliseconds as a whole number of frames.
func frames(ms float64, rate int) int { return int(math.Round(ms / 1000 * float64(rate))) }

func wetGain(power float64) float64 { return math.Sqrt(wetPower / power) }

// settings puts everything that can be tuned to what New was given.
func (r *reverb) settings() {
	v := r.first
	r.longest, r.bass = 0, 1
	if r.room != nil {
		r.room.setBass(v.Num("bass"))
		r.room.setEarly(v.Num("early"))
		r.room.setDiffusion(v.Num("diffusion"))
		r.bass = v.Num("bass") / 100
	}
	r.setDecay(v.Num("decay"))
	r.body.setDamping(v.Num("damping"))
	r.body.setModulation(v.Num("modulation"))
	r.lowcut.set(v.Num("lowcut"))
	r.highcut.set(v.Num("highcut"))
}

func (r *reverb) setDecay(seconds float64) {
	r.body.setDecay(seconds)
	r.decay = seconds
	r.ringOn()
}

// ringOn notes how long the sound goes on with the settings of now.
func (r *reverb) ringOn() { r.longest = math.Max(r.longest, r.decay*math.Max(1, r.bass)) }

// Process implements [dsp.Processor].
func (r *reverb) Process(b dsp.Block) {
	r.lowcut.process(b)
	r.highcut.process(b)
	r.predelay.Process(b)
	r.body.process(b[0], b[1])
}

// ProcessLed implements [dsp.Led]. Plate and room begin to move with the first sound
// that comes. All else of them is linear: what leads goes through both, and is taken
// off again, so that the follower moves as its leader does.
func (r *reverb) ProcessLed(b, lead dsp.Block, leader dsp.Processor, _ []dsp.Block) {
	for ch := range b {
		x := lead[ch][:len(b[ch])]
		for i := range b[ch] {
			b[ch][i] += x[i]
		}
	}
	r.Process(b)
	leader.Process(lead)
	for ch := range b {
		x := lead[ch][:len(b[ch])]
		for i := range b[ch] {
			b[ch][i] -= x[i]
		}
	}
}

// Reset implements [dsp.Processor].
func (r *reverb) Reset() {
	r.settings()
	r.lowcut.section.Reset()
	r.highcut.section.Reset()
	r.predelay.Reset()
	r.body.reset()
}

// Latency implements [dsp.Processor]: none. What passes before the first echo is
// heard (about 10 ms) is part of the sound.
func (r *reverb) Latency() int { return 0 }

// Tail implements [dsp.Processor]: predelay and twice the T60, and some for what
// rings in the cuts. A hall's first round takes longer than a plate's.
func (r *reverb) Tail() int {
	seconds := float64(2.1*r.longest) + 0.1 + ring(r.first.Num("lowcut"))
	tail := r.before + int(math.Ceil(seconds*float64(r.rate)))
	if r.room != nil {
		tail += r.room.longest
	}
	return tail
}

// ring is the time in seconds in which a second-order Butterworth filter at hz
// decays by 120 dB: its poles lie at π√2·hz nepers a second.
func ring(hz float64) float64 { return 6 * math.Ln10 / (math.Pi * math.Sqrt2 * hz) }

// Tune implements [dsp.Tunable]. Tail covers the longest decay that has been set.
func (r *reverb) Tune(name string) func(float64) {
	switch name {
	case "decay":
		return func(seconds float64) {
			r.setDecay(seconds)
			r.keepLevel()
		}
	case "damping":
		return r.body.setDamping
	case "lowcut":
		return r.lowcut.set
	case "highcut":
		return r.highcut.set
	case "width":
		return func(percent float64) { r.body.level().width.Set(percent / 100) }
	case "modulation":
		return r.body.setModulation
	}
	if r.room == nil {
		return nil
	}
	switch name {
	case "bass":
		return func(percent float64) {
			r.room.setBass(percent)
			r.bass = percent / 100
			r.ringOn()
		}
	case "early":
		return func(db float64) {
			r.room.setEarly(db)
			r.keepLevel()
		}
	case "diffusion":
		return func(percent float64) {
			r.room.setDiffusion(percent)
			r.keepLevel()
		}
	}
	return nil
}

// keepLevel makes the whole as loud as before.
func (r *reverb) keepLevel() { r.body.level().gain.Set(wetGain(r.body.power())) }

// cut is a second-order Butterworth high- or low-pass that may be off.
type cut struct {
	design  func(hz, q, rate float64) filter.Coef
	rate    float64
	on      bool
	section filter.Biquad
}

func newCut(design func(hz, q, rate float64) filter.Coef, rate int) *cut {
	return &cut{design: design, rate: float64(rate)}
}

// set moves the corner; 0, and a low-pass next to half the rate, is off.
func (c *cut) set(hz float64) {
	c.on = hz > 0 && hz < 0.45*c.rate
	if c.on {
		c.section.Set(c.design(hz, math.Sqrt2/2, c.rate))
	}
}

func (c *cut) process(b dsp.Block) {
	if c.on {
		c.section.Process(b)
	}
}
