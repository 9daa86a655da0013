package audiofile

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lathe-audio/lathe/dsp/vector"
)

// benchFrames is half a minute at 48 kHz: long enough to be in no cache of the CPU.
const benchFrames = 30 * 48000

func BenchmarkReadWAV(b *testing.B) {
	for _, f := range []struct {
		name string
		spec Spec
	}{
		{"int16", Spec{Rate: 48000, Channels: 2, Bits: 16}},
		{"int24", Spec{Rate: 48000, Channels: 2, Bits: 24}},
		{"float32", Spec{Rate: 48000, Channels: 2, Bits: 32, Float: true}},
		{"int24mono", Spec{Rate: 48000, Channels: 1, Bits: 24}},
	} {
		path := filepath.Join(b.TempDir(), f.name+".wav")
		writeNoise(b, path, f.spec, benchFrames)
		b.Run(f.name, func(b *testing.B) { benchRead(b, path, false) })
		if f.name == "int24" {
			b.Run(f.name+"/digests", func(b *testing.B) { benchRead(b, path, true) })
		}
	}
}

func BenchmarkReadFLAC(b *testing.B) {
	tool, err := exec.LookPath("flac")
	if err != nil {
		b.Skip("flac is not installed")
	}
	path := filepath.Join(b.TempDir(), "a.wav")
	writeNoise(b, path, Spec{Rate: 48000, Channels: 2, Bits: 24}, benchFrames)
	if out, err := exec.Command(tool, "-s", path).CombinedOutput(); err != nil {
		b.Fatalf("flac: %v\n%s", err, out)
	}
	benchRead(b, path[:len(path)-len("wav")]+"flac", false)
}

func benchRead(b *testing.B, path string, digests bool) {
	r, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	left, right := make([]float64, 1024), make([]float64, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.SeekFrame(0); err != nil {
			b.Fatal(err)
		}
		if digests {
			if err := r.KeepDigests(); err != nil {
				b.Fatal(err)
			}
		}
		frames := 0
		for {
			n, err := r.ReadStereo(left, right)
			frames += n
			if err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		if frames != benchFrames {
			b.Fatalf("%d frames", frames)
		}
	}
	perFrame(b)
}

func BenchmarkWriteWAV(b *testing.B) {
	ints := [][]int32{noise(1024, 24, 1), noise(1024, 24, 2)}
	shorts := [][]int32{noise(1024, 16, 1), noise(1024, 16, 2)}
	floats := [][]float64{make([]float64, 1024), make([]float64, 1024)}
	for ch := range floats {
		for i := range floats[ch] {
			floats[ch][i] = float64(ints[ch][i]) / (1 << 23)
		}
	}
	for _, f := range []struct {
		name  string
		spec  Spec
		write func(*PCMWriter) error
	}{
		{"int16", Spec{Rate: 48000, Channels: 2, Bits: 16}, func(w *PCMWriter) error { return w.WriteInt(shorts) }},
		{"int24", Spec{Rate: 48000, Channels: 2, Bits: 24}, func(w *PCMWriter) error { return w.WriteInt(ints) }},
		{"float32", Spec{Rate: 48000, Channels: 2, Bits: 32, Float: true}, func(w *PCMWriter) error { return w.WriteFloat(floats) }},
	} {
		b.Run(f.name, func(b *testing.B) {
			out, err := os.Create(filepath.Join(b.TempDir(), "out.wav"))
			if err != nil {
				b.Fatal(err)
			}
			defer out.Close()
			b.ReportAllocs()
			for b.Loop() {
				out.Seek(0, io.SeekStart)
				w, err := CreateWAV(out, f.spec)
				for i := 0; i < benchFrames/1024 && err == nil; i++ {
					err = f.write(w)
				}
				if err == nil {
					err = w.Close()
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			perFrame(b)
		})
	}
}

// BenchmarkPut is the conversion alone, without the file and its digest.
func BenchmarkPut(b *testing.B) {
	left, right := noise(1024, 24, 1), noise(1024, 24, 2)
	buf := make([]byte, 6*1024+writeSlack)
	for b.Loop() {
		for range benchFrames / 1024 {
			if !vector.Join24(buf, left, right) {
				b.Fatal("out of range")
			}
		}
	}
	perFrame(b)
}

func perFrame(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchFrames, "ns/frame")
}

// noise is a reproducible row of samples over the whole range of a depth.
func noise(n, bits int, seed uint32) []int32 {
	x := make([]int32, n)
	for i := range x {
		seed = seed*1664525 + 1013904223
		x[i] = int32(seed) >> (32 - bits)
	}
	return x
}

func writeNoise(tb testing.TB, path string, spec Spec, frames int) {
	tb.Helper()
	var planar [][]int32
	for ch := range spec.Channels {
		planar = append(planar, noise(frames, spec.Bits, uint32(ch+1)))
	}
	if err := os.WriteFile(path, encode(tb, spec, planar), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// encode writes integers in a format; to a float file as fractions of full scale.
func encode(tb testing.TB, spec Spec, planar [][]int32) []byte {
	tb.Helper()
	var out seekBuffer
	w, err := CreateWAV(&out, spec)
	if err != nil {
		tb.Fatal(err)
	}
	if spec.Float {
		floats := make([][]float64, len(planar))
		for ch := range planar {
			for _, x := range planar[ch] {
				floats[ch] = append(floats[ch], float64(x)/(1<<31))
			}
		}
		err = w.WriteFloat(floats)
	} else {
		err = w.WriteInt(planar)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return out.b
}

// seekBuffer is a file in memory.
type seekBuffer struct {
	b   []byte
	pos int64
}

func (s *seekBuffer) Write(p []byte) (int, error) {
	if need := s.pos + int64(len(p)); need > int64(len(s.b)) {
		s.b = append(s.b, make([]byte, need-int64(len(s.b)))...)
	}
	copy(s.b[s.pos:], p)
	s.pos += int64(len(p))
	return len(p), nil
}

func (s *seekBuffer) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		off += s.pos
	case io.SeekEnd:
		off += int64(len(s.b))
	}
	s.pos = off
	return off, nil
}

func reader(tb testing.TB, b []byte) *Reader {
	tb.Helper()
	r, err := NewReader(bytes.NewReader(b), int64(len(b)), "test.wav")
	if err != nil {
		tb.Fatal(err)
	}
	return r
}
