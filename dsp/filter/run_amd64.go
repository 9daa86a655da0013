package filter

import "golang.org/x/sys/cpu"

// useAVX is false on processors from before 2011, and in the test that compares.
var useAVX = cpu.X86.HasAVX

// pairAVX is [core.stereo] of a and then of b, for n frames (at least one), with the
// same bits.
//
//go:noescape
func pairAVX(a, b *core, l, r *float64, n int)
