package modulation

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/internal/param"
)

var tremoloKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "tremolo",
		Version: 1,
		Doc:     "The level goes down and up again",
		Params: []param.Param{
			rateParam(5),
			{
				Name: "depth", Unit: param.Percent, Min: 0, Max: 100, Default: 50.0,
				Doc: "How much of the level is taken away at the bottom of the cycle: 50 % is -6 dB, 100 % silence; the top stays as it is",
			},
			shapeParam(),
			stereoParam(0),
			phaseParam(0.0),
		},
	},
	New:     newTremolo,
	Follows: moves,
}

func shapeParam() param.Param {
	return param.Param{
		Name: "shape", Type: param.Choice, Default: sine, Choices: []string{sine, triangle, square},
		Doc: "Way from one end to the other: sine rests at the ends, triangle goes steadily, square changes over within 4 ms",
	}
}

// tremolo is a gain of 1 - depth·(1 - movement)/2.
type tremolo struct {
	lfo   lfo
	shape string
	ahead uint64
	depth smooth.Value
	wave  [2][]float64
}

func newTremolo(a dsp.Args) (dsp.Processor, error) {
	return &tremolo{
		lfo:   newLFO(a),
		shape: a.Values.Str("shape"),
		ahead: turn(a.Values.Num("stereo_phase") / 360),
		depth: smooth.New(a.Values.Num("depth")/100, a.Rate),
		wave:  dsp.NewBlock(dsp.MaxBlock),
	}, nil
}

// Process implements [dsp.Processor].
func (t *tremolo) Process(b dsp.Block) {
	n := b.Len()
	t.depth.Begin(n)
	depth := t.depth
	left, right := b[0], b[1][:n]
	waveL := t.wave[0][:n]
	waveR := waveL
	t.lfo.fill(waveL, t.shape, 0)
	if t.ahead != 0 {
		waveR = t.wave[1][:n]
		t.lfo.fill(waveR, t.shape, t.ahead)
	}
	for i, l := range left {
		half := depth.Step() / 2
		left[i] = l * (1 - float64(half*(1-waveL[i])))
		right[i] = right[i] * (1 - float64(half*(1-waveR[i])))
	}
	t.depth = depth
	t.lfo.advance(n)
}

// Reset implements [dsp.Processor].
func (t *tremolo) Reset() {
	t.lfo.reset()
	t.depth.Reset()
}

// Latency implements [dsp.Processor]: none.
func (t *tremolo) Latency() int { return 0 }

// Tail implements [dsp.Processor]: none.
func (t *tremolo) Tail() int { return 0 }

// Tune implements [dsp.Tunable].
func (t *tremolo) Tune(name string) func(float64) {
	switch name {
	case "rate":
		return t.lfo.setRate
	case "depth":
		return func(percent float64) { t.depth.Set(percent / 100) }
	}
	return nil
}
