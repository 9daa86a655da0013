package modulation

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/internal/param"
)

var autopanKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "autopan",
		Version: 1,
		Doc:     "The sound goes from side to side at constant power: 0 dB in the middle, +3 dB and silence at the ends",
		Params: []param.Param{
			rateParam(0.5),
			{
				Name: "depth", Unit: param.Percent, Min: 0, Max: 100, Default: 100.0,
				Doc: "How far it goes: 100 % is all the way",
			},
			shapeParam(),
			phaseParam(0.0),
		},
	},
	New:     newAutopan,
	Follows: moves,
}

// autopan has the gains √2·cos θ for left and √2·sin θ for right, with
// θ = (1 + depth·movement)·45°: the sum of their squares is always 2. Nothing of one
// channel goes over to the other.
type autopan struct {
	lfo   lfo
	shape string
	depth smooth.Value
	wave  []float64
}

func newAutopan(a dsp.Args) (dsp.Processor, error) {
	return &autopan{
		lfo:   newLFO(a),
		shape: a.Values.Str("shape"),
		depth: smooth.New(a.Values.Num("depth")/100, a.Rate),
		wave:  make([]float64, dsp.MaxBlock),
	}, nil
}

// Process implements [dsp.Processor].
func (p *autopan) Process(b dsp.Block) {
	n := b.Len()
	p.depth.Begin(n)
	depth := p.depth
	left, right, wave := b[0], b[1][:n], p.wave[:n]
	p.lfo.fill(wave, p.shape, 0)
	for i, l := range left {
		at := float64(depth.Step() * wave[i] / 8) // in cycles, from the middle's 1/8
		left[i] = l * (math.Sqrt2 * sinTurn(0.125-at))
		right[i] = right[i] * (math.Sqrt2 * sinTurn(0.125+at))
	}
	p.depth = depth
	p.lfo.advance(n)
}

// Reset implements [dsp.Processor].
func (p *autopan) Reset() {
	p.lfo.reset()
	p.depth.Reset()
}

// Latency implements [dsp.Processor]: none.
func (p *autopan) Latency() int { return 0 }

// Tail implements [dsp.Processor]: none.
func (p *autopan) Tail() int { return 0 }

// Tune implements [dsp.Tunable].
func (p *autopan) Tune(name string) func(float64) {
	switch name {
	case "rate":
		return p.lfo.setRate
	case "depth":
		return func(percent float64) { p.depth.Set(percent / 100) }
	}
	return nil
}
