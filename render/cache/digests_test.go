package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// quickDigests believes records after 20 ms, whatever the file system's clock.
func quickDigests(dir string) *Digests {
	d := OpenDigests(dir)
	d.coarse, d.fine = 20*time.Millisecond, 20*time.Millisecond
	return d
}

// digestOf checks a digest against the bytes in the file.
func digestOf(t *testing.T, d *Digests, path string) (changed bool) {
	t.Helper()
	sum, changed, err := d.File(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if sum != sha256.Sum256(b) {
		t.Fatalf("%s: digest of other bytes", path)
	}
	return changed
}

func TestDigestsSayWhatChanged(t *testing.T) {
	dir := t.TempDir()
	path := writeTo(t, filepath.Join(t.TempDir(), "kick \"1\"\n.wav"), []byte("one"))
	step := func(what string, want bool) {
		t.Helper()
		d := quickDigests(dir) // as another process would
		if got := digestOf(t, d, path); got != want {
			t.Errorf("%s: changed: %v", what, got)
		}
		if digestOf(t, d, path) {
			t.Errorf("%s: changed when asked again", what)
		}
		if err := d.Save(); err != nil {
			t.Fatal(err)
		}
	}
	step("first sight", true)
	step("nothing", false)
	writeTo(t, path, []byte("two"))
	step("same length, other bytes", true)
	age(t, path, time.Hour)
	step("only touched", false)
	was, _ := os.Stat(path)
	writeTo(t, path, []byte("six"))
	os.Chtimes(path, was.ModTime(), was.ModTime()) // as rsync -t or a tool that hides its traces
	step("other bytes with the old time", true)
	os.Remove(path)
	if _, _, err := quickDigests(dir).File(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	writeTo(t, path, []byte("six"))
	step("deleted and made again", false)
}

// A file is not read again once it was at rest, and always before that.
func TestDigestsReadOnlyWhatMayHaveChanged(t *testing.T) {
	dir := t.TempDir()
	path := writeTo(t, filepath.Join(dir, "a.wav"), []byte("one"))
	d := quickDigests(dir)
	time.Sleep(30 * time.Millisecond)
	digestOf(t, d, path)
	// A record that is believed gives its digest without a look at the bytes.
	forged := d.records[path]
	forged.digest = Digest{1}
	d.records[path] = forged
	if sum, _, err := d.File(t.Context(), path); err != nil || sum != forged.digest {
		t.Error("a file at rest was read again", err)
	}
	d.coarse, d.fine = time.Hour, time.Hour
	digestOf(t, d, path)
	if d := OpenDigests(dir); d.coarse != 2*time.Second || d.fine != 50*time.Millisecond {
		t.Error("other windows than two seconds and 50 ms")
	}
}

func TestDigestsOfManyFiles(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for i := range 50 {
		paths = append(paths, writeTo(t, filepath.Join(dir, fmt.Sprint(i)), noise(fmt.Sprint(i), 1000)))
	}
	d := OpenDigests(dir)
	sums, err := d.Files(t.Context(), paths, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i, sum := range sums {
		if sum != sha256.Sum256(noise(fmt.Sprint(i), 1000)) {
			t.Error("wrong digest of", i)
		}
	}
	os.Remove(paths[3])
	os.Remove(paths[7])
	_, err = d.Files(t.Context(), paths, 4)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), paths[3]) || !strings.Contains(err.Error(), paths[7]) {
		t.Error("not every fault is told:", err)
	}
	if _, _, err := d.File(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenDigests(t.TempDir()).Files(ctx, paths[10:], 4); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// writerContext appends to a file whenever somebody looks whether it has ended:
// between the buffers of a digest.
type writerContext struct {
	context.Context
	file  *os.File
	times int
}

func (c *writerContext) Err() error {
	if c.times > 0 {
		c.times--
		c.file.Write([]byte("more"))
	}
	return nil
}

// A file that is being written has no digest yet; one that comes to rest has.
func TestDigestOfAFileBeingWritten(t *testing.T) {
	path := writeTo(t, filepath.Join(t.TempDir(), "bounce.wav"), noise("start", 1<<20))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := OpenDigests(t.TempDir())
	if _, _, err := d.File(&writerContext{t.Context(), f, 1000}, path); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	if len(d.records) > 0 {
		t.Error("a digest is remembered")
	}
	sum, _, err := d.File(&writerContext{t.Context(), f, 1}, path)
	b, _ := os.ReadFile(path)
	if err != nil || sum != sha256.Sum256(b) {
		t.Error("after one more write:", err)
	}
}

// Several processes save at once: nothing of any of them is lost.
func TestDigestsMerge(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			d := OpenDigests(dir)
			path := filepath.Join(dir, fmt.Sprint(i, ".wav"))
			if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
				t.Error(err)
			}
			if _, _, err := d.File(context.Background(), path); err != nil {
				t.Error(err)
			}
			if err := d.Save(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(OpenDigests(dir).records); n != 8 {
		t.Errorf("%d of 8 records", n)
	}
	// An older record of another process does not replace a newer one.
	a, b := OpenDigests(dir), OpenDigests(dir)
	path := filepath.Join(dir, "0.wav")
	digestOf(t, a, path)
	writeTo(t, path, []byte("newer"))
	digestOf(t, b, path)
	if b.Save() != nil || a.Save() != nil {
		t.Fatal("save")
	}
	if r := OpenDigests(dir).records[path]; r.digest != sha256.Sum256([]byte("newer")) {
		t.Error("the older record won")
	}
}

func TestDigestsForgetTheOldest(t *testing.T) {
	records := map[string]record{}
	for i := range maxRecords + 10 {
		records[fmt.Sprint("/", i)] = record{at: int64(i)}
	}
	back, err := parseDigests(formatDigests(records))
	if err != nil || len(back) != maxRecords {
		t.Fatal(len(back), err)
	}
	if _, ok := back["/9"]; ok {
		t.Error("the oldest is remembered")
	}
	if _, ok := back["/10"]; !ok {
		t.Error("a newer one is not")
	}
}

func FuzzParseDigests(f *testing.F) {
	f.Add([]byte(fmt.Sprintf("%064x 1 2 3 4 5 6 \"/a b\"\n", 7)))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		parseDigests(body)
		records, err := parseDigests(seal(digestsKind, body))
		if err != nil {
			return
		}
		again, err := parseDigests(formatDigests(records))
		if err != nil {
			t.Fatal(err)
		}
		for path, r := range records {
			if again[path] != r {
				t.Fatalf("%q: %+v becomes %+v", path, r, again[path])
			}
		}
	})
}

// A file that this process wrote need not be read, until somebody else writes to
// it.
func TestDigestsLearned(t *testing.T) {
	dir := t.TempDir()
	d := OpenDigests(dir)
	path := filepath.Join(dir, "out.wav")
	if err := os.WriteFile(path, []byte("sound"), 0o644); err != nil {
		t.Fatal(err)
	}
	told := Digest{1, 2, 3} // not its digest: so it shows whether the file was read
	d.Learn(path, told)
	if sum, changed, err := d.File(t.Context(), path); err != nil || changed || sum != told {
		t.Errorf("%v %v %v: it was read", sum, changed, err)
	}
	time.Sleep(fineWindow) // the next change shows in its times
	if err := os.WriteFile(path, []byte("SOUND"), 0o644); err != nil {
		t.Fatal(err)
	}
	if sum, changed, err := d.File(t.Context(), path); err != nil || !changed || sum == told {
		t.Errorf("%v %v %v: the change was not seen", sum, changed, err)
	}
	d.Learn(filepath.Join(dir, "gone"), told) // nothing to remember
}

// Only fractions of a second in the time of change, which no user sets, show a
// fine clock.
func TestDigestsWindow(t *testing.T) {
	d := OpenDigests(t.TempDir())
	fine, coarse := d.window(fileID{mtime: 7e9, ctime: 7e9 + 4e6}), d.window(fileID{mtime: 7e9 + 1, ctime: 7e9})
	if fine != fineWindow || coarse != coarseWindow {
		t.Errorf("%v and %v", fine, coarse)
	}
}
