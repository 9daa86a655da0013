package dyn

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

const (
	deesserQ    = 1 // of the band: at 6.5 kHz it reaches from 4 to 10.5 kHz
	deesserKnee = 6 // dB
)

func deesserKind() dsp.Kind {
	return dsp.Kind{
		Kind: param.Kind{
			Name:    "deesser",
			Version: 1,
			Doc:     "lowers sibilants",
			Params: []param.Param{
				{Name: "freq", Unit: param.Hz, Min: 2000, Max: 16000, Default: 6500.0,
					Doc: "centre of the band it listens to, and in split mode acts on"},
				{Name: "threshold", Unit: param.DB, Min: -80, Max: 0, Default: -24.0,
					Doc: "level of that band above which it acts"},
				ratioParam(4, 20),
				rangeParam(8, 24),
				attackParam(0.5),
				releaseParam(60, false),
				{Name: "mode", Type: param.Choice, Choices: []string{"split", "wide"}, Default: "split",
					Doc: "lower the sibilants' band only, or the whole signal"},
				{Name: "relative", Type: param.Switch, Default: false,
					Doc: "count the threshold from the level of the whole signal instead of full scale, so that soft and loud singing are treated alike; -15 dB is a point to begin with"},
			},
		},
		New:     func(a dsp.Args) (dsp.Processor, error) { return newDeesser(a) },
		Follows: always,
	}
}

// deesser is the kind "deesser": a compressor that listens to a band-pass.
//
// In split mode what it takes off is a part of that same band-pass,
//
//	y = x - (1 - gain) bandpass(x)
//
// which is exactly a bell filter of that gain at that frequency (P. A. Regalia,
// S. K. Mitra, "Tunable digital frequency response equalization filters", IEEE
// Trans. ASSP 35(1), 1987), and may move from frame to frame without a click. Over
// splitting with a crossover it has that it leaves the sound alone, bit for
// bit and phase and all, wherever nobody hisses; that the air above the
// sibilants stays; and that a dry/wet mix does not comb.
type deesser struct {
	core     *core
	rate     float64
	wide     bool
	relative bool
	whole    peakHold // of the whole signal, where the threshold is relative to it
	wholes   []float64
	first    float64 // freq as made
	band     *filter.Biquad
	filtered dsp.Block
	work     dsp.Block
}

func newDeesser(a dsp.Args) (*deesser, error) {
	v := a.Values
	set := settingsOf(v)
	set.Knee = deesserKnee
	d := &deesser{
		core:     newCore(set, a.Rate),
		rate:     float64(a.Rate),
		wide:     v.Str("mode") == "wide",
		relative: v.On("relative"),
		wholes:   make([]float64, dsp.MaxBlock),
		first:    v.Num("freq"),
		filtered: dsp.NewBlock(dsp.MaxBlock),
		work:     dsp.NewBlock(dsp.MaxBlock),
	}
	if d.first >= d.rate/2 {
		return nil, aboveNyquist("freq", d.first, a.Rate)
	}
	d.band = filter.NewBiquad(d.design(d.first))
	d.setHold()
	d.whole.reset()
	return d, nil
}

func (d *deesser) design(hz float64) filter.Coef {
	return filter.BilinearBandPass(hz, deesserQ, d.rate)
}

// Process implements [dsp.Processor].
func (d *deesser) Process(b dsp.Block) {
	band := d.sibilants(b)
	d.act(b, band, d.reduction(b, band))
}

// ProcessLed implements [dsp.Led]. What is taken off is a part of the sound itself;
// how much of it, the leader's sibilants say.
func (d *deesser) ProcessLed(b, lead dsp.Block, leader dsp.Processor, _ []dsp.Block) {
	l := leader.(*deesser)
	own, band := d.sibilants(b), l.sibilants(lead)
	d.act(b, own, d.reduction(lead, band))
	l.act(lead, band, l.reduction(lead, band))
}

// sibilants returns what is in the band of b.
func (d *deesser) sibilants(b dsp.Block) dsp.Block {
	band := d.filtered.Cut(0, b.Len())
	copy(band[0], b[0])
	copy(band[1], b[1])
	d.band.Process(band)
	return band
}

// reduction works out the reduction in dB for a sound and what is in its band; nil
// where nothing is reduced.
func (d *deesser) reduction(b, band dsp.Block) []float64 {
	if d.relative {
		return d.againstWhole(b, band)
	}
	return d.core.reduction(band, d.work)[0]
}

// act takes a reduction off b, or off what is in its band.
func (d *deesser) act(b, band dsp.Block, reduction []float64) {
	if d.core.tally != nil {
		d.core.tally.Add(reduction, b.Len())
	}
	switch {
	case reduction == nil:
	case d.wide:
		scaleBoth(b, reduction, 0)
	default:
		takeOff(b, band, reduction)
	}
}

// setHold has both detectors hold for as long, so that a steady sound has a
// steady ratio.
func (d *deesser) setHold() { d.whole.setTime(holdTime(d.core.set.release), d.core.rate) }

// againstWhole is core.reduction with the band's level divided by the whole
// signal's; nil where nothing is reduced.
func (d *deesser) againstWhole(b, band dsp.Block) []float64 {
	c, n := d.core, b.Len()
	level, whole := d.work[0][:n], d.wholes[:n]
	c.level(0, level, band[0], band[1])
	d.whole.run(whole, b[0], b[1])
	top := 0.0
	for i, w := range whole {
		ratio := 0.0
		if w > silent {
			ratio = level[i] / w
		}
		level[i] = ratio
		top = max(top, ratio)
	}
	if top <= c.computer.from && c.ballist[0].idle() {
		return nil
	}
	c.ballist[0].run(level, &c.computer)
	return level
}

// takeOff lowers what is in band, a part of b, by the reductions in dB.
func takeOff(b, band dsp.Block, reduction []float64) {
	l, r := b[0][:len(reduction)], b[1][:len(reduction)]
	bandL, bandR := band[0][:len(reduction)], band[1][:len(reduction)]
	for i, db := range reduction {
		if db == 0 {
			continue
		}
		part := 1 - xmath.FastGain(-db)
		l[i] -= float64(part * bandL[i])
		r[i] -= float64(part * bandR[i])
	}
}

// Reset implements [dsp.Processor].
func (d *deesser) Reset() {
	d.core.reset()
	d.setHold()
	d.whole.reset()
	d.band.Set(d.design(d.first))
	d.band.Reset()
}

// Latency implements [dsp.Processor].
func (d *deesser) Latency() int { return 0 }

// Tail implements [dsp.Processor]: the band-pass rings with the time constant
// Q / (pi freq), and 120 dB are 13.8 of these.
func (d *deesser) Tail() int {
	if d.wide {
		return 0
	}
	const lowest = 2000 // Hz: freq may be tuned down to here
	return int(math.Ceil(14 * deesserQ / (math.Pi * lowest) * d.rate))
}

// Tune implements [dsp.Tunable].
func (d *deesser) Tune(name string) func(float64) {
	switch name {
	case "freq":
		return func(hz float64) { d.band.Set(d.design(hz)) }
	case "threshold", "ratio", "range", "attack":
		return d.core.tune(name)
	case "release":
		set := d.core.tune(name)
		return func(ms float64) {
			set(ms)
			d.setHold()
		}
	}
	return nil
}

// CountReduction implements [dsp.Reducing].
func (d *deesser) CountReduction() { d.core.count() }

// Reductions implements [dsp.Reducing].
func (d *deesser) Reductions() []dsp.Reduction { return []dsp.Reduction{d.core.counted()} }
