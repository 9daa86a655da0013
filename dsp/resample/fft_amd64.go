package resample

import "golang.org/x/sys/cpu"

// A stage's vector form (fft_amd64.s): the same bits at three times the speed. The
// stride is a multiple of four, or for first4AVX the number of groups is.

//go:noescape
func first4AVX(xr, xi, yr, yi *float64, lanes *float64, groups int)

//go:noescape
func pass2AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int)

//go:noescape
func pass3AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int, roots *turn)

//go:noescape
func pass4AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int)

//go:noescape
func pass5AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int, roots *turn)

//go:noescape
func pass7AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int, roots *turn)

// useAVX is false on processors from before 2011, and in the test that compares.
var useAVX = cpu.X86.HasAVX

// newLanes returns the turns of a first stage as four of its groups at a time want
// them: the real parts of the four, and the imaginary parts.
func (s *stage) newLanes() []float64 {
	if s.radix != 4 || s.stride != 1 || s.groups%4 != 0 {
		return nil
	}
	lanes := make([]float64, 6*s.groups)
	for g := range s.groups {
		for k := range 3 {
			at := g/4*24 + 8*k + g%4
			lanes[at], lanes[at+4] = s.w[3*g+k].re, s.w[3*g+k].im
		}
	}
	return lanes
}

// runFast does the stage with vector instructions, and reports whether it has any
// for it.
func (s *stage) runFast(x, y pair) bool {
	if !useAVX || s.lanes == nil && s.stride%4 != 0 {
		return false
	}
	n := s.radix * s.groups * s.stride
	// Panics here rather than reads or writes beyond.
	xr, xi, yr, yi := &x.re[:n][0], &x.im[:n][0], &y.re[:n][0], &y.im[:n][0]
	w, roots := &s.w[0], &s.roots[0]
	switch {
	case s.lanes != nil:
		first4AVX(xr, xi, yr, yi, &s.lanes[0], s.groups)
	case s.radix == 2:
		pass2AVX(xr, xi, yr, yi, w, s.groups, s.stride)
	case s.radix == 3:
		pass3AVX(xr, xi, yr, yi, w, s.groups, s.stride, roots)
	case s.radix == 4:
		pass4AVX(xr, xi, yr, yi, w, s.groups, s.stride)
	case s.radix == 5:
		pass5AVX(xr, xi, yr, yi, w, s.groups, s.stride, roots)
	case s.radix == 7:
		pass7AVX(xr, xi, yr, yi, w, s.groups, s.stride, roots)
	default:
		return false
	}
	return true
}
