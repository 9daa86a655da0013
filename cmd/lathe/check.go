package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/spec"
)

func checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "find what is wrong with a project without rendering it",
		ArgsUsage: "[PROJECT]",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print the findings as one JSON array"}},
		Action:    check,
	}
}

func check(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	p, found := spec.Load(project(c), spec.Options{Catalogue: catalogue.Params(), Engine: render.EngineVersion})
	if p != nil {
		found = append(found, render.Inspect(p)...)
	}
	failed := p == nil || found.HasErrors()
	var broken error
	if !failed {
		var more spec.Diagnostics
		if more, broken = asserted(p); broken != nil {
			broken = errUnmet
		}
		found = append(found, more...)
	}
	if p != nil {
		missing, err := programs(c, p)
		if found = append(found, missing...); err != nil && !failed {
			broken = err
		}
	}
	if c.Bool("json") {
		if found == nil {
			found = spec.Diagnostics{}
		}
		if err := json.NewEncoder(c.App.Writer).Encode(found); err != nil {
			return err
		}
		if failed {
			return errQuiet
		}
		return broken
	}
	if failed {
		return faults(found)
	}
	fmt.Fprint(c.App.ErrWriter, found.Text())
	if errors.Is(broken, errNoProgram) { // what it would build, it cannot here
		return broken
	}
	for _, line := range render.Describe(p) {
		fmt.Fprintln(c.App.Writer, line)
	}
	return broken
}

// programs finds lossy deliveries whose encoder is not on this machine.
func programs(c *cli.Context, p *spec.Project) (spec.Diagnostics, error) {
	err := render.CheckPrograms(c.Context, p)
	if c.Context.Err() != nil {
		return nil, c.Context.Err()
	}
	found := render.Findings(spec.SeverityError, err)
	if len(found) == 0 {
		return nil, nil
	}
	return found, errNoProgram
}

// asserted holds a project against those of its assertions that need no sound.
// What fails alike for several outputs is told once.
func asserted(p *spec.Project) (spec.Diagnostics, error) {
	checks, err := render.CheckPlan(p)
	if err != nil {
		return nil, err
	}
	type failure struct {
		at      spec.Pos
		message string
	}
	var found spec.Diagnostics
	first, about := map[failure]int{}, map[failure][]string{}
	for _, c := range checks {
		if c.Status != render.CheckFailed && c.Status != render.CheckWarned {
			continue
		}
		f := failure{c.Pos(), c.Message}
		about[f] = append(about[f], c.About)
		if len(about[f]) == 1 {
			first[f] = len(found)
			d := spec.Diagnostic{Severity: spec.SeverityError, File: c.File, Line: c.Line, Col: c.Col, Width: c.Width}
			if c.Status == render.CheckWarned {
				d.Severity = spec.SeverityWarning
			}
			found = append(found, d)
		}
		found[first[f]].Message = several(about[f]) + ": " + c.Message
	}
	return found, render.Failures(checks)
}
