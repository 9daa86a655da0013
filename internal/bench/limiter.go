package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/internal/plainpeak"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// The limiters are compared where they are used: music whose true peak is 3 dB over
// the ceiling, one peak for all that come out, no make-up gain.
const (
	limiterCeiling = -1.0 // dBTP
	limiterOver    = 3.0  // dB
)

// peakLimiter is a limiter under test; it returns its output, of the same length,
// whatever it lags. The threshold is in dB.
type peakLimiter struct {
	name string
	run  func(dir string, in dsp.Block, rate int, threshold float64) (dsp.Block, error)
}

// duel is another limiter, and the settings of lathe's that are heard beside it.
type duel struct {
	other peakLimiter
	ours  []peakLimiter
}

// duels are the others as they are and at their ends. Both link the sides wholly, and
// so does what is beside them, but for loud as it is. Where only has words (with commas),
// those are left whose name has one of them.
func duels(only string) []duel {
	// Half x8(3L): LSP finds peaks at 8 times the rate; the sound itself keeps its own.
	const lsp = "|boost=0|ovs=10"
	const peaks = lsp + "|alr=0" // without the compressor before it
	all := []duel{
		{dpl("x42 dpl", ""), []peakLimiter{ownStyle(dyn.Loud), ours(dyn.Transparent, 20, 1.7)}},
		{dpl("x42 dpl, release 100 ms", "|release=0.1"), []peakLimiter{ours(dyn.Transparent, 450, 6)}},
		{lspLimiter("LSP", lsp), []peakLimiter{ownStyle(dyn.Transparent)}},
		{lspLimiter("LSP, peaks alone", peaks), []peakLimiter{ours(dyn.Loud, 20, 1.2)}},
		{lspLimiter("LSP, peaks alone, line", peaks+"|mode=8"), []peakLimiter{ours(dyn.Loud, 20, 1.2)}},
		{lspLimiter("LSP, peaks alone, release 20 ms", peaks+"|rt=20"), []peakLimiter{ours(dyn.Loud, 30, 2)}},
		{lspLimiter("LSP, peaks alone, all times 20 ms", peaks+"|lk=20|at=20|rt=20"), []peakLimiter{ours(dyn.Loud, 60, 9)}},
	}
	return slices.DeleteFunc(all, func(d duel) bool { return !picked(d.other.name, only) })
}

// dpl is x42's limiter.
func dpl(name, controls string) peakLimiter {
	return plugin(name, func(threshold float64) string {
		return fmt.Sprintf("http\\\\://gareus.org/oss/lv2/dpl#stereo:c=threshold=%.6f|truepeak=1%s", threshold, controls)
	})
}

// lspLimiter is LSP's.
func lspLimiter(name, controls string) peakLimiter {
	return plugin(name, func(threshold float64) string {
		return fmt.Sprintf("http\\\\://lsp-plug.in/plugins/lv2/limiter_stereo:c=th=%.7f%s", math.Pow(10, threshold/20), controls)
	})
}

// plugin plays through ffmpeg's lv2 filter. x42's asks its host for urid:map, which
// lv2apply does not have; and lv2apply runs a plug-in frame by frame, which takes eight times as long.
func plugin(name string, filter func(threshold float64) string) peakLimiter {
	return peakLimiter{name, func(dir string, in dsp.Block, rate int, threshold float64) (dsp.Block, error) {
		if err := writeFloat(filepath.Join(dir, "in.wav"), in, rate); err != nil {
			return dsp.Block{}, err
		}
		c := exec.Command("ffmpeg", "-v", "error", "-y", "-i", "in.wav", "-af", "lv2=p="+filter(threshold), "-c:a", "pcm_f32le", "out.wav")
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			return dsp.Block{}, fmt.Errorf("%s: %v\n%s", c, err, out)
		}
		x, _, err := readFloat(filepath.Join(dir, "out.wav"))
		return x, err
	}}
}

// ownStyle is a style of lathe's limiter as it is.
func ownStyle(style dyn.Style) peakLimiter {
	return peakLimiter{"lathe, " + style.Name, playOurs(dyn.GainSettings{Style: style}, style.Unlink)}
}

// ours is a style with a release and a look-ahead in ms, its sides wholly linked.
func ours(style dyn.Style, release, lookAhead float64) peakLimiter {
	name := fmt.Sprintf("lathe, %s, %g ms, %g ms ahead", style.Name, release, lookAhead)
	return peakLimiter{name, playOurs(dyn.GainSettings{Style: style, Release: release, LookAhead: lookAhead}, 0)}
}

func playOurs(set dyn.GainSettings, unlink float64) func(string, dsp.Block, int, float64) (dsp.Block, error) {
	return func(_ string, in dsp.Block, rate int, threshold float64) (dsp.Block, error) {
		set := set
		set.Rate, set.Ceiling = rate, math.Pow(10, threshold/20)
		out := copied(in)
		l := dyn.NewLimiter(dyn.LimiterSettings{GainSettings: set, Unlink: unlink})
		for at := 0; at < out.Len(); at += dsp.MaxBlock {
			l.Process(out.Cut(at, min(at+dsp.MaxBlock, out.Len())))
		}
		return out, nil
	}
}

// level plays in so that the true peak of its output, from a frame on, is the ceiling less
// the margin that a delivery keeps, within 0.005 dB: each time the threshold moves by what
// is missing.
func (l peakLimiter) level(dir string, in dsp.Block, rate, from int) (out dsp.Block, threshold, peak float64, err error) {
	const goal = limiterCeiling - 0.06 // ceilingMargin of package render
	threshold = goal
	for range 6 {
		if out, err = l.run(dir, in, rate, threshold); err != nil {
			return out, threshold, peak, fmt.Errorf("%s: %w", l.name, err)
		}
		peak = peakOf(out.Cut(from, out.Len()))
		if math.Abs(peak-goal) < 0.005 || threshold == 0 && peak < goal {
			break // reached, or never: 0 dB is the highest threshold there is
		}
		threshold = min(0, threshold+goal-peak)
	}
	return out, threshold, peak, nil
}

// idle is what a limiter makes of in without limiting: LSP's oversampling, for one, is a
// filter even so, and every limiter lags.
func (l peakLimiter) idle(dir string, in dsp.Block, rate int) (dsp.Block, error) {
	const quiet = 1. / 1024
	low := copied(in)
	amplify(low, quiet)
	out, err := l.run(dir, low, rate, limiterCeiling)
	if err == nil {
		amplify(out, 1/quiet)
	}
	return out, err
}

// peakOf is the true peak in dBTP by a meter that shares nothing with any of them. It looks
// beside the frames within 3 dB of the highest.
func peakOf(b dsp.Block) float64 {
	highest := 0.0
	for c := range b {
		for _, v := range b[c] {
			highest = max(highest, math.Abs(v))
		}
	}
	meter, near := plainpeak.New(), 20*math.Log10(highest)+3
	left, _ := meter.Over(b[0], near)
	right, _ := meter.Over(b[1], near)
	return max(left, right)
}

// benchLimiters prints what each limiter does to each file (of a list with commas; of the
// demo song where it is empty), and to two tones.
func benchLimiters(files, dir, only string) error {
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
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return fmt.Errorf("ffmpeg is not installed: the others are heard through its lv2 filter")
	}
	for _, file := range strings.Split(files, ",") {
		in, rate, err := readFloat(file)
		if err != nil {
			return err
		}
		amplify(in, math.Pow(10, (limiterCeiling+limiterOver-peakOf(in))/20))
		title := fmt.Sprintf("%s, %.0f s, %d Hz, %+.1f LUFS at %+.1f dBTP", filepath.Base(file), float64(in.Len())/float64(rate), rate, integrated(in, rate), limiterCeiling+limiterOver)
		if err := benchMusic(title, dir, in, rate, duels(only)); err != nil {
			return err
		}
	}
	return benchTwoTones(dir, duels(only))
}

// benchMusic prints the styles, and each of the others with what is beside it: by how much
// that is worse in the column where it is worst.
func benchMusic(title, dir string, in dsp.Block, rate int, duels []duel) error {
	fmt.Printf("\n%s\n%-41s %12s %9s %8s %12s %12s %10s %9s\n", title, "limiter", "threshold dB", "peak dBTP", "LUFS", "residual dB", "distort. dB", "pumping dB", "worse by")
	for _, style := range dyn.Styles() {
		if _, err := ownStyle(style).show(dir, in, rate, nil); err != nil {
			return err
		}
	}
	for _, d := range duels {
		other, err := d.other.show(dir, in, rate, nil)
		if err != nil {
			return err
		}
		for _, l := range d.ours {
			if _, err := l.show(dir, in, rate, &other); err != nil {
				return err
			}
		}
	}
	return nil
}

// show prints what a limiter does to music.
func (l peakLimiter) show(dir string, in dsp.Block, rate int, other *effect) (effect, error) {
	out, threshold, peak, err := l.level(dir, in, rate, 0)
	if err != nil {
		return effect{}, err
	}
	idle, err := l.idle(dir, in, rate)
	if err != nil {
		return effect{}, fmt.Errorf("%s: %w", l.name, err)
	}
	e := compare(idle, out, rate)
	fmt.Printf("%-41s %12.3f %9.3f %8.2f %12.2f %12.2f %10.3f", l.name, threshold, peak, e.lufs, e.residual, e.distortion, e.pumping)
	if other != nil {
		fmt.Printf(" %+9.2f", max(e.residual-other.residual, e.distortion-other.distortion, e.pumping-other.pumping))
	}
	fmt.Println()
	return e, nil
}

// effect is what a limiter has done.
type effect struct {
	lufs       float64
	residual   float64 // dB, of what one gain for all does not explain, against the sound
	distortion float64 // dB, of what a gain that moves slowly does not explain
	pumping    float64 // dB, how far that slow gain strays from its mean
}

// compare holds an output against what the limiter gives where it is idle. A limiter is a
// gain; the slow part of it is heard as pumping, and what is left when that is taken away as
// distortion. The slow gain is what fits best under a Hann window of 50 ms, every 25 ms, and
// a straight line between: eight such lines, shifted against each other, and the mean of what
// they give, so that it does not matter by how much a limiter lags (one line: 0.2 dB).
func compare(in, out dsp.Block, rate int) effect {
	n := min(in.Len(), out.Len())
	in, out = in.Cut(0, n), out.Cut(0, n)
	e := effect{lufs: integrated(out, rate)}
	g, _ := fitGain(in, out, 0, n, nil)
	e.residual = unexplained(in, out, func(int) float64 { return g })
	const lines = 8
	hop := rate / 40
	var distortion, pumping float64
	for k := range lines {
		d, p := slowGain(in, out, hop, k*hop/lines)
		distortion, pumping = distortion+math.Pow(10, d/10), pumping+p*p
	}
	e.distortion = 10 * math.Log10(distortion/lines)
	e.pumping = math.Sqrt(pumping / lines)
	return e
}

// slowGain is what a gain that moves slowly does not explain, and how far it strays from
// its mean, both in dB. Its windows lie shift frames later than multiples of a hop.
func slowGain(in, out dsp.Block, hop, shift int) (distortion, pumping float64) {
	window := make([]float64, 2*hop)
	for i := range window {
		window[i] = 0.5 - 0.5*math.Cos(math.Pi*(float64(i)+0.5)/float64(hop))
	}
	var gains, weights []float64
	for at := shift - 2*hop; at < in.Len(); at += hop {
		gain, weight := fitGain(in, out, at, at+2*hop, window)
		gains, weights = append(gains, gain), append(weights, weight)
	}
	distortion = unexplained(in, out, func(i int) float64 {
		k, part := (i-shift+hop)/hop, float64((i-shift+hop)%hop)/float64(hop)
		return gains[k] + part*(gains[min(k+1, len(gains)-1)]-gains[k])
	})
	var mean, square, sum float64
	for i, gain := range gains {
		v := 20 * math.Log10(gain)
		mean, square, sum = mean+weights[i]*v, square+weights[i]*v*v, sum+weights[i]
	}
	mean /= sum
	return distortion, math.Sqrt(max(0, square/sum-mean*mean))
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
func benchTwoTones(dir string, duels []duel) error {
	const rate, seconds = 48000, 12
	in := dsp.NewBlock(rate * seconds)
	low := math.Pow(10, (limiterCeiling+limiterOver)/20) / 1.25
	for i := range in[0] {
		at := float64(i) / rate
		in[0][i] = low * (math.Sin(2*math.Pi*50*at) + 0.25*math.Sin(2*math.Pi*1000*at+1))
		in[1][i] = in[0][i]
	}
	fmt.Printf("\n50 Hz and 1 kHz, %+.1f dBTP, after 6 s\n", limiterCeiling+limiterOver)
	fmt.Printf("%-41s %12s %9s %16s %12s\n", "limiter", "threshold dB", "peak dBTP", "sidebands dB", "50 Hz THD dB")
	var list []peakLimiter
	for _, style := range dyn.Styles() {
		list = append(list, ownStyle(style))
	}
	for _, d := range duels {
		list = append(append(list, d.other), d.ours...)
	}
	for _, l := range list {
		out, threshold, peak, err := l.level(dir, in, rate, rate)
		if err != nil {
			return err
		}
		x := out[0][6*rate : 11*rate]
		var sides, thd float64
		for k := 1; k <= 10; k++ {
			sides += squared(toneLevel(x, 1000+50*float64(k), rate)) + squared(toneLevel(x, 1000-50*float64(k), rate))
			if k > 1 {
				thd += squared(toneLevel(x, 50*float64(k), rate))
			}
		}
		fmt.Printf("%-41s %12.3f %9.3f %16.1f %12.1f\n", l.name, threshold, peak,
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

func copied(b dsp.Block) dsp.Block {
	out := dsp.NewBlock(b.Len())
	copy(out[0], b[0])
	copy(out[1], b[1])
	return out
}

func amplify(b dsp.Block, gain float64) {
	for c := range b {
		for i := range b[c] {
			b[c][i] *= gain
		}
	}
}

func integrated(b dsp.Block, rate int) float64 {
	m := loudness.New(rate, 2, loudness.Options{})
	m.Write(b[:])
	return m.Reading().Integrated
}

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
