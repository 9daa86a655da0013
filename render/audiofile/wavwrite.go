package audiofile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// CreateWAV writes the header of a WAV file to w, which is at its beginning.
//
// Mono and stereo integers have the plain format tag 1, floats tag 3 and a fact
// chunk. The extensible form that the standard asks for above 16 bits is refused by
// strict readers (CD premastering) and needed by none; above two channels it says
// which loudspeakers they are for.
func CreateWAV(w io.WriteSeeker, spec Spec) (*PCMWriter, error) {
	if err := spec.check(maxWritten, []int{16, 24, 32}, true); err != nil {
		return nil, err
	}
	list, err := infoChunk(spec.Tags)
	if err != nil {
		return nil, err
	}
	h := wavHeader{spec: spec, after: int64(len(list))}
	around := int64(len(h.bytes(0))) + h.after
	limit := (math.MaxUint32 - around - 1) / int64(spec.align()) // 1: a pad byte
	if spec.Frames > limit {
		h.rf64, limit = true, math.MaxInt64
	}
	return newPCM(w, spec, pcmForm{header: h.bytes, end: list}, limit)
}

// wavHeader is everything before the samples.
type wavHeader struct {
	spec  Spec
	rf64  bool
	after int64 // bytes behind the samples and their pad byte
}

// bytes is the header of a file of so many frames. Its length does not depend on
// their number.
func (w wavHeader) bytes(frames int64) []byte {
	data := frames * int64(w.spec.align())
	le := binary.LittleEndian
	var h []byte
	if w.rf64 {
		h = append(h, "RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00"...)
		h = le.AppendUint64(h, 0) // size, below
		h = le.AppendUint64(h, uint64(data))
		h = le.AppendUint64(h, uint64(frames))
		h = le.AppendUint32(h, 0) // no table: no other chunk is that long
	} else {
		h = append(h, "RIFF\x00\x00\x00\x00WAVE"...)
	}
	h = append(h, w.format()...)
	if w.spec.Float { // the count of frames that formats other than PCM carry
		h = append(h, "fact\x04\x00\x00\x00"...)
		h = le.AppendUint32(h, clamp32(frames))
	}
	h = append(h, "data"...)
	if w.rf64 {
		h = le.AppendUint32(h, streamed)
	} else {
		h = le.AppendUint32(h, uint32(data))
	}
	riffSize := int64(len(h)) + data + data&1 + w.after - 8
	if w.rf64 {
		le.PutUint64(h[20:], uint64(riffSize))
	} else {
		le.PutUint32(h[4:], uint32(riffSize))
	}
	return h
}

// format is the fmt chunk.
func (w wavHeader) format() []byte {
	s, le := w.spec, binary.LittleEndian
	kind, tag, extension := uint16(tagPCM), uint16(tagPCM), 0
	if s.Float {
		kind, tag, extension = tagFloat, tagFloat, 2 // an empty one
	}
	if s.Channels > 2 {
		tag, extension = tagExtensible, 24
	}
	h := le.AppendUint32([]byte("fmt "), uint32(16+extension))
	h = le.AppendUint16(h, tag)
	h = le.AppendUint16(h, uint16(s.Channels))
	h = le.AppendUint32(h, uint32(s.Rate))
	h = le.AppendUint32(h, uint32(s.Rate*s.align()))
	h = le.AppendUint16(h, uint16(s.align()))
	h = le.AppendUint16(h, uint16(s.Bits))
	if extension == 0 {
		return h
	}
	h = le.AppendUint16(h, uint16(extension-2))
	if extension == 2 {
		return h
	}
	h = le.AppendUint16(h, uint16(s.Bits))
	h = le.AppendUint32(h, usualMask(s.Channels))
	h = le.AppendUint16(h, kind)
	return append(h, guidTail...)
}

func clamp32(n int64) uint32 { return uint32(min(n, math.MaxUint32)) }

// infoChunk is the LIST/INFO chunk of some tags; nothing for none.
func infoChunk(tags map[string]string) ([]byte, error) {
	var list []byte
	known := 0
	for _, f := range fields {
		text, ok := tags[f.Name]
		if !ok || f.Info == "" {
			continue
		}
		known++
		if text == "" {
			continue
		}
		list = append(list, f.Info...)
		list = binary.LittleEndian.AppendUint32(list, uint32(len(text)+1))
		list = append(list, text...)
		list = append(list, 0)
		if len(list)&1 == 1 {
			list = append(list, 0)
		}
	}
	if known != len(tags) {
		return nil, fmt.Errorf("audiofile: tags %v: only %v can be written", tags, InfoTags())
	}
	if list == nil {
		return nil, nil
	}
	head := binary.LittleEndian.AppendUint32([]byte("LIST"), uint32(len(list)+4))
	return append(append(head, "INFO"...), list...), nil
}
