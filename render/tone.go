package render

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/match"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// The tone of an album: each song's master is tilted towards the mean of all, by a band
// of the ordinary equaliser behind it. What is measured of a master, the slope of its
// spectrum, is an action of its own and kept; the mean and what follows from it are
// reckoned from those each time. A song's sound has the tilt in its key and not the
// mean: so it is made anew when its own tilt moves by a step, and stays as it is while
// another song changes by less.

const (
	toneName     = "album tone"         // of the stage behind a master
	slopeName    = "tilt of the master" // of the action that measures it
	slopeVersion = "1"                  // raised where other numbers come of the same sound
	toneSteps    = 20                   // in a dB of tilt: nobody hears a twentieth
)

// SongTone is how a song's tone was brought towards its album's.
type SongTone struct {
	Tilt       *float64 `json:"tilt_db_per_octave"`       // of the master's loud parts, 100 Hz to 10 kHz, before the correction; null: it is silent, or too narrow to tell
	Mean       *float64 `json:"album_tilt_db_per_octave"` // the mean of the album's songs before their correction; null: none has any
	Correction float64  `json:"correction_db"`            // the gain of the tilt about 1 kHz: above it this much, below it this much less
	After      *float64 `json:"tilt_after_db_per_octave"` // with the correction, before level and limiter
}

// toning is the tone of an album.
type toning struct {
	spec  spec.AlbumTone
	album []spec.AlbumSong

	songs []*tonedSong // those that have a part in it, once they are laid out
	known bool         // all slopes are, and so the corrections
	mean  *match.Slope // nil: no song has a slope
}

// tonedSong is a song with a part in its album's tone.
type tonedSong struct {
	entry *spec.AlbumSong
	main  *stage // its master, of the main version: it is delivered by others
	kept  cache.Description

	found      bool         // its slope is known
	slope      *match.Slope // nil: it has none
	correction float64      // dB
	seconds    float64      // that measuring took
}

// stage is the song's master, of the main version; nil of a song without a part.
func (s *tonedSong) stage() *stage {
	if s == nil {
		return nil
	}
	return s.main
}

// newToning returns the tone of a project; nil where there is none.
func newToning(p *spec.Project) *toning {
	if p.Tone.Tilt == 0 {
		return nil
	}
	return &toning{spec: p.Tone, album: p.Songs}
}

// toned reports whether an output gets its album's tone.
func (t *toning) toned(j job) bool {
	return t != nil && j.sequences() && !slices.Contains(t.spec.Except, j.entry.Number-1)
}

// layTone lays the songs out of which only the master is needed, for its tone, and finds
// what is known. Stages whose tone is not known yet end at their masters.
func (b *builder) layTone(ctx context.Context, r *release) error {
	t := b.together.tone
	if t == nil {
		return nil
	}
	*t = toning{spec: t.spec, album: t.album}
	here := map[int]*laid{}
	needed := false
	for _, s := range r.songs {
		here[s.desk.number] = s
		for i := range s.stages {
			if st := &s.stages[i]; t.toned(st.job) {
				st.tone, st.from, needed = t, st.master, true
			}
		}
	}
	if !needed {
		return nil
	}
	for i := range t.album {
		e := &t.album[i]
		if slices.Contains(t.spec.Except, i) {
			continue
		}
		s := here[e.Number]
		if s == nil {
			var err error
			if s, err = b.layOutSong(ctx, e.Song, e.Number, nil); err != nil {
				return err
			}
			r.heard = append(r.heard, s)
		}
		one := &tonedSong{entry: e, main: &stage{job: job{song: e.Song, number: e.Number, entry: e}, laid: s, mix: s.main[0], from: s.main[1]}}
		t.songs = append(t.songs, one)
		b.knowSlope(ctx, one)
		if s.toneOf = one; !one.found {
			s.measured = true
		}
	}
	return t.reckon(r)
}

// describe says what a song's slope depends on; nil while nobody knows how long it is.
func (s *tonedSong) describe() cache.Description {
	if s.kept == nil && s.main.laid.length > 0 {
		t := cache.Describe(EngineVersion, slopeName)
		t.Add("algorithm", slopeVersion+"."+profileVersion)
		t.AddInput(s.main.from.name, s.main.from.key)
		t.Add("frames", fmt.Sprint(s.main.laid.length))
		s.kept = t
	}
	return s.kept
}

// storedSlope is what is stored of a song's slope.
type storedSlope struct {
	Slope *match.Slope `json:"slope"` // null: there is none
}

// knowSlope takes a song's slope from the store, if it is there.
func (b *builder) knowSlope(ctx context.Context, s *tonedSong) {
	t := s.describe()
	if t == nil {
		return
	}
	var found storedSlope
	if e, ok := b.look(ctx, t.Key()); ok && json.Unmarshal(e.Meta, &found) == nil {
		s.found, s.slope = true, found.Slope
	}
}

// reckon finds the corrections when all slopes are known, and puts them behind the
// masters.
func (t *toning) reckon(r *release) error {
	var all []match.Slope
	for _, s := range t.songs {
		if !s.found {
			return nil
		}
		if s.slope != nil {
			all = append(all, *s.slope)
		}
	}
	t.known = true
	if len(all) > 0 {
		mean := match.MeanSlope(all)
		t.mean = &mean
		for _, group := range t.groups() {
			group.correct(mean.DB, t.spec.Tilt)
		}
	}
	for _, s := range r.songs {
		if err := s.tilt(); err != nil {
			return err
		}
	}
	return nil
}

// toneGroup is songs that are tilted alike.
type toneGroup []*tonedSong

// groups are the songs by themselves, and together those that follow each other
// without a break: where one filter gave way to another in the middle of a sound, its
// bass would step by as much as the two differ.
func (t *toning) groups() []toneGroup {
	var groups []toneGroup
	for i, s := range t.songs {
		if i == 0 || !s.entry.Continues() {
			groups = append(groups, nil)
		}
		last := &groups[len(groups)-1]
		*last = append(*last, s)
	}
	return groups
}

// correct gives the songs of a group their correction.
func (g toneGroup) correct(mean, most float64) {
	var own []match.Slope
	for _, s := range g {
		if s.slope != nil {
			own = append(own, *s.slope)
		}
	}
	if len(own) == 0 {
		return
	}
	db := match.MeanSlope(own).Towards(mean, most, toneSteps)
	for _, s := range g {
		s.correction = db
	}
}

// tilt puts the album's tone behind the masters of a song's stages.
func (s *laid) tilt() error {
	for i := range s.stages {
		st := &s.stages[i]
		if st.tone == nil {
			continue
		}
		from, err := s.desk.tilted(st.version, st.master, st.tone.spec.Pos, s.toneOf.correction)
		if err == nil {
			from, err = s.desk.monoBass(st.delivery, from)
		}
		if err != nil {
			return err
		}
		st.from = from
	}
	return nil
}

// tilted returns the channel of a master with its album's tone: a stage of its own, kept,
// analysed and levelled like a master.
func (d *desk) tilted(v version, master *channel, at spec.Pos, db float64) (*channel, error) {
	if db == 0 {
		return master, nil
	}
	d.version = v.name
	tilt := spec.Processor{Pos: at, Kind: "eq", Mix: 100, Values: match.EQ([]match.Band{match.TiltBand(db)}, "minimum")}
	return d.add(channel{name: toneName, inputs: []wire{{from: master}}, chain: []spec.Processor{tilt}, led: master.led, rounded: true}, nil)
}

// findTone measures the masters of which the slope is not known, and says how the songs
// are corrected. A song's masters are rendered for it together, of all versions that
// are needed.
func (b *builder) findTone(ctx context.Context, r *release) error {
	t := b.together.tone
	if t == nil || t.songs == nil {
		return nil
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(b.jobs)
	var measured []*tonedSong
	for _, s := range t.songs {
		if s.found {
			continue
		}
		if err := b.stages(inner, s.main.laid); err != nil {
			if first := group.Wait(); first != nil {
				return first
			}
			return err
		}
		measured = append(measured, s)
		group.Go(func() error { return b.measureSlope(inner, s) }) // beside the next song's masters
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, s := range measured {
		s.main.laid.measured, s.main.laid.pass = false, [2]float64{1, 1} // what comes after is no work to speak of
		b.store.Remember(cache.Last{Project: b.project, Name: s.main.place(slopeName), Key: s.describe().Key(), Seconds: s.seconds, Description: s.describe()})
	}
	if !t.known {
		if err := t.reckon(r); err != nil {
			return err
		}
	}
	b.tellTone(t)
	return nil
}

// measureSlope finds the slope of a song's master, which is at hand, and stores it.
func (b *builder) measureSlope(ctx context.Context, s *tonedSong) error {
	master := *s.main.laid.stored[s.main.from]
	began := time.Now()
	action := Event{Event: ActionStarted, Song: s.entry.Song.Title, Action: slopeName, Key: s.describe().Key().String()}
	b.event(action)
	a := match.NewAnalyser(master.rate)
	left := s.main.laid.length
	err := master.stream(ctx, func(x dsp.Block) {
		x = x.Cut(0, int(min(int64(x.Len()), left)))
		left -= int64(x.Len())
		a.Write(x)
	})
	if err != nil {
		return err
	}
	if slope, ok := a.Finish().Slope(); ok {
		s.slope = &slope
	}
	s.found, s.seconds = true, time.Since(began).Seconds()
	b.keep(ctx, s.describe().Key(), cache.Result{Meta: storedSlope{s.slope}, Seconds: s.seconds})
	b.count(false)
	action.Event, action.Seconds = ActionDone, s.seconds
	b.event(action)
	return nil
}

// tellTone says how an album's songs are corrected.
func (b *builder) tellTone(t *toning) {
	var words []string
	for _, s := range t.songs {
		if s.slope == nil {
			b.event(Event{Event: Warning, Song: s.entry.Song.Title, Pos: s.entry.Pos, Message: fmt.Sprintf(
				"tone: %q has no tilt to compare (it is silent, below -70 LUFS throughout, or has sound in less than two octaves): it has no part in the album's", s.entry.Song.Title)})
		}
		if s.correction == 0 {
			continue
		}
		text := fmt.Sprintf("%s %+.2f dB", s.entry.Song.Title, s.correction)
		if s.slope != nil {
			text += fmt.Sprintf(" (%.2f dB an octave)", s.slope.DB)
		}
		words = append(words, text)
	}
	if t.mean == nil {
		return
	}
	if words == nil {
		words = []string{"none"}
	}
	b.event(Event{Event: Note, Pos: t.spec.Pos, Message: fmt.Sprintf("tone: tilted about 1 kHz towards the album's mean of %.2f dB an octave: %s", t.mean.DB, strings.Join(words, ", "))})
}

// songTone is the tone of an output's song; nil where it has none.
func (st *stage) songTone() *SongTone {
	if st.tone == nil || !st.tone.known {
		return nil
	}
	own := st.laid.toneOf
	out := &SongTone{Correction: own.correction}
	if m := st.tone.mean; m != nil {
		out.Mean = decibels(m.DB)
	}
	if s := own.slope; s != nil {
		out.Tilt, out.After = decibels(s.DB), decibels(s.Tilted(own.correction))
	}
	return out
}

// lastTone gives a preview the tone of the last build, where that of the next one is not
// known: to listen to all masters of the album first would be no preview.
func (s *laid) lastTone(st *stage, last *Output) (err error) {
	if !st.toneUnknown() || last == nil || last.Tone == nil {
		return nil
	}
	if st.from, err = s.desk.tilted(st.version, st.master, st.tone.spec.Pos, last.Tone.Correction); err == nil {
		st.from, err = s.desk.monoBass(st.delivery, st.from)
	}
	return err
}

// toneUnknown reports whether an output's tone is not known yet.
func (st *stage) toneUnknown() bool { return st.tone != nil && !st.tone.known }

// behindTone is the master of an output with its album's tone, or what it starts from.
func (st *stage) behindTone() *channel {
	if st.from.name == toneName {
		return st.from.inputs[0].from
	}
	return st.from
}

// reasons says why an album's tone has to be found anew: what changed of the songs of
// which it is not known.
func (t *toning) reasons(b *builder) []reason {
	var open []*stage
	for _, s := range t.songs {
		if !s.found {
			open = append(open, s.main)
		}
	}
	return b.sharedReasons(open)
}

// toneSteps lists what has to be found out, or made, for the album's tone, and cannot be
// known: the slope of a song's master, and what comes of it.
func (b *builder) toneSteps(s *laid) []Step {
	var steps []Step
	if s.measured {
		one := s.toneOf
		why := b.why(one.main, one.main.from.name, one.main.from.description)
		if now := one.describe(); now != nil {
			why = b.why(one.main, slopeName, now)
		}
		steps = append(steps, Step{Song: s.song.Title, Action: slopeName, Run: true, Why: why, Seconds: b.took(one.main.place(slopeName))})
	}
	seen := map[string]bool{}
	for i := range s.stages {
		st := &s.stages[i]
		if !st.toneUnknown() || seen[st.version.name] {
			continue
		}
		seen[st.version.name] = true
		c := channel{name: toneName, version: st.version.name}
		steps = append(steps, Step{Song: s.song.Title, Action: c.action(), Run: true, Why: lines(st.tone.reasons(b)), Seconds: b.took(st.place(toneName))})
	}
	return steps
}

// tilts measures the slope of an album's finished files.
func (t *AlbumTable) tilts(ctx context.Context, files []string) error {
	found := make([]*match.Slope, len(files))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range files {
		group.Go(func() (err error) {
			found[i], err = slopeOf(inner, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var all []match.Slope
	for i, s := range found {
		if s != nil {
			all = append(all, *s)
			t.Songs[i].Tilt = decibels(s.DB)
		}
	}
	if len(all) > 0 {
		t.Tilt = decibels(match.MeanSlope(all).DB)
	}
	return nil
}

// slopeOf is the slope of a file; nil where it has none, and of a file that lathe does not
// decode itself.
func slopeOf(ctx context.Context, name string) (*match.Slope, error) {
	r, err := audiofile.Open(name)
	if err != nil {
		return nil, nil // measured by way of ffmpeg, or not at all: that was told
	}
	defer r.Close()
	p, err := listen(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if s, ok := p.Slope(); ok {
		return &s, nil
	}
	return nil, nil
}

// ringTime is how long the filter of a tone rings on at the most, in seconds: it is down
// by 120 dB in a few milliseconds.
const ringTime = 0.05

// rings says for how many frames each song of a run sounds on under the next. What goes
// through one filter in two parts is what it would be in one where the first part's
// ringing is added to the second.
func (r *run) rings(takes []*take) []int64 {
	out := make([]int64, len(r.parts))
	for i, st := range r.stages[:len(r.stages)-1] {
		p := r.parts[i]
		if st.tone == nil || st.laid.toneOf.correction == 0 || !r.stages[i+1].entry.Continues() || p.fadeOut.frames > 0 || p.to < st.takeFrames() {
			continue
		}
		out[i] = max(0, min(frames(ringTime, r.rate), takes[i].sound.Frames-p.to))
	}
	return out
}
