package render

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/stereo"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/render/cache"
)

// chunkFrames is how many frames a node makes at a time: the unit of work of
// the scheduler. Long enough that handing work around costs nothing, short
// enough that a chunk is still in the cache when its consumer reads it.
const chunkFrames = 8192

// ringChunks is how many finished chunks a node may be ahead of its slowest
// consumer. It bounds memory: nodes × ringChunks × chunk size.
const ringChunks = 4

// tuneFrames is the grid on which moving parameters of processors are set,
// counted from the first frame of the stream.
const tuneFrames = 32

// port is one of a node's two outputs.
type port int

const (
	post port = iota // after gain, pan and width: what a strip puts out
	pre              // before them: for pre-fader sends
)

// String is the port's name, also in the cache.
func (p port) String() string { return [2]string{"post", "pre"}[p] }

// node is one strip of the desk at work: a stem, a bus, a return, the mix, or
// a stage of the master. It sums its inputs (or reads its source), runs its
// chain, and applies its fader.
//
// A node's output at frame n of its stream is what the desk puts out at song
// time n - latency.
type node struct {
	name        string
	source      source         // in place of inputs, for a stem
	stored      *stageSource   // the source, where a stored stage stands in for the channel
	sourceDelay dsp.Delay      // aligns it with the keys
	inputs      []*input       // in the order of summation
	keys        []*input       // what the chain's processors listen to
	lead        []*input       // what the chain's leader hears
	leader      *dsp.Chain     // nil: the chain has none
	leadDelay   dsp.Delay      // headDelay of the leader
	heard       dsp.Block      // what the leader hears, a block
	head        *stereo.Matrix // what of the sides goes into the chain; nil: as they are
	headDelay   dsp.Delay      // and how much later
	chain       *dsp.Chain
	moving      []tuning    // automation of the chain's parameters
	fader       *fader      // nil: the output is the chain's
	rounded     bool        // a stage boundary: the output is rounded to 32-bit float
	meter       *chainMeter // hears every finished chunk; may be nil
	sinks       [2]sink     // take every finished chunk, by port; may be nil

	latency   int   // of the output, in frames
	tail      int   // of the chain, at the most its automation makes of it
	end       int64 // song frame at which the output has certainly died away
	consumers []*node
	wantPre   bool // somebody takes the pre-fader output

	// from is the chunk that the stream begins with: above 0 where only a passage
	// is rendered. What the scheduler calls chunk 0 is this one.
	from int64

	// Owned by the scheduler.
	index   int
	done    int64 // chunks finished
	running bool
	spent   atomic.Int64 // ns of work, sinks left out

	out [2][]dsp.Block // rings of chunks, by port
	key []dsp.Block    // one block of each key signal
	tmp dsp.Block
}

// input is an edge of the graph: a copy of another node's output, delayed so
// that it arrives together with the others, at a level.
type input struct {
	from  *node
	port  port
	level level     // of a send; the zero value is unity
	delay dsp.Delay // aligns latencies
}

// source gives a node its sound: planar, stereo, at the session's rate. After
// the end of the sound it gives silence.
type source interface {
	read(b dsp.Block) error
	// describe says what the sound depends on.
	describe(*cache.Description)
	channels() int // of the file: 1 or 2
	frames() int64 // at the session's rate, from the start of the song
	cost() float64 // ns a frame, about
	// again is another reader of the same sound: strips of two versions that differ
	// in their faders read it side by side.
	again() source
	// open goes to the first frame; close gives back what open took.
	open() error
	io.Closer
}

// sink takes a node's finished output in order. Frames before the node's
// latency are not yet song and are not given to it.
type sink interface {
	write(b dsp.Block) error
}

// tuning moves one parameter of a processor in the chain.
type tuning struct {
	lane   *lane
	offset int64 // stream frames by which the processor's input lags song time
	set    func(float64)
	last   float64
}

// level is a gain, fixed or moving.
type level struct {
	gain float64 // linear; only where db is nil
	db   *lane
}

func fixedLevel(db float64) level { return level{gain: gainOf(db)} }

// gainOf is the linear gain of a level in dB; exactly 1 at 0 dB.
func gainOf(db float64) float64 {
	if db == 0 {
		return 1
	}
	return xmath.Gain(db)
}

// prepare allocates what the node works with.
func (n *node) prepare() {
	n.out[post] = ring()
	if n.wantPre {
		n.out[pre] = ring()
	}
	n.tmp = dsp.NewBlock(dsp.MaxBlock)
	if n.leader != nil {
		n.heard = dsp.NewBlock(dsp.MaxBlock)
	}
	n.key = make([]dsp.Block, len(n.keys))
	for i := range n.key {
		n.key[i] = dsp.NewBlock(dsp.MaxBlock)
	}
}

func ring() []dsp.Block {
	r := make([]dsp.Block, ringChunks)
	for i := range r {
		r[i] = dsp.NewBlock(chunkFrames)
	}
	return r
}

// chunk returns the node's finished chunk c.
func (n *node) chunk(p port, c int64) dsp.Block { return n.out[p][c%ringChunks] }

// run makes chunk c. The scheduler sees to it that chunk c of every input is
// there, and that nobody needs the chunk that is overwritten.
func (n *node) run(c int64) error {
	c += n.from
	start := c * chunkFrames
	began := time.Now()
	for from := 0; from < chunkFrames; {
		to := min(from+dsp.MaxBlock, chunkFrames)
		to = from + int(n.nextCut(start+int64(from), int64(to-from)))
		if err := n.block(c, from, to); err != nil {
			if input := (*InputError)(nil); errors.As(err, &input) { // it names the stem
				return err
			}
			return fmt.Errorf("%s: %w", n.name, err)
		}
		from = to
	}
	n.spent.Add(int64(time.Since(began)))
	if n.meter != nil {
		n.meter.hear(n.song(post, c))
	}
	for p, sink := range n.sinks {
		if sink == nil {
			continue
		}
		if err := sink.write(n.song(port(p), c)); err != nil {
			return err
		}
	}
	return nil
}

// song is what of chunk c belongs to the song: all but what comes before its
// first frame.
func (n *node) song(p port, c int64) dsp.Block {
	out := n.chunk(p, c)
	if skip := int64(n.latency) - c*chunkFrames; skip > 0 {
		out = out.Cut(int(min(skip, chunkFrames)), chunkFrames)
	}
	return out
}

// nextCut says how many frames from here may be run at once before a moving
// parameter has to be set again: at the points of its lane, and on the grid.
func (n *node) nextCut(frame, most int64) int64 {
	if len(n.moving) == 0 {
		return most
	}
	most = min(most, tuneFrames-frame%tuneFrames)
	for _, m := range n.moving {
		most = min(most, m.lane.cut(frame-m.offset)+m.offset-frame)
	}
	return most
}

// block makes frames [from, to) of chunk c.
func (n *node) block(c int64, from, to int) error {
	b := n.chunk(post, c).Cut(from, to)
	frame := c*chunkFrames + int64(from)
	if n.source != nil {
		if err := n.source.read(b); err != nil {
			return err
		}
		n.sourceDelay.Process(b)
	} else if len(n.inputs) == 0 {
		silence(b)
	}
	for i, in := range n.inputs {
		in.add(b, i == 0 && n.source == nil, n.tmp.Cut(0, to-from), c, from, to)
	}
	n.headDelay.Process(b)
	if n.head != nil {
		n.head.Apply(b)
	}
	for i, in := range n.keys {
		n.key[i] = n.key[i].Cut(0, cap(n.key[i][0])).Cut(0, to-from)
		if in.from == nil {
			continue // silence
		}
		x := in.from.chunk(in.port, c).Cut(from, to)
		copy(n.key[i][0], x[0])
		copy(n.key[i][1], x[1])
		in.delay.Process(n.key[i])
	}
	for i := range n.moving {
		m := &n.moving[i]
		if v, _ := m.lane.at(frame - m.offset); v != m.last {
			m.last = v
			m.set(v)
		}
	}
	switch {
	case n.leader != nil:
		n.chain.ProcessLed(b, n.leading(c, from, to), n.leader, n.key)
	case n.chain != nil:
		n.chain.ProcessKeyed(b, n.key)
	}
	if n.wantPre {
		x := n.chunk(pre, c).Cut(from, to)
		if n.stored != nil {
			if err := n.stored.readPre(x); err != nil {
				return err
			}
		} else {
			n.tap(x, b)
		}
		n.bound(x, frame)
	}
	if n.fader != nil {
		n.fader.process(b, frame-int64(n.latency))
	}
	n.bound(b, frame)
	return nil
}

// tap takes the sound before the fader: as loud as the fader makes it in the
// centre.
func (n *node) tap(pre, b dsp.Block) {
	copy(pre[0], b[0])
	copy(pre[1], b[1])
	if n.fader != nil {
		l, r := n.fader.law.Gains(0)
		scale(pre[0], l)
		scale(pre[1], r)
	}
}

// bound makes a block, which begins at a frame of the stream, what is stored of
// it where the node's output is a stage. What comes from the store is so already.
func (n *node) bound(b dsp.Block, frame int64) {
	if n.rounded && n.stored == nil {
		roundToFloat32(b)
		n.trim(b, frame-int64(n.latency))
	}
}

// trim silences what lies before the song's first frame (the pre-ringing of a
// linear-phase filter) and beyond the stage's end: neither is stored, and so what
// follows must not hear it. b begins at song frame at.
func (n *node) trim(b dsp.Block, at int64) {
	length := int64(b.Len())
	if at < 0 {
		silence(b.Cut(0, int(min(-at, length))))
	}
	if over := at + length - n.end; over > 0 {
		silence(b.Cut(int(max(length-over, 0)), int(length)))
	}
}

// add sums the input's stretch of chunk c into b, or into silence where it is the
// first: what b holds then is not read.
func (in *input) add(b dsp.Block, first bool, tmp dsp.Block, c int64, from, to int) {
	x := in.from.chunk(in.port, c).Cut(from, to)
	if in.delay.Len() > 0 {
		copy(tmp[0], x[0])
		copy(tmp[1], x[1])
		in.delay.Process(tmp)
		x = tmp
	}
	if in.level.db == nil && in.level.gain == 1 {
		for ch := range b {
			if first {
				vector.Put(b[ch], x[ch])
			} else {
				vector.Add(b[ch], x[ch])
			}
		}
		return
	}
	if first {
		silence(b)
	}
	// A send's level moves in song time at the sender's fader: the sound that
	// arrives here is older by the sender's latency and the alignment.
	frame := c*chunkFrames + int64(from) - int64(in.from.latency) - int64(in.delay.Len())
	in.level.stretches(frame, len(b[0]), func(i, j int, g float64) {
		for ch := range b {
			dst := b[ch][i:j]
			src := x[ch][i:j]
			for k := range dst {
				dst[k] += float64(g * src[k])
			}
		}
	})
}

// stretches calls f for each stretch [i, j) of n frames from song frame on
// over which the gain stays the same.
func (l level) stretches(frame int64, n int, f func(i, j int, gain float64)) {
	if l.db == nil {
		f(0, n, l.gain)
		return
	}
	for i := 0; i < n; {
		db, until := l.db.at(frame + int64(i))
		j := int(min(int64(n), until-frame))
		f(i, j, gainOf(db))
		i = j
	}
}

// roundToFloat32 rounds a stage boundary to what is stored of it.
func roundToFloat32(b dsp.Block) {
	for ch := range b {
		vector.Round32(b[ch])
	}
}

// silenceFloor is -90 dBFS: a song ends when its last tail has fallen below.
const silenceFloor = 3.1622776601683795e-05

// lastAudible returns the number of frames up to and including the last one
// at or above [silenceFloor]; 0 where there is none.
func lastAudible(b dsp.Block) int {
	for i := b.Len(); i > 0; i-- {
		if math.Abs(b[0][i-1]) >= silenceFloor || math.Abs(b[1][i-1]) >= silenceFloor {
			return i
		}
	}
	return 0
}
