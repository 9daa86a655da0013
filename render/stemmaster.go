package render

import (
	"github.com/lathe-audio/lathe/spec"
)

// masterMix names the mix as the master hears it where it takes the parts apart.
const masterMix = "master/mix"

// isMix reports whether a channel is a mixdown: the song's, or the one that stem
// mastering makes of it.
func (c *channel) isMix() bool { return c.name == "mix" || c.name == masterMix }

// stemMastered returns the channel that the master chain begins with: the mix,
// or, where the project says what the master does to the parts that feed it, a
// mix of its own, with the same strip, of these parts. A part that is muted in
// this version is left alone.
func (d *desk) stemMastered(mix *channel) (*channel, error) {
	parts := map[string]*spec.MasterBus{}
	for i := range d.song.Master.Buses {
		parts[d.song.Master.Buses[i].Name] = &d.song.Master.Buses[i]
	}
	if len(parts) == 0 {
		return mix, nil
	}
	again := channel{
		name: masterMix, strip: mix.strip, added: mix.added, riders: mix.riders,
		chain: mix.chain, lanes: mix.lanes, rounded: mix.rounded,
	}
	for _, w := range mix.inputs {
		p := parts[w.from.strip.Name]
		if p == nil || w.port == pre {
			again.inputs = append(again.inputs, w)
			continue
		}
		from := w.from
		if len(p.Chain) > 0 {
			var err error
			from, err = d.add(channel{name: "master/" + p.Name, chain: p.Chain, lanes: p.Automation, inputs: []wire{{from: w.from}}}, nil)
			if err != nil {
				return nil, err
			}
		}
		again.inputs = append(again.inputs, wire{from: from, port: w.port, db: w.db + p.Gain, points: w.points})
	}
	keys := mix.keys
	return d.add(again, func(string) (*channel, error) { // the mix's side-chains, in their order
		k := keys[0]
		keys = keys[1:]
		return k, nil
	})
}
