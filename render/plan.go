package render

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// Step is one thing that a build would do, or need not do.
type Step struct {
	Song   string `json:"song"`
	Action string `json:"action"` // "stems/kick", "drums", "mix", "master (instrumental)", "deliver cd/Undertow.wav"
	Output string `json:"output,omitempty"`
	Run    bool   `json:"run"` // false: its result is in the cache
	// Why says why it runs: the fields and files that changed, old and new, each
	// with the strip it belongs to.
	Why []string `json:"why,omitempty"`
	// Seconds is what it took the last time; nil when it never ran here.
	Seconds *float64 `json:"estimated_seconds"`
}

// Plan says what a build would do and why, without doing it.
func Plan(ctx context.Context, p *spec.Project, o Options) ([]Step, error) {
	b, jobs, _, err := start(p, o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	b.dry = true
	r, err := b.layAll(ctx, jobs)
	if err != nil {
		return nil, err
	}
	var steps []Step
	for _, s := range slices.Concat(r.songs, r.heard) {
		more, err := b.steps(ctx, s)
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	for _, p := range r.pools {
		known, err := b.known(ctx, p)
		if err != nil {
			return nil, err
		}
		step := Step{Song: p.title(), Action: p.action(), Run: !known, Seconds: b.took(p.place())}
		if step.Run {
			step.Why = lines(b.poolReasons(p))
		}
		steps = append(steps, step)
	}
	for _, c := range r.carriers {
		step, err := b.carrierStep(ctx, c)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// carrierStep says whether a carrier would be assembled.
func (b *builder) carrierStep(ctx context.Context, c *carrier) (Step, error) {
	step := Step{Song: c.jobs[0].release.Title, Action: c.action(), Output: c.paths()[0], Run: true}
	for _, st := range c.stages {
		known, err := b.describable(ctx, st)
		if err != nil {
			return step, err
		}
		if !known || st.laid.length == 0 || st.finish == nil {
			step.Why = []string{fmt.Sprintf("%q: is made anew", st.song.Title)}
			return step, nil
		}
	}
	pieces, _, err := c.pieces()
	if err != nil {
		return step, err
	}
	t := c.describe(pieces)
	if _, ok := b.current(ctx, t); ok {
		step.Run = false
		return step, nil
	}
	last, ok := b.store.Latest(b.project, c.place())
	if !ok {
		step.Why = []string{"never made before"}
		return step, nil
	}
	for _, change := range cache.Diff(last.Description, t) {
		why := change.String()
		for i, st := range c.stages {
			if input, ok := change.Input(); ok && input == songOf(i)+"finish" && change.Op == cache.Changed {
				why = fmt.Sprintf("%q: is made anew", st.song.Title)
			}
		}
		step.Why = append(step.Why, why)
	}
	if step.Why == nil {
		step.Why = []string{"its files are not as they were made"}
	}
	return step, nil
}

// steps lists a song's stages and outputs: of strips, buses and mixes those that
// would run, and those that would be read back in their place.
func (b *builder) steps(ctx context.Context, s *laid) ([]Step, error) {
	var steps []Step
	needed, err := b.unfinished(ctx, s)
	if err != nil {
		return nil, err
	}
	seen := map[*channel]bool{}
	var visit func(st *stage, c *channel)
	visit = func(st *stage, c *channel) {
		if seen[c] {
			return
		}
		seen[c] = true
		stored := b.stored(ctx, s, c) != nil || s.desk.isMatch(c) && b.knows(ctx, c)
		if !stored {
			for _, from := range c.before() {
				visit(st, from)
			}
			if c.match != nil {
				visit(st, c.match)
			}
		}
		if !s.desk.keeps(c) && !s.desk.isMatch(c) { // a part of what hears it
			return
		}
		step := Step{Song: s.song.Title, Action: c.action(), Run: !stored}
		if step.Run {
			step.Why = b.why(st, c.name, c.description)
		}
		step.Seconds = b.took(st.place(c.name))
		steps = append(steps, step)
	}
	for i := range s.stages {
		st := &s.stages[i]
		for _, c := range []*channel{st.mix, st.from} {
			if slices.Contains(needed, c) {
				visit(st, c)
			}
		}
	}
	main := s.toneOf.stage() // the main version's, where only others are asked for: it says how long the song is
	if main == nil {
		main = &s.stages[0]
	}
	for _, c := range needed {
		visit(main, c)
	}
	steps = append(steps, b.toneSteps(s)...)
	for i := range s.stages {
		st := &s.stages[i]
		step := Step{Song: s.song.Title, Action: "deliver " + st.path, Output: st.path, Run: true}
		known, err := b.describable(ctx, st)
		switch {
		case err != nil:
			return nil, err
		case known && s.length > 0:
			step.Run = !b.finished(ctx, s, st)
		case known:
			st.finish = st.describe(s)
		}
		if step.Run {
			step.Why = lines(b.outputReasons(st, known))
		}
		step.Seconds = b.took(st.place(""))
		steps = append(steps, step)
	}
	return steps, nil
}

// outputReasons says why an output is made anew. known says that all is known that it
// depends on.
func (b *builder) outputReasons(st *stage, known bool) []reason {
	switch {
	case known:
		return b.reasons(st, "", st.finish)
	case st.toneUnknown():
		return st.tone.reasons(b)
	case st.pool != nil:
		return b.poolReasons(st.pool)
	}
	return b.sharedReasons(st.run.stages)
}

// poolReasons says why the gain of an album has to be found anew: what changed of its
// songs, or of how they are levelled.
func (b *builder) poolReasons(p *pool) []reason {
	now, err := p.describe()
	if now == nil || err != nil { // the length of a song is not known: something before it changed
		return b.sharedReasons(p.stages)
	}
	c := comparison{builder: b, seen: map[string]bool{}, told: map[*channel]bool{}}
	c.shared = p.stages
	c.follow(nil, "", p.place(), now)
	return c.reasons
}

// sharedReasons says what changed of any of several songs up to their masters.
func (b *builder) sharedReasons(stages []*stage) []reason {
	c := comparison{builder: b, seen: map[string]bool{}, told: map[*channel]bool{}}
	for i, st := range stages {
		c.prefix = fmt.Sprintf("%q: ", st.song.Title)
		c.follow(stages[i], st.from.name, st.place(st.from.name), st.from.description)
	}
	return c.reasons
}

// took is how long an action took the last time, or nil.
func (b *builder) took(name string) *float64 {
	if last, ok := b.store.Latest(b.project, name); ok && last.Seconds > 0 {
		return &last.Seconds
	}
	return nil
}

// place is the stable name under which what a stage depends on is remembered: a
// channel of its version, or (channel "") its output.
func (st *stage) place(channel string) string {
	if channel == "" {
		channel = "deliver/" + st.delivery.Name
	}
	version := st.version.name
	if st.print != nil {
		version += "/print/" + part(st.print)
	}
	return fmt.Sprintf("songs/%d/%s/%s", st.number, version, channel)
}

// remember notes how a finished output was made, with everything behind it, so
// that the next plan can say what has changed since.
func (b *builder) remember(st *stage) {
	note := func(name string, d cache.Description, seconds float64) {
		name = st.place(name)
		if before := b.took(name); seconds == 0 && before != nil { // not made this time
			seconds = *before
		}
		b.store.Remember(cache.Last{Project: b.project, Name: name, Key: d.Key(), Seconds: seconds, Description: d})
	}
	note("", st.finish, st.seconds)
	for b, i := behind(st.from), 0; i < len(b.names); i++ {
		c := b.known[b.names[i]]
		note(b.names[i], c.description, c.seconds)
	}
}

// reason is a field that is not what it was when an action was last made.
type reason struct {
	channel string // whose field it is; "" for the output itself
	prefix  string // of which other song it is
	never   bool   // there is nothing to compare with: it was never made
	cache.Change
	before, after cache.Description // that the change is one of
}

// String is the reason as a line for people.
func (r reason) String() string {
	if r.never {
		return r.prefix + label(r.channel) + "never made before"
	}
	return r.prefix + label(r.channel) + r.Change.String()
}

// why says why an action runs, a line for each reason.
func (b *builder) why(st *stage, name string, now cache.Description) []string {
	return lines(b.reasons(st, name, now))
}

// lines are reasons as text; without any, the result is gone.
func lines(reasons []reason) []string {
	var all []string
	for _, r := range reasons {
		all = append(all, r.String())
	}
	if len(all) == 0 {
		all = []string{"its result is no longer in the cache"}
	}
	return all
}

// reasons compares what an action depends on with how it was last made, and
// follows what changed through the channels behind it to fields and files.
func (b *builder) reasons(st *stage, name string, now cache.Description) []reason {
	c := comparison{builder: b, seen: map[string]bool{}, told: map[*channel]bool{}}
	if st.run != nil {
		c.shared = st.run.stages
	}
	c.told[behind(st.from).known[name]] = true
	c.follow(st, name, st.place(name), now)
	return c.reasons
}

// comparison collects reasons.
type comparison struct {
	*builder
	shared  []*stage // the songs that "song 1: " and so on are
	prefix  string
	seen    map[string]bool
	told    map[*channel]bool // some have two names
	reasons []reason
}

// follow compares the action of a name, remembered at a place, with how it is now. st
// is the stage whose channels lead to it; nil where it is several songs'.
func (c *comparison) follow(st *stage, name, place string, now cache.Description) {
	if c.seen[place] {
		return
	}
	c.seen[place] = true
	last, ok := c.store.Latest(c.project, place)
	if !ok {
		c.reasons = append(c.reasons, reason{channel: name, prefix: c.prefix, never: true})
		return
	}
	for _, change := range cache.Diff(last.Description, now) {
		if change.Path == "frames" || strings.HasSuffix(change.Path, ": frames") { // the length follows from what changed before it
			continue
		}
		if input, ok := change.Input(); ok && change.Op == cache.Changed && c.through(st, name, input) {
			continue
		}
		c.reasons = append(c.reasons, reason{channel: name, prefix: c.prefix, Change: change, before: last.Description, after: now})
	}
}

// through follows an input of an action to the channel that it is, and reports whether
// there is one.
func (c *comparison) through(st *stage, of, input string) bool {
	prefix := c.prefix
	defer func() { c.prefix = prefix }()
	for i, other := range c.shared {
		if rest, ok := strings.CutPrefix(input, songOf(i)); ok {
			if st != other {
				c.prefix = fmt.Sprintf("%q: ", other.song.Title)
			}
			st, of, input = other, "", rest
			break
		}
	}
	if st == nil {
		return false
	}
	name, channel := behind(st.from).find(of, input)
	if channel == nil {
		return false
	}
	if !c.told[channel] {
		c.told[channel] = true
		c.follow(st, name, st.place(name), channel.description)
	}
	return true
}

// label names the strip that a reason is about.
func label(channel string) string {
	if channel == "" {
		return ""
	}
	return channel + ": "
}
