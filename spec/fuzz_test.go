package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lathe-audio/lathe/internal/param"
)

// Any bytes are either a project or a list of complete diagnostics, soon.
func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	write(f, dir, map[string]string{
		"stems/a.wav": "", "stems/b.wav": "", "mix.wav": "", "stems/kick.wav": "", "stems/bass.wav": "", "stems/lead.flac": "",
		"song.yaml": song(""), "preset.yaml": "chain: [imager]\n",
	})
	for _, name := range []string{"page-song.yaml", "page-album.yaml"} {
		f.Add([]byte(testdata(f, name)))
	}
	cases, _ := filepath.Glob("testdata/diagnostics/*.txt")
	for _, file := range cases {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range strings.Split(string(text), "====\n") {
			input, _, _ := strings.Cut(c, "----\n")
			f.Add([]byte(caseInput(input)))
		}
	}
	f.Add([]byte("lathe: 1\nrelease: {title: R}\nsongs: [file: song.yaml, {mix: mix.wav, title: M}]\n"))
	f.Add([]byte("lathe: 1\nsong: &a {title: T, <<: [*a, *b]}\n"))
	file := filepath.Join(dir, "lathe.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		p, diags := Load(file, fakeOptions)
		if (p == nil) != diags.HasErrors() {
			t.Fatalf("project %v with diagnostics\n%s", p, diags.Text())
		}
		for _, d := range diags {
			if d.Severity == "" || d.Message == "" || d.File == "" || d.Line > 0 && (d.Col < 1 || d.Width < 1) || d.Text() == "" {
				t.Fatalf("incomplete: %#v", d)
			}
		}
		if p != nil {
			Explain(p, "")
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Fatalf("took %v", took)
		}
	})
}

// A text that is read as a quantity is a finite number of at most the range.
func FuzzQuantity(f *testing.F) {
	for _, text := range []string{"-3 dB", "3.2 kHz", "1:02.5", "1/8.", "bar 17 beat 3", "L30", "4:1", "30%", "1e309 dB", "0x10", "−3 dB"} {
		f.Add(text, true)
	}
	m := music{tempo: 92, meter: Meter{4, 4}}
	f.Fuzz(func(t *testing.T, s string, text bool) {
		for _, d := range dimensions {
			q := quantity{unit: d.unit, min: -1e6, max: 1e6, notes: d.unit == param.MS, bars: d.unit == param.Seconds}
			v, fault := q.parse(s, text, m)
			switch {
			case fault != nil && fault.message == "":
				t.Fatalf("%q in %s is refused without a reason", s, d.unit)
			case fault == nil && q.check(v) == nil && (v != v || v < -1e6 || v > 1e6):
				t.Fatalf("%q in %s passes as %v", s, d.unit, v)
			}
		}
	})
}
