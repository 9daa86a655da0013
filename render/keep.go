package render

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/render/cache"
)

// probeChunks is after how many chunks (4 s at 48 kHz) it is known well enough
// what a strip costs.
const probeChunks = 24

// keeper writes the sound of a stage while it is made. Mixdowns and masters are
// always kept: each stands for all the work before it. Strips are kept when
// making them again, with what lies before them and is not kept either, takes
// much longer than reading them back; how long, their first seconds tell.
type keeper struct {
	channel *channel
	node    *node
	rate    int
	always  bool
	worth   func(cost time.Duration, size int64) bool
	files   [2]*artifactWriter // by port
	chunks  int64
	dropped atomic.Bool
}

// newKeeper makes a keeper of a channel's node, as its sinks.
func (b *builder) newKeeper(c *channel, rate int, always bool) (*keeper, error) {
	k := &keeper{channel: c, node: c.node, rate: rate, always: always, worth: b.worth}
	c.node.keeper = k
	for p := range k.files {
		if port(p) == pre && !c.wantPre {
			continue
		}
		var err error
		if k.files[p], err = newArtifactWriter(b.stagePath(c, port(p)), c.node.end, c.node.latency); err != nil {
			k.drop()
			return nil, err
		}
		c.node.sinks[p] = &kept{k, port(p)}
	}
	return k, nil
}

// kept is the sink of one port of a keeper.
type kept struct {
	*keeper
	port port
}

// write implements [sink].
func (k *kept) write(b dsp.Block) error {
	if k.dropped.Load() {
		return nil
	}
	if k.port == post {
		if k.chunks++; k.chunks == probeChunks && !k.worthwhile() {
			k.drop()
			return nil
		}
	}
	return k.files[k.port].write(b)
}

// worthwhile reports whether the stage is worth its place in the cache, by what
// its chunks so far have cost.
func (k *keeper) worthwhile() bool {
	if k.always {
		return true
	}
	size := int64(0)
	for _, w := range k.files {
		if w != nil {
			size += w.limit * artifactFrame
		}
	}
	return k.worth(k.node.cost(k.node.end), size)
}

// cost estimates what it takes to make so many frames of a node again, with all
// that lies before it and is not kept.
func (n *node) cost(frames int64) time.Duration {
	ran := n.ran.Load()
	if ran == 0 {
		return 0
	}
	own := float64(n.spent.Load()) / float64(ran*chunkFrames)
	total := time.Duration(own * float64(frames))
	for _, list := range [][]*input{n.inputs, n.keys} {
		for _, in := range list {
			if in.from != nil && (in.from.keeper == nil || in.from.keeper.dropped.Load()) {
				total += in.from.cost(frames)
			}
		}
	}
	return total
}

// drop gives the stage up.
func (k *keeper) drop() {
	if k.dropped.Swap(true) {
		return
	}
	for _, w := range k.files {
		if w != nil {
			w.remove()
		}
	}
}

// finish stores the stage when it is worth it, and returns what is on disk of
// it; nil where nothing is.
func (k *keeper) finish(ctx context.Context, b *builder) (*artifact, error) {
	k.channel.seconds = time.Duration(k.node.spent.Load()).Seconds()
	if k.dropped.Load() {
		return nil, nil
	}
	if k.chunks < probeChunks && !k.worthwhile() {
		k.drop()
		return nil, nil
	}
	k.dropped.Store(true) // from here on the files are the artifact's
	paths := map[string]string{}
	for p, w := range k.files {
		if w == nil {
			continue
		}
		if err := w.close(); err != nil {
			return nil, err
		}
		paths[port(p).String()] = w.file.Name()
	}
	a := &artifact{stageInfo: k.files[post].stageInfo, path: paths[post.String()], pre: paths[pre.String()], rate: k.rate}
	b.keep(ctx, k.channel.key, cache.Result{Files: paths, Meta: a.stageInfo, Seconds: k.channel.seconds})
	return a, nil
}
