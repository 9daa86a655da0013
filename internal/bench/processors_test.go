package main

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/internal/param"
)

// Every kind of the catalogue can be benched: it has what it needs, builds, and turns
// a signal into another one.
func TestEveryProcessorIsBenched(t *testing.T) {
	sound, key := dsp.NewBlock(20*dsp.MaxBlock), dsp.NewBlock(20*dsp.MaxBlock) // longer than any delay here
	for i := range sound.Len() {
		key[0][i], key[1][i] = 0.5, 0.5
	}
	for _, k := range catalogue.All() {
		for _, s := range settingsOf(k.Name) {
			for i := range sound.Len() {
				sound[0][i], sound[1][i] = 0.5*math.Sin(float64(i)/20), 0.4*math.Sin(float64(i)/31)
			}
			v := param.Complete(k.Params, s.values)
			checkSettings(t, k.Name+", "+s.name, k.Params, v)
			if k.Check != nil {
				for _, problem := range k.Check(v) {
					t.Errorf("%s, %s: %s: %s", k.Name, s.name, problem.Path, problem.Message)
				}
			}
			p, err := s.build(k)
			if err != nil {
				t.Errorf("%s, %s: %v", k.Name, s.name, err)
				continue
			}
			if keyed, ok := p.(dsp.Keyed); v.Str("sidechain") != "" && (!ok || keyed.Keys() != 1) {
				t.Errorf("%s, %s: listens to no side-chain", k.Name, s.name)
			}
			play(p, sound, key)
			b := sound.Cut(0, dsp.MaxBlock)
			p.Process(b)
			energy := 0.0
			for i := range b.Len() {
				energy += b[0][i]*b[0][i] + b[1][i]*b[1][i]
			}
			if !(energy > 0) || math.IsInf(energy, 0) { // NaN as well
				t.Errorf("%s, %s: what comes out has the energy %v", k.Name, s.name, energy)
			}
		}
	}
	for kind := range usual {
		if _, ok := catalogue.Lookup(kind); !ok {
			t.Errorf("settings of %q, which is no kind", kind)
		}
	}
}

// checkSettings: what is set exists and is in range, and nothing that is required is missing.
func checkSettings(t *testing.T, what string, params []param.Param, v param.Values) {
	t.Helper()
	known := map[string]bool{}
	for _, p := range params {
		known[p.Name] = true
		held := p.Type == param.Chain || p.Type == param.Chains // beside the values
		if p.Required && !held && v[p.Name] == nil {
			t.Errorf("%s: %s is required", what, p.Name)
		}
		if x, ok := v[p.Name].(float64); ok && (x < p.Min || x > p.Max) {
			t.Errorf("%s: %s is %g, the range %g to %g", what, p.Name, x, p.Min, p.Max)
		}
		for _, entry := range v.List(p.Name) {
			checkSettings(t, what+": "+p.Name, p.Fields, entry)
		}
	}
	for name := range v {
		if !known[name] {
			t.Errorf("%s: there is no setting %s", what, name)
		}
	}
}

// The sound goes in as it was packed.
func TestUnpack(t *testing.T) {
	b := unpack([]byte{0, 0, 0x40, 0, 0, 0x80, 0xff, 0xff, 0xff, 1, 0, 0})
	want := [2][]float64{{0.5, -math.Ldexp(1, -23)}, {-1, math.Ldexp(1, -23)}}
	for c := range b {
		for i, x := range b[c] {
			if x != want[c][i] {
				t.Errorf("channel %d, frame %d: %v, want %v", c, i, x, want[c][i])
			}
		}
	}
}
