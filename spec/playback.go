package spec

import (
	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/profiles"
)

// PlaybackService is what is known of how a streaming service sets the level of
// what it plays. It describes the world and orders nothing: no delivery takes
// its figures from here.
type PlaybackService struct {
	Name      string  // "spotify-loud"
	Title     string  // "Spotify (loud)"
	Loudness  float64 // the level it plays at, LUFS
	Measures  string  // what it takes for a file's loudness
	Unit      string  // what gets one gain: "track", "album", "either", "unknown"
	Raises    string  // what happens to quieter music: "never", "headroom", "limiter", "full", "unknown"
	Peak      float64 // dBTP up to which Raises "headroom" goes, or from which its "limiter" works
	Confirmed bool    // whether the service itself publishes this
	Note      string
	Source    string
	Date      string // when it was looked up, "2026-11-21"
}

var playbackKeys = []key{
	{name: "title", typ: text{}, required: true, doc: "name for people"},
	{name: "loudness", typ: quantity{unit: param.LUFS, min: -60, max: 0}, required: true, doc: "the level the service plays at"},
	{name: "measures", typ: text{}, required: true, doc: "what the service takes for a file's loudness"},
	{name: "unit", typ: choice{[]string{"track", "album", "either", "unknown"}}, required: true, doc: "what gets one gain; either: the album where it is played as one, else the track"},
	{name: "raises", typ: choice{[]string{"never", "headroom", "limiter", "full", "unknown"}}, required: true, doc: "what happens to quieter music: nothing, raised as far as its true peak allows, raised into a limiter, raised without regard to peaks"},
	{name: "peak", typ: quantity{unit: param.DBTP, min: -20, max: 0}, doc: "the highest peak after raising, with headroom and limiter"},
	{name: "confirmed", typ: toggle{}, required: true, doc: "whether the service itself publishes these figures"},
	{name: "note", typ: text{}, doc: "what else is known, or is not"},
	{name: "source", typ: text{}, required: true, doc: "where the figures come from"},
	{name: "date", typ: text{pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, expect: "a date such as 2026-11-20", check: realDate}, required: true, doc: "when they were looked up"},
}

// PlaybackServices returns the streaming services that lathe knows, in the
// alphabetical order of their names.
func PlaybackServices() ([]PlaybackService, Diagnostics) {
	d := newDecoder(Options{})
	d.quiet++
	var out []PlaybackService
	for _, name := range profiles.PlaybackNames() {
		data, _ := profiles.Playback(name)
		if s := d.playback(name, data); s != nil {
			out = append(out, *s)
		}
	}
	if d.diags.HasErrors() {
		return nil, d.diags
	}
	return out, nil
}

// playback decodes the file of one service; nil where it cannot be read.
func (d *decoder) playback(name string, data []byte) *PlaybackService {
	root := d.builtin("playback "+name, data)
	if root == nil {
		return nil
	}
	at := place{words: "playback " + name}
	g := d.decode(root, playbackKeys, at)
	needsPeak := g.str("raises") == "headroom" || g.str("raises") == "limiter"
	if needsPeak != g.has("peak") {
		d.fail(g.nodeOf("raises"), at, "peak belongs to raises: headroom and raises: limiter, and to no other", "")
	}
	return &PlaybackService{
		Name: name, Title: g.str("title"), Loudness: g.num("loudness"), Measures: g.str("measures"), Unit: g.str("unit"),
		Raises: g.str("raises"), Peak: g.num("peak"), Confirmed: g.on("confirmed"), Note: g.str("note"), Source: g.str("source"), Date: g.str("date"),
	}
}
