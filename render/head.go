package render

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/stereo"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// What a strip does with the two sides: at its head, before the chain (polarity of
// one side, then the channel that is taken, then mono), and in its pan.

// head is the matrix at the head of a strip; nil where it changes nothing.
func (c *channel) head() *stereo.Matrix {
	if c.strip == nil {
		return nil
	}
	m := stereo.Flip(c.strip.InvertSide == "left", c.strip.InvertSide == "right")
	switch c.pick {
	case "left":
		m = stereo.Left.After(m)
	case "right":
		m = stereo.Right.After(m)
	case "mid":
		m = stereo.Mid.After(m)
	case "side":
		m = stereo.Side.After(m)
	}
	if c.strip.Mono {
		m = stereo.Mid.After(m)
	}
	if m == stereo.Unity {
		return nil
	}
	return &m
}

// headDelay is by how many frames a strip without a file is later. A stem's file
// begins later instead.
func (d *desk) headDelay(c *channel) int {
	if c.strip == nil || c.source != nil {
		return 0
	}
	return int(inFrames(c.strip.Delay, d.rate))
}

// mono reports whether a strip's sound is one channel: that of a mono file, or one
// that was taken from a stereo file.
func (c *channel) mono() bool { return c.source != nil && c.source.channels() == 1 || c.pick != "" }

// panLaw is the law by which a strip is panned: its own, or that of the session
// for a mono stem, or balance.
func (d *desk) panLaw(c *channel) stereo.Law {
	name := c.strip.PanLaw
	if name == "" {
		if name = spec.PanLawBalance; c.mono() {
			name = d.song.PanLaw
		}
	}
	switch name {
	case spec.PanLaw45:
		return stereo.LawMiddle
	case spec.PanLaw6:
		return stereo.LawSum
	case spec.PanLawBalance:
		return stereo.LawBalance
	}
	return stereo.LawPower
}

// describeSides adds what a strip does with the two sides, where that is not what
// every strip does.
func (d *desk) describeSides(c *channel, t *cache.Description) error {
	s := c.strip
	set := map[string]any{}
	if c.pick != "" {
		set["channel"] = c.pick
	}
	if s.InvertSide != "" {
		set["polarity"] = s.InvertSide
	}
	if s.Mono {
		set["mono"] = true
	}
	if n := d.headDelay(c); n != 0 {
		set["delay"] = n
	}
	if s.Rotate != 0 {
		set["rotate"] = s.Rotate
	}
	usual := stereo.LawBalance
	if c.mono() {
		usual = stereo.LawPower
	}
	if law := d.panLaw(c); law != usual {
		set["pan_law"] = lawNames[law]
	}
	if len(set) == 0 {
		return nil
	}
	return t.AddValue("sides", set)
}

var lawNames = map[stereo.Law]string{
	stereo.LawPower: spec.PanLaw3, stereo.LawMiddle: spec.PanLaw45, stereo.LawSum: spec.PanLaw6, stereo.LawBalance: spec.PanLawBalance,
}

// setHead gives a node its head.
func (d *desk) setHead(n *node, c *channel) {
	n.head = c.head()
	delay := d.headDelay(c)
	n.headDelay = dsp.NewDelay(delay)
	n.leadDelay = dsp.NewDelay(delay)
	n.end += int64(delay)
}
