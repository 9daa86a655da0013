// Package render turns a loaded project into finished files: it builds the
// graph of each song (desk.go), runs it on all cores (node.go, schedule.go),
// levels, limits, dithers and writes each delivery (take.go, finish.go), reads
// every file back and checks it (deliver.go), and puts all of them in place at
// once (outputs.go).
package render

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// EngineVersion names the sound of this engine. It changes whenever the bytes
// of any output may change, on purpose, with a line in CHANGELOG.md.
const EngineVersion = "3"

// Options are the ways a build may be run. None of them changes a byte of any
// output.
type Options struct {
	Out   string   // output folder; empty: dist beside the project file
	Jobs  int      // workers; 0: one for each core
	Only  []string // globs over output paths, or names of deliveries, versions, songs; empty: everything
	Cache string   // cache folder; empty: [CacheDir]
	// Remote is a second cache, for a team or for CI: a shared folder, or the
	// address of a server of Bazel's HTTP cache protocol; empty: none.
	Remote string
	// Locked builds only what the lock file says: it is a [LockError] when an
	// input, the engine or an output differs, and then nothing is put in place.
	Locked bool
	Tool   string      // the program and its version, for the release sheet
	Event  func(Event) // told what happens, from one goroutine at a time; may be nil

	keepLock bool // leave the lock file alone
	// keep replaces the cache's rule of which strips are worth keeping.
	keep func(strip string) bool
}

// UsageError says that the command was called in a wrong way.
type UsageError struct{ Message string }

// Error implements error.
func (e *UsageError) Error() string { return e.Message }

// Result is what a build did.
type Result struct {
	Summary
	Files   []Output      // in the order of the project
	Checks  []Check       // what they were held against
	Matches []Match       // of the songs with references, where the match is known
	Masters []ChainReport // the way of every song and version through its master
	Removed []string      // outputs that the project no longer names
	Dir     string        // the output folder
}

// Build renders a project's outputs, checks them, and puts them in place when
// all of them are right. On any error, and when ctx ends, what was in place
// before stays as it was.
func Build(ctx context.Context, p *spec.Project, o Options) (*Result, error) {
	began := time.Now()
	b, jobs, all, err := start(p, o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := b.place.check(ctx, append(outputPaths(jobs, b.asked), reportName)); err != nil { // before the work, not after it
		return nil, err
	}
	if err := programs(ctx, jobs); err != nil {
		return nil, err
	}
	inputs, err := lockInputs(ctx, p, b.inputs, b.jobs) // as they were loaded: they may be edited while they are built
	if err != nil {
		return nil, err
	}
	accept := func(Manifest) error { return nil }
	var lock Lock
	switch {
	case o.Locked:
		if lock, err = locked(ctx, p, inputs, jobs); err != nil {
			return nil, err
		}
	case !o.keepLock:
		b.warnOfEngine(p)
		accept = func(m Manifest) error { return writeLock(p, inputs, m, outputPaths(all, b.carriers)) }
	}
	keep := func(out Output) bool {
		return len(o.Only) > 0 && slices.Contains(outputPaths(all, b.carriers), out.Path)
	}
	var files []staged
	var checks []Check
	var removed []string
	for try := 1; ; try++ {
		b.chains = nil
		b.matches = nil
		if files, err = b.songs(ctx, jobs); errors.Is(err, errOvertaken) && try < overtakenTries {
			continue
		}
		checks, err = b.check(p, jobs, all, files, err)
		if try == 1 { // it will be the same again
			b.tell(checks)
		}
		if err != nil {
			return nil, err
		}
		if o.Locked {
			if found := lock.outputDifferences(lockOutputs(manifestOf(files)), len(o.Only) == 0); found != nil {
				return nil, &LockError{found}
			}
		}
		noteChecks(files, checks)
		removed, err = b.place.commit(ctx, files, keep, accept)
		if err == nil {
			break
		}
		if !errors.Is(err, errOvertaken) || try == overtakenTries {
			return nil, err
		}
		b.cached = 0 // all is stored now, and counted again
	}
	if b.remote {
		if err := b.store.Flush(ctx); err != nil { // only when ctx ends: outputs are in place
			b.event(Event{Event: Warning, Message: fmt.Sprintf("not everything reached the remote cache: %v", err)})
		}
	}
	r := &Result{Checks: checks, Matches: b.matches, Masters: b.chains, Removed: removed, Dir: b.place.dir}
	for _, f := range files {
		r.Files = append(r.Files, f.Output)
		b.event(Event{Event: OutputDone, Output: &f.Output})
	}
	r.Summary = Summary{Event: "summary", Rendered: b.rendered, Cached: b.cached, Outputs: len(files), Seconds: time.Since(began).Seconds()}
	return r, nil
}

// overtakenTries is how often a build starts from what is in place, when other
// builds keep changing it: each time costs little, as all sounds are stored.
const overtakenTries = 5

// songs makes the outputs that are asked for. Every miss is told, not only the
// first, and comes with those outputs that are right.
func (b *builder) songs(ctx context.Context, jobs []job) ([]staged, error) {
	defer b.keeping.Wait()
	r, err := b.layAll(ctx, jobs)
	if err != nil {
		return nil, err
	}
	if err := b.findTone(ctx, r); err != nil {
		return nil, err
	}
	if err := b.all(ctx, r); err != nil {
		return nil, err
	}
	r.albumFigures(b.sounds)
	r.passOn()
	var files []staged
	missed := &TargetError{}
	for _, s := range r.songs {
		done, misses, err := b.wordAll(ctx, r, s)
		if err != nil {
			return nil, err
		}
		files, missed.Misses = append(files, done...), append(missed.Misses, misses...)
	}
	for _, p := range r.pools {
		if !p.missed() {
			b.store.Remember(cache.Last{Project: b.project, Name: p.place(), Key: p.description.Key(), Seconds: p.seconds, Description: p.description})
		}
	}
	if len(missed.Misses) == 0 {
		discs, misses, err := b.assemble(ctx, r)
		if err != nil {
			return nil, err
		}
		files, missed.Misses = append(files, discs...), misses
	}
	if len(missed.Misses) > 0 {
		return files, missed
	}
	return files, ctx.Err()
}

// wordAll makes the finished files of a song's outputs; where one missed its target,
// none, and only says what the others are.
func (b *builder) wordAll(ctx context.Context, r *release, s *laid) (done []staged, misses []Miss, err error) {
	failed := false
	for i := range s.stages {
		st := &s.stages[i]
		failed = failed || st.failed()
		if st.miss != nil {
			misses = append(misses, *st.miss)
		}
	}
	if failed {
		return s.right(), misses, nil
	}
	all := make([]staged, len(s.stages))
	group, inner := errgroup.WithContext(ctx)
	for i := range s.stages {
		st := &s.stages[i]
		if !st.asked {
			continue
		}
		group.Go(func() error {
			return r.desk(b, s).slot(inner, func() (err error) {
				all[i], err = b.word(inner, st)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for i := range s.stages {
		if st := &s.stages[i]; st.asked {
			done = append(done, all[i])
		}
		if all[i].file != "" || !s.stages[i].asked && s.stages[i].current == "" {
			b.remember(&s.stages[i])
		}
	}
	return done, nil, nil
}

// start opens what a build works with: its workspace, the cache and the output
// folder. jobs are the outputs that are asked for, all those of the project.
func start(p *spec.Project, o Options) (b *builder, jobs, all []job, err error) {
	if o.Out == "" {
		o.Out = filepath.Join(p.Dir, "dist")
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	sounds, err := every(p)
	if err != nil {
		return nil, nil, nil, err
	}
	all = delivered(sounds)
	b = &builder{jobs: o.Jobs, event: newEmitter(o.Event), sounds: sounds}
	if b.carriers, err = findCarriers(p, sounds); err != nil {
		return nil, nil, nil, err
	}
	if err := collide(all, b.carriers); err != nil {
		return nil, nil, nil, err
	}
	if jobs, b.asked, err = wanted(all, b.carriers, o.Only); err != nil {
		return nil, nil, nil, err
	}
	b.together, err = gather(p, sounds, func(at spec.Pos, text string) { b.event(Event{Event: Warning, Pos: at, Message: text}) })
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.project, err = filepath.Abs(p.File); err != nil {
		return nil, nil, nil, err
	}
	dir := o.Cache
	if dir == "" {
		dir = CacheDir(p.Dir)
	}
	if b.work, err = openWorkspace(dir); err != nil {
		return nil, nil, nil, err
	}
	var remote cache.Remote
	if o.Remote != "" {
		if remote, err = cache.ParseRemote(o.Remote); err != nil {
			return nil, nil, nil, &UsageError{Message: fmt.Sprintf("remote cache %s: %v", o.Remote, err)}
		}
		b.remote = true
	}
	b.store, err = cache.Open(dir, cache.Options{Remote: remote, Warn: func(text string) { b.event(Event{Event: Warning, Message: text}) }})
	if err != nil {
		return nil, nil, nil, err
	}
	b.worth = func(strip string, cost time.Duration, size int64) bool {
		if o.keep != nil {
			return o.keep(strip)
		}
		return b.store.Keep(cost, size)
	}
	b.inputs = cache.OpenDigests(dir)
	if b.place, err = newOutputs(o.Out, b.project, dir, b.inputs); err == nil {
		b.place.tool = o.Tool
	}
	return b, jobs, all, err
}

func paths(jobs []job) []string {
	var all []string
	for _, j := range jobs {
		all = append(all, j.path)
	}
	return all
}

// bySong groups jobs, which are in the project's order, by song.
func bySong(jobs []job) [][]job {
	var groups [][]job
	for i, j := range jobs {
		if i == 0 || jobs[i-1].song != j.song {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], j)
	}
	return groups
}
