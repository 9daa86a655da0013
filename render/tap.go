package render

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/spec"
)

// tapFolder is the folder of taps below the output folder.
const tapFolder = "taps"

// Tapped is a file with the sound behind a node of the desk.
type Tapped struct {
	Event   string `json:"event"` // "tap"
	File    string `json:"file"`
	Node    string `json:"node"`
	Song    string `json:"song"`
	Version string `json:"version"` // "main" or the version's name
}

// Tap writes the sound behind nodes of every song, as 32-bit float files at the
// session's rate, in song time: they are for listening and measuring, are in no
// manifest or lock file, and take the place of those of the last time. A node is
// a strip ("kick", "drums", "mix"), a processor of the master's chain by its number
// or id ("master/2", "master/tone"), or "master"; "drums@instrumental" is that of a
// version. What a build has stored is not rendered again.
func Tap(ctx context.Context, p *spec.Project, o Options, nodes []string) ([]Tapped, error) {
	b, _, all, err := start(p, o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	for _, j := range all {
		if strings.EqualFold(path.Dir(j.path), tapFolder) {
			return nil, &InputError{Pos: j.delivery.Pos, Message: fmt.Sprintf("delivery %q has the folder that taps go to: give it another name", j.delivery.Name)}
		}
	}
	var made []Tapped
	var files []staged
	found := map[string]bool{}
	for _, group := range bySong(all) {
		s, err := b.layOut(ctx, group)
		if err != nil {
			return nil, err
		}
		number := group[0].number
		taps, err := s.desk.taps(nodes, found)
		if err != nil {
			return nil, err
		}
		sounds, err := b.listenTo(ctx, s, taps)
		if err != nil {
			return nil, err
		}
		for i, t := range taps {
			out := Output{Path: path.Join(tapFolder, fileName(t.title(s.song, number), ".wav"))}
			wav := b.work.path(fmt.Sprintf("tap-%d-%d.wav", len(files), i))
			if out.SHA256, err = writeTap(wav, sounds[i]); err != nil {
				return nil, err
			}
			files = append(files, staged{out, wav})
			made = append(made, Tapped{Event: "tap", File: b.place.at(out.Path), Node: t.node, Song: s.song.Title, Version: job{version: t.version}.versionName()})
		}
	}
	return made, b.place.show(ctx, tapRecord, files)
}

// CheckTaps refuses nodes that [Tap] would not find in any song, as a
// [UsageError], without reading a sound.
func CheckTaps(p *spec.Project, nodes []string) error {
	if len(nodes) == 0 {
		return nil
	}
	b := &builder{event: func(Event) {}}
	found := map[string]bool{}
	for _, song := range songs(p) {
		sources, rate, err := b.sources(song)
		if err != nil {
			return err
		}
		if _, err := newDesk(song, rate, sources).taps(nodes, found); err != nil {
			return err
		}
	}
	for _, n := range nodes {
		if !found[n] {
			return &UsageError{Message: fmt.Sprintf("--tap %s: there is no such node; nodes are strips (kick), mix, master, and the processors of the master's chain (master/2, master/tone); of a version: mix@instrumental", n)}
		}
	}
	return nil
}

// tap is a node that is listened to.
type tap struct {
	node    string
	version version
	channel *channel
}

// title is the name of a tap's file: "Undertow - drums", "02 Undertow (Instrumental) - mix".
func (t tap) title(song *spec.Song, number int) string {
	title := song.Title
	if number > 0 {
		title = fmt.Sprintf("%02d %s", number, title)
	}
	if t.version.title != "" {
		title += " (" + t.version.title + ")"
	}
	return title + " - " + strings.ReplaceAll(t.node, "/", " ")
}

// taps finds the channels that nodes name in a song, and marks the names that it
// has.
func (d *desk) taps(nodes []string, found map[string]bool) ([]tap, error) {
	var taps []tap
	for _, v := range versions(d.song) {
		mix, err := d.mixdown(v)
		if err != nil {
			return nil, err
		}
		_, master, err := d.mastered(v, mix)
		if err != nil {
			return nil, err
		}
		known := map[string]*channel{"mix": mix, "master": master}
		named(mix, known)
		named(master, known)
		for _, n := range nodes {
			node, of, _ := strings.Cut(n, "@")
			if of != v.name && !(of == "main" && v.name == "") {
				continue
			}
			if c := known[node]; c != nil {
				found[n] = true
				taps = append(taps, tap{node: node, version: v, channel: c})
			}
		}
	}
	return taps, nil
}

// named adds the names of a channel and of all that lies before it.
func named(c *channel, known map[string]*channel) {
	if c == nil || known[c.name] == c && c.name != "mix" && c.name != "master" {
		return
	}
	names := []string{c.name}
	switch {
	case c.strip != nil && !c.isMix():
		names = append(names, c.strip.Name)
	case strings.HasPrefix(c.name, "master/") && len(c.chain) == 1: // "master/2 eq"
		number, _, _ := strings.Cut(c.name, " ")
		names = append(names, number)
		if id := c.chain[0].ID; id != "" {
			names = append(names, "master/"+id)
		}
	}
	for _, n := range names {
		if known[n] == nil {
			known[n] = c
		}
	}
	for _, w := range c.inputs {
		named(w.from, known)
	}
	for _, k := range c.keys {
		named(k, known)
	}
}

// listenTo renders what is needed of a song and returns the sounds of taps, as
// long as the song.
func (b *builder) listenTo(ctx context.Context, s *laid, taps []tap) ([]artifact, error) {
	for _, t := range taps {
		if err := b.needMatch(ctx, s, t.channel); err != nil {
			return nil, err
		}
	}
	s.desk.kept = func(c *channel) *stageSource {
		if !b.fetch(ctx, s, c) {
			return nil
		}
		return &stageSource{artifact: *s.stored[c]}
	}
	writers := make([]*artifactWriter, len(taps))
	defer func() {
		for _, w := range writers {
			if w != nil {
				w.file.Close()
			}
		}
	}()
	total := int64(0)
	for i, t := range taps {
		n, err := s.desk.make(t.channel)
		if err != nil {
			return nil, err
		}
		if s.length > 0 {
			n.end = s.length
		}
		if writers[i], err = newArtifactWriter(b.work.path(fmt.Sprintf("tap-%d.f32", i)), n.end, n.latency); err != nil {
			return nil, err
		}
		n.sinks[post] = also(n.sinks[post], writers[i])
		total = max(total, n.end+int64(n.latency))
	}
	if err := schedule(ctx, needed(s.desk.order), (total+chunkFrames-1)/chunkFrames, b.jobs, nil); err != nil {
		return nil, err
	}
	if err := b.unchanged(ctx, s); err != nil {
		return nil, err
	}
	sounds := make([]artifact, len(taps))
	for i, w := range writers {
		if err := w.close(); err != nil {
			return nil, err
		}
		sounds[i] = artifact{stageInfo: w.stageInfo, path: w.file.Name(), rate: s.desk.rate, song: w.Frames}
	}
	return sounds, nil
}

// both is two sinks as one.
type both [2]sink

func (s both) write(b dsp.Block) error {
	if err := s[0].write(b); err != nil {
		return err
	}
	return s[1].write(b)
}

// also adds a sink to one that may be there.
func also(first, second sink) sink {
	if first == nil {
		return second
	}
	return both{first, second}
}

// writeTap writes a sound into a WAV file and returns the file's digest.
func writeTap(name string, a artifact) (sum string, err error) {
	r, err := a.open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	f, err := os.Create(name)
	if err != nil {
		return "", fmt.Errorf("create output: %w", err)
	}
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: a.rate, Channels: 2, Bits: 32, Float: true, Frames: a.song})
	if err != nil {
		return "", err
	}
	b := dsp.NewBlock(dsp.MaxBlock)
	for {
		n, err := r.read(b)
		if err != nil {
			return "", err
		}
		if n == 0 {
			break
		}
		if err := w.WriteFloat([][]float64{b[0][:n], b[1][:n]}); err != nil {
			return "", err
		}
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return fileSHA256(name)
}
