package render

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/loudness"
)

// outline is a song in slots of less than a millisecond: how loud it is and how
// high it peaks in each. It is small enough to stay in memory and fine enough to
// tell, without playing the song, how loud a limiter leaves it: within some
// hundredths of a LU. What is delivered is then measured.
type outline struct {
	frames int64 // of a slot
	rate   int
	slots  []slot

	energy float64 // of all slots that are complete
	shift  float64 // LU by which the true loudness is above the estimate
}

type slot struct {
	energy float32 // sum of the squares of the K-weighted samples
	peak   float32 // true peak, linear
	sample float32 // sample peak, linear
}

func newOutline(rate int) outline {
	frames := int64(32)
	for r := rate; r > 50000; r /= 2 {
		frames *= 2
	}
	return outline{frames: frames, rate: rate}
}

// listen takes in the next frames, and lets the meter hear them.
func (o *outline) listen(m *loudness.Integrator, b dsp.Block, at int64) {
	for b.Len() > 0 {
		n := int(min(int64(b.Len()), o.frames-at%o.frames))
		x := b.Cut(0, n)
		m.Write(x)
		s := o.at(at)
		for ch := range x {
			for _, v := range x[ch] {
				s.sample = max(s.sample, float32(math.Abs(v)))
			}
		}
		if at += int64(n); at%o.frames == 0 {
			now := m.Energy()
			s.energy = float32(now - o.energy)
			o.energy = now
		}
		b = b.Cut(n, b.Len())
	}
}

// peak takes in the peak of a frame.
func (o *outline) peak(frame int64, p float64) {
	if frame >= 0 {
		s := o.at(frame)
		s.peak = max(s.peak, float32(p))
	}
}

// at returns the slot of a frame.
func (o *outline) at(frame int64) *slot {
	i := int(frame / o.frames)
	for len(o.slots) <= i {
		o.slots = append(o.slots, slot{})
	}
	return &o.slots[i]
}

// finish ends the outline at a song's last frame, and has it agree with the
// loudness that was measured. Peaks below the level from which on they are exact
// may be much too high: there the samples say more.
func (o *outline) finish(frames int64, loudness, exact float64) {
	o.slots = o.slots[:min(int64(len(o.slots)), frames/o.frames)]
	for i := range o.slots {
		s := &o.slots[i]
		if float64(s.peak) < exact {
			s.peak = s.sample
		}
	}
	if plain := o.loudness(drive{ceiling: math.Inf(1)}); !math.IsInf(plain, -1) {
		o.shift = loudness - plain
	}
}

// loudness estimates what a drive makes of the song, in LUFS.
func (o *outline) loudness(d drive) float64 {
	gain := gainOf(d.gain)
	limiter := dyn.NewGain(dyn.GainSettings{Rate: int(int64(o.rate) / o.frames), Ceiling: d.ceiling, LookAhead: limiterLookAhead})
	latency := limiter.Latency()
	hop := (int(o.rate/10) + int(o.frames/2)) / int(o.frames) // slots in about 100 ms
	var hops []float64
	sum := 0.0
	need, gains := make([]float64, dsp.MaxBlock), make([]float64, dsp.MaxBlock)
	for from := 0; from < len(o.slots)+latency; from += len(need) {
		n := min(len(need), len(o.slots)+latency-from)
		for i := range need[:n] {
			need[i] = 0
			if from+i < len(o.slots) {
				need[i] = float64(gain * float64(o.slots[from+i].peak))
			}
		}
		limiter.Process(need[:n], gains[:n])
		for i, g := range gains[:n] {
			at := from + i - latency
			if at < 0 {
				continue
			}
			g *= gain
			sum += float64(float64(o.slots[at].energy) * float64(g*g))
			if (at+1)%hop == 0 {
				hops = append(hops, sum)
				sum = 0
			}
		}
	}
	return loudness.Integrated(blocks(hops, float64(hop)*float64(o.frames))) + o.shift
}

// blocks turns the energies of hops of so many frames into those of 400 ms
// gating blocks.
func blocks(hops []float64, frames float64) []float64 {
	const perBlock = 4
	var out []float64
	for i := perBlock; i <= len(hops); i++ {
		sum := 0.0
		for _, e := range hops[i-perBlock : i] {
			sum += e
		}
		out = append(out, sum/(perBlock*frames))
	}
	return out
}
