package render

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"time"

	"github.com/gofrs/flock"
)

// What lies in the output folder beside the outputs, for listening only, and is in
// no manifest: a record in the cache folder knows which files are lathe's own.
const (
	previewRecord = "preview"
	tapRecord     = "taps"
)

// record is the file that knows the files of a kind: like the journal it is
// written before they are, so that a killed lathe leaves nothing that the next
// one takes for somebody else's.
func (o *outputs) record(kind string) string { return strings.TrimSuffix(o.mine, ".mine") + "." + kind }

// show puts files in the place of those of their kind from before.
func (o *outputs) show(ctx context.Context, kind string, files []staged) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	lock := flock.New(o.lock)
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return fmt.Errorf("lock output folder: %w", err)
	}
	defer lock.Unlock()
	before, err := readManifest(o.record(kind))
	if err != nil {
		return err
	}
	now := Manifest{Lathe: 1, Engine: EngineVersion}
	for _, f := range files {
		var digests []string
		for _, old := range before.Outputs {
			if old.Path == f.Path {
				digests = append(digests, old.SHA256)
			}
		}
		if theirs, err := o.foreign(f.Path, digests); err != nil {
			return err
		} else if theirs {
			return &InputError{Message: fmt.Sprintf("%s: lathe did not write this, or it was changed since, and does not overwrite it: move it away or delete it", o.at(f.Path))}
		}
		now.Outputs = append(now.Outputs, f.Output)
	}
	both := now
	both.Outputs = slices.Concat(now.Outputs, before.Outputs)
	if err := writeJSON(o.record(kind), both); err != nil {
		return err
	}
	for _, f := range files {
		if err := place(f.file, o.at(f.Path)); err != nil {
			return err
		}
	}
	for _, old := range before.Outputs {
		if !slices.ContainsFunc(files, func(f staged) bool { return f.Path == old.Path }) {
			o.discard(old)
		}
	}
	return writeJSON(o.record(kind), now)
}

// at is where an output lies.
func (o *outputs) at(path string) string { return filepath.Join(o.dir, filepath.FromSlash(path)) }

// discard removes a file unless somebody changed it.
func (o *outputs) discard(out Output) {
	if sum, err := fileSHA256(o.at(out.Path)); err == nil && sum == out.SHA256 {
		os.Remove(o.at(out.Path))
	}
}
