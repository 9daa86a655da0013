package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"path"
	"strings"

	"github.com/lathe-audio/lathe/render"
)

// The elements of JUnit's XML that CI servers read. It has no standard; these
// are understood by GitLab, Jenkins and GitHub's actions alike. Times are left
// out, so that two builds that do the same report the same.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitProblem `xml:"failure"`
		Error   *junitProblem `xml:"error"`
		Skipped *junitProblem `xml:"skipped"`
		Out     string        `xml:"system-out,omitempty"`
		Err     string        `xml:"system-err,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// asJUnit is a suite for the project and one for each delivery, with a case for
// everything that each output was held against.
func (r *reports) asJUnit(err error) ([]byte, error) {
	all := junitSuites{Name: "lathe", Suites: []junitSuite{r.projectSuite(r.ending(err))}}
	at := map[string]int{}
	for _, c := range r.checks {
		name := c.Delivery
		if name == "" {
			name = "album"
		}
		if at[name] == 0 {
			at[name] = len(all.Suites)
			all.Suites = append(all.Suites, junitSuite{Name: name})
		}
		suite := &all.Suites[at[name]]
		suite.Cases = append(suite.Cases, r.testCase(c))
	}
	project, _ := r.below(r.project)
	for i := range all.Suites {
		s := &all.Suites[i]
		s.Properties = []junitProperty{{"project", project}, {"lathe", version()}}
		s.finish()
		all.Tests, all.Failures, all.Errors, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors, all.Skipped+s.Skipped
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	e := xml.NewEncoder(&out)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// projectSuite says whether the project is in order and could be built.
func (r *reports) projectSuite(e ending) junitSuite {
	file, _ := r.below(r.project)
	project := junitCase{Class: "project", Name: "is in order", File: file, Out: e.diagnostics.Warnings().Text()}
	build := junitCase{Class: "project", Name: "can be built", File: file}
	if faults := e.diagnostics.Errors(); len(faults) > 0 {
		project.Error = &junitProblem{Message: faults[0].Error(), Type: "project", Text: faults.Text()}
		if len(faults) > 1 {
			project.Error.Message += fmt.Sprintf(" (and %d more)", len(faults)-1)
		}
		build.Skipped = &junitProblem{Message: "the project is not in order"}
	}
	var text []string
	for _, d := range e.locked {
		text = append(text, d.String())
	}
	if text != nil {
		build.Failure = &junitProblem{Message: "not as " + render.LockName + " says", Type: "lock", Text: strings.Join(text, "\n")}
	}
	for _, one := range e.other {
		text = append(text, one.Error())
	}
	if e.other != nil {
		build.Error = &junitProblem{Message: text[0], Type: "build", Text: strings.Join(text, "\n")}
	}
	return junitSuite{Name: "project", Cases: []junitCase{project, build}}
}

// testCase is one check. Its class stands for the output: servers cut it at dots.
func (r *reports) testCase(c render.Check) junitCase {
	about := strings.TrimSuffix(c.About, path.Ext(c.About))
	if !strings.Contains(c.About, "/") { // no file
		about = c.About
	}
	t := junitCase{Class: strings.ReplaceAll(about, "/", "."), Name: c.What + " " + c.Limit, Line: c.Line}
	t.File, _ = r.below(c.File)
	if c.Name != "" {
		t.Name = c.Name + ": " + t.Name
	}
	switch {
	case c.Handover():
		t.Name = "hand-over: " + t.Name
	case c.Advised():
		t.Name = "master: " + t.Name
	case c.Profiled():
		t.Name = "profile: " + t.Name
	case !c.Asserted():
		t.Name = "target: " + t.Name
	}
	switch c.Status {
	case render.CheckFailed:
		t.Failure = &junitProblem{Message: c.Message, Type: c.Rule, Text: c.Pos().String() + ": " + explained(c)}
	case render.CheckSkipped:
		t.Skipped = &junitProblem{Message: c.Message}
	case render.CheckWarned:
		t.Out = "warning: " + c.Message
	case render.CheckAdvised:
		t.Out = "advice: " + c.Message
	default:
		t.Out = c.Message
	}
	return t
}

// finish counts, and tells cases of the same name apart: servers take them for
// one.
func (s *junitSuite) finish() {
	seen := map[string]int{}
	for i := range s.Cases {
		c := &s.Cases[i]
		id := c.Class + "\x00" + c.Name
		if seen[id]++; seen[id] > 1 {
			c.Name += fmt.Sprintf(" (%d)", seen[id])
		}
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
}
