package spec

import (
	"fmt"
	"slices"
	"strings"
)

// What a delivery may print besides a list of names.
const (
	printBuses = "buses"
	printStems = "stems"
)

// printList is the typ of a delivery's `prints`: buses, stems, or a list of
// names; the value is a printChoice.
type printList struct{}

// printChoice is what is written; names where all is "".
type printChoice struct {
	all   string
	names []word
	node  *node
}

func (printList) decode(d *decoder, n *node, at place) any {
	all := []string{printBuses, printStems}
	switch {
	case n.shape == scalar && slices.Contains(all, n.text):
		return printChoice{all: n.text, node: n}
	case n.shape != sequence:
		found := n.shape.String()
		if n.shape == scalar {
			found = fmt.Sprintf("%q", n.text)
		}
		hint := "such as prints: [drums, vocals]"
		if n.shape == scalar {
			hint = didYouMeanOr(n.text, all, "to print "+n.text+" alone, write ["+n.text+"]")
		}
		d.fail(n, at, "expected buses, stems or a list of names, found "+found, hint)
		return nil
	case len(n.items) == 0:
		d.fail(n, at, "is empty", "write buses, stems or a list of names")
		return nil
	}
	names, _ := (words{}).decode(d, n, at).([]word)
	return printChoice{names: names, node: n}
}

func (printList) print(v any) string {
	c := v.(printChoice)
	if c.all != "" {
		return c.all
	}
	return words{}.print(c.names)
}

func (printList) schema(s *schemas) object {
	return anyOf(object{{"enum", []string{printBuses, printStems}}},
		object{{"type", "array"}, {"minItems", 1}, {"items", object{{"type", []string{"string", "number"}}, {"pattern", namePattern}}}})
}

// checkPrints refuses what would keep prints from adding up to the mix.
func (d *decoder) checkPrints(v *Delivery, c printChoice, top *group, name *node, at place) {
	where := func(key string) *node {
		if n := top.at[key]; n != nil {
			return n
		}
		return name
	}
	switch {
	case v.From != "mix":
		d.fail(where("from"), at, "prints are what goes into the mix, before its chain and the master", "write from: mix, or use the profile stems")
	case v.Loudness != nil:
		d.fail(where("loudness"), at, "prints keep their level, so that they add up to the mix", "write loudness: none, or use the profile stems")
	case v.Ceiling != nil:
		d.fail(where("ceiling"), at, "prints are not limited, so that they add up to the mix", "write ceiling: none, or use the profile stems")
	}
	if !top.has("prints") { // the profile says so: what is at fault is the choice of it
		c.node = name
	}
	d.prints[v.Pos] = c
}

// resolvePrints finds the strips of a song's prints. of tells in an album which
// song it is.
func (d *decoder) resolvePrints(s *Song, at place, of string) {
	if d.song.addressees == nil {
		d.song.address()
	}
	for i := range s.Deliver {
		v := &s.Deliver[i]
		c, ok := d.prints[v.Pos]
		if !ok {
			continue
		}
		here := place{path: at.path, words: "deliver: " + v.Name + ": prints" + of}
		v.Prints = []Print{} // not nil: it is a delivery of prints
		if s.MixFile != nil {
			if message := "a finished mix has nothing to print"; of == "" {
				d.fail(c.node, here, message, "deliver it as mix")
			} else {
				d.warn(c.node, here, message, "the other songs are printed")
			}
			continue
		}
		switch c.all {
		case printBuses:
			for _, strip := range s.strips() {
				if strip.To == mixName {
					v.Prints = append(v.Prints, Print{Name: strip.Name, Strips: []string{strip.Name}, Apart: true})
				}
			}
		case printStems:
			for _, stem := range s.Stems {
				v.Prints = append(v.Prints, Print{Name: stem.Name, Strips: []string{stem.Name}})
			}
		default:
			for _, w := range c.names {
				v.Prints = append(v.Prints, Print{Name: w.text, Strips: d.addressee(w, here)})
			}
		}
	}
}

// strips lists stems, buses and returns, in the order of the desk.
func (s *Song) strips() []*Strip {
	var all []*Strip
	for i := range s.Stems {
		all = append(all, &s.Stems[i].Strip)
	}
	for _, list := range [][]Bus{s.Buses, s.Returns} {
		for i := range list {
			all = append(all, &list[i].Strip)
		}
	}
	return all
}

// resolveVersions finds which of a song's versions are delivered.
func (d *decoder) resolveVersions(s *Song) {
	all := s.assertable(0).versions
	for i := range s.Deliver {
		v := &s.Deliver[i]
		words, written := d.delivered[v.Pos]
		switch {
		case written:
			v.Versions = []string{} // not nil: a song of an album may have none of them
		case v.Prints != nil:
			v.Versions = []string{mainVersion}
		}
		for _, w := range words {
			for _, name := range all {
				if globbed(strings.ToLower(w.text), strings.ToLower(name)) {
					d.named[w.node] = true
					v.Versions = union(v.Versions, []string{name})
				}
			}
		}
	}
}

// refuseUnmade refuses names of versions that none of the songs has.
func (d *decoder) refuseUnmade(deliver []Delivery, songs []*Song) {
	var known []string
	for _, s := range songs {
		known = union(known, s.assertable(0).versions)
	}
	for _, v := range deliver {
		for _, w := range d.delivered[v.Pos] {
			if !d.named[w.node] {
				d.fail(w.node, place{words: "deliver: " + v.Name + ": versions"}, fmt.Sprintf("there is no version %q", w.text), didYouMeanOr(w.text, known, knownNames(known)))
			}
		}
	}
}
