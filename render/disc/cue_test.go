package disc

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const demoCue = `CATALOG 4006381333931
CDTEXTFILE "album.cdt"
TITLE "Früh 'am' Tag"
PERFORMER "Harbour Lights"
REM COMPOSER "M. Unal"
FILE "album.wav" WAVE
  TRACK 01 AUDIO
    TITLE "Undertow"
    PERFORMER "Harbour Lights"
    REM COMPOSER "M. Unal"
    FLAGS DCP
    ISRC QZABC2600001
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Slack\Water"
    PERFORMER "Harbour Lights feat. Ünal"
    REM COMPOSER "A"
    ISRC QZABC2600002
    INDEX 00 00:07:00
    INDEX 01 00:08:00
    INDEX 02 00:10:00
    INDEX 03 00:11:25
  TRACK 03 AUDIO
    TITLE "Café"
    PERFORMER "Harbour Lights"
    FLAGS PRE SCMS
    ISRC QZABC2600003
    INDEX 01 00:14:50
`

func TestCue(t *testing.T) {
	want, err := latin1Lines(demoCue)
	if err != nil {
		t.Fatal(err)
	}
	got := Cue(demo(), "album.wav", "album.cdt")
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

// latin1Lines encodes lines of text.
func latin1Lines(s string) (string, error) {
	var b strings.Builder
	for line := range strings.Lines(s) {
		text, err := latin1(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return "", err
		}
		b.Write(append(text, '\n'))
	}
	return b.String(), nil
}

// TestCueAsOthersWriteIt: UTF-8 with a mark, CR LF, small letters, one digit, no quotes, remarks.
func TestCueAsOthersWriteIt(t *testing.T) {
	text := "\uFEFFREM GENRE Rock\r\nrem a remark\r\ntitle \"Grüße \"und\" so\"\r\nFILE Disc.bin BINARY\r\n\r\n\ttrack 1 audio\r\n\tisrc us-abc-12-34567\r\n\tflags dcp pre\r\n\tINDEX 00 00:00:00\r\n\tINDEX 1 0:1:0\r\n"
	sheet, err := ParseCue([]byte(text), 1000)
	if err != nil {
		t.Fatal(err)
	}
	want := Layout{
		Text: Text{Title: `Grüße "und" so`}, LeadOut: 1150,
		Tracks: []Track{{Start: 225, Pregap: 225, ISRC: "USABC1234567", Flags: Flags{Copy: true, PreEmphasis: true}}},
	}
	if diff := cmp.Diff(want, sheet.Layout); diff != "" {
		t.Error(diff)
	}
	if sheet.Image != "Disc.bin" {
		t.Error(sheet.Image)
	}
}

func TestCueFaults(t *testing.T) {
	head := "FILE \"a.wav\" WAVE\nTRACK 01 AUDIO\n"
	for text, want := range map[string]string{
		"":                                     "it has no tracks",
		head:                                   "at the end: track 1 has no index 01",
		head + "TRACK 02 AUDIO\n":              "line 3: track 1 has no index 01",
		"TRACK 01 AUDIO\n":                     "line 1: track 01 comes before FILE",
		"FILE a.wav WAVE\nTRACK 02 AUDIO\n":    "line 2: track 02: expected 1",
		"FILE a.wav WAVE\nTRACK 1 MODE1/2352":  "line 2: track 1 is MODE1/2352: only AUDIO is read",
		head + "FILE \"b.wav\" WAVE\n":         "line 3: it has several files: one image is read",
		head + "INDEX 01 00:00:75":             "line 3: \"00:00:75\" is no time: frames of 75, 74 at most",
		head + "INDEX 01 00:00:01":             "line 3: the first index is at 00:00:01: expected 00:00:00",
		head + "INDEX 02 00:00:00":             "line 3: index 02: expected 00",
		head + "INDEX 01 00:00:00\nINDEX 03 1": "line 4: \"1\" is no time: expected MM:SS:FF",
		head + "PREGAP 00:02:00":               "line 3: PREGAP: silence that is not in the image is not read",
		head + "FLAGS XYZ":                     "line 3: the flag \"XYZ\" is not known",
		"INDEX 01 00:00:00":                    "line 1: \"INDEX\" is not known, or belongs to a track",
		head + "HELLO":                         "line 3: \"HELLO\" is not known",
	} {
		if _, err := ParseCue([]byte(text), 1000); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzCue(f *testing.F) {
	f.Add([]byte(demoCue))
	f.Add(Cue(row(2, 300), "a.wav", ""))
	f.Fuzz(func(t *testing.T, data []byte) {
		sheet, err := ParseCue(data, 5000)
		if err != nil || len(Check(sheet.Layout).Errors()) > 0 || checkName(sheet.Image) != nil {
			return
		}
		written := Cue(sheet.Layout, sheet.Image, "")
		if utf8.Valid(written) && bytes.ContainsFunc(written, func(r rune) bool { return r > '~' }) {
			return // ISO 8859-1 that is UTF-8 by chance cannot be told apart
		}
		again, err := ParseCue(written, 5000) // what is right comes back
		if err != nil {
			t.Fatal(err)
		}
		want := sheet.Layout
		want.Text = single(want.Text)
		for i := range want.Tracks {
			want.Tracks[i].Text = single(want.Tracks[i].Text)
		}
		if diff := cmp.Diff(want, again.Layout); diff != "" {
			t.Fatal(diff)
		}
	})
}
