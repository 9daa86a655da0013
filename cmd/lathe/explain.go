package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/spec"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "print the resolved project, each value with where it came from; or the processors and their settings",
		ArgsUsage: "[PROJECT] [PATH], or --processors [NAME...]",
		Description: "PATH picks a part of the project, as it is printed: stems.bass, 'stems.bass.chain[0]', deliver.cd.\n" +
			"With one argument that is no file and no folder, it is taken as PATH in the project here.\n" +
			"With --processors it needs no project: it lists what may stand in a chain, or explains the ones that are named.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "processors", Usage: "the kinds of processors; with NAMEs, the settings of each: unit, range, default, meaning"},
			&cli.BoolFlag{Name: "json", Usage: "print an array of {path, value, origin}; with --processors, of {name, family, version, doc, settings}"},
		},
		Action: explain,
		BashComplete: func(c *cli.Context) {
			for _, k := range catalogue.All() {
				if c.Bool("processors") {
					fmt.Fprintln(c.App.Writer, k.Name)
				}
			}
		},
	}
}

func explain(c *cli.Context) error {
	if c.Bool("processors") {
		return explainProcessors(c)
	}
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
		return printJSON(c, lines)
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

// processorJSON is what `lathe explain --processors --json` prints of a kind.
type processorJSON struct {
	Name     string         `json:"name"`
	Family   string         `json:"family"`
	Version  int            `json:"version"`
	Doc      string         `json:"doc"`
	Settings []spec.Setting `json:"settings"`
}

// explainProcessors prints the kinds that are named, or a list of all.
func explainProcessors(c *cli.Context) error {
	picked, err := pickKinds(c.Args().Slice())
	switch {
	case err != nil:
		return err
	case c.Bool("json"):
		return printJSON(c, picked)
	case c.NArg() == 0:
		listKinds(c, picked)
		return nil
	}
	for i, k := range picked {
		if i > 0 {
			fmt.Fprintln(c.App.Writer)
		}
		fmt.Fprintf(c.App.Writer, "%s (%s): %s\n", k.Name, k.Family, k.Doc)
		printSettings(c, k.Settings, "  ")
	}
	return nil
}

// pickKinds returns the kinds of the names, in their order, or all.
func pickKinds(names []string) (picked []processorJSON, err error) {
	var all []processorJSON
	byName := map[string]processorJSON{}
	for _, f := range catalogue.Families() {
		for _, k := range f.Kinds {
			doc := strings.ToUpper(k.Doc[:1]) + k.Doc[1:]
			p := processorJSON{k.Name, f.Name, k.Version, doc, append(spec.Settings(k.Params), spec.CommonSettings()...)}
			all = append(all, p)
			byName[k.Name] = p
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		p, ok := byName[name]
		if !ok {
			return nil, noKind(name, catalogue.Params())
		}
		picked = append(picked, p)
	}
	return picked, nil
}

func noKind(name string, kinds []param.Kind) error {
	if near := spec.SuggestKind(name, kinds); near != "" {
		return usage("explain: there is no processor %q; did you mean %s", name, near)
	}
	return usage("explain: there is no processor %q; lathe explain --processors lists them", name)
}

// listKinds prints a line for each kind.
func listKinds(c *cli.Context, kinds []processorJSON) {
	wide, family := 0, ""
	for _, k := range kinds {
		wide = max(wide, len(k.Name))
	}
	for _, k := range kinds {
		if k.Family != family {
			family = k.Family
			fmt.Fprintf(c.App.Writer, "%s\n", family)
		}
		fmt.Fprintf(c.App.Writer, "  %-*s  %s\n", wide, k.Name, k.Doc)
	}
}

// printSettings prints two lines for each setting: what may be written, and what
// it means. The settings of a list's entries stand below it, further in.
func printSettings(c *cli.Context, settings []spec.Setting, indent string) {
	wide := 0
	for _, s := range settings {
		wide = max(wide, len(s.Key))
	}
	for _, s := range settings {
		facts := []string{s.Accepts()}
		if d := s.DefaultText(); d != "" {
			facts = append(facts, "default "+d)
		}
		if s.Required {
			facts = append(facts, "required")
		}
		if s.Automatable {
			facts = append(facts, "automatable")
		}
		fmt.Fprintf(c.App.Writer, "%s%-*s  %s\n", indent, wide, s.Key, strings.Join(facts, "; "))
		fmt.Fprintf(c.App.Writer, "%s%-*s  %s\n", indent, wide, "", s.Meaning)
		printSettings(c, s.Settings, indent+strings.Repeat(" ", wide+2))
	}
}
