package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// What lathe match prints can be pasted: the song with these lines at the beginning of
// the master's chain, and without its reference, is the same bytes.
func TestMatchCanBePasted(t *testing.T) {
	dir := t.TempDir()
	writeNoise(t, filepath.Join(dir, "stem.wav"), 12, 0.9)
	writeNoise(t, filepath.Join(dir, "ref.wav"), 11, 0.5)
	const song = "lathe: 1\nsong: {title: Paste}\nstems: {a: stem.wav}\nmaster:\n"
	const chain, rest = "  chain:\n", "    - saturator: {drive: 3 dB}\ndeliver: cd\n"
	project := filepath.Join(dir, "lathe.yaml")
	lathe := func(text string, args ...string) string {
		t.Helper()
		if err := os.WriteFile(project, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := run(context.Background(), append([]string{"lathe"}, append(args, project)...), &out, &errs); code != exitDone {
			t.Fatalf("%q: exit code %d\n%s\n%s", args, code, errs.String(), text)
		}
		return out.String()
	}
	output := func() []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, "dist/cd/Paste.wav"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	with := song + "  reference: {files: ref.wav, eq: 90%, width: 40%, dynamics: 50%, phase: linear}\n" + chain + rest
	printed := lathe(with, "match")
	lathe(with, "build")
	matched := output()
	var pasted strings.Builder
	for line := range strings.Lines(printed) {
		pasted.WriteString("    " + line)
	}
	lathe(song+chain+pasted.String()+rest, "build")
	if !bytes.Equal(matched, output()) || !strings.Contains(printed, "on: side") {
		t.Errorf("not the same file with\n%s", printed)
	}
	lathe(song+chain+rest, "build")
	if bytes.Equal(matched, output()) {
		t.Error("the reference changes nothing")
	}
}

// writeNoise writes low-passed stereo noise in a rhythm.
func writeNoise(t *testing.T, path string, seconds int, dull float64) {
	t.Helper()
	const rate = 44100
	noise := seed.New(seed.Of("noise"))
	x := [][]int32{make([]int32, seconds*rate), make([]int32, seconds*rate)}
	mid, side := 0.0, 0.0
	for i := range x[0] {
		beat := math.Exp(-5 * float64(i%(rate/2)) / rate)
		mid += (1 - dull) * (noise.Next()*beat - mid)
		side += (1 - dull*dull) * (0.3*noise.Next() - side)
		x[0][i], x[1][i] = int32(2e6*(mid+side)), int32(2e6*(mid-side))
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: 2, Bits: 24, Frames: int64(len(x[0]))})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteInt(x); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
