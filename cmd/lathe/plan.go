package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render"
)

func planCommand() *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "say what a build would do and why, without doing it",
		ArgsUsage: "[PROJECT]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "output folder `DIR` (default: dist beside the project file)"},
			&cli.StringSliceFlag{Name: "only", Usage: "only outputs that match `GLOB`, as for build"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON array"},
		},
		Action: func(c *cli.Context) error {
			if err := atMost(c, 1); err != nil {
				return err
			}
			p, err := load(c, project(c))
			if err != nil {
				return err
			}
			steps, err := render.Plan(c.Context, p, render.Options{Out: c.String("out"), Only: c.StringSlice("only"), Event: newProgress(c.App.ErrWriter, p).event})
			if err != nil {
				return err
			}
			return printSteps(c, steps)
		},
	}
}

func whyCommand() *cli.Command {
	return &cli.Command{
		Name:      "why",
		Usage:     "say which field or file makes an output be rendered again",
		ArgsUsage: "OUTPUT [PROJECT]",
		Description: "OUTPUT is a path below the output folder, as build prints it (streaming/Undertow.wav), or with the\n" +
			"output folder before it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "output folder `DIR` (default: dist beside the project file)"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON array"},
		},
		Action: func(c *cli.Context) error {
			if err := atMost(c, 2); err != nil {
				return err
			}
			if c.NArg() == 0 {
				return usage("why: which output? for example: lathe why streaming/Undertow.wav")
			}
			name := "."
			if c.NArg() == 2 {
				name = c.Args().Get(1)
			}
			p, err := load(c, name)
			if err != nil {
				return err
			}
			out := c.String("out")
			if out == "" {
				out = filepath.Join(p.Dir, "dist")
			}
			output := filepath.ToSlash(filepath.Clean(c.Args().First()))
			if below, err := filepath.Rel(out, c.Args().First()); err == nil && filepath.IsLocal(below) {
				output = filepath.ToSlash(below)
			}
			steps, err := render.Plan(c.Context, p, render.Options{Out: c.String("out"), Only: []string{output}})
			if err != nil {
				return err
			}
			return printSteps(c, steps)
		},
	}
}

// printSteps prints what would be done, what would not, and why.
func printSteps(c *cli.Context, steps []render.Step) error {
	if c.Bool("json") {
		e := json.NewEncoder(c.App.Writer)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(steps)
	}
	w := c.App.Writer
	song, run, seconds, unknown := "", 0, 0.0, false
	for _, s := range steps {
		if s.Song != song {
			song = s.Song
			fmt.Fprintln(w, song)
		}
		if !s.Run {
			fmt.Fprintf(w, "  as before  %s\n", s.Action)
			continue
		}
		run++
		took := ""
		if s.Seconds != nil {
			took = fmt.Sprintf("  (about %.1f s)", *s.Seconds)
			seconds += *s.Seconds
		} else {
			unknown = true
		}
		fmt.Fprintf(w, "  render     %s%s\n", s.Action, took)
		for _, why := range s.Why {
			fmt.Fprintf(w, "               %s\n", why)
		}
	}
	switch {
	case run == 0:
		fmt.Fprintln(w, "nothing to do")
	case unknown:
		fmt.Fprintf(w, "%s to render, %d as before\n", count(run, "step"), len(steps)-run)
	default:
		fmt.Fprintf(w, "%s to render, about %.1f s of work; %d as before\n", count(run, "step"), seconds, len(steps)-run)
	}
	return nil
}
