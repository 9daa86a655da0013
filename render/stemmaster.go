package render

import (
	"slices"

	"github.com/lathe-audio/lathe/spec"
)

// masterMix names the mix as the master hears it where it takes the parts apart.
const masterMix = "master/mix"

// stemMastered returns the channel that the master chain begins with: the mix,
// or, where the project says what the master does to the parts that feed it, a
// mix of its own, with the same strip, of these parts. A part that is muted in
// this version is left alone. lead is the mix whose parts lead; nil: none do.
func (d *desk) stemMastered(mix, lead *channel) (*channel, error) {
	if len(d.song.Master.Buses) == 0 {
		return mix, nil
	}
	if lead == mix {
		lead = nil
	}
	again := channel{
		name: masterMix, strip: mix.strip, added: mix.added, riders: mix.riders,
		chain: mix.chain, lanes: mix.lanes, rounded: mix.rounded,
	}
	for _, w := range mix.inputs {
		w, err := d.treated(w, lead)
		if err != nil {
			return nil, err
		}
		again.inputs = append(again.inputs, w)
	}
	if lead != nil {
		leader, err := d.stemMastered(lead, nil)
		if err != nil {
			return nil, err
		}
		again.follow(leader)
	}
	again.led = again.led || mix.led
	keys := mix.keys
	return d.add(again, func(string) (*channel, error) { // the mix's side-chains, in their order
		k := keys[0]
		keys = keys[1:]
		return k, nil
	})
}

// treated is a wire into the mix in the hands of the mastering engineer, led by that
// of the same strip into another mix.
func (d *desk) treated(w wire, lead *channel) (wire, error) {
	i := slices.IndexFunc(d.song.Master.Buses, func(p spec.MasterBus) bool { return p.Name == w.from.strip.Name })
	if i < 0 || w.port == pre {
		return w, nil
	}
	p := &d.song.Master.Buses[i]
	from := w.from
	if len(p.Chain) > 0 {
		c := channel{name: "master/" + p.Name, chain: p.Chain, lanes: p.Automation, inputs: []wire{{from: w.from}}}
		if lead != nil {
			for _, l := range lead.inputs {
				if l.from.strip.Name == p.Name && l.port == w.port {
					c.follow(&channel{inputs: []wire{{from: l.from}}})
				}
			}
		}
		var err error
		if from, err = d.add(c, nil); err != nil {
			return w, err
		}
	}
	return wire{from: from, port: w.port, db: w.db + p.Gain, points: w.points}, nil
}
