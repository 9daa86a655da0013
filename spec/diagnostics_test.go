package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every file of testdata/diagnostics holds cases: a comment, a project, "----",
// and what Load says to it. A project that begins with "..." is completed by
// what every song needs. LATHE_GOLDEN=update writes what Load says now.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/diagnostics/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(here, file))
			if err != nil {
				t.Fatal(err)
			}
			var now []string
			for _, c := range strings.Split(string(text), "====\n") {
				input, want, _ := strings.Cut(c, "----\n")
				_, diags := loadText(t, caseInput(input))
				got := diags.Text()
				for _, d := range diags {
					if d.Severity == "" || d.Message == "" || d.File == "" {
						t.Errorf("incomplete diagnostic: %#v", d)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" && os.Getenv("LATHE_GOLDEN") != "update" {
					t.Errorf("%s\n(-want +got)\n%s", input, diff)
				}
				now = append(now, input+"----\n"+got)
			}
			if os.Getenv("LATHE_GOLDEN") == "update" {
				if err := os.WriteFile(filepath.Join(here, file), []byte(strings.Join(now, "====\n")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// caseInput drops the comment and completes a song. Escapes stand for what an
// editor would not show.
func caseInput(input string) string {
	_, text, _ := strings.Cut(input, "\n")
	text = strings.NewReplacer(`<TAB>`, "\t", `<FF>`, "\xff", `<CR>`, "\r", `<NEL>`, "\u0085").Replace(text)
	if rest, ok := strings.CutPrefix(text, "...\n"); ok {
		return song(rest)
	}
	return text
}
