package loudness

import "golang.org/x/sys/cpu"

// useAVX is false on processors from before 2011, and in the test that compares.
var useAVX = cpu.X86.HasAVX

//go:noescape
func kEnergyAVX(f *kFilter, s *kPair, x, y *float64, n int)

//go:noescape
func halvesAVX(dst, x, taps *float64)

//go:noescape
func quartersAVX(even, odd, x, quarter, skew *float64)

//go:noescape
func tallyAVX(out *tallies, x *float64, n int)

//go:noescape
func productAVX(out *[4]float64, x, y *float64, n int)
