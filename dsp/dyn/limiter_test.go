package dyn

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
)

// referencePeak is an independent true-peak meter: for every gap between two
// frames it looks at 32 positions, each the plain sum of 256 products of the
// samples with a windowed sinc.
type referencePeak [33][256]float64

func newReferencePeak() *referencePeak {
	var r referencePeak
	for p := range r {
		sum := 0.0
		for k := range r[p] {
			d := float64(k-127) - float64(p)/32
			w := math.Cos(math.Pi * d / 258) // a cosine window: narrow, so that it sees nearly to half the rate
			s := 1.0
			if d != 0 {
				s = math.Sin(math.Pi*d) / (math.Pi * d)
			}
			r[p][k] = s * w
			sum += r[p][k]
		}
		for k := range r[p] {
			r[p][k] /= sum
		}
	}
	return &r
}

// gap returns the peak between frames i and i+1.
func (r *referencePeak) gap(x []float64, i int) float64 {
	peak := 0.0
	for p := range r {
		sum := 0.0
		for k, h := range r[p] {
			if at := i - 127 + k; at >= 0 && at < len(x) {
				sum += h * x[at]
			}
		}
		peak = max(peak, math.Abs(sum))
	}
	return peak
}

// of returns the true peak of a whole block. Gaps far from anything loud are left out.
func (r *referencePeak) of(b dsp.Block) (peak float64, place int) {
	for ch := range b {
		x := b[ch]
		for i := range len(x) - 1 {
			near := 0.0
			for j := max(0, i-8); j < min(len(x), i+10); j++ {
				near = max(near, math.Abs(x[j]))
			}
			if near*3 > peak {
				if p := r.gap(x, i); p > peak {
					peak, place = p, i
				}
			}
		}
	}
	return peak, place
}

func db(x float64) float64 { return 20 * math.Log10(x) }

// lowpass takes away what lies above 0.45 of the rate, in place, with a delay.
func lowpass(x []float64) {
	in := append([]float64(nil), x...)
	var h [161]float64
	for k := range h {
		d := float64(k - 80)
		s := 0.9
		if d != 0 {
			s = math.Sin(0.9*math.Pi*d) / (math.Pi * d)
		}
		h[k] = s * (0.42 + 0.5*math.Cos(math.Pi*d/81) + 0.08*math.Cos(2*math.Pi*d/81))
	}
	for i := range x {
		x[i] = 0
		for k, w := range h {
			if i >= k {
				x[i] += w * in[i-k]
			}
		}
	}
}

type testSignal struct {
	name string
	make func(i int, n *noise) (l, r float64)
}

func limiterSignals(rate float64) []testSignal {
	return []testSignal{
		{"noise", func(i int, n *noise) (float64, float64) { return 1.5 * n.next(), 1.5 * n.next() }},
		{"noise bursts", func(i int, n *noise) (float64, float64) {
			g := 2 * expDecay(i%3000, 200)
			return g * n.next(), g * n.next()
		}},
		{"square 97 Hz", func(i int, n *noise) (float64, float64) {
			v := math.Copysign(1.4, sine(i, 97, rate))
			return v, -v
		}},
		{"square 3 kHz", func(i int, n *noise) (float64, float64) {
			v := math.Copysign(1.4, sine(i, 3001, rate))
			return v, 0.5 * v
		}},
		{"fs/4 bursts", func(i int, n *noise) (float64, float64) {
			v := 1.6 * math.Sin(math.Pi/2*float64(i)+math.Pi/4)
			if i/700%3 != 0 {
				v = 0
			}
			return v, 0
		}},
		{"clicks", func(i int, n *noise) (float64, float64) {
			switch i % 1777 {
			case 0:
				return 1.9, 0
			case 3:
				return 0, -1.7
			case 900, 901:
				return 1.5, 1.5
			}
			return 0, 0
		}},
		{"sine 0.4 fs", func(i int, n *noise) (float64, float64) {
			return 1.3 * sine(i, 0.4*rate, rate), 1.3 * math.Sin(2*math.Pi*0.4*float64(i)+0.31)
		}},
		{"sine 0.4011 fs", func(i int, n *noise) (float64, float64) {
			v := 1.3 * sine(i, 0.4011*rate, rate)
			return v, v
		}},
		{"sine 0.45 fs", func(i int, n *noise) (float64, float64) {
			v := 1.3 * sine(i, 0.45*rate, rate)
			return v, v
		}},
		{"sine 50 Hz", func(i int, n *noise) (float64, float64) {
			v := 1.6 * sine(i, 50, rate)
			return v, v
		}},
		{"two tones", func(i int, n *noise) (float64, float64) {
			return 0.8*sine(i, 5003, rate) + 0.8*sine(i, 60, rate), 0.9*sine(i, 17011, rate) + 0.7*sine(i, 250, rate)
		}},
	}
}

func (s testSignal) block(frames int) dsp.Block {
	b := dsp.NewBlock(frames)
	n := newNoise(3)
	for i := range frames {
		b[0][i], b[1][i] = s.make(i, n)
		if edge := min(i, frames-300-i); edge < 100 {
			g := 0.5 - 0.5*math.Cos(math.Pi*float64(max(0, edge))/100)
			b[0][i] *= g
			b[1][i] *= g
		}
	}
	if strings.HasPrefix(s.name, "noise") {
		lowpass(b[0])
		lowpass(b[1])
	}
	return b
}

func TestX(t *testing.T) {
	ref := newReferencePeak()
	for _, rate := range []int{44100, 96000} {
		for _, s := range limiterSignals(float64(rate)) {
			l := NewLimiter(GainSettings{Rate: rate, Ceiling: 0.8})
			b := s.block(8000)
			in, at := ref.of(b)
			sc := NewPeakScanner(rate, 0.8)
			peaks := make([]float64, b.Len())
			sc.Scan(b, peaks)
			top := 0.0
			for _, p := range peaks {
				top = max(top, p)
			}
			l.Process2(b)
			out, oat := ref.of(b)
			fmt.Printf("%d %-20s in %7.3f dBTP @%d scan %7.3f over by %7.4f dB @%d\n", rate, s.name, db(in), at, db(top), db(out/0.8), oat-l.Latency())
		}
	}
}

func (l *Limiter) Process2(b dsp.Block) {
	for b.Len() > 0 {
		n := min(b.Len(), 1024)
		l.Process(b.Cut(0, n))
		b = b.Cut(n, b.Len())
	}
}
