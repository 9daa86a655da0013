package demo

import (
	"bytes"
	"crypto/md5"
	"io"
	"testing"

	"github.com/mewkiz/flac"
	"pgregory.net/rapid"
)

// memory is a file in memory.
type memory struct {
	data []byte
	at   int
}

func (m *memory) Write(p []byte) (int, error) {
	m.data = append(m.data[:m.at], append(append([]byte(nil), p...), m.data[min(len(m.data), m.at+len(p)):]...)...)
	m.at += len(p)
	return len(p), nil
}

func (m *memory) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += int64(m.at)
	case io.SeekEnd:
		offset += int64(len(m.data))
	}
	m.at = int(offset)
	return offset, nil
}

// Whatever is written as FLAC comes back as it was, and the digest in the header is
// that of the samples.
func TestFLACKeepsEverySample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.SampledFrom([]int{16, 24}).Draw(t, "depth")
		channels := rapid.IntRange(1, 2).Draw(t, "channels")
		frames := rapid.IntRange(1, 9000).Draw(t, "frames")
		noise := rapid.SampledFrom([]float64{0, 1e-5, 0.01, 1.5}).Draw(t, "noise")
		tone := rapid.SampledFrom([]float64{0, 0.3, 0.9}).Draw(t, "tone")
		offset := rapid.SampledFrom([]float64{0, -1, 0.25}).Draw(t, "offset")
		d := newDice(rapid.String().Draw(t, "seed"))

		s := newSound(48000, channels, 1)
		for c := range s.ch {
			s.ch[c] = s.ch[c][:frames]
			partial(s.ch[c], 48000, 330, tone, 5)
			for i := range s.ch[c] {
				s.ch[c][i] += offset + noise*d.white()
			}
		}
		var file memory
		if err := writeFLAC(&file, s, depth); err != nil {
			t.Fatal(err)
		}
		stream, err := flac.New(bytes.NewReader(file.data))
		if err != nil {
			t.Fatal(err)
		}
		sum := md5.New()
		at := 0
		for {
			f, err := stream.ParseNext()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			f.Hash(sum)
			for c, sub := range f.Subframes {
				for i, got := range sub.Samples {
					if want := quantise(s.ch[c][at+i], depth); got != want {
						t.Fatalf("channel %d frame %d: %d came back as %d", c, at+i, want, got)
					}
				}
			}
			at += int(f.BlockSize)
		}
		if at != frames || stream.Info.NSamples != uint64(frames) {
			t.Fatalf("%d frames came back, %d in the header, of %d", at, stream.Info.NSamples, frames)
		}
		if !bytes.Equal(sum.Sum(nil), stream.Info.MD5sum[:]) {
			t.Fatal("the digest in the header is not that of the samples")
		}
	})
}
