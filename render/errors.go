package render

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/lathe-audio/lathe/render/encode"
	"github.com/lathe-audio/lathe/spec"
)

// InputError says that the project, or a file it names, is at fault.
type InputError struct {
	Pos     spec.Pos // where the project says so; may be zero
	Message string
	Err     error // what it wraps; may be nil
}

// Error implements error.
func (e *InputError) Error() string {
	text := e.Message
	if e.Err != nil {
		if text != "" {
			text += ": "
		}
		text += e.Err.Error()
	}
	if e.Pos.File != "" {
		text = e.Pos.String() + ": " + text
	}
	return text
}

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// TargetError says that outputs miss what they were asked to meet: a target of
// their delivery, or an assertion of the project. Nothing was
// changed silently to meet it, and nothing was delivered.
type TargetError struct {
	Misses []Miss
}

// Miss is one output that misses one target, or an assertion of the project.
type Miss struct {
	Pos     spec.Pos // of the delivery, or of the assertion
	Target  string   // "format", "loudness" or "ceiling"; empty: the level as a whole
	Output  string   // "streaming/Undertow.wav"; or what else an assertion is about
	Message string   // what is missed, by how much, where
	Options []string // what the user may do
}

// Error implements error: one paragraph for each miss.
func (e *TargetError) Error() string {
	var b strings.Builder
	for i, m := range e.Misses {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s: %s", m.Pos, m.Output, m.Message)
		for _, o := range m.Options {
			fmt.Fprintf(&b, "\n    option: %s", o)
		}
	}
	return b.String()
}

// IsMachineFault reports whether an error is the machine's rather than the
// project's: a full disk, a missing permission, a read-only place, an encoder that is
// not there or fails.
func IsMachineFault(err error) bool {
	for _, fault := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.EFBIG, syscall.EMFILE, syscall.ENOMEM, fs.ErrPermission} {
		if errors.Is(err, fault) {
			return true
		}
	}
	program := (*encode.Error)(nil) // missing, or failed
	return errors.As(err, &program)
}
