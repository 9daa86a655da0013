package render_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lathe-audio/lathe/render"
)

// damages are what happens to files of a cache: what a disk, a network drive or a
// person may do to them.
var damages = []struct {
	name string
	do   func(text, other []byte) []byte // other is another file of its kind
}{
	{"first byte flipped", func(b, _ []byte) []byte { return flipped(b, 0) }},
	{"byte in the middle flipped", func(b, _ []byte) []byte { return flipped(b, len(b)/2) }},
	{"last byte flipped", func(b, _ []byte) []byte { return flipped(b, len(b)-1) }},
	{"byte 100 flipped", func(b, _ []byte) []byte { return flipped(b, min(100, len(b)-1)) }}, // in an entry: the first of its seal's
	{"cut in half", func(b, _ []byte) []byte { return b[:len(b)/2] }},
	{"emptied", func([]byte, []byte) []byte { return nil }},
	{"replaced by another file", func(_, other []byte) []byte { return other }},
	{"same length, other bytes", func(b, other []byte) []byte {
		return append(bytes.Repeat([]byte{0}, max(len(b)-len(other), 0)), other[:min(len(b), len(other))]...)
	}},
}

func flipped(b []byte, at int) []byte {
	if len(b) > 0 {
		b[at] ^= 1 << (at % 8)
	}
	return b
}

// twins are a small project and the same with another gain and pan.
var twins = [2]string{twin("-3 dB", "C"), twin("-4 dB", "R40")}

func twin(gain, pan string) string {
	return fmt.Sprintf(`lathe: 1
song: {title: Twin, artist: Test}
stems:
  a: {file: a.wav, to: group, chain: [{eq: {bands: [{type: bell, freq: 1 kHz, gain: 2 dB}]}}]}
  b: {file: b.wav, gain: %s, pan: %s, chain: [{compressor: {threshold: -24 dB}}]}
buses: {group: {chain: [{compressor: {threshold: -20 dB}}]}}
versions: {dub: {mute: [b]}}
master: {chain: [{imager: {width: 90%%}}]}
deliver: [streaming, mix]
`, gain, pan)
}

// cacheTest builds the twins again and again.
type cacheTest struct {
	*testing.T
	dir    string
	remote string
	clean  [2]map[string]string
	doing  string
}

func newCacheTest(t *testing.T, remote string) *cacheTest {
	c := &cacheTest{T: t, dir: t.TempDir(), remote: remote}
	for i, name := range []string{"a.wav", "b.wav"} {
		if err := writeSound(filepath.Join(c.dir, name), 48000, 24000, 2, i+1); err != nil {
			t.Fatal(err)
		}
	}
	for i := range twins {
		out := filepath.Join(t.TempDir(), "dist")
		c.build(i, render.Options{Out: out, Cache: t.TempDir()})
		c.clean[i] = snapshot(t, out)
	}
	return c
}

func (c *cacheTest) build(i int, o render.Options) *render.Result {
	c.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, "lathe.yaml"), []byte(twins[i]), 0o644); err != nil {
		c.Fatal(err)
	}
	o = render.Keeping(o, func(string) bool { return true })
	r, err := render.Build(context.Background(), load(c, c.dir), o)
	if err != nil {
		c.Fatal(err)
	}
	return r
}

// each damages every file below a folder in every way (or, in a short run, each
// in one way), and calls after with what was done to which, counted.
func (c *cacheTest) each(folder string, after func(n int, what string)) {
	c.Helper()
	n, step := 0, 1
	if os.Getenv("LATHE_LONG") == "" {
		step = 7
	}
	for i, name := range filesBelow(c, folder) {
		for k := i % step; k < len(damages); k += step {
			path := filepath.Join(folder, name)
			text, err := os.ReadFile(path)
			if err != nil { // a build since then made another file in its place
				break
			}
			if err := os.Remove(path); err != nil { // not into what other names of the file are
				c.Fatal(err)
			}
			if err := os.WriteFile(path, damages[k].do(text, sibling(c, folder, name)), 0o644); err != nil {
				c.Fatal(err)
			}
			after(n, fmt.Sprintf("%s: %s", name, damages[k].name))
			n++
		}
	}
	c.Logf("%d damages", n)
}

// sibling reads another file of the same kind; any other where there is none.
func sibling(t tester, folder, name string) []byte {
	kind, _, _ := strings.Cut(name, "/")
	var found []byte
	for _, other := range filesBelow(t, folder) {
		if other == name {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, other))
		if err != nil {
			t.Fatal(err)
		}
		if found = text; strings.HasPrefix(other, kind+"/") {
			break
		}
	}
	return found
}

// Whatever happens to a file of the cache, the outputs are right: it is made
// again. The first build comes when the stems have been at rest long enough for
// their digests to be remembered, and believed.
func TestDamagedCacheReachesNoOutput(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	c := newCacheTest(t, "")
	time.Sleep(2100 * time.Millisecond)
	cached := filepath.Join(c.dir, ".lathe")
	dist := filepath.Join(c.dir, "dist")
	c.build(0, render.Options{})
	c.build(1, render.Options{})
	c.each(cached, func(n int, what string) {
		c.Helper()
		lost := "none"
		switch n % 3 {
		case 0:
			lost = "all"
			os.RemoveAll(dist)
		case 1:
			outputs := slices.DeleteFunc(filesBelow(t, dist), func(f string) bool { return strings.HasSuffix(f, ".json") })
			lost = outputs[n%len(outputs)]
			os.Remove(filepath.Join(dist, lost))
		}
		i := n / 3 % 2 // three times as it was, then with another gain and pan
		c.build(i, render.Options{})
		if diff := different(snapshot(t, dist), c.clean[i]); diff != nil {
			c.Fatalf("%s, outputs lost: %s: %v", what, lost, diff)
		}
	})
}

// The same of a folder that a team shares: a machine with nothing in its own
// cache takes from it what is whole.
func TestDamagedRemoteReachesNoOutput(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	shared := t.TempDir()
	c := newCacheTest(t, shared)
	fresh := func(i int) (rendered int) {
		out, cached := filepath.Join(c.dir, "dist"), filepath.Join(c.dir, ".lathe")
		os.RemoveAll(out)
		os.RemoveAll(cached)
		r := c.build(i, render.Options{Remote: shared})
		if diff := different(snapshot(t, out), c.clean[i]); diff != nil {
			c.Fatalf("%s: %v", c.doing, diff)
		}
		return r.Rendered
	}
	fresh(0)
	fresh(1)
	if fresh(0) != 0 {
		t.Fatal("a second machine renders although all is shared")
	}
	c.each(shared, func(n int, what string) {
		c.doing = what
		fresh(n % 2)
	})
	if fresh(0)+fresh(1) > 0 {
		t.Error("what was damaged has not been made again for others")
	}
}

// What is no cache's file at all (a folder in the place of a file) is no reason
// to stop, either.
func TestCacheOfFolders(t *testing.T) {
	long(t)
	c := newCacheTest(t, "")
	c.build(0, render.Options{})
	for _, kind := range []string{"ac", "cas", "last", "digests"} {
		for _, name := range filesBelow(t, filepath.Join(c.dir, ".lathe")) {
			if path := filepath.Join(c.dir, ".lathe", name); strings.HasPrefix(name, kind) {
				os.Remove(path)
				os.Mkdir(path, 0o755)
			}
		}
		os.RemoveAll(filepath.Join(c.dir, "dist"))
		c.build(0, render.Options{})
		if diff := different(snapshot(t, filepath.Join(c.dir, "dist")), c.clean[0]); diff != nil {
			t.Errorf("%s: %v", kind, diff)
		}
	}
}

// What is missing is put back, what has other words is written anew, and the rest
// is not touched: neither its bytes nor its file. No sound is made.
func TestOnlyWhatIsMissingIsWritten(t *testing.T) {
	c := newCacheTest(t, "")
	dist := filepath.Join(c.dir, "dist")
	c.build(0, render.Options{})
	text := twins[0]
	for _, step := range []struct {
		what     string
		lost     string
		from, to string // in the project
		want     []string
	}{
		{what: "nothing"},
		{what: "an output lost", lost: "streaming/Twin.wav", want: []string{"streaming/Twin.wav"}},
		{what: "a version's title", from: "{dub: {", to: "{dub: {title: In Dub, ", want: []string{"mix/Twin (In Dub).wav", "streaming/Twin (In Dub).wav"}},
		{what: "a delivery without words", from: "mix]", to: "mix: {metadata: false}]", want: []string{"mix/Twin (In Dub).wav", "mix/Twin.wav"}},
		{what: "words in the files", from: "artist: Test", to: "artist: Others", want: []string{"streaming/Twin (In Dub).wav", "streaming/Twin.wav"}},
	} {
		before := map[string]os.FileInfo{}
		for _, name := range filesBelow(t, dist) {
			before[name], _ = os.Stat(filepath.Join(dist, name))
		}
		os.Remove(filepath.Join(dist, step.lost)) // or nothing: a folder that is not empty stays
		text = strings.Replace(text, step.from, step.to, 1)
		if err := os.WriteFile(filepath.Join(c.dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := render.Build(context.Background(), load(t, c.dir), render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Rendered != 0 {
			t.Errorf("%s: %d steps rendered", step.what, r.Rendered)
		}
		var written []string
		for _, name := range filesBelow(t, dist) {
			now, _ := os.Stat(filepath.Join(dist, name))
			if was := before[name]; strings.HasSuffix(name, ".wav") && (was == nil || !os.SameFile(was, now) || !was.ModTime().Equal(now.ModTime())) { // a new file may get an old one's inode
				written = append(written, name)
			}
		}
		if !slices.Equal(written, step.want) {
			t.Errorf("%s: %q were written, want %q", step.what, written, step.want)
		}
	}
}
