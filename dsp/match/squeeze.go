package match

import (
	"cmp"
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/eq"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// crest is how far the loud moments of a sound stand above its mean: in dB, from the
// mean of all blocks (of some 45 ms) to the level that only a twentieth of them
// exceeds. It does not know single samples, which are a limiter's matter.
func crest(energies, weights []float64) float64 {
	order := make([]int, 0, len(energies))
	sum, total := 0.0, 0.0
	for i, w := range weights {
		if w > 0 {
			order = append(order, i)
			sum += float64(w * energies[i])
			total += w
		}
	}
	if sum <= 0 {
		return 0
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(energies[j], energies[i]) })
	passed := 0.0
	for _, i := range order {
		if passed += weights[i]; passed >= 0.05*total {
			return float64(10 * xmath.Log10(energies[i]*total/sum))
		}
	}
	return 0
}

// Compressor is the settings of a gentle one, as they are written. What is not here
// is in [Compressor.Values].
type Compressor struct {
	Threshold float64 `json:"threshold_db"`
	Makeup    float64 `json:"makeup_db"`
	Before    float64 `json:"crest_before_db"` // of the mix, see [Profile.Crest]
	After     float64 `json:"crest_after_db"`  // of what comes out
	Reference float64 `json:"crest_reference_db"`
}

// The settings of the compressor but its threshold and make-up gain: two to one, slow
// enough for beats to begin as they did, and never more than 4 dB. On finished music
// that is good for some 0.7 dB of crest, whatever is asked for: what is left of a larger
// difference is an arrangement's or a limiter's.
const (
	squeezeRatio   = 2.0
	squeezeKnee    = 6.0   // dB
	squeezeAttack  = 10.0  // ms
	squeezeRelease = 100.0 // ms
	squeezeRange   = 4.0   // dB
)

// Values are all settings of the kind "compressor".
func (c Compressor) Values() param.Values {
	return param.Complete(compressorKind().Params, param.Values{
		"threshold": c.Threshold, "makeup": c.Makeup, "ratio": squeezeRatio, "knee": squeezeKnee,
		"attack": squeezeAttack, "release": squeezeRelease, "range": squeezeRange, "detector": "rms",
	})
}

func compressorKind() dsp.Kind {
	for _, k := range dyn.Kinds() {
		if k.Name == "compressor" {
			return k
		}
	}
	panic("match: dyn has no compressor")
}

// EQ returns the settings of the kind "eq" that has the bands; phase is "minimum" or
// "linear".
func EQ(bands []Band, phase string) param.Values {
	list := make([]param.Values, len(bands))
	for i, b := range bands {
		list[i] = param.Values{"type": b.Shape, "freq": b.Hz, "gain": b.Gain, "q": b.Q, "on": b.On}
	}
	return param.Complete(eq.Kind.Params, param.Values{"phase": phase, "bands": list})
}

// Squeeze finds the compressor that brings the crest of a sound, the loud parts of a
// mix one after the other, to a wanted one, after bands of an equaliser. It tries the
// compressor itself on the sound, from high thresholds down. ok is false where
// nothing is to be done: the sound is no more dynamic than that.
func Squeeze(sound dsp.Block, rate int, bands []Band, reference, amount float64) (c Compressor, ok bool, err error) {
	if len(bands) > 0 {
		if sound, err = through(eq.Kind, sound, rate, EQ(bands, "minimum")); err != nil {
			return c, false, err
		}
	}
	before, level := crestOf(sound, rate)
	want := before - float64(amount*(before-reference))
	if want >= before-0.1 {
		return c, false, nil
	}
	kind := compressorKind()
	try := func(threshold float64) (Compressor, error) {
		c := Compressor{Threshold: threshold, Before: before, Reference: reference}
		out, err := through(kind, sound, rate, c.Values())
		if err != nil {
			return c, err
		}
		after, lower := crestOf(out, rate)
		c.After = after
		c.Makeup = math.Round((level-lower)*10) / 10
		return c, nil
	}
	best := Compressor{After: math.Inf(1)}
	for threshold := math.Ceil(level + float64(before)); threshold > level-20 && threshold >= -80; threshold-- {
		if threshold > 0 {
			continue
		}
		if c, err = try(threshold); err != nil {
			return c, false, err
		}
		if c.After < best.After {
			best = c
		}
		if c.After <= want || c.After > best.After+0.5 {
			break
		}
	}
	if best.After <= want { // between this threshold and the one before
		for tenths := 9.0; tenths > 0 && best.Threshold+tenths/10 <= 0; tenths-- {
			if c, err = try(math.Round(float64(best.Threshold*10)+tenths) / 10); err != nil {
				return c, false, err
			}
			if c.After <= want {
				best = c
				break
			}
		}
	}
	return best, best.After < before-0.05, nil
}

// crestOf is the crest of a sound, and its mean level in dB as the compressor counts
// it: a full-scale sine is 0 dB.
func crestOf(sound dsp.Block, rate int) (crestDB, level float64) {
	n := windowFrames(rate) / 2 / blocksPerHop
	var energies, weights []float64
	sum := 0.0
	for from := 0; from+n <= sound.Len(); from += n {
		e := 0.0
		for _, x := range sound {
			for _, v := range x[from : from+n] {
				e += float64(v * v)
			}
		}
		energies, weights = append(energies, e/float64(n)), append(weights, 1)
		sum += e / float64(n)
	}
	if sum <= 0 {
		return 0, silent
	}
	return crest(energies, weights), float64(10 * xmath.Log10(sum/float64(len(energies))))
}

// through runs a sound through a processor of a kind.
func through(kind dsp.Kind, sound dsp.Block, rate int, values param.Values) (dsp.Block, error) {
	p, err := kind.New(dsp.Args{Rate: rate, Values: values})
	if err != nil {
		return sound, err
	}
	out := dsp.NewBlock(sound.Len())
	copy(out[0], sound[0])
	copy(out[1], sound[1])
	for rest := out; rest.Len() > 0; {
		n := min(rest.Len(), dsp.MaxBlock)
		p.Process(rest.Cut(0, n))
		rest = rest.Cut(n, rest.Len())
	}
	return out, nil
}
