package audiofile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// coders are ways to make a file of each lossy format.
var coders = []struct {
	name, format string
	rate         int
	program      string
	args         []string // IN and OUT are the files
}{
	{"lame", "mp3", 44100, "lame", []string{"--silent", "-b", "128", "IN", "OUT"}},
	{"lame-vbr", "mp3", 48000, "lame", []string{"--silent", "-V", "4", "IN", "OUT"}},
	{"libmp3lame", "mp3", 44100, "ffmpeg", []string{"-v", "error", "-i", "IN", "-c:a", "libmp3lame", "-f", "mp3", "-write_id3v1", "1", "-metadata", "title=before", "OUT"}},
	{"aac", "aac", 44100, "ffmpeg", []string{"-v", "error", "-i", "IN", "-c:a", "aac", "-f", "ipod", "-metadata", "title=before", "OUT"}},
	{"aac-faststart", "aac", 48000, "ffmpeg", []string{"-v", "error", "-i", "IN", "-c:a", "aac", "-f", "ipod", "-movflags", "+faststart", "OUT"}},
	{"opusenc", "opus", 48000, "opusenc", []string{"--quiet", "--comment", "title=before", "IN", "OUT"}},
	{"libopus", "opus", 48000, "ffmpeg", []string{"-v", "error", "-i", "IN", "-c:a", "libopus", "-f", "opus", "OUT"}},
	{"libvorbis", "vorbis", 44100, "ffmpeg", []string{"-v", "error", "-i", "IN", "-c:a", "libvorbis", "-f", "ogg", "OUT"}},
	{"oggenc", "vorbis", 44100, "oggenc", []string{"--quiet", "-o", "OUT", "IN"}},
}

// codedFrames is a length that no coder's packets end at.
const codedFrames = 100_001

// coded encodes noise in a way of coders.
func coded(t *testing.T, i int) (path string) {
	t.Helper()
	c := coders[i]
	tool(t, c.program)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.wav"), filepath.Join(dir, "out."+c.format)
	spec := Spec{Rate: c.rate, Channels: 2, Bits: 16}
	b := encodeAs(t, spec, planarNoise(spec, codedFrames))
	if err := os.WriteFile(in, b, 0o600); err != nil {
		t.Fatal(err)
	}
	args := slices.Clone(c.args)
	for j := range args {
		args[j] = map[string]string{"IN": in, "OUT": out}[args[j]] + map[bool]string{true: args[j]}[args[j] != "IN" && args[j] != "OUT"]
	}
	run(t, c.program, args...)
	return out
}

// recoded copies a coded file with metadata.
func recoded(t *testing.T, path string, m Metadata) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := CopyCoded(&out, bytes.NewReader(b), int64(len(b)), m); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(to, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// codedWords is all that a coded file can say.
func codedWords(t *testing.T, format string) Metadata {
	m := everything(t, "flac")
	m.Texts, m.ID3 = format != "mp3", format == "mp3"
	m.Tags["r128_track_gain"] = "-2304"
	// Larger than an Ogg page, so that the pages behind it are numbered anew.
	m.Cover.Data = append(m.Cover.Data, bytes.Repeat([]byte("\xff\xfbcover"), 20_000)...)
	return m
}

// Words go into a coded file and come out again, and out of it again without a
// trace; the sound keeps its bytes, and its length is exact.
func TestCodedMetadata(t *testing.T) {
	for i, c := range coders {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bare := coded(t, i)
			before, err := ReadCoded(bare)
			if err != nil {
				t.Fatal(err)
			}
			if before.Format != c.format || before.Rate != c.rate || before.Frames != codedFrames {
				t.Errorf("read as %s, %d Hz, %d frames; want %s, %d, %d", before.Format, before.Rate, before.Frames, c.format, c.rate, codedFrames)
			}
			m := codedWords(t, c.format)
			after, err := ReadCoded(recoded(t, bare, m))
			if err != nil {
				t.Fatal(err)
			}
			if err := m.VerifyCoded(after); err != nil {
				t.Error(err)
			}
			if after.Audio != before.Audio || after.Frames != before.Frames || after.Delay != before.Delay || after.Bytes != before.Bytes {
				t.Errorf("the sound changed: %+v, was %+v", after, before)
			}
			var none Metadata
			nothing, again := recoded(t, bare, none), recoded(t, recoded(t, bare, m), none)
			a, _ := os.ReadFile(nothing)
			b, _ := os.ReadFile(again)
			if !bytes.Equal(a, b) {
				t.Error("words leave a trace")
			}
			if said, err := ReadCoded(again); err != nil || none.VerifyCoded(said) != nil {
				t.Errorf("without words: %+v, %v", said.Tags, err)
			}
			other := codedWords(t, c.format)
			other.Tags["title"] = "x"
			if other.VerifyCoded(after) == nil {
				t.Error("another title is not noticed")
			}
			other = codedWords(t, c.format)
			other.Cover.Data = other.Cover.Data[1:]
			if other.VerifyCoded(after) == nil {
				t.Error("another cover is not noticed")
			}
		})
	}
}

// Other programs read the words, and decode the same samples, as many as were put in.
func TestToolsReadCoded(t *testing.T) {
	for i, c := range coders {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tool(t, "ffmpeg")
			bare := coded(t, i)
			m := codedWords(t, c.format)
			m.Cover = cover(t)
			path := recoded(t, bare, m)
			samples := func(path string) []byte {
				return run(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-f", "f32le", "-")
			}
			before, after := samples(bare), samples(path)
			n := len(after) / 8
			// ffmpeg before 7 does not leave out the end of AAC in MP4.
			if c.format == "aac" && n > codedFrames && n < codedFrames+aacPacket {
				n = codedFrames
			}
			if n != codedFrames || !bytes.HasPrefix(before, after[:8*codedFrames]) {
				t.Errorf("%d frames, want %d; or other samples", n, codedFrames)
			}
			var probed struct {
				Streams []struct {
					Type string `json:"codec_type"`
					Tags map[string]string
				}
				Format struct{ Tags map[string]string }
			}
			if err := json.Unmarshal(run(t, "ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", path), &probed); err != nil {
				t.Fatal(err)
			}
			tags, pictures := map[string]string{}, 0
			for _, all := range append([]map[string]string{probed.Format.Tags}, func() (all []map[string]string) {
				for _, s := range probed.Streams {
					all = append(all, s.Tags)
					if s.Type == "video" {
						pictures++
					}
				}
				return all
			}()...) {
				for k, v := range all {
					tags[strings.ToUpper(k)] = v
				}
			}
			want := map[string]string{"TITLE": m.Tags["title"], "ARTIST": m.Tags["artist"], "ALBUM": m.Tags["album"], "GENRE": m.Tags["genre"], "COMPOSER": m.Tags["composer"], "REPLAYGAIN_TRACK_GAIN": m.Tags["replaygain_track_gain"]}
			switch c.format {
			case "opus":
				want["R128_TRACK_GAIN"] = "-2304"
				fallthrough
			case "vorbis":
				maps.Copy(want, map[string]string{"ISRC": "QZABC2600001", "DATE": "2026-11-20", "TRACK": "3"})
			case "aac":
				maps.Copy(want, map[string]string{"ISRC": "QZABC2600001", "DATE": "2026-11-20", "TRACK": "3/12", "COPYRIGHT": m.Tags["copyright"]})
			case "mp3":
				maps.Copy(want, map[string]string{"TSRC": "QZABC2600001", "TRACK": "3/12", "BARCODE": m.Tags["upc"]})
			}
			for k, v := range want {
				if tags[k] != v {
					t.Errorf("ffprobe reads %s as %q, not %q", k, tags[k], v)
				}
			}
			if pictures != 1 {
				t.Errorf("ffprobe sees %d pictures", pictures)
			}
			if c.format == "opus" {
				if text := string(run(t, "opusinfo", path)); strings.Contains(text, "WARNING") || strings.Contains(text, "invalid") {
					t.Errorf("opusinfo:\n%s", text)
				}
			}
			if c.format == "vorbis" {
				if text := string(run(t, "ogginfo", path)); strings.Contains(text, "arning") || strings.Contains(text, "nvalid") {
					t.Errorf("ogginfo:\n%s", text)
				}
			}
			if c.format == "aac" {
				smpb := string(run(t, "exiftool", "-s3", "-iTunSMPB", path))
				var zero, delay, padding, frames int64
				if n, _ := fmt.Sscanf(smpb, "%x %x %x %x", &zero, &delay, &padding, &frames); n != 4 || frames != codedFrames || (delay+padding+frames)%aacPacket != 0 {
					t.Errorf("iTunSMPB is %q", smpb)
				}
			}
		})
	}
}

// What is damaged is an error and never a panic.
func TestDamagedCoded(t *testing.T) {
	for i, c := range coders {
		if slices.Contains([]string{"lame-vbr", "libmp3lame", "aac-faststart", "libopus", "oggenc"}, c.name) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			whole, err := os.ReadFile(recoded(t, coded(t, i), codedWords(t, c.format)))
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 2))
			for range 300 {
				b := bytes.Clone(whole)
				for range 1 + r.IntN(3) {
					b[r.IntN(min(len(b), 4000))] ^= byte(1 + r.IntN(255))
				}
				if r.IntN(3) == 0 {
					b = b[:r.IntN(len(b))]
				}
				if f, err := openCoded(bytes.NewReader(b), int64(len(b))); err == nil {
					f.copy(&bytes.Buffer{}, codedWords(t, c.format))
				}
			}
			if f, err := openCoded(bytes.NewReader(whole[:1000]), 1000); err == nil && c.format != "mp3" {
				t.Errorf("cut off: %+v", f.describe())
			}
		})
	}
	for _, rubbish := range []string{"", "x", "OggS", "\x00\x00\x00\x08ftypM4A ", strings.Repeat("ID3\x03\x00\x00\x00\x00\x00\x00", 50), strings.Repeat("\xff\xfb\x90\x00", 200)} {
		if f, err := openCoded(strings.NewReader(rubbish), int64(len(rubbish))); err == nil {
			t.Errorf("%.20q is taken for %+v", rubbish, f.describe())
		}
	}
}
