package container_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/container"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

// late is a processor for tests: it delays, multiplies, and is ducked by its key
// where it has one.
type late struct {
	dsp.Delay
	frames int
	gain   float64
	keyed  bool
	key    dsp.Block // the last it got
}

func newLate(frames int, gain float64, keyed bool) *late {
	return &late{Delay: dsp.NewDelay(frames), frames: frames, gain: gain, keyed: keyed}
}

func (p *late) Process(b dsp.Block) {
	p.Delay.Process(b)
	for ch := range b {
		for i := range b[ch] {
			b[ch][i] *= p.gain
		}
	}
}

func (p *late) Latency() int         { return p.frames }
func (p *late) Tail() int            { return 0 }
func (p *late) KeyLatency(i int) int { return p.frames }

func (p *late) Keys() int {
	if p.keyed {
		return 1
	}
	return 0
}

func (p *late) ProcessKeyed(b dsp.Block, keys []dsp.Block) {
	p.Process(b)
	p.key = keys[0]
	for ch := range b {
		for i := range b[ch] {
			b[ch][i] *= 1 - float64(0.1*keys[0][ch][i])
		}
	}
}

// ducked is late, and the quieter the louder its input is: it can be led.
type ducked struct{ *late }

func newDucked(frames int) ducked { return ducked{newLate(frames, 1, false)} }

func (p ducked) Process(b dsp.Block) { p.duck(b, b); p.late.Process(b) }

func (p ducked) ProcessLed(b, lead dsp.Block, leader dsp.Processor, _ []dsp.Block) {
	p.duck(b, lead)
	p.late.Process(b)
	leader.Process(lead)
}

func (p ducked) duck(b, heard dsp.Block) {
	for ch := range b {
		for i := range b[ch] {
			b[ch][i] *= 1 / (1 + math.Abs(heard[ch][i]))
		}
	}
}

func chainOf(procs ...dsp.Processor) *dsp.Chain {
	var slots []*dsp.Slot
	for _, p := range procs {
		slots = append(slots, dsp.NewSlot("", p, 100))
	}
	return dsp.NewChain(slots...)
}

func kind(t testing.TB, name string) dsp.Kind {
	t.Helper()
	for _, k := range container.Kinds() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind %s", name)
	return dsp.Kind{}
}

func build(t testing.TB, name string, v param.Values, chains map[string][]*dsp.Chain) dsp.Processor {
	t.Helper()
	p, err := kind(t, name).New(dsp.Args{Rate: 48000, Values: v, Chains: chains})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestKindParallel(t *testing.T) {
	dsptest.Run(t, kind(t, "parallel"), dsptest.Case{
		Name: "keyed", Golden: "cb3ce1aa0818847c53013b941d1c04f3d9949b831ccfebf52b705e37b4e72aab",
		Chains: func() map[string][]*dsp.Chain {
			return map[string][]*dsp.Chain{"chain": {chainOf(newLate(3, 0.5, false), newLate(10, 2, true))}}
		},
	}, dsptest.Case{
		Name: "to be led", Golden: "afb5f61d4ff7cd60a3ac12b8e523f399af19f705840e700b2e5866a9d6d440b9", Chains: ledChains("chain"),
	})
}

// ledChains are chains for a container's parameters in which something can be led:
// it hears the same place in the leader's chain.
func ledChains(names ...string) func() map[string][]*dsp.Chain {
	return func() map[string][]*dsp.Chain {
		m := map[string][]*dsp.Chain{}
		for i, name := range names {
			m[name] = append(m[name], chainOf(newLate(i, 0.8, false), newDucked(3), newLate(4, 1, true)))
		}
		return m
	}
}

func TestKindMidSide(t *testing.T) {
	dsptest.Run(t, kind(t, "mid_side"),
		dsptest.Case{Name: "unequal latency, both keyed", Golden: "51a71bc491632b5d7acec7b01714a0cf06a6747d4b44010e192a04db3cc9b0da", Chains: func() map[string][]*dsp.Chain {
			return map[string][]*dsp.Chain{
				"mid":  {chainOf(newLate(3, 1, false), newLate(20, 0.7, true))},
				"side": {chainOf(newLate(7, 0.5, true))},
			}
		}},
		dsptest.Case{Name: "side alone", Golden: "2a5317a11c1721b0e5844f88982eb596e853c59bb25a7f493ffa3faa988d1aaf", Chains: func() map[string][]*dsp.Chain {
			return map[string][]*dsp.Chain{"side": {chainOf(filterBy(filter.HighPass(200, 0.7, 2, 48000)))}}
		}},
		dsptest.Case{Name: "to be led", Golden: "6adebdec3bd0f1929101c4dda4dd9b8ad3c46e81ccdd3caceeea0979c23e6db3", Chains: ledChains("mid", "side")},
	)
}

func TestKindBands(t *testing.T) {
	dsptest.Run(t, kind(t, "bands"),
		dsptest.Case{Name: "three, keyed", Golden: "732f5846b758a45829b771a44c66b44eb75c6410ca1aac86f45736cf570df4a3", Values: param.Values{"split": []float64{120, 2500}}, Chains: func() map[string][]*dsp.Chain {
			return map[string][]*dsp.Chain{"chains": {chainOf(newLate(3, 1, false)), chainOf(), chainOf(newLate(30, 0.5, true))}}
		}},
		dsptest.Case{Name: "five, empty", Golden: "4486cd55fe7a29ecbd6024a638f09d3e2c0893ed78126000a8914dcf8e5b01f3", Values: param.Values{"split": []float64{60, 250, 2000, 8000}}, Chains: func() map[string][]*dsp.Chain {
			return map[string][]*dsp.Chain{"chains": {chainOf(), chainOf(), chainOf(), chainOf(), chainOf()}}
		}, Skip: map[string]string{"latency": "the all-pass of the crossover spreads the impulse"}},
		dsptest.Case{
			Name: "to be led", Golden: "697eceaa857f8cc0321374ac27f57b2c4f739a49401eb70388bc954a19217e6e",
			Values: param.Values{"split": []float64{400, 3000}}, Chains: ledChains("chains", "chains", "chains"),
			Skip: map[string]string{"latency": "the all-pass of the crossover spreads the impulse"},
		},
	)
}

// filterBy makes a processor of sections.
type filtering struct{ *filter.Cascade }

func filterBy(coefs []filter.Coef) dsp.Processor { return filtering{filter.NewCascade(coefs...)} }

func (filtering) Latency() int { return 0 }

// Middle and side come back as left and right, however late either chain is.
func TestMidSideAligns(t *testing.T) {
	p := build(t, "mid_side", nil, map[string][]*dsp.Chain{
		"mid": {chainOf(newLate(5, 1, false))}, "side": {chainOf(newLate(40, 1, false))},
	})
	in := dsptest.Signal(5000, 48000, "align")
	out := dsptest.Play(p, in)
	for i := 40; i < in.Len(); i++ {
		for ch := range in {
			// Two roundings of sums below 2.
			if math.Abs(out[ch][i]-in[ch][i-40]) > 1e-15 {
				t.Fatalf("frame %d of channel %d is %v, want %v", i, ch, out[ch][i], in[ch][i-40])
			}
		}
	}
}

// A gain on the side is the width; on the middle alone it leaves the difference.
func TestMidSideParts(t *testing.T) {
	p := build(t, "mid_side", nil, map[string][]*dsp.Chain{
		"mid": {chainOf(newLate(0, 0.5, false))}, "side": {chainOf(newLate(0, 2, false))},
	})
	b := dsp.Block{{0.8, 0.2}, {0.4, -0.2}}
	p.Process(b)
	want := dsp.Block{{0.3 + 0.4, 0 + 0.4}, {0.3 - 0.4, 0 - 0.4}}
	for ch := range b {
		for i := range b[ch] {
			if math.Abs(b[ch][i]-want[ch][i]) > 1e-15 {
				t.Errorf("channel %d, frame %d is %v, want %v", ch, i, b[ch][i], want[ch][i])
			}
		}
	}
}

// Inside, both channels carry the same signal.
func TestMidSideFeedsBothChannels(t *testing.T) {
	spy := &spy{}
	p := build(t, "mid_side", nil, map[string][]*dsp.Chain{"mid": {chainOf(spy)}})
	p.Process(dsp.Block{{1, 0, 0.5}, {0, 1, 0.25}})
	if diff := cmp.Diff(dsp.Block{{0.5, 0.5, 0.375}, {0.5, 0.5, 0.375}}, spy.heard); diff != "" {
		t.Errorf("the chain for the middle hears (-want +got):\n%s", diff)
	}
}

type spy struct{ heard dsp.Block }

func (s *spy) Process(b dsp.Block) { s.heard = dsptest.Copy(b) }
func (s *spy) Reset()              {}
func (s *spy) Latency() int        { return 0 }
func (s *spy) Tail() int           { return 0 }

// Keys are handed on in the order of the chains, each with the latency of
// what lies before its listener, and Find sees into every chain.
func TestKeysAndFind(t *testing.T) {
	listener := dsp.NewSlot("comp", newLate(2, 1, true), 100)
	chains := []*dsp.Chain{
		chainOf(newLate(4, 1, true)),
		chainOf(),
		dsp.NewChain(dsp.NewSlot("", newLate(10, 1, false), 100), listener),
	}
	p := build(t, "bands", param.Values{"split": []float64{100, 1000}}, map[string][]*dsp.Chain{"chains": chains}).(dsp.Keyed)
	if p.Keys() != 2 || p.KeyLatency(0) != 4 || p.KeyLatency(1) != 12 || p.Latency() != 12 {
		t.Errorf("%d keys, latencies %d and %d, latency %d; want 2, 4, 12, 12", p.Keys(), p.KeyLatency(0), p.KeyLatency(1), p.Latency())
	}
	outer := dsp.NewChain(dsp.NewSlot("", newLate(100, 1, false), 100), dsp.NewSlot("split", p, 100))
	if slot, latency := outer.Find("comp"); slot != listener || latency != 110 {
		t.Errorf("Find gives %v after %d frames, want the listener after 110", slot, latency)
	}
	first, second := dsp.NewBlock(64), dsp.NewBlock(64)
	p.ProcessKeyed(dsp.NewBlock(64), []dsp.Block{first, second})
	if got := listener.Proc.(*late).key; &got[0][0] != &second[0][0] {
		t.Error("the listener in the third band did not get the second key")
	}
}

// Process of a container with listeners inside, but no keys, does not fail.
func TestProcessWithoutKeys(t *testing.T) {
	for name, chains := range map[string]map[string][]*dsp.Chain{
		"parallel": {"chain": {chainOf(newLate(0, 0.5, true))}},
		"mid_side": {"mid": {chainOf(newLate(0, 0.5, true))}, "side": {chainOf(newLate(0, 0.5, true))}},
	} {
		b := dsp.Block{{1}, {0.5}}
		build(t, name, nil, chains).Process(b)
		if diff := cmp.Diff(dsp.Block{{0.5}, {0.25}}, b); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Bands in which nothing happens add up flat: to 1e-9 dB, rounding, where 0.01 dB are
// asked for, at every frequency and between the splits too.
func TestBandsSumFlat(t *testing.T) {
	const rate = 48000
	for _, split := range [][]float64{{1000}, {80, 120}, {120, 2500}, {60, 250, 2000, 8000}} {
		var chains []*dsp.Chain
		for range len(split) + 1 {
			chains = append(chains, chainOf())
		}
		p := build(t, "bands", param.Values{"split": split}, map[string][]*dsp.Chain{"chains": chains})
		out := dsptest.Play(p, dsptest.Impulse(rate, 0, 1))
		for hz := 20.0; hz < 20000; hz *= math.Pow(2, 1.0/3) {
			if db, _ := dsptest.Response(out[0], rate, hz); math.Abs(db) > 1e-9 {
				t.Errorf("split %v: %+.2g dB at %.0f Hz", split, db, hz)
			}
		}
	}
}

// A slot that mixes bands with the dry signal keeps the level at the splits: a
// plain dry path would be 180 degrees off there and cancel.
func TestBandsMixedWithDry(t *testing.T) {
	const hz = 1000
	p := build(t, "bands", param.Values{"split": []float64{hz}}, map[string][]*dsp.Chain{"chains": {chainOf(newLate(7, 1, false)), chainOf()}})
	c := dsp.NewChain(dsp.NewSlot("", p, 50))
	b := dsptest.Sine(48000, 48000, hz, 0.5)
	out := dsptest.Play(c, b)
	peak, _ := dsptest.Peak(out.Cut(24000, 48000))
	if db := 20 * math.Log10(peak/0.5); math.Abs(db) > 0.001 { // 48 samples a period: peaks are hit
		t.Errorf("half bands and half dry are at %.3f dB at the split", db)
	}
	c.Reset()
	again := dsptest.Play(c, dsptest.Sine(48000, 48000, hz, 0.5))
	if diff := cmp.Diff(out[0][:2000], again[0][:2000]); diff != "" {
		t.Errorf("Reset does not reset the dry path:\n%s", diff)
	}
}

func TestBandsCheck(t *testing.T) {
	k := kind(t, "bands")
	for _, c := range []struct {
		v    param.Values
		want []string
	}{
		{param.Values{"split": []float64{100, 1000}, "chains": 3.0}, nil},
		{param.Values{"split": []float64{100, 1000}, "chains": 2.0}, []string{"chains"}},
		{param.Values{"split": []float64{1000, 100}}, []string{"split[1]"}},
		{param.Values{"split": []float64{100, 100}}, []string{"split[1]"}},
	} {
		var got []string
		for _, p := range k.Check(c.v) {
			got = append(got, p.Path)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.v, diff)
		}
	}
	if _, err := k.New(dsp.Args{Rate: 32000, Values: param.Values{"split": []float64{16000}},
		Chains: map[string][]*dsp.Chain{"chains": {chainOf(), chainOf()}}}); err == nil {
		t.Error("a split at half the sample rate was built")
	}
}
