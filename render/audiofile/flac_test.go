package audiofile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
	"pgregory.net/rapid"
)

// encodeFLAC writes a FLAC file with the library's encoder: verbatim and
// fixed-predictor frames of 4096, so that tests need no other tool.
func encodeFLAC(tb testing.TB, bits, rate int, planar [][]int32, blocks ...*meta.Block) []byte {
	tb.Helper()
	const size = 4096
	var out seekBuffer
	info := &meta.StreamInfo{BlockSizeMin: size, BlockSizeMax: size, SampleRate: uint32(rate), NChannels: uint8(len(planar)), BitsPerSample: uint8(bits), NSamples: uint64(len(planar[0]))}
	enc, err := flac.NewEncoder(&out, info, blocks...)
	if err != nil {
		tb.Fatal(err)
	}
	for at := 0; at < len(planar[0]); at += size {
		n := min(size, len(planar[0])-at)
		f := &frame.Frame{Header: frame.Header{HasFixedBlockSize: true, BlockSize: uint16(n), SampleRate: uint32(rate), Channels: frame.Channels(len(planar) - 1), BitsPerSample: uint8(bits), Num: uint64(at / size)}}
		for _, ch := range planar {
			f.Subframes = append(f.Subframes, &frame.Subframe{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, Samples: slices.Clone(ch[at : at+n]), NSamples: n})
		}
		if err := enc.WriteFrame(f); err != nil {
			tb.Fatal(err)
		}
	}
	if err := enc.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.b
}

// tune is a row of samples that is compressible, unlike noise.
func tune(n, bits int) []int32 {
	x, a, b := make([]int32, n), int64(0), int64(1)<<(bits-3)
	for i := range x { // a slow rotation in integers: close to a sine
		a += b >> 5
		b -= a >> 5
		x[i] = int32(a)
	}
	return x
}

func TestFLAC(t *testing.T) {
	for _, tt := range []struct{ bits, channels int }{{8, 2}, {16, 1}, {16, 2}, {20, 2}, {24, 1}, {24, 2}, {24, 6}} {
		t.Run(fmt.Sprintf("%d bits x %d", tt.bits, tt.channels), func(t *testing.T) {
			var ints [][]int32
			for ch := range tt.channels {
				ints = append(ints, noise(10000, tt.bits, uint32(ch+1)))
			}
			r := reader(t, encodeFLAC(t, tt.bits, 48000, ints))
			want := Info{Format: "flac", Encoding: "pcm", BitDepth: tt.bits, ContainerBits: (tt.bits + 7) / 8 * 8, Channels: tt.channels, Rate: 48000, Frames: 10000, ChannelMask: usualMask(tt.channels)}
			if diff := cmp.Diff(want, r.Info()); diff != "" {
				t.Errorf("info (-want +got):\n%s", diff)
			}
			got, err := all(t, r, 777)
			if err != io.EOF || !sameSamples(got, audio(Spec{Bits: tt.bits}, ints)) {
				t.Errorf("samples differ, or %v", err)
			}
			// The digest of the samples is that of a WAV file with the same ones.
			if err := r.KeepDigests(); err != nil {
				t.Fatal(err)
			}
			_, pcm, err := r.Digests()
			if err != nil {
				t.Fatal(err)
			}
			if wav := riffOf("RIFF", proper("fmt ", format(1, uint16(tt.channels), 48000, uint16(tt.channels*want.ContainerBits/8), uint16(tt.bits))), proper("data", interleave(ints, tt.bits))); pcm != pcmOf(t, wav) {
				t.Error("FLAC and WAV with the same samples have different digests")
			}
		})
	}
}

// interleave gives samples as a WAV file has them: in the upper bits of whole
// bytes, 8-bit unsigned.
func interleave(ints [][]int32, bits int) (b []byte) {
	size := (bits + 7) / 8
	for i := range ints[0] {
		for ch := range ints {
			x := ints[ch][i] << (8*size - bits)
			switch size {
			case 1:
				b = append(b, byte(x+128))
			case 2:
				b = append(b, le16(int16(x))...)
			default:
				b = append(b, le24(x)...)
			}
		}
	}
	return b
}

func pcmOf(tb testing.TB, file []byte) [32]byte {
	tb.Helper()
	r := reader(tb, file)
	if err := r.KeepDigests(); err != nil {
		tb.Fatal(err)
	}
	_, pcm, err := r.Digests()
	if err != nil {
		tb.Fatal(err)
	}
	return pcm
}

// TestFLACSeek moves about in a file with and without a seek table, and with
// one that lies.
func TestFLACSeek(t *testing.T) {
	ints := [][]int32{noise(30000, 16, 1), noise(30000, 16, 2)}
	want := audio(Spec{Bits: 16}, ints)
	none := encodeFLAC(t, 16, 48000, ints)
	var offsets []uint64 // of each frame of 4096, by decoding
	for s := reader(t, none).src.(*flacSource); ; s.skipRest() {
		offsets = append(offsets, uint64(s.in.off-int64(s.buf.Buffered())-s.first))
		if s.next() != nil {
			break
		}
	}
	table := &meta.SeekTable{Points: []meta.SeekPoint{{SampleNum: 0, NSamples: 4096}, {SampleNum: 3 * 4096, Offset: offsets[3], NSamples: 4096}, {SampleNum: 5 * 4096, Offset: offsets[6], NSamples: 4096}}}
	with := encodeFLAC(t, 16, 48000, ints, &meta.Block{Header: meta.Header{Type: meta.TypeSeekTable, Length: 1}, Body: table})
	s := reader(t, with).src.(*flacSource)
	if len(s.points) != 3 || s.jump(s.points[1]) != nil || s.pos != 3*4096 {
		t.Fatalf("the true seek point is not found: %v, at %d", s.points, s.pos)
	}
	if s.jump(s.points[2]) != nil || s.pos != 0 {
		t.Fatalf("the lying seek point leads to %d; want the beginning", s.pos)
	}
	for name, file := range map[string][]byte{"no table": none, "table": with} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				r := reader(t, file)
				left, right := make([]float64, 500), make([]float64, 500)
				for range 4 {
					pos := rapid.IntRange(0, 30000).Draw(rt, "frame")
					if err := r.SeekFrame(int64(pos)); err != nil {
						rt.Fatal(err)
					}
					n, err := r.ReadStereo(left, right)
					if n != min(500, 30000-pos) || err != nil && err != io.EOF {
						rt.Fatalf("at %d: %d, %v", pos, n, err)
					}
					if !slices.Equal(left[:n], want[0][pos:pos+n]) || !slices.Equal(right[:n], want[1][pos:pos+n]) {
						rt.Fatalf("other samples at %d", pos)
					}
				}
			})
		})
	}
}

func TestFLACTags(t *testing.T) {
	comments := &meta.Block{Header: meta.Header{Type: meta.TypeVorbisComment, Length: 1}, Body: &meta.VorbisComment{Vendor: "x", Tags: [][2]string{{"TITLE", "Undertow"}, {"TRACKNUMBER", "1"}, {"isrc", "QZABC2600001"}}}}
	r := reader(t, encodeFLAC(t, 16, 48000, [][]int32{noise(100, 16, 1)}, comments))
	if diff := cmp.Diff(map[string]string{"title": "Undertow", "track": "1", "isrc": "QZABC2600001"}, r.Info().Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestFLACBroken(t *testing.T) {
	good := encodeFLAC(t, 16, 48000, [][]int32{noise(48000, 16, 1)})
	change := func(at int, by byte) []byte {
		b := slices.Clone(good)
		b[at] ^= by
		return b
	}
	const header = 42
	for _, tt := range []struct {
		name string
		file []byte
		kind Kind
		want string
	}{
		{"header only", good[:header], Truncated, "the last 1.000 s of 1.000 s are missing"},
		{"cut in a frame", good[:len(good)/2], Truncated, "of 1.000 s are missing"},
		{"cut in the header", good[:20], Corrupt, "FLAC header"},
		{"a bit wrong in the sound", change(len(good)/2, 4), Corrupt, "the FLAC frame at 0:00.4"},
		{"no frame where one should be", change(header, 0xff), Corrupt, "the FLAC frame at 0:00.000"},
		{"another MD5", change(header-1, 1), Corrupt, "do not have the MD5"},
		{"32 bits", func() []byte { b := slices.Clone(good); b[20] |= 1; b[21] |= 0xf0; return b }(), Unsupported, "FLAC with 32-bit samples"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := NewReader(bytes.NewReader(tt.file), int64(len(tt.file)), "a.flac")
			if err == nil {
				if err = r.KeepDigests(); err == nil {
					_, _, err = r.Digests()
				}
			}
			var e *Error
			if !errors.As(err, &e) || e.Kind != tt.kind || !strings.Contains(e.Detail, tt.want) {
				t.Errorf("error %v; want kind %d, %q", err, tt.kind, tt.want)
			}
		})
	}
}

// TestFLACEnd: opening a file finds that it was cut off, wherever that was, and
// takes nothing behind the last frame for that.
func TestFLACEnd(t *testing.T) {
	good := encodeFLAC(t, 16, 48000, [][]int32{noise(30000, 16, 1), tune(30000, 16)})
	open := func(b []byte) error {
		_, err := NewReader(bytes.NewReader(b), int64(len(b)), "a.flac")
		return err
	}
	var e *Error
	first := 42 + 4096*4 + 100 // behind the first frame
	for cut := first; cut < len(good); cut += 97 {
		if err := open(good[:cut]); !errors.As(err, &e) || e.Kind != Truncated {
			t.Fatalf("cut at byte %d of %d: %v", cut, len(good), err)
		}
	}
	if err := open(good[:len(good)-1]); !errors.As(err, &e) || e.Detail != "truncated: the last 0.028 s of 0.625 s are missing: copy or export it again" {
		t.Errorf("without the last byte: %v", err)
	}
	for name, tail := range map[string][]byte{"ID3v1": append([]byte("TAG"), make([]byte, 125)...), "zeros": make([]byte, 1<<20), "a false sync code": {0xFF, 0xF8, 0xC9, 0x18, 0, 1, 2}} {
		if err := open(append(slices.Clone(good), tail...)); err != nil {
			t.Errorf("%s behind the last frame: %v", name, err)
		}
	}
}

// TestFLACUnknownLength: a writer to a pipe cannot go back to the header.
func TestFLACUnknownLength(t *testing.T) {
	ints := [][]int32{noise(10000, 16, 1)}
	file := encodeFLAC(t, 16, 48000, ints)
	file[21] &= 0xf0
	clear(file[22:26])
	for name, file := range map[string][]byte{"plain": file, "behind an ID3 tag": append([]byte("ID3\x04\x00\x00\x00\x00\x00\x02\x00\x00"), file...)} {
		r := reader(t, file)
		if got := r.Info(); got.Frames != 10000 || !slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.HasSuffix(w, "counted") }) {
			t.Errorf("%s: %d frames, warnings %q", name, got.Frames, got.Warnings)
		}
		got, err := all(t, r, 1000)
		if err != io.EOF || !sameSamples(got, audio(Spec{Bits: 16}, ints)) {
			t.Errorf("%s: samples differ, or %v", name, err)
		}
	}
}

// TestFLACTool reads what the reference encoder writes at its strongest:
// linear prediction, mid/side, partitions, a seek table.
func TestFLACTool(t *testing.T) {
	flacTool := tool(t, "flac")
	for _, bits := range []int{16, 24} {
		for _, channels := range []int{1, 2} {
			spec := Spec{Rate: 44100, Channels: channels, Bits: bits}
			ints := [][]int32{tune(60000, bits), tune(60007, bits)[7:]}[:channels]
			path := filepath.Join(t.TempDir(), "a.wav")
			if err := os.WriteFile(path, encode(t, spec, ints), 0o600); err != nil {
				t.Fatal(err)
			}
			out := strings.TrimSuffix(path, "wav") + "flac"
			if b, err := exec.Command(flacTool, "-8", "-s", "-S", "10x", "-o", out, path).CombinedOutput(); err != nil {
				t.Fatalf("flac: %v\n%s", err, b)
			}
			r, err := Open(out)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got, err := all(t, r, 5000)
			if want := audio(spec, ints); err != io.EOF || !sameSamples(got, want) {
				t.Errorf("%v: samples differ, or %v", spec, err)
			}
			for _, at := range []int64{50000, 20, 59999, 30000} {
				if err := r.SeekFrame(at); err != nil {
					t.Fatal(err)
				}
				if r.src.(*flacSource).points == nil {
					t.Error("no seek table read")
				}
				got, _ := all(t, r, 5000)
				if want := audio(spec, ints); !slices.Equal(got[0], want[0][at:]) {
					t.Errorf("%v: other samples from %d on", spec, at)
				}
			}
			_, a, err := Digests(path)
			if err != nil {
				t.Fatal(err)
			}
			file, b, err := Digests(out)
			if err != nil || a != b {
				t.Errorf("%v: digests of the samples in WAV and FLAC differ (%v)", spec, err)
			}
			if whole, _ := os.ReadFile(out); file != sha256.Sum256(whole) {
				t.Errorf("%v: digest of the file differs", spec)
			}
		}
	}
}
