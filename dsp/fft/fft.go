// Package fft is the Fourier transform of real signals whose length is a power of two.
//
// A signal of n samples is taken as n/2 complex ones (even samples real, odd samples imaginary), which go
// through Stockham's form of the transform in steps of radix 4: each pass reads one
// buffer and writes another already in order, so that there is no bit reversal, and
// inner loops run along memory. Real and imaginary parts are in slices of their own, because
// the arithmetic of complex128 may be fused by the compiler and then differs between machines.
package fft

import (
	"fmt"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Plan transforms signals of one length. It holds scratch memory, so that one
// plan serves one goroutine.
type Plan struct {
	n      int       // real samples
	passes []pass    // of the complex transform of n/2 points
	split  []float64 // e^(-2πik/n)/2 as cos, -sin in turn, k <= n/4: takes even and odd samples apart

	a, b buffer
}

// buffer is n/2 complex numbers.
type buffer struct{ re, im []float64 }

func newBuffer(n int) buffer { return buffer{make([]float64, n), make([]float64, n)} }

// pass is one step of the transform: 4·quarter groups of stride numbers each.
type pass struct {
	quarter, stride int
	// twiddle has six numbers for each p < quarter: w, w², w³ with w = e^(-2πip/(4 quarter)).
	twiddle []float64
}

// New returns a plan for n real samples, a power of two not below 4. Any
// other n is a programmer's mistake, and panics.
func New(n int) *Plan {
	if n < 4 || n&(n-1) != 0 {
		panic(fmt.Sprintf("fft: length %d is not a power of two from 4 up", n))
	}
	half := n / 2
	p := &Plan{n: n, a: newBuffer(half), b: newBuffer(half)}
	size, stride := half, 1
	for ; size >= 4; size, stride = size/4, stride*4 {
		p.passes = append(p.passes, newPass(size, stride))
	}
	for k := range n/4 + 1 {
		c, s := turn(k, n)
		p.split = append(p.split, c/2, s/2)
	}
	return p
}

func newPass(size, stride int) pass {
	p := pass{quarter: size / 4, stride: stride}
	for k := range p.quarter {
		for j := 1; j <= 3; j++ {
			c, s := turn(j*k, size)
			p.twiddle = append(p.twiddle, c, s)
		}
	}
	return p
}

// turn returns the real and imaginary part of e^(-2πik/n).
func turn(k, n int) (re, im float64) {
	x := 2 * float64(k) / float64(n) // exact: n is a power of two
	return xmath.CosPi(x), -xmath.SinPi(x)
}

// Len returns the number of real samples.
func (p *Plan) Len() int { return p.n }

// Bins returns the number of frequencies: n/2+1, from 0 to half the sample rate.
func (p *Plan) Bins() int { return p.n/2 + 1 }

// Forward computes the spectrum of the n samples in x: bin k is
// Σ x[i] e^(-2πik i/n), its real part in re and its imaginary part in im, each n/2+1
// long. x is not changed and must not overlap with the result.
func (p *Plan) Forward(x, re, im []float64) {
	half := p.n / 2
	x, re, im = x[:p.n], re[:half+1], im[:half+1]
	z := p.run(p.load(x))

	// z is the spectrum of even + i odd samples. What is even about it
	// (z[k] + z*[half-k])/2 belongs to the even samples, what is odd to the odd ones; the
	// latter lie one sample later: times e^(-2πik/n).
	re[0], im[0] = z.re[0]+z.im[0], 0
	re[half], im[half] = z.re[0]-z.im[0], 0
	zr, zi := z.re[:half], z.im[:half]
	for k := 1; k < half-k; k++ {
		m := half - k
		w := p.split[2*k : 2*k+2 : 2*k+2]
		evenRe, evenIm := float64(0.5*(zr[k]+zr[m])), float64(0.5*(zi[k]-zi[m]))
		oddRe, oddIm := zi[k]+zi[m], zr[m]-zr[k]
		tr := float64(w[0]*oddRe) - float64(w[1]*oddIm)
		ti := float64(w[0]*oddIm) + float64(w[1]*oddRe)
		re[k], im[k] = evenRe+tr, evenIm+ti
		re[m], im[m] = evenRe-tr, ti-evenIm
	}
	re[half/2], im[half/2] = zr[half/2], -zi[half/2]
}

// Inverse computes the n samples x whose spectrum is re, im: Inverse after
// Forward gives the signal back, to rounding. The imaginary parts of the first
// and the last bin count as 0. re and im are not changed and must not overlap with x.
func (p *Plan) Inverse(re, im, x []float64) {
	half := p.n / 2
	x, re, im = x[:p.n], re[:half+1], im[:half+1]
	// As in Forward, backwards. The inverse of a transform is the transform with
	// real and imaginary parts exchanged before and after, so z's parts are
	// written crosswise.
	scale := 1 / float64(p.n)
	zr, zi := p.a.im[:half], p.a.re[:half]
	zr[0], zi[0] = scale*(re[0]+re[half]), scale*(re[0]-re[half])
	twice := 2 * scale
	for k := 1; k < half-k; k++ {
		m := half - k
		w := p.split[2*k : 2*k+2 : 2*k+2]
		evenRe, evenIm := float64(scale*(re[k]+re[m])), float64(scale*(im[k]-im[m]))
		dr, di := twice*(re[k]-re[m]), twice*(im[k]+im[m]) // twice: w is halved
		oddRe := float64(w[0]*dr) + float64(w[1]*di)
		oddIm := float64(w[0]*di) - float64(w[1]*dr)
		zr[k], zi[k] = evenRe-oddIm, evenIm+oddRe
		zr[m], zi[m] = evenRe+oddIm, oddRe-evenIm
	}
	zr[half/2], zi[half/2] = twice*re[half/2], -twice*im[half/2]

	var z buffer
	if len(p.passes) == 0 {
		z = p.run(p.a, 0)
	} else {
		p.passes[0].first(p.a, p.b)
		z = p.run(p.b, 1)
	}
	for i := range half {
		x[2*i], x[2*i+1] = z.im[i], z.re[i]
	}
}

// load makes complex numbers of the samples and takes them through the first
// pass. It returns the buffer they are in and how many passes are done.
func (p *Plan) load(x []float64) (buffer, int) {
	if len(p.passes) > 0 {
		p.passes[0].firstReal(x, p.a)
		return p.a, 1
	}
	for i := range p.a.re {
		p.a.re[i], p.a.im[i] = x[2*i], x[2*i+1]
	}
	return p.a, 0
}

// run does the passes that are left, to and fro between the two buffers, and
// returns the one with the result.
func (p *Plan) run(from buffer, done int) buffer {
	to := p.b
	if &from.re[0] == &p.b.re[0] {
		to = p.a
	}
	last := p.n / 2 // what a closing pass of radix 2 would stride over
	for i := range p.passes {
		last /= 4
		if i < done {
			continue
		}
		p.passes[i].run(from, to)
		from, to = to, from
	}
	if last == 2 {
		radix2(from, to)
		return to
	}
	return from
}

// radix2 is the closing pass where the number of points is not a power of 4.
func radix2(from, to buffer) {
	half := len(from.re) / 2
	ar, ai := from.re[:half], from.im[:half]
	br, bi := from.re[half:][:half], from.im[half:][:half]
	sr, si := to.re[:half], to.im[:half]
	dr, di := to.re[half:][:half], to.im[half:][:half]
	for i := range ar {
		sr[i], si[i] = ar[i]+br[i], ai[i]+bi[i]
		dr[i], di[i] = ar[i]-br[i], ai[i]-bi[i]
	}
}
