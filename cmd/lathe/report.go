package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/spec"
)

// reports are the files in which a build tells other programs how it went:
// JUnit XML and SARIF. They are written at the end of every build that was not
// interrupted, also of one that failed.
type reports struct {
	junit, sarif string // empty: not asked for
	project      string // the project file
	root         string // the folder that paths in reports are relative to

	warnings spec.Diagnostics // of a project that loaded
	checks   []render.Check
}

// reportFlags are the flags of a command that writes reports.
func reportFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "junit", Usage: "write what was checked to `FILE` as JUnit XML"},
		&cli.StringFlag{Name: "sarif", Usage: "write what was found to `FILE` as SARIF 2.1.0"},
	}
}

// newReports takes the flags, and refuses files that are the project's own.
func newReports(c *cli.Context) (*reports, error) {
	r := &reports{junit: c.String("junit"), sarif: c.String("sarif")}
	for _, flag := range []string{"junit", "sarif"} {
		if info, err := os.Stat(c.String(flag)); c.IsSet(flag) && (c.String(flag) == "" || err == nil && info.IsDir()) {
			return nil, usage("--%s %s: the name of a file", flag, c.String(flag))
		}
	}
	if !r.wanted() {
		return r, nil
	}
	if r.junit != "" && r.sarif != "" && sameFile(r.junit, r.sarif) {
		return nil, usage("--junit and --sarif are the same file %s", r.junit)
	}
	files := projectFiles(c)
	r.project = files[0]
	var err error
	if r.root, err = sourceRoot(filepath.Dir(files[0])); err != nil {
		return nil, err
	}
	return r, r.refuse(append(files, filepath.Join(filepath.Dir(files[0]), render.LockName)), "a file of the project")
}

func (r *reports) wanted() bool { return r.junit != "" || r.sarif != "" }

// refuseOutputs refuses to write reports over what the build itself writes.
func (r *reports) refuseOutputs(p *spec.Project, out string) error {
	if !r.wanted() {
		return nil
	}
	if out == "" {
		out = filepath.Join(p.Dir, "dist")
	}
	names, err := render.Written(p)
	if err != nil {
		return nil // which the build is going to say
	}
	var files []string
	for _, name := range names {
		files = append(files, filepath.Join(out, filepath.FromSlash(name)))
	}
	return r.refuse(files, "what the build writes")
}

func (r *reports) refuse(files []string, what string) error {
	for _, flag := range []struct{ name, file string }{{"junit", r.junit}, {"sarif", r.sarif}} {
		for _, f := range files {
			if flag.file != "" && sameFile(f, flag.file) {
				return usage("--%s %s: that is %s", flag.name, flag.file, what)
			}
		}
	}
	return nil
}

// event collects what was checked.
func (r *reports) event(e render.Event) {
	if e.Event == render.Checked {
		r.checks = append(r.checks, *e.Check)
	}
}

// write writes the reports of a build that ended with err, and returns what the
// command is to end with.
func (r *reports) write(c *cli.Context, err error) error {
	var badUse *render.UsageError
	if !r.wanted() || errors.Is(err, context.Canceled) || errors.As(err, &badUse) {
		return err
	}
	var faulty []error
	put := func(name string, text func(*reports, error) ([]byte, error)) {
		if name == "" {
			return
		}
		data, fault := text(r, err)
		if fault == nil {
			fault = writeWhole(name, data)
		}
		if fault != nil {
			faulty = append(faulty, fmt.Errorf("report %s: %w", name, fault))
		}
	}
	put(r.junit, (*reports).asJUnit)
	put(r.sarif, (*reports).asSARIF)
	broken := errors.Join(faulty...)
	if err != nil && broken != nil { // the build's own error says how the command ends
		fmt.Fprintf(c.App.ErrWriter, "lathe: %v\n", broken)
		return err
	}
	return errors.Join(err, broken)
}

// writeWhole writes a file beside its place and renames it, so that nobody
// reads half a report.
func writeWhole(name string, data []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".lathe-report-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// sameFile reports whether two names are one file, which need not be there yet.
func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX == nil && errY == nil {
		return os.SameFile(x, y)
	}
	return placeOf(a) == placeOf(b)
}

// placeOf is a file's absolute name, without links as far as its folders exist.
func placeOf(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	rest := ""
	for dir := abs; ; dir = filepath.Dir(dir) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest)
		}
		if dir == filepath.Dir(dir) {
			return abs
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

// sourceRoot is the folder that paths in reports are relative to: the root of
// the git repository that a project lies in, since that is what CI shows files
// by, or else the project's own folder.
func sourceRoot(project string) (string, error) {
	abs, err := filepath.Abs(project)
	if err != nil {
		return "", err
	}
	for dir := abs; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return abs, nil
		}
	}
}

// below is a file's name relative to the root, with forward slashes; a file
// elsewhere keeps its absolute name, and local is false.
func (r *reports) below(name string) (path string, local bool) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return filepath.ToSlash(name), false
	}
	if rel, err := filepath.Rel(r.root, abs); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel), true
	}
	return filepath.ToSlash(abs), false
}

// ending is how a build ended, taken apart for reports.
type ending struct {
	diagnostics spec.Diagnostics    // of the project; warnings too
	locked      []render.Difference // what is not as the lock file says
	other       []error             // everything else that is no missed target
}

func (r *reports) ending(err error) ending {
	e := ending{diagnostics: r.warnings}
	var (
		faulty faults
		missed *render.TargetError
		other  *render.LockError
	)
	switch {
	case err == nil, errors.As(err, &missed): // the checks say what was missed
	case errors.As(err, &faulty):
		e.diagnostics = append(e.diagnostics, faulty...)
	case errors.As(err, &other):
		e.locked = other.Differences
	default:
		e.other = separate(err)
	}
	return e
}

// separate takes joined errors apart.
func separate(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// explained is a check's message for people, with what may be done.
func explained(c render.Check) string {
	text := c.About + ": " + c.Message
	if len(c.Options) > 0 {
		text += "\noptions: " + strings.Join(c.Options, "; ")
	}
	return text
}
