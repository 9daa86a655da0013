package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/internal/demo"
	"github.com/lathe-audio/lathe/render"
)

func initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "start a project: a demo song with stems that lathe plays itself",
		ArgsUsage: "DIR",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "demo", Usage: "write the demo song: a project file and its stems"}},
		Action:    initProject,
	}
}

func initProject(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	if c.NArg() == 0 {
		return usage("init: which folder? lathe init --demo DIR")
	}
	if !c.Bool("demo") {
		return usage("init: say --demo for the demo song: lathe init --demo %s", c.Args().First())
	}
	dir := c.Args().First()
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case len(entries) > 0:
		return &render.InputError{Message: fmt.Sprintf("%s is not empty: name a new folder", dir)}
	}
	if err := demo.Write(dir, "undertow"); err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "wrote %s\nnext: lathe build %s\n", dir, dir)
	return nil
}
