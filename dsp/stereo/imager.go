package stereo

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/smooth"
	"github.com/lathe-audio/lathe/internal/param"
)

// Kinds lists the processors of this package.
func Kinds() []dsp.Kind { return []dsp.Kind{imagerKind} }

var imagerKind = dsp.Kind{
	Kind: param.Kind{
		Name:    "imager",
		Version: 1,
		Doc:     "Stereo width, and a bass that is mono",
		Params: []param.Param{
			{
				Name: "width", Unit: param.Percent, Min: 0, Max: 200, Default: 100.0,
				Doc: "Level of the side signal: 0 % is mono, 100 % leaves it, 200 % doubles it; the mono sum stays as it is",
			},
			{
				Name: "mono_below", Unit: param.Hz, Min: 20, Max: 500, Fixed: true,
				Doc: "Below this frequency the side signal is removed at 24 dB/oct, so that the bass is the same in both channels; off when left out",
			},
		},
	},
	New: newImager,
}

// imager scales the side signal and takes its bass away.
//
// The side is high-passed with a fourth-order Linkwitz-Riley filter, the mid
// goes through the all-pass that has the same phase at every frequency. Mid and
// side therefore stay in phase: above the split, left and right are the input
// seen through that all-pass, and nothing moves in the picture.
type imager struct {
	width smooth.Value // side gain, 1 for 100 %
	bass  *monoBass    // nil: off
}

func newImager(a dsp.Args) (dsp.Processor, error) {
	im := &imager{width: smooth.New(a.Values.Num("width")/100, a.Rate)}
	if a.Values.Has("mono_below") {
		im.bass = newMonoBass(a.Values.Num("mono_below"), a.Rate)
	}
	return im, nil
}

// Process implements [dsp.Processor].
func (im *imager) Process(b dsp.Block) {
	still := im.width.Begin(b.Len())
	if im.bass != nil {
		im.bass.process(b, &im.width)
		return
	}
	if still {
		if im.width.Now != 1 {
			mix(b, (1+im.width.Now)/2, (1-im.width.Now)/2)
		}
		return
	}
	left := b[0]
	right := b[1][:len(left)]
	width := im.width
	for i, l := range left {
		r := right[i]
		w := width.Step()
		same, cross := (1+w)/2, (1-w)/2
		left[i] = float64(same*l) + float64(cross*r)
		right[i] = float64(cross*l) + float64(same*r)
	}
	im.width = width
}

// Reset implements [dsp.Processor].
func (im *imager) Reset() {
	im.width.Reset()
	if im.bass != nil {
		im.bass.reset()
	}
}

// Latency implements [dsp.Processor]: none.
func (im *imager) Latency() int { return 0 }

// Tail implements [dsp.Processor]: the time the filters ring to -120 dB.
func (im *imager) Tail() int {
	if im.bass == nil {
		return 0
	}
	return im.bass.tail
}

// Tune implements [dsp.Tunable].
func (im *imager) Tune(name string) func(float64) {
	if name == "width" {
		return func(percent float64) { im.width.Set(percent / 100) }
	}
	return nil
}

// hushEvery is how often, in frames since Reset, filters that ring on after the
// end of a sound are set to rest.
const hushEvery = 4096

// monoBass is the filters of the imager: the high-pass of a fourth-order
// Linkwitz-Riley crossover for the side, and for the mid the all-pass that its low-
// and high-pass add up to. The design is bilinear, where this identity is exact.
type monoBass struct {
	mid  filter.One
	side [2]filter.One
	age  int // frames since the last hush
	tail int
}

func newMonoBass(hz float64, rate int) *monoBass {
	const q = math.Sqrt2 / 2
	high := filter.BilinearHighPass(hz, q, float64(rate))
	// The poles decay with π√2·hz nepers a second; 18 nepers are 156 dB, which
	// leaves 36 dB for what two equal sections add.
	tail := 18 / (math.Pi * math.Sqrt2 * hz) * float64(rate)
	return &monoBass{
		mid:  filter.NewOne(filter.BilinearAllPass(hz, q, float64(rate))),
		side: [2]filter.One{filter.NewOne(high), filter.NewOne(high)},
		tail: int(math.Ceil(tail)),
	}
}

func (f *monoBass) process(b dsp.Block, width *smooth.Value) {
	for b.Len() > 0 {
		n := min(b.Len(), hushEvery-f.age)
		f.run(b[0][:n], b[1][:n], width)
		b = b.Cut(n, b.Len())
		if f.age += n; f.age == hushEvery {
			f.age = 0
			f.mid.Hush()
			f.side[0].Hush()
			f.side[1].Hush()
		}
	}
}

func (f *monoBass) run(left, right []float64, width *smooth.Value) {
	midFilter, side0, side1, w := f.mid, f.side[0], f.side[1], *width
	right = right[:len(left)]
	for i, l := range left {
		r := right[i]
		mid := midFilter.Next(float64((l + r) / 2))
		side := float64(w.Step() * side1.Next(side0.Next(float64((l-r)/2))))
		left[i], right[i] = mid+side, mid-side
	}
	f.mid, f.side[0], f.side[1], *width = midFilter, side0, side1, w
}

func (f *monoBass) reset() {
	f.mid.Reset()
	f.side[0].Reset()
	f.side[1].Reset()
	f.age = 0
}
