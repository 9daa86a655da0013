// Package container holds the processors that hold chains: `parallel` runs a
// chain beside the dry signal, `mid_side` runs one on the middle and one on the
// sides, `bands` runs one on each of several frequency bands.
//
// All of them keep what they split in time: a path whose chain is quicker than
// the slowest one is delayed behind its chain, so side-chains and automation
// inside count their latency from the container's input.
package container

import (
	"fmt"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/internal/param"
)

// Kinds returns the containers.
func Kinds() []dsp.Kind { return []dsp.Kind{parallelKind, midSideKind, bandsKind} }

var parallelKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "parallel",
		Version: 1,
		Doc:     "a chain beside the untouched signal; `mix` says how much of the chain is heard",
		Params: []param.Param{
			{Name: "chain", Type: param.Chain, Required: true, Doc: "the chain that runs beside the untouched signal"},
		},
	},
	New: func(a dsp.Args) (dsp.Processor, error) {
		return parallel{a.Chains["chain"][0]}, nil
	},
}

// parallel is its chain; the dry path is the slot's.
type parallel struct{ *dsp.Chain }

// Inner returns the chain within.
func (p parallel) Inner() []*dsp.Chain { return []*dsp.Chain{p.Chain} }

// ProcessLed implements [dsp.Led].
func (p parallel) ProcessLed(b, lead dsp.Block, leader dsp.Processor, keys []dsp.Block) {
	p.Chain.ProcessLed(b, lead, leader.(parallel).Chain, keys)
}

var midSideKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "mid_side",
		Version: 1,
		Doc: "one chain for the middle (what both channels share) and one for the sides (where they differ); " +
			"a processor inside hears its signal on both channels, and its left output goes on, " +
			"so stereo effects such as imager or a stereo reverb make no sense there",
		Params: []param.Param{
			{Name: "mid", Type: param.Chain, Doc: "the chain for the middle, (left + right) / 2; nothing: unchanged"},
			{Name: "side", Type: param.Chain, Doc: "the chain for the sides, (left - right) / 2; nothing: unchanged"},
		},
	},
	New: func(a dsp.Args) (dsp.Processor, error) {
		return newMidSide(only(a.Chains["mid"]), only(a.Chains["side"])), nil
	},
}

// only returns the one chain of a parameter, or an empty one where none was
// written.
func only(chains []*dsp.Chain) *dsp.Chain {
	if len(chains) == 0 {
		return dsp.NewChain()
	}
	return chains[0]
}

// midSide gives each of its chains a block whose two channels are equal: the
// middle, or the sides.
type midSide struct {
	paths
	blocks [2]dsp.Block
}

func newMidSide(mid, side *dsp.Chain) *midSide {
	return &midSide{
		paths:  newPaths([]*dsp.Chain{mid, side}),
		blocks: [2]dsp.Block{dsp.NewBlock(dsp.MaxBlock), dsp.NewBlock(dsp.MaxBlock)},
	}
}

// Process implements [dsp.Processor].
func (m *midSide) Process(b dsp.Block) { m.ProcessKeyed(b, nil) }

// ProcessKeyed implements [dsp.Keyed].
func (m *midSide) ProcessKeyed(b dsp.Block, keys []dsp.Block) {
	m.split(b)
	m.run(m.blocks[:], b.Len(), keys)
	m.join(b)
}

// ProcessLed implements [dsp.Led].
func (m *midSide) ProcessLed(b, lead dsp.Block, leader dsp.Processor, keys []dsp.Block) {
	l := leader.(*midSide)
	m.split(b)
	l.split(lead)
	m.runLed(m.blocks[:], l.blocks[:], &l.paths, b.Len(), keys)
	m.join(b)
	l.join(lead)
}

// split makes middle and side of b.
func (m *midSide) split(b dsp.Block) {
	n := b.Len()
	mid, side := m.blocks[0].Cut(0, n), m.blocks[1].Cut(0, n)
	left, right := b[0], b[1][:n]
	for i, l := range left {
		r := right[i]
		mid[0][i] = (l + r) / 2
		side[0][i] = (l - r) / 2
	}
	copy(mid[1], mid[0])
	copy(side[1], side[0])
}

// join makes left and right of them.
func (m *midSide) join(b dsp.Block) {
	left := b[0]
	n := len(left)
	right, mid, side := b[1][:n], m.blocks[0][0][:n], m.blocks[1][0][:n]
	for i := range left {
		c, s := mid[i], side[i]
		left[i], right[i] = c+s, c-s
	}
}

var bandsKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "bands",
		Version: 1,
		Doc: "one chain for each frequency band; the bands are split with 24 dB/oct Linkwitz-Riley filters " +
			"and sum up flat when the chains do nothing",
		Params: []param.Param{
			{Name: "split", Type: param.Numbers, Unit: param.Hz, Min: 20, Max: 20000, Required: true,
				MinItems: 1, MaxItems: filter.MaxBands - 1, Doc: "the frequencies at which the bands meet, ascending"},
			{Name: "chains", Type: param.Chains, Required: true,
				MinItems: 2, MaxItems: filter.MaxBands, Doc: "a chain for each band, lowest first; [] leaves a band as it is"},
		},
		Check: checkBands,
	},
	New: func(a dsp.Args) (dsp.Processor, error) {
		split := a.Values.Nums("split")
		for _, hz := range split {
			if 2*hz >= float64(a.Rate) {
				return nil, fmt.Errorf("split at %g Hz is not below half the sample rate (%d Hz)", hz, a.Rate/2)
			}
		}
		return newBands(split, a.Chains["chains"], float64(a.Rate)), nil
	},
}

// checkBands finds splits that do not ascend and chains that do not fit them.
// Values hold how many chains were written.
func checkBands(v param.Values) []param.Problem {
	var out []param.Problem
	split := v.Nums("split")
	for i := 1; i < len(split); i++ {
		if split[i] <= split[i-1] {
			out = append(out, param.Problem{
				Path:    fmt.Sprintf("split[%d]", i),
				Message: fmt.Sprintf("%g Hz is not above the split before it, %g Hz: write them in ascending order", split[i], split[i-1]),
			})
		}
	}
	if n := int(v.Num("chains")); v.Has("chains") && n != len(split)+1 {
		out = append(out, param.Problem{
			Path:    "chains",
			Message: fmt.Sprintf("%d splits make %d bands, but there are %d chains: write one for each band, [] for none", len(split), len(split)+1, n),
		})
	}
	return out
}

// bands splits, runs a chain on each band, and sums.
type bands struct {
	paths
	crossover *filter.Crossover
	phase     *filter.Cascade // for the dry path
	blocks    []dsp.Block
	cut       []dsp.Block
}

func newBands(split []float64, chains []*dsp.Chain, rate float64) *bands {
	b := &bands{
		paths:     newPaths(chains),
		crossover: filter.NewCrossover(split, rate),
		phase:     filter.CrossoverPhase(split, rate),
		cut:       make([]dsp.Block, len(chains)),
	}
	for range chains {
		b.blocks = append(b.blocks, dsp.NewBlock(dsp.MaxBlock))
	}
	return b
}

// Process implements [dsp.Processor].
func (b *bands) Process(block dsp.Block) { b.ProcessKeyed(block, nil) }

// ProcessKeyed implements [dsp.Keyed].
func (b *bands) ProcessKeyed(block dsp.Block, keys []dsp.Block) {
	b.split(block)
	b.run(b.blocks, block.Len(), keys)
	b.sum(block)
}

// ProcessLed implements [dsp.Led].
func (b *bands) ProcessLed(block, lead dsp.Block, leader dsp.Processor, keys []dsp.Block) {
	l := leader.(*bands)
	b.split(block)
	l.split(lead)
	b.runLed(b.blocks, l.blocks, &l.paths, block.Len(), keys)
	b.sum(block)
	l.sum(lead)
}

// split makes bands of a block.
func (b *bands) split(block dsp.Block) {
	for i := range b.blocks {
		b.cut[i] = b.blocks[i].Cut(0, block.Len())
	}
	b.crossover.Split(block, b.cut)
}

// sum makes a block of the bands.
func (b *bands) sum(block dsp.Block) {
	for ch := range block {
		out := block[ch]
		copy(out, b.cut[0][ch])
		for _, band := range b.cut[1:] {
			vector.Add(out, band[ch])
		}
	}
}

// Reset implements [dsp.Processor].
func (b *bands) Reset() {
	b.paths.Reset()
	b.crossover.Reset()
	b.phase.Reset()
}

// Tail implements [dsp.Processor]: that of the chains after that of the
// crossover.
func (b *bands) Tail() int { return b.paths.Tail() + b.phase.Tail() }

// TurnDry implements [dsp.Phased].
func (b *bands) TurnDry(block dsp.Block) { b.phase.Process(block) }
