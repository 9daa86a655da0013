package dsp_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
)

// lag delays, and multiplies by a gain that can be tuned.
type lag struct {
	dsp.Delay
	n, tail int
	gain    float64
}

func newLag(n int, gain float64) *lag { return &lag{Delay: dsp.NewDelay(n), n: n, gain: gain} }

func (l *lag) Process(b dsp.Block) {
	l.Delay.Process(b)
	for ch := range b {
		for i := range b[ch] {
			b[ch][i] *= l.gain
		}
	}
}

func (l *lag) Latency() int { return l.n }
func (l *lag) Tail() int    { return l.tail }

func (l *lag) Tune(name string) func(float64) {
	if name != "gain" {
		return nil
	}
	return func(v float64) { l.gain = v }
}

// listener adds each of its keys to its input, every one times a weight of its own, and delays the
// sum. A key must lag as far as the listener's own look-ahead says.
type listener struct {
	lag
	weights []float64
	late    int
}

func newListener(latency, late int, weights ...float64) *listener {
	return &listener{lag: *newLag(latency, 1), weights: weights, late: late}
}

func (l *listener) Keys() int          { return len(l.weights) }
func (l *listener) KeyLatency(int) int { return l.late }

func (l *listener) ProcessKeyed(b dsp.Block, keys []dsp.Block) {
	for k, w := range l.weights {
		for ch := range b {
			for i := range b[ch] {
				b[ch][i] += w * keys[k][ch][i]
			}
		}
	}
	l.lag.Process(b)
}

// box is a container of chains that run one beside the other (here: they do nothing).
type box struct {
	lag
	inner []*dsp.Chain
}

func (b *box) Inner() []*dsp.Chain { return b.inner }

// plug is a processor without settings.
type plug struct{ dsp.Processor }

// impulses returns where a block is not silent, and how loud.
func impulses(b dsp.Block) map[int]float64 {
	at := map[int]float64{}
	for i, v := range b[0] {
		if v != 0 {
			at[i] = v
		}
	}
	return at
}

func TestDelay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 3000).Draw(t, "frames")
		in := dsptest.Noise(2500, 1, "delay")
		l := newLag(n, 1)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 0))
		for range 2 { // the second time after Reset
			out := dsptest.PlayCut(l, in, rng)
			for ch := range out {
				for i, v := range out[ch] {
					want := 0.0
					if i >= n {
						want = in[ch][i-n]
					}
					if v != want {
						t.Fatalf("delay of %d frames: channel %d, frame %d is %v, want %v", n, ch, i, v, want)
					}
				}
			}
			l.Reset()
		}
	})
}

func TestDelayDoesNotAllocate(t *testing.T) {
	d := dsp.NewDelay(500)
	b := dsp.NewBlock(dsp.MaxBlock)
	if n := testing.AllocsPerRun(10, func() { d.Process(b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestEmptyChainChangesNothing(t *testing.T) {
	c := dsp.NewChain()
	in := dsptest.Noise(100, 1, "empty")
	if out := dsptest.Play(c, in); !cmp.Equal(out, in) || !c.Empty() || c.Latency() != 0 || c.Tail() != 0 || c.Keys() != 0 {
		t.Error("an empty chain does something")
	}
}

func TestChainRunsInOrder(t *testing.T) {
	a, b := newLag(3, 2), newLag(5, 10)
	a.tail, b.tail = 100, 20
	// The listener stands between, so that the gains before and behind it differ.
	c := dsp.NewChain(dsp.NewSlot("", a, 100), dsp.NewSlot("", newListener(0, 0, 1), 100), dsp.NewSlot("", b, 100))
	if c.Empty() || c.Latency() != 8 || c.Tail() != 120 {
		t.Errorf("latency %d, tail %d, want 8 and 120", c.Latency(), c.Tail())
	}
	got := impulses(dsptest.Play(c, dsptest.Impulse(40, 10, 1), dsptest.Impulse(40, 20, 1)))
	if want := (map[int]float64{18: 20, 25: 10}); !cmp.Equal(got, want) {
		t.Errorf("impulses come out at %v, want %v", got, want)
	}
}

// The dry share of a slot is late by the slot's latency, so that the mix does
// not comb, and a chain's latency does not depend on the mix.
func TestMixIsAligned(t *testing.T) {
	for _, test := range []struct {
		mix  float64
		want map[int]float64
	}{
		{100, map[int]float64{17: -1}},
		{25, map[int]float64{17: 0.5}},
		{50, map[int]float64{}}, // wet and dry cancel: to the sample
		{0, map[int]float64{17: 1}},
	} {
		c := dsp.NewChain(dsp.NewSlot("", newLag(7, -1), test.mix))
		if c.Latency() != 7 {
			t.Errorf("mix %g %%: latency %d, want 7", test.mix, c.Latency())
		}
		for n := range uint64(3) {
			c.Reset()
			out := dsptest.PlayCut(c, dsptest.Impulse(3000, 10, 1), rand.New(rand.NewPCG(n, 0)))
			if got := impulses(out); !cmp.Equal(got, test.want) {
				t.Errorf("mix %g %%: %v, want %v", test.mix, got, test.want)
			}
		}
	}
}

// turner is a lag that turns the phase over, and says so.
type turner struct{ *lag }

func (turner) TurnDry(b dsp.Block) {
	for ch := range b {
		for i := range b[ch] {
			b[ch][i] = -b[ch][i]
		}
	}
}

// Where a processor turns the phase, the dry path turns with it.
func TestMixTurnsTheDryPath(t *testing.T) {
	c := dsp.NewChain(dsp.NewSlot("", turner{newLag(7, -1)}, 50))
	got := impulses(dsptest.Play(c, dsptest.Impulse(100, 10, 1)))
	if want := (map[int]float64{17: -1}); !cmp.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestMixCanBeTuned(t *testing.T) {
	s := dsp.NewSlot("", newLag(4, -1), 100)
	set := s.Tune("mix")
	c := dsp.NewChain(s)
	in := dsptest.Noise(300, 1, "mix")
	out := dsp.NewBlock(300)
	for i, percent := range []float64{100, 50, 0} {
		set(percent)
		part := dsptest.Play(c, in.Cut(100*i, 100*i+100))
		copy(out[0][100*i:], part[0])
	}
	for i := 4; i < 300; i++ {
		want := []float64{-1, 0, 1}[i/100] * in[0][i-4]
		if out[0][i] != want {
			t.Fatalf("frame %d is %v, want %v", i, out[0][i], want)
		}
	}
}

func TestSlotTunesItsProcessor(t *testing.T) {
	l := newLag(0, 1)
	s := dsp.NewSlot("", l, 100)
	if s.Tune("pitch") != nil || dsp.NewSlot("", plug{l}, 100).Tune("gain") != nil {
		t.Error("what cannot move has a setter")
	}
	s.Tune("gain")(3)
	if l.gain != 3 {
		t.Errorf("gain is %v, want 3", l.gain)
	}
	if dsp.NewSlot("", plug{l}, 100).Tune("mix") == nil {
		t.Error("the mix of a processor without settings has no setter")
	}
}

// Keys go to the slots that listen, in order, and each is asked for with the latency of all that
// lies before its slot.
func TestKeysFindTheirSlots(t *testing.T) {
	chain := func() *dsp.Chain {
		inner := dsp.NewChain(dsp.NewSlot("", newLag(2, 1), 100), dsp.NewSlot("", newListener(4, 1, 1000), 100))
		return dsp.NewChain(
			dsp.NewSlot("", newLag(10, 1), 100),
			dsp.NewSlot("", newListener(5, 0, 10, 100), 100),
			dsp.NewSlot("", newLag(20, 1), 100),
			dsp.NewSlot("", inner, 100), // a chain is a processor, and keyed
		)
	}
	c := chain()
	if c.Keys() != 3 || c.Latency() != 10+5+20+6 {
		t.Fatalf("%d keys, latency %d", c.Keys(), c.Latency())
	}
	var lags []int
	for i := range 3 {
		lags = append(lags, c.KeyLatency(i))
	}
	if want := []int{10, 10, 10 + 5 + 20 + 2 + 1}; !slices.Equal(lags, want) {
		t.Errorf("keys are to lag by %v, want %v", lags, want)
	}
	keys := []dsp.Block{dsptest.Impulse(200, 50, 1), dsptest.Impulse(200, 60, 1), dsptest.Impulse(200, 70, 1)}
	got := impulses(dsptest.Play(c, dsptest.Impulse(200, 0, 1), keys...))
	want := map[int]float64{
		41:              1,    // the input, late by the latency
		50 + 5 + 20 + 6: 10,   // what comes behind a listener delays what it heard
		60 + 5 + 20 + 6: 100,  //
		70 + 4:          1000, //
	}
	if !cmp.Equal(got, want) {
		t.Errorf("impulses come out at %v, want %v", got, want)
	}
	// Without keys there is nothing to listen to, and nothing to fail on.
	got = impulses(dsptest.Play(plug{chain()}, dsptest.Impulse(200, 0, 1)))
	if want := (map[int]float64{41: 1}); !cmp.Equal(got, want) {
		t.Errorf("without keys impulses come out at %v, want %v", got, want)
	}
}

func TestFindCountsLatency(t *testing.T) {
	left := dsp.NewChain(dsp.NewSlot("left", newLag(100, 1), 100))
	right := dsp.NewChain(dsp.NewSlot("", newLag(30, 1), 100), dsp.NewSlot("right", newLag(1, 1), 100))
	c := dsp.NewChain(
		dsp.NewSlot("first", newLag(3, 1), 100),
		dsp.NewSlot("box", &box{lag: *newLag(100, 1), inner: []*dsp.Chain{left, right}}, 100),
		dsp.NewSlot("last", newLag(5, 1), 100),
	)
	for id, want := range map[string]int{"first": 0, "box": 3, "left": 3, "right": 33, "last": 103} {
		slot, latency := c.Find(id)
		if slot == nil || slot.ID != id || latency != want {
			t.Errorf("Find(%q) = %v, %d, want latency %d", id, slot, latency, want)
		}
	}
	for _, id := range []string{"", "nobody"} {
		if slot, _ := c.Find(id); slot != nil {
			t.Errorf("Find(%q) finds %q", id, fmt.Sprint(slot.ID))
		}
	}
}

func TestChainResetIsAsNew(t *testing.T) {
	chain := func() *dsp.Chain {
		return dsp.NewChain(dsp.NewSlot("", newLag(33, 0.5), 30), dsp.NewSlot("", newListener(7, 0, 2), 80))
	}
	in, key := dsptest.Noise(500, 1, "reset"), dsptest.Noise(500, 1, "key")
	want := dsptest.Play(chain(), in, key)
	c := chain()
	dsptest.Play(c, dsptest.Noise(777, 1, "before"), dsptest.Noise(777, 1, "key before"))
	c.Reset()
	if got := dsptest.Play(c, in, key); !cmp.Equal(got, want) {
		t.Error("after Reset the chain is not as new")
	}
}

func TestChainDoesNotAllocate(t *testing.T) {
	c := dsp.NewChain(dsp.NewSlot("", newLag(33, 0.5), 30), dsp.NewSlot("", newListener(7, 0, 2), 80))
	b, keys := dsptest.Noise(dsp.MaxBlock, 1, "b"), []dsp.Block{dsptest.Noise(dsp.MaxBlock, 1, "k")}
	if n := testing.AllocsPerRun(10, func() { c.ProcessKeyed(b, keys) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
