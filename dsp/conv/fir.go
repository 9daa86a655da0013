package conv

import "github.com/lathe-audio/lathe/dsp"

// fir is the convolution sum as it is written: y[n] = Σ h[k] x[n-k], k upwards.
type fir struct {
	taps [2][]float64
	past [2][]float64 // the last len(taps)-1 samples, and then a block
}

func newFIR(irL, irR []float64) *fir {
	f := &fir{}
	for ch, ir := range [2][]float64{irL, irR} {
		if len(ir) == 0 {
			ir = []float64{0} // nothing comes out
		}
		f.taps[ch] = append([]float64(nil), ir...)
		f.past[ch] = make([]float64, len(ir)-1+dsp.MaxBlock)
	}
	return f
}

// Process implements [dsp.Processor].
func (f *fir) Process(b dsp.Block) {
	for ch, x := range b {
		h, past := f.taps[ch], f.past[ch]
		before := len(h) - 1
		line := past[:before+len(x)]
		copy(line[before:], x)
		sums(h, line, x)
		copy(past, line[len(x):])
	}
}

// sums writes the sums for every place in out; line has the samples that go
// with them, len(h)-1 more of them in front. Four sums run side by side: each
// is made in the same order as alone, but they need not wait for one another.
func sums(h, line, out []float64) {
	n := 0
	for ; n+4 <= len(out); n += 4 {
		var s0, s1, s2, s3 float64
		x := line[n : n+len(h)+3]
		at := len(h) - 1 // of x[n] within x
		for _, c := range h {
			q := x[at : at+4 : at+4]
			s0 += float64(c * q[0])
			s1 += float64(c * q[1])
			s2 += float64(c * q[2])
			s3 += float64(c * q[3])
			at--
		}
		out[n], out[n+1], out[n+2], out[n+3] = s0, s1, s2, s3
	}
	for ; n < len(out); n++ {
		sum := 0.0
		for k, c := range h {
			sum += float64(c * line[n+len(h)-1-k])
		}
		out[n] = sum
	}
}

// Reset implements [dsp.Processor].
func (f *fir) Reset() {
	clear(f.past[0])
	clear(f.past[1])
}

// Latency implements [dsp.Processor].
func (f *fir) Latency() int { return 0 }

// Tail implements [dsp.Processor].
func (f *fir) Tail() int { return max(len(f.taps[0]), len(f.taps[1])) - 1 }
