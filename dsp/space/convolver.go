package space

import (
	"fmt"
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/conv"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/dsp/stereo"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

var convolverKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "convolver",
		Version: 1,
		Doc:     "Reverberation or any other linear sound from an impulse response, fully wet; its latency is compensated",
		Params: []param.Param{
			{
				Name: "ir", Type: param.File, Required: true,
				Doc: "Impulse response, WAV, AIFF or FLAC, up to 30 s: mono, stereo, or four channels for true stereo " +
					"(left to left, left to right, right to left, right to right); at another rate it is resampled",
			},
			{
				Name: "predelay", Unit: param.MS, Min: 0, Max: 500, Default: 0.0, Notes: true, Fixed: true,
				Doc: "Silence before the response",
			},
			{
				Name: "length", Unit: param.Seconds, Min: 0.001, Max: 30, Fixed: true,
				Doc: "Only so much of the response, faded out over its last fifth; all of it when left out",
			},
			{
				Name: "reverse", Type: param.Switch, Default: false,
				Doc: "The response backwards",
			},
			{
				Name: "normalize", Type: param.Choice, Default: "energy", Choices: []string{"energy", "none"},
				Doc: "energy: as loud as a reverb, whatever the level of the file; none: as it is in the file",
			},
			{
				Name: "gain", Unit: param.DB, Min: -60, Max: 24, Default: 0.0,
				Doc: "Level of the output",
			},
			{
				Name: "lowcut", Unit: param.Hz, Min: 10, Max: 2000,
				Doc: "High-pass, 12 dB/oct; off when left out",
			},
			{
				Name: "highcut", Unit: param.Hz, Min: 500, Max: 24000,
				Doc: "Low-pass, 12 dB/oct; off when left out",
			},
			{
				Name: "width", Unit: param.Percent, Min: 0, Max: 200, Default: 100.0,
				Doc: "Stereo width of the output: 0 % is mono",
			},
		},
	},
	New: newConvolver,
}

// convolver is cuts → predelay → convolution → gain and width. As in the reverb,
// all of it is linear, so that the cuts are as good in front.
type convolver struct {
	rate     int
	lowcut   *cut
	highcut  *cut
	predelay dsp.Delay
	room     dsp.Processor // *conv.Convolver or *conv.TrueStereo
	gain     smooth.Value
	width    smooth.Value // percent
	first    param.Values
}

// fadeShare is the part of a shortened response over which it is faded out.
const fadeShare = 0.2

func newConvolver(a dsp.Args) (dsp.Processor, error) {
	v := a.Values
	ir := a.Files["ir"]
	if len(ir) != 1 && len(ir) != 2 && len(ir) != 4 {
		return nil, fmt.Errorf("an impulse response has 1, 2 or 4 channels, not %d", len(ir))
	}
	ir = shaped(ir, v, a.Rate)
	c := &convolver{
		rate:     a.Rate,
		lowcut:   newCut(filter.BilinearHighPass, a.Rate),
		highcut:  newCut(filter.BilinearLowPass, a.Rate),
		predelay: dsp.NewDelay(frames(v.Num("predelay"), a.Rate)),
		gain:     smooth.New(xmath.Gain(v.Num("gain")), a.Rate),
		width:    smooth.New(v.Num("width"), a.Rate),
		first:    v,
	}
	switch len(ir) {
	case 1:
		c.room = conv.New(ir[0], ir[0])
	case 2:
		c.room = conv.New(ir[0], ir[1])
	default:
		c.room = conv.NewTrueStereo([2][2][]float64{{ir[0], ir[1]}, {ir[2], ir[3]}})
	}
	c.settings()
	return c, nil
}

// shaped is the response as it is used: cut, faded, turned round and scaled. The
// samples it is given are not changed.
func shaped(file [][]float64, v param.Values, rate int) [][]float64 {
	ir := make([][]float64, len(file))
	for ch := range file {
		ir[ch] = slices.Clone(file[ch])
		if v.Has("length") {
			ir[ch] = shortened(ir[ch], frames(1000*v.Num("length"), rate))
		}
		if v.On("reverse") {
			slices.Reverse(ir[ch])
		}
	}
	if v.Str("normalize") == "energy" {
		scale(ir)
	}
	return ir
}

// shortened cuts x to n samples and fades out the last of them along a raised
// cosine; what is no longer than that stays as it is.
func shortened(x []float64, n int) []float64 {
	n = max(n, 1)
	if len(x) <= n {
		return x
	}
	x = x[:n]
	fade := int(math.Ceil(fadeShare * float64(n)))
	for i := range fade {
		x[n-fade+i] *= (1 + xmath.CosPi(float64(i+1)/float64(fade+1))) / 2
	}
	return x
}

// scale makes the energy of the response what the reverb's is: wetPower per
// output, for an impulse in each input.
func scale(ir [][]float64) {
	energy := 0.0
	for _, x := range ir {
		for _, s := range x {
			energy += square(s)
		}
	}
	if len(ir) > 1 { // one channel is heard at each of two outputs
		energy /= 2
	}
	if energy == 0 {
		return
	}
	gain := math.Sqrt(wetPower / energy)
	for _, x := range ir {
		vector.Scale(x, gain)
	}
}

// settings puts the cuts to what New was given.
func (c *convolver) settings() {
	c.lowcut.set(c.first.Num("lowcut"))
	c.highcut.set(c.first.Num("highcut"))
}

// Process implements [dsp.Processor].
func (c *convolver) Process(b dsp.Block) {
	c.lowcut.process(b)
	c.highcut.process(b)
	c.predelay.Process(b)
	c.room.Process(b)
	c.gain.Begin(b.Len())
	c.width.Begin(b.Len())
	gain, width := c.gain, c.width
	left, right := b[0], b[1][:b.Len()]
	for i, l := range left {
		r := right[i]
		g := gain.Step()
		same, cross := stereo.WidthGains(width.Step())
		left[i] = float64(g * (float64(same*l) + float64(cross*r)))
		right[i] = float64(g * (float64(cross*l) + float64(same*r)))
	}
	c.gain, c.width = gain, width
}

// Reset implements [dsp.Processor].
func (c *convolver) Reset() {
	c.settings()
	c.lowcut.section.Reset()
	c.highcut.section.Reset()
	c.predelay.Reset()
	c.room.Reset()
	c.gain.Reset()
	c.width.Reset()
}

// Latency implements [dsp.Processor]: that of the convolution. The predelay is
// meant.
func (c *convolver) Latency() int { return c.room.Latency() }

// Tail implements [dsp.Processor].
func (c *convolver) Tail() int {
	tail := c.predelay.Len() + c.room.Tail()
	for _, name := range []string{"lowcut", "highcut"} {
		if c.first.Has(name) {
			tail += int(math.Ceil(2 * ring(c.first.Num(name)) * float64(c.rate)))
		}
	}
	return tail
}

// Tune implements [dsp.Tunable].
func (c *convolver) Tune(name string) func(float64) {
	switch name {
	case "gain":
		return func(db float64) { c.gain.Set(xmath.Gain(db)) }
	case "lowcut":
		return c.lowcut.set
	case "highcut":
		return c.highcut.set
	case "width":
		return c.width.Set
	}
	return nil
}
