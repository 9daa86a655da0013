package modulation

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/internal/param"
)

var chorusKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "chorus",
		Version: 1,
		Doc:     "Several voices of the sound with wandering delays, fully wet: a mix of 50 % puts them beside the sound",
		Params: []param.Param{
			{
				Name: "voices", Min: 1, Max: 8, Default: 3.0, Fixed: true,
				Doc: "How many voices (a whole number), spread evenly over the cycle; one alone is a vibrato",
			},
			rateParam(0.6),
			{
				Name: "delay", Unit: param.MS, Min: 1, Max: 50, Default: 12.0,
				Doc: "Shortest delay of a voice",
			},
			{
				Name: "depth", Unit: param.MS, Min: 0, Max: 20, Default: 4.0,
				Doc: "By how much the delay of a voice grows and shrinks again: the pitch wanders by up to π·rate·depth",
			},
			{
				Name: "spread", Unit: param.Percent, Min: 0, Max: 100, Default: 100.0, Fixed: true,
				Doc: "How far the voices of the right channel lie between those of the left: 0 % moves both alike",
			},
			phaseParam(param.AutoValue),
		},
		Check: func(v param.Values) []param.Problem {
			if n := v.Num("voices"); n != math.Trunc(n) {
				return []param.Problem{{Path: "voices", Message: "must be a whole number"}}
			}
			return nil
		},
	},
	New:     newChorus,
	Follows: moves,
}

// chorus is, for each channel, the sum of the voices over the square root of their
// number: as loud as the sound, as far as they have nothing to do with each
// other. Voice k of n is k/n of a cycle ahead of voice 0; the right channel's lie
// half way between those of the left, so that all of them are evenly spread.
type chorus struct {
	lfo    lfo
	tap    tap
	lines  [2]line
	voices int
	ahead  uint64 // of the right channel
	gain   float64
	rate   int
	wave   [][]float64 // of each voice
}

func newChorus(a dsp.Args) (dsp.Processor, error) {
	v := a.Values
	n := int(v.Num("voices"))
	c := &chorus{
		lfo:    newLFO(a),
		voices: n,
		ahead:  turn(v.Num("spread") / 100 / float64(2*n)),
		gain:   1 / math.Sqrt(float64(n)),
		rate:   a.Rate,
	}
	c.tap = newTap(newSweep(v.Num("delay"), v.Num("depth"), a.Rate), a.Rate)
	k := newKernel()
	longest := frames(50+20, a.Rate)
	c.lines = [2]line{newLine(k, longest), newLine(k, longest)}
	for range n {
		c.wave = append(c.wave, make([]float64, dsp.MaxBlock))
	}
	return c, nil
}

// Process implements [dsp.Processor].
func (c *chorus) Process(b dsp.Block) {
	for b.Len() > 0 {
		n := c.tap.begin(b.Len())
		c.run(b[0][:n], &c.lines[0], 0)
		c.run(b[1][:n], &c.lines[1], c.ahead)
		c.tap.end(n)
		c.lfo.advance(n)
		b = b.Cut(n, b.Len())
	}
}

func (c *chorus) run(x []float64, l *line, ahead uint64) {
	for k, wave := range c.wave {
		c.lfo.fill(wave[:len(x)], sine, ahead+turn(float64(k)/float64(c.voices)))
	}
	for i, in := range x {
		sum := 0.0
		for _, wave := range c.wave {
			sum += c.tap.read(l, wave[i], i)
		}
		l.push(in)
		x[i] = c.gain * sum
	}
}

// Reset implements [dsp.Processor].
func (c *chorus) Reset() {
	c.lfo.reset()
	c.tap.reset()
	c.lines[0].reset()
	c.lines[1].reset()
}

// Latency implements [dsp.Processor]: none; the voices are late on purpose.
func (c *chorus) Latency() int { return 0 }

// Tail implements [dsp.Processor]: the longest delay that has been set.
func (c *chorus) Tail() int { return int(c.tap.longest) + taps }

// Tune implements [dsp.Tunable].
func (c *chorus) Tune(name string) func(float64) {
	switch name {
	case "rate":
		return c.lfo.setRate
	case "delay", "depth":
		return c.tap.tune(name, c.rate)
	}
	return nil
}
