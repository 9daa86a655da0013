package cache

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Few different texts, so that descriptions often agree in parts.
var someField = rapid.Custom(func(t *rapid.T) Field {
	return Field{rapid.SampledFrom([]string{"a", "a.x", "a.y", "b[1]", "b[2]", "b[2].c", "", "a #2"}).Draw(t, "path"),
		rapid.SampledFrom([]string{"", "1", "2", "1:1"}).Draw(t, "value")}
})

// The promise of "why": whenever a key differs, a field can be named.
func TestDiffIsEmptyExactlyForEqualKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Description(rapid.SliceOfN(someField, 0, 6).Draw(t, "a"))
		b := Description(rapid.SliceOfN(someField, 0, 6).Draw(t, "b"))
		if rapid.Bool().Draw(t, "same fields in another order") {
			b = rapid.Permutation(a).Draw(t, "order")
		}
		changes := Diff(a, b)
		if (len(changes) == 0) != (a.Key() == b.Key()) {
			t.Fatalf("%v\n%v\nsame key: %v, changes: %v", a, b, a.Key() == b.Key(), changes)
		}
		if (a.Key() == b.Key()) != reflect.DeepEqual(append(Description{}, a...), append(Description{}, b...)) {
			t.Fatalf("%v and %v: same key: %v", a, b, a.Key() == b.Key())
		}
		for _, c := range changes {
			if c.Op == Moved && c.Old == c.New {
				t.Fatalf("%v: nothing to see", c)
			}
		}
	})
}

// No text in a field passes for the border between fields.
func TestKeyKnowsTheBordersOfFields(t *testing.T) {
	for _, border := range []string{"", ":", "=", "\n", "\x00", " ", ",", "1:", "1:c1:"} {
		whole := Description{{"a", "b" + border + "c" + border + "d"}}
		for _, other := range []Description{
			{{"a", "b"}, {"c", "d"}}, {{"a" + border + "b", "c" + border + "d"}}, {{"a", "b" + border + "c"}, {"d", ""}}, {{"", "a" + border + "b" + border + "c" + border + "d"}},
		} {
			if whole.Key() == other.Key() {
				t.Errorf("%q and %q have the same key", whole, other)
			}
		}
	}
}

func someJSON(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kinds := 5
		if depth == 0 {
			kinds = 3
		}
		name := rapid.SampledFrom([]string{"a", "b", "a.b", "id", "name", "1", "", "a]", `"`, "x[1]"})
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return name.Draw(t, "text")
		case 1:
			return float64(rapid.IntRange(0, 2).Draw(t, "number"))
		case 2:
			return rapid.SampledFrom([]any{nil, true, false}).Draw(t, "const")
		case 3:
			return rapid.SliceOfN(someJSON(depth-1), 0, 3).Draw(t, "list")
		default:
			return rapid.MapOfN(name, someJSON(depth-1), 0, 3).Draw(t, "members")
		}
	})
}

// Different values never give the same description, or the cache would take one
// for the other.
func TestAddValueLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := someJSON(3).Draw(t, "a"), someJSON(3).Draw(t, "b")
		var da, db Description
		if err := da.AddValue("p", a); err != nil {
			t.Fatal(err)
		}
		if err := db.AddValue("p", b); err != nil {
			t.Fatal(err)
		}
		ja, _ := json.Marshal(a)
		jb, _ := json.Marshal(b)
		if (string(ja) == string(jb)) != (da.Key() == db.Key()) {
			t.Fatalf("%s\n%s\n%v\n%v", ja, jb, da, db)
		}
	})
}

func TestAddValue(t *testing.T) {
	var d Description
	err := d.AddValue("strip", map[string]any{
		"gain": -1.5, "mute": false, "title": "a \"b\"",
		"chain": []any{
			map[string]any{"id": "tone", "kind": "eq", "bands": []any{map[string]any{"freq": 100}, map[string]any{"freq": 2000}}},
			map[string]any{"id": "2", "kind": "compressor"},
		},
		"none": nil, "points": []int{}, "a.b": 1, "large": int64(9007199254740993),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Description{
		{`strip."a.b"`, "1"},
		{"strip.chain[tone].bands[1].freq", "100"},
		{"strip.chain[tone].bands[2].freq", "2000"},
		{"strip.chain[tone].id", `"tone"`},
		{"strip.chain[tone].kind", `"eq"`},
		{`strip.chain["2"].id`, `"2"`},
		{`strip.chain["2"].kind`, `"compressor"`},
		{"strip.gain", "-1.5"},
		{"strip.large", "9007199254740993"},
		{"strip.mute", "false"},
		{"strip.none", "null"},
		{"strip.points", "[]"},
		{"strip.title", `"a \"b\""`},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	if err := d.AddValue("bad", func() {}); err == nil {
		t.Error("no error")
	}
}

func TestChangesForPeople(t *testing.T) {
	one, two := Digest(keyOf("1")), Digest(keyOf("2"))
	old, new := Describe("1", "mix"), Describe("1", "mix")
	old.AddFile("stems/kick.wav", one)
	new.AddFile("stems/kick.wav", two)
	old.Add("stems.bass.gain", "-2 dB")
	new.Add("stems.bass.gain", "-1 dB")
	old.AddInput("strip/bass", Key(one))
	new.AddInput("strip/bass", Key(two))
	old.Add("stems.lead.pan", "0 %")
	new.Add("stems.choir.gain", "0 dB")
	for _, name := range []string{"eq", "comp", "verb"} {
		old.Add("chain["+name+"].mix", "100")
		old.Add("chain["+name+"].kind", "x")
	}
	for _, name := range []string{"comp", "eq", "verb"} {
		new.Add("chain["+name+"].mix", "100")
		new.Add("chain["+name+"].kind", "x")
	}
	var got []string
	inputs := 0
	for _, c := range Diff(old, new) {
		got = append(got, c.String())
		if name, ok := c.Input(); ok {
			inputs++
			if name != "strip/bass" {
				t.Error(name)
			}
		}
	}
	want := []string{
		fmt.Sprintf("file stems/kick.wav: %.8s… → %.8s…", one, two),
		"stems.bass.gain: -2 dB → -1 dB",
		fmt.Sprintf("input strip/bass: %.8s… → %.8s…", one, two),
		"stems.choir.gain: added, 0 dB",
		"stems.lead.pan: removed, was 0 %",
		"order of chain: eq, comp → comp, eq",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if inputs != 1 {
		t.Error(inputs, "inputs")
	}
}

func TestLatest(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	if _, ok := s.Latest("lathe.yaml", "song/Undertow/mix"); ok {
		t.Error("something is remembered in an empty store")
	}
	d := Describe("1", "mix")
	for _, seconds := range []float64{1, 2, 2} {
		if err := s.Remember(Last{Project: absolute("lathe.yaml"), Name: "song/Undertow/mix", Key: d.Key(), Seconds: seconds, Description: d}); err != nil {
			t.Fatal(err)
		}
		l, ok := openStore(t, dir, Options{}).Latest("lathe.yaml", "song/Undertow/mix")
		if !ok || l.Seconds != seconds || l.Key != d.Key() || !cmp.Equal(l.Description, d) {
			t.Error(ok, l)
		}
	}
	for _, other := range [][2]string{{"other/lathe.yaml", "song/Undertow/mix"}, {"lathe.yaml", "song/Undertow/master"}} {
		if _, ok := s.Latest(other[0], other[1]); ok {
			t.Error("taken for", other)
		}
	}
}
