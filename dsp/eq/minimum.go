package eq

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// minimum is the equaliser with minimum phase: bands one after the other.
type minimum struct{ bands []*runner }

func newMinimum(bands []band, rate float64) *minimum {
	m := &minimum{}
	for _, b := range bands {
		m.bands = append(m.bands, newRunner(b, rate))
	}
	return m
}

// Process implements [dsp.Processor].
func (m *minimum) Process(b dsp.Block) { m.ProcessKeyed(b, nil) }

// ProcessKeyed implements [dsp.Keyed]: keys are for the bands that have a
// side-chain, in their order. Without any, these listen to their input. Middle
// and side are made once for consecutive bands that work on them.
func (m *minimum) ProcessKeyed(b dsp.Block, keys []dsp.Block) {
	encoded := false
	for _, r := range m.bands {
		if isMidSide(r.on) != encoded {
			encoded = !encoded
			if encoded {
				encode(b)
			} else {
				decode(b)
			}
		}
		switch {
		case r.dyn == nil:
			r.process(b)
		case r.dyn.external && len(keys) > 0:
			r.processDynamic(b, keys[0])
			keys = keys[1:]
		default:
			r.processDynamic(b, b)
		}
	}
	if encoded {
		decode(b)
	}
}

// ProcessLed implements [dsp.Led]: band by band, so that a dynamic band hears what
// the leader's bands before it leave.
func (m *minimum) ProcessLed(b, lead dsp.Block, leader dsp.Processor, keys []dsp.Block) {
	twins := leader.(*minimum).bands
	encoded := false
	turn := func(f func(dsp.Block)) {
		encoded = !encoded
		f(b)
		f(lead)
	}
	for i, r := range m.bands {
		if isMidSide(r.on) != encoded {
			if encoded {
				turn(decode)
			} else {
				turn(encode)
			}
		}
		key := lead
		switch {
		case r.dyn == nil:
			r.process(b)
			twins[i].process(lead)
			continue
		case r.dyn.external && len(keys) > 0:
			key, keys = keys[0], keys[1:]
		}
		r.processDynamic(b, key)
		twins[i].processDynamic(lead, key)
	}
	if encoded {
		turn(decode)
	}
}

// Keys implements [dsp.Keyed]: one for each band with a side-chain.
func (m *minimum) Keys() int {
	n := 0
	for _, r := range m.bands {
		if r.dyn != nil && r.dyn.external {
			n++
		}
	}
	return n
}

// KeyLatency implements [dsp.Keyed].
func (m *minimum) KeyLatency(int) int { return 0 }

// Reset implements [dsp.Processor].
func (m *minimum) Reset() {
	for _, r := range m.bands {
		r.reset()
	}
}

// Latency implements [dsp.Processor].
func (m *minimum) Latency() int { return 0 }

// Tail implements [dsp.Processor]. A band that is automated is taken for at
// least a second: long enough for any but the narrowest in the bass.
func (m *minimum) Tail() int {
	n := 0
	for _, r := range m.bands {
		n += r.tail()
	}
	return n
}

// Tune implements [dsp.Tunable]: "bands.2.gain", and freq and q likewise, bands
// counted from 1.
func (m *minimum) Tune(name string) func(float64) {
	i, setting, ok := itemOf(name)
	if !ok || i > len(m.bands) {
		return nil
	}
	return m.bands[i-1].tune(setting)
}

// runner runs one band. As long as nobody moves it, it is a cascade of the
// best design for its settings. From the first change on it runs the wide
// design and goes over from one design to the next in steps of [filter.Glide]
// frames, in each of which the coefficients move in a straight line.
type runner struct {
	band
	rate    float64
	cascade *filter.Cascade
	first   []filter.Coef // the design for the settings the band began with

	move *movement // nil unless the band can be moved
	dyn  *dynamics // nil unless the level moves it
}

// movement is what a band needs to move. Frequency and q glide on a logarithmic
// scale, gain in dB: equal steps sound equally large.
type movement struct {
	hz, gain, q smooth.Value
	moved       bool // a setting has changed since Reset
	running     bool // sound has been through since Reset
	wait        int  // frames until the next step
	prototypes  []filter.Prototype
	coefs       []filter.Coef
}

func newRunner(b band, rate float64) *runner {
	first := b.sections(rate)
	r := &runner{band: b, rate: rate, cascade: filter.NewCascade(first...), first: first}
	if b.dynamic != nil {
		r.makeMovable()
		r.dyn = newDynamics(b, rate)
	}
	return r
}

// tune returns the setter of a setting, and makes the band one that can move.
func (r *runner) tune(setting string) func(float64) {
	if setting == "gain" && !hasGain(r.shape) || setting == "q" && !r.hasQ() {
		return nil // what the shape does not have
	}
	if isDynamicSetting(setting) {
		if r.dyn == nil {
			return nil
		}
		return r.dyn.tune(setting, func() bool { return r.move.running })
	}
	if setting != "freq" && setting != "gain" && setting != "q" {
		return nil
	}
	r.makeMovable()
	m := r.move
	switch setting {
	case "freq":
		return func(hz float64) { r.set(&m.hz, xmath.Log(hz)) }
	case "gain":
		return func(db float64) { r.set(&m.gain, db) }
	default:
		return func(q float64) { r.set(&m.q, xmath.Log(exactQ(q))) }
	}
}

// makeMovable makes the band one that can move.
func (r *runner) makeMovable() {
	if r.move != nil {
		return
	}
	steps := int(r.rate) / filter.Glide
	r.move = &movement{
		hz:   smooth.New(xmath.Log(r.hz), steps),
		gain: smooth.New(r.gain, steps),
		q:    smooth.New(xmath.Log(r.q), steps),
	}
	r.move.prototypes = r.appendPrototypes(nil)
	r.move.coefs = r.appendMoving(nil, r.move.prototypes, r.rate)
	r.cascade.Reserve(max(len(r.first), len(r.move.coefs)))
}

// hasQ reports whether q changes the band.
func (b band) hasQ() bool { return b.shape != tilt && !(hasSlope(b.shape) && b.order == 1) }

// set gives a setting a new target. Before the first frame it is taken at once:
// automation sets the scene at time zero, and there is nothing to click.
func (r *runner) set(v *smooth.Value, target float64) {
	m := r.move
	if v.Target == target {
		return
	}
	m.moved = true
	v.Target = target
	if !m.running {
		v.Now = target
		r.cascade.Set(r.design())
		if r.dyn != nil {
			r.tuneDetector()
		}
	}
}

// design makes the sections for where the settings are now.
func (r *runner) design() []filter.Coef {
	m := r.move
	b := r.band
	b.hz, b.gain, b.q = xmath.Exp(m.hz.Now), m.gain.Now, xmath.Exp(m.q.Now)
	if r.dyn != nil {
		b.gain += r.dyn.now
	}
	m.coefs = b.appendMoving(m.coefs[:0], m.prototypes, r.rate)
	return m.coefs
}

func (r *runner) process(b dsp.Block) {
	m := r.move
	if m == nil || !m.moved {
		if m != nil && b.Len() > 0 {
			m.running = true
		}
		r.filter(b)
		return
	}
	for b.Len() > 0 {
		m.running = true
		if m.wait == 0 {
			m.wait = filter.Glide
			r.step()
		}
		n := min(b.Len(), m.wait)
		r.filter(b.Cut(0, n))
		b = b.Cut(n, b.Len())
		m.wait -= n
	}
}

// step moves the settings on, unless they have arrived.
func (r *runner) step() {
	if r.move.arrived() {
		return
	}
	r.move.step()
	r.cascade.Glide(r.design())
}

func (m *movement) arrived() bool {
	return m.hz.Now == m.hz.Target && m.gain.Now == m.gain.Target && m.q.Now == m.q.Target
}

func (m *movement) step() {
	m.hz.Step()
	m.gain.Step()
	m.q.Step()
}

// filter runs the cascade on what the band works on; middle and side are in
// place of left and right.
func (r *runner) filter(b dsp.Block) {
	switch r.on {
	case onLeft, onMid:
		r.cascade.ProcessMono(b[0])
	case onRight, onSide:
		r.cascade.ProcessMono(b[1])
	default:
		r.cascade.Process(b)
	}
}

func (r *runner) reset() {
	r.cascade.Set(r.first)
	r.cascade.Reset()
	if m := r.move; m != nil {
		m.hz.Reset()
		m.gain.Reset()
		m.q.Reset()
		m.moved, m.running, m.wait = false, false, 0
	}
	if r.dyn != nil {
		r.dyn.reset(r.band, r.rate)
	}
}

func (r *runner) tail() int {
	n := filter.TailOf(r.first)
	if r.move != nil {
		n = max(n, int(r.rate))
	}
	return n
}
