package spec_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/profiles"
	"github.com/lathe-audio/lathe/spec"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec.Schema(catalogue.Params())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("project.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("project.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The examples load without an error, and validate against the schema.
func TestExamples(t *testing.T) {
	schema := schemaOf(t)
	var projects int
	err := filepath.WalkDir("../examples", func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(file) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(text, []byte("lathe:")) {
			return err // a profile or a preset
		}
		projects++
		if err := schema.Validate(spec.AsJSON(text)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if _, diags := spec.Load(file, spec.Options{Catalogue: catalogue.Params()}); diags.HasErrors() {
			t.Error(diags.Text())
		}
		return nil
	})
	if err != nil || projects < 2 {
		t.Errorf("%d projects: %v", projects, err)
	}
}

// Every preset that comes with lathe is right for the processors there are.
func TestPresets(t *testing.T) {
	for _, name := range profiles.PresetNames() {
		dir := t.TempDir()
		text := "lathe: 1\nsong: {title: T, tempo: 120}\nstems: {a: a.wav}\nmix: {chain: [preset: " + name + "]}\n"
		for file, text := range map[string]string{"lathe.yaml": text, "a.wav": ""} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		p, diags := spec.Load(dir, spec.Options{Catalogue: catalogue.Params()})
		if len(diags) > 0 {
			t.Errorf("%s:\n%s", name, diags.Text())
			continue
		}
		for _, processor := range p.Song.Mix.Chain {
			if processor.From != "preset "+name {
				t.Errorf("%s: a %s comes from %q", name, processor.Kind, processor.From)
			}
		}
		if len(p.Song.Mix.Chain) == 0 {
			t.Errorf("%s: is empty", name)
		}
	}
}

// Every profile that comes with lathe says what it is and where its figures
// come from.
func TestProfiles(t *testing.T) {
	all, diags := spec.Profiles()
	if len(diags) > 0 || len(all) != len(profiles.DeliveryNames()) {
		t.Fatalf("%d profiles:\n%s", len(all), diags.Text())
	}
	for _, p := range all {
		d := p.Delivery
		if p.Doc == "" || d.Title == "" || d.Source == "" || d.Date == "" || d.MaxReduction <= 0 || d.Tolerance <= 0 {
			t.Errorf("%s: %+v", p.Name, d)
		}
		if d.From == "mix" && (d.Loudness != nil || d.Ceiling != nil || d.Peak != nil) || strings.TrimSpace(d.Name) != p.Name {
			t.Errorf("%s: %+v", p.Name, d)
		}
		if !slices.Contains(spec.ProfileGroups(), d.Group) {
			t.Errorf("%s is in no group", p.Name)
		}
		for _, r := range d.Rules {
			if r.Mark == "" || r.Source == "" || r.Source == d.Source {
				t.Errorf("%s: nobody is named who says that %s", p.Name, r)
			}
			if r.Mark == spec.Unconfirmed && !r.Advice {
				t.Errorf("%s: nobody has confirmed that %s", p.Name, r)
			}
		}
	}
}
