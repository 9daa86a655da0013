package loudness

import (
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// dynamics measures DR, the dynamic range of the TT meter ("DR14"), of one
// channel: how far the second highest peak of all blocks of 3 s lies above the
// rms of the loudest fifth of them, with rms so scaled that a sine has that of
// its peak. There is no standard; this follows the free implementation dr14_t.meter.
type dynamics struct {
	length  int64 // of a block in frames
	fill    int64
	squares float64
	peak    float64
	total   float64   // squares of the blocks that have ended
	powers  []float64 // 2 x mean square of each block
	peaks   []float64
}

func newDynamics(rate int) dynamics {
	length := int64(3 * rate)
	if rate == 44100 {
		length = 3 * 44160 // as the meter has it
	}
	return dynamics{length: length}
}

// room is how many frames are left in the block.
func (d *dynamics) room() int64 { return d.length - d.fill }

// advance takes in n frames, no more than there is room for: the sum of their
// squares and their largest magnitude.
func (d *dynamics) advance(n int64, squares, size float64) {
	d.squares, d.peak = d.squares+squares, max(d.peak, size)
	if d.fill += n; d.fill == d.length {
		d.end()
	}
}

// end ends the block. The last one counts though it is short.
func (d *dynamics) end() {
	if d.fill == 0 {
		return
	}
	d.total += d.squares
	d.powers = append(d.powers, 2*d.squares/float64(d.fill))
	d.peaks = append(d.peaks, d.peak)
	d.fill, d.squares, d.peak = 0, 0, 0
}

// dr returns the channel's figure in dB, when the last block has been ended. It
// is NaN for a single block and for silence.
func (d *dynamics) dr() float64 {
	n := len(d.powers)
	if n < 2 {
		return math.NaN()
	}
	slices.Sort(d.powers)
	slices.Sort(d.peaks)
	loud := d.powers[n-max(n/5, 1):]
	sum := 0.0
	for _, p := range loud {
		sum += p
	}
	rms, peak := math.Sqrt(sum/float64(len(loud))), d.peaks[n-2]
	if rms == 0 || peak == 0 {
		return math.NaN()
	}
	return xmath.DB(peak) - xmath.DB(rms)
}

// meanDR is the mean over the channels that have a figure.
func meanDR(channels []dynamics) float64 {
	sum, n := 0.0, 0
	for i := range channels {
		if v := channels[i].dr(); !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}
