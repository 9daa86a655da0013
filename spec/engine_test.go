package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A project that is pinned to an engine loads for that engine, for no other,
// and for whoever renders nothing.
func TestEnginePin(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"a.wav":          "",
		"song.yaml":      "lathe: 1\nengine: 1\nsong: {title: T}\nstems: {a: a.wav}\n",
		"album.yaml":     "lathe: 1\nengine: 1\nrelease: {title: R}\nsongs: [{file: free.yaml}]\n",
		"of-pinned.yaml": "lathe: 1\nrelease: {title: R}\nsongs: [{file: free.yaml}, {file: song.yaml, title: U}]\n",
		"free.yaml":      "lathe: 1\nsong: {title: T}\nstems: {a: a.wav}\n",
	})
	t.Chdir(dir)
	const refusal = ":2:9: this project is pinned to engine 1, and this lathe is engine 2" +
		" (install a lathe with engine 1 (CHANGELOG.md says which that is), or write engine: 2 and release anew)"
	for _, c := range []struct{ file, engine, want string }{
		{"song.yaml", "1", ""},
		{"song.yaml", "", ""},
		{"song.yaml", "2", "song.yaml" + refusal},
		{"album.yaml", "1", ""},
		{"album.yaml", "2", "album.yaml" + refusal},
		{"of-pinned.yaml", "1", ""},
		{"of-pinned.yaml", "2", "song.yaml" + refusal},
		{"free.yaml", "2", ""},
	} {
		p, diags := Load(c.file, Options{Catalogue: fakeCatalogue, Engine: c.engine})
		got := ""
		if err := diags.Err(); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" || (p == nil) != (c.want != "") {
			t.Errorf("%s for engine %q (-want +got):\n%s", c.file, c.engine, diff)
		}
	}
}

func TestEngineIsExplained(t *testing.T) {
	for text, want := range map[string]Line{
		song("engine: 3\n"): {Path: "engine", Value: "3", Origin: "lathe.yaml:4"},
		song(""):            {Path: "engine", Value: "whichever lathe is used", Origin: "default"},
	} {
		lines := Explain(mustLoad(t, text), "engine")
		if len(lines) != 1 || lines[0].Value != want.Value || lines[0].Origin != want.Origin {
			t.Errorf("%+v, want %+v", lines, want)
		}
	}
}
