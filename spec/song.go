package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lathe-audio/lathe/internal/param"
)

// projectKeys are the keys at the top of a project file: those of a song, and
// those of an album.
func projectKeys(album bool) []key {
	keys := []key{
		{name: "lathe", typ: version{}, doc: "version of the language the file is written in; the first line"},
		{name: "engine", typ: engineNumber{}, absent: "whichever lathe is used", doc: "pin: the version of the engine that renders this project, as lathe --version shows it; another one refuses to"},
		{name: "roots", typ: rootList{}, doc: "folders outside the project's own from which files may be read, absolute or relative to this file"},
	}
	if album {
		return append(keys,
			key{name: "release", typ: record{name: "release", keys: releaseKeys}, required: true, doc: "what is true of the album as a whole"},
			key{name: "songs", typ: later{items{keys: albumSongKeys, min: 1, max: maxSongs, name: "album_song"}}, required: true, doc: "the songs in their order"},
			key{name: "loudness", typ: record{name: "album_loudness", keys: albumLoudnessKeys, short: "mode"}, absent: LoudnessTrack, doc: "how the songs are brought to a delivery's loudness: each by itself, or all by one gain"},
			key{name: "tone", typ: record{name: "album_tone", keys: albumToneKeys, short: "tilt"}, absent: "off", doc: "how the tone of the songs is brought towards their mean: not at all, or tilted by so many dB at the most"},
			key{name: "master", typ: later{record{name: "master", keys: masterKeys}}, doc: "the master of every song that has none of its own"},
			key{name: "deliver", typ: later{deliverList{}}, doc: "what is made of every song"},
			key{name: "assert", typ: assertList(true), doc: "what the finished outputs have to keep, checked before they are put in place; a song file's own list counts as well"},
		)
	}
	return append(keys,
		key{name: "song", typ: record{name: "song", keys: songKeys}, required: true, doc: "what the song is"},
		key{name: "release", typ: record{name: "release", keys: releaseKeys}, doc: "what is true of the release, when the song is one by itself"},
		key{name: "session", typ: record{name: "session", keys: sessionKeys}, doc: "how the song is rendered"},
		key{name: "stems", typ: named{what: "stem", of: record{name: "stem", keys: stemKeys, short: "file", either: []string{"file", "clips"}}, build: (*decoder).addStem}, doc: "the recorded parts, by name"},
		key{name: "buses", typ: named{what: "bus", of: record{name: "bus", keys: busKeys}, build: (*decoder).addBus}, doc: "groups that stems and other buses feed, by name"},
		key{name: "returns", typ: named{what: "return", of: record{name: "return", keys: returnKeys}, build: (*decoder).addReturn}, doc: "effects that sends feed, by name"},
		key{name: "groups", typ: groupList{named{what: "group", of: record{name: "group", keys: groupKeys}, build: (*decoder).addGroup}}, doc: "faders for many strips that carry no sound of their own, as VCAs do, by name"},
		key{name: "mix", typ: mixOrFile{}, doc: "the strip that everything comes together in; or the file of a finished stereo mix, in place of stems"},
		key{name: "versions", typ: named{what: "version", of: record{name: "version", keys: versionKeys}, build: (*decoder).addVersion}, doc: "other versions of the song, by name"},
		key{name: "master", typ: later{record{name: "master", keys: masterKeys}}, doc: "what is done to the finished mix"},
		key{name: "deliver", typ: later{deliverList{}}, doc: "what is made of the song"},
		key{name: "assert", typ: assertList(false), doc: "what the finished outputs have to keep, checked before they are put in place"},
	)
}

const datePattern = `^[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?$`

// metaKeys say what a recording is; an album's list may overrule them.
var metaKeys = []key{
	{name: "title", typ: text{}, doc: "title of the song"},
	{name: "artist", typ: text{}, doc: "who performs it, as it is to be read: A & B feat. C"},
	{name: "artists", typ: textList{}, doc: "each of them by name, where there are several; without artist, it is made of these"},
	{name: "isrc", typ: text{pattern: `^[A-Z]{2}-?[A-Z0-9]{3}-?[0-9]{2}-?[0-9]{5}$`,
		expect: "an ISRC: two capital letters, three letters or digits, and seven digits, such as QZABC2600001",
		tidy:   func(s string) string { return strings.ReplaceAll(s, "-", "") }},
		doc: "International Standard Recording Code, with or without hyphens"},
	{name: "composer", typ: text{}, doc: "who wrote the music"},
	{name: "lyricist", typ: text{}, doc: "who wrote the words"},
	{name: "genre", typ: text{}, doc: "genre, as it goes into the files"},
	{name: "date", typ: text{pattern: datePattern, expect: "a date such as 2026-11-20, 2026-11 or 2026", check: realDate}, doc: "date of release"},
	{name: "copyright", typ: text{}, doc: "copyright line, as it goes into the files"},
	{name: "comment", typ: text{}, doc: "a remark, as it goes into the files"},
	{name: "lyrics", typ: prose{}, doc: "the words, as lines after lyrics: |"},
	{name: "language", typ: text{pattern: `^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$`, expect: "a language code such as en or pt-BR"}, doc: "language of the words, as a BCP 47 code"},
}

var songKeys = append(required(metaKeys, "title"),
	key{name: "tempo", typ: tempo{quantity{unit: param.BPM, min: 10, max: 999}}, doc: "quarter notes per minute; note lengths and bars need it"},
	key{name: "meter", typ: meter{}, def: Meter{4, 4}, doc: "beats in a bar, and the note that is a beat"},
	key{name: "tempo_map", typ: tempoMap{}, doc: "where tempo and meter change, in the order of time; bars and note lengths are reckoned with it"},
	key{name: "length", typ: quantity{unit: param.Seconds, min: 0.001, max: 86400, bars: true}, absent: "until the last tail has died away", doc: "where the song ends; when not given, after the last sample at or above -90 dBFS of the mix or the master, so that silence at the end of the stems is not delivered"},
)

var sessionKeys = []key{
	{name: "sample_rate", typ: quantity{unit: param.Hz, min: 8000, max: 384000, whole: true, eg: "48 kHz"}, absent: "the most common rate among the stems", doc: "rate at which the song is mixed and mastered"},
	{name: "start", typ: sampleTime{quantity{unit: param.Seconds, max: 172800, samples: true, eg: "1:00:00"}}, absent: "the earliest time stamp among the stems with offset: bwf", doc: "time of day, or samples since midnight, at which the song begins, for the time stamps of Broadcast WAVE files"},
	{name: "pan_law", typ: panLaw{}, def: PanLaw3, doc: "what mono stems lose in the centre of their pan, unless they say otherwise: -3 dB (2^-1/2) keeps the power, -6 dB (1/2) keeps the mono sum, -4.5 dB (2^-3/4) lies between"},
	{name: "dynamics", typ: choice{[]string{DynamicsOwn, DynamicsMain}}, def: DynamicsOwn, doc: "whose level moves the gains of compressors, gates and the like in versions and prints that do not say themselves. own: of what they hear; main: of what they hear in the main version, so that an instrumental pumps as the song does, and parts add up to the whole"},
}

// The keys of the strips. The mix has few of them, and the stems the most.
var (
	gainKey  = key{name: "gain", typ: quantity{unit: param.DB, min: -144, max: 36}, def: 0.0, doc: "the fader"}
	panKey   = key{name: "pan", typ: quantity{unit: param.Pan, min: -100, max: 100}, def: 0.0, doc: "position from L100 over C to R100"}
	widthKey = key{name: "width", typ: quantity{unit: param.Percent, max: 200}, def: 100.0, doc: "stereo width: 0% is mono, 100% changes nothing"}
	chainKey = key{name: "chain", typ: chain{}, doc: "insert processors, in order"}
	lanesKey = key{name: "automation", typ: lanes{}, doc: "what moves in the course of the song: a setting, and its points"}

	polarityKey = key{name: "polarity", typ: choice{[]string{"normal", "invert", "left", "right"}}, def: "normal", doc: "invert turns the waveform over; left and right turn one side over, before the chain"}

	routeKeys = []key{
		{name: "to", typ: output{}, def: mixName, doc: "where the output goes: a bus, or the mix"},
	}
	switchKeys = []key{
		polarityKey,
		{name: "mute", typ: toggle{}, def: false, doc: "silence it"},
		{name: "solo", typ: toggle{}, def: false, doc: "hear this and other soloed strips only; for working, not for a release"},
		{name: "tags", typ: words{}, doc: "names by which versions and groups can address several strips at once"},
	}
	sendsKey = key{name: "sends", typ: named{what: "send", of: record{name: "send", keys: sendKeys, short: "level"}, build: (*decoder).addSend, refs: true},
		doc: "copies of the strip that feed returns: a level, or {level, pre}"}

	sendKeys = []key{
		{name: "level", typ: quantity{unit: param.DB, min: -144, max: 24}, required: true, doc: "level of the copy"},
		{name: "pre", typ: toggle{}, def: false, doc: "take the copy before gain and pan"},
	}

	busKeys    = keyTable(routeKeys, headKeys, []key{gainKey, panKey, panLawKey, widthKey, rotateKey}, switchKeys, []key{chainKey, sendsKey, lanesKey})
	returnKeys = busKeys
	stemKeys   = keyTable(sourceKeys, replacing(busKeys, stemDelayKey))
	mixKeys    = []key{monoKey, gainKey, panKey, panLawKey, widthKey, rotateKey, polarityKey, chainKey, lanesKey}
)

var versionKeys = []key{
	{name: "title", typ: text{}, doc: "what file names show in brackets; from the version's name where it is not written"},
	{name: "isrc", typ: keyNamed(metaKeys, "isrc").typ, doc: "its own recording code: another version is another recording"},
	{name: "mute", typ: words{}, doc: "stems, buses, returns, groups or tags that are left out"},
	{name: "solo", typ: words{}, doc: "stems, buses, returns, groups or tags that alone are left in; a return that is named is heard with all that feeds it"},
	{name: "gain", typ: offsets{}, doc: "levels that are added to the faders of stems, buses, returns, groups or tags: {vocals: 1 dB}; what is named in several ways gets the sum"},
	{name: "dynamics", typ: choice{[]string{DynamicsOwn, DynamicsMain}}, absent: "the session's", doc: "whose level moves the gains of compressors, gates and the like on buses, returns, mix and master. own: of what they hear in this version; main: of what they hear in the main one, so that the version moves as the song does. Side-chains are then the main version's too. The level and the limiter of a delivery are its own in any case"},
}

var masterKeys = []key{
	{name: "reference", typ: referenceRecord, doc: "finished recordings that the mix is matched to before preset and chain; lathe match shows what comes of it"},
	{name: "preset", typ: later{text{}}, doc: "a preset that comes before the chain: default is master/default; or a file of your own by its path"},
	{name: "chain", typ: later{chain{}}, doc: chainKey.doc},
	{name: "buses", typ: later{masterBuses}, doc: "stem mastering: buses, returns or stems that feed the mix, and what is done to each in the master alone, before the mix's own chain and fader; a mix that is delivered is as it was"},
	lanesKey,
	{name: "max_reduction", typ: quantity{unit: param.DB, max: 40}, def: defaultReduction, doc: "the most that the limiter of a delivery may take off the peaks; beyond it the build stops"},
	adviceKey,
	{name: "limiter", typ: limiterRecord, absent: defaultStyle, doc: "the limiter of the deliveries that do not say otherwise; a style alone stands for all of it"},
}

// defaultReduction is far more than a good master needs: it stops accidents,
// not decisions.
const defaultReduction = 12.0

func keyTable(parts ...[]key) []key {
	var out []key
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// required returns a copy of a table in which one key must be written.
func required(keys []key, name string) []key {
	out := keyTable(keys)
	for i := range out {
		out[i].required = out[i].required || out[i].name == name
	}
	return out
}

// realDate refuses 2026-02-30.
func realDate(s string) *fault {
	if _, err := time.Parse("2006-01-02"[:len(s)], s); err != nil {
		return &fault{s + " is not a date of the calendar", ""}
	}
	return nil
}

// tempo is the song's tempo. It is noted as soon as it is known, because note
// lengths and bars in all that follows need it.
type tempo struct{ quantity }

func (t tempo) decode(d *decoder, n *node, at place) any {
	v, ok := t.quantity.decode(d, n, at).(float64)
	if !ok {
		d.song.tempoBroken = true
		return nil
	}
	d.song.music.tempo = v
	return v
}

// meter is a time signature; the value is a Meter.
type meter struct{}

const meterPattern = `^[1-9][0-9]?/(?:1|2|4|8|16|32)$`

func (meter) decode(d *decoder, n *node, at place) any {
	m, ok := readMeter(d, n, at)
	if !ok {
		return nil
	}
	d.song.music.meter, d.song.meterWritten = m, true
	return m
}

// readMeter reads a time signature.
func readMeter(d *decoder, n *node, at place) (m Meter, ok bool) {
	if n.shape != scalar || !matches(meterPattern, n.text) {
		d.fail(n, at, "expected a time signature, such as 4/4 or 7/8", "")
		return m, false
	}
	beats, unit, _ := strings.Cut(n.text, "/")
	m.Beats, _ = strconv.Atoi(beats)
	m.Unit, _ = strconv.Atoi(unit)
	return m, true
}

func (meter) print(v any) string { return fmt.Sprintf("%d/%d", v.(Meter).Beats, v.(Meter).Unit) }

// rootList is the list of folders outside the project that may be read.
type rootList struct{}

func (rootList) decode(d *decoder, n *node, at place) any {
	items := n.items
	if n.shape != sequence {
		items = []*node{n}
	}
	if !d.countIsRight(n, at, len(items), 1, 100, "folders") {
		return nil
	}
	for _, item := range items {
		if f, ok := (filePath{what: "folder", dir: true}).decode(d, item, at).(*File); ok {
			d.allow(f.Path)
		}
	}
	return true
}

// single decodes a project that is one song.
func (d *decoder) single(root *node, p *Project) {
	d.refuseForeign(root, projectKeys(false), projectKeys(true), "an album: a project with songs")
	p.Song = d.songFile(root, place{plain: true}, &p.Release)
	d.finishSong(p.Song, root, nil, place{plain: true})
	d.uniqueVersionCodes(p)
}

// refuseForeign takes keys out that belong into the other kind of project.
func (d *decoder) refuseForeign(root *node, own, other []key, where string) {
	kept := root.entries[:0:0]
	for _, e := range root.entries {
		if !hasKey(own, e.key.text) && hasKey(other, e.key.text) {
			d.fail(e.key, place{}, e.key.text+" belongs into "+where, "")
			continue
		}
		kept = append(kept, e)
	}
	root.entries = kept
}

// songFile decodes everything of a song but the master and the deliveries,
// for which an album has a say.
func (d *decoder) songFile(root *node, at place, release **Release) *Song {
	d.song = newScope()
	s := d.song.out
	s.Pos, s.Dir = root.pos(), root.src.dir
	d.declare(root)
	g := d.decode(root, projectKeys(false), at)
	if song := g.group("song"); song != nil {
		s.describe(song)
		s.Tempo, s.Length = d.song.music.tempo, song.num("length")
	}
	s.Meter = d.song.music.meter
	if session := g.group("session"); session != nil {
		s.SampleRate, s.PanLaw, s.Dynamics = int(session.num("sample_rate")), session.str("pan_law"), session.str("dynamics")
		if start, ok := session.values["start"].(SampleTime); ok {
			s.Start = &start
		}
		if session.has("start") && !d.song.bwf {
			d.warn(session.at["start"], at.key("session").key("start"), "changes no sound: no stem has offset: bwf", "it is the time stamp of files with metadata: [bext] alone")
		}
	} else {
		s.PanLaw, s.Dynamics = PanLaw3, DynamicsOwn
		d.explainAll(sessionKeys, at.key("session"))
	}
	for i := range s.Versions {
		if v := &s.Versions[i]; v.Dynamics == "" {
			v.Dynamics = s.Dynamics
		}
	}
	if r := g.group("release"); r != nil && release != nil {
		*release = newRelease(r)
	}
	if g.at["mix"] == nil {
		mixOrFile{}.decode(d, root.absent(), at.key("mix"))
	}
	d.checkParts(g, at)
	d.checkRouting()
	return s
}

// describe takes over what is written of a recording.
func (s *Song) describe(g *group) {
	for name, field := range map[string]*string{
		"title": &s.Title, "artist": &s.Artist, "isrc": &s.ISRC, "composer": &s.Composer, "lyricist": &s.Lyricist, "comment": &s.Comment, "lyrics": &s.Lyrics,
		"genre": &s.Genre, "date": &s.Date, "copyright": &s.Copyright, "language": &s.Language,
	} {
		if v := g.str(name); v != "" {
			*field = v
		}
	}
	if names, ok := g.values["artists"].([]string); ok {
		s.Artists = names
	}
	if s.Artist == "" {
		s.Artist = credit(s.Artists)
	}
}

// checkParts makes sure that there is something to mix or to master.
func (d *decoder) checkParts(g *group, at place) {
	s := d.song.out
	stems := g.at["stems"]
	switch {
	case s.MixFile != nil && stems != nil:
		d.fail(stems, place{}, "stems and a finished mix exclude each other", "remove one of the two")
	case stems == nil && g.at["mix"] == nil:
		d.fail(g.node, place{}, "the song has no stems and no finished mix", "write stems, or mix: file.wav to master only")
	case stems == nil && s.MixFile == nil && g.at["mix"].shape != scalar:
		d.fail(g.at["mix"], place{}, "the song has no stems", "write stems, or mix: file.wav to master only")
	case stems != nil && stems.shape == mapping && len(stems.entries) == 0:
		d.fail(stems, place{}, "the song has no stems", "name at least one")
	}
}

// strip makes what stems, buses and returns have in common, and ends the
// decoding of that strip.
func (d *decoder) strip(m member, what string, keys []key) Strip {
	s := Strip{
		Pos: m.key.pos(), Name: m.name,
		Gain: m.num("gain"), Pan: m.num("pan"), Width: m.num("width"),
		Mute: m.on("mute"), Solo: m.on("solo"), Invert: m.str("polarity") == "invert",
		Tags: texts(m.words("tags")), To: m.str("to"), Sends: d.song.sends,
		Mono: m.on("mono"), PanLaw: m.str("pan_law"), Rotate: m.num("rotate"),
	}
	if side := m.str("polarity"); side == "left" || side == "right" {
		s.InvertSide = side
	}
	s.Delay, _ = m.values["delay"].(SampleTime)
	s.Chain, _ = m.values["chain"].([]Processor)
	s.Automation = d.lanes(m.group.at["automation"], automated{what: what, own: keys, sends: s.Sends, chain: s.Chain}, m.here.key("automation"))
	for _, lane := range s.Automation {
		if lane.Target.Processor == "" && lane.Target.Send == "" && m.has(lane.Path) {
			d.warn(m.group.at[lane.Path], m.here.key(lane.Path), "is written, but automation replaces it", "remove it, or the automation")
		}
	}
	if s.Solo {
		d.warn(m.nodeOf("solo"), m.here, "solo is on: everything that is not soloed is silent in what is built", "")
	}
	d.song.sends, d.song.ids = nil, map[string]*node{}
	return s
}

func (d *decoder) addStem(m member) {
	stem := Stem{Strip: d.strip(m, "stem", stemKeys)}
	d.source(m, &stem)
	d.song.out.Stems = append(d.song.out.Stems, stem)
}

func (d *decoder) addBus(m member) {
	d.song.out.Buses = append(d.song.out.Buses, Bus{d.strip(m, "bus", busKeys)})
}

func (d *decoder) addReturn(m member) {
	d.song.out.Returns = append(d.song.out.Returns, Bus{d.strip(m, "return", returnKeys)})
}

func (d *decoder) addSend(m member) {
	name, ok := d.refer(m.key, place{words: strings.TrimSuffix(m.here.words, fmt.Sprintf(" %q", m.name)) + "s"}, []string{"return"})
	if !ok {
		return
	}
	d.song.sends = append(d.song.sends, Send{Pos: m.key.pos(), To: name, Level: m.num("level"), Pre: m.on("pre")})
	d.song.edges = append(d.song.edges, edge{from: d.song.strip, to: name, node: m.key})
}

// mixOrFile is the typ of `mix`: a strip, or the file of a finished mix. It
// goes into the song itself.
type mixOrFile struct{}

func (mixOrFile) decode(d *decoder, n *node, at place) any {
	s := d.song.out
	d.song.strip = mixName
	at = place{path: at.path, words: mixName}
	if n.shape != scalar {
		d.refuseOfMix(n, at)
		m := member{group: d.decode(n, mixKeys, at), name: mixName, key: n, here: at}
		s.Mix = Bus{d.strip(m, mixName, mixKeys)}
		return true
	}
	if f, ok := (filePath{what: "mix.wav"}).decode(d, n, at).(*File); ok {
		s.MixFile = f
		d.explain(Line{Path: at.path, Value: f.Name, Origin: n.origin(), Doc: "the finished stereo mix"})
	}
	s.Mix.Strip = plainMix(n)
	return true
}

// mixHasNo are the keys of other strips that make no sense on the mix, and what is
// meant by whoever writes them.
var mixHasNo = map[string]string{
	"mute":  "what is not to be made is left out of deliver",
	"solo":  "everything comes together in it",
	"to":    "it goes into the master and the deliveries",
	"sends": "a bus that everything goes to can have sends",
	"tags":  "versions and groups address what goes into it",
	"delay": "the whole song would be late; head of a delivery puts silence before it",
}

// refuseOfMix takes out what other strips have and the mix has not.
func (d *decoder) refuseOfMix(n *node, at place) {
	kept := n.entries[:0:0]
	for _, e := range n.entries {
		if hint, ok := mixHasNo[e.key.text]; ok {
			d.fail(e.key, at, "has no "+e.key.text, hint)
			continue
		}
		kept = append(kept, e)
	}
	n.entries = kept
}

// plainMix is the strip of a finished mix, which changes nothing.
func plainMix(n *node) Strip { return Strip{Pos: n.pos(), Name: mixName, Width: 100} }

// addVersion resolves the names and tags of a version.
func (d *decoder) addVersion(m member) {
	v := Version{Pos: m.key.pos(), Name: m.name, Title: m.str("title"), ISRC: m.str("isrc"), Dynamics: m.str("dynamics")}
	if v.Title == "" {
		v.Title = titleOf(m.name)
		d.explain(Line{Path: m.here.key("title").path, Value: v.Title, Origin: "derived: from its name"})
	}
	if strings.EqualFold(m.name, "main") {
		d.fail(m.key, m.here, "the name main is taken: it is the song itself", "choose another name")
	}
	if !m.has("mute") && !m.has("solo") && !m.has("gain") {
		d.fail(m.key, m.here, "needs mute, solo or gain, else it is the song itself", "")
	}
	title := strings.ToLower(v.Title) // some file systems do not tell A from a
	if other, taken := d.song.titles[title]; taken {
		d.fail(m.key, m.here, fmt.Sprintf("has the title %q, as version %q has", v.Title, other), "give one of them another title")
	} else {
		d.song.titles[title] = m.name
	}
	v.Mute = d.addressed(m, "mute")
	v.Solo = d.addressed(m, "solo")
	v.Gain = d.offsets(m)
	d.song.out.Versions = append(d.song.out.Versions, v)
}

// titleOf makes a title from a name: "radio_edit" is shown as "Radio Edit".
func titleOf(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' })
	for i, p := range parts {
		r := []rune(p)
		parts[i] = string(unicode.ToUpper(r[0])) + string(r[1:])
	}
	return strings.Join(parts, " ")
}

// addressed resolves names of strips and groups, and tags, to names of strips.
// A name and a tag may be the same word, which then means both.
func (d *decoder) addressed(m member, which string) []string {
	var out []string
	for _, w := range m.words(which) {
		out = union(out, d.addressee(w, m.here.key(which)))
	}
	return out
}

// addressee resolves one word.
func (d *decoder) addressee(w word, at place) []string {
	if d.song.addressees == nil {
		d.song.address()
	}
	names, known := d.song.addressees[w.text]
	if !known {
		d.fail(w.node, at, fmt.Sprintf("there is no stem, bus, return, group or tag %q", w.text), didYouMeanOr(w.text, d.song.addresses, knownNames(d.song.addresses)))
	}
	return names
}

// address collects what versions can address.
func (s *scope) address() {
	s.addressees = map[string][]string{}
	add := func(word, name string) {
		if len(s.addressees[word]) == 0 {
			s.addresses = append(s.addresses, word)
		}
		s.addressees[word] = append(s.addressees[word], name)
	}
	for _, name := range s.of("stem", "bus", "return") {
		add(name, name)
	}
	strips := make([]Strip, 0, len(s.out.Stems)+len(s.out.Buses)+len(s.out.Returns))
	for _, stem := range s.out.Stems {
		strips = append(strips, stem.Strip)
	}
	for _, bus := range s.out.Buses {
		strips = append(strips, bus.Strip)
	}
	for _, ret := range s.out.Returns {
		strips = append(strips, ret.Strip)
	}
	for _, strip := range strips {
		for _, tag := range strip.Tags {
			add(tag, strip.Name)
		}
	}
}

// finishSong decodes master and deliveries: the song's own, or in an album the
// album's where it has them.
func (d *decoder) finishSong(s *Song, root *node, album *albumDefaults, at place) {
	n := root.get("master")
	if n == nil && album != nil {
		n = album.master
	}
	own := d.master(s, n, root, at.key("master"))
	d.delivering = aSong
	if album == nil || !album.delivers {
		s.Deliver = d.deliveries(root.get("deliver"), root, at.key("deliver"))
		d.inherited(s, own, at.key("deliver"))
		d.resolvePrints(s, at.key("deliver"), "")
		d.resolveVersions(s)
		d.refuseUnmade(s.Deliver, []*Song{s})
		s.Assert = d.assertions(root.get("assert"), at.key("assert"), false, []assertable{s.assertable(0)})
		return
	}
	d.quiet++ // the album's deliveries replace the song's, which are checked all the same
	theirs := d.deliveries(root.get("deliver"), root, at.key("deliver"))
	d.quiet--
	s.Deliver = slices.Clone(album.deliver)
	d.inherited(s, own, at.key("deliver"))
	d.resolvePrints(s, at.key("deliver"), fmt.Sprintf(" of song %d", album.number))
	d.resolveVersions(s)
	s.Assert = d.assertionsInAlbum(s, theirs, root.get("assert"), at.key("assert"))
}

// masterSays is what a master says for the deliveries.
type masterSays struct {
	reduction string // where its limit of reduction comes from
	limiter   *group // nil: nothing
}

// inherited gives the deliveries what they leave to the master.
func (d *decoder) inherited(s *Song, own masterSays, at place) {
	k := deliveryKeys[slices.Index(keyNames(deliveryKeys), "max_reduction")]
	for i := range s.Deliver {
		v := &s.Deliver[i]
		if v.MaxReduction == fromMaster {
			v.MaxReduction = s.Master.MaxReduction
			d.explainNumber(at.key(v.Name).key(k.name), k, v.MaxReduction, own.reduction)
		}
		d.inheritLimiter(v, own.limiter, at.key(v.Name).key("limiter"))
	}
}

// master decodes a master, and returns what it says for the deliveries.
func (d *decoder) master(s *Song, n, root *node, at place) (own masterSays) {
	if n == nil {
		n = root.absent()
	}
	d.song.strip, d.song.ids = "", map[string]*node{}
	d.masterUsed[n] = true
	if n.isNull() {
		d.fail(n, at, "has no value", "write one, or remove the key")
		return
	}
	at = place{path: at.path, words: "master"}
	g := d.decode(n, masterKeys, at)
	s.Master = Master{Pos: n.pos(), MaxReduction: g.num("max_reduction")}
	s.Master.Advice = newAdvice(g.group("advice"))
	s.Master.Reference = d.newReference(g.group("reference"), at.key("reference"))
	s.Master.Buses = d.masterBuses(s, g.at["buses"], at.key("buses"))
	s.Master.Chain = d.masterChain(g, at.key("chain"))
	s.Master.Automation = d.lanes(g.at["automation"], automated{chain: s.Master.Chain}, at.key("automation"))
	own.limiter = g.group("limiter")
	own.reduction = "default"
	if written := g.at["max_reduction"]; written != nil {
		own.reduction = written.origin()
	}
	return own
}
