package render

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/vector"
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
	top    float64 // the song's peak, linear
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
		s.sample = max(s.sample, float32(vector.Largest(x[0])), float32(vector.Largest(x[1])))
		if at += int64(n); at%o.frames == 0 {
			now := m.Energy()
			s.energy = float32(now - o.energy)
			o.energy = now
		}
		b = b.Cut(n, b.Len())
	}
}

// peak takes in the peaks of frames from one on.
func (o *outline) peak(at int64, peaks []float64) {
	for len(peaks) > 0 {
		n := int(min(int64(len(peaks)), o.frames-at%o.frames))
		s := o.at(at)
		s.peak = max(s.peak, float32(vector.Largest(peaks[:n])))
		at, peaks = at+int64(n), peaks[n:]
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

// finish ends the outline of a song with a peak (linear) at its last frame, and has it
// agree with the loudness that was measured. Peaks below the level from which on they
// are exact may be much too high: there the samples say more.
func (o *outline) finish(frames int64, loudness, peak float64) {
	o.top = peak
	exact := float64(peakShare * peak)
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
	return loudness.Integrated(o.energies(d)) + o.shift
}

// energies estimates the energies of the gating blocks that a drive makes of the song,
// before they agree with what was measured.
func (o *outline) energies(d drive) []float64 {
	return blocks(o.play(d).energies, o.hopFrames(), hopsPerBlock)
}

// hops is a song in steps of about 100 ms, as a drive leaves it.
type hops struct {
	energies []float64
	peaks    []float64 // linear
	peak     float64   // of the whole song, also of its last part of a hop
}

// hop is how many slots make about 100 ms.
func (o *outline) hop() int { return (int(o.rate/10) + int(o.frames/2)) / int(o.frames) }

func (o *outline) hopFrames() float64 { return float64(o.hop()) * float64(o.frames) }

// play sends the outline through the clipper and the limiter of a drive.
func (o *outline) play(d drive) hops {
	gain := gainOf(d.gain)
	clipper := d.clipper(o.top)
	limiter := dyn.NewGain(d.settings(int(int64(o.rate) / o.frames)))
	latency := limiter.Latency()
	hop := o.hop()
	var out hops
	sum, peak := 0.0, 0.0
	need, gains := make([]float64, dsp.MaxBlock), make([]float64, dsp.MaxBlock)
	for from := 0; from < len(o.slots)+latency; from += len(need) {
		n := min(len(need), len(o.slots)+latency-from)
		for i := range need[:n] {
			need[i] = 0
			if from+i < len(o.slots) {
				need[i] = float64(gain * float64(o.slots[from+i].peak))
				need[i] = bent(clipper, need[i])
			}
		}
		limiter.Process(need[:n], gains[:n])
		for i, g := range gains[:n] {
			at := from + i - latency
			if at < 0 {
				continue
			}
			s := &o.slots[at]
			top := float64(gain * float64(s.peak))
			peak = max(peak, float64(g*bent(clipper, top)))
			g *= gain
			if clipper != nil {
				g *= clipped(clipper, top)
			}
			sum += float64(float64(s.energy) * float64(g*g))
			if (at+1)%hop == 0 {
				out.energies, out.peaks = append(out.energies, sum), append(out.peaks, peak)
				out.peak = max(out.peak, peak)
				sum, peak = 0, 0
			}
		}
	}
	out.peak = max(out.peak, peak)
	return out
}

// bent is what a clipper, if there is one, makes of a peak.
func bent(c *dyn.SoftClip, peak float64) float64 {
	if c == nil {
		return peak
	}
	return c.At(peak)
}

// clipped is by how much, as a gain, a clipper lowers what lies around a peak: the tops
// of a wave and not the wave, so about half of what it lowers the peak.
func clipped(c *dyn.SoftClip, peak float64) float64 {
	if peak <= 0 {
		return 1
	}
	return (1 + c.At(peak)/peak) / 2
}

const (
	hopsPerBlock = 4  // a gating block of 400 ms
	hopsPerShort = 30 // a short-term window of 3 s
)

// blocks turns the energies of hops of so many frames into those of windows of n hops.
func blocks(hops []float64, frames float64, n int) []float64 {
	var out []float64
	for i := n; i <= len(hops); i++ {
		sum := 0.0
		for _, e := range hops[i-n : i] {
			sum += e
		}
		out = append(out, sum/(float64(n)*frames))
	}
	return out
}
