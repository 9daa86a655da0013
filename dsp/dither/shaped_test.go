package dither

import (
	"math"
	"math/cmplx"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/fft"
	"github.com/lathe-audio/lathe/dsp/window"
)

var shapedKinds = []Kind{Lipshitz5, ModifiedE9, ImprovedE9, Wannamaker3, Wannamaker9, Wannamaker24}

// curves are the gains of the shaping filters in dB at 44.1 kHz, computed from
// the published coefficients apart from this code.
var curves = struct {
	hz   []float64
	gain map[Kind][]float64
}{
	[]float64{0, 1000, 2000, 3000, 3500, 4000, 5000, 8000, 10000, 12000, 15000, 18000, 20000, 22050},
	map[Kind][]float64{
		Lipshitz5:    {-16.59, -15.92, -15.54, -17.91, -21.49, -27.16, -14.54, -0.84, 0.19, -6.48, 8.48, 16.33, 18.67, 19.43},
		ModifiedE9:   {-7.73, -8.84, -12.51, -19.45, -21.39, -19.36, -14.81, -3.78, 0.02, 3.74, 7.70, 11.18, 13.19, 13.89},
		ImprovedE9:   {-16.43, -16.93, -19.60, -27.33, -28.62, -25.18, -23.30, -2.69, -1.99, -8.61, 7.41, 25.48, 30.27, 31.80},
		Wannamaker3:  {-12.04, -12.52, -14.07, -17.00, -18.71, -19.27, -14.74, -2.72, 1.81, 5.07, 8.44, 10.45, 11.16, 11.40},
		Wannamaker9:  {-12.03, -13.40, -18.01, -25.01, -24.53, -23.30, -20.25, -2.33, -1.42, -5.76, 5.11, 20.96, 25.53, 27.00},
		Wannamaker24: {-11.82, -13.53, -18.16, -23.37, -24.60, -24.15, -19.03, -2.64, -1.83, -5.72, 5.36, 22.32, 24.05, 24.18},
	},
}

// raised is by how much each set raises the noise as a whole, in dB, as its
// authors and users quote it.
var raised = map[Kind]float64{Lipshitz5: 12.19, ModifiedE9: 7.56, ImprovedE9: 23.10, Wannamaker3: 6.64, Wannamaker9: 18.40, Wannamaker24: 17.25}

// gainOf is the gain of a set's filter at a fraction of the sample rate.
func gainOf(c set, f float64) float64 {
	h := complex(1, 0)
	for k, v := range c {
		h -= complex(v, 0) * cmplx.Rect(1, -2*math.Pi*f*float64(k+1))
	}
	return 20 * math.Log10(cmplx.Abs(h))
}

// Coefficients without a slip of the pen: every set has its curve, its mean
// gain is 0 dB as Gerzon and Craven's theorem has it for the best filters, and
// it raises the noise by what is said of it. The table is rounded to 0.01 dB.
func TestSets(t *testing.T) {
	for _, kind := range shapedKinds {
		c := sets[kind]
		for i, hz := range curves.hz {
			if got, want := gainOf(c, hz/44100), curves.gain[kind][i]; math.Abs(got-want) > 0.0051 {
				t.Errorf("%v: %.3f dB at %g Hz, want %.2f", kind, got, hz, want)
			}
		}
		mean, power := 0.0, 1.0
		const steps = 20000 // a sum over a whole circle is exact but for zeros near it
		for i := range steps {
			mean += gainOf(c, (float64(i)+0.5)/steps) / steps
		}
		for _, v := range c {
			power += v * v
		}
		if math.Abs(mean) > 0.001 {
			t.Errorf("%v: mean gain %.4f dB, want 0", kind, mean)
		}
		if got := 10 * math.Log10(power); math.Abs(got-raised[kind]) > 0.006 {
			t.Errorf("%v: raises the noise by %.3f dB, want %.2f", kind, got, raised[kind])
		}
	}
}

// errorOf is what a quantizer adds to a signal of both channels, in LSB.
func errorOf(q *Quantizer, in dsp.Block) dsp.Block {
	n, scale := in.Len(), math.Ldexp(1, q.bits-1)
	out, e := words(n), dsp.NewBlock(n)
	q.Process(in, out)
	for ch := range e {
		for i, w := range out[ch] {
			e[ch][i] = float64(w) - in[ch][i]*scale
		}
	}
	return e
}

// spectrum returns the mean power density of noise (1 for white noise of rms 1)
// in bins of rate/512, over stretches with a Hann window that overlap by half.
func spectrum(x []float64) []float64 {
	const size = 512
	plan, shape := fft.New(size), window.Hann(size)
	part, re, im, sum := make([]float64, size), make([]float64, size/2+1), make([]float64, size/2+1), make([]float64, size/2+1)
	squares, count := 0.0, 0.0
	for _, w := range shape {
		squares += w * w
	}
	for at := 0; at+size <= len(x); at += size / 2 {
		for i := range part {
			part[i] = x[at+i] * shape[i]
		}
		plan.Forward(part, re, im)
		for k := range sum {
			sum[k] += re[k]*re[k] + im[k]*im[k]
		}
		count++
	}
	for k := range sum {
		sum[k] /= count * squares
	}
	return sum
}

// quiet is a signal that 16 bits hardly hold, different in both channels: 1.5 LSB
// of a slow wave, where rounding alone would do worst.
func quiet(n int) dsp.Block {
	b := dsp.NewBlock(n)
	for i := range n {
		b[0][i] = 1.5 / 32768 * math.Sin(2*math.Pi*float64(i)*0.001234)
		b[1][i] = 1.5 / 32768 * math.Sin(2*math.Pi*float64(i)*0.000777)
	}
	return b
}

// What comes out has the spectrum of the table, within 0.5 dB: TPDF's error of
// 0.25 LSB² a sample, through the set's filter. With some 4000 stretches in the
// mean a bin is off by 0.08 dB rms; where curves are steep a bin of 86 Hz
// smooths them, so that what is expected is the mean over its neighbours too.
func TestShapedSpectrum(t *testing.T) {
	in := quiet(1 << 20)
	for _, kind := range shapedKinds {
		e := errorOf(New(16, kind, 11), in)
		for ch := range e {
			got := spectrum(e[ch])
			worst := 0.0
			for k := 2; k < len(got)-2; k++ {
				power, leak := 0.0, 0.0
				for j, w := range []float64{1. / 6, 2. / 3, 1. / 6} { // what a Hann window takes of the neighbours: 1/4 of 1/(3/2)
					power += w * math.Pow(10, gainOf(sets[kind], float64(k+j-1)/512)/10)
					leak += w
				}
				d := 10*math.Log10(got[k]/0.25) - 10*math.Log10(power/leak)
				worst = max(worst, math.Abs(d))
			}
			if worst > 0.5 {
				t.Errorf("%v, channel %d: spectrum is %.2f dB off", kind, ch, worst)
			}
			for i, hz := range curves.hz[1 : len(curves.hz)-1] { // 0 Hz and half the rate have one-sided bins
				k := int(math.Round(hz / 44100 * 512))
				want := curves.gain[kind][i+1] + gainOf(sets[kind], float64(k)/512) - gainOf(sets[kind], hz/44100)
				if d := 10*math.Log10(got[k]/0.25) - want; math.Abs(d) > 0.5 {
					t.Errorf("%v, channel %d: %.2f dB at %g Hz, want %.2f", kind, ch, 10*math.Log10(got[k]/0.25), hz, want)
				}
			}
		}
	}
}

// The power of what a kind adds does not depend on where the signal lies
// between two steps: no noise modulation; and its mean is 0: no distortion.
// Powers are within 4 %, five standard deviations of so many samples of the most
// coloured noise here; without dither, or with half of it, they differ by a third.
func TestNoNoiseModulation(t *testing.T) {
	const n = 1 << 17
	for _, kind := range append([]Kind{HighPass}, shapedKinds...) {
		want := 0.25
		for _, c := range sets[kind] {
			want += 0.25 * c * c
		}
		for offset := 0.0; offset <= 1; offset += 0.125 {
			in := dsp.NewBlock(n)
			for i := range n {
				in[0][i], in[1][i] = offset/32768, (3-offset)/32768
			}
			for ch, x := range errorOf(New(16, kind, 2), in) {
				sum, squares := 0.0, 0.0
				for _, e := range x {
					sum, squares = sum+e, squares+e*e
				}
				if got := squares / n; math.Abs(got/want-1) > 0.04 {
					t.Errorf("%v, offset %.3f LSB, channel %d: power %.4f LSB², want %.4f", kind, offset, ch, got, want)
				}
				if mean := sum / n; math.Abs(mean) > 0.005 {
					t.Errorf("%v, offset %.3f LSB, channel %d: mean %.4f LSB", kind, offset, ch, mean)
				}
			}
		}
	}
}

// High-pass dither is triangular with the variance of the white one, 0 at 0 Hz.
// With the rounding's own 1/12 LSB² the error is 1/12 + (1 - cos w)/6: 4.8 dB
// less than white TPDF's below, 2.2 dB more at half the rate, as loud in all.
func TestHighPassSpectrum(t *testing.T) {
	e := errorOf(New(16, HighPass, 4), quiet(1<<20))
	for ch := range e {
		for k, p := range spectrum(e[ch]) {
			if k < 2 || k > 254 {
				continue
			}
			want := 1./12 + (1-math.Cos(2*math.Pi*float64(k)/512))/6
			if d := 10 * math.Log10(p/want); math.Abs(d) > 0.5 {
				t.Errorf("channel %d, bin %d: %.2f dB off", ch, k, d)
			}
		}
		squares := 0.0
		for _, v := range e[ch] {
			squares += v * v
		}
		if rms := math.Sqrt(squares / float64(len(e[ch]))); math.Abs(rms-0.5) > 0.0025 {
			t.Errorf("channel %d: rms %.4f LSB, want 0.5", ch, rms)
		}
	}
}

func TestHighPassIsTriangular(t *testing.T) {
	var counts [4]int
	const n = 1 << 18
	noise := New(16, HighPass, 1).noise[0]
	for i := range uint64(n) {
		counts[int(2*(noise.Uniform(i)-noise.Uniform(i-1)+1))]++
	}
	for i, want := range []float64{1. / 8, 3. / 8, 3. / 8, 1. / 8} {
		if got := float64(counts[i]) / n; math.Abs(got-want) > 0.004 {
			t.Errorf("quarter %d holds %.4f of the values, want %.4f", i, got, want)
		}
	}
}

// The noise of the two channels is independent, of every kind: four standard
// deviations, where coloured noise has fewer independent samples than white.
func TestChannelsAreIndependent(t *testing.T) {
	const n = 1 << 18
	for _, kind := range append([]Kind{HighPass}, shapedKinds...) {
		in := quiet(n)
		copy(in[1], in[0])
		e := errorOf(New(16, kind, 3), in)
		var ab, aa, bb float64
		for i := range n {
			ab, aa, bb = ab+e[0][i]*e[1][i], aa+e[0][i]*e[0][i], bb+e[1][i]*e[1][i]
		}
		if c := ab / math.Sqrt(aa*bb); math.Abs(c) > 0.03 {
			t.Errorf("%v: channels correlate by %.4f", kind, c)
		}
	}
}

// Far beyond full scale, with infinities and with what is no number: every
// sample is clamped and counted, and the shaper is as it was as soon as the
// signal is back: its noise is of the same power, and nothing of the clipped
// part is made up for.
func TestShaperSurvivesClipping(t *testing.T) {
	const n = 1 << 16
	for _, kind := range shapedKinds {
		in := quiet(2 * n)
		for i := range n {
			in[0][i] = []float64{3, -3, 1e300, -1e300, math.Inf(1), math.Inf(-1), math.NaN(), 1.5}[i%8]
			in[1][i] = 1 // one step more than fits
		}
		q, out := New(16, kind, 8), words(2*n)
		q.Process(in, out)
		for i := range 8 {
			if w, want := out[0][n-8+i], []int32{32767, -32768, 32767, -32768, 32767, -32768, 0, 32767}[i]; w != want {
				t.Errorf("%v: %v became %d, want %d", kind, in[0][n-8+i], w, want)
			}
		}
		if q.Clipped() < n {
			t.Errorf("%v: %d samples clamped, more than %d are out of range", kind, q.Clipped(), n)
		}
		want := 0.25
		for _, c := range sets[kind] {
			want += 0.25 * c * c
		}
		for ch := range out {
			squares := 0.0
			for i := n; i < 2*n; i++ {
				e := float64(out[ch][i]) - in[ch][i]*32768
				squares += e * e
			}
			if got := squares / n; math.Abs(got/want-1) > 0.03 {
				t.Errorf("%v, channel %d: power %.3f LSB² after clipping, want %.3f", kind, ch, got, want)
			}
		}
	}
}

func TestFits(t *testing.T) {
	for _, rate := range []int{32000, 44100, 48000, 88200, 96000, 192000} {
		if !TPDF.Fits(rate) || !HighPass.Fits(rate) || !None.Fits(rate) {
			t.Errorf("what is not shaped must fit %d Hz", rate)
		}
		for _, kind := range shapedKinds {
			if got := kind.Fits(rate); got != (rate == 44100 || rate == 48000) {
				t.Errorf("%v at %d Hz: %v", kind, rate, got)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for k := None; k <= Wannamaker24; k++ {
		if got, ok := Named(k.String()); !ok || got != k {
			t.Errorf("%v is named %q, which is %v", int(k), k, got)
		}
		if k.Shaped() != (len(sets[k]) > 0) {
			t.Errorf("%v: Shaped is %v, with %d coefficients", k, k.Shaped(), len(sets[k]))
		}
	}
	if _, ok := Named("pow-r"); ok {
		t.Error("there is no such kind")
	}
}

// Memory is made once.
func TestNoAllocation(t *testing.T) {
	in, out := dsptest.Noise(3000, 0.5, "allocation"), words(3000)
	q := New(16, Wannamaker24, 1)
	if n := testing.AllocsPerRun(5, func() { q.Process(in, out) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
