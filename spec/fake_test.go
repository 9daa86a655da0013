package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/internal/param"
)

// fakeCatalogue has one parameter of every shape, under the names that the
// example projects use: this package is tested without any audio.
var fakeCatalogue = []param.Kind{
	{Name: "eq", Version: 1, Doc: "equalizer", Params: []param.Param{
		{Name: "phase", Type: param.Choice, Choices: []string{"minimum", "linear"}, Default: "minimum", Doc: "phase response"},
		{Name: "bands", Type: param.Items, MinItems: 1, MaxItems: 24, Required: true, Doc: "the bands", Fields: []param.Param{
			{Name: "type", Type: param.Choice, Choices: []string{"bell", "lowshelf", "highshelf", "highpass", "lowpass"}, Required: true, Doc: "shape"},
			{Name: "freq", Unit: param.Hz, Min: 10, Max: 24000, Required: true, Doc: "centre or corner"},
			{Name: "gain", Unit: param.DB, Min: -30, Max: 30, Default: 0.0, Doc: "boost or cut"},
			{Name: "q", Min: 0.1, Max: 40, Default: 0.7071, Doc: "quality"},
			{Name: "slope", Unit: param.Slope, Min: 6, Max: 96, Default: 12.0, Fixed: true, Doc: "steepness"},
			{Name: "on", Type: param.Choice, Choices: []string{"stereo", "mid", "side"}, Default: "stereo", Doc: "what is equalized"},
		}},
	}, Check: func(v param.Values) []param.Problem {
		for i, b := range v.List("bands") {
			if b.Str("type") == "highpass" && b.Num("gain") != 0 {
				return []param.Problem{{Path: "bands[" + string(rune('0'+i)) + "].gain", Message: "a highpass has no gain"}}
			}
		}
		return nil
	}, Still: func(v param.Values, path string) string {
		for i, b := range v.List("bands") {
			if b.Str("type") == "highpass" && path == "bands."+string(rune('1'+i))+".gain" {
				return "a highpass has no gain to automate: automate freq"
			}
		}
		return ""
	}},
	{Name: "compressor", Version: 1, Doc: "compressor", Params: []param.Param{
		{Name: "threshold", Unit: param.DB, Min: -80, Max: 0, Default: -18.0, Doc: "level above which it works"},
		{Name: "ratio", Unit: param.Ratio, Min: 1, Max: 100, Default: 2.0, Doc: "how much"},
		{Name: "attack", Unit: param.MS, Min: 0.01, Max: 500, Default: 10.0, Doc: "how fast"},
		{Name: "release", Unit: param.MS, Min: 1, Max: 5000, Default: 120.0, Auto: true, Doc: "how slow"},
		{Name: "knee", Unit: param.DB, Min: 0, Max: 36, Default: 6.0, Doc: "softness"},
		{Name: "lookahead", Unit: param.MS, Min: 0, Max: 20, Default: 0.0, Fixed: true, Doc: "looks ahead"},
		{Name: "detector", Type: param.Choice, Choices: []string{"peak", "rms"}, Default: "peak", Doc: "what it measures"},
		{Name: "makeup", Unit: param.DB, Min: -24, Max: 24, Default: 0.0, Auto: true, Doc: "gain after it"},
		{Name: "sidechain", Type: param.Signal, Doc: "what it listens to"},
	}},
	{Name: "deesser", Version: 1, Doc: "de-esser", Params: []param.Param{
		{Name: "freq", Unit: param.Hz, Min: 2000, Max: 16000, Default: 6500.0, Doc: "where"},
		{Name: "threshold", Unit: param.DB, Min: -80, Max: 0, Default: -24.0, Doc: "level"},
	}},
	{Name: "multiband", Version: 1, Doc: "multiband compressor", Params: []param.Param{
		{Name: "split", Type: param.Numbers, Unit: param.Hz, Min: 20, Max: 20000, MinItems: 1, MaxItems: 4, Required: true, Doc: "where bands meet"},
		{Name: "bands", Type: param.Items, MinItems: 2, MaxItems: 5, Required: true, Doc: "bands", Fields: []param.Param{
			{Name: "threshold", Unit: param.DB, Min: -80, Max: 0, Default: -18.0, Doc: "level"},
			{Name: "ratio", Unit: param.Ratio, Min: 1, Max: 100, Default: 2.0, Doc: "how much"},
			{Name: "bypass", Type: param.Switch, Default: false, Doc: "leave it"},
		}},
	}, Check: func(v param.Values) []param.Problem {
		if len(v.List("bands")) != len(v.Nums("split"))+1 {
			return []param.Problem{{Path: "bands", Message: "expected one band more than split has frequencies"}}
		}
		return nil
	}},
	{Name: "saturator", Version: 1, Doc: "saturator", Params: []param.Param{
		{Name: "type", Type: param.Choice, Choices: []string{"tape", "tube"}, Default: "tape", Doc: "curve"},
		{Name: "drive", Unit: param.DB, Min: 0, Max: 36, Default: 3.0, Doc: "level into it"},
		{Name: "oversample", Type: param.Choice, Choices: []string{"1", "2", "4", "8"}, Default: "4", Doc: "oversampling"},
	}},
	{Name: "imager", Version: 1, Doc: "stereo width", Params: []param.Param{
		{Name: "width", Unit: param.Percent, Min: 0, Max: 200, Default: 100.0, Doc: "width"},
		{Name: "mono_below", Unit: param.Hz, Min: 20, Max: 500, Doc: "mono below"},
	}},
	{Name: "reverb", Version: 1, Doc: "reverb", Params: []param.Param{
		{Name: "type", Type: param.Choice, Choices: []string{"plate"}, Default: "plate", Doc: "kind of room"},
		{Name: "decay", Unit: param.Seconds, Min: 0.1, Max: 20, Default: 1.8, Doc: "time to -60 dB"},
		{Name: "predelay", Unit: param.MS, Min: 0, Max: 500, Default: 0.0, Notes: true, Fixed: true, Doc: "silence before it"},
	}},
	{Name: "delay", Version: 1, Doc: "echo", Params: []param.Param{
		{Name: "time", Unit: param.MS, Min: 1, Max: 5000, Notes: true, Required: true, Doc: "between echoes"},
		{Name: "feedback", Unit: param.Percent, Min: 0, Max: 95, Default: 30.0, Doc: "how much comes again"},
		{Name: "highcut", Unit: param.Hz, Min: 500, Max: 24000, Doc: "dulls the echoes"},
	}},
	{Name: "parallel", Version: 1, Doc: "a chain beside the dry signal", Params: []param.Param{
		{Name: "chain", Type: param.Chain, Required: true, Doc: "the chain"},
	}},
	{Name: "bands", Version: 1, Doc: "a chain for each band", Params: []param.Param{
		{Name: "split", Type: param.Numbers, Unit: param.Hz, Min: 20, Max: 20000, MinItems: 1, MaxItems: 4, Required: true, Doc: "where bands meet"},
		{Name: "chains", Type: param.Chains, MinItems: 2, MaxItems: 5, Required: true, Doc: "the chains"},
	}, Check: func(v param.Values) []param.Problem {
		if v.Num("chains") != float64(len(v.Nums("split"))+1) {
			return []param.Problem{{Path: "chains", Message: "expected one chain more than split has frequencies"}}
		}
		return nil
	}},
}

var fakeOptions = Options{Catalogue: fakeCatalogue}

// write puts files into a folder; an empty text makes a file of that name.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// loadText loads a project from its text, with stems a.wav and b.wav and the
// files of the song on the page beside it.
func loadText(t testing.TB, text string) (*Project, Diagnostics) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"lathe.yaml": text, "stems/a.wav": "", "stems/b.wav": "", "mix.wav": "",
		"stems/kick.wav": "", "stems/bass.wav": "", "stems/lead.flac": "",
	})
	t.Chdir(dir)
	return Load(".", fakeOptions)
}

func mustLoad(t testing.TB, text string) *Project {
	t.Helper()
	p, diags := loadText(t, text)
	if p == nil {
		t.Fatalf("does not load:\n%s", diags.Text())
	}
	return p
}

// song wraps what a test is about into a project.
func song(parts string) string {
	text := "lathe: 1\nsong: {title: T, tempo: 120}\n"
	if !strings.Contains(parts, "stems:") {
		text += "stems: {a: stems/a.wav}\n"
	}
	return text + parts
}
