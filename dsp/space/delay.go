package space

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/stereo"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

var delayKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "delay",
		Version: 1,
		Doc:     "Echoes, fully wet",
		Params: []param.Param{
			{
				Name: "time", Unit: param.MS, Min: 1, Max: longestTime, Required: true, Notes: true,
				Doc: "Time from one echo to the next; where it moves, the echoes are crossfaded within 40 ms and keep their pitch",
			},
			{
				Name: "feedback", Unit: param.Percent, Min: 0, Max: 95, Default: 30.0,
				Doc: "Level of each echo relative to the one before; the first is as loud as the sound",
			},
			{
				Name: "lowcut", Unit: param.Hz, Min: 10, Max: 2000,
				Doc: "High-pass in the loop, 12 dB/oct: takes more bass off with every echo; off when left out",
			},
			{
				Name: "highcut", Unit: param.Hz, Min: 500, Max: 24000,
				Doc: "Low-pass in the loop, 12 dB/oct: takes more treble off with every echo; off when left out",
			},
			{
				Name: "pingpong", Type: param.Switch, Default: false,
				Doc: "The sound is summed to mono and its echoes alternate: left, right, left",
			},
			{
				Name: "width", Unit: param.Percent, Min: 0, Max: 200, Default: 100.0,
				Doc: "Stereo width of the echoes: 0 % is mono",
			},
			{
				Name: "saturation", Unit: param.Percent, Min: 0, Max: 100, Default: 0.0,
				Doc: "Soft clipping of what goes into the loop, as on tape: at 100 % it begins some 12 dB below full scale; not oversampled, so treble is best cut",
			},
			{
				Name: "ducking", Unit: param.DB, Min: 0, Max: 40, Default: 0.0,
				Doc: "How far the echoes go down while there is sound at the input",
			},
			{
				Name: "duck_threshold", Unit: param.DB, Min: -60, Max: 0, Default: -36.0,
				Doc: "Level of the input above which ducking begins; 12 dB above it is complete",
			},
			{
				Name: "duck_release", Unit: param.MS, Min: 10, Max: 5000, Default: 300.0, Notes: true,
				Doc: "Time constant with which the echoes come back after the sound",
			},
		},
	},
	New:     newDelay,
	Follows: func(param.Values) bool { return true }, // ducking, which automation may open up
}

// delay is, for each channel,
//
//	echo = filters(line, one delay time ago);  line = tape(input + feedback·echo)
//
// so that echo number n has passed the filters n times: the first is already
// filtered, as on a tape machine. In ping-pong, the input is (left+right)/2 and
// enters the left line only, and each line is fed by the other one's echo.
type delay struct {
	rate     int
	line     dsp.Block // rings of one delay time, or of the longest where the time may move
	pos      int
	time     heads
	pingpong bool
	feedback smooth.Value
	width    smooth.Value // percent
	tape     smooth.Value // 1 over the level at which the loop clips; 0 is linear

	high, low [2]filter.One // sections of the cuts, by channel; Identity when off
	duck      *ducker
	first     param.Values
	age       int     // frames since the filters were last looked at for quiet
	most      float64 // most feedback set so far, for Tail
}

// heads are where the line is read: at one delay time, or, while that changes, at
// two. The new one is faded in rather than moved to, as a head that moves along the
// tape shifts the pitch. A change that comes during a fade waits for its end.
type heads struct {
	now, next, wanted int     // frames; now == next between fades
	fade, rise        float64 // share of next, and how much more it is each frame
	longest           int     // set so far, for Tail
	running           bool    // the first frame has been heard: from here on, fade
}

// longestTime is the longest delay time in milliseconds.
const longestTime = 5000

// crossfade is how long a change of time takes, in seconds.
const crossfade = 0.04

// saturated is 1 over the level where the loop clips at 100 % saturation: -12 dB.
const saturated = 4.0

// hushEvery is how often the filters are set to rest when quiet.
const hushEvery = 4096

func newDelay(a dsp.Args) (dsp.Processor, error) {
	v := a.Values
	d := &delay{
		rate:     a.Rate,
		pingpong: v.On("pingpong"),
		feedback: smooth.New(v.Num("feedback")/100, a.Rate),
		width:    smooth.New(v.Num("width"), a.Rate),
		tape:     smooth.New(tapeOf(v.Num("saturation")), a.Rate),
		duck:     newDucker(v, a.Rate),
		first:    v,
	}
	d.line = dsp.NewBlock(d.framesOf(v.Num("time")))
	d.time.rise = 1 / (crossfade * float64(a.Rate))
	d.settings()
	return d, nil
}

func tapeOf(percent float64) float64 { return saturated * percent / 100 }

// framesOf is a delay time in whole frames.
func (d *delay) framesOf(ms float64) int { return max(1, frames(ms, d.rate)) }

func (d *delay) settings() {
	d.setLowcut(d.first.Num("lowcut"))
	d.setHighcut(d.first.Num("highcut"))
	d.most = d.first.Num("feedback") / 100
	n := d.framesOf(d.first.Num("time"))
	d.time.now, d.time.next, d.time.wanted, d.time.longest = n, n, n, n
	d.time.running, d.time.fade = false, 0
}

func (d *delay) setLowcut(hz float64) {
	setBoth(&d.low, filter.BilinearHighPass, hz, d.rate)
}

func (d *delay) setHighcut(hz float64) {
	setBoth(&d.high, filter.BilinearLowPass, hz, d.rate)
}

// setBoth sets both channels' sections; 0, and a corner next to half the rate,
// is off.
func setBoth(sections *[2]filter.One, design func(hz, q, rate float64) filter.Coef, hz float64, rate int) {
	coef := filter.Identity
	if hz > 0 && hz < 0.45*float64(rate) {
		coef = design(hz, math.Sqrt2/2, float64(rate))
	}
	sections[0].Coef, sections[1].Coef = coef, coef
}

// set gives the time in frames. Before the first frame it is taken at once.
func (h *heads) set(n int) {
	h.wanted = n
	h.longest = max(h.longest, n)
	if !h.running {
		h.now, h.next = n, n
	}
}

// begin starts the fade that is due.
func (h *heads) begin(frames int) {
	h.running = h.running || frames > 0
	if h.now == h.next && frames > 0 {
		h.next, h.fade = h.wanted, 0
	}
}

// step goes one frame on in a fade and returns the share of the next head.
func (h *heads) step() float64 {
	if h.fade += h.rise; h.fade >= 1 {
		h.now, h.next, h.fade = h.next, h.wanted, 0
		return 1
	}
	return h.fade
}

// Process implements [dsp.Processor].
func (d *delay) Process(b dsp.Block) { d.process(b, b) }

// ProcessLed implements [dsp.Led]: the echoes go down where there is sound at the
// leader's input.
func (d *delay) ProcessLed(b, lead dsp.Block, leader dsp.Processor, _ []dsp.Block) {
	d.process(b, lead)
	leader.Process(lead)
}

// process makes the echoes of b, ducked by what is heard.
func (d *delay) process(b, heard dsp.Block) {
	d.feedback.Begin(b.Len())
	d.width.Begin(b.Len())
	d.tape.Begin(b.Len())
	d.duck.depth.Begin(b.Len())
	d.time.begin(b.Len())
	for b.Len() > 0 {
		n := min(b.Len(), hushEvery-d.age)
		d.run(b[0][:n], b[1][:n], heard.Cut(0, n))
		b, heard = b.Cut(n, b.Len()), heard.Cut(n, b.Len())
		if d.age += n; d.age == hushEvery {
			d.age = 0
			for ch := range 2 {
				d.low[ch].Hush()
				d.high[ch].Hush()
			}
		}
	}
}

func (d *delay) run(left, right []float64, heard dsp.Block) {
	lowL, lowR, highL, highR := d.low[0], d.low[1], d.high[0], d.high[1]
	lineL := d.line[0]
	lineR := d.line[1][:len(lineL)]
	pos, feedback, width, tape, head := d.pos, d.feedback, d.width, d.tape, d.time
	right = right[:len(left)]
	heardL, heardR := heard[0][:len(left)], heard[1][:len(left)]
	for i, l := range left {
		r := right[i]
		duck := 1.0
		if d.duck.on() {
			duck = d.duck.next(heardL[i], heardR[i])
		}
		at := back(pos, head.now, len(lineL))
		echoL, echoR := lineL[at], lineR[at]
		if head.now != head.next {
			at = back(pos, head.next, len(lineL))
			nextL, nextR := lineL[at], lineR[at]
			share := head.step()
			echoL += float64(share * (nextL - echoL))
			echoR += float64(share * (nextR - echoR))
		}
		echoL = highL.Next(lowL.Next(echoL))
		echoR = highR.Next(lowR.Next(echoR))
		fb := feedback.Step()
		backL, backR := float64(fb*echoL), float64(fb*echoR)
		if d.pingpong {
			l, r = float64((l+r)/2), 0
			backL, backR = backR, backL
		}
		l, r = l+backL, r+backR
		if k := tape.Step(); k != 0 {
			l, r = xmath.Tanh(k*l)/k, xmath.Tanh(k*r)/k
		}
		lineL[pos], lineR[pos] = audible(l), audible(r)
		if pos++; pos == len(lineL) {
			pos = 0
		}
		same, cross := stereo.WidthGains(width.Step())
		left[i] = float64(duck * (float64(same*echoL) + float64(cross*echoR)))
		right[i] = float64(duck * (float64(cross*echoL) + float64(same*echoR)))
	}
	d.low[0], d.low[1], d.high[0], d.high[1] = lowL, lowR, highL, highR
	d.pos, d.feedback, d.width, d.tape, d.time = pos, feedback, width, tape, head
}

// back is the place n frames before pos in a ring of so many.
func back(pos, n, length int) int {
	if pos -= n; pos < 0 {
		pos += length
	}
	return pos
}

// audible ends a decay before it reaches the denormal numbers, where a loop
// would turn round for ever.
func audible(x float64) float64 {
	if loud(x) {
		return x
	}
	return 0
}

// stretchLine makes room for the longest time, and keeps what is in the line.
func (d *delay) stretchLine() {
	longest := d.framesOf(longestTime)
	if len(d.line[0]) >= longest {
		return
	}
	old := d.line
	d.line = dsp.NewBlock(longest)
	for ch := range old {
		n := copy(d.line[ch], old[ch][d.pos:])
		copy(d.line[ch][n:], old[ch][:d.pos])
	}
	d.pos = len(old[0])
}

// Reset implements [dsp.Processor].
func (d *delay) Reset() {
	clear(d.line[0])
	clear(d.line[1])
	d.pos, d.age = 0, 0
	d.feedback.Reset()
	d.width.Reset()
	d.tape.Reset()
	for ch := range 2 {
		d.low[ch].Reset()
		d.high[ch].Reset()
	}
	d.duck.reset(d.first)
	d.settings()
}

// Latency implements [dsp.Processor]: none; the first echo is late on purpose.
func (d *delay) Latency() int { return 0 }

// Tail implements [dsp.Processor]: the echoes down to -120 dB, and what rings in
// the filters. It covers the most feedback and the longest time that have been set.
func (d *delay) Tail() int {
	echoes := 1.0
	if d.most > 0 {
		echoes += math.Ceil(-6 * math.Ln10 / xmath.Log(d.most))
	}
	tail := int(echoes) * d.time.longest
	for _, name := range []string{"lowcut", "highcut"} {
		if d.first.Has(name) {
			// Passing a filter again and again adds up its delay and drags its ringing out.
			tail += int(math.Ceil(3 * ring(d.first.Num(name)) * float64(d.rate)))
		}
	}
	return tail
}

// Tune implements [dsp.Tunable].
func (d *delay) Tune(name string) func(float64) {
	switch name {
	case "time":
		d.stretchLine() // here, as setting must not allocate
		return func(ms float64) { d.time.set(d.framesOf(ms)) }
	case "saturation":
		return func(percent float64) { d.tape.Set(tapeOf(percent)) }
	case "ducking":
		return d.duck.depth.Set
	case "duck_threshold":
		return d.duck.setThreshold
	case "duck_release":
		return d.duck.setRelease
	case "feedback":
		return func(percent float64) {
			d.feedback.Set(percent / 100)
			d.most = math.Max(d.most, percent/100)
		}
	case "lowcut":
		return d.setLowcut
	case "highcut":
		return d.setHighcut
	case "width":
		return d.width.Set
	}
	return nil
}
