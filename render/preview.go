package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// Preview is a passage of a song, finished like the delivery it stands for. It
// is for listening only: it is not among the outputs, not in the manifest, the
// lock file or the cache.
//
// Two things make it differ from the same stretch of the delivery. Processors
// begin a run-in before the passage instead of at the song's start, so that
// compressors, reverbs and delays are near the state they would have, but a
// modulation stands at another phase. And the level is not searched anew: it is
// that of the last build.
type Preview struct {
	Event  string   `json:"event"` // "preview"
	File   string   `json:"file"`
	Output string   `json:"output"` // what it is a preview of, below the output folder
	From   float64  `json:"from_s"` // in song time
	To     float64  `json:"to_s"`
	Why    Why      `json:"why"`
	Strips []string `json:"strips,omitempty"` // with [WhyStrips]: which were changed

	Integrated *float64 `json:"integrated_lufs"` // of the passage
	TruePeak   *float64 `json:"true_peak_dbtp"`
	Gain       float64  `json:"gain_db"` // applied to the master
	Level      Level    `json:"level"`   // where the gain is from
	Reduction  float64  `json:"max_reduction_db"`
	Clipped    int64    `json:"clipped_samples"`
	Match      Matched  `json:"match,omitempty"` // of a song with references: which match is heard
	Seconds    float64  `json:"seconds"`         // that it took
}

// Why says why a passage was chosen.
type Why string

// The reasons for a passage.
const (
	WhyLoudest    Why = "loudest"    // of the last build, or by the stems where there is none
	WhyStrips     Why = "strips"     // where the strips that changed are loudest
	WhyAutomation Why = "automation" // where the automation that changed moves
)

// Level says where a preview's gain is from.
type Level string

// Where the gain is from.
const (
	LevelLast    Level = "last_build"
	LevelPassage Level = "passage"   // there was no build: the passage itself is brought to the target
	LevelAsIs    Level = "unchanged" // the delivery asks for no loudness
)

// A preview runs in for as long as its tails ring, within these bounds in seconds.
const (
	shortestRunIn = 5
	longestRunIn  = 30
)

// previewFolder is the folder of previews below the output folder.
const previewFolder = "preview"

// Previewer makes previews of one project. Between them it remembers how loud
// each file is over time.
type Previewer struct {
	curves map[string]curve // of the files that the last preview asked for, by digest
}

// Render makes the preview of what [Build] would render with the same project
// and options: so many seconds of the first song of which an output is missing.
// It is nil where there is nothing to render, and where the song is no longer
// than its preview would be.
func (v *Previewer) Render(ctx context.Context, p *spec.Project, o Options, seconds float64) (*Preview, error) {
	began := time.Now()
	o.Event, o.Remote = nil, ""
	b, jobs, all, err := start(p, o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	for _, j := range all {
		if strings.EqualFold(path.Dir(j.path), previewFolder) {
			return nil, &InputError{Pos: j.delivery.Pos, Message: fmt.Sprintf("delivery %q has the folder that previews go to: give it another name", j.delivery.Name)}
		}
	}
	b.dry = true // what is stored is only looked at
	r, err := b.layAll(ctx, jobs)
	if err != nil {
		return nil, err
	}
	for _, s := range r.songs {
		if st := b.foremost(ctx, s); st != nil {
			made, err := v.preview(ctx, b, s, st, seconds)
			if made != nil {
				made.Seconds = time.Since(began).Seconds()
			}
			return made, err
		}
	}
	return nil, nil
}

// layOut lays out a song as a build does.
func (b *builder) layOut(ctx context.Context, jobs []job) (*laid, error) {
	return b.layOutSong(ctx, jobs[0].song, jobs[0].number, jobs)
}

// layOutSong does so with the song's number in its album, and no output or any of them.
func (b *builder) layOutSong(ctx context.Context, song *spec.Song, number int, jobs []job) (*laid, error) {
	sources, rate, err := b.sources(song)
	if err == nil {
		err = b.digest(ctx, sources)
	}
	if err != nil {
		return nil, err
	}
	return b.lay(ctx, song, number, rate, sources, jobs)
}

// foremost is the output that a preview stands for: of those that are to be
// made the first master of the main version, or else the first; nil where there
// is none.
func (b *builder) foremost(ctx context.Context, s *laid) *stage {
	var first *stage
	for i := range s.stages {
		st := &s.stages[i]
		if !st.asked || s.length > 0 && b.finished(ctx, s, st) {
			continue
		}
		if known, err := b.describable(ctx, st); known && err == nil {
			st.finish = st.describe(s)
		}
		if st.version.name == "" && st.delivery.From != "mix" {
			return st
		}
		if first == nil {
			first = st
		}
	}
	return first
}

// preview chooses the passage, renders it, finishes it and puts it in place.
func (v *Previewer) preview(ctx context.Context, b *builder, s *laid, st *stage, seconds float64) (*Preview, error) {
	last := b.last(ctx, st)
	if err := s.lastTone(st, last); err != nil {
		return nil, err
	}
	where, ok, err := v.choose(ctx, b, s, st, last, seconds)
	if err != nil || !ok {
		return nil, err
	}
	match := b.recall(ctx, s, st)
	rate := s.desk.rate
	sound, err := b.passage(ctx, s, st.from, frames(where.from, rate), frames(seconds, rate))
	if err != nil {
		return nil, err
	}
	made := &Preview{
		Event: "preview", Output: st.path, From: where.from, To: where.from + seconds, Why: where.why, Strips: where.strips, Match: match,
	}
	wav, sum, err := b.finishPassage(ctx, st, *sound, last, made)
	if err != nil {
		return nil, err
	}
	if err := b.unchanged(ctx, s); err != nil {
		return nil, err
	}
	name := path.Join(previewFolder, strings.TrimSuffix(path.Base(st.path), path.Ext(st.path))+".wav")
	made.File = filepath.Join(b.place.dir, filepath.FromSlash(name))
	return made, b.place.show(ctx, previewRecord, []staged{{Output{Path: name, SHA256: sum}, wav}})
}

// last is what the last build said of an output, if that is still in its place.
func (b *builder) last(ctx context.Context, st *stage) *Output {
	m, err := b.place.manifest()
	if err != nil {
		return nil
	}
	for _, out := range m.Outputs {
		if out.Path == st.path && b.place.holds(ctx, out.Path, out.SHA256) {
			return &out
		}
	}
	return nil
}

// passage renders a channel from a song frame on, with a run-in before it that
// is thrown away.
func (b *builder) passage(ctx context.Context, s *laid, c *channel, from, length int64) (*artifact, error) {
	s.desk.kept = func(c *channel) *stageSource {
		if !b.fetch(ctx, s, c) {
			return nil
		}
		return &stageSource{artifact: *s.stored[c]}
	}
	n, err := s.desk.make(c)
	if err != nil {
		return nil, err
	}
	w, err := newArtifactWriter(b.work.path("passage.f32"), length, n.latency)
	if err != nil {
		return nil, err
	}
	defer w.file.Close()
	first := max(from-runIn(s.desk.order, s.desk.rate), 0) / chunkFrames
	last := (from + length + int64(n.latency) + chunkFrames - 1) / chunkFrames
	// The sink hears nothing before the song's first frame.
	n.sinks[post] = &skipper{skip: from - max(first*chunkFrames-int64(n.latency), 0), sink: w}
	nodes := needed(s.desk.order)
	for _, n := range nodes {
		n.from = first
		if n.source != nil {
			n.source = &lateSource{n.source, first * chunkFrames}
		}
	}
	if err := schedule(ctx, nodes, last-first, b.jobs, nil); err != nil {
		return nil, err
	}
	if err := w.close(); err != nil {
		return nil, err
	}
	return &artifact{stageInfo: w.stageInfo, path: w.file.Name(), rate: s.desk.rate, song: w.Frames}, nil
}

// runIn is how many frames before a passage the graph starts: as long as what
// sounds there may still be ringing in it, on the longest way through the graph.
func runIn(order []*node, rate int) int64 {
	ringing := map[*node]int64{}
	longest := int64(0)
	for _, n := range order {
		before := int64(0)
		for _, list := range n.edges() {
			for _, in := range list {
				before = max(before, ringing[in.from])
			}
		}
		own := 0
		if n.chain != nil {
			own = max(n.tail, n.chain.Tail())
		}
		ringing[n] = before + int64(own+n.headDelay.Len())
		longest = max(longest, ringing[n])
	}
	return min(max(longest, frames(shortestRunIn, rate)), frames(longestRunIn, rate))
}

// skipper is a sink that leaves out the first frames.
type skipper struct {
	skip int64
	sink sink
}

func (s *skipper) write(b dsp.Block) error {
	n := min(s.skip, int64(b.Len()))
	s.skip -= n
	return s.sink.write(b.Cut(int(n), b.Len()))
}

// lateSource is a source that begins at a later frame of its stream.
type lateSource struct {
	source
	at int64
}

func (s *lateSource) open() error {
	if err := s.source.open(); err != nil {
		return err
	}
	if to, ok := s.source.(interface{ seek(frame int64) error }); ok {
		return to.seek(s.at)
	}
	return s.discard(s.at)
}

// discard reads frames for nothing.
func (s *lateSource) discard(n int64) error {
	b := dsp.NewBlock(dsp.MaxBlock)
	for n > 0 {
		part := b.Cut(0, int(min(n, dsp.MaxBlock)))
		if err := s.source.read(part); err != nil {
			return err
		}
		n -= int64(part.Len())
	}
	return nil
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// seek goes from the first frame to another.
func (s *stageSource) seek(frame int64) error {
	for _, r := range s.readers {
		if r == nil {
			continue
		}
		waited := min(frame, r.wait)
		r.wait -= waited
		if err := r.skip(frame - waited); err != nil {
			return err
		}
	}
	return nil
}

// skip leaves out frames.
func (r *artifactReader) skip(frames int64) error {
	n := min(frames, r.left)
	r.left -= n
	n = min(n, r.stored)
	r.stored -= n
	at, err := r.file.Seek(0, 1)
	if err == nil {
		_, err = r.file.Seek(at-int64(r.buf.Buffered())+8*n, 0)
	}
	r.buf.Reset(r.file)
	if err != nil {
		return fmt.Errorf("read work file: %w", err)
	}
	return nil
}

// finishPassage levels, limits, dithers and measures a passage as its delivery
// is. It returns the file in the workspace and its digest.
func (b *builder) finishPassage(ctx context.Context, st *stage, a artifact, last *Output, made *Preview) (wav, sum string, err error) {
	d, g := st.delivery, st.goal()
	var level drive
	level.ceiling, level.limiter = math.Inf(1), g.limiter
	if !math.IsInf(g.ceiling, 1) {
		level.ceiling = gainOf(g.ceiling)
	}
	made.Level = LevelPassage
	switch {
	case g.peak != nil && last != nil && last.TargetPeak != nil:
		made.Level, level.gain = LevelLast, last.Gain+*g.peak-*last.TargetPeak
	case g.peak != nil: // the passage's own
	case math.IsNaN(g.loudness):
		made.Level = LevelAsIs
	case last != nil && last.TargetLoudness != nil:
		// A target that was moved since takes the level with it.
		made.Level, level.gain = LevelLast, last.Gain+g.loudness-*last.TargetLoudness
	}
	t := untouched(a)
	if st.levelled(a.rate) {
		if t, err = b.makeTake(ctx, a, st.takeID(a.rate)); err != nil {
			return "", "", err
		}
	}
	if made.Level == LevelPassage {
		// A miss is for the build to tell: as near as the limiter may get is heard.
		done, _, err := t.solve(ctx, g, learned{})
		if err != nil {
			return "", "", err
		}
		level = done.drive
	}
	wav = b.work.path("passage.wav")
	var done levelled
	if done, made.Clipped, err = t.write(ctx, level, file{
		path: wav, bits: d.BitDepth, float: d.Float, dither: d.Dither, ceiling: math.Inf(1), seed: seed.Of(append([]string{"dither"}, st.ditherSeed()...)...),
	}); err != nil {
		return "", "", err
	}
	r, err := measure.File(ctx, wav, measure.Options{})
	if err != nil {
		return "", "", err
	}
	made.Integrated, made.TruePeak, made.Gain = rounded(r.Integrated), rounded(r.TruePeak), round(level.gain)
	made.Reduction = round(done.reduction)
	return wav, r.SHA256, nil
}

// RemovePreview removes the preview that is in a project's output folder.
func RemovePreview(p *spec.Project, o Options) error {
	b, _, _, err := start(p, o)
	if err != nil {
		return err
	}
	defer b.close()
	shown, err := readManifest(b.place.record(previewRecord))
	if err != nil {
		return err
	}
	if len(shown.Outputs) == 0 {
		return nil
	}
	for _, out := range shown.Outputs {
		b.place.discard(out)
	}
	os.Remove(filepath.Join(b.place.dir, previewFolder)) // only if empty
	if err := os.Remove(b.place.record(previewRecord)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
