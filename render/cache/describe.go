package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Description says completely what an action depends on, as a list of fields
// that people can read. Its key is made from exactly these fields, so that two
// descriptions with different keys always differ in a field that can be named.
// Paths, times, hosts and the number of workers never belong in it.
type Description []Field

// Field is one thing that an action depends on.
type Field struct {
	Path  string `json:"path"` // "stems.bass.gain"
	Value string `json:"value"`
}

// Describe starts the description of an action of some kind ("mix", "deliver").
func Describe(engine, kind string) Description {
	return Description{{"engine", engine}, {"action", kind}}
}

// Add appends a field.
func (d *Description) Add(path, value string) { *d = append(*d, Field{path, value}) }

// inputPrefix marks fields whose value is the key of another action.
const inputPrefix = "input "

// AddInput appends the key of an action whose result is an input of this one,
// under that action's stable name. [Change.Input] finds it again, so that a chain
// of reasons can be followed through the actions.
func (d *Description) AddInput(name string, k Key) { d.Add(inputPrefix+name, k.String()) }

// AddFile appends the digest of an input file, under its name in the project.
func (d *Description) AddFile(name string, sum Digest) { d.Add("file "+name, sum.String()) }

// AddValue appends any value that JSON can say, a field for each leaf:
//
//	chain[eq].bands[2].gain   -1.5
//
// Leaves are in JSON's own notation (a string has its quotes), members are
// sorted. Items of a list go by their member "id" or "name" when they all have a
// different one, and otherwise by number from 1; so an item put into the middle
// of a list of named ones is one change and not a change of all that follow.
func (d *Description) AddValue(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("describe %s: %w", path, err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber() // keep every digit
	var v any
	if err := dec.Decode(&v); err != nil {
		return fmt.Errorf("describe %s: %w", path, err)
	}
	d.flatten(path, v)
	return nil
}

func (d *Description) flatten(path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			d.Add(path, "{}")
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			d.flatten(join(path, name), v[name])
		}
	case []any:
		if len(v) == 0 {
			d.Add(path, "[]")
		}
		for i, label := range labels(v) {
			d.flatten(path+"["+label+"]", v[i])
		}
	default:
		text, _ := json.Marshal(v) // a leaf that was JSON a moment ago
		d.Add(path, string(text))
	}
}

// plain names stand in a path without quotes.
var plain = regexp.MustCompile(`^[^\s."\[\]0-9][^\s."\[\]]*$`)

func quoted(name string) string {
	if plain.MatchString(name) {
		return name
	}
	return strconv.Quote(name)
}

func join(path, name string) string {
	if path == "" {
		return quoted(name)
	}
	return path + "." + quoted(name)
}

// labels are what the items of a list are called.
func labels(items []any) []string {
	for _, member := range []string{"id", "name"} {
		var names []string
		seen := map[string]bool{}
		for _, item := range items {
			m, _ := item.(map[string]any)
			if name, ok := m[member].(string); ok && !seen[name] {
				seen[name] = true
				names = append(names, quoted(name))
			}
		}
		if len(names) == len(items) {
			return names
		}
	}
	numbers := make([]string, len(items))
	for i := range items {
		numbers[i] = strconv.Itoa(i + 1)
	}
	return numbers
}

// Key hashes the fields. Each text is preceded by its length, so that no two
// descriptions hash the same bytes.
func (d Description) Key() Key {
	h := sha256.New()
	io.WriteString(h, "lathe action 1\n")
	for _, f := range d {
		fmt.Fprintf(h, "%d:%s%d:%s", len(f.Path), f.Path, len(f.Value), f.Value)
	}
	return Key(h.Sum(nil))
}

// Op is what happened to a field.
type Op string

// What can happen to a field.
const (
	Changed Op = "changed"
	Added   Op = "added"
	Removed Op = "removed"
	Moved   Op = "moved" // Path is the list, Old and New are its order
)

// Change is one difference between two descriptions.
type Change struct {
	Path string `json:"path"`
	Op   Op     `json:"op"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// Input returns the name of the action behind the field, if the field is the
// result of one.
func (c Change) Input() (name string, ok bool) { return strings.CutPrefix(c.Path, inputPrefix) }

// String is the change as a line for people; digests are shortened.
func (c Change) String() string {
	before, after := shorten(c.Old), shorten(c.New)
	switch c.Op {
	case Added:
		return c.Path + ": added, " + after
	case Removed:
		return c.Path + ": removed, was " + before
	case Moved:
		return strings.TrimSpace("order of "+c.Path) + ": " + before + " → " + after
	}
	return c.Path + ": " + before + " → " + after
}

var wholeDigest = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

func shorten(value string) string {
	return wholeDigest.ReplaceAllStringFunc(value, func(d string) string { return d[:8] + "…" })
}

// Diff lists what differs between two descriptions of an action: changed and
// added fields in the order of the new one, removed fields in the order of the
// old one, and then a change of order. It is empty exactly when the two have the
// same key.
func Diff(old, new Description) []Change {
	before, after := numbered(old), numbered(new)
	was, is := values(before), values(after)
	var changes []Change
	for _, f := range after {
		if v, ok := was[f.Path]; !ok {
			changes = append(changes, Change{f.Path, Added, "", f.Value})
		} else if v != f.Value {
			changes = append(changes, Change{f.Path, Changed, v, f.Value})
		}
	}
	for _, f := range before {
		if _, ok := is[f.Path]; !ok {
			changes = append(changes, Change{f.Path, Removed, f.Value, ""})
		}
	}
	if c, ok := moved(common(before, is), common(after, was)); ok {
		changes = append(changes, c)
	}
	return changes
}

// numbered makes paths unique: the second field of the same path becomes
// "path #2".
func numbered(d Description) Description {
	seen := map[string]bool{}
	out := slices.Clone(d)
	for i, f := range d {
		for n := 2; seen[out[i].Path]; n++ {
			out[i].Path = fmt.Sprintf("%s #%d", f.Path, n)
		}
		seen[out[i].Path] = true
	}
	return out
}

func values(d Description) map[string]string {
	m := make(map[string]string, len(d))
	for _, f := range d {
		m[f.Path] = f.Value
	}
	return m
}

// common lists the paths of d that the other has too.
func common(d Description, other map[string]string) []string {
	var paths []string
	for _, f := range d {
		if _, ok := other[f.Path]; ok {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// moved tells how the same paths stand in another order: as few of them as
// show it, and of these only what differs below the list that holds them.
func moved(before, after []string) (Change, bool) {
	for len(before) > 0 && before[0] == after[0] {
		before, after = before[1:], after[1:]
	}
	for n := len(before); n > 0 && before[n-1] == after[n-1]; n-- {
		before, after = before[:n-1], after[:n-1]
	}
	if len(before) == 0 {
		return Change{}, false
	}
	list := listOf(before)
	o, n := items(before, list), items(after, list)
	if o == n { // items interleaved: only whole paths show it
		o, n = strings.Join(before, ", "), strings.Join(after, ", ")
	}
	return Change{list, Moved, o, n}, true
}

// listOf is the longest common start of the paths that ends before a "." or "[".
func listOf(paths []string) string {
	first := paths[0]
	n := len(first)
	for _, p := range paths {
		n = min(n, len(p))
		for i := range n {
			if p[i] != first[i] {
				n = i
				break
			}
		}
	}
	return first[:max(0, strings.LastIndexAny(first[:n], ".["))]
}

// items names the members of a list in the order in which they come up.
func items(paths []string, list string) string {
	var names []string
	for _, p := range paths {
		name := strings.TrimLeft(p[len(list):], ".[")
		if i := strings.IndexAny(name, ".[]"); i > 0 {
			name = name[:i]
		}
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
