package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// The limiters are compared where they are used: music whose true peak is 3 dB over
// the ceiling, one ceiling for all, no make-up gain.
const (
	limiterCeiling = -1.0 // dBTP
	limiterOver    = 3.0  // dB
)

// peakLimiter is a limiter under test; it returns its output, of the same length,
// whatever it lags.
type peakLimiter struct {
	name string
	run  func(dir string, in dsp.Block, rate int) (dsp.Block, error)
}

func peakLimiters() []peakLimiter {
	var list []peakLimiter
	for _, style := range dyn.Styles() {
		list = append(list, peakLimiter{"lathe, " + style.Name, ours(style)})
	}
	// Half x8(3L): LSP finds peaks at 8 times the rate; the sound itself keeps its own.
	lsp := fmt.Sprintf("-c th %.6f -c boost 0 -c alr 0 -c ovs 10 ", math.Pow(10, limiterCeiling/20))
	dpl := fmt.Sprintf("threshold=%g|truepeak=1", limiterCeiling)
	return append(list,
		plugin("x42 dpl", throughFFmpeg(dpl)),
		plugin("x42 dpl, release 100 ms", throughFFmpeg(dpl+"|release=0.1")),
		plugin("LSP", throughLV2Apply(lsp)),
		plugin("LSP, release 20 ms", throughLV2Apply(lsp+"-c rt 20")),
	)
}

// throughLV2Apply is LSP's limiter in lv2apply.
func throughLV2Apply(controls string) string {
	return "lv2apply -i in.wav -o out.wav " + controls + " http://lsp-plug.in/plugins/lv2/limiter_stereo"
}

// throughFFmpeg is x42's limiter in ffmpeg: it asks its host for urid:map, which
// lv2apply does not have.
func throughFFmpeg(controls string) string {
	return `ffmpeg -v error -y -i in.wav -af 'lv2=p=http\\://gareus.org/oss/lv2/dpl#stereo:c=` + controls + `' -c:a pcm_f32le out.wav`
}

// ours is a style of the limiter as a delivery uses it: with its margin to the ceiling.
func ours(style dyn.Style) func(string, dsp.Block, int) (dsp.Block, error) {
	return func(_ string, in dsp.Block, rate int) (dsp.Block, error) {
		const margin = 0.06 // dB: ceilingMargin of package render
		out := dsp.NewBlock(in.Len())
		copy(out[0], in[0])
		copy(out[1], in[1])
		l := dyn.NewLimiter(dyn.LimiterSettings{
			GainSettings: dyn.GainSettings{Rate: rate, Ceiling: math.Pow(10, (limiterCeiling-margin)/20), Style: style},
			Unlink:       style.Unlink,
		})
		for at := 0; at < out.Len(); at += dsp.MaxBlock {
			l.Process(out.Cut(at, min(at+dsp.MaxBlock, out.Len())))
		}
		return out, nil
	}
}

// plugin runs a command line that makes out.wav of in.wav.
func plugin(name, line string) peakLimiter {
	return peakLimiter{name, func(dir string, in dsp.Block, rate int) (dsp.Block, error) {
		if err := writeFloat(filepath.Join(dir, "in.wav"), in, rate); err != nil {
			return dsp.Block{}, err
		}
		c := exec.Command("bash", "-c", line)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			return dsp.Block{}, fmt.Errorf("%s: %v\n%s", line, err, out)
		}
		x, _, err := readFloat(filepath.Join(dir, "out.wav"))
		return x, err
	}}
}

// play returns what a limiter makes of in, and what it would make of it without
// limiting: LSP's oversampling, for one, is a filter even so, and every limiter lags.
func (l peakLimiter) play(dir string, in dsp.Block, rate int) (out, idle dsp.Block, err error) {
	const quiet = 1. / 1024
	if out, err = l.run(dir, in, rate); err != nil {
		return out, idle, err
	}
	low := dsp.NewBlock(in.Len())
	copy(low[0], in[0])
	copy(low[1], in[1])
	amplify(low, quiet)
	if idle, err = l.run(dir, low, rate); err == nil {
		amplify(idle, 1/quiet)
	}
	return out, idle, err
}

// benchLimiters prints what each limiter does to each file (of a list with commas; of the
// demo song where it is empty), and to two tones.
func benchLimiters(files, dir string) error {
	if dir == "" {
		temp, err := os.MkdirTemp("", "lathe-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		dir = temp
	}
	if files == "" {
		files = filepath.Join(dir, "programme.wav")
		if err := makeProgramme(files, 1); err != nil {
			return err
		}
	}
	for _, program := range []string{"lv2apply", "ffmpeg"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is not installed: the others are heard through it", program)
		}
	}
	for _, file := range strings.Split(files, ",") {
		in, rate, err := readFloat(file)
		if err != nil {
			return err
		}
		peak := truePeak(in, rate)
		amplify(in, math.Pow(10, (limiterCeiling+limiterOver)/20)/peak)
		fmt.Printf("\n%s, %.0f s, %d Hz, %+.1f LUFS at %+.1f dBTP\n", filepath.Base(file), float64(in.Len())/float64(rate), rate, integrated(in, rate), limiterCeiling+limiterOver)
		fmt.Printf("%-26s %9s %8s %12s %12s %10s\n", "limiter", "over dB", "LUFS", "residual dB", "distort. dB", "pumping dB")
		for _, l := range peakLimiters() {
			out, idle, err := l.play(dir, in, rate)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			r := compare(idle, out, rate)
			fmt.Printf("%-26s %+9.2f %8.2f %12.1f %12.1f %10.2f\n", l.name, r.over, r.lufs, r.residual, r.distortion, r.pumping)
		}
	}
	return benchTwoTones(dir)
}

// effect is what a limiter has done.
type effect struct {
	over       float64 // dB, true peak over the ceiling
	lufs       float64
	residual   float64 // dB, of what one gain for all does not explain, against the sound
	distortion float64 // dB, of what a gain that moves slowly does not explain
	pumping    float64 // dB, how far that slow gain strays from its mean
}

// compare holds an output against what the limiter gives where it is idle. A limiter is a gain; the slow part of it
// is heard as pumping, and what is left when that is taken away as distortion. The
// slow gain is what fits best under a Hann window of 50 ms, every 25 ms, and a straight
// line between.
func compare(in, out dsp.Block, rate int) effect {
	n := min(in.Len(), out.Len())
	in, out = in.Cut(0, n), out.Cut(0, n)
	e := effect{over: 20*math.Log10(truePeak(out, rate)) - limiterCeiling, lufs: integrated(out, rate)}
	g, _ := fitGain(in, out, 0, n, nil)
	e.residual = unexplained(in, out, func(int) float64 { return g })

	hop := rate / 40
	window := make([]float64, 2*hop)
	for i := range window {
		window[i] = 0.5 - 0.5*math.Cos(math.Pi*(float64(i)+0.5)/float64(hop))
	}
	var gains, weights []float64
	for at := -hop; at < n; at += hop {
		gain, weight := fitGain(in, out, at, at+2*hop, window)
		gains, weights = append(gains, gain), append(weights, weight)
	}
	e.distortion = unexplained(in, out, func(i int) float64 {
		k, part := i/hop, float64(i%hop)/float64(hop)
		return gains[k] + part*(gains[min(k+1, len(gains)-1)]-gains[k])
	})
	var mean, square, sum float64
	for i, gain := range gains {
		v := 20 * math.Log10(gain)
		mean, square, sum = mean+weights[i]*v, square+weights[i]*v*v, sum+weights[i]
	}
	mean /= sum
	e.pumping = math.Sqrt(max(0, square/sum-mean*mean))
	return e
}

// fitGain is the gain that makes in most like out, and the energy that says so.
func fitGain(in, out dsp.Block, from, to int, window []float64) (gain, weight float64) {
	var xy, xx float64
	for i := max(from, 0); i < min(to, in.Len()); i++ {
		w := 1.0
		if window != nil {
			w = window[i-from]
		}
		for c := range in {
			xy += w * in[c][i] * out[c][i]
			xx += w * in[c][i] * in[c][i]
		}
	}
	if xx < 1e-9 {
		return 1, 0
	}
	return xy / xx, xx
}

// unexplained is the level of what a gain does not explain, against the output, in dB.
func unexplained(in, out dsp.Block, gain func(int) float64) float64 {
	var rest, all float64
	for i := range in.Len() {
		g := gain(i)
		for c := range in {
			d := out[c][i] - g*in[c][i]
			rest += d * d
			all += out[c][i] * out[c][i]
		}
	}
	return 10 * math.Log10(rest/all+1e-30)
}

// benchTwoTones plays 50 Hz and 1 kHz, the second 12 dB below the first, together 3 dB
// over the ceiling. A gain that follows the bass puts sidebands beside the higher tone.
func benchTwoTones(dir string) error {
	const rate, seconds = 48000, 12
	in := dsp.NewBlock(rate * seconds)
	low := math.Pow(10, (limiterCeiling+limiterOver)/20) / 1.25
	for i := range in[0] {
		at := float64(i) / rate
		in[0][i] = low * (math.Sin(2*math.Pi*50*at) + 0.25*math.Sin(2*math.Pi*1000*at+1))
		in[1][i] = in[0][i]
	}
	fmt.Printf("\n50 Hz and 1 kHz, %+.1f dBTP, after 6 s\n", limiterCeiling+limiterOver)
	fmt.Printf("%-26s %9s %16s %12s\n", "limiter", "over dB", "sidebands dB", "50 Hz THD dB")
	for _, l := range peakLimiters() {
		out, err := l.run(dir, in, rate)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		x := out[0][6*rate : 11*rate]
		var sides, thd float64
		for k := 1; k <= 10; k++ {
			sides += squared(toneLevel(x, 1000+50*float64(k), rate)) + squared(toneLevel(x, 1000-50*float64(k), rate))
			if k > 1 {
				thd += squared(toneLevel(x, 50*float64(k), rate))
			}
		}
		fmt.Printf("%-26s %+9.2f %16.1f %12.1f\n", l.name, 20*math.Log10(truePeak(out.Cut(rate, out.Len()-rate), rate))-limiterCeiling,
			10*math.Log10(sides+1e-30)-20*math.Log10(toneLevel(x, 1000, rate)), 10*math.Log10(thd+1e-30)-20*math.Log10(toneLevel(x, 50, rate)))
	}
	return nil
}

func squared(x float64) float64 { return x * x }

// toneLevel is the amplitude of a frequency, under a Hann window.
func toneLevel(x []float64, hz float64, rate int) float64 {
	var re, im float64
	for i, v := range x {
		w := v * (1 - math.Cos(2*math.Pi*(float64(i)+0.5)/float64(len(x))))
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		re, im = re+w*c, im+w*s
	}
	return 2 * math.Hypot(re, im) / float64(len(x))
}

func amplify(b dsp.Block, gain float64) {
	for c := range b {
		for i := range b[c] {
			b[c][i] *= gain
		}
	}
}

func reading(b dsp.Block, rate int) loudness.Reading {
	m := loudness.New(rate, 2, loudness.Options{})
	m.Write(b[:])
	return m.Reading()
}

func truePeak(b dsp.Block, rate int) float64 { return math.Pow(10, reading(b, rate).TruePeak.DB/20) }

func integrated(b dsp.Block, rate int) float64 { return reading(b, rate).Integrated }

// readFloat reads a whole file.
func readFloat(path string) (dsp.Block, int, error) {
	r, err := audiofile.Open(path)
	if err != nil {
		return dsp.Block{}, 0, err
	}
	defer r.Close()
	b := dsp.NewBlock(int(r.Info().Frames))
	for at := 0; at < b.Len(); {
		n, err := r.ReadStereo(b[0][at:min(at+dsp.MaxBlock, b.Len())], b[1][at:min(at+dsp.MaxBlock, b.Len())])
		if at += n; err != nil || n == 0 {
			if at < b.Len() {
				return b, 0, fmt.Errorf("%s: ends at frame %d: %v", path, at, err)
			}
		}
	}
	return b, r.Info().Rate, nil
}

// writeFloat writes 32-bit float: what a plug-in hears has to be above full scale.
func writeFloat(path string, b dsp.Block, rate int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: 2, Bits: 32, Float: true, Frames: int64(b.Len())})
	if err != nil {
		return err
	}
	if err := w.WriteFloat(b[:]); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}
