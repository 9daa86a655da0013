package spec

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func explained(p *Project, path string) string {
	var b strings.Builder
	for _, l := range Explain(p, path) {
		fmt.Fprintf(&b, "%s = %s | %s\n", l.Path, l.Value, l.Origin)
	}
	return b.String()
}

func TestExplain(t *testing.T) {
	p := mustLoad(t, testdata(t, "page-song.yaml"))
	for path, want := range map[string]string{
		"stems.bass.chain[0].threshold": "stems.bass.chain[0].threshold = -20 dB | lathe.yaml:26\n",
		"stems.bass.pan":                "stems.bass.pan = C | default\n",
		"stems.lead.sends": `stems.lead.sends.plate.level = -12 dB | lathe.yaml:34
stems.lead.sends.plate.pre = false | default
stems.lead.sends.echo.level = -18 dB | lathe.yaml:34
stems.lead.sends.echo.pre = true | lathe.yaml:34
`,
		"stems.lead.automation.gain[1]": `stems.lead.automation.gain[1].at = 0:41.739 | lathe.yaml:38 (bar 17 at 92 bpm)
stems.lead.automation.gain[1].value = 1.5 dB | lathe.yaml:38
stems.lead.automation.gain[1].curve = linear | lathe.yaml:38
`,
		"returns.echo.chain[0].time":          "returns.echo.chain[0].time = 489.1304 ms | lathe.yaml:49 (1/8. at 92 bpm)\n",
		"versions.instrumental.title":         "versions.instrumental.title = Instrumental | derived: from its name\n",
		"deliver.club.loudness":               "deliver.club.loudness = -9 LUFS | lathe.yaml:72\n",
		"deliver.club.bit_depth":              "deliver.club.bit_depth = 24 | profile streaming\n",
		"deliver.club.tolerance":              "deliver.club.tolerance = 0.1 LU | default\n",
		"deliver.club.max_reduction":          "deliver.club.max_reduction = 12 dB | default\n",
		"stems.lead.chain[0].id":              "stems.lead.chain[0].id = tone | preset vocal/lead\n",
		"mix.chain[0].release":                "mix.chain[0].release = auto | lathe.yaml:53\n",
		"stems.le":                            "",
		"nowhere":                             "",
		"buses.drums.chain[0].chain[0].ratio": "buses.drums.chain[0].chain[0].ratio = 8:1 | lathe.yaml:45\n",
	} {
		if diff := cmp.Diff(want, explained(p, path)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
	seen := map[string]bool{}
	for _, l := range Explain(p, "") {
		if seen[l.Path] || l.Path == "" || l.Value == "" || l.Origin == "" {
			t.Errorf("line %+v (seen before: %v)", l, seen[l.Path])
		}
		seen[l.Path] = true
	}
	if got := p.Suggest("stems.bas.gain"); got != "stems.bass.gain" {
		t.Errorf("Suggest = %q", got)
	}
}

func TestExplainAlbum(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"lathe.yaml": "lathe: 1\nrelease: {title: R, artist: A}\nsongs: [file: one.yaml, mix: a.wav]\nmaster: {max_reduction: 5 dB}\ndeliver: cd\n",
		"a.wav":      "", "one.yaml": "lathe: 1\nsong: {title: One}\nstems: {a: a.wav}\ndeliver: mix\n",
	})
	t.Chdir(dir)
	p, diags := Load(".", fakeOptions)
	if diags.HasErrors() {
		wantNone := diags.Text()
		if !strings.Contains(wantNone, "title is missing") {
			t.Fatal(wantNone)
		}
	}
	write(t, dir, map[string]string{"lathe.yaml": "lathe: 1\nrelease: {title: R, artist: A}\nsongs: [file: one.yaml, {mix: a.wav, title: Two}]\nmaster: {max_reduction: 5 dB, limiter: punchy}\ndeliver: {cd: {limiter: {clip: 2 dB}}}\n"})
	if p, diags = Load(".", fakeOptions); p == nil {
		t.Fatal(diags.Text())
	}
	for path, want := range map[string]string{
		"songs[0].song.artist": "songs[0].song.artist = A | release.artist, lathe.yaml:2\n",
		"songs[0].song.title":  "songs[0].song.title = One | one.yaml:2\n",
		"songs[0].deliver": "songs[0].deliver.cd.max_reduction = 5 dB | lathe.yaml:4\n" +
			"songs[0].deliver.cd.limiter.style = punchy | lathe.yaml:4\n" +
			"songs[0].deliver.cd.limiter.release = auto | default\n" +
			"songs[0].deliver.cd.limiter.lookahead = auto | default\n" +
			"songs[0].deliver.cd.limiter.link = auto | default\n", // clip is the album's
		"songs[1].gap":                      "songs[1].gap = 2 s | default\n",
		"songs[1].mix":                      "songs[1].mix = a.wav | lathe.yaml:3\n",
		"songs[1].title":                    "songs[1].title = Two | lathe.yaml:3\n",
		"deliver.cd.bit_depth":              "deliver.cd.bit_depth = 16 | profile cd\n",
		"songs[0].stems.a.gain":             "songs[0].stems.a.gain = 0 dB | default\n",
		"songs[0].session.sample_rate":      "songs[0].session.sample_rate = the most common rate among the stems | default\n",
		"songs[0].master.max_reduction":     "songs[0].master.max_reduction = 5 dB | lathe.yaml:4\n",
		"songs[0].master.max_reduction.too": "",
	} {
		if diff := cmp.Diff(want, explained(p, path)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
}

func TestExplainAsJSON(t *testing.T) {
	p := mustLoad(t, song("stems: {a: {file: stems/a.wav, gain: -3.5 dB, to: mix}}\n"))
	got, err := json.Marshal(append(Explain(p, "stems.a.gain"), Explain(p, "stems.a.to")...))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"path":"stems.a.gain","value":"-3.5 dB","number":-3.5,"unit":"dB","origin":"lathe.yaml:3","doc":"the fader"},` +
		`{"path":"stems.a.to","value":"mix","origin":"lathe.yaml:3","doc":"where the output goes: a bus, or the mix"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
