package main

import (
	"fmt"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/dsp/fft"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// rate is the sample rate of all measurements, in Hz.
const rate = 48000

// lab builds processors and measures them. It keeps the first error, after which
// everything it returns is silence.
type lab struct{ err error }

// settings are a processor's, over its defaults.
type settings = param.Values

// build makes a processor; nil after an error.
func (l *lab) build(kind string, v settings, chains map[string][]*dsp.Chain) dsp.Processor {
	k, ok := catalogue.Lookup(kind)
	if l.err == nil && !ok {
		l.err = fmt.Errorf("there is no kind %q", kind)
	}
	if l.err != nil {
		return nil
	}
	p, err := k.New(dsp.Args{Rate: rate, Seed: 1, Values: param.Complete(k.Params, v), Chains: chains})
	if err != nil {
		l.err = fmt.Errorf("%s %v: %w", kind, v, err)
		return nil
	}
	return p
}

// play returns what a new processor makes of a sound, without its latency. Where it
// listens to another, that is key.
func (l *lab) play(kind string, v settings, in dsp.Block, key ...dsp.Block) dsp.Block {
	return run(l.build(kind, v, nil), in, key)
}

func run(p dsp.Processor, in dsp.Block, keys []dsp.Block) dsp.Block {
	if p == nil {
		return dsp.NewBlock(in.Len())
	}
	late := p.Latency()
	out := padded(in, late)
	for i, k := range keys {
		keys[i] = padded(k, late)
	}
	cuts := make([]dsp.Block, len(keys))
	for at := 0; at < out.Len(); {
		to := min(at+dsp.MaxBlock, out.Len())
		for i, k := range keys {
			cuts[i] = k.Cut(at, to)
		}
		if len(keys) > 0 {
			p.(dsp.Keyed).ProcessKeyed(out.Cut(at, to), cuts)
		} else {
			p.Process(out.Cut(at, to))
		}
		at = to
	}
	return out.Cut(late, out.Len())
}

func padded(b dsp.Block, n int) dsp.Block {
	out := dsp.NewBlock(b.Len() + n)
	copy(out[0], b[0])
	copy(out[1], b[1])
	return out
}

// frames is a time in frames.
func frames(seconds float64) int { return int(float64(seconds * rate)) }

// tone is a sine on both sides; level(i) is its amplitude at frame i.
func tone(n int, hz float64, level func(i int) float64) dsp.Block {
	b := dsp.NewBlock(n)
	for i := range n {
		b[0][i] = float64(level(i) * xmath.SinPi(float64(2*hz*float64(i))/rate))
	}
	copy(b[1], b[0])
	return b
}

func steady(amplitude float64) func(int) float64 { return func(int) float64 { return amplitude } }

// click is a unit impulse on both sides; right is the sign on the right.
func click(n int, right float64) dsp.Block {
	b := dsp.NewBlock(n)
	b[0][0], b[1][0] = 1, right
	return b
}

// constant is 1 on both sides.
func constant(n int) dsp.Block {
	b := dsp.NewBlock(n)
	for i := range n {
		b[0][i], b[1][i] = 1, 1
	}
	return b
}

// between returns n+1 even steps from one number to another; of frequencies, even in
// octaves.
func between(from, to float64, n int) []float64 {
	var all []float64
	for i := range n + 1 {
		all = append(all, from+float64((to-from)*float64(i)/float64(n)))
	}
	return all
}

func octaves(from, to float64, n int) []float64 {
	all := between(xmath.Log(from), xmath.Log(to), n)
	for i, x := range all {
		all[i] = xmath.Exp(x)
	}
	return all
}

// spectrumSize is the length of an impulse response that is looked at, in frames; a
// bin is 0.73 Hz wide.
const spectrumSize = 1 << 16

// response is the magnitude in dB, at frequencies, of an impulse response.
func response(h []float64, at []float64) []xy {
	plan := fft.New(spectrumSize)
	re, im := make([]float64, plan.Bins()), make([]float64, plan.Bins())
	x := make([]float64, spectrumSize)
	copy(x, h)
	plan.Forward(x, re, im)
	power := func(k int) float64 { return float64(re[k]*re[k]) + float64(im[k]*im[k]) }
	var points []xy
	for _, hz := range at {
		bin := float64(hz * spectrumSize / rate)
		k := int(bin)
		part := bin - float64(k)
		between := float64((1-part)*power(k)) + float64(part*power(k+1))
		points = append(points, xy{hz, 10 * xmath.Log10(max(between, 1e-20))})
	}
	return points
}

// amplitude is how strong a frequency is in a sound that lasts whole periods of it.
func amplitude(x []float64, hz float64) float64 {
	var re, im float64
	for i, v := range x {
		sin, cos := xmath.SinPi(float64(2*hz*float64(i))/rate), xmath.CosPi(float64(2*hz*float64(i))/rate)
		re += float64(v * cos)
		im += float64(v * sin)
	}
	return 2 * xmath.Pow(float64(re*re)+float64(im*im), 0.5) / float64(len(x))
}

// decibels is an amplitude in dB, not below -200.
func decibels(x float64) float64 { return xmath.DB(max(x, 1e-10)) }

// steps plays a 1 kHz tone whose level goes through levels (dB), each held for some
// seconds, and returns the level that comes out near the end of each: before its last
// tenth, where a look-ahead may know of the next one.
func (l *lab) steps(kind string, v settings, levels []float64, seconds float64) []xy {
	n := frames(seconds)
	out := l.play(kind, v, tone(n*len(levels), 1000, func(i int) float64 { return xmath.Gain(levels[i/n]) }))
	var points []xy
	for i, db := range levels {
		points = append(points, xy{db, decibels(amplitude(out[0][i*n+n*8/10:i*n+n*9/10], 1000))})
	}
	return points
}

// toneGains plays a tone of each frequency at a level (dB) and returns by how much a
// processor changes it once it has settled.
func (l *lab) toneGains(kind string, v settings, at []float64, level float64) []xy {
	var points []xy
	for _, hz := range at {
		hz = 10 * float64(int(hz/10+0.5)) // whole periods in a tenth of a second
		hz = max(hz, 10)
		const n, whole = rate * 6 / 10, rate / 10
		out := l.play(kind, v, tone(n, hz, steady(xmath.Gain(level))))
		points = append(points, xy{hz, decibels(amplitude(out[0][n-whole:], hz)) - level})
	}
	return points
}

// envelope is the level, in dB, of a sound made from a 1 kHz tone, twice in each of
// its periods: exactly at the tone's peaks. x counts ms.
func envelope(x []float64) []xy {
	const period = rate / 1000
	var points []xy
	for i := period / 4; i < len(x); i += period / 2 {
		v := x[i]
		points = append(points, xy{float64(i) * 1000 / rate, decibels(max(v, -v))})
	}
	return points
}

// gains is the gain in dB between two such sounds.
func gains(in, out []float64) []xy {
	before, after := envelope(in), envelope(out)
	for i := range after {
		after[i].y -= before[i].y
	}
	return after
}

// samples is a sound from one frame to another as it is; x counts ms from the first.
func samples(x []float64, from, to int) []xy {
	var points []xy
	for i, v := range x[from:to] {
		points = append(points, xy{float64(i) * 1000 / rate, v})
	}
	return points
}
