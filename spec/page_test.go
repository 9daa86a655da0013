package spec

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lathe-audio/lathe/internal/param"
)

func testdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The song of the language's own page, word for word.
func TestSongOfThePage(t *testing.T) {
	p, diags := loadText(t, testdata(t, "page-song.yaml"))
	if len(diags) > 0 {
		t.Fatal(diags.Text())
	}
	s := p.Song
	if s.Title != "Undertow" || s.Artist != "Harbour Lights" || s.ISRC != "QZABC2600001" || s.Tempo != 92 || s.Meter != (Meter{4, 4}) || s.SampleRate != 48000 {
		t.Errorf("song: %+v", s)
	}
	if len(s.Stems) != 3 || len(s.Buses) != 1 || len(s.Returns) != 2 || len(s.Master.Chain) != 4 {
		t.Fatalf("%d stems, %d buses, %d returns, %d processors in the master", len(s.Stems), len(s.Buses), len(s.Returns), len(s.Master.Chain))
	}
	kick, bass, lead := s.Stems[0], s.Stems[1], s.Stems[2]
	if kick.Name != "kick" || kick.To != "drums" || kick.File.Name != "stems/kick.wav" || kick.File.Path != filepath.Join("stems", "kick.wav") || kick.Width != 100 {
		t.Errorf("kick: %+v", kick)
	}
	want := param.Values{"phase": "minimum", "bands": []param.Values{
		{"type": "highpass", "freq": 30.0, "gain": 0.0, "q": 0.7071, "slope": 24.0, "on": "stereo"},
		{"type": "bell", "freq": 400.0, "gain": -3.0, "q": 1.4, "slope": 12.0, "on": "stereo"},
	}}
	if diff := cmp.Diff(want, kick.Chain[0].Values); diff != "" {
		t.Errorf("eq of the kick (-want +got)\n%s", diff)
	}
	if bass.Gain != -2 || bass.To != "mix" || bass.Chain[0].Values.Str("sidechain") != "kick" || bass.Chain[0].Values.Num("ratio") != 4 || bass.Chain[0].Mix != 100 {
		t.Errorf("bass: %+v", bass)
	}
	if diff := cmp.Diff([]string{"vocal"}, lead.Tags); diff != "" {
		t.Error(diff)
	}
	if n := len(lead.Chain); n < 2 || lead.Chain[0].From != "preset vocal/lead" || lead.Chain[n-1].Kind != "deesser" || lead.Chain[n-1].From != "" {
		t.Errorf("chain of the lead: %+v", lead.Chain)
	}
	sends := []Send{{Pos: Pos{"lathe.yaml", 34, 13}, To: "plate", Level: -12}, {Pos: Pos{"lathe.yaml", 34, 28}, To: "echo", Level: -18, Pre: true}}
	if diff := cmp.Diff(sends, lead.Sends); diff != "" {
		t.Errorf("sends (-want +got)\n%s", diff)
	}
	lanes := []Lane{
		{Pos: Pos{"lathe.yaml", 36, 7}, Path: "gain", Target: Target{Param: "gain", Unit: param.DB}, Points: []Point{
			{Pos: Pos{"lathe.yaml", 37, 11}, At: 0, Value: 0, Curve: Step},
			{Pos: Pos{"lathe.yaml", 38, 11}, At: 64 * 60.0 / 92, Value: 1.5, Curve: Linear}, // 16 bars of 4 beats
		}},
		{Pos: Pos{"lathe.yaml", 39, 7}, Path: "sends.plate", Target: Target{Send: "plate", Param: "level", Unit: param.DB}, Points: []Point{
			{Pos: Pos{"lathe.yaml", 40, 11}, At: 62.5, Value: -6, Curve: Step},
		}},
	}
	if diff := cmp.Diff(lanes, lead.Automation); diff != "" {
		t.Errorf("automation (-want +got)\n%s", diff)
	}
	parallel := s.Buses[0].Chain[0]
	if parallel.Mix != 35 || len(parallel.Chains["chain"]) != 1 || parallel.Chains["chain"][0][0].Kind != "compressor" {
		t.Errorf("parallel: %+v", parallel)
	}
	// A dotted eighth is three quarters of a beat.
	if got, want := s.Returns[1].Chain[0].Values.Num("time"), 0.75*60000/92; math.Abs(got-want) > 1e-9 {
		t.Errorf("1/8. at 92 bpm is %v ms, want %v", got, want)
	}
	if !s.Mix.Chain[0].Values.IsAuto("release") {
		t.Errorf("mix: %+v", s.Mix.Chain[0])
	}
	versions := []Version{
		{Pos: Pos{"lathe.yaml", 56, 3}, Name: "instrumental", Title: "Instrumental", Mute: []string{"lead"}, Dynamics: DynamicsOwn},
		{Pos: Pos{"lathe.yaml", 57, 3}, Name: "acapella", Title: "Acapella", Solo: []string{"lead"}, Dynamics: DynamicsOwn},
	}
	if diff := cmp.Diff(versions, s.Versions); diff != "" {
		t.Errorf("versions (-want +got)\n%s", diff)
	}
	checkDeliveries(t, s.Deliver)
}

func checkDeliveries(t *testing.T, got []Delivery) {
	t.Helper()
	type figures struct {
		name, profile     string
		rate, depth       int
		loudness, ceiling float64
	}
	want := []figures{
		{"streaming", "streaming", 44100, 24, -14, -1},
		{"cd", "cd", 44100, 16, -14, -1},
		{"broadcast", "broadcast", 48000, 24, -23, -1},
		{"club", "streaming", 44100, 24, -9, -0.5},
	}
	if len(got) != len(want) {
		t.Fatalf("%d deliveries", len(got))
	}
	for i, w := range want {
		g := got[i]
		if g.Name != w.name || g.Profile != w.profile || g.SampleRate != w.rate || g.BitDepth != w.depth || *g.Loudness != w.loudness || *g.Ceiling != w.ceiling {
			t.Errorf("delivery %d: %+v", i, g)
		}
		if g.From != "master" || g.Format != "wav" || g.Float || g.Tolerance != 0.1 || g.MaxReduction != 12 || g.Dither != "tpdf" || !g.Says(MetadataInfo) || g.Source == "" || g.Date == "" {
			t.Errorf("delivery %d: %+v", i, g)
		}
	}
}

// The album of the page, with a master where the page has an ellipsis.
func TestAlbumOfThePage(t *testing.T) {
	album := strings.Replace(testdata(t, "page-album.yaml"), "chain: [...]", "chain: [imager: {width: 110%}]", 1)
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"lathe.yaml": album, "art/cover.jpg": jpegOf(1400, 1400), "mixes/harbour.wav": "", "songs/a.wav": "",
		"songs/undertow.yaml":   "lathe: 1\nsong: {title: Undertow, isrc: QZABC2600001}\nstems: {a: a.wav}\nmaster: {chain: [saturator], max_reduction: 3 dB}\ndeliver: broadcast\n",
		"songs/breakwater.yaml": "lathe: 1\nsong: {title: Breakwater, artist: Guest}\nstems: {a: a.wav}\n",
	})
	p, diags := Load(dir, fakeOptions)
	if p == nil || diags.HasErrors() {
		t.Fatal(diags.Text())
	}
	if len(diags) != 0 || len(p.Warnings) != 0 {
		t.Errorf("expected no warning:\n%s", diags.Text())
	}
	if r := p.Release; r.Title != "Low Tide" || r.UPC != "036000291452" || r.Date != "2026-11-20" || r.Catalog != "HL-001" || r.Cover.Name != "art/cover.jpg" {
		t.Errorf("release: %+v", r)
	}
	one, two, three := p.Songs[0], p.Songs[1], p.Songs[2]
	if one.Number != 1 || one.Gap != 0 || two.Gap != 1.2 || two.Trim != -0.5 || three.Gap != 0 || three.Crossfade != (Fade{3, FadeEqualPower}) || three.Number != 3 {
		t.Errorf("sequence: %+v %+v %+v", one, two, three)
	}
	if one.Song.Dir != filepath.Join(dir, "songs") || one.Song.Stems[0].File.Path != filepath.Join(dir, "songs", "a.wav") {
		t.Errorf("paths of a song are relative to its own file: %+v", one.Song.Stems[0].File)
	}
	if one.Song.Master.Chain[0].Kind != "saturator" || two.Song.Master.Chain[0].Kind != "imager" || three.Song.Master.Chain[0].Kind != "imager" {
		t.Error("the album's master is for songs that have none")
	}
	for _, s := range p.Songs {
		if len(s.Song.Deliver) != 3 || s.Song.Deliver[0].Name != "streaming" {
			t.Errorf("song %d: the album's deliveries replace the song's: %+v", s.Number, s.Song.Deliver)
		}
	}
	if one.Song.Deliver[0].MaxReduction != 3 || two.Song.Deliver[0].MaxReduction != 12 {
		t.Error("each song's deliveries keep to its own master's max_reduction")
	}
	if s := three.Song; s.Title != "Harbour" || s.ISRC != "QZABC2600003" || s.MixFile.Name != "mixes/harbour.wav" || len(s.Stems) != 0 {
		t.Errorf("finished mix: %+v", s)
	}
	if one.Song.Artist != "Harbour Lights" || two.Song.Artist != "Guest" || one.Song.Date != "2026-11-20" {
		t.Error("songs take from the release what they do not say themselves")
	}
}

func TestAlbumFaults(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"lathe.yaml": `lathe: 1
release: {artist: A}
tempo: 92 bpm
stems: {}
songs:
  - {file: one.yaml, crossfade: 1 s}
  - {file: one.yaml, gap: 1 s, crossfade: 1 s}
  - {file: on.yaml}
  - {mix: m.wav}
  - {title: X}
  - {file: one.yaml, mix: m.wav}
  - file: lathe.yaml
  - file: broken.yaml
master: {chain: [nothing]}
deliver: nowhere
`,
		"m.wav": "", "a.wav": "",
		"one.yaml":    "lathe: 1\nsong: {title: One, isrc: QZABC2600001}\nstems: {a: a.wav}\n",
		"broken.yaml": "lathe: 1\nsong: {title: One\n",
	})
	t.Chdir(dir)
	p, diags := Load("", fakeOptions)
	if p != nil {
		t.Fatal("loads")
	}
	var got []string
	for _, d := range diags {
		got = append(got, d.Error())
	}
	want := []string{
		`lathe.yaml:2:10: release: title is missing (write title: ...)`,
		`lathe.yaml:3:1: unknown key tempo (the keys here are lathe, engine, roots, release, songs, loudness, tone, master, deliver and assert)`,
		`lathe.yaml:4:1: stems belongs into the song's own file, not into the album's`,
		`lathe.yaml:6:33: song 1: there is no song before the first to cross into (remove crossfade)`,
		`lathe.yaml:7:5: song 2: its ISRC QZABC2600001 is that of song 1 (every recording has its own)`,
		`lathe.yaml:7:43: song 2: gap and crossfade exclude each other (keep one of the two)`,
		`lathe.yaml:8:12: song 3: file on.yaml not found (did you mean one.yaml?)`,
		`lathe.yaml:9:5: song 4: title is missing (a finished mix has no song file to name it: write title: ...)`,
		`lathe.yaml:10:5: song 5: has neither a file nor a mix (write file: songs/name.yaml, or mix: mixes/name.wav)`,
		`lathe.yaml:11:27: song 6: file and mix exclude each other (keep one of the two)`,
		`lathe.yaml:12:11: song 7: lathe.yaml is an album itself (name its song files)`,
		`lathe.yaml:14:18: master: there is no processor nothing (there are preset, eq, compressor, deesser, multiband, saturator, imager, reverb, delay, parallel and bands)`,
		`lathe.yaml:15:10: deliver: there is no profile "nowhere" (there are amazon, apple-digital-masters, archive, bandcamp, beatport, broadcast, broadcast-eu, broadcast-jp, broadcast-us, cd, cd-shaped, club, game, hires, mix, mixprint, podcast, soundcloud, spotify, stems, streaming, streaming-16, tidal, tiktok, vinyl and youtube; one of your own is named by its path)`,
		`broken.yaml:2:7: the mapping opened here with { does not end as it should (write a comma between entries and } at the end)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestOneSongWithARelease(t *testing.T) {
	p := mustLoad(t, song("release: {title: Single, upc: \"4006381333931\"}\n"))
	if p.Release == nil || p.Release.Title != "Single" || p.Song == nil {
		t.Errorf("%+v", p)
	}
}

func TestFinishedMix(t *testing.T) {
	p := mustLoad(t, "lathe: 1\nsong: {title: T}\nmix: mix.wav\nmaster: {chain: [imager]}\n")
	if p.Song.MixFile == nil || p.Song.MixFile.Path != "mix.wav" || p.Song.Mix.Width != 100 {
		t.Errorf("%+v", p.Song)
	}
	if d := p.Song.Deliver; len(d) != 1 || d[0].Name != "streaming" {
		t.Errorf("without `deliver` a song is delivered for streaming: %+v", d)
	}
}

func TestMaxReduction(t *testing.T) {
	p := mustLoad(t, song("master: {max_reduction: 4 dB}\ndeliver: [cd, streaming: {max_reduction: 2 dB}]\n"))
	if d := p.Song.Deliver; d[0].MaxReduction != 4 || d[1].MaxReduction != 2 {
		t.Errorf("%+v", d)
	}
}

// Key by key, a delivery's limiter is its own, its profile's or the master's.
func TestLimiter(t *testing.T) {
	p := mustLoad(t, song("master: {limiter: {style: loud, link: 20%, clip: 1 dB}}\ndeliver: [cd, streaming: {limiter: {link: auto, release: 0.2 s}}, mix]\n"))
	d := p.Song.Deliver
	if l := d[0].Limiter; l.Style != "loud" || l.Link == nil || *l.Link != 20 || l.Clip != 1 || l.Release != nil || l.LookAhead != nil {
		t.Errorf("cd: %+v", l)
	}
	if l := d[1].Limiter; l.Style != "loud" || l.Link != nil || l.Clip != 1 || l.Release == nil || *l.Release != 200 {
		t.Errorf("streaming: %+v", l)
	}
	if lines := Explain(p, "deliver.mix.limiter"); len(lines) != 0 {
		t.Errorf("a mix has no limiter to explain: %+v", lines)
	}
	p = mustLoad(t, song("deliver: [cd: {limiter: punchy, min_plr: 8 LU, max_short_term: none}]\n"))
	if v := p.Song.Deliver[0]; v.Limiter.Style != "punchy" || v.MinPLR == nil || *v.MinPLR != 8 || v.MinPSR != nil || v.MaxShortTerm != nil {
		t.Errorf("%+v", v)
	}
}

func TestFloatIsNotDithered(t *testing.T) {
	p := mustLoad(t, song("deliver: [mix, streaming: {bit_depth: 32 float, loudness: none, ceiling: none, sample_rate: session}]\n"))
	for _, d := range p.Song.Deliver {
		if !d.Float || d.BitDepth != 32 || d.Dither != "none" || d.Loudness != nil || d.Ceiling != nil || d.SampleRate != 0 {
			t.Errorf("%+v", d)
		}
	}
	if p.Song.Deliver[0].From != "mix" || p.Song.Deliver[1].From != "master" {
		t.Error("from")
	}
}

// A project's own profiles and presets are files of the project.
func TestOwnProfileAndPreset(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"lathe.yaml":         song("mix: {chain: [preset: ./presets/glue.yaml]}\ndeliver: [profiles/tape.yaml, profiles/tape.yaml: {name: loud, loudness: -8 LUFS}]\n"),
		"stems/a.wav":        "",
		"presets/glue.yaml":  "title: Glue\nchain: [preset: ./inner.yaml, saturator]\n",
		"presets/inner.yaml": "chain: [compressor: {id: comp, attack: 1/64}]\n",
		"profiles/tape.yaml": "title: Tape\nsource: me\ndate: 2026\nloudness: -12 LUFS\nbit_depth: 16\n",
	})
	p, diags := Load(dir, fakeOptions)
	if p != nil {
		t.Fatal("a preset may not use what its kind does not take")
	}
	if !strings.Contains(diags.Text(), "1/64 is a note length") || len(diags[0].Notes) != 2 || !strings.HasSuffix(diags[0].File, "inner.yaml") {
		t.Fatalf("expected the fault in the preset, and the way to it:\n%s", diags.Text())
	}
	write(t, dir, map[string]string{"presets/inner.yaml": "chain: [compressor: {id: comp}]\n"})
	if p, diags = Load(dir, fakeOptions); p == nil {
		t.Fatal(diags.Text())
	}
	if c := p.Song.Mix.Chain; len(c) != 2 || c[0].From != "preset ./inner.yaml" || c[0].ID != "comp" || c[1].From != "preset ./presets/glue.yaml" {
		t.Errorf("%+v", c)
	}
	d := p.Song.Deliver
	if len(d) != 2 || d[0].Name != "tape" || *d[0].Loudness != -12 || d[0].Title != "Tape" || d[1].Name != "loud" || *d[1].Loudness != -8 || d[1].BitDepth != 16 {
		t.Errorf("%+v", d)
	}
}

// Two presets in one chain may bring the same id; automating it is an error.
func TestIDsOfPresetsMayMeet(t *testing.T) {
	two := "chain: [preset: vocal/lead, preset: vocal/lead]"
	mustLoad(t, song("mix: {"+two+"}\n"))
	_, diags := loadText(t, song("mix: {"+two+", automation: {ride.threshold: [{at: 0, value: -20}]}}\n"))
	if !strings.Contains(diags.Text(), "two processors have the id ride") {
		t.Error(diags.Text())
	}
	mustLoad(t, song("mix: {chain: [preset: vocal/lead], automation: {ride.threshold: [{at: 0, value: -20}]}}\n"))
}

// Versions can address stems, buses and tags, and a name can be both.
func TestVersionsResolveTags(t *testing.T) {
	p := mustLoad(t, song(`
stems:
  a: {file: stems/a.wav, tags: [drums, top], to: drums}
  b: {file: stems/b.wav, tags: drums, to: drums}
buses: {drums: {tags: low}}
versions: {x: {mute: [drums], solo: low}}
`))
	v := p.Song.Versions[0]
	if diff := cmp.Diff([]string{"drums", "a", "b"}, v.Mute); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"drums"}, v.Solo); diff != "" {
		t.Error(diff)
	}
}

// What versions and prints do not say themselves, the session does; and a delivery is
// made of the versions it names.
func TestDynamicsAndVersions(t *testing.T) {
	p := mustLoad(t, song(`session: {dynamics: main}
stems: {a: stems/a.wav}
versions:
  instrumental: {mute: [a]}
  dub: {gain: {a: -3 dB}, dynamics: own}
deliver:
  - streaming
  - cd: {versions: [main, dub]}
  - stems: {versions: "*", through: master, dynamics: own}
  - stems: {name: plain, prints: buses}
assert: [{version: dub, delivery: stems, true_peak: {max: -1 dBTP}}]
`))
	s := p.Song
	if got := []string{s.Dynamics, s.Versions[0].Dynamics, s.Versions[1].Dynamics}; !slices.Equal(got, []string{"main", "main", "own"}) {
		t.Errorf("dynamics of the session and the versions are %v", got)
	}
	made := map[string][]string{}
	for i := range s.Deliver {
		d := &s.Deliver[i]
		for _, version := range []string{"", "main", "instrumental", "dub"} {
			if d.Makes(version) {
				made[d.Name] = append(made[d.Name], version)
			}
		}
	}
	want := map[string][]string{
		"streaming": {"", "main", "instrumental", "dub"}, "cd": {"", "main", "dub"},
		"stems": {"", "main", "instrumental", "dub"}, "plain": {"", "main"},
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("versions of the deliveries (-want +got)\n%s", diff)
	}
	if d := s.Deliver[2]; d.Through != ThroughMaster || d.Dynamics != DynamicsOwn || s.Deliver[3].Through != ThroughNone || s.Deliver[3].Dynamics != "" {
		t.Errorf("prints: %+v and %+v", d, s.Deliver[3])
	}
	if _, diags := loadText(t, song("stems: {a: stems/a.wav}\nversions: {dub: {mute: [a]}}\ndeliver: [stems]\nassert: [{version: dub, true_peak: {max: 0 dBTP}}]\n")); len(diags) != 1 || !strings.Contains(diags[0].Message, "no output is of that") {
		t.Errorf("an assertion about a version that is not delivered: %s", diags.Text())
	}
}
