package modulation

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/window"
)

// A fractional delay is read by a windowed sinc of 16 samples, which is flat
// within 0.01 dB to 15 kHz at 44.1 kHz (and to 16.3 kHz at 48 kHz) at any fraction;
// four-point polynomials are 3 dB down there half way between samples, so that
// the treble of whatever moves would flutter.
const (
	taps       = 16
	fractions  = 256 // of a sample, in the table; between them it is interpolated
	kernelBeta = 7.5 // Kaiser's, for a transition from 15 to 29 kHz at 44.1 kHz: 77 dB

	// minDelay is the shortest delay in frames: half of the samples lie after the
	// place that is read.
	minDelay = taps/2 + 0.5
)

// kernel is the windowed sinc: row k reads k/fractions after sample number 7 of 16.
// Rows are scaled to a sum of 1, so that a constant is not modulated.
type kernel [fractions + 1][taps]float64

func newKernel() *kernel {
	k := &kernel{}
	scale := 1 / window.BesselI0(kernelBeta)
	for f := range k {
		row, sum := &k[f], 0.0
		for j := range row {
			t := float64(j-(taps/2-1)) - float64(float64(f)/fractions)
			r := t / (taps / 2)
			w := window.BesselI0(kernelBeta*math.Sqrt(math.Max(0, 1-float64(r*r)))) * scale
			row[j] = float64(w * window.Sinc(t))
			sum += row[j]
		}
		for j := range row {
			row[j] /= sum
		}
	}
	return k
}

// line is a delay line for one channel. Every sample is kept twice, one length
// apart, so that a stretch of taps never wraps.
type line struct {
	*kernel
	mem  []float64
	size int // a power of two
	pos  int // where the next sample goes
}

// newLine makes a line for delays up to that many frames.
func newLine(k *kernel, longest float64) line {
	size := taps
	for float64(size) < longest+taps {
		size *= 2
	}
	return line{kernel: k, mem: make([]float64, 2*size), size: size}
}

func (l *line) push(x float64) {
	l.mem[l.pos], l.mem[l.pos+l.size] = x, x
	l.pos = (l.pos + 1) & (l.size - 1)
}

// read returns the sound that many frames (at least minDelay) before the sample
// that is pushed next. The place it reads lies so far back that the taps on its
// later side have been pushed already.
func (l *line) read(delay float64) float64 {
	whole := math.Ceil(delay)
	at := float64((whole - delay) * fractions)
	row := int(at)
	share := at - float64(row)
	from := (l.pos - int(whole) - (taps/2 - 1)) & (l.size - 1)
	x := (*[taps]float64)(l.mem[from:])
	a, b := &l.kernel[row&(fractions-1)], &l.kernel[row&(fractions-1)+1]
	// Two sums of each row, over even and odd taps: a fixed order that keeps four
	// chains of additions going.
	var a0, a1, b0, b1 float64
	for j := 0; j < taps; j += 2 {
		a0 += float64(a[j] * x[j])
		a1 += float64(a[j+1] * x[j+1])
		b0 += float64(b[j] * x[j])
		b1 += float64(b[j+1] * x[j+1])
	}
	p, q := a0+a1, b0+b1
	return p + float64(share*(q-p))
}

func (l *line) reset() {
	clear(l.mem)
	l.pos = 0
}

// sweep is the delays that a movement goes through, in frames: from shortest to
// shortest + depth.
type sweep struct{ shortest, depth float64 }

// newSweep takes times in milliseconds.
func newSweep(shortest, depth float64, rate int) sweep {
	return sweep{math.Max(minDelay, frames(shortest, rate)), frames(depth, rate)}
}

// at is the delay for a movement from -1 to 1.
func (s sweep) at(m float64) float64 {
	return s.shortest + float64(s.depth*float64((1+m)/2))
}

// tap reads a line at a sweep whose settings may change. A delay that slid to a new
// length would bend the pitch; instead the old one fades into the new one, and
// whatever was set meanwhile is faded to after that.
type tap struct {
	now, next, target sweep
	left              int // frames left of a fade, 0: none
	fade              int // length of a fade in frames
	first             sweep
	longest           float64 // longest delay set so far
	running           bool    // the first frame has been heard
}

// fadeTime is in seconds.
const fadeTime = 0.02

func newTap(s sweep, rate int) tap {
	t := tap{first: s, fade: int(math.Ceil(fadeTime * float64(rate)))}
	t.reset()
	return t
}

func (t *tap) reset() {
	*t = tap{now: t.first, next: t.first, target: t.first, first: t.first, fade: t.fade,
		longest: t.first.shortest + t.first.depth}
}

func (t *tap) set(s sweep) {
	t.target = s
	t.longest = math.Max(t.longest, s.shortest+s.depth)
	if !t.running {
		t.now, t.next = s, s
	}
}

// tune returns a function that sets the "delay" or the "depth" in milliseconds.
func (t *tap) tune(name string, rate int) func(float64) {
	return func(ms float64) {
		s := t.target
		if name == "delay" {
			s.shortest = math.Max(minDelay, frames(ms, rate))
		} else {
			s.depth = frames(ms, rate)
		}
		t.set(s)
	}
}

// begin marks the beginning of at most n frames and returns for how many of them
// nothing else is due: the end of a fade. It starts a fade where one is wanted.
func (t *tap) begin(n int) int {
	t.running = t.running || n > 0
	if t.left == 0 && t.target != t.now {
		t.next, t.left = t.target, t.fade
	}
	if t.left > 0 {
		return min(n, t.left)
	}
	return n
}

// end marks the end of the frames that begin has allowed.
func (t *tap) end(n int) {
	if t.left == 0 {
		return
	}
	if t.left -= n; t.left == 0 {
		t.now = t.next
	}
}

// read returns the line at movement m, the frame being the i-th since begin.
func (t *tap) read(l *line, m float64, i int) float64 {
	old := l.read(t.now.at(m))
	if t.left == 0 {
		return old
	}
	share := float64(t.fade-t.left+i) / float64(t.fade)
	return old + float64(share*(l.read(t.next.at(m))-old))
}
