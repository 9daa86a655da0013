package modulation

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/internal/param"
)

var flangerKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "flanger",
		Version: 1,
		Doc:     "The sound and a moving short delay of it in equal parts: a comb of notches that wanders",
		Params: []param.Param{
			rateParam(0.2),
			{
				Name: "delay", Unit: param.MS, Min: 0.2, Max: 20, Default: 0.5,
				Doc: "Shortest delay; the lowest notch then lies at half of its inverse (1 kHz for 0.5 ms)",
			},
			{
				Name: "depth", Unit: param.MS, Min: 0, Max: 20, Default: 4.0,
				Doc: "By how much the delay grows and shrinks again",
			},
			feedbackParam(30),
			{
				Name: "invert", Type: param.Switch, Default: false,
				Doc: "The delayed sound is turned upside down: notches where the peaks were, and less bass",
			},
			stereoParam(0),
			phaseParam(0.0),
		},
	},
	New:     newFlanger,
	Follows: moves,
}

func feedbackParam(percent float64) param.Param {
	return param.Param{
		Name: "feedback", Unit: param.Percent, Min: -95, Max: 95, Default: percent,
		Doc: "How much goes round again: sharper peaks; less than 0 puts them where the notches are. The notches stay, and so does the level as a whole",
	}
}

// flanger is, for each channel,
//
//	line = input + feedback·delayed;  output = level·(line ± delayed)/2
//
// Taking the line and not the input into the output keeps every notch complete at
// any feedback. For a comb D that turns through all angles, the mean power of
// (1±D)/(2(1-fD)) is 1/(2(1∓f)), so a level of √(1∓f) keeps the power of wideband
// sound at half, as without feedback.
type flanger struct {
	lfo      lfo
	tap      tap
	lines    [2]line
	feedback smooth.Value
	sign     float64 // of the delayed sound
	ahead    uint64
	rate     int
	most     float64
	first    float64 // most at frame 0
	wave     []float64
}

func newFlanger(a dsp.Args) (dsp.Processor, error) {
	v := a.Values
	f := &flanger{
		lfo:      newLFO(a),
		feedback: smooth.New(v.Num("feedback")/100, a.Rate),
		sign:     1,
		ahead:    turn(v.Num("stereo_phase") / 360),
		rate:     a.Rate,
		first:    math.Abs(v.Num("feedback") / 100),
		wave:     make([]float64, dsp.MaxBlock),
	}
	if v.On("invert") {
		f.sign = -1
	}
	f.most = f.first
	f.tap = newTap(newSweep(v.Num("delay"), v.Num("depth"), a.Rate), a.Rate)
	k := newKernel()
	longest := frames(20+20, a.Rate)
	f.lines = [2]line{newLine(k, longest), newLine(k, longest)}
	return f, nil
}

// Process implements [dsp.Processor].
func (f *flanger) Process(b dsp.Block) {
	for b.Len() > 0 {
		n := f.tap.begin(b.Len())
		f.feedback.Begin(n)
		feedback := f.feedback // both channels go the same way
		f.run(b[0][:n], &f.lines[0], 0)
		f.feedback = feedback
		f.run(b[1][:n], &f.lines[1], f.ahead)
		f.tap.end(n)
		f.lfo.advance(n)
		b = b.Cut(n, b.Len())
	}
}

func (f *flanger) run(x []float64, l *line, ahead uint64) {
	wave, sign := f.wave[:len(x)], f.sign
	f.lfo.fill(wave, sine, ahead)
	feedback := f.feedback
	for i, in := range x {
		fb := feedback.Step()
		delayed := f.tap.read(l, wave[i], i)
		fed := audible(in + float64(fb*delayed))
		l.push(fed)
		x[i] = float64(0.5*math.Sqrt(1-float64(sign*fb))) * (fed + float64(sign*delayed))
	}
	f.feedback = feedback
}

// audible ends a decay before it reaches the denormal numbers.
func audible(x float64) float64 {
	if x > 1e-30 || x < -1e-30 {
		return x
	}
	return 0
}

// Reset implements [dsp.Processor].
func (f *flanger) Reset() {
	f.lfo.reset()
	f.tap.reset()
	f.lines[0].reset()
	f.lines[1].reset()
	f.feedback.Reset()
	f.most = f.first
}

// Latency implements [dsp.Processor]: none.
func (f *flanger) Latency() int { return 0 }

// Tail implements [dsp.Processor]: the feedback down to -120 dB, at the longest
// delay and the most feedback that have been set.
func (f *flanger) Tail() int {
	return int(float64((f.tap.longest + taps) * decay(f.most)))
}

// Tune implements [dsp.Tunable].
func (f *flanger) Tune(name string) func(float64) {
	switch name {
	case "rate":
		return f.lfo.setRate
	case "delay", "depth":
		return f.tap.tune(name, f.rate)
	case "feedback":
		return func(percent float64) {
			f.feedback.Set(percent / 100)
			f.most = math.Max(f.most, math.Abs(percent/100))
		}
	}
	return nil
}
