package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// fileList is a flag that may be given several times. Unlike the library's own it
// does not cut names at commas.
type fileList []string

// Set implements flag.Value.
func (f *fileList) Set(name string) error {
	*f = append(*f, name)
	return nil
}

// String implements flag.Value.
func (f *fileList) String() string { return strings.Join(*f, " ") }

// checkJSON is what `lathe profiles --check --json` prints of a file and a
// profile.
type checkJSON struct {
	File    string         `json:"file"`
	Profile string         `json:"profile"`
	Keeps   bool           `json:"keeps"` // every rule that is more than advice
	Checks  []ruleJSON     `json:"checks"`
	Report  measure.Report `json:"measured"`
}

// ruleJSON is one rule and how a file keeps it.
type ruleJSON struct {
	Rule     string             `json:"rule"`
	Status   render.CheckStatus `json:"status"`
	What     string             `json:"what"`
	Limit    string             `json:"limit"`
	Measured string             `json:"measured"`
	Value    *float64           `json:"value"`
	At       *float64           `json:"at_s"`
	Mark     string             `json:"mark"`
	Source   string             `json:"source"`
	Message  string             `json:"message"`
}

// checkFiles holds the files of --check against the profiles that are named.
func checkFiles(c *cli.Context) error {
	names, files := c.Args().Slice(), *c.Generic("check").(*fileList)
	if len(names) == 0 {
		return usage("profiles: --check %s: against which profile? lathe profiles --check FILE PROFILE…; lathe profiles lists them", files[0])
	}
	var all []spec.Profile
	for _, name := range names {
		p, diags := spec.ProfileNamed(name)
		switch {
		case diags == nil:
			all = append(all, p)
		case diags[0].File == "":
			text := diags[0].Message
			if diags[0].Hint != "" {
				text += "; " + diags[0].Hint
			}
			return usage("profiles: %s", text)
		default:
			return faults(diags)
		}
	}
	var done []render.FileCheck
	var of []spec.Profile
	var failed error // what could be read is shown even if something could not
	for _, file := range files {
		found, err := render.CheckFile(c.Context, file, all...)
		if c.Context.Err() != nil {
			return c.Context.Err()
		}
		failed = errors.Join(failed, err)
		done = append(done, found...)
		of = append(of, all[:len(found)]...)
	}
	if c.Bool("json") {
		if err := printChecksJSON(c, done, of); err != nil {
			return errors.Join(failed, err)
		}
	} else {
		for i, f := range done {
			if i > 0 {
				fmt.Fprintln(c.App.Writer)
			}
			printChecks(c, f, of[i])
		}
	}
	if failed != nil {
		return failed
	}
	return brokenRules(done, of)
}

// brokenRules is the error for files that do not keep a profile; the tables have
// said what.
func brokenRules(done []render.FileCheck, of []spec.Profile) error {
	var broken []string
	for i, f := range done {
		if f.Fails() {
			broken = append(broken, fmt.Sprintf("%s does not keep the rules of %s", f.File, of[i].Name))
		}
	}
	if broken == nil {
		return nil
	}
	return fmt.Errorf("%s%w", strings.Join(broken, "; "), &render.TargetError{})
}

func printChecksJSON(c *cli.Context, done []render.FileCheck, of []spec.Profile) error {
	out := []checkJSON{}
	for i, f := range done {
		j := checkJSON{File: f.File, Profile: of[i].Name, Keeps: !f.Fails(), Report: f.Report, Checks: []ruleJSON{}}
		for _, k := range f.Checks {
			j.Checks = append(j.Checks, ruleJSON{
				Rule: k.Rule, Status: k.Status, What: k.What, Limit: k.Limit, Measured: k.Text, Value: k.Value, At: k.At,
				Mark: k.Mark, Source: k.Source, Message: k.Message,
			})
		}
		out = append(out, j)
	}
	return printJSON(c, out)
}

// printChecks prints how a file keeps the rules of a profile.
func printChecks(c *cli.Context, f render.FileCheck, p spec.Profile) {
	fmt.Fprintf(c.App.Writer, "%s and %s (figures of %s)\n\n", f.File, p.Name, p.Delivery.Date)
	t := newTable(c.App.Writer)
	t.AppendHeader(table.Row{"", "rule", "measured", "limit", "says"})
	t.SetColumnConfigs([]table.ColumnConfig{wrapped(3, 40), wrapped(4, 40), wrapped(5, 70)})
	n := map[render.CheckStatus]int{}
	for _, k := range f.Checks {
		n[k.Status]++
		measured := k.Text
		if measured == "" {
			measured = "–"
		}
		if k.At != nil && k.Status != render.CheckMet {
			measured += " at " + length(*k.At)
		}
		t.AppendRow(table.Row{statusWords[k.Status], k.What, measured, k.Limit, saysWho(k.Mark, k.Source)})
	}
	t.Render()
	fmt.Fprintf(c.App.Writer, "%d kept", n[render.CheckMet])
	for _, s := range []render.CheckStatus{render.CheckFailed, render.CheckAdvised, render.CheckSkipped} {
		if n[s] > 0 {
			fmt.Fprintf(c.App.Writer, ", %d %s", n[s], statusWords[s])
		}
	}
	fmt.Fprintln(c.App.Writer)
}

var statusWords = map[render.CheckStatus]string{
	render.CheckMet: "kept", render.CheckFailed: "FAIL", render.CheckAdvised: "advice", render.CheckSkipped: "not checked",
}

// saysWho is a rule's source and by whom it is known.
func saysWho(mark, source string) string {
	switch {
	case mark == "":
		return source
	case source == "":
		return mark
	}
	return mark + ": " + source
}
