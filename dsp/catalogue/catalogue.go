// Package catalogue is the one explicit table of all kinds of processors.
// Nothing registers itself: what is not reachable from here does not exist.
package catalogue

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/colour"
	"github.com/lathe-audio/lathe/dsp/container"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/eq"
	"github.com/lathe-audio/lathe/dsp/modulation"
	"github.com/lathe-audio/lathe/dsp/space"
	"github.com/lathe-audio/lathe/dsp/stereo"
	"github.com/lathe-audio/lathe/internal/param"
)

// Family is the kinds of processors that do the same sort of thing.
type Family struct {
	Name  string // "level"
	Kinds []dsp.Kind
}

// Families returns every kind by what it changes, in the order in which they are
// documented.
func Families() []Family {
	return []Family{
		{"tone", eq.Kinds()},
		{"level", dyn.Kinds()},
		{"colour", colour.Kinds()},
		{"picture", stereo.Kinds()},
		{"space", space.Kinds()},
		{"movement", modulation.Kinds()},
		{"containers", container.Kinds()},
	}
}

// All returns every kind, in the order of [Families].
func All() []dsp.Kind {
	var kinds []dsp.Kind
	for _, family := range Families() {
		kinds = append(kinds, family.Kinds...)
	}
	return kinds
}

// Params returns what the project language needs to know of every kind, in the
// order of [All].
func Params() []param.Kind {
	all := All()
	kinds := make([]param.Kind, len(all))
	for i, k := range all {
		kinds[i] = k.Kind
	}
	return kinds
}

// byName is the table for looking kinds up.
var byName = func() map[string]dsp.Kind {
	m := map[string]dsp.Kind{}
	for _, k := range All() {
		m[k.Name] = k
	}
	return m
}()

// Lookup returns the kind of that name.
func Lookup(name string) (kind dsp.Kind, found bool) {
	kind, found = byName[name]
	return kind, found
}
