package audiofile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignFiles reads files that ffmpeg and SoX write and compares the
// samples with what ffmpeg decodes from them, and the digest of the samples
// with that of ffmpeg's raw output at the same depth.
func TestForeignFiles(t *testing.T) {
	tool(t, "ffmpeg")
	dir := t.TempDir()
	const tones = "aevalsrc=0.5*sin(2*PI*997*t)|0.3*sin(2*PI*1500*t):s=48000:d=0.7"
	tests := []struct {
		name, raw string // raw: ffmpeg's name for the bare samples
		make      []string
	}{
		{"pcm_u8.wav", "u8", nil}, {"pcm_s16le.wav", "s16le", nil}, {"pcm_s24le.wav", "s24le", nil}, {"pcm_s32le.wav", "s32le", nil},
		{"pcm_f32le.wav", "f32le", nil}, {"pcm_f64le.wav", "f64le", nil},
		{"rf64.wav", "s24le", []string{"-c:a", "pcm_s24le", "-rf64", "always"}},
		{"mono.wav", "s24le", []string{"-c:a", "pcm_s24le", "-ac", "1"}},
		{"surround.wav", "s16le", []string{"-c:a", "pcm_s16le", "-ac", "6"}},
		{"tagged.wav", "s16le", []string{"-c:a", "pcm_s16le", "-metadata", "title=Undertow", "-write_bext", "1", "-metadata", "description=x"}},
		{"16.flac", "s16le", []string{"-sample_fmt", "s16"}}, {"24.flac", "s24le", []string{"-sample_fmt", "s32"}},
		{"sox24.wav", "s24le", nil}, {"soxfloat.wav", "f32le", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, tt.name)
			if strings.HasPrefix(tt.name, "sox") {
				args := map[string][]string{"sox24.wav": {"-b", "24"}, "soxfloat.wav": {"-e", "floating-point", "-b", "32"}}[tt.name]
				run(t, "sox", append(append([]string{"-n", "-r", "48000", "-c", "2"}, args...), path, "synth", "0.7", "sine", "997", "gain", "-6")...)
			} else {
				args := tt.make
				if args == nil {
					args = []string{"-c:a", strings.TrimSuffix(tt.name, ".wav")}
				}
				run(t, "ffmpeg", append(append([]string{"-v", "error", "-f", "lavfi", "-i", tones}, args...), path)...)
			}
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if len(r.Info().Warnings) > 0 {
				t.Errorf("warnings: %q", r.Info().Warnings)
			}
			got, err := all(t, r, 1000)
			if err != io.EOF {
				t.Fatal(err)
			}
			bare := run(t, "ffmpeg", "-v", "error", "-i", path, "-f", "f64le", "-c:a", "pcm_f64le", "-")
			want := make([][]float64, r.Info().Channels)
			for i := 0; 8*i < len(bare); i++ {
				ch := i % len(want)
				want[ch] = append(want[ch], math.Float64frombits(binary.LittleEndian.Uint64(bare[8*i:])))
			}
			if !sameSamples(got, want) {
				t.Errorf("the samples are not those that ffmpeg reads")
			}
			file, pcm, err := Digests(path)
			if err != nil {
				t.Fatal(err)
			}
			if raw := run(t, "ffmpeg", "-v", "error", "-i", path, "-f", tt.raw, "-c:a", "pcm_"+tt.raw, "-"); pcm != sha256.Sum256(raw) {
				t.Error("the digest of the samples is not that of ffmpeg's raw output")
			}
			if whole, _ := os.ReadFile(path); file != sha256.Sum256(whole) {
				t.Error("the digest of the file is not that of its bytes")
			}
		})
	}
}

// TestPipedFile: ffmpeg into a pipe cannot fill in the sizes.
func TestPipedFile(t *testing.T) {
	b := run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=997:d=0.5:r=48000", "-c:a", "pcm_s24le", "-f", "wav", "-")
	r := reader(t, b)
	if got := r.Info(); got.Frames != 24000 || len(got.Warnings) != 1 {
		t.Errorf("%d frames, warnings %q; want 24000 and one", got.Frames, got.Warnings)
	}
}

// TestForeignReaders has ffprobe and SoX read what this package writes.
func TestForeignReaders(t *testing.T) {
	for _, spec := range specs {
		t.Run(spec.String(), func(t *testing.T) {
			t.Parallel()
			spec.Tags = map[string]string{"title": "Undertow", "artist": "Harbour Lights"}
			path := filepath.Join(t.TempDir(), "a.wav")
			if err := os.WriteFile(path, encode(t, spec, planarNoise(spec, 1001)), 0o600); err != nil {
				t.Fatal(err)
			}
			var probe struct {
				Streams []struct {
					Codec    string `json:"codec_name"`
					Rate     string `json:"sample_rate"`
					Channels int
					Duration int64 `json:"duration_ts"`
				}
				Format struct{ Tags map[string]string }
			}
			if err := json.Unmarshal(run(t, "ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", path), &probe); err != nil {
				t.Fatal(err)
			}
			s := probe.Streams[0]
			codec := map[string]string{"int16": "pcm_s16le", "int24": "pcm_s24le", "int32": "pcm_s32le", "float32": "pcm_f32le"}[strings.Fields(spec.String())[0]]
			if s.Codec != codec || s.Channels != spec.Channels || s.Duration != 1001 || probe.Format.Tags["title"] != "Undertow" || probe.Format.Tags["artist"] != "Harbour Lights" {
				t.Errorf("ffprobe reads %+v", probe)
			}
			// SoX warns about anything it finds odd in a header.
			if out := run(t, "sox", "--i", path); !bytes.Contains(out, []byte("1001 samples")) {
				t.Errorf("sox reads %s", out)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		path string
		kind Kind
		want string
	}{
		{filepath.Join(dir, "missing.wav"), NotFound, "missing.wav: not found"},
		{dir, NotAudio, "a folder, not a file"},
	} {
		_, err := Open(tt.path)
		var e *Error
		if !errors.As(err, &e) || e.Kind != tt.kind || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s: %v; want kind %d, %q", tt.path, err, tt.kind, tt.want)
		}
		if errors.Is(err, os.ErrNotExist) != (tt.kind == NotFound) {
			t.Errorf("%s: errors.Is(err, os.ErrNotExist) is wrong", tt.path)
		}
	}
	// The name says nothing: a FLAC called .wav is a FLAC.
	path := filepath.Join(dir, "flac.wav")
	if err := os.WriteFile(path, encodeFLAC(t, 16, 48000, [][]int32{noise(100, 16, 1)}), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil || r.Info().Format != "flac" {
		t.Fatalf("%v, %v", r, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
