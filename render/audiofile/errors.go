package audiofile

import (
	"errors"
	"io/fs"
)

// Kind says why a file could not be read or written.
type Kind int

// The kinds of failure.
const (
	_           Kind = iota
	NotFound         // no such file
	NotReadable      // the operating system would not: permission, disk
	Empty            // 0 bytes
	LFSPointer       // a Git LFS pointer in place of the file
	NotAudio         // something else altogether
	NoData           // audio, but without the chunk that holds the samples
	Truncated        // ends before its samples do
	Corrupt          // damaged, or against its own format
	Unsupported      // audio of a kind that is not read here
	NonFinite        // a sample is NaN or infinite
	TooLong          // more than the format can hold
)

// Error is a file that could not be read or written.
type Error struct {
	Path   string
	Kind   Kind
	Detail string // what it is, and what to do; without the path
	Err    error  // underlying error, or nil

	unknown bool // NotAudio for want of any idea: another program may have one
}

func (e *Error) Error() string {
	if e.Path == "" {
		return e.Detail
	}
	return e.Path + ": " + e.Detail
}

func (e *Error) Unwrap() error { return e.Err }

// osError wraps an error of the operating system.
func osError(path string, err error) error {
	e := &Error{Path: path, Kind: NotReadable, Detail: err.Error(), Err: err}
	var pe *fs.PathError
	if errors.As(err, &pe) { // its text would name the path again
		e.Detail = pe.Err.Error()
	}
	if errors.Is(err, fs.ErrNotExist) {
		e.Kind, e.Detail = NotFound, "not found"
	}
	return e
}
