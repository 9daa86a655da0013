package scratch

import (
	"os"
	"path/filepath"
	"testing"
)

type tests func() int

func (f tests) Run() int { return f() }

// The tests' folder is gone afterwards, and their exit code is handed on; a TMPDIR that is
// set stays.
func TestRun(t *testing.T) {
	own := t.TempDir()
	for _, name := range []string{"LATHE_CACHE", "LATHE_CACHE_SIZE", "TMPDIR"} {
		t.Setenv(name, "")
	}
	var during string
	code := Tests{tests(func() int {
		if during = os.Getenv("TMPDIR"); during != "" {
			if err := os.WriteFile(filepath.Join(during, "a"), []byte("a"), 0o644); err != nil {
				t.Error(err)
			}
		}
		return 3
	})}.Run()
	if code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if _, err := os.Stat(during); during != "" && !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", during, err)
	}
	t.Logf("temporary files went to %q", during)
	t.Setenv("TMPDIR", own)
	Tests{tests(func() int { during = os.Getenv("TMPDIR"); return 0 })}.Run()
	if during != own {
		t.Errorf("TMPDIR is %q, was set to %q", during, own)
	}
}
