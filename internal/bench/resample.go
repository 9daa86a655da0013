package main

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/resample"
	"github.com/lathe-audio/lathe/dsp/seed"
)

// -work resample has every resampler convert the same float64 samples in memory, and
// measures what comes out and how long it took, in one run: no files of audio, no
// decoders, and nobody's own word lengths between them.
//
// A resampler is a program `FROM TO TIMES IN OUT`: it converts what is in IN so many times over,
// as one stream, writes the result to OUT unless that is "-", and prints the CPU time
// that converting took. Samples are float64, two channels in turn. For lathe that is this
// program (convertMain), for the libraries c/resample.c, compiled here.

//go:embed c/resample.c
var resampleC string

// resampler is one way to convert.
type resampler struct {
	name    string
	library string   // of C, to be linked; "" for lathe
	define  string   // what resample.c is compiled with
	phase   string   // lathe's
	share   int      // of the long file only one in so many is converted, as it takes so long
	command []string // before FROM TO TIMES IN OUT
}

var resamplers = []resampler{
	{name: "lathe", phase: "linear", share: 1},
	{name: "lathe, minimum phase", phase: "minimum", share: 1},
	{name: "soxr VHQ, float64", library: "soxr", define: "USE_SOXR", share: 1},
	{name: "libsamplerate best (float32)", library: "samplerate", define: "USE_SAMPLERATE", share: 12},
}

// The rates whose speed is measured, and those whose sound is.
var (
	speedPairs   = [][2]int{{48000, 44100}, {44100, 48000}, {96000, 44100}, {44100, 96000}, {192000, 44100}}
	qualityPairs = [][2]int{{48000, 44100}, {44100, 48000}}
)

// stretchSeconds is how much sound is converted again and again to measure speed.
const stretchSeconds = 5

func benchResamplers(dir, only string, minutes float64, runs int) error {
	if dir == "" {
		temp, err := os.MkdirTemp("", "lathe-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		dir = temp
	}
	var present []resampler
	for _, r := range resamplers {
		if r.phase == "" && !picked(r.name, only) {
			continue
		}
		if err := r.prepare(dir); err != nil {
			fmt.Printf("%s: left out: %v\n", r.name, err)
			continue
		}
		present = append(present, r)
	}
	fmt.Printf("\n%-30s %16s %14s %12s %12s %12s %12s\n", "tones in float64", "Hz", "ripple dB", "-0.1 dB Hz", "alias dB", "residual dB", "before dB")
	for _, pair := range qualityPairs {
		for _, r := range present {
			q, err := r.quality(dir, pair[0], pair[1])
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			alias := "none" // nothing lies beyond the lower rate's half
			if pair[0] > pair[1] {
				alias = fmt.Sprintf("%.1f", q.alias)
			}
			fmt.Printf("%-30s %16s %14.7f %12.0f %12s %12.1f %12.1f\n", r.name, fmt.Sprintf("%d-%d", pair[0], pair[1]), q.ripple, q.edge, alias, q.residual, q.before)
		}
	}
	return speeds(dir, present, minutes, runs)
}

// speeds measures the CPU time of all pairs of rates, the tools in turn.
func speeds(dir string, tools []resampler, minutes float64, runs int) error {
	times := map[string][]float64{}
	for _, pair := range speedPairs {
		path := filepath.Join(dir, fmt.Sprintf("noise-%d.f64", pair[0]))
		if err := writeNoise(path, pair[0]*stretchSeconds); err != nil {
			return err
		}
		for range runs {
			for _, r := range tools {
				repeats := max(1, int(minutes*60/stretchSeconds)/r.share)
				seconds, err := r.convert(pair[0], pair[1], repeats, path, "-")
				if err != nil {
					return fmt.Errorf("%s: %w", r.name, err)
				}
				key := fmt.Sprint(r.name, pair)
				times[key] = append(times[key], seconds*minutes*60/float64(stretchSeconds*repeats))
			}
		}
	}
	fmt.Printf("\n%-30s", fmt.Sprintf("CPU s for %g min, stereo", minutes))
	for _, pair := range speedPairs {
		fmt.Printf(" %16s", fmt.Sprintf("%d-%d", pair[0], pair[1]))
	}
	fmt.Println()
	middle := func(r resampler, pair [2]int) float64 {
		all := times[fmt.Sprint(r.name, pair)]
		slices.Sort(all)
		return all[len(all)/2]
	}
	for _, r := range tools {
		fmt.Printf("%-30s", r.name)
		for _, pair := range speedPairs {
			t := middle(r, pair)
			fmt.Printf(" %16s", fmt.Sprintf("%.2f (%.2f)", t, t/middle(tools[0], pair)))
		}
		fmt.Println()
	}
	fmt.Println("In brackets: of lathe's time.")
	return nil
}

// prepare compiles what is not Go.
func (r *resampler) prepare(dir string) error {
	if r.library == "" {
		self, err := os.Executable()
		r.command = []string{self, "-convert", r.phase}
		return err
	}
	source := filepath.Join(dir, "resample.c")
	if err := os.WriteFile(source, []byte(resampleC), 0o644); err != nil {
		return err
	}
	program := filepath.Join(dir, "resample-"+r.library)
	out, err := exec.Command("cc", "-O2", "-D"+r.define, "-o", program, source, "-l"+r.library).CombinedOutput()
	if err != nil {
		line, _, _ := strings.Cut(string(out), "\n")
		return fmt.Errorf("%v %s (Debian: apt install gcc lib%s-dev)", err, line, r.library)
	}
	r.command = []string{program}
	return nil
}

// convert runs the resampler and returns the CPU time it tells.
func (r *resampler) convert(from, to, times int, in, out string) (float64, error) {
	args := append(slices.Clone(r.command[1:]), strconv.Itoa(from), strconv.Itoa(to), strconv.Itoa(times), in, out)
	c := exec.Command(r.command[0], args...)
	text, err := c.Output()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
}

// convertMain is lathe's side: args are FROM TO TIMES IN OUT.
func convertMain(phase string, args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("usage: -convert linear|minimum FROM TO TIMES IN OUT")
	}
	var n [3]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(args[i]); err != nil {
			return err
		}
	}
	in, err := readFrames(args[3])
	if err != nil {
		return err
	}
	r, err := resample.New(n[0], n[1])
	if phase == "minimum" {
		r, err = resample.NewMinimumPhase(n[0], n[1])
	}
	if err != nil {
		return err
	}
	keep := args[4] != "-"
	var sound []float64
	out := dsp.NewBlock(4096)
	take := func(frames int) {
		for i := range frames {
			if keep {
				sound = append(sound, out[0][i], out[1][i])
			}
		}
	}
	began := cpuSeconds()
	for range n[2] {
		for b := in; b.Len() > 0; {
			used, made := r.Process(b.Cut(0, min(b.Len(), 1024)), out)
			take(made)
			b = b.Cut(used, b.Len())
		}
	}
	for {
		made := r.Flush(out)
		if made == 0 {
			break
		}
		take(made)
	}
	fmt.Println(cpuSeconds() - began)
	if !keep {
		return nil
	}
	return writeSamples(args[4], sound)
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + 1e-6*float64(u.Utime.Usec+u.Stime.Usec)
}

// quality is what tones tell of a resampler.
type quality struct {
	ripple   float64 // dB, the largest gain or loss from 20 Hz to 20 kHz
	edge     float64 // Hz at which -0.1 dB is reached
	alias    float64 // dB, the most that is left of tones beyond the lower rate's half
	residual float64 // dB, the most that comes with a tone up to 18 kHz: images, distortion, rounding
	before   float64 // dB, of a click: the most that rings before it
}

// Where a tone is looked at, in seconds, away from the clicks at its ends.
const (
	toneSeconds = 0.25
	toneEdge    = 0.06
)

// tones are those of a conversion: in the passband, at its edge, beyond it.
func tones(from, to int) (pass, edge, beyond []float64) {
	half := float64(min(from, to)) / 2
	for i := range 37 {
		pass = append(pass, 20+(20000-20)*float64(i)/36)
	}
	for hz := 20050.0; hz < 21300; hz += 50 {
		edge = append(edge, hz)
	}
	for i := range 24 {
		if from > to {
			beyond = append(beyond, half+(float64(from)/2-half)*(float64(i)+0.25)/24)
		}
	}
	return pass, edge, beyond
}

// quality has the resampler convert one tone after the other, and a click.
func (r *resampler) quality(dir string, from, to int) (q quality, err error) {
	pass, edge, beyond := tones(from, to)
	all := slices.Concat(pass, edge, beyond)
	length := int(toneSeconds * float64(from))
	var x []float64
	for _, hz := range all {
		for i := range length {
			v := math.Sin(2 * math.Pi * math.Mod(hz*float64(i)/float64(from), 1))
			x = append(x, v, -v)
		}
	}
	click := len(x)/2 + length/2
	click -= click % (from / gcd(from, to)) // on a frame that the other rate has too
	x = append(x, make([]float64, 2*length)...)
	x[2*click], x[2*click+1] = 1, 1
	in, out := filepath.Join(dir, "tones.f64"), filepath.Join(dir, "converted.f64")
	if err := writeSamples(in, x); err != nil {
		return q, err
	}
	if _, err := r.convert(from, to, 1, in, out); err != nil {
		return q, err
	}
	y, err := readFrames(out)
	if err != nil {
		return q, err
	}
	at := func(n int) []float64 { // what tone n became
		start := float64(n)*toneSeconds + toneEdge
		first := int(start * float64(to))
		return y[0][first : first+int((toneSeconds-2*toneEdge)*float64(to))]
	}
	q.edge, q.alias, q.residual = math.NaN(), math.Inf(-1), math.Inf(-1)
	last := 0.0
	for i, hz := range all {
		gain, rest := fit(at(i), hz/float64(to))
		switch {
		case i < len(pass):
			q.ripple = max(q.ripple, math.Abs(gain))
			if hz <= 18000 {
				q.residual = max(q.residual, rest)
			}
			last = gain
		case i < len(pass)+len(edge):
			if math.IsNaN(q.edge) && gain < -0.1 {
				q.edge = hz - 50*(gain+0.1)/(gain-last)
			}
			last = gain
		default:
			for _, v := range at(i) {
				q.alias = max(q.alias, 20*math.Log10(math.Abs(v)))
			}
		}
	}
	peak, before := 0.0, 0.0
	main := int(math.Round(float64(click) * float64(to) / float64(from)))
	for i := main - int(0.02*float64(to)); i < main+int(0.02*float64(to)); i++ {
		peak = max(peak, math.Abs(y[0][i]))
		if i < main {
			before = max(before, math.Abs(y[0][i]))
		}
	}
	q.before = 20 * math.Log10(before/peak)
	return q, nil
}

// fit takes a tone of f cycles a sample out of x by least squares, and returns its gain and
// the rms of the rest against a full-scale sine's, in dB.
func fit(x []float64, f float64) (gain, rest float64) {
	var ss, sc, cc, xs, xc float64
	wave := make([][2]float64, len(x))
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * math.Mod(f*float64(i), 1))
		wave[i] = [2]float64{s, c}
		ss, sc, cc = ss+s*s, sc+s*c, cc+c*c
		xs, xc = xs+v*s, xc+v*c
	}
	det := ss*cc - sc*sc
	a, b := (xs*cc-xc*sc)/det, (xc*ss-xs*sc)/det
	sum := 0.0
	for i, v := range x {
		e := v - a*wave[i][0] - b*wave[i][1]
		sum += e * e
	}
	return 20 * math.Log10(math.Hypot(a, b)), 10 * math.Log10(2*sum/float64(len(x)))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// writeNoise writes frames of noise at half of full scale.
func writeNoise(path string, frames int) error {
	noise := seed.New(seed.Of("bench", "resample"))
	x := make([]float64, 2*frames)
	for i := range x {
		x[i] = noise.Next()
	}
	return writeSamples(path, x)
}

func writeSamples(path string, x []float64) error {
	data := make([]byte, 0, 8*len(x))
	for _, v := range x {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	return os.WriteFile(path, data, 0o644)
}

func readFrames(path string) (dsp.Block, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return dsp.Block{}, err
	}
	b := dsp.NewBlock(len(data) / 16)
	for i := range b[0] {
		for ch := range b {
			b[ch][i] = math.Float64frombits(binary.LittleEndian.Uint64(data[16*i+8*ch:]))
		}
	}
	return b, nil
}
