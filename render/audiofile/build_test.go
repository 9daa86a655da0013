package audiofile

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"testing"
)

// Hand-made WAV files: every field as it is wanted, right or wrong.

// raw is a chunk with any size in its header and no pad byte.
func raw(id string, size uint32, payload []byte) []byte {
	b := append([]byte(id), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[4:], size)
	return append(b, payload...)
}

// proper is a chunk as it should be.
func proper(id string, payload []byte) []byte {
	b := raw(id, uint32(len(payload)), payload)
	if len(payload)&1 == 1 {
		b = append(b, 0)
	}
	return b
}

// riffOf joins chunks to a file.
func riffOf(form string, chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	size := uint32(len(body))
	if form != "RIFF" {
		size = streamed
	}
	return raw(form, size, body)
}

// format is the payload of a 16-byte fmt chunk.
func format(tag, channels uint16, rate uint32, align, bits uint16) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, tag)
	b = le.AppendUint16(b, channels)
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, rate*uint32(align))
	b = le.AppendUint16(b, align)
	return le.AppendUint16(b, bits)
}

// extensible is the payload of a 40-byte fmt chunk.
func extensible(tag, channels uint16, rate uint32, align, bits, valid uint16, mask uint32) []byte {
	le := binary.LittleEndian
	b := format(tagExtensible, channels, rate, align, bits)
	b = le.AppendUint16(b, 22)
	b = le.AppendUint16(b, valid)
	b = le.AppendUint32(b, mask)
	b = le.AppendUint16(b, tag)
	return append(b, guidTail...)
}

// ds64Of is the payload of a ds64 chunk.
func ds64Of(riffSize, dataSize, frames uint64) []byte {
	le := binary.LittleEndian
	b := le.AppendUint64(nil, riffSize)
	b = le.AppendUint64(b, dataSize)
	b = le.AppendUint64(b, frames)
	return le.AppendUint32(b, 0)
}

func le16(x ...int16) (b []byte) {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func le24(x ...int32) (b []byte) {
	for _, v := range x {
		b = append(b, byte(v), byte(v>>8), byte(v>>16))
	}
	return b
}

func le32(x ...int32) (b []byte) {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b
}

func lef32(x ...float32) (b []byte) {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func lef64(x ...float64) (b []byte) {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// info is the payload of a LIST/INFO chunk of pairs of id and text.
func info(pairs ...string) []byte {
	b := []byte("INFO")
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, proper(pairs[i], []byte(pairs[i+1]+"\x00"))...)
	}
	return b
}

// tool finds a program that a test compares with. Where the tests are run for
// the record (CI is set) it has to be there.
func tool(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		tb.Fatalf("%s is not installed", name)
	}
	tb.Skipf("%s is not installed", name)
	return ""
}

// run runs a program and returns what it writes to its standard output.
func run(tb testing.TB, name string, args ...string) []byte {
	tb.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(tool(tb, name), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8") // else some print ? for letters that are not ASCII
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%s %q: %v\n%s", name, args, err, stderr.Bytes())
	}
	return out
}

// all reads a file to its end in blocks of a size.
func all(tb testing.TB, r *Reader, block int) ([][]float64, error) {
	tb.Helper()
	out := make([][]float64, r.Info().Channels)
	buf := make([][]float64, len(out))
	for ch := range buf {
		buf[ch] = make([]float64, block)
	}
	for {
		n, err := r.Read(buf)
		for ch := range out {
			out[ch] = append(out[ch], buf[ch][:n]...)
		}
		if err != nil || n == 0 {
			return out, err
		}
	}
}
