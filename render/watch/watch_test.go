package watch

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The tests wait less than people's files do.
const (
	testDebounce = 40 * time.Millisecond
	testSettle   = 50 * time.Millisecond
	testInterval = 20 * time.Millisecond
	quiet        = 220 * time.Millisecond // longer than any change takes to be reported
	forever      = 2 * time.Minute        // nothing takes so long, on the busiest machine
)

// TestMain lets more tests run at once than there are processors: they wait, and
// do little work.
func TestMain(m *testing.M) {
	flag.Set("test.parallel", "16")
	m.Run()
}

// bench is a folder with files and a watcher of them.
type bench struct {
	*testing.T
	dir       string
	poll      bool
	w         *Watcher
	unsettled []string      // the last call
	told      chan struct{} // gets one when there was a call
}

func newBench(t *testing.T, poll bool) *bench {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, dir: dir, poll: poll, told: make(chan struct{}, 1)}
	b.w, err = New(Options{Debounce: testDebounce, Settle: testSettle, Interval: testInterval, Poll: poll,
		Ignore: []string{b.path("dist")}, Unsettled: func(files []string) {
			b.unsettled = files
			select {
			case b.told <- struct{}{}:
			default:
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	if !poll {
		b.w.sweep, b.w.swept = time.Hour, time.Now() // events alone have to do
		if b.w.Polling() {
			t.Fatal("no events on this system")
		}
	}
	t.Cleanup(func() {
		if err := b.w.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// write writes a file in place.
func (b *bench) write(name, text string) {
	b.Helper()
	b.check(os.MkdirAll(filepath.Dir(b.path(name)), 0o755))
	b.check(os.WriteFile(b.path(name), []byte(text), 0o644))
}

// old writes a file that has been there for long.
func (b *bench) old(name, text string) {
	b.Helper()
	b.write(name, text)
	b.age(name)
}

func (b *bench) age(name string) {
	b.Helper()
	then := time.Now().Add(-time.Hour)
	b.check(os.Chtimes(b.path(name), then, then))
}

func (b *bench) rename(from, to string) { b.Helper(); b.check(os.Rename(b.path(from), b.path(to))) }
func (b *bench) remove(name string)     { b.Helper(); b.check(os.RemoveAll(b.path(name))) }
func (b *bench) link(to, name string)   { b.Helper(); b.check(os.Symlink(to, b.path(name))) }
func (b *bench) touch(name string) {
	b.Helper()
	b.check(os.Chtimes(b.path(name), time.Now(), time.Now()))
}

// save saves as most editors do.
func (b *bench) save(name, text string) {
	b.Helper()
	b.write(name+".tmp", text)
	b.rename(name+".tmp", name)
}

func (b *bench) set(names ...string) []string {
	var paths []string
	for _, n := range names {
		paths = append(paths, b.path(n))
	}
	return b.w.Set(paths)
}

// read lets the watcher read what it has not read yet.
func (b *bench) read() {
	b.Helper()
	for b.w.idle(time.Now()) != nil {
		b.w.read()
	}
}

// any waits for one batch.
func (b *bench) any() Batch {
	b.Helper()
	ctx, stop := context.WithTimeout(context.Background(), forever)
	defer stop()
	batch, err := b.w.Next(ctx)
	b.check(err)
	return batch
}

// is demands the changes of a batch: "a.wav changed".
func (b *bench) is(batch Batch, want ...string) {
	b.Helper()
	got := []string{}
	for _, c := range batch.Changes {
		rel, _ := filepath.Rel(b.dir, c.File)
		got = append(got, filepath.ToSlash(rel)+" "+string(c.What))
	}
	if !slices.Equal(got, want) && len(got)+len(want) > 0 {
		b.Fatalf("got %q, want %q", got, want)
	}
}

// next waits for one batch and demands its changes.
func (b *bench) next(want ...string) {
	b.Helper()
	b.is(b.any(), want...)
}

// pace is how regularly somebody writes.
type pace struct {
	last    time.Time
	longest time.Duration // between two steps
}

// step is called where the writer goes on.
func (p *pace) step() {
	if now := time.Now(); !p.last.IsZero() {
		p.longest = max(p.longest, now.Sub(p.last))
		p.last = now
	} else {
		p.last = now
	}
}

// steady tests with a writer at work. A machine that lets the writer wait for
// longer than most makes a pause that looks like the end of writing: what was
// seen then says nothing, and all of it is tried again. f returns what is to be
// checked, once its writer is done.
func (b *bench) steady(most time.Duration, f func(b *bench, p *pace) func()) {
	b.Helper()
	for range 30 {
		p := &pace{}
		check := f(newBench(b.T, b.poll), p)
		if p.longest < most {
			check()
			return
		}
	}
	b.Skipf("the machine never let a file be written without a pause of %v", most)
}

// nothing demands that no batch comes.
func (b *bench) nothing() {
	b.Helper()
	ctx, stop := context.WithTimeout(context.Background(), quiet)
	defer stop()
	if batch, err := b.w.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		b.Fatalf("%v, %v, want nothing", batch, err)
	}
}

// Everything that happens to files, by events alone and by polling alone.
func TestChanges(t *testing.T) {
	for name, test := range map[string]func(b *bench){
		"written in place": func(b *bench) {
			b.old("lathe.yaml", "a")
			b.old("kick.wav", "a")
			b.set("lathe.yaml", "kick.wav")
			b.write("lathe.yaml", "ab")
			b.next("lathe.yaml changed")
			b.write("kick.wav", "ab")
			b.next("kick.wav changed")
			b.nothing()
		},
		"same size": func(b *bench) {
			b.old("lathe.yaml", "a")
			b.old("kick.wav", "a")
			b.set("lathe.yaml", "kick.wav")
			b.read()
			b.write("lathe.yaml", "b")
			b.write("kick.wav", "b")
			b.next("lathe.yaml changed", "kick.wav changed")
		},
		"touched": func(b *bench) {
			b.old("lathe.yaml", "a")
			b.old("kick.wav", "a")
			b.set("lathe.yaml", "kick.wav")
			b.read()
			b.touch("lathe.yaml")
			b.touch("kick.wav")
			b.nothing()
			b.check(os.Chmod(b.path("kick.wav"), 0o600))
			b.nothing()
		},
		"touched before it was read: in doubt it is changed": func(b *bench) {
			b.old("kick.wav", "a")
			b.set("kick.wav")
			b.touch("kick.wav")
			b.next("kick.wav changed")
		},
		"saved by renaming": func(b *bench) {
			b.old("lathe.yaml", "a")
			b.set("lathe.yaml")
			for i := range 3 {
				text := strings.Repeat("b", i+2)
				b.save("lathe.yaml", text)
				b.next("lathe.yaml changed")
				b.save("lathe.yaml", text)
				b.nothing()
			}
		},
		"same bytes renamed over a stem": func(b *bench) {
			b.old("kick.wav", "a")
			b.set("kick.wav")
			b.read()
			b.save("kick.wav", "a")
			b.nothing()
			b.save("kick.wav", "b")
			b.next("kick.wav changed")
		},
		"saved by vim": func(b *bench) {
			b.old("lathe.yaml", "a")
			b.set("lathe.yaml")
			for _, text := range []string{"b", "c"} {
				b.rename("lathe.yaml", "lathe.yaml~")
				b.write("lathe.yaml", text)
				b.remove("lathe.yaml~")
				b.next("lathe.yaml changed")
			}
		},
		"deleted and made again": func(b *bench) {
			b.old("lathe.yaml", "a")
			b.old("kick.wav", "a")
			b.set("lathe.yaml", "kick.wav")
			b.read()
			b.remove("lathe.yaml")
			b.remove("kick.wav")
			b.next("lathe.yaml removed", "kick.wav removed")
			b.write("kick.wav", "a")
			b.next("kick.wav created")
			b.write("lathe.yaml", "a")
			b.next("lathe.yaml created")
			b.remove("lathe.yaml")
			b.write("lathe.yaml", "a")
			b.nothing()
		},
		"a folder made with its file": func(b *bench) {
			b.set("stems/drums/kick.wav", "stems/bass.wav")
			b.write("stems/drums/kick.wav", "a")
			b.next("stems/drums/kick.wav created")
			b.write("stems/bass.wav", "a")
			b.next("stems/bass.wav created")
			b.remove("stems")
			b.next("stems/drums/kick.wav removed", "stems/bass.wav removed")
			b.write("stems/drums/kick.wav", "b")
			b.next("stems/drums/kick.wav created")
		},
		"folders made one by one": func(b *bench) {
			b.set("a/b/c/kick.wav")
			for _, dir := range []string{"a", "a/b", "a/b/c"} {
				b.check(os.Mkdir(b.path(dir), 0o755))
				b.nothing()
			}
			b.write("a/b/c/kick.wav", "a")
			b.next("a/b/c/kick.wav created")
		},
		"its folder renamed": func(b *bench) {
			b.old("stems/kick.wav", "a")
			b.old("other/kick.wav", "bb")
			b.set("stems/kick.wav")
			b.read()
			b.rename("stems", "away")
			b.next("stems/kick.wav removed")
			b.write("away/kick.wav", "not watched any more")
			b.nothing()
			b.rename("other", "stems")
			b.next("stems/kick.wav created")
			b.write("stems/kick.wav", "bbb")
			b.next("stems/kick.wav changed")
			b.rename("stems", "x") // and back before anybody looks
			b.rename("x", "stems")
			b.nothing()
			b.write("stems/kick.wav", "bbbb")
			b.next("stems/kick.wav changed")
		},
		"links": func(b *bench) {
			b.old("real/one/kick.wav", "a")
			b.old("real/two/kick.wav", "bb")
			b.old("song/lathe.yaml", "a")
			b.link("real/one", "stems")                      // a link to a folder
			b.link("../real/one/kick.wav", "song/snare.wav") // a link to a file
			b.set("stems/kick.wav", "song/snare.wav")
			b.read()
			b.write("real/one/kick.wav", "aaa")
			b.next("stems/kick.wav changed", "song/snare.wav changed")
			b.remove("stems")
			b.link("real/two", "stems")
			b.next("stems/kick.wav changed")
			b.write("real/two/kick.wav", "bbbb")
			b.next("stems/kick.wav changed")
			b.link("../real/two/kick.wav", "song/new")
			b.rename("song/new", "song/snare.wav")
			b.next("song/snare.wav changed")
			b.save("real/two/kick.wav", "c")
			b.next("stems/kick.wav changed", "song/snare.wav changed")
		},
		"many at once are one batch": func(b *bench) {
			b.steady(testDebounce, func(b *bench, p *pace) func() {
				names := []string{"a.yaml", "b.yaml", "c.wav"}
				for _, n := range names {
					b.old(n, "")
				}
				b.set(names...)
				done := make(chan struct{})
				go func() {
					defer close(done)
					for i := range 30 {
						for _, n := range names {
							os.WriteFile(b.path(n), []byte(fmt.Sprint(i)), 0o644)
							p.step()
						}
						time.Sleep(testDebounce / 8)
					}
				}()
				batch := b.any()
				<-done
				return func() {
					b.is(batch, "a.yaml changed", "b.yaml changed", "c.wav changed")
					b.nothing()
				}
			})
		},
		"a stem that is written slowly": func(b *bench) {
			b.steady(agreeing*testSettle, func(b *bench, p *pace) func() {
				b.old("kick.wav", "a")
				b.old("lathe.yaml", "a")
				b.set("kick.wav", "lathe.yaml")
				var whole atomic.Bool
				done := make(chan struct{})
				go func() {
					defer close(done)
					f, _ := os.Create(b.path("kick.wav"))
					for range 12 {
						f.WriteString("more of the sound")
						p.step()
						time.Sleep(testSettle)
					}
					f.WriteAt([]byte("head"), 0) // the header comes last
					p.step()
					whole.Store(true)
					f.Close()
				}()
				time.Sleep(testSettle)
				b.write("lathe.yaml", "ab") // has to wait: the stem would be half a stem
				batch := b.any()
				complete := whole.Load()
				<-done
				return func() {
					b.is(batch, "kick.wav changed", "lathe.yaml changed")
					if !complete {
						b.Error("reported before it was complete")
					}
					if len(b.unsettled) == 0 || b.unsettled[0] != b.path("kick.wav") {
						b.Errorf("unsettled: %q, want the stem", b.unsettled)
					}
					if late := time.Since(batch.Saved); late < 0 || late > forever {
						b.Errorf("saved %v ago", late)
					}
					b.nothing()
				}
			})
		},
		"a false alarm is told": func(b *bench) {
			b.steady(agreeing*testSettle, func(b *bench, p *pace) func() {
				b.old("kick.wav", "same")
				b.set("kick.wav")
				b.read()
				done := make(chan struct{})
				go func() {
					defer close(done)
					for i, told := 0, false; !told; i++ {
						os.Truncate(b.path("kick.wav"), int64(100+i))
						p.step()
						select {
						case <-b.told:
							told = true
						case <-time.After(testSettle / 2):
						}
					}
					os.WriteFile(b.path("kick.wav"), []byte("same"), 0o644)
					p.step()
				}()
				batch := b.any()
				<-done
				return func() {
					b.is(batch)
					if len(b.unsettled) != 1 {
						b.Errorf("unsettled: %q, want the stem", b.unsettled)
					}
					b.nothing()
				}
			})
		},
		"what is not in the set": func(b *bench) {
			b.old("lathe.yaml", "a")
			b.old("dist/mix.wav", "a")
			b.set("lathe.yaml", "dist/mix.wav")
			b.write("dist/mix.wav", "our own output")
			b.write("other.yaml", "a")
			b.write("lathe.yaml.swp", "a")
			b.nothing()
		},
		"another set": func(b *bench) {
			b.old("lathe.yaml", "a")
			b.old("kick.wav", "a")
			if added := b.set("lathe.yaml", "kick.wav", "kick.wav"); len(added) != 2 {
				b.Errorf("added %q, want two", added)
			}
			b.write("lathe.yaml", "between two sets")
			b.write("kick.wav", "dropped")
			b.old("bass.wav", "a")
			if added := b.set("lathe.yaml", "bass.wav"); len(added) != 1 || added[0] != b.path("bass.wav") {
				b.Errorf("added %q, want bass.wav", added)
			}
			b.next("lathe.yaml changed")
			b.write("kick.wav", "dropped before")
			b.nothing()
		},
		"a folder in the set": func(b *bench) {
			b.set("roots")
			b.check(os.Mkdir(b.path("roots"), 0o755))
			b.next("roots created")
			b.write("roots/file", "a")
			b.nothing()
			b.remove("roots")
			b.write("roots", "a file")
			b.next("roots changed")
		},
		"written twice within a tick of the clock": func(b *bench) {
			b.write("lathe.yaml", "a")
			info, err := os.Stat(b.path("lathe.yaml"))
			b.check(err)
			b.set("lathe.yaml")
			b.write("lathe.yaml", "b")
			b.check(os.Chtimes(b.path("lathe.yaml"), info.ModTime(), info.ModTime()))
			b.next("lathe.yaml changed")
		},
		"out of permission": func(b *bench) {
			if os.Getuid() == 0 {
				b.Skip("root may read everything")
			}
			b.old("lathe.yaml", "a")
			b.check(os.Chmod(b.path("lathe.yaml"), 0))
			b.set("lathe.yaml")
			b.check(os.Chmod(b.path("lathe.yaml"), 0o644))
			b.next("lathe.yaml changed")
		},
	} {
		for mode, poll := range map[string]bool{"events": false, "polling": true} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				test(newBench(t, poll))
			})
		}
	}
}

// The real thing: git replaces the files of a branch.
func TestGitCheckout(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("git is not installed")
	}
	b := newBench(t, false)
	git := func(args ...string) {
		t.Helper()
		c := exec.Command("git", append([]string{"-C", b.dir, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "loud")
	b.write("lathe.yaml", "gain: 0 dB")
	b.write("songs/one.yaml", "gain: 0 dB")
	b.write("songs/two.yaml", "gain: 0 dB")
	git("add", ".")
	git("commit", "-q", "-m", "loud")
	git("checkout", "-q", "-b", "quiet")
	b.write("lathe.yaml", "gain: -3 dB")
	b.remove("songs/two.yaml")
	git("commit", "-q", "-a", "-m", "quiet")
	b.set("lathe.yaml", "songs/one.yaml", "songs/two.yaml")
	git("checkout", "-q", "loud")
	b.next("lathe.yaml changed", "songs/two.yaml created")
	git("checkout", "-q", "quiet")
	b.next("lathe.yaml changed", "songs/two.yaml removed")
}

// A queue that runs over loses events: every file is looked at.
func TestOverflow(t *testing.T) {
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	if runtime.GOOS != "linux" || err != nil {
		t.Skip("fills the queue of inotify")
	}
	limit, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if limit > 1<<17 {
		t.Skip("the queue is too long to fill")
	}
	b := newBench(t, false)
	b.old("lathe.yaml", "a")
	b.set("lathe.yaml")
	b.write("a", "")
	for range limit/2 + 5000 { // besides the queue, fsnotify holds a buffer full
		b.rename("a", "b")
		b.rename("b", "a")
	}
	b.write("lathe.yaml", "not heard of")
	b.next("lathe.yaml changed")
}

// What no event tells, the regular look at everything finds.
func TestLostEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t, false)
	b.old("above/project/lathe.yaml", "a")
	b.set("above/project/lathe.yaml")
	b.w.sweep = testInterval
	b.rename("above", "elsewhere") // two levels up is not watched
	b.next("above/project/lathe.yaml removed")
	b.rename("elsewhere", "above")
	b.next("above/project/lathe.yaml created")
	b.check(b.w.events.Remove(b.path("above/project")))
	b.write("above/project/lathe.yaml", "ab")
	b.next("above/project/lathe.yaml changed")
}

// Folders that come and go while they are being watched must not get the
// watcher stuck.
func TestRestlessFolders(t *testing.T) {
	t.Parallel()
	b := newBench(t, false)
	b.set("stems/kick.wav", "lathe.yaml")
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			os.Mkdir(b.path("stems"), 0o755)
			os.WriteFile(b.path("stems/kick.wav"), nil, 0o644)
			os.Rename(b.path("stems"), b.path(fmt.Sprint("away", i%3)))
			os.RemoveAll(b.path(fmt.Sprint("away", i%3)))
		}
	}()
	until, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for {
		if _, err := b.w.Next(until); err != nil {
			break
		}
	}
	close(stop)
	<-done
	b.remove("stems")
	b.set("lathe.yaml")
	b.write("lathe.yaml", "still here")
	b.next("lathe.yaml created")
}

func TestContextAndClose(t *testing.T) {
	b := newBench(t, false)
	b.old("big.wav", strings.Repeat("x", 3*piece))
	b.set("big.wav")
	files := descriptors(t)
	b.w.read() // and then something else comes first
	if now := descriptors(t); files > 0 && now != files+1 {
		t.Errorf("%d descriptors while reading, %d before", now, files)
	}
	b.set()
	if now := descriptors(t); now > files {
		t.Errorf("%d descriptors after reading half, %d before", now, files)
	}
	b.set("big.wav")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := b.w.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
	if now := descriptors(t); now > files {
		t.Errorf("%d descriptors, %d before", now, files)
	}
	b.check(b.w.Close())
	if _, err := b.w.Next(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, want closed", err)
	}
}

// A thousand saves leave no goroutine, descriptor or memory behind.
func TestNoLeaks(t *testing.T) {
	goroutines, files, memory := runtime.NumGoroutine(), descriptors(t), heap()
	b := newBench(t, false)
	b.w.o.Debounce = time.Millisecond
	saves := 1000
	if testing.Short() {
		saves = 200
	}
	var begun uint64
	b.write("lathe.yaml", "")
	b.write("songs/one.yaml", "")
	for i := range saves {
		name := []string{"lathe.yaml", "songs/one.yaml"}[i%2]
		b.write(name, "")
		b.set("lathe.yaml", "songs/one.yaml", fmt.Sprintf("stems %d/kick.wav", i%7))
		b.save(name, fmt.Sprint("save ", i))
		b.next(name + " changed")
		if i == saves/10 {
			begun = heap()
		}
	}
	if now := heap(); now > begun+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", begun, now)
	}
	if watched := len(b.w.events.WatchList()); watched > 4 {
		t.Errorf("%d folders are watched: %q", watched, b.w.events.WatchList())
	}
	b.check(b.w.Close())
	now := runtime.NumGoroutine()
	for deadline := time.Now().Add(forever); now > goroutines && time.Now().Before(deadline); now = runtime.NumGoroutine() {
		time.Sleep(10 * time.Millisecond) // one that has said that it ends may not have ended yet
	}
	if now > goroutines {
		t.Errorf("%d goroutines, %d before", now, goroutines)
	}
	if now := descriptors(t); now > files {
		t.Errorf("%d descriptors, %d before", now, files)
	}
	t.Logf("%d saves: heap %d, %d, %d bytes", saves, memory, begun, heap())
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// descriptors counts the open files of this process.
func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Logf("descriptors are not counted here: %v", err)
	}
	return len(entries)
}

// How long after a save the batch is there, with the waiting times of people.
func TestLatency(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]time.Duration{"lathe.yaml": defaultDebounce, "kick.wav": agreeing * defaultSettle} {
		newBench(t, false).steady(defaultDebounce, func(b *bench, p *pace) func() {
			b.w.o.Debounce, b.w.o.Settle = defaultDebounce, defaultSettle
			b.old(name, "a")
			b.set(name)
			saved := make(chan time.Time, 1)
			go func() { // written in two steps, while the watcher looks
				time.Sleep(20 * time.Millisecond)
				p.step()
				os.Truncate(b.path(name), 0)
				time.Sleep(20 * time.Millisecond)
				now := time.Now()
				os.WriteFile(b.path(name), []byte("ab"), 0o644)
				p.step()
				saved <- now
			}()
			batch := b.any()
			seen := time.Now()
			began := <-saved
			return func() {
				b.is(batch, name+" changed")
				took := seen.Sub(began)
				t.Logf("%s: %v after the save; said to be saved %v after it", name, took, batch.Saved.Sub(began))
				// A little less, because the clock of the file system ticks.
				if took < limit-20*time.Millisecond || took > limit+forever {
					t.Errorf("%s: %v after the save, want a little more than %v", name, took, limit)
				}
			}
		})
	}
}
