//go:build !amd64

package dyn

const useAVX = false

func doubleAVX(out *[2 * group]float64, x *[group + 2*halfPairs - 1]float64, half *[halfPairs]float64) {
}
