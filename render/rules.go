package render

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// Profiled reports whether it is a rule of a delivery profile.
func (c Check) Profiled() bool { return strings.HasPrefix(c.Rule, profileRule) }

// profileRules holds an output against the rules of its delivery's profile; o is
// nil where the output did not come about.
func profileRules(j job, o *Output) []Check {
	var checks []Check
	for _, r := range j.delivery.Rules {
		if r.Figure == "loudness" && (j.trim != 0 || j.pooled()) { // the album's own decision, like a loudness of its own
			r.Own, r.Known, r.Advice = !r.Advice, r.Advice, true
		}
		c := target(j, "", r.What(), r.Demand())
		if o == nil {
			c.begin(r)
			c.Status, c.Message = CheckSkipped, "not checked: a target of this output was missed"
			checks = append(checks, c)
			continue
		}
		if applies(r, *o) {
			c.keep(r, *o)
			checks = append(checks, c)
		}
	}
	return checks
}

// plannedRules are the rules that an output is known to break before it is made: o
// is what the project says of it.
func plannedRules(j job, o Output) []Check {
	var checks []Check
	for _, r := range j.delivery.Rules {
		switch r.Figure {
		case "format", "bit_depth", "channels", "tags", "characters", "name_length":
		case "sample_rate":
			if o.SampleRate == 0 { // the session's, which the stems decide
				continue
			}
		default:
			continue
		}
		c := target(j, "", r.What(), r.Demand())
		if c.keep(r, o); r.LouderThan == nil && applies(r, o) && c.Status == CheckFailed {
			checks = append(checks, c)
		}
	}
	return checks
}

// lossyFormats have no word length that could be asked for.
var lossyFormats = []string{"mp3", "aac", "opus", "vorbis"}

// applies reports whether a rule is about a file like this.
func applies(r spec.Rule, o Output) bool {
	if r.LouderThan != nil && (o.Integrated == nil || *o.Integrated <= *r.LouderThan) {
		return false
	}
	return r.Channels == 0 || r.Channels == o.Channels
}

// begin makes a check one of a rule.
func (c *Check) begin(r spec.Rule) {
	c.Rule, c.Mark, c.Source, c.known = profileRule+r.Figure, r.Mark, r.Source, r.Known
}

// keep holds an output against one rule.
func (c *Check) keep(r spec.Rule, o Output) {
	c.begin(r)
	place, kept := "at", false
	switch r.Figure {
	case "format", "sample_rate", "bit_depth", "channels":
		c.Text = formatFigure(r.Figure, o)
		kept = slices.Contains(r.Allowed, c.Text)
		if r.Figure == "bit_depth" && o.BitDepth == 0 {
			c.Text, kept = "none of its own", slices.Contains(lossyFormats, o.Format)
		}
	case "tags":
		c.Text, kept = "none", len(o.Tags) == 0
		if !kept {
			c.Text = strings.Join(o.Tags, ", ")
		}
	case "characters":
		c.Text = path.Base(o.Path)
		kept = madeOf(c.Text, r.Allowed[0])
	case "name_length":
		n := float64(utf8.RuneCountInString(path.Base(o.Path)))
		c.measured(&n, nil, spec.FormatNumber)
		kept = r.Keeps(n)
	default:
		v, at, where := numberFigure(r.Figure, o)
		c.measured(v, at, r.Format)
		kept, place = v != nil && r.Keeps(*v), where
	}
	switch {
	case kept:
		c.Status = CheckMet
	case r.Advice:
		c.Status = CheckAdvised
	default:
		c.Status = CheckFailed
	}
	c.Message = c.ruled(r, place)
}

// ruled says what was found, what the rule is, and who says so.
func (c *Check) ruled(r spec.Rule, place string) string {
	text := c.What + " is " + c.Text
	if c.Text == "" {
		text = c.What + " cannot be measured"
	}
	if c.At != nil {
		text += " " + place + " " + spec.FormatClock(*c.At)
	}
	if c.Status == CheckMet {
		if c.Text != c.Limit {
			text += " (" + c.Limit + ")"
		}
		return text
	}
	verb := "is asked for"
	if c.Status == CheckAdvised && !r.Own {
		verb = "is advised"
	}
	text += ", where " + c.Limit + " " + verb
	var said []string
	if c.Source != "" {
		said = append(said, c.Source)
	}
	if c.Mark != "" {
		said = append(said, c.Mark)
	}
	if len(said) > 0 {
		text += " (" + strings.Join(said, "; ") + ")"
	}
	return text
}

// madeOf reports whether a file's name has no other characters.
func madeOf(name, characters string) bool {
	if characters == spec.DistributorCharacters {
		name = strings.TrimSuffix(name, path.Ext(name))
		return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !isPlain(r) })
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
}

// notes tells what profiles advise and outputs do not follow: once for each rule
// of a delivery, not for each of its files, and not what the project has decided
// itself, which is in the release sheet.
func notes(checks []Check) []Event {
	var events []Event
	var first []Check
	more := map[int]int{}
	for _, c := range checks {
		if c.Status != CheckAdvised || c.known {
			continue
		}
		i := slices.IndexFunc(first, func(f Check) bool {
			return f.Rule == c.Rule && f.Limit == c.Limit && f.Delivery == c.Delivery && f.Pos() == c.Pos()
		})
		if i < 0 {
			first = append(first, c)
			continue
		}
		more[i]++
	}
	for i, c := range first {
		text := c.About + ": " + c.Message
		if more[i] > 0 {
			text += fmt.Sprintf("; likewise %d more of %s", more[i], c.Delivery)
		}
		events = append(events, Event{Event: Note, Song: c.Song, Pos: c.Pos(), Message: text})
	}
	return events
}

// Held is what a finished file was held against, as the manifest keeps it: a
// [Check] without its place in the project.
type Held struct {
	Rule     string      `json:"rule"`
	Status   CheckStatus `json:"status"`
	Name     string      `json:"name,omitempty"`
	What     string      `json:"what"`
	Limit    string      `json:"limit"`
	Measured string      `json:"measured"`
	Value    *float64    `json:"value"`
	At       *float64    `json:"at_s"`
	Message  string      `json:"message"`
	Mark     string      `json:"mark,omitempty"`
	Source   string      `json:"source,omitempty"`
}

// noteChecks notes with every file what it was held against.
func noteChecks(files []staged, checks []Check) {
	at := map[string]int{}
	for i := range files {
		files[i].Checks = nil
		at[files[i].Path] = i
	}
	for _, c := range checks {
		if i, ok := at[c.About]; ok {
			files[i].Checks = append(files[i].Checks, Held{
				Rule: c.Rule, Status: c.Status, Name: c.Name, What: c.What, Limit: c.Limit, Measured: c.Text, Value: c.Value, At: c.At,
				Message: c.Message, Mark: c.Mark, Source: c.Source,
			})
		}
	}
}

// FileCheck is what an existing file was held against.
type FileCheck struct {
	File   string
	Report measure.Report
	Checks []Check
}

// Fails reports whether the file does not keep a rule that is more than advice.
func (f FileCheck) Fails() bool {
	return slices.ContainsFunc(f.Checks, func(c Check) bool { return c.Status == CheckFailed })
}

// CheckFile holds any audio file against the rules of delivery profiles, and
// against their targets where no rule is about them. The file is measured once.
func CheckFile(ctx context.Context, name string, all ...spec.Profile) ([]FileCheck, error) {
	r, err := measure.File(ctx, name, measure.Options{})
	if err != nil {
		return nil, err
	}
	o := Output{
		Path: filepath.ToSlash(name), Format: formatName(r), Encoding: r.Encoding, BitDepth: r.BitDepth, SampleRate: r.SampleRate,
		Channels: r.Channels, Frames: r.Frames, Duration: r.Duration, PCM: r.PCMSHA256, SHA256: r.SHA256,
	}
	o.take(r)
	tags, tagged, err := tagsOf(name, r)
	if err != nil {
		return nil, err
	}
	o.Tags = tags
	var found []FileCheck
	for _, p := range all {
		f := FileCheck{File: name, Report: r}
		for _, rule := range p.Delivery.FileRules() {
			if !applies(rule, o) {
				continue
			}
			c := Check{About: name, Delivery: p.Name, What: rule.What(), Limit: rule.Demand(), File: name}
			c.keep(rule, o)
			if rule.Figure == "tags" && !tagged {
				c.Status, c.Text, c.Message = CheckSkipped, "", "tags of "+o.Format+" are not read"
			}
			f.Checks = append(f.Checks, c)
		}
		found = append(found, f)
	}
	return found, nil
}

// tagsOf lists the fields of text in a file, sorted. They are not known of a file that
// only ffmpeg can read.
func tagsOf(name string, r measure.Report) (tags []string, known bool, err error) {
	if r.Decoder != "" {
		said, err := audiofile.ReadCoded(name)
		return said.Says(), err == nil, nil
	}
	in, err := audiofile.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer in.Close()
	return in.Says(), true, nil
}

// formatName is a file's format as rules have it: RF64 and BW64 are WAV beyond
// 4 GiB, and what ffprobe names by its container is named by its coding.
func formatName(r measure.Report) string {
	if r.Decoder == "" {
		switch r.Format {
		case "rf64", "bw64":
			return "wav"
		case "aifc":
			return "aiff"
		}
		return r.Format
	}
	if slices.Contains(spec.Formats, r.Encoding) {
		return r.Encoding
	}
	return r.Format
}
