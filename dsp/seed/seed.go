// Package seed makes random numbers that depend on nothing but their key and
// their place: the same song gets the same dither and the same modulation on every
// machine, in any order of work, and from any point on.
//
// A generator with a state would have to be run up to the point where a number
// is wanted. This one is a function of a counter, in the manner of Salmon et al.,
// "Parallel Random Numbers: As Easy as 1, 2, 3" (2011), with a mixing function on 64 bits
// instead of a cipher: ample for audio, and no use as a secret.
package seed

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Of returns a key made of names, such as song, place in the graph and
// channel. Parts keep their borders: Of("ab", "c") is not Of("a", "bc").
func Of(parts ...string) uint64 {
	h := sha256.New()
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		h.Write(length[:])
		h.Write([]byte(p))
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// Stream is an endless row of random numbers, addressed by position. Streams of
// different keys have nothing to do with each other.
type Stream struct {
	key, next uint64
}

// New returns the stream of a key, at position 0.
func New(key uint64) Stream { return Stream{key: key} }

// Bits returns 64 random bits: number n of the stream.
func (s Stream) Bits(n uint64) uint64 {
	// The counter takes steps of an odd number near 2^64/φ, so that neighbours
	// differ in many bits; the key enters before both rounds, so that streams
	// are not shifted copies of one another. The constant keeps key 0 at
	// position 0 away from mix(0) = 0.
	x := mix(n*0x9e3779b97f4a7c15 + s.key + 0xd1b54a32d192ed03)
	return mix(x ^ bits.RotateLeft64(s.key, 32))
}

// mix spreads every bit over all bits and loses nothing: each step can be undone. The
// constants are David Stafford's "mix 13" (2011), as in SplitMix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Uniform returns number n of the stream, evenly distributed between -0.5 and
// 0.5, both excluded, with mean exactly zero.
func (s Stream) Uniform(n uint64) float64 { return uniform(s.Bits(n)) }

// uniform takes the top 52 bits and puts the value into the middle of its
// step: everything here is exact.
func uniform(bits uint64) float64 {
	return float64(float64(int64(bits>>12)-1<<51)*(1./(1<<52))) + 1./(1<<53)
}

// Next returns the number at the stream's position and moves on.
func (s *Stream) Next() float64 {
	s.next++
	return s.Uniform(s.next - 1)
}

// Seek moves to position n; Seek(0) starts again.
func (s *Stream) Seek(n uint64) { s.next = n }
