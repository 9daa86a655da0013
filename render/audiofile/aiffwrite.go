package audiofile

import (
	"encoding/binary"
	"io"
	"math"
	"math/bits"
)

// createAIFF writes the header of an AIFF or AIFF-C file to w.
//
// AIFF-C has the kinds of samples that AIFF lacks: "fl32" is 32-bit float, "sowt" is
// 16 bits little-endian, as Mac software imports CDs. Longer integers are "NONE", as in
// AIFF: "in24" and "in32" say the same, and not every reader (SoX) knows them.
func createAIFF(w io.WriteSeeker, spec Spec) (*PCMWriter, error) {
	compressed := spec.format() == "aifc"
	if err := spec.check(maxWritten, []int{16, 24, 32}, compressed); err != nil {
		return nil, err
	}
	h := aiffHeader{spec: spec, compressed: compressed}
	limit := (math.MaxUint32 - int64(len(h.bytes(0))) - 1) / int64(spec.align())
	if spec.Frames > limit {
		return nil, tooLong(spec.format())
	}
	little := aiffCodecs[h.codec()].little
	return newPCM(w, spec, pcmForm{header: h.bytes, foreign: toNative(spec.Bits/8, little, false)}, limit)
}

// aiffHeader is everything before the samples.
type aiffHeader struct {
	spec       Spec
	compressed bool // AIFF-C, which compresses nothing here
}

// codec is the kind of samples.
func (a aiffHeader) codec() string {
	switch {
	case !a.compressed:
		return "NONE"
	case a.spec.Float:
		return "fl32"
	case a.spec.Bits == 16:
		return "sowt"
	}
	return "NONE"
}

// codecNames are what Apple's software calls the kinds of samples.
var codecNames = map[string]string{"NONE": "not compressed", "sowt": "little endian", "fl32": "32-bit floating point"}

func (a aiffHeader) bytes(frames int64) []byte {
	be := binary.BigEndian
	data := frames * int64(a.spec.align())
	comm := be.AppendUint16(nil, uint16(a.spec.Channels))
	comm = be.AppendUint32(comm, uint32(frames))
	comm = be.AppendUint16(comm, uint16(a.spec.Bits))
	comm = append(comm, extendedOf(a.spec.Rate)...)
	h := []byte("FORM\x00\x00\x00\x00AIFF")
	if a.compressed {
		h = append(h[:8], "AIFCFVER\x00\x00\x00\x04\xa2\x80\x51\x40"...)
		name := codecNames[a.codec()]
		comm = append(append(comm, a.codec()...), byte(len(name)))
		if comm = append(comm, name...); len(comm)&1 == 1 {
			comm = append(comm, 0)
		}
	}
	h = be.AppendUint32(append(h, "COMM"...), uint32(len(comm)))
	h = append(h, comm...)
	h = be.AppendUint32(append(h, "SSND"...), uint32(data+8))
	h = append(h, 0, 0, 0, 0, 0, 0, 0, 0) // the samples begin at once, in no blocks
	be.PutUint32(h[4:], uint32(int64(len(h))-8+data+data&1))
	return h
}

// extendedOf is a whole number as an 80-bit extended float, see [extended].
func extendedOf(n int) []byte {
	shift := bits.LeadingZeros64(uint64(n))
	b := binary.BigEndian.AppendUint16(nil, uint16(16383+63-shift))
	return binary.BigEndian.AppendUint64(b, uint64(n)<<shift)
}
