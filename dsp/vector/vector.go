// Package vector holds the plain loops over samples that a build spends much of its
// time in: sums, gains, extremes, and turning samples into bytes and back. Each has a
// twin in vector instructions where the processor has them, with the same bits: an
// element is worked out with the same operations, and a sum that is spread over four
// lanes there is spread over four variables here.
//
// Slices that go together must be equally long, or as long as is said; nothing else is
// checked.
package vector

import "math"

// lanes is how many samples a register holds.
const lanes = 4

// whole is how many of n samples fill registers; 0 without such instructions.
func whole(n int) int {
	if !useAVX {
		return 0
	}
	return max(n, 0) &^ (lanes - 1)
}

// Add adds src to dst.
func Add(dst, src []float64) {
	src = src[:len(dst)]
	n := whole(len(dst))
	if n > 0 {
		addAVX(&dst[0], &src[0], n)
	}
	for i := n; i < len(dst); i++ {
		dst[i] += src[i]
	}
}

// Subtract takes src off dst.
func Subtract(dst, src []float64) {
	src = src[:len(dst)]
	n := whole(len(dst))
	if n > 0 {
		subtractAVX(&dst[0], &src[0], n)
	}
	for i := n; i < len(dst); i++ {
		dst[i] -= src[i]
	}
}

// Put makes dst src + 0: a copy but for -0, of which it makes +0 as a sum of
// several signals does.
func Put(dst, src []float64) {
	src = src[:len(dst)]
	n := whole(len(dst))
	if n > 0 {
		putAVX(&dst[0], &src[0], n)
	}
	for i := n; i < len(dst); i++ {
		dst[i] = src[i] + 0
	}
}

// Scale multiplies x by a gain.
func Scale(x []float64, gain float64) {
	n := whole(len(x))
	if n > 0 {
		scaleAVX(&x[0], n, gain)
	}
	for i := n; i < len(x); i++ {
		x[i] *= gain
	}
}

// Multiply multiplies each sample of x by its gain.
func Multiply(x, gains []float64) {
	gains = gains[:len(x)]
	n := whole(len(x))
	if n > 0 {
		multiplyAVX(&x[0], &gains[0], n)
	}
	for i := n; i < len(x); i++ {
		x[i] *= gains[i]
	}
}

// Round32 rounds x to 32-bit floats.
func Round32(x []float64) {
	n := whole(len(x))
	if n > 0 {
		round32AVX(&x[0], n)
	}
	for i := n; i < len(x); i++ {
		x[i] = float64(float32(x[i]))
	}
}

// Largest returns the largest magnitude in x; 0 where it is empty. What is no number
// is passed over.
func Largest(x []float64) float64 {
	largest := 0.0
	n := whole(len(x))
	if n > 0 {
		largest = largestAVX(&x[0], n)
	}
	for _, v := range x[n:] {
		if v = math.Abs(v); v > largest {
			largest = v
		}
	}
	return largest
}

// Above adds up the samples of x that are above a floor, and tells how many there are
// and the largest of them; what is no number is not. The floor is 0 or more.
func Above(x []float64, floor float64) (sum, largest float64, count int) {
	n := whole(len(x))
	if n > 0 {
		sum, largest, count = aboveAVX(&x[0], n, floor)
	} else {
		var lane [lanes]float64
		n = len(x) &^ (lanes - 1)
		for i, v := range x[:n] {
			if v > floor {
				lane[i%lanes] += v
				largest = max(largest, v)
				count++
			}
		}
		sum = (lane[0] + lane[1]) + (lane[2] + lane[3])
	}
	for _, v := range x[n:] {
		if v > floor {
			sum += v
			largest = max(largest, v)
			count++
		}
	}
	return sum, largest, count
}

// Group is how many samples a [Span] is of.
const Group = 8

// Span is the range of a group of samples: from Middle - Reach to Middle + Reach.
type Span struct{ Middle, Reach float64 }

// Spans finds the span of each group of x, which are finite; x is a whole number of
// groups, dst as many.
func Spans(dst []Span, x []float64) {
	if len(dst) == 0 {
		return
	}
	x = x[:Group*len(dst)]
	if useAVX {
		spansAVX(&dst[0], &x[0], len(dst))
		return
	}
	for g := range dst {
		dst[g] = SpanOf(x[g*Group:][:Group])
	}
}

// SpanOf is the span of some samples, at least one.
func SpanOf(x []float64) Span {
	low, high := x[0], x[0]
	for _, v := range x[1:] {
		low, high = min(low, v), max(high, v)
	}
	return Span{(high + low) / 2, (high - low) / 2}
}

// Bounds tells how far weighted sums of samples may reach. An odd number of weights,
// one for each group around the middle one, say how much a sample of magnitude 1 there
// can add to a sum. Where all weights of the samples together are lift at the most, what
// all samples have in common comes out of a sum as it is but for lift, and only how far they stray from
// it is weighed by the group's worst. dst[i] is for spans[i : i+len(weights)], so there are
// len(weights)-1 spans more than bounds.
func Bounds(dst []float64, spans []Span, weights []float64, lift float64) {
	spans = spans[:len(dst)+len(weights)-1]
	n := whole(len(dst))
	if n > 0 {
		boundsAVX(&dst[0], &spans[0], n, &weights[0], len(weights), lift)
	}
	for i := n; i < len(dst); i++ {
		middle := spans[i+len(weights)/2].Middle
		most := float64(lift * math.Abs(middle))
		for k, w := range weights {
			s := &spans[i+k]
			most += float64(w * (math.Abs(s.Middle-middle) + s.Reach))
		}
		dst[i] = most
	}
}

// Dots returns the sums of the products of p and of q with x. Their length is a
// multiple of four.
func Dots(p, q, x []float64) (a, b float64) {
	q, x = q[:len(p)], x[:len(p)]
	if len(p) == 0 {
		return 0, 0
	}
	if useAVX {
		return dotsAVX(&p[0], &q[0], &x[0], len(p))
	}
	return dot(p, x), dot(q, x)
}

func dot(p, x []float64) float64 {
	var a, b, c, d float64
	for ; len(p) >= lanes; p, x = p[lanes:], x[lanes:] {
		a += float64(p[0] * x[0])
		b += float64(p[1] * x[1])
		c += float64(p[2] * x[2])
		d += float64(p[3] * x[3])
	}
	return (a + b) + (c + d)
}
