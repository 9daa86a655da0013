package dyn

import "golang.org/x/sys/cpu"

// useAVX is false on processors from before 2011, and in the test that compares.
var useAVX = cpu.X86.HasAVX

// doubleAVX is [interpolation.double] in vector instructions, with the same bits.
//
//go:noescape
func doubleAVX(out *[2 * group]float64, x *[group + 2*halfPairs - 1]float64, half *[halfPairs]float64)
