package render

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dyn"
)

// edge hears what goes into a file for peaks that its measuring does not see. With music
// it finds nothing to read.
type edge struct {
	meter *dyn.EdgeMeter // nil: there is no ceiling
	block dsp.Block
}

func newEdge(ceiling float64) *edge {
	if math.IsInf(ceiling, 1) {
		return &edge{}
	}
	return &edge{dyn.NewEdgeMeter(ceiling), dsp.NewBlock(dsp.MaxBlock)}
}

func (e *edge) hear(b dsp.Block) {
	if e.meter != nil {
		e.meter.Write(b)
	}
}

// hearWords hears samples of so many bits.
func (e *edge) hearWords(words [2][]int32, bits int) {
	if e.meter == nil {
		return
	}
	scale := math.Ldexp(1, 1-bits)
	b := e.block.Cut(0, len(words[0]))
	for c := range words {
		for i, v := range words[c] {
			b[c][i] = float64(v) * scale
		}
	}
	e.meter.Write(b)
}

// peak ends the hearing.
func (e *edge) peak() float64 {
	if e.meter == nil {
		return 0
	}
	e.meter.Finish()
	return e.meter.Peak()
}
