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

// All returns every kind, in the order in which they are documented: tone,
// level, colour, picture, space, movement, and the containers that hold chains.
func All() []dsp.Kind {
	var kinds []dsp.Kind
	for _, family := range [][]dsp.Kind{
		eq.Kinds(),
		dyn.Kinds(),
		colour.Kinds(),
		stereo.Kinds(),
		space.Kinds(),
		modulation.Kinds(),
		container.Kinds(),
	} {
		kinds = append(kinds, family...)
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
