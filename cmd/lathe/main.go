// Command lathe renders releases from project files: stems to mix, mix to
// master, master to every delivery, the same bytes on every machine.
//
// One file holds one subcommand. Results go to standard output, everything
// else to standard error; see exit.go for the exit codes.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
)

func main() {
	log.SetOutput(io.Discard) // the FLAC decoder logs where it should not
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole command; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &checkedWriter{Writer: stdout}
	app := newApp(out, stderr)
	if completeFlags(app, args, out) {
		return exitDone
	}
	err := app.RunContext(ctx, flagsFirst(app, args))
	if err == nil && out.err != nil { // a result that nobody got is no success
		err = fmt.Errorf("standard output: %w", out.err)
	}
	if err != nil {
		printError(stderr, err)
	}
	return exitCode(err)
}

// checkedWriter remembers the first error of writing.
type checkedWriter struct {
	io.Writer
	err error
}

func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

func newApp(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:      "lathe",
		Usage:     "releases as code: stems to mix, master and every delivery",
		UsageText: "lathe COMMAND [options] [arguments]",
		Version:   version(),
		Writer:    stdout, ErrWriter: stderr,
		HideVersion:            false,
		EnableBashCompletion:   true,
		UseShortOptionHandling: true,
		Suggest:                true,
		CustomAppHelpTemplate:  appHelp,
		ExitErrHandler:         func(*cli.Context, error) {}, // run maps errors to codes
		OnUsageError:           onUsageError,
		Commands: []*cli.Command{
			initCommand(), checkCommand(), explainCommand(), planCommand(), buildCommand(), watchCommand(), whyCommand(), verifyCommand(),
			matchCommand(), measureCommand(), albumCommand(), ddpCommand(), profilesCommand(), schemaCommand(), cacheCommand(), completionCommand(),
		},
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name != "" {
				return usage("there is no command %q%s", name, didYouMean(name, c.App.VisibleCommands()))
			}
			return cli.ShowAppHelp(c)
		},
	}
	for _, c := range app.Commands {
		c.OnUsageError = onUsageError
		for _, f := range c.Flags { // "(default: false)" says nothing
			if b, ok := f.(*cli.BoolFlag); ok {
				b.DisableDefaultText = true
			}
		}
	}
	return app
}

// appHelp fits on one screen.
const appHelp = `{{.Name}} - {{.Usage}}

usage:
  {{.UsageText}}

commands:
{{range .VisibleCommands}}  {{printf "%-11s" .Name}} {{.Usage}}
{{end}}
"lathe COMMAND --help" says more. PROJECT is a project file or its folder (default: lathe.yaml here).

exit codes: 0 done, 1 the project or an input is at fault, 2 wrong usage, 3 a target or check was not met,
            4 the machine is at fault, 130 interrupted
`

func onUsageError(_ *cli.Context, err error, _ bool) error { return usage("%v", err) }

// project is the project argument of a command: a file or a folder.
func project(c *cli.Context) string {
	if c.NArg() > 0 {
		return c.Args().First()
	}
	return "."
}

// projectDir is the folder of a project that is named by its file or folder.
func projectDir(name string) string {
	if name == "" {
		return "."
	}
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		return filepath.Dir(name)
	}
	return name
}

// atMost refuses more arguments than a command takes.
func atMost(c *cli.Context, n int) error {
	if c.NArg() > n {
		return usage("%s: one argument too many: %s", c.Command.Name, c.Args().Get(n))
	}
	return nil
}

// flagsFirst moves a subcommand's flags before its arguments, where the flag
// package wants them, so that "lathe build PROJECT --jobs 1" works too.
// Everything after "--" stays as it is.
func flagsFirst(app *cli.App, args []string) []string {
	if len(args) < 3 || args[len(args)-1] == "--generate-bash-completion" {
		return args
	}
	command := app.Command(args[1])
	if command == nil {
		return args
	}
	valued := map[string]bool{}
	for _, f := range command.Flags {
		_, isBool := f.(*cli.BoolFlag)
		for _, name := range f.Names() {
			valued[name] = !isBool
		}
	}
	var flags, rest []string
	for i := 2; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			rest = append(rest, a)
			continue
		}
		flags = append(flags, a)
		if valued[strings.TrimLeft(a, "-")] && i+1 < len(args) { // "--jobs 1", not "--jobs=1"
			i++
			flags = append(flags, args[i])
		}
	}
	return append(append(args[:2:2], flags...), rest...)
}

// didYouMean is the library's suggestion, or nothing.
func didYouMean(name string, commands []*cli.Command) string {
	if s := cli.SuggestCommand(commands, name); s != "" {
		return "; " + strings.TrimSuffix(strings.ToLower(s[:1])+s[1:], "?")
	}
	return ""
}
