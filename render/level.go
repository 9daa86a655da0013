package render

import (
	"context"
	"fmt"
	"math"

	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// goal is what a delivery asks of a take.
type goal struct {
	loudness     float64  // LUFS; NaN: the gain is given
	gain         float64  // dB, where it is
	peak         *float64 // dBFS, sample peak that sets the level; nil: it does not
	ceiling      float64  // dBTP; +Inf: no limiter
	maxReduction float64  // dB
	tolerance    float64  // LU
	limiter
	caps []levelCap // that may keep the level below the loudness
}

// Precision of the search for a level, in LU: of the estimate, and within which
// the finished file has to be for no further try. Both are well inside every
// tolerance and past what one can hear or certify.
const (
	estimatePrecision = 0.0005
	solvePrecision    = 0.005
	peakPrecision     = 0.002 // dB, of a level that goes by the sample peak
	solvePasses       = 40    // of the search; a halving each at the worst
)

// solve finds the drive at which a take meets a goal, by the take's outline.
// Loudness rises with the drive, ever more slowly the more the limiter holds
// against it, so the search is a bracketed secant: it starts where the level
// would be right without a limiter, which is never too high. off is by how much
// the last try, measured, was above what the outline had of it, or than its peak was
// expected.
//
// A goal that can't be met comes back as a miss, with numbers and options.
func (t *take) solve(ctx context.Context, g goal, off learned) (levelled, *Miss, error) {
	d := g.drive()
	if g.peak != nil {
		if t.sound.Peak == 0 {
			return levelled{drive: d}, &Miss{
				Target:  "peak",
				Message: fmt.Sprintf("a sample peak of %.1f dBFS can't be reached: the song is silent", *g.peak),
				Options: []string{"peak: none"},
			}, nil
		}
		d.gain = *g.peak - xmath.DB(t.sound.Peak) - off.peak
		return levelled{drive: d}, nil, nil
	}
	most := t.most(g)
	if math.IsNaN(g.loudness) {
		over := max(xmath.DB(t.peak)+d.gain-g.ceiling, 0)
		done := levelled{drive: d, reduction: max(over-g.clip, 0), reductionAt: t.peakAt}
		if d.gain > most {
			return done, t.overReduced(g, done), nil
		}
		return done, nil, nil
	}
	if math.IsInf(t.loudness, -1) {
		return levelled{drive: d}, &Miss{
			Message: fmt.Sprintf("%.1f LUFS can't be reached: the song has no measurable loudness (it is silent, below -70 LUFS throughout, or shorter than 0.4 s)", g.loudness),
			Options: []string{"loudness: none"},
		}, nil
	}
	d.gain = t.search(g.loudness-off.loudness, d, most)
	var decides *levelCap
	if len(g.caps) > 0 {
		var miss *Miss
		if d, decides, miss = t.capped(g, d, off); miss != nil {
			return levelled{drive: d}, miss, nil
		}
	}
	if d.gain > most {
		done, err := t.listen(ctx, d.at(most))
		if err != nil || g.loudness-done.loudness <= solvePrecision {
			return done, nil, err
		}
		return t.tooLoud(ctx, g, done)
	}
	return levelled{drive: d, loudness: t.outline.loudness(d) + off.loudness, cap: decides}, nil, nil
}

// most is the drive in dB at which clipper and limiter take off all they may.
func (t *take) most(g goal) float64 {
	return g.ceiling + g.maxReduction + g.clip - xmath.DB(t.peak)
}

// search finds the gain in dB at which the outline has a loudness, with what else a
// drive does; what is above most is not looked at closely.
func (t *take) search(loudness float64, d drive, most float64) float64 {
	low, high := loudness-t.loudness, math.Inf(1)
	gain := low
	var last, lastGain float64
	for pass := range solvePasses {
		got := t.outline.loudness(d.at(gain))
		short := loudness - got
		if math.Abs(short) <= estimatePrecision || gain > most {
			break
		}
		slope := 0.7 // LU per dB, until two passes tell
		if pass > 0 && gain != lastGain {
			slope = min(max((got-last)/(gain-lastGain), 0.05), 1)
		}
		if short > 0 {
			low = max(low, gain)
		} else {
			high = min(high, gain)
		}
		next := gain + short/slope
		if next <= low || next >= high { // the secant left the bracket: halve it
			next = (low + min(high, low+2)) / 2
		}
		last, lastGain, gain = got, gain, next
	}
	return gain
}

// at is a drive with another gain.
func (d drive) at(gain float64) drive {
	d.gain = gain
	return d
}

// tries are the last two files of an output: the drive and how loud it was, in LUFS.
type tries []struct {
	drive
	loudness float64
}

// and adds a file.
func (t tries) and(d drive, loudness float64) tries {
	t = append(t, struct {
		drive
		loudness float64
	}{d, loudness})
	return t[max(0, len(t)-2):]
}

// better improves a drive by what two files have shown, which is more than the outline
// knows of unlinked sides: a straight line through both.
func (t tries) better(level levelled, g goal, most float64) drive {
	if len(t) < 2 || level.cap != nil || t[0].ceiling != t[1].ceiling || t[1].ceiling != level.ceiling {
		return level.drive
	}
	slope := (t[1].loudness - t[0].loudness) / (t[1].gain - t[0].gain)
	if !(slope > 0.02 && slope < 1.5) {
		return level.drive
	}
	return level.at(min(t[1].gain+(g.loudness-t[1].loudness)/slope, most))
}

// overReduced is the miss of a limiter that takes off more than it may. For a target
// that is known beforehand; what a clipper leaves of the peaks is known afterwards.
func (t *take) overReduced(g goal, done levelled) *Miss {
	if done.reduction <= g.maxReduction+0.01 {
		return nil
	}
	return &Miss{
		Message: fmt.Sprintf("the limiter would take %.1f dB off the peaks at %s (allowed: %.1f dB, max_reduction)", done.reduction, clock(done.reductionAt, t.sound.rate), g.maxReduction),
		Options: []string{
			fmt.Sprintf("max_reduction: %.1f dB", math.Ceil(done.reduction*10)/10),
			fmt.Sprintf("ceiling: %.1f dBTP or higher", math.Ceil((g.ceiling+done.reduction-g.maxReduction)*10)/10),
		},
	}
}

// tooLoud is the miss of a loudness that is out of the limiter's reach; most is
// what the take gives when the limiter takes off all it may. More limiting is
// only advised where it was tried.
func (t *take) tooLoud(ctx context.Context, g goal, most levelled) (levelled, *Miss, error) {
	m := &Miss{
		Message: fmt.Sprintf("%.1f LUFS is out of reach: with the %.1f dB that the limiter may take off the peaks (max_reduction) the song gets to %.1f LUFS; its highest peak is at %s",
			g.loudness, g.maxReduction, most.loudness, clock(t.peakAt, t.sound.rate)),
		Options: []string{fmt.Sprintf("loudness: %.1f LUFS", math.Floor(most.loudness*10)/10)},
	}
	// Ceiling and level together are a gain after the limiter, which changes nothing else.
	if ceiling := math.Ceil((g.ceiling+ceilingMargin+g.loudness-most.loudness)*10) / 10; ceiling <= 0 {
		m.Options = append(m.Options, fmt.Sprintf("ceiling: %.1f dBTP", ceiling))
	}
	const wide = 12 // dB: what a limiter may be asked for in despair
	if g.maxReduction < wide {
		softer := g
		softer.maxReduction = wide
		done, ok, err := t.reaches(ctx, softer)
		if err != nil {
			return most, nil, err
		}
		if ok {
			m.Options = append(m.Options, fmt.Sprintf("max_reduction: %.0f dB", math.Ceil(done.reduction)))
		}
	}
	if g.style != dyn.Loud {
		loud := g
		loud.limiter = limiter{style: dyn.Loud, unlink: dyn.Loud.Unlink, clip: g.clip}
		_, ok, err := t.reaches(ctx, loud)
		if err != nil {
			return most, nil, err
		}
		if ok {
			m.Options = append(m.Options, "limiter: loud")
		}
	}
	const clip = 3 // dB: what a clipper may take off before it is heard as one
	if g.clip < clip {
		bent := g
		bent.clip = clip
		_, ok, err := t.reaches(ctx, bent)
		if err != nil {
			return most, nil, err
		}
		if ok {
			m.Options = append(m.Options, fmt.Sprintf("limiter: {clip: %d dB}", clip))
		}
	}
	m.Options = append(m.Options, "a master that evens out the peaks (compressor, saturator) before the limiter")
	return most, m, nil
}

// reaches reports whether a take gets to a goal's loudness, by playing it.
func (t *take) reaches(ctx context.Context, g goal) (done levelled, ok bool, err error) {
	d := drive{ceiling: gainOf(g.ceiling), limiter: g.limiter}
	if d.gain = t.search(g.loudness, d, t.most(g)); d.gain > t.most(g) {
		return done, false, nil
	}
	done, err = t.listen(ctx, d)
	return done, done.reduction <= g.maxReduction && g.loudness-done.loudness <= g.tolerance, err
}

// clock writes a frame as minutes and seconds.
func clock(frame int64, rate int) string {
	s := float64(frame) / float64(rate)
	m := int(s / 60)
	return fmt.Sprintf("%d:%06.3f", m, s-float64(60*m))
}
