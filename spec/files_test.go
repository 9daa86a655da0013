package spec_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/spec"
)

// Files names what a project is made of, there or not, also of one that is
// broken, and nothing that comes with lathe.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"lathe.yaml": `lathe: 1
release: {title: Album, cover: art/cover.jpg}
roots: [../elsewhere]
songs:
  - file: songs/one.yaml
  - file: songs/missing.yaml
  - mix: mixes/two.wav
    title: Two
deliver: [streaming, ./tape.yaml]
`,
		"songs/one.yaml": `lathe: 1
song: {title: One}
stems:
  a: {file: a.wav, chain: [{preset: ./mine.yaml}]}
  b: {file: ../../outside.wav}
  a: {file: twice.wav}
oops: true
`,
		"songs/mine.yaml": "chain: [",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, file := range spec.Files(dir, spec.Options{}) {
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.ToSlash(rel))
	}
	t.Log(got)
	want := map[string]bool{}
	for _, name := range []string{"lathe.yaml", "art/cover.jpg", "../elsewhere", "tape.yaml",
		"songs/one.yaml", "songs/a.wav", "songs/mine.yaml", "songs/missing.yaml", "mixes/two.wav"} {
		want[name] = true
	}
	have := map[string]bool{}
	for _, name := range got {
		have[name] = true
	}
	if d := cmp.Diff(want, have); d != "" || got[0] != "lathe.yaml" || len(got) != len(want) {
		t.Errorf("%q: %s", got, d)
	}
	missing := filepath.Join(dir, "none.yaml")
	if d := cmp.Diff([]string{missing}, spec.Files(missing, spec.Options{})); d != "" {
		t.Error(d)
	}
}
