package dsptest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/internal/param"
)

// Case is one setting of a kind that the harness is to check.
type Case struct {
	Name   string
	Values param.Values // laid over the kind's defaults
	Rate   int          // 48000 if not given
	Golden string       // SHA-256 of what comes out, in hex

	// Chains makes the chains of a container, afresh at each call.
	Chains func() map[string][]*dsp.Chain

	// Files are the sound of the files, by parameter name.
	Files map[string][][]float64

	// Skip leaves out checks that do not apply, each with the reason: "latency" where the output has no
	// impulse (only echoes), "led" where parts do not add up to the whole (saturation), "tune" for the tuning
	// as a whole or "tune NAME" for one parameter that is a Number without being able to move.
	Skip map[string]string
}

// signalLength is how much sound the harness plays, in frames: the test
// signal one and a half times.
const signalLength = 24576

// Run checks every promise of [dsp.Processor], [dsp.Keyed] and [dsp.Tunable] for
// each case. The test that calls it must be named TestKind..., see the package
// comment.
func Run(t *testing.T, kind dsp.Kind, cases ...Case) {
	t.Helper()
	if !strings.HasPrefix(t.Name(), "TestKind") {
		t.Fatalf("%s: a test that calls dsptest.Run must be named TestKind..., or the check of golden hashes on other machines does not find it", t.Name())
	}
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	if kind.Version < 1 || kind.Doc == "" {
		t.Errorf("kind %q has no version or no line of documentation", kind.Name)
	}
	var benches []bench
	for _, c := range cases {
		if c.Rate == 0 {
			c.Rate = 48000
		}
		benches = append(benches, bench{kind: kind, Case: c, values: param.Complete(kind.Params, c.Values)})
	}
	t.Run("Golden", func(t *testing.T) {
		for _, b := range benches {
			t.Run(b.Name, b.golden)
		}
	})
	for _, b := range benches {
		t.Run(b.Name, func(t *testing.T) {
			t.Run("settings", b.settings)
			t.Run("cuts", b.cuts)
			t.Run("reset", b.reset)
			t.Run("allocations", b.allocations)
			t.Run("silence", b.silence)
			t.Run("not a number", b.notANumber)
			t.Run("latency", b.latency)
			t.Run("tune", b.tune)
			t.Run("led", b.led)
		})
	}
}

// bench is a case on the test bench.
type bench struct {
	kind   dsp.Kind
	values param.Values
	Case
}

// build makes the processor at its first sample.
func (b bench) build(t *testing.T) dsp.Processor {
	t.Helper()
	args := dsp.Args{Rate: b.Rate, Seed: 1, Values: b.values, Files: b.Files}
	if b.Chains != nil {
		args.Chains = b.Chains()
	}
	p, err := b.kind.New(args)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return p
}

// keys returns the signals a keyed processor listens to.
func (b bench) keys(p dsp.Processor, n int) []dsp.Block {
	k, ok := p.(dsp.Keyed)
	if !ok {
		return nil
	}
	var keys []dsp.Block
	for i := range k.Keys() {
		keys = append(keys, Signal(n, b.Rate, fmt.Sprint("key ", i)))
	}
	return keys
}

func (b bench) skip(t *testing.T, check string) {
	t.Helper()
	if reason := b.Skip[check]; reason != "" {
		t.Skip(reason)
	}
}

// play sends a signal through a new processor.
func (b bench) play(t *testing.T, in dsp.Block) dsp.Block {
	t.Helper()
	p := b.build(t)
	return Play(p, in, b.keys(p, in.Len())...)
}

// settings: the values of the case are ones a user could have written.
func (b bench) settings(t *testing.T) {
	checkRanges(t, "", b.kind.Params, b.values)
	if b.kind.Check != nil {
		for _, p := range b.kind.Check(b.values) {
			t.Errorf("%s: %s", p.Path, p.Message)
		}
	}
}

func checkRanges(t *testing.T, path string, params []param.Param, v param.Values) {
	t.Helper()
	for name := range v {
		if !slices.ContainsFunc(params, func(p param.Param) bool { return p.Name == name }) {
			t.Errorf("%s%s: no such parameter", path, name)
		}
	}
	for _, p := range params {
		ok := true
		switch value := v[p.Name].(type) {
		case nil:
			ok = !p.Required || p.Type == param.Chain || p.Type == param.Chains
		case float64:
			ok = p.Type == param.Number && value >= p.Min && value <= p.Max
		case string:
			ok = p.Type == param.Signal || p.Type == param.File || p.Type == param.Choice && slices.Contains(p.Choices, value) ||
				p.Type == param.Number && p.Auto && value == param.AutoValue
		case bool:
			ok = p.Type == param.Switch
		case []float64:
			ok = p.Type == param.Numbers && inRange(value, p.Min, p.Max)
		case []param.Values:
			ok = p.Type == param.Items
			for i, item := range value {
				checkRanges(t, fmt.Sprintf("%s%s.%d.", path, p.Name, i+1), p.Fields, item)
			}
		default:
			ok = false
		}
		if !ok {
			t.Errorf("%s%s = %v: missing, out of range or of the wrong type (%T)", path, p.Name, v[p.Name], v[p.Name])
		}
	}
}

func inRange(list []float64, low, high float64) bool {
	return !slices.ContainsFunc(list, func(x float64) bool { return !(x >= low && x <= high) })
}

// golden: the bytes that come out are those written in the source.
func (b bench) golden(t *testing.T) {
	CheckGolden(t, b.play(t, Signal(signalLength, b.Rate, "golden")), b.Golden)
}

// CheckGolden compares a block's [Hash] with the one in the source. With
// LATHE_GOLDEN=update in the environment it prints the hash and passes.
func CheckGolden(t *testing.T, out dsp.Block, want string) {
	t.Helper()
	for ch := range out {
		for i, v := range out[ch] {
			if v-v != 0 {
				t.Fatalf("sample %d of channel %d is %v", i, ch, v)
			}
		}
	}
	got := Hash(out)
	switch {
	case os.Getenv("LATHE_GOLDEN") == "update":
		fmt.Printf("%s: Golden: %q\n", t.Name(), got)
	case want == "":
		t.Errorf("no golden hash is written; this is Golden: %q", got)
	case got != want:
		t.Errorf("Golden: %q is what came out, not %q", got, want)
	}
}

// cuts: the output does not depend on how the stream is cut into blocks.
func (b bench) cuts(t *testing.T) {
	in := Signal(signalLength, b.Rate, "cuts")
	want := b.play(t, in)
	for n := range uint64(4) {
		p := b.build(t)
		got := PlayCut(p, in, rand.New(rand.NewPCG(n, 0)), b.keys(p, in.Len())...)
		compare(t, fmt.Sprintf("cut into blocks of random length (%d)", n), got, want)
	}
	p := b.build(t)
	short := in.Cut(0, 2048)
	got := play(p, short, b.keys(p, short.Len()), func() int { return 1 })
	compare(t, "frame by frame", got, want.Cut(0, short.Len()))
}

// compare reports the first sample whose bits differ.
func compare(t *testing.T, how string, got, want dsp.Block) {
	t.Helper()
	for i := range want.Len() {
		for ch := range want {
			if math.Float64bits(got[ch][i]) != math.Float64bits(want[ch][i]) {
				t.Errorf("%s: channel %d, frame %d is %v, want %v", how, ch, i, got[ch][i], want[ch][i])
				return
			}
		}
	}
}

// reset: a processor that has run is as new after Reset.
func (b bench) reset(t *testing.T) {
	in := Signal(signalLength, b.Rate, "reset")
	p := b.build(t)
	keys := b.keys(p, in.Len())
	want := Play(p, in, keys...)
	Play(p, Noise(3001, 1, "reset"), b.keys(p, 3001)...)
	p.Reset()
	compare(t, "after Reset", Play(p, in, keys...), want)
	p.Reset()
	p.Reset()
	compare(t, "after Reset twice", Play(p, in, keys...), want)
}

// allocations: Process does not allocate, whatever the length of the block.
func (b bench) allocations(t *testing.T) {
	p := b.build(t)
	in := Noise(dsp.MaxBlock, 0.5, "allocations")
	keys := b.keys(p, in.Len())
	cut := make([]dsp.Block, len(keys))
	for _, n := range []int{0, 1, 100, dsp.MaxBlock} {
		got := testing.AllocsPerRun(8, func() {
			if len(keys) == 0 {
				p.Process(in.Cut(0, n))
				return
			}
			for i := range keys {
				cut[i] = keys[i].Cut(0, n)
			}
			p.(dsp.Keyed).ProcessKeyed(in.Cut(0, n), cut)
		})
		if got != 0 {
			t.Errorf("%v allocations for a block of %d frames", got, n)
		}
	}
}

// audible is -120 dB below full scale: the floor of [dsp.Processor.Tail].
const audible = 1e-6

// silence: nothing comes out of nothing, and what is left of a full-scale
// input is inaudible when latency and tail are over.
func (b bench) silence(t *testing.T) {
	p := b.build(t)
	const loud = 8192
	if l, tail := p.Latency(), p.Tail(); l < 0 || tail < 0 {
		t.Fatalf("latency is %d, tail is %d", l, tail)
	}
	end := loud + p.Latency() + p.Tail()
	in := dsp.NewBlock(end + 8192)
	silentKeys := make([]dsp.Block, len(b.keys(p, 0)))
	for i := range silentKeys {
		silentKeys[i] = in
	}
	if peak, at := Peak(Play(p, in.Cut(0, loud), cutAll(silentKeys, loud)...)); !(peak < audible) {
		t.Errorf("silence in, %g out at frame %d", peak, at)
	}
	p.Reset()
	noise := Noise(loud, 1, "silence")
	copy(in[0], noise[0])
	copy(in[1], noise[1])
	out := Play(p, in, cutAll(silentKeys, in.Len())...)
	if peak, at := Peak(out.Cut(end, out.Len())); !(peak < audible) {
		t.Errorf("%g (%.1f dB) comes out %d frames after the declared tail of %d", peak, 20*math.Log10(peak), at, p.Tail())
	}
}

func cutAll(blocks []dsp.Block, n int) []dsp.Block {
	out := make([]dsp.Block, len(blocks))
	for i, b := range blocks {
		out[i] = b.Cut(0, n)
	}
	return out
}

// notANumber: whatever was in the input, Reset takes it away, and a NaN is never
// a crash or an endless loop.
func (b bench) notANumber(t *testing.T) {
	in := Signal(8192, b.Rate, "not a number")
	want := b.play(t, in)
	for _, poison := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64} {
		p := b.build(t)
		keys := b.keys(p, in.Len())
		bad, badKeys := Copy(in), make([]dsp.Block, len(keys))
		for i, k := range keys {
			badKeys[i] = Copy(k)
		}
		for _, x := range append(badKeys, bad) {
			x[0][100], x[1][101], x[0][3000] = poison, poison, poison
		}
		Play(p, bad, badKeys...)
		p.Reset()
		compare(t, fmt.Sprintf("Reset after %v", poison), Play(p, in, keys...), want)
	}
}

// latency: an impulse comes out when the processor says.
func (b bench) latency(t *testing.T) {
	b.skip(t, "latency")
	p := b.build(t)
	const at = 100
	in := Impulse(at+2*p.Latency()+4096, at, 0.5)
	_, got := Peak(b.play(t, in))
	if got-at != p.Latency() {
		t.Errorf("the peak of an impulse comes after %d frames, declared are %d", got-at, p.Latency())
	}
	if got := b.build(t).Latency(); got != p.Latency() {
		t.Errorf("latency is %d and then %d", p.Latency(), got)
	}
	if k, ok := p.(dsp.Keyed); ok {
		for i := range k.Keys() {
			if l := k.KeyLatency(i); l < 0 || l > p.Latency() {
				t.Errorf("key %d is to lag by %d frames, the output lags by %d", i, l, p.Latency())
			}
		}
	}
}

// tune: every number that is not Fixed can be moved while sound runs, over its
// whole range, with finite results; setting it to the value it has changes nothing; and
// movements do not depend on cuts.
func (b bench) tune(t *testing.T) {
	b.skip(t, "tune")
	targets := b.targets("", b.kind.Params, b.values)
	if len(targets) == 0 {
		return
	}
	p, ok := b.build(t).(dsp.Tunable)
	if !ok {
		t.Fatalf("%T is not a dsp.Tunable, but has %d numbers that are not Fixed", p, len(targets))
	}
	if p.Tune("no such parameter") != nil {
		t.Error(`Tune("no such parameter") is not nil`)
	}
	for _, target := range targets {
		t.Run(target.path, func(t *testing.T) {
			b.skip(t, "tune "+target.path)
			b.skip(t, "tune "+target.param.Name)
			if b.kind.Still != nil && b.kind.Still(b.values, target.path) != "" {
				if p.Tune(target.path) != nil {
					t.Error("it can be tuned, but Still says that this changes nothing")
				}
				return
			}
			b.tuneOne(t, target)
		})
	}
}

// target is a number that can be tuned.
type target struct {
	path  string
	param param.Param
	value float64
}

func (b bench) targets(path string, params []param.Param, v param.Values) []target {
	var list []target
	for _, p := range params {
		switch value := v[p.Name].(type) {
		case float64:
			if !p.Fixed {
				list = append(list, target{path + p.Name, p, value})
			}
		case []param.Values:
			for i, item := range value {
				list = append(list, b.targets(fmt.Sprintf("%s%s.%d.", path, p.Name, i+1), p.Fields, item)...)
			}
		}
	}
	return list
}

func (b bench) tuneOne(t *testing.T, target target) {
	in := Signal(signalLength, b.Rate, "tune")
	// run plays the signal, setting the parameter at fixed frames, each stretch cut again at random.
	stretch := in.Len() / 8
	run := func(seed uint64, values ...float64) dsp.Block {
		p := b.build(t)
		set := p.(dsp.Tunable).Tune(target.path)
		if set == nil {
			t.Fatalf("Tune(%q) is nil, but the parameter is not Fixed", target.path)
		}
		keys := b.keys(p, in.Len())
		out := dsp.NewBlock(in.Len())
		rng := rand.New(rand.NewPCG(seed, 1))
		for i := range 8 {
			set(values[i%len(values)])
			cut := make([]dsp.Block, len(keys))
			for j := range keys {
				cut[j] = keys[j].Cut(i*stretch, (i+1)*stretch)
			}
			var got dsp.Block
			if seed == 0 {
				got = Play(p, in.Cut(i*stretch, (i+1)*stretch), cut...)
			} else {
				got = PlayCut(p, in.Cut(i*stretch, (i+1)*stretch), rng, cut...)
			}
			copy(out[0][i*stretch:], got[0])
			copy(out[1][i*stretch:], got[1])
		}
		return out
	}
	compare(t, "set to the value it has", run(0, target.value), b.play(t, in))

	low, high := target.param.Min, target.param.Max
	values := []float64{low, high, target.value, (low + high) / 2}
	moved := run(0, values...)
	if peak, at := Peak(moved); !(peak < 1e6) || hasNaN(moved) {
		t.Errorf("moving between %g and %g gives %g at frame %d", low, high, peak, at)
	}
	compare(t, "moved, cut at random", run(1, values...), moved)
}

func hasNaN(b dsp.Block) bool {
	return slices.ContainsFunc(b[0], math.IsNaN) || slices.ContainsFunc(b[1], math.IsNaN)
}
