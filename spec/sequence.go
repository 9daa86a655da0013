package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// How an album's songs are brought to a delivery's loudness.
const (
	LoudnessTrack = "track" // every song by itself, each with its trim
	LoudnessAlbum = "album" // all by one gain, that their blocks together have it
	LoudnessSolve = "solve" // likewise, when they have been moved against each other to keep rules
)

// AlbumLoudness is how an album's songs are levelled.
type AlbumLoudness struct {
	Pos  Pos
	Mode string // see the constants

	Balance *Balance // of LoudnessSolve
}

// The ways to put an album's songs onto files.
const (
	SplitSong = "song"
	SplitSide = "side"
)

// The images of a disc.
const (
	ImageCue = "cue"
	ImageTOC = "toc"
	ImageDDP = "ddp"
)

// maxDiscs is more than any box has; a vinyl side has a letter.
const maxDiscs = 99

// sequenceKeys are those keys of an entry of `songs` that say where and how it
// plays among the others.
var sequenceKeys = []key{
	{name: "gap", typ: quantity{unit: param.Seconds, max: 600}, doc: "silence before the song; 2 s where nothing is written, none before the first. 0: it follows without a break, and both are one programme. Files of single songs carry no gap: a CD image and a vinyl side do"},
	{name: "crossfade", typ: record{name: "crossfade", keys: crossfadeKeys, short: "length"}, absent: "none",
		doc: "overlap with the song before, instead of a gap: a length, or {length, shape}; a file of its own begins where the song begins, with the end of the one before under it"},
	{name: "start", typ: inFile, def: 0.0, doc: "where in the song its sound begins; what lies before is not delivered"},
	{name: "end", typ: inFile, absent: "the song's end", doc: "where in the song its sound ends"},
	fadeInKey, fadeOutKey,
	{name: "hidden", typ: toggle{}, def: false, doc: "a track without a number that plays in the pause before track 1 of its disc; elsewhere it is a song like the others, and its file has the number 00"},
	{name: "disc", typ: quantity{unit: param.Plain, min: 1, max: maxDiscs, whole: true, eg: "2"}, absent: "that of the song before", doc: "a disc begins with this song"},
	{name: "side", typ: text{pattern: `^[A-Z]$`, expect: "a capital letter, such as B"}, absent: "that of the song before", doc: "a side of vinyl begins with this song"},
}

// albumLoudnessKeys are the keys of an album's `loudness`.
var albumLoudnessKeys = append([]key{
	{name: "mode", typ: choice{[]string{LoudnessTrack, LoudnessAlbum, LoudnessSolve}}, def: LoudnessTrack,
		doc: "track: every song is brought to its delivery's loudness by itself. album: one gain for all of them, in steps of 0.05 dB, that brings the loudness of the whole (BS.1770, of all songs' blocks together) there, and leaves the songs as loud against each other as their masters are. Trims are added in both; songs without measurable loudness have no part in the whole's, and get the gain. solve: like album, and before it songs are moved by as little as the rules below ask for (the least sum of squares), in steps of 0.01 dB"},
}, balanceKeys...)

// sequencing is how far the list of songs has been read.
type sequencing struct {
	disc  int
	side  string
	track int
	last  *group     // of the song before; nil before the first
	songs *AlbumSong // the song before
}

// sequence fills in where an entry plays.
func (d *decoder) sequence(g *group, out *AlbumSong, s *sequencing, at place) {
	first := s.last == nil
	out.Gap, out.Crossfade = g.num("gap"), g.fade("crossfade")
	out.Start, out.End = g.num("start"), g.num("end")
	out.FadeIn, out.FadeOut = g.fade("fade_in"), g.fade("fade_out")
	out.Hidden = g.on("hidden")
	d.inOrder(g, at)
	d.carrier(g, out, s, at)
	begins := g.has("disc") || g.has("side")
	switch {
	case g.has("gap") && g.has("crossfade"):
		d.fail(g.at["crossfade"], at, "gap and crossfade exclude each other", "keep one of the two")
	case first && g.has("crossfade"):
		d.fail(g.at["crossfade"], at, "there is no song before the first to cross into", "remove crossfade")
	case g.has("crossfade") && begins:
		d.fail(g.at["crossfade"], at, "begins a disc or a side, and has nothing to cross from there", "write gap instead")
	case g.has("crossfade") && g.has("fade_in"):
		d.fail(g.at["crossfade"], at, "fade_in and crossfade exclude each other", "keep one of the two")
	case g.has("crossfade") && s.last.has("fade_out"):
		d.fail(g.at["crossfade"], at, "the song before has a fade_out, and a crossfade fades it out as well", "keep one of the two")
	case !first && !g.has("gap") && !g.has("crossfade"):
		out.Gap = defaultGap
		d.explainNumber(at.key("gap"), keyNamed(albumSongKeys, "gap"), defaultGap, "default")
	}
	if out.Crossfade.Length == 0 && g.group("crossfade") != nil {
		d.fail(g.at["crossfade"], at, "a crossfade of 0 is none", "write gap: 0 where the song follows without a break")
	}
	d.numberTrack(g, out, s, at)
	s.last, s.songs = g, out
}

// carrier says on which disc and side a song is.
func (d *decoder) carrier(g *group, out *AlbumSong, s *sequencing, at place) {
	first := s.last == nil
	if first {
		s.disc, s.side = 1, "A"
	}
	if n, ok := g.values["disc"].(float64); ok {
		want := s.disc + 1
		if first {
			want = 1
		}
		if int(n) != want {
			d.fail(g.at["disc"], at, fmt.Sprintf("disc %d cannot begin here", int(n)), fmt.Sprintf("this is where disc %d may begin", want))
		}
		s.disc = want
	}
	if letter := g.str("side"); letter != "" {
		if !first && letter <= s.side {
			d.fail(g.at["side"], at, fmt.Sprintf("side %s cannot begin after side %s", letter, s.side), "sides go by the alphabet")
		}
		s.side = letter
	}
	out.Disc, out.Side = s.disc, s.side
}

// numberTrack gives a song its number; what is hidden has none.
func (d *decoder) numberTrack(g *group, out *AlbumSong, s *sequencing, at place) {
	opens := s.songs == nil || s.songs.Disc != out.Disc
	if out.Hidden && !opens {
		d.fail(g.at["hidden"], at, "a hidden track plays before track 1 of its disc, and this is not the first song there", "put it first")
		out.Hidden = false
	}
	if opens && s.songs != nil && s.songs.Hidden {
		d.fail(s.last.at["hidden"], at, "the disc before has a hidden track and no other", "")
	}
	if out.Hidden {
		return
	}
	s.track++
	out.Track = s.track
}

// endOfSequence looks at the last song.
func (d *decoder) endOfSequence(s *sequencing, at place) {
	if s.songs != nil && s.songs.Hidden {
		d.fail(s.last.at["hidden"], at, "a hidden track plays before track 1, and there is none after it", "")
	}
}

// Joined reports whether the song follows the one before it without a break:
// then both are one programme.
func (s AlbumSong) Joined() bool {
	return s.Number > 1 && (s.Crossfade.Length > 0 || s.Gap == 0)
}

// Edited reports whether the sequence changes the song's own sound.
func (s AlbumSong) Edited() bool {
	return s.Start > 0 || s.End > 0 || s.FadeIn.Length > 0 || s.FadeOut.Length > 0
}

// deliverer is whose deliveries are being decoded.
type deliverer int

// The deliverers. Of a profile nobody knows yet.
const (
	anybody deliverer = iota
	aSong
	anAlbum
)

// checkCarrier checks what a delivery makes besides the files of songs: an album's
// images and sides.
func (d *decoder) checkCarrier(v *Delivery, prints bool, n *node, at place) {
	switch {
	case len(v.Images) == 0 && v.Split == SplitSong:
	case d.delivering == aSong && len(v.Images) > 0:
		d.fail(n, at, "images are of a disc, and a song is none", "write them into the album's deliver")
	case d.delivering == aSong: // a song by itself is a side by itself
		v.Split = SplitSong
	case prints:
		d.fail(n, at, "prints are files of songs: no image or side is made of them", "")
	case v.From != "master":
		d.fail(n, at, "an image or a side is made of mastered songs", "write from: master")
	case v.Head > 0 || v.Tail > 0:
		d.fail(n, at, "head and tail are of files of songs", "write gap between the songs")
	case v.Split == SplitSide && v.Format != "wav":
		d.fail(n, at, "a side of vinyl is a WAV file", "write format: wav")
	case len(v.Images) > 0 && v.Split == SplitSide:
		d.fail(n, at, "a side of vinyl has no image", "keep images or split")
	case len(v.Images) > 0 && v.Lossy():
		d.fail(n, at, "the image of a CD is made of files without losses", "write format: wav or flac")
	case len(v.Images) > 0 && (v.SampleRate != 44100 || v.BitDepth != 16):
		d.fail(n, at, "the image of a CD is 16-bit at 44.1 kHz", "write sample_rate: 44.1 kHz and bit_depth: 16")
	}
}

// choiceList is a list of a few words; the value is a []string in the order of
// the words. One may stand without brackets.
type choiceList struct{ choice }

func (t choiceList) decode(d *decoder, n *node, at place) any {
	items := n.items
	if n.shape != sequence {
		items = []*node{n}
	}
	found := map[string]bool{}
	for _, item := range items {
		if item.shape == scalar && item.text == none && len(items) == 1 {
			return []string{}
		}
		w, ok := t.choice.decode(d, item, at).(string)
		if !ok {
			return nil
		}
		if found[w] {
			d.fail(item, at, w+" is written twice", "")
		}
		found[w] = true
	}
	out := slices.DeleteFunc(slices.Clone(t.words), func(w string) bool { return !found[w] })
	return out
}

func (t choiceList) print(v any) string {
	if list := v.([]string); len(list) > 0 {
		return "[" + strings.Join(list, ", ") + "]"
	}
	return none
}

func (t choiceList) schema(s *schemas) object {
	return anyOf(oneOrMore(t.choice.schema(s)), object{{"enum", []string{none}}})
}
