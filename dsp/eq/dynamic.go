package eq

import (
	"fmt"
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// Defaults of a dynamic band's settings.
const (
	dynamicRatio   = 2.0
	dynamicAttack  = 10.0  // ms
	dynamicRelease = 120.0 // ms
	dynamicKnee    = 6.0   // dB
)

// dynamicFields are the settings that make a band dynamic.
var dynamicFields = []param.Param{
	{Name: "threshold", Unit: param.DB, Min: -80, Max: 0,
		Doc: "makes a bell or shelf dynamic (minimum phase only): level in the band from which on its gain moves"},
	{Name: "range", Unit: param.DB, Min: -30, Max: 30, Default: 0.0,
		Doc: "of a dynamic band: how far its gain moves at most, downwards where negative"},
	{Name: "ratio", Unit: param.Ratio, Min: 1, Max: 100, Default: dynamicRatio,
		Doc: "of a dynamic band: dB in for one dB more in the band above the threshold, as in a compressor; upwards the gain moves by as much"},
	{Name: "attack", Unit: param.MS, Min: 0.1, Max: 500, Default: dynamicAttack,
		Doc: "of a dynamic band: time in which 63 % of a movement (in dB) is reached"},
	{Name: "release", Unit: param.MS, Min: 1, Max: 5000, Default: dynamicRelease,
		Doc: "of a dynamic band: time in which 63 % of a movement (in dB) is taken back"},
	{Name: "sidechain", Type: param.Signal,
		Doc: "of a dynamic band: stem, bus or return whose level in the band counts instead of the input's"},
}

// checkDynamic finds what is wrong with a band's dynamic settings.
func checkDynamic(b param.Values, phase string, complain func(name, format string, args ...any)) {
	shape := b.Str("type")
	if !b.Has("threshold") {
		for _, f := range dynamicFields[1:] {
			if b[f.Name] != nil && b[f.Name] != f.Default {
				complain(f.Name, "does nothing without a threshold, which makes a band dynamic: write one, or leave %s out", f.Name)
			}
		}
		return
	}
	switch {
	case phase == "linear":
		complain("threshold", "a band cannot be dynamic in linear phase: leave threshold out, or write phase: minimum")
	case !canBeDynamic(shape):
		complain("threshold", "a %s cannot be dynamic, a bell, lowshelf or highshelf can: leave threshold out", shape)
	}
	if b.Num("range") == 0 {
		complain("range", "a dynamic band needs a range, how far its gain moves: write -6 dB or 6 dB, or leave threshold out")
	}
}

func canBeDynamic(shape string) bool {
	return shape == bell || shape == lowShelf || shape == highShelf
}

// follows reports whether an equaliser has a band that moves with its input.
func follows(v param.Values) bool {
	return slices.ContainsFunc(v.List("bands"), func(b param.Values) bool { return b.Has("threshold") && !b.Has("sidechain") })
}

// dynamics is what moves the gain of a band with the level. The level is that
// of what the band acts on: its input (the channel, or the middle or side it
// works on) or else a key (the louder of its channels), through a band-pass where
// it is a bell, or a low-pass or high-pass where it is a shelf, of the same
// frequency.
//
// The gain is worked out for every [filter.Glide] frames. Then the sections are
// designed anew, as for a band that somebody moves, and go over to the design
// in a straight line: at any moment the curve is that of a band of that gain.
type dynamics struct {
	external bool
	follower *dyn.Follower
	detector *filter.Cascade
	coefs    [1]filter.Coef
	mono     bool      // the detector hears one channel
	heard    dsp.Block // memory for one step

	side smooth.Value // of a positive range 1, of a negative one -1; glides when automation turns it
	now  float64      // dB by which the gain is moved where the glide ends
}

// followerSettings reads the settings of the level's side.
func followerSettings(v param.Values) dyn.FollowerSettings {
	return dyn.FollowerSettings{
		Curve: dyn.Curve{
			Threshold: v.Num("threshold"),
			Ratio:     v.Num("ratio"),
			Knee:      dynamicKnee,
			Range:     math.Abs(v.Num("range")),
		},
		Attack:  v.Num("attack"),
		Release: v.Num("release"),
	}
}

func newDynamics(b band, rate float64) *dynamics {
	v := b.dynamic
	d := &dynamics{
		external: v.Has("sidechain"),
		follower: dyn.NewFollower(followerSettings(v), int(rate), filter.Glide),
		mono:     b.on != onStereo && !v.Has("sidechain"),
		heard:    dsp.NewBlock(filter.Glide),
		side:     smooth.New(sign(v.Num("range")), int(rate)/filter.Glide),
	}
	d.coefs[0] = b.detectorFor(b.hz, b.q, rate)
	d.detector = filter.NewCascade(d.coefs[:]...)
	return d
}

// sign of a range: -1 or 1.
func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}

// detectorFor designs what a band listens through.
func (b band) detectorFor(hz, q, rate float64) filter.Coef {
	switch b.shape {
	case lowShelf:
		return filter.BilinearLowPass(hz, filter.ButterworthQ, rate)
	case highShelf:
		return filter.BilinearHighPass(hz, filter.ButterworthQ, rate)
	}
	return filter.BilinearBandPass(hz, q, rate)
}

// hear takes the next frames of what the band listens to.
func (d *dynamics) hear(b dsp.Block, on string) {
	n := b.Len()
	left, right := d.heard[0][:n], d.heard[1][:n]
	if !d.mono {
		copy(left, b[0])
		copy(right, b[1])
		d.detector.Process(dsp.Block{left, right})
		d.follower.Hear(left, right)
		return
	}
	if on == onRight || on == onSide {
		copy(left, b[1])
	} else {
		copy(left, b[0])
	}
	d.detector.ProcessMono(left)
	d.follower.Hear(left, left)
}

// step returns by how many dB the gain is to be moved when the next glide ends.
func (d *dynamics) step() float64 {
	if d.side.Now != d.side.Target {
		d.side.Step()
	}
	return float64(d.side.Now * d.follower.Ahead())
}

func (d *dynamics) reset(b band, rate float64) {
	d.follower.Reset()
	d.coefs[0] = b.detectorFor(b.hz, b.q, rate)
	d.detector.Set(d.coefs[:])
	d.detector.Reset()
	d.side.Reset()
	d.now = 0
}

// tune returns the setter of one of the dynamic settings; running says whether
// sound has been through.
func (d *dynamics) tune(setting string, running func() bool) func(float64) {
	return func(value float64) {
		s := d.follower.Settings()
		switch setting {
		case "threshold":
			s.Threshold = value
		case "ratio":
			s.Ratio = value
		case "attack":
			s.Attack = value
		case "release":
			s.Release = value
		case "range":
			s.Range = math.Abs(value)
			d.side.Target = sign(value)
			if !running() {
				d.side.Now = d.side.Target
			}
		}
		d.follower.Set(s)
	}
}

// isDynamicSetting reports whether a name is one of the dynamic settings that
// can be tuned.
func isDynamicSetting(name string) bool {
	switch name {
	case "threshold", "range", "ratio", "attack", "release":
		return true
	}
	return false
}

// processDynamic is process for a dynamic band: what the level asks for comes on
// top of what automation does. While there is nothing of either, it runs the
// design that a band at rest runs.
func (r *runner) processDynamic(b, key dsp.Block) {
	m, d := r.move, r.dyn
	m.running = m.running || b.Len() > 0
	for from := 0; from < b.Len(); {
		if m.wait == 0 {
			m.wait = filter.Glide
			r.stepDynamic()
		}
		to := min(from+m.wait, b.Len())
		d.hear(key.Cut(from, to), r.on)
		r.filter(b.Cut(from, to))
		m.wait -= to - from
		from = to
	}
}

// stepDynamic begins a glide to where the level and automation lead.
func (r *runner) stepDynamic() {
	m, d := r.move, r.dyn
	offset := d.step()
	tuned := m.moved && !m.arrived()
	if tuned {
		m.step()
		r.tuneDetector()
	}
	if offset == d.now && !tuned {
		return
	}
	d.now = offset
	if offset == 0 && !m.moved {
		r.cascade.Glide(r.first)
		return
	}
	r.cascade.Glide(r.design())
}

// tuneDetector has the detector listen where the band is.
func (r *runner) tuneDetector() {
	m, d := r.move, r.dyn
	d.coefs[0] = r.detectorFor(xmath.Exp(m.hz.Now), xmath.Exp(m.q.Now), r.rate)
	d.detector.Set(d.coefs[:])
}

// dynamicInLinear is an error for whoever has not asked check.
func dynamicInLinear(bands []band) error {
	for i, b := range bands {
		if b.dynamic != nil {
			return fmt.Errorf("%s: a band cannot be dynamic in linear phase", b.name(i))
		}
	}
	return nil
}
