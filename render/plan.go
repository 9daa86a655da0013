package render

import (
	"context"
	"fmt"
	"slices"

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
	var steps []Step
	for _, group := range bySong(jobs) {
		song := group[0].song
		sources, rate, err := b.sources(song)
		if err == nil {
			err = b.digest(ctx, sources)
		}
		if err != nil {
			return nil, err
		}
		s, err := b.lay(ctx, song, rate, sources, group)
		if err != nil {
			return nil, err
		}
		steps = append(steps, b.steps(ctx, s)...)
	}
	return steps, nil
}

// steps lists a song's stages and outputs: of strips, buses and mixes those that
// would run, and those that would be read back in their place.
func (b *builder) steps(ctx context.Context, s *laid) []Step {
	var steps []Step
	needed := b.unfinished(ctx, s)
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
	for _, c := range needed { // the main version's, where only others are asked for: it says how long the song is
		visit(&s.stages[0], c)
	}
	for i := range s.stages {
		st := &s.stages[i]
		step := Step{Song: s.song.Title, Action: "deliver " + st.path, Output: st.path, Run: true}
		if s.length > 0 {
			step.Run = !b.finished(ctx, s, st)
		} else {
			st.finish = st.describe(s)
		}
		if step.Run {
			step.Why = b.why(st, "", st.finish)
		}
		step.Seconds = b.took(st.place(""))
		steps = append(steps, step)
	}
	return steps
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
	never   bool   // there is nothing to compare with: it was never made
	cache.Change
	before, after cache.Description // that the change is one of
}

// String is the reason as a line for people.
func (r reason) String() string {
	if r.never {
		return label(r.channel) + "never made before"
	}
	return label(r.channel) + r.Change.String()
}

// why says why an action runs, a line for each reason.
func (b *builder) why(st *stage, name string, now cache.Description) []string {
	var lines []string
	for _, r := range b.reasons(st, name, now) {
		lines = append(lines, r.String())
	}
	if len(lines) == 0 {
		lines = []string{"its result is no longer in the cache"}
	}
	return lines
}

// reasons compares what an action depends on with how it was last made, and
// follows what changed through the channels behind it to fields and files.
func (b *builder) reasons(st *stage, name string, now cache.Description) []reason {
	channels := behind(st.from)
	var reasons []reason
	seen, told := map[string]bool{}, map[*channel]bool{} // some have two names
	var follow func(name string, now cache.Description)
	follow = func(name string, now cache.Description) {
		c := channels.known[name]
		if seen[name] || c != nil && told[c] {
			return
		}
		seen[name], told[c] = true, true
		last, ok := b.store.Latest(b.project, st.place(name))
		if !ok {
			reasons = append(reasons, reason{channel: name, never: true})
			return
		}
		for _, change := range cache.Diff(last.Description, now) {
			if change.Path == "frames" { // the length follows from what changed before it
				continue
			}
			if input, ok := change.Input(); ok && change.Op == cache.Changed {
				if name, c := channels.find(name, input); c != nil {
					follow(name, c.description)
					continue
				}
			}
			reasons = append(reasons, reason{channel: name, Change: change, before: last.Description, after: now})
		}
	}
	follow(name, now)
	return reasons
}

// label names the strip that a reason is about.
func label(channel string) string {
	if channel == "" {
		return ""
	}
	return channel + ": "
}
