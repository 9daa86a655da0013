package dyn

import (
	"fmt"
	"math"
	"strings"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/internal/param"
)

func multibandKind() dsp.Kind {
	return dsp.Kind{
		Kind: param.Kind{
			Name:    "multiband",
			Version: 1,
			Doc:     "compresses each band of frequencies for itself",
			Params: []param.Param{
				{Name: "split", Type: param.Numbers, Unit: param.Hz, Min: 20, Max: 20000, Required: true,
					MinItems: 1, MaxItems: filter.MaxBands - 1,
					Doc: "where the bands meet, from low to high (24 dB/oct)"},
				{Name: "bands", Type: param.Items, Required: true, MinItems: 2, MaxItems: filter.MaxBands,
					Doc: "a compressor for each band, one more than there are splits",
					Fields: []param.Param{
						thresholdParam(-18),
						ratioParam(2, 100),
						attackParam(10),
						releaseParam(120, true),
						kneeParam(6),
						makeupParam(),
						rangeParam(80, 80),
						{Name: "bypass", Type: param.Switch, Default: false,
							Doc: "leave this band as it is"},
					}},
			},
			Check: checkMultiband,
			Still: bypassed,
		},
		New:     func(a dsp.Args) (dsp.Processor, error) { return newMultiband(a) },
		Follows: always,
	}
}

func checkMultiband(v param.Values) []param.Problem {
	var problems []param.Problem
	split, bands := v.Nums("split"), v.List("bands")
	for i := 1; i < len(split); i++ {
		if split[i] <= split[i-1] {
			problems = append(problems, param.Problem{
				Path:    fmt.Sprintf("split[%d]", i),
				Message: fmt.Sprintf("splits must rise: %g Hz comes after %g Hz", split[i], split[i-1]),
			})
		}
	}
	if len(bands) != len(split)+1 {
		problems = append(problems, param.Problem{
			Path:    "bands",
			Message: fmt.Sprintf("%d splits make %d bands, but %d are given", len(split), len(split)+1, len(bands)),
		})
	}
	return problems
}

// bypassed says why a setting of a band does not move.
func bypassed(v param.Values, path string) string {
	for i, b := range v.List("bands") {
		if b.On("bypass") && strings.HasPrefix(path, fmt.Sprintf("bands.%d.", i+1)) {
			return fmt.Sprintf("band %d is bypassed: take bypass out to automate it", i+1)
		}
	}
	return ""
}

// multiband is the kind "multiband". With nothing to reduce it is an all-pass:
// the phase turns, the level stays.
type multiband struct {
	splits    []float64
	rate      int
	crossover *filter.Crossover
	phase     *filter.Cascade // for the dry path
	cores     []*core
	bypass    []bool
	parted    []dsp.Block                // memory for all bands but the last, which stays where it is
	parts     [filter.MaxBands]dsp.Block // the bands of the block at hand
	work      dsp.Block
}

func newMultiband(a dsp.Args) (*multiband, error) {
	splits := a.Values.Nums("split")
	for _, hz := range splits {
		if hz >= float64(a.Rate)/2 {
			return nil, aboveNyquist("split", hz, a.Rate)
		}
	}
	m := &multiband{
		splits:    splits,
		rate:      a.Rate,
		crossover: filter.NewCrossover(splits, float64(a.Rate)),
		phase:     filter.CrossoverPhase(splits, float64(a.Rate)),
		work:      dsp.NewBlock(dsp.MaxBlock),
	}
	for range splits {
		m.parted = append(m.parted, dsp.NewBlock(dsp.MaxBlock))
	}
	for _, v := range a.Values.List("bands") {
		m.cores = append(m.cores, newCore(settingsOf(v), a.Rate))
		m.bypass = append(m.bypass, v.On("bypass"))
	}
	return m, nil
}

// sumBands adds the other bands to the last, lowest first.
func sumBands(bands []dsp.Block) {
	last := len(bands) - 1
	for _, band := range bands[:last] {
		for ch := range band {
			vector.Add(bands[last][ch][:len(band[ch])], band[ch])
		}
	}
}

// Process implements [dsp.Processor].
func (m *multiband) Process(b dsp.Block) {
	bands := m.split(b)
	m.act(bands, bands)
	sumBands(bands)
}

// ProcessLed implements [dsp.Led].
func (m *multiband) ProcessLed(b, lead dsp.Block, leader dsp.Processor, _ []dsp.Block) {
	l := leader.(*multiband)
	own, bands := m.split(b), l.split(lead)
	m.act(own, bands)
	l.act(bands, bands)
	sumBands(own)
	sumBands(bands)
}

// split returns the bands of b, the last in its place.
func (m *multiband) split(b dsp.Block) []dsp.Block {
	bands := m.parts[:len(m.cores)]
	last := len(bands) - 1
	for i := range last {
		bands[i] = m.parted[i].Cut(0, b.Len())
	}
	bands[last] = b
	m.crossover.Split(b, bands)
	return bands
}

// act compresses each band by the level of the one that is heard for it.
func (m *multiband) act(bands, heard []dsp.Block) {
	for i, c := range m.cores {
		if !m.bypass[i] {
			c.apply(bands[i], c.reduction(heard[i], m.work), m.work)
		}
	}
}

// Reset implements [dsp.Processor].
func (m *multiband) Reset() {
	m.crossover.Reset()
	m.phase.Reset()
	for _, c := range m.cores {
		c.reset()
	}
}

// Latency implements [dsp.Processor].
func (m *multiband) Latency() int { return 0 }

// Tail implements [dsp.Processor]: that of the lowest split.
func (m *multiband) Tail() int { return crossoverTail(m.splits[0], m.rate) }

// crossoverTail returns how long an LR4 filter at hz rings. Its poles are two
// pairs with the time constant sqrt(2) / (2 pi hz); 120 dB, 24 dB of make-up and
// the t·exp(-t) of a double pole together take less than 21 of these.
func crossoverTail(hz float64, rate int) int {
	return int(math.Ceil(21 * math.Sqrt2 / (2 * math.Pi * hz) * float64(rate)))
}

// Tune implements [dsp.Tunable].
func (m *multiband) Tune(name string) func(float64) {
	for i, off := range m.bypass {
		if off && strings.HasPrefix(name, fmt.Sprintf("bands.%d.", i+1)) {
			return nil
		}
	}
	return tuneItem(m.cores, "bands", name)
}

// TurnDry implements [dsp.Phased] with the all-passes to which the bands of a
// crossover add up.
func (m *multiband) TurnDry(b dsp.Block) { m.phase.Process(b) }

// CountReduction implements [dsp.Reducing].
func (m *multiband) CountReduction() {
	for _, c := range m.cores {
		c.count()
	}
}

// Reductions implements [dsp.Reducing].
func (m *multiband) Reductions() []dsp.Reduction {
	var all []dsp.Reduction
	for _, c := range m.cores {
		all = append(all, c.counted())
	}
	return all
}
