package render

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/lathe-audio/lathe/render/cache"
)

// TestKilledTwice: a build that is killed while it puts its files in place, and then
// another one, leave nothing that the third takes for somebody else's, and nothing behind.
func TestKilledTwice(t *testing.T) {
	dir := t.TempDir()
	o, err := newOutputs(filepath.Join(dir, "dist"), filepath.Join(dir, "lathe.yaml"), dir, cache.OpenDigests(filepath.Join(dir, "digests")))
	if err != nil {
		t.Fatal(err)
	}
	// commit puts outputs in place, all but the last where that is lost.
	commit := func(content string, lost bool, paths ...string) error {
		var files []staged
		for i, p := range paths {
			sum := sha256.Sum256([]byte(content + p))
			f := staged{Output: Output{Path: p, SHA256: hex.EncodeToString(sum[:])}, file: filepath.Join(dir, string(rune('a'+i)))}
			if err := os.WriteFile(f.file, []byte(content+p), 0o666); err != nil {
				t.Fatal(err)
			}
			if lost && i == len(paths)-1 {
				os.Remove(f.file)
			}
			files = append(files, f)
		}
		_, err := o.commit(t.Context(), files, func(Output) bool { return false }, func(Manifest) error { return nil })
		return err
	}
	const cd, mix, new = "cd/Song.wav", "mix/Song.wav", "new/Song.wav"
	if err := commit("first ", false, cd, mix); err != nil {
		t.Fatal(err)
	}
	if commit("second ", true, cd, new, mix) == nil { // the others are in their places
		t.Fatal("a file that is not there was put in its place")
	}
	os.Remove(o.mine)
	if err := os.MkdirAll(filepath.Join(o.mine, "in the way"), 0o777); err != nil {
		t.Fatal(err)
	}
	if commit("first ", false, cd, mix) == nil { // the journal is written, and nothing else
		t.Fatal("a file was written where a folder is")
	}
	os.RemoveAll(o.mine)
	if err := o.check(t.Context(), []string{cd, mix, new, reportName}); err != nil {
		t.Error(err)
	}
	if err := commit("third ", false, cd, mix); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(o.at(new)); err == nil {
		t.Error("what the first of the killed builds put there, and nobody asks for, stays for ever")
	}
	if _, err := os.Stat(o.journal); err == nil {
		t.Error("the journal is left behind")
	}
}

// TestEqualSoundsHaveFilesOfTheirOwn: two outputs of a song that sound the same are made
// beside each other, each in its own file.
func TestEqualSoundsHaveFilesOfTheirOwn(t *testing.T) {
	b := &builder{work: &workspace{dir: t.TempDir()}}
	main, quiet := &stage{job: job{path: "mix/Song.wav"}}, &stage{job: job{path: "mix/Song (Quiet).wav"}}
	if main.finish.Key() != quiet.finish.Key() {
		t.Fatal("the sounds are not the same")
	}
	if path := b.soundPath(main, "wav"); path == b.soundPath(quiet, "wav") {
		t.Errorf("both are written to %s", path)
	}
}
