package cache

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"pgregory.net/rapid"
)

func TestLeastRecentlyUsedGoesFirst(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{MaxBytes: 100_000})
	var keys []Key
	for i := range 10 {
		keys = append(keys, put(t, s, fmt.Sprint(i), noise(fmt.Sprint(i), 15_000)))
		age(t, s.entryPath(keys[i]), time.Duration(20-i)*time.Hour)
	}
	if restore(t, s, keys[1]) == nil { // used just now, though stored early
		t.Fatal("not there")
	}
	done, err := s.GC(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// 150 kB and entries; 90 kB are kept: five blobs. Kept: 1 and 6 to 9.
	if done.Entries != 5 || done.Blobs != 5 || done.Bytes < 75_000 {
		t.Errorf("%+v", done)
	}
	for i, k := range keys {
		if _, ok := s.Peek(k); ok != (i == 1 || i >= 6) {
			t.Errorf("%d: there: %v", i, ok)
		}
	}
	st, err := s.Stats(t.Context())
	if err != nil || st.Bytes > 90_000 || st.Entries != 5 || st.Blobs != 5 || time.Since(st.Oldest) < 13*time.Hour {
		t.Errorf("%+v %v", st, err)
	}
	if done, err := s.GC(t.Context()); err != nil || done != (Trimmed{}) {
		t.Errorf("again: %+v %v", done, err)
	}
}

// The order in which results go is that of their last use, whatever blobs they
// share and whatever their sizes are.
func TestTrimKeepsTheMostRecent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		defer os.RemoveAll(dir)
		s, err := Open(dir, Options{MaxBytes: 25_000})
		if err != nil {
			r.Fatal(err)
		}
		blobs := rapid.SliceOfN(rapid.IntRange(0, 9), 1, 6).Draw(r, "blobs")
		var keys []Key
		for i, b := range blobs {
			path := filepath.Join(dir, "work")
			if err := os.WriteFile(path, noise(fmt.Sprint(b), 1000+3000*b), 0o644); err != nil {
				r.Fatal(err)
			}
			key := keyOf(fmt.Sprint(i))
			if _, err := s.Put(context.Background(), key, Result{Files: map[string]string{"audio": path}, Mode: Copy}); err != nil {
				r.Fatal(err)
			}
			keys = append(keys, key)
			age(t, s.entryPath(key), time.Duration(100-i)*time.Hour)
		}
		before, _ := s.Stats(context.Background())
		done, err := s.GC(context.Background())
		if err != nil {
			r.Fatal(err)
		}
		after, _ := s.Stats(context.Background())
		if before.Bytes <= 25_000 && done != (Trimmed{}) || after.Bytes > 25_000 {
			r.Fatalf("from %d to %d bytes: %+v", before.Bytes, after.Bytes, done)
		}
		if before.Bytes-after.Bytes != done.Bytes || before.Blobs-after.Blobs != done.Blobs {
			r.Fatalf("%+v\n%+v\n%+v", before, after, done)
		}
		there := false
		for i, k := range keys {
			_, ok := s.Peek(k)
			if there && !ok {
				r.Fatalf("%d went before an older one", i)
			}
			there = ok
		}
	})
}

// What others hold open stays whole; what they look for afterwards is a miss.
func TestTrimUnderAReader(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{MaxBytes: 1000})
	other := openStore(t, s.Dir(), Options{})
	want := noise("x", 50_000)
	e, err := s.Put(t.Context(), keyOf("x"), Result{Files: map[string]string{"audio": writeTo(t, filepath.Join(t.TempDir(), "x"), want)}})
	if err != nil {
		t.Fatal(err)
	}
	open, err := other.Open(t.Context(), e.Files["audio"])
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	linked := filepath.Join(t.TempDir(), "linked")
	if _, ok, err := other.Restore(t.Context(), keyOf("x"), map[string]string{"audio": linked}, Link); !ok || err != nil {
		t.Fatal(ok, err)
	}
	got, ok, err := other.Get(t.Context(), keyOf("x"))
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if done, err := s.GC(t.Context()); err != nil || done.Entries != 1 {
		t.Fatal(done, err)
	}
	if b, err := io.ReadAll(open); err != nil || !bytes.Equal(b, want) {
		t.Error("the open file:", err)
	}
	if b, err := os.ReadFile(linked); err != nil || !bytes.Equal(b, want) {
		t.Error("the linked file:", err)
	}
	if f, err := other.Open(t.Context(), got.Files["audio"]); err == nil {
		f.Close()
		t.Error("gone, and yet opened")
	}
	if restore(t, other, keyOf("x")) != nil {
		t.Error("gone, and yet restored")
	}
}

func TestWhatNobodyCanUseGoes(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{MaxBytes: 1 << 30})
	good := put(t, s, "good", noise("good", 1000))
	broken := put(t, s, "broken", noise("broken", 1000))
	e, _ := s.Peek(broken)
	os.Remove(s.blobPath(e.Files["audio"].Digest))
	damaged := put(t, s, "damaged", noise("good", 1000)) // shares its blob
	flip(t, s.entryPath(damaged), 100)
	orphan := keyOf("orphan") // made long ago, stored just now
	made := writeTo(t, filepath.Join(t.TempDir(), "made"), noise("orphan", 1000))
	age(t, made, 2*orphanAge)
	if _, err := s.Put(t.Context(), orphan, Result{Files: map[string]string{"audio": made}}); err != nil {
		t.Fatal(err)
	}
	e, _ = s.Peek(orphan)
	os.Remove(s.entryPath(orphan))
	left := writeTo(t, filepath.Join(s.newDir(), "blob-1"), []byte("half"))
	foreign := writeTo(t, filepath.Join(s.Dir(), "ac", "README"), []byte("mine"))
	if err := s.Remember(Last{Project: "p", Name: "old"}); err != nil {
		t.Fatal(err)
	}

	if done, err := s.GC(t.Context()); err != nil || done.Entries != 2 || done.Blobs != 0 {
		t.Errorf("young: %+v %v", done, err)
	}
	age(t, s.blobPath(e.Files["audio"].Digest), 2*orphanAge)
	age(t, left, 2*orphanAge)
	age(t, s.lastPath("p", "old"), 2*lastAge)
	if done, err := s.GC(t.Context()); err != nil || done.Entries != 0 || done.Blobs != 1 {
		t.Errorf("old: %+v %v", done, err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed process left stays")
	}
	if _, ok := s.Latest("p", "old"); ok {
		t.Error("an action of long ago is remembered")
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error("a file that is not lathe's was removed")
	}
	if restore(t, s, good) == nil {
		t.Error("a good result went")
	}
}

func TestOneTrimsAtATime(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{MaxBytes: 1})
	put(t, s, "x", []byte("x"))
	lock := flock.New(filepath.Join(s.Dir(), "gc.lock"))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	if done, err := s.GC(t.Context()); err != nil || done != (Trimmed{Busy: true}) {
		t.Errorf("%+v %v", done, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Clear(ctx); err == nil {
		t.Error("cleared under a trim")
	}
	lock.Unlock()
	if done, err := s.GC(t.Context()); err != nil || done.Entries != 1 {
		t.Errorf("%+v %v", done, err)
	}
}

func TestClear(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	for i := range 3 {
		put(t, s, fmt.Sprint(i), noise(fmt.Sprint(i), 1000))
	}
	if err := s.Remember(Last{Project: "p", Name: "n"}); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Clear(t.Context()); err != nil || done.Entries != 3 || done.Blobs != 3 {
		t.Errorf("%+v %v", done, err)
	}
	if st, err := s.Stats(t.Context()); err != nil || st.Entries+st.Blobs != 0 || st.Bytes != 0 {
		t.Errorf("%+v %v", st, err)
	}
	put(t, s, "x", []byte("x"))
	if restore(t, s, keyOf("x")) == nil {
		t.Error("not usable after being cleared")
	}
}

// A store that was written to is trimmed when it is closed; one that was only
// read is not.
func TestCloseTrims(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{MaxBytes: 1 << 30})
	put(t, s, "x", noise("x", 10_000))
	s.Close()
	s = openStore(t, dir, Options{MaxBytes: 1000})
	if restore(t, s, keyOf("x")) == nil {
		t.Fatal("gone")
	}
	s.Close()
	if _, ok := s.Peek(keyOf("x")); !ok {
		t.Error("trimmed by a reader")
	}
	s = openStore(t, dir, Options{MaxBytes: 1000})
	put(t, s, "y", noise("y", 10_000))
	s.Close()
	if _, ok := s.Peek(keyOf("x")); ok {
		t.Error("not trimmed")
	}
}
