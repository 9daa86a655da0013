package resample

import "github.com/lathe-audio/lathe/dsp/xmath"

// fft is a Fourier transform of a fixed length with small prime factors, which
// the exact ratios between audio rates need: 48 to 44.1 kHz is 160 to 147.
//
// It is Stockham's self-sorting form: each stage reads one pair of arrays and
// writes another in the order the next stage wants, with no bit reversal, and
// its inner loop runs along contiguous memory. Real and imaginary parts are
// apart: complex128 products would be fused on some machines and not on others.
type fft struct {
	n      int
	stages []stage
}

// stage splits transforms of length radix*groups into radix times as many of
// length groups; stride transforms lie interleaved.
type stage struct {
	radix, groups, stride int
	// w[g*(radix-1)+k-1] turns by g*k/(radix*groups) of a circle.
	w []turn
	// roots[k] is the k-th root of one, for a radix without code of its own.
	roots []turn
	lanes []float64 // w once more, for the vector form of a first stage
}

// turn is a point on the unit circle.
type turn struct{ re, im float64 }

// newTurn is exp(-2 pi i part/whole).
func newTurn(part, whole int) turn {
	x := 2 * float64(part%whole) / float64(whole)
	return turn{xmath.CosPi(x), -xmath.SinPi(x)}
}

// newFFT returns a transform of length n. Fours come first: they are the
// fastest where the stride is small.
func newFFT(n int) *fft {
	f := &fft{n: n}
	groups, stride := n, 1
	for _, r := range radices(n) {
		groups /= r
		s := stage{radix: r, groups: groups, stride: stride, w: make([]turn, groups*(r-1)), roots: make([]turn, r)}
		for g := range groups {
			for k := 1; k < r; k++ {
				s.w[g*(r-1)+k-1] = newTurn(g*k, r*groups)
			}
		}
		for k := range s.roots {
			s.roots[k] = newTurn(k, r)
		}
		s.lanes = s.newLanes()
		f.stages = append(f.stages, s)
		stride *= r
	}
	return f
}

// radices factors n into fours, at most one two, and odd primes.
func radices(n int) (list []int) {
	for ; n%4 == 0; n /= 4 {
		list = append(list, 4)
	}
	for p := 2; n > 1; p++ {
		for ; n%p == 0; n /= p {
			list = append(list, p)
		}
	}
	return list
}

// pair is an array of complex numbers.
type pair struct{ re, im []float64 }

func newPair(n int) pair { return pair{make([]float64, n), make([]float64, n)} }

// swap turns the transform into its inverse (without the division by n):
// transform the swapped array and read the result swapped.
func (p pair) swap() pair { return pair{p.im, p.re} }

// transform returns the transform of x; it uses a and b as working space, one
// of which holds the result. x is left as it is, unless it is b.
func (f *fft) transform(x, a, b pair) pair {
	for i := range f.stages {
		f.stages[i].run(x, a)
		x, a, b = a, b, a
	}
	return x
}

func (s *stage) run(x, y pair) {
	switch {
	case s.runFast(x, y):
	case s.radix == 4 && s.stride == 1:
		s.first4(x, y)
	case s.radix == 4:
		s.run4(x, y)
	case s.radix == 2:
		s.run2(x, y)
	case s.radix == 3:
		s.run3(x, y)
	case s.radix == 5:
		s.run5(x, y)
	case s.radix == 7:
		s.run7(x, y)
	default:
		s.runAny(x, y)
	}
}

// part returns the stretch of stride numbers at index i, in units of stride.
func (s *stage) part(x pair, i int) (re, im []float64) {
	from, to := i*s.stride, (i+1)*s.stride
	return x.re[from:to:to], x.im[from:to:to]
}

// times returns (re + i im) * t.
func (t turn) times(re, im float64) (float64, float64) {
	return float64(re*t.re) - float64(im*t.im), float64(re*t.im) + float64(im*t.re)
}

// first4 is run4 for stride 1, where the inner loop goes over the groups.
func (s *stage) first4(x, y pair) {
	m := s.groups
	xr0, xr1, xr2, xr3 := x.re[:m], x.re[m:2*m], x.re[2*m:3*m], x.re[3*m:4*m]
	xi0, xi1, xi2, xi3 := x.im[:m], x.im[m:2*m], x.im[2*m:3*m], x.im[3*m:4*m]
	for g := range m {
		w := (*[3]turn)(s.w[3*g:])
		yr, yi := (*[4]float64)(y.re[4*g:]), (*[4]float64)(y.im[4*g:])
		ar, ai := xr0[g]+xr2[g], xi0[g]+xi2[g]
		br, bi := xr0[g]-xr2[g], xi0[g]-xi2[g]
		cr, ci := xr1[g]+xr3[g], xi1[g]+xi3[g]
		dr, di := xi1[g]-xi3[g], xr3[g]-xr1[g] // times -i
		yr[0], yi[0] = ar+cr, ai+ci
		yr[1], yi[1] = w[0].times(br+dr, bi+di)
		yr[2], yi[2] = w[1].times(ar-cr, ai-ci)
		yr[3], yi[3] = w[2].times(br-dr, bi-di)
	}
}

func (s *stage) run4(x, y pair) {
	m := s.groups
	for g := range m {
		w := (*[3]turn)(s.w[3*g:])
		w1, w2, w3 := w[0], w[1], w[2]
		xr0, xi0 := s.part(x, g)
		xr1, xi1 := s.part(x, g+m)
		xr2, xi2 := s.part(x, g+2*m)
		xr3, xi3 := s.part(x, g+3*m)
		yr0, yi0 := s.part(y, 4*g)
		yr1, yi1 := s.part(y, 4*g+1)
		yr2, yi2 := s.part(y, 4*g+2)
		yr3, yi3 := s.part(y, 4*g+3)
		for q := range xr0 {
			ar, ai := xr0[q]+xr2[q], xi0[q]+xi2[q]
			br, bi := xr0[q]-xr2[q], xi0[q]-xi2[q]
			cr, ci := xr1[q]+xr3[q], xi1[q]+xi3[q]
			dr, di := xi1[q]-xi3[q], xr3[q]-xr1[q] // times -i
			yr0[q], yi0[q] = ar+cr, ai+ci
			yr1[q], yi1[q] = w1.times(br+dr, bi+di)
			yr2[q], yi2[q] = w2.times(ar-cr, ai-ci)
			yr3[q], yi3[q] = w3.times(br-dr, bi-di)
		}
	}
}

func (s *stage) run2(x, y pair) {
	for g := range s.groups {
		w := s.w[g]
		xr0, xi0 := s.part(x, g)
		xr1, xi1 := s.part(x, g+s.groups)
		yr0, yi0 := s.part(y, 2*g)
		yr1, yi1 := s.part(y, 2*g+1)
		for q := range xr0 {
			yr0[q], yi0[q] = xr0[q]+xr1[q], xi0[q]+xi1[q]
			yr1[q], yi1[q] = w.times(xr0[q]-xr1[q], xi0[q]-xi1[q])
		}
	}
}

// The odd radices add and subtract the inputs k and radix-k first: what they
// share of the cosines and sines is then multiplied once.

func (s *stage) run3(x, y pair) {
	m := s.groups
	c, d := s.roots[1].re, s.roots[1].im
	for g := range m {
		w := (*[2]turn)(s.w[2*g:])
		w1, w2 := w[0], w[1]
		xr0, xi0 := s.part(x, g)
		xr1, xi1 := s.part(x, g+m)
		xr2, xi2 := s.part(x, g+2*m)
		yr0, yi0 := s.part(y, 3*g)
		yr1, yi1 := s.part(y, 3*g+1)
		yr2, yi2 := s.part(y, 3*g+2)
		for q := range xr0 {
			sr, si := xr1[q]+xr2[q], xi1[q]+xi2[q]
			dr, di := float64(d*(xr1[q]-xr2[q])), float64(d*(xi1[q]-xi2[q]))
			er, ei := xr0[q]+float64(c*sr), xi0[q]+float64(c*si)
			yr0[q], yi0[q] = xr0[q]+sr, xi0[q]+si
			yr1[q], yi1[q] = w1.times(er-di, ei+dr)
			yr2[q], yi2[q] = w2.times(er+di, ei-dr)
		}
	}
}

func (s *stage) run5(x, y pair) {
	m := s.groups
	c1, d1, c2, d2 := s.roots[1].re, s.roots[1].im, s.roots[2].re, s.roots[2].im
	for g := range m {
		w := (*[4]turn)(s.w[4*g:])
		w1, w2, w3, w4 := w[0], w[1], w[2], w[3]
		xr0, xi0 := s.part(x, g)
		xr1, xi1 := s.part(x, g+m)
		xr2, xi2 := s.part(x, g+2*m)
		xr3, xi3 := s.part(x, g+3*m)
		xr4, xi4 := s.part(x, g+4*m)
		yr0, yi0 := s.part(y, 5*g)
		yr1, yi1 := s.part(y, 5*g+1)
		yr2, yi2 := s.part(y, 5*g+2)
		yr3, yi3 := s.part(y, 5*g+3)
		yr4, yi4 := s.part(y, 5*g+4)
		for q := range xr0 {
			ar, ai := xr1[q]+xr4[q], xi1[q]+xi4[q]
			br, bi := xr2[q]+xr3[q], xi2[q]+xi3[q]
			fr, fi := xr1[q]-xr4[q], xi1[q]-xi4[q]
			hr, hi := xr2[q]-xr3[q], xi2[q]-xi3[q]
			pr, pi := xr0[q]+float64(c1*ar)+float64(c2*br), xi0[q]+float64(c1*ai)+float64(c2*bi)
			ur, ui := xr0[q]+float64(c2*ar)+float64(c1*br), xi0[q]+float64(c2*ai)+float64(c1*bi)
			tr, ti := float64(d1*fr)+float64(d2*hr), float64(d1*fi)+float64(d2*hi)
			vr, vi := float64(d2*fr)-float64(d1*hr), float64(d2*fi)-float64(d1*hi)
			yr0[q], yi0[q] = xr0[q]+ar+br, xi0[q]+ai+bi
			yr1[q], yi1[q] = w1.times(pr-ti, pi+tr)
			yr2[q], yi2[q] = w2.times(ur-vi, ui+vr)
			yr3[q], yi3[q] = w3.times(ur+vi, ui-vr)
			yr4[q], yi4[q] = w4.times(pr+ti, pi-tr)
		}
	}
}

func (s *stage) run7(x, y pair) {
	m := s.groups
	c1, c2, c3 := s.roots[1].re, s.roots[2].re, s.roots[3].re
	d1, d2, d3 := s.roots[1].im, s.roots[2].im, s.roots[3].im
	for g := range m {
		w := (*[6]turn)(s.w[6*g:])
		xr0, xi0 := s.part(x, g)
		xr1, xi1 := s.part(x, g+m)
		xr2, xi2 := s.part(x, g+2*m)
		xr3, xi3 := s.part(x, g+3*m)
		xr4, xi4 := s.part(x, g+4*m)
		xr5, xi5 := s.part(x, g+5*m)
		xr6, xi6 := s.part(x, g+6*m)
		yr0, yi0 := s.part(y, 7*g)
		yr1, yi1 := s.part(y, 7*g+1)
		yr2, yi2 := s.part(y, 7*g+2)
		yr3, yi3 := s.part(y, 7*g+3)
		yr4, yi4 := s.part(y, 7*g+4)
		yr5, yi5 := s.part(y, 7*g+5)
		yr6, yi6 := s.part(y, 7*g+6)
		for q := range xr0 {
			r0, i0 := xr0[q], xi0[q]
			ar, ai := xr1[q]+xr6[q], xi1[q]+xi6[q]
			br, bi := xr2[q]+xr5[q], xi2[q]+xi5[q]
			er, ei := xr3[q]+xr4[q], xi3[q]+xi4[q]
			fr, fi := xr1[q]-xr6[q], xi1[q]-xi6[q]
			hr, hi := xr2[q]-xr5[q], xi2[q]-xi5[q]
			kr, ki := xr3[q]-xr4[q], xi3[q]-xi4[q]
			yr0[q], yi0[q] = r0+ar+br+er, i0+ai+bi+ei

			pr, pi := r0+float64(c1*ar)+float64(c2*br)+float64(c3*er), i0+float64(c1*ai)+float64(c2*bi)+float64(c3*ei)
			tr, ti := float64(d1*fr)+float64(d2*hr)+float64(d3*kr), float64(d1*fi)+float64(d2*hi)+float64(d3*ki)
			yr1[q], yi1[q] = w[0].times(pr-ti, pi+tr)
			yr6[q], yi6[q] = w[5].times(pr+ti, pi-tr)

			pr, pi = r0+float64(c2*ar)+float64(c3*br)+float64(c1*er), i0+float64(c2*ai)+float64(c3*bi)+float64(c1*ei)
			tr, ti = float64(d2*fr)-float64(d3*hr)-float64(d1*kr), float64(d2*fi)-float64(d3*hi)-float64(d1*ki)
			yr2[q], yi2[q] = w[1].times(pr-ti, pi+tr)
			yr5[q], yi5[q] = w[4].times(pr+ti, pi-tr)

			pr, pi = r0+float64(c3*ar)+float64(c1*br)+float64(c2*er), i0+float64(c3*ai)+float64(c1*bi)+float64(c2*ei)
			tr, ti = float64(d3*fr)-float64(d1*hr)+float64(d2*kr), float64(d3*fi)-float64(d1*hi)+float64(d2*ki)
			yr3[q], yi3[q] = w[2].times(pr-ti, pi+tr)
			yr4[q], yi4[q] = w[3].times(pr+ti, pi-tr)
		}
	}
}

// runAny is the plain sum, for prime factors that only odd rates have.
func (s *stage) runAny(x, y pair) {
	r := s.radix
	for g := range s.groups {
		for k := range r {
			yr, yi := s.part(y, r*g+k)
			clear(yr)
			clear(yi)
			for j := range r {
				t := s.roots[j*k%r]
				xr, xi := s.part(x, g+j*s.groups)
				for q := range xr {
					re, im := t.times(xr[q], xi[q])
					yr[q] += re
					yi[q] += im
				}
			}
			if k == 0 {
				continue
			}
			w := s.w[g*(r-1)+k-1]
			for q := range yr {
				yr[q], yi[q] = w.times(yr[q], yi[q])
			}
		}
	}
}
