package space

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// network is a reverberation made from a [room]: early reflections, and for the
// late field a feedback delay network (J.-M. Jot and A. Chaigne, "Digital delay
// networks for designing artificial reverberators", 90th AES Convention, 1991)
// of sixteen delays. What comes out of the delays is mixed by a Hadamard matrix,
// which keeps the energy, and goes back in. Each delay loses what the T60 takes
// from it at every frequency, so that all of them die away at the same rate and
// the decay is the one asked for, whatever the lengths.
//
// The left input feeds the even delays and the left output hears them; the
// right channel has the odd ones. So a source starts on its own side and fills
// both within a few rounds, and the two sides have nothing in common. The
// inputs pass all-passes first, which make a click dense from the beginning.
type network struct {
	output
	lines  [lineCount]feedbackLine
	smear  [2][4]allpass // on the inputs
	ring   []float64     // of smear; as in the tank
	pos    int
	early  early
	buffer [lineCount][stretch]float64
	now    int // frames since the network was empty

	longest  int  // frames: what anything in here remembers at most
	sleeping bool // empty, and no input
	age      int  // frames since the last look for quiet
	loud     bool // something was heard since
	quiet    int  // frames without anything

	rate          float64
	seed          uint64
	reference     room
	size          float64
	decay         float64 // seconds
	damping, bass float64 // Hz; share
	earlyIs       float64 // energy of the early part relative to the late one
}

const (
	lineCount = 16
	stretch   = 64 // frames that are worked on at a time, a power of two; shorter than any delay
	lookEvery = 1024

	// trebleLoss is how much faster sound is lost far above the damping than in the
	// middle; at the damping it is twice as fast.
	trebleLoss = 5
	// deepen is how much further the delays may swing from one stretch to the next, in
	// frames, when the modulation is moved: a detuning of 0.4 % at most.
	deepen = 0.25

	// bassHz is where half of what `bass` asks for is reached. It is low enough for
	// a shelf of first order to be done at 500 Hz.
	bassHz = 160.0
)

// feedbackLine is one delay, its losses, and where its input comes from.
type feedbackLine struct {
	ring []float64 // length a power of two
	n    int       // delay in frames
	sign float64   // with which the input enters

	loss    float64     // in the middle, with the matrix's factor of 1/4
	shelf   filter.Coef // treble: second order
	x1, x2  float64     // its state, direct form I
	y1, y2  float64
	b0, b1  float64 // bass: first order
	a1      float64
	u1, v1  float64
	swing   int     // frames by which the delay may move, at most
	depth   float64 // by which it is to,
	deep    float64 // and by which it does
	phase   float64 // the oscillator begins at, radians
	sin     float64
	cos     float64
	dsin    float64 // the turn it makes each stretch
	dcos    float64
	from    float64 // where the delay moves from in this stretch,
	to      float64 // to, and how far each frame
	slope   float64
	entered float64 // share of an input's energy that enters here
}

// early is the early part: for each way from an input to an output, taps into a
// ring that holds what came in.
type early struct {
	ring  [2][]float64
	taps  [2][2][]earlyTap // [in][out]
	power float64          // of all taps, per output
	gain  smooth.Value
	pole  float64 // of the walls' low-pass
	wall  [2]float64
}

type earlyTap struct {
	delay int
	gain  float64
}

// signs with which the input enters the delays. They differ from those with which
// the outputs hear them (see give) in every second delay of a side, so that the
// first echoes are as often negative as positive.
var signs = [lineCount]float64{1, 1, 1, -1, -1, -1, -1, 1, 1, -1, -1, -1, 1, 1, -1, 1}

func newNetwork(rate int, size float64, key uint64, r room) *network {
	f := &network{rate: float64(rate), seed: key, reference: r, size: size, bass: 1}
	f.longest = f.place(r.delays(lineCount))
	f.longest += f.placeSmear()
	f.longest += f.placeEarly()
	f.reset()
	return f
}

// place makes the delays: prime numbers of frames, so that no two rounds of
// different delays fall together. It returns the longest.
func (f *network) place(seconds []float64) (longest int) {
	swing := int(math.Ceil(f.swing())) + 3
	last := stretch + swing
	for i := range f.lines {
		l := &f.lines[i]
		l.n, l.swing = primeFrom(max(last+1, int(seconds[i]*f.size*f.rate))), swing
		last = l.n
		l.ring = make([]float64, powerOfTwo(l.n+swing+stretch))
		l.sign = signs[i]
		l.entered = 2.0 / lineCount
		l.shelf, l.b0 = filter.Identity, 1
		hz := 0.31 + float64(0.083*float64(i/4)) + float64(0.037*float64(i%4))
		turn := 2 * math.Pi * hz / f.rate * stretch
		l.dsin, l.dcos = xmath.Sin(turn), xmath.Cos(turn)
		l.phase = 2 * math.Pi * seed.New(f.seed).Uniform(uint64(i))
	}
	return last + swing
}

// swing is the modulation at 100 %, in frames.
func (f *network) swing() float64 { return f.reference.modulation / 1000 * f.rate }

// placeSmear makes the input all-passes, with the plate's proportions, and
// returns how many frames they hold.
func (f *network) placeSmear() (frames int) {
	for side := range f.smear {
		for i, n := range plate[side].input {
			length := max(1, int(math.Round(n/paperRate*f.rate*f.reference.diffusers*f.size)))
			f.smear[side][i].line = line{at: frames, n: length}
			frames += length + 1
		}
	}
	f.ring = make([]float64, powerOfTwo(frames))
	return frames
}

// placeEarly makes the early reflections, and returns how late the last is.
func (f *network) placeEarly() (last int) {
	e := &f.early
	for in := range e.taps {
		for out := range e.taps[in] {
			for _, r := range f.reference.reflections(in, out) {
				t := earlyTap{delay: max(1, int(math.Round(r.seconds*f.size*f.rate))), gain: r.gain}
				e.taps[in][out] = append(e.taps[in][out], t)
				e.power += float64(square(t.gain) / 2)
				last = max(last, t.delay)
			}
		}
	}
	for in := range e.ring {
		e.ring[in] = make([]float64, powerOfTwo(last+stretch))
	}
	return last
}

// powerOfTwo is the least power of two that is at least n.
func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

// primeFrom is the least prime number that is at least n > 2.
func primeFrom(n int) int {
	for n |= 1; ; n += 2 {
		prime := true
		for d := 3; d*d <= n && prime; d += 2 {
			prime = n%d != 0
		}
		if prime {
			return n
		}
	}
}

// reset empties the network.
func (f *network) reset() {
	f.gain.Reset()
	f.width.Reset()
	f.early.gain.Reset()
	for i := range f.lines {
		l := &f.lines[i]
		l.sin, l.cos = xmath.Sin(l.phase), xmath.Cos(l.phase)
		l.deep = l.depth
		l.to = float64(l.deep * l.sin)
	}
	f.empty()
}

// empty forgets all sound, and goes to sleep.
func (f *network) empty() {
	clear(f.ring)
	for i := range f.lines {
		l := &f.lines[i]
		clear(l.ring)
		l.x1, l.x2, l.y1, l.y2, l.u1, l.v1 = 0, 0, 0, 0, 0, 0
	}
	for in := range f.early.ring {
		clear(f.early.ring[in])
		f.early.wall[in] = 0
	}
	f.pos, f.now, f.age, f.quiet = 0, 0, 0, 0
	f.loud, f.sleeping = false, true
}

func (f *network) setDecay(seconds float64) {
	f.decay = seconds
	f.setLosses()
}

func (f *network) setDamping(hz float64) {
	f.damping = hz
	f.early.pole = onePole(hz, f.rate)
	f.setLosses()
}

func (f *network) setBass(percent float64) {
	f.bass = percent / 100
	f.setLosses()
}

func (f *network) setDiffusion(percent float64) {
	for side := range f.smear {
		for i := range f.smear[side] {
			f.smear[side][i].g = inputDiffusion[i] * percent / 100
		}
	}
}

// setEarly sets the energy of the early reflections relative to the late field.
func (f *network) setEarly(db float64) {
	f.earlyIs = square(xmath.Gain(db))
	// The output's gain is for the late field, so the reflections' is relative to it.
	f.early.gain.Set(f.earlyGain())
}

func (f *network) setModulation(percent float64) {
	for i := range f.lines {
		f.lines[i].depth = f.swing() * percent / 100
	}
}

// setLosses gives every delay what it loses: at each frequency 60 dB in the T60
// that holds there.
func (f *network) setLosses() {
	if f.decay == 0 || f.damping == 0 {
		return // not all is known yet
	}
	loss := func(n int) float64 { return xmath.Gain(-60 * float64(n) / (f.decay * f.rate)) }
	for side := range f.smear {
		for i := range f.smear[side] {
			f.smear[side][i].loss = loss(f.smear[side][i].n)
		}
	}
	for i := range f.lines {
		l := &f.lines[i]
		l.loss = loss(l.n) / 4
		db := -60 * float64(l.n) / (f.decay * f.rate)
		l.shelf = trebleShelf(float64(f.damping*trebleCorner(-db)), float64(db*(trebleLoss-1)), f.rate)
		l.b0, l.b1, l.a1 = bassShelf(bassHz, float64(db*(1/f.bass-1)), f.rate)
	}
	f.early.gain.Set(f.earlyGain())
}

// latePower is the energy of the late field's response per output, for an
// impulse in one input, summed over the inputs, without damping. What enters a
// delay and what comes back to it from all others add up as energies:
//
//	x = entered + mean(loss² x),  heard = sum(loss² x)
func (f *network) latePower() float64 {
	var entered [2]float64
	mean := 0.0
	for i := range f.lines {
		l := &f.lines[i]
		ll := square(4 * l.loss)
		mean += float64(ll / lineCount)
		entered[i%2] += float64(ll * l.entered)
	}
	sum := 0.0
	for side := range f.smear {
		e := entered[side] / (1 - mean)
		for i := range f.smear[side] {
			e *= f.smear[side][i].power()
		}
		sum += float64(e / 2)
	}
	return sum
}

// earlyGain is the gain of the early taps beside the output's gain.
func (f *network) earlyGain() float64 {
	return math.Sqrt(f.earlyIs * f.latePower() / f.early.power)
}

func (f *network) power() float64 { return float64(f.latePower() * (1 + f.earlyIs)) }

// trebleCorner is where the corner of the shelf lies, relative to the damping, for a
// delay that loses db in the middle: where the shelf takes db more at the damping.
// With w the frequency relative to the corner, and A⁴ the power it leaves at the top,
// it leaves (1 + A²w⁴)/(1 + w⁴/A²); with A⁴ = 1/D⁴, that is 1/D at w⁴ = D/(D² + D + 1).
func trebleCorner(db float64) float64 {
	d := square(xmath.Gain(db))
	return math.Sqrt(math.Sqrt(d + 1 + 1/d))
}

// trebleShelf is a high shelf of second order that is halfway (in dB) at hz (R.
// Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients",
// Q = 1/√2).
func trebleShelf(hz, db, rate float64) filter.Coef {
	if hz >= 0.45*rate {
		return filter.Identity
	}
	a := xmath.Gain(db / 2)
	w := 2 * math.Pi * hz / rate
	c := xmath.Cos(w)
	alpha := float64(math.Sqrt(2*a) * xmath.Sin(w)) // 2 √a sin(w)/(2Q)
	up, down := a+1, a-1
	b0 := float64(a * (up + float64(down*c) + alpha))
	b1 := float64(-2 * a * (down + float64(up*c)))
	b2 := float64(a * (up + float64(down*c) - alpha))
	a0 := up - float64(down*c) + alpha
	a1 := float64(2 * (down - float64(up*c)))
	a2 := up - float64(down*c) - alpha
	return filter.Coef{B0: b0 / a0, B1: b1 / a0, B2: b2 / a0, A1: a1 / a0, A2: a2 / a0}
}

// bassShelf is the low shelf (s + w√G)/(s + w/√G), halfway (in dB) at hz, by the
// bilinear transform.
func bassShelf(hz, db, rate float64) (b0, b1, a1 float64) {
	root := xmath.Gain(db / 2)
	k := xmath.Tan(math.Pi * hz / rate)
	top, bottom := float64(k*root), k/root
	return (1 + top) / (1 + bottom), (top - 1) / (1 + bottom), (bottom - 1) / (1 + bottom)
}

// process replaces the channels by the reverberation.
func (f *network) process(left, right []float64) {
	f.gain.Begin(len(left))
	f.width.Begin(len(left))
	f.early.gain.Begin(len(left))
	right = right[:len(left)]
	for len(left) > 0 {
		n := 0
		if f.sleeping {
			n = f.sleep(left, right)
		} else {
			n = min(len(left), stretch-f.now%stretch, lookEvery-f.age)
			f.run(left[:n], right[:n])
			f.look(n)
		}
		left, right = left[n:], right[n:]
	}
}

// sleep puts out silence until something comes in, and returns for how many
// frames. Left running, an empty network would turn denormal numbers round and
// round for the rest of the song.
func (f *network) sleep(left, right []float64) int {
	for i, l := range left {
		if loud(l) || loud(right[i]) {
			f.sleeping = false
			return i
		}
		left[i], right[i] = 0, 0
		f.gain.Step()
		f.width.Step()
		f.early.gain.Step()
	}
	return len(left)
}

// look finds, at fixed frames, whether there has been nothing for longer than
// anything in here remembers.
func (f *network) look(n int) {
	if f.age += n; f.age < lookEvery {
		return
	}
	f.age = 0
	if f.quiet += lookEvery; f.loud {
		f.quiet, f.loud = 0, false
	}
	if f.quiet > f.longest+lookEvery {
		f.empty()
	}
}

// run is the whole network for up to one stretch.
func (f *network) run(left, right []float64) {
	var late, first [2][stretch]float64
	var scratch [stretch + 8]float64
	n := len(left)
	f.enter(left, right, &late)
	for in := range f.early.taps {
		for out := range f.early.taps[in] {
			f.early.hear(in, first[out][:n], f.early.taps[in][out], f.now)
		}
	}
	for i := range f.lines {
		l := &f.lines[i]
		x := f.buffer[i][:n]
		l.read(x, f.now, &scratch)
		l.lose(x)
	}
	f.give(left, right, &first)
	f.mix(n)
	for i := range f.lines {
		f.lines[i].write(f.buffer[i][:n], late[i%2][:n], f.now)
	}
	f.now += n
}

// enter takes the input through the all-passes; the early reflections are taken
// after the first of them and lose some treble at the walls.
func (f *network) enter(left, right []float64, late *[2][stretch]float64) {
	ring, mask, pos := f.ring, len(f.ring)-1, f.pos
	for side, x := range [2][]float64{left, right} {
		pos = f.pos
		s := &f.smear[side]
		to := late[side][:len(x)]
		seen := f.early.ring[side]
		wall, pole := f.early.wall[side], f.early.pole
		for i, v := range x {
			f.loud = f.loud || loud(v)
			pos--
			v = s[0].next(ring, mask, pos, v)
			wall = v + float64(pole*(wall-v))
			seen[(f.now+i)&(len(seen)-1)] = wall
			v = s[1].next(ring, mask, pos, v)
			v = s[2].next(ring, mask, pos, v)
			to[i] = s[3].next(ring, mask, pos, v)
		}
		f.early.wall[side] = wall
	}
	f.pos = pos & mask
}

// hear adds the taps of one way to out.
func (e *early) hear(in int, out []float64, taps []earlyTap, now int) {
	ring := e.ring[in]
	for _, t := range taps {
		at := (now - t.delay) & (len(ring) - 1)
		head := ring[at:min(at+len(out), len(ring))]
		addScaled(out, head, t.gain)
		addScaled(out[len(head):], ring[:len(out)-len(head)], t.gain) // beyond the seam
	}
}

func addScaled(out, x []float64, gain float64) {
	out = out[:len(x)]
	for i, v := range x {
		out[i] += float64(gain * v)
	}
}

// read takes out what went in n frames ago. The delay is moved by an oscillator,
// which is asked once a stretch; in between it moves in a straight line. It is read
// between the samples along a cubic through the two on either side (Catmull-Rom, as
// in the tank). All delays move, each at its own speed: where only some do, modes
// stand out of the tail.
func (l *feedbackLine) read(x []float64, now int, scratch *[stretch + 8]float64) {
	k := now & (stretch - 1)
	if k == 0 {
		l.turn()
	}
	middle, from, slope := float64(l.swing), l.from, l.slope // middle keeps what becomes an int positive
	first := middle + (from + float64(slope*float64(k)))
	last := middle + (from + float64(slope*float64(k+len(x)-1)))
	low, high := int(min(first, last)), int(max(first, last))
	in := l.window(now-l.n-l.swing+low-1, len(x)+high-low+3, scratch)
	for i := range x {
		at := middle + (from + float64(slope*float64(k+i)))
		whole := int(at)
		t := at - float64(whole)
		y := in[i+whole-low:][:4]
		y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
		c1 := float64(0.5 * (y2 - y0))
		c2 := y0 - float64(2.5*y1) + float64(2*y2) - float64(0.5*y3)
		c3 := float64(0.5*(y3-y0)) + float64(1.5*(y1-y2))
		x[i] = y1 + float64(t*(c1+float64(t*(c2+float64(t*c3)))))
	}
}

// turn takes the oscillator one stretch on.
func (l *feedbackLine) turn() {
	l.sin, l.cos = float64(l.sin*l.dcos)+float64(l.cos*l.dsin), float64(l.cos*l.dcos)-float64(l.sin*l.dsin)
	l.deep += max(-deepen, min(deepen, l.depth-l.deep))
	to := float64(l.deep * l.sin)
	l.from, l.slope, l.to = l.to, (to-l.to)/stretch, to
}

// window returns n samples of the ring from a place on, in one piece.
func (l *feedbackLine) window(at, n int, scratch *[stretch + 8]float64) []float64 {
	at &= len(l.ring) - 1
	if at+n <= len(l.ring) {
		return l.ring[at : at+n]
	}
	head := copy(scratch[:n], l.ring[at:])
	copy(scratch[head:n], l.ring)
	return scratch[:n]
}

// lose takes from the samples what the way through the delay costs.
func (l *feedbackLine) lose(x []float64) {
	b0, b1, b2, a1, a2 := l.shelf.B0, l.shelf.B1, l.shelf.B2, l.shelf.A1, l.shelf.A2
	x1, x2, y1, y2 := l.x1, l.x2, l.y1, l.y2
	c0, c1, d1, loss := l.b0, l.b1, l.a1, l.loss
	u1, v1 := l.u1, l.v1
	for i, in := range x {
		y := float64(b0*in) + (float64(b1*x1) + float64(b2*x2)) - float64(a2*y2) - float64(a1*y1)
		x2, x1, y2, y1 = x1, in, y1, y
		v := float64(c0*y) + float64(c1*u1) - float64(d1*v1)
		u1, v1 = y, v
		x[i] = float64(loss * v)
	}
	l.x1, l.x2, l.y1, l.y2, l.u1, l.v1 = x1, x2, y1, y2, u1, v1
}

// write puts what is fed back, and the input, into the delay.
func (l *feedbackLine) write(x, in []float64, now int) {
	at := now & (len(l.ring) - 1)
	addScaled(x, in, float64(l.sign*inputGain))
	n := copy(l.ring[at:], x)
	copy(l.ring, x[n:])
}

// inputGain spreads an input over the delays of its side: √(2/16).
const inputGain = 0.35355339059327379

// give puts out the early reflections, and each side's delays before they are
// mixed.
func (f *network) give(left, right []float64, first *[2][stretch]float64) {
	b := &f.buffer
	gain, width, reflections, heard := f.gain, f.width, f.early.gain, f.loud
	for i := range left {
		l := (b[0][i] - b[2][i]) + (b[4][i] - b[6][i]) + (b[8][i] - b[10][i]) + (b[14][i] - b[12][i])
		r := (b[1][i] + b[3][i]) - (b[5][i] + b[7][i]) + (b[11][i] - b[9][i]) + (b[15][i] - b[13][i])
		heard = heard || loud(l) || loud(r)
		e, g, w := reflections.Step(), gain.Step(), width.Step()
		l = float64(4*l) + float64(e*first[0][i])
		r = float64(4*r) + float64(e*first[1][i])
		mid, side := float64(g*(l+r)/2), float64(g*w*(l-r)/2)
		left[i], right[i] = mid+side, mid-side
	}
	f.gain, f.width, f.early.gain, f.loud = gain, width, reflections, heard
}

// mix is the Hadamard matrix (its factor of 1/4 is in the losses): fours by
// fours, first among neighbours and then across them.
func (f *network) mix(n int) {
	b := &f.buffer
	for k := 0; k < lineCount; k += 4 {
		hadamard4(b[k][:n], b[k+1][:n], b[k+2][:n], b[k+3][:n])
	}
	for k := range 4 {
		hadamard4(b[k][:n], b[k+4][:n], b[k+8][:n], b[k+12][:n])
	}
}

func hadamard4(a, b, c, d []float64) {
	b, c, d = b[:len(a)], c[:len(a)], d[:len(a)]
	for i := range a {
		p, q := a[i]+b[i], a[i]-b[i]
		r, s := c[i]+d[i], c[i]-d[i]
		a[i], b[i], c[i], d[i] = p+r, q+s, p-r, q-s
	}
}
