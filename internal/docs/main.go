// Command docs writes docs/reference.md, every key of the project language, taken
// from the JSON Schema, which is itself made from the tables that decode project
// files; and docs/processors.md, every setting of every processor, with figures of
// what it does. A test holds the files against them.
//
//	go run ./internal/docs
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/profiles"
	"github.com/lathe-audio/lathe/spec"
)

func main() {
	if err := write("docs"); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

// figureDir is the folder of the figures, within docs. All of it is made here.
const figureDir = "processors"

// write makes all files anew in a folder; figures that are no more are removed.
func write(dir string) error {
	files, err := pages()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(dir, figureDir)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, figureDir), 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pages returns all files, by their paths within docs.
func pages() (map[string][]byte, error) {
	files, err := processors()
	if err != nil {
		return nil, err
	}
	files["reference.md"], err = reference()
	return files, err
}

// sections are the mappings of the language, in the order of reading: the name of
// the definition in the schema, the heading, and what it says first.
var sections = []struct{ def, title, intro string }{
	{"song_project", "A song", "The keys at the top of a song's project file."},
	{"song", "song", ""},
	{"tempo", "tempo_map", "`tempo_map: [{at: bar 1, tempo: 92 bpm}, {at: bar 33, tempo: 96 bpm, curve: linear}, {at: bar 40, meter: 3/4}]`, in the order of time. " +
		"All bars in the song are reckoned with it; linear tempo is even in time, so half way in time it is half way in tempo. A note length (`1/8.`) is taken at the tempo of the song's start and does not follow, of which a warning tells; in automation it is taken at the tempo of its point."},
	{"session", "session", ""},
	{"stem", "stems", "`stems: {NAME: {...}}`; the name of a file alone stands for `{file: ...}`."},
	{"clip", "clips", "`clips: [{...}]`, a stem made of stretches of files on one track: each plays to its end or until the next begins; `lathe check` knows the files' lengths."},
	{"trim", "trim", ""},
	{"fade", "fade_in and fade_out", "A length alone stands for `{length: ...}`. The time t of a frame is that of its middle."},
	{"crossfade", "crossfade", "A length alone stands for `{length: ...}`."},
	{"send", "sends", "`sends: {RETURN: {...}}`; a level alone stands for `{level: ...}`."},
	{"bus", "buses and returns", "`buses: {NAME: {...}}`, `returns: {NAME: {...}}`."},
	{"group", "groups", "`groups: {NAME: {...}}`: faders for many strips that no sound goes through, as VCAs are. What a group adds, in dB, is added to the fader of each member after " +
		"the member's own automation; a strip in several groups gets the sum, and is a member once of each. A bus and the stems in it are faders one after the other: a group of both acts twice."},
	{"mix", "mix", ""},
	{"point", "automation", "`automation: {TARGET: [points]}`. A target is `gain`, `pan`, `width`, `rotate` or `mute` of the strip, `sends.RETURN`, or a number of a " +
		"processor by its id: `ID.threshold`, `ID.bands.2.gain` (counted from 1). Before its first point a value is what is written outside the automation."},
	{"version", "versions", "`versions: {NAME: {...}}`."},
	{"master", "master", ""},
	{"reference", "reference", "`reference: {files: [...]}` of the master; a file alone stands for `{files: ...}`. The match is part of the master, before its chain, and the same for all versions of a song: that of the " +
		"main version. Compared are smoothed spectra of the loud parts, at equal loudness; `lathe match` prints the bands as an `eq` that can be put into the chain in place of `reference`, and is the same sound."},
	{"reference_file", "reference: files", "A file alone stands for `{file: ...}`."},
	{"delivery", "deliver", "A list of profiles: `- NAME`, or `- NAME: {...}` with these keys on top. A profile of your own is a file with the same keys, named by its path."},
	{"rule", "rules", "A list of what a profile, or a delivery, asks of its files: limits as in `assert`, each entry with who says so. Files are held against them when they are read back; " +
		"`lathe profiles NAME --check FILE` holds any other file against them."},
	{"album", "An album", "The keys at the top of an album's project file."},
	{"release", "release", ""},
	{"album_song", "songs", ""},
	{"album_loudness", "loudness of an album", "`loudness: {mode: ...}`; a mode alone stands for it."},
	{"under", "loudness of an album: rules", ""},
	{"album_tone", "tone", "`tone: {tilt: ...}`; a level alone stands for it. A song's tilt is the slope of the straight line nearest to its spectrum; its correction is one more stage behind its master, " +
		"`eq: {bands: [{type: tilt, freq: 1 kHz, gain: ...}]}`. That follows from the mean, and so from every song, but moves in steps: a song is made anew only when its own correction does. It is found on the masters as they are " +
		"before it, so a second build finds the same. Over a crossfade the tone passes with the sound. The manifest and `lathe build --json` have it in `tone` of each file: `tilt_db_per_octave` and " +
		"`album_tilt_db_per_octave` (before), `correction_db`, `tilt_after_db_per_octave`; `lathe album --json` has `tilt_db_per_octave` of the files as they are."},
	{"album_assertion", "assert", "A list, of a song or of an album: which outputs an entry is about, and what they have to keep. A limit is `{min: VALUE}`, `{max: VALUE}`, both, " +
		"or `VALUE ±TOLERANCE` (`-14 LUFS ±0.5 LU`). `song`, `spread` and `gap` belong to albums. Outputs are held against all of it when they are finished and before they are put in place; " +
		"where one fails, nothing is delivered and the exit code is 3. What cannot be measured, such as the loudness of silence, keeps no limit."},
}

// reference returns the page.
func reference() ([]byte, error) {
	schema, err := readSchema(spec.Schema(catalogue.Params()))
	if err != nil {
		return nil, err
	}
	defs := schema.get("$defs")
	var p page
	p.line("# Reference\n\nMade by `go run ./internal/docs` from the tables that read project files; `lathe explain` shows what a project makes of them.\n")
	p.line("Quantities are written with their unit; a bare number is taken in the key's own. Paths are relative to the file that names them.\n")
	for _, s := range sections {
		def := defs.get(s.def)
		if def == nil {
			return nil, fmt.Errorf("the schema defines no %q", s.def)
		}
		level := "##"
		if s.title == strings.ToLower(s.title) {
			level = "###"
		}
		p.line("%s %s\n", level, s.title)
		if s.intro != "" {
			p.line("%s\n", s.intro)
		}
		p.table(def, nil)
	}
	p.line("## Processors\n\nA chain is a list of processors, `- KIND: {...}`, and of presets, `- preset: NAME`. [processors.md](processors.md) has every one, its\n" +
		"settings and figures of what it does.\n")
	p.line("## Presets\n")
	for _, name := range profiles.PresetNames() {
		p.line("- [`%s`](../profiles/presets/%s.yaml)", name, name)
	}
	p.line("\n## Delivery profiles\n")
	all, diags := spec.Profiles()
	if diags != nil {
		return nil, fmt.Errorf("%s", diags.Text())
	}
	p.line("`lathe profiles NAME` prints a profile's values and rules with who says so. A profile of your own has the keys of a delivery and `title`, `doc`, `source`, `date`.\n")
	for _, group := range spec.ProfileGroups() {
		p.line("%s:\n", strings.ToUpper(group[:1])+group[1:])
		for _, profile := range all {
			if profile.Delivery.Group == group {
				p.line("- [`%s`](../profiles/delivery/%s.yaml): %s", profile.Name, profile.Name, profile.Doc)
			}
		}
		p.line("")
	}
	return p.text.Bytes(), nil
}

type page struct{ text bytes.Buffer }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

// table prints the keys of a mapping, or those that want is true for; lists of
// groups follow in tables of their own.
func (p *page) table(def *value, want func(string) bool) {
	def = def.mapping()
	var required []string
	for _, r := range def.get("required").items() {
		required = append(required, r.text())
	}
	p.line("| key | meaning |\n| --- | --- |")
	type inner struct {
		name string
		def  *value
	}
	var groups []inner
	for _, m := range def.get("properties").members {
		if want != nil && !want(m.key) {
			continue
		}
		meaning := m.value.get("description").text()
		if slices.Contains(required, m.key) {
			meaning = "Required. " + meaning
		}
		if group := m.value.get("items").mapping(); group.get("properties") != nil {
			groups = append(groups, inner{m.key, group})
		}
		p.line("| `%s` | %s |", m.key, strings.ReplaceAll(meaning+m.value.accepts(), "|", `\|`))
	}
	p.line("")
	for _, g := range groups {
		p.line("Each of `%s`:\n", g.name)
		p.table(g.def, nil)
	}
}

// value is a JSON value whose objects keep their order.
type value struct {
	members []member
	list    []*value
	scalar  any
}

type member struct {
	key   string
	value *value
}

func readSchema(text []byte) (*value, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return readValue(d)
}

func readValue(d *json.Decoder) (*value, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	v := &value{}
	delim, ok := token.(json.Delim)
	if !ok {
		v.scalar = token
		return v, nil
	}
	for d.More() {
		key := ""
		if delim == '{' {
			token, err := d.Token()
			if err != nil {
				return nil, err
			}
			key = token.(string)
		}
		child, err := readValue(d)
		if err != nil {
			return nil, err
		}
		if delim == '{' {
			v.members = append(v.members, member{key, child})
		} else {
			v.list = append(v.list, child)
		}
	}
	_, err = d.Token()
	return v, err
}

// get returns a member, or nil.
func (v *value) get(key string) *value {
	if v != nil {
		for _, m := range v.members {
			if m.key == key {
				return m.value
			}
		}
	}
	return nil
}

func (v *value) items() []*value {
	if v == nil {
		return nil
	}
	return v.list
}

func (v *value) text() string {
	if v == nil || v.scalar == nil {
		return ""
	}
	return fmt.Sprint(v.scalar)
}

// mapping finds the mapping among the forms that a value may take.
func (v *value) mapping() *value {
	for _, form := range v.get("anyOf").items() {
		if form.get("properties") != nil {
			return form
		}
	}
	return v
}

// accepts says what else than a number may be written: the words of a choice, a
// note length, a bar.
func (v *value) accepts() string {
	var words []string
	var more string
	for _, form := range append([]*value{v}, v.get("anyOf").items()...) {
		for _, w := range form.get("enum").items() {
			if word := "`" + w.text() + "`"; !slices.Contains(words, word) { // 16 may be a number or a text
				words = append(words, word)
			}
		}
		pattern := form.get("pattern").text()
		if strings.Contains(pattern, "bar") {
			more = " Or a place such as `bar 17` or `bar 17 beat 3`, or a clock time such as `1:02.5`."
		}
		if strings.Contains(pattern, "[.t]?)$") {
			more = " Or a note length such as `1/8.` or `1/4t`."
		}
	}
	switch {
	case len(words) == 0:
		return more
	case v.get("anyOf") != nil:
		return more + " Or " + strings.Join(words, ", ") + "."
	}
	return " One of " + strings.Join(words, ", ") + "."
}
