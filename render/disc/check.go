package disc

import (
	"fmt"
	"strings"
)

// Severity says how much a finding matters.
type Severity int

// Severities.
const (
	Note    Severity = iota // worth knowing
	Warning                 // may be refused, or not what was meant
	Error                   // no Red Book disc, or not what the files say of each other
)

// String is the word for it.
func (s Severity) String() string { return [...]string{"note", "warning", "error"}[s] }

// Finding is one thing that a disc, or a file of it, has against it.
type Finding struct {
	Severity Severity
	Rule     string // which rule, for programs: "track-length"
	File     string // which file of a DDP; empty: the layout
	Track    int    // which track; 0: the disc
	Message  string // for people, with the numbers

	// The numbers: what was found, and what the rule asks for. Unit names both ("frames",
	// "tracks", "packs"); where it is empty there are none.
	Found, Limit int
	Unit         string
}

// String is the finding as a line.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.Severity.String() + ": ")
	if f.File != "" {
		b.WriteString(f.File + ": ")
	}
	if f.Track > 0 {
		fmt.Fprintf(&b, "track %d: ", f.Track)
	}
	b.WriteString(f.Message)
	return b.String()
}

// Findings are what was found, in the order of the disc.
type Findings []Finding

// Errors are those that are errors.
func (f Findings) Errors() (errors Findings) {
	for _, one := range f {
		if one.Severity == Error {
			errors = append(errors, one)
		}
	}
	return errors
}

// Error implements error, so that a writer can refuse a layout with what is wrong with it: a line
// for each finding.
func (f Findings) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Limits of a disc.
const (
	MaxTracks   = 99
	MaxIndex    = 99
	MinTrack    = 4 * FramesPerSecond            // frames of a track
	NominalPlay = 74 * 60 * FramesPerSecond      // frames: what the Red Book promises
	MaxPlay     = (79*60 + 57) * FramesPerSecond // frames: what plants are known to press
	MaxPacks    = 253                            // of CD-TEXT, as libcdio documents: 256 less the size information
	maxMasterID = 48                             // characters
	cueLine     = 254                            // bytes of a line that cue2ddp reads
)

// checker collects findings.
type checker struct{ list Findings }

func (c *checker) add(s Severity, rule string, track int, format string, args ...any) *Finding {
	c.list = append(c.list, Finding{Severity: s, Rule: rule, Track: track, Message: fmt.Sprintf(format, args...)})
	return &c.list[len(c.list)-1]
}

func (f *Finding) numbers(found, limit int, unit string) {
	f.Found, f.Limit, f.Unit = found, limit, unit
}

// Check holds a layout against the Red Book, and what is written beside it against the forms it
// has to have. The findings come in the order of the disc; none is a disc that can be written.
func Check(l Layout) Findings {
	c := &checker{}
	c.disc(l)
	for i := range l.Tracks {
		c.track(l, i)
	}
	c.isrcs(l)
	c.text(l)
	return c.list
}

func (c *checker) disc(l Layout) {
	if l.MCN != "" {
		if code, err := EAN13(l.MCN); err != nil || code != l.MCN {
			if err == nil {
				err = fmt.Errorf("%s has 12 digits: write it as the EAN %s", l.MCN, code)
			}
			c.add(Error, "mcn", 0, "catalogue number (EAN): %v", err)
		}
	}
	if n := len(l.MasterID); n > maxMasterID {
		c.add(Error, "master-id", 0, "the master ID has %d characters, %d at most", n, maxMasterID).numbers(n, maxMasterID, "characters")
	}
	if at := notASCII(l.MasterID); at != "" {
		c.add(Error, "master-id", 0, "the master ID has %s: ASCII only", at)
	}
	n := len(l.Tracks)
	if n == 0 {
		c.add(Error, "tracks", 0, "there is no track").numbers(0, 1, "tracks")
		return
	}
	if n > MaxTracks {
		c.add(Error, "tracks", 0, "%d tracks, %d at most", n, MaxTracks).numbers(n, MaxTracks, "tracks")
	}
	first := l.Tracks[0]
	if first.begin() != 0 {
		c.add(Error, "first-index", 1, "begins at %v: the first pregap begins at 00:00:00", first.begin()).numbers(int(first.begin()), 0, "frames")
	}
	if first.Pregap < LeadPause {
		c.add(Error, "first-pregap", 1, "its pregap is %v long, %v at least", first.Pregap, LeadPause).numbers(int(first.Pregap), int(LeadPause), "frames")
	}
	switch play := l.Playing(); {
	case l.LeadOut > maxMSF:
		c.add(Error, "length", 0, "the lead-out is at %v: no address goes beyond %v", l.LeadOut, maxMSF).numbers(int(l.LeadOut), int(maxMSF), "frames")
	case play > MaxPlay:
		c.add(Warning, "length", 0, "it plays %v: more than %v may not be pressed", play, MSF(MaxPlay)).numbers(int(play), MaxPlay, "frames")
	case play > NominalPlay:
		c.add(Note, "length", 0, "it plays %v: more than the nominal %v, which plants commonly take", play, MSF(NominalPlay)).numbers(int(play), NominalPlay, "frames")
	}
}

// track checks the track at i, which counts from 0.
func (c *checker) track(l Layout, i int) {
	t, n := l.Tracks[i], i+1
	if t.Pregap < 0 {
		c.add(Error, "order", n, "its pregap has a negative length, %v", t.Pregap)
	}
	points := t.Points()
	if last := points[len(points)-1].Index; last > MaxIndex {
		c.add(Error, "indexes", n, "index %d, %d at most", last, MaxIndex).numbers(last, MaxIndex, "indexes")
	}
	for k, p := range points[1:] {
		if before := points[k]; p.Time <= before.Time {
			c.add(Error, "order", n, "index %02d at %v does not come after index %02d at %v", p.Index, p.Time, before.Index, before.Time)
		}
	}
	what := "the lead-out"
	if i+1 < len(l.Tracks) {
		what = fmt.Sprintf("track %d", n+1)
	}
	if p, end := points[len(points)-1], l.End(i); end <= p.Time {
		c.add(Error, "order", n, "index %02d at %v does not come before %s at %v", p.Index, p.Time, what, end)
	} else if length := l.Length(i); length < MinTrack {
		c.add(Error, "track-length", n, "is %v long, %v at least", length, MSF(MinTrack)).numbers(int(length), MinTrack, "frames")
	}
	if t.Flags.Copy && t.Flags.SCMS {
		c.add(Error, "flags", n, "copies are permitted (DCP) and managed (SCMS): they exclude each other")
	}
	if t.Flags.FourChannel {
		c.add(Error, "flags", n, "the flag for four channels: no player knows it, and writers disagree on its bits")
	}
	if t.ISRC != "" && !IsISRC(t.ISRC) {
		c.add(Error, "isrc", n, "ISRC %q: expected two capital letters, three letters or digits and seven digits, such as AA6Q72000047", t.ISRC)
	}
}

// isrcs names ISRCs that are there twice, and those that are missing where others are there.
func (c *checker) isrcs(l Layout) {
	at := map[string]int{}
	for i, t := range l.Tracks {
		if t.ISRC == "" {
			continue
		}
		if first, twice := at[t.ISRC]; twice {
			c.add(Warning, "isrc", i+1, "ISRC %s is that of track %d: every recording has its own", t.ISRC, first)
			continue
		}
		at[t.ISRC] = i + 1
	}
	if len(at) == 0 {
		return
	}
	for i, t := range l.Tracks {
		if t.ISRC == "" {
			c.add(Warning, "isrc", i+1, "has no ISRC, others have")
		}
	}
}

// text checks CD-TEXT: its characters, and its size.
func (c *checker) text(l Layout) {
	before := len(c.list.Errors())
	c.words(0, l.Text)
	for _, ascii := range []struct{ what, text string }{{"disc ID", l.DiscID}, {"genre", l.Genre.Text}} {
		if at := notASCII(ascii.text); at != "" {
			c.add(Error, "text-characters", 0, "CD-TEXT %s has %s: ASCII only", ascii.what, at)
		}
	}
	switch code := l.Genre.Code; {
	case code < 0 || code > 0xFFFF:
		c.add(Error, "genre", 0, "CD-TEXT genre %d: it has two bytes", code).numbers(code, 0xFFFF, "code")
	case code >= len(Genres):
		c.add(Warning, "genre", 0, "CD-TEXT genre %d: the known ones end with %d", code, len(Genres)-1).numbers(code, len(Genres)-1, "code")
	case code == 0 && l.Genre.Text != "":
		c.add(Error, "genre", 0, "CD-TEXT genre %q adds to a code, and there is none", l.Genre.Text)
	}
	for i, t := range l.Tracks {
		c.words(i+1, t.Text)
	}
	if len(c.list.Errors()) > before || len(l.Tracks) > MaxTracks {
		return // there are no packs of such texts
	}
	if n := len(packsOf(l)); n > MaxPacks {
		c.add(Error, "text-size", 0, "CD-TEXT takes %d packs of 12 characters, %d at most: shorten or leave out texts", n, MaxPacks).numbers(n, MaxPacks, "packs")
	}
}

// words checks the texts of the disc (0) or a track.
func (c *checker) words(track int, t Text) {
	for _, kind := range textKinds {
		text := *kind.of(&t)
		if _, err := latin1(text); err != nil {
			c.add(Error, "text-characters", track, "CD-TEXT %s %q: %v", kind.name, text, err)
		}
	}
}

// CheckCue names the texts that a cue sheet cannot hold as they are, or that some programs would
// not read there.
func CheckCue(l Layout) Findings {
	c := &checker{}
	c.cueTexts(0, l.Text)
	for i, t := range l.Tracks {
		c.cueTexts(i+1, t.Text)
	}
	return c.list
}

func (c *checker) cueTexts(track int, t Text) {
	for _, kind := range textKinds {
		text := *kind.of(&t)
		if strings.Contains(text, `"`) {
			c.add(Note, "cue-quote", track, "%s %s has double quotes, which a cue sheet cannot hold: there they are single ones", kind.name, text)
		}
		if n := len(kind.cueLine(text)); n > cueLine {
			c.add(Warning, "cue-line", track, "%s makes a line of %d characters in the cue sheet, some programs read %d", kind.name, n, cueLine).numbers(n, cueLine, "characters")
		}
	}
}

// notASCII names the first character that is not printable ASCII; empty: there is none.
func notASCII(s string) string {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return fmt.Sprintf("the character %q", r)
		}
	}
	return ""
}
