package eq

import (
	"fmt"
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/conv"
	"github.com/lathe-audio/lathe/dsp/fft"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// linear is the equaliser with linear phase: symmetric impulse responses with
// the magnitude of the analogue curves, nothing else. Bands that work on both
// channels go with any others, so there is one convolution, or two where bands
// on left or right and bands on middle or side are both asked for: these do not
// commute, and so each such group runs in its turn.
type linear struct {
	stages  []stage
	latency int
	tail    int
}

// stage is one convolution, of left and right or of middle and side.
type stage struct {
	midSide bool
	conv    *conv.Convolver
}

// curve is a product of analogue filters.
type curve []filter.Prototype

// newLinear fails where a band is too narrow for any reasonable length.
func newLinear(bands []band, rate float64) (*linear, error) {
	l := &linear{}
	for _, g := range groups(bands) {
		irs, err := g.design(rate)
		if err != nil {
			return nil, err
		}
		c := conv.New(irs[0], irs[1])
		l.stages = append(l.stages, stage{g.midSide, c})
		half := (len(irs[0]) - 1) / 2
		l.latency += half + c.Latency()
		l.tail += half
	}
	return l, nil
}

// Process implements [dsp.Processor].
func (l *linear) Process(b dsp.Block) {
	for _, s := range l.stages {
		if !s.midSide {
			s.conv.Process(b)
			continue
		}
		encode(b)
		s.conv.Process(b)
		decode(b)
	}
}

// Reset implements [dsp.Processor].
func (l *linear) Reset() {
	for _, s := range l.stages {
		s.conv.Reset()
	}
}

// Latency implements [dsp.Processor]: half of each impulse response, and what
// its convolution takes.
func (l *linear) Latency() int { return l.latency }

// Tail implements [dsp.Processor]: the other half.
func (l *linear) Tail() int { return l.tail }

// group is consecutive bands that one convolution can do.
type group struct {
	midSide bool
	curves  [2]curve // left and right, or middle and side
	same    bool     // both curves are one: all bands work on both channels
	tight   string   // the narrowest band, for messages
	width   float64  // and its bandwidth in Hz
}

func groups(bands []band) []*group {
	var out []*group
	var g *group
	for i, b := range bands {
		if b.flat() {
			continue
		}
		midSide := isMidSide(b.on)
		if g == nil || !g.same && b.on != onStereo && midSide != g.midSide {
			g = &group{same: true, width: math.Inf(1)}
			out = append(out, g)
		}
		if b.on != onStereo {
			g.same, g.midSide = false, midSide
		}
		g.add(b, b.name(i))
	}
	return out
}

func (g *group) add(b band, name string) {
	if b.on != onRight && b.on != onSide {
		g.curves[0] = b.appendPrototypes(g.curves[0])
	}
	if b.on != onLeft && b.on != onMid {
		g.curves[1] = b.appendPrototypes(g.curves[1])
	}
	if width := b.hz / b.q; width < g.width {
		g.width, g.tight = width, name
	}
}

// The length of an impulse response is found by trying: from minTaps+1 on it
// is doubled until the curve, computed back from the finished response, lies
// within tolerance of the analogue one from 10 Hz to 20 kHz (or 0.9 of half the
// sample rate). The longest is 2.7 s at 48 kHz.
const (
	shortest = 1 << 11 // at up to 48 kHz; in proportion above
	longest  = 1 << 17
)

// tolerance is how far the computed magnitude may be from the wanted one: 0.02
// dB, or where a filter has taken away nearly everything, -90 dB. A notch has a
// corner at its bottom, which no response of finite length resolves: where it has
// taken away 12 dB and more, -34 dB from the curve is enough.
func (c curve) tolerance(want float64) float64 {
	if want < 0.25 && slices.ContainsFunc(c, filter.Prototype.IsNotch) {
		return 0.02
	}
	return float64(0.0023*want) + 3e-5
}

// design makes the two impulse responses, symmetric and equally long.
func (g *group) design(rate float64) ([2][]float64, error) {
	scale := 1
	for 48000*float64(scale) < rate {
		scale *= 2
	}
	for size := shortest * scale; ; size *= 2 {
		irs, off := g.try(size, rate)
		if off <= 0 {
			return irs, nil
		}
		if size == longest*scale {
			return irs, fmt.Errorf("%s is too narrow for linear phase: even %.1f s of impulse response do not resolve it; choose a lower q, or phase: minimum",
				g.tight, float64(size)/rate)
		}
	}
}

// try designs for size-1 taps; off is above 0 where the result is out of
// tolerance.
func (g *group) try(size int, rate float64) (irs [2][]float64, off float64) {
	d := newDesigner(size, rate)
	irs[0], off = d.design(g.curves[0])
	if g.same {
		irs[1] = irs[0]
		return irs, off
	}
	other := off
	irs[1], other = d.design(g.curves[1])
	return irs, max(off, other)
}

// oversampling is how much finer the designer looks at a curve than the
// impulse response resolves it.
const oversampling = 4

// designer holds the memory for designs of one size.
type designer struct {
	size   int
	rate   float64
	plan   *fft.Plan
	want   []float64
	re, im []float64
	time   []float64
}

func newDesigner(size int, rate float64) *designer {
	plan := fft.New(oversampling * size)
	return &designer{
		size: size, rate: rate, plan: plan,
		want: make([]float64, plan.Bins()),
		re:   make([]float64, plan.Bins()), im: make([]float64, plan.Bins()),
		time: make([]float64, plan.Len()),
	}
}

// design samples the curve, goes over to the time domain, and keeps the middle
// of the response through a window that is 1 over its inner half: what the curve
// is made of stays as it is, and only the last of its ringing is faded out.
func (d *designer) design(c curve) (ir []float64, off float64) {
	for k := range d.want {
		d.want[k] = filter.AnalogMagnitude(c, d.hz(k))
		d.im[k] = 0
	}
	d.plan.Inverse(d.want, d.im, d.time)

	half := d.size/2 - 1
	ir = make([]float64, 2*half+1)
	clear(d.time[half+1 : len(d.time)-half])
	for n := range half + 1 {
		h := d.time[n] * fade(float64(n)/float64(half+1))
		ir[half+n], ir[half-n] = h, h
		d.time[n] = h
		d.time[(len(d.time)-n)%len(d.time)] = h
	}

	d.plan.Forward(d.time, d.re, d.im)
	off = math.Inf(-1)
	for k, want := range d.want {
		if hz := d.hz(k); hz >= 10 && hz <= min(20000, 0.45*d.rate) {
			off = max(off, math.Abs(d.re[k]-want)-c.tolerance(want))
		}
	}
	return ir, off
}

func (d *designer) hz(bin int) float64 { return float64(bin) * d.rate / float64(d.plan.Len()) }

// fade is the right half of the window, over 0..1.
func fade(x float64) float64 {
	if x <= 0.5 {
		return 1
	}
	return 0.5 - float64(0.5*xmath.Cos(2*math.Pi*x))
}
