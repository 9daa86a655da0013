//go:build !amd64

package loudness

const useAVX = false

func kEnergyAVX(f *kFilter, s *kPair, x, y *float64, n int) {}

func halvesAVX(dst, x, taps *float64) {}

func quartersAVX(even, odd, x, quarter, skew *float64) {}

func spansAVX(dst *span, x *float64, groups int) {}

func tallyAVX(out *tallies, x *float64, n int) {}

func productAVX(out *[4]float64, x, y *float64, n int) {}

func dotsAVX(p, q, x *float64) (a, b float64) { return 0, 0 }
