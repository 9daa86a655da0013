package spec

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compile(t testing.TB, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("project.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("project.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaTakesThePage(t *testing.T) {
	s := compile(t, Schema(fakeCatalogue))
	for _, name := range []string{"page-song.yaml", "page-album.yaml"} {
		text := strings.Replace(testdata(t, name), "chain: [...]", "chain: [imager]", 1)
		if err := s.Validate(AsJSON([]byte(text))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the schema and Load say about one value is the same.
func TestSchemaAgreesWithLoad(t *testing.T) {
	s := compile(t, Schema(fakeCatalogue))
	for _, c := range []struct {
		parts string
		valid bool
	}{
		{"mix: {gain: -3 dB}", true}, {"mix: {gain: -3}", true}, {"mix: {gain: 3 Hz}", false}, {"mix: {gain: 60}", false}, {"mix: {gain: \"-3\"}", false},
		{"mix: {pan: L30, width: 30%}", true}, {"mix: {pan: l30}", false}, {"mix: {to: a}", false}, {"mixx: {}", false},
		{"mix: mix.wav\nsong: {title: 1999}", true}, {"mix: [a]", false},
		{"stems: {a: {file: stems/a.wav, mute: true}}", true}, {"stems: {a: {file: stems/a.wav, mute: \"true\"}}", false}, {"stems: {a: {gain: 3}}", false},
		{"stems: {a b: stems/a.wav}", false}, {"stems: {808: stems/a.wav}", true}, {"stems: {a: {file: stems/a.wav, tags: [x, 2]}}", true}, {"stems: {a: {file: stems/a.wav, tags: x}}", true},
		{"stems: {a: {file: stems/a.wav, offset: bar 3}}", true}, {"stems: {a: {file: stems/a.wav, offset: bar 0}}", false},
		{"mix: {chain: [imager]}", true}, {"mix: {chain: [eq]}", false}, {"mix: {chain: [imager: {}, saturator: {oversample: 4}]}", true}, {"mix: {chain: [saturator: {oversample: 3}]}", false},
		{"mix: {chain: [imager: {width: 30%, mix: 50%, id: w, bypass: true}]}", true}, {"mix: {chain: [imager: {wdth: 3}]}", false}, {"mix: {chain: [nothing: {}]}", false},
		{"mix: {chain: [{imager: {}, saturator: {}}]}", false}, {"mix: {chain: [preset: vocal/lead]}", true}, {"mix: {chain: {imager: {}}}", false},
		{"mix: {chain: [compressor: {release: auto}]}", true}, {"mix: {chain: [compressor: {attack: auto}]}", false}, {"mix: {chain: [compressor: {attack: 1/8}]}", false},
		{"mix: {chain: [delay: {time: 1/8.}]}", true}, {"mix: {chain: [delay: {}]}", false}, {"mix: {chain: [parallel: {chain: [imager]}]}", true}, {"mix: {chain: [parallel: {chain: imager}]}", false},
		{"mix: {chain: [bands: {split: 100 Hz, chains: [[], [imager]]}]}", true}, {"mix: {chain: [bands: {split: 100 Hz, chains: [[]]}]}", false},
		{"mix: {automation: {gain: [{at: 0:01, value: -3 dB}]}}", true}, {"mix: {automation: {gain: []}}", false}, {"mix: {automation: {gain: [{at: 0:01}]}}", false}, {"mix: {automation: {gian: [{at: 0, value: 0}]}}", false},
		{"mix: {automation: {gain: [{at: 0:01, value: 0, curve: s-curve}]}}", true}, {"mix: {automation: {gain: [{at: 0:01, value: 0, curve: round}]}}", false},
		{"engine: 1", true}, {"engine: 0", false}, {"engine: \"1\"", false}, {"engine: newest", false}, {"engine: [1]", false}, {"engine: 1.5", false},
		{"deliver: streaming", true}, {"deliver: [cd, streaming: {loudness: none, ceiling: -2 dBTP}]", true}, {"deliver: {cd: {bit_depth: 24}}", true}, {"deliver: [cd: {bit_depth: 20}]", false}, {"deliver: []", false},
		{"release: {title: R, upc: \"036000291452\", date: 2026-11-20}", true}, {"release: {title: R, upc: 036000291452}", false}, {"release: {artist: R}", false},
		{"session: {sample_rate: 44.1 kHz}", true}, {"session: {sample_rate: 44100}", true}, {"session: {sample_rate: 44100.5}", false}, {"session: {sample_rate: 1 Hz}", true}, // ranges of texts are Load's
		{"stems: {a: {file: stems/a.wav, offset: bwf, delay: -12 samples, fade_in: 20 ms, fade_out: {length: 1:30, shape: s-curve}, trim: {end: 3:10.5}}}", true},
		{"stems: {a: {file: stems/a.wav, offset: bfw}}", false}, {"stems: {a: {file: stems/a.wav, fade_in: {shape: linear}}}", false}, {"stems: {a: {file: stems/a.wav, delay: 1.5 samples}}", false},
		{"stems: {a: {clips: [{file: stems/a.wav, at: bar 3, start: 1 s, gain: -2 dB}, {file: stems/b.wav, at: 0:30, crossfade: 20 ms}]}}", true},
		{"stems: {a: {clips: [{file: stems/a.wav}]}}", false}, {"stems: {a: {clips: []}}", false}, {"stems: {a: {file: stems/a.wav, clips: [{file: stems/a.wav, at: 0}]}}", false}, {"stems: {a: {}}", false},
		{"stems: {a: {file: stems/a.wav, mono: true, channel: side, rotate: 45°, pan_law: -4.5 dB, polarity: left}}", true}, {"stems: {a: {file: stems/a.wav, pan_law: -5 dB}}", false},
		{"stems: {a: {file: stems/a.wav, pan_law: -6}}", true}, {"session: {pan_law: balance}", true}, {"session: {start: 10:00:00}\nstems: {a: {file: stems/a.wav, offset: bwf}}", true}, {"session: {start: 10:00:00:12}", false},
		{"stems: {a: {file: stems/a.wav, automation: {rotate: [{at: 0, value: 45 deg}]}}}", true},
		{"versions: {x: {mute: a}}", true}, {"versions: {x: {mut: a}}", false},
	} {
		text := c.parts + "\n"
		if !strings.Contains(text, "song:") {
			text = "song: {title: T, tempo: 120}\n" + text
		}
		if !strings.Contains(text, "stems:") && !strings.Contains(text, "mix.wav") {
			text = "stems: {a: stems/a.wav}\n" + text
		}
		text = "lathe: 1\n" + text
		err := s.Validate(AsJSON([]byte(text)))
		if (err == nil) != c.valid {
			t.Errorf("%s: valid is %v, want %v: %v", c.parts, err == nil, c.valid, err)
		}
		p, diags := loadText(t, text)
		if (p != nil) != c.valid && !strings.Contains(c.parts, "1 Hz") {
			t.Errorf("%s: loads is %v, want %v:\n%s", c.parts, p != nil, c.valid, diags.Text())
		}
	}
}

func TestSchemaIsDocumented(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal(Schema(fakeCatalogue), &root); err != nil {
		t.Fatal(err)
	}
	defs := root["$defs"].(map[string]any)
	for name, def := range defs {
		walkProperties(def, func(key string, value map[string]any) {
			if value["description"] == "" || value["description"] == nil {
				t.Errorf("%s.%s has no description", name, key)
			}
		})
	}
	for _, name := range []string{"song", "stem", "bus", "return", "send", "mix", "version", "master", "delivery", "release", "album", "album_song", "chain", "processor_eq", "processor_compressor"} {
		if defs[name] == nil {
			t.Errorf("no definition of %s", name)
		}
	}
	if !bytes.Equal(Schema(fakeCatalogue), Schema(fakeCatalogue)) {
		t.Error("two schemas of one catalogue differ")
	}
}

func walkProperties(v any, visit func(string, map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok {
			for key, value := range properties {
				visit(key, value.(map[string]any))
			}
		}
		for _, x := range v {
			walkProperties(x, visit)
		}
	case []any:
		for _, x := range v {
			walkProperties(x, visit)
		}
	}
}
