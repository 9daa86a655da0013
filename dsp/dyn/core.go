package dyn

import (
	"strings"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// settings are what a core is set to.
type settings struct {
	Curve
	attack, release float64 // ms
	autoRelease     bool
	makeup          float64 // dB
	autoMakeup      bool
	rms             bool
	link            float64 // 0..1
}

// core is a stereo compressor without its surroundings (look-ahead, side-chain
// filter, bands). Each block goes through reduction and then apply; between the two
// the caller may delay the sound.
type core struct {
	rate       int
	first, set settings // as made, as tuned

	computer computer
	peak     [2]peakHold // of the linked pair or the left channel; of the right
	mean     [2]meanSquare
	ballist  [2]ballistics
	makeup   smooth.Value // dB
	tally    *dsp.Tally   // nil: nobody counts
}

// count makes the core count what it takes off.
func (c *core) count() { c.tally = &dsp.Tally{} }

// counted is what the core took off since count.
func (c *core) counted() dsp.Reduction {
	if c.tally == nil {
		return dsp.Reduction{}
	}
	return c.tally.Reduction()
}

func newCore(set settings, rate int) *core {
	c := &core{rate: rate, first: set, set: set}
	c.makeup = smooth.New(set.gain(), rate)
	c.reset()
	return c
}

// gain returns the make-up in dB.
func (s settings) gain() float64 {
	if s.autoMakeup {
		return s.AutoMakeup()
	}
	return s.makeup
}

// design turns the settings into coefficients.
func (c *core) design() {
	set := c.set
	c.computer = newComputer(set.Curve, set.rms)
	release := set.release
	if set.autoRelease {
		release = autoFast
	}
	hold := holdTime(release)
	if set.rms {
		hold = 0
	}
	for ch := range 2 {
		c.peak[ch].setTime(hold, c.rate)
		c.mean[ch].setTime(rmsTime, c.rate)
		c.ballist[ch].setTimes(set.attack, release, hold, set.autoRelease, c.rate)
	}
	c.makeup.Set(set.gain())
}

func (c *core) reset() {
	c.set = c.first
	c.design()
	for ch := range 2 {
		c.peak[ch].reset()
		c.mean[ch].reset()
		c.ballist[ch].reset()
	}
	c.makeup.Reset()
}

// tune returns the setter of a parameter, or nil. Threshold, ratio, knee, range
// and the times act through the ballistics, which keep them from clicking; the
// make-up glides.
func (c *core) tune(name string) func(float64) {
	setting := map[string]*float64{
		"threshold": &c.set.Threshold,
		"ratio":     &c.set.Ratio,
		"knee":      &c.set.Knee,
		"range":     &c.set.Range,
		"attack":    &c.set.attack,
		"release":   &c.set.release,
		"makeup":    &c.set.makeup,
	}[name]
	if setting == nil || name == "release" && c.set.autoRelease || name == "makeup" && c.set.autoMakeup {
		return nil
	}
	return func(value float64) {
		*setting = value
		c.design()
	}
}

// tuneItem is tune for a list of cores, with names like "bands.2.threshold".
func tuneItem(cores []*core, list, name string) func(float64) {
	rest, ok := strings.CutPrefix(name, list+".")
	number, field, dotted := strings.Cut(rest, ".")
	if !ok || !dotted || len(number) != 1 {
		return nil
	}
	if i := int(number[0]) - '1'; i >= 0 && i < len(cores) {
		return cores[i].tune(field)
	}
	return nil
}

// reduction works out the gain reduction in dB of each channel, for a block of
// what the core listens to, in the memory of work (as long as key at least).
// Where the channels are linked the left one's goes for both and the right one's
// is nil; both are nil when nothing is reduced in the whole block.
func (c *core) reduction(key, work dsp.Block) dsp.Block {
	n := key.Len()
	left, right := work[0][:n], work[1][:n]
	if c.set.link == 1 {
		if top := c.level(0, left, key[0], key[1]); top <= c.computer.from && c.ballist[0].idle() {
			return dsp.Block{}
		}
		c.ballist[0].run(left, &c.computer)
		return dsp.Block{left, nil}
	}
	top := max(c.level(0, left, key[0], key[0]), c.level(1, right, key[1], key[1]))
	if top <= c.computer.from && c.ballist[0].idle() && c.ballist[1].idle() {
		return dsp.Block{}
	}
	c.ballist[0].run(left, &c.computer)
	c.ballist[1].run(right, &c.computer)
	blend(left, right, c.set.link)
	return dsp.Block{left, right}
}

// level writes the level of the louder of two signals and returns the highest.
func (c *core) level(ch int, level, a, b []float64) float64 {
	if c.set.rms {
		return c.mean[ch].run(level, a, b)
	}
	return c.peak[ch].run(level, a, b)
}

// blend lets each channel share the larger of the two reductions.
func blend(left, right []float64, link float64) {
	right = right[:len(left)]
	for i, l := range left {
		r := right[i]
		if l > r {
			right[i] = r + float64(link*(l-r))
		} else {
			left[i] = l + float64(link*(r-l))
		}
	}
}

// apply takes the reduction off the block and adds the make-up. It uses up the
// memory of reduction; work serves where there is none.
func (c *core) apply(b, reduction, work dsp.Block) {
	n := b.Len()
	if c.tally != nil {
		c.tally.Add(reduction[0], n)
	}
	makeup := c.makeup.Now
	if !c.makeup.Begin(n) {
		reduction = c.glide(n, reduction, work)
		makeup = 0 // it is in the reduction now
	}
	switch {
	case reduction[0] == nil:
		amplify(b, makeup)
	case reduction[1] == nil:
		scaleBoth(b, reduction[0], makeup)
	default:
		scale(b[0], reduction[0], makeup)
		scale(b[1], reduction[1], makeup)
	}
}

// glide takes a moving make-up off the reduction.
func (c *core) glide(n int, reduction, work dsp.Block) dsp.Block {
	if reduction[0] == nil {
		reduction[0] = work[0][:n]
		clear(reduction[0])
	}
	left, right := reduction[0], reduction[1]
	for i := range left {
		makeup := c.makeup.Step()
		left[i] -= makeup
		if right != nil {
			right[i] -= makeup
		}
	}
	return reduction
}

// gain returns the linear gain of a make-up: exactly 1 for 0 dB.
func gain(db float64) float64 {
	if db == 0 {
		return 1
	}
	return xmath.FastGain(db)
}

// amplify is scale without a reduction.
func amplify(b dsp.Block, makeup float64) {
	g := gain(makeup)
	if g == 1 {
		return
	}
	for ch := range b {
		vector.Scale(b[ch], g)
	}
}

// scaleBoth lowers two channels by the same reductions in dB.
func scaleBoth(b dsp.Block, reduction []float64, makeup float64) {
	rest := gain(makeup)
	l, r := b[0][:len(reduction)], b[1][:len(reduction)]
	for i, d := range reduction {
		g := rest
		if d != 0 {
			g = xmath.FastGain(makeup - d)
		}
		l[i] *= g
		r[i] *= g
	}
}

// scale lowers one channel.
func scale(x, reduction []float64, makeup float64) {
	rest := gain(makeup)
	x = x[:len(reduction)]
	for i, d := range reduction {
		g := rest
		if d != 0 {
			g = xmath.FastGain(makeup - d)
		}
		x[i] *= g
	}
}
