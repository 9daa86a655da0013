//go:build !amd64

package filter

const useAVX = false

func pairAVX(a, b *core, l, r *float64, n int) {}
