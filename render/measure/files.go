package measure

import (
	"context"
	"errors"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Files measures files, the audio files in folders and below them, and those
// that match patterns, in the order given and by name within each. A file that
// cannot be measured does not keep the others from being: the reports of those
// come with an error that joins what went wrong.
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
