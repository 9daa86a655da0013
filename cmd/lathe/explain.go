package main

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/spec"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "print the resolved project, each value with where it came from",
		ArgsUsage: "[PROJECT [PATH]]",
		Description: "PATH picks a part of the project, as it is printed, and needs PROJECT before it:\n" +
			"lathe explain . stems.bass, lathe explain . 'stems.bass.chain[0]', lathe explain . deliver.cd.",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print an array of {path, value, origin}"}},
		Action: explain,
	}
}

func explain(c *cli.Context) error {
	if err := atMost(c, 2); err != nil {
		return err
	}
	p, err := load(c, project(c))
	if err != nil {
		return err
	}
	lines := spec.Explain(p, c.Args().Get(1))
	if len(lines) == 0 {
		return usage("explain: the project has nothing at %q", c.Args().Get(1))
	}
	if c.Bool("json") {
		e := json.NewEncoder(c.App.Writer)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(lines)
	}
	wide := 0
	for _, l := range lines {
		wide = max(wide, len(l.Path))
	}
	for _, l := range lines {
		fmt.Fprintf(c.App.Writer, "%-*s  %-24s  # %s\n", wide, l.Path, l.Value, l.Origin)
	}
	return nil
}
