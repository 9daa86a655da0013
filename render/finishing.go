package render

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// all makes the outputs of a release that are needed, in this order: the stages of
// every song; the outputs of songs that stand by themselves; the levels of what is
// levelled together, and its outputs; runs. What misses its target has its miss noted.
func (b *builder) all(ctx context.Context, r *release) error {
	for _, s := range r.songs {
		if err := b.stages(ctx, s); err != nil {
			return err
		}
		var alone []*stage
		asked := false
		for i := range s.stages {
			st := &s.stages[i]
			if st.run == nil && st.pool == nil {
				alone = append(alone, st)
			}
			asked = asked || st.asked
		}
		if asked {
			b.tellMatch(ctx, s)
			b.report(ctx, s)
		}
		if err := b.finishAll(ctx, r, alone); err != nil {
			return err
		}
	}
	for _, one := range r.runs {
		if _, err := one.known(); err != nil {
			return err
		}
	}
	for _, p := range r.pools {
		if err := b.makePool(ctx, r, p); err != nil {
			return err
		}
	}
	for _, one := range r.runs {
		if one.stages[0].pool != nil {
			continue
		}
		if err := b.finishAll(ctx, r, one.stages); err != nil {
			return err
		}
	}
	return nil
}

// makePool finds the level of a pool and makes its outputs.
func (b *builder) makePool(ctx context.Context, r *release, p *pool) error {
	action := Event{Event: ActionStarted, Song: p.title(), Action: p.action()}
	began := time.Now()
	known, err := b.level(ctx, r, p)
	if err != nil {
		return err
	}
	action.Key = p.description.Key().String()
	if !known {
		b.event(action)
	}
	if err := b.finishPool(ctx, r, p, known); err != nil || p.missed() {
		return err
	}
	if action.Event, action.Cached = ActionDone, known; !known {
		p.seconds = time.Since(began).Seconds()
		action.Seconds = p.seconds
	}
	b.event(action)
	b.count(known)
	return nil
}

// finishAll makes those of some outputs whose sound is not stored: of a run all, when
// one is missing.
func (b *builder) finishAll(ctx context.Context, r *release, stages []*stage) error {
	var open []*stage
	var runs []*run
	for _, st := range stages {
		if b.finished(ctx, st.laid, st) {
			b.tellFinished(st)
			continue
		}
		open = append(open, st)
		if st.run != nil && !slices.Contains(runs, st.run) {
			runs = append(runs, st.run)
		}
	}
	if len(open) == 0 {
		return nil
	}
	var songs []*laid // whose stages may not be at hand yet
	for _, st := range open {
		list := []*stage{st}
		if st.run != nil {
			list = st.run.stages
		}
		for _, s := range list {
			if !slices.Contains(songs, s.laid) {
				songs = append(songs, s.laid)
			}
		}
	}
	for _, s := range songs {
		if err := b.stages(ctx, s); err != nil {
			return err
		}
	}
	group, inner := errgroup.WithContext(ctx)
	var done atomic.Int64
	for _, st := range open {
		if st.run != nil {
			continue
		}
		group.Go(func() (err error) {
			st.miss, err = r.desk(b, st.laid).output(inner, st)
			b.progress(st.song.Title, &done, len(open))
			return err
		})
	}
	for _, one := range runs {
		group.Go(func() error { return b.finishRun(inner, r, one, open) })
	}
	return group.Wait()
}

// tellStarted tells that an output's sound is being made.
func (b *builder) tellStarted(st *stage) {
	if !st.made {
		b.event(Event{Event: ActionStarted, Song: st.song.Title, Action: "deliver " + st.path, Key: st.finish.Key().String()})
	}
}

// tellMade tells that an output's sound was made: where its album's level is still
// being tried, not yet.
func (b *builder) tellMade(st *stage) {
	st.made = true
	b.tellFinished(st)
}

// tellFinished tells once that an output's sound is there.
func (b *builder) tellFinished(st *stage) {
	if st.told || st.pool != nil && !st.pool.settled {
		return
	}
	st.told = true
	done := Event{Event: ActionDone, Song: st.song.Title, Action: "deliver " + st.path, Key: st.finish.Key().String(), Cached: !st.made}
	if st.made {
		done.Seconds = st.seconds
	}
	b.count(!st.made)
	b.event(done)
}

// finishRun makes the outputs of a run: levels, one programme, its files read back. As
// with a song by itself, what counts is what the files measure, each alone; where that
// is not what was asked for, the run is made again with what was learned.
func (b *builder) finishRun(ctx context.Context, r *release, one *run, open []*stage) error {
	began := time.Now()
	takes := make([]*take, len(one.stages))
	for i, st := range one.stages {
		t, err := r.desk(b, st.laid).take(ctx, st)
		if err != nil {
			return err
		}
		st.finish = st.describe(st.laid)
		takes[i] = t.heard(one.parts[i].from, one.parts[i].to)
		if slices.Contains(open, st) {
			b.tellStarted(st)
		}
	}
	var files []cutFile
	search := newRunSearch(one, takes)
	for try := 1; ; try++ {
		level, missed, err := search.level(ctx)
		if err != nil || missed {
			return err
		}
		err = r.desk(b, one.stages[0].laid).slot(ctx, func() (err error) {
			files, err = one.write(ctx, r, b, takes, level)
			return err
		})
		if err != nil {
			return err
		}
		if !search.learn(files, try) || try == one.stages[0].tries() {
			break
		}
	}
	seconds := time.Since(began).Seconds() / float64(len(one.stages))
	for i, st := range one.stages {
		f := files[i]
		st.output = st.measured(f.report, f.level, takes[i])
		if st.miss = st.check(f.report, f.level, f.clamped, one.rate); st.miss == nil {
			st.miss = one.tooMuch(i, f.level)
		}
	}
	if one.missed() {
		return nil
	}
	for _, st := range one.stages {
		st.seconds = seconds
		b.keepSound(ctx, st)
		if slices.Contains(open, st) {
			b.tellMade(st)
		} else {
			b.tellFinished(st)
		}
	}
	return nil
}

// tooMuch is the miss of a run whose limiter took more off a song than it may.
func (r *run) tooMuch(i int, l levelled) *Miss {
	st := r.stages[i]
	most := st.delivery.MaxReduction
	if l.reduction <= most+0.01 {
		return nil
	}
	return st.missed(Miss{
		Message: fmt.Sprintf("the limiter would take %.1f dB off the peaks at %s (allowed: %.1f dB, max_reduction)", l.reduction, clock(l.reductionAt, r.rate), most),
		Options: []string{fmt.Sprintf("max_reduction: %.1f dB", math.Ceil(l.reduction*10)/10), "a lower loudness, or a shorter crossfade"},
	})
}

// runSearch is the search for the levels of a run's songs.
type runSearch struct {
	run   *run
	takes []*take   // what is heard of each song
	files []*take   // what the file of each song has of it
	off   []learned // of each
	tried []tries
	goals []goal
	last  []levelled
	dips  []dip
}

func newRunSearch(r *run, takes []*take) *runSearch {
	s := &runSearch{run: r, takes: takes, off: make([]learned, len(takes)), tried: make([]tries, len(takes)), last: make([]levelled, len(takes))}
	for i, st := range r.stages {
		p := r.parts[i]
		s.files = append(s.files, takes[i].heard(0, min(p.end-p.at, p.length())))
		s.goals = append(s.goals, st.goal())
	}
	return s
}

// level gives the levels of the next try. missed says that there are none; the song
// has its miss then.
func (s *runSearch) level(ctx context.Context) (l runLevel, missed bool, err error) {
	l = runLevel{ceiling: s.goals[0].drive().ceiling, limiter: s.goals[0].limiter, dips: s.dips}
	for i, st := range s.run.stages {
		found, miss, err := s.files[i].solve(ctx, s.goals[i], s.off[i])
		if err != nil {
			return l, false, err
		}
		if miss != nil {
			st.miss, missed = st.missed(*miss), true
		}
		found.drive = s.tried[i].better(found, s.goals[i], s.files[i].most(s.goals[i]))
		s.last[i] = found
		l.gains = append(l.gains, found.gain)
	}
	return l, missed, nil
}

// learn compares files with what was asked for, and reports whether to try again.
func (s *runSearch) learn(files []cutFile, try int) (again bool) {
	lower := 0.0 // by which the ceiling was exceeded
	for i, st := range s.run.stages {
		r, g, level := files[i].report, s.goals[i], s.last[i]
		files[i].level.cap = level.cap
		if st.delivery.Lossy() {
			st.tried(g, files[i].level)
		}
		if f := st.heard(); !math.IsNaN(g.loudness) && !st.settled(g, f, level.cap, try) {
			s.off[i], again = s.files[i].learn(f, g, level.drive), true
			s.tried[i] = s.tried[i].and(level.drive, f.loudness)
		}
		if got := r.SamplePeak; got != nil && g.peak != nil && math.Abs(*got-*g.peak) > peakPrecision {
			s.off[i].peak, again = s.off[i].peak+*got-*g.peak, true
		}
		over := st.over(r, files[i].level)
		if over <= peakTolerance {
			continue
		}
		if !st.delivery.Lossy() && r.TruePeakAt != nil && s.dip(i, *r.TruePeakAt, over+peakMargin) {
			again = true
			continue
		}
		lower = max(lower, min(st.lowered(over, try), g.ceiling-st.lowest()))
	}
	again = again || lower > 0
	for i := range s.goals {
		s.goals[i].ceiling -= lower
	}
	return again
}

// dipTime is how far a dip reaches to either side of its mark, in seconds: as far as a
// limiter looks ahead.
const dipTime = 0.0025

// dip deepens the dip at a mark that a peak of a song's file lies at, and reports
// whether it lies at one.
func (s *runSearch) dip(i int, seconds, over float64) bool {
	p := s.run.parts[i]
	at := int64(math.Round(seconds * float64(s.run.rate)))
	const near = 8 // frames that a meter's filter makes of a step
	mark := int64(-1)
	switch {
	case i > 0 && at < near:
		mark = p.mark
	case i < len(s.run.parts)-1 && at >= p.end-p.mark-near:
		mark = p.end
	default:
		return false
	}
	for k := range s.dips {
		if d := &s.dips[k]; d.at == mark {
			d.gain *= gainOf(-over)
			return true
		}
	}
	s.dips = append(s.dips, dip{at: mark, frames: frames(dipTime, s.run.rate), gain: gainOf(-over)})
	return true
}
