package modulation

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

var phaserKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "phaser",
		Version: 1,
		Doc:     "The sound and a phase-shifted one in equal parts: a few notches that wander",
		Params: []param.Param{
			{
				Name: "stages", Min: 2, Max: maxStages, Default: 4.0, Fixed: true,
				Doc: "All-pass stages (2, 4, 6, 8, 10 or 12): every two make a notch",
			},
			rateParam(0.3),
			{
				Name: "low", Unit: param.Hz, Min: 20, Max: 10000, Default: 200.0,
				Doc: "Lower end of the sweep: the middle of the notches' frequencies",
			},
			{
				Name: "high", Unit: param.Hz, Min: 20, Max: 10000, Default: 2000.0,
				Doc: "Upper end of the sweep",
			},
			feedbackParam(30),
			stereoParam(0),
			phaseParam(0.0),
		},
		Check: func(v param.Values) []param.Problem {
			var problems []param.Problem
			if n := v.Num("stages"); n != 2*math.Trunc(n/2) {
				problems = append(problems, param.Problem{Path: "stages", Message: "must be 2, 4, 6, 8, 10 or 12"})
			}
			if v.Num("low") > v.Num("high") {
				problems = append(problems, param.Problem{Path: "low", Message: "must not be above high"})
			}
			return problems
		},
	},
	New:     newPhaser,
	Follows: moves,
}

const (
	maxStages = 12

	// phaserGrid is how often, in frames, the corner is reckoned anew; its
	// coefficient goes in a straight line in between.
	phaserGrid = 16

	hushEvery = 1024
)

// phaser is, for each channel, with A for the stages one after the other,
//
//	loop = input + feedback·A(loop);  output = level·(loop + A(loop))/2
//
// As in the flanger, the notches are complete at any feedback, and the level is
// √(1-feedback). The loop has no delay: what A will put out is a·loop + (what its
// states hold) before loop is known, so the equation is solved for loop.
//
// All stages are first-order all-passes with the same corner, which moves
// between low and high in octaves.
type phaser struct {
	lfo      lfo
	feedback smooth.Value
	low      smooth.Value // base-2 logarithms, stepped once a grid
	high     smooth.Value
	ahead    uint64
	rate     float64
	channels [2]stages
	left     int // frames left of the grid
	age      int // frames since the states were last looked at for quiet
	lowest   float64
	most     float64
	first    param.Values
}

// stages is the all-passes of one channel: y = a·x + s, s = x - a·y.
type stages struct {
	s       [maxStages]float64
	n       int
	a, step float64
	target  float64 // a at the end of the grid
}

func newPhaser(a dsp.Args) (dsp.Processor, error) {
	v := a.Values
	grid := a.Rate / phaserGrid
	p := &phaser{
		lfo:      newLFO(a),
		feedback: smooth.New(v.Num("feedback")/100, a.Rate),
		low:      smooth.New(xmath.Log2(v.Num("low")), grid),
		high:     smooth.New(xmath.Log2(v.Num("high")), grid),
		ahead:    turn(v.Num("stereo_phase") / 360),
		rate:     float64(a.Rate),
		first:    v,
	}
	n := int(v.Num("stages"))
	p.channels[0].n, p.channels[1].n = n, n
	p.start()
	return p, nil
}

// start goes to frame 0.
func (p *phaser) start() {
	p.left, p.age = 0, 0
	p.lowest = p.first.Num("low")
	p.most = math.Abs(p.first.Num("feedback") / 100)
	for ch := range p.channels {
		p.channels[ch] = stages{n: p.channels[ch].n, target: math.NaN()}
	}
}

// coefficient is that of the all-pass for a movement from -1 to 1.
func (p *phaser) coefficient(m float64) float64 {
	low, high := p.low.Now, p.high.Now
	hz := xmath.Exp2(low + float64((high-low)*float64((1+m)/2)))
	t := xmath.Tan(math.Pi * math.Min(hz/p.rate, 0.49))
	return (t - 1) / (t + 1)
}

// Process implements [dsp.Processor].
func (p *phaser) Process(b dsp.Block) {
	p.feedback.Begin(b.Len())
	if b.Len() > 0 && p.left == 0 {
		p.nextGrid()
	}
	for b.Len() > 0 {
		n := min(b.Len(), p.left)
		feedback := p.feedback // both channels go the same way
		p.channels[0].run(b[0][:n], feedback)
		p.feedback = p.channels[1].run(b[1][:n], feedback)
		p.lfo.advance(n)
		if p.left -= n; p.left == 0 && n < b.Len() {
			p.nextGrid()
		}
		b = b.Cut(n, b.Len())
	}
}

// nextGrid aims the coefficients at where they are to be a grid from here.
func (p *phaser) nextGrid() {
	p.left = phaserGrid
	if p.age += phaserGrid; p.age == hushEvery {
		p.age = 0
		p.channels[0].hush()
		p.channels[1].hush()
	}
	for ch := range p.channels {
		s := &p.channels[ch]
		phase := p.lfo.phase + uint64(ch)*p.ahead
		if s.a = s.target; math.IsNaN(s.a) { // at frame 0
			s.a = p.coefficient(sinTurn(fold(phase)))
		}
		s.target = p.coefficient(sinTurn(fold(phase + phaserGrid*p.lfo.step)))
		s.step = (s.target - s.a) / phaserGrid
	}
	p.low.Begin(1)
	p.high.Begin(1)
	p.low.Step()
	p.high.Step()
}

// run processes a stretch within a grid and returns the feedback after it.
func (s *stages) run(x []float64, feedback smooth.Value) smooth.Value {
	state := s.s[:s.n]
	a := s.a
	for i, in := range x {
		fb := feedback.Step()
		direct, held := 1.0, 0.0
		for _, z := range state {
			direct *= a
			held = float64(a*held) + z
		}
		loop := (in + float64(fb*held)) / (1 - float64(fb*direct))
		v := loop
		for k, z := range state {
			y := float64(a*v) + z
			state[k] = v - float64(a*y)
			v = y
		}
		x[i] = float64(0.5*math.Sqrt(1-fb)) * (loop + v)
		a += s.step
	}
	s.a = a
	return feedback
}

// hush sets states that have decayed to rest, before they reach the denormal numbers.
func (s *stages) hush() {
	for k, z := range s.s {
		s.s[k] = audible(z)
	}
}

// Reset implements [dsp.Processor].
func (p *phaser) Reset() {
	p.lfo.reset()
	p.feedback.Reset()
	p.low.Reset()
	p.high.Reset()
	p.start()
}

// Latency implements [dsp.Processor]: none.
func (p *phaser) Latency() int { return 0 }

// Tail implements [dsp.Processor]: it covers the lowest corner and the most feedback
// that have been set. With w = 2π·corner, n stages ring like tⁿ⁻¹e⁻ʷᵗ, which is
// below -120 dB after (14 + 3n)/w; a feedback of f makes poles of which the slowest
// decays with w·ln(1/f)/2n, as if f were met every 2n/w.
func (p *phaser) Tail() int {
	w := 2 * math.Pi * p.lowest
	n := float64(p.channels[0].n)
	seconds := (14 + float64(3*n) + float64(2*n*(decay(p.most)-1))) / w
	return int(math.Ceil(p.rate * seconds))
}

// Tune implements [dsp.Tunable].
func (p *phaser) Tune(name string) func(float64) {
	switch name {
	case "rate":
		return p.lfo.setRate
	case "low":
		return func(hz float64) {
			p.low.Set(xmath.Log2(hz))
			p.lowest = math.Min(p.lowest, hz)
		}
	case "high":
		return func(hz float64) {
			p.high.Set(xmath.Log2(hz))
			p.lowest = math.Min(p.lowest, hz)
		}
	case "feedback":
		return func(percent float64) {
			p.feedback.Set(percent / 100)
			p.most = math.Max(p.most, math.Abs(percent/100))
		}
	}
	return nil
}
