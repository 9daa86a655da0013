package render_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// formatsSong writes a short song that is delivered as it says, and returns its folder.
func formatsSong(t *testing.T, deliver string) string {
	t.Helper()
	dir := t.TempDir()
	writeFormatsSong(t, dir, "Último día", deliver)
	writeCover(t, dir, 8)
	if err := writeSound(filepath.Join(dir, "a.wav"), 48000, 40000, 2, 1); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeFormatsSong(t *testing.T, dir, title, deliver string) {
	t.Helper()
	text := "lathe: 1\nsong: {title: " + title + `, artists: [Harbour Lights, Møen], composer: C, lyricist: L, isrc: QZABC2600001, comment: "50%", date: 2026-11-20, language: en, lyrics: "one\ntwo"}
release: {title: Single, artist: Harbour Lights, label: Self, catalog: HL-1, upc: "036000291452", cover: cover.png, copyright: © 2026, genre: Rock}
session: {start: "1:00:00"}
stems: {a: {file: a.wav, tags: [v]}}
versions: {dub: {gain: {a: -1 dB}, isrc: QZABC2600002}, tv: {gain: {a: -2 dB}}}
deliver: [` + deliver + "]\n"
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func writeCover(t *testing.T, dir string, side int) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cover.png"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func build(t *testing.T, dir string) *render.Result {
	t.Helper()
	r, err := render.Build(context.Background(), load(t, dir), render.Options{Cache: filepath.Join(dir, ".lathe")})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openOutput(t *testing.T, dir string, o render.Output) *audiofile.Reader {
	t.Helper()
	r, err := audiofile.Open(filepath.Join(dir, "dist", filepath.FromSlash(o.Path)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// The same delivery has the same samples whatever the format is, and twice the same
// bytes. Another title or cover renders nothing and leaves the samples alone.
func TestFormatsHoldTheSameSound(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	pcm := map[string]string{}
	for _, c := range []struct{ format, depth string }{
		{"wav", "24"}, {"flac", "24"}, {"aiff", "24"}, {"aifc", "24"}, {"wav", "16"}, {"flac", "16"}, {"aifc", "16"}, {"wav", "32"}, {"aiff", "32"}, {"wav", "32 float"}, {"aifc", "32 float"},
	} {
		t.Run(c.format+" "+c.depth, func(t *testing.T) {
			deliver := fmt.Sprintf("streaming: {name: out, format: %s, bit_depth: %s, metadata: full}", c.format, c.depth)
			dir := formatsSong(t, deliver)
			first := build(t, dir)
			for _, o := range first.Files {
				if o.Format != c.format || filepath.Ext(o.Path) != "."+c.format {
					t.Errorf("%s is %s", o.Path, o.Format)
				}
				name := c.depth + o.Version
				if pcm[name] == "" {
					pcm[name] = o.PCM
				}
				if o.PCM != pcm[name] {
					t.Errorf("%s has other samples than the WAV file", o.Path)
				}
				_, sum, err := audiofile.Digests(filepath.Join(dir, "dist", filepath.FromSlash(o.Path)))
				if err != nil || fmt.Sprintf("%x", sum) != o.PCM {
					t.Errorf("%s: its samples are not those of the manifest (%v)", o.Path, err)
				}
			}
			other := formatsSong(t, deliver)
			for i, o := range build(t, other).Files {
				if o.SHA256 != first.Files[i].SHA256 {
					t.Errorf("%s: a second build from nothing gives other bytes", o.Path)
				}
			}
			writeFormatsSong(t, dir, "Zweite", deliver)
			retitled := build(t, dir)
			writeCover(t, dir, 9)
			recovered := build(t, dir)
			for i, o := range recovered.Files {
				if r := retitled.Files[i]; r.PCM != o.PCM || r.SHA256 == first.Files[i].SHA256 || r.SHA256 == o.SHA256 {
					t.Errorf("%s: new words, new cover: %s %s %s", o.Path, first.Files[i].SHA256, r.SHA256, o.SHA256)
				}
			}
			if retitled.Summary.Rendered != 0 || recovered.Summary.Rendered != 0 {
				t.Errorf("a title renders %d steps, a cover %d", retitled.Summary.Rendered, recovered.Summary.Rendered)
			}
		})
	}
}

// Whatever the project says is in the file, in each of its places, and the figures
// are those of the manifest.
func TestFilesSayWhatTheProjectSays(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	dir := formatsSong(t, "streaming: {name: w, metadata: full, head: 0.5 s}, streaming: {name: f, format: flac}, cd: {name: a, format: aiff, metadata: full}, streaming: {name: plain}, streaming: {name: bare, format: flac, metadata: none}")
	r := build(t, dir)
	for _, o := range r.Files {
		i := openOutput(t, dir, o).Info()
		tags := map[string]map[string]string{"w": i.TagsIn["id3"], "f": i.TagsIn["vorbis"], "a": i.TagsIn["id3"], "plain": i.TagsIn["info"]}[o.Delivery]
		want := map[string]string{
			"title": "Último día", "artist": "Harbour Lights & Møen", "album": "Single", "date": "2026-11-20", "genre": "Rock", "copyright": "© 2026", "comment": "50%",
		}
		if o.Delivery != "plain" {
			for k, v := range map[string]string{
				"artists": "Harbour Lights; Møen", "album_artist": "Harbour Lights", "composer": "C", "lyricist": "L", "label": "Self", "catalog": "HL-1", "upc": "036000291452",
				"isrc": "QZABC2600001", "lyrics": "one\ntwo", "language": "eng",
				"replaygain_track_gain": fmt.Sprintf("%+.2f dB", -18-*o.Integrated), "replaygain_track_peak": fmt.Sprintf("%.6f", math.Pow(10, *o.TruePeak/20)),
			} {
				want[k] = v
			}
		}
		switch o.Version {
		case "dub":
			want["title"] += " (Dub)"
			if o.Delivery != "plain" {
				want["isrc"] = "QZABC2600002"
			}
		case "tv":
			want["title"] += " (Tv)"
			delete(want, "isrc") // that of the song is another recording's
		}
		if o.Delivery == "f" {
			want["language"] = "en"
		}
		if o.Delivery == "bare" {
			want = nil
		}
		if fmt.Sprint(tags) != fmt.Sprint(want) {
			t.Errorf("%s says\n%v\nwant\n%v", o.Path, tags, want)
		}
		if p, err := openOutput(t, dir, o).Cover(); err != nil || (p == nil) != (o.Delivery == "plain" || o.Delivery == "bare") || p != nil && len(p.Data) == 0 {
			t.Errorf("%s: cover %v, %v", o.Path, p, err)
		}
		if o.Delivery != "w" {
			if i.Broadcast != nil || i.IXML != nil {
				t.Errorf("%s has bext or iXML", o.Path)
			}
			continue
		}
		b := i.Broadcast
		if b == nil || b.TimeReference != (3600-1)*44100+22050 || b.Date != "2026-11-20" || b.Originator != "Self" || b.OriginatorReference != want["isrc"] ||
			b.CodingHistory != "A=PCM,F=44100,W=24,M=stereo,T=lathe engine "+render.EngineVersion+"; tpdf dither\r\n" {
			t.Errorf("%s: bext %+v", o.Path, b)
			continue
		}
		for name, pair := range map[string][2]*float64{
			"integrated": {b.Loudness.Integrated, o.Integrated}, "true peak": {b.Loudness.TruePeak, o.TruePeak}, "momentary": {b.Loudness.MaxMomentary, o.MaxMomentary},
			"short-term": {b.Loudness.MaxShortTerm, o.MaxShortTerm}, "range": {b.Loudness.Range, o.Range},
		} {
			if got, want := pair[0], pair[1]; (got == nil) != (want == nil) || got != nil && math.Abs(*got-*want) > 0.0051 { // hundredths
				t.Errorf("%s: %s of bext is %v, measured %v", o.Path, name, got, want)
			}
		}
		if x := i.IXML; x == nil || x.Project != "Single" || x.FileUID != o.PCM[:32] || x.TimeReference != b.TimeReference || len(x.Tracks) != 2 {
			t.Errorf("%s: iXML %+v", o.Path, x)
		}
	}
}

// A file that somebody tags again, in any format, is told from one with other samples.
func TestVerifyRetagged(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	dir := formatsSong(t, "streaming, cd: {format: flac}, mix: {format: aifc}, streaming: {name: a, format: aiff}")
	for _, o := range build(t, dir).Files {
		path := filepath.Join(dir, "dist", filepath.FromSlash(o.Path))
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(whole, []byte("Harbour Lights"))
		if at < 0 {
			t.Fatalf("%s does not name the artist", o.Path)
		}
		copy(whole[at:], "Nobody")
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := render.Verify(context.Background(), load(t, dir), render.Options{Cache: filepath.Join(dir, ".lathe")}, false)
	if err != nil || len(found) != 12 {
		t.Fatalf("%d differences (%v): %v", len(found), err, found)
	}
	for _, d := range found {
		if !strings.Contains(d.Message, "tagged again") {
			t.Errorf("%v", d)
		}
	}
}

// What cannot be embedded is a fault of the project only where it is to be.
func TestCoverThatIsNone(t *testing.T) {
	long(t)
	t.Parallel()
	for _, c := range []struct{ deliver, want string }{
		{"streaming", ""}, {"cd: {format: flac, metadata: [info]}", ""},
		{"cd: {format: flac}", "cover: cover.png is no JPEG or PNG picture"},
		{"streaming: {metadata: full}", "cover: cover.png is no JPEG or PNG picture"},
	} {
		dir := formatsSong(t, c.deliver)
		if err := os.WriteFile(filepath.Join(dir, "cover.png"), []byte("a picture"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := render.Build(context.Background(), load(t, dir), render.Options{Cache: filepath.Join(dir, ".lathe")})
		switch ie, isInput := err.(*render.InputError); {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.deliver, err)
		case c.want != "" && (!isInput || !strings.Contains(err.Error(), c.want) || ie.Pos.Line != 3):
			t.Errorf("%s: %v", c.deliver, err)
		}
	}
}
