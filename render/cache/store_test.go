package cache

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsPutComesBack(t *testing.T) {
	t.Parallel()
	for _, in := range []Mode{Link, Copy, Move} {
		for _, out := range []Mode{Link, Copy} {
			t.Run(fmt.Sprint(in, out), func(t *testing.T) {
				s := openStore(t, t.TempDir(), Options{})
				work := t.TempDir()
				audio, report := noise("audio", 300_000), []byte("report")
				files := map[string]string{
					"audio":  writeTo(t, filepath.Join(work, "a"), audio),
					"report": writeTo(t, filepath.Join(work, "r"), report),
					"empty":  writeTo(t, filepath.Join(work, "e"), nil),
				}
				var d Description
				d.Add("gain", "-2 dB")
				stored, err := s.Put(t.Context(), keyOf("x"), Result{Files: files, Mode: in, Meta: map[string]float64{"peak": 0.5}, Description: d, Seconds: 1.5})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := os.Stat(files["audio"]); (err == nil) == (in == Move) {
					t.Errorf("after storing with mode %d: %v", in, err)
				}
				back := map[string]string{"audio": filepath.Join(work, "a2"), "report": filepath.Join(work, "r2"), "empty": filepath.Join(work, "e2")}
				writeTo(t, back["report"], []byte("something older"))
				for range 2 { // a second time over the first
					e, ok, err := s.Restore(t.Context(), keyOf("x"), back, out)
					if err != nil || !ok {
						t.Fatal(ok, err)
					}
					if diff := cmp.Diff(stored, e); diff != "" {
						t.Error(diff)
					}
				}
				for name, want := range map[string][]byte{"audio": audio, "report": report, "empty": nil} {
					if got, err := os.ReadFile(back[name]); err != nil || !bytes.Equal(got, want) {
						t.Errorf("%s: %v, %d bytes", name, err, len(got))
					}
				}
				f, err := s.Open(t.Context(), stored.Files["audio"])
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, audio) {
					t.Error("Open gives other bytes", err)
				}
				if left := filesBelow(t, s.newDir()); len(left) > 0 {
					t.Error("left behind:", left)
				}
			})
		}
	}
}

// TestVouch: a digest that was vouched for saves reading the file, and only that file.
func TestVouch(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir(), Options{})
	path := writeTo(t, filepath.Join(t.TempDir(), "a"), noise("audio", 1000))
	put := func() Digest {
		e, err := s.Put(t.Context(), keyOf("x"), Result{Files: map[string]string{"audio": path}})
		if err != nil {
			t.Fatal(err)
		}
		return e.Files["audio"].Digest
	}
	said := Digest{1}
	s.Vouch(path, said)
	if got := put(); got != said {
		t.Errorf("stored as %s: read in spite of what was said", got)
	}
	// Whoever reads it elsewhere finds out.
	other := openStore(t, s.Dir(), Options{})
	if _, ok, err := other.Restore(t.Context(), keyOf("x"), map[string]string{"audio": filepath.Join(t.TempDir(), "b")}, Link); ok || err != nil {
		t.Errorf("what was vouched for wrongly comes out (%v)", err)
	}
	os.Remove(path)
	writeTo(t, path, noise("other audio", 999))
	if got := put(); got == said {
		t.Error("vouched for a file that has changed since")
	}
}

func TestUnknownIsAMiss(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	if _, ok, err := s.Get(t.Context(), keyOf("x")); ok || err != nil {
		t.Error(ok, err)
	}
	put(t, s, "x", []byte("x"))
	if _, ok, err := s.Restore(t.Context(), keyOf("x"), map[string]string{"video": filepath.Join(t.TempDir(), "v")}, Link); ok || err != nil {
		t.Error("a file that the entry does not name:", ok, err)
	}
}

// An output is somebody's to change; the cache keeps its own bytes.
func TestChangedCopyLeavesTheCacheAlone(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	want := noise("audio", 10_000)
	out := writeTo(t, filepath.Join(t.TempDir(), "out.wav"), want)
	if _, err := s.Put(t.Context(), keyOf("x"), Result{Files: map[string]string{"audio": out}, Mode: Copy}); err != nil {
		t.Fatal(err)
	}
	flip(t, out, 5_000)
	if _, ok, err := s.Restore(t.Context(), keyOf("x"), map[string]string{"audio": out}, Copy); !ok || err != nil {
		t.Fatal(ok, err)
	}
	flip(t, out, 5_000)
	if got := restore(t, s, keyOf("x")); !bytes.Equal(got, want) {
		t.Error("the stored bytes changed with the output")
	}
}

// Every file of the store is damaged in turn, at its first, a middle and its
// last byte. What comes back is right or does not come back; and it can be
// stored again.
func TestFlippedByteNeverComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := map[string][]byte{}
	fill := func(s *Store) {
		for i := range 6 {
			name := fmt.Sprint("action ", i)
			content[name] = noise(fmt.Sprint(i/2), 40_000) // pairs share a blob
			put(t, s, name, content[name])
			if err := s.Remember(Last{Project: "p", Name: name, Key: keyOf(name), Description: Description{{"a", name}}}); err != nil {
				t.Fatal(err)
			}
		}
		input := writeTo(t, filepath.Join(t.TempDir(), "in.wav"), []byte("stem"))
		d := OpenDigests(dir)
		if _, _, err := d.File(t.Context(), input); err != nil {
			t.Fatal(err)
		}
		if err := d.Save(); err != nil {
			t.Fatal(err)
		}
	}
	fill(openStore(t, dir, Options{}))
	files := filesBelow(t, dir)
	damaged := 0
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() == 0 || filepath.Dir(path) == dir && filepath.Base(path) != digestsName {
			continue // locks, .gitignore: nothing is read from them
		}
		for place := range int64(3) {
			if info, err = os.Stat(path); err != nil { // rewritten since the last round
				t.Fatal(err)
			}
			at := (info.Size() - 1) * place / 2
			damaged++
			flip(t, path, at)
			var warned messages
			s := openStore(t, dir, Options{Warn: warned.add}) // as a process of its own
			for name, want := range content {
				// Links and copies are verified in different places.
				for _, mode := range []Mode{Link, Copy} {
					back := filepath.Join(t.TempDir(), "back")
					e, ok, err := s.Restore(t.Context(), keyOf(name), map[string]string{"audio": back}, mode)
					if err != nil {
						t.Fatal(err)
					}
					if got, _ := os.ReadFile(back); ok && !bytes.Equal(got, want) {
						t.Fatalf("%s damaged at %d: other bytes came back", path, at)
					} else if ok {
						f, err := s.Open(t.Context(), e.Files["audio"])
						if err != nil {
							t.Fatal(err)
						}
						f.Close()
					}
				}
				if l, ok := s.Latest("p", name); ok && (l.Key != keyOf(name) || l.Description[0].Value != name) {
					t.Fatalf("%s damaged at %d: another description came back", path, at)
				}
			}
			if rel, _ := filepath.Rel(dir, path); strings.HasPrefix(rel, "ac") || strings.HasPrefix(rel, "cas") {
				if warned.count() != 1 || !strings.Contains(warned.all(), path) {
					t.Errorf("%s damaged at %d: warnings %q", path, at, warned.all())
				}
			}
			if _, err := os.Stat(path); strings.Contains(path, "/cas/") && err == nil {
				t.Errorf("%s damaged at %d: it is still there", path, at)
			}
			if d := OpenDigests(dir); filepath.Base(path) == digestsName && len(d.records) != 0 {
				t.Fatalf("digests damaged at %d are believed", at)
			}
			fill(s)
			for name, want := range content {
				if got := restore(t, s, keyOf(name)); !bytes.Equal(got, want) {
					t.Fatalf("%s damaged at %d: not healed", path, at)
				}
			}
		}
	}
	if damaged < 3*(6+3+6+1) {
		t.Errorf("only %d damages tried: %v", damaged, files)
	}
}

// A truncated, emptied or exchanged file is as bad as a flipped bit.
func TestWrongFileNeverComesBack(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, s *Store){
		"blob gone":  func(t *testing.T, s *Store) { os.Remove(s.blobPath(keyOfBytes("x"))) },
		"blob short": func(t *testing.T, s *Store) { os.Truncate(s.blobPath(keyOfBytes("x")), 10) },
		"blob of another": func(t *testing.T, s *Store) {
			os.Rename(s.blobPath(keyOfBytes("y")), s.blobPath(keyOfBytes("x")))
		},
		"entry empty":      func(t *testing.T, s *Store) { os.Truncate(s.entryPath(keyOf("x")), 0) },
		"entry of another": func(t *testing.T, s *Store) { os.Rename(s.entryPath(keyOf("y")), s.entryPath(keyOf("x"))) },
		"folder for a blob": func(t *testing.T, s *Store) {
			os.Remove(s.blobPath(keyOfBytes("x")))
			os.Mkdir(s.blobPath(keyOfBytes("x")), 0o755)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openStore(t, dir, Options{})
			put(t, s, "x", noise("x", 1000))
			put(t, s, "y", noise("y", 1000))
			spoil(t, s)
			s = openStore(t, dir, Options{})
			if got := restore(t, s, keyOf("x")); got != nil {
				t.Errorf("%d bytes came back", len(got))
			}
			if _, ok := s.Peek(keyOf("x")); ok {
				t.Error("a miss is still listed")
			}
		})
	}
}

func keyOfBytes(seed string) Digest { return Digest(keyOf(string(noise(seed, 1000)))) }

// All files of an entry come back, or none of them.
func TestMissLeavesNothing(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	work := t.TempDir()
	files, back := map[string]string{}, map[string]string{}
	for _, name := range []string{"a", "b", "c"} {
		files[name] = writeTo(t, filepath.Join(work, name), noise(name, 1000))
		back[name] = filepath.Join(work, name+" back")
	}
	for _, bad := range []string{"a", "b", "c"} {
		e, err := s.Put(t.Context(), keyOf("x"), Result{Files: files, Mode: Copy})
		if err != nil {
			t.Fatal(err)
		}
		other := openStore(t, s.Dir(), Options{})
		flip(t, s.blobPath(e.Files[bad].Digest), 10)
		if _, ok, err := other.Restore(t.Context(), keyOf("x"), back, Link); ok || err != nil {
			t.Fatal(ok, err)
		}
		for name, path := range back {
			if _, err := os.Stat(path); err == nil {
				t.Errorf("%s is bad, and %s is left", bad, name)
			}
		}
	}
}

// A good blob that another process has put in the place of a damaged one is
// not dropped in its stead.
func TestDropsOnlyTheDamaged(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	want := noise("x", 1000)
	e, err := s.Put(t.Context(), keyOf("x"), Result{Files: map[string]string{"audio": writeTo(t, filepath.Join(t.TempDir(), "x"), want)}})
	if err != nil {
		t.Fatal(err)
	}
	path := s.blobPath(e.Files["audio"].Digest)
	flip(t, path, 10)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	put(t, openStore(t, s.Dir(), Options{}), "x", want)
	s.dropDamaged(errDamaged, path, f)
	if got := restore(t, s, keyOf("x")); !bytes.Equal(got, want) {
		t.Error("the good one was dropped")
	}
}

func TestSealShowsEveryBit(t *testing.T) {
	good, err := formatEntry(Entry{Key: keyOf("x"), Seconds: 2, Files: map[string]Blob{"audio": {Size: 5}}, Meta: json.RawMessage(`{"peak":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseEntry(keyOf("x"), good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			if e, err := parseEntry(keyOf("x"), bad); err == nil {
				t.Fatalf("byte %d bit %d: %+v", i, bit, e)
			}
		}
		if _, err := parseEntry(keyOf("x"), good[:i]); err == nil {
			t.Fatalf("the first %d bytes are believed", i)
		}
	}
	if _, err := parseEntry(keyOf("x"), append(bytes.Clone(good), ' ')); err == nil {
		t.Error("a longer one is believed")
	}
	if _, err := unseal(lastKind, good); err == nil {
		t.Error("a seal of another kind is believed")
	}
}

// A process that is killed while it stores leaves a store that is right.
func TestKilledWhileStoring(t *testing.T) {
	t.Parallel()
	dir, work := t.TempDir(), t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	for round := 0; round < 20 || found < 20 && round < 400; round++ { // on a busy machine few come to store
		c := exec.Command(os.Args[0], dir, fmt.Sprint("seed ", round))
		c.Env = append(os.Environ(), "LATHE_CACHE_TEST_ROLE=put", "TMPDIR="+work)
		started, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		started.Read(make([]byte, 1))
		time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
		c.Process.Kill()
		c.Wait()
		var warned messages
		s := openStore(t, dir, Options{MaxBytes: 1 << 30, Warn: warned.add})
		for i := range 40 {
			name := fmt.Sprint("action ", i)
			if got := restore(t, s, keyOf(name)); got != nil {
				found++
				if !bytes.Equal(got, actionBytes(name)) {
					t.Fatalf("round %d: %s: other bytes", round, name)
				}
			}
		}
		if warned.count() > 0 {
			t.Fatalf("round %d: %s", round, warned.all())
		}
	}
	if found < 20 {
		t.Errorf("only %d results found: the processes did not come to store", found)
	}
	// Whatever they left goes, once it is old enough to belong to nobody.
	s := openStore(t, dir, Options{MaxBytes: 1 << 30})
	for _, path := range append(filesBelow(t, s.newDir()), filesBelow(t, filepath.Join(dir, "cas"))...) {
		age(t, path, 2*orphanAge)
	}
	if _, err := s.GC(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if left := filesBelow(t, s.newDir()); len(left) > 0 || st.Blobs != st.Entries { // all actions differ
		t.Errorf("left: %v, %d blobs of %d entries", left, st.Blobs, st.Entries)
	}
}

// Processes that read, store and trim the same small cache at once.
func TestProcessesShare(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all []*exec.Cmd
	for i := range 3 {
		c := exec.Command(os.Args[0], dir, fmt.Sprint("seed ", i))
		c.Env = append(os.Environ(), "LATHE_CACHE_TEST_ROLE=share", "TMPDIR="+t.TempDir())
		c.Stderr = &bytes.Buffer{}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			t.Errorf("%v: %s", err, c.Stderr)
		}
	}
	s := openStore(t, dir, Options{MaxBytes: 4 << 20})
	if _, err := s.GC(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Stats(t.Context()); err != nil || st.Bytes > 4<<20 || st.Entries < 3 {
		t.Errorf("%+v %v", st, err)
	}
}

func TestCancelledIsNoMiss(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	put(t, s, "x", noise("x", 1000))
	other := openStore(t, s.Dir(), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "x")
	if _, ok, err := other.Restore(ctx, keyOf("x"), map[string]string{"audio": path}, Link); ok || !errors.Is(err, context.Canceled) {
		t.Error(ok, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a file was left:", err)
	}
	if restore(t, other, keyOf("x")) == nil {
		t.Error("the result was dropped")
	}
}

// A place that cannot be written is an error, and no reason to forget a result.
func TestRestoreToAPlaceThatIsNot(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	put(t, s, "x", noise("x", 1000))
	for _, mode := range []Mode{Link, Copy} {
		_, ok, err := s.Restore(t.Context(), keyOf("x"), map[string]string{"audio": filepath.Join(t.TempDir(), "no", "x")}, mode)
		if ok || !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrGone) {
			t.Error(ok, err)
		}
	}
	if restore(t, s, keyOf("x")) == nil {
		t.Error("the result was dropped")
	}
}

func TestMetaThatIsNotJSON(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	if _, err := s.Put(t.Context(), keyOf("x"), Result{Meta: func() {}}); err == nil {
		t.Error("no error")
	}
	if _, err := s.Put(t.Context(), keyOf("x"), Result{Files: map[string]string{"a": filepath.Join(t.TempDir(), "none")}}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzParseEntry(f *testing.F) {
	var d Description
	d.Add("a", "b")
	good, err := formatEntry(Entry{Key: keyOf("x"), Seconds: 2, Files: map[string]Blob{"audio": {Size: 5}}, Meta: json.RawMessage(`{"a":1}`), Description: d})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(seal(entryKind, []byte(`{}`)))
	f.Add([]byte("lathe-cache/1 entry \n{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if e, err := parseEntry(keyOf("x"), text); err == nil && e.Key != keyOf("x") {
			t.Fatal("an entry of another action is believed")
		}
		// The seal keeps random texts out; look behind it too.
		e, err := parseEntry(keyOf("x"), seal(entryKind, text))
		if err != nil {
			return
		}
		again, err := formatEntry(e)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := parseEntry(keyOf("x"), again)
		if err != nil {
			t.Fatal(err)
		}
		third, err := formatEntry(back)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("%s\nbecomes\n%s (%v)", again, third, err)
		}
	})
}

func TestWorthKeeping(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{MaxBytes: 1 << 30})
	for _, c := range []struct {
		seconds float64
		bytes   int64
		want    bool
	}{
		{0.1, 92e6, false}, // read, gain, pan: as fast made as read
		{0.7, 92e6, false},
		{0.8, 92e6, true},
		{3, 92e6, true},
		{0.01, 1000, false},
		{0.03, 1000, true},
		{3600, 600 << 20, false}, // more than a quarter of the cache
	} {
		if got := s.Keep(time.Duration(c.seconds*1e9), c.bytes); got != c.want {
			t.Errorf("Keep(%g s, %d bytes) = %v", c.seconds, c.bytes, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"20 GB": 20e9, "20GB": 20e9, "1.5 TiB": 3 << 39, " 500 mb ": 500e6, "7": 7, "7 B": 7, "64 KiB": 1 << 16,
		"": 0, "GB": 0, "-1 GB": 0, "0": 0, "nan": 0, "inf": 0, "1e30": 0, "20 G": 0, "20 GB GB": 0,
	} {
		got, err := ParseSize(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("ParseSize(%s) = %d, %v", strconv.Quote(text), got, err)
		}
	}
	t.Setenv(SizeVariable, "much")
	if _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), SizeVariable) {
		t.Error(err)
	}
	t.Setenv(SizeVariable, "3 MB")
	if s := openStore(t, t.TempDir(), Options{}); s.maxBytes() != 3e6 {
		t.Error(s.maxBytes())
	}
	t.Setenv(SizeVariable, "")
	if got := openStore(t, t.TempDir(), Options{}).maxBytes(); got <= 0 || got > defaultSize {
		t.Error(got)
	}
}
