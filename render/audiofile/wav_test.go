package audiofile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/go-audio/wav"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestOddFiles goes through what is met in real hand-overs, byte by byte. The
// samples are compared exactly: every format here fits float64.
func TestOddFiles(t *testing.T) {
	half16 := le16(16384, -16384, 0, -32768) // two stereo frames
	stereo16 := proper("fmt ", format(1, 2, 48000, 4, 16))
	halves := [][]float64{{0.5, 0}, {-0.5, -1}}
	pcm := Info{Format: "wav", Encoding: "pcm", BitDepth: 16, ContainerBits: 16, Channels: 2, Rate: 48000, Frames: 2, ChannelMask: 3}
	with := func(change func(*Info)) Info { i := pcm; change(&i); return i }
	warned := func(w ...string) Info { return with(func(i *Info) { i.Warnings = w }) }
	mono := func(bits, container int) Info {
		return with(func(i *Info) { i.Channels, i.BitDepth, i.ContainerBits, i.ChannelMask = 1, bits, container, 4 })
	}
	float := func(bits int) Info {
		return with(func(i *Info) { i.Encoding, i.BitDepth, i.ContainerBits = "float", bits, bits })
	}

	tests := []struct {
		name  string
		file  []byte
		info  Info
		audio [][]float64
	}{
		{"plain", riffOf("RIFF", stereo16, proper("data", half16)), pcm, halves},
		{"8 bit is unsigned", riffOf("RIFF", proper("fmt ", format(1, 1, 48000, 1, 8)), proper("data", []byte{0, 192})), mono(8, 8), [][]float64{{-1, 0.5}}},
		{"24 bit", riffOf("RIFF", proper("fmt ", format(1, 1, 48000, 3, 24)), proper("data", le24(-1<<23, 1<<22))), mono(24, 24), [][]float64{{-1, 0.5}}},
		{"24 bit stereo", riffOf("RIFF", proper("fmt ", format(1, 2, 48000, 6, 24)), proper("data", le24(-1<<23, 1<<22, 1, -1))),
			with(func(i *Info) { i.BitDepth, i.ContainerBits = 24, 24 }), [][]float64{{-1, 0x1p-23}, {0.5, -0x1p-23}}},
		{"32 bit", riffOf("RIFF", proper("fmt ", format(1, 1, 48000, 4, 32)), proper("data", le32(-1<<31, 1))), mono(32, 32), [][]float64{{-1, 0x1p-31}}},
		{"20 bits in three bytes", riffOf("RIFF", proper("fmt ", format(1, 1, 48000, 3, 20)), proper("data", le24(-1<<23, 1<<22))), mono(20, 24), [][]float64{{-1, 0.5}}},
		{"24 bits in four bytes", riffOf("RIFF", proper("fmt ", extensible(1, 1, 48000, 4, 32, 24, 4)), proper("data", le32(-1<<31, 1<<8))),
			with(func(i *Info) {
				i.Channels, i.BitDepth, i.ContainerBits, i.ChannelMask = 1, 24, 32, 4
			}), [][]float64{{-1, 0x1p-23}}},
		{"extensible", riffOf("RIFF", proper("fmt ", extensible(1, 2, 48000, 4, 16, 16, 3)), proper("data", half16)),
			pcm, halves},
		{"extensible, valid bits left at 0", riffOf("RIFF", proper("fmt ", extensible(1, 2, 48000, 4, 16, 0, 0)), proper("data", half16)),
			pcm, halves},
		{"extensible float", riffOf("RIFF", proper("fmt ", extensible(3, 2, 48000, 8, 32, 32, 3)), proper("data", lef32(0.5, -0.5, 0, -1))),
			with(func(i *Info) {
				i.Encoding, i.BitDepth, i.ContainerBits = "float", 32, 32
			}), halves},
		{"float in a 16-byte fmt chunk (LMMS)", riffOf("RIFF", proper("fmt ", format(3, 2, 48000, 8, 32)), proper("data", lef32(0.5, -0.5, 0, -1))), float(32), halves},
		{"float above full scale", riffOf("RIFF", proper("fmt ", format(3, 2, 48000, 8, 32)), proper("data", lef32(2.5, -7, 0, 0))), float(32), [][]float64{{2.5, 0}, {-7, 0}}},
		{"64-bit float", riffOf("RIFF", proper("fmt ", format(3, 2, 48000, 16, 64)), proper("data", lef64(math.Pi, -0.5, 0, -1))), float(64), [][]float64{{math.Pi, 0}, {-0.5, -1}}},
		{"block align never filled in", riffOf("RIFF", proper("fmt ", format(1, 2, 48000, 0, 16)), proper("data", half16)), pcm, halves},
		{"odd chunk before the data", riffOf("RIFF", proper("JUNK", make([]byte, 5)), stereo16, proper("bext", make([]byte, 603)), proper("data", half16)), with(func(i *Info) { i.TimeStamp, i.Broadcast = new(int64), &Broadcast{} }), halves},
		{"odd chunk without its pad byte", riffOf("RIFF", stereo16, raw("note", 3, []byte("odd")), proper("data", half16)), pcm, halves},
		{"odd chunk whose pad byte is not 0", riffOf("RIFF", stereo16, append(raw("note", 3, []byte("odd")), 'x'), proper("data", half16)), pcm, halves},
		{"odd data, then tags", riffOf("RIFF", proper("fmt ", format(1, 1, 48000, 3, 24)), proper("data", le24(1<<22)), proper("LIST", info("INAM", "Undertow"))),
			with(func(i *Info) {
				i.Channels, i.BitDepth, i.ContainerBits, i.ChannelMask, i.Frames, i.Tags = 1, 24, 24, 4, 1, map[string]string{"title": "Undertow"}
			}), [][]float64{{0.5}}},
		{"fmt after data", riffOf("RIFF", proper("data", half16), stereo16), pcm, halves},
		{"RIFF size is 0", append(raw("RIFF", 0, []byte("WAVE")), append(stereo16, proper("data", half16)...)...), pcm, halves},
		{"data size 0xFFFFFFFF", riffOf("RIFF", stereo16, raw("data", streamed, half16)), warned("the data size was never filled in: read to the end of the file"), halves},
		{"data size 0", riffOf("RIFF", stereo16, raw("data", 0, half16)), warned("the data size is 0: read to the end of the file"), halves},
		{"really no samples", riffOf("RIFF", stereo16, proper("data", nil)), with(func(i *Info) { i.Frames = 0 }), [][]float64{nil, nil}},
		{"really no samples, then tags", riffOf("RIFF", stereo16, proper("data", nil), proper("LIST", info("INAM", "Undertow"))),
			with(func(i *Info) { i.Frames, i.Tags = 0, map[string]string{"title": "Undertow"} }), [][]float64{nil, nil}},
		{"one sample", riffOf("RIFF", stereo16, proper("data", half16[:4])), with(func(i *Info) { i.Frames = 1 }), [][]float64{{0.5}, {-0.5}}},
		{"half a frame at the end", riffOf("RIFF", stereo16, proper("data", append(slices.Clone(half16), 1, 2))),
			warned("the data ends in 2 bytes of a frame of 4: they are ignored"), halves},
		{"something else behind the chunks", append(riffOf("RIFF", stereo16, proper("data", half16)), make([]byte, 9)...),
			warned("9 bytes that are no chunk, at byte 52, are ignored"), halves},
		{"a last chunk that is cut off", riffOf("RIFF", stereo16, proper("data", half16), raw("LIST", 400, []byte("INFO"))),
			warned(`chunk "LIST" is cut off: 4 bytes of 400`), halves},
		{"RF64", riffOf("RF64", proper("ds64", ds64Of(0, 8, 2)), stereo16, raw("data", streamed, half16), proper("LIST", info("IART", "Harbour Lights"))),
			with(func(i *Info) { i.Format, i.Tags = "rf64", map[string]string{"artist": "Harbour Lights"} }), halves},
		{"BW64", riffOf("BW64", proper("ds64", ds64Of(0, 8, 0)), stereo16, raw("data", streamed, half16)), with(func(i *Info) { i.Format = "bw64" }), halves},
		{"RF64 from a streaming writer", riffOf("RF64", proper("ds64", ds64Of(0, 0, 0)), stereo16, raw("data", streamed, half16)),
			with(func(i *Info) {
				i.Format, i.Warnings = "rf64", []string{"the data size was never filled in: read to the end of the file"}
			}), halves},
		{"lying tags", riffOf("RIFF", stereo16, proper("data", half16), proper("LIST", append([]byte("INFO"), raw("INAM", 0xfffffff0, []byte("x"))...))),
			warned(`metadata chunk "LIST" is damaged and ignored`), halves},
		{"lying cues", riffOf("RIFF", stereo16, proper("data", half16), proper("cue ", le32(1<<30))), warned(`metadata chunk "cue " is damaged and ignored`), halves},
		{"a cue and a loop", riffOf("RIFF", stereo16, proper("data", half16),
			proper("cue ", slices.Concat(le32(1, 7, 1), []byte("data"), le32(0, 0, 1))),
			proper("smpl", le32(0, 0, 0, 60, 0, 0, 0, 1, 0, 7, 0, 0, 1, 0, 3))),
			with(func(i *Info) { i.Cues, i.Loops = []Cue{{ID: 7, Frame: 1}}, []Loop{{Start: 0, End: 1, Count: 3}} }), halves},
		{"Latin-1 tags", riffOf("RIFF", stereo16, proper("LIST", info("IART", "Sigur R\xf3s")), proper("data", half16)),
			with(func(i *Info) { i.Tags = map[string]string{"artist": "Sigur Rós"} }), halves},
		{"5.1", riffOf("RIFF", proper("fmt ", extensible(1, 6, 48000, 12, 16, 16, 0x3f)), proper("data", le16(0, 1<<8, 2<<8, 3<<8, 4<<8, 5<<8))),
			with(func(i *Info) { i.Channels, i.Frames, i.ChannelMask = 6, 1, 0x3f }),
			[][]float64{{0}, {0x1p-7}, {0x2p-7}, {0x3p-7}, {0x4p-7}, {0x5p-7}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := reader(t, tt.file)
			if tt.info.Tags != nil {
				tt.info.TagsIn = map[string]map[string]string{"info": tt.info.Tags}
			}
			if diff := cmp.Diff(tt.info, r.Info()); diff != "" {
				t.Errorf("info (-want +got):\n%s", diff)
			}
			got, err := all(t, r, 3)
			if err != io.EOF {
				t.Fatalf("reading: %v", err)
			}
			if diff := cmp.Diff(tt.audio, got); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBrokenFiles checks that each failure says which it is.
func TestBrokenFiles(t *testing.T) {
	stereo16 := proper("fmt ", format(1, 2, 48000, 4, 16))
	second := make([]byte, 4*48000)
	tests := []struct {
		name string
		file []byte
		kind Kind
		want string
	}{
		{"empty", nil, Empty, "empty file (0 bytes)"},
		{"Git LFS", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"), LFSPointer, "a Git LFS pointer, not audio: run git lfs pull"},
		{"tiny", []byte("hello"), NotAudio, "not audio: only 5 bytes long"},
		{"text", []byte("Hello there, this is é text\n"), NotAudio, "not audio but text"},
		{"HTML", []byte("\n <!DOCTYPE html><html><body>404"), NotAudio, "an HTML page"},
		{"ZIP", []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00\x00"), NotAudio, "a ZIP archive"},
		{"zeros", make([]byte, 100), NotAudio, "nothing but zero bytes"},
		{"unknown", []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x80\x90\xa0\xb0\xc0"), NotAudio, "not audio but unknown data; lathe reads WAV"},
		{"MP3", []byte("\xff\xfb\x90\x64\x00\x00\x00\x00\x00\x00\x00\x00\x00"), Unsupported, "MP3, which is not supported"},
		{"MP3 with ID3", []byte("ID3\x04\x00\x00\x00\x00\x00\x02\x00\x00\xff\xfb\x90\x64"), Unsupported, "MP3"},
		{"WavPack", []byte("wvpk\x00\x00\x10\x00AIFFCOMM"), Unsupported, "WavPack, which is not supported: convert it first; lathe reads WAV, RF64/BW64, AIFF and FLAC"},
		{"Ogg Vorbis", append(append([]byte("OggS"), make([]byte, 24)...), "\x01vorbis"...), Unsupported, "Ogg Vorbis"},
		{"RIFX", []byte("RIFX\x00\x00\x10\x00WAVEfmt "), Unsupported, "big-endian"},
		{"AVI", []byte("RIFF\x00\x00\x10\x00AVI LIST"), Unsupported, "AVI video"},
		{"truncated", riffOf("RIFF", stereo16, raw("data", 4*48000*4, second)), Truncated, "truncated: the last 3.000 s of 4.000 s are missing"},
		{"truncated in the first frame", riffOf("RIFF", stereo16, raw("data", 400, []byte{1})), Truncated, "truncated: the last 0.002 s of 0.002 s"},
		{"truncated RF64", riffOf("RF64", proper("ds64", ds64Of(0, 4*48000*3600*8, 0)), stereo16, raw("data", streamed, second)), Truncated, "of 28800.000 s are missing"},
		{"cut before the data", riffOf("RIFF", stereo16), NoData, "without a data chunk"},
		{"no fmt", riffOf("RIFF", proper("data", second)), Corrupt, "without a fmt chunk"},
		{"short fmt", riffOf("RIFF", proper("fmt ", make([]byte, 14)), proper("data", second)), Corrupt, "fmt chunk has 14 bytes"},
		{"short ds64", riffOf("RF64", proper("ds64", make([]byte, 8)), stereo16), Corrupt, "ds64 chunk has 8 bytes"},
		{"no channels", riffOf("RIFF", proper("fmt ", format(1, 0, 48000, 4, 16)), proper("data", second)), Corrupt, "0 channels"},
		{"too many channels", riffOf("RIFF", proper("fmt ", format(1, 65535, 48000, 65535, 8)), proper("data", second)), Unsupported, "65535 channels"},
		{"no rate", riffOf("RIFF", proper("fmt ", format(1, 2, 0, 4, 16)), proper("data", second)), Corrupt, "sample rate of 0 Hz"},
		{"absurd rate", riffOf("RIFF", proper("fmt ", format(1, 2, 4e9, 4, 16)), proper("data", second)), Corrupt, "sample rate of 4000000000 Hz"},
		{"uneven frame", riffOf("RIFF", proper("fmt ", format(1, 2, 48000, 5, 16)), proper("data", second)), Corrupt, "5 bytes for a frame of 2 channels"},
		{"ADPCM", riffOf("RIFF", proper("fmt ", format(0x11, 2, 48000, 2048, 4)), proper("data", second)), Unsupported, "WAV with IMA ADPCM, which is not supported"},
		{"MP3 in WAV", riffOf("RIFF", proper("fmt ", format(0x55, 2, 48000, 1, 0)), proper("data", second)), Unsupported, "WAV with MP3"},
		{"unknown codec", riffOf("RIFF", proper("fmt ", format(0x1234, 2, 48000, 1, 0)), proper("data", second)), Unsupported, "codec 0x1234"},
		{"64-bit integers", riffOf("RIFF", proper("fmt ", format(1, 2, 48000, 16, 64)), proper("data", second)), Unsupported, "64-bit integer samples in 8 bytes"},
		{"16-bit floats", riffOf("RIFF", proper("fmt ", format(3, 2, 48000, 4, 16)), proper("data", second)), Unsupported, "16-bit float"},
		{"foreign GUID", riffOf("RIFF", proper("fmt ", append(extensible(1, 2, 48000, 4, 16, 16, 3)[:38], 1, 2)), proper("data", second)), Unsupported, "format of its maker's own"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewReader(bytes.NewReader(tt.file), int64(len(tt.file)), "stems/lead.wav")
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v is no *Error", err)
			}
			if e.Kind != tt.kind || e.Path != "stems/lead.wav" || !strings.Contains(e.Detail, tt.want) {
				t.Errorf("kind %d, %q; want kind %d, %q", e.Kind, e, tt.kind, tt.want)
			}
		})
	}
}

// TestNonFinite: the frames before a NaN are given, then the error says where it is.
func TestNonFinite(t *testing.T) {
	nan32, inf32 := float32(math.NaN()), float32(math.Inf(-1))
	for _, tt := range []struct {
		name     string
		channels uint16
		bits     uint16
		data     []byte
		at       string
	}{
		{"float32 stereo", 2, 32, lef32(0, 0, 1, 1, 0.5, nan32, 0, 0), "0:00.000 (frame 2, channel 2)"},
		{"float32 mono, infinite", 1, 32, lef32(0, 1, inf32), "(frame 2, channel 1)"},
		{"float64 stereo", 2, 64, lef64(0, 0, 1, 1, math.NaN(), 0), "(frame 2, channel 1)"},
		{"float32 of three channels", 3, 32, lef32(0, 0, 0, 1, 1, 1, 1, nan32, nan32), "(frame 2, channel 2)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			align := tt.channels * tt.bits / 8
			r := reader(t, riffOf("RIFF", proper("fmt ", format(3, tt.channels, 48000, align, tt.bits)), proper("data", tt.data)))
			got, err := all(t, r, 64)
			var e *Error
			if !errors.As(err, &e) || e.Kind != NonFinite || !strings.Contains(e.Detail, tt.at) {
				t.Errorf("error %v; want a sample at %s", err, tt.at)
			}
			for ch := range got {
				if !slices.Equal(got[ch], []float64{0, 1}) {
					t.Errorf("channel %d: %v before the error; want [0 1]", ch+1, got[ch])
				}
			}
		})
	}
}

// TestHugeFile reads RF64 beyond 4 GiB and a plain WAV whose size has wrapped,
// neither of which exists but for its first and last bytes.
func TestHugeFile(t *testing.T) {
	const frames = 5 << 30 / 4
	stereo16 := proper("fmt ", format(1, 2, 48000, 4, 16))
	size := uint64(4 * frames)
	for _, head := range [][]byte{
		riffOf("RF64", proper("ds64", ds64Of(size+72, size, frames)), stereo16, raw("data", streamed, nil)),
		riffOf("RIFF", stereo16, raw("data", uint32(size&math.MaxUint32), nil)),
	} {
		f := sparse{head: head, size: int64(len(head)) + 4*frames, tail: le16(1<<14, -1<<14)}
		r, err := NewReader(f, f.size, "long.wav")
		if err != nil {
			t.Fatal(err)
		}
		if r.Info().Frames != frames {
			t.Fatalf("%d frames; want %d", r.Info().Frames, frames)
		}
		if err := r.SeekFrame(frames - 2); err != nil {
			t.Fatal(err)
		}
		got, err := all(t, r, 64)
		if err != io.EOF || !sameSamples(got, [][]float64{{0, 0.5}, {0, -0.5}}) {
			t.Errorf("last frames: %v, %v", got, err)
		}
	}
}

// sparse is a file of zeros between its head and its tail.
type sparse struct {
	head, tail []byte
	size       int64
}

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), s.size-off))
	for i := range n {
		p[i] = 0
		if at := off + int64(i); at < int64(len(s.head)) {
			p[i] = s.head[at]
		} else if from := s.size - int64(len(s.tail)); at >= from {
			p[i] = s.tail[at-from]
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

var specs = []Spec{
	{Rate: 44100, Channels: 1, Bits: 16}, {Rate: 48000, Channels: 2, Bits: 16},
	{Rate: 96000, Channels: 1, Bits: 24}, {Rate: 48000, Channels: 2, Bits: 24},
	{Rate: 48000, Channels: 1, Bits: 32}, {Rate: 192000, Channels: 2, Bits: 32},
	{Rate: 48000, Channels: 1, Bits: 32, Float: true}, {Rate: 44100, Channels: 2, Bits: 32, Float: true},
}

func (s Spec) String() string {
	kind := "int"
	if s.Float {
		kind = "float"
	}
	return fmt.Sprintf("%s%d x %d", kind, s.Bits, s.Channels)
}

// audio is what a written file must read back as.
func audio(spec Spec, ints [][]int32) [][]float64 {
	out := make([][]float64, len(ints))
	for ch := range ints {
		for _, x := range ints[ch] {
			v := float64(x) / float64(int64(1)<<(spec.Bits-1))
			if spec.Float {
				v = float64(float32(v))
			}
			out[ch] = append(out[ch], v)
		}
	}
	return out
}

func planarNoise(spec Spec, frames int) [][]int32 {
	var p [][]int32
	for ch := range spec.Channels {
		p = append(p, noise(frames, spec.Bits, uint32(7*ch+1)))
	}
	return p
}

// TestRoundTrip writes, reads back, and moves about in any pattern: the samples
// are the ones written, bit for bit, however reading and writing are cut up.
func TestRoundTrip(t *testing.T) {
	for _, spec := range specs {
		t.Run(spec.String(), func(t *testing.T) {
			// Longer than the buffers of both sides.
			ints := planarNoise(spec, 3*bufBytes/4)
			want := audio(spec, ints)
			file := encode(t, spec, ints)
			rapid.Check(t, func(rt *rapid.T) {
				r := reader(t, file)
				pos := 0
				for range rapid.IntRange(1, 5).Draw(rt, "moves") {
					if rapid.Bool().Draw(rt, "seek") {
						pos = rapid.IntRange(0, len(want[0])).Draw(rt, "frame")
						if err := r.SeekFrame(int64(pos)); err != nil {
							rt.Fatal(err)
						}
					}
					n := rapid.IntRange(1, 40000).Draw(rt, "frames")
					dst := make([][]float64, spec.Channels)
					for ch := range dst {
						dst[ch] = make([]float64, n)
					}
					got, err := r.Read(dst)
					left := min(n, len(want[0])-pos)
					if got != left || (err == io.EOF) != (left == 0) || err != nil && err != io.EOF {
						rt.Fatalf("at %d: %d frames of %d, %v", pos, got, n, err)
					}
					for ch := range dst {
						if !slices.Equal(dst[ch][:got], want[ch][pos:pos+got]) {
							rt.Fatalf("channel %d differs in frames %d to %d", ch, pos, pos+got)
						}
					}
					pos += got
				}
			})
		})
	}
}

// TestWriteInBlocks: the bytes do not depend on how the samples come.
func TestWriteInBlocks(t *testing.T) {
	for _, spec := range specs[:6] {
		ints := planarNoise(spec, bufBytes/2+333)
		want := encode(t, spec, ints)
		rapid.Check(t, func(rt *rapid.T) {
			var out seekBuffer
			s := spec
			if rapid.Bool().Draw(rt, "announced") {
				s.Frames = int64(len(ints[0]))
			}
			w, err := CreateWAV(&out, s)
			if err != nil {
				rt.Fatal(err)
			}
			for at := 0; at < len(ints[0]); {
				n := min(rapid.IntRange(0, 60000).Draw(rt, "frames"), len(ints[0])-at)
				part := make([][]int32, len(ints))
				for ch := range ints {
					part[ch] = ints[ch][at : at+n]
				}
				if err := w.WriteInt(part); err != nil {
					rt.Fatal(err)
				}
				at += n
			}
			if err := w.Close(); err != nil {
				rt.Fatal(err)
			}
			if !bytes.Equal(out.b, want) {
				rt.Fatal("the bytes differ")
			}
		})
	}
}

// TestAgainstGoAudio has go-audio/wav read what this package writes: plain
// integer PCM is what that library is right about.
func TestAgainstGoAudio(t *testing.T) {
	for _, spec := range specs[:6] {
		t.Run(spec.String(), func(t *testing.T) {
			ints := planarNoise(spec, 5000)
			d := wav.NewDecoder(bytes.NewReader(encode(t, spec, ints)))
			buf, err := d.FullPCMBuffer()
			if err != nil {
				t.Fatal(err)
			}
			if int(d.SampleRate) != spec.Rate || int(d.NumChans) != spec.Channels || int(d.BitDepth) != spec.Bits {
				t.Errorf("it reads %d Hz, %d channels, %d bits", d.SampleRate, d.NumChans, d.BitDepth)
			}
			for i, x := range buf.Data {
				if want := ints[i%spec.Channels][i/spec.Channels]; int(want) != x {
					t.Fatalf("sample %d is %d; want %d", i, x, want)
				}
			}
			if len(buf.Data) != 5000*spec.Channels {
				t.Errorf("%d samples; want %d", len(buf.Data), 5000*spec.Channels)
			}
		})
	}
}

// TestHeader pins the bytes of whole files: nothing in them but what was asked for.
func TestHeader(t *testing.T) {
	plain := encode(t, Spec{Rate: 44100, Channels: 1, Bits: 24, Tags: map[string]string{"title": "Undertow", "artist": "Harbour Lights"}}, [][]int32{{1, -1, 1 << 22}})
	want := riffOf("RIFF", proper("fmt ", format(1, 1, 44100, 3, 24)), proper("data", le24(1, -1, 1<<22)),
		proper("LIST", info("INAM", "Undertow", "IART", "Harbour Lights")))
	if diff := cmp.Diff(want, plain); diff != "" {
		t.Errorf("24-bit file with tags (-want +got):\n%s", diff)
	}
	float := encode(t, Spec{Rate: 48000, Channels: 2, Bits: 32, Float: true}, [][]int32{{1 << 30}, {-1 << 31}})
	want = riffOf("RIFF", proper("fmt ", append(format(3, 2, 48000, 8, 32), 0, 0)), proper("fact", le32(1)), proper("data", lef32(0.5, -1)))
	if diff := cmp.Diff(want, float); diff != "" {
		t.Errorf("float file (-want +got):\n%s", diff)
	}
}

// TestWriteRF64: a file announced to be longer than 4 GiB is RF64 from the
// start, and right also if fewer frames come. Its sizes at full length are
// checked in the header.
func TestWriteRF64(t *testing.T) {
	const frames = 1 << 31
	spec := Spec{Rate: 48000, Channels: 2, Bits: 24, Frames: frames}
	var out seekBuffer
	w, err := CreateWAV(&out, spec)
	if err != nil {
		t.Fatal(err)
	}
	want := riffOf("RF64", proper("ds64", ds64Of(6*frames+72, 6*frames, frames)), proper("fmt ", format(1, 2, 48000, 6, 24)), raw("data", streamed, nil))
	if diff := cmp.Diff(want, out.b); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	ints := planarNoise(spec, 100)
	if err := w.WriteInt(ints); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, out.b)
	got, err := all(t, r, 64)
	if r.Info().Format != "rf64" || len(r.Info().Warnings) > 0 || err != io.EOF || !sameSamples(got, audio(spec, ints)) {
		t.Errorf("read back as %+v, %v", r.Info(), err)
	}
}

func TestWriteErrors(t *testing.T) {
	int24, float := Spec{Rate: 48000, Channels: 2, Bits: 24}, Spec{Rate: 48000, Channels: 2, Bits: 32, Float: true}
	for _, tt := range []struct {
		name  string
		spec  Spec
		write func(*PCMWriter) error
		want  string
	}{
		{"too large for 24 bits", int24, func(w *PCMWriter) error { return w.WriteInt([][]int32{{0, 1 << 23}, {0, 0}}) }, "does not fit 24 bits"},
		{"too small for 24 bits", int24, func(w *PCMWriter) error { return w.WriteInt([][]int32{{0}, {-1<<23 - 1}}) }, "does not fit 24 bits"},
		{"too large for 16 bits", Spec{Rate: 48000, Channels: 2, Bits: 16}, func(w *PCMWriter) error { return w.WriteInt([][]int32{{0}, {1 << 15}}) }, "does not fit 16 bits"},
		{"too large, mono", Spec{Rate: 48000, Channels: 1, Bits: 16}, func(w *PCMWriter) error { return w.WriteInt([][]int32{{-1<<15 - 1}}) }, "does not fit 16 bits"},
		{"NaN", float, func(w *PCMWriter) error { return w.WriteFloat([][]float64{{0}, {math.NaN()}}) }, "not a number"},
		{"beyond float32", float, func(w *PCMWriter) error { return w.WriteFloat([][]float64{{1e300}, {0}}) }, "not a number"},
		{"floats into integers", int24, func(w *PCMWriter) error { return w.WriteFloat([][]float64{{0}, {0}}) }, "floats written to an integer file"},
		{"integers into floats", float, func(w *PCMWriter) error { return w.WriteInt([][]int32{{0}, {0}}) }, "integers written to a float file"},
		{"wrong channels", int24, func(w *PCMWriter) error { return w.WriteInt([][]int32{{0}}) }, "1 channels written to a file with 2"},
		{"unknown tag", Spec{Rate: 48000, Channels: 2, Bits: 24, Tags: map[string]string{"isrc": "x"}}, nil, "only [title artist"},
		{"20 bits", Spec{Rate: 48000, Channels: 2, Bits: 20}, nil, "20-bit"},
		{"9 channels", Spec{Rate: 48000, Channels: 9, Bits: 24}, nil, "9 channels"},
		{"no rate", Spec{Channels: 2, Bits: 24}, nil, "0 Hz"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, err := CreateWAV(&seekBuffer{}, tt.spec)
			if tt.write != nil {
				if err != nil {
					t.Fatal(err)
				}
				if err = tt.write(w); err != nil && w.Close() == nil {
					t.Error("Close forgets the error")
				}
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v; want %q", err, tt.want)
			}
		})
	}
	// The extremes themselves fit.
	for _, spec := range specs[:6] {
		low, high := int32(math.MinInt32)>>(32-spec.Bits), int32(math.MaxInt32)>>(32-spec.Bits)
		ints := make([][]int32, spec.Channels)
		for ch := range ints {
			ints[ch] = []int32{low, high, 0, -1}
		}
		got, _ := all(t, reader(t, encode(t, spec, ints)), 8)
		if !sameSamples(got, audio(spec, ints)) {
			t.Errorf("%v: extremes come back as %v", spec, got)
		}
	}
}

// TestNoAllocation: reading and writing blocks allocates nothing.
func TestNoAllocation(t *testing.T) {
	spec := Spec{Rate: 48000, Channels: 2, Bits: 24}
	ints := planarNoise(spec, 1<<20)
	r := reader(t, encode(t, spec, ints))
	left, right := make([]float64, 1024), make([]float64, 1024)
	if n := testing.AllocsPerRun(500, func() {
		if _, err := r.ReadStereo(left, right); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per block read", n)
	}
	w, err := CreateWAV(discard{}, spec)
	if err != nil {
		t.Fatal(err)
	}
	block := [][]int32{ints[0][:1024], ints[1][:1024]}
	if n := testing.AllocsPerRun(500, func() {
		if err := w.WriteInt(block); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per block written", n)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error)    { return len(p), nil }
func (discard) Seek(int64, int) (int64, error) { return 0, nil }

// TestReadStereo: mono fills both channels, and more than two are refused.
func TestReadStereo(t *testing.T) {
	mono := Spec{Rate: 48000, Channels: 1, Bits: 16}
	r := reader(t, encode(t, mono, [][]int32{{1 << 14, -1 << 14}}))
	left, right := make([]float64, 4), make([]float64, 4)
	n, err := r.ReadStereo(left, right)
	if n != 2 || err != nil || !slices.Equal(left[:2], []float64{0.5, -0.5}) || !slices.Equal(right[:2], left[:2]) {
		t.Errorf("mono: %d, %v, %v, %v", n, err, left, right)
	}
	r = reader(t, riffOf("RIFF", proper("fmt ", format(1, 3, 48000, 6, 16)), proper("data", make([]byte, 60))))
	var e *Error
	if _, err := r.ReadStereo(left, right); !errors.As(err, &e) || e.Kind != Unsupported {
		t.Errorf("three channels: %v", err)
	}
}

// TestShrunk: a file that gets shorter while it is read.
func TestShrunk(t *testing.T) {
	spec := Spec{Rate: 48000, Channels: 2, Bits: 24}
	file := encode(t, spec, planarNoise(spec, 100000))
	r, err := NewReader(bytes.NewReader(file[:len(file)/2]), int64(len(file)), "x.wav")
	if err != nil {
		t.Fatal(err)
	}
	_, err = all(t, r, 1024)
	var e *Error
	if !errors.As(err, &e) || e.Kind != Truncated || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
}

func TestClock(t *testing.T) {
	for frame, want := range map[int64]string{0: "0:00.000", 47999: "0:00.999", 62*48000 + 16560: "1:02.345", math.MaxInt32 * 48000: "35791394:07.000"} {
		if got := clock(frame, 48000); got != want {
			t.Errorf("clock(%d) = %s; want %s", frame, got, want)
		}
	}
}

// lieList is the LIST chunk that makes go-audio/wav allocate 4 GB.
var lieList = riffOf("RIFF", proper("fmt ", format(1, 1, 48000, 2, 16)), proper("data", le16(1, 2, 3)),
	proper("LIST", append([]byte("INFO"), binary.LittleEndian.AppendUint32([]byte("INAM"), 0xfffffffe)...)))
