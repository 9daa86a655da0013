package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/internal/param"
)

// rates are those a session may have.
var rates = []int{44100, 48000, 96000, 192000}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// slotNames belong to every processor; a kind may not use them for its own.
var slotNames = []string{"id", "bypass", "mix"}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range All() {
		if seen[k.Name] {
			t.Errorf("two kinds are called %q", k.Name)
		}
		seen[k.Name] = true
		checkText(t, "kind "+k.Name, k.Name, k.Doc)
		if k.Version < 1 {
			t.Errorf("%s: version %d", k.Name, k.Version)
		}
		checkParams(t, k.Name, k.Params)
		for _, name := range slotNames {
			if _, taken := k.Param(name); taken {
				t.Errorf("%s.%s: every processor has a setting of that name already", k.Name, name)
			}
		}
	}
}

func checkText(t *testing.T, what, name, doc string) {
	t.Helper()
	if !snakeCase.MatchString(name) {
		t.Errorf("%s: the name is not in snake_case", what)
	}
	if doc == "" || strings.ContainsAny(doc, "\r\n") || doc != strings.TrimSpace(doc) {
		t.Errorf("%s: the doc is not one line: %q", what, doc)
	}
}

func checkParams(t *testing.T, path string, params []param.Param) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range params {
		name := path + "." + p.Name
		if seen[p.Name] {
			t.Errorf("%s: two parameters of that name", name)
		}
		seen[p.Name] = true
		checkText(t, name, p.Name, p.Doc)
		if p.Required && p.Default != nil {
			t.Errorf("%s: required, and has a default", name)
		}
		if err := checkType(p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checkParams(t, name, p.Fields)
	}
}

// checkType finds what is wrong with a parameter's declaration.
func checkType(p param.Param) error {
	numeric := p.Type == param.Number || p.Type == param.Numbers
	switch {
	case numeric && p.Min >= p.Max:
		return fmt.Errorf("range %v to %v", p.Min, p.Max)
	case p.Type != param.Number && (p.Auto || p.Fixed):
		return fmt.Errorf("auto and fixed are for single numbers")
	case (p.Type == param.Choice) != (len(p.Choices) > 0):
		return fmt.Errorf("choices %q do not go with the type", p.Choices)
	case (p.Type == param.Items) != (len(p.Fields) > 0):
		return fmt.Errorf("%d fields do not go with the type", len(p.Fields))
	case p.MaxItems != 0 && p.MaxItems < p.MinItems:
		return fmt.Errorf("%d to %d items", p.MinItems, p.MaxItems)
	}
	if p.Default == nil {
		return nil
	}
	ok := false
	switch d := p.Default.(type) {
	case float64:
		ok = p.Type == param.Number && d >= p.Min && d <= p.Max
	case string:
		ok = p.Type == param.Choice && slices.Contains(p.Choices, d) ||
			p.Type == param.Number && p.Auto && d == param.AutoValue
	case bool:
		ok = p.Type == param.Switch
	case []float64:
		ok = p.Type == param.Numbers
		for _, x := range d {
			ok = ok && x >= p.Min && x <= p.Max
		}
	case []param.Values:
		ok = p.Type == param.Items
	}
	if !ok {
		return fmt.Errorf("default %#v is of the wrong type or out of range", p.Default)
	}
	return nil
}

// values returns the defaults and, for what is required, the least a user can
// write: the lower end of a range, rising steps for a list, the first choice.
func values(params []param.Param) param.Values {
	v := param.Defaults(params)
	for _, p := range params {
		if !p.Required {
			continue
		}
		switch p.Type {
		case param.Number:
			v[p.Name] = p.Min
		case param.Choice:
			v[p.Name] = p.Choices[0]
		case param.Switch:
			v[p.Name] = false
		case param.File:
			v[p.Name] = "some.wav"
		case param.Numbers:
			var list []float64
			for i := range max(1, p.MinItems) {
				list = append(list, p.Min+(p.Max-p.Min)*float64(i+1)/100)
			}
			v[p.Name] = list
		case param.Items:
			var list []param.Values
			for range max(1, p.MinItems) {
				list = append(list, values(p.Fields))
			}
			v[p.Name] = list
		}
	}
	return v
}

// args returns what builds the kind at its defaults. Containers get empty
// chains, as many as their own check wants.
func args(t *testing.T, k dsp.Kind, rate int) dsp.Args {
	t.Helper()
	a := dsp.Args{Rate: rate, Seed: 1, Values: values(k.Params)}
	for _, p := range k.Params {
		n := 0
		switch p.Type {
		case param.File:
			a.Files = map[string][][]float64{p.Name: {{1}}}
		case param.Chain:
			n = 1
		case param.Chains:
			n = max(2, p.MinItems) // one split makes two
		}
		for range n {
			if a.Chains == nil {
				a.Chains = map[string][]*dsp.Chain{}
			}
			a.Chains[p.Name] = append(a.Chains[p.Name], dsp.NewChain())
		}
	}
	return a
}

func TestEveryKindBuildsAtEveryRate(t *testing.T) {
	for _, k := range All() {
		for _, rate := range rates {
			a := args(t, k, rate)
			p, err := k.New(a)
			if err != nil {
				t.Errorf("%s at %d Hz with %v: %v", k.Name, rate, a.Values, err)
				continue
			}
			b := dsp.NewBlock(64)
			b[0][0] = 1
			p.Process(b)
			if p.Latency() < 0 || p.Tail() < 0 {
				t.Errorf("%s at %d Hz: latency %d, tail %d", k.Name, rate, p.Latency(), p.Tail())
			}
		}
	}
}

// Every number that is not declared Fixed can be automated, and no other.
func TestTuneGoesWithFixed(t *testing.T) {
	for _, k := range All() {
		a := args(t, k, 48000)
		p, err := k.New(a)
		if err != nil {
			continue // reported above
		}
		tunable, _ := p.(dsp.Tunable)
		for _, q := range k.Params {
			if _, set := a.Values[q.Name].(float64); q.Type != param.Number || !set {
				continue
			}
			can := tunable != nil && tunable.Tune(q.Name) != nil
			if can == q.Fixed {
				t.Errorf("%s.%s: fixed is %v, but tuning is %v", k.Name, q.Name, q.Fixed, can)
			}
		}
	}
}

func TestLookupAndParams(t *testing.T) {
	params := Params()
	if len(params) != len(All()) {
		t.Fatalf("%d params for %d kinds", len(params), len(All()))
	}
	for i, k := range All() {
		if params[i].Name != k.Name {
			t.Errorf("params[%d] is %q, the kind is %q", i, params[i].Name, k.Name)
		}
		if got, ok := Lookup(k.Name); !ok || got.Name != k.Name {
			t.Errorf("Lookup(%q) = %q, %v", k.Name, got.Name, ok)
		}
	}
	if _, ok := Lookup("wobbler"); ok {
		t.Error("Lookup finds a kind that does not exist")
	}
}

// Families hold all kinds, in order, and have names of their own.
func TestFamilies(t *testing.T) {
	seen, i := map[string]bool{}, 0
	for _, f := range Families() {
		if f.Name == "" || seen[f.Name] || len(f.Kinds) == 0 {
			t.Errorf("family %q: %d kinds, or the name is taken", f.Name, len(f.Kinds))
		}
		seen[f.Name] = true
		for _, k := range f.Kinds {
			if k.Name != All()[i].Name {
				t.Errorf("kind %d of the families is %q, of all %q", i, k.Name, All()[i].Name)
			}
			i++
		}
	}
	if i != len(All()) {
		t.Errorf("%d kinds in families, %d in all", i, len(All()))
	}
}

// The language's words: a kind may come, but none may go.
func TestTheLanguageIsComplete(t *testing.T) {
	for _, name := range []string{
		"eq", "compressor", "deesser", "multiband", "saturator", "exciter", "crusher", "imager", "reverb", "delay",
		"chorus", "flanger", "phaser", "tremolo", "autopan",
		"parallel", "mid_side", "bands",
	} {
		if _, ok := Lookup(name); !ok {
			t.Errorf("no kind %q", name)
		}
	}
}
