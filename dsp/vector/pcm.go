package vector

import (
	"encoding/binary"
	"math"
)

// The functions below take interleaved stereo samples apart and put them together,
// little-endian as in a WAV file. Scaling is by powers of two, hence exact.

const (
	scale16 = 1.0 / (1 << 15)
	scale32 = 1.0 / (1 << 31)
	exp32   = 0x7f80_0000 // an exponent of all ones: NaN and the infinities
)

// Split16 takes frames of 16-bit samples apart, as many as left and right have.
func Split16(left, right []float64, raw []byte) {
	right, raw = right[:len(left)], raw[:4*len(left)]
	n := whole(len(left))
	if n > 0 {
		split16AVX(&left[0], &right[0], &raw[0], n)
	}
	for i := n; i < len(left); i++ {
		u := binary.LittleEndian.Uint32(raw[4*i:])
		left[i] = float64(int16(u)) * scale16
		right[i] = float64(int16(u>>16)) * scale16
	}
}

// Split24 takes frames of 24-bit samples apart, as many as left and right have.
func Split24(left, right []float64, raw []byte) {
	right, raw = right[:len(left)], raw[:6*len(left)]
	// Four frames of 24 bytes take 28 bytes of loading: the last frame is not for it.
	n := whole(len(left) - 1)
	if n > 0 {
		split24AVX(&left[0], &right[0], &raw[0], n)
	}
	for i := n; i < len(left); i++ {
		b := raw[6*i:][:6]
		// Each sample in the upper 24 bits of an int32, so that the sign is its own.
		left[i] = float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) * scale32
		right[i] = float64(int32(uint32(b[3])<<8|uint32(b[4])<<16|uint32(b[5])<<24)) * scale32
	}
}

// Split32 takes frames of 32-bit floats apart, as many as left and right have. It
// reports whether all are finite.
func Split32(left, right []float64, raw []byte) (finite bool) {
	right, raw = right[:len(left)], raw[:8*len(left)]
	finite = true
	n := whole(len(left))
	if n > 0 {
		finite = split32AVX(&left[0], &right[0], &raw[0], n) == 0
	}
	for i := n; i < len(left); i++ {
		u := binary.LittleEndian.Uint64(raw[8*i:])
		l, r := uint32(u), uint32(u>>32)
		if l&exp32 == exp32 || r&exp32 == exp32 {
			finite = false
		}
		left[i] = float64(math.Float32frombits(l))
		right[i] = float64(math.Float32frombits(r))
	}
	return finite
}

// Join32 puts frames of 32-bit floats together, rounding to nearest.
func Join32(raw []byte, left, right []float64) {
	right, raw = right[:len(left)], raw[:8*len(left)]
	n := whole(len(left))
	if n > 0 {
		join32AVX(&raw[0], &left[0], &right[0], n)
	}
	for i := n; i < len(left); i++ {
		u := uint64(math.Float32bits(float32(right[i])))<<32 | uint64(math.Float32bits(float32(left[i])))
		binary.LittleEndian.PutUint64(raw[8*i:], u)
	}
}

// Join24 puts frames of 24-bit samples together. It reports whether all of them fit.
// raw has to be at least [JoinSlack] bytes longer than the frames; what is in these
// bytes afterwards does not count.
func Join24(raw []byte, left, right []int32) (fit bool) {
	right, raw = right[:len(left)], raw[:6*len(left)+JoinSlack]
	var out uint32 // of each sample, moved up by half the range, the bits above that range
	n := whole(len(left))
	if n > 0 {
		out = join24AVX(&raw[0], &left[0], &right[0], n)
	}
	for i := n; i < len(left); i++ {
		l, r := uint32(left[i]), uint32(right[i])
		out |= (l + 1<<23) | (r + 1<<23)
		binary.LittleEndian.PutUint64(raw[6*i:], uint64(l&0xffffff)|uint64(r)<<24)
	}
	return out>>24 == 0
}

// JoinSlack is how many bytes behind the last frame a wide store may touch.
const JoinSlack = 8
