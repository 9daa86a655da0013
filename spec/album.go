package spec

import (
	"fmt"

	"github.com/lathe-audio/lathe/internal/param"
)

// maxSongs is ten CDs full: an album file cannot make the tool read the same
// song without end.
const maxSongs = 999

// defaultGap is the habit of fifty years of records.
const defaultGap = 2.0

var releaseKeys = []key{
	{name: "title", typ: text{}, required: true, doc: "title of the release"},
	{name: "artist", typ: text{}, doc: "who it is by; songs without an artist take it"},
	{name: "date", typ: text{pattern: datePattern, expect: "a date such as 2026-11-20, 2026-11 or 2026", check: realDate}, doc: "date of release; songs without a date take it"},
	{name: "label", typ: text{}, doc: "record label"},
	{name: "catalog", typ: text{}, doc: "catalogue number"},
	{name: "upc", typ: text{pattern: `^[0-9]{12,13}$`, expect: "a UPC of 12 or an EAN of 13 digits", quoted: true, check: checkDigit}, doc: "UPC or EAN, in quotes"},
	{name: "cover", typ: coverFile{filePath{what: "cover.jpg"}}, doc: "the cover, relative to this file: JPEG or PNG, square, and of 1400 pixels or more"},
	{name: "copyright", typ: text{}, doc: "copyright line; songs without one take it"},
	{name: "genre", typ: text{}, doc: "genre; songs without one take it"},
	{name: "language", typ: keyNamed(metaKeys, "language").typ, doc: "language of the words, as a BCP 47 code; songs without one take it"},
}

// albumSongKeys are the keys of an entry of `songs`: where the song comes
// from, its place in the sequence, and what overrules the song's own words.
var albumSongKeys = keyTable([]key{
	{name: "file", typ: filePath{what: "song.yaml"}, doc: "the song's project file"},
	{name: "mix", typ: filePath{what: "mix.wav"}, doc: "a finished stereo mix, in place of a song file: mastered, not mixed"},
	{name: "trim", typ: quantity{unit: param.DB, min: -24, max: 24}, def: 0.0, doc: "level relative to the rest of the album"},
}, sequenceKeys, metaKeys)

// checkDigit checks the last digit of a UPC-A or EAN-13: the digits before it,
// weighted 3, 1, 3, ... from the right, and it add up to a multiple of ten.
func checkDigit(code string) *fault {
	sum, weight := 0, 3
	for i := len(code) - 2; i >= 0; i-- {
		sum += int(code[i]-'0') * weight
		weight = 4 - weight
	}
	if want := (10 - sum%10) % 10; int(code[len(code)-1]-'0') != want {
		return &fault{fmt.Sprintf("%s is mistyped: its check digit would have to be %d", code, want), "compare it with the barcode"}
	}
	return nil
}

// newRelease takes over what is written of a release.
func newRelease(g *group) *Release {
	return &Release{
		Pos: g.node.pos(), Title: g.str("title"), Artist: g.str("artist"), Date: g.str("date"),
		Label: g.str("label"), Catalog: g.str("catalog"), UPC: g.str("upc"),
		Copyright: g.str("copyright"), Genre: g.str("genre"), Language: g.str("language"),
		Cover: g.file("cover"),
	}
}

// albumDefaults are what an album says for all of its songs.
type albumDefaults struct {
	master   *node
	delivers bool
	deliver  []Delivery
	release  *group
	number   int // of the song being decoded
	sequence sequencing
}

// album decodes a project that is a list of songs.
func (d *decoder) album(root *node, p *Project) {
	d.refuseForeign(root, projectKeys(true), projectKeys(false), "the song's own file, not into the album's")
	at := place{plain: true}
	g := d.decode(root, projectKeys(true), at)
	all := &albumDefaults{master: root.get("master"), release: g.group("release")}
	if all.release != nil {
		p.Release = newRelease(all.release)
	}
	if n := root.get("deliver"); n != nil {
		all.delivers = true
		d.delivering = anAlbum
		all.deliver = d.deliveries(n, root, at.key("deliver"))
	}
	p.Loudness = AlbumLoudness{Pos: root.pos(), Mode: LoudnessTrack}
	if l := g.group("loudness"); l != nil {
		p.Loudness = AlbumLoudness{Pos: g.at["loudness"].pos(), Mode: l.str("mode")}
		defer func() { p.Loudness.Balance = d.balance(l, p.Songs, at.key("loudness")) }()
	}
	if t := g.group("tone"); t != nil {
		defer func() { p.Tone = d.tone(t, p.Songs, at.key("tone")) }()
	}
	list := root.get("songs")
	if list.shape != sequence {
		d.fail(list, at.key("songs"), "expected a list, found "+list.shape.String(), "put - before each song")
		return
	}
	if !d.countIsRight(list, at.key("songs"), len(list.items), 1, maxSongs, "songs") {
		return
	}
	for i, item := range list.items {
		here := place{path: fmt.Sprintf("songs[%d]", i), words: fmt.Sprintf("song %d", i+1)}
		p.Songs = append(p.Songs, d.albumSong(item, i, all, here))
	}
	var songs []*Song
	for _, s := range p.Songs {
		songs = append(songs, s.Song)
	}
	d.refuseUnmade(all.deliver, songs)
	d.endOfSequence(&all.sequence, at.key("songs"))
	var about []assertable
	for _, s := range p.Songs {
		about = append(about, s.Song.assertable(s.Number))
	}
	p.Assert = d.assertions(root.get("assert"), at.key("assert"), true, about)
	d.unusedMaster(p, all, root)
	d.uniqueCodes(p)
	d.uniqueVersionCodes(p)
}

// albumSong decodes one entry of the list, and the song behind it.
func (d *decoder) albumSong(item *node, i int, all *albumDefaults, at place) AlbumSong {
	d.song, all.number = newScope(), i+1
	g := d.decode(item, albumSongKeys, at)
	out := AlbumSong{Pos: item.pos(), Number: i + 1, Trim: g.num("trim")}
	d.sequence(g, &out, &all.sequence, at)
	out.Song = d.behind(g, item, all, place{path: at.path, plain: true}, at)
	out.Song.describe(g)
	d.inherit(out.Song, all.release, at)
	if out.Song.Title == "" && g.has("mix") && !g.has("file") {
		d.fail(item, at, "title is missing", "a finished mix has no song file to name it: write title: ...")
	}
	return out
}

// behind loads the song that an entry names, or makes one of a finished mix.
func (d *decoder) behind(g *group, item *node, all *albumDefaults, at, words place) *Song {
	file, mix := g.file("file"), g.file("mix")
	switch {
	case g.has("file") && g.has("mix"):
		d.fail(g.at["mix"], words, "file and mix exclude each other", "keep one of the two")
	case !g.has("file") && !g.has("mix"):
		d.fail(item, words, "has neither a file nor a mix", "write file: songs/name.yaml, or mix: mixes/name.wav")
	case file != nil:
		if s := d.loadSong(file, g.at["file"], all, at, words); s != nil {
			return s
		}
	case mix != nil:
		s := d.song.out
		s.Pos, s.Dir, s.MixFile, s.Meter = item.pos(), item.src.dir, mix, d.song.music.meter
		s.Mix.Strip = plainMix(item)
		d.finishSong(s, item.absent(), all, at)
		return s
	}
	return &Song{}
}

// loadSong reads a song file of an album.
func (d *decoder) loadSong(f *File, n *node, all *albumDefaults, at, words place) *Song {
	root := d.read(f.Path, f.Path)
	if root == nil || !d.speaks(root) {
		return nil
	}
	if root.get("songs") != nil {
		d.fail(n, words, f.Name+" is an album itself", "name its song files")
		return nil
	}
	d.refuseForeign(root, projectKeys(false), projectKeys(true), "an album: a project with songs")
	s := d.songFile(root, at, nil)
	d.finishSong(s, root, all, at)
	return s
}

// inherit gives a song what is true of the whole release.
func (d *decoder) inherit(s *Song, release *group, at place) {
	if release == nil {
		return
	}
	for _, x := range []struct {
		name  string
		field *string
	}{{"artist", &s.Artist}, {"date", &s.Date}, {"copyright", &s.Copyright}, {"genre", &s.Genre}, {"language", &s.Language}} {
		if v := release.str(x.name); *x.field == "" && v != "" {
			*x.field = v
			d.explain(Line{Path: at.path + ".song." + x.name, Value: v, Origin: "release." + x.name + ", " + release.at[x.name].origin()})
		}
	}
}

// unusedMaster checks an album's master that every song replaces by its own:
// it has to be right all the same.
func (d *decoder) unusedMaster(p *Project, all *albumDefaults, root *node) {
	if all.master == nil || d.masterUsed[all.master] {
		return
	}
	d.quiet++
	defer func() { d.quiet-- }()
	d.song = newScope()
	d.song.tempoBroken = true // notes and bars in it are no fault here
	d.master(&Song{}, all.master, root, place{path: "master"})
	d.warn(all.master, place{}, "no song uses the album's master: every one has its own", "")
}

// uniqueCodes refuses one ISRC for two recordings.
func (d *decoder) uniqueCodes(p *Project) {
	first := map[string]AlbumSong{}
	for _, s := range p.Songs {
		code := s.Song.ISRC
		if code == "" {
			continue
		}
		if other, taken := first[code]; taken {
			x := Diagnostic{
				File: s.Pos.File, Line: s.Pos.Line, Col: s.Pos.Col, Width: 1,
				LineText: d.parsed[p.File].src.shownLine(s.Pos.Line),
				Message:  fmt.Sprintf("song %d: its ISRC %s is that of song %d", s.Number, code, other.Number),
				Hint:     "every recording has its own",
			}
			x.Notes = []Note{{File: other.Pos.File, Line: other.Pos.Line, Col: other.Pos.Col, Message: "first used here"}}
			d.report(x)
			continue
		}
		first[code] = s
	}
}
