package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// A build that is killed at any moment leaves no half file in dist/, and the
// next build is right without anybody cleaning up. LATHE_LONG=1 kills 200.
func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("kills many builds")
	}
	dir := t.TempDir()
	lathe := filepath.Join(dir, "lathe") // the test program is lathe when called by that name
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, lathe); err != nil {
		t.Fatal(err)
	}
	noiseFile(t, filepath.Join(dir, "a.wav"), 5)
	project := func(gain string) {
		text := "lathe: 1\nsong: {title: Song, artist: Test}\nstems: {a: {file: a.wav, gain: " + gain + "}}\ndeliver: [streaming, cd, broadcast, mix]\n"
		if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := func(after time.Duration) (took time.Duration) {
		c := exec.Command(lathe, "build", dir)
		var said bytes.Buffer
		c.Stderr = &said
		began := time.Now()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if after > 0 {
			time.Sleep(after)
			c.Process.Kill()
		}
		if err := c.Wait(); err != nil && after == 0 {
			t.Fatalf("%v: %s", err, &said)
		}
		return time.Since(began)
	}
	whole := map[string]bool{} // digests of every output of either project
	var long time.Duration
	for _, gain := range []string{"0 dB", "-3 dB"} {
		project(gain)
		long = max(long, build(0))
		for _, sum := range outputs(t, dir) {
			whole[sum] = true
		}
	}
	kills := 30
	if os.Getenv("LATHE_LONG") != "" {
		kills = 200
	}
	moments := rand.New(rand.NewPCG(1, 2))
	for i := range kills {
		project([]string{"0 dB", "-3 dB"}[i%2])
		build(time.Duration(1 + moments.Int64N(int64(long)*5/4)))
		for path, sum := range outputs(t, dir) {
			if !whole[sum] {
				t.Fatalf("kill %d: %s is not a whole output", i, path)
			}
		}
	}
	project("0 dB")
	build(0)
	text, err := os.ReadFile(filepath.Join(dir, "dist", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m render.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	there := outputs(t, dir)
	for _, out := range m.Outputs {
		if there[out.Path] != out.SHA256 {
			t.Errorf("%s is not what the manifest says", out.Path)
		}
	}
	if len(m.Outputs) != 4 || len(there) != 4 {
		t.Errorf("%d outputs in the manifest and %d in dist, want 4", len(m.Outputs), len(there))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".lathe", "tmp", "*")); len(left) > 0 {
		t.Errorf("killed builds left %v", left)
	}
}

// outputs lists what lies in dist, but for the manifest, with its digests.
func outputs(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	dist := filepath.Join(dir, "dist")
	err := filepath.WalkDir(dist, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "manifest.json" || e.Name() == "report.md" {
			return err
		}
		if strings.HasPrefix(e.Name(), ".lathe-") { // the manifest on its way
			return nil
		}
		data, err := os.ReadFile(path)
		sum := sha256.Sum256(data)
		rel, _ := filepath.Rel(dist, path)
		all[filepath.ToSlash(rel)] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func noiseFile(t *testing.T, path string, seconds int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	noise := rand.New(rand.NewPCG(3, 4))
	x := make([]int32, seconds*48000)
	for i := range x {
		x[i] = int32(noise.Int64N(1<<22)) - 1<<21
	}
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: 48000, Channels: 2, Bits: 24, Frames: int64(len(x))})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteInt([][]int32{x, x}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
