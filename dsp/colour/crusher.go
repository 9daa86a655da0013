package colour

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

var crusherKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "crusher",
		Version: 1,
		Doc:     "Fewer bits and a lower sample rate, as in old samplers",
		Params: []param.Param{
			{
				Name: "bits", Unit: param.Bits, Min: 1, Max: 24, Default: 12.0,
				Doc: "Word length: steps of 2^(1-bits) of full scale, where the sound also clips; fractions lie between",
			},
			{
				Name: "rate", Unit: param.Hz, Min: 100, Max: 192000,
				Doc: "Sample rate that each sample is held to; what lies above half of it folds down. Off when left out",
			},
			{
				Name: "dither", Type: param.Choice, Default: "none", Choices: []string{"none", "tpdf"},
				Doc: "none: steps and their distortion; tpdf: a steady hiss instead, except in silence",
			},
			{
				Name: "filter", Type: param.Switch, Default: false,
				Doc: "A low-pass at 45 % of the rate before it, 48 dB/oct: less of the sound folds down",
			},
		},
		Check: func(v param.Values) []param.Problem {
			if v.On("filter") && !v.Has("rate") {
				return []param.Problem{{Path: "filter", Message: "needs a rate: it keeps out what the rate would fold down"}}
			}
			return nil
		},
	},
	New: newCrusher,
}

// crusher holds a sample until the next one of the lower rate is due, and rounds
// it when it is taken. Which samples are taken depends on their number alone:
// sample k of the lower rate is the input at frame ⌈k·session/rate⌉.
type crusher struct {
	session float64 // sample rate in Hz
	step    smooth.Value
	filter  *filter.Cascade // nil: none
	dither  bool
	noise   [2]seed.Stream // by frame, so that it does not depend on the rate's history
	frame   uint64

	// pos goes up by the rate with every frame; where it reaches the session's
	// rate, a sample is taken. In whole hertz all of this is exact.
	rate, pos float64
	held      [2]float64

	first   param.Values
	lowest  float64 // lowest corner of the filter so far, for Tail
	running bool
}

const (
	// crushFilter is the filter's corner as a share of the rate.
	crushFilter = 0.45
	crushOrder  = 8

	// crushSilence (-140 dB) is taken for silence, which gets no dither: noise that
	// goes on for ever would give the sound no end.
	crushSilence = 1e-7
)

func newCrusher(a dsp.Args) (dsp.Processor, error) {
	c := &crusher{
		session: float64(a.Rate),
		step:    smooth.New(stepOf(a.Values.Num("bits")), a.Rate),
		dither:  a.Values.Str("dither") == "tpdf",
		first:   a.Values,
	}
	keys := seed.New(a.Seed)
	for ch := range c.noise {
		c.noise[ch] = seed.New(keys.Bits(uint64(ch)))
	}
	if a.Values.On("filter") {
		c.filter = filter.NewCascade()
	}
	c.start()
	return c, nil
}

// stepOf is the size of a step, full scale being 1.
func stepOf(bits float64) float64 { return xmath.Exp2(1 - bits) }

// start goes to frame 0.
func (c *crusher) start() {
	c.running, c.frame = false, 0
	c.lowest = math.Inf(1)
	c.held = [2]float64{}
	if c.first.Has("rate") {
		c.setRate(c.first.Num("rate"))
	} else {
		c.setRate(c.session)
	}
	c.pos = c.session - c.rate // the first frame is taken
}

func (c *crusher) setRate(hz float64) {
	c.rate = math.Min(hz, c.session)
	if c.filter == nil {
		return
	}
	corner := crushFilter * c.rate
	c.lowest = math.Min(c.lowest, corner)
	var coefs []filter.Coef // none where nothing folds down
	if c.rate < c.session {
		coefs = filter.LowPass(corner, filter.ButterworthQ, crushOrder, c.session)
	}
	if c.running {
		c.filter.Glide(coefs)
	} else {
		c.filter.Set(coefs)
	}
}

// Process implements [dsp.Processor].
func (c *crusher) Process(b dsp.Block) {
	c.running = c.running || b.Len() > 0
	if c.filter != nil {
		c.filter.Process(b)
	}
	c.step.Begin(b.Len())
	left := b[0]
	right := b[1][:len(left)]
	step, pos, held := c.step, c.pos, c.held
	for i, l := range left {
		size := step.Step()
		pos += c.rate
		if pos >= c.session {
			pos -= c.session
			held[0] = c.round(l, size, 0)
			held[1] = c.round(right[i], size, 1)
		}
		left[i], right[i] = held[0], held[1]
		c.frame++
	}
	c.step, c.pos, c.held = step, pos, held
}

// round puts x on the nearest step, halves to even, so that silence stays silence.
func (c *crusher) round(x, size float64, ch int) float64 {
	steps := x / size
	if c.dither && math.Abs(x) > crushSilence {
		// Two uniform numbers of one step each, as in dsp/dither.
		steps += c.noise[ch].Uniform(2*c.frame) + c.noise[ch].Uniform(2*c.frame+1)
	}
	return max(-1, min(math.RoundToEven(steps)*size, 1))
}

// Reset implements [dsp.Processor].
func (c *crusher) Reset() {
	c.step.Reset()
	if c.filter != nil {
		c.filter.Reset()
	}
	c.start()
}

// Latency implements [dsp.Processor]: none; a held sample begins on time.
func (c *crusher) Latency() int { return 0 }

// Tail implements [dsp.Processor]: a sample is held for one period of the lowest
// rate there is, and the filter rings, the longer the lower it has been.
func (c *crusher) Tail() int {
	tail := int(math.Ceil(c.session / 100))
	if c.filter != nil {
		tail += filter.TailOf(filter.LowPass(c.lowest, filter.ButterworthQ, crushOrder, c.session))
	}
	return tail
}

// Tune implements [dsp.Tunable].
func (c *crusher) Tune(name string) func(float64) {
	switch name {
	case "bits":
		return func(bits float64) { c.step.Set(stepOf(bits)) }
	case "rate":
		return c.setRate
	}
	return nil
}
