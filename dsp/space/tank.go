package space

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// The plate is J. Dattorro's tank ("Effect Design, Part 1: Reverberator and
// Other Filters", J. Audio Eng. Soc. 45(9), 1997): all-passes that smear the
// input, then two halves of all-passes and delays that feed each other in a
// figure of eight. All its lengths are in samples of his 29761 Hz.
//
// Three things differ from the paper:
//
//   - Loss. Each delay of N samples carries the gain γ^N (Jot and Chaigne, 90th
//     AES Convention, 1991), all-passes and output taps included, where γ is the
//     loss of one sample. The response is then that of the lossless tank times
//     exactly γ^n: the decay is the T60 asked for, at every length, and short
//     ones are not stretched by all-passes that ring on.
//   - Input. The left and the right channel enter one half each, through input
//     all-passes of their own. The paper sums to mono; this keeps what is out of
//     phase and lets a panned source start on its own side before the tank
//     spreads it.
//   - The modulated all-passes read their delay with cubic interpolation, which
//     takes far less treble per round than linear.
const paperRate = 29761.0

// half has the lengths of one half of the tank, in samples at paperRate, and
// where the output taps sit in it: those of "own" go to the output on the side
// of the half's input, the one in the smearing all-pass negatively; those of
// "across" are subtracted from the other output. See the paper's table 2.
type half struct {
	input                      [4]float64 // input all-passes
	swirl, line1, smear, line2 float64    // modulated all-pass, delay, all-pass, delay

	ownLine1                              [2]float64
	ownSmear, ownLine2                    float64
	acrossLine1, acrossSmear, acrossLine2 float64
}

// plate has first the half that takes the left input. It is the paper's right
// one: its first taps (the first sound that comes out) go to the left.
var plate = [2]half{
	{
		input: [4]float64{142, 107, 379, 277},
		swirl: 908, line1: 4217, smear: 2656, line2: 3163,
		ownLine1: [2]float64{266, 2974}, ownSmear: 1913, ownLine2: 1996,
		acrossLine1: 2111, acrossSmear: 335, acrossLine2: 121,
	},
	{
		input: [4]float64{151, 103, 367, 293}, // not in the paper: near the left ones, without a common factor
		swirl: 672, line1: 4453, smear: 1800, line2: 3720,
		ownLine1: [2]float64{353, 3627}, ownSmear: 1228, ownLine2: 2673,
		acrossLine1: 1990, acrossSmear: 187, acrossLine2: 1066,
	},
}

// Diffusion coefficients of the paper.
var inputDiffusion = [4]float64{0.75, 0.75, 0.625, 0.625}

const (
	swirlDiffusion = -0.70
	smearDiffusion = 0.50

	excursion = 16.0 // samples at paperRate, at 100 % modulation
)

// swirlHz are the speeds of the modulation of the two halves.
var swirlHz = [2]float64{0.71, 0.53}

// quiet is the level (-600 dB) below which the tank is taken for empty.
const quiet = 1e-30

// tank is the running plate. All its delays lie one behind the other in one ring
// buffer: a sample written at offset a is found at a+d after d frames, because
// the position goes down by one a frame.
type tank struct {
	ring []float64 // length a power of two
	pos  int
	side [2]tankHalf

	awake int // frames to go until a quiet tank is emptied

	output

	rate, size float64
	seed       uint64
}

type tankHalf struct {
	input        [4]allpass
	swirl        swirl
	line1, line2 line
	smear        allpass
	own, across  taps

	damping  float64 // one-pole low-pass: pole
	damped   float64 // and state
	feedback float64 // what this half gives to the other
}

// line is a delay with its loss.
type line struct {
	at, n int
	loss  float64
}

// allpass is a Schroeder all-pass with loss: H = (g + γ^N z^-N)/(1 + g γ^N z^-N).
type allpass struct {
	line
	g float64
}

// swirl is an all-pass whose delay swings about n.
type swirl struct {
	allpass
	depth    float64 // samples
	sin, cos float64 // oscillator, and
	dsin     float64 // the turn it makes each frame
	dcos     float64
}

// tap is a place in the ring that is heard, and its loss (with a sign).
type tap struct {
	at   int
	loss float64
}

type taps [4]tap

func newTank(rate int, size float64, key uint64) *tank {
	t := &tank{rate: float64(rate), size: size, seed: key}
	end := 0
	place := func(samples float64, spare int) line {
		l := line{at: end, n: t.samples(samples)}
		end += l.n + spare + 1
		return l
	}
	for h := range t.side {
		s, p := &t.side[h], &plate[h]
		for i, n := range p.input {
			s.input[i] = allpass{line: place(n, 0), g: inputDiffusion[i]}
		}
		swing := int(math.Ceil(excursion*t.rate/paperRate)) + 3 // and the interpolation's neighbours
		s.swirl.allpass = allpass{line: place(p.swirl, swing), g: swirlDiffusion}
		s.line1 = place(p.line1, 0)
		s.smear = allpass{line: place(p.smear, 0), g: smearDiffusion}
		s.line2 = place(p.line2, 0)

		tapOf := func(l line, samples float64) tap { return tap{at: l.at + t.samples(samples)} }
		s.across = taps{tapOf(s.line1, p.acrossLine1), tapOf(s.smear.line, p.acrossSmear), tapOf(s.line2, p.acrossLine2)}
		s.own = taps{
			tapOf(s.line1, p.ownLine1[0]), tapOf(s.line1, p.ownLine1[1]),
			tapOf(s.smear.line, p.ownSmear), tapOf(s.line2, p.ownLine2),
		}
		turn := 2 * math.Pi * swirlHz[h] / t.rate
		s.swirl.dsin, s.swirl.dcos = xmath.Sin(turn), xmath.Cos(turn)
	}
	length := 1
	for length < end {
		length *= 2
	}
	t.ring = make([]float64, length)
	t.reset()
	return t
}

// samples scales a length of the paper to the rate and size.
func (t *tank) samples(paper float64) int {
	return int(math.Round(paper * t.rate / paperRate * t.size))
}

// reset empties the tank and puts the modulation back to its phase at frame 0,
// which comes from the seed.
func (t *tank) reset() {
	clear(t.ring)
	t.pos, t.awake = 0, 0
	t.gain.Reset()
	t.width.Reset()
	for h := range t.side {
		s := &t.side[h]
		s.damped, s.feedback = 0, 0
		phase := 2 * math.Pi * seed.New(t.seed).Uniform(uint64(h))
		s.swirl.sin, s.swirl.cos = xmath.Sin(phase), xmath.Cos(phase)
	}
}

// setDecay sets every loss for a T60 in seconds.
func (t *tank) setDecay(seconds float64) {
	perSample := -3 * math.Ln10 / (t.rate * seconds) // ln γ
	loss := func(n int) float64 { return xmath.Exp(perSample * float64(n)) }
	for h := range t.side {
		s := &t.side[h]
		for _, l := range []*line{
			&s.input[0].line, &s.input[1].line, &s.input[2].line, &s.input[3].line,
			&s.swirl.line, &s.line1, &s.smear.line, &s.line2,
		} {
			l.loss = loss(l.n)
		}
		for i, l := range []line{s.line1, s.smear.line, s.line2} {
			s.across[i].loss = loss(s.across[i].at - l.at)
		}
		for i, l := range []line{s.line1, s.line1, s.smear.line, s.line2} {
			s.own[i].loss = loss(s.own[i].at - l.at)
		}
		s.own[2].loss = -s.own[2].loss
	}
}

// power is the energy of the response per output channel, for an impulse in one
// channel, averaged over the two outputs and summed over the two inputs. Echoes
// are taken as uncorrelated, so energies multiply along the way and add up at
// the taps.
func (t *tank) power() float64 {
	var entry, through, heard [2]float64
	for h := range t.side {
		s := &t.side[h]
		entry[h] = 1
		for i := range s.input {
			entry[h] *= s.input[i].power()
		}
		e := s.swirl.power()
		for _, p := range []tap{s.across[0], s.own[0], s.own[1]} {
			heard[h] += float64(e * square(p.loss))
		}
		e *= square(s.line1.loss)
		inside := e / (1 - square(float64(s.smear.g*s.smear.loss))) // within the all-pass
		for _, p := range []tap{s.across[1], s.own[2]} {
			heard[h] += float64(inside * square(p.loss))
		}
		e *= s.smear.power()
		for _, p := range []tap{s.across[2], s.own[3]} {
			heard[h] += float64(e * square(p.loss))
		}
		through[h] = e * square(s.line2.loss)
	}
	// What enters one half passes the other one too, and both again and again.
	rounds := 1 / (1 - float64(through[0]*through[1]))
	left := float64(entry[0] * (heard[0] + float64(through[0]*heard[1])))
	right := float64(entry[1] * (heard[1] + float64(through[1]*heard[0])))
	return rounds * (left + right) / 2
}

// power is the energy of the all-pass's response: g² + (1-g²)²γ²ᴺ/(1-g²γ²ᴺ).
func (p *allpass) power() float64 {
	gg, ll := square(p.g), square(p.loss)
	return gg + float64(square(1-gg)*ll)/(1-float64(gg*ll))
}

func square(x float64) float64 { return float64(x * x) }

// setDamping sets the low-pass in each half: -3 dB at hz, 0 dB at 0 Hz.
func (t *tank) setDamping(hz float64) {
	pole := onePole(hz, t.rate)
	for h := range t.side {
		t.side[h].damping = pole
	}
}

// onePole is the pole p of the low-pass y += (1-p)(x-y) that is -3 dB at hz: |H|²
// is one half where p = c - √(c²-1) with c = 2 - cos w. Next to half the rate it
// is off.
func onePole(hz, rate float64) float64 {
	if hz >= 0.45*rate {
		return 0
	}
	c := 2 - xmath.Cos(2*math.Pi*hz/rate)
	return c - math.Sqrt(float64(c*c)-1)
}

// setModulation sets how far the modulated all-passes swing, in percent.
func (t *tank) setModulation(percent float64) {
	depth := excursion * t.rate / paperRate * percent / 100
	for h := range t.side {
		t.side[h].swirl.depth = depth
	}
}

// process replaces the channels by the tank's output.
func (t *tank) process(left, right []float64) {
	t.gain.Begin(len(left))
	t.width.Begin(len(left))
	ring := t.ring
	mask := len(ring) - 1
	pos := t.pos
	a, b := &t.side[0], &t.side[1]
	gain, width, awake := t.gain, t.width, t.awake
	right = right[:len(left)]
	for i, l := range left {
		r := right[i]
		if loud(l) || loud(r) || loud(a.damped) || loud(b.damped) {
			awake = 2 * len(ring)
		}
		if awake == 0 {
			// Empty, and no input: stay so, rather than turn denormal numbers round
			// and round for the rest of the song.
			left[i], right[i] = 0, 0
			gain.Step()
			width.Step()
			continue
		}
		if awake--; awake == 0 {
			clear(ring)
			a.damped, b.damped, a.feedback, b.feedback = 0, 0, 0, 0
		}
		pos--
		fromA, fromB := a.feedback, b.feedback
		a.feedback = a.next(ring, mask, pos, l, fromB)
		b.feedback = b.next(ring, mask, pos, r, fromA)

		outL := a.own.sum4(ring, mask, pos) - b.across.sum3(ring, mask, pos)
		outR := b.own.sum4(ring, mask, pos) - a.across.sum3(ring, mask, pos)
		g, w := gain.Step(), width.Step()
		mid, side := float64(g*(outL+outR)/2), float64(g*w*(outL-outR)/2)
		left[i], right[i] = mid+side, mid-side
	}
	t.pos, t.gain, t.width, t.awake = pos&mask, gain, width, awake
}

func loud(x float64) bool { return x > quiet || x < -quiet }

// next puts one sample through the half: x enters with what the other half gave
// one frame earlier, and what comes back is what this one gives.
func (s *tankHalf) next(ring []float64, mask, pos int, x, other float64) float64 {
	x = s.input[0].next(ring, mask, pos, x)
	x = s.input[1].next(ring, mask, pos, x)
	x = s.input[2].next(ring, mask, pos, x)
	x = s.input[3].next(ring, mask, pos, x)

	x = s.swirl.next(ring, mask, pos, x+other)
	x = s.line1.next(ring, mask, pos, x)
	s.damped = x + float64(s.damping*(s.damped-x))
	x = s.smear.next(ring, mask, pos, s.damped)
	return s.line2.next(ring, mask, pos, x)
}

func (l *line) next(ring []float64, mask, pos int, x float64) float64 {
	ring[(pos+l.at)&mask] = x
	return float64(l.loss * ring[(pos+l.at+l.n)&mask])
}

func (p *allpass) next(ring []float64, mask, pos int, x float64) float64 {
	at := pos + p.at
	d := float64(p.loss * ring[(at+p.n)&mask])
	v := x - float64(p.g*d)
	ring[at&mask] = v
	return d + float64(p.g*v)
}

// next is the all-pass with its delay moved by the oscillator, read between the
// samples with a cubic through the two on either side (Catmull-Rom).
func (s *swirl) next(ring []float64, mask, pos int, x float64) float64 {
	sin := float64(s.sin*s.dcos) + float64(s.cos*s.dsin)
	s.cos = float64(s.cos*s.dcos) - float64(s.sin*s.dsin)
	s.sin = sin

	delay := float64(s.depth * sin)
	whole := math.Floor(delay)
	f := delay - whole
	at := pos + s.at
	from := at + s.n + int(whole)
	y0, y1 := ring[(from-1)&mask], ring[from&mask]
	y2, y3 := ring[(from+1)&mask], ring[(from+2)&mask]
	c1 := float64(0.5 * (y2 - y0))
	c2 := y0 - float64(2.5*y1) + float64(2*y2) - float64(0.5*y3)
	c3 := float64(0.5*(y3-y0)) + float64(1.5*(y1-y2))
	d := float64(s.loss * (y1 + float64(f*(c1+float64(f*(c2+float64(f*c3)))))))

	v := x - float64(s.g*d)
	ring[at&mask] = v
	return d + float64(s.g*v)
}

func (t *taps) sum3(ring []float64, mask, pos int) float64 {
	return float64(t[0].loss*ring[(pos+t[0].at)&mask]) +
		float64(t[1].loss*ring[(pos+t[1].at)&mask]) +
		float64(t[2].loss*ring[(pos+t[2].at)&mask])
}

func (t *taps) sum4(ring []float64, mask, pos int) float64 {
	return t.sum3(ring, mask, pos) + float64(t[3].loss*ring[(pos+t[3].at)&mask])
}
