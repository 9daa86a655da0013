package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The test program is also the processes that share a cache, or are killed.
func TestMain(m *testing.M) {
	if role := os.Getenv("LATHE_CACHE_TEST_ROLE"); role != "" {
		if err := helper(role, os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// messages collects warnings.
type messages struct {
	mu   sync.Mutex
	text []string
}

func (m *messages) add(s string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.text = append(m.text, s)
}

func (m *messages) all() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.text, "\n")
}

func (m *messages) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.text)
}

func openStore(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func keyOf(text string) Key { return sha256.Sum256([]byte(text)) }

// noise is n bytes that depend on the seed alone.
func noise(seed string, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8(keyOf(seed)).Read(b)
	return b
}

func writeTo(t testing.TB, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// put stores a result with one file, "audio".
func put(t testing.TB, s *Store, name string, audio []byte) Key {
	t.Helper()
	path := writeTo(t, filepath.Join(t.TempDir(), "audio"), audio)
	if _, err := s.Put(t.Context(), keyOf(name), Result{Files: map[string]string{"audio": path}, Mode: Move}); err != nil {
		t.Fatal(err)
	}
	return keyOf(name)
}

// restore brings the file of [put] back; nil on a miss.
func restore(t testing.TB, s *Store, key Key) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "back")
	_, ok, err := s.Restore(t.Context(), key, map[string]string{"audio": path}, Link)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		if _, err := os.Stat(path); err == nil {
			t.Error("a miss left a file behind")
		}
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// age makes a file look as if it was last used or written some time ago.
func age(t testing.TB, path string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

// filesBelow lists regular files.
func filesBelow(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// flip inverts one bit of a file in its place, keeping its times: what a bad
// disk does.
func flip(t testing.TB, path string, at int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if os.IsPermission(err) { // not root: stored files are read-only
		os.Chmod(path, 0o644)
		f, err = os.OpenFile(path, os.O_RDWR, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// helper is what a process of its own does with a shared cache.
func helper(role, dir, seed string) error {
	ctx := context.Background()
	var damage messages
	s, err := Open(dir, Options{MaxBytes: 4 << 20, Warn: damage.add})
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "cache-test-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	random := rand.New(rand.NewChaCha8(keyOf(seed)))
	rounds := 60
	if role == "put" { // until it is killed
		fmt.Println("started")
		rounds = 1 << 30
	}
	for range rounds {
		name := fmt.Sprint("action ", random.IntN(40))
		if role == "share" {
			path := filepath.Join(work, "back")
			e, ok, err := s.Restore(ctx, keyOf(name), map[string]string{"audio": path}, Mode(random.IntN(2)))
			if err != nil {
				return err
			}
			if ok {
				got, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				if !bytes.Equal(got, actionBytes(name)) || e.Seconds != 1 {
					return fmt.Errorf("%s: other bytes came back", name)
				}
				continue
			}
			if random.IntN(8) == 0 {
				if _, err := s.GC(ctx); err != nil {
					return err
				}
			}
		}
		path := filepath.Join(work, "made")
		if err := os.WriteFile(path, actionBytes(name), 0o644); err != nil {
			return err
		}
		mode := []Mode{Link, Copy, Move}[random.IntN(3)]
		if _, err := s.Put(ctx, keyOf(name), Result{Files: map[string]string{"audio": path}, Mode: mode, Seconds: 1}); err != nil {
			return err
		}
		os.Remove(path) // the next round writes a file of its own
	}
	if damage.count() > 0 {
		return fmt.Errorf("damage seen: %s", damage.all())
	}
	return s.Close()
}

// actionBytes is what an action of the helper makes: 50 kB to 650 kB.
func actionBytes(name string) []byte {
	return noise(name, 50_000+int(keyOf(name)[0])*2_400)
}
