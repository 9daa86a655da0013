package audiofile

import (
	"encoding/binary"
	"math"

	"github.com/lathe-audio/lathe/dsp/vector"
)

// A converter turns the interleaved samples of raw into the channels of dst
// from frame at on. It returns the number of the first frame (counted from the
// beginning of raw) that holds a NaN or an infinity, or -1.
//
// Scaling is by a power of two, hence exact: float64 holds all 32 bits.
type converter func(dst [][]float64, at, frames int, raw []byte) (bad int)

// converterFor chooses the loop for a format: stereo at the usual depths has
// loops of its own, everything else goes channel by channel.
func converterFor(f pcmFormat) converter {
	stereo := f.channels == 2
	switch {
	case f.float && f.container == 4 && stereo:
		return stereoFloat32
	case f.float && f.container == 4:
		return planarFloat32
	case f.float:
		return planarFloat64
	case f.container == 1:
		return planarUint8
	case f.container == 2 && stereo:
		return stereoInt16
	case f.container == 2:
		return planarInt16
	case f.container == 3 && stereo:
		return stereoInt24
	case f.container == 3:
		return planarInt24
	default:
		return planarInt32
	}
}

const (
	scale8  = 1.0 / (1 << 7)
	scale16 = 1.0 / (1 << 15)
	scale32 = 1.0 / (1 << 31)
)

func stereoInt16(dst [][]float64, at, frames int, raw []byte) int {
	left := dst[0][at : at+frames]
	right := dst[1][at:][:len(left)]
	vector.Split16(left, right, raw)
	return -1
}

func stereoInt24(dst [][]float64, at, frames int, raw []byte) int {
	left := dst[0][at : at+frames]
	right := dst[1][at:][:len(left)]
	vector.Split24(left, right, raw)
	return -1
}

func int24(b []byte) float64 {
	return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) * scale32
}

func planarUint8(dst [][]float64, at, frames int, raw []byte) int {
	step := len(dst)
	for ch := range dst {
		out := dst[ch][at : at+frames]
		for i := range out {
			out[i] = float64(int(raw[i*step+ch])-128) * scale8
		}
	}
	return -1
}

func planarInt16(dst [][]float64, at, frames int, raw []byte) int {
	step := 2 * len(dst)
	for ch := range dst {
		out := dst[ch][at : at+frames]
		for i := range out {
			out[i] = float64(int16(binary.LittleEndian.Uint16(raw[i*step+2*ch:]))) * scale16
		}
	}
	return -1
}

func planarInt24(dst [][]float64, at, frames int, raw []byte) int {
	step := 3 * len(dst)
	for ch := range dst {
		out := dst[ch][at : at+frames]
		for i := range out {
			out[i] = int24(raw[i*step+3*ch:][:3])
		}
	}
	return -1
}

func planarInt32(dst [][]float64, at, frames int, raw []byte) int {
	step := 4 * len(dst)
	for ch := range dst {
		out := dst[ch][at : at+frames]
		for i := range out {
			out[i] = float64(int32(binary.LittleEndian.Uint32(raw[i*step+4*ch:]))) * scale32
		}
	}
	return -1
}

// Exponents of all ones are NaN and the infinities.
const (
	exp32 = 0x7f80_0000
	exp64 = 0x7ff0_0000_0000_0000
)

func stereoFloat32(dst [][]float64, at, frames int, raw []byte) int {
	left := dst[0][at : at+frames]
	right := dst[1][at:][:len(left)]
	if vector.Split32(left, right, raw) {
		return -1
	}
	return planarFloat32(dst, at, frames, raw) // which says where
}

func planarFloat32(dst [][]float64, at, frames int, raw []byte) int {
	step := 4 * len(dst)
	bad := -1
	for ch := range dst {
		out := dst[ch][at : at+frames]
		for i := range out {
			u := binary.LittleEndian.Uint32(raw[i*step+4*ch:])
			if u&exp32 == exp32 {
				bad, frames = i, i // the other channels only up to here
				break
			}
			out[i] = float64(math.Float32frombits(u))
		}
	}
	return bad
}

func planarFloat64(dst [][]float64, at, frames int, raw []byte) int {
	step := 8 * len(dst)
	bad := -1
	for ch := range dst {
		out := dst[ch][at : at+frames]
		for i := range out {
			u := binary.LittleEndian.Uint64(raw[i*step+8*ch:])
			if u&exp64 == exp64 {
				bad, frames = i, i
				break
			}
			out[i] = math.Float64frombits(u)
		}
	}
	return bad
}
