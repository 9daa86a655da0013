package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/spec"
)

// reported is a report of a build in which everything happened that can: in the
// folder "a b" of a repository.
func reported(t *testing.T) *reports {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "a b"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	r := &reports{project: "a b/lathe.yaml"}
	var err error
	if r.root, err = sourceRoot("a b"); err != nil {
		t.Fatal(err)
	}
	value, at := -0.62, 62.53
	check := func(status render.CheckStatus, rule, about string) render.Check {
		return render.Check{
			Rule: rule, Status: status, About: about, Song: "Tones", Version: "main", Delivery: "streaming",
			What: "true peak", Limit: "at most -1 dBTP", Text: "-0.62 dBTP", Value: &value, At: &at,
			Message: "true peak is -0.62 dBTP & <more>\x00", Options: []string{"a lower ceiling"}, File: "a b/lathe.yaml", Line: 7, Col: 5, Width: 9,
		}
	}
	r.checks = []render.Check{
		check(render.CheckMet, "target/ceiling", "streaming/Tones.wav"),
		check(render.CheckFailed, "assert/true_peak", "streaming/Tones.wav"),
		check(render.CheckFailed, "assert/true_peak", "streaming/Tones.wav"), // written twice in the project
		check(render.CheckWarned, "assert/plr", "streaming/Tones Vol. 2.wav"),
		check(render.CheckSkipped, "assert/spread", "streaming"),
	}
	gap := check(render.CheckFailed, "assert/gap", "song 2")
	gap.Delivery = ""
	r.checks = append(r.checks, gap)
	r.warnings = spec.Diagnostics{{Severity: spec.SeverityWarning, File: "a b/lathe.yaml", Line: 3, Col: 2, Width: 4, Message: "odd", Hint: "mend it",
		Notes: []spec.Note{{File: "a b/other.yaml", Line: 1, Col: 1, Message: "here"}}}}
	return r
}

func TestJUnit(t *testing.T) {
	r := reported(t)
	text, err := r.asJUnit(&render.TargetError{})
	if err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 8 || got.Failures != 3 || got.Errors != 0 || got.Skipped != 1 {
		t.Errorf("%+v", got)
	}
	names := []string{}
	seen := map[string]bool{}
	for _, s := range got.Suites {
		for _, c := range s.Cases {
			id := s.Name + " | " + c.Class + " | " + c.Name
			if seen[id] {
				t.Errorf("%s is there twice: servers take the two for one", id)
			}
			seen[id] = true
			names = append(names, id)
			if c.File != "a b/lathe.yaml" {
				t.Errorf("%s: file %q", id, c.File)
			}
		}
	}
	want := []string{
		"project | project | is in order", "project | project | can be built",
		"streaming | streaming.Tones | target: true peak at most -1 dBTP",
		"streaming | streaming.Tones | true peak at most -1 dBTP",
		"streaming | streaming.Tones | true peak at most -1 dBTP (2)",
		"streaming | streaming.Tones Vol. 2 | true peak at most -1 dBTP",
		"streaming | streaming | true peak at most -1 dBTP",
		"album | song 2 | true peak at most -1 dBTP",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	failure := got.Suites[1].Cases[1].Failure
	if failure == nil || failure.Type != "assert/true_peak" || !strings.Contains(failure.Message, "-0.62 dBTP & <more>") ||
		!strings.HasPrefix(failure.Text, "a b/lathe.yaml:7:5: streaming/Tones.wav: true peak") || !strings.Contains(failure.Text, "a lower ceiling") {
		t.Errorf("%+v", failure)
	}
	if c := got.Suites[1].Cases[3]; c.Failure != nil || !strings.HasPrefix(c.Out, "warning: ") {
		t.Errorf("%+v", c)
	}
	if !strings.Contains(got.Suites[0].Cases[0].Out, "lathe.yaml:3:2: warning: odd") {
		t.Errorf("%+v", got.Suites[0].Cases[0])
	}
}

// walk visits every object of a JSON value.
func walk(v any, path string, visit func(path string, o map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(path, v)
		for key, inner := range v {
			walk(inner, path+"/"+key, visit)
		}
	case []any:
		for _, inner := range v {
			walk(inner, path+"/*", visit)
		}
	}
}

// TestSARIF holds reports against what SARIF 2.1.0 requires of the objects that
// are written, and against what code hosts need beyond that.
func TestSARIF(t *testing.T) {
	required := map[string][]string{
		"":                              {"$schema", "version", "runs"},
		"/runs/*":                       {"tool", "results", "columnKind"},
		"/runs/*/tool/driver":           {"name", "rules"},
		"/runs/*/tool/driver/rules/*":   {"id", "shortDescription", "fullDescription", "help"},
		"/runs/*/invocations/*":         {"executionSuccessful"},
		"/runs/*/results/*":             {"message", "ruleId", "ruleIndex", "level", "locations", "partialFingerprints"},
		"/runs/*/results/*/message":     {"text"},
		"/runs/*/results/*/locations/*": {"physicalLocation"},
	}
	for name, err := range map[string]error{
		"met":     nil,
		"missed":  &render.TargetError{},
		"faults":  faults{{Severity: spec.SeverityError, File: "a b/lathe.yaml", Line: 2, Col: 3, Width: 4, Message: "wrong"}},
		"locked":  &render.LockError{Differences: []render.Difference{{What: "input", Path: "a.wav", Message: "changed"}}},
		"input":   errors.Join(&render.InputError{Pos: spec.Pos{File: "a b/lathe.yaml", Line: 4, Col: 1}, Message: "unreadable"}, errors.New("and more")),
		"machine": fmt.Errorf("write: %w", os.ErrPermission),
	} {
		t.Run(name, func(t *testing.T) {
			r := reported(t)
			text, fault := r.asSARIF(err)
			if fault != nil {
				t.Fatal(fault)
			}
			if to := os.Getenv("LATHE_SARIF_TO"); to != "" { // to hold them against OASIS's schema
				if err := os.WriteFile(filepath.Join(to, name+".sarif"), text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var log any
			if err := json.Unmarshal(text, &log); err != nil {
				t.Fatal(err)
			}
			walk(log, "", func(path string, o map[string]any) {
				for _, key := range required[path] {
					if o[key] == nil {
						t.Errorf("%s has no %s", path, key)
					}
				}
				if uri, ok := o["uri"].(string); ok && !slices.Contains([]string{"a%20b/lathe.yaml", "a%20b/other.yaml", "a%20b/lathe.lock"}, uri) {
					t.Errorf("%s: uri %q", path, uri)
				}
				if level, ok := o["level"].(string); ok && !slices.Contains([]string{"error", "warning"}, level) {
					t.Errorf("%s: level %q", path, level)
				}
			})
			var got sarifLog
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			run := got.Runs[0]
			var rules []string
			for _, result := range run.Results {
				if run.Tool.Driver.Rules[result.RuleIndex].ID != result.Rule {
					t.Errorf("%s has the index of another rule", result.Rule)
				}
				rules = append(rules, result.Rule+" "+result.Level)
			}
			want := []string{"project warning"}
			if name == "faults" {
				want = append(want, "project error")
			}
			want = append(want, "assert/true_peak error", "assert/true_peak error", "assert/plr warning", "assert/gap error")
			switch name {
			case "locked":
				want = append(want, "lock error")
			case "input":
				want = append(want, "input error")
			}
			if diff := cmp.Diff(want, rules); diff != "" {
				t.Error(diff)
			}
			in := run.Invocations[0]
			if in.ExitCode != exitCode(err) || in.Successful != (name != "machine" && name != "input") || (len(in.Notifications) > 0) == in.Successful {
				t.Errorf("%+v", in)
			}
			peak := run.Results[slices.Index(rules, "assert/true_peak error")]
			region := peak.Locations[0].Physical.Region
			if *region != (sarifRegion{Line: 7, Col: 5, EndCol: 14}) || *peak.Properties.Value != -0.62 || *peak.Properties.At != 62.53 || run.Automation.ID != "lathe/a b/" {
				t.Errorf("%+v %+v", region, peak.Properties)
			}
		})
	}
}

// A report that cannot be written is told, and does not hide how the build ended.
// One of an interrupted build is not written at all.
func TestReportsAreWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "deep", "junit.xml")
	if err := writeWhole(name, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(filepath.Join(name, "below a file"), nil); err == nil {
		t.Error("no error")
	}
	r := &reports{junit: name}
	if err := r.write(nil, context.Canceled); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	entries, err := os.ReadDir(filepath.Dir(name))
	if text, _ := os.ReadFile(name); err != nil || len(entries) != 1 || string(text) != "one" {
		t.Errorf("%q, %v, %v", text, entries, err)
	}
}

func TestSameFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("real", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", "link"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"real/new.xml", "link/new.xml", true},
		{"real/deep/new.xml", "real/../link/deep/new.xml", true},
		{"real/new.xml", "real/newer.xml", false},
	} {
		if got := sameFile(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %v", c.a, c.b, got)
		}
	}
}
