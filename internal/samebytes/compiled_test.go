package samebytes_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fused matches arm64's instructions that multiply and add with one rounding.
var fused = regexp.MustCompile(`^FN?M(ADD|SUB)[DS]$`)

// arm64 is the target to look at: its compiler fuses whatever the language lets
// it, sums and differences, while that of amd64 fuses some sums at most (from
// GOAMD64=v3 on, in instructions that objdump does not know).
var arm64 = []string{"GOOS=linux", "GOARCH=arm64"}

// TestCompiledCodeHasNoFusedMultiplyAdd looks at what the compiler made of the
// packages. It is the last word: it sees what inlining brings together, which
// TestSourceRoundsProducts cannot.
func TestCompiledCodeHasNoFusedMultiplyAdd(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles everything for another target")
	}
	root := moduleRoot(t)
	list := goTool(t, root, arm64, "list", "-export", "-f", "{{.ImportPath}} {{.Export}}", "./dsp/...", "./render/...", "./internal/...")
	checked := 0
	for line := range strings.Lines(list) {
		path, archive, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !audioPath(path) || archive == "" {
			continue
		}
		checked++
		for _, hit := range fusedIn(goTool(t, root, arm64, "tool", "objdump", archive)) {
			t.Errorf("%s: %s", path, hit)
		}
	}
	if checked < 5 {
		t.Errorf("only %d packages were looked at", checked)
	}
}

// TestCompiledCheckSeesFusedMultiplyAdd makes sure that the check above can fail.
func TestCompiledCheckSeesFusedMultiplyAdd(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for another target")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module fused\n\ngo 1.26\n")
	write(t, filepath.Join(dir, "fused.go"), `package fused

func Add(x, y, z float64) float64 { return x*y + z }

func Sub(x, y, z float32) float32 { return z - x*y }

func product(x, y float64) float64 { return x * y }

func Inlined(x, y, z float64) float64 { return z - product(x, y) }

func Rounded(x, y, z float64) float64 { return float64(x*y) + z }
`)
	archive := strings.TrimSpace(goTool(t, dir, arm64, "list", "-export", "-f", "{{.Export}}", "."))
	hits := fusedIn(goTool(t, dir, arm64, "tool", "objdump", archive))
	if len(hits) != 3 {
		t.Errorf("found %d instructions, want 3: %q", len(hits), hits)
	}
	for _, hit := range hits {
		if strings.Contains(hit, "Rounded") {
			t.Errorf("found in code without any: %s", hit)
		}
	}
}

// fusedIn returns the fused instructions of a disassembly, each line of source
// once, with the first function it is in: others have it inlined.
func fusedIn(disassembly string) (hits []string) {
	function, seen := "", map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(disassembly))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 2 && fields[0] == "TEXT":
			function = fields[1]
		case len(fields) >= 4 && fused.MatchString(fields[3]) && !seen[fields[0]]:
			seen[fields[0]] = true
			hits = append(hits, fmt.Sprintf("%s (%s) multiplies and adds with one rounding, %s: write float64(x*y) around the product", fields[0], function, fields[3]))
		}
	}
	return hits
}

// goTool runs the go command in a folder, for a target.
func goTool(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false"), env...)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, errors.String())
	}
	return out.String()
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
