package main

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "hold inputs and outputs against lathe.lock",
		ArgsUsage: "[PROJECT]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "output folder `DIR` (default: dist beside the project file)"},
			&cli.BoolFlag{Name: "rebuild", Usage: "render everything again from nothing, in a temporary place, and compare that"},
			&cli.IntFlag{Name: "jobs", Usage: "work on `N` things at once", DefaultText: "one for each core"},
			&cli.BoolFlag{Name: "json", Usage: "print the differences as a JSON array"},
		},
		Action: verify,
	}
}

func verify(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	engine := "" // files in place can be held against the lock file by any lathe
	if c.Bool("rebuild") {
		engine = render.EngineVersion
	}
	p, err := loadFor(c, project(c), engine)
	if err != nil {
		return err
	}
	show := newProgress(c.App.ErrWriter, p)
	found, err := render.Verify(c.Context, p, render.Options{Out: c.String("out"), Jobs: c.Int("jobs"), Event: show.event}, c.Bool("rebuild"))
	show.stop()
	if err != nil {
		return err
	}
	if c.Bool("json") {
		if found == nil {
			found = []render.Difference{}
		}
		if err := json.NewEncoder(c.App.Writer).Encode(found); err != nil {
			return err
		}
		if len(found) > 0 {
			return errNotAsLocked
		}
		return nil
	}
	if len(found) > 0 {
		return &render.LockError{Differences: found}
	}
	lock, err := render.ReadLock(p)
	if err != nil {
		return err
	}
	how := "in place"
	if c.Bool("rebuild") {
		how = "rendered again"
	}
	fmt.Fprintf(c.App.Writer, "%s and %s, %s, are what %s says\n", count(len(lock.Inputs), "input"), count(len(lock.Outputs), "output"), how, render.LockName)
	return nil
}
