//go:build !amd64

package vector

const useAVX = false

func addAVX(dst, src *float64, n int) {}

func subtractAVX(dst, src *float64, n int) {}

func putAVX(dst, src *float64, n int) {}

func scaleAVX(x *float64, n int, gain float64) {}

func multiplyAVX(x, gains *float64, n int) {}

func round32AVX(x *float64, n int) {}

func largestAVX(x *float64, n int) float64 { return 0 }

func aboveAVX(x *float64, n int, floor float64) (sum, largest float64, count int) { return 0, 0, 0 }

func spansAVX(dst *Span, x *float64, groups int) {}

func boundsAVX(dst *float64, spans *Span, n int, weights *float64, taps int, lift float64) {}

func dotsAVX(p, q, x *float64, n int) (a, b float64) { return 0, 0 }

func split16AVX(left, right *float64, raw *byte, n int) {}

func split24AVX(left, right *float64, raw *byte, n int) {}

func split32AVX(left, right *float64, raw *byte, n int) (odd int) { return 0 }

func join32AVX(raw *byte, left, right *float64, n int) {}

func join24AVX(raw *byte, left, right *int32, n int) (out uint32) { return 0 }
