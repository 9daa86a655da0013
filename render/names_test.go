package render

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/spec"
)

func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"Undertow":          "Undertow.wav",
		"AC/DC: Who? <*>":   "AC_DC_ Who_ ___.wav",
		"dots and spaces. ": "dots and spaces.wav",
		"con":               "_con.wav",
		"COM1.live":         "_COM1.live.wav",
		"communion":         "communion.wav",
		"...":               "_.wav",
		"tab\there":         "tab_here.wav",
		"Ünïcödé 東京":        "Ünïcödé 東京.wav",
	} {
		if got := fileName(name, ".wav"); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	long := fileName(strings.Repeat("東", 200), ".wav")
	if len(long) > maxName || !utf8.ValidString(long) || !strings.HasSuffix(long, ".wav") {
		t.Errorf("a long name became %d bytes: %q", len(long), long)
	}
}

func TestSpelled(t *testing.T) {
	for _, c := range []struct{ name, ascii, distributor string }{
		{"Undertow", "Undertow", "Undertow"},
		{"01 Don’t Go (Instrumental)", "01 Don't Go (Instrumental)", "01_Dont_Go_Instrumental"},
		{"Ænima – Ørsted & Straße", "AEnima - Orsted & Strasse", "AEnima-Orsted_Strasse"},
		{"Łódź, Dvořák, þing", "Lodz, Dvorak, thing", "Lodz_Dvorak_thing"},
		{"ﬁn № 5 ½", "fin No 5 1_2", "fin_No_5_1_2"},
		{"44.1k24", "44.1k24", "44_1k24"},
		{"A - kick", "A - kick", "A-kick"},
		{"東京 2", "__ 2", "2"},
		{"_ snake_case _", "_ snake_case _", "snake_case"},
	} {
		for characters, want := range map[string]string{spec.AnyCharacters: c.name, spec.ASCIICharacters: c.ascii, spec.DistributorCharacters: c.distributor} {
			got, readable := spelled(c.name, characters)
			if got != want || !readable {
				t.Errorf("%q in %s: %q, %v, want %q", c.name, characters, got, readable, want)
			}
			if characters != spec.AnyCharacters && !madeOf(fileName(got, ".wav"), characters) {
				t.Errorf("%q is not made of what it was written in", got)
			}
		}
	}
	if got, readable := spelled("東京", spec.DistributorCharacters); readable {
		t.Errorf("nothing is left of it, and yet %q can be read", got)
	}
}

func TestOutputPaths(t *testing.T) {
	album := `lathe: 1
release: {title: "Great: Album", artist: The Band, catalog: LAT 1, upc: "036000291452"}
songs:
  - {mix: a.wav, title: "low tide, slowly", isrc: QZABC2600001}
  - {mix: a.wav, title: Under}
deliver: [DELIVER]
`
	single := "lathe: 1\nsong: {title: \"It's late\", artist: Me}\nsession: {sample_rate: 192 kHz}\nstems: {lead: {file: a.wav}, kick: {file: a.wav}}\nversions: {tv: {mute: [lead], title: TV Mix}}\ndeliver: [DELIVER]\n"
	for _, c := range []struct {
		project, deliver string
		want             string // paths, or the error
	}{
		{album, "cd", "cd/01 low tide, slowly.wav cd/02 Under.wav"},
		{single, "cd", "cd/It's late.wav cd/It's late (TV Mix).wav"},
		{single, `cd: {file_name: "{track:02} {title}{version}"}`, "cd/It's late.wav cd/It's late (TV Mix).wav"},
		{album, `cd: {file_name: "{artist} - [{track:03} - ]{title}", characters: distributor}`, "cd/The_Band-001-low_tide_slowly.wav cd/The_Band-002-Under.wav"},
		{album, `cd: {file_name: "{catalog}-{track}[ {isrc}]"}`, "cd/LAT 1-1 QZABC2600001.wav cd/LAT 1-2.wav"},
		{album, `cd: {file_name: "{upc}_{track:02}_{album:upper}"}`, "cd/036000291452_01_GREAT_ ALBUM.wav cd/036000291452_02_GREAT_ ALBUM.wav"},
		// As the Producers & Engineers Wing has it: artist, song, mix, version, rate and depth.
		{single, `mixprint: {file_name: "{artist:initials}_{title:words}_MI01[_{version:words}]_{rate}k{depth}"}`, "mixprint/M_ItsLate_MI01_192k24.wav mixprint/M_ItsLate_MI01_TVMix_192k24.wav"},
		{single, `hires: {file_name: "{title} {rate} {delivery}[ {version:bare}]"}`, "hires/It's late 96 hires.wav hires/It's late 96 hires TV Mix.wav"},
		{single, `stems: {file_name: "{print:bare}_{title:words}_{depth}"}`, "stems/lead_ItsLate_32f.wav stems/kick_ItsLate_32f.wav"},
		{album, `cd: {file_name: "{isrc}"}`, `lathe.yaml:6:11: delivery "cd": file_name "{isrc}": "Under" has no isrc: write it, or put it into brackets with what belongs to it, as [ {isrc}]`},
		{album, `cd: {file_name: "{album}"}`, `"low tide, slowly" and "Under" would be the same file cd/Great_ Album.wav: give one of them another title, or the delivery a file_name that tells them apart`},
		{single, `cd: {file_name: "{version:bare}"}`, `nothing is left of it for "It's late"`},
		{strings.Replace(single, "It's late", "夜", 1), `streaming-16`, `nothing of "夜" can be written in characters: distributor; name the file by other fields`},
		{album, `hires: {file_name: "{title} {rate}"}`, `has no rate`},
	} {
		got := ""
		if p, jobs, err := listed(t, strings.Replace(c.project, "DELIVER", c.deliver, 1)); err != nil {
			got = err.Error()
		} else if got = strings.Join(paths(jobs), " "); p == nil {
			t.Fatal(got)
		}
		if got != c.want && (strings.HasSuffix(c.want, ".wav") || !strings.Contains(got, c.want)) {
			t.Errorf("%s:\n%s, want\n%s", c.deliver, got, c.want)
		}
	}
}

// listed loads a project and lists its outputs.
func listed(t *testing.T, text string) (*spec.Project, []job, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"lathe.yaml": text, "a.wav": ""} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, diags := spec.Load(".", spec.Options{Catalogue: catalogue.Params()})
	if p == nil {
		t.Fatalf("%s\n%s", text, diags.Text())
	}
	jobs, err := list(p)
	return p, jobs, err
}
