package spec

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

// pngOf is a picture of one colour.
func pngOf(width, height int) string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black})); err != nil {
		panic(err)
	}
	return b.String()
}

func jpegOf(width, height int) string {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		panic(err)
	}
	return b.String()
}

func TestCover(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          []string // a part of each warning, in order
	}{
		{"good.png", pngOf(1400, 1400), nil},
		{"good.jpg", jpegOf(3000, 3000), nil},
		{"wide.png", pngOf(1600, 1400), []string{"is not square: 1600 × 1400 pixels"}},
		{"small.png", pngOf(1399, 1399), []string{"has 1399 pixels a side"}},
		{"strip.jpg", jpegOf(1400, 8), []string{"is not square", "has 8 pixels a side"}},
		{"large.png", pngOf(1400, 1400) + strings.Repeat("\x00", coverBytes), []string{"has 10.5 MB"}},
		{"text.jpg", "a picture", []string{"is no JPEG or PNG picture"}},
		{"gif.jpg", "GIF89a\x01\x00\x01\x00", []string{"is no JPEG or PNG picture"}},
		{"empty.jpg", "", []string{"is no JPEG or PNG picture"}},
	} {
		dir := projectIn(t, map[string]string{
			"lathe.yaml": fmt.Sprintf("lathe: 1\nsong: {title: One}\nrelease: {title: R, cover: %s}\nmix: a.wav\n", c.name), "a.wav": "", c.name: c.content,
		})
		p, diags := Load(dir, fakeOptions)
		if p == nil || len(diags) != len(c.want) {
			t.Errorf("%s: want %d warnings, got\n%s", c.name, len(c.want), diags.Text())
			continue
		}
		for i, d := range diags {
			if !strings.Contains(d.Message, c.want[i]) || d.Severity != SeverityWarning || d.Line != 3 {
				t.Errorf("%s: want %q in %+v", c.name, c.want[i], d)
			}
		}
	}
}

// A song's people, words and codes, as they come in.
func TestSongWords(t *testing.T) {
	dir := projectIn(t, map[string]string{"lathe.yaml": `lathe: 1
song:
  title: One
  artists: [A, B B, C]
  lyricist: L
  comment: it is so
  isrc: QZ-ABC-26-00001
  lyrics: |
    First line

    Third line
stems: {a: a.wav}
versions: {dub: {mute: a, isrc: QZABC2600002}}
`, "a.wav": ""})
	p, diags := Load(dir, fakeOptions)
	if p == nil {
		t.Fatal(diags.Text())
	}
	s := p.Song
	if s.Artist != "A, B B & C" || len(s.Artists) != 3 || s.Lyricist != "L" || s.Comment != "it is so" || s.Lyrics != "First line\n\nThird line" ||
		s.ISRC != "QZABC2600001" || s.Versions[0].ISRC != "QZABC2600002" {
		t.Errorf("%+v", s)
	}
}

// What a delivery's files say follows from its format, unless it is written.
func TestMetadataKey(t *testing.T) {
	for _, c := range []struct{ over, want string }{
		{"{}", "[info]"},
		{"{metadata: true}", "[info]"}, {"{metadata: basic}", "[info]"}, {"{metadata: full}", "[info id3 bext ixml cover replaygain]"},
		{"{metadata: false}", "[]"}, {"{metadata: none}", "[]"}, {"{metadata: []}", "[]"},
		{"{metadata: [ixml, bext]}", "[bext ixml]"}, {"{metadata: bext}", "[bext]"},
		{"{format: flac}", "[info cover replaygain]"}, {"{format: flac, metadata: full}", "[info cover replaygain]"}, {"{format: flac, metadata: [info]}", "[info]"},
		{"{format: aiff}", "[info id3 cover]"}, {"{format: aifc, metadata: full}", "[info id3 cover replaygain]"},
		{"{format: flac, bit_depth: 16}", "[info cover replaygain]"}, {"{format: aifc, bit_depth: 32 float}", "[info id3 cover]"}, {"{bit_depth: 32}", "[info]"},
	} {
		p, diags := Load(projectIn(t, map[string]string{"lathe.yaml": "lathe: 1\nsong: {title: One}\nmix: a.wav\ndeliver: [{streaming: " + c.over + "}]\n", "a.wav": ""}), fakeOptions)
		if p == nil {
			t.Errorf("%s: %s", c.over, diags.Text())
			continue
		}
		if got := fmt.Sprint(p.Song.Deliver[0].Metadata); got != c.want {
			t.Errorf("%s: %s, want %s", c.over, got, c.want)
		}
	}
}

// projectIn writes the files of a project and returns its folder.
func projectIn(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files)
	return dir
}
