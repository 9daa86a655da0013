package dsptest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
)

// led: led by its own sound a processor does what it does alone, bit for bit; led by
// another, the parts of a sound come out adding up to the whole.
func (b bench) led(t *testing.T) {
	if _, ok := b.build(t).(dsp.Led); !ok {
		return
	}
	in := Signal(signalLength, b.Rate, "led")
	want := b.play(t, in)
	p := b.pair(t)
	for _, when := range []string{"", "after Reset, "} {
		own, lead := p.play(Copy(in), in, rand.New(rand.NewPCG(1, 0)))
		compare(t, when+"led by itself", own, want)
		compare(t, when+"as the leader", lead, want)
		p.follower.Reset()
		p.leader.Reset()
	}
	b.ledWithoutAllocating(t)
	b.skip(t, "led")

	part, rest := Noise(in.Len(), 1, "part"), Copy(in)
	for ch := range rest {
		for i := range rest[ch] {
			part[ch][i] *= in[ch][i] // a part of nothing is nothing
			rest[ch][i] -= part[ch][i]
		}
	}
	one, _ := b.pair(t).play(part, in, rand.New(rand.NewPCG(2, 0)))
	other, _ := b.pair(t).play(rest, in, rand.New(rand.NewPCG(3, 0)))
	for ch := range want {
		for i, w := range want[ch] {
			// -180 dB: roundings that filters with narrow bands in the bass add up.
			if sum := one[ch][i] + other[ch][i]; !(math.Abs(sum-w) < 1e-9) {
				t.Fatalf("channel %d, frame %d: the parts make %v, the whole %v", ch, i, sum, w)
			}
		}
	}
}

// pair is a processor with the twin that leads it.
type pair struct {
	bench
	follower, leader dsp.Processor
}

func (b bench) pair(t *testing.T) pair { return pair{b, b.build(t), b.build(t)} }

// play sends two sounds through a pair, in blocks of random length.
func (p pair) play(own, lead dsp.Block, rng *rand.Rand) (dsp.Block, dsp.Block) {
	own, lead = Copy(own), Copy(lead)
	keys := p.keys(p.follower, own.Len())
	for from := 0; from < own.Len(); {
		to := min(from+rng.IntN(dsp.MaxBlock+1), own.Len())
		cut := make([]dsp.Block, len(keys))
		for i := range keys {
			cut[i] = keys[i].Cut(from, to)
		}
		p.follower.(dsp.Led).ProcessLed(own.Cut(from, to), lead.Cut(from, to), p.leader, cut)
		from = to
	}
	return own, lead
}

func (b bench) ledWithoutAllocating(t *testing.T) {
	p := b.pair(t)
	own, lead := Noise(dsp.MaxBlock, 0.5, "own"), Noise(dsp.MaxBlock, 0.5, "lead")
	keys := b.keys(p.follower, own.Len())
	led := p.follower.(dsp.Led)
	if n := testing.AllocsPerRun(8, func() { led.ProcessLed(own, lead, p.leader, keys) }); n != 0 {
		t.Errorf("%v allocations where it is led", n)
	}
}
