// Package dsp is lathe's signal processing. Everything here is pure: no files,
// no YAML, no clock, no goroutines, no global state. Given the same samples it
// gives the same bits on every machine: every product that is added to
// something is written float64(x*y) + z, so that no compiler may fuse the two
// roundings into one, and transcendental functions come from dsp/xmath.
//
// This package holds what all processors share; each family lives in a folder
// of its own (eq, dyn, space, ...), and dsp/catalogue lists them all.
package dsp

import (
	"github.com/lathe-audio/lathe/internal/param"
)

// Block is a stretch of stereo sound: left and right, planar, equally long,
// full scale ±1. Everything inside the engine is stereo; a mono file is two
// equal channels until it is panned, which in filters costs next to nothing.
type Block [2][]float64

// Len returns the length in frames.
func (b Block) Len() int { return len(b[0]) }

// Cut returns frames [from, to) of the block, sharing its memory.
func (b Block) Cut(from, to int) Block { return Block{b[0][from:to], b[1][from:to]} }

// NewBlock returns n frames of silence.
func NewBlock(n int) Block {
	mem := make([]float64, 2*n)
	return Block{mem[:n:n], mem[n:]}
}

// Processor changes sound in place. What it puts out must not depend on how
// the stream is cut into blocks, and Process must not allocate.
type Processor interface {
	// Process replaces the block by the output. Blocks have any length
	// from 0 to [MaxBlock] frames.
	Process(b Block)
	// Reset goes back to the first sample, bit for bit.
	Reset()
	// Latency is the number of frames by which the output lags the input;
	// constant, and compensated by whoever runs the processor.
	Latency() int
	// Tail is the number of frames (beyond the latency) that the output goes
	// on after the input has ended, until what is left of a full-scale input
	// lies below -120 dB.
	Tail() int
}

// MaxBlock is the longest block a processor is given, in frames: two channels
// of float64 stay in a first-level cache together with the processors' state.
const MaxBlock = 1024

// Keyed is a processor that listens to other signals than its input: a
// compressor with a side-chain, or a chain that holds one.
type Keyed interface {
	Processor
	// Keys is how many key signals it takes: 0 when no side-chain was asked for.
	Keys() int
	// KeyLatency is by how many frames key i must lag the processor's input
	// (what lies before the listener inside a chain delays the input too).
	KeyLatency(i int) int
	// ProcessKeyed is Process with the key signals, each as long as b. Keys are
	// not changed.
	ProcessKeyed(b Block, keys []Block)
}

// Led is a processor whose gain moves with the level of what it hears, or whose
// movement begins with it, or one that may hold such processors. It can be led: then
// it does to its own sound what its leader, a twin made from the same [Args], does
// to another sound. Whatever is split
// into parts gets the same gains in every part, so that processed parts add up to
// the processed whole.
type Led interface {
	Processor
	// ProcessLed has leader process lead, and gives b the gains that lead asks for.
	// Both twins are at the same frame and tuned alike; b and lead are equally long
	// and share no memory. keys are the key signals, heard by both; none where the
	// leader has none.
	ProcessLed(b, lead Block, leader Processor, keys []Block)
}

// Phased is a processor whose output has the phase of an all-pass even where it
// changes nothing, as one that splits into bands has. Mixed with a plain dry
// path it would notch the splits out, so its slot turns the dry path along.
type Phased interface {
	Processor
	// TurnDry gives a dry block (already delayed by Latency) the phase of the
	// output. It has a state of its own, which Reset clears too.
	TurnDry(b Block)
}

// Tunable is a processor some of whose settings may move while it runs.
type Tunable interface {
	Processor
	// Tune returns a function that sets the named numeric parameter (in the
	// parameter's unit, from the next Process on), or nil where there is no
	// such parameter or it cannot move. Items are addressed from 1:
	// "bands.2.gain".
	Tune(name string) func(value float64)
}

// Args is what a processor is built from.
type Args struct {
	Rate   int          // sample rate in Hz
	Seed   uint64       // for modulation and noise: keyed by song and place in the graph
	Values param.Values // complete and in range
	// Chains holds the chains of a container, by parameter name; a parameter of
	// type param.Chain has exactly one.
	Chains map[string][]*Chain
	// Files holds the sound of the files, by parameter name: its channels, equally
	// long, at Rate. They are shared, and must not be changed.
	Files map[string][][]float64
}

// Kind is a kind of processor: what the language knows of it, and how it is made.
type Kind struct {
	param.Kind
	// New builds a processor at its first sample. It fails only on what
	// depends on the sample rate ("20 kHz is above half the sample rate").
	New func(Args) (Processor, error)
	// Follows reports whether a leader makes a difference to processors with these
	// settings: they are [Led], or what they do depends on when a sound comes, which a
	// leader's latency decides as well. nil: never. Of a container the chains within it
	// tell.
	Follows func(param.Values) bool
}
