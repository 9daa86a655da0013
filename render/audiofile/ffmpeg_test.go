package audiofile

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOpenAny has ffmpeg encode, and holds what comes out here against what it
// decodes by itself: samples bit for bit, format, depth and, of what is
// lossless, the digest of the samples.
func TestOpenAny(t *testing.T) {
	tool(t, "ffmpeg")
	tool(t, "ffprobe")
	dir := t.TempDir()
	const stereo = "aevalsrc=0.5*sin(2*PI*997*t)|0.3*sin(2*PI*1500*t):s=48000:d=0.7"
	for _, tt := range []struct {
		name  string
		make  []string
		info  Info   // but for Decoder and Frames
		plain string // ffmpeg's name of the samples that the digest is of; empty where there is none
	}{
		{"a.mp3", []string{"-c:a", "libmp3lame"}, Info{Format: "mp3", Encoding: "mp3", ContainerBits: 32, Channels: 2, Rate: 48000, ChannelMask: 3}, ""},
		{"a.m4a", []string{"-c:a", "aac"}, Info{Format: "m4a", Encoding: "aac", ContainerBits: 32, Channels: 2, Rate: 48000, ChannelMask: 3}, ""},
		{"a.opus", []string{"-c:a", "libopus"}, Info{Format: "ogg", Encoding: "opus", ContainerBits: 32, Channels: 2, Rate: 48000, ChannelMask: 3}, ""},
		{"alac24.m4a", []string{"-c:a", "alac", "-sample_fmt", "s32p", "-ar", "44100", "-ac", "1"}, Info{Format: "m4a", Encoding: "alac", BitDepth: 24, ContainerBits: 24, Channels: 1, Rate: 44100, ChannelMask: 4}, "s24le"},
		{"float.wv", []string{"-c:a", "wavpack", "-sample_fmt", "fltp"}, Info{Format: "wv", Encoding: "float", BitDepth: 32, ContainerBits: 32, Channels: 2, Rate: 48000, ChannelMask: 3}, "f32le"},
		{"surround.mka", []string{"-c:a", "pcm_s16le", "-af", "pan=5.1(side)|FL=c0|FR=c1|FC=c0|LFE=c1|SL=c0|SR=c1"}, Info{Format: "matroska", Encoding: "pcm", BitDepth: 16, ContainerBits: 16, Channels: 6, Rate: 48000, ChannelMask: 0x3F}, "s16le"},
		{"adpcm.wav", []string{"-c:a", "adpcm_ms"}, Info{Format: "wav", Encoding: "adpcm_ms", ContainerBits: 32, Channels: 2, Rate: 48000, ChannelMask: 3}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, tt.name)
			run(t, "ffmpeg", append(append([]string{"-v", "error", "-f", "lavfi", "-i", stereo}, tt.make...), path)...)
			var e *Error
			if _, err := Open(path); !errors.As(err, &e) || e.Kind != Unsupported {
				t.Fatalf("Open reads it itself, or says %v", err)
			}
			r, err := OpenAny(context.Background(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got := r.Info()
			if !strings.HasPrefix(got.Decoder, "ffmpeg ") || got.Frames != UnknownFrames {
				t.Errorf("decoder %q, %d frames before reading", got.Decoder, got.Frames)
			}
			tt.info.Decoder, tt.info.Frames = got.Decoder, got.Frames
			if diff := cmp.Diff(tt.info, got); diff != "" {
				t.Errorf("info (-want +got):\n%s", diff)
			}
			if err := r.KeepDigests(); err != nil {
				t.Fatal(err)
			}
			audio, err := all(t, r, 1000)
			if err != io.EOF {
				t.Fatal(err)
			}
			bare := run(t, "ffmpeg", "-v", "error", "-i", path, "-f", "f64le", "-c:a", "pcm_f64le", "-")
			want := make([][]float64, got.Channels)
			for i := 0; 8*i < len(bare); i++ {
				want[i%len(want)] = append(want[i%len(want)], math.Float64frombits(binary.LittleEndian.Uint64(bare[8*i:])))
			}
			if !sameSamples(audio, want) {
				t.Error("the samples are not those that ffmpeg decodes")
			}
			if n := r.Info().Frames; n != int64(len(want[0])) || len(r.Info().Warnings) > 0 {
				t.Errorf("%d frames after reading; want %d; warnings %q", n, len(want[0]), r.Info().Warnings)
			}
			file, pcm, err := r.Digests()
			if err != nil {
				t.Fatal(err)
			}
			var digest [32]byte
			if tt.plain != "" {
				digest = sha256.Sum256(run(t, "ffmpeg", "-v", "error", "-i", path, "-f", tt.plain, "-c:a", "pcm_"+tt.plain, "-"))
			}
			whole, _ := os.ReadFile(path)
			if pcm != digest || file != sha256.Sum256(whole) {
				t.Error("a digest is wrong")
			}
			// On, back, and beyond the end.
			dst := make([][]float64, got.Channels)
			for ch := range dst {
				dst[ch] = make([]float64, 50)
			}
			for _, at := range []int{20000, 100, len(want[0]) - 10} {
				if err := r.SeekFrame(int64(at)); err != nil {
					t.Fatal(err)
				}
				n, err := r.Read(dst)
				if n != min(50, len(want[0])-at) || err != nil || !slices.Equal(dst[0][:n], want[0][at:at+n]) {
					t.Errorf("at frame %d: %d frames, %v, or other samples", at, n, err)
				}
			}
		})
	}
}

// TestOpenAnyLikeOpen: what is read here is never handed on, what is no audio
// is said as Open says it.
func TestOpenAnyLikeOpen(t *testing.T) {
	dir := t.TempDir()
	spec := Spec{Rate: 48000, Channels: 2, Bits: 24}
	for name, file := range map[string][]byte{
		"a.wav": encode(t, spec, planarNoise(spec, 100)), "text.mp3": []byte("no music\nat all"), "empty.mp3": nil,
		"page.ogg": []byte("<!DOCTYPE html><html>not found</html>"), "noise.mp3": {1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x90, 0xa0, 0xb0, 0xc0},
		"short.wav": encode(t, spec, planarNoise(spec, 100))[:200],
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := OpenAny(context.Background(), path)
		_, plain := Open(path)
		switch {
		case err == nil && (plain != nil || r.Info().Decoder != ""):
			t.Errorf("%s is decoded by %q", name, r.Info().Decoder)
		case err != nil && (plain == nil || err.Error() != plain.Error()):
			t.Errorf("%s: %v; Open says %v", name, err, plain)
		}
		if err == nil {
			r.Close()
		}
	}
}

// TestFFmpegFails: a file that ffmpeg gives up on, one that it only complains
// of, and a reader that is closed or cancelled half-way.
func TestFFmpegFails(t *testing.T) {
	tool(t, "ffmpeg")
	tool(t, "ffprobe")
	dir := t.TempDir()
	path := filepath.Join(dir, "a.mp3")
	run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=997:d=10:r=48000", "-c:a", "libmp3lame", path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	var e *Error
	if _, err := OpenAny(context.Background(), write("head.m4a", []byte("\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42"))); !errors.As(err, &e) || e.Kind != Unsupported || !strings.Contains(e.Detail, "M4A (AAC or Apple Lossless), which ffmpeg ") {
		t.Errorf("an M4A without anything: %v", err)
	}
	damaged := slices.Clone(whole)
	clear(damaged[len(damaged)/2 : len(damaged)/2+2000])
	r, err := OpenAny(context.Background(), write("damaged.mp3", damaged))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := all(t, r, 4096); err != io.EOF || len(r.Info().Warnings) != 1 || !strings.Contains(r.Info().Warnings[0], " says: ") {
		t.Errorf("a damaged MP3: %v, warnings %q", err, r.Info().Warnings)
	}
	r.Close()

	block := [][]float64{make([]float64, 1024)}
	ctx, cancel := context.WithCancel(context.Background())
	for _, stop := range []func(r *Reader){func(r *Reader) { r.Close() }, func(*Reader) { cancel() }} {
		r, err := OpenAny(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(block); err != nil {
			t.Fatal(err)
		}
		stop(r)
		if ctx.Err() != nil {
			if _, err := all(t, r, 4096); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		}
		r.Close()
		if r.src.(*ffmpegSource).cmd != nil {
			t.Error("ffmpeg still runs")
		}
	}
}

// TestNoFFmpeg runs itself with an empty PATH.
func TestNoFFmpeg(t *testing.T) {
	if os.Getenv("AUDIOFILE_NO_FFMPEG") != "" {
		path := filepath.Join(t.TempDir(), "a.mp3")
		if err := os.WriteFile(path, []byte("ID3\x04\x00\x00\x00\x00\x00\x02\x00\x00\xff\xfb\x90\x64"), 0o600); err != nil {
			t.Fatal(err)
		}
		var e *Error
		_, err := OpenAny(context.Background(), path)
		if want := "MP3 (it begins with an ID3 tag): needs ffmpeg and ffprobe on PATH to be decoded, and they are not there: install ffmpeg, or convert the file to WAV"; !errors.As(err, &e) || e.Detail != want {
			t.Errorf("%v", err)
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNoFFmpeg$")
	cmd.Env = append(os.Environ(), "AUDIOFILE_NO_FFMPEG=1", "PATH="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
