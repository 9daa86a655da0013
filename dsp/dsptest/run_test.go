package dsptest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
)

// echo is a processor small enough to be seen right at a glance: a delay with feedback.
// faults breaks one promise at a time.
type echo struct {
	fault  string
	line   dsp.Block
	pos    int
	gain   float64
	blocks int
	waste  []float64
}

const echoFrames = 100

func newEcho(fault string, gain float64) *echo {
	return &echo{fault: fault, line: dsp.NewBlock(echoFrames), gain: gain}
}

func (e *echo) Process(b dsp.Block) {
	if e.fault == "allocations" {
		e.waste = make([]float64, b.Len()+1)
	}
	e.blocks++
	gain := e.gain
	if e.fault == "cuts" && e.blocks%7 == 0 {
		gain *= 1 + 0x1p-50
	}
	if e.fault == "silence" {
		gain = 0.9999
	}
	for i := range b[0] {
		for ch := range b {
			y := e.line[ch][e.pos]
			e.line[ch][e.pos] = b[ch][i] + float64(y*gain)
			b[ch][i] = y
		}
		e.pos = (e.pos + 1) % echoFrames
	}
}

func (e *echo) Reset() {
	if e.fault != "reset" {
		clear(e.line[0])
	}
	for i, v := range e.line[1] {
		if e.fault != "not a number" || v-v == 0 {
			e.line[1][i] = 0
		}
	}
	e.pos, e.blocks = 0, 0
}

func (e *echo) Latency() int {
	if e.fault == "latency" {
		return echoFrames - 1
	}
	return echoFrames
}

func (e *echo) Tail() int { return 20 * echoFrames }

func (e *echo) Tune(name string) func(float64) {
	if name != "gain" || e.fault == "tune" {
		return nil
	}
	return func(v float64) { e.gain = v }
}

func kind(fault string) dsp.Kind {
	k := dsp.Kind{
		Kind: param.Kind{Name: "echo", Version: 1, Doc: "repeats", Params: []param.Param{
			{Name: "gain", Max: 0.5, Default: 0.5}}},
		New: func(a dsp.Args) (dsp.Processor, error) { return newEcho(fault, a.Values.Num("gain")), nil },
	}
	if fault == "settings" {
		k.Params[0].Max = 0.4
	}
	return k
}

const echoGolden = "2e3dc9d1a2f5fda247176cfed4d9cb789c8f5208c974721730c11b88c619f555"

// TestKindEcho passes; run by TestHarnessFindsFaults with a fault in the environment, it must not.
func TestKindEcho(t *testing.T) {
	fault, golden := os.Getenv("DSPTEST_FAULT"), echoGolden
	if fault == "Golden" {
		golden = strings.Repeat("0", 64)
	}
	dsptest.Run(t, kind(fault), dsptest.Case{Name: "defaults", Golden: golden})
}

func TestHarnessFindsFaults(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range []string{"Golden", "settings", "cuts", "reset", "allocations", "silence", "not a number", "latency", "tune"} {
		t.Run(fault, func(t *testing.T) {
			cmd := exec.Command(self, "-test.run", "^TestKindEcho$")
			cmd.Env = append(os.Environ(), "DSPTEST_FAULT="+fault, "LATHE_GOLDEN=")
			out, err := cmd.CombinedOutput()
			part := "defaults/" + strings.ReplaceAll(fault, " ", "_")
			if fault == "Golden" {
				part = "Golden/defaults"
			}
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestKindEcho/"+part) {
				t.Errorf("a processor with that fault passed:\n%s", out)
			}
		})
	}
}

func TestGoldenSignal(t *testing.T) {
	dsptest.CheckGolden(t, dsptest.Signal(40000, 48000, "test"), "7cfb38c7e69cc784f179883509fcdb466b64023fac0a2530ccb57210934eb0ed")
	dsptest.CheckGolden(t, dsptest.Noise(1000, 1, "test"), "2e91b077cf71795a529a2e779350d26cdea8a33b60712e6e9f3c2841c2ec3f60")
}
