package spec

import (
	"testing"

	"github.com/lathe-audio/lathe/internal/param"
)

// What documentation says of a setting is what the language accepts.
func TestSettings(t *testing.T) {
	params := []param.Param{
		{Name: "level", Unit: param.DB, Min: -80, Max: 0, Default: -18.0, Doc: "how loud"},
		{Name: "window", Unit: param.MS, Min: 1, Max: 5000, Default: "auto", Auto: true, Fixed: true, Doc: "how long"},
		{Name: "rate", Unit: param.Hz, Min: 0.01, Max: 40, Notes: true, Required: true, Doc: "how often"},
		{Name: "phase", Unit: param.Degrees, Max: 360, Notes: true, Auto: true, Doc: "where"},
		{Name: "shape", Type: param.Choice, Choices: []string{"sine", "triangle", "square"}, Default: "sine", Doc: "way"},
		{Name: "filter", Type: param.Switch, Default: false, Doc: "whether"},
		{Name: "sidechain", Type: param.Signal, Doc: "whom"},
		{Name: "ir", Type: param.File, Required: true, Doc: "which"},
		{Name: "split", Type: param.Numbers, Unit: param.Hz, Min: 20, Max: 20000, MinItems: 1, MaxItems: 4, Default: []float64{200, 2000}, Doc: "where"},
		{Name: "bands", Type: param.Items, MinItems: 1, Doc: "each", Fields: []param.Param{{Name: "q", Min: 0.1, Max: 40, Default: 0.5, Doc: "dB or so"}}},
		{Name: "chain", Type: param.Chain, Doc: "inside"},
		{Name: "chains", Type: param.Chains, MinItems: 2, MaxItems: 5, Doc: "inside"},
	}
	want := []struct {
		accepts, def string
		moves        bool
	}{
		{"-80 dB to 0 dB", "-18 dB", true},
		{"1 ms to 5 s, or auto", "auto", false},
		{"0.01 Hz to 40 Hz, or a note length", "", true},
		{"0 deg to 360 deg, a note length, or auto", "", true},
		{"sine, triangle or square", "sine", false},
		{"true or false", "false", false},
		{"a stem, bus or return", "", false},
		{"an audio file", "", false},
		{"1 to 4 of 20 Hz to 20 kHz", "[200 Hz, 2 kHz]", false},
		{"a list of 1 or more", "", false},
		{"a chain", "", false},
		{"2 to 5 chains", "", false},
	}
	settings := Settings(params)
	for i, w := range want {
		s := settings[i]
		if s.Key != params[i].Name || s.Accepts() != w.accepts || s.DefaultText() != w.def || s.Automatable != w.moves || s.Required != params[i].Required {
			t.Errorf("%s: %q, default %q, automatable %v, required %v; want %+v", s.Key, s.Accepts(), s.DefaultText(), s.Automatable, s.Required, w)
		}
	}
	if q := settings[9].Settings; len(q) != 1 || q[0].Accepts() != "0.1 to 40" || !q[0].Automatable || q[0].Meaning != "dB or so." {
		t.Errorf("settings of the entries of bands: %+v", q)
	}
	var common []string
	for _, s := range CommonSettings() {
		common = append(common, s.Key+": "+s.Accepts()+": "+s.DefaultText())
	}
	if got := common; len(got) != 3 || got[0] != "id: a name: " || got[1] != "bypass: true or false: false" || got[2] != "mix: 0% to 100%: 100%" {
		t.Errorf("what every processor takes: %q", got)
	}
}

func TestSuggestKind(t *testing.T) {
	kinds := []param.Kind{{Name: "compressor"}, {Name: "delay"}}
	for word, want := range map[string]string{"compresor": "compressor", "Echo": "delay", "comp": "compressor", "wobbler": ""} {
		if got := SuggestKind(word, kinds); got != want {
			t.Errorf("SuggestKind(%q) = %q, want %q", word, got, want)
		}
	}
}
