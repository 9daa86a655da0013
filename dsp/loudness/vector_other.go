//go:build !amd64

package loudness

const useAVX = false

func kEnergyAVX(f *kFilter, s *kPair, x, y *float64, n int) {}

func halvesAVX(dst, x, taps *float64) {}

func quartersAVX(even, odd, x, quarter, skew *float64) {}

func tallyAVX(out *tallies, x *float64, n int) {}

func productAVX(out *[4]float64, x, y *float64, n int) {}
