// Package oversample raises the sample rate by 2, 4 or 8 for processing that
// makes new frequencies, and lowers it again. It is a cascade of linear-phase
// half-band stages, each of which doubles the rate.
//
// The first stage has to separate what is next to the audible band: at 44.1 kHz
// it passes 20 kHz and stops from 24.1 kHz. The later ones have room and are
// short. Up and down together are flat to 0.4535 of the rate (20 kHz at 44.1 kHz)
// within 0.001 dB, reject images and aliases that fall below it by more than
// 100 dB, and delay by a whole number of frames.
package oversample

import "github.com/lathe-audio/lathe/dsp"

// MaxFrames is the longest block (at the lower rate) that Up and Down take: short
// enough that eight times as much stays in a first-level cache.
const MaxFrames = 128

// Design of the stages: see halfband. The lengths follow from the transition
// bands, the shape parameters from an attenuation of 104 dB or more by Kaiser's
// formula β = 0.1102(A-8.7).
const (
	firstPairs = 37 // transition 20 kHz .. 24.1 kHz at 44.1 kHz: 147 taps
	firstBeta  = 10.4
	laterPairs = 8 // transition 20 kHz .. 68.2 kHz at 88.2 kHz, and wider: 31 taps
	laterBeta  = 11.3
)

// Stereo over- and undersamples two channels.
type Stereo struct {
	factor  int
	latency int
	stages  []stage // in the order of Up
}

// New returns an oversampler for a factor of 1, 2, 4 or 8. With 1 it does
// nothing. Any other number is taken for the next lower of these.
func New(factor int) *Stereo {
	o := &Stereo{factor: 1}
	for frames := MaxFrames; o.factor*2 <= factor && o.factor < 8; frames *= 2 {
		o.stages = append(o.stages, stage{})
		o.stages[len(o.stages)-1].init(len(o.stages) == 1, frames)
		o.factor *= 2
	}
	// From the inside out: what lies within a stage must take a whole number of
	// frames of the lower rate, so an odd delay is made even by one more sample.
	inner := 0
	for i := len(o.stages) - 1; i >= 0; i-- {
		s := &o.stages[i]
		s.pad = inner % 2
		inner = (inner + s.pad + s.roundTrip()) / 2
	}
	o.latency = inner
	return o
}

// Factor returns the ratio of the rates.
func (o *Stereo) Factor() int { return o.factor }

// Latency returns the delay of Up and Down together, in frames at the lower rate.
func (o *Stereo) Latency() int { return o.latency }

// Up returns the block (at most [MaxFrames] frames) at the higher rate. The
// memory is the oversampler's: it may be changed in place and handed to Down,
// and is valid until the next Up.
func (o *Stereo) Up(b dsp.Block) dsp.Block {
	for i := range o.stages {
		b = o.stages[i].raise(b)
	}
	return b
}

// Down brings the block that Up returned back to the lower rate, into b.
func (o *Stereo) Down(over, b dsp.Block) {
	for i := len(o.stages) - 1; i > 0; i-- {
		lower := o.stages[i-1].out.Cut(0, over.Len()/2)
		o.stages[i].lower(over, lower)
		over = lower
	}
	if len(o.stages) > 0 {
		o.stages[0].lower(over, b)
	}
}

// Reset goes back to the first sample.
func (o *Stereo) Reset() {
	for i := range o.stages {
		o.stages[i].reset()
	}
}
