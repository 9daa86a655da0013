package render

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/render/disc"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// carrier is a disc or a side of vinyl: the finished sounds of its songs, one after the
// other, with the silence between them, and the lists that go with it. Nothing is
// levelled, rounded or dithered for it: the samples are those of the songs' files.
type carrier struct {
	jobs  []job
	names []string // of its files, below the delivery's folder
	disc  int      // 0: a side
	side  string

	stages []*stage
}

// The folders and names of a carrier's files.
const (
	ddpFolder = "ddp"
	sheetName = " PQ"
)

// findCarriers finds the discs and sides among all outputs of an album.
func findCarriers(p *spec.Project, every []job) ([]*carrier, error) {
	var all []*carrier
	for _, set := range bySet(every) {
		d := set[0].delivery
		if len(d.Images) == 0 && d.Split != spec.SplitSide {
			continue
		}
		if len(d.Images) > 0 && set[0].version.name != "" { // a disc is of the main version
			if !slices.ContainsFunc(all, func(c *carrier) bool { return c.jobs[0].delivery.Name == d.Name }) {
				return nil, &InputError{Pos: d.Pos, Message: fmt.Sprintf("delivery %q: images are of the main version, and that is not delivered: write main into its versions", d.Name)}
			}
			continue
		}
		discs, before := 0, len(all)
		for _, j := range set {
			if !alike(set[0].delivery, j.delivery) {
				return nil, &InputError{Pos: j.delivery.Pos, Message: fmt.Sprintf("delivery %q is not the same for all songs: write deliver into the album", d.Name)}
			}
			discs = max(discs, j.entry.Disc)
		}
		var last *carrier
		for _, j := range set {
			next := &carrier{disc: j.entry.Disc}
			if d.Split == spec.SplitSide {
				next = &carrier{side: j.entry.Side}
			}
			if last == nil || last.disc != next.disc || last.side != next.side {
				last = next
				all = append(all, last)
			}
			last.jobs = append(last.jobs, j)
		}
		for _, c := range all[before:] {
			c.name(p.Release, discs)
		}
	}
	return all, nil
}

// name names a carrier's files.
func (c *carrier) name(r *spec.Release, discs int) {
	d, folder := c.jobs[0].delivery, ddpFolder
	base := plainName(r.Title)
	if c.disc == 0 {
		if v := c.jobs[0].version.title; v != "" {
			base += " (" + plainName(v) + ")"
		}
		base += " - Side " + c.side
		c.names = []string{base + ".wav", base + ".txt"}
		return
	}
	if discs > 1 {
		base += fmt.Sprintf(" (Disc %d)", c.disc)
		folder += fmt.Sprintf("-%d", c.disc)
	}
	add := func(names ...string) { c.names = append(c.names, names...) }
	if slices.Contains(d.Images, spec.ImageDDP) {
		add(folder+"/DDPID", folder+"/DDPMS")
		if len(d.Metadata) > 0 {
			add(folder + "/CDTEXT.BIN")
		}
		add(folder+"/PQDESCR", folder+"/IMAGE.DAT", folder+"/CHECKSUM.MD5")
	}
	if c.lists() {
		add(base + ".wav")
		if len(d.Metadata) > 0 {
			add(base + ".cdt")
		}
		for _, list := range []string{spec.ImageCue, spec.ImageTOC} {
			if slices.Contains(d.Images, list) {
				add(base + "." + list)
			}
		}
	}
	add(base+sheetName+".txt", base+sheetName+".html")
}

// lists reports whether a disc has an image with a list beside it.
func (c *carrier) lists() bool {
	images := c.jobs[0].delivery.Images
	return slices.Contains(images, spec.ImageCue) || slices.Contains(images, spec.ImageTOC)
}

// plainName makes a name of ASCII: a cue sheet has no character set.
func plainName(title string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r): // an accent, taken off its letter
			return -1
		case r > unicode.MaxASCII || r == '"':
			return '_'
		}
		return r
	}, norm.NFKD.String(disc.Plain(title)))
	return strings.TrimLeft(fileName(name, ""), ".")
}

// paths are a carrier's files below the output folder.
func (c *carrier) paths() []string {
	var all []string
	for _, n := range c.names {
		all = append(all, path.Join(fileName(c.jobs[0].delivery.Name, ""), n))
	}
	return all
}

// outputPaths lists what a build writes: its outputs, and the files of its carriers.
func outputPaths(jobs []job, carriers []*carrier) []string {
	all := paths(jobs)
	for _, c := range carriers {
		all = append(all, c.paths()...)
	}
	return all
}

// collide refuses carriers whose files would be those of songs.
func collide(jobs []job, carriers []*carrier) error {
	fold := cases.Fold()
	taken := map[string]string{}
	for _, j := range jobs {
		taken[fold.String(norm.NFC.String(j.path))] = j.what()
	}
	for _, c := range carriers {
		for _, p := range c.paths() {
			key := fold.String(norm.NFC.String(p))
			if first, ok := taken[key]; ok {
				return &InputError{Pos: c.jobs[0].delivery.Pos, Message: fmt.Sprintf("%s and %s would be the same file %s", first, c.what(), p)}
			}
			taken[key] = c.what()
		}
	}
	return nil
}

// what names a carrier for people.
func (c *carrier) what() string {
	if c.disc == 0 {
		return fmt.Sprintf("%s side %s", c.jobs[0].delivery.Name, c.side)
	}
	return fmt.Sprintf("%s disc %d", c.jobs[0].delivery.Name, c.disc)
}

// action names the making of a carrier.
func (c *carrier) action() string { return "assemble " + c.what() }

// place is the stable name under which what a carrier depends on is remembered.
func (c *carrier) place() string {
	return fmt.Sprintf("carrier/%s/%s", c.jobs[0].version.name, c.what())
}

// piece is a song on a carrier, in samples of it.
type piece struct {
	stage    *stage
	start    int64
	frames   int64
	rounding int64 // by how much it begins later than the sequence says; on a CD, where songs begin with a sector
}

// fileFrames is how long an output's sound is.
func (s *stage) fileFrames() int64 {
	if s.run != nil {
		p := s.run.parts[s.run.index(s)]
		return p.end - p.mark
	}
	return s.takeFrames()
}

// pieces lays the songs onto a carrier; end is where its sound ends.
func (c *carrier) pieces() (all []piece, end int64, err error) {
	rate := c.rate()
	lead := int64(0)
	if c.disc > 0 {
		lead = disc.LeadPause.Samples()
	}
	end = lead
	for i, st := range c.stages {
		if r := st.takeID(st.laid.desk.rate).rate; r != rate {
			return nil, 0, st.fault("is at %s, and the songs before it at %s: write sample_rate into delivery %q", kHz(r), kHz(rate), st.delivery.Name)
		}
		p := piece{stage: st, start: end, frames: st.fileFrames()}
		switch {
		case i > 0 && st.run != nil && st.run == c.stages[i-1].run:
			k := st.run.index(st)
			p.rounding = st.run.parts[k].mark - st.run.parts[k].at
		case i > 0 || c.disc > 0:
			at := end + frames(st.entry.Gap, rate)
			if i == 0 { // two seconds are there anyway
				at = max(lead, frames(st.entry.Gap, rate))
			}
			p.start = at
			if c.disc > 0 {
				p.start = (at + sector - 1) / sector * sector
			}
			p.rounding = p.start - at
		}
		end = p.start + p.frames
		all = append(all, p)
	}
	if c.disc > 0 {
		end = (end + sector - 1) / sector * sector
	}
	return all, end, nil
}

func (c *carrier) rate() int {
	st := c.stages[0]
	return st.takeID(st.laid.desk.rate).rate
}

// layout is the disc that pieces make.
func (c *carrier) layout(pieces []piece, end int64) disc.Layout {
	first := c.jobs[0]
	r := *first.release
	l := disc.Layout{MasterID: r.Catalog, LeadOut: disc.MSF(end / sector)}
	if r.UPC != "" {
		l.MCN, _ = disc.EAN13(r.UPC) // the language has checked it
	}
	l.Text = disc.Text{Title: disc.Plain(r.Title), Performer: disc.Plain(r.Artist)}
	before := disc.MSF(0) // where the sound before a track ends
	for _, p := range pieces {
		start := disc.MSF(p.start / sector)
		if !p.stage.entry.Hidden {
			s := p.stage.song
			l.Tracks = append(l.Tracks, disc.Track{
				Start: start, Pregap: start - before, ISRC: s.ISRC,
				Text: disc.Text{Title: disc.Plain(s.Title), Performer: disc.Plain(s.Artist), Composer: disc.Plain(s.Composer)},
			})
			before = disc.MSF((p.start + p.frames + sector - 1) / sector)
		}
	}
	if len(first.delivery.Metadata) == 0 {
		l.Text = disc.Text{}
		for i := range l.Tracks {
			l.Tracks[i].Text = disc.Text{}
		}
	}
	return l
}

// describe says what a carrier's files depend on.
func (c *carrier) describe(pieces []piece) cache.Description {
	t := cache.Describe(EngineVersion, "carrier")
	for i, p := range pieces {
		what := songOf(i)
		t.AddInput(what+"finish", p.stage.finish.Key())
		t.Add(what+"begins", fmt.Sprintf("at frame %d", p.start))
		s := p.stage.song
		t.Add(what+"words", strings.Join([]string{s.Title, s.Artist, s.Composer, s.ISRC}, " / "))
		if p.stage.entry.Hidden {
			t.Add(what+"hidden", "true")
		}
	}
	r := c.jobs[0].release
	t.Add("release", strings.Join([]string{r.Title, r.Artist, r.UPC, r.Catalog, r.Label, r.Date}, " / "))
	t.Add("files", strings.Join(c.paths(), ", "))
	t.Add("metadata", fmt.Sprint(len(c.jobs[0].delivery.Metadata) > 0))
	return t
}

// assembled is what is stored of a carrier.
type assembled struct {
	Outputs []Output `json:"outputs"`
	Notes   []string `json:"notes,omitempty"`
}

// current reports whether a carrier's files are in place as they would be made.
func (b *builder) current(ctx context.Context, t cache.Description) (assembled, bool) {
	var found assembled
	e, ok := b.look(ctx, t.Key())
	if !ok || json.Unmarshal(e.Meta, &found) != nil {
		return found, false
	}
	for _, o := range found.Outputs {
		if !b.place.holds(ctx, o.Path, o.SHA256) {
			return found, false
		}
	}
	return found, true
}

// assemble makes the carriers that are asked for.
func (b *builder) assemble(ctx context.Context, r *release) (files []staged, misses []Miss, err error) {
	for _, c := range r.carriers {
		if slices.ContainsFunc(c.stages, (*stage).failed) {
			continue
		}
		done, miss, err := b.carrier(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		files, misses = append(files, done...), append(misses, miss...)
	}
	return files, misses, nil
}

// carrier makes one carrier, unless it lies there.
func (b *builder) carrier(ctx context.Context, c *carrier) (files []staged, misses []Miss, err error) {
	pieces, end, err := c.pieces()
	if err != nil {
		return nil, nil, err
	}
	if c.disc > 0 {
		l := c.layout(pieces, end)
		for _, f := range disc.Check(l) {
			if f.Severity == disc.Error {
				misses = append(misses, Miss{Pos: c.jobs[0].delivery.Pos, Target: discTarget, Output: c.paths()[0], Message: f.String()})
			} else {
				b.event(Event{Event: Warning, Song: c.jobs[0].release.Title, Pos: c.jobs[0].delivery.Pos, Message: c.what() + ": " + strings.TrimPrefix(f.String(), f.Severity.String()+": ")})
			}
		}
		if misses != nil {
			return nil, misses, nil
		}
	}
	t := c.describe(pieces)
	found, ok := b.current(ctx, t)
	action := Event{Event: ActionDone, Song: c.jobs[0].release.Title, Action: c.action(), Key: t.Key().String(), Cached: ok}
	if !ok {
		action.Event = ActionStarted
		b.event(action)
		if found, files, err = b.makeCarrier(ctx, c, pieces, end); err != nil {
			return nil, nil, err
		}
		action.Event = ActionDone
		b.keep(ctx, t.Key(), cache.Result{Meta: found})
		b.store.Remember(cache.Last{Project: b.project, Name: c.place(), Key: t.Key(), Description: t})
	} else {
		for _, o := range found.Outputs {
			files = append(files, staged{Output: o})
		}
	}
	b.count(ok)
	b.event(action)
	for _, note := range found.Notes {
		b.event(Event{Event: Warning, Song: c.jobs[0].release.Title, Pos: c.jobs[0].delivery.Pos, Message: c.what() + ": " + note})
	}
	return files, nil, nil
}

// discTarget is the target of a disc: that it is one.
const discTarget = "disc"

// makeCarrier writes a carrier's files into the workspace.
func (b *builder) makeCarrier(ctx context.Context, c *carrier, pieces []piece, end int64) (assembled, []staged, error) {
	dir, err := os.MkdirTemp(b.work.dir, "carrier-")
	if err != nil {
		return assembled{}, nil, err
	}
	s := &sequenceReader{builder: b, ctx: ctx, pieces: pieces, end: end, block: dsp.NewBlock(dsp.MaxBlock)}
	defer s.Close()
	var notes []string
	if c.disc > 0 {
		err = c.writeDisc(dir, s, pieces, end)
	} else {
		notes, err = c.writeSide(ctx, dir, s, pieces, end)
	}
	if err != nil {
		return assembled{}, nil, err
	}
	var files []staged
	found := assembled{Notes: notes}
	for i, name := range c.names {
		o, err := c.output(ctx, filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return found, nil, err
		}
		o.Path = c.paths()[i]
		found.Outputs = append(found.Outputs, o)
		files = append(files, staged{Output: o, file: filepath.Join(dir, filepath.FromSlash(name))})
	}
	return found, files, nil
}

// writeDisc writes the files of a disc.
func (c *carrier) writeDisc(dir string, s *sequenceReader, pieces []piece, end int64) error {
	d := c.jobs[0].delivery
	l := c.layout(pieces, end)
	o := disc.Options{About: c.about(pieces)}
	for _, name := range c.names {
		base := strings.TrimSuffix(name, path.Ext(name))
		switch {
		case path.Base(name) == "DDPID":
			o.DDP = path.Dir(name)
		case path.Ext(name) == ".wav":
			o.Image = base
		case path.Ext(name) == ".html":
			o.Sheet = base
		}
	}
	o.NoCue, o.NoTOC = !slices.Contains(d.Images, spec.ImageCue), !slices.Contains(d.Images, spec.ImageTOC)
	files, err := disc.Write(dir, l, &pcm16{sequenceReader: s}, o)
	if err != nil {
		return err
	}
	if len(files) != len(c.names) {
		return fmt.Errorf("%s: %d files were written, %d are named", c.what(), len(files), len(c.names))
	}
	return nil
}

// about are lines of the PQ sheet's head.
func (c *carrier) about(pieces []piece) []disc.Line {
	r := c.jobs[0].release
	lines := []disc.Line{{Name: "Label", Value: r.Label}, {Name: "Catalogue", Value: r.Catalog}, {Name: "Date", Value: r.Date}}
	var rounded []string
	for _, p := range pieces {
		if p.stage.entry.Hidden {
			at := disc.MSF(p.start / sector)
			lines = append(lines, disc.Line{Name: "Hidden", Value: fmt.Sprintf("%s, from %v in the pregap of track 1", p.stage.song.Title, at)})
		}
		if p.rounding != 0 {
			rounded = append(rounded, fmt.Sprintf("%q %+d", p.stage.song.Title, p.rounding))
		}
	}
	if rounded != nil {
		lines = append(lines, disc.Line{Name: "Rounded to CD frames, by samples", Value: strings.Join(rounded, ", ")})
	}
	return slices.DeleteFunc(lines, func(l disc.Line) bool { return l.Value == "" })
}

// output is what is known of a carrier's file.
func (c *carrier) output(ctx context.Context, file string) (Output, error) {
	j := c.jobs[0]
	o := Output{Song: j.release.Title, Version: j.versionName(), Delivery: j.delivery.Name, Format: strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), "."), Carrier: c.what()}
	var err error
	if o.SHA256, err = fileSHA256(file); err != nil {
		return o, err
	}
	if o.Format != "wav" {
		if filepath.Base(filepath.Dir(file)) != filepath.Dir(file) && strings.HasPrefix(filepath.Base(filepath.Dir(file)), ddpFolder) {
			o.Format = "ddp"
		}
		return o, syncFile(file)
	}
	r, err := measure.File(ctx, file, measure.Options{})
	if err != nil {
		return o, err
	}
	o.PCM, o.Encoding, o.BitDepth, o.SampleRate, o.Channels = r.PCMSHA256, r.Encoding, r.BitDepth, r.SampleRate, r.Channels
	o.Frames, o.Duration, o.Dither = r.Frames, r.Duration, j.delivery.Dither
	o.take(r)
	return o, syncFile(file)
}

// syncFile makes a finished file durable before it takes its place.
func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// sequenceReader reads the songs of a carrier with the silence between them.
type sequenceReader struct {
	*builder
	ctx    context.Context
	pieces []piece
	end    int64

	at    int64
	i     int
	open  *audiofile.Reader
	left  int64 // of the open file
	block dsp.Block
}

// next reads up to so many frames; io.EOF at the end.
func (s *sequenceReader) next(n int) (dsp.Block, error) {
	if err := s.ctx.Err(); err != nil {
		return s.block, err
	}
	if s.at == s.end {
		return s.block, io.EOF
	}
	n = min(n, dsp.MaxBlock)
	if s.open == nil {
		until := s.end
		if s.i < len(s.pieces) {
			until = s.pieces[s.i].start
		}
		if s.at < until {
			b := s.block.Cut(0, int(min(int64(n), until-s.at)))
			silence(b)
			s.at += int64(b.Len())
			return b, nil
		}
		if err := s.begin(s.pieces[s.i]); err != nil {
			return s.block, err
		}
	}
	b := s.block.Cut(0, int(min(int64(n), s.left)))
	got, err := s.open.ReadStereo(b[0], b[1])
	if err != nil {
		return b, err
	}
	if got == 0 {
		return b, fmt.Errorf("%s: ends %d frames early", s.open.Name(), s.left)
	}
	s.at, s.left = s.at+int64(got), s.left-int64(got)
	if s.left == 0 {
		err = s.Close()
		s.i++
	}
	return b.Cut(0, got), err
}

// begin opens the finished sound of a song: in the workspace, or the output in its
// place. What has other samples now than it had when it was looked at was overtaken.
func (s *sequenceReader) begin(p piece) error {
	name := p.stage.sound
	if name == "" {
		name = s.place.at(p.stage.path)
		if _, pcm, err := audiofile.Digests(name); err != nil || hex.EncodeToString(pcm[:]) != p.stage.output.PCM {
			return errOvertaken
		}
	}
	var err error
	if s.open, err = audiofile.Open(name); err != nil {
		return err
	}
	if s.left = s.open.Info().Frames; s.left != p.frames {
		return fmt.Errorf("%s has %d frames, not %d", name, s.left, p.frames)
	}
	return nil
}

// Close closes the open file.
func (s *sequenceReader) Close() error {
	if s.open == nil {
		return nil
	}
	err := s.open.Close()
	s.open = nil
	return err
}

// pcm16 gives the samples of a carrier as 16-bit little-endian stereo.
type pcm16 struct {
	*sequenceReader
	bytes []byte
}

// Read implements [io.Reader].
func (p *pcm16) Read(out []byte) (int, error) {
	if len(p.bytes) == 0 {
		b, err := p.next(dsp.MaxBlock)
		if err != nil {
			return 0, err
		}
		for i, l := range b[0] {
			p.bytes = binary.LittleEndian.AppendUint16(p.bytes, uint16(int16(math.Round(l*(1<<15)))))
			p.bytes = binary.LittleEndian.AppendUint16(p.bytes, uint16(int16(math.Round(b[1][i]*(1<<15)))))
		}
	}
	n := copy(out, p.bytes)
	if p.bytes = p.bytes[n:]; len(p.bytes) == 0 {
		p.bytes = nil
	}
	return n, nil
}

// inspect finds what of a disc can be known before the lengths of its songs are: of one
// whose songs take twenty seconds each.
func (c *carrier) inspect() disc.Findings {
	if c.disc == 0 {
		return nil
	}
	var pieces []piece
	at := disc.LeadPause.Samples()
	for _, j := range c.jobs {
		p := piece{stage: &stage{job: j}, start: at, frames: 20 * disc.Rate}
		pieces = append(pieces, p)
		at += p.frames
	}
	return disc.Check(c.layout(pieces, at))
}
