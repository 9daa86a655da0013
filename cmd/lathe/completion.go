package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for a shell: bash, zsh or fish",
		ArgsUsage: "bash|zsh|fish",
		Description: "  bash:  source <(lathe completion bash)\n" +
			"  zsh:   source <(lathe completion zsh)\n" +
			"  fish:  lathe completion fish | source",
		BashComplete: func(c *cli.Context) { fmt.Fprint(c.App.Writer, "bash\nzsh\nfish\n") },
		Action: func(c *cli.Context) error {
			if err := atMost(c, 1); err != nil {
				return err
			}
			switch shell := c.Args().First(); shell {
			case "bash":
				fmt.Fprint(c.App.Writer, bashCompletion)
			case "zsh":
				fmt.Fprint(c.App.Writer, zshCompletion)
			case "fish":
				script, err := c.App.ToFishCompletion()
				if err != nil {
					return err
				}
				fmt.Fprint(c.App.Writer, script)
			default:
				return usage("completion: shell %q: expected bash, zsh or fish", shell)
			}
			return nil
		},
	}
}

// completeFlags answers a shell that asks for a command's flags ("lathe build
// --j"), which the library cannot: it stops at the unfinished flag. It reports
// whether that is what was asked.
func completeFlags(app *cli.App, args []string, w io.Writer) bool {
	last := len(args) - 1
	if last < 3 || args[last] != "--generate-bash-completion" || !strings.HasPrefix(args[last-1], "-") {
		return false
	}
	command := app.Command(args[1])
	if command == nil {
		return false
	}
	for _, f := range command.Flags {
		fmt.Fprintln(w, "--"+f.Names()[0])
	}
	return true
}

// Both scripts ask the program itself, and offer files where it has nothing to
// say: most arguments are files.
const bashCompletion = `_lathe() {
  local word=${COMP_WORDS[COMP_CWORD]} words
  if [[ $word == -* ]]; then
    words=$("${COMP_WORDS[@]:0:COMP_CWORD}" "$word" --generate-bash-completion 2>/dev/null)
  else
    words=$("${COMP_WORDS[@]:0:COMP_CWORD}" --generate-bash-completion 2>/dev/null)
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _lathe lathe
`

const zshCompletion = `#compdef lathe
_lathe() {
  local -a words_now
  if [[ ${words[-1]} == -* ]]; then
    words_now=(${(f)"$(${words[@]:0:#words[@]-1} ${words[-1]} --generate-bash-completion 2>/dev/null)"})
  else
    words_now=(${(f)"$(${words[@]:0:#words[@]-1} --generate-bash-completion 2>/dev/null)"})
  fi
  if (( ${#words_now} )); then
    _describe 'lathe' words_now
  fi
  _files
}
compdef _lathe lathe
`
