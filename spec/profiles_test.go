package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProfileNamed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	p, diags := ProfileNamed("streaming")
	if diags != nil || p.Name != "streaming" || *p.Delivery.Loudness != -14 || p.Delivery.SampleRate != 44100 || p.Doc == "" {
		t.Errorf("streaming: %+v, %s", p, diags.Text())
	}
	own := write("radio.yaml", "doc: ours\nloudness: -16 LUFS\n")
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.Symlink(own, link); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{own, link} {
		p, diags := ProfileNamed(ref)
		if diags != nil || *p.Delivery.Loudness != -16 || p.Doc != "ours" || p.Delivery.BitDepth != 24 {
			t.Errorf("%s: %+v, %s", ref, p, diags.Text())
		}
	}
	for ref, want := range map[string]string{
		"streem":                            `there is no profile "streem"`,
		filepath.Join(dir, "none.yaml"):     "none.yaml not found",
		write("bad.yaml", "loudness: loud"): "bad.yaml:1:11: profile bad: loudness: ",
	} {
		if _, diags := ProfileNamed(ref); diags == nil || !strings.Contains(diags.Text(), want) {
			t.Errorf("%s: %s; want %s", ref, diags.Text(), want)
		}
	}
	// One by one they are what the list has.
	all, _ := Profiles()
	for _, p := range all {
		if one, _ := ProfileNamed(p.Name); !cmp.Equal(one, p, cmp.AllowUnexported(Line{})) {
			t.Errorf("%s differs from that in the list", p.Name)
		}
	}
}
