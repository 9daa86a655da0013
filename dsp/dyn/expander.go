package dyn

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

func expanderKind() dsp.Kind {
	return dsp.Kind{
		Kind: param.Kind{
			Name:    "expander",
			Version: 1,
			Doc:     "lowers what is quieter than a threshold, the more the quieter it is; both channels alike",
			Params: append([]param.Param{
				{Name: "threshold", Unit: param.DB, Min: -100, Max: 0, Default: -40.0,
					Doc: "level below which the gain is reduced"},
				{Name: "ratio", Unit: param.Ratio, Min: 1, Max: 20, Default: 2.0,
					Doc: "dB out for one dB in below the threshold"},
				kneeParam(6),
				{Name: "attack", Unit: param.MS, Min: 0.01, Max: 500, Default: 1.0,
					Doc: "time in which 63 % of a reduction is let go when the level rises"},
				{Name: "release", Unit: param.MS, Min: 1, Max: 5000, Default: 150.0,
					Doc: "time in which 63 % of a reduction is reached when the level falls"},
				{Name: "range", Unit: param.DB, Min: 0, Max: 120, Default: 40.0,
					Doc: "the most it may take off"},
				lookaheadParam(0, 20),
				detectorParam(),
			}, sidechainParams(false)...),
		},
		New:     func(a dsp.Args) (dsp.Processor, error) { return newExpander(a) },
		Follows: hearsItself,
	}
}

// Expansion is a downward expander's static characteristic: [Curve] turned over,
// with the same parabola in the knee.
type Expansion struct {
	Threshold float64 // dB relative to full scale
	Ratio     float64 // dB out for one dB in, below the threshold; at least 1
	Knee      float64 // width in dB of the bend, half of it above the threshold
	Range     float64 // the most it takes off, in dB
}

// Reduction returns by how many dB a level (in dB) is lowered: 0 or more.
func (e Expansion) Reduction(level float64) float64 {
	slope := e.Ratio - 1
	under := e.Threshold - level
	half := float64(e.Knee / 2)
	r := 0.0
	switch {
	case under >= half:
		r = slope * under
	case under > -half:
		r = slope * (under + half) * (under + half) / (2 * e.Knee)
	}
	return min(r, e.Range)
}

// expansion is an Expansion made ready to run on levels as the detector gives
// them.
type expansion struct {
	from      float64 // level from which on nothing happens
	unit      float64 // as in computer
	start     float64 // dB where the knee begins, above the threshold
	bend      float64 // dB where the straight part begins, below it
	threshold float64
	slope     float64 // dB of reduction for each dB below the threshold
	knee      float64 // slope / (2 * knee width)
	limit     float64 // range
}

func newExpansion(e Expansion, power bool) expansion {
	half := float64(e.Knee / 2)
	k := expansion{
		unit:      1,
		start:     e.Threshold + half,
		bend:      e.Threshold - half,
		threshold: e.Threshold,
		slope:     e.Ratio - 1,
		limit:     e.Range,
	}
	if power {
		k.unit = 0.5
	}
	k.from = xmath.Gain(k.start / k.unit)
	if e.Knee > 0 {
		k.knee = k.slope / (2 * e.Knee)
	}
	return k
}

// at returns the reduction in dB at a level; at silence it is the range.
func (k *expansion) at(level float64) float64 {
	if !(level < k.from) {
		return 0
	}
	db := float64(k.unit * xmath.FastDB(level))
	r := k.slope * (k.threshold - db)
	if db > k.bend {
		into := k.start - db
		r = k.knee * into * into
	}
	return max(0, min(r, k.limit))
}

// expander is the kind "expander": the compressor's detector and smoothing with
// a curve that falls below the threshold, so that its release is the time in
// which a reduction grows.
type expander struct {
	ear
	rate       int
	rms        bool
	first, set expanderSettings

	curve   expansion
	peak    peakHold
	mean    meanSquare
	grow    float64 // part of the way to a larger reduction in one frame
	letGo   float64 // to a smaller one
	now     float64 // reduction in dB
	reduced []float64
}

type expanderSettings struct {
	Expansion
	attack, release float64 // ms
}

func newExpander(a dsp.Args) (*expander, error) {
	v := a.Values
	listens, err := newEar(v, a.Rate)
	if err != nil {
		return nil, err
	}
	e := &expander{
		ear: listens, rate: a.Rate, rms: v.Str("detector") == "rms",
		first: expanderSettings{
			Expansion: Expansion{Threshold: v.Num("threshold"), Ratio: v.Num("ratio"), Knee: v.Num("knee"), Range: v.Num("range")},
			attack:    v.Num("attack"),
			release:   v.Num("release"),
		},
		reduced: make([]float64, dsp.MaxBlock),
	}
	e.mean.setTime(rmsTime, a.Rate)
	e.Reset()
	return e, nil
}

// design turns the settings into coefficients. As in the compressor, what the
// detector holds is part of the release.
func (e *expander) design() {
	s := e.set
	e.curve = newExpansion(s.Expansion, e.rms)
	hold := holdTime(s.release)
	if e.rms {
		hold = 0
	}
	e.peak.setTime(hold, e.rate)
	e.grow, e.letGo = share(s.release-hold, e.rate), share(s.attack, e.rate)
}

// Reset implements [dsp.Processor]. Before the first frame there was silence.
func (e *expander) Reset() {
	e.set = e.first
	e.design()
	e.deafen()
	e.peak.reset()
	e.mean.reset()
	e.now = e.curve.at(0)
}

// Process implements [dsp.Processor].
func (e *expander) Process(b dsp.Block) { e.ProcessKeyed(b, nil) }

// ProcessKeyed implements [dsp.Keyed].
func (e *expander) ProcessKeyed(b dsp.Block, keys []dsp.Block) {
	heard := e.hear(b, keys)
	x := e.reduced[:b.Len()]
	if e.rms {
		e.mean.run(x, heard[0], heard[1])
	} else {
		e.peak.run(x, heard[0], heard[1])
	}
	e.run(x)
	e.ahead.Process(b)
	scaleBoth(b, x, 0)
}

// ProcessLed implements [dsp.Led].
func (e *expander) ProcessLed(b, lead dsp.Block, leader dsp.Processor, keys []dsp.Block) {
	e.led.process(e, leader.(*expander), b, lead, keys)
}

// run replaces levels by reductions. See ballistics.run, of which it is the
// mirror image.
func (e *expander) run(x []float64) {
	grow, letGo := e.grow, e.letGo
	growKeep, letGoKeep := 1-grow, 1-letGo
	now := e.now
	level, goal := uint64(0), e.curve.at(0)
	for i, v := range x {
		if bits := math.Float64bits(v); bits != level {
			level, goal = bits, e.curve.at(v)
		}
		if goal > now {
			now = float64(growKeep*now) + float64(grow*goal)
		} else {
			now = float64(letGoKeep*now) + float64(letGo*goal)
		}
		if math.Abs(now-goal) < settled {
			now = goal
		}
		x[i] = now
	}
	e.now = now
}

// Tune implements [dsp.Tunable]. Everything acts through the smoothing, which
// keeps it from clicking.
func (e *expander) Tune(name string) func(float64) {
	setting := map[string]*float64{
		"threshold": &e.set.Threshold,
		"ratio":     &e.set.Ratio,
		"knee":      &e.set.Knee,
		"range":     &e.set.Range,
		"attack":    &e.set.attack,
		"release":   &e.set.release,
	}[name]
	if setting == nil {
		return nil
	}
	return func(value float64) {
		*setting = value
		e.design()
	}
}
