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
				Name: "time", Unit: param.MS, Min: 1, Max: 5000, Required: true, Notes: true, Fixed: true,
				Doc: "Time from one echo to the next",
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
		},
	},
	New: newDelay,
}

// delay is, for each channel,
//
//	echo = filters(line, one delay time ago);  line = input + feedback·echo
//
// so that echo number n has passed the filters n times: the first is already
// filtered, as on a tape machine. In ping-pong, the input is (left+right)/2 and
// enters the left line only, and each line is fed by the other one's echo.
type delay struct {
	rate     int
	line     dsp.Block // rings of one delay time
	pos      int
	pingpong bool
	feedback smooth.Value
	width    smooth.Value // percent

	high, low [2]filter.One // sections of the cuts, by channel; Identity when off
	first     param.Values
	age       int     // frames since the filters were last looked at for quiet
	most      float64 // most feedback set so far, for Tail
}

// hushEvery is how often the filters are set to rest when quiet.
const hushEvery = 4096

func newDelay(a dsp.Args) (dsp.Processor, error) {
	v := a.Values
	d := &delay{
		rate:     a.Rate,
		line:     dsp.NewBlock(max(1, frames(v.Num("time"), a.Rate))),
		pingpong: v.On("pingpong"),
		feedback: smooth.New(v.Num("feedback")/100, a.Rate),
		width:    smooth.New(v.Num("width"), a.Rate),
		first:    v,
	}
	d.settings()
	return d, nil
}

func (d *delay) settings() {
	d.setLowcut(d.first.Num("lowcut"))
	d.setHighcut(d.first.Num("highcut"))
	d.most = d.first.Num("feedback") / 100
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

// Process implements [dsp.Processor].
func (d *delay) Process(b dsp.Block) {
	d.feedback.Begin(b.Len())
	d.width.Begin(b.Len())
	for b.Len() > 0 {
		n := min(b.Len(), hushEvery-d.age)
		d.run(b[0][:n], b[1][:n])
		b = b.Cut(n, b.Len())
		if d.age += n; d.age == hushEvery {
			d.age = 0
			for ch := range 2 {
				d.low[ch].Hush()
				d.high[ch].Hush()
			}
		}
	}
}

func (d *delay) run(left, right []float64) {
	lowL, lowR, highL, highR := d.low[0], d.low[1], d.high[0], d.high[1]
	lineL := d.line[0]
	lineR := d.line[1][:len(lineL)]
	pos, feedback, width := d.pos, d.feedback, d.width
	right = right[:len(left)]
	for i, l := range left {
		r := right[i]
		echoL := highL.Next(lowL.Next(lineL[pos]))
		echoR := highR.Next(lowR.Next(lineR[pos]))
		fb := feedback.Step()
		backL, backR := float64(fb*echoL), float64(fb*echoR)
		if d.pingpong {
			l, r = float64((l+r)/2), 0
			backL, backR = backR, backL
		}
		lineL[pos], lineR[pos] = audible(l+backL), audible(r+backR)
		if pos++; pos == len(lineL) {
			pos = 0
		}
		same, cross := stereo.WidthGains(width.Step())
		left[i] = float64(same*echoL) + float64(cross*echoR)
		right[i] = float64(cross*echoL) + float64(same*echoR)
	}
	d.low[0], d.low[1], d.high[0], d.high[1] = lowL, lowR, highL, highR
	d.pos, d.feedback, d.width = pos, feedback, width
}

// audible ends a decay before it reaches the denormal numbers, where a loop
// would turn round for ever.
func audible(x float64) float64 {
	if loud(x) {
		return x
	}
	return 0
}

// Reset implements [dsp.Processor].
func (d *delay) Reset() {
	clear(d.line[0])
	clear(d.line[1])
	d.pos, d.age = 0, 0
	d.feedback.Reset()
	d.width.Reset()
	for ch := range 2 {
		d.low[ch].Reset()
		d.high[ch].Reset()
	}
	d.settings()
}

// Latency implements [dsp.Processor]: none; the first echo is late on purpose.
func (d *delay) Latency() int { return 0 }

// Tail implements [dsp.Processor]: the echoes down to -120 dB, and what rings in
// the filters. It covers the most feedback that has been set.
func (d *delay) Tail() int {
	echoes := 1.0
	if d.most > 0 {
		echoes += math.Ceil(-6 * math.Ln10 / xmath.Log(d.most))
	}
	tail := int(echoes) * len(d.line[0])
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
