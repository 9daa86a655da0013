package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// stageBytes is four minutes of stereo in 32-bit float at 48 kHz.
const stageBytes = 4 * 60 * 48000 * 2 * 4

// The cold case is the first use in a process: everything is hashed. (The bytes
// are in the system's file cache; a disk adds its own time.)
func BenchmarkRestoreStage(b *testing.B) {
	dir := b.TempDir()
	s := openStore(b, dir, Options{MaxBytes: 1 << 40})
	key := put(b, s, "stage", noise("stage", stageBytes))
	path := filepath.Join(b.TempDir(), "stage")
	for _, mode := range []struct {
		name string
		Mode
	}{{"link", Link}, {"copy", Copy}} {
		for _, warm := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s,warm=%v", mode.name, warm), func(b *testing.B) {
				b.SetBytes(stageBytes)
				for b.Loop() {
					if !warm {
						clear(s.verified)
					}
					if _, ok, err := s.Restore(b.Context(), key, map[string]string{"audio": path}, mode.Mode); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
			})
		}
	}
}

func BenchmarkPutStage(b *testing.B) {
	s := openStore(b, b.TempDir(), Options{MaxBytes: 1 << 40})
	path := writeTo(b, filepath.Join(b.TempDir(), "stage"), noise("stage", stageBytes))
	b.SetBytes(stageBytes)
	for b.Loop() {
		b.StopTimer()
		os.WriteFile(path+" again", noise("stage", stageBytes), 0o644)
		b.StartTimer()
		if _, err := s.Put(b.Context(), keyOf("stage"), Result{Files: map[string]string{"audio": path + " again"}, Mode: Link}); err != nil {
			b.Fatal(err)
		}
	}
}

// What a build with nothing to do asks of the cache: 50 input files of 5 MB
// whose digests are known, and 50 actions of 100 fields that are there.
func BenchmarkNothingToDo(b *testing.B) {
	dir, inputs := b.TempDir(), b.TempDir()
	s := openStore(b, dir, Options{MaxBytes: 1 << 40})
	var paths []string
	var keys []Key
	for i := range 50 {
		path := writeTo(b, filepath.Join(inputs, fmt.Sprint(i, ".wav")), noise(fmt.Sprint(i), 5<<20))
		paths = append(paths, path)
		d := Describe("1", "strip")
		for f := range 100 {
			d.Add(fmt.Sprintf("strip.chain[eq].bands[%d].gain", f), "-1.5")
		}
		d.Add("strip", fmt.Sprint(i))
		if _, err := s.Put(b.Context(), d.Key(), Result{Files: map[string]string{"audio": path}, Mode: Copy, Description: d}); err != nil {
			b.Fatal(err)
		}
		keys = append(keys, d.Key())
	}
	time.Sleep(coarseWindow + 100*time.Millisecond)
	d := OpenDigests(dir)
	if _, err := d.Files(b.Context(), paths, 2); err != nil {
		b.Fatal(err)
	}
	if err := d.Save(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		d := OpenDigests(dir)
		if _, err := d.Files(b.Context(), paths, 2); err != nil {
			b.Fatal(err)
		}
		for _, k := range keys {
			if _, ok := s.Peek(k); !ok {
				b.Fatal("miss")
			}
		}
		if err := d.Save(); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
