package main

import (
	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/spec"
)

func schemaCommand() *cli.Command {
	return &cli.Command{
		Name:  "schema",
		Usage: "print the JSON Schema of the project file, for editors",
		Description: "Save it and name it at the top of a project file, so that an editor completes and checks while you type:\n\n" +
			"  lathe schema > lathe.schema.json\n" +
			"  # yaml-language-server: $schema=lathe.schema.json",
		Action: func(c *cli.Context) error {
			if err := atMost(c, 0); err != nil {
				return err
			}
			_, err := c.App.Writer.Write(spec.Schema(catalogue.Params()))
			return err
		},
	}
}
