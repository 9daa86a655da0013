package spec

import (
	"fmt"
	"slices"
	"strings"
)

// The ways in which a file can say something of its recording.
const (
	MetadataInfo       = "info"       // in the format's own way: LIST/INFO, AIFF text chunks, Vorbis comments
	MetadataID3        = "id3"        // an ID3v2.3 tag in a chunk
	MetadataBext       = "bext"       // Broadcast WAVE, with the loudness
	MetadataIXML       = "ixml"       // iXML
	MetadataCover      = "cover"      // the release's cover, in a FLAC file or an ID3 tag
	MetadataReplayGain = "replaygain" // likewise
)

// MetadataWords lists them.
var MetadataWords = []string{MetadataInfo, MetadataID3, MetadataBext, MetadataIXML, MetadataCover, MetadataReplayGain}

// carriers says what each format has room for, and what of it is written where
// nothing is asked for: in WAV files, which some distributors refuse with more, as
// little as is usual.
var carriers = map[string]struct{ basic, full []string }{
	"wav":    {[]string{MetadataInfo}, MetadataWords},
	"aiff":   {[]string{MetadataInfo, MetadataID3, MetadataCover}, []string{MetadataInfo, MetadataID3, MetadataCover, MetadataReplayGain}},
	"aifc":   {[]string{MetadataInfo, MetadataID3, MetadataCover}, []string{MetadataInfo, MetadataID3, MetadataCover, MetadataReplayGain}},
	"flac":   {[]string{MetadataInfo, MetadataCover, MetadataReplayGain}, []string{MetadataInfo, MetadataCover, MetadataReplayGain}},
	"mp3":    {[]string{MetadataID3, MetadataCover, MetadataReplayGain}, []string{MetadataID3, MetadataCover, MetadataReplayGain}},
	"aac":    {[]string{MetadataInfo, MetadataCover, MetadataReplayGain}, []string{MetadataInfo, MetadataCover, MetadataReplayGain}},
	"opus":   {[]string{MetadataInfo, MetadataCover, MetadataReplayGain}, []string{MetadataInfo, MetadataCover, MetadataReplayGain}},
	"vorbis": {[]string{MetadataInfo, MetadataCover, MetadataReplayGain}, []string{MetadataInfo, MetadataCover, MetadataReplayGain}},
}

// Presets of metadata.
const (
	basicMetadata = "basic"
	fullMetadata  = "full"
)

const metadataDoc = "what the file says of the recording. basic (or true): in wav, title, artist, album, track, date, genre, comment and copyright as LIST/INFO; " +
	"in aiff and aifc, text chunks, and ID3 with all fields and the cover; in flac, aac, opus, vorbis (as comments or MP4's list) and mp3 (as ID3), all fields, the cover, ReplayGain (in opus, its R128 gain). " +
	"full: all that the format takes. none (or false): nothing. Or a list of info (the format's own texts), id3, bext (with loudness), ixml, cover, replaygain"

// metadataChoice is what is written of metadata: a preset, or words.
type metadataChoice struct {
	preset string
	words  []word
}

// metadataKey is the typ of `metadata` in a delivery; the value is a metadataChoice.
type metadataKey struct{}

func (metadataKey) decode(d *decoder, n *node, at place) any {
	if n.shape == scalar {
		if !n.quoted && n.tag == "!!bool" {
			if strings.EqualFold(n.text, "true") {
				return metadataChoice{preset: basicMetadata}
			}
			return metadataChoice{preset: none}
		}
		presets := []string{none, basicMetadata, fullMetadata}
		if slices.Contains(presets, n.text) {
			return metadataChoice{preset: n.text}
		}
		if !slices.Contains(MetadataWords, n.text) {
			d.fail(n, at, fmt.Sprintf("expected none, basic, full, or a list of %s, found %q", alternatives(MetadataWords), n.text),
				didYouMean(n.text, append(presets, MetadataWords...)))
			return nil
		}
	}
	list, ok := words{}.decode(d, n, at).([]word)
	if !ok {
		return nil
	}
	for _, w := range list {
		if !slices.Contains(MetadataWords, w.text) {
			d.fail(w.node, at, fmt.Sprintf("expected %s, found %q", alternatives(MetadataWords), w.text), didYouMean(w.text, MetadataWords))
			return nil
		}
	}
	if len(list) == 0 {
		return metadataChoice{preset: none}
	}
	return metadataChoice{words: list}
}

func (metadataKey) print(v any) string {
	c := v.(metadataChoice)
	if c.words == nil {
		return c.preset
	}
	return "[" + strings.Join(texts(c.words), ", ") + "]"
}

func (metadataKey) schema(*schemas) object {
	word := object{{"enum", MetadataWords}}
	return anyOf(object{{"type", "boolean"}}, object{{"enum", []string{none, basicMetadata, fullMetadata}}}, oneOrMore(word))
}

// checkFormat completes what a delivery's format decides, and refuses what it
// cannot hold.
func (d *decoder) checkFormat(v *Delivery, l layers, at place) {
	node := func(keys ...string) *node { // where the fault was written: by the project, rather than by its profile
		for _, g := range []*group{l.top, l.base} {
			for _, key := range keys {
				if n := g.at[key]; n != nil {
					return n
				}
			}
		}
		return l.top.node
	}
	switch {
	case v.Format == "flac" && (v.Float || v.BitDepth == 32):
		d.fail(node("bit_depth", "format"), at, "a flac file holds 16 or 24 bits", "bit_depth: 24, or format: wav")
	case v.Format == "aiff" && v.Float:
		d.fail(node("bit_depth", "format"), at, "an aiff file holds no floats", "format: aifc or wav")
	}
	room := carriers[v.Format]
	choice := l.get("metadata").(metadataChoice)
	switch choice.preset {
	case basicMetadata:
		v.Metadata = room.basic
	case fullMetadata:
		v.Metadata = room.full
	}
	if choice.words == nil {
		return
	}
	asked := texts(choice.words)
	for _, w := range choice.words {
		if !slices.Contains(room.full, w.text) {
			d.fail(w.node, at, fmt.Sprintf("a file of the format %s has no %s", v.Format, w.text), "it takes "+list(room.full))
			return
		}
		needs := MetadataID3
		if !slices.Contains(room.full, MetadataID3) {
			needs = MetadataInfo
		}
		if (w.text == MetadataCover || w.text == MetadataReplayGain) && !slices.Contains(asked, needs) {
			d.fail(w.node, at, fmt.Sprintf("%s has no place without %s", w.text, needs), fmt.Sprintf("metadata: [%s]", strings.Join(append([]string{needs}, asked...), ", ")))
			return
		}
	}
	for _, w := range MetadataWords { // in one order
		if slices.Contains(asked, w) {
			v.Metadata = append(v.Metadata, w)
		}
	}
}

// Says reports whether a delivery's files carry metadata in one of the ways of
// [MetadataWords].
func (v *Delivery) Says(word string) bool { return slices.Contains(v.Metadata, word) }
