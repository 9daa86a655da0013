package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bazelServer behaves as a server made for Bazel: it refuses blobs under a wrong
// digest and actions that are no ActionResult, and writes the sender into the
// latter (field 9 holds execution metadata, whose field 1 is the worker).
type bazelServer struct {
	mu       sync.Mutex
	values   map[string][]byte
	requests map[string]int // by method
	password string
	readOnly bool
	noHead   bool
}

func (b *bazelServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests[r.Method]++
	if _, password, _ := r.BasicAuth(); password != b.password {
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/team")
	value, there := b.values[path]
	switch {
	case !ok || len(path) < 64:
		http.Error(w, "bad path", http.StatusBadRequest)
	case r.Method == http.MethodHead && b.noHead:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case r.Method == http.MethodPut && b.readOnly:
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil || int64(len(body)) != r.ContentLength {
			http.Error(w, "short", http.StatusBadRequest)
			return
		}
		if id, ok := strings.CutPrefix(path, "/cas/"); ok && fmt.Sprintf("%x", sha256.Sum256(body)) != id {
			http.Error(w, "another digest", http.StatusBadRequest)
			return
		}
		if strings.HasPrefix(path, "/ac/") {
			if unwrapResult(body) == nil {
				http.Error(w, "not an ActionResult", http.StatusBadRequest)
				return
			}
			worker := append([]byte{1<<3 | wireBytes, 4}, "here"...)
			body = append(binary.AppendUvarint(append(body, 9<<3|wireBytes), uint64(len(worker))), worker...)
		}
		b.values[path] = body
	case !there:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Length", fmt.Sprint(len(value)))
		if r.Method == http.MethodGet {
			w.Write(value)
		}
	}
}

func newBazelServer(t *testing.T) (*bazelServer, *httptest.Server) {
	b := &bazelServer{values: map[string][]byte{}, requests: map[string]int{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return b, server
}

func mustRemote(t *testing.T, text string) Remote {
	t.Helper()
	r, err := ParseRemote(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// machine is a store of its own with the same remote cache as others.
func machine(t *testing.T, remote Remote, m *messages) *Store {
	return openStore(t, t.TempDir(), Options{Remote: remote, Warn: m.add})
}

// spoil is how a test reaches a value behind the remote cache's back.
type spoil func(t *testing.T, space Space, id [32]byte, change func([]byte) []byte)

// share runs what every remote cache must do.
func share(t *testing.T, remote func() Remote, reach spoil) {
	var warned messages
	a, b := machine(t, remote(), &warned), machine(t, remote(), &warned)
	want := noise("mix", 300_000)
	key := put(t, a, "mix", want)
	small := put(t, a, "small", nil)
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := restore(t, b, key); !bytes.Equal(got, want) {
		t.Fatalf("the other machine gets %d bytes; %s", len(got), warned.all())
	}
	if got := restore(t, b, small); got == nil || len(got) != 0 {
		t.Error("an empty file does not get over")
	}
	if _, ok := b.Peek(key); !ok {
		t.Error("what was fetched is not kept")
	}
	if _, ok, err := b.Get(t.Context(), keyOf("unknown")); ok || err != nil {
		t.Error(ok, err)
	}
	// A blob lost here comes from there.
	e, _ := b.Peek(key)
	os.Remove(b.blobPath(e.Files["audio"].Digest))
	if got := restore(t, b, key); !bytes.Equal(got, want) {
		t.Error("a lost blob is not fetched again")
	}
	flip(t, b.blobPath(e.Files["audio"].Digest), 1000)
	os.Chtimes(b.blobPath(e.Files["audio"].Digest), time.Now(), time.Now())
	if got := restore(t, b, key); !bytes.Equal(got, want) {
		t.Error("a damaged blob is not fetched again")
	}
	if n := warned.count(); n != 1 { // of the damage just done
		t.Error(n, "warnings:", warned.all())
	}

	// Damage there is noticed here, and is put right by the next result.
	for name, change := range map[string]func([]byte) []byte{
		"flipped": func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 1; return b },
		"short":   func(b []byte) []byte { return b[:len(b)-1] },
		"long":    func(b []byte) []byte { return append(bytes.Clone(b), 0) },
		"empty":   func([]byte) []byte { return nil },
	} {
		for space, id := range map[Space][32]byte{Actions: key, Content: e.Files["audio"].Digest} {
			var warned messages
			c := machine(t, remote(), &warned)
			reach(t, space, id, change)
			if got := restore(t, c, key); got != nil {
				t.Fatalf("%s %s came back", name, space)
			}
			if warned.count() != 1 || !strings.Contains(warned.all(), "damaged") {
				t.Errorf("%s %s: %q", name, space, warned.all())
			}
			put(t, c, "mix", want)
			if err := c.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := restore(t, machine(t, remote(), &warned), key); !bytes.Equal(got, want) {
				t.Errorf("%s %s is not put right: %s", name, space, warned.all())
			}
		}
	}
}

func TestRemoteServer(t *testing.T) {
	t.Parallel()
	b, server := newBazelServer(t)
	share(t, func() Remote { return mustRemote(t, server.URL+"/team") }, func(t *testing.T, space Space, id [32]byte, change func([]byte) []byte) {
		b.mu.Lock()
		defer b.mu.Unlock()
		path := fmt.Sprintf("/%s/%x", space, id)
		b.values[path] = change(b.values[path])
	})
}

func TestRemoteFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	share(t, func() Remote { return mustRemote(t, dir) }, func(t *testing.T, space Space, id [32]byte, change func([]byte) []byte) {
		path := hexPath(dir, string(space), id)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		os.Remove(path)
		writeTo(t, path, change(text))
	})
	// A store opened there is how it is looked after.
	s := openStore(t, dir, Options{MaxBytes: 1})
	if got := restore(t, s, keyOf("mix")); got == nil {
		t.Error("not a store")
	}
	if done, err := s.GC(t.Context()); err != nil || done.Entries != 2 {
		t.Error(done, err)
	}
}

// What is there already is not sent again.
func TestRemoteSendsOnce(t *testing.T) {
	b, server := newBazelServer(t)
	for _, noHead := range []bool{false, true} {
		b.noHead = noHead
		b.requests[http.MethodPut] = 0
		for i := range 2 {
			s := machine(t, mustRemote(t, server.URL+"/team"), &messages{})
			put(t, s, fmt.Sprint("same ", noHead, i), noise("same", 1000))
			s.Flush(t.Context())
		}
		want := 3 // a blob and two entries
		if noHead {
			want = 4
		}
		if n := b.requests[http.MethodPut]; n != want {
			t.Errorf("%d PUTs", n)
		}
	}
}

func TestRemoteThatMayOnlyBeRead(t *testing.T) {
	b, server := newBazelServer(t)
	b.password = "secret"
	remote := strings.Replace(server.URL, "http://", "http://ci:secret@", 1) + "/team"
	var warned messages
	a := machine(t, mustRemote(t, remote), &warned)
	want := noise("x", 100_000)
	key := put(t, a, "x", want)
	a.Flush(t.Context())
	b.readOnly = true
	c := machine(t, mustRemote(t, remote), &warned)
	for i := range 3 {
		put(t, c, fmt.Sprint(i), noise(fmt.Sprint(i), 100_000))
	}
	c.Flush(t.Context())
	if got := restore(t, c, key); !bytes.Equal(got, want) || warned.count() > 0 {
		t.Errorf("%d bytes, %q", len(got), warned.all())
	}
	d := machine(t, mustRemote(t, server.URL+"/team"), &warned) // without the password
	if got := restore(t, d, key); got != nil || warned.count() != 1 || !strings.Contains(warned.all(), "401") {
		t.Errorf("%d bytes, %q", len(got), warned.all())
	}
	if strings.Contains(fmt.Sprint(mustRemote(t, remote)), "secret") {
		t.Error("the password is told")
	}
}

// refused is an address on which nobody listens.
func refused(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// Whatever a remote cache does, the build goes on, is told once, and does not
// wait again and again.
func TestRemoteThatFails(t *testing.T) {
	t.Parallel()
	file := writeTo(t, filepath.Join(t.TempDir(), "file"), nil)
	hang := make(chan struct{})
	handlers := map[string]http.HandlerFunc{
		"error": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"odd":   func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"mute":  func(w http.ResponseWriter, r *http.Request) { <-hang },
		"cut": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write(make([]byte, 10))
			panic(http.ErrAbortHandler)
		},
		"stalls": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write(make([]byte, 10))
			w.(http.Flusher).Flush()
			<-hang
		},
	}
	remotes := map[string]Remote{
		"refused": mustRemote(t, refused(t)),
		"missing": NewFolder(filepath.Join(t.TempDir(), "not mounted")),
		"file":    NewFolder(file),
	}
	var asked atomic.Int64
	for name, h := range handlers {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); h(w, r) }))
		t.Cleanup(server.Close)
		r, err := NewHTTP(server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.stall = 100 * time.Millisecond
		r.client.Transport.(*http.Transport).ResponseHeaderTimeout = 100 * time.Millisecond
		remotes[name] = r
	}
	t.Cleanup(func() { close(hang) }) // before the servers close
	for name, remote := range remotes {
		t.Run(name, func(t *testing.T) {
			var warned messages
			s := machine(t, remote, &warned)
			asked.Store(0)
			for i := range 20 {
				text := fmt.Sprint(i)
				if restore(t, s, keyOf(text)) != nil {
					t.Fatal("something came back")
				}
				put(t, s, text, []byte(text))
				if restore(t, s, keyOf(text)) == nil {
					t.Fatal("what was stored here is not here")
				}
			}
			if err := s.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			if warned.count() != 1 || !strings.HasPrefix(warned.all(), "remote cache "+remote.String()+": ") {
				t.Errorf("warnings: %q", warned.all())
			}
			// The first request fails; two uploads may be on their way by then.
			if n := asked.Load(); n > 3 {
				t.Errorf("asked %d times", n)
			}
		})
	}
	if _, err := os.Stat(remotes["missing"].String()); err == nil {
		t.Error("the folder was made")
	}
}

// After an outage the cache is used again, and a second outage is no news.
func TestRemoteComesBack(t *testing.T) {
	b, server := newBazelServer(t)
	var warned messages
	s := machine(t, mustRemote(t, server.URL+"/team"), &warned)
	a := machine(t, mustRemote(t, server.URL+"/team"), &messages{})
	put(t, a, "x", []byte("x"))
	a.Flush(t.Context())
	b.password = "changed"
	for range 3 {
		if restore(t, s, keyOf("x")) != nil {
			t.Fatal("came back")
		}
		s.remote.mu.Lock()
		if until := time.Until(s.remote.down); until < retryAfter/2 || until > retryAfter {
			t.Errorf("left alone for %s", until)
		}
		s.remote.down = time.Time{}
		s.remote.mu.Unlock()
	}
	b.password = ""
	if restore(t, s, keyOf("x")) == nil || warned.count() != 1 {
		t.Error(warned.all())
	}
}

// Closing does not wait for a slow server, and leaves no goroutine behind.
func TestCloseGivesUpUploads(t *testing.T) {
	before := runtime.NumGoroutine()
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	s := machine(t, mustRemote(t, server.URL), &messages{})
	for i := range 5 {
		put(t, s, fmt.Sprint(i), []byte("x"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	began := time.Now()
	if err := s.Close(); err != nil || time.Since(began) > time.Minute { // the server never answers
		t.Error(err, time.Since(began))
	}
	close(hang)
	server.Close()
	for range 6000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// endless gives every blob a size without end.
type endless struct {
	Remote
	read int64
}

func (e *endless) Get(ctx context.Context, space Space, id [32]byte) (io.ReadCloser, error) {
	if space == Actions {
		return e.Remote.Get(ctx, space, id)
	}
	return io.NopCloser(e), nil
}

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	if e.read > 100<<20 {
		return 0, io.EOF
	}
	return len(p), nil
}

func TestRemoteCannotFillTheDisk(t *testing.T) {
	folder := NewFolder(t.TempDir())
	a := machine(t, folder, &messages{})
	key := put(t, a, "x", noise("x", 1000))
	a.Flush(t.Context())
	for _, path := range filesBelow(t, folder.dir) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != blobMode {
			t.Errorf("others of the team cannot read %s: %v", path, info.Mode())
		}
	}
	e := &endless{Remote: folder}
	if restore(t, machine(t, e, &messages{}), key) != nil || e.read > 1<<20 {
		t.Errorf("%d bytes were read", e.read)
	}
}

func TestParseRemote(t *testing.T) {
	for text, want := range map[string]string{
		"http://cache:8080/lathe": "http://cache:8080/lathe", "https://u:p@cache": "https://u:xxxxx@cache", "/mnt/cache": "/mnt/cache", `C:\cache`: `C:\cache`,
		"ftp://cache": "", "http://": "", "https://cache/?a=b": "", "http://a b/": "",
	} {
		r, err := ParseRemote(text)
		if (err == nil) != (want != "") || err == nil && r.String() != want {
			t.Errorf("%s: %v, %v", text, r, err)
		}
	}
}

func FuzzUnwrapResult(f *testing.F) {
	f.Add([]byte("text"), []byte{9<<3 | wireBytes, 1, 'x'})
	f.Add([]byte{}, []byte{4<<3 | wireVarint, 0x80, 1, 3<<3 | wireFixed8, 1, 2, 3, 4, 5, 6, 7, 8, 2<<3 | wireFixed4, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, text, other []byte) {
		unwrapResult(other) // must not panic
		if got := unwrapResult(wrapResult(text)); !bytes.Equal(got, text) {
			t.Fatalf("%q", got)
		}
		// Whole fields before change nothing.
		framed := append(binary.AppendUvarint([]byte{8<<3 | wireBytes}, uint64(len(other))), other...)
		if got := unwrapResult(append(framed, wrapResult(text)...)); !bytes.Equal(got, text) {
			t.Fatalf("%q", got)
		}
	})
}
