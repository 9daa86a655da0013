package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/render"
)

// latheProgram returns this test program under the name lathe, by which it is
// that command.
func latheProgram(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	lathe := filepath.Join(t.TempDir(), "lathe")
	if err := os.Symlink(self, lathe); err != nil {
		t.Fatal(err)
	}
	return lathe
}

// running is a lathe that was started.
type running struct {
	*exec.Cmd
	args   []string
	stdout *bufio.Reader
	stderr bytes.Buffer
}

func startLathe(t *testing.T, lathe string, env []string, args ...string) *running {
	t.Helper()
	r := &running{Cmd: exec.Command(lathe, args...), args: args}
	r.Env = append(os.Environ(), env...)
	r.Stderr = &r.stderr
	pipe, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.stdout = bufio.NewReader(pipe)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// until waits until a line of stdout has the text.
func (r *running) until(t *testing.T, text string) {
	t.Helper()
	for {
		line, err := r.stdout.ReadString('\n')
		if strings.Contains(line, text) {
			return
		}
		if err != nil {
			t.Fatalf("lathe %v ended without printing %q\n%s", r.args, text, &r.stderr)
		}
	}
}

// done waits for the end, which has to be a good one.
func (r *running) done(t *testing.T) {
	t.Helper()
	io.Copy(io.Discard, r.stdout)
	if err := r.Wait(); err != nil {
		t.Fatalf("lathe %v: %v\n%s", r.args, err, &r.stderr)
	}
}

// madeFrom builds a project's text from nothing, elsewhere, and returns its
// outputs with their digests.
func madeFrom(t *testing.T, lathe, stems, text string) map[string]string {
	t.Helper()
	dir := projectDirOf(t, stems, text)
	startLathe(t, lathe, nil, "build", dir).done(t)
	return outputs(t, dir)
}

// projectDirOf makes a folder with a project and its stem.
func projectDirOf(t *testing.T, stem, text string) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(stem)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a.wav": string(data), "lathe.yaml": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// oneStem is a project of one stem; title and gain make it another.
func oneStem(title, gain string) string {
	return fmt.Sprintf("lathe: 1\nsong: {title: %s, artist: Test}\nstems: {a: {file: a.wav, gain: %s, chain: [{compressor: {threshold: -20 dB}}]}}\n"+
		"versions: {quiet: {solo: [a]}}\nmaster: {chain: [{imager: {width: 90%%}}]}\ndeliver: [streaming, cd, mix]\n", title, gain)
}

// inOrder checks that what lies in dist is one of several releases as a whole,
// and that manifest and lock file say so.
func inOrder(t *testing.T, lathe, dir string, releases ...map[string]string) {
	t.Helper()
	there := outputs(t, dir)
	matches := false
	for _, r := range releases {
		matches = matches || cmp.Equal(there, r)
	}
	if !matches {
		t.Fatalf("dist is none of the releases: %v\nwant one of %v", there, releases)
	}
	if diff := cmp.Diff(there, listed(t, dir)); diff != "" {
		t.Fatalf("the manifest is not what is there (-there +manifest):\n%s", diff)
	}
	lock, err := os.ReadFile(filepath.Join(dir, render.LockName))
	if err != nil {
		t.Fatal(err)
	}
	for path, sum := range there {
		if !strings.Contains(string(lock), "output "+sum) {
			t.Fatalf("%s does not have %s as it is:\n%s", render.LockName, path, lock)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".lathe", "tmp", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".lathe", "*.journal")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Builds of one project that run at the same time, into the same folder, with the
// same cache: each ends well, and what is there at the end is right.
func TestBuildsAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	lathe := latheProgram(t)
	stem := filepath.Join(t.TempDir(), "a.wav")
	noiseFile(t, stem, 1)
	want := madeFrom(t, lathe, stem, oneStem("Song", "0 dB"))
	dir := projectDirOf(t, stem, oneStem("Song", "0 dB"))
	for round := range 5 {
		var all []*running
		for range 4 {
			all = append(all, startLathe(t, lathe, nil, "build", dir))
		}
		for _, r := range all {
			r.done(t)
		}
		inOrder(t, lathe, dir, want)
		startLathe(t, lathe, nil, "verify", dir).done(t)
		switch round { // begin again from less and less
		case 1:
			os.RemoveAll(filepath.Join(dir, "dist"))
		case 2:
			os.RemoveAll(filepath.Join(dir, ".lathe", "cas"))
		case 3:
			os.RemoveAll(filepath.Join(dir, "dist"))
			os.RemoveAll(filepath.Join(dir, ".lathe"))
		}
	}
}

// A project that is edited and built again while it is being built: both builds
// end well, and the outputs, the manifest and the lock file are all of one of the
// two, whichever came last.
func TestEditedWhileBuilding(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	lathe := latheProgram(t)
	stem := filepath.Join(t.TempDir(), "a.wav")
	noiseFile(t, stem, 2)
	texts := []string{oneStem("Song", "0 dB"), oneStem("Song", "-3 dB"), oneStem("Other", "-3 dB")}
	var want []map[string]string
	for _, text := range texts {
		want = append(want, madeFrom(t, lathe, stem, text))
	}
	dir := projectDirOf(t, stem, texts[0])
	for round := range 9 {
		first, second := round%3, (round+1+round/3%2)%3
		write := func(i int) {
			if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(texts[i]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write(first)
		if round < 3 { // the first time everything is rendered, later the cache has it and all goes fast
			os.RemoveAll(filepath.Join(dir, ".lathe", "ac"))
		}
		a := startLathe(t, lathe, nil, "build", "--json", dir)
		a.until(t, `"event":"action_`) // it has read the project
		write(second)
		b := startLathe(t, lathe, nil, "build", "--json", dir)
		a.done(t)
		b.done(t)
		inOrder(t, lathe, dir, want[first], want[second])
	}
	// Building once more makes the outputs those of the project as it stands.
	startLathe(t, lathe, nil, "build", dir).done(t)
	startLathe(t, lathe, nil, "verify", dir).done(t)
}

// Projects that share a cache know nothing of each other.
func TestProjectsShareCache(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	lathe := latheProgram(t)
	stem := filepath.Join(t.TempDir(), "a.wav")
	noiseFile(t, stem, 1)
	shared := []string{"LATHE_CACHE=" + filepath.Join(t.TempDir(), "shared")}
	texts := []string{oneStem("Song", "0 dB"), oneStem("Song", "-3 dB"), oneStem("Song", "0 dB")} // the third is the first's twin
	var dirs []string
	var want []map[string]string
	for _, text := range texts {
		dirs = append(dirs, projectDirOf(t, stem, text))
		want = append(want, madeFrom(t, lathe, stem, text))
	}
	for round := range 3 {
		var all []*running
		for _, dir := range dirs {
			all = append(all, startLathe(t, lathe, shared, "build", dir))
		}
		for _, r := range all {
			r.done(t)
		}
		for i, dir := range dirs {
			inOrder(t, lathe, dir, want[i])
		}
		if round == 1 {
			for _, dir := range dirs {
				os.RemoveAll(filepath.Join(dir, "dist"))
			}
		}
	}
	// The third project takes what the first has made, a later one too.
	late := projectDirOf(t, stem, texts[0])
	r := startLathe(t, lathe, shared, "build", "--json", late)
	r.until(t, `"event":"summary","rendered":0,`)
	r.done(t)
	inOrder(t, lathe, late, want[0])
}

// Projects with caches of their own that put their outputs into the same folder
// at the same time: the manifest has those of all.
func TestProjectsShareOutputs(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	lathe := latheProgram(t)
	stem := filepath.Join(t.TempDir(), "a.wav")
	noiseFile(t, stem, 1)
	home := t.TempDir()
	want := map[string]string{}
	var dirs []string
	for _, title := range []string{"One", "Two", "Three"} {
		text := oneStem(title, "0 dB")
		dirs = append(dirs, projectDirOf(t, stem, text))
		maps.Copy(want, madeFrom(t, lathe, stem, text))
	}
	for range 6 {
		var all []*running
		for _, dir := range dirs {
			all = append(all, startLathe(t, lathe, nil, "build", "--out", filepath.Join(home, "dist"), dir))
		}
		for _, r := range all {
			r.done(t)
		}
		if diff := cmp.Diff(want, outputs(t, home)); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want, listed(t, home)); diff != "" {
			t.Fatalf("the manifest is not what is there (-there +manifest):\n%s", diff)
		}
		os.RemoveAll(filepath.Join(home, "dist")) // the sounds are stored: the next ones are put there almost at once
	}
}

// listed are the outputs of a manifest.
func listed(t *testing.T, dir string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "dist", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m render.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	report, err := os.ReadFile(filepath.Join(dir, "dist", "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(report); m.Report != hex.EncodeToString(sum[:]) {
		t.Error("the release sheet is not the manifest's")
	}
	all := map[string]string{}
	for _, o := range m.Outputs {
		if all[o.Path] != "" {
			t.Errorf("the manifest has %s twice", o.Path)
		}
		all[o.Path] = o.SHA256
	}
	return all
}
