package oversample

import "github.com/lathe-audio/lathe/dsp"

// stage doubles the rate and halves it again.
//
// Of a half-band filter's 4k-1 taps every second one is zero except for the
// centre. Split into the two phases of the higher rate, one phase is a plain
// delay and the other a symmetric filter of 2k taps at the lower rate, which is
// where all the work is: see fir.
type stage struct {
	taps []float64 // of the filtered phase, outermost first; k of them
	pad  int       // extra delay on the way down, in samples of the higher rate

	up   [2][]float64 // input of the way up: history, then the block
	even [2][]float64 // the two phases of the way down, likewise
	odd  [2][]float64
	out  dsp.Block // result of the way up, and scratch for the way down
	tmp  []float64 // result of fir
}

func (s *stage) init(first bool, frames int) {
	pairs, beta := laterPairs, laterBeta
	if first {
		pairs, beta = firstPairs, firstBeta
	}
	side := halfband(pairs, beta)
	s.taps = make([]float64, pairs)
	for j, t := range side {
		s.taps[pairs-1-j] = t
	}
	for ch := range 2 {
		s.up[ch] = make([]float64, s.history()+frames)
		s.even[ch] = make([]float64, s.history()+frames)
		s.odd[ch] = make([]float64, s.history()+frames)
	}
	s.out = dsp.NewBlock(2 * frames)
	s.tmp = make([]float64, frames)
}

// history is how many past samples of the lower rate the filter needs, and one
// for the pad.
func (s *stage) history() int { return 2 * len(s.taps) }

// roundTrip is the delay of raise and lower together without the pad, in samples
// of the higher rate.
func (s *stage) roundTrip() int { return 2 * (2*len(s.taps) - 1) }

func (s *stage) reset() {
	for ch := range 2 {
		clear(s.up[ch])
		clear(s.even[ch])
		clear(s.odd[ch])
	}
}

// raise returns b at twice the rate.
func (s *stage) raise(b dsp.Block) dsp.Block {
	n, h, k := b.Len(), s.history(), len(s.taps)
	out := s.out.Cut(0, 2*n)
	for ch := range b {
		in := s.up[ch][:h+n]
		copy(in[h:], b[ch])
		filtered := s.tmp[:n]
		fir(filtered, in[1:], s.taps)
		delayed := in[1+k:]
		o := out[ch][:2*n]
		for i, x := range filtered {
			o[2*i] = 2 * x
			o[2*i+1] = delayed[i]
		}
		copy(in, in[n:])
	}
	return out
}

// lower brings over to half its rate, into b.
func (s *stage) lower(over, b dsp.Block) {
	n, h, k := b.Len(), s.history(), len(s.taps)
	for ch := range b {
		even, odd := s.even[ch][:h+n], s.odd[ch][:h+n]
		v := over[ch][:2*n]
		for i := range n {
			even[h+i] = v[2*i]
			odd[h+i] = v[2*i+1]
		}
		// Without the pad the filter takes the even samples and the odd one in the
		// middle; delayed by one sample of the higher rate the phases change places.
		filtered, centre := even[1:], odd[k:]
		if s.pad == 1 {
			filtered, centre = odd, even[k:]
		}
		out := b[ch][:n]
		fir(out, filtered, s.taps)
		for i, c := range centre[:n] {
			out[i] += float64(0.5 * c)
		}
		copy(even, even[n:])
		copy(odd, odd[n:])
	}
}

// fir writes the symmetric filter of 2k taps over x to dst: dst[i] takes
// x[i:i+2k]. Taps are added from the outside to the middle, smallest first. Four
// outputs are made side by side, which changes no sum but keeps four chains of
// additions going and shares the loads: from one tap to the next, the four
// inputs from the head and the four from the tail move on by one.
func fir(dst, x, taps []float64) {
	k := len(taps)
	i := firFast(dst, x, taps)
	for ; i+4 <= len(dst); i += 4 {
		w := x[i : i+2*k+3]
		head, tail := w[3:][:k], w[k:][:k]
		h0, h1, h2 := w[0], w[1], w[2]
		t1, t2, t3 := w[2*k], w[2*k+1], w[2*k+2]
		var a0, a1, a2, a3 float64
		for j, c := range taps {
			h3, t0 := head[j], tail[k-1-j]
			a0 += float64(c * (h0 + t0))
			a1 += float64(c * (h1 + t1))
			a2 += float64(c * (h2 + t2))
			a3 += float64(c * (h3 + t3))
			h0, h1, h2 = h1, h2, h3
			t1, t2, t3 = t0, t1, t2
		}
		dst[i], dst[i+1], dst[i+2], dst[i+3] = a0, a1, a2, a3
	}
	for ; i < len(dst); i++ {
		head, tail := x[i:][:k], x[i+k:][:k]
		var a float64
		for j, c := range taps {
			a += float64(c * (head[j] + tail[k-1-j]))
		}
		dst[i] = a
	}
}
