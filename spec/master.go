package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// masterBusKeys are the keys of an entry of master.buses.
var masterBusKeys = []key{
	{name: "gain", typ: quantity{unit: param.DB, min: -24, max: 24}, def: 0.0, doc: "added to its level in the mix"},
	chainKey,
	lanesKey,
}

// masterBuses is the typ of master.buses.
var masterBuses = named{what: "part", of: record{name: "master_bus", keys: masterBusKeys}, refs: true, build: (*decoder).addMasterBus}

// adviceKeys are from where on a master is told that it does what a mix should.
var adviceKeys = []key{
	{name: "eq", typ: quantity{unit: param.DB, max: 24, words: []string{none}}, def: 3.0, doc: "a band of an equaliser in the master's chain that moves more than this"},
	{name: "reduction", typ: quantity{unit: param.DB, max: 24, words: []string{none}}, def: 3.0, doc: "a compressor or band in the master's chain that takes off more than this while it works, on average"},
	{name: "plr", typ: quantity{unit: param.LU, max: 24, words: []string{none}}, def: 7.0, doc: "a delivery of the main version from the master whose true peak lies closer to its loudness than this"},
}

var adviceKey = key{name: "advice", typ: record{name: "advice", keys: adviceKeys},
	doc: "when a build is told that the master does the work of a mix; also that a part of its chain changes nothing. none: not told"}

// newAdvice takes over what is written of advice, or its defaults.
func newAdvice(g *group) Advice {
	limit := func(name string) *float64 {
		v := keyNamed(adviceKeys, name).def
		if g != nil {
			v = g.values[name]
		}
		if x, ok := v.(float64); ok {
			return &x
		}
		return nil
	}
	return Advice{EQ: limit("eq"), Reduction: limit("reduction"), PLR: limit("plr")}
}

// masterChain decodes the processors of a master's preset, and behind them those
// of its chain.
func (d *decoder) masterChain(g *group, at place) (out []Processor) {
	list := at
	at.words = "master"
	if n := g.at["preset"]; n != nil {
		short := *n
		if n.shape == scalar && !n.isNull() && !strings.Contains(n.text, "/") && !isPath(n.text) {
			short.text = "master/" + n.text
		}
		out = d.preset(&short, at, nil)
	}
	n := g.at["chain"]
	switch {
	case n == nil:
	case n.shape != sequence:
		chain{}.decode(d, n, list) // says so
	default:
		out = d.chain(n, at, out)
	}
	return out
}

// masterBuses decodes what the master does to parts of the mix; n is nil where
// nothing is written.
func (d *decoder) masterBuses(s *Song, n *node, at place) []MasterBus {
	if n == nil {
		return nil
	}
	if s.MixFile != nil {
		d.fail(n, place{words: "master"}, "a finished mix has no buses", "remove buses, or mix from stems")
		return nil
	}
	d.song.masterBuses = nil
	at.words = "master: buses"
	masterBuses.decode(d, n, at)
	return d.song.masterBuses
}

// addMasterBus takes one part of master.buses.
func (d *decoder) addMasterBus(m member) {
	name, ok := d.refer(m.key, place{words: "master"}, []string{"bus", "return", "stem"})
	if !ok {
		return
	}
	if to := d.song.feeds(name); to != mixName {
		d.fail(m.key, place{words: "master"}, fmt.Sprintf("%s does not feed the mix but %s", name, to), "name what it goes through")
		return
	}
	b := MasterBus{Pos: m.key.pos(), Name: name, Gain: m.num("gain")}
	b.Chain, _ = m.values["chain"].([]Processor)
	b.Automation = d.lanes(m.at["automation"], automated{chain: b.Chain}, m.here.key("automation"))
	d.song.masterBuses = append(d.song.masterBuses, b)
}

// feeds is where a strip's output goes.
func (s *scope) feeds(name string) string {
	for i := range s.out.Stems {
		if s.out.Stems[i].Name == name {
			return s.out.Stems[i].To
		}
	}
	for _, b := range slices.Concat(s.out.Buses, s.out.Returns) {
		if b.Name == name {
			return b.To
		}
	}
	return mixName
}
