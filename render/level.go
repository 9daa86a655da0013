package render

import (
	"context"
	"fmt"
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// goal is what a delivery asks of a take.
type goal struct {
	loudness     float64  // LUFS; NaN: the level stays as it is
	peak         *float64 // dBFS, sample peak that sets the level; nil: it does not
	ceiling      float64  // dBTP; +Inf: no limiter
	maxReduction float64  // dB
	tolerance    float64  // LU
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
// the last try, measured, was louder than the outline had it (in LU), or than
// its peak was expected (in dB).
//
// A goal that can't be met comes back as a miss, with numbers and options.
func (t *take) solve(ctx context.Context, g goal, off float64) (levelled, *Miss, error) {
	d := drive{ceiling: math.Inf(1)}
	if !math.IsInf(g.ceiling, 1) {
		d.ceiling = gainOf(g.ceiling)
	}
	if g.peak != nil {
		if t.sound.Peak == 0 {
			return levelled{drive: d}, &Miss{
				Target:  "peak",
				Message: fmt.Sprintf("a sample peak of %.1f dBFS can't be reached: the song is silent", *g.peak),
				Options: []string{"peak: none"},
			}, nil
		}
		d.gain = *g.peak - xmath.DB(t.sound.Peak) - off
		return levelled{drive: d}, nil, nil
	}
	most := g.ceiling + g.maxReduction - xmath.DB(t.peak) // the drive at which the limiter takes off all it may
	if math.IsNaN(g.loudness) {
		done := levelled{drive: d, reduction: max(xmath.DB(t.peak)-g.ceiling, 0), reductionAt: t.peakAt}
		if most < 0 {
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
	d.gain = t.search(g.loudness-off, d.ceiling, most)
	if d.gain > most {
		at := drive{gain: most, ceiling: d.ceiling}
		done, err := t.listen(ctx, at)
		if err != nil || g.loudness-done.loudness <= solvePrecision {
			return done, nil, err
		}
		return t.tooLoud(ctx, g, done)
	}
	return levelled{drive: d, loudness: t.outline.loudness(d) + off}, nil, nil
}

// search finds the gain in dB at which the outline has a loudness; what is above
// most is not looked at closely.
func (t *take) search(loudness, ceiling, most float64) float64 {
	low, high := loudness-t.loudness, math.Inf(1)
	gain := low
	var last, lastGain float64
	for pass := range solvePasses {
		got := t.outline.loudness(drive{gain: gain, ceiling: ceiling})
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

// overReduced is the miss of a limiter that has to take off more than it may.
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
	const wide = 12 // dB: what a limiter may be asked for in despair
	if gain := t.search(g.loudness, gainOf(g.ceiling), g.ceiling+wide-xmath.DB(t.peak)); g.maxReduction < wide {
		done, err := t.listen(ctx, drive{gain: gain, ceiling: gainOf(g.ceiling)})
		if err != nil {
			return most, nil, err
		}
		if done.reduction <= wide && g.loudness-done.loudness <= g.tolerance {
			m.Options = append(m.Options, fmt.Sprintf("max_reduction: %.0f dB", math.Ceil(done.reduction)))
		}
	}
	m.Options = append(m.Options, "a master that evens out the peaks (compressor, saturator) before the limiter")
	return most, m, nil
}

// clock writes a frame as minutes and seconds.
func clock(frame int64, rate int) string {
	s := float64(frame) / float64(rate)
	m := int(s / 60)
	return fmt.Sprintf("%d:%06.3f", m, s-float64(60*m))
}
