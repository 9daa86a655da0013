package dyn

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

func gateKind() dsp.Kind {
	return dsp.Kind{
		Kind: param.Kind{
			Name:    "gate",
			Version: 1,
			Doc:     "shuts what is quieter than a threshold out; both channels together, the louder one opens it",
			Params: append([]param.Param{
				{Name: "threshold", Unit: param.DB, Min: -100, Max: 0, Default: -40.0,
					Doc: "level above which it opens"},
				{Name: "hysteresis", Unit: param.DB, Min: 0, Max: 24, Default: 4.0,
					Doc: "by how much lower the level must be for it to close again"},
				{Name: "attack", Unit: param.MS, Min: 0.01, Max: 500, Default: 0.1,
					Doc: "time in which 63 % of the reduction (in dB) is let go when it opens"},
				holdParam(30),
				{Name: "release", Unit: param.MS, Min: 1, Max: 5000, Default: 100.0,
					Doc: "time in which 63 % of the reduction (in dB) is reached when it closes"},
				{Name: "range", Unit: param.DB, Min: 0, Max: 120, Default: 80.0,
					Doc: "how much it takes off when it is closed"},
				lookaheadParam(1, 20),
				detectorParam(),
			}, sidechainParams(false)...),
		},
		New:     func(a dsp.Args) (dsp.Processor, error) { return newGate(a, false) },
		Follows: hearsItself,
	}
}

func holdParam(ms float64) param.Param {
	return param.Param{Name: "hold", Unit: param.MS, Min: 0, Max: 5000, Default: ms,
		Doc: "how long it stays as it is after the level has gone down; less than half a period of the lowest note makes it follow the wave"}
}

// gateSettings are what a gate is set to.
type gateSettings struct {
	threshold, hysteresis float64 // dB
	attack, hold, release float64 // ms
	depth                 float64 // dB
}

// gate is the kinds "gate" and "ducker". A trigger is on or off, and the
// reduction swings between nothing and the range. A gate takes off while the
// trigger is off, a ducker while it is on; attack is the swing when it goes on.
//
// The level is that of each single frame, without the compressor's hold, so that
// the hold time is exact to the frame.
type gate struct {
	ear
	rate       int
	ducks, rms bool
	first, set gateSettings

	trigger     trigger
	onDB, offDB float64 // reductions to swing to
	onIn, offIn float64 // part of the way in one frame
	now         float64 // reduction in dB
	mean        meanSquare
	level       []float64
}

func newGate(a dsp.Args, ducks bool) (*gate, error) {
	v := a.Values
	e, err := newEar(v, a.Rate)
	if err != nil {
		return nil, err
	}
	g := &gate{
		ear: e, rate: a.Rate, ducks: ducks, rms: v.Str("detector") == "rms",
		first: gateSettings{
			threshold: v.Num("threshold"), hysteresis: v.Num("hysteresis"),
			attack: v.Num("attack"), hold: v.Num("hold"), release: v.Num("release"),
			depth: v.Num("range"),
		},
		level: make([]float64, dsp.MaxBlock),
	}
	g.mean.setTime(rmsTime, a.Rate)
	g.Reset()
	return g, nil
}

// design turns the settings into what the loop needs.
func (g *gate) design() {
	s, unit := g.set, 1.0
	if g.rms {
		unit = 0.5 // of powers
	}
	g.trigger.on = xmath.Gain(s.threshold / unit)
	g.trigger.off = xmath.Gain((s.threshold - s.hysteresis) / unit)
	g.trigger.hold = int(math.Round(s.hold * float64(g.rate) / 1000))
	g.onIn, g.offIn = share(s.attack, g.rate), share(s.release, g.rate)
	g.onDB, g.offDB = 0, s.depth
	if g.ducks {
		g.onDB, g.offDB = s.depth, 0
	}
}

// Reset implements [dsp.Processor]. Before the first frame there was silence.
func (g *gate) Reset() {
	g.set = g.first
	g.design()
	g.deafen()
	g.mean.reset()
	g.trigger.left = 0
	g.now = g.offDB
}

// Process implements [dsp.Processor].
func (g *gate) Process(b dsp.Block) { g.ProcessKeyed(b, nil) }

// ProcessKeyed implements [dsp.Keyed].
func (g *gate) ProcessKeyed(b dsp.Block, keys []dsp.Block) {
	heard := g.hear(b, keys)
	level := g.level[:b.Len()]
	if g.rms {
		g.mean.run(level, heard[0], heard[1])
	} else {
		louder(level, heard[0], heard[1])
	}
	g.run(level)
	g.ahead.Process(b)
	scaleBoth(b, level, 0)
}

// ProcessLed implements [dsp.Led].
func (g *gate) ProcessLed(b, lead dsp.Block, leader dsp.Processor, keys []dsp.Block) {
	g.led.process(g, leader.(*gate), b, lead, keys)
}

// louder writes the larger magnitude of two signals.
func louder(level, a, b []float64) {
	a, b = a[:len(level)], b[:len(level)]
	for i := range level {
		x := math.Float64bits(a[i]) &^ signBit
		y := math.Float64bits(b[i]) &^ signBit
		level[i] = math.Float64frombits(max(x, y))
	}
}

// run replaces levels by reductions.
func (g *gate) run(x []float64) {
	t, now := g.trigger, g.now
	onIn, offIn := g.onIn, g.offIn
	onKeep, offKeep := 1-onIn, 1-offIn
	for i, level := range x {
		goal := g.offDB
		if t.next(level) {
			goal = g.onDB
			now = float64(onKeep*now) + float64(onIn*goal)
		} else {
			now = float64(offKeep*now) + float64(offIn*goal)
		}
		if math.Abs(now-goal) < settled {
			now = goal
		}
		x[i] = now
	}
	g.trigger, g.now = t, now
}

// trigger goes on when the level is above one threshold, and off when it has
// been below another for as long as it holds.
type trigger struct {
	on, off float64 // thresholds, as the levels are
	hold    int     // frames
	left    int     // frames until it is off, the current one included
}

// next takes a frame's level and reports whether the trigger is on.
func (t *trigger) next(level float64) bool {
	switch {
	case level > t.on || t.left > 0 && level >= t.off:
		t.left = t.hold + 1
	case t.left > 0:
		t.left--
	}
	return t.left > 0
}

// Tune implements [dsp.Tunable]. Everything acts through the swing, which keeps
// it from clicking.
func (g *gate) Tune(name string) func(float64) {
	setting := map[string]*float64{
		"threshold":  &g.set.threshold,
		"hysteresis": &g.set.hysteresis,
		"attack":     &g.set.attack,
		"hold":       &g.set.hold,
		"release":    &g.set.release,
		"range":      &g.set.depth,
	}[name]
	if setting == nil {
		return nil
	}
	return func(value float64) {
		*setting = value
		g.design()
	}
}
