package render

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // covers
	_ "image/png"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// texts is what the project says of a recording, by the names of
// [audiofile.Fields]: nothing of the clock, the machine or its user. How a file says
// it, and which of it, follows from its format.
func (j job) texts() map[string]string {
	tags := map[string]string{}
	put := func(name string, values ...string) {
		for _, v := range values {
			if v != "" {
				tags[name] = v
				return
			}
		}
	}
	title := j.song.Title
	if j.version.title != "" {
		title += " (" + j.version.title + ")"
	}
	if j.print != nil {
		title += " - " + j.print.Name
	}
	put("title", title)
	var release spec.Release
	if j.release != nil {
		release = *j.release
		put("album", release.Title)
		put("album_artist", release.Artist)
	}
	if j.entry != nil && j.entry.Track > 0 {
		put("track", fmt.Sprint(j.entry.Track))
		put("track_total", fmt.Sprint(j.of))
	}
	s := j.song
	put("artist", s.Artist, release.Artist)
	if len(s.Artists) > 1 {
		put("artists", strings.Join(s.Artists, "; "))
	}
	put("date", s.Date, release.Date)
	put("genre", s.Genre, release.Genre)
	put("copyright", s.Copyright, release.Copyright)
	put("comment", s.Comment)
	put("composer", s.Composer)
	put("lyricist", s.Lyricist)
	put("language", s.Language, release.Language)
	put("lyrics", s.Lyrics)
	put("isrc", j.isrc())
	put("label", release.Label)
	put("catalog", release.Catalog)
	put("upc", release.UPC)
	return tags
}

// isrc is the code of exactly this recording: a version has its own, and a part of
// a song has none.
func (j job) isrc() string {
	switch {
	case j.print != nil:
		return ""
	case j.version.name == "":
		return j.song.ISRC
	}
	for _, v := range j.song.Versions {
		if v.Name == j.version.name {
			return v.ISRC
		}
	}
	return ""
}

// replayGainLevel is the loudness that ReplayGain 2.0 brings everything to.
const replayGainLevel = -18.0 // LUFS

// replayGain adds what a player needs to play a file as loud as others.
func replayGain(tags map[string]string, o Output) {
	if o.Integrated == nil || o.TruePeak == nil {
		return
	}
	tags["replaygain_track_gain"] = fmt.Sprintf("%+.2f dB", replayGainLevel-*o.Integrated)
	tags["replaygain_track_peak"] = fmt.Sprintf("%.6f", xmath.Gain(*o.TruePeak))
	if o.AlbumIntegrated == nil || o.AlbumTruePeak == nil {
		return
	}
	tags["replaygain_album_gain"] = fmt.Sprintf("%+.2f dB", replayGainLevel-*o.AlbumIntegrated)
	tags["replaygain_album_peak"] = fmt.Sprintf("%.6f", xmath.Gain(*o.AlbumTruePeak))
}

// tellsAlbum reports whether a file says how loud its album is: then its words are
// known when all songs are finished.
func (j job) tellsAlbum() bool {
	return j.entry != nil && j.print == nil && j.delivery.Says(spec.MetadataReplayGain)
}

// says lists what a finished file will tell, without looking at a cover.
func (s *stage) says() []string {
	d := s.delivery
	m := audiofile.Metadata{Tags: s.texts(), Texts: d.Says(spec.MetadataInfo), ID3: d.Says(spec.MetadataID3)}
	if d.Says(spec.MetadataReplayGain) {
		playbackGain(d.Format, m.Tags, s.output)
	}
	if d.Says(spec.MetadataCover) && s.release != nil && s.release.Cover != nil {
		m.Cover = &audiofile.Picture{}
	}
	if d.Says(spec.MetadataBext) {
		m.Broadcast = &audiofile.Broadcast{}
	}
	if d.Says(spec.MetadataIXML) {
		m.IXML = &audiofile.IXML{}
	}
	return m.Says(d.Format)
}

// metadata is what a finished file of a stage says of its recording.
func (s *stage) metadata() (audiofile.Metadata, error) {
	d := s.delivery
	m := audiofile.Metadata{Tags: s.texts(), Texts: d.Says(spec.MetadataInfo), ID3: d.Says(spec.MetadataID3)}
	if d.Says(spec.MetadataReplayGain) {
		playbackGain(d.Format, m.Tags, s.output)
	}
	if d.Says(spec.MetadataCover) && s.release != nil && s.release.Cover != nil {
		var err error
		if m.Cover, err = picture(s.release.Cover); err != nil {
			return m, err
		}
	}
	if d.Says(spec.MetadataBext) {
		m.Broadcast = s.broadcast()
	}
	if d.Says(spec.MetadataIXML) {
		m.IXML = s.ixml()
	}
	return m, nil
}

// describeMetadata says what the words of a finished file depend on. The cover's
// digest stands for its bytes.
func (b *builder) describeMetadata(ctx context.Context, s *stage, t *cache.Description) {
	d := s.delivery
	if len(d.Metadata) == 0 {
		return
	}
	t.Add("metadata", strings.Join(d.Metadata, " "))
	if s.tellsAlbum() {
		t.Add("album", optional(s.output.AlbumIntegrated)+" LUFS, "+optional(s.output.AlbumTruePeak)+" dBTP")
	}
	tags := s.texts()
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		t.Add("tags."+name, tags[name])
	}
	if d.Says(spec.MetadataCover) && s.release != nil && s.release.Cover != nil {
		if sum, _, err := b.inputs.File(ctx, s.release.Cover.Path); err == nil { // else making the file says so
			t.AddFile(s.release.Cover.Name, sum)
		}
	}
	if s.song.Start != nil {
		t.Add("start", fmt.Sprint(*s.song.Start))
	}
}

// picture reads a cover.
func picture(f *spec.File) (*audiofile.Picture, error) {
	fail := func(format string, args ...any) error {
		return &InputError{Pos: f.Pos, Message: fmt.Sprintf("cover: "+f.Name+" "+format, args...)}
	}
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, &InputError{Pos: f.Pos, Message: "cover", Err: err}
	}
	if len(data) > audiofile.MaxPicture {
		return nil, fail("has %.1f MB, a file has room for 16: export it smaller, or leave cover out of the delivery's metadata", float64(len(data))/1e6)
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fail("is no JPEG or PNG picture (%v): export it as one of these, or leave cover out of the delivery's metadata", err)
	}
	depth := 24
	switch c.ColorModel {
	case color.GrayModel:
		depth = 8
	case color.CMYKModel, color.NRGBAModel, color.RGBAModel:
		depth = 32
	}
	return &audiofile.Picture{MIME: "image/" + format, Width: c.Width, Height: c.Height, Depth: depth, Data: data}, nil
}

// broadcast is the bext chunk: what it knows of loudness is what the finished file
// measures, and its date is the release's.
func (s *stage) broadcast() *audiofile.Broadcast {
	tags, o := s.texts(), s.output
	b := &audiofile.Broadcast{
		Description: tags["title"], Originator: tags["artist"], OriginatorReference: tags["isrc"],
		TimeReference: s.timeStamp(),
		Loudness: audiofile.BroadcastLoudness{
			Integrated: o.Integrated, Range: o.Range, TruePeak: o.TruePeak, MaxMomentary: o.MaxMomentary, MaxShortTerm: o.MaxShortTerm,
		},
	}
	if tags["artist"] != "" {
		b.Description = tags["artist"] + ": " + b.Description
	}
	if tags["label"] != "" {
		b.Originator = tags["label"]
	}
	if date := tags["date"]; len(date) == len("2026-11-20") { // an incomplete one has no form here
		b.Date, b.Time = date, "00:00:00"
	}
	how := "lathe engine " + EngineVersion
	switch {
	case s.delivery.Float:
		how += "; float"
	case o.Dither != "none":
		how += "; " + o.Dither + " dither"
	}
	b.CodingHistory = fmt.Sprintf("A=PCM,F=%d,W=%d,M=stereo,T=%s\r\n", o.SampleRate, o.BitDepth, how)
	return b
}

// timeStamp is the time of day at which a file begins, in its frames since
// midnight: the session's start, less the silence before the song.
func (s *stage) timeStamp() int64 {
	start := s.song.Start
	if start == nil {
		return 0
	}
	rate := s.output.SampleRate
	at := inFrames(*start, s.session)
	stamp := int64(math.Round(float64(at) / float64(s.session) * float64(rate)))
	return max(stamp-frames(s.delivery.Head, rate), 0)
}

// ixml is the iXML chunk. Its file's name in the world is the digest of its samples.
func (s *stage) ixml() *audiofile.IXML {
	tags := s.texts()
	x := &audiofile.IXML{
		Project: tags["album"], Scene: tags["title"], Tape: tags["catalog"], Note: tags["comment"],
		FileUID: s.output.PCM[:min(32, len(s.output.PCM))], Rate: s.output.SampleRate, Bits: s.output.BitDepth,
		TimeReference: s.timeStamp(), Tracks: []string{"Left", "Right"}, Broadcast: s.broadcast(),
	}
	if x.Project == "" {
		x.Project = s.song.Title
	}
	return x
}
