package audiofile

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// written are kinds of files that [Create] writes, besides those of specs.
var written = []Spec{
	{Format: "aiff", Rate: 44100, Channels: 2, Bits: 16}, {Format: "aiff", Rate: 96000, Channels: 1, Bits: 24}, {Format: "aiff", Rate: 192000, Channels: 2, Bits: 32},
	{Format: "aifc", Rate: 44100, Channels: 2, Bits: 16}, {Format: "aifc", Rate: 48000, Channels: 2, Bits: 24}, {Format: "aifc", Rate: 88200, Channels: 1, Bits: 32},
	{Format: "aifc", Rate: 48000, Channels: 2, Bits: 32, Float: true},
	{Format: "flac", Rate: 44100, Channels: 2, Bits: 16}, {Format: "flac", Rate: 48000, Channels: 2, Bits: 24}, {Format: "flac", Rate: 192000, Channels: 1, Bits: 24},
	{Format: "flac", Rate: 8000, Channels: 1, Bits: 16}, {Format: "flac", Rate: 352800, Channels: 2, Bits: 24},
	{Rate: 48000, Channels: 6, Bits: 24}, {Rate: 48000, Channels: 8, Bits: 32, Float: true}, {Format: "aiff", Rate: 48000, Channels: 6, Bits: 16},
}

func (s Spec) file() string { return fmt.Sprintf("%d.%s", s.Bits, s.format()) }

// encodeAs is a file in memory, written in pieces of unequal length.
func encodeAs(tb testing.TB, spec Spec, planar [][]int32) []byte {
	tb.Helper()
	var out seekBuffer
	w, err := Create(&out, spec)
	if err != nil {
		tb.Fatal(err)
	}
	for at, n := 0, 1; at < len(planar[0]); at, n = at+n, 3*n+1 {
		n = min(n, len(planar[0])-at)
		ints, floats := make([][]int32, len(planar)), make([][]float64, len(planar))
		for ch := range planar {
			ints[ch] = planar[ch][at : at+n]
			for _, x := range ints[ch] {
				floats[ch] = append(floats[ch], float64(x)/(1<<31))
			}
		}
		if spec.Float {
			err = w.WriteFloat(floats)
		} else {
			err = w.WriteInt(ints)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if w.Frames() != int64(len(planar[0])) {
		tb.Errorf("%d frames written of %d", w.Frames(), len(planar[0]))
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.b
}

// Whatever is written comes back, in every format, with one digest of the samples;
// and twice the same bytes, announced or not.
func TestWriteEveryFormat(t *testing.T) {
	for _, spec := range written {
		t.Run(spec.format()+" "+spec.String(), func(t *testing.T) {
			t.Parallel()
			ints := planarNoise(spec, 9001)
			b := encodeAs(t, spec, ints)
			r := reader(t, b)
			if err := r.KeepDigests(); err != nil {
				t.Fatal(err)
			}
			i := r.Info()
			if i.Format != spec.format() || i.BitDepth != spec.Bits || i.Channels != spec.Channels || i.Rate != spec.Rate || i.Frames != 9001 || i.Encoding == "float" != spec.Float ||
				len(i.Warnings) > 0 || i.ChannelMask != usualMask(spec.Channels) || len(i.Tags) > 0 {
				t.Errorf("reads back as %+v", i)
			}
			got, err := all(t, r, 700)
			if err != io.EOF || !sameSamples(got, audio(spec, ints)) {
				t.Errorf("other samples come back (%v)", err)
			}
			_, pcm, err := r.Digests()
			if err != nil {
				t.Error(err)
			}
			plain := spec
			plain.Format = ""
			if wav := encodeAs(t, plain, ints); pcmOf(t, wav) != pcm {
				t.Error("the digest of the samples is not that of a WAV file")
			}
			announced := spec
			announced.Frames = 9001
			if again := encodeAs(t, announced, ints); !bytes.Equal(again, b) {
				t.Error("not the same bytes when the length is announced")
			}
		})
	}
}

func TestCreateErrors(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Format: "mp3", Rate: 48000, Channels: 2, Bits: 16}, `format "mp3"`},
		{Spec{Format: "flac", Rate: 48000, Channels: 2, Bits: 32}, "32-bit samples"},
		{Spec{Format: "flac", Rate: 48000, Channels: 2, Bits: 32, Float: true}, "float: true"},
		{Spec{Format: "flac", Rate: 48000, Channels: 3, Bits: 24}, "3 channels"},
		{Spec{Format: "flac", Rate: 88201, Channels: 2, Bits: 24}, "88201 Hz"},
		{Spec{Format: "flac", Rate: 768000, Channels: 2, Bits: 24}, "768000 Hz"},
		{Spec{Format: "aiff", Rate: 48000, Channels: 2, Bits: 32, Float: true}, "float: true"},
		{Spec{Format: "aiff", Rate: 48000, Channels: 2, Bits: 24, Frames: 1 << 30}, "4 GiB"},
		{Spec{Format: "aiff", Rate: 48000, Channels: 2, Bits: 24, Tags: map[string]string{"title": "x"}}, "Spec.Tags"},
	} {
		if _, err := Create(&seekBuffer{}, c.spec); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v; want %q", c.spec, err, c.want)
		}
	}
	f, err := Create(&seekBuffer{}, Spec{Format: "flac", Rate: 48000, Channels: 1, Bits: 16})
	if err != nil {
		t.Fatal(err)
	}
	if f.WriteInt([][]int32{{1 << 15}}) != nil || f.Close() == nil || f.Close() == nil {
		t.Error("a sample that does not fit is not refused")
	}
	if f.WriteInt([][]int32{{0}}) == nil || f.WriteFloat([][]float64{{0}}) == nil {
		t.Error("written to after a failure")
	}
}

// full is a file on a disk with so much room.
type full struct {
	seekBuffer
	room int
}

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return f.seekBuffer.Write(p)
}

// Wherever the disk fills up, the writer says so, and with the disk's own error.
func TestWriteDiskFull(t *testing.T) {
	for _, spec := range written[:9] {
		ints := planarNoise(spec, 40000)
		whole := encodeAs(t, spec, ints)
		for _, room := range []int{0, 10, 100, len(whole) / 3, len(whole) - 1} {
			f := &full{room: room}
			w, err := Create(f, spec)
			if err == nil && spec.Float {
				err = w.WriteFloat(audio(spec, ints))
			} else if err == nil {
				err = w.WriteInt(ints)
			}
			if w != nil {
				if e := w.Close(); err == nil {
					err = e
				}
			}
			if !errors.Is(err, errFull) {
				t.Errorf("%s, room for %d of %d bytes: %v", spec.format(), room, len(whole), err)
			}
		}
	}
}

// The header of a FLAC file has the digest that the format asks for, and sizes that
// are those of the frames.
func TestFLACHeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := Spec{Format: "flac", Rate: rapid.SampledFrom([]int{44100, 48000, 96000}).Draw(t, "rate"), Channels: rapid.IntRange(1, 2).Draw(t, "channels"), Bits: rapid.SampledFrom([]int{16, 24}).Draw(t, "bits")}
		frames := rapid.SampledFrom([]int{1, 15, 17, 4095, 4096, 4097, 33000}).Draw(t, "frames")
		level := rapid.SampledFrom([]int{0, 1, 12, 23}).Draw(t, "level")
		ints := make([][]int32, spec.Channels)
		for ch := range ints {
			for i, x := range noise(frames, spec.Bits, uint32(ch+1)) {
				x >>= min(level, spec.Bits)
				if i%7 == 0 {
					x = -x / 2
				}
				ints[ch] = append(ints[ch], x)
			}
		}
		var out seekBuffer
		w, err := Create(&out, spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteInt(ints); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		h := out.b[8:42]
		if binary.BigEndian.Uint16(h) != 4096 || binary.BigEndian.Uint16(h[2:]) != 4096 {
			t.Errorf("block sizes %x", h[:4])
		}
		size := func(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }
		blocks := (frames + 4095) / 4096
		if low, high, all := size(h[4:]), size(h[7:]), len(out.b)-42; low > high || low*blocks > all || high*blocks < all || blocks == 1 && (low != all || high != all) {
			t.Errorf("frames of %d to %d bytes in %d of %d bytes", low, high, blocks, all)
		}
		sum := md5.Sum(interleave(ints, spec.Bits))
		if !bytes.Equal(h[18:], sum[:]) {
			t.Error("the MD5 in the header is not that of the samples")
		}
	})
}

// Convert carries samples from any format into any other of the same depth.
func TestConvert(t *testing.T) {
	spec := Spec{Rate: 48000, Channels: 2, Bits: 24}
	first := encodeAs(t, spec, planarNoise(spec, 20000))
	sum, b := pcmOf(t, first), first
	for _, format := range []string{"flac", "aiff", "wav", "aifc", "flac", "wav"} {
		spec.Format = format
		var out seekBuffer
		w, err := Create(&out, spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := Convert(context.Background(), w, reader(t, b)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		b = out.b
		if pcmOf(t, b) != sum {
			t.Errorf("other samples in the %s", format)
		}
	}
	if !bytes.Equal(b, first) {
		t.Error("the WAV file at the end is not the one at the beginning")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w, err := Create(&seekBuffer{}, spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := Convert(ctx, w, reader(t, b)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// cover is a small picture.
func cover(tb testing.TB) *Picture {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 3))); err != nil {
		tb.Fatal(err)
	}
	return &Picture{MIME: "image/png", Width: 3, Height: 3, Depth: 8, Data: b.Bytes()}
}

// everything is all that can be said.
func everything(tb testing.TB, format string) Metadata {
	loud := func(x float64) *float64 { return &x }
	m := Metadata{Texts: true, Cover: cover(tb), Tags: map[string]string{}}
	for _, f := range fields {
		m.Tags[f.Name] = "The " + f.Name + " of Møen, 日本"
	}
	for name, text := range map[string]string{"track": "3", "track_total": "12", "date": "2026-11-20", "language": "pt-BR", "artists": "A; B; Ç", "lyrics": "one\ntwo\n\nthree", "comment": "🎵", "isrc": "QZABC2600001"} {
		m.Tags[name] = text
	}
	m.ID3 = format != "flac"
	if format == "wav" {
		m.Broadcast = &Broadcast{
			Description: "Møen: " + strings.Repeat("long ", 60), Originator: "Löwenzahn & Co.", OriginatorReference: "QZABC2600001", Date: "2026-11-20", Time: "00:00:00",
			TimeReference: 1<<33 + 5, CodingHistory: "A=PCM,F=48000,W=24,M=stereo,T=lathe\r\n",
			Loudness: BroadcastLoudness{Integrated: loud(-23.04), TruePeak: loud(-1.007), MaxMomentary: loud(0.5), MaxShortTerm: loud(-327.68)},
		}
		m.IXML = &IXML{Project: "P & <Q>", Scene: "Último", Note: "\"quoted\"", FileUID: "0123", Rate: 48000, Bits: 24, TimeReference: 1<<33 + 5, Tracks: []string{"Left", "Right"}, Broadcast: m.Broadcast}
	}
	return m
}

// with copies a file with metadata.
func with(tb testing.TB, b []byte, m Metadata) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := CopyWith(&out, bytes.NewReader(b), int64(len(b)), m); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// What is written into a file reads back from every place in it, the samples stay as
// they are, and a difference in any place is found.
func TestMetadata(t *testing.T) {
	for _, spec := range append([]Spec{{Rate: 44100, Channels: 1, Bits: 24}}, written[1], written[3], written[6], written[8]) {
		t.Run(spec.format()+" "+spec.String(), func(t *testing.T) {
			ints := planarNoise(spec, 4097)
			bare := encodeAs(t, spec, ints)
			m := everything(t, spec.format())
			b := with(t, bare, m)
			r := reader(t, b)
			if len(r.Info().Warnings) > 0 {
				t.Errorf("warnings %q", r.Info().Warnings)
			}
			if err := m.Verify(r); err != nil {
				t.Error(err)
			}
			if pcmOf(t, b) != pcmOf(t, bare) {
				t.Error("the samples are not those without metadata")
			}
			if none := with(t, bare, Metadata{}); !bytes.Equal(none, bare) {
				t.Error("no metadata does not leave the file as it is")
			}
			if spec.format() == "flac" { // replaces; the others have only files without
				if again := with(t, b, m); !bytes.Equal(again, b) {
					t.Error("the same metadata again makes other bytes")
				}
				if none := with(t, b, Metadata{}); !bytes.Equal(none, bare) {
					t.Error("metadata cannot be taken away")
				}
			}
			for name, change := range map[string]func(*Metadata){
				"title":   func(m *Metadata) { m.Tags["title"] = "Other" },
				"isrc":    func(m *Metadata) { m.Tags["isrc"] = "" },
				"cover":   func(m *Metadata) { m.Cover = &Picture{MIME: "image/png", Data: []byte("other")} },
				"picture": func(m *Metadata) { m.Cover = nil },
				"id3":     func(m *Metadata) { m.ID3 = !m.ID3 },
				"bext": func(m *Metadata) {
					x := Broadcast{Description: "x"}
					m.Broadcast = &x
				},
				"ixml": func(m *Metadata) { m.IXML = &IXML{Project: "x"} },
			} {
				other := everything(t, spec.format())
				if change(&other); other.Verify(reader(t, b)) == nil {
					t.Errorf("another %s is not noticed", name)
				}
			}
		})
	}
}

// INFO tags that are copied in are those that were there from the start.
func TestCopyInfo(t *testing.T) {
	spec := Spec{Rate: 44100, Channels: 1, Bits: 24}
	for _, frames := range []int{1000, 1001} { // with and without a pad byte
		ints := planarNoise(spec, frames)
		bare := encodeAs(t, spec, ints)
		tagged := spec
		tagged.Tags = map[string]string{"title": "Undertow", "artist": "Harbour Lights", "comment": "odd"}
		want := encodeAs(t, tagged, ints)
		if got := with(t, bare, Metadata{Texts: true, Tags: map[string]string{"title": "Undertow", "artist": "Harbour Lights", "comment": "odd", "isrc": "QZABC2600001"}}); !bytes.Equal(got, want) {
			t.Errorf("%d frames: other bytes", frames)
		}
		if err := CopyWith(io.Discard, bytes.NewReader(want), int64(len(want)), Metadata{}); err == nil {
			t.Error("a file that has tags already is taken for one without")
		}
	}
}

// Fixed places of a bext chunk (EBU Tech 3285 v2).
func TestBroadcastPlaces(t *testing.T) {
	loud := -23.04
	b := (&Broadcast{Description: "D", Originator: "O", OriginatorReference: "R", Date: "2026-11-20", Time: "01:02:03", TimeReference: 0x0102030405, Loudness: BroadcastLoudness{Integrated: &loud}, CodingHistory: "A=PCM\r\n"}).bytes()
	want := make([]byte, 602)
	for at, text := range map[int]string{0: "D", 256: "O", 288: "R", 320: "2026-11-20", 330: "01:02:03", 338: "\x05\x04\x03\x02\x01", 346: "\x02", 412: "\x00\xf7", 414: "\xff\x7f\xff\x7f\xff\x7f\xff\x7f"} {
		copy(want[at:], text)
	}
	if diff := cmp.Diff(append(want, "A=PCM\r\n"...), b); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for x, want := range map[float64]uint16{-23.045: 0xf6ff, 0: 0, -0.004: 0, 326.99: 32699, 400: 0x7fff, math.Inf(-1): 0x7fff} {
		if got := hundredths(&x); got != want {
			t.Errorf("%v is written as %#x, not %#x", x, got, want)
		}
	}
	if got := ascii("Ünø “Straße” – 日本\t"); got != "Uno \"Strasse\" - ??\t" {
		t.Errorf("in ASCII: %q", got)
	}
}

// Tags as others write them: ID3v2.4 in UTF-8, in UTF-16 of either order, Latin-1,
// unsynchronised, with an extended header.
func TestForeignID3(t *testing.T) {
	frame4 := func(id string, body string) string {
		return id + string([]byte{0, 0, byte(len(body) >> 7), byte(len(body) & 0x7f), 0, 0}) + body
	}
	tag := func(version, flags byte, body string) []byte {
		return append([]byte{'I', 'D', '3', version, 0, flags, 0, 0, byte(len(body) >> 7), byte(len(body) & 0x7f)}, body...)
	}
	frame3 := func(id string, body string) string {
		return id + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + "\x00\x00" + body
	}
	for _, c := range []struct {
		name string
		b    []byte
		want map[string]string
	}{
		{"2.4", tag(4, 0, frame4("TIT2", "\x03Último")+frame4("TDRC", "\x032026-11-20")+frame4("TPE1", "\x03A\x00B")+frame4("TXXX", "\x03barcode\x00123")), map[string]string{"title": "Último", "date": "2026-11-20", "artist": "A; B", "upc": "123"}},
		{"2.3 in UTF-16 BE", tag(3, 0, frame3("TIT2", "\x01\xfe\xff\x00H\x00i")+frame3("TRCK", "\x003/9\x00")), map[string]string{"title": "Hi", "track": "3", "track_total": "9"}},
		{"Latin-1, day first", tag(3, 0, frame3("TDAT", "\x002011")+frame3("TYER", "\x002026")+frame3("TALB", "\x00\xdcber")), map[string]string{"date": "2026-11-20", "album": "Über"}},
		{"padding", tag(3, 0, frame3("TIT2", "\x00T")+strings.Repeat("\x00", 40)), map[string]string{"title": "T"}},
		{"extended header", tag(3, 0x40, "\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00"+frame3("TIT2", "\x00T")), map[string]string{"title": "T"}},
		{"unsynchronised", tag(3, 0x80, frame3("TIT2", "\x01\xff\xfeH\x00")[:10]+"\x01\xff\x00\xfeH\x00"), map[string]string{"title": "H"}},
	} {
		got, err := parseID3(c.b)
		if err != nil || !cmp.Equal(got.tags, c.want) {
			t.Errorf("%s: %v, %v", c.name, got.tags, err)
		}
	}
	for _, b := range []string{"", "ID3", "ID3\x02\x00\x00\x00\x00\x00\x00", "ID3\x03\x00\x00\x00\x00\x00\x20TIT2\x7f\xff\xff\xff\x00\x00x", "ID3\x03\x00\x40\x00\x00\x00\x02ab"} {
		if _, err := parseID3([]byte(b)); err == nil {
			t.Errorf("%q is taken for a tag", b)
		}
	}
}

// FuzzID3: whatever the bytes, parsing ends; what was read is written and reads back.
func FuzzID3(f *testing.F) {
	f.Add(id3Tag(everything(f, "wav").Tags, cover(f)))
	f.Add([]byte("ID3\x04\x00\x80\x00\x00\x00\x20TIT2\x00\x00\x00\x05\x00\x02\x01\xff\x00\xfeH"))
	f.Fuzz(func(t *testing.T, b []byte) {
		read, err := parseID3(b)
		if err != nil {
			return
		}
		if _, err := parseID3(id3Tag(read.tags, read.cover)); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}

// FuzzChunks: bext, iXML and FLAC pictures, likewise.
func FuzzChunks(f *testing.F) {
	m := everything(f, "wav")
	f.Add(m.Broadcast.bytes())
	f.Add(m.IXML.bytes())
	f.Add(m.Cover.flac())
	f.Fuzz(func(t *testing.T, b []byte) {
		if bext, ok := parseBroadcast(b); ok {
			if again, ok := parseBroadcast(bext.bytes()); !ok || !bytes.Equal(again.bytes(), bext.bytes()) {
				t.Error("bext is not stable")
			}
		}
		if x, ok := parseIXML(b); ok {
			x.bytes()
		}
		if p, err := parsePicture(b); err == nil {
			if again, err := parsePicture(p.flac()); err != nil || !bytes.Equal(again.Data, p.Data) {
				t.Errorf("a picture is not stable: %v", err)
			}
		}
	})
}

// TestToolsReadFiles has other programs read what is written, with all metadata.
func TestToolsReadFiles(t *testing.T) {
	for _, spec := range append([]Spec{{Rate: 48000, Channels: 2, Bits: 24}, {Rate: 48000, Channels: 2, Bits: 32}}, written...) {
		t.Run(spec.format()+" "+spec.String(), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), spec.file())
			bare := encodeAs(t, spec, planarNoise(spec, 9001))
			if err := os.WriteFile(path, with(t, bare, everything(t, spec.format())), 0o600); err != nil {
				t.Fatal(err)
			}
			if out := string(run(t, "sox", "--i", path)); !strings.Contains(out, "9001 samples") {
				t.Errorf("sox reads %s", out)
			}
			raw := fmt.Sprintf("s%dle", spec.Bits)
			if spec.Float {
				raw = "f32le"
			}
			bytes := run(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-f", raw, "-c:a", "pcm_"+raw, "-")
			if fmt.Sprintf("%x", pcmOf(t, bare)) != sha256Of(bytes) {
				t.Error("ffmpeg reads other samples")
			}
			if spec.format() == "flac" {
				run(t, "flac", "-s", "-t", path)
			}
		})
	}
}

// TestToolsReadMetadata has other programs read the metadata.
func TestToolsReadMetadata(t *testing.T) {
	dir := t.TempDir()
	make := func(spec Spec) string {
		path := filepath.Join(dir, spec.file())
		bare := encodeAs(t, spec, planarNoise(spec, 1000))
		if err := os.WriteFile(path, with(t, bare, everything(t, spec.format())), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	holds := func(what, text string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %q:\n%s", what, w, text)
			}
		}
	}
	flac, wav, aiff := make(written[8]), make(Spec{Rate: 48000, Channels: 2, Bits: 24}), make(written[1])
	holds("metaflac", string(run(t, "metaflac", "--list", flac)),
		"TITLE=The title of Møen, 日本", "ARTISTS=A\n", "ARTISTS=Ç\n", "TRACKNUMBER=3\n", "TRACKTOTAL=12\n", "ISRC=QZABC2600001\n", "LYRICS=one\ntwo\n\nthree", "type: 3 (Cover (front))", "width: 3", "vendor string: lathe")
	for _, path := range []string{wav, aiff} {
		var x []map[string]any
		if err := json.Unmarshal(run(t, "exiftool", "-j", "-G0", "-n", "-api", "largefilesupport=1", path), &x); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"ID3:Title": "The title of Møen, 日本", "ID3:Track": "3/12", "ID3:Year": "2026", "ID3:ISRC": "QZABC2600001", "ID3:Language": "por", "ID3:Band": "The album_artist of Møen, 日本",
			"ID3:PictureMIMEType": "image/png", "ID3:Lyrics-por": "one\ntwo\n\nthree",
		}
		if path == wav {
			for k, v := range map[string]string{
				"RIFF:BWFVersion": "2", "RIFF:TimeReference": "8589934597", "RIFF:Originator": "Lowenzahn & Co.", "RIFF:DateTimeOriginal": "2026:11:20 00:00:00",
				"RIFF:CodingHistory": "A=PCM,F=48000,W=24,M=stereo,T=lathe\r\n", "XML:BwfxmlProject": "P & <Q>", "XML:BwfxmlScene": "Último",
			} {
				want[k] = v
			}
		} else {
			want["AIFF:NumSampleFrames"] = "1000"
		}
		for k, v := range want {
			if got := strings.TrimSuffix(fmt.Sprint(x[0][k]), ".0"); got != v && !(strings.HasPrefix(got, "8.58993459") && strings.HasPrefix(v, "8589934597")) {
				t.Errorf("%s: exiftool reads %s as %q, not %q", path, k, got, v)
			}
		}
	}
	// The one that reads the loudness fields.
	holds("mediainfo", string(run(t, "mediainfo", "--Output=JSON", wav)), `"LoudnessValue": "-23.04"`, `"MaxTruePeakLevel": "-1.01"`, `"MaxMomentaryLoudness": "0.50"`)
}

func sha256Of(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// TestGoldenFLAC: what is chosen in a FLAC file is reckoned in floating point, and
// the same on every machine.
func TestGoldenFLAC(t *testing.T) {
	const want = "daee4b9fc6ef46cd69a77e2a68cd5244e51eead942b5cdf5ccd3e5249311fa09"
	sum := sha256.New()
	for _, spec := range written {
		if spec.Format != "flac" {
			continue
		}
		ints := planarNoise(spec, 30000)
		for ch, x := range ints {
			for i, v := range tune(len(x), spec.Bits) { // from noise to nearly none, so that every way to code is taken
				x[i] = v/2 + x[i]>>(1+i/3000+3*ch)
			}
		}
		b := encodeAs(t, spec, ints)
		sum.Write(b)
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != want {
		t.Errorf("FLAC files have other bytes: %s", got)
	}
}
