package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/watch"
	"github.com/lathe-audio/lathe/spec"
)

func watchCommand() *cli.Command {
	return &cli.Command{
		Name:      "watch",
		Usage:     "build, then again at every change of any file the project uses",
		ArgsUsage: "[PROJECT]",
		Description: "Ends with ctrl-C. A change during a build stops it and starts again; a stem that is still being\n" +
			"written is waited for; what is wrong is shown, and mending it starts the next build.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "output folder `DIR` (default: dist beside the project file)"},
			&cli.IntFlag{Name: "jobs", Usage: "work on `N` things at once; never changes a byte", DefaultText: "one for each core"},
			&cli.StringSliceFlag{Name: "only", Usage: "only outputs that match `GLOB`: a path (streaming/*), or the name of a delivery, a version or a song; may be given again"},
			&cli.StringFlag{Name: "preview", Usage: "before each build render `TIME` (30s) of the loudest or the changed passage to preview/ in the output folder, which goes when watch ends"},
			&cli.StringFlag{Name: "exec", Usage: "after each success run `CMD` with sh -c; LATHE_OUT is the output folder. The next change ends it"},
			&cli.BoolFlag{Name: "poll", Usage: "look at the files twice a second instead of waiting for the system to tell"},
			&cli.BoolFlag{Name: "json", Usage: "print events as JSON, one a line, and a summary after each build"},
		},
		Action: watchProject,
	}
}

func watchProject(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	if c.IsSet("jobs") && c.Int("jobs") < 1 {
		return usage("--jobs %d: at least 1", c.Int("jobs"))
	}
	files := projectFiles(c)
	if _, err := os.Stat(files[0]); errors.Is(err, fs.ErrNotExist) { // mistyped, most likely
		_, err := load(c, project(c))
		return err
	}
	dir := filepath.Dir(files[0])
	s := &session{Context: c, out: c.String("out"), before: map[string]render.Output{}}
	var err error
	if s.preview.seconds, err = previewSeconds(c); err != nil {
		return err
	}
	if s.out == "" {
		s.out = filepath.Join(dir, "dist")
	}
	if c.Bool("json") {
		s.lines = json.NewEncoder(c.App.Writer)
		s.lines.SetEscapeHTML(false)
	}
	s.watcher, err = watch.New(watch.Options{
		Poll: c.Bool("poll"), Ignore: besides(dir, s.out, render.CacheDir(dir)), Unsettled: s.unsettled,
	})
	if err != nil {
		return err
	}
	defer s.watcher.Close()
	defer s.preview.remove()
	return s.run(c.Context)
}

// projectFiles lists the files of the project that a command names, its
// project file first.
func projectFiles(c *cli.Context) []string {
	return spec.Files(project(c), spec.Options{Catalogue: catalogue.Params()})
}

// besides leaves out the folders that the project itself lies in: of these,
// only what lathe puts into them is to be left alone, and that has other names.
func besides(project string, folders ...string) []string {
	var out []string
	abs, _ := filepath.Abs(project)
	for _, f := range folders {
		dir, err := filepath.Abs(f)
		if err != nil {
			continue
		}
		if rel, err := filepath.Rel(dir, abs); err != nil || !filepath.IsLocal(rel) {
			out = append(out, dir)
		}
	}
	return out
}

// session is one run of lathe watch: rounds of loading and building, each
// begun by a batch of changes.
type session struct {
	*cli.Context
	out     string
	mu      sync.Mutex
	lines   *json.Encoder // nil: for people; used by emit alone
	watcher *watch.Watcher
	preview previews

	round   *round
	rounds  int
	good    []string                 // the files of the project when it last loaded
	before  map[string]render.Output // by path, of the last success
	waiting bool                     // the user was told that files are not finished
}

// round is one build and the command after it, in a goroutine of its own.
type round struct {
	cancel context.CancelFunc
	built  chan struct{} // closed when the build is over
	err    error         // of the build, from then on
	ended  chan struct{} // closed when the command is over too
}

// whole reports whether the round's build is over, and did well.
func (r *round) whole() bool {
	select {
	case <-r.built:
		return r.err == nil
	default:
		return false
	}
}

// stop ends the round and waits until it is over.
func (r *round) stop() {
	r.cancel()
	<-r.ended
}

func (s *session) run(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	batch := watch.Batch{Saved: time.Now()}
	for {
		s.begin(ctx, batch, end)
		next, err := s.watcher.Next(ctx)
		for err == nil && len(next.Changes) == 0 && s.round.whole() { // a false alarm that did no harm
			s.waiting = false
			next, err = s.watcher.Next(ctx)
		}
		s.round.stop()
		if bad := (*render.UsageError)(nil); errors.As(context.Cause(ctx), &bad) {
			return bad
		}
		if err != nil {
			return err
		}
		batch.Changes = next.Changes
		if len(next.Changes) > 0 {
			batch.Saved = next.Saved
		}
		s.waiting = false
	}
}

// unsettled stops a build of files that are just being written.
func (s *session) unsettled(files []string) {
	select {
	case <-s.round.built:
	default:
		s.round.stop()
	}
	if s.lines != nil {
		s.emit(watchEvent{Event: "waiting", Files: files})
	} else if !s.waiting {
		fmt.Fprintf(s.App.ErrWriter, "waiting for %s to settle\n", several(files))
	}
	s.waiting = true
}

// begin loads the project and starts to build it. end is for an error that no
// change can mend.
func (s *session) begin(ctx context.Context, batch watch.Batch, end context.CancelCauseFunc) {
	s.rounds++
	s.showChanges(batch)
	round := &round{built: make(chan struct{}), ended: make(chan struct{})}
	s.round = round
	ctx, round.cancel = context.WithCancel(ctx)
	p, err := s.load()
	if s.rounds == 1 && s.lines == nil {
		how := ""
		if s.watcher.Polling() {
			how = " twice a second"
		}
		fmt.Fprintf(s.App.ErrWriter, "watching %s%s; ctrl-C ends\n", count(len(s.good), "file"), how)
	}
	go func() {
		defer close(round.ended)
		defer round.cancel()
		if err == nil {
			err = s.build(ctx, p, batch)
		}
		if err != nil && ctx.Err() != nil { // whatever it was that being stopped looked like
			err = ctx.Err()
		}
		round.err = err
		close(round.built)
		var badUse *render.UsageError
		switch {
		case err == nil:
			s.exec(ctx)
		case ctx.Err() != nil:
		case s.rounds == 1 && errors.As(err, &badUse):
			end(err)
		default:
			s.showError(err)
		}
	}()
}

// load loads the project, and has all of its files watched. They are watched
// before they are loaded, so that no change falls in between.
func (s *session) load() (*spec.Project, error) {
	files := projectFiles(s.Context)
	for len(s.watcher.Set(append(files, s.good...))) > 0 { // new ones may name others
		files = projectFiles(s.Context)
	}
	p, err := load(s.Context, project(s.Context))
	// While a project is broken it names only some of its files, and those it
	// named before go on being watched.
	if err == nil || s.good == nil {
		s.good = files
		s.watcher.Set(files)
	}
	return p, err
}

// build builds the project, tells how it went and runs the user's command.
func (s *session) build(ctx context.Context, p *spec.Project, batch watch.Batch) error {
	options := render.Options{Out: s.out, Jobs: s.Int("jobs"), Only: s.StringSlice("only"), Tool: "lathe " + toolVersion()}
	noPreview := s.makePreview(ctx, p, options, batch)
	show := newProgress(s.App.ErrWriter, p)
	tell := show.event
	if s.lines != nil {
		tell = func(e render.Event) {
			if e.Event != render.Progress {
				s.emit(e)
			}
		}
	} else if s.rounds > 1 && show.bars == nil { // the status says what ran
		tell = func(e render.Event) {
			if e.Event == render.Warning {
				show.event(e)
			}
		}
	}
	var ran []string
	options.Event = func(e render.Event) {
		if e.Event == render.ActionDone && !e.Cached {
			ran = append(ran, e.Action)
		}
		tell(e)
	}
	result, err := render.Build(ctx, p, options)
	show.stop()
	if err != nil {
		return err // what kept the preview from being made as well, most likely
	}
	s.showResult(result, ran, batch)
	if noPreview != nil {
		fmt.Fprintf(s.App.ErrWriter, "no preview: %v\n", noPreview)
	}
	return nil
}

// exec runs the user's command. How it ends is only told.
func (s *session) exec(ctx context.Context) {
	command := s.String("exec")
	if command == "" {
		return
	}
	out, err := filepath.Abs(s.out)
	if err != nil {
		out = s.out
	}
	sh := exec.CommandContext(ctx, "sh", "-c", command)
	sh.Env = append(os.Environ(), "LATHE_OUT="+out)
	sh.Stdout, sh.Stderr = s.App.Writer, s.App.ErrWriter
	if s.lines != nil {
		sh.Stdout = s.App.ErrWriter // standard output is for events
	}
	ownGroup(sh)
	sh.WaitDelay = 2 * time.Second
	err = sh.Run()
	if ctx.Err() != nil { // ended by the next change, or ctrl-C
		return
	}
	if s.lines != nil {
		code := sh.ProcessState.ExitCode()
		s.emit(watchEvent{Event: "exec", ExitCode: &code})
	}
	if err != nil {
		fmt.Fprintf(s.App.ErrWriter, "--exec %s: %v\n", command, err)
	}
}

// emit prints one line of JSON.
func (s *session) emit(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.Encode(event)
}

// watchEvent is what `lathe watch --json` prints besides what a build does.
type watchEvent struct {
	Event    string      `json:"event"` // "changed", "waiting", "exec"
	Changes  []fileEvent `json:"changes,omitempty"`
	Files    []string    `json:"files,omitempty"`     // with "waiting": still being written
	ExitCode *int        `json:"exit_code,omitempty"` // with "exec"
}

type fileEvent struct {
	File string     `json:"file"`
	What watch.What `json:"what"`
}

// watchSummary is the last line of each round.
type watchSummary struct {
	render.Summary
	SinceSave float64 `json:"seconds_since_save"` // from the save to here
	ExitCode  int     `json:"exit_code"`          // that lathe build would have ended with
}

func (s *session) showChanges(b watch.Batch) {
	if len(b.Changes) == 0 {
		return
	}
	if s.lines != nil {
		e := watchEvent{Event: "changed"}
		for _, c := range b.Changes {
			e.Changes = append(e.Changes, fileEvent{c.File, c.What})
		}
		s.emit(e)
		return
	}
	var words []string
	for _, c := range b.Changes {
		words = append(words, c.File+" "+string(c.What))
	}
	fmt.Fprintf(s.App.Writer, "\n%s %s\n", b.Saved.Format(time.TimeOnly), several(words))
}

// showResult tells what a round did: at first everything, then what has become
// different.
func (s *session) showResult(r *render.Result, ran []string, b watch.Batch) {
	since := time.Since(b.Saved).Seconds()
	before, w := s.before, s.App.Writer
	s.before = map[string]render.Output{}
	for _, o := range r.Files {
		s.before[o.Path] = o
	}
	switch {
	case s.lines != nil:
		s.emit(watchSummary{Summary: r.Summary, SinceSave: since})
		return
	case len(before) == 0:
		printResult(w, r)
		return
	}
	same := 0
	for _, o := range r.Files {
		old, known := before[o.Path]
		switch {
		case !known:
			fmt.Fprintf(w, "  %s: new, %s LUFS, %s dBTP\n", o.Path, decimals(o.Integrated, 2), decimals(o.TruePeak, 2))
		case old.SHA256 == o.SHA256:
			same++
		default:
			fmt.Fprintf(w, "  %s: %s LUFS, %s dBTP%s\n", o.Path, beforeAfter(old.Integrated, o.Integrated), beforeAfter(old.TruePeak, o.TruePeak), workBeforeAfter(old, o))
		}
	}
	for _, path := range r.Removed {
		fmt.Fprintf(w, "  %s: removed\n", path)
	}
	if same > 0 {
		fmt.Fprintf(w, "  %s as before\n", count(same, "output"))
	}
	cached := ""
	if r.Cached > 0 {
		cached = fmt.Sprintf("; %d from the cache", r.Cached)
	}
	fmt.Fprintf(w, "  ran %s%s\n  done %.1f s after the save\n", actions(ran), cached, since)
}

// showError shows an error and that it is not the end.
func (s *session) showError(err error) {
	printError(s.App.ErrWriter, err)
	if s.lines != nil {
		s.emit(watchSummary{Summary: render.Summary{Event: "summary", Failed: 1}, ExitCode: exitCode(err)})
		return
	}
	fmt.Fprintln(s.App.ErrWriter, "waiting for a change that mends it; outputs are as they were before")
}

// beforeAfter is "−14.02 → −13.98", or one number where nothing has become different.
func beforeAfter(before, after *float64) string {
	a, b := decimals(before, 2), decimals(after, 2)
	if a == b {
		return b
	}
	return a + " → " + b
}

// workBeforeAfter says how a target is met now where that has changed: a
// loudness that is met tells nothing of what became louder.
func workBeforeAfter(old, o render.Output) (text string) {
	change := func(name string, a, b float64, format string) {
		if before, after := fmt.Sprintf(format, a), fmt.Sprintf(format, b); before != after {
			text += fmt.Sprintf(", %s %s → %s dB", name, before, after)
		}
	}
	change("gain", old.Gain, o.Gain, "%+.1f")
	change("limiter", -old.Reduction, -o.Reduction, "%.1f")
	return text
}

// actions lists what ran; of many strips and deliveries only how many.
func actions(ran []string) string {
	var strips, stages, deliver []string
	for _, a := range ran {
		switch {
		case strings.HasPrefix(a, "deliver "):
			deliver = append(deliver, a)
		case strings.HasPrefix(a, "mix"), strings.HasPrefix(a, "master"):
			stages = append(stages, a)
		default:
			strips = append(strips, a)
		}
	}
	if len(strips) > 3 {
		strips = []string{fmt.Sprintf("%d strips", len(strips))}
	}
	if len(deliver) > 2 {
		deliver = []string{fmt.Sprintf("%d deliveries", len(deliver))}
	}
	if all := slices.Concat(strips, stages, deliver); len(all) > 0 {
		return strings.Join(all, ", ")
	}
	return "nothing"
}

// several lists words, but not more than a line holds.
func several(words []string) string {
	const most = 4
	if len(words) > most+1 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
	}
	return strings.Join(words, ", ")
}
