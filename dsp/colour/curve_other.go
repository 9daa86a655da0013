//go:build !amd64

package colour

// hyperbolicFast bends nothing: hyperbolic does it all.
func hyperbolicFast(x []float64, pre, bias, rest, post float64) int { return 0 }
