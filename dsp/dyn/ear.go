package dyn

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

// sidechainParams are the settings of what a processor listens to, and how.
func sidechainParams(required bool) []param.Param {
	s := param.Param{Name: "sidechain", Type: param.Signal, Required: required,
		Doc: "stem, bus or return it listens to instead of its input"}
	if required {
		s.Doc = "stem, bus or return it listens to"
	}
	return []param.Param{
		s,
		{Name: "sidechain_highpass", Unit: param.Hz, Min: 20, Max: 10000, Fixed: true,
			Doc: "high-pass in what it listens to (12 dB/oct)"},
		sidechainLowpassParam(),
	}
}

func sidechainLowpassParam() param.Param {
	return param.Param{Name: "sidechain_lowpass", Unit: param.Hz, Min: 40, Max: 20000, Fixed: true,
		Doc: "low-pass in what it listens to (12 dB/oct)"}
}

func lookaheadParam(ms, most float64) param.Param {
	return param.Param{Name: "lookahead", Unit: param.MS, Min: 0, Max: most, Default: ms, Fixed: true,
		Doc: "by how much it hears what comes"}
}

func detectorParam() param.Param {
	return param.Param{Name: "detector", Type: param.Choice, Choices: []string{"peak", "rms"}, Default: "peak",
		Doc: "what counts as the level of the louder channel: peaks, or a 10 ms mean of the power (0 dB: a full-scale sine)"}
}

// ear is what a processor listens with: a key signal or else its own input,
// through filters, by the look-ahead earlier than the sound. It is embedded for
// the methods of [dsp.Keyed] and [dsp.Processor] that follow from that.
type ear struct {
	external bool
	filters  []*filter.Biquad
	filtered dsp.Block // memory for what comes out of them
	ahead    dsp.Delay // of the sound; what is listened to is not delayed
	led      led
}

func newEar(v param.Values, rate int) (ear, error) {
	e := ear{
		external: v.Has("sidechain"),
		ahead:    dsp.NewDelay(int(math.Round(v.Num("lookahead") * float64(rate) / 1000))),
	}
	for _, f := range []struct {
		name   string
		design func(hz, q, rate float64) filter.Coef
	}{
		{"sidechain_highpass", filter.BilinearHighPass},
		{"sidechain_lowpass", filter.BilinearLowPass},
	} {
		if !v.Has(f.name) {
			continue
		}
		hz := v.Num(f.name)
		if hz >= float64(rate)/2 {
			return e, aboveNyquist(f.name, hz, rate)
		}
		e.filters = append(e.filters, filter.NewBiquad(f.design(hz, filter.ButterworthQ, float64(rate))))
	}
	if e.filters != nil {
		e.filtered = dsp.NewBlock(dsp.MaxBlock)
	}
	return e, nil
}

// hear returns what the detector is to look at: the first of the keys, or the
// block itself where there is none. It must be done with before the block is
// delayed or changed.
func (e *ear) hear(b dsp.Block, keys []dsp.Block) dsp.Block {
	heard := b
	if len(keys) > 0 {
		heard = keys[0]
	}
	if e.filters == nil {
		return heard
	}
	out := e.filtered.Cut(0, heard.Len())
	copy(out[0], heard[0])
	copy(out[1], heard[1])
	for _, f := range e.filters {
		f.Process(out)
	}
	return out
}

// deafen forgets all sound.
func (e *ear) deafen() {
	e.ahead.Reset()
	for _, f := range e.filters {
		f.Reset()
	}
}

// Latency implements [dsp.Processor]: the look-ahead.
func (e *ear) Latency() int { return e.ahead.Len() }

// Tail implements [dsp.Processor]: any gain on silence is silence.
func (e *ear) Tail() int { return 0 }

// Keys implements [dsp.Keyed].
func (e *ear) Keys() int {
	if e.external {
		return 1
	}
	return 0
}

// KeyLatency implements [dsp.Keyed]: the key arrives together with the input of
// the same moment, and both are heard by the look-ahead before they sound.
func (e *ear) KeyLatency(int) int { return 0 }
