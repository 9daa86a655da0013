package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/spec"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "print the resolved project, each value with where it came from",
		ArgsUsage: "[PROJECT] [PATH]",
		Description: "PATH picks a part of the project, as it is printed: stems.bass, 'stems.bass.chain[0]', deliver.cd.\n" +
			"With one argument that is no file and no folder, it is taken as PATH in the project here.",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print an array of {path, value, origin}"}},
		Action: explain,
	}
}

func explain(c *cli.Context) error {
	if err := atMost(c, 2); err != nil {
		return err
	}
	name, path := project(c), c.Args().Get(1)
	if _, err := os.Stat(name); err != nil && c.NArg() == 1 {
		name, path = ".", name
	}
	p, err := loadFor(c, name, "")
	if err != nil {
		return err
	}
	lines := spec.Explain(p, path)
	if len(lines) == 0 {
		hint := ""
		if near := p.Suggest(path); near != "" {
			hint = fmt.Sprintf("; did you mean %s", near)
		}
		return usage("explain: the project has nothing at %q%s", path, hint)
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
