//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// forever is longer than anything takes on the busiest machine.
const forever = time.Minute

// terminal collects what a command prints, while it is printing.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
	read int // what expect has gone through
}

func (s *terminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *terminal) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// forget drops what expect has gone through.
func (s *terminal) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Next(s.read)
	s.read = 0
}

// watched is a running lathe watch.
type watched struct {
	*testing.T
	dir  string
	out  terminal // both streams
	json terminal // standard output where it is JSON
	code chan int
	cut  context.CancelFunc
}

func startWatch(t *testing.T, dir string, flags ...string) *watched {
	t.Helper()
	w := &watched{T: t, dir: dir, code: make(chan int, 1)}
	// As main does; the watch command may not be in its list.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, w.cut = context.WithCancel(ctx)
	var stdout io.Writer = &w.out
	for _, f := range flags {
		if f == "--json" {
			stdout = &w.json
		}
	}
	app := newApp(stdout, &w.out)
	if app.Command("watch") == nil {
		app.Commands = append(app.Commands, watchCommand())
	}
	go func() {
		err := app.RunContext(ctx, flagsFirst(app, append([]string{"lathe", "watch", dir}, flags...)))
		if err != nil {
			printError(&w.out, err)
		}
		stop()
		w.code <- exitCode(err)
	}()
	t.Cleanup(func() {
		w.cut()
		select {
		case <-w.code:
		case <-time.After(forever):
			t.Error("watch does not end")
		}
	})
	return w
}

// expect waits until the pattern has been printed after what was expected before.
func (w *watched) expect(pattern string) string {
	w.Helper()
	return w.expectIn(&w.out, pattern)
}

func (w *watched) expectIn(s *terminal, pattern string) string {
	w.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	for deadline := time.Now().Add(forever); ; time.Sleep(5 * time.Millisecond) {
		text := s.all()
		if at := re.FindStringIndex(text[s.read:]); at != nil {
			found := text[s.read+at[0] : s.read+at[1]]
			s.read += at[1]
			return found
		}
		if time.Now().After(deadline) {
			w.Fatalf("no %q in:\n%s\nall of it:\n%s", pattern, text[s.read:], text)
		}
	}
}

// interrupt is ctrl-C.
func (w *watched) interrupt(want int) {
	w.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		w.Fatal(err)
	}
	select {
	case code := <-w.code:
		w.code <- code
		if code != want {
			w.Errorf("exit code %d, want %d", code, want)
		}
	case <-time.After(forever):
		w.Fatalf("ctrl-C does not end it:\n%s", w.out.all())
	}
}

// write saves a file as most editors do: it is never half there.
func (w *watched) write(name, text string) {
	w.Helper()
	path := filepath.Join(w.dir, name)
	err := os.WriteFile(path+".new", []byte(text), 0o644)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		w.Fatal(err)
	}
}

const watchedSong = `lathe: 1
song: {title: Song, artist: Test}
stems:
  a: {file: a.wav, gain: GAIN}
  b: {file: b.wav, pan: L30}
deliver: [streaming, mix]
`

func song(gain string) string { return strings.ReplaceAll(watchedSong, "GAIN", gain) }

func writeSong(t *testing.T, dir, gain string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(song(gain)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A session as people have it: each change leads to the next build, each
// mistake is shown, and mending it goes on.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	noiseFile(t, filepath.Join(dir, "a.wav"), 1)
	noiseFile(t, filepath.Join(dir, "b.wav"), 1)
	writeSong(t, dir, "0 dB")
	w := startWatch(t, dir, "--exec", `test -f "$LATHE_OUT/streaming/Song.wav" && echo sent`)
	w.expect(`^watching 3 files; ctrl-C ends$`)
	w.expect(`^2 outputs in .*dist`)
	w.expect(`^sent$`)

	// Another gain: what is different, and how much.
	before := outputs(t, dir)
	w.write("lathe.yaml", song("-6 dB"))
	w.expect(`^\d\d:\d\d:\d\d .*lathe.yaml changed$`)
	w.expect(`^  streaming/Song.wav: -14.00 LUFS, .*dBTP, gain [-+][0-9.]+ → [-+][0-9.]+ dB`)
	w.expect(`^  mix/Song.wav: -[0-9.]+ → -[0-9.]+ LUFS, -[0-9.]+ → -[0-9.]+ dBTP$`)
	w.expect(`^  ran .*mix.*, deliver `)
	w.expect(`^  done \d+\.\d s after the save$`)
	w.expect(`^sent$`)
	if after := outputs(t, dir); after["mix/Song.wav"] == before["mix/Song.wav"] || len(after) != 2 {
		t.Errorf("outputs %v, before %v", after, before)
	}

	// Broken, then mended, with the outputs as they were.
	before = outputs(t, dir)
	w.write("lathe.yaml", strings.Replace(song("-6 dB"), "pan", "pin", 1))
	w.expect(`lathe.yaml:5:20: .*pin`)
	w.expect(`^waiting for a change that mends it`)
	w.write("lathe.yaml", "lathe: [")
	w.expect(`lathe.yaml changed$`)
	w.expect(`^waiting for a change that mends it`)
	w.write("lathe.yaml", song("-6 dB"))
	w.expect(`^  2 outputs as before$`)
	w.expect(`^sent$`)
	if after := outputs(t, dir); after["mix/Song.wav"] != before["mix/Song.wav"] || len(after) != 2 {
		t.Errorf("outputs %v, before %v", after, before)
	}

	// A target that is missed.
	w.write("lathe.yaml", strings.Replace(song("-6 dB"), "[streaming, mix]", "[mix, streaming: {loudness: -2 LUFS, ceiling: -9 dBTP, max_reduction: 1 dB}]", 1))
	w.expect(`streaming/Song.wav: -2.0 LUFS is out of reach`)
	w.expect(`^waiting for a change that mends it`)
	w.write("lathe.yaml", song("-6 dB"))
	w.expect(`^sent$`)

	// A stem that a DAW writes over a second.
	whole, err := os.ReadFile(filepath.Join(dir, "a.wav"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "a.wav"))
	if err != nil {
		t.Fatal(err)
	}
	louder := append([]byte(nil), whole...)
	for i := 1000; i < len(louder); i++ {
		louder[i] ^= 1
	}
	pause, last := time.Duration(0), time.Now() // the longest between two writes
	for i := range 8 {
		if _, err := f.Write(louder[i*len(louder)/8 : (i+1)*len(louder)/8]); err != nil {
			t.Fatal(err)
		}
		pause, last = max(pause, time.Since(last)), time.Now()
		time.Sleep(100 * time.Millisecond)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if pause > 500*time.Millisecond { // two looks of 300 ms see a finished file
		t.Skipf("the machine stood still for %v while a stem was being written", pause)
	}
	w.expect(`^waiting for .*a.wav to settle$`)
	w.expect(`a.wav changed$`)
	w.expect(`^sent$`)

	// A stem that is deleted, and comes again.
	if err := os.Remove(filepath.Join(dir, "b.wav")); err != nil {
		t.Fatal(err)
	}
	w.expect(`b.wav removed$`)
	w.expect(`b.wav not found`)
	noiseFile(t, filepath.Join(dir, "b.wav"), 1)
	w.expect(`b.wav created$`)
	w.expect(`^sent$`)
	w.interrupt(exitInterrupted)
	if strings.Contains(w.out.all(), "not audio") || strings.Count(w.out.all(), "sent") != 6 {
		t.Errorf("a half stem was read, or there were not six builds:\n%s", w.out.all())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".lathe", "tmp", "build-*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	t.Log("\n" + w.out.all())
}

// A change during a build stops it, and so does ctrl-C, with the outputs whole.
// A command that is still at work is ended with all that it has started.
func TestWatchDuringABuild(t *testing.T) {
	dir := t.TempDir()
	// Long enough for something to happen in between, also if the machine was
	// busier then than now.
	seconds := max(int(time.Second/buildTime(t, 1))+1, 8)
	noiseFile(t, filepath.Join(dir, "a.wav"), seconds)
	noiseFile(t, filepath.Join(dir, "b.wav"), seconds)
	pids := filepath.Join(dir, "pids")
	writeSong(t, dir, "-1 dB")
	w := startWatch(t, dir, "--exec", "sleep 100 & echo $! >>'"+pids+"'; echo at work; wait")
	w.expect(`^Song$`) // it has begun
	w.write("lathe.yaml", song("-2 dB"))
	w.expect(`lathe.yaml changed$`)
	time.Sleep(100 * time.Millisecond)
	w.write("lathe.yaml", song("-3 dB"))
	w.expect(`lathe.yaml changed$`)
	w.expect(`^at work$`)
	if text := w.out.all(); strings.Count(text, "outputs in") != 1 || strings.Contains(text, "after the save") {
		t.Errorf("an obsolete build was finished:\n%s", text)
	}
	before := outputs(t, dir)
	clean := t.TempDir()
	for _, name := range []string{"a.wav", "b.wav", "lathe.yaml"} {
		if err := os.Link(filepath.Join(dir, name), filepath.Join(clean, name)); err != nil {
			t.Fatal(err)
		}
	}
	if code := run(context.Background(), []string{"lathe", "build", clean}, io.Discard, io.Discard); code != 0 {
		t.Fatalf("build: exit code %d", code)
	}
	if d := cmp.Diff(outputs(t, clean), before); d != "" {
		t.Errorf("not what a clean build gives: %s", d)
	}
	w.write("lathe.yaml", song("-4 dB"))
	w.expect(`lathe.yaml changed$`)
	time.Sleep(100 * time.Millisecond)
	w.interrupt(exitInterrupted)
	if d := cmp.Diff(before, outputs(t, dir)); d != "" {
		t.Errorf("ctrl-C during a build left other outputs: %s", d)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".lathe", "tmp", "build-*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range strings.Fields(string(text)) {
		line := []byte{0}
		for deadline := time.Now().Add(forever); len(line) > 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			line, _ = os.ReadFile(filepath.Join("/proc", pid, "cmdline")) // it was told to end, and may be about to
		}
		if len(line) > 0 {
			t.Errorf("%s is still there: %s", pid, line)
		}
	}
}

// buildTime is how long the song takes to build with stems of some seconds.
func buildTime(t *testing.T, seconds int) time.Duration {
	t.Helper()
	dir := t.TempDir()
	noiseFile(t, filepath.Join(dir, "a.wav"), seconds)
	noiseFile(t, filepath.Join(dir, "b.wav"), seconds)
	writeSong(t, dir, "0 dB")
	began := time.Now()
	if code := run(context.Background(), []string{"lathe", "build", dir}, io.Discard, io.Discard); code != 0 {
		t.Fatalf("build: exit code %d", code)
	}
	return time.Since(began)
}

// What no change of a file can mend ends the command at once.
func TestWatchWrongCall(t *testing.T) {
	for _, c := range []struct {
		flags []string
		code  int
		says  string
	}{
		{nil, exitInput, "there is no such file"},
		{[]string{"--only", "tape"}, exitUsage, "--only tape: matches no output"},
		{[]string{"--jobs", "0"}, exitUsage, "--jobs 0: at least 1"},
		{[]string{"--preview", "30"}, exitUsage, "--preview: "},
		{[]string{"--preview", "0.5 s"}, exitUsage, "--preview 0.5 s: at least 1 s"},
	} {
		dir := t.TempDir()
		if c.flags != nil {
			noiseFile(t, filepath.Join(dir, "a.wav"), 1)
			noiseFile(t, filepath.Join(dir, "b.wav"), 1)
			writeSong(t, dir, "0 dB")
		}
		w := startWatch(t, dir, c.flags...)
		w.expect(regexp.QuoteMeta(c.says))
		if code := <-w.code; code != c.code {
			t.Errorf("%v: exit code %d, want %d", c.flags, code, c.code)
		}
		w.code <- c.code
	}
}

// For programs: lines of JSON. The command runs on until the next change.
func TestWatchJSON(t *testing.T) {
	dir := t.TempDir()
	noiseFile(t, filepath.Join(dir, "a.wav"), 1)
	noiseFile(t, filepath.Join(dir, "b.wav"), 1)
	writeSong(t, dir, "0 dB")
	w := startWatch(t, dir, "--json", "--poll", "--only", "mix", "--exec", "echo started >&2; exit 7")
	w.expectIn(&w.json, `"event":"summary","rendered":\d+,.*"failed":0,"seconds_since_save":[0-9.]+,"exit_code":0}$`)
	w.expect(`^started$`)
	w.expect(`^--exec echo .*: exit status 7$`)
	w.expectIn(&w.json, `"event":"exec","exit_code":7}$`)
	w.write("lathe.yaml", song("loud"))
	w.expectIn(&w.json, `^{"event":"changed","changes":\[{"file":".*lathe.yaml","what":"changed"}\]}$`)
	w.expectIn(&w.json, `"event":"summary",.*"failed":1,.*"exit_code":1}$`)
	w.interrupt(exitInterrupted)
	for _, line := range strings.Split(strings.TrimSpace(w.json.all()), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

// A preview comes before the build, says where it lies, and goes with the watch.
func TestWatchPreview(t *testing.T) {
	dir := t.TempDir()
	noiseFile(t, filepath.Join(dir, "a.wav"), 3)
	noiseFile(t, filepath.Join(dir, "b.wav"), 3)
	writeSong(t, dir, "0 dB")
	w := startWatch(t, dir, "--preview", "1 s")
	w.expect(`^  preview 0:0\d\.\d–0:0\d\.\d: the loudest, \d+\.\d s after the save$`)
	w.expect(`^    .*dist/preview/Song.wav: -14\.\d\d LUFS, -\d+\.\d\d dBTP, [-+]\d+\.\d dB found on the passage alone`)
	w.expect(`^2 outputs in .*dist`)
	w.write("lathe.yaml", song("-6 dB"))
	w.expect(`lathe.yaml changed$`)
	w.expect(`^  preview 0:0\d\.\d–0:0\d\.\d: the loudest of a, `)
	w.expect(`LUFS, .* dBTP, [-+]\d+\.\d dB as in the last build`)
	w.expect(`^  done \d+\.\d s after the save$`)
	shown := filepath.Join(dir, "dist", "preview", "Song.wav")
	if _, err := os.Stat(shown); err != nil {
		t.Error(err)
	}
	w.interrupt(exitInterrupted)
	if _, err := os.Stat(filepath.Dir(shown)); err == nil {
		t.Error("the preview is still there")
	}

	// Killed with a preview in place; the next watch asks for none.
	keep := startWatch(t, dir, "--json", "--preview", "1s")
	keep.expectIn(&keep.json, `"event":"summary"`)
	keep.write("lathe.yaml", song("-7 dB"))
	line := keep.expectIn(&keep.json, `^{"event":"preview".*}$`)
	var v struct {
		File, Why string
		From      *float64 `json:"from_s"`
		To        *float64 `json:"to_s"`
	}
	if err := json.Unmarshal([]byte(line), &v); err != nil || v.File != shown || v.Why != "strips" || v.From == nil || v.To == nil || *v.To != *v.From+1 {
		t.Errorf("%s: %v", line, err)
	}
	keep.expectIn(&keep.json, `"event":"summary"`)
	saved := t.TempDir()
	if err := os.CopyFS(saved, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	keep.interrupt(exitInterrupted)
	shown = filepath.Join(saved, "dist", "preview", "Song.wav")
	if _, err := os.Stat(shown); err != nil {
		t.Fatal(err)
	}
	w = startWatch(t, saved)
	w.expect(`^2 outputs in .*dist`)
	if _, err := os.Stat(shown); err == nil {
		t.Error("the preview of a watch that was killed is still there")
	}
	w.interrupt(exitInterrupted)
}

// A long day of saves, each built: nothing is left of any of them. LATHE_LONG=1
// saves a thousand times in ten minutes.
func TestWatchLeaksNothing(t *testing.T) {
	saves, every := 20, time.Duration(0)
	if os.Getenv("LATHE_LONG") != "" {
		saves, every = 1000, 600*time.Millisecond
	}
	t.Setenv("LATHE_CACHE_SIZE", "200 MB") // every save makes a new sound
	dir := t.TempDir()
	noiseFile(t, filepath.Join(dir, "a.wav"), 2)
	noiseFile(t, filepath.Join(dir, "b.wav"), 2)
	writeSong(t, dir, "0 dB")
	_, stop := signal.NotifyContext(context.Background(), os.Interrupt) // Go listens to signals for ever, once it has begun
	stop()
	start := used()
	w := startWatch(t, dir, "--preview", "1 s", "--exec", "echo sent")
	w.expect(`^sent$`)
	var before holdings
	begun := time.Now()
	for i := range saves {
		if i == saves/10 { // whatever is made once is made by now
			before = used()
		}
		next := time.Now().Add(every)
		switch i % 10 {
		case 3: // a mistake
			w.write("lathe.yaml", "lathe: [")
			w.expect(`^waiting for a change that mends it`)
		case 6: // one save, and another while that is built
			w.write("lathe.yaml", song(fmt.Sprintf("-%d dB", 20+i%2)))
			w.expect(`lathe.yaml changed$`)
			fallthrough
		default:
			w.write("lathe.yaml", song(fmt.Sprintf("-%d.%02d dB", 1+i/100, i%100)))
			w.expect(`^sent$`)
		}
		w.out.forget()
		time.Sleep(time.Until(next))
	}
	now := used()
	for deadline := time.Now().Add(forever); now.goroutines > before.goroutines && time.Now().Before(deadline); now = used() {
		time.Sleep(10 * time.Millisecond) // one that has said that it ends may not have ended yet
	}
	t.Logf("%d saves in %v: %v after a tenth of them, %v after all", saves, time.Since(begun).Round(time.Second), before, now)
	if now.goroutines > before.goroutines || now.files > before.files || now.heap > before.heap+1<<20 {
		t.Errorf("%v after %d saves, %v after a tenth of them", now, saves, before)
	}
	w.interrupt(exitInterrupted)
	now = used()
	for deadline := time.Now().Add(forever); now.goroutines > start.goroutines && time.Now().Before(deadline); now = used() {
		time.Sleep(10 * time.Millisecond)
	}
	if now.goroutines > start.goroutines || now.files > start.files {
		t.Errorf("%v when it has ended, %v before", now, start)
	}
}

// holdings is what this process has of the system.
type holdings struct {
	goroutines, files int
	heap              uint64
}

func (u holdings) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %d kB", u.goroutines, u.files, u.heap>>10)
}

func used() holdings {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd")
	return holdings{runtime.NumGoroutine(), len(files), m.HeapAlloc}
}

// What ran, in a line that can be read.
func TestActions(t *testing.T) {
	for _, c := range []struct{ want, ran string }{
		{"nothing", ""},
		{"stems/a, mix, master, deliver cd/S.wav", "stems/a;mix;deliver cd/S.wav;master"},
		{"5 strips, mix, mix (instrumental), 3 deliveries", "stems/a;stems/b;stems/c;drums;plate;mix;mix (instrumental);deliver a;deliver b;deliver c"},
	} {
		ran := strings.FieldsFunc(c.ran, func(r rune) bool { return r == ';' })
		if got := actions(ran); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
