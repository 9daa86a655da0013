// Package colour adds harmonics and grit: the kinds `saturator`, `exciter` and
// `crusher`.
package colour

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/oversample"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// Kinds lists the processors of this package.
func Kinds() []dsp.Kind { return []dsp.Kind{saturatorKind, exciterKind, crusherKind} }

var saturatorKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "saturator",
		Version: 2,
		Doc:     "Harmonics and rounded peaks: quiet sound passes unchanged, loud sound is bent",
		Params: []param.Param{
			{
				Name: "type", Type: param.Choice, Default: "tape", Choices: []string{"tape", "tube", "tanh", "soft", "hard", "asymmetric"},
				Doc: "tape: odd harmonics, treble saturates first; tube: even harmonics too; tanh: plain and round; soft: third harmonic, then a limit; hard: clips; asymmetric: even harmonics as strong as the bias",
			},
			{
				Name: "drive", Unit: param.DB, Min: 0, Max: 36, Default: 3.0,
				Doc: "How far the sound is pushed into the curve; taken back after it, so that quiet sound keeps its level and peaks come out lower",
			},
			{
				Name: "bias", Unit: param.Percent, Min: 0, Max: 100, Default: 50.0,
				Doc: "Of asymmetric: how far off the middle of its curve it idles, 100 % is where a full-scale sound would reach without drive; the offset is removed",
			},
			{
				Name: "output", Unit: param.DB, Min: -24, Max: 24, Default: 0.0,
				Doc: "Level after the curve",
			},
			{
				Name: "oversample", Min: 1, Max: 8, Default: 4.0, Fixed: true,
				Doc: "How many times the sample rate the curve runs at (1, 2, 4 or 8): more keeps aliasing lower",
			},
		},
		Check: checkOversample,
	},
	New: newSaturator,
}

func checkOversample(v param.Values) []param.Problem {
	switch v.Num("oversample") {
	case 1, 2, 4, 8:
		return nil
	}
	return []param.Problem{{Path: "oversample", Message: "must be 1, 2, 4 or 8"}}
}

// Figures of the types that are more than a curve.
const (
	// Tape saturates treble first because it is recorded with a treble boost that
	// is taken back on playback. Here: a first-order shelf of +4 dB whose slope is
	// centred on 3 kHz, and exactly its inverse after the curve.
	tapeBoost = 4.0    // dB
	tapeHz    = 3000.0 // Hz

	// A valve stage that idles off the middle of its curve bends the two
	// half-waves differently. The bias is in units of full scale at the curve.
	tubeBias = 0.25
	// The offset this makes is removed by a first-order high-pass.
	biasHighpassHz = 2.0 // Hz: -0.04 dB at 20 Hz
)

// saturator is pre filter → up → curve → down → post filter → output gain. The
// filters are first order and run at the lower rate.
type saturator struct {
	over   *oversample.Stereo
	curve  curve        // nil: hard
	hard   [2]clipper   // by channel, for the type that clips
	drive  smooth.Value // gain, not dB
	bias   smooth.Value // of the hyperbolic curve; 0 for those that have none
	biased bool         // the bias can be set
	output smooth.Value

	pre, post *filter.Biquad // nil: none
	tail      int
}

func newSaturator(a dsp.Args) (dsp.Processor, error) {
	s := &saturator{
		over:   oversample.New(int(a.Values.Num("oversample"))),
		drive:  smooth.New(xmath.Gain(a.Values.Num("drive")), a.Rate),
		bias:   smooth.New(0, a.Rate),
		output: smooth.New(xmath.Gain(a.Values.Num("output")), a.Rate),
	}
	offset := filter.BilinearHighPass1(biasHighpassHz, float64(a.Rate))
	pre, post := filter.Identity, filter.Identity
	switch a.Values.Str("type") {
	case "tape":
		s.curve = hyperbolic
		pre = shelf(tapeHz, tapeBoost, a.Rate)
		post = inverse(pre)
	case "tube":
		s.curve = hyperbolic
		s.bias = smooth.New(tubeBias, a.Rate)
		post = offset
	case "asymmetric":
		s.curve = hyperbolic
		s.bias = smooth.New(a.Values.Num("bias")/100, a.Rate)
		s.biased = true
		post = offset
	case "tanh":
		s.curve = hyperbolic
	case "soft":
		s.curve = cubic
	default:
		s.hard = [2]clipper{newClipper(s.over.Factor()), newClipper(s.over.Factor())}
	}
	s.pre, s.post = section(pre), section(post)
	// The oversampling filters, and the clipper's average, end one latency after
	// their middle.
	s.tail = s.Latency() + ring(pre) + ring(post)
	return s, nil
}

// section returns a running filter, or nil for one that does nothing.
func section(c filter.Coef) *filter.Biquad {
	if c == filter.Identity {
		return nil
	}
	return filter.NewBiquad(c)
}

// Process implements [dsp.Processor].
func (s *saturator) Process(b dsp.Block) {
	for at := 0; at < b.Len(); at += oversample.MaxFrames {
		s.process(b.Cut(at, min(at+oversample.MaxFrames, b.Len())))
	}
}

func (s *saturator) process(b dsp.Block) {
	if s.pre != nil {
		s.pre.Process(b)
	}
	over := s.over.Up(b)
	drives, biases := !s.drive.Begin(b.Len()), !s.bias.Begin(b.Len())
	if drives || biases {
		factor := s.over.Factor()
		for i := range b.Len() {
			s.bend(over.Cut(i*factor, (i+1)*factor), s.drive.Step(), s.bias.Step())
		}
	} else {
		s.bend(over, s.drive.Now, s.bias.Now)
	}
	s.over.Down(over, b)
	if s.post != nil {
		s.post.Process(b)
	}
	s.gain(b)
}

// bend puts the block through the curve with a gain before it, and takes the
// gain, and the slope of the curve at its bias, back after it.
func (s *saturator) bend(over dsp.Block, gain, bias float64) {
	if s.curve == nil {
		s.hard[0].process(over[0], 1/gain)
		s.hard[1].process(over[1], 1/gain)
		return
	}
	rest, slope := 0.0, 1.0
	if bias != 0 {
		rest = xmath.Tanh(bias)
		slope -= float64(rest * rest)
	}
	post := 1 / float64(gain*slope)
	s.curve(over[0], gain, bias, rest, post)
	s.curve(over[1], gain, bias, rest, post)
}

func (s *saturator) gain(b dsp.Block) {
	if s.output.Begin(b.Len()) && s.output.Now == 1 {
		return
	}
	right := b[1][:b.Len()]
	for i, l := range b[0] {
		g := s.output.Step()
		b[0][i], right[i] = g*l, g*right[i]
	}
}

// Reset implements [dsp.Processor].
func (s *saturator) Reset() {
	s.over.Reset()
	s.hard[0].reset()
	s.hard[1].reset()
	s.drive.Reset()
	s.bias.Reset()
	s.output.Reset()
	if s.pre != nil {
		s.pre.Reset()
	}
	if s.post != nil {
		s.post.Reset()
	}
}

// Latency implements [dsp.Processor]: that of the oversampling filters, and of
// the clipper.
func (s *saturator) Latency() int { return s.over.Latency() + s.hard[0].latency }

// Tail implements [dsp.Processor].
func (s *saturator) Tail() int { return s.tail }

// Tune implements [dsp.Tunable].
func (s *saturator) Tune(name string) func(float64) {
	switch name {
	case "drive":
		return func(db float64) { s.drive.Set(xmath.Gain(db)) }
	case "bias":
		return func(percent float64) {
			if s.biased {
				s.bias.Set(percent / 100)
			}
		}
	case "output":
		return func(db float64) { s.output.Set(xmath.Gain(db)) }
	}
	return nil
}

// shelf is a first-order high shelf: 0 dB at 0 Hz, db at high frequencies, half
// of it (in dB) at hz. Analogue prototype (1 + s√g/w)/(1 + s/(w√g)), bilinear
// with the centre pre-warped.
func shelf(hz, db float64, rate int) filter.Coef {
	c := 1 / xmath.Tan(math.Pi*hz/float64(rate))
	root := xmath.Gain(db / 2)
	up, down := float64(c*root), c/root
	return filter.Coef{B0: (1 + up) / (1 + down), B1: (1 - up) / (1 + down), A1: (1 - down) / (1 + down)}
}

// inverse undoes a first-order section whose zero lies within the unit circle.
func inverse(c filter.Coef) filter.Coef {
	return filter.Coef{B0: 1 / c.B0, B1: c.A1 / c.B0, A1: c.B1 / c.B0}
}

// ring is the number of frames in which a first-order section falls by 120 dB.
func ring(c filter.Coef) int {
	if c.A1 == 0 {
		return 0
	}
	return int(math.Ceil(-6 * math.Ln10 / xmath.Log(math.Abs(c.A1))))
}
