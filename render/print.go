package render

import (
	"fmt"
	"slices"

	"github.com/lathe-audio/lathe/spec"
)

// printsFolder stands before the names of prints' channels.
const printsFolder = "prints/"

// print returns the channel that puts out a part of the mix: what one strip puts into
// it, or the mix with nothing but some strips in it. That is taken before the mix's
// own chain and fader, or has gone through these. from is what is delivered: the
// same, or its master.
func (d *desk) print(j job) (mix, from *channel, err error) {
	r := d.printing(j)
	d.version = j.version.name
	if !j.print.Apart { // strips with only some of their inputs are others than the song's own
		d.version = j.printOf()
	}
	wires, err := r.inputs("mix")
	if err != nil {
		return nil, nil, err
	}
	if j.print.Apart {
		own := r.made[j.print.Strips[0]]
		wires = slices.DeleteFunc(wires, func(w wire) bool { return w.from != own })
	}
	if len(wires) == 0 {
		return nil, nil, &InputError{Pos: d.song.Pos, Message: fmt.Sprintf("nothing is heard in the print %s", j.print.Name)}
	}
	d.version = j.version.name
	c := channel{name: printsFolder + part(j.print), inputs: wires, led: r.lead != nil, rounded: true}
	if through := j.delivery.Through; through != spec.ThroughMix && through != spec.ThroughMaster {
		mix, err = d.add(c, nil)
		return mix, mix, err
	}
	c.strip, c.chain, c.lanes = &d.song.Mix.Strip, d.song.Mix.Chain, d.song.Mix.Automation
	r.ride(&c)
	if mix, err = r.mount(c); err != nil || j.delivery.Through == spec.ThroughMix {
		return mix, mix, err
	}
	d.version = j.printOf()
	return d.mastered(r.version, mix)
}

// printOf names a print where it is made, among versions.
func (j job) printOf() string {
	if j.version.name == "" {
		return "print of " + j.print.Name
	}
	return fmt.Sprintf("print of %s, %s", j.print.Name, j.version.name)
}

// part names a print among others of the same strips.
func part(p *spec.Print) string {
	if p.Apart {
		return p.Name + " apart"
	}
	return p.Name
}

// printing is the desk as a print hears it.
func (d *desk) printing(j job) *routing {
	v := j.version
	switch {
	case j.delivery.Dynamics != "":
		v.follows = j.delivery.Dynamics == spec.DynamicsMain
	case v.name == "":
		v.follows = d.song.Dynamics == spec.DynamicsMain
	}
	if j.print.Apart {
		return d.routing(v)
	}
	r := &routing{desk: d, version: v, print: j.print.Strips, made: map[string]*channel{}}
	if v.follows {
		r.lead = d.main()
	}
	return r
}

// prints makes a job of each part of a delivery of prints that is not silent. They
// have no path yet.
func prints(j job) []job {
	var jobs []job
	d := newDesk(j.song, 0, nil)
	for i := range j.delivery.Prints {
		if j.print = &j.delivery.Prints[i]; d.sounds(j) {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// sounds reports whether anything is heard in a print: muted strips are not
// printed, nor what nothing feeds. It needs no sources.
func (d *desk) sounds(j job) bool {
	whole, r := &routing{desk: d, version: j.version}, d.printing(j)
	working := func(name string) bool { s, _ := whole.find(name); return whole.heard(s, "") }
	if !slices.ContainsFunc(j.print.Strips, working) {
		return false
	}
	if j.print.Apart {
		return whole.fed(j.print.Strips[0], map[string]bool{})
	}
	return r.fed("mix", map[string]bool{})
}

// fed reports whether any stem reaches a strip. known holds what was found out of
// others.
func (r *routing) fed(name string, known map[string]bool) bool {
	if found, ok := known[name]; ok || r.stems[name] {
		return found || r.stems[name]
	}
	known[name] = r.feeds(name, known)
	return known[name]
}

// feeds reports whether any strip that is fed feeds this one.
func (r *routing) feeds(name string, known map[string]bool) bool {
	for _, s := range r.strips() {
		if s.To == name && r.heard(s, "") && r.fed(s.Name, known) {
			return true
		}
		for _, send := range s.Sends {
			if send.To == name && r.heard(s, name) && r.fed(s.Name, known) {
				return true
			}
		}
	}
	return false
}

// anyPrints refuses a delivery of prints that are all silent.
func anyPrints(song *spec.Song) error {
	for i := range song.Deliver {
		d := &song.Deliver[i]
		sounds := func(v version) bool {
			return d.Makes(v.name) && len(prints(job{song: song, version: v, delivery: d})) > 0
		}
		if d.Prints != nil && song.MixFile == nil && !slices.ContainsFunc(versions(song), sounds) {
			return &InputError{Pos: d.Pos, Message: fmt.Sprintf("delivery %q prints nothing: all of it is muted", d.Name)}
		}
	}
	return nil
}

// printName is the name of a job's print, or "".
func (j job) printName() string {
	if j.print == nil {
		return ""
	}
	return j.print.Name
}
