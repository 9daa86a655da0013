// Package disc describes an audio CD, checks it against the Red Book, and writes and reads what a
// pressing plant or a burner is given: a DDP 2.00 file set, an image with a cue sheet or a cdrdao
// TOC, CD-TEXT and the PQ sheet. It renders nothing: the sound comes as 16-bit samples.
//
// A CD frame, called a frame everywhere in this package, is 1/75 s: 588 stereo samples, one sector
// of 2352 bytes. All times are absolute: they count from the beginning of the pause before track 1,
// as on the disc, in a DDP and on a PQ sheet, so the first track starts at 00:02:00 or later. A cue
// sheet and a TOC count from the end of these two seconds, which are not in their image.
//
// DDP is written and read after published samples and descriptions of other programs' files: the
// specification of its owner, DCA, was not consulted. docs/ddp.md says what is not confirmed.
package disc

import (
	"fmt"
	"strconv"
	"strings"
)

// Measures of a CD.
const (
	Rate            = 44100 // samples a second, of both channels
	FramesPerSecond = 75
	SamplesPerFrame = Rate / FramesPerSecond // 588
	BytesPerFrame   = SamplesPerFrame * 4    // 2352: 16-bit stereo
)

// LeadPause is the shortest pause before track 1, which every disc has: two seconds.
const LeadPause MSF = 2 * FramesPerSecond

// MSF is a time or a length on a disc: a count of frames, written as minutes, seconds and frames.
type MSF int

// maxMSF is the last address that six digits can say: 99:59:74.
const maxMSF MSF = 100*60*FramesPerSecond - 1

// FromSamples rounds a count of samples at 44.1 kHz, which is not negative, down to a frame; rest
// is what lies beyond it, 0 to 587. Rounding a boundary down cuts nothing off the track that begins
// there.
func FromSamples(n int64) (t MSF, rest int) {
	return MSF(n / SamplesPerFrame), int(n % SamplesPerFrame)
}

// Samples is the time in samples of 44.1 kHz.
func (t MSF) Samples() int64 { return int64(t) * SamplesPerFrame }

// Bytes is the time in bytes of an image.
func (t MSF) Bytes() int64 { return int64(t) * BytesPerFrame }

// Seconds is the time in seconds.
func (t MSF) Seconds() float64 { return float64(t) / FramesPerSecond }

// String is MM:SS:FF.
func (t MSF) String() string {
	sign := ""
	if t < 0 {
		sign, t = "-", -t
	}
	return fmt.Sprintf("%s%02d:%02d:%02d", sign, t/(60*FramesPerSecond), t/FramesPerSecond%60, t%FramesPerSecond)
}

// digits is MMSSFF, as records have it.
func (t MSF) digits() string { return strings.ReplaceAll(t.String(), ":", "") }

// ParseMSF reads MM:SS:FF, each of one or two digits.
func ParseMSF(s string) (MSF, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0, fmt.Errorf("%q is no time: expected MM:SS:FF", s)
	}
	return msfOf(s, parts[0], parts[1], parts[2])
}

// msfOf puts a time together from its three numbers; s is how it was written.
func msfOf(s string, parts ...string) (MSF, error) {
	total := 0
	for i, limit := range []int{100, 60, FramesPerSecond} {
		n, ok := decimal(parts[i])
		if !ok || len(parts[i]) > 2 {
			return 0, fmt.Errorf("%q is no time: expected MM:SS:FF", s)
		}
		if n >= limit {
			return 0, fmt.Errorf("%q is no time: %s of %d, %d at most", s, [...]string{"minutes", "seconds", "frames"}[i], n, limit-1)
		}
		total = total*limit + n
	}
	return MSF(total), nil
}

// decimal reads a number that is digits only, which strconv alone does not insist on.
func decimal(s string) (int, bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// Layout is a disc: what begins where, and what is written beside the sound.
type Layout struct {
	MCN      string // media catalogue number: the 13-digit EAN; empty: none
	MasterID string // names the master in the DDP, at most 48 ASCII characters; not on the disc

	Text      Text   // CD-TEXT of the disc
	Genre     Genre  // CD-TEXT
	DiscID    string // CD-TEXT: the label's catalogue number, ASCII
	TextCodes bool   // CD-TEXT repeats MCN and ISRCs

	Tracks  []Track
	LeadOut MSF // where the sound ends
}

// Track is one track. All of its times are absolute.
type Track struct {
	Start   MSF   // index 01
	Pregap  MSF   // length of index 00, which begins at Start-Pregap; 0: there is none
	Indexes []MSF // indexes 02, 03, ...; mostly none

	ISRC  string // 12 characters without hyphens; empty: none
	Flags Flags
	Text  Text // CD-TEXT
}

// Flags are a track's bits of the Q channel.
type Flags struct {
	Copy        bool // digital copies are permitted (DCP)
	PreEmphasis bool // the sound was emphasised, and players are to undo it
	SCMS        bool // copies are managed: one generation is permitted
	FourChannel bool // no player knows it; only read, never written
}

// Text is what CD-TEXT says of a disc or a track, in characters of ISO 8859-1.
type Text struct {
	Title, Performer, Songwriter, Composer, Arranger, Message string
}

// Genre is what CD-TEXT says of a disc's genre: a code of the list in Genres, and words that
// add to it, in ASCII. A code of 0 says that there is none.
type Genre struct {
	Code int
	Text string
}

// Point is the beginning of one index of a track.
type Point struct {
	Index int
	Time  MSF
}

// Points are the beginnings of a track's indexes: 00 if it has a pregap, 01, 02 and so on.
func (t Track) Points() []Point {
	var list []Point
	if t.Pregap > 0 {
		list = append(list, Point{0, t.Start - t.Pregap})
	}
	list = append(list, Point{1, t.Start})
	for i, at := range t.Indexes {
		list = append(list, Point{i + 2, at})
	}
	return list
}

// begin is where the track begins, with its pregap.
func (t Track) begin() MSF { return t.Start - t.Pregap }

// Length is how long a track counts as, which players show: from its index 01 to that of the next
// one, or to the lead-out. i counts from 0.
func (l Layout) Length(i int) MSF {
	if i+1 < len(l.Tracks) {
		return l.Tracks[i+1].Start - l.Tracks[i].Start
	}
	return l.LeadOut - l.Tracks[i].Start
}

// End is where a track ends: at the next one's pregap, if that has one, at its start, or at the
// lead-out. i counts from 0.
func (l Layout) End(i int) MSF {
	if i+1 < len(l.Tracks) {
		return l.Tracks[i+1].begin()
	}
	return l.LeadOut
}

// Playing is the length of the programme: all but the two seconds that every disc begins with.
func (l Layout) Playing() MSF { return l.LeadOut - LeadPause }
