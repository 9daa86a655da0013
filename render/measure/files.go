package measure

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// extensions are the names by which audio files are found in folders. A file
// that is named itself is measured whatever its name.
var extensions = []string{".wav", ".wave", ".bwf", ".rf64", ".bw64", ".flac"}

// Files measures files, and the audio files in folders and below them, in the
// order given and by name within a folder. A file that cannot be measured does
// not keep the others from being: the reports of those come with an error that
// joins what went wrong.
func Files(ctx context.Context, opts Options, paths ...string) ([]Report, error) {
	var errs []error
	var files []string
	for _, p := range paths {
		found, err := expand(p)
		if err != nil {
			errs = append(errs, err)
		}
		files = append(files, found...)
	}
	reports, failed := make([]Report, len(files)), make([]error, len(files))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		g.Go(func() error {
			reports[i], failed[i] = File(ctx, f, opts)
			return nil
		})
	}
	g.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var good []Report
	for i := range files {
		if failed[i] != nil {
			errs = append(errs, failed[i])
		} else {
			good = append(good, reports[i])
		}
	}
	return good, errors.Join(errs...)
}

// expand lists the audio files of a folder; anything else stands for itself.
func expand(path string) ([]string, error) {
	fi, err := os.Stat(path)
	if err != nil || !fi.IsDir() {
		return []string{path}, nil // what is wrong with it is said when it is opened
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(d.Name(), ".") && p != path: // hidden, and macOS's "._" twins of files
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && slices.Contains(extensions, strings.ToLower(filepath.Ext(p))):
			files = append(files, p)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no audio file (%s) in this folder", path, strings.Join(extensions, ", "))
	}
	return files, err
}
