package main

import (
	"fmt"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/internal/param"
)

// figure is a picture of what a processor does, measured on the processor itself at
// 48 kHz.
type figure struct {
	name    string // of the file, without its ending
	caption string // one sentence, with the settings; what is not named is at its default
	draw    func(*lab) chart
}

// figures are the pictures of each kind; many kinds have none.
var figures = map[string][]figure{
	"eq": {
		{"eq-shapes", "Shapes: a bell of +9 dB at 1 kHz (q 1.4), a low shelf of −6 dB at 120 Hz, a high shelf of +6 dB at 6 kHz, a tilt of +4 dB around 700 Hz, a notch at 3 kHz (q 4).", eqShapes},
		{"eq-slopes", "High-passes at 100 Hz, from 6 to 96 dB/oct; low-passes are their mirror images.", eqSlopes},
		{"eq-dynamic", "A dynamic bell at 3 kHz, threshold −30 dB: its gain against the level of a tone at its centre.", eqDynamic},
	},
	"compressor": {
		{"compressor-curve", "Static curve, threshold −24 dB.", compressorCurve},
		{"compressor-time", "Gain in time: a tone steps from −36 dB to −6 dB and back; threshold −24 dB, ratio 4:1, knee 0 dB.", compressorTime},
	},
	"expander": {{"expander-curve", "Static curve, threshold −40 dB.", expanderCurve}},
	"gate":     {{"gate-curve", "Static curve, threshold −40 dB, range 24 dB: it opens at the threshold and closes 4 dB lower.", gateCurve}},
	"ducker":   {{"ducker-time", "Gain in time: the other signal sounds from 200 to 500 ms.", duckerTime}},
	"deesser":  {{"deesser-bands", "Gain of steady tones of −12 dB, by their frequency.", deesserBands}},
	"transient": {
		{"transient-time", "Level of a struck tone in time, alone and with its attack or its sustain moved by 9 dB.", transientTime},
	},
	"multiband": {{"multiband-bands", "Gain of steady tones, by their frequency and level: splits at 120 Hz and 2.5 kHz, thresholds −18, −24 and −30 dB, ratio 3:1.", multibandBands}},
	"saturator": {
		{"saturator-curve", "What becomes of a full-scale 100 Hz sine, drive 12 dB: output against input, from its trough to its crest.", saturatorCurve},
		{"saturator-harmonics", "Harmonics of a 1 kHz sine of −6 dB, drive 12 dB.", saturatorHarmonics},
	},
	"exciter": {{"exciter-harmonics", "What a 4 kHz sine of −12 dB becomes, drive 18 dB, amount 100 %.", exciterHarmonics}},
	"crusher": {{"crusher-wave", "A 250 Hz sine with fewer bits, and at a lower rate.", crusherWave}},
	"imager":  {{"imager-side", "Level of the side signal; the middle stays as it is.", imagerSide}},
	"reverb":  {{"reverb-decay", "How the energy of a click dies away (what is still to come of it) with four decays: 60 dB in that time, the treble sooner.", reverbDecay}},
	"delay":   {{"delay-echoes", "Echoes of a click, time 250 ms, feedback 60 %.", delayEchoes}},
	"chorus":  {{"chorus-voices", "Delays of the three voices of the left channel, as clicks come out of it; phase 0.", chorusVoices}},
	"flanger": {{"flanger-comb", "Response while the delay is at its shortest, 0.5 ms.", flangerComb}},
	"phaser":  {{"phaser-notches", "Response at three moments of the sweep.", phaserNotches}},
	"tremolo": {{"tremolo-shapes", "Gain in time, rate 5 Hz, depth 50 %.", tremoloShapes}},
	"autopan": {{"autopan-sides", "Gain of the two channels in time, rate 0.5 Hz.", autopanSides}},
	"bands":   {{"bands-split", "Bands with splits at 120 Hz and 2.5 kHz, each alone, and their sum.", bandsSplit}},
}

// Axes that several figures share.

func frequencies(from, to float64) axis {
	return axis{label: "frequency in Hz", min: from, max: to, hertz: true}
}

func decibelAxis(label string, from, to, step float64) axis {
	return axis{label: label, min: from, max: to, step: step}
}

func milliseconds(to, step float64) axis {
	return axis{label: "time in ms", max: to, step: step}
}

// variant is one curve of a figure: what it is called and what makes it.
type variant struct {
	label string
	v     settings
}

// curvesOf measures each variant in the same way.
func curvesOf(variants []variant, measure func(settings) []xy) (curves []curve) {
	for _, v := range variants {
		curves = append(curves, curve{label: v.label, points: measure(v.v)})
	}
	return curves
}

func eqShapes(l *lab) chart {
	band := func(shape string, hz, gain, q float64) settings {
		return settings{"bands": []param.Values{{"type": shape, "freq": hz, "gain": gain, "q": q}}}
	}
	return chart{frequencies(20, 20000), decibelAxis("gain in dB", -18, 12, 6), curvesOf([]variant{
		{"bell", band("bell", 1000, 9, 1.4)},
		{"lowshelf", band("lowshelf", 120, -6, 0.7071)},
		{"highshelf", band("highshelf", 6000, 6, 0.7071)},
		{"tilt", band("tilt", 700, 4, 0.7071)},
		{"notch", band("notch", 3000, 0, 4)},
	}, func(v settings) []xy {
		return response(l.play("eq", v, click(spectrumSize, 1))[0], octaves(20, 20000, 400))
	})}
}

func eqSlopes(l *lab) chart {
	var variants []variant
	for _, slope := range []float64{6, 12, 24, 48, 96} {
		variants = append(variants, variant{fmt.Sprintf("%g dB/oct", slope),
			settings{"bands": []param.Values{{"type": "highpass", "freq": 100., "slope": slope}}}})
	}
	return chart{frequencies(10, 2000), decibelAxis("gain in dB", -60, 6, 6), curvesOf(variants, func(v settings) []xy {
		return response(l.play("eq", v, click(spectrumSize, 1))[0], octaves(10, 2000, 300))
	})}
}

func eqDynamic(l *lab) chart {
	band := func(more settings) settings {
		fixed := settings{"type": "bell", "freq": 3000., "q": 1.0, "threshold": -30., "attack": 5., "release": 50.}
		return settings{"bands": []param.Values{fixed.With(more)}}
	}
	return chart{decibelAxis("level in dB", -60, 0, 6), decibelAxis("gain in dB", -15, 9, 3), curvesOf([]variant{
		{"range −12 dB, ratio 2:1", band(settings{"range": -12.})},
		{"range −12 dB, ratio 4:1", band(settings{"range": -12., "ratio": 4.})},
		{"range 6 dB, ratio 2:1", band(settings{"range": 6.})},
	}, func(v settings) (points []xy) {
		for _, level := range between(-60, 0, 40) {
			points = append(points, xy{level, l.toneGains("eq", v, []float64{3000}, level)[0].y})
		}
		return points
	})}
}

// staticChart is output against input level, both up to the same top.
func staticChart(from, bottom, top, step float64, curves []curve) chart {
	same := curve{label: "1:1", style: dashed, points: []xy{{bottom, bottom}, {top, top}}}
	return chart{decibelAxis("level in, dB", from, top, 6), decibelAxis("level out, dB", bottom, top, step), append(curves, same)}
}

func compressorCurve(l *lab) chart {
	at := settings{"threshold": -24., "release": 50.}
	return staticChart(-48, -48, 0, 6, curvesOf([]variant{
		{"2:1, knee 6 dB", at},
		{"4:1, knee 0 dB", at.With(settings{"ratio": 4., "knee": 0.})},
		{"4:1, knee 18 dB", at.With(settings{"ratio": 4., "knee": 18.})},
		{"20:1, range 12 dB", at.With(settings{"ratio": 20., "range": 12.})},
	}, func(v settings) []xy { return l.steps("compressor", v, between(-48, 0, 48), 0.5) }))
}

func compressorTime(l *lab) chart {
	in := tone(frames(1.2), 1000, func(i int) float64 {
		if i >= frames(0.1) && i < frames(0.5) {
			return xmath.Gain(-6)
		}
		return xmath.Gain(-36)
	})
	at := settings{"threshold": -24., "ratio": 4., "knee": 0.}
	return chart{milliseconds(1200, 100), decibelAxis("gain in dB", -15, 3, 3), curvesOf([]variant{
		{"attack 10 ms, release 120 ms", at},
		{"attack 50 ms, release 300 ms", at.With(settings{"attack": 50., "release": 300.})},
		{"release auto", at.With(settings{"release": param.AutoValue})},
	}, func(v settings) []xy { return gains(in[0], l.play("compressor", v, in)[0]) })}
}

func expanderCurve(l *lab) chart {
	at := settings{"release": 50.}
	return staticChart(-66, -102, -18, 12, curvesOf([]variant{
		{"2:1", at},
		{"4:1", at.With(settings{"ratio": 4.})},
		{"4:1, knee 18 dB", at.With(settings{"ratio": 4., "knee": 18.})},
		{"2:1, range 12 dB", at.With(settings{"range": 12.})},
	}, func(v settings) []xy { return l.steps("expander", v, between(-66, -18, 48), 0.5) }))
}

func gateCurve(l *lab) chart {
	at := settings{"range": 24., "release": 30.}
	up := l.steps("gate", at, between(-60.25, -23.75, 73), 0.4) // none of them at a threshold
	down := l.steps("gate", at, between(-23.75, -60.25, 73), 0.4)
	return staticChart(-60, -84, -24, 12, []curve{{label: "level rising", points: up}, {label: "level falling", points: down}})
}

func duckerTime(l *lab) chart {
	in := tone(frames(1.6), 1000, steady(xmath.Gain(-12)))
	other := tone(in.Len(), 1000, func(i int) float64 {
		if i >= frames(0.2) && i < frames(0.5) {
			return xmath.Gain(-10)
		}
		return 0
	})
	at := settings{"sidechain": "other"}
	return chart{milliseconds(1600, 200), decibelAxis("gain in dB", -15, 3, 3), curvesOf([]variant{
		{"defaults", at},
		{"lookahead 50 ms", at.With(settings{"lookahead": 50.})},
		{"hold 400 ms, release 100 ms", at.With(settings{"hold": 400., "release": 100.})},
	}, func(v settings) []xy { return gains(in[0], l.play("ducker", v, in, other)[0]) })}
}

func deesserBands(l *lab) chart {
	return chart{frequencies(500, 20000), decibelAxis("gain in dB", -10, 2, 2), curvesOf([]variant{
		{"split", nil},
		{"wide", settings{"mode": "wide"}},
		{"split, 9 kHz, range 4 dB", settings{"freq": 9000., "range": 4.}},
	}, func(v settings) []xy { return l.toneGains("deesser", v, octaves(500, 20000, 80), -12) })}
}

func transientTime(l *lab) chart {
	struck := tone(frames(0.6), 1000, func(i int) float64 {
		t := float64(i)/rate - 0.05
		if t < 0 {
			return xmath.Gain(-90)
		}
		return xmath.Gain(-12-float64(t*80)) + xmath.Gain(-90)
	})
	curves := []curve{{label: "struck tone", style: dashed, points: envelope(struck[0])}}
	return chart{milliseconds(600, 100), decibelAxis("level in dB", -60, 0, 6), append(curves, curvesOf([]variant{
		{"attack 9 dB", settings{"attack": 9.}},
		{"attack −9 dB", settings{"attack": -9.}},
		{"sustain 9 dB", settings{"sustain": 9.}},
		{"sustain −9 dB", settings{"sustain": -9.}},
	}, func(v settings) []xy { return envelope(l.play("transient", v, struck)[0]) })...)}
}

func multibandBands(l *lab) chart {
	band := func(threshold float64) param.Values {
		return settings{"threshold": threshold, "ratio": 3., "release": 100.}
	}
	v := settings{"split": []float64{120, 2500}, "bands": []param.Values{band(-18), band(-24), band(-30)}}
	c := chart{x: frequencies(20, 20000), y: decibelAxis("gain in dB", -21, 3, 3)}
	for _, level := range []float64{-36, -24, -12, 0} {
		label := "−" + fmt.Sprintf("%g dB", -level)
		if level == 0 {
			label = "0 dB"
		}
		c.curves = append(c.curves, curve{label: label, points: l.toneGains("multiband", v, octaves(20, 20000, 90), level)})
	}
	return c
}

var saturatorTypes = []variant{
	{"tape", settings{"type": "tape"}}, {"tube", settings{"type": "tube"}}, {"tanh", settings{"type": "tanh"}},
	{"soft", settings{"type": "soft"}}, {"hard", settings{"type": "hard"}}, {"asymmetric", settings{"type": "asymmetric"}},
}

func saturatorCurve(l *lab) chart {
	const period = rate / 100
	in := tone(rate+period, 100, steady(1))
	return chart{axis{label: "input", min: -1, max: 1, step: 0.25}, axis{label: "output", min: -0.4, max: 0.4, step: 0.1}, curvesOf(saturatorTypes, func(v settings) (points []xy) {
		out := l.play("saturator", v.With(settings{"drive": 12.}), in)
		for i := rate - period/4; i <= rate+period/4; i++ {
			points = append(points, xy{in[0][i], out[0][i]})
		}
		return points
	})}
}

// harmonicsOf plays a tone and measures what it becomes: the first harmonics, in dB,
// at their frequencies in kHz, moved sideways so that variants stand side by side.
func (l *lab) harmonicsOf(kind string, variants []variant, hz, level float64, count int) (curves []curve) {
	in := tone(rate, hz, steady(xmath.Gain(level)))
	for i, v := range variants {
		out := l.play(kind, v.v, in)[0][rate/2:]
		var points []xy
		for n := 1; n <= count; n++ {
			aside := float64(0.09 * (float64(i) - float64(len(variants)-1)/2))
			points = append(points, xy{float64(n)*hz/1000 + float64(aside*hz/1000), decibels(amplitude(out, float64(n)*hz))})
		}
		curves = append(curves, curve{label: v.label, style: stems, points: points})
	}
	return curves
}

func saturatorHarmonics(l *lab) chart {
	var variants []variant
	for _, v := range saturatorTypes {
		variants = append(variants, variant{v.label, v.v.With(settings{"drive": 12.})})
	}
	return chart{axis{label: "frequency in kHz", min: 0, max: 8, step: 1}, decibelAxis("level in dB", -100, 0, 20), l.harmonicsOf("saturator", variants, 1000, -6, 7)}
}

func exciterHarmonics(l *lab) chart {
	var variants []variant
	for _, even := range []float64{0, 50, 100} {
		variants = append(variants, variant{fmt.Sprintf("even %g %%", even), settings{"even": even, "drive": 18., "amount": 100.}})
	}
	return chart{axis{label: "frequency in kHz", min: 0, max: 24, step: 4}, decibelAxis("level in dB", -100, 0, 20), l.harmonicsOf("exciter", variants, 4000, -12, 5)}
}

func crusherWave(l *lab) chart {
	const from, to = rate / 10, rate/10 + rate/125
	in := tone(to, 250, steady(0.9))
	curves := []curve{{label: "sine", style: dashed, points: samples(in[0], from, to)}}
	return chart{milliseconds(8, 1), axis{label: "amplitude", min: -1.25, max: 1.25, step: 0.25}, append(curves, curvesOf([]variant{
		{"bits 3", settings{"bits": 3.}},
		{"bits 16, rate 4 kHz", settings{"bits": 16., "rate": 4000.}},
	}, func(v settings) []xy { return samples(l.play("crusher", v, in)[0], from, to) })...)}
}

func imagerSide(l *lab) chart {
	return chart{frequencies(20, 20000), decibelAxis("side in dB", -36, 12, 6), curvesOf([]variant{
		{"width 200%", settings{"width": 200.}},
		{"width 50%", settings{"width": 50.}},
		{"mono_below 120 Hz", settings{"mono_below": 120.}},
		{"width 140%, mono_below 250 Hz", settings{"width": 140., "mono_below": 250.}},
	}, func(v settings) []xy {
		out := l.play("imager", v, click(spectrumSize, -1))
		side := make([]float64, out.Len())
		for i := range side {
			side[i] = (out[0][i] - out[1][i]) / 2
		}
		return response(side, octaves(20, 20000, 300))
	})}
}

func reverbDecay(l *lab) chart {
	return chart{axis{label: "time in s", max: 3, step: 0.25}, decibelAxis("energy left in dB", -72, 0, 12), curvesOf([]variant{
		{"plate, 1.8 s", settings{"type": "plate", "decay": 1.8}},
		{"room, 0.5 s", settings{"type": "room", "decay": 0.5}},
		{"chamber, 1 s", settings{"type": "chamber", "decay": 1.}},
		{"hall, 2.8 s", settings{"type": "hall", "decay": 2.8}},
	}, func(v settings) []xy {
		out := l.play("reverb", v, click(frames(5), 1))
		left, total := make([]float64, out.Len()), 0.0
		for i := out.Len() - 1; i >= 0; i-- {
			total += float64(out[0][i]*out[0][i]) + float64(out[1][i]*out[1][i])
			left[i] = total
		}
		var points []xy
		for i := 0; i <= frames(3) && left[i] > 1e-8*total; i += rate / 500 {
			points = append(points, xy{float64(i) / rate, 10 * xmath.Log10(left[i]/total)})
		}
		return points
	})}
}

func delayEchoes(l *lab) chart {
	const spacing = rate / 4
	c := chart{milliseconds(2000, 250), decibelAxis("level in dB", -48, 6, 6), nil}
	at := settings{"time": 250., "feedback": 60.}
	for i, e := range []struct {
		variant
		channel int
	}{
		{variant{"both sides alike", at}, 0},
		{variant{"highcut 3 kHz", at.With(settings{"highcut": 3000.})}, 0},
		{variant{"pingpong, left", at.With(settings{"pingpong": true})}, 0},
		{variant{"pingpong, right", at.With(settings{"pingpong": true})}, 1},
	} {
		out := l.play("delay", e.v, click(frames(2), 1))
		var points []xy
		for n := 1; n < 8; n++ {
			energy := 0.0
			for _, x := range out[e.channel][n*spacing-spacing/10 : n*spacing+spacing/10] {
				energy += float64(x * x)
			}
			if energy > 1e-8 {
				points = append(points, xy{float64(n*250) + float64(float64(i)-1.5)*14, 10 * xmath.Log10(energy)})
			}
		}
		c.curves = append(c.curves, curve{label: e.label, style: stems, points: points})
	}
	return c
}

// chorusVoices sends a click through every 30 ms, longer than the longest delay, and
// finds the voices as the crests of what comes out.
func chorusVoices(l *lab) chart {
	const every, crest = rate * 3 / 100, 0.12
	in := dsp.NewBlock(frames(3.3))
	for i := 0; i < in.Len(); i += every {
		in[0][i], in[1][i] = 1, 1
	}
	out := l.play("chorus", settings{"phase": 0.}, in)[0]
	var points []xy
	for from := 0; from+every <= in.Len(); from += every {
		for i := from + 1; i < from+every-1; i++ {
			if x := out[i]; x > crest && x >= out[i-1] && x > out[i+1] {
				points = append(points, xy{float64(from) / rate, float64(i-from) * 1000 / rate})
			}
		}
	}
	return chart{axis{label: "time in s", max: 3.2, step: 0.4}, axis{label: "delay in ms", min: 10, max: 18, step: 1}, []curve{{label: "voice", style: dots, points: points}}}
}

// still is the slowest movement there is: within a response's length it stands.
func still(phase float64, more settings) settings {
	return settings{"rate": 0.01, "phase": phase}.With(more)
}

func flangerComb(l *lab) chart {
	return chart{axis{label: "frequency in kHz", max: 8, step: 1}, decibelAxis("gain in dB", -36, 12, 6), curvesOf([]variant{
		{"feedback 0%", still(270, settings{"feedback": 0.})},
		{"feedback 70%", still(270, settings{"feedback": 70.})},
		{"feedback 0%, invert", still(270, settings{"feedback": 0., "invert": true})},
	}, func(v settings) []xy {
		points := response(l.play("flanger", v, click(spectrumSize/8, 1))[0], between(0, 8000, 640))
		for i := range points {
			points[i].x /= 1000
		}
		return points
	})}
}

func phaserNotches(l *lab) chart {
	return chart{frequencies(20, 20000), decibelAxis("gain in dB", -36, 6, 6), curvesOf([]variant{
		{"low end", still(270, nil)},
		{"half way", still(0, nil)},
		{"high end", still(90, nil)},
	}, func(v settings) []xy {
		return response(l.play("phaser", v, click(spectrumSize/8, 1))[0], octaves(20, 20000, 500))
	})}
}

func tremoloShapes(l *lab) chart {
	var variants []variant
	for _, shape := range []string{"sine", "triangle", "square"} {
		variants = append(variants, variant{shape, settings{"shape": shape, "phase": 0.}})
	}
	return chart{milliseconds(600, 100), axis{label: "gain", min: 0, max: 1.25, step: 0.25}, curvesOf(variants, func(v settings) []xy {
		return samples(l.play("tremolo", v, constant(frames(0.6)))[0], 0, frames(0.6))
	})}
}

func autopanSides(l *lab) chart {
	out := l.play("autopan", settings{"phase": 0.}, constant(frames(4)))
	c := chart{x: axis{label: "time in s", max: 4, step: 0.5}, y: axis{label: "gain", min: 0, max: 1.5, step: 0.25}}
	for ch, side := range []string{"left", "right"} {
		var points []xy
		for i := 0; i < out.Len(); i += rate / 200 {
			points = append(points, xy{float64(i) / rate, out[ch][i]})
		}
		c.curves = append(c.curves, curve{label: side, points: points})
	}
	return c
}

// mute stands in the bands that are not looked at.
type mute struct{}

func (mute) Process(b dsp.Block) {
	clear(b[0])
	clear(b[1])
}
func (mute) Reset()       {}
func (mute) Latency() int { return 0 }
func (mute) Tail() int    { return 0 }

func bandsSplit(l *lab) chart {
	c := chart{x: frequencies(20, 20000), y: decibelAxis("gain in dB", -48, 6, 6)}
	for i, label := range []string{"low", "middle", "high", "sum"} {
		chains := make([]*dsp.Chain, 3)
		for j := range chains {
			chains[j] = dsp.NewChain()
			if i < 3 && j != i {
				chains[j] = dsp.NewChain(dsp.NewSlot("", mute{}, 100))
			}
		}
		p := l.build("bands", settings{"split": []float64{120, 2500}}, map[string][]*dsp.Chain{"chains": chains})
		out := run(p, click(spectrumSize, 1), nil)
		v := curve{label: label, points: response(out[0], octaves(20, 20000, 300))}
		if label == "sum" {
			v.style = dashed
		}
		c.curves = append(c.curves, v)
	}
	return c
}
