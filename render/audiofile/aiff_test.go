package audiofile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Hand-made AIFF files, like the WAV files of build_test.go.

func rawBE(id string, size uint32, payload []byte) []byte {
	b := append([]byte(id), 0, 0, 0, 0)
	binary.BigEndian.PutUint32(b[4:], size)
	return append(b, payload...)
}

func properBE(id string, payload []byte) []byte {
	b := rawBE(id, uint32(len(payload)), payload)
	if len(payload)&1 == 1 {
		b = append(b, 0)
	}
	return b
}

func aiffOf(form string, chunks ...[]byte) []byte {
	body := append([]byte(form), bytes.Join(chunks, nil)...)
	return rawBE("FORM", uint32(len(body)), body)
}

// comm is the payload of a COMM chunk; codec is empty in plain AIFF.
func comm(channels uint16, frames uint32, bits uint16, rate []byte, codec string) []byte {
	be := binary.BigEndian
	b := be.AppendUint16(nil, channels)
	b = be.AppendUint32(b, frames)
	b = be.AppendUint16(b, bits)
	b = append(b, rate...)
	if codec != "" {
		b = append(append(b, codec...), 0, 0)
	}
	return b
}

// ssnd is the payload of an SSND chunk.
func ssnd(data []byte) []byte { return append(make([]byte, 8), data...) }

// Sample rates as 80-bit floats, from the tables of other programs.
var (
	rate44100 = []byte{0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0}
	rate48000 = []byte{0x40, 0x0E, 0xBB, 0x80, 0, 0, 0, 0, 0, 0}
	rate96000 = []byte{0x40, 0x0F, 0xBB, 0x80, 0, 0, 0, 0, 0, 0}
)

// swapped turns each sample of some bytes round.
func swapped(size int, b []byte) []byte {
	b = slices.Clone(b)
	for i := 0; i+size <= len(b); i += size {
		slices.Reverse(b[i : i+size])
	}
	return b
}

func TestExtended(t *testing.T) {
	for _, tt := range []struct {
		b     []byte
		want  uint64
		whole bool
	}{
		{rate44100, 44100, true}, {rate48000, 48000, true}, {rate96000, 96000, true},
		{[]byte{0x40, 0x0B, 0xFA, 0, 0, 0, 0, 0, 0, 0}, 8000, true},
		{[]byte{0x40, 0x11, 0xBB, 0x80, 0, 0, 0, 0, 0, 0}, 384000, true},
		{[]byte{0x40, 0x0D, 0xAD, 0xDD, 0x17, 0x46, 0, 0, 0, 0}, 22255, false}, // 22254.5454: the first Macintosh
		{make([]byte, 10), 0, true},
		{[]byte{0xC0, 0x0E, 0xBB, 0x80, 0, 0, 0, 0, 0, 0}, 0, true},                          // negative
		{[]byte{0x7F, 0xFF, 0xC0, 0, 0, 0, 0, 0, 0, 0}, 0, true},                             // NaN
		{[]byte{0x40, 0x1E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, 1 << 32, false}, // rounds up beyond 32 bits, and is refused
	} {
		if got, whole := extended(tt.b); got != tt.want || whole != tt.whole {
			t.Errorf("% x: %d, %v; want %d, %v", tt.b, got, whole, tt.want, tt.whole)
		}
	}
}

// TestOddAIFF is [TestOddFiles] for AIFF.
func TestOddAIFF(t *testing.T) {
	half16 := swapped(2, le16(16384, -16384, 0, -32768)) // two stereo frames
	stereo16 := properBE("COMM", comm(2, 2, 16, rate48000, ""))
	sound := properBE("SSND", ssnd(half16))
	halves := [][]float64{{0.5, 0}, {-0.5, -1}}
	pcm := Info{Format: "aiff", Encoding: "pcm", BitDepth: 16, ContainerBits: 16, Channels: 2, Rate: 48000, Frames: 2, ChannelMask: 3}
	with := func(change func(*Info)) Info { i := pcm; change(&i); return i }
	warned := func(w ...string) Info { return with(func(i *Info) { i.Warnings = w }) }
	mono := func(format, encoding string, bits, container int) Info {
		return with(func(i *Info) {
			i.Format, i.Encoding, i.Channels, i.BitDepth, i.ContainerBits, i.ChannelMask = format, encoding, 1, bits, container, 4
		})
	}
	// aifc is a mono file of two samples.
	aifc := func(bits uint16, codec string, data []byte) []byte {
		return aiffOf("AIFC", properBE("FVER", []byte{0xA2, 0x80, 0x51, 0x40}), properBE("COMM", comm(1, 2, bits, rate48000, codec)), properBE("SSND", ssnd(data)))
	}
	half24, half32 := le24(-1<<23, 1<<22), le32(-1<<31, 1<<30)
	two := [][]float64{{-1, 0.5}}

	for _, tt := range []struct {
		name  string
		file  []byte
		info  Info
		audio [][]float64
	}{
		{"plain", aiffOf("AIFF", stereo16, sound), pcm, halves},
		{"8 bit is signed", aiffOf("AIFF", properBE("COMM", comm(1, 2, 8, rate48000, "")), properBE("SSND", ssnd([]byte{0x80, 64}))), mono("aiff", "pcm", 8, 8), two},
		{"12 bits in two bytes", aiffOf("AIFF", properBE("COMM", comm(1, 2, 12, rate48000, "")), properBE("SSND", ssnd([]byte{0x80, 0, 0x40, 0}))), mono("aiff", "pcm", 12, 16), two},
		{"24 bit", aiffOf("AIFF", properBE("COMM", comm(1, 2, 24, rate48000, "")), properBE("SSND", ssnd(swapped(3, half24)))), mono("aiff", "pcm", 24, 24), two},
		{"32 bit", aiffOf("AIFF", properBE("COMM", comm(1, 2, 32, rate48000, "")), properBE("SSND", ssnd(swapped(4, half32)))), mono("aiff", "pcm", 32, 32), two},
		{"44.1 kHz", aiffOf("AIFF", properBE("COMM", comm(2, 2, 16, rate44100, "")), sound), with(func(i *Info) { i.Rate = 44100 }), halves},
		{"a rate that is no whole number", aiffOf("AIFF", properBE("COMM", comm(2, 2, 16, []byte{0x40, 0x0D, 0xAD, 0xDD, 0x17, 0x46, 0, 0, 0, 0}, "")), sound),
			with(func(i *Info) {
				i.Rate, i.Warnings = 22255, []string{"the sample rate is no whole number: taken as 22255 Hz"}
			}), halves},
		{"NONE", aifc(16, "NONE", swapped(2, le16(-1<<15, 1<<14))), mono("aifc", "pcm", 16, 16), two},
		{"twos", aifc(16, "twos", swapped(2, le16(-1<<15, 1<<14))), mono("aifc", "pcm", 16, 16), two},
		{"sowt", aifc(16, "sowt", le16(-1<<15, 1<<14)), mono("aifc", "pcm", 16, 16), two},
		{"sowt with 24 bits", aifc(24, "sowt", half24), mono("aifc", "pcm", 24, 24), two},
		{"in24, which says 16", aifc(16, "in24", swapped(3, half24)), mono("aifc", "pcm", 24, 24), two},
		{"in32", aifc(16, "in32", swapped(4, half32)), mono("aifc", "pcm", 32, 32), two},
		{"42ni", aifc(16, "42ni", half24), mono("aifc", "pcm", 24, 24), two},
		{"23ni", aifc(16, "23ni", half32), mono("aifc", "pcm", 32, 32), two},
		{"raw is unsigned", aifc(8, "raw ", []byte{0, 192}), mono("aifc", "pcm", 8, 8), two},
		{"fl32", aifc(32, "fl32", swapped(4, lef32(-1, 0.5))), mono("aifc", "float", 32, 32), two},
		{"FL32, which says 16", aifc(16, "FL32", swapped(4, lef32(-1, 0.5))), mono("aifc", "float", 32, 32), two},
		{"fl64", aifc(64, "fl64", swapped(8, lef64(-1, 0.5))), mono("aifc", "float", 64, 64), two},
		{"FL64", aifc(64, "FL64", swapped(8, lef64(-1, 0.5))), mono("aifc", "float", 64, 64), two},
		{"COMM after SSND", aiffOf("AIFF", sound, stereo16), pcm, halves},
		{"odd chunks, odd samples, then tags", aiffOf("AIFF", properBE("APPL", []byte("odd")), properBE("COMM", comm(1, 1, 24, rate48000, "")), properBE("SSND", ssnd(swapped(3, le24(1<<22)))),
			properBE("NAME", []byte("Undertow")), properBE("AUTH", []byte("Sigur R\xf3s\x00")), properBE("ANNO", []byte("first")), properBE("ANNO", []byte("second"))),
			with(func(i *Info) {
				*i = mono("aiff", "pcm", 24, 24)
				i.Frames, i.Tags = 1, map[string]string{"title": "Undertow", "artist": "Sigur Rós", "comment": "first"}
			}), [][]float64{{0.5}}},
		{"odd chunk without its pad byte", aiffOf("AIFF", rawBE("NAME", 3, []byte("odd")), stereo16, sound), with(func(i *Info) { i.Tags = map[string]string{"title": "odd"} }), halves},
		{"length of the whole is 0", append(rawBE("FORM", 0, []byte("AIFF")), append(slices.Clone(stereo16), sound...)...), pcm, halves},
		{"samples that begin later", aiffOf("AIFF", stereo16, properBE("SSND", append([]byte{0, 0, 0, 4, 0, 0, 0, 0, 9, 9, 9, 9}, half16...))), pcm, halves},
		{"piped by ffmpeg", aiffOf("AIFF", properBE("COMM", comm(2, 0, 16, rate48000, "")), rawBE("SSND", 0, ssnd(half16))),
			warned("the number of frames was never filled in: read to the end of the samples"), halves},
		{"piped by SoX", aiffOf("AIFF", properBE("COMM", comm(2, 0x7F000000/4, 16, rate48000, "")), rawBE("SSND", 0x7F000008, ssnd(half16))),
			warned("the number of frames was never filled in: read to the end of the samples"), halves},
		{"COMM says more than SSND", aiffOf("AIFF", properBE("COMM", comm(2, 9, 16, rate48000, "")), sound), warned("the header says 9 frames, the file holds 2"), halves},
		{"COMM says less than SSND", aiffOf("AIFF", properBE("COMM", comm(2, 1, 16, rate48000, "")), sound),
			with(func(i *Info) { i.Frames, i.Warnings = 1, []string{"4 bytes behind the last frame are ignored"} }), [][]float64{{0.5}, {-0.5}}},
		{"really no samples", aiffOf("AIFF", properBE("COMM", comm(2, 0, 16, rate48000, "")), properBE("SSND", ssnd(nil))), with(func(i *Info) { i.Frames = 0 }), [][]float64{nil, nil}},
		{"no samples, no SSND", aiffOf("AIFF", properBE("COMM", comm(2, 0, 16, rate48000, "")), properBE("NAME", []byte("x"))),
			with(func(i *Info) { i.Frames, i.Tags = 0, map[string]string{"title": "x"} }), [][]float64{nil, nil}},
		{"something else behind the chunks", append(aiffOf("AIFF", stereo16, sound), make([]byte, 9)...), warned("9 bytes that are no chunk, at byte 62, are ignored"), halves},
		{"a last chunk that is cut off", aiffOf("AIFF", stereo16, sound, rawBE("ANNO", 400, []byte("x"))), warned(`chunk "ANNO" is cut off: 1 bytes of 400`), halves},
		{"5.1 by Core Audio's tag", aiffOf("AIFF", properBE("CHAN", []byte{0, 121, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0}), properBE("COMM", comm(6, 1, 8, rate48000, "")), properBE("SSND", ssnd([]byte{0, 1, 2, 3, 4, 5}))),
			with(func(i *Info) {
				i.Channels, i.Frames, i.BitDepth, i.ContainerBits, i.ChannelMask = 6, 1, 8, 8, 0x3F
			}), [][]float64{{0}, {0x1p-7}, {0x2p-7}, {0x3p-7}, {0x4p-7}, {0x5p-7}}},
		{"5.0 by Core Audio's bitmap", aiffOf("AIFF", properBE("CHAN", []byte{0, 1, 0, 0, 0, 0, 6, 7, 0, 0, 0, 0}), properBE("COMM", comm(5, 1, 8, rate48000, "")), properBE("SSND", ssnd(make([]byte, 5)))),
			with(func(i *Info) {
				i.Channels, i.Frames, i.BitDepth, i.ContainerBits, i.ChannelMask = 5, 1, 8, 8, 0x607
			}), [][]float64{{0}, {0}, {0}, {0}, {0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := reader(t, tt.file)
			if tt.info.Tags != nil {
				tt.info.TagsIn = map[string]map[string]string{"aiff": tt.info.Tags}
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

func TestBrokenAIFF(t *testing.T) {
	stereo16 := properBE("COMM", comm(2, 4*48000, 16, rate48000, ""))
	second := make([]byte, 4*48000)
	codec := func(name string) []byte {
		return aiffOf("AIFC", properBE("COMM", comm(2, 2, 16, rate48000, name)), properBE("SSND", ssnd(second)))
	}
	for _, tt := range []struct {
		name string
		file []byte
		kind Kind
		want string
	}{
		{"truncated", aiffOf("AIFF", stereo16, rawBE("SSND", 4*4*48000+8, ssnd(second))), Truncated, "truncated: the last 3.000 s of 4.000 s are missing"},
		{"truncated in the SSND chunk's head", aiffOf("AIFF", stereo16, rawBE("SSND", 4*4*48000+8, make([]byte, 5))), Truncated, "the last 4.000 s of 4.000 s"},
		{"cut before the samples", aiffOf("AIFF", stereo16), NoData, "without an SSND chunk"},
		{"only a head", []byte("FORM\x00\x00\x10\x00AIFF"), Corrupt, "without a COMM chunk"},
		{"short COMM", aiffOf("AIFF", properBE("COMM", make([]byte, 16)), properBE("SSND", ssnd(second))), Corrupt, "COMM chunk has 16 bytes where 18 are needed"},
		{"short COMM of AIFF-C", aiffOf("AIFC", properBE("COMM", comm(2, 2, 16, rate48000, "")), properBE("SSND", ssnd(second))), Corrupt, "COMM chunk has 18 bytes where 22 are needed"},
		{"no channels", aiffOf("AIFF", properBE("COMM", comm(0, 2, 16, rate48000, "")), properBE("SSND", ssnd(second))), Corrupt, "0 channels"},
		{"too many channels", aiffOf("AIFF", properBE("COMM", comm(65535, 2, 16, rate48000, "")), properBE("SSND", ssnd(second))), Unsupported, "65535 channels"},
		{"no rate", aiffOf("AIFF", properBE("COMM", comm(2, 2, 16, make([]byte, 10), "")), properBE("SSND", ssnd(second))), Corrupt, "sample rate of 0 Hz"},
		{"40 bits", aiffOf("AIFF", properBE("COMM", comm(2, 2, 40, rate48000, "")), properBE("SSND", ssnd(second))), Unsupported, "40-bit samples"},
		{"no bits", aiffOf("AIFF", properBE("COMM", comm(2, 2, 0, rate48000, "")), properBE("SSND", ssnd(second))), Unsupported, "0-bit samples"},
		{"samples that begin beyond the end", aiffOf("AIFF", properBE("COMM", comm(2, 2, 16, rate48000, "")), properBE("SSND", []byte{0xFF, 0, 0, 0, 0, 0, 0, 0})), Corrupt, "its samples begin"},
		{"ima4", codec("ima4"), Unsupported, "AIFF-C with IMA ADPCM, which is not supported"},
		{"ulaw", codec("ulaw"), Unsupported, "AIFF-C with µ-law"},
		{"unknown codec", codec("zzzz"), Unsupported, `AIFF-C with codec "zzzz"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewReader(bytes.NewReader(tt.file), int64(len(tt.file)), "stems/lead.aif")
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v is no *Error", err)
			}
			if e.Kind != tt.kind || e.Path != "stems/lead.aif" || !strings.Contains(e.Detail, tt.want) {
				t.Errorf("kind %d, %q; want kind %d, %q", e.Kind, e, tt.kind, tt.want)
			}
		})
	}
}

// TestAllowNonFinite: a meter is given what a file holds.
func TestAllowNonFinite(t *testing.T) {
	nan32, inf32 := float32(math.NaN()), float32(math.Inf(1))
	for _, file := range [][]byte{
		riffOf("RIFF", proper("fmt ", format(3, 2, 48000, 8, 32)), proper("data", lef32(0, 0.5, nan32, 1, 2, inf32, 3, 4))),
		aiffOf("AIFC", properBE("COMM", comm(2, 4, 64, rate48000, "fl64")), properBE("SSND", ssnd(swapped(8, lef64(0, 0.5, math.NaN(), 1, 2, math.Inf(1), 3, 4))))),
	} {
		for block := 1; block < 6; block++ {
			r := reader(t, file)
			r.AllowNonFinite()
			got, err := all(t, r, block)
			want := [][]float64{{0, math.NaN(), 2, 3}, {0.5, 1, math.Inf(1), 4}}
			same := func(a, b float64) bool { return a == b || a != a && b != b }
			if err != io.EOF || !slices.EqualFunc(got[0], want[0], same) || !slices.EqualFunc(got[1], want[1], same) {
				t.Errorf("in blocks of %d: %v, %v", block, got, err)
			}
		}
	}
}

// TestForeignAIFF reads what ffmpeg and SoX write and compares samples and
// digests with what ffmpeg decodes from it, bit for bit.
func TestForeignAIFF(t *testing.T) {
	tool(t, "ffmpeg")
	tool(t, "sox")
	dir := t.TempDir()
	const tones = "aevalsrc=0.5*sin(2*PI*997*t)|0.3*sin(2*PI*1500*t):s=48000:d=0.7"
	ff := func(args ...string) []string {
		return append([]string{"ffmpeg", "-v", "error", "-f", "lavfi", "-i", tones}, args...)
	}
	sox := func(args ...string) []string {
		return append(append([]string{"sox", "-n", "-r", "44100", "-c", "2"}, args...), "OUT", "synth", "0.7", "sine", "997", "sine", "1500", "gain", "-6")
	}
	for _, tt := range []struct {
		name, raw string // raw: ffmpeg's name for the bare samples
		make      []string
	}{
		{"s8.aiff", "u8", ff("-c:a", "pcm_s8")}, {"s16.aiff", "s16le", ff("-c:a", "pcm_s16be")}, {"sowt.aifc", "s16le", ff("-c:a", "pcm_s16le")},
		{"s24.aiff", "s24le", ff("-c:a", "pcm_s24be")},
		{"f32.aifc", "f32le", ff("-c:a", "pcm_f32be")},
		{"surround.aiff", "s24le", ff("-c:a", "pcm_s24be", "-ac", "6")},
		{"tagged.aiff", "s16le", ff("-c:a", "pcm_s16be", "-metadata", "title=Undertow", "-write_id3v2", "1")},
		{"sox16.aiff", "s16le", sox("-b", "16")}, {"sox32.aifc", "s32le", sox("-b", "32")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, tt.name)
			args := slices.Clone(tt.make[1:])
			if at := slices.Index(args, "OUT"); at >= 0 {
				args[at] = path
			} else {
				args = append(args, path)
			}
			run(t, tt.make[0], args...)
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if w := r.Info().Warnings; len(w) > 0 {
				t.Errorf("warnings: %q", w)
			}
			got, err := all(t, r, 1000)
			if err != io.EOF {
				t.Fatal(err)
			}
			bare := run(t, "ffmpeg", "-v", "error", "-i", path, "-f", "f64le", "-c:a", "pcm_f64le", "-")
			want := make([][]float64, r.Info().Channels)
			for i := 0; 8*i < len(bare); i++ {
				want[i%len(want)] = append(want[i%len(want)], math.Float64frombits(binary.LittleEndian.Uint64(bare[8*i:])))
			}
			if !sameSamples(got, want) {
				t.Error("the samples are not those that ffmpeg reads")
			}
			file, pcm, err := Digests(path)
			if err != nil {
				t.Fatal(err)
			}
			if bare := run(t, "ffmpeg", "-v", "error", "-i", path, "-f", tt.raw, "-c:a", "pcm_"+tt.raw, "-"); pcm != sha256.Sum256(bare) {
				t.Error("the digest of the samples is not that of ffmpeg's raw output")
			}
			if whole, _ := os.ReadFile(path); file != sha256.Sum256(whole) {
				t.Error("the digest of the file is not that of its bytes")
			}
		})
	}
	for _, piped := range [][]string{ff("-c:a", "pcm_s24be", "-f", "aiff", "-"), {"sh", "-c", "sox -V1 -n -r 48000 -b 24 -c 2 -t aiff - synth 0.7 sine 997 | cat"}} {
		r := reader(t, run(t, piped[0], piped[1:]...))
		if got := r.Info(); got.Frames != 33600 || len(got.Warnings) != 1 {
			t.Errorf("piped by %s: %d frames, warnings %q; want 33600 and one", piped[0], got.Frames, got.Warnings)
		}
	}
}
