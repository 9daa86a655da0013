//go:build unix

package audiofile

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// TestOpenPipe: opening a named pipe to look at it would wait for ever.
func TestOpenPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.wav")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(pipe)
	var e *Error
	if !errors.As(err, &e) || e.Kind != NotAudio || e.Detail != "not a regular file" {
		t.Errorf("error %v", err)
	}
}
