package spec

import (
	"slices"

	"github.com/lathe-audio/lathe/internal/param"
)

// Project is one project file, loaded, checked and resolved: every reference
// is valid, every default filled in, every preset and profile expanded, every
// quantity in its unit. A song has Song set (and Release, where the song is a
// release by itself); an album has Release and Songs.
type Project struct {
	File     string // the project file, as it was named
	Dir      string // its folder
	Song     *Song
	Release  *Release
	Songs    []AlbumSong
	Loudness AlbumLoudness // of an album
	Tone     AlbumTone     // of an album
	Assert   []Assertion   // of an album; its songs may have their own
	Warnings Diagnostics   // what is odd but no error

	lines []Line // of Explain
}

// Song is everything that one recording is made of.
type Song struct {
	Pos                                        Pos
	Dir                                        string // folder of the song's file: its paths are relative to it
	Title                                      string
	Artist                                     string
	ISRC                                       string
	Composer, Genre, Date, Copyright, Language string
	Artists                                    []string // each by name, where they are written so
	Lyricist, Comment, Lyrics                  string
	Tempo                                      float64 // quarter notes per minute; 0 where none is given
	Meter                                      Meter
	Length                                     float64 // seconds from song.length; 0: until the last tail has died away

	SampleRate int         // session rate in Hz; 0: the most common rate among the stems
	Start      *SampleTime // time stamp at which the song begins; nil: the earliest of the stems that go by theirs
	PanLaw     string      // of mono stems
	Dynamics   string      // DynamicsOwn or DynamicsMain: of versions and prints that do not say

	Stems    []Stem // in the order of the file
	Buses    []Bus
	Returns  []Bus
	Groups   []Group
	Mix      Bus       // name "mix"
	MixFile  *File     // `mix: file.wav`: a finished mix in place of stems
	Versions []Version // the main one is not listed
	Master   Master
	Deliver  []Delivery
	Assert   []Assertion // about this song's outputs
}

// Meter is a time signature.
type Meter struct{ Beats, Unit int }

// File is a path as written, and as found.
type File struct {
	Pos  Pos
	Name string // as written, with forward slashes
	Path string // to open it
}

// Strip is what stems, buses, returns and the mix have in common.
type Strip struct {
	Pos        Pos
	Name       string
	Gain       float64 // dB
	Pan        float64 // -100 .. +100
	Width      float64 // percent; 100 changes nothing
	Mute, Solo bool
	Invert     bool   // polarity
	InvertSide string // "left" or "right": the polarity of that side alone, before the chain
	Mono       bool   // half the sum of both sides on either, before the chain
	Delay      SampleTime
	PanLaw     string  // "": the song's for a mono stem, else balance
	Rotate     float64 // degrees to the right
	Tags       []string
	Chain      []Processor
	To         string // where the output goes: a bus, or "mix"
	Sends      []Send
	Automation []Lane
}

// Stem is one stem.
type Stem struct {
	Strip
	File       File    // unless it has clips
	Offset     float64 // seconds into the song at which the file starts; negative cuts its head
	FromBWF    bool    // it starts at the time stamp of the file instead
	Channel    string  // "left", "right", "mid" or "side" of the file, which makes the stem mono; "": all of it
	Start, End float64 // seconds of the file that are heard; End 0: to the file's end
	FadeIn     Fade
	FadeOut    Fade
	Clips      []Clip // in place of the file, in the order of time
}

// Bus is a bus, a return or the mix.
type Bus struct {
	Strip
}

// Group is a fader for many strips that no sound goes through, as a VCA is.
type Group struct {
	Pos        Pos
	Name       string
	Members    []string // strips, in the order of the desk; tags and other groups are resolved
	Gain       float64  // dB, added to the members' faders
	Mute, Solo bool
	Automation []Lane // of gain and mute
}

// Send feeds a copy of a strip into a return.
type Send struct {
	Pos   Pos
	To    string
	Level float64 // dB
	Pre   bool    // taken before gain and pan
}

// Processor is one entry of a chain.
type Processor struct {
	Pos    Pos
	Kind   string
	ID     string
	Bypass bool
	Mix    float64 // percent
	Values param.Values
	Chains map[string][][]Processor // of a container, by parameter; a param.Chain has one
	Files  map[string]File          // by parameter; Values has their names
	From   string                   // "preset vocal/lead" where a preset brought it, else empty
}

// Lane is the automation of one parameter.
type Lane struct {
	Pos    Pos
	Path   string // as written: "gain", "sends.plate", "vox.threshold", "tone.bands.2.gain"
	Target Target
	Points []Point // in order of time
}

// Target is what a lane moves, resolved.
type Target struct {
	Send      string // the return's name, for "sends.X"
	Processor string // the processor's id; empty for the strip's own
	Param     string // "gain", "pan", "mute", "level" (of a send), or a path within the processor
	Unit      param.Unit
}

// Point is one automation point. Before the first point the lane has the first
// point's value.
type Point struct {
	Pos   Pos
	At    float64 // seconds
	Value float64 // in the target's unit
	Curve Curve   // how the value gets here from the point before
}

// Curve is the way between two automation points.
type Curve string

// The curves.
const (
	Step        Curve = "step"        // jumps at the point (default)
	Linear      Curve = "linear"      // straight in the target's unit
	Exponential Curve = "exponential" // straight in the logarithm of the value
	SCurve      Curve = "s-curve"     // raised cosine
)

// Version is another version of the song: a set of mutes, solos and levels.
type Version struct {
	Pos        Pos
	Name       string // as written: "instrumental"
	Title      string // as shown in file names: "Instrumental"
	ISRC       string
	Mute, Solo []string           // strips; tags and groups are already resolved
	Gain       map[string]float64 // dB that is added to the faders of strips
	Dynamics   string             // DynamicsOwn, or DynamicsMain
}

// Master is the mastering chain of a song.
type Master struct {
	Pos          Pos
	Reference    *Reference  // what the mix is matched to before the chain; nil: nothing
	Buses        []MasterBus // what is done to parts of the mix before it is summed again, for the master
	Chain        []Processor
	Automation   []Lane
	MaxReduction float64 // dB the delivery's limiter may take off the peaks
	Advice       Advice
}

// Advice is from where on a build tells that the master does a mix's work; nil
// is never.
type Advice struct {
	EQ        *float64 // dB of a band
	Reduction *float64 // dB, of a compressor while it works
	PLR       *float64 // LU
}

// MasterBus is a bus, return or stem that feeds the mix, in the hands of the
// mastering engineer.
type MasterBus struct {
	Pos        Pos
	Name       string
	Gain       float64 // dB, added to its level
	Chain      []Processor
	Automation []Lane // of the chain
}

// Delivery is one finished product to be made from the song.
type Delivery struct {
	Pos          Pos
	Name         string   // folder below the output folder
	Profile      string   // the profile it came from
	Title        string   // of the profile, for people
	Group        string   // of the profile, among which it is listed; may be ""
	Source, Date string   // of the profile's figures
	From         string   // "master" or "mix"
	Prints       []Print  // parts of the song in its place; nil: the song whole
	Through      string   // what the prints go through: ThroughNone, ThroughMix or ThroughMaster
	Dynamics     string   // of the prints: DynamicsOwn or DynamicsMain; "": those of the version they are of
	Versions     []string // that are delivered, "main" among them; nil: all
	Format       string   // "wav", "aiff", "aifc" or "flac"; "mp3", "aac", "opus" or "vorbis"
	Encoder      string   // of a lossy format, the program that makes it
	Bitrate      int      // likewise, kbit/s; 0: by Quality
	Quality      int      // likewise, on the format's scale
	SampleRate   int      // Hz; 0: the session's
	BitDepth     int      // 16, 24 or 32; of a lossy format, of what the encoder gets
	Float        bool     // 32-bit float
	Loudness     *float64 // LUFS; nil: no loudness target
	Tolerance    float64  // LU
	Ceiling      *float64 // dBTP; nil: no limiter
	MaxReduction float64  // dB the limiter may take off the peaks
	Limiter      Limiter
	MaxShortTerm *float64 // LUFS that the loudest 3 s may not exceed; nil: none
	MinPLR       *float64 // LU that the PLR may not fall below; nil: none
	MinPSR       *float64 // LU that the lowest PSR may not fall below; nil: none
	Dither       string   // "tpdf", "tpdf-hp", a noise shaper's set such as "wannamaker-9", or "none"
	Resample     string   // the resampler's phase: "linear" or "minimum"
	Head, Tail   float64  // seconds of silence before and after the song
	LoudnessMode string   // of an album: "track" or "album"; "": the album's
	Split        string   // of an album: a file for each "song", or for each "side"
	Images       []string // of an album's discs: some of "cue", "toc", "ddp"
	Handover     string   // "none", or how what a mix to be mastered should not have is told: "warn" or "strict"
	Metadata     []string // what the file says of the recording, and how: words of [MetadataWords]

	MaxSampleRate int      // Hz, of a file at the session's rate; 0: any
	Peak          *float64 // dBFS, sample peak; nil: the level is not set by it
	MonoBelow     float64  // Hz; 0: off
	FileName      FileName
	Characters    string // of the file's name: AnyCharacters and so on
	Rules         []Rule // that its files are held against
}

// Limiter is how the peaks of a delivery are held below its ceiling.
type Limiter struct {
	Style     string   // "transparent", "punchy" or "loud"
	Release   *float64 // ms; nil: the style's
	LookAhead *float64 // ms; nil: the style's
	Link      *float64 // percent; nil: the style's
	Clip      float64  // dB that a soft clipper before it takes off the highest peak
}

// Whose level the dynamics of a version or a print go by.
const (
	DynamicsOwn  = "own"  // of what they hear
	DynamicsMain = "main" // of what they hear in the main version
)

// What prints go through.
const (
	ThroughNone   = "none"
	ThroughMix    = "mix"    // the mix's chain and fader
	ThroughMaster = "master" // these, and the master's chain
)

// Makes reports whether a version is delivered; "" and "main" are the song itself.
func (d *Delivery) Makes(version string) bool {
	if version == "" {
		version = mainVersion
	}
	return d.Versions == nil || slices.Contains(d.Versions, version)
}

// Print is a part of the mix that is a file of its own.
type Print struct {
	Name   string   // as written, and in the file's name
	Strips []string // what is heard in it
	Apart  bool     // what the strip puts into the mix itself; else with its share of the returns
}

// Release is an album's own data.
type Release struct {
	Pos                                      Pos
	Title, Artist, Date, Label, Catalog, UPC string
	Copyright, Genre, Language               string
	Cover                                    *File
}

// AlbumSong is one entry of an album's list, with its song loaded.
type AlbumSong struct {
	Pos             Pos
	Number          int // its place in the list, from 1
	Track           int // its number, from 1; 0: hidden
	Song            *Song
	Gap             float64 // seconds of silence before it; 0: it follows without a break
	Crossfade       Fade    // from the song before, instead of a gap
	Trim            float64 // dB relative to the rest of the album
	Start, End      float64 // seconds of the song that are heard; End 0: to its end
	FadeIn, FadeOut Fade
	Hidden          bool   // it plays before track 1
	Disc            int    // from 1
	Side            string // from "A"
}
