package render

import (
	"context"
	"slices"
	"time"

	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// kindCost is about how long processors take for a stereo frame, in ns (the
// benchmarks of dsp, on a server's core), where that is far from usualCost. Of a
// list of bands it is what one takes. Nothing but the choice of what to keep
// depends on it.
var kindCost = map[string]float64{
	"eq": 6, "imager": 10, "parallel": 5, "mid_side": 5, "bands": 20, "multiband": 30,
	"saturator": 110, "exciter": 140, "reverb": 150, "convolver": 250, "chorus": 230, "flanger": 90, "phaser": 60,
}

const (
	usualCost    = 30 // ns a frame, of a processor
	stripCost    = 12 // of a strip's summing and fader
	fileCost     = 5  // of reading a WAV file
	flacCost     = 70
	resampleCost = 60
)

// keeps reports whether a channel's sound is kept in the cache. Mixdowns and
// masters always are: each stands for all the work before it. A strip is when
// making it again, with all that lies before it and is not kept itself, takes
// several times as long as reading it back. Strips that are not kept are no
// actions of their own: they are a part of what hears them.
func (d *desk) keeps(c *channel) bool {
	if !c.rounded {
		return false
	}
	if c.strip == nil || c.isMix() {
		return true
	}
	if c.kept == nil {
		size := d.longest() * artifactFrame
		if c.wantPre {
			size *= 2
		}
		kept := d.worth != nil && d.worth(c.name, time.Duration(d.cost(c)*float64(d.longest())), size)
		c.kept = &kept
	}
	return *c.kept
}

// longest is about how many frames the song has.
func (d *desk) longest() int64 {
	if d.length > 0 {
		return d.length
	}
	longest := int64(0)
	for _, src := range d.sources {
		longest = max(longest, src.frames())
	}
	return longest
}

// cost is about how many ns a frame of a channel takes, with what lies before
// it and is not kept.
func (d *desk) cost(c *channel) float64 {
	cost := stripCost + chainCost(c.chain)
	if c.lead != nil {
		cost += chainCost(c.chain)
	}
	if c.source != nil {
		cost += c.source.cost()
	}
	inputs := c.before()
	for i, in := range inputs {
		if !slices.Contains(inputs[:i], in) && !d.keeps(in) {
			cost += d.cost(in)
		}
	}
	return cost
}

func chainCost(chain []spec.Processor) float64 {
	cost := 0.0
	for _, p := range chain {
		if p.Bypass {
			continue
		}
		own, known := kindCost[p.Kind]
		if !known {
			own = usualCost
		}
		if p.Values.Has("bands") {
			own = float64(own * float64(len(p.Values.List("bands"))))
		}
		cost += own
		for _, chains := range p.Chains {
			for _, inner := range chains {
				cost += chainCost(inner)
			}
		}
	}
	return cost
}

// keeper writes the sound of a stage while it is made.
type keeper struct {
	channel *channel
	files   [2]*artifactWriter // by port
	meters  []*chainMeter      // of a master
}

// newKeeper makes a keeper of a channel's node, as its sinks.
func (b *builder) newKeeper(c *channel) (*keeper, error) {
	k := &keeper{channel: c}
	for p := range k.files {
		if port(p) == pre && !c.wantPre {
			continue
		}
		w, err := newArtifactWriter(b.stagePath(c, port(p)), c.node.end, c.node.latency)
		if err != nil {
			k.Close()
			return nil, err
		}
		k.files[p], c.node.sinks[p] = w, w
	}
	return k, nil
}

// Close gives up what is not finished.
func (k *keeper) Close() error {
	for _, w := range k.files {
		if w != nil {
			w.file.Close()
		}
	}
	return nil
}

// finish stores the stage, and returns what is on disk of it. song is how long the
// song is in frames, as far as it is known.
func (k *keeper) finish(ctx context.Context, b *builder, rate int, song int64) (*artifact, error) {
	c := k.channel
	c.seconds = c.node.work().Seconds()
	paths, whole := map[string]string{}, true
	for p, w := range k.files {
		if w == nil {
			continue
		}
		if err := w.close(); err != nil {
			return nil, err
		}
		paths[port(p).String()] = w.file.Name()
		whole = whole && w.Frames == w.limit
	}
	if !whole { // a song that is cut by its length ends before its strips do
		return nil, nil
	}
	for _, m := range k.meters {
		k.files[post].Chain = append(k.files[post].Chain, m.stage(song))
	}
	a := &artifact{stageInfo: k.files[post].stageInfo, path: paths[post.String()], pre: paths[pre.String()], rate: rate}
	b.keep(ctx, c.key, cache.Result{Files: paths, Meta: a.stageInfo, Seconds: c.seconds})
	return a, nil
}

// work is the time that was spent on a node and on those before it that are no
// stages of their own, each counted once.
func (n *node) work() time.Duration {
	spent := time.Duration(n.spent.Swap(0))
	for _, list := range n.edges() {
		for _, in := range list {
			if in.from != nil && in.from.sinks == [2]sink{} {
				spent += in.from.work()
			}
		}
	}
	return spent
}
