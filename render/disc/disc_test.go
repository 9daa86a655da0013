package disc

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/render/audiofile"
)

// demo is a small disc with one of everything.
func demo() Layout {
	return Layout{
		MCN: "4006381333931", MasterID: "LATHE DEMO", DiscID: "NL-042", Genre: Genre{Code: 23, Text: "from the docks"}, TextCodes: true,
		Text: Text{Title: `Früh "am" Tag`, Performer: "Harbour Lights", Composer: "M. Unal"},
		Tracks: []Track{
			{Start: 150, Pregap: 150, ISRC: "QZABC2600001", Flags: Flags{Copy: true}, Text: Text{Title: "Undertow", Performer: "Harbour Lights", Composer: "M. Unal"}},
			{Start: 750, Pregap: 75, Indexes: []MSF{900, 1000}, ISRC: "QZABC2600002", Text: Text{Title: `Slack\Water`, Performer: "Harbour Lights feat. Ünal", Composer: "A"}},
			{Start: 1250, ISRC: "QZABC2600003", Flags: Flags{PreEmphasis: true, SCMS: true}, Text: Text{Title: "Café", Performer: "Harbour Lights"}},
		},
		LeadOut: 1650,
	}
}

// pcm is sound for a layout: silent for two seconds, then no two frames alike.
func pcm(l Layout) []byte {
	b := make([]byte, l.LeadOut.Bytes())
	for i := int(LeadPause.Bytes()); i < len(b); i++ {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

func TestMSF(t *testing.T) {
	for _, c := range []struct {
		text    string
		frames  MSF
		samples int64
	}{{"00:00:00", 0, 0}, {"00:02:00", 150, 88200}, {"00:00:74", 74, 43512}, {"74:00:00", 333000, 195804000}, {"99:59:74", 449999, 264599412}} {
		got, err := ParseMSF(c.text)
		if err != nil || got != c.frames || got.String() != c.text || got.Samples() != c.samples {
			t.Errorf("%s: %d %v, %d samples, %v; want %d, %d samples", c.text, got, got, got.Samples(), err, c.frames, c.samples)
		}
	}
	if got, err := ParseMSF("1:2:3"); err != nil || got != 60*75+2*75+3 {
		t.Errorf("1:2:3: %d, %v", got, err)
	}
	if got := MSF(-76).String(); got != "-00:01:01" {
		t.Errorf("-76 frames: %s", got)
	}
	for text, want := range map[string]string{
		"": "expected MM:SS:FF", "1:2": "expected", "00:60:00": "seconds of 60, 59 at most", "00:00:75": "frames of 75, 74 at most",
		"100:00:00": "expected", "+1:00:00": "expected", "00:00:-1": "expected", "a:b:c": "expected", "::": "expected",
	} {
		if _, err := ParseMSF(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
	if at, rest := FromSamples(588*3 + 587); at != 3 || rest != 587 {
		t.Errorf("2351 samples: %d and %d", at, rest)
	}
}

func TestCodes(t *testing.T) {
	for code, want := range map[string]string{
		"4006381333931": "4006381333931", "036000291452": "0036000291452", "0036000291452": "0036000291452", // examples of GS1
	} {
		if got, err := EAN13(code); err != nil || got != want {
			t.Errorf("%s: %s, %v", code, got, err)
		}
	}
	for code, want := range map[string]string{
		"4006381333932": "would have to be 1", "03600029145": "has 11 characters", "40063813339a1": "not all digits", "": "0 characters",
	} {
		if _, err := EAN13(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", code, err, want)
		}
	}
	for code, want := range map[string]bool{"AA6Q72000047": true, "QZABC2600001": true, "AA-6Q7-20-00047": false, "aa6q72000047": false, "A16Q72000047": false, "AA6Q7200004": false, "AA6Q7200004X": false} {
		if IsISRC(code) != want {
			t.Errorf("%s: %v", code, !want)
		}
	}
}

// TestCheck breaks every rule once.
func TestCheck(t *testing.T) {
	if got := Check(demo()).Errors(); got != nil {
		t.Fatalf("the demo: %v", got)
	}
	for _, c := range []struct {
		name string
		edit func(*Layout)
		want string // of the finding's line
		Finding
	}{
		{"no track", func(l *Layout) { l.Tracks = nil }, "error: there is no track", Finding{Rule: "tracks", Limit: 1, Unit: "tracks"}},
		{"100 tracks", func(l *Layout) { *l = row(100, 300) }, "error: 100 tracks, 99 at most", Finding{Rule: "tracks", Found: 100, Limit: 99, Unit: "tracks"}},
		{"short track", func(l *Layout) { l.Tracks[2].Start, l.LeadOut = 1250, 1549 }, "error: track 3: is 00:03:74 long, 00:04:00 at least", Finding{Rule: "track-length", Track: 3, Found: 299, Limit: 300, Unit: "frames"}},
		{"short pregap", func(l *Layout) { l.Tracks[0].Start, l.Tracks[0].Pregap = 149, 149 }, "error: track 1: its pregap is 00:01:74 long, 00:02:00 at least", Finding{Rule: "first-pregap", Track: 1, Found: 149, Limit: 150, Unit: "frames"}},
		{"late begin", func(l *Layout) { l.Tracks[0].Start = 151 }, "error: track 1: begins at 00:00:01: the first pregap begins at 00:00:00", Finding{Rule: "first-index", Track: 1, Found: 1, Unit: "frames"}},
		{"80 minutes", func(l *Layout) { l.LeadOut = 150 + 359776 }, "warning: it plays 79:57:01: more than 79:57:00 may not be pressed", Finding{Severity: Warning, Rule: "length", Found: 359776, Limit: 359775, Unit: "frames"}},
		{"75 minutes", func(l *Layout) { l.LeadOut = 150 + 333001 }, "note: it plays 74:00:01: more than the nominal 74:00:00, which plants commonly take", Finding{Severity: Note, Rule: "length", Found: 333001, Limit: 333000, Unit: "frames"}},
		{"100 minutes", func(l *Layout) { l.LeadOut = 450000 }, "error: the lead-out is at 100:00:00: no address goes beyond 99:59:74", Finding{Rule: "length", Found: 450000, Limit: 449999, Unit: "frames"}},
		{"index order", func(l *Layout) { l.Tracks[1].Indexes[1] = 900 }, "error: track 2: index 03 at 00:12:00 does not come after index 02 at 00:12:00", Finding{Rule: "order", Track: 2}},
		{"track order", func(l *Layout) { l.Tracks[2].Pregap = 250 }, "error: track 2: index 03 at 00:13:25 does not come before track 3 at 00:13:25", Finding{Rule: "order", Track: 2}},
		{"lead-out order", func(l *Layout) { l.LeadOut = 1250 }, "error: track 3: index 01 at 00:16:50 does not come before the lead-out at 00:16:50", Finding{Rule: "order", Track: 3}},
		{"100 indexes", func(l *Layout) { l.Tracks[1].Indexes = until(99, 751) }, "error: track 2: index 100, 99 at most", Finding{Rule: "indexes", Track: 2, Found: 100, Limit: 99, Unit: "indexes"}},
		{"copies", func(l *Layout) { l.Tracks[0].Flags.SCMS = true }, "error: track 1: copies are permitted (DCP) and managed (SCMS): they exclude each other", Finding{Rule: "flags", Track: 1}},
		{"four channels", func(l *Layout) { l.Tracks[0].Flags.FourChannel = true }, "error: track 1: the flag for four channels: no player knows it, and writers disagree on its bits", Finding{Rule: "flags", Track: 1}},
		{"ISRC", func(l *Layout) { l.Tracks[0].ISRC = "QZ-ABC-26-00001" }, `error: track 1: ISRC "QZ-ABC-26-00001": expected two capital letters, three letters or digits and seven digits, such as AA6Q72000047`, Finding{Rule: "isrc", Track: 1}},
		{"ISRC twice", func(l *Layout) { l.Tracks[2].ISRC = "QZABC2600001" }, "warning: track 3: ISRC QZABC2600001 is that of track 1: every recording has its own", Finding{Severity: Warning, Rule: "isrc", Track: 3}},
		{"no ISRC", func(l *Layout) { l.Tracks[1].ISRC = "" }, "warning: track 2: has no ISRC, others have", Finding{Severity: Warning, Rule: "isrc", Track: 2}},
		{"EAN", func(l *Layout) { l.MCN = "4006381333930" }, "error: catalogue number (EAN): 4006381333930 is mistyped: its check digit would have to be 1", Finding{Rule: "mcn"}},
		{"UPC", func(l *Layout) { l.MCN = "036000291452" }, "error: catalogue number (EAN): 036000291452 has 12 digits: write it as the EAN 0036000291452", Finding{Rule: "mcn"}},
		{"master ID", func(l *Layout) { l.MasterID = strings.Repeat("x", 49) }, "error: the master ID has 49 characters, 48 at most", Finding{Rule: "master-id", Found: 49, Limit: 48, Unit: "characters"}},
		{"master ID in Greek", func(l *Layout) { l.MasterID = "Ω" }, "error: the master ID has the character 'Ω': ASCII only", Finding{Rule: "master-id"}},
		{"curly quote", func(l *Layout) { l.Tracks[0].Text.Title = "Don’t" }, `error: track 1: CD-TEXT title "Don’t": the character '’' is not in ISO 8859-1: write "'"`, Finding{Rule: "text-characters", Track: 1}},
		{"Cyrillic", func(l *Layout) { l.Text.Performer = "Мир" }, `error: CD-TEXT performer "Мир": the character 'М' (U+041C) is not in ISO 8859-1, all that CD-TEXT has`, Finding{Rule: "text-characters"}},
		{"line break", func(l *Layout) { l.Text.Message = "a\nb" }, `error: CD-TEXT message "a\nb": the control character U+000A cannot be in it`, Finding{Rule: "text-characters"}},
		{"disc ID", func(l *Layout) { l.DiscID = "ä" }, "error: CD-TEXT disc ID has the character 'ä': ASCII only", Finding{Rule: "text-characters"}},
		{"genre", func(l *Layout) { l.Genre.Code = 1 << 16 }, "error: CD-TEXT genre 65536: it has two bytes", Finding{Rule: "genre", Found: 65536, Limit: 65535, Unit: "code"}},
		{"unknown genre", func(l *Layout) { l.Genre.Code = 29 }, "warning: CD-TEXT genre 29: the known ones end with 28", Finding{Severity: Warning, Rule: "genre", Found: 29, Limit: 28, Unit: "code"}},
		{"genre words", func(l *Layout) { l.Genre.Code = 0 }, `error: CD-TEXT genre "from the docks" adds to a code, and there is none`, Finding{Rule: "genre"}},
		{"quotes", func(l *Layout) {}, `note: title Früh "am" Tag has double quotes, which a cue sheet cannot hold: there they are single ones`, Finding{Severity: Note, Rule: "cue-quote"}},
		{"long line", func(l *Layout) { l.Tracks[2].Text.Title = strings.Repeat("x", 248) }, "warning: track 3: title makes a line of 256 characters in the cue sheet, some programs read 254", Finding{Severity: Warning, Rule: "cue-line", Track: 3, Found: 256, Limit: 254, Unit: "characters"}},
		// 3001 bytes and 3 for the tracks are 251 packs; the other texts take 4, 6, 2, 1, 2 and 5.
		{"too much text", func(l *Layout) { l.Text.Message = strings.Repeat("x", 3000) }, "error: CD-TEXT takes 271 packs of 12 characters, 253 at most: shorten or leave out texts", Finding{Rule: "text-size", Found: 271, Limit: 253, Unit: "packs"}},
	} {
		if c.Severity == 0 && !strings.HasPrefix(c.want, "note") {
			c.Severity = Error
		}
		t.Run(c.name, func(t *testing.T) {
			l := demo()
			c.edit(&l)
			found := append(Check(l), CheckCue(l)...)
			for _, f := range found {
				if f.String() != c.want {
					continue
				}
				f.Message = ""
				if diff := cmp.Diff(c.Finding, f); diff != "" {
					t.Error(diff)
				}
				return
			}
			t.Errorf("found\n%v\nwant\n%s", found, c.want)
		})
	}
	if _, err := Write(t.TempDir(), Layout{}, nil, Options{}); err == nil || err.Error() != "error: there is no track" {
		t.Errorf("written: %v", err)
	}
}

// row is a disc of n tracks of one length.
func row(n int, length MSF) Layout {
	l := Layout{LeadOut: LeadPause + MSF(n)*length}
	for i := range n {
		l.Tracks = append(l.Tracks, Track{Start: LeadPause + MSF(i)*length})
	}
	if n > 0 {
		l.Tracks[0].Pregap = LeadPause
	}
	return l
}

// until are n times from first on.
func until(n int, first MSF) (list []MSF) {
	for i := range n {
		list = append(list, first+MSF(i))
	}
	return list
}

func TestFullDisc(t *testing.T) {
	l := row(99, 300)
	for i := range l.Tracks {
		l.Tracks[i].Indexes = until(98, l.Tracks[i].Start+1)
	}
	if found := Check(l); found != nil {
		t.Errorf("99 tracks of 4 s with 99 indexes: %v", found)
	}
	comesBack(t, l)
}

// drawLayout is any disc that can be written, short in time so that its sound is small.
func drawLayout(t *rapid.T) Layout {
	flag := rapid.Bool()
	text := func(what string) string { // of ISO 8859-1 no letters that together could be UTF-8
		return rapid.StringOfN(rapid.SampledFrom([]rune("abc XYZ éÜß'\"\\À,ÿ")), 0, 30, -1).Draw(t, what)
	}
	words := func(what string) Text {
		if !flag.Draw(t, what) {
			return Text{}
		}
		return Text{text("title"), text("performer"), text("songwriter"), text("composer"), text("arranger"), text("message")}
	}
	l := Layout{Text: words("disc text"), LeadOut: LeadPause + MSF(rapid.IntRange(0, 200).Draw(t, "first pregap"))}
	if flag.Draw(t, "MCN") {
		digits := rapid.StringMatching(`[0-9]{12}`).Draw(t, "digits")
		l.MCN = digits + string(checkDigit(digits))
	}
	l.MasterID = rapid.StringMatching(`([A-Za-z0-9]([ -~]{0,40}[A-Za-z0-9])?)?`).Draw(t, "master ID")
	if code := rapid.IntRange(0, 0xFFFF).Draw(t, "genre"); code > 0 {
		l.Genre = Genre{code, rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "genre words")}
	}
	l.DiscID = rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "disc ID")
	for i := range rapid.IntRange(1, 12).Draw(t, "tracks") {
		track := Track{Pregap: l.LeadOut, Text: words("track text")}
		if i > 0 {
			track.Pregap = MSF(rapid.IntRange(0, 100).Draw(t, "pregap"))
			l.LeadOut += track.Pregap
		}
		track.Start = l.LeadOut
		for range rapid.IntRange(0, 3).Draw(t, "indexes") {
			l.LeadOut += MSF(rapid.IntRange(1, 100).Draw(t, "index"))
			track.Indexes = append(track.Indexes, l.LeadOut)
		}
		l.LeadOut = max(l.LeadOut, track.Start+MinTrack-1) + MSF(rapid.IntRange(1, 100).Draw(t, "rest"))
		if flag.Draw(t, "ISRC") {
			track.ISRC = fmt.Sprintf("%s26%05d", rapid.StringMatching(`[A-Z]{2}[A-Z0-9]{3}`).Draw(t, "prefix"), i)
		}
		track.Flags.PreEmphasis = flag.Draw(t, "pre-emphasis")
		switch rapid.IntRange(0, 2).Draw(t, "copies") {
		case 1:
			track.Flags.Copy = true
		case 2:
			track.Flags.SCMS = true
		}
		l.Tracks = append(l.Tracks, track)
	}
	l.TextCodes = flag.Draw(t, "codes") && (l.MCN != "" || l.Tracks[0].ISRC != "")
	if errors := Check(l).Errors(); len(errors) > 0 {
		t.Skip(errors) // too much text
	}
	return l
}

func TestImageIsExact(t *testing.T) {
	l := demo()
	for name, c := range map[string]struct {
		image []byte
		want  string
	}{
		"short":       {pcm(l)[:len(pcm(l))-1], "the image ends at 00:21:74: the layout's lead-out is at 00:22:00"},
		"long":        {append(pcm(l), 0), "the image goes on after the layout's lead-out at 00:22:00"},
		"early sound": {append([]byte{1}, pcm(l)[1:]...), "there is sound in the first two seconds, at 00:00:00: a cue sheet's image begins after them"},
	} {
		if _, err := Write(t.TempDir(), l, bytes.NewReader(c.image), Options{Image: "album"}); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSheet holds the PQ sheet's two forms against what it has to say.
func TestSheet(t *testing.T) {
	l := demo()
	l.Text.Title = "Harbour & <Home>"
	dir := t.TempDir()
	files, err := Write(dir, l, bytes.NewReader(pcm(l)), Options{DDP: "ddp", Sheet: "pq", About: []Line{{"Label", "Northern Line"}, {"Engineer", ""}}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "pq.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := `PQ SHEET
Harbour & <Home>
Harbour Lights

Catalogue number (EAN)   4006381333931
Master ID                LATHE DEMO
Tracks                   3
Playing time             00:20:00
CD-TEXT                  yes
Label                    Northern Line

Times are MM:SS:FF with 75 frames a second. Starts count from the beginning of the pause before track 1;
a track's length is that from its index 01 to the next, as players show it.

Track  Index  Start     Length    ISRC          Flags     Title
01     00     00:00:00  00:02:00                          (pause)
       01     00:02:00  00:08:00  QZABC2600001  DCP       Undertow
02     00     00:09:00  00:01:00                          (pause)
       01     00:10:00  00:06:50  QZABC2600002            Slack\Water / Harbour Lights feat. Ünal
       02     00:12:00
       03     00:13:25
03     01     00:16:50  00:05:25  QZABC2600003  PRE SCMS  Café
AA     01     00:22:00                                    (lead-out)

File              Bytes    MD5
`
	image := files[4]
	if image.Name != "ddp/IMAGE.DAT" || image.Size != 1650*2352 || image.MD5 != md5.Sum(pcm(l)) || image.SHA256 != sha256.Sum256(pcm(l)) {
		t.Errorf("%+v", image)
	}
	if diff := cmp.Diff(want, string(text[:min(len(want), len(text))])); diff != "" {
		t.Error(diff)
	}
	line := fmt.Sprintf("\nddp/IMAGE.DAT     3880800  %x\n", image.MD5)
	if !strings.Contains(string(text), line) {
		t.Errorf("%q is not in\n%s", line, text)
	}
	page, err := os.ReadFile(filepath.Join(dir, "pq.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<h1>Harbour &amp; &lt;Home&gt;</h1>", "<dt>Label</dt><dd>Northern Line</dd>", ">00:13:25</td>", ">QZABC2600003</td><td>PRE SCMS</td><td>Café</td>", fmt.Sprintf(">%x</td>", image.MD5),
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%s is not on the page\n%s", want, page)
		}
	}
}

// TestGoldenDisc: every file of a disc is the same on every machine.
func TestGoldenDisc(t *testing.T) {
	const want = "8fa1a86c7af8239f50de64ff54e4490938340ec28a173117c0d712fa8df106d0"
	l := demo()
	files, err := Write(t.TempDir(), l, bytes.NewReader(pcm(l)), Options{DDP: "ddp", CRC32: true, Image: "album", Sheet: "pq", About: []Line{{"Label", "Northern Line"}}})
	if err != nil {
		t.Fatal(err)
	}
	all := sha256.New()
	for _, f := range files {
		fmt.Fprintf(all, "%s %x\n", f.Name, f.SHA256)
	}
	if got := fmt.Sprintf("%x", all.Sum(nil)); got != want {
		t.Errorf("the files have other bytes: %s", got)
	}
}

// TestSameFiles: the same disc gives the same bytes; nothing is written over.
func TestSameFiles(t *testing.T) {
	l, dir := demo(), t.TempDir()
	all := Options{DDP: "ddp", CRC32: true, Image: "album", Sheet: "pq"}
	var first []File
	for _, name := range []string{"a", "b"} {
		into := filepath.Join(dir, name)
		if err := os.Mkdir(into, 0o755); err != nil {
			t.Fatal(err)
		}
		files, err := Write(into, l, iotest.HalfReader(bytes.NewReader(pcm(l))), all)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(into, f.Name))
			if err != nil || int64(len(data)) != f.Size || sha256.Sum256(data) != f.SHA256 || md5.Sum(data) != f.MD5 || crc32.ChecksumIEEE(data) != f.CRC32 {
				t.Errorf("%s: its digests are not those of its %d bytes, %v", f.Name, len(data), err)
			}
		}
		if diff := cmp.Diff(first, files); first != nil && diff != "" {
			t.Error(diff)
		}
		first = files
	}
	if len(first) != 13 {
		t.Errorf("%d files", len(first))
	}
	if _, err := Write(filepath.Join(dir, "a"), l, bytes.NewReader(pcm(l)), all); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over: %v", err)
	}
	for _, name := range []string{`a"b`, "a/b", "Früh", "..", `a\b`} {
		if _, err := Write(dir, l, bytes.NewReader(pcm(l)), Options{Image: name}); err == nil || !strings.Contains(err.Error(), "cannot name files") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The image as a burner sees it: a plain header, and the sound without the first two seconds.
	wav, err := audiofile.Open(filepath.Join(dir, "a", "album.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer wav.Close()
	if got := wav.Info(); got.Rate != 44100 || got.Channels != 2 || got.BitDepth != 16 || got.Frames != 1500*588 {
		t.Errorf("%+v", got)
	}
	data, err := os.ReadFile(filepath.Join(dir, "a", "album.wav"))
	if err != nil || !bytes.Equal(data[44:], pcm(l)[150*2352:]) {
		t.Errorf("album.wav has other samples, %v", err)
	}
}
