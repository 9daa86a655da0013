package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/match"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// A match is an action of its own: from the mix that the master begins with, of the
// main version, and the reference files it makes a few numbers, and these are the
// settings of ordinary processors before the master's chain. In keys it stands by
// what it depends on, not by what comes of it. So all keys of a song are known
// before anything is rendered, and who needs no master needs no match.

// Match is how the mix of a song is matched to its references.
type Match struct {
	Song       string            `json:"song"`
	References []MatchReference  `json:"references"`
	Phase      string            `json:"phase"`      // of the equaliser
	Bands      []match.Band      `json:"bands"`      // of the equaliser; none: it is left out
	Width      float64           `json:"width_db"`   // by which the sides' level is moved: one of the bands
	Compressor *match.Compressor `json:"compressor"` // null: none
	Crest      float64           `json:"crest_db"`   // of the mix's loud parts
	Louder     float64           `json:"references_louder_lu"`
	Curves     MatchCurves       `json:"curves"`
}

// MatchReference is a file that was matched to.
type MatchReference struct {
	File       string   `json:"file"` // as written
	Weight     float64  `json:"weight"`
	Integrated *float64 `json:"integrated_lufs"`
	Crest      float64  `json:"crest_db"`
}

// MatchCurves are the spectra of the loud parts, all at the same loudness.
type MatchCurves struct {
	Hz        []float64  `json:"hz"`
	Before    match.Tone `json:"before"`
	Reference match.Tone `json:"reference"`
	After     match.Tone `json:"after"`
}

// Matched says which match a preview has.
type Matched string

// Where the match of a preview is from.
const (
	MatchCurrent Matched = "current"    // that of the build to come
	MatchLast    Matched = "last_build" // the mix or a reference has changed since
	MatchNone    Matched = "none"       // there was no build
)

const (
	matchName      = "match" // of the action
	matchVersion   = "1"     // raised where other numbers come of the same sound
	profileVersion = "1"     // likewise, of the profile of a file

	leastReference = 10 // seconds of sound that a reference has at least
	squeezeSeconds = 30 // of the mix's loudest parts, on which the compressor is tried
)

// matching is the match of a song.
type matching struct {
	spec   *spec.Reference
	sums   []cache.Digest // of the files
	mix    *channel       // what is matched
	result *channel       // stands for the action in keys and plans; it has no sound
	fed    []*channel     // whose chain is what comes of it
	found  *Match         // nil: not known yet
}

// refer describes the match of a song. mix is what the master of the main version
// begins with.
func (d *desk) refer(ref *spec.Reference, mix *channel) error {
	m := &matching{spec: ref, mix: mix}
	t := cache.Describe(EngineVersion, matchName)
	t.Add("algorithm", matchVersion+"."+profileVersion)
	t.Add("rate", fmt.Sprint(d.rate))
	t.AddInput(ofMain+mix.name, mix.key)
	for _, f := range ref.Files {
		sum, err := d.files.use("reference", f.File)
		if err != nil {
			return err
		}
		m.sums = append(m.sums, sum)
		t.AddFile(f.Name, sum)
		t.Add("weight of "+f.Name, fmt.Sprint(f.Weight))
	}
	if err := t.AddValue("reference", map[string]any{
		"eq": ref.EQ, "width": ref.Width, "dynamics": ref.Dynamics, "range": ref.Range, "phase": ref.Phase, "from": ref.From, "to": ref.To,
	}); err != nil {
		return err
	}
	m.result = &channel{name: matchName, inputs: []wire{{from: mix}}, description: t, key: t.Key()}
	d.match = m
	return nil
}

// use takes the digest of a file that is no stem, and notes that it is used.
func (f *processorFiles) use(what string, file spec.File) (cache.Digest, error) {
	u := usedFile{kind: what, file: file}
	if f.digest != nil {
		sum, err := f.digest(file.Path)
		if err != nil {
			return sum, u.fail(err)
		}
		u.sum = sum
	}
	if f.used == nil {
		f.used = map[string]usedFile{}
	}
	f.used[file.Path] = u
	return u.sum, nil
}

// matched returns what the master chain of a version begins with, and that of the
// version which leads it: the mixes, or the mixes as they are matched. The first
// master that is laid out is that of the main version, whose mix is the one to be
// compared.
func (d *desk) matched(mix, lead *channel) (from, leader *channel, err error) {
	ref := d.song.Master.Reference
	if ref == nil {
		return mix, lead, nil
	}
	if d.match == nil {
		if err := d.refer(ref, mix); err != nil {
			return nil, nil, err
		}
	}
	if lead == mix {
		lead = nil // both are one
	}
	c := channel{name: "master/reference", inputs: []wire{{from: mix}}, match: d.match.result}
	if lead != nil {
		c.led = true
		if ref.Dynamics > 0 { // there may be a compressor
			c.lead = []wire{{from: lead}}
		}
		if leader, err = d.fromMatch(channel{name: c.name, inputs: []wire{{from: lead}}, match: c.match}); err != nil {
			return nil, nil, err
		}
	}
	from, err = d.fromMatch(c)
	return from, leader, err
}

// fromMatch adds a channel whose chain comes of the match.
func (d *desk) fromMatch(c channel) (*channel, error) {
	added, err := d.add(c, nil)
	if err == nil && !slices.Contains(d.match.fed, added) {
		d.match.fed = append(d.match.fed, added)
	}
	return added, err
}

// isMatch reports whether a channel stands for the match.
func (d *desk) isMatch(c *channel) bool { return d.match != nil && c == d.match.result }

// forget unmakes all nodes, for another pass.
func (d *desk) forget() {
	for _, c := range d.known {
		c.node = nil
	}
	d.order, d.made = nil, nil
}

// take sets the chains that come of a match.
func (m *matching) take(found Match, song *spec.Song) {
	found.Song = song.Title
	m.found = &found
	for _, c := range m.fed {
		c.chain = m.chain()
	}
}

// reaches reports whether a channel is the match or needs it.
func (m *matching) reaches(c *channel) bool {
	seen := map[*channel]bool{}
	var visit func(c *channel) bool
	visit = func(c *channel) bool {
		if c == m.result || c.match == m.result {
			return true
		}
		if seen[c] {
			return false
		}
		seen[c] = true
		return slices.ContainsFunc(c.before(), visit)
	}
	return visit(c)
}

// chain is the match as processors.
func (m *matching) chain() []spec.Processor {
	var chain []spec.Processor
	if len(m.found.Bands) > 0 {
		chain = append(chain, spec.Processor{Pos: m.spec.Pos, Kind: "eq", Mix: 100, Values: match.EQ(m.found.Bands, m.found.Phase)})
	}
	if m.found.Compressor != nil {
		chain = append(chain, spec.Processor{Pos: m.spec.Pos, Kind: "compressor", Mix: 100, Values: m.found.Compressor.Values()})
	}
	return chain
}

// knows reports whether the result of a match is stored.
func (b *builder) knows(ctx context.Context, c *channel) bool {
	_, ok := b.storedMatch(ctx, c.key)
	return ok
}

func (b *builder) storedMatch(ctx context.Context, key cache.Key) (m Match, ok bool) {
	e, ok := b.look(ctx, key)
	return m, ok && json.Unmarshal(e.Meta, &m) == nil
}

// passes renders stages: all in one pass, or, where the match that a master begins
// with is not known, first what lies before it.
func (b *builder) passes(ctx context.Context, s *laid, stages []*channel, analysers map[takeID]*analyser) error {
	m := s.desk.match
	if m == nil || !slices.ContainsFunc(stages, m.reaches) {
		return b.render(ctx, s, stages, analysers)
	}
	if m.found != nil { // by an earlier pass
		return b.render(ctx, s, stages, analysers)
	}
	if found, ok := b.storedMatch(ctx, m.result.key); ok {
		m.take(found, s.song)
		b.count(true)
		return b.render(ctx, s, stages, analysers)
	}
	first, then := []*channel{}, []*channel{}
	for _, c := range stages {
		if m.reaches(c) {
			then = append(then, c)
		} else {
			first = append(first, c)
		}
	}
	if err := b.match(ctx, s, first, analysers); err != nil {
		return err
	}
	return b.render(ctx, s, then, analysers)
}

// beforeMatch is about how much of a song's rendering lies before its match.
const beforeMatch = 0.6

// through is how much of a song's rendering is done, 0..1.
func (s *laid) through(done, total int64) float64 {
	from, to := s.pass[0], s.pass[1]
	if to == 0 { // all of it in one pass
		to = 1
	}
	return from + float64((to-from)*float64(done)/float64(total))
}

// match finds the match, and stores it. The mix is rendered for it where it is not
// stored, with the other stages that are to be rendered and need no match.
func (b *builder) match(ctx context.Context, s *laid, stages []*channel, analysers map[takeID]*analyser) error {
	m := s.desk.match
	if !slices.Contains(stages, m.mix) && !b.fetch(ctx, s, m.mix) {
		stages = append(stages, m.mix)
	}
	if len(stages) > 0 {
		s.pass = [2]float64{0, beforeMatch}
		if err := b.render(ctx, s, stages, analysers); err != nil {
			return err
		}
		s.desk.forget()
		s.pass = [2]float64{beforeMatch, 1}
	}
	action := Event{Event: ActionStarted, Song: s.song.Title, Action: matchName, Key: m.result.key.String()}
	b.event(action)
	began := time.Now()
	found, err := b.analyse(ctx, s, m)
	if err == nil {
		err = s.desk.files.unchanged()
	}
	if err != nil {
		return err
	}
	m.result.seconds = time.Since(began).Seconds()
	b.keep(ctx, m.result.key, cache.Result{Meta: found, Seconds: m.result.seconds})
	m.take(*found, s.song)
	b.count(false)
	action.Event, action.Seconds = ActionDone, m.result.seconds
	b.event(action)
	return nil
}

// analyse compares the mix, which is in the workspace, with the references.
func (b *builder) analyse(ctx context.Context, s *laid, m *matching) (*Match, error) {
	mix := *s.stored[m.mix]
	var own *match.Analyser
	var profile match.Profile
	refs := make([]match.Weighted, len(m.spec.Files))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(b.jobs)
	group.Go(func() (err error) {
		own = match.NewAnalyser(mix.rate)
		err = mix.stream(inner, own.Write)
		profile = own.Finish()
		return err
	})
	for i, f := range m.spec.Files {
		group.Go(func() (err error) {
			refs[i].Weight = f.Weight
			refs[i].Profile, err = b.profile(inner, f.File, m.sums[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	found := &Match{Phase: m.spec.Phase, Crest: profile.Crest}
	crest, total := 0.0, 0.0
	for i, f := range m.spec.Files {
		found.References = append(found.References, MatchReference{File: f.Name, Weight: f.Weight, Integrated: refs[i].Integrated, Crest: refs[i].Crest})
		crest += float64(f.Weight * refs[i].Crest)
		total += f.Weight
	}
	r := match.Find(profile, refs, match.Settings{
		Tone: m.spec.EQ / 100, Width: m.spec.Width / 100, Range: m.spec.Range, From: m.spec.From, To: m.spec.To,
	})
	found.Bands, found.Width, found.Louder = append([]match.Band{}, r.Bands...), r.WidthDB, r.LoudnessLU // [], not null
	found.Curves = MatchCurves{match.Grid(), r.Before, r.Reference, r.After}
	if m.spec.Dynamics == 0 || profile.Silent() || profile.Crest <= crest/total {
		return found, nil
	}
	loud, err := mix.cut(own.Loudest(squeezeSeconds))
	if err != nil {
		return nil, err
	}
	c, ok, err := match.Squeeze(loud, mix.rate, r.Bands, crest/total, m.spec.Dynamics/100)
	if ok {
		found.Compressor = &c
	}
	return found, err
}

// profile returns the profile of a reference, which depends on nothing but the file.
func (b *builder) profile(ctx context.Context, f spec.File, sum cache.Digest) (match.Profile, error) {
	t := cache.Describe(EngineVersion, "profile of a reference")
	t.Add("algorithm", profileVersion)
	t.AddFile("reference", sum)
	var p match.Profile
	if e, ok := b.look(ctx, t.Key()); ok && json.Unmarshal(e.Meta, &p) == nil {
		return p, nil
	}
	p, err := profileOf(ctx, f.Path)
	if err != nil {
		if ctx.Err() == nil {
			err = usedFile{kind: "reference", file: f}.fail(err)
		}
		return p, err
	}
	b.keep(ctx, t.Key(), cache.Result{Meta: p})
	return p, nil
}

// openReference opens a file whose header says nothing against it.
func openReference(path string) (*audiofile.Reader, error) {
	r, err := audiofile.Open(path)
	if err != nil {
		return nil, err
	}
	switch info := r.Info(); {
	case info.Channels > 2:
		err = fmt.Errorf("has %d channels: a reference is mono or stereo", info.Channels)
	case info.Duration() < leastReference:
		err = fmt.Errorf("is %.1f s long: a reference has at least %d s of sound", math.Floor(info.Duration()*10)/10, leastReference)
	default:
		return r, nil
	}
	r.Close()
	return nil, err
}

// inspectReferences reads the headers of a song's references.
func inspectReferences(song *spec.Song) error {
	if song.Master.Reference == nil {
		return nil
	}
	var faults []error
	for _, f := range song.Master.Reference.Files {
		r, err := openReference(f.Path)
		if err != nil {
			faults = append(faults, usedFile{kind: "reference", file: f.File}.fail(err))
			continue
		}
		r.Close()
	}
	return errors.Join(faults...)
}

// profileOf listens to a file.
func profileOf(ctx context.Context, path string) (p match.Profile, err error) {
	r, err := openReference(path)
	if err != nil {
		return p, err
	}
	defer r.Close()
	if p, err = listen(ctx, r); err != nil {
		return p, err
	}
	if p.Heard < leastReference-0.1 || p.Silent() { // the last block may not be full
		return p, fmt.Errorf("has %.1f s of sound above -70 dBFS: a reference has at least %d s", math.Floor(p.Heard*10)/10, leastReference)
	}
	return p, nil
}

// listen makes the profile of an open file.
func listen(ctx context.Context, r *audiofile.Reader) (match.Profile, error) {
	a := match.NewAnalyser(r.Info().Rate)
	for b := dsp.NewBlock(dsp.MaxBlock); ; {
		n, err := r.ReadStereo(b[0], b[1])
		if err == nil {
			err = ctx.Err()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return match.Profile{}, err
		}
		if n == 0 {
			return a.Finish(), nil
		}
		a.Write(b.Cut(0, n))
	}
}

// stream gives all of a stage, in blocks.
func (a artifact) stream(ctx context.Context, write func(dsp.Block)) error {
	r, err := a.reader(a.path, a.Frames)
	if err != nil {
		return err
	}
	defer r.Close()
	for b := dsp.NewBlock(dsp.MaxBlock); ctx.Err() == nil; {
		n, err := r.read(b)
		if err != nil || n == 0 {
			return err
		}
		write(b.Cut(0, n))
	}
	return ctx.Err()
}

// cut reads stretches of a stage, one behind the other.
func (a artifact) cut(spans []match.Span) (dsp.Block, error) {
	var out dsp.Block
	r, err := a.reader(a.path, a.Frames)
	if err != nil {
		return out, err
	}
	defer r.Close()
	at, b := int64(0), dsp.NewBlock(dsp.MaxBlock)
	for _, s := range spans {
		if err := r.skip(s.From - at); err != nil {
			return out, err
		}
		for at = s.From; at < s.To; {
			n, err := r.read(b.Cut(0, int(min(dsp.MaxBlock, s.To-at))))
			if err != nil {
				return out, err
			}
			if n == 0 {
				return out, errors.New("read work file: it is shorter than it was")
			}
			for c := range out {
				out[c] = append(out[c], b[c][:n]...)
			}
			at += int64(n)
		}
	}
	return out, nil
}

// aimed gives the deliveries of the master that have no loudness that of the
// references, where the project says so.
func (b *builder) aimed(ctx context.Context, s *laid, jobs []job) ([]job, error) {
	m := s.desk.match
	open := func(j job) bool { return j.print == nil && j.delivery.From != "mix" && j.delivery.Loudness == nil }
	if m == nil || !m.spec.Loudness || !slices.ContainsFunc(jobs, open) {
		return jobs, nil
	}
	defer b.keeping.Wait()
	sum, total := 0.0, 0.0
	for i, f := range m.spec.Files {
		p, err := b.profile(ctx, f.File, m.sums[i])
		if err != nil {
			return nil, err
		}
		if p.Integrated == nil {
			return nil, usedFile{kind: "reference", file: f.File}.fail(errors.New("has no measurable loudness to go by: write loudness: off"))
		}
		sum += float64(f.Weight * *p.Integrated)
		total += f.Weight
	}
	loudness := math.Round(sum/total*100) / 100
	jobs = slices.Clone(jobs)
	for i, j := range jobs {
		if open(j) {
			d := *j.delivery
			d.Loudness = &loudness
			jobs[i].delivery = &d
		}
	}
	return jobs, s.desk.files.unchanged()
}

// tellMatch tells what a song is matched by, if it is known: of a song of which all
// is stored nobody asks, and the match may be lost.
func (b *builder) tellMatch(ctx context.Context, s *laid) {
	m := s.desk.match
	if m == nil {
		return
	}
	if m.found == nil {
		if found, ok := b.storedMatch(ctx, m.result.key); ok {
			m.take(found, s.song)
		}
	}
	if m.found != nil {
		b.matches = append(b.matches, *m.found)
		b.event(Event{Event: SongMatched, Song: s.song.Title, Match: m.found})
	}
}

// recall gives a preview its match: that of the build to come if it is known, or else
// that of the last build. To wait for the whole mix would be no preview.
func (b *builder) recall(ctx context.Context, s *laid, st *stage) Matched {
	m := s.desk.match
	if m == nil || !m.reaches(st.from) {
		return ""
	}
	if found, ok := b.storedMatch(ctx, m.result.key); ok {
		m.take(found, s.song)
		return MatchCurrent
	}
	if last, ok := b.store.Latest(b.project, st.place(matchName)); ok {
		if found, ok := b.storedMatch(ctx, last.Key); ok {
			m.take(found, s.song)
			return MatchLast
		}
	}
	s.desk.bare = true
	return MatchNone
}

// needMatch finds the match if any of some channels needs it, with nothing to be
// delivered.
func (b *builder) needMatch(ctx context.Context, s *laid, channels ...*channel) error {
	m := s.desk.match
	if m == nil || m.found != nil || !slices.ContainsFunc(channels, m.reaches) {
		return nil
	}
	if found, ok := b.storedMatch(ctx, m.result.key); ok {
		m.take(found, s.song)
		return nil
	}
	stages := s.stages
	s.stages = nil
	defer func() { s.stages = stages }()
	return b.match(ctx, s, nil, nil)
}

// Matches finds how the songs of a project are matched to their references, and
// renders what is needed for it and not stored. Songs without references are left
// out.
func Matches(ctx context.Context, p *spec.Project, o Options) ([]Match, error) {
	b, jobs, _, err := start(p, o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	defer b.keeping.Wait()
	var all []Match
	for _, group := range bySong(jobs) {
		if group[0].song.Master.Reference == nil {
			continue
		}
		s, err := b.layOut(ctx, group)
		if err != nil {
			return nil, err
		}
		if err := b.needMatch(ctx, s, s.desk.match.result); err != nil {
			return nil, err
		}
		all = append(all, *s.desk.match.found)
	}
	if all == nil {
		return nil, &InputError{Message: fmt.Sprintf("%s has no references: write master: {reference: file.wav}", p.File)}
	}
	return all, ctx.Err()
}
