package colour

import "golang.org/x/sys/cpu"

// hyperbolicAVX is hyperbolic for n values, a positive multiple of four, at a
// multiple of its speed and with the same bits.
//
//go:noescape
func hyperbolicAVX(x *float64, n int, pre, bias, rest, post float64)

// useAVX is false on processors from before 2011, and in the test that compares.
var useAVX = cpu.X86.HasAVX

// hyperbolicFast bends as many values as vector instructions can and returns how
// many.
func hyperbolicFast(x []float64, pre, bias, rest, post float64) int {
	n := len(x) &^ 3
	if n == 0 || !useAVX {
		return 0
	}
	hyperbolicAVX(&x[0], n, pre, bias, rest, post)
	return n
}
