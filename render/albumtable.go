package render

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// AlbumTable is an album as it was delivered: its songs beside each other. Levels are
// measured from the files as they lie there now.
type AlbumTable struct {
	Title    string               `json:"title"`
	Delivery string               `json:"delivery"`
	Mode     string               `json:"loudness_mode"`
	Songs    []AlbumRow           `json:"songs"`
	Album    measure.AlbumReport  `json:"album"`
	Tilt     *float64             `json:"mean_tilt_db_per_octave"` // of those songs' files that have one
	Bands    []measure.OctaveBand `json:"mean_bands"`              // the mean of the songs' tone: each band against the song's whole level
	Parts    []AlbumPart          `json:"parts"`
}

// AlbumRow is a song in the table. Start counts from the beginning of its disc.
type AlbumRow struct {
	Number    int     `json:"number"` // 0: hidden
	Title     string  `json:"title"`
	File      string  `json:"file"`
	Disc      int     `json:"disc"`
	Side      string  `json:"side"`
	Gap       float64 `json:"gap_s"`
	Crossfade float64 `json:"crossfade_s"`
	Joined    bool    `json:"joined"` // it follows the song before without a break
	Start     float64 `json:"start_s"`
	Duration  float64 `json:"duration_s"`

	Integrated   *float64 `json:"integrated_lufs"`
	Range        *float64 `json:"loudness_range_lu"`
	MaxShortTerm *float64 `json:"max_short_term_lufs"`
	TruePeak     *float64 `json:"true_peak_dbtp"`
	Gain         float64  `json:"gain_db"` // applied to the master
	Trim         float64  `json:"trim_db"` // of it
	Reduction    float64  `json:"max_reduction_db"`

	Tone []measure.OctaveBand `json:"tone_db"` // each band against the album's mean, levels left out

	Tilt      *float64  `json:"tilt_db_per_octave"` // of the file's loud parts, from 100 Hz to 10 kHz; null: it has none, or only ffmpeg could decode it
	Corrected *SongTone `json:"tone"`               // how the build corrected it; null without the album's tone
}

// AlbumPart is a disc, a side or the whole.
type AlbumPart struct {
	Name     string  `json:"name"` // "disc 1", "side A", "album"
	Songs    int     `json:"songs"`
	Duration float64 `json:"duration_s"` // with the gaps within it
}

// Album measures what a build has delivered of an album; delivery "" is the first that
// has files of single songs.
func Album(ctx context.Context, p *spec.Project, out, delivery string) (*AlbumTable, error) {
	if p.Songs == nil {
		return nil, &InputError{Pos: spec.Pos{File: p.File, Line: 1, Col: 1}, Message: "is a song: an album is a project with songs"}
	}
	all, err := list(p)
	if err != nil {
		return nil, err
	}
	jobs, err := albumJobs(all, delivery)
	if err != nil {
		return nil, err
	}
	if out == "" {
		out = filepath.Join(p.Dir, "dist")
	}
	m, err := readManifest(filepath.Join(out, manifestName))
	if err != nil {
		return nil, err
	}
	built := map[string]Output{}
	for _, o := range m.Outputs {
		built[o.Path] = o
	}
	t := &AlbumTable{Title: p.Release.Title, Delivery: jobs[0].delivery.Name, Mode: cmp.Or(jobs[0].delivery.LoudnessMode, p.Loudness.Mode)}
	var files []string
	for _, j := range jobs {
		name := filepath.Join(out, filepath.FromSlash(j.path))
		o, ok := built[j.path]
		if _, err := os.Stat(name); !ok || errors.Is(err, fs.ErrNotExist) {
			return nil, &InputError{Message: fmt.Sprintf("%s is not there: the table is of what was delivered; build first", name)}
		}
		files = append(files, name)
		e := j.entry
		t.Songs = append(t.Songs, AlbumRow{
			Number: e.Track, Title: j.song.Title, File: j.path, Disc: e.Disc, Side: e.Side, Gap: e.Gap, Crossfade: e.Crossfade.Length,
			Joined: e.Joined(), Gain: o.Gain, Trim: e.Trim, Reduction: o.Reduction, Corrected: o.Tone,
		})
	}
	reports, err := measure.Files(ctx, measure.Options{}, files...)
	if err != nil {
		return nil, err
	}
	for i, r := range reports {
		s := &t.Songs[i]
		s.Duration, s.Integrated, s.Range, s.MaxShortTerm, s.TruePeak = r.Duration, rounded(r.Integrated), rounded(r.Range), rounded(r.MaxShortTerm), rounded(r.TruePeak)
	}
	if err := t.tilts(ctx, files); err != nil {
		return nil, err
	}
	t.Album = measure.Album(reports)
	t.place()
	t.compare(reports)
	return t, nil
}

// albumJobs are the songs' outputs of a delivery, of the main version.
func albumJobs(all []job, delivery string) ([]job, error) {
	var names []string
	for _, set := range bySet(all) {
		if set[0].version.name != "" {
			continue
		}
		if delivery == "" || strings.EqualFold(set[0].delivery.Name, delivery) {
			return set, nil
		}
		names = append(names, set[0].delivery.Name)
	}
	if delivery == "" {
		return nil, &InputError{Message: "no delivery has files of mastered songs"}
	}
	return nil, &UsageError{Message: fmt.Sprintf("--delivery %s: there is no such delivery of mastered songs; there are %s", delivery, strings.Join(names, ", "))}
}

// place finds where the songs begin, and how long discs, sides and the whole are.
func (t *AlbumTable) place() {
	add := func(name string, s AlbumRow, first bool) {
		for i := range t.Parts {
			if q := &t.Parts[i]; q.Name == name {
				q.Songs++
				q.Duration += s.Duration
				if !first && !s.Joined {
					q.Duration += s.Gap
				}
				return
			}
		}
		t.Parts = append(t.Parts, AlbumPart{name, 1, s.Duration})
	}
	at := 0.0
	for i := range t.Songs {
		s := &t.Songs[i]
		switch {
		case i == 0 || s.Disc != t.Songs[i-1].Disc:
			at = 0
		case !s.Joined:
			at += s.Gap
		}
		s.Start = at
		at += s.Duration
	}
	last := t.Songs[len(t.Songs)-1]
	for i, s := range t.Songs {
		if last.Disc > 1 {
			add(fmt.Sprintf("disc %d", s.Disc), s, i == 0 || s.Disc != t.Songs[i-1].Disc)
		}
		if last.Side != t.Songs[0].Side {
			add("side "+s.Side, s, i == 0 || s.Side != t.Songs[i-1].Side)
		}
	}
	for i, s := range t.Songs {
		add("album", s, i == 0 || s.Disc != t.Songs[i-1].Disc)
	}
}

// compare holds the songs' tone against the album's mean: each octave against the
// song's whole level, so that a loud song is not a bright one.
func (t *AlbumTable) compare(reports []measure.Report) {
	if len(reports) == 0 {
		return
	}
	bands := len(reports[0].OctaveBands)
	for _, r := range reports {
		bands = min(bands, len(r.OctaveBands))
	}
	for k := range bands {
		sum, n := 0.0, 0
		for _, r := range reports {
			if l := r.OctaveBands[k].Level; l != nil && r.Integrated != nil { // silence has no tone
				sum, n = sum+*l-*r.RMS, n+1
			}
		}
		mean := math.NaN()
		if n > 0 {
			mean = sum / float64(n)
		}
		t.Bands = append(t.Bands, measure.OctaveBand{Center: reports[0].OctaveBands[k].Center, Level: decibels(mean)})
		for i, r := range reports {
			tone := measure.OctaveBand{Center: r.OctaveBands[k].Center}
			if l := r.OctaveBands[k].Level; l != nil && r.Integrated != nil && n > 0 {
				tone.Level = decibels(*l - *r.RMS - mean)
			}
			t.Songs[i].Tone = append(t.Songs[i].Tone, tone)
		}
	}
}

// describeSequence says in a few lines how an album's songs follow each other, by the
// lengths of their files: a song may ring out for longer, or end before.
func describeSequence(p *spec.Project) []string {
	if p.Songs == nil {
		return nil
	}
	b := &builder{event: func(Event) {}}
	t := &AlbumTable{}
	for _, e := range p.Songs {
		s := AlbumRow{Number: e.Track, Title: e.Song.Title, Disc: e.Disc, Side: e.Side, Gap: e.Gap, Crossfade: e.Crossfade.Length, Joined: e.Joined()}
		sources, rate, err := b.sources(e.Song)
		if err != nil {
			return nil
		}
		length := e.Song.Length
		if length == 0 {
			for _, src := range sources {
				length = max(length, float64(src.frames())/float64(rate))
			}
		}
		if e.End > 0 {
			length = min(length, e.End)
		}
		s.Duration = max(length-e.Start, 0)
		if n := len(t.Songs); n > 0 && s.Crossfade > 0 { // the file before ends where this song begins
			t.Songs[n-1].Duration = max(t.Songs[n-1].Duration-s.Crossfade, 0)
		}
		t.Songs = append(t.Songs, s)
	}
	t.place()
	lines := []string{"sequence, by the lengths of the files:"}
	for i, s := range t.Songs {
		how := ""
		switch {
		case i == 0:
		case s.Crossfade > 0:
			how = fmt.Sprintf(", crossfade of %s", spec.FormatQuantity(s.Crossfade, "s"))
		case s.Joined:
			how = ", without a break"
		default:
			how = fmt.Sprintf(", after %s", spec.FormatQuantity(s.Gap, "s"))
		}
		if i > 0 && s.Disc != t.Songs[i-1].Disc {
			how += fmt.Sprintf(", begins disc %d", s.Disc)
		}
		if i > 0 && s.Side != t.Songs[i-1].Side {
			how += ", begins side " + s.Side
		}
		lines = append(lines, fmt.Sprintf("  %02d %s at %s, %s%s", s.Number, s.Title, minutes(s.Start), minutes(s.Duration), how))
	}
	for _, q := range t.Parts {
		lines = append(lines, fmt.Sprintf("  %s: %s, %s", q.Name, plural(q.Songs, "song", "s"), minutes(q.Duration)))
	}
	return lines
}

// minutes is a time to the second: "71:05".
func minutes(seconds float64) string {
	s := int(math.Round(seconds))
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
