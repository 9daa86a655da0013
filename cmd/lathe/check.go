package main

import (
	"encoding/json"
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
	p, found := spec.Load(project(c), spec.Options{Catalogue: catalogue.Params()})
	if p != nil {
		found = append(found, render.Inspect(p)...)
	}
	failed := p == nil || found.HasErrors()
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
		return nil
	}
	if failed {
		return faults(found)
	}
	fmt.Fprint(c.App.ErrWriter, found.Text())
	for _, line := range render.Describe(p) {
		fmt.Fprintln(c.App.Writer, line)
	}
	return nil
}
