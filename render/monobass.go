package render

import (
	"fmt"

	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/spec"
)

// monoBass returns the channel that a delivery with `mono_below` starts from: a
// stage of its own behind the master or the mix, so that it is kept, analysed and
// levelled like any other. The processor is the imager, whose other settings
// change nothing.
func (d *desk) monoBass(v *spec.Delivery, from *channel) (*channel, error) {
	if v.MonoBelow == 0 {
		return from, nil
	}
	imager := spec.Processor{
		Pos: v.Pos, Kind: "imager", Mix: 100,
		Values: param.Values{"width": 100.0, "mono_below": v.MonoBelow},
	}
	c, err := d.add(channel{
		name: "mono bass of " + v.Name, inputs: []wire{{from: from}}, chain: []spec.Processor{imager}, rounded: true,
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("delivery %s: mono_below: %w", v.Name, err)
	}
	return c, nil
}
