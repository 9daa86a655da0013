// Package xmath holds elementary functions that give the same bits on every
// machine.
//
// The functions of package math do not: some are assembly on one architecture
// and Go on another, the compiler fuses x*y + z into one rounding where the
// processor can, and math.Exp even looks at the processor when it runs. Here
// everything is plain Go, every product that is added to something is rounded
// first with a float64 conversion (which the language forbids to fuse), and
// only operations that IEEE 754 rounds correctly are used.
//
// Errors are at most 1 ulp (unit in the last place) over the whole range,
// subnormal results included; the tests measure them against math/big and
// print the largest one found, which for most functions is about 0.6. Special
// cases (±0, ±Inf, NaN, out of range) are those of package math. The Fast
// functions are coarser, for control signals, and say by how much.
//
// The method is the same throughout: a table, made with math/big by
// internal/gentables, brings the argument so close to a point with a known value that a
// few terms of Taylor's series do; the leading term is carried in two parts, and
// what is added to it last is so small that its rounding hardly shows.
package xmath

import "math"

//go:generate go run ./internal/gentables

const (
	inf       = 0x7ff << 52 // bits of +Inf
	minNormal = 1 << 52     // bits of the smallest normal number
	signBit   = 1 << 63
	absMask   = signBit - 1

	// roundBias, added to a float64 below 2^51 and taken off again, rounds it
	// to an integer, which meanwhile stands in the low bits.
	roundBias = 3 << 51
)

// upper returns x cut to 26 significant bits, so that products of two such are
// exact; x - upper(x) is exact as well.
func upper(x float64) float64 {
	return math.Float64frombits(math.Float64bits(x) &^ (1<<27 - 1))
}

// product returns p + e = a b, p being the rounded product (after Dekker 1971).
func product(a, b float64) (p, e float64) {
	p = float64(a * b)
	a1, b1 := upper(a), upper(b)
	a2, b2 := a-a1, b-b1
	e = float64(a1*b1) - p
	e += float64(a1 * b2)
	e += float64(a2 * b1)
	e += float64(a2 * b2)
	return p, e
}

// sum returns s + e = a + b, s being the rounded sum, for any a and b (Knuth).
func sum(a, b float64) (s, e float64) {
	s = a + b
	t := s - a
	return s, (a - (s - t)) + (b - t)
}

// quotient returns (n1+n2) / (d1+d2), n2 and d2 being small beside n1 and d1.
func quotient(n1, n2, d1, d2 float64) float64 {
	q := n1 / d1
	p, e := product(q, d1)
	rest := (n1 - p) - e + (n2 - float64(q*d2))
	return q + rest/d1
}
