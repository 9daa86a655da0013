// Package space makes rooms and echoes: the kinds `reverb` and `delay`. Both
// put out the wet sound only; they belong on a return, or take a `mix`.
package space

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/internal/param"
)

// Kinds lists the processors of this package.
func Kinds() []dsp.Kind { return []dsp.Kind{reverbKind, delayKind} }

var reverbKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "reverb",
		Version: 1,
		Doc:     "Reverberation, fully wet: a dense plate in stereo",
		Params: []param.Param{
			{
				Name: "type", Type: param.Choice, Default: "plate", Choices: []string{"plate"},
				Doc: "plate: dense from the start, no early reflections",
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
				Doc: "Size of the plate: smaller is denser and more metallic, larger is looser",
			},
			{
				Name: "damping", Unit: param.Hz, Min: 500, Max: 20000, Default: 6000.0,
				Doc: "Above this frequency the sound dies away faster than the decay says",
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
				Doc: "How far the plate moves: less is purer, more is richer and softens ringing",
			},
		},
	},
	New: newReverb,
}

// wetPower is the power of the reverberation relative to its input for steady
// sound without damping and cuts: -3 dB. Damping takes about another decibel off
// pink noise.
const wetPower = 0.5

// reverb is cuts → predelay → tank. The cuts come first, where they are as good
// as on the output (all of it is linear) and keep out of the tank what would
// only build up there.
type reverb struct {
	rate     int
	lowcut   *cut
	highcut  *cut
	predelay dsp.Delay
	tank     *tank

	first   param.Values // settings at frame 0
	longest float64      // longest T60 set so far, for Tail
	before  int          // frames of predelay
}

func newReverb(a dsp.Args) (dsp.Processor, error) {
	v := a.Values
	r := &reverb{
		rate:    a.Rate,
		lowcut:  newCut(filter.BilinearHighPass, a.Rate),
		highcut: newCut(filter.BilinearLowPass, a.Rate),
		tank:    newTank(a.Rate, v.Num("size")/100, a.Seed),
		before:  frames(v.Num("predelay"), a.Rate),
		first:   v,
	}
	r.predelay = dsp.NewDelay(r.before)
	r.tank.width = smooth.New(v.Num("width")/100, a.Rate)
	r.tank.gain = smooth.New(wetGain(r.tank.setDecay(v.Num("decay"))), a.Rate)
	r.settings()
	return r, nil
}

// frames is a time in milliseconds as a whole number of frames.
func frames(ms float64, rate int) int { return int(math.Round(ms / 1000 * float64(rate))) }

func wetGain(power float64) float64 { return math.Sqrt(wetPower / power) }

// settings puts everything that can be tuned to what New was given.
func (r *reverb) settings() {
	v := r.first
	r.tank.setDecay(v.Num("decay"))
	r.longest = v.Num("decay")
	r.tank.setDamping(v.Num("damping"))
	r.tank.setModulation(v.Num("modulation"))
	r.lowcut.set(v.Num("lowcut"))
	r.highcut.set(v.Num("highcut"))
}

// Process implements [dsp.Processor].
func (r *reverb) Process(b dsp.Block) {
	r.lowcut.process(b)
	r.highcut.process(b)
	r.predelay.Process(b)
	r.tank.process(b[0], b[1])
}

// Reset implements [dsp.Processor].
func (r *reverb) Reset() {
	r.settings()
	r.lowcut.section.Reset()
	r.highcut.section.Reset()
	r.predelay.Reset()
	r.tank.reset()
}

// Latency implements [dsp.Processor]: none. What passes before the first echo is
// heard (about 10 ms) is part of the sound.
func (r *reverb) Latency() int { return 0 }

// Tail implements [dsp.Processor]: predelay and twice the T60, and some for what
// rings in the cuts.
func (r *reverb) Tail() int {
	seconds := float64(2.1*r.longest) + 0.1 + ring(r.first.Num("lowcut"))
	return r.before + int(math.Ceil(seconds*float64(r.rate)))
}

// ring is the time in seconds in which a second-order Butterworth filter at hz
// decays by 120 dB: its poles lie at π√2·hz nepers a second.
func ring(hz float64) float64 { return 6 * math.Ln10 / (math.Pi * math.Sqrt2 * hz) }

// Tune implements [dsp.Tunable]. Tail covers the longest decay that has been set.
func (r *reverb) Tune(name string) func(float64) {
	switch name {
	case "decay":
		return func(seconds float64) {
			r.tank.gain.Set(wetGain(r.tank.setDecay(seconds)))
			r.longest = math.Max(r.longest, seconds)
		}
	case "damping":
		return r.tank.setDamping
	case "lowcut":
		return r.lowcut.set
	case "highcut":
		return r.highcut.set
	case "width":
		return func(percent float64) { r.tank.width.Set(percent / 100) }
	case "modulation":
		return r.tank.setModulation
	}
	return nil
}

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
