package vector

import "golang.org/x/sys/cpu"

// useAVX is false on processors from before 2011, and in the test that compares.
var useAVX = cpu.X86.HasAVX

// Counts n are positive multiples of four; those of groups and taps are positive, taps
// a multiple of four.

//go:noescape
func addAVX(dst, src *float64, n int)

//go:noescape
func subtractAVX(dst, src *float64, n int)

//go:noescape
func putAVX(dst, src *float64, n int)

//go:noescape
func scaleAVX(x *float64, n int, gain float64)

//go:noescape
func multiplyAVX(x, gains *float64, n int)

//go:noescape
func round32AVX(x *float64, n int)

//go:noescape
func largestAVX(x *float64, n int) float64

//go:noescape
func aboveAVX(x *float64, n int, floor float64) (sum, largest float64, count int)

//go:noescape
func spansAVX(dst *Span, x *float64, groups int)

//go:noescape
func boundsAVX(dst *float64, spans *Span, n int, weights *float64, taps int, lift float64)

//go:noescape
func dotsAVX(p, q, x *float64, n int) (a, b float64)

//go:noescape
func split16AVX(left, right *float64, raw *byte, n int)

// split24AVX reads four bytes more than the frames have.
//
//go:noescape
func split24AVX(left, right *float64, raw *byte, n int)

// split32AVX returns 0 where all samples are finite.
//
//go:noescape
func split32AVX(left, right *float64, raw *byte, n int) (odd int)

//go:noescape
func join32AVX(raw *byte, left, right *float64, n int)

// join24AVX writes four bytes more than the frames have.
//
//go:noescape
func join24AVX(raw *byte, left, right *int32, n int) (out uint32)
