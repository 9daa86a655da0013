package render

import (
	"fmt"
	"slices"

	"github.com/lathe-audio/lathe/spec"
)

// print returns the channel that puts out a part of the mix, before the mix's own
// chain and fader: what one strip puts into it, or the mix with nothing but some
// strips in it.
func (d *desk) print(p *spec.Print) (*channel, error) {
	d.version = ""
	if !p.Apart { // strips with only some of their inputs are others than the song's own
		d.version = "print of " + p.Name
	}
	r := d.printing(p)
	wires, err := r.inputs("mix")
	if err != nil {
		return nil, err
	}
	if p.Apart {
		own := r.made[p.Strips[0]]
		wires = slices.DeleteFunc(wires, func(w wire) bool { return w.from != own })
	}
	if len(wires) == 0 {
		return nil, &InputError{Pos: d.song.Pos, Message: fmt.Sprintf("nothing is heard in the print %s", p.Name)}
	}
	d.version = ""
	return d.add(channel{name: "prints/" + part(p), inputs: wires, rounded: true}, nil)
}

// part names a print among others of the same strips.
func part(p *spec.Print) string {
	if p.Apart {
		return p.Name + " apart"
	}
	return p.Name
}

// printing is the desk as a print hears it.
func (d *desk) printing(p *spec.Print) *routing {
	r := &routing{desk: d, made: map[string]*channel{}}
	if !p.Apart {
		r.version.solo = p.Strips
	}
	return r
}

// prints makes a job of each part of a delivery of prints that is not silent. They
// have no path yet.
func prints(j job) []job {
	var jobs []job
	d := newDesk(j.song, 0, nil)
	for i := range j.delivery.Prints {
		if j.print = &j.delivery.Prints[i]; d.sounds(j.print) {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// sounds reports whether anything is heard in a print: muted strips are not
// printed, nor what nothing feeds. It needs no sources.
func (d *desk) sounds(p *spec.Print) bool {
	main, r := &routing{desk: d}, d.printing(p)
	working := func(name string) bool { s, _ := main.find(name); return main.heard(s, "") }
	if !slices.ContainsFunc(p.Strips, working) {
		return false
	}
	if p.Apart {
		return main.fed(p.Strips[0], map[string]bool{})
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
		v := &song.Deliver[i]
		if v.Prints != nil && song.MixFile == nil && len(prints(job{song: song, delivery: v})) == 0 {
			return &InputError{Pos: v.Pos, Message: fmt.Sprintf("delivery %q prints nothing: all of it is muted", v.Name)}
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
