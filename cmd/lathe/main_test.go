package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lathe-audio/lathe/internal/scratch"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
)

func TestMain(m *testing.M) {
	testscript.Main(scratch.Tests{M: m}, map[string]func(){"lathe": main})
}

// TestCommand runs the terminal sessions in testdata.
func TestCommand(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("EXAMPLES", examples)
			e.Setenv("ENGINE", render.EngineVersion)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"tone": tone, "code": code, "ddp": writeDDP},
	})
}

// tone FILE SECONDS HZ DBFS [RATE]: writes a 24-bit stereo WAV file with a sine.
func tone(ts *testscript.TestScript, _ bool, args []string) {
	number := func(i int, absent float64) float64 {
		if i >= len(args) {
			return absent
		}
		x, err := strconv.ParseFloat(args[i], 64)
		ts.Check(err)
		return x
	}
	path, rate := ts.MkAbs(args[0]), int(number(4, 48000))
	n := int(number(1, 0) * float64(rate))
	x := make([]int32, n)
	level := math.Pow(10, number(3, 0)/20)
	for i := range x {
		x[i] = int32(math.Round(level * 8388607 * math.Sin(2*math.Pi*number(2, 0)*float64(i)/float64(rate))))
	}
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.Create(path)
	ts.Check(err)
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: 2, Bits: 24, Frames: int64(n)})
	ts.Check(err)
	ts.Check(w.WriteInt([][]int32{x, x}))
	ts.Check(w.Close())
}

// code N ARGS...: runs lathe and demands that exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("lathe", args[1:]...)
	got := 0
	if err != nil {
		var exit interface{ ExitCode() int }
		var ok bool
		if exit, ok = err.(interface{ ExitCode() int }); !ok {
			ts.Fatalf("lathe %v: %v", args[1:], err)
		}
		got = exit.ExitCode()
	}
	if got != want || neg {
		ts.Fatalf("lathe %v: exit code %d, want %d", args[1:], got, want)
	}
}

func TestFlagsFirst(t *testing.T) {
	app := newApp(nil, nil)
	for in, want := range map[string]string{
		"lathe build song --jobs 2":          "lathe build --jobs 2 song",
		"lathe build song --jobs=2 --json":   "lathe build --jobs=2 --json song",
		"lathe build --out a b":              "lathe build --out a b",
		"lathe measure a.wav --json b.wav":   "lathe measure --json a.wav b.wav",
		"lathe measure --json -- --odd.wav":  "lathe measure --json -- --odd.wav",
		"lathe build song --only x --only y": "lathe build --only x --only y song",
		"lathe":                              "lathe",
	} {
		if got := fmt.Sprint(flagsFirst(app, strings.Fields(in))); got != fmt.Sprint(strings.Fields(want)) {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
