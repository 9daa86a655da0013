package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/encode"
	"github.com/lathe-audio/lathe/spec"
)

// Exit codes: others script against them.
const (
	exitDone        = 0
	exitInput       = 1   // the project or an input is at fault
	exitUsage       = 2   // wrong usage
	exitTarget      = 3   // a target or a check was not met
	exitMachine     = 4   // the machine is at fault: disk full, permission, no encoder
	exitInterrupted = 130 // outputs are whole
)

// usage is the error of a wrong call.
func usage(format string, args ...any) error {
	return &render.UsageError{Message: fmt.Sprintf(format, args...)}
}

// faults carries a project's diagnostics as an error.
type faults spec.Diagnostics

func (f faults) Error() string { return spec.Diagnostics(f).Text() }

// Ends of a command where everything has been said.
var (
	errQuiet       = errors.New("")                                      // exit code 1
	errUnmet       = fmt.Errorf("%w%w", errQuiet, &render.TargetError{}) // exit code 3
	errNoProgram   = fmt.Errorf("%w%w", errQuiet, &encode.Error{})       // exit code 4
	errNotAsLocked = fmt.Errorf("%w%w", errQuiet, &render.LockError{})   // exit code 3
)

// exitCode maps an error to the code that the command ends with.
func exitCode(err error) int {
	var (
		badUse *render.UsageError
		missed *render.TargetError
		other  *render.LockError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &badUse):
		return exitUsage
	case errors.As(err, &missed), errors.As(err, &other):
		return exitTarget
	case render.IsMachineFault(err):
		return exitMachine
	}
	return exitInput
}

// printError tells a person what went wrong.
func printError(w io.Writer, err error) {
	var f faults
	switch {
	case errors.Is(err, errQuiet):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "interrupted: outputs are as they were before")
	case errors.As(err, &f):
		fmt.Fprint(w, f.Error())
	case exitCode(err) == exitUsage:
		fmt.Fprintf(w, "lathe: %v\nsee lathe --help\n", err)
	default:
		fmt.Fprintf(w, "lathe: %v\n", err)
	}
}
