package render

import (
	"fmt"
	"math"

	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// Caps keep a file below the loudness that is asked for, where its user said so: the
// level then goes as high as they let it. Each is a figure that gets tighter as the
// level rises, never looser.

// levelCap is what a delivery's level is kept down by.
type levelCap struct {
	name  string  // as it is written: "max_short_term"
	what  string  // "max short-term loudness"
	unit  string  // "LUFS" or "LU"
	least bool    // a floor
	limit float64 // in unit
	// of is the figure that is capped, and where in seconds it is.
	of func(figures) (value, at float64)
}

// capsOf lists the caps of a delivery.
func capsOf(d *spec.Delivery) []levelCap {
	var out []levelCap
	add := func(limit *float64, c levelCap) {
		if limit != nil {
			c.limit = *limit
			out = append(out, c)
		}
	}
	add(d.MaxShortTerm, levelCap{name: "max_short_term", what: "max short-term loudness", unit: "LUFS", of: func(f figures) (float64, float64) { return f.shortTerm, f.shortTermAt }})
	add(d.MinPLR, levelCap{name: "min_plr", what: "PLR", unit: "LU", least: true, of: func(f figures) (float64, float64) { return f.plr, f.peakAt }})
	add(d.MinPSR, levelCap{name: "min_psr", what: "lowest PSR", unit: "LU", least: true, of: func(f figures) (float64, float64) { return f.psr, f.psrAt }})
	return out
}

// limits says what a cap asks for.
func (c levelCap) limits() string {
	if c.least {
		return "at least " + spec.FormatQuantity(c.limit, "LU")
	}
	return "at most " + spec.FormatQuantity(c.limit, "LUFS")
}

// room is by how many LU a cap is kept; NaN where the figure does not exist, which
// keeps every cap.
func (c levelCap) room(f figures) float64 {
	v, _ := c.of(f)
	if c.least {
		return v - c.limit
	}
	return c.limit - v
}

// tightest returns the cap with the least room.
func tightest(caps []levelCap, f figures) (tight *levelCap, room float64) {
	room = math.Inf(1)
	for i, c := range caps {
		if r := c.room(f); r < room {
			tight, room = &caps[i], r
		}
	}
	return tight, room
}

// figures are what caps are about; NaN where there is none.
type figures struct {
	loudness            float64 // integrated, LUFS
	shortTerm           float64 // the highest, LUFS
	plr, psr            float64 // LU
	shortTermAt, peakAt float64 // s
	psrAt               float64
}

// figures estimates what a drive makes of the song.
func (o *outline) figures(d drive) figures {
	const hop = 0.1 // s, nearly
	h := o.play(d)
	f := figures{shortTerm: math.Inf(-1), psr: math.NaN(), peakAt: math.NaN()}
	f.loudness = loudness.Integrated(blocks(h.energies, o.hopFrames(), hopsPerBlock)) + o.shift
	f.plr = xmath.DB(h.peak) - f.loudness
	for i, e := range blocks(h.energies, o.hopFrames(), hopsPerShort) {
		l := loudness.LUFS(e) + o.shift
		if l > f.shortTerm {
			f.shortTerm, f.shortTermAt = l, float64(i)*hop
		}
		if l <= loudestSilence {
			continue
		}
		peak := 0.0
		for _, p := range h.peaks[i : i+hopsPerShort] {
			peak = max(peak, p)
		}
		if psr := xmath.DB(peak) - l; !(psr >= f.psr) {
			f.psr, f.psrAt = psr, float64(i)*hop
		}
	}
	return f
}

// loudestSilence is the absolute gate, in LUFS: what is below has no PSR.
const loudestSilence = -70.0

// figuresOf are the figures of a finished file.
func figuresOf(r measure.Report) figures {
	value := func(x *float64) float64 {
		if x == nil {
			return math.NaN()
		}
		return *x
	}
	return figures{
		loudness: value(r.Integrated), shortTerm: value(r.MaxShortTerm), plr: value(r.PLR), psr: value(r.PSR),
		shortTermAt: value(r.MaxShortTermAt), peakAt: value(r.TruePeakAt), psrAt: math.NaN(),
	}
}

// learned is by how much a file, measured, was above what the outline had of it, in LU;
// and in dB above its peak as it was expected.
type learned struct{ loudness, shortTerm, plr, psr, peak float64 }

// learn compares a file, made at a drive, with what the outline has of it.
func (t *take) learn(measured figures, g goal, d drive) learned {
	if len(g.caps) == 0 {
		return learned{loudness: less(measured.loudness, t.outline.loudness(d))}
	}
	had := t.outline.figures(d)
	return learned{
		loudness:  less(measured.loudness, had.loudness),
		shortTerm: less(measured.shortTerm, had.shortTerm),
		plr:       less(measured.plr, had.plr),
		psr:       less(measured.psr, had.psr),
	}
}

// less is a difference, 0 where there is none.
func less(a, b float64) float64 {
	if d := a - b; !math.IsNaN(d) && !math.IsInf(d, 0) {
		return d
	}
	return 0
}

// with is an estimate with what was learned.
func (f figures) with(l learned) figures {
	f.loudness += l.loudness
	f.shortTerm += l.shortTerm
	f.plr += l.plr
	f.psr += l.psr
	return f
}

// Precision of a level that a cap decides, in LU: where the search aims below the cap,
// and how far below it a file may end up.
const (
	capAim       = 0.005
	capPrecision = 0.02
	capPasses    = 30
)

// capped lowers a drive until it keeps the goal's caps. It returns the cap that
// decides, nil where the drive keeps them all. Where no level keeps one, that is a
// miss: below the limiter's reach PLR and PSR are the song's own.
func (t *take) capped(g goal, d drive, off learned) (drive, *levelCap, *Miss) {
	at := func(gain float64) (figures, *levelCap, float64) {
		d.gain = gain
		f := t.outline.figures(d).with(off)
		c, room := tightest(g.caps, f)
		return f, c, room
	}
	high := d.gain
	_, tight, over := at(high)
	if over >= 0 {
		return d, nil, nil
	}
	low := min(high, xmath.DB(d.ceiling)-xmath.DB(t.peak)) // where the limiter is idle
	f, c, room := at(low)
	for i, floor := range g.caps {
		if floor.least && floor.room(f) < 0 {
			return d, nil, t.unkept(&g.caps[i], f)
		}
	}
	if room < capAim {
		if !c.least {
			low += room - capAim // down there loudness is as the gain
		}
		d.gain = low
		return d, c, nil
	}
	// Regula falsi, the Illinois way: between a gain with room and one without.
	over -= capAim
	room -= capAim
	for range capPasses {
		mid := low + float64((high-low)*(room/(room-over)))
		_, c, r := at(mid)
		if r -= capAim; r >= 0 {
			low, room, over = mid, r, float64(over/2)
			if r <= capAim/4 {
				break
			}
		} else {
			tight = c
			high, over, room = mid, r, float64(room/2)
		}
	}
	d.gain = low
	return d, tight, nil
}

// unkept is the miss of a floor that no level keeps.
func (t *take) unkept(c *levelCap, f figures) *Miss {
	value, at := c.of(f)
	place := ""
	if !math.IsNaN(at) {
		place = " from " + spec.FormatClock(at)
	}
	return &Miss{
		Target: c.name,
		Message: fmt.Sprintf("%s is %.1f LU%s before anything is limited, and no level makes it more, where %s is asked for (%s)",
			c.what, value, place, c.limits(), c.name),
		Options: []string{
			fmt.Sprintf("%s: %.1f LU", c.name, math.Floor(value*10)/10),
			"a mix or master that leaves more of the peaks",
		},
	}
}

// settled reports whether a finished file is what was asked for, as far as its level
// goes; decides is the cap that its level was chosen by.
func (g goal) settled(f figures, decides *levelCap) bool {
	_, room := tightest(g.caps, f)
	if room < 0 {
		return false
	}
	if decides == nil {
		return !(math.Abs(f.loudness-g.loudness) > solvePrecision)
	}
	return room <= capPrecision && f.loudness <= g.loudness+solvePrecision
}

// Bound says which cap keeps an output below the loudness that is asked for.
type Bound struct {
	By    string   `json:"by"` // "max_short_term", "min_plr" or "min_psr"
	Limit float64  `json:"limit"`
	Value *float64 `json:"value"`
	Unit  string   `json:"unit"`        // "LUFS" or "LU"
	At    *float64 `json:"at_s"`        // where that is; of a window, where it begins
	Short float64  `json:"short_by_lu"` // by how much the output is below its target
}

// boundBy describes what a cap did to a file. Where the lowest PSR is the outline
// knows: the windows of both are the same, but for the silence before the song.
func (t *take) boundBy(level levelled, f figures, head, target float64) *Bound {
	if level.cap == nil || math.IsNaN(f.loudness) || target-f.loudness <= solvePrecision {
		return nil
	}
	value, at := level.cap.of(f)
	if math.IsNaN(at) {
		_, at = level.cap.of(t.outline.figures(level.drive))
		at += head
	}
	b := &Bound{By: level.cap.name, Limit: level.cap.limit, Unit: level.cap.unit, Short: round(target - f.loudness)}
	value = round(value)
	b.Value = &value
	if !math.IsNaN(at) {
		at = round(at)
		b.At = &at
	}
	return b
}
