package dyn

import (
	"fmt"
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

func compressorKind() dsp.Kind {
	return dsp.Kind{
		Kind: param.Kind{
			Name:    "compressor",
			Version: 1,
			Doc:     "lowers what is louder than a threshold",
			Params: []param.Param{
				thresholdParam(-18),
				ratioParam(2, 100),
				attackParam(10),
				releaseParam(120, true),
				kneeParam(6),
				makeupParam(),
				{Name: "detector", Type: param.Choice, Choices: []string{"peak", "rms"}, Default: "peak",
					Doc: fmt.Sprintf("what counts as the level: peaks, or a %g ms mean of the power (0 dB: a full-scale sine), which comes on top of the attack", rmsTime)},
				{Name: "link", Unit: param.Percent, Min: 0, Max: 100, Default: 100.0, Fixed: true,
					Doc: "how much of the louder channel's reduction the other one shares"},
				{Name: "lookahead", Unit: param.MS, Min: 0, Max: 20, Default: 0.0, Fixed: true,
					Doc: "by how much it hears what comes"},
				rangeParam(80, 80),
				{Name: "sidechain", Type: param.Signal,
					Doc: "stem, bus or return it listens to instead of its input"},
				{Name: "sidechain_highpass", Unit: param.Hz, Min: 20, Max: 2000, Fixed: true,
					Doc: "high-pass in what it listens to (12 dB/oct)"},
				sidechainLowpassParam(),
			},
		},
		New:     func(a dsp.Args) (dsp.Processor, error) { return newCompressor(a) },
		Follows: hearsItself,
	}
}

// compressor is the kind "compressor".
type compressor struct {
	core     *core
	keyed    bool           // listens to another signal
	highpass *filter.Biquad // in what it listens to; nil: none
	lowpass  *filter.Biquad // likewise
	filtered dsp.Block      // memory for what comes out of them
	// With look-ahead the sound is delayed and what the detector hears is not.
	// That goes for a key too: it arrives together with the input of the same
	// moment, and both are heard that much before they sound.
	ahead     dsp.Delay
	lookahead int // frames
	work      dsp.Block
	led       led
}

func newCompressor(a dsp.Args) (*compressor, error) {
	v := a.Values
	set := settingsOf(v)
	set.rms = v.Str("detector") == "rms"
	set.link = v.Num("link") / 100
	lookahead := int(math.Round(v.Num("lookahead") * float64(a.Rate) / 1000))
	c := &compressor{
		core:      newCore(set, a.Rate),
		keyed:     v.Has("sidechain"),
		ahead:     dsp.NewDelay(lookahead),
		lookahead: lookahead,
		work:      dsp.NewBlock(dsp.MaxBlock),
	}
	if v.Has("sidechain_highpass") {
		hz, rate := v.Num("sidechain_highpass"), float64(a.Rate)
		if hz >= rate/2 {
			return nil, aboveNyquist("sidechain_highpass", hz, a.Rate)
		}
		c.highpass = filter.NewBiquad(filter.BilinearHighPass(hz, math.Sqrt2/2, rate))
		c.filtered = dsp.NewBlock(dsp.MaxBlock)
	}
	if v.Has("sidechain_lowpass") {
		hz, rate := v.Num("sidechain_lowpass"), float64(a.Rate)
		if hz >= rate/2 {
			return nil, aboveNyquist("sidechain_lowpass", hz, a.Rate)
		}
		c.lowpass = filter.NewBiquad(filter.BilinearLowPass(hz, math.Sqrt2/2, rate))
		c.filtered = dsp.NewBlock(dsp.MaxBlock)
	}
	return c, nil
}

func aboveNyquist(name string, hz float64, rate int) error {
	return fmt.Errorf("%s: %g Hz is not below half the sample rate (%g Hz)", name, hz, float64(rate)/2)
}

// Process implements [dsp.Processor].
func (c *compressor) Process(b dsp.Block) { c.process(b, b) }

// ProcessKeyed implements [dsp.Keyed].
func (c *compressor) ProcessKeyed(b dsp.Block, keys []dsp.Block) {
	if len(keys) == 0 {
		c.process(b, b)
		return
	}
	c.process(b, keys[0])
}

func (c *compressor) process(b, key dsp.Block) {
	if c.highpass != nil || c.lowpass != nil {
		heard := c.filtered.Cut(0, key.Len())
		copy(heard[0], key[0])
		copy(heard[1], key[1])
		if c.highpass != nil {
			c.highpass.Process(heard)
		}
		if c.lowpass != nil {
			c.lowpass.Process(heard)
		}
		key = heard
	}
	reduction := c.core.reduction(key, c.work)
	c.ahead.Process(b)
	c.core.apply(b, reduction, c.work)
}

// ProcessLed implements [dsp.Led].
func (c *compressor) ProcessLed(b, lead dsp.Block, leader dsp.Processor, keys []dsp.Block) {
	c.led.process(c, leader.(*compressor), b, lead, keys)
}

// Reset implements [dsp.Processor].
func (c *compressor) Reset() {
	c.core.reset()
	c.ahead.Reset()
	if c.highpass != nil {
		c.highpass.Reset()
	}
	if c.lowpass != nil {
		c.lowpass.Reset()
	}
}

// Latency implements [dsp.Processor]: the look-ahead.
func (c *compressor) Latency() int { return c.lookahead }

// Tail implements [dsp.Processor]: any gain on silence is silence.
func (c *compressor) Tail() int { return 0 }

// Keys implements [dsp.Keyed].
func (c *compressor) Keys() int {
	if c.keyed {
		return 1
	}
	return 0
}

// KeyLatency implements [dsp.Keyed].
func (c *compressor) KeyLatency(int) int { return 0 }

// Tune implements [dsp.Tunable].
func (c *compressor) Tune(name string) func(float64) { return c.core.tune(name) }

// CountReduction implements [dsp.Reducing].
func (c *compressor) CountReduction() { c.core.count() }

// Reductions implements [dsp.Reducing].
func (c *compressor) Reductions() []dsp.Reduction { return []dsp.Reduction{c.core.counted()} }
