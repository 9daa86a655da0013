package render

import (
	"context"
	"fmt"
	"math"
	"os"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dither"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// level is decided by the search below.
type drive struct {
	gain    float64 // dB applied to the take
	ceiling float64 // linear; +Inf: no limiter
}

// levelled is a drive and what it does to a take.
type levelled struct {
	drive
	loudness    float64 // integrated, LUFS
	reduction   float64 // dB, the most the limiter takes off
	reductionAt int64   // frame of it
}

// limiterLookAhead is the delivery limiter's look-ahead in ms.
const limiterLookAhead = 2.5

// play streams a take at a drive through the limiter: blocks of at most
// [dsp.MaxBlock] frames, as many frames in all as the take has.
func (t *take) play(ctx context.Context, d drive, emit func(dsp.Block) error) (levelled, error) {
	done := levelled{drive: d}
	r, err := t.open()
	if err != nil {
		return done, err
	}
	defer r.Close()
	gain := gainOf(d.gain)
	b, peaks, gains := dsp.NewBlock(dsp.MaxBlock), make([]float64, dsp.MaxBlock), make([]float64, dsp.MaxBlock)
	limiting := float64(t.peak*gain) > d.ceiling
	if !limiting {
		for {
			n, err := r.read(b, peaks)
			if n == 0 || err != nil {
				return done, err
			}
			if err := ctx.Err(); err != nil {
				return done, err
			}
			scale(b[0][:n], gain)
			scale(b[1][:n], gain)
			if err := emit(b.Cut(0, n)); err != nil {
				return done, err
			}
		}
	}
	limiter := dyn.NewGain(dyn.GainSettings{Rate: t.rate, Ceiling: d.ceiling, LookAhead: limiterLookAhead})
	delay := dsp.NewDelay(limiter.Latency())
	skip, position, least := limiter.Latency(), int64(0), 1.0
	step := func(n int) error {
		x := b.Cut(0, n)
		limiter.Process(peaks[:n], gains[:n])
		delay.Process(x)
		from := min(skip, n)
		skip -= from
		for i := from; i < n; i++ {
			g := gains[i]
			x[0][i] *= g
			x[1][i] *= g
			if g < least {
				least, done.reductionAt = g, position
			}
			position++
		}
		return emit(x.Cut(from, n))
	}
	for {
		n, err := r.read(b, peaks)
		if err != nil {
			return done, err
		}
		if n == 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return done, err
		}
		for i := range n {
			b[0][i] *= gain
			b[1][i] *= gain
			peaks[i] *= gain
		}
		if err := step(n); err != nil {
			return done, err
		}
	}
	for left := limiter.Latency(); left > 0; {
		n := min(left, dsp.MaxBlock)
		clear(b[0])
		clear(b[1])
		clear(peaks)
		if err := step(n); err != nil {
			return done, err
		}
		left -= n
	}
	done.reduction = -xmath.DB(least)
	return done, nil
}

// listen plays a take into a loudness meter.
func (t *take) listen(ctx context.Context, d drive) (levelled, error) {
	if float64(t.peak*gainOf(d.gain)) <= d.ceiling { // the limiter does nothing: loudness moves with the gain
		return levelled{drive: d, loudness: t.loudness + d.gain}, nil
	}
	m := loudness.NewIntegrator(t.rate)
	done, err := t.play(ctx, d, func(b dsp.Block) error { m.Write(b); return nil })
	done.loudness = m.Integrated()
	return done, err
}

// goal is what a delivery asks of a take.
type goal struct {
	loudness     float64 // LUFS; NaN: the level stays as it is
	ceiling      float64 // dBTP; +Inf: no limiter
	maxReduction float64 // dB
	tolerance    float64 // LU
}

const (
	solvePasses    = 12    // at most; three to five are the rule
	solvePrecision = 0.003 // LU: well inside every tolerance, and past what one can hear or certify
)

// solve finds the drive at which a take meets a goal. Loudness rises with the
// drive, ever more slowly the more the limiter holds against it, so the search
// is a bracketed secant: it starts where the level would be right without a
// limiter, which is never too high.
//
// A goal that can't be met comes back as a miss, with numbers and options.
func (t *take) solve(ctx context.Context, g goal) (levelled, *Miss, error) {
	d := drive{ceiling: math.Inf(1)}
	if !math.IsInf(g.ceiling, 1) {
		d.ceiling = gainOf(g.ceiling)
	}
	if math.IsNaN(g.loudness) {
		done, err := t.listen(ctx, d)
		return done, t.overReduced(g, done), err
	}
	if math.IsInf(t.loudness, -1) {
		return levelled{drive: d}, &Miss{
			Message: fmt.Sprintf("%.1f LUFS can't be reached: the song has no measurable loudness (it is silent, below -70 LUFS throughout, or shorter than 0.4 s)", g.loudness),
			Options: []string{"loudness: none"},
		}, nil
	}
	most := g.ceiling + g.maxReduction - xmath.DB(t.peak) // the drive at which the limiter takes off all it may
	low, high := g.loudness-t.loudness, math.Inf(1)
	d.gain = low
	if d.gain > most {
		done, err := t.listen(ctx, drive{gain: most, ceiling: d.ceiling})
		if err != nil {
			return done, nil, err
		}
		return t.tooLoud(ctx, g, done)
	}
	var last, best levelled
	for pass := range solvePasses {
		done, err := t.listen(ctx, d)
		if err != nil {
			return done, nil, err
		}
		short := g.loudness - done.loudness
		if pass == 0 || math.Abs(short) < math.Abs(g.loudness-best.loudness) {
			best = done
		}
		if math.Abs(short) <= solvePrecision {
			break
		}
		slope := 0.7 // LU per dB, until two passes tell
		if pass > 0 && done.gain != last.gain {
			slope = min(max((done.loudness-last.loudness)/(done.gain-last.gain), 0.05), 1)
		}
		if short > 0 {
			low = max(low, done.gain)
		} else {
			high = min(high, done.gain)
		}
		next := done.gain + short/slope
		if next <= low || next >= high { // the secant left the bracket: halve it
			next = (low + min(high, low+2)) / 2
		}
		if next > most {
			if done.gain >= most {
				return t.tooLoud(ctx, g, done)
			}
			next = most
		}
		last, d.gain = done, next
	}
	if off := math.Abs(g.loudness - best.loudness); off > g.tolerance/2 {
		return best, &Miss{Message: fmt.Sprintf("no level found for %.2f LUFS within %d passes: the best gives %.2f LUFS", g.loudness, solvePasses, best.loudness)}, nil
	}
	return best, t.overReduced(g, best), nil
}

// overReduced is the miss of a limiter that has to take off more than it may.
func (t *take) overReduced(g goal, done levelled) *Miss {
	if done.reduction <= g.maxReduction+0.01 {
		return nil
	}
	return &Miss{
		Message: fmt.Sprintf("the limiter would take %.1f dB off the peaks at %s (allowed: %.1f dB, max_reduction)", done.reduction, clock(done.reductionAt, t.rate), g.maxReduction),
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
			g.loudness, g.maxReduction, most.loudness, clock(t.peakAt, t.rate)),
		Options: []string{fmt.Sprintf("loudness: %.1f LUFS", math.Floor(most.loudness*10)/10)},
	}
	if more := t.reach + reachMargin - 1; g.maxReduction < more {
		wide := g
		wide.maxReduction = more
		done, miss, err := t.solve(ctx, wide)
		if err != nil {
			return most, nil, err
		}
		if miss == nil {
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

// file describes a finished file to be written.
type file struct {
	path   string
	bits   int
	float  bool
	dither string
	seed   uint64
}

// write plays a take at a level into a WAV file and returns how many samples
// had to be clamped to full scale.
func (t *take) write(ctx context.Context, d drive, f file) (clamped int64, err error) {
	out, err := os.Create(f.path)
	if err != nil {
		return 0, fmt.Errorf("create output: %w", err)
	}
	defer out.Close()
	w, err := audiofile.CreateWAV(out, audiofile.Spec{Rate: t.rate, Channels: 2, Bits: f.bits, Float: f.float, Frames: t.frames})
	if err != nil {
		return 0, err
	}
	emit := func(b dsp.Block) error { return w.WriteFloat(b[:]) }
	var q *dither.Quantizer
	if !f.float {
		kind := dither.TPDF
		exact := d.gain == 0 && t.onGrid[f.bits] && float64(t.peak) <= d.ceiling
		if f.dither == "none" || exact {
			kind = dither.None
		}
		q = dither.New(f.bits, kind, f.seed)
		words := [2][]int32{make([]int32, dsp.MaxBlock), make([]int32, dsp.MaxBlock)}
		emit = func(b dsp.Block) error {
			n := b.Len()
			q.Process(b, [2][]int32{words[0][:n], words[1][:n]})
			return w.WriteInt([][]int32{words[0][:n], words[1][:n]})
		}
	}
	if _, err := t.play(ctx, d, emit); err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	if q != nil {
		clamped = q.Clipped()
	}
	return clamped, out.Close()
}
