package disc

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// CueSheet is a cue sheet as it was read.
type CueSheet struct {
	Layout   Layout
	Image    string // the file with the sound
	TextFile string // the file with CD-TEXT packs; empty: none
}

// ParseCue reads the cue sheet of one image, which lasts length. Its times become absolute: two
// seconds later than in the sheet. It takes small letters, CR LF, a byte order mark, UTF-8 or
// ISO 8859-1; it refuses several files and pregaps that are not in the image. The error says in
// which line.
func ParseCue(data []byte, length MSF) (*CueSheet, error) {
	text := string(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")))
	if !utf8.ValidString(text) {
		text = fromLatin1(data)
	}
	p := &cueReader{pause: -1}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if err := p.line(strings.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := p.endTrack(); err != nil {
		return nil, fmt.Errorf("at the end: %w", err)
	}
	l := &p.sheet.Layout
	if len(l.Tracks) == 0 {
		return nil, fmt.Errorf("it has no tracks")
	}
	l.Tracks[0].Pregap += LeadPause
	l.LeadOut = length + LeadPause
	return &p.sheet, nil
}

type cueReader struct {
	sheet CueSheet
	pause MSF // index 00 of the track, in the sheet's time; -1: none
	next  int // index that the track expects
}

// line takes one line.
func (p *cueReader) line(line string) error {
	word, rest := cueWord(line)
	l := &p.sheet.Layout
	var track *Track
	text := &l.Text
	if n := len(l.Tracks); n > 0 {
		track = &l.Tracks[n-1]
		text = &track.Text
	}
	if word == "REM" { // what programs write as remarks that not all of them know
		if word, rest = cueWord(rest); cueKind(word) == nil {
			return nil
		}
	}
	if kind := cueKind(word); kind != nil {
		*kind.of(text) = cueArgument(rest)
		return nil
	}
	switch word {
	case "":
		return nil
	case "CATALOG":
		l.MCN = cueArgument(rest)
		return nil
	case "CDTEXTFILE":
		p.sheet.TextFile = cueArgument(rest)
		return nil
	case "FILE":
		if p.sheet.Image != "" {
			return fmt.Errorf("it has several files: one image is read")
		}
		p.sheet.Image = cueArgument(rest)
		return nil
	case "TRACK":
		return p.track(rest)
	}
	if track == nil {
		return fmt.Errorf("%q is not known, or belongs to a track", word)
	}
	switch word {
	case "ISRC":
		track.ISRC = strings.ToUpper(strings.ReplaceAll(cueArgument(rest), "-", ""))
	case "FLAGS":
		return setFlags(&track.Flags, rest)
	case "INDEX":
		return p.index(track, rest)
	case "PREGAP", "POSTGAP":
		return fmt.Errorf("%s: silence that is not in the image is not read", word)
	default:
		return fmt.Errorf("%q is not known", word)
	}
	return nil
}

// track begins a track.
func (p *cueReader) track(rest string) error {
	if err := p.endTrack(); err != nil {
		return err
	}
	number, mode := cueWord(rest)
	l := &p.sheet.Layout
	if n, ok := decimal(number); !ok || n != len(l.Tracks)+1 || n > MaxTracks {
		return fmt.Errorf("track %s: expected %d", number, len(l.Tracks)+1)
	}
	if p.sheet.Image == "" {
		return fmt.Errorf("track %s comes before FILE", number)
	}
	if !strings.EqualFold(mode, "AUDIO") {
		return fmt.Errorf("track %s is %s: only AUDIO is read", number, mode)
	}
	l.Tracks = append(l.Tracks, Track{})
	p.pause, p.next = -1, 0
	return nil
}

// endTrack demands that the track before has begun.
func (p *cueReader) endTrack() error {
	if n := len(p.sheet.Layout.Tracks); n > 0 && p.next < 2 {
		return fmt.Errorf("track %d has no index 01", n)
	}
	return nil
}

// index takes the beginning of an index.
func (p *cueReader) index(t *Track, rest string) error {
	number, when := cueWord(rest)
	at, err := ParseMSF(strings.TrimSpace(when))
	if err != nil {
		return err
	}
	n, ok := decimal(number)
	if !ok || n != p.next && (p.next != 0 || n != 1) {
		return fmt.Errorf("index %s: expected %02d", number, p.next)
	}
	p.next = n + 1
	if len(p.sheet.Layout.Tracks) == 1 && (n == 0 || n == 1 && p.pause < 0) && at != 0 {
		return fmt.Errorf("the first index is at %v: expected 00:00:00", at)
	}
	switch at += LeadPause; {
	case n == 0:
		p.pause = at
	case n > 1:
		t.Indexes = append(t.Indexes, at)
	default:
		t.Start = at
		if p.pause >= 0 {
			t.Pregap = at - p.pause
		}
	}
	return nil
}

// cueWord splits the first word off, in capitals.
func cueWord(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return strings.ToUpper(s), ""
	}
	return strings.ToUpper(s[:i]), strings.TrimSpace(s[i:])
}

// cueArgument is what is between the first quote and the last, or else the first word.
func cueArgument(s string) string {
	if !strings.HasPrefix(s, `"`) {
		if i := strings.IndexAny(s, " \t"); i >= 0 {
			return s[:i]
		}
		return s
	}
	if i := strings.LastIndexByte(s, '"'); i > 0 {
		return s[1:i]
	}
	return s[1:]
}

// cueKind is the kind of text that a word stands for, or nil.
func cueKind(word string) *textKind {
	for i := range textKinds {
		if textKinds[i].word() == word {
			return &textKinds[i]
		}
	}
	return nil
}

// setFlags sets the flags that are named.
func setFlags(f *Flags, words string) error {
next:
	for _, word := range strings.Fields(words) {
		for _, flag := range f.list() {
			if strings.EqualFold(word, flag.word) {
				*flag.set = true
				continue next
			}
		}
		return fmt.Errorf("the flag %q is not known", word)
	}
	return nil
}
