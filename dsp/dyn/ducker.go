package dyn

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/internal/param"
)

func duckerKind() dsp.Kind {
	return dsp.Kind{
		Kind: param.Kind{
			Name:    "ducker",
			Version: 1,
			Doc:     "makes room for another signal: lowers its input by a fixed amount while that is louder than a threshold",
			Params: append([]param.Param{
				{Name: "threshold", Unit: param.DB, Min: -100, Max: 0, Default: -30.0,
					Doc: "level of the other signal above which it ducks"},
				{Name: "hysteresis", Unit: param.DB, Min: 0, Max: 24, Default: 4.0,
					Doc: "by how much lower that level must be for it to come back"},
				{Name: "range", Unit: param.DB, Min: 0, Max: 120, Default: 12.0,
					Doc: "by how much it ducks"},
				{Name: "attack", Unit: param.MS, Min: 0.01, Max: 2000, Default: 10.0,
					Doc: "time in which 63 % of the reduction (in dB) is reached"},
				holdParam(100),
				{Name: "release", Unit: param.MS, Min: 1, Max: 5000, Default: 300.0,
					Doc: "time in which 63 % of the reduction (in dB) is let go"},
				lookaheadParam(0, 200),
				detectorParam(),
			}, sidechainParams(true)...),
		},
		New: func(a dsp.Args) (dsp.Processor, error) {
			g, err := newGate(a, true)
			if err != nil {
				return nil, err
			}
			g.external = true // that is what it is for
			return g, nil
		},
	}
}
