package audiofile

import (
	"math"

	"github.com/mewkiz/flac/frame"
)

// packFrame chooses how a stretch of samples is coded: which predictor, partitions
// and stereo coding. The flac package writes the bits; its own choice, fixed
// predictors in one partition, makes files that are a fifth larger.
func packFrame(samples [][]int32, rate, depth int) *frame.Frame {
	f := &frame.Frame{Header: frame.Header{
		HasFixedBlockSize: true,
		BlockSize:         uint16(len(samples[0])),
		SampleRate:        uint32(rate),
		BitsPerSample:     uint8(depth),
		Channels:          frame.ChannelsMono,
	}}
	subframe := func(x []int32, p plan) *frame.Subframe {
		return &frame.Subframe{SubHeader: p.SubHeader, NSamples: len(x), Samples: x}
	}
	if len(samples) == 1 {
		f.Subframes = []*frame.Subframe{subframe(samples[0], choose(samples[0], depth))}
		return f
	}
	left, right := samples[0], samples[1]
	mid, side := make([]int32, len(left)), make([]int32, len(left))
	for i := range left {
		mid[i] = (left[i] + right[i]) >> 1
		side[i] = left[i] - right[i]
	}
	// The two of the four that vary least, and the coding that carries them.
	l, r, m, s := roughness(left), roughness(right), roughness(mid), roughness(side)
	a, b, least := left, right, l+r
	depthA, depthB := depth, depth
	f.Channels = frame.ChannelsLR
	if l+s < least {
		f.Channels, b, depthB, least = frame.ChannelsLeftSide, side, depth+1, l+s
	}
	if s+r < least {
		f.Channels, a, b, depthA, depthB, least = frame.ChannelsSideRight, side, right, depth+1, depth, s+r
	}
	if m+s < least {
		f.Channels, a, b, depthA, depthB = frame.ChannelsMidSide, mid, side, depth, depth+1
	}
	// The encoder takes left and right and forms mid and side itself.
	f.Subframes = []*frame.Subframe{subframe(left, choose(a, depthA)), subframe(right, choose(b, depthB))}
	return f
}

// roughness is the sum of the second differences: a good guess at how many
// bits a channel will take beside another.
func roughness(x []int32) (sum int64) {
	for i := 2; i < len(x); i++ {
		d := int64(x[i]) - 2*int64(x[i-1]) + int64(x[i-2])
		sum += max(d, -d)
	}
	return sum
}

// plan is a way to code one channel of a frame, and what it costs.
type plan struct {
	frame.SubHeader
	bits int
}

// choose finds the cheapest of: one constant, a fixed predictor, a fitted
// linear predictor, and the samples as they are.
func choose(x []int32, depth int) plan {
	if constant(x) {
		return plan{frame.SubHeader{Pred: frame.PredConstant}, 8 + depth}
	}
	best := plan{frame.SubHeader{Pred: frame.PredVerbatim}, 8 + depth*len(x)}
	try := func(p plan, coeffs []int32, shift int) {
		if len(x) <= p.Order {
			return
		}
		residual, fits := predict(x, coeffs, shift)
		if !fits {
			return
		}
		rice, method, cost := partition(residual, p.Order)
		p.RiceSubframe, p.ResidualCodingMethod = rice, method
		if p.bits += 8 + depth*p.Order + cost; p.bits < best.bits {
			best = p
		}
	}
	for _, order := range []int{0, 1, 2, 4} {
		try(plan{SubHeader: frame.SubHeader{Pred: frame.PredFixed, Order: order}}, frame.FixedCoeffs[order], 0)
	}
	auto := correlate(x, 12)
	for _, order := range []int{6, 12} {
		coeffs, shift := fit(auto, order)
		if coeffs == nil || len(x) <= 2*order {
			break
		}
		try(plan{SubHeader: frame.SubHeader{
			Pred: frame.PredFIR, Order: order,
			Coeffs: coeffs, CoeffPrec: coeffBits, CoeffShift: int32(shift),
		}, bits: 9 + coeffBits*order}, coeffs, shift)
	}
	return best
}

func constant(x []int32) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

// predict returns what a predictor leaves over, and whether it can be written.
func predict(x, coeffs []int32, shift int) (residual []int32, fits bool) {
	order := len(coeffs)
	residual = make([]int32, len(x)-order)
	for i := range residual {
		var sum int64
		past := x[i : i+order]
		for j, c := range coeffs {
			sum += int64(c) * int64(past[order-1-j])
		}
		r := int64(x[i+order]) - sum>>uint(shift)
		if r > 1<<29 || r < -1<<29 {
			return nil, false
		}
		residual[i] = int32(r)
	}
	return residual, true
}

// partition finds into how many partitions the residual is best cut, each with
// a Rice parameter of its own (RFC 9639, section 9.2.7). It works on the sums
// of the finest partitions, so that it looks at every sample once.
func partition(residual []int32, order int) (*frame.RiceSubframe, frame.ResidualCodingMethod, int) {
	n := len(residual) + order
	finest := 0
	for finest < 6 && n%(2<<finest) == 0 && n>>(finest+1) > order {
		finest++
	}
	sums := make([]uint64, 1<<finest)
	for part := range sums {
		for _, r := range residual[max(0, part*(n>>finest)-order) : (part+1)*(n>>finest)-order] {
			sums[part] += uint64(uint32(r<<1 ^ r>>31))
		}
	}
	var best *frame.RiceSubframe
	bestMethod, bestCost := frame.ResidualCodingMethodRice1, math.MaxInt
	for p := finest; p >= 0; p-- {
		rice := &frame.RiceSubframe{PartOrder: p}
		cost, largest := 6, uint(0)
		for part, sum := range sums {
			count := n >> p
			if part == 0 {
				count -= order
			}
			k, c := riceParameter(sum, count)
			rice.Partitions = append(rice.Partitions, frame.RicePartition{Param: k})
			largest = max(largest, k)
			cost += c
		}
		method, width := frame.ResidualCodingMethodRice1, 4
		if largest > 14 {
			method, width = frame.ResidualCodingMethodRice2, 5
		}
		if cost += width << p; cost < bestCost {
			best, bestMethod, bestCost = rice, method, cost
		}
		for i := range len(sums) / 2 {
			sums[i] = sums[2*i] + sums[2*i+1]
		}
		sums = sums[:len(sums)/2]
	}
	return best, bestMethod, bestCost
}

// riceParameter returns the best parameter for a partition of so many values
// with that sum, and about the bits it then takes: dropping k bits of a value
// loses (2^k - 1)/2 on average.
func riceParameter(sum uint64, count int) (k uint, cost int) {
	cost = math.MaxInt
	for t := range uint(30) {
		lost := uint64(count) * (1<<t - 1) / 2
		high := 0
		if sum > lost {
			high = int((sum - lost) >> t)
		}
		c := (int(t)+1)*count + high
		if c >= cost {
			break
		}
		k, cost = t, c
	}
	return k, cost
}

// coeffBits is the word length of a fitted predictor's coefficients.
const coeffBits = 14

// correlate returns the autocorrelation of x under a parabolic window, lags 0 to order.
func correlate(x []int32, order int) []float64 {
	n := len(x)
	windowed := make([]float64, n)
	for i, v := range x {
		t := float64(2*i+1)/float64(n) - 1
		windowed[i] = float64(v) * (1 - float64(t*t))
	}
	auto := make([]float64, order+1)
	for k := range min(n, len(auto)) {
		past := windowed[:n-k]
		sum := 0.0
		for i, v := range windowed[k:] {
			sum += float64(v * past[i])
		}
		auto[k] = sum
	}
	return auto
}

// fit returns the linear predictor of an order (Levinson and Durbin's
// recursion) in integers, or nil where none can be had.
func fit(auto []float64, order int) (coeffs []int32, shift int) {
	if auto[0] == 0 {
		return nil, 0
	}
	a := make([]float64, order)
	failure := auto[0]
	for i := range order {
		r := auto[i+1]
		for j := range i {
			r -= float64(a[j] * auto[i-j])
		}
		r /= failure
		previous := append([]float64(nil), a[:i]...)
		for j := range i {
			a[j] = previous[j] - float64(r*previous[i-1-j])
		}
		a[i] = r
		if failure *= 1 - float64(r*r); failure <= 0 {
			return nil, 0
		}
	}
	return rounded(a)
}

// rounded scales a predictor to integers of coeffBits; rounding errors are handed on to the
// next coefficient.
func rounded(a []float64) (coeffs []int32, shift int) {
	largest := 0.0
	for _, c := range a {
		largest = max(largest, math.Abs(c))
	}
	_, exponent := math.Frexp(largest)
	if shift = min(coeffBits-1-exponent, 15); shift < 0 {
		return nil, 0
	}
	const top = 1<<(coeffBits-1) - 1
	carry := 0.0
	for _, c := range a {
		exact := math.Ldexp(c, shift) + carry
		q := math.RoundToEven(exact)
		q = max(-top-1, min(top, q))
		carry = exact - q
		coeffs = append(coeffs, int32(q))
	}
	return coeffs, shift
}
