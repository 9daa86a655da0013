package measure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExpand: what an argument stands for, in a folder with everything in it
// that has tripped such lists.
func TestExpand(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a/2.wav", "a/1.FLAC", "a/b/3.aif", "a/b/c/4.mp3", "a/.hidden.wav", "a/._2.wav", "a/.git/x.wav", "a/cover.jpg", "[1].wav", "other/5.wav"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"a/b/round": "..", "link": "a", "a/song.wav": "../other/5.wav"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	in := func(dir string) string {
		return strings.ReplaceAll("D/1.FLAC D/2.wav D/b/3.aif D/b/c/4.mp3 D/song.wav", "D", dir)
	}
	for arg, want := range map[string]string{
		"a": in("a"), "a/": in("a"), "link": in("link"), "missing.wav": "missing.wav", "a/cover.jpg": "a/cover.jpg",
		"[1].wav": "[1].wav", "a/*.wav": "a/2.wav a/song.wav", "a/.h*": "", "*/*.wav": "a/2.wav a/song.wav link/2.wav link/song.wav other/5.wav",
		"a/**": in("a"), "a/**/*.aif": "a/b/3.aif", "**/[34].*": "a/b/3.aif a/b/c/4.mp3", "a/b*": "a/b/3.aif a/b/c/4.mp3", "a/**/c": "a/b/c/4.mp3", "a/*.ogg": "", "a/[": "",
	} {
		got, err := expand(filepath.FromSlash(arg))
		if diff := cmp.Diff(strings.Fields(want), strings.Fields(filepath.ToSlash(strings.Join(got, " ")))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arg, diff)
		}
		if (err != nil) != (want == "") {
			t.Errorf("%s: %v", arg, err)
		}
	}
}
