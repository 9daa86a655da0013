package audiofile

import "math/bits"

// usualMask is which loudspeakers the channels of a file are for that does not
// say so: the order that WAV prescribes and FLAC shares (RFC 9639, 9.1.3). The
// bits are those of WAVE_FORMAT_EXTENSIBLE: front left 1, front right 2, centre
// 4, LFE 8, back left 0x10 and right 0x20, back centre 0x100, side left 0x200
// and right 0x400. Of more than eight channels nothing is known: 0.
func usualMask(channels int) uint32 {
	masks := [...]uint32{0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x70F, 0x63F}
	if channels < len(masks) {
		return masks[channels]
	}
	return 0
}

// fileMask is the mask that a file gives, if it names a loudspeaker for every
// channel. Of more than that the first count, as Microsoft's rules say.
func fileMask(mask uint32, channels int) uint32 {
	if bits.OnesCount32(mask) < channels {
		return usualMask(channels)
	}
	for bits.OnesCount32(mask) > channels {
		mask &^= 1 << (bits.Len32(mask) - 1)
	}
	return mask
}
