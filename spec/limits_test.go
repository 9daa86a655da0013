package spec

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func wantOneOf(t *testing.T, diags Diagnostics, text string) {
	t.Helper()
	for _, d := range diags {
		if strings.Contains(d.Error(), text) {
			return
		}
	}
	t.Errorf("no diagnostic says %q:\n%s", text, diags.Text())
}

func TestAliasBomb(t *testing.T) {
	bomb := "lathe: 1\nsong: {title: T}\nstems: {a: stems/a.wav}\nversions:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("  a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	start := time.Now()
	_, diags := loadText(t, bomb)
	wantOneOf(t, diags, "aliases (*name) stand for more than 10000 values")
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestMergeBomb(t *testing.T) {
	bomb := "lathe: 1\nsong: {title: T}\nstems: {a: stems/a.wav}\nversions:\n  a0: &a0 {k: v}\n"
	for i := range 20 {
		bomb += fmt.Sprintf("  a%d: &a%d {<<: [*a%d, *a%d, *a%d]}\n", i+1, i+1, i, i, i)
	}
	_, diags := loadText(t, bomb)
	wantOneOf(t, diags, "aliases (*name) stand for more than 10000 values")
}

func TestDepth(t *testing.T) {
	_, diags := loadText(t, "lathe: 1\nmix: "+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+"\n")
	wantOneOf(t, diags, "more than 100 levels of nesting")
}

func TestFileSize(t *testing.T) {
	head := "lathe: 1\nsong: {title: T}\nstems: {a: stems/a.wav}\n#"
	if p, diags := loadText(t, head+strings.Repeat("x", maxFileSize-len(head))); p == nil {
		t.Errorf("a file of 4 MiB is refused: %v", diags.Err())
	}
	_, diags := loadText(t, head+strings.Repeat("x", maxFileSize-len(head)+1))
	wantOneOf(t, diags, "larger than 4 MiB")
}

// Faults are reported in full, however many they are.
func TestManyFaults(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("lathe: 1\nsong: {title: T}\nstems:\n")
	const stems = 8_000
	for i := range stems {
		fmt.Fprintf(&text, "  s%d: {file: stems/x%d.wav, to: nowhere%d, gian: 3}\n", i, i, i)
	}
	start := time.Now()
	_, diags := loadText(t, text.String())
	if len(diags) != 3*stems {
		t.Errorf("%d diagnostics, want %d", len(diags), 3*stems)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestPresetBombs(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"lathe.yaml": song("mix: {chain: [preset: ./p0.yaml]}\n"), "stems/a.wav": "", "p9.yaml": "chain: [imager]\n"}
	for i := range 9 {
		files[fmt.Sprintf("p%d.yaml", i)] = "chain: [" + strings.TrimSuffix(strings.Repeat(fmt.Sprintf("preset: ./p%d.yaml, ", i+1), 8), ", ") + "]\n"
	}
	write(t, dir, files)
	_, diags := Load(dir, fakeOptions)
	wantOneOf(t, diags, "more than 10000 processors")

	write(t, dir, map[string]string{"p9.yaml": "chain: [preset: ./p9.yaml]\n", "lathe.yaml": song("mix: {chain: [preset: ./p9.yaml]}\n")})
	_, diags = Load(dir, fakeOptions)
	wantOneOf(t, diags, "the preset contains itself: ./p9.yaml → ./p9.yaml")
}

func TestEmptyPresetBomb(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"lathe.yaml": song("mix: {chain: [preset: ./p0.yaml]}\n"), "stems/a.wav": "", "p9.yaml": "chain: []\n"}
	for i := range 9 {
		files[fmt.Sprintf("p%d.yaml", i)] = "chain: [" + strings.TrimSuffix(strings.Repeat(fmt.Sprintf("preset: ./p%d.yaml, ", i+1), 8), ", ") + "]\n"
	}
	write(t, dir, files)
	_, diags := Load(dir, fakeOptions)
	wantOneOf(t, diags, "more than 10000 processors")
}

func TestProjectFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	_, diags := Load("none", fakeOptions)
	wantOneOf(t, diags, "none: cannot be read: there is no such file")
	_, diags = Load(".", fakeOptions)
	wantOneOf(t, diags, "lathe.yaml: cannot be read: there is no such file (start a project with: lathe init)")
	write(t, dir, map[string]string{"song.yaml": song(""), "stems/a.wav": ""})
	_, diags = Load(".", fakeOptions)
	wantOneOf(t, diags, "did you mean song.yaml?")
	if p, diags := Load("song.yaml", fakeOptions); p == nil || p.File != "song.yaml" || p.Dir != "." {
		t.Errorf("%+v %v", p, diags)
	}
	if p, _ := Load(filepath.Join(dir, "song.yaml"), fakeOptions); p == nil || p.Dir != dir || p.Song.Stems[0].File.Path != filepath.Join(dir, "stems", "a.wav") {
		t.Errorf("%+v", p)
	}
}

func TestRoots(t *testing.T) {
	base := t.TempDir()
	project, shared := filepath.Join(base, "project"), filepath.Join(base, "shared")
	write(t, base, map[string]string{"shared/b.wav": "", "secret/c.wav": "", "project/stems/a.wav": ""})
	load := func(text string) Diagnostics {
		write(t, project, map[string]string{"lathe.yaml": "lathe: 1\nsong: {title: T}\n" + text})
		_, diags := Load(project, fakeOptions)
		return diags
	}
	wantOneOf(t, load("stems: {a: ../shared/b.wav}\n"), "../shared/b.wav lies outside the project's folder (to allow it, list its folder under roots)")
	wantOneOf(t, load("stems: {a: "+filepath.ToSlash(shared)+"/b.wav}\n"), "lies outside the project's folder")
	wantOneOf(t, load("stems: {a: ../project/../secret/c.wav}\nroots: ../shared\n"), "lies outside the project's folder")
	for _, ok := range []string{
		"stems: {a: ../shared/b.wav}\nroots: ../shared\n",
		"roots: [" + filepath.ToSlash(shared) + "]\nstems: {a: ../shared/b.wav}\n",
		"stems: {a: " + filepath.ToSlash(project) + "/stems/a.wav}\n",
		"stems: {a: ./stems/../stems/a.wav}\n",
	} {
		if diags := load(ok); diags.HasErrors() {
			t.Errorf("%s: %s", ok, diags.Text())
		}
	}
	if runtime.GOOS == "windows" {
		return // symbolic links need a privilege there
	}
	for name, to := range map[string]string{"stems/out.wav": filepath.Join(base, "secret", "c.wav"), "inside.wav": "stems/a.wav"} {
		if err := os.Symlink(to, filepath.Join(project, name)); err != nil {
			t.Fatal(err)
		}
	}
	wantOneOf(t, load("stems: {a: stems/out.wav}\n"), "is a link that leads outside the project's folder")
	if diags := load("stems: {a: stems/out.wav}\nroots: [../secret]\n"); diags.HasErrors() {
		t.Error(diags.Text())
	}
	if diags := load("stems: {a: inside.wav}\n"); diags.HasErrors() {
		t.Error(diags.Text())
	}
	// The project itself may be reached through a link.
	link := filepath.Join(base, "link")
	if err := os.Symlink(project, link); err != nil {
		t.Fatal(err)
	}
	if _, diags := Load(link, fakeOptions); diags.HasErrors() {
		t.Error(diags.Text())
	}
}

// Large files whose parts could be compared with each other
// again and again are reported in the time of one reading.
func TestLargeFilesAreRead(t *testing.T) {
	fill := func(head, each, tail string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := 0; b.Len() < maxFileSize/20; i++ {
			b.WriteString(strings.ReplaceAll(each, "#", fmt.Sprint(i)))
		}
		return b.String() + tail
	}
	for name, text := range map[string]string{
		"one line":   fill("lathe: 1\nsong: {title: T}\nstems: {", "s#: {file: x, to: y}, ", "}\n"),
		"versions":   fill(song("versions:\n"), "  v#: {solo: b}\n", ""),
		"tags":       fill(song("stems: {a: {file: stems/a.wav, to: x, tags: ["), "t#, ", "]}}\n"),
		"ring":       fill(song("stems: {a: {file: stems/a.wav, to: b0}}\nbuses:\n  b0: {to: b1}\n  b1: {to: b0}\n"), "  c#: {to: b0}\n", ""),
		"deliver":    fill(song("deliver: ["), "cd, ", "]\n"),
		"roots":      fill(song("roots: ["), "., ", "]\n"),
		"automation": fill(song("mix:\n  automation:\n"), "    p#.gain: [{at: 0, value: 0}]\n", ""),
		"songs":      fill("lathe: 1\nrelease: {title: R}\nsongs: [", "file: a, ", "]\n"),
		"unknown":    fill(song(""), "k#: 1\n", ""),
	} {
		start := time.Now()
		if p, diags := loadText(t, text); p != nil || !diags.HasErrors() {
			t.Errorf("%s: loads", name)
		} else if diags.Text() == "" {
			t.Errorf("%s: says nothing", name)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%s: took %v", name, took)
		} else if testing.Verbose() {
			t.Logf("%-10s %v", name, took)
		}
	}
}
