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

var exciterKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "exciter",
		Version: 1,
		Doc:     "Harmonics of the treble, added to the sound",
		Params: []param.Param{
			{
				Name: "freq", Unit: param.Hz, Min: 500, Max: 16000, Default: 3000.0,
				Doc: "Harmonics are made of what lies above this frequency, and only those above it are added (12 dB/oct, twice)",
			},
			{
				Name: "drive", Unit: param.DB, Min: 0, Max: 36, Default: 6.0,
				Doc: "How far the treble is pushed into the curve: more harmonics, and of a quieter sound",
			},
			{
				Name: "even", Unit: param.Percent, Min: 0, Max: 100, Default: 50.0,
				Doc: "Balance of the harmonics: 0 % is odd ones (3rd, 5th: edge), 100 % even ones (2nd, 4th: air)",
			},
			{
				Name: "amount", Unit: param.Percent, Min: 0, Max: 100, Default: 50.0,
				Doc: "How much of the harmonics is added",
			},
			{
				Name: "oversample", Min: 1, Max: 8, Default: 4.0, Fixed: true,
				Doc: "How many times the sample rate the curve runs at (1, 2, 4 or 8): more keeps aliasing lower",
			},
		},
		Check: checkOversample,
	},
	New: newExciter,
}

// exciter is sound + amount·harmonics, where
//
//	harmonics = high-pass → up → curve → down → high-pass
//
// The first high-pass chooses what is bent, the second takes away the offset and
// the difference tones that bending makes below it. With u = drive·treble, the
// curve is
//
//	((1-even)·(u - tanh u) + even·u·tanh u) / drive
//
// u - tanh u begins with u³/3 and is odd, u·tanh u begins with u² and is even.
// Neither ever exceeds |u|: however it is driven, what is added is no louder than
// the treble itself.
type exciter struct {
	rate      int
	over      *oversample.Stereo
	dry       dsp.Delay
	pre, post *filter.Cascade
	wet       dsp.Block // treble, then harmonics
	bent      []float64 // tanh u of one channel, at the higher rate

	drive, even, amount smooth.Value

	first   float64 // freq at frame 0
	lowest  float64 // lowest freq so far, for Tail
	running bool    // the first frame has been heard
}

func newExciter(a dsp.Args) (dsp.Processor, error) {
	v := a.Values
	e := &exciter{
		rate:   a.Rate,
		over:   oversample.New(int(v.Num("oversample"))),
		pre:    filter.NewCascade(),
		post:   filter.NewCascade(),
		wet:    dsp.NewBlock(oversample.MaxFrames),
		drive:  smooth.New(xmath.Gain(v.Num("drive")), a.Rate),
		even:   smooth.New(v.Num("even")/100, a.Rate),
		amount: smooth.New(v.Num("amount")/100, a.Rate),
		first:  v.Num("freq"),
	}
	e.bent = make([]float64, oversample.MaxFrames*e.over.Factor())
	e.dry = dsp.NewDelay(e.over.Latency())
	e.start()
	return e, nil
}

// start sets the high-passes as they are at frame 0.
func (e *exciter) start() {
	e.running = false
	e.lowest = e.first
	e.setFreq(e.first)
}

func (e *exciter) setFreq(hz float64) {
	e.lowest = math.Min(e.lowest, hz)
	coef := []filter.Coef{filter.BilinearHighPass(hz, filter.ButterworthQ, float64(e.rate))}
	if e.running {
		e.pre.Glide(coef)
		e.post.Glide(coef)
		return
	}
	e.pre.Set(coef)
	e.post.Set(coef)
}

// Process implements [dsp.Processor].
func (e *exciter) Process(b dsp.Block) {
	e.running = e.running || b.Len() > 0
	for at := 0; at < b.Len(); at += oversample.MaxFrames {
		e.process(b.Cut(at, min(at+oversample.MaxFrames, b.Len())))
	}
}

func (e *exciter) process(b dsp.Block) {
	n := b.Len()
	wet := e.wet.Cut(0, n)
	copy(wet[0], b[0])
	copy(wet[1], b[1])
	e.pre.Process(wet)
	over := e.over.Up(wet)
	drives, moves := !e.drive.Begin(n), !e.even.Begin(n)
	if drives || moves {
		factor := e.over.Factor()
		for i := range n {
			e.bend(over.Cut(i*factor, (i+1)*factor), e.drive.Step(), e.even.Step())
		}
	} else {
		e.bend(over, e.drive.Now, e.even.Now)
	}
	e.over.Down(over, wet)
	e.post.Process(wet)
	e.dry.Process(b)
	e.amount.Begin(n)
	amount := e.amount
	left, right := b[0], b[1][:n]
	wetL, wetR := wet[0][:n], wet[1][:n]
	for i := range left {
		a := amount.Step()
		left[i] += float64(a * wetL[i])
		right[i] += float64(a * wetR[i])
	}
	e.amount = amount
}

// bend replaces treble by its harmonics.
func (e *exciter) bend(over dsp.Block, drive, even float64) {
	odd, post := 1-even, 1/drive
	for _, x := range over {
		bent := e.bent[:len(x)]
		copy(bent, x)
		hyperbolic(bent, drive, 0, 0, 1)
		for i, t := range bent {
			u := float64(drive * x[i])
			x[i] = post * (float64(odd*(u-t)) + float64(even*float64(u*t)))
		}
	}
}

// Reset implements [dsp.Processor].
func (e *exciter) Reset() {
	e.over.Reset()
	e.dry.Reset()
	e.pre.Reset()
	e.post.Reset()
	e.drive.Reset()
	e.even.Reset()
	e.amount.Reset()
	e.start()
}

// Latency implements [dsp.Processor]: that of the oversampling filters.
func (e *exciter) Latency() int { return e.over.Latency() }

// Tail implements [dsp.Processor]: the oversampling filters end one latency after
// their middle, and the high-passes ring. It covers the lowest frequency set.
func (e *exciter) Tail() int {
	return e.over.Latency() + 2*filter.BilinearHighPass(e.lowest, filter.ButterworthQ, float64(e.rate)).Tail()
}

// Tune implements [dsp.Tunable].
func (e *exciter) Tune(name string) func(float64) {
	switch name {
	case "freq":
		return e.setFreq
	case "drive":
		return func(db float64) { e.drive.Set(xmath.Gain(db)) }
	case "even":
		return func(percent float64) { e.even.Set(percent / 100) }
	case "amount":
		return func(percent float64) { e.amount.Set(percent / 100) }
	}
	return nil
}
