package audiofile

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestDigests compares with digests of bytes put together by hand.
func TestDigests(t *testing.T) {
	stereo16 := proper("fmt ", format(1, 2, 48000, 4, 16))
	sound := le16(noiseWords(100000)...)
	for _, tt := range []struct {
		name string
		file []byte
		pcm  []byte
	}{
		{"chunks on both sides", riffOf("RIFF", proper("JUNK", make([]byte, 301)), stereo16, proper("data", sound), proper("LIST", info("INAM", "x"))), sound},
		{"a frame cut off", riffOf("RIFF", stereo16, proper("data", append(slices.Clone(sound), 1, 2, 3))), sound},
		{"no samples", riffOf("RIFF", stereo16, proper("data", nil)), nil},
		{"24 bits in four bytes", riffOf("RIFF", proper("fmt ", extensible(1, 1, 48000, 4, 32, 24, 4)), proper("data", le32(256, -256, 1<<30))), le24(1, -1, 1<<22)},
		{"float", riffOf("RIFF", proper("fmt ", format(3, 1, 48000, 4, 32)), proper("data", lef32(1, 2))), lef32(1, 2)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.wav")
			if err := os.WriteFile(path, tt.file, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, read := range []int{0, 1, 1000, 1 << 20} {
				r := reader(t, tt.file)
				if err := r.KeepDigests(); err != nil {
					t.Fatal(err)
				}
				if read > 0 { // part of it as sound, the rest for the digest alone
					dst := make([][]float64, r.Info().Channels)
					for ch := range dst {
						dst[ch] = make([]float64, read)
					}
					r.Read(dst)
				}
				file, pcm, err := r.Digests()
				if err != nil {
					t.Fatal(err)
				}
				if file != sha256.Sum256(tt.file) {
					t.Errorf("%d frames read: the digest of the file is wrong", read)
				}
				if pcm != sha256.Sum256(tt.pcm) {
					t.Errorf("%d frames read: the digest of the samples is wrong", read)
				}
			}
			file, pcm, err := Digests(path)
			if err != nil || file != sha256.Sum256(tt.file) || pcm != sha256.Sum256(tt.pcm) {
				t.Errorf("by path: wrong, or %v", err)
			}
		})
	}
}

func noiseWords(n int) []int16 {
	out := make([]int16, n)
	for i, x := range noise(n, 16, 1) {
		out[i] = int16(x)
	}
	return out
}

// TestWrittenSamples: the digest is that of the samples as they were written.
func TestWrittenSamples(t *testing.T) {
	for _, spec := range specs[:6] {
		var out seekBuffer
		w, err := CreateWAV(&out, spec)
		if err == nil {
			err = w.WriteInt(planarNoise(spec, 77777))
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := 77777 * spec.align(); pcmOf(t, out.b) != sha256.Sum256(out.b[len(out.b)-n-n%2:][:n]) || w.Frames() != 77777 {
			t.Errorf("%v: digest or length differ", spec)
		}
	}
}

// TestDigestsAfterSeek: digests that would be wrong are refused.
func TestDigestsAfterSeek(t *testing.T) {
	r := reader(t, riffOf("RIFF", proper("fmt ", format(1, 2, 48000, 4, 16)), proper("data", make([]byte, 400))))
	if _, _, err := r.Digests(); err == nil {
		t.Error("digests that were never kept")
	}
	if err := r.KeepDigests(); err != nil {
		t.Fatal(err)
	}
	if err := r.SeekFrame(10); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Digests(); err == nil {
		t.Error("digests after a seek")
	}
}
