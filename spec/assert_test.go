package spec

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// one is the only assertion of a project.
func one(t *testing.T, text string) Assertion {
	t.Helper()
	p := mustLoad(t, song("versions: {dub: {mute: a}, live_take: {mute: a}}\ndeliver: [streaming, cd, streaming: {name: club}]\nassert: ["+text+"]\n"))
	if len(p.Song.Assert) != 1 {
		t.Fatalf("%s: %d assertions", text, len(p.Song.Assert))
	}
	return p.Song.Assert[0]
}

func TestAssertLimits(t *testing.T) {
	for _, c := range []struct {
		text, demand string
		keeps, fails []float64
	}{
		{"true_peak: {max: -1 dBTP}", "at most -1 dBTP", []float64{-1, -60}, []float64{-0.999, 0}},
		{"loudness_range: {min: 4 LU}", "at least 4 LU", []float64{4, 10}, []float64{3.999}},
		{"loudness: {min: -14.5 LUFS, max: -13.5}", "-14.5 LUFS to -13.5 LUFS", []float64{-14.5, -14, -13.5}, []float64{-14.501, -13.499}},
		// In binary, -14 - 0.1 is below -14.1 and -14 + 0.1 above -13.9: the
		// limits are meant as decimals, so that a measured -14.1 is within.
		{"loudness: -14 LUFS ±0.1 LU", "-14.1 LUFS to -13.9 LUFS", []float64{-14.1, -13.9}, []float64{-14.101, -13.899}},
		{"loudness: -14 +/- 0.1", "-14.1 LUFS to -13.9 LUFS", []float64{-14}, []float64{-15}},
		{"duration: 3:30 ±500 ms", "3:29.5 to 3:30.5", []float64{209.5, 210.5}, []float64{209.4, 210.6}},
		{"correlation: 0.5 ±0.2", "0.3 to 0.7", []float64{0.3, 0.7}, []float64{0.29}},
		{"sample_peak: {max: -0.3 dBFS}", "at most -0.3 dBFS", []float64{-0.3}, []float64{0}},
		{"dc_offset: {max: 0.01%}", "at most 0.01%", []float64{0.01}, []float64{0.02}},
		{"clipped_runs: 0", "exactly 0", []float64{0}, []float64{1}},
		{"dr: {min: 8}", "at least 8", []float64{8}, []float64{7}},
	} {
		a := one(t, "{"+c.text+"}")
		if got := a.Demand(); got != c.demand {
			t.Errorf("%s: demands %q, want %q", c.text, got, c.demand)
		}
		for _, v := range c.keeps {
			if !a.Keeps(v) {
				t.Errorf("%s: refuses %v", c.text, v)
			}
		}
		for _, v := range c.fails {
			if a.Keeps(v) {
				t.Errorf("%s: takes %v", c.text, v)
			}
		}
	}
}

func TestAssertValuesAndWords(t *testing.T) {
	if a := one(t, "{sample_rate: [44.1 kHz, 48000]}"); !cmp.Equal(a.Allowed, []string{"44.1 kHz", "48 kHz"}) || a.Demand() != "44.1 kHz or 48 kHz" {
		t.Errorf("%v", a.Allowed)
	}
	if a := one(t, "{bit_depth: 24}"); !cmp.Equal(a.Allowed, []string{"24"}) {
		t.Errorf("%v", a.Allowed)
	}
	if a := one(t, "{channels: 2}"); !cmp.Equal(a.Allowed, []string{"2"}) {
		t.Errorf("%v", a.Allowed)
	}
	a := one(t, "{metadata: {isrc: QZ*26*}}")
	for text, want := range map[string]bool{"QZABC2600001": true, "QZABC2500001": false, "": false, "xQZABC26": false} {
		if a.Matches(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if a := one(t, "{metadata: title}"); a.Field != "title" || a.Matches("") || !a.Matches("[x].*") || a.Demand() != "present" {
		t.Errorf("%+v", a)
	}
}

// Every figure takes its own examples, and every limit comes back with the place
// of its key.
func TestAssertFigures(t *testing.T) {
	for _, f := range figures {
		if f.album {
			continue
		}
		a := one(t, fmt.Sprintf("{name: x, %s: {min: %s}}", f.name, f.of.example()))
		if a.Min == nil || a.Max != nil || a.Figure != f.name || a.Width != len(f.name) || a.Pos.Line != 6 || a.Pos.Col != 20 || a.Path != "assert[0]."+f.name {
			t.Errorf("%s: %+v", f.name, a)
		}
		if !f.of.whole {
			if a := one(t, fmt.Sprintf("{%s: %s ±%s}", f.name, f.of.example(), FormatQuantity(0, f.off))); *a.Min != *a.Max {
				t.Errorf("%s: %+v", f.name, a)
			}
		}
	}
}

func TestAssertSelectors(t *testing.T) {
	for _, c := range []struct {
		text                 string
		versions, deliveries []string
	}{
		{"true_peak: {max: -1}", nil, nil},
		{"true_peak: {max: -1}, delivery: C*", nil, []string{"cd", "club"}},
		{"true_peak: {max: -1}, delivery: [club, c*, streaming]", nil, []string{"club", "cd", "streaming"}},
		{"true_peak: {max: -1}, version: main", []string{"main"}, nil},
		{"true_peak: {max: -1}, version: live*e, delivery: cd", []string{"live_take"}, []string{"cd"}},
	} {
		a := one(t, "{"+c.text+"}")
		if diff := cmp.Diff([][]string{c.versions, c.deliveries}, [][]string{a.Versions, a.Deliveries}); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.text, diff)
		}
	}
	a := one(t, "{true_peak: {max: -1}, version: [main, dub], delivery: cd}")
	if !a.Covers(0, "dub", "cd") || a.Covers(0, "live_take", "cd") || a.Covers(0, "main", "club") {
		t.Errorf("%+v", a)
	}
}

const assertAlbum = `lathe: 1
release: {title: R}
songs:
  - {mix: mix.wav, title: Harbour}
  - {mix: mix.wav, title: Harbour Lights}
  - file: third.yaml
deliver: [streaming, cd]
assert:
  - {name: a flow, spread: {max: 2 LU}, gap: {min: 0.5 s, max: 3 s}}
  - {song: Harbour, version: main, severity: warning, true_peak: {max: -1 dBTP}}
`

func TestAssertAlbum(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"lathe.yaml": assertAlbum, "mix.wav": "", "a.wav": "",
		"third.yaml": "lathe: 1\nsong: {title: Third}\nstems: {a: a.wav}\ndeliver: [broadcast, cd]\nassert:\n" +
			"  - {plr: {min: 8 LU}}\n  - {delivery: broadcast, plr: {min: 9 LU}}\n  - {delivery: [broadcast, cd], plr: {min: 10 LU}}\n",
	})
	t.Chdir(dir)
	p, diags := Load(".", fakeOptions)
	if p == nil {
		t.Fatal(diags.Text())
	}
	if len(p.Assert) != 3 || p.Assert[0].Figure != "spread" || p.Assert[0].Name != "a flow" || p.Assert[1].Figure != "gap" || !p.Assert[2].Warn ||
		!cmp.Equal(p.Assert[2].Songs, []int{1}) {
		t.Errorf("%+v", p.Assert)
	}
	// The song's own list counts too, but what the album does not make is told.
	own := p.Songs[2].Song.Assert
	if len(own) != 2 || *own[0].Min != 8 || *own[1].Min != 10 {
		t.Errorf("%+v", own)
	}
	want := "third.yaml:7:27: warning: assert: PLR: the album does not deliver broadcast, so this is not checked"
	if len(diags) != 1 || diags[0].Error() != want {
		t.Errorf("%v", diags)
	}
	lines := Explain(p, "assert[0]")
	for i, want := range []string{"a flow", "error", "all", "all", "all", "at most 2 LU", "0.5 s to 3 s"} {
		if lines[i].Value != want {
			t.Errorf("explain: %+v, want %q", lines[i], want)
		}
	}
}

// A pattern without wildcards fits itself alone, whatever else is in it, and
// stars fit what they stand for.
func TestGlob(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z.(\[\\^$+{|]{0,8}`)
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		if !globbed(a, a) || globbed(a, a+"x") || globbed(a, "x"+a) {
			t.Fatalf("%q", a)
		}
		if !globbed(a+"*"+c, a+b+c) || !globbed("*"+c, b+"é\n"+c) || globbed(a+"*"+c+"Y", a+b+c) {
			t.Fatalf("%q %q %q", a, b, c)
		}
	})
}

// What loads validates against the schema, and what the schema can know to be
// wrong does not.
func TestAssertSchema(t *testing.T) {
	schema := compile(t, Schema(fakeCatalogue))
	if err := schema.Validate(AsJSON([]byte(assertAlbum))); err != nil {
		t.Error(err)
	}
	for text, good := range map[string]bool{
		"{loudness: -14 LUFS ±0.5 LU, duration: 3:30 +/- 10 ms, correlation: 0.5 ±0.2, clipped_runs: 0}":                true,
		"{true_peak: {max: -1}, bit_depth: [16, 24], format: wav, sample_rate: 44.1 kHz, delivery: st*, version: main}": true,
		"{metadata: [title, isrc]}":      true,
		"{metadata: title}":              true,
		"{metadata: {isrc: QZ*}}":        true,
		"{metadata: {barcode: 1}}":       false,
		"{metadata: []}":                 false,
		"{true_peak: -1 dBTP}":           false,
		"{true_peak: {}}":                false,
		"{loudness: {min: -14 dB}}":      false,
		"{loudness: -14 LUFS ±0.5 s}":    false,
		"{spread: {max: 2 LU}}":          false,
		"{severity: bad, plr: {min: 8}}": false,
	} {
		err := schema.Validate(AsJSON([]byte(song("assert: [" + text + "]\n"))))
		if (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// An assertion about outputs that nobody makes would never fail.
func TestAssertNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"a.wav": "", "one.yaml": "lathe: 1\nsong: {title: One}\nmix: a.wav\ndeliver: [cd]\n", "two.yaml": "lathe: 1\nsong: {title: Two}\nmix: a.wav\n",
		"lathe.yaml": "lathe: 1\nrelease: {title: R}\nsongs: [{file: one.yaml}, {file: two.yaml}]\nassert:\n  - {song: Two, delivery: cd, plr: {min: 8 LU}}\n",
	})
	t.Chdir(dir)
	_, diags := Load(".", fakeOptions)
	if len(diags) != 1 || diags[0].Error() != "lathe.yaml:5:5: assert 1: no output is of that song, version and delivery" {
		t.Errorf("%v", diags)
	}
}
