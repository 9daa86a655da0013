//go:build unix

package encode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An encoder that does not end is ended, with all that it has started.
func TestHangingEncoder(t *testing.T) {
	// A script that starts the encoder, and waits for it.
	script := "sleep 600 & echo $$ $! >\"$(dirname $0)/pids\"; wait"
	alive := func(t *testing.T) (alive []int) {
		dir := filepath.SplitList(os.Getenv("PATH"))[0]
		var pids [2]int
		text, err := os.ReadFile(filepath.Join(dir, "pids"))
		if _, scan := fmt.Sscan(string(text), &pids[0], &pids[1]); err != nil || scan != nil {
			t.Fatalf("the encoder did not begin: %v, %v", err, scan)
		}
		deadline := time.Now().Add(30 * time.Second)
		for {
			alive = nil
			for _, pid := range pids {
				if syscall.Kill(pid, 0) == nil && !zombie(pid) {
					alive = append(alive, pid)
				}
			}
			if len(alive) == 0 || time.Now().After(deadline) {
				return alive
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		// Cancelled when the encoder has begun to run: it has written its pids.
		go func() {
			for ctx.Err() == nil {
				if text, err := os.ReadFile(filepath.Join(filepath.SplitList(os.Getenv("PATH"))[0], "pids")); err == nil && bytes.HasSuffix(text, []byte("\n")) {
					stop()
				}
				time.Sleep(time.Millisecond)
			}
		}()
		if err := runFake(ctx, t, script, bytes.NewReader(tones(44100, 200_000)), time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		if left := alive(t); left != nil {
			t.Errorf("still running: %v", left)
		}
	})
	t.Run("limit", func(t *testing.T) {
		err := runFake(t.Context(), t, script, strings.NewReader("RIFF"), 2*time.Second)
		if e := (*Error)(nil); !errors.As(err, &e) || err.Error() != "lame 9.9 has not finished after 2s, and was ended" {
			t.Error(err)
		}
		if left := alive(t); left != nil {
			t.Errorf("still running: %v", left)
		}
	})
}

// zombie reports whether a process has ended and nobody has asked how.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && strings.HasPrefix(rest, "Z")
}
