package spec

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/internal/param"
)

// fileOptions are those of a catalogue with a processor that takes a file.
var fileOptions = Options{Catalogue: append(slices.Clone(fakeCatalogue), param.Kind{
	Name: "convolver", Version: 1, Doc: "convolves", Params: []param.Param{
		{Name: "ir", Type: param.File, Required: true, Doc: "impulse response"},
		{Name: "gain", Unit: param.DB, Min: -60, Max: 24, Default: 0.0, Doc: "level"},
	},
})}

// A processor's file is found relative to the file that names it, be it the project or a preset of its
// own; its name is among the values, and Files and Explain know it.
func TestProcessorFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"lathe.yaml":          song("mix: {chain: [{convolver: {ir: rooms/hall.wav}}, {preset: ./presets/room.yaml}]}\n"),
		"presets/room.yaml":   "chain: [{convolver: {ir: ir/cell.wav, gain: -3 dB}}]\n",
		"presets/ir/cell.wav": "", "rooms/hall.wav": "", "stems/a.wav": "",
	})
	p, diags := Load(dir, fileOptions)
	if p == nil {
		t.Fatal(diags.Text())
	}
	var got [][3]string
	for _, c := range p.Song.Mix.Chain {
		rel, _ := filepath.Rel(dir, c.Files["ir"].Path)
		got = append(got, [3]string{c.Values.Str("ir"), c.Files["ir"].Name, filepath.ToSlash(rel)})
	}
	want := [][3]string{{"rooms/hall.wav", "rooms/hall.wav", "rooms/hall.wav"}, {"ir/cell.wav", "ir/cell.wav", "presets/ir/cell.wav"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	files := Files(dir, fileOptions)
	for _, name := range []string{"rooms/hall.wav", "presets/ir/cell.wav"} {
		if !slices.Contains(files, filepath.Join(dir, filepath.FromSlash(name))) {
			t.Errorf("%s is not among %v", name, files)
		}
	}
	lines := Explain(p, "mix.chain[0].ir")
	if len(lines) != 1 || lines[0].Value != "rooms/hall.wav" || !strings.HasSuffix(lines[0].Origin, "lathe.yaml:4") {
		t.Errorf("explain says %+v", lines)
	}
	if text := string(Schema(fileOptions.Catalogue)); !strings.Contains(text, `"required": [
        "ir"
      ]`) {
		t.Error("the schema does not ask for the file")
	}
}

// What is wrong with a processor's file is said where it is named.
func TestProcessorFileFaults(t *testing.T) {
	for text, want := range map[string]string{
		"{convolver: {}}":                     "mix: convolver: ir is missing (write ir: path/to/file.wav)",
		"{convolver: {ir: none.wav}}":         "mix: convolver: ir none.wav not found ()",
		"{convolver: {ir: rooms/hal.wav}}":    "mix: convolver: ir rooms/hal.wav not found (did you mean rooms/hall.wav?)",
		"{convolver: {ir: rooms}}":            "mix: convolver: ir rooms is a folder ()",
		"{convolver: {ir: [rooms/hall.wav]}}": "mix: convolver: ir: expected the name of a file, found a list ()",
		"{convolver: {ir: ../hall.wav}}":      "mix: convolver: ir ../hall.wav lies outside the project's folder (to allow it, list its folder under roots)",
	} {
		dir := filepath.Join(t.TempDir(), "song")
		write(t, dir, map[string]string{
			"lathe.yaml": song("mix: {chain: [" + text + "]}\n"), "rooms/hall.wav": "", "stems/a.wav": "", "../hall.wav": "",
		})
		_, diags := Load(dir, fileOptions)
		if len(diags) != 1 || diags[0].Message+" ("+diags[0].Hint+")" != want || diags[0].Line != 4 {
			t.Errorf("%s: %s", text, diags.Text())
		}
	}
}
