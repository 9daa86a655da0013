package disc

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// cut takes the bars off records that are written one a line.
func cut(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		b.WriteString(strings.Trim(strings.TrimRight(line, "\n"), "|"))
	}
	return b.String()
}

// TestRecords compares byte for byte with records worked out by hand from the tables.
func TestRecords(t *testing.T) {
	l := Layout{
		MCN: "4006381333931", MasterID: "LATHE DEMO", Text: Text{Title: "x"}, LeadOut: 40650,
		Tracks: []Track{
			{Start: 150, Pregap: 150, ISRC: "AA6Q72000047", Flags: Flags{Copy: true}},
			{Start: 13650, ISRC: "AA6Q72000048", Indexes: []MSF{20000}},
			{Start: 27150, Pregap: 150, Indexes: []MSF{36149}, Flags: Flags{PreEmphasis: true, SCMS: true}},
		},
	}
	id := cut(`|DDP 2.004006381333931                 LATHE DEMO                                       CD                                       |`)
	ms := cut(`|VVVMS0             180        CDTEXT                   00               17CDTEXT.BIN                                            |
|VVVMS0             640        PQ DESCR                                  17PQDESCR                                               |
|VVVMD0           40650                DA70     150                      17IMAGE.DAT                                             |`)
	pq := cut(`|VVVS0000  00000001              4006381333931                   |
|VVVS0100  00000021  AA6Q72000047                                |
|VVVS0101  00020021                                              |
|VVVS0201  03020001  AA6Q72000048                                |
|VVVS0202  04265001                                              |
|VVVS0300  0600001S                                              |
|VVVS0301  0602001S                                              |
|VVVS0302  0801741S                                              |
|VVVSAA01  09020001                                              |
|VVVSAA01  09020001                                              |`)
	for _, c := range []struct{ name, got, want string }{{"DDPID", string(DDPID(l)), id}, {"DDPMS", string(DDPMS(l, 180)), ms}, {"PQDESCR", string(PQDescriptor(l)), pq}} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if n := len(DDPMS(l, 0)); n != 256 {
		t.Errorf("without CD-TEXT DDPMS has %d bytes", n)
	}
}

// TestPublishedExample is the two-track master that cue2ddp's published files show, with this package's
// file names and its SCR.
func TestPublishedExample(t *testing.T) {
	l := Layout{MCN: "0123456789012", LeadOut: 1650, Tracks: []Track{{Start: 150, Pregap: 150, ISRC: "USABC1234567"}, {Start: 900, Pregap: 150}}}
	want := cut(`|VVVS0000  00000001              0123456789012                   |
|VVVS0100  00000001  USABC1234567                                |
|VVVS0101  00020001                                              |
|VVVS0200  00100001                                              |
|VVVS0201  00120001                                              |
|VVVSAA01  00220001                                              |
|VVVSAA01  00220001                                              |`)
	if diff := cmp.Diff(want, string(PQDescriptor(l))); diff != "" {
		t.Error(diff)
	}
}

// pcmFiles writes a DDP and gives back its files.
func pcmFiles(t testing.TB, l Layout) fstest.MapFS {
	t.Helper()
	dir := t.TempDir()
	if _, err := Write(dir, l, bytes.NewReader(pcm(l)), Options{DDP: ".", CRC32: true}); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for name := range eachFile(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}

func eachFile(t testing.TB, dir string) map[string]bool {
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, e := range list {
		names[e.Name()] = true
	}
	return names
}

// readFiles verifies a DDP, which may have notes only.
func readFiles(t testing.TB, l Layout, files fs.FS) *DDP {
	t.Helper()
	got, err := VerifyDDP(context.Background(), files)
	if err != nil {
		t.Fatal(err)
	}
	own := Check(l)
	if diff := cmp.Diff(own, got.Findings); diff != "" {
		t.Errorf("findings: %s", diff)
	}
	return got
}

func TestDDPRoundTrip(t *testing.T) {
	l := demo()
	files := pcmFiles(t, l)
	got := readFiles(t, l, files)
	if diff := cmp.Diff(l, got.Layout); diff != "" {
		t.Error(diff)
	}
	if !bytes.Equal(files["IMAGE.DAT"].Data, pcm(l)) {
		t.Error("IMAGE.DAT has other samples")
	}
	var sums strings.Builder // as md5sum makes them
	for _, name := range []string{"DDPID", "DDPMS", "CDTEXT.BIN", "PQDESCR", "IMAGE.DAT"} {
		fmt.Fprintf(&sums, "%x *%s\n", md5.Sum(files[name].Data), name)
	}
	if diff := cmp.Diff(sums.String(), string(files["CHECKSUM.MD5"].Data)); diff != "" {
		t.Error(diff)
	}
	if len(got.Sums) != 10 || got.Sums[9].Got != got.Sums[9].Want || got.Sums[9].Kind == got.Sums[0].Kind {
		t.Errorf("checksums: %v", got.Sums)
	}
}

// TestAnyLayoutComesBack: what was written is read back for any disc.
func TestAnyLayoutComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayout(t)
		comesBack(t, l)
		cueComesBack(t, l)
	})
}

// comesBack writes a DDP, with an image that is not looked at, and reads it.
func comesBack(t rapid.TB, l Layout) {
	packs, err := CDText(l)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"DDPID": {Data: DDPID(l)}, "DDPMS": {Data: DDPMS(l, len(packs))}, "PQDESCR": {Data: PQDescriptor(l)}, "IMAGE.DAT": {}}
	if packs != nil {
		files["CDTEXT.BIN"] = &fstest.MapFile{Data: packs}
	}
	got, err := ReadDDP(withImage{files, l.LeadOut})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(l, got.Layout); diff != "" {
		t.Fatal(diff)
	}
	want := append(Findings{{Severity: Warning, Rule: "checksums", Message: "there is no checksum file: damage on the way would not be noticed"}}, Check(l)...)
	if diff := cmp.Diff(want, got.Findings); diff != "" {
		t.Fatal(diff)
	}
}

// withImage is a DDP whose image has the length of a disc, and no content.
type withImage struct {
	fstest.MapFS
	length MSF
}

// Stat implements [fs.StatFS].
func (w withImage) Stat(name string) (fs.FileInfo, error) {
	info, err := w.MapFS.Stat(name)
	if err == nil && name == "IMAGE.DAT" {
		return imageInfo{info, w.length}, nil
	}
	return info, err
}

type imageInfo struct {
	fs.FileInfo
	length MSF
}

func (i imageInfo) Size() int64 { return i.length.Bytes() }

// cueComesBack reads the cue sheet of a disc.
func cueComesBack(t *rapid.T, l Layout) {
	data := Cue(l, "album.wav", "album.cdt")
	sheet, err := ParseCue(data, l.Playing())
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	want := Layout{MCN: l.MCN, LeadOut: l.LeadOut, Text: single(l.Text)}
	for _, track := range l.Tracks {
		track.Text = single(track.Text)
		want.Tracks = append(want.Tracks, track)
	}
	if diff := cmp.Diff(want, sheet.Layout); diff != "" {
		t.Fatalf("%s in\n%s", diff, data)
	}
	if sheet.Image != "album.wav" || sheet.TextFile != "album.cdt" {
		t.Fatalf("%q, %q", sheet.Image, sheet.TextFile)
	}
}

// single is a text as a cue sheet has it.
func single(t Text) Text {
	for _, kind := range textKinds {
		*kind.of(&t) = strings.ReplaceAll(*kind.of(&t), `"`, "'")
	}
	return t
}

// edited is a DDP of the demo with one change, and checksums made anew.
func edited(t testing.TB, edit func(fstest.MapFS)) fstest.MapFS {
	files := fstest.MapFS{}
	for name, f := range demoFiles(t) {
		if !strings.HasPrefix(name, "CHECKSUM") {
			files[name] = &fstest.MapFile{Data: bytes.Clone(f.Data)}
		}
	}
	edit(files)
	if files["CHECKSUM.MD5"] == nil {
		var sums strings.Builder
		for _, name := range []string{"DDPID", "DDPMS", "CDTEXT.BIN", "PQDESCR", "IMAGE.DAT", "SD"} {
			if f := files[name]; f != nil {
				fmt.Fprintf(&sums, "%x *%s\n", md5.Sum(f.Data), name)
			}
		}
		files["CHECKSUM.MD5"] = &fstest.MapFile{Data: []byte(sums.String())}
	}
	return files
}

// demoFiles are the files of the demo; they are made once, and not to be changed.
var demoFiles = func() func(testing.TB) fstest.MapFS {
	var files fstest.MapFS
	return func(t testing.TB) fstest.MapFS {
		if files == nil {
			files = pcmFiles(t, demo())
		}
		return files
	}
}()

// put overwrites bytes of a file.
func put(files fstest.MapFS, name string, at int, text string) { copy(files[name].Data[at:], text) }

// TestOtherPrograms reads what HOFA, Sonoris and cue2ddp write differently: nothing of it is more than a note.
func TestOtherPrograms(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(fstest.MapFS)
		note string
	}{
		{"cue2ddp: SD, SCR 1", func(f fstest.MapFS) {
			f["SD"] = f["PQDESCR"]
			delete(f, "PQDESCR")
			put(f, "DDPMS", 128+74, "SD               ")
			put(f, "DDPMS", 256+41, "1")
		}, ""},
		{"Sonoris: zeros, DSS, BK, words", func(f fstest.MapFS) {
			put(f, "DDPMS", 14, fmt.Sprintf("%08d", len(f["CDTEXT.BIN"].Data)))
			put(f, "DDPMS", 71, "017")
			put(f, "DDPMS", 128+14, fmt.Sprintf("%08d", len(f["PQDESCR"].Data)))
			put(f, "DDPMS", 256+14, "00001650")
			put(f, "DDPMS", 256+22, "00000000")
			put(f, "DDPMS", 256+46, "0150")
			put(f, "DDPID", 86, "O")
			put(f, "DDPID", 94, "09some text")
		}, ""},
		{"Sonoris: 00 behind CD-TEXT", func(f fstest.MapFS) {
			f["CDTEXT.BIN"].Data = append(f["CDTEXT.BIN"].Data, 0)
			put(f, "DDPMS", 14, fmt.Sprintf("%08d", len(f["CDTEXT.BIN"].Data)))
		}, "note: CDTEXT.BIN: CD-TEXT ends with 1 bytes 00 behind the packs, as some programs write it"},
		{"Sonoris: MD5-Checksum.md5", func(f fstest.MapFS) { rename(f, "MD5-Checksum.md5", "%x *%s\n") }, ""},
		{"HOFA: MD5_CHECKSUM.MD5, CR LF", func(f fstest.MapFS) { rename(f, "MD5_CHECKSUM.MD5", "%x *%s\r\n") }, ""},
		{"Checksum.chk with paths", func(f fstest.MapFS) { rename(f, "Checksum.chk", "%x  C:\\masters\\%s\n") }, ""},
		{"BSD's md5", func(f fstest.MapFS) {
			rename(f, "checksum.md5", "MD5 (%[2]s) = %[1]x\n")
		}, ""},
		{"HOFA: EAN everywhere, blank TRK", func(f fstest.MapFS) {
			put(f, "DDPMS", 55, "  ")
			for at := 0; at < len(f["PQDESCR"].Data); at += 64 {
				put(f, "PQDESCR", at+32, "4006381333931")
			}
		}, ""},
		{"ISRC on both indexes", func(f fstest.MapFS) { put(f, "PQDESCR", 2*64+20, "QZABC2600001") }, ""},
		{"hours as 00", func(f fstest.MapFS) { put(f, "PQDESCR", 3*64+8, "00") }, ""},
		{"Distillery: SSM 0", func(f fstest.MapFS) { put(f, "DDPMS", 256+40, "0") }, ""},
		{"one lead-out", func(f fstest.MapFS) {
			f["PQDESCR"].Data = f["PQDESCR"].Data[:len(f["PQDESCR"].Data)-64]
			put(f, "DDPMS", 128+14, fmt.Sprintf("%8d", len(f["PQDESCR"].Data)))
		}, "note: PQDESCR: has the lead-out once, most programs write it twice"},
		{"small letters", func(f fstest.MapFS) {
			f["image.dat"] = f["IMAGE.DAT"]
			sums := fmt.Sprintf("%x *IMAGE.DAT\n%x *DDPID\n%x *DDPMS\n%x *PQDESCR\n%x *CDTEXT.BIN", md5.Sum(f["IMAGE.DAT"].Data), md5.Sum(f["DDPID"].Data), md5.Sum(f["DDPMS"].Data), md5.Sum(f["PQDESCR"].Data), md5.Sum(f["CDTEXT.BIN"].Data))
			delete(f, "IMAGE.DAT")
			f["CHECKSUM.MD5"] = &fstest.MapFile{Data: []byte(sums)}
		}, "note: image.dat: is IMAGE.DAT in DDPMS: other capitals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := VerifyDDP(context.Background(), edited(t, c.edit))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(demo(), got.Layout); diff != "" {
				t.Error(diff)
			}
			if got.Findings.Error() != c.note {
				t.Errorf("found\n%v\nwant\n%s", got.Findings, c.note)
			}
			if len(got.Sums) != 5 {
				t.Errorf("%d checksums", len(got.Sums))
			}
		})
	}
}

// rename writes the checksum file under another name, in another shape.
func rename(files fstest.MapFS, name, shape string) {
	var b strings.Builder
	for _, file := range []string{"DDPID", "DDPMS", "CDTEXT.BIN", "PQDESCR", "IMAGE.DAT"} {
		fmt.Fprintf(&b, shape, md5.Sum(files[file].Data), file)
	}
	files[name] = &fstest.MapFile{Data: []byte(b.String())}
	if name != "CHECKSUM.MD5" {
		files["CHECKSUM.MD5"] = &fstest.MapFile{} // so that edited adds none; it has no lines
	}
}

// TestEnhancedCD is laid out as the published sample of Sonoris: three tracks, a second session with
// data behind them, one lead-out for the first and two for the second.
func TestEnhancedCD(t *testing.T) {
	image := make([]byte, 13455*2352)
	packs := append(unhex(t, golden), 0)
	files := fstest.MapFS{
		"DDPID":       {Data: []byte(cut(`|DDP 2.000123456789104                                                                 OCD     09some text                       |`))},
		"IMAGE01.DAT": {Data: image}, "IMAGE02.DAT": {Data: make([]byte, 225*2048)}, "CDTEXT.BIN": {Data: packs},
		"DDPMS": {Data: []byte(cut(`|VVVMS0        00000181        CDTEXT                   00              017CDTEXT.BIN                                            |
|VVVMS0        00000704        PQ DESCR                                 017PQDESCR                                               |
|VVVMD0        0001345500000000        DA70     150                     017IMAGE01.DAT                                           |
|VVVMD0        0000022500024705        1000     150                     017IMAGE02.DAT      S                                    |`))},
		"PQDESCR": {Data: []byte(cut(`|VVVS0000  00000001              0123456789104                   |
|VVVS0100  00000001  USABC1100001                                |
|VVVS0101  00020001                                              |
|VVVS0201  01020901  USABC1100002                                |
|VVVS0301  02020901  USABC1100003                                |
|VVVSAA01  02593001                                              |
|VVVS0000  04293041                                              |
|VVVS0400  05293041                                              |
|VVVS0401  05313041                                              |
|VVVSAA01  05323041                                              |
|VVVSAA01  05323041                                              |`))},
	}
	var sums strings.Builder
	for _, name := range []string{"CDTEXT.BIN", "DDPID", "DDPMS", "IMAGE01.DAT", "IMAGE02.DAT", "PQDESCR"} {
		fmt.Fprintf(&sums, "%x *%s\r\n", md5.Sum(files[name].Data), name)
	}
	files["MD5-Checksum.md5"] = &fstest.MapFile{Data: []byte(sums.String())}
	got, err := VerifyDDP(context.Background(), files)
	if err != nil {
		t.Fatal(err)
	}
	want := goldenLayout()
	want.MCN, want.LeadOut = "0123456789104", 13455
	for i, at := range []MSF{150, 4659, 9159} {
		want.Tracks[i].Start, want.Tracks[i].ISRC = at, fmt.Sprintf("USABC110000%d", i+1)
	}
	if diff := cmp.Diff(want, got.Layout); diff != "" {
		t.Error(diff)
	}
	said := `warning: IMAGE02.DAT: is a stream of type D0 10, which is not read
warning: PQDESCR: a second session begins with record 7, which is not read: it is no plain audio disc
note: PQDESCR: has the lead-out once, most programs write it twice
note: CDTEXT.BIN: CD-TEXT ends with 1 bytes 00 behind the packs, as some programs write it`
	if diff := cmp.Diff(said, got.Findings.Error()); diff != "" {
		t.Error(diff)
	}
}

// TestUPCA reads the 12 digits that HOFA writes.
func TestUPCA(t *testing.T) {
	l := row(2, 300)
	l.MCN = "0036000291452"
	files := pcmFiles(t, l)
	put(files, "DDPID", 8, "036000291452 ")
	put(files, "PQDESCR", 32, "036000291452 ")
	got, err := ReadDDP(files)
	if err != nil || got.Layout.MCN != l.MCN || len(got.Findings) > 0 {
		t.Errorf("%v %v %v", got.Layout.MCN, got.Findings, err)
	}
}

// TestContradictions changes one thing of a DDP, with right checksums, and demands the finding.
func TestContradictions(t *testing.T) {
	pq := func(record, at int, text string) func(fstest.MapFS) {
		return func(f fstest.MapFS) { put(f, "PQDESCR", record*64+at, text) }
	}
	ms := func(record, at int, text string) func(fstest.MapFS) {
		return func(f fstest.MapFS) { put(f, "DDPMS", record*128+at, text) }
	}
	for _, c := range []struct {
		name string
		edit func(fstest.MapFS)
		want string
	}{
		{"image cut", func(f fstest.MapFS) { f["IMAGE.DAT"].Data = f["IMAGE.DAT"].Data[1:] }, "error: IMAGE.DAT: has 3880799 bytes, 1649 frames and 2351 bytes; DDPMS says 1650 frames"},
		{"image length", ms(2, 14, "    1651"), "error: IMAGE.DAT: is 00:22:01 long, the lead-out is at 00:22:00"},
		{"image missing", func(f fstest.MapFS) { delete(f, "IMAGE.DAT") }, "error: IMAGE.DAT: is missing: DDPMS names it"},
		{"length blank", ms(2, 14, "        "), "error: IMAGE.DAT: DDPMS does not say how long it is"},
		{"DDPID missing", func(f fstest.MapFS) { delete(f, "DDPID") }, "error: DDPID: is missing"},
		{"DDPID long", func(f fstest.MapFS) { f["DDPID"].Data = append(f["DDPID"].Data, f["DDPID"].Data...) }, "error: DDPID: has 2 records of 128 bytes, expected one"},
		{"DDPID short", func(f fstest.MapFS) { f["DDPID"].Data = f["DDPID"].Data[:100] }, "error: DDPID: has 0 records of 128 bytes, expected one"},
		{"line end", func(f fstest.MapFS) { f["DDPID"].Data = append(f["DDPID"].Data, "\r\n"...) }, "warning: DDPID: ends with 2 bytes behind the records"},
		{"DDPID level", func(f fstest.MapFS) { put(f, "DDPID", 0, "DDP 1.01") }, `warning: DDPID: is "DDP 1.01": read as DDP 2.00`},
		{"DVD", func(f fstest.MapFS) { put(f, "DDPID", 87, "DV") }, `error: DDPID: the type of disc is "DV", expected CD`},
		{"PQ size", ms(1, 14, "     641"), "error: PQDESCR: has 640 bytes, DDPMS says 641"},
		{"map cut", func(f fstest.MapFS) { f["DDPMS"].Data = f["DDPMS"].Data[:300] }, "error: DDPMS: record 3 does not begin with VVVM, or is cut off: records have 128 bytes"},
		{"no image", ms(2, 38, "10"), "error: DDPMS: names 0 audio images, expected 1"},
		{"two PQ", func(f fstest.MapFS) { f["DDPMS"].Data = append(f["DDPMS"].Data, f["DDPMS"].Data[128:256]...) }, "error: DDPMS: names 2 PQ descriptors, expected 1: the first is read"},
		{"commentary", func(f fstest.MapFS) {
			f["DDPMS"].Data = append(f["DDPMS"].Data, f["DDPMS"].Data[128:256]...)
			put(f, "DDPMS", 3*128+4, "T1")
		}, "warning: PQDESCR: is a stream of type T1 PQ DESCR, which is not read"},
		{"storage", ms(2, 40, "8"), `error: IMAGE.DAT: has the storage mode "8", expected 7`},
		{"start", ms(2, 22, "    4500"), "warning: IMAGE.DAT: is to begin at frame 4500: the first image begins the disc"},
		{"pregap", ms(2, 46, " 151"), "error: DDPMS: says that the first pregap is 00:02:01 long, track 1 begins at 00:02:00"},
		{"pregap blank", ms(2, 46, "    "), "warning: DDPMS: does not say how long the first pregap is"},
		{"time", pq(4, 10, "000860"), "error: PQDESCR: record 5, track 02 index 01, is at 00:08:60, before the record before it at 00:09:00"},
		{"frames", pq(4, 14, "75"), `error: PQDESCR: record 5: "  001075" is no time: frames of 75, 74 at most`},
		{"hours", pq(4, 8, "01"), `error: PQDESCR: record 5 has the time "01001000", with hours`},
		{"hours in letters", pq(4, 8, "xx"), `error: PQDESCR: record 5 has the time "xx001000", with hours`},
		{"index", pq(5, 6, "03"), "error: PQDESCR: track 2: has index 03 in record 6, expected 02"},
		{"index letters", pq(5, 6, "xx"), `error: PQDESCR: record 6 has the index "xx"`},
		{"no index 01", pq(7, 6, "00"), "error: PQDESCR: track 3: has no index 01"},
		{"begins with index 02", pq(7, 6, "02"), "error: PQDESCR: track 3: begins with index 02"},
		{"track", pq(7, 4, "04"), "error: PQDESCR: record 8 is track 4: after track 2 comes 3"},
		{"track letters", pq(7, 4, "zz"), `error: PQDESCR: record 8 has the track "zz"`},
		{"two lead-ins", pq(7, 4, "00"), "error: PQDESCR: record 8 is a second lead-in"},
		{"no lead-in", func(f fstest.MapFS) {
			f["PQDESCR"].Data = f["PQDESCR"].Data[64:]
			put(f, "DDPMS", 128+14, "     576")
		}, "error: PQDESCR: does not begin with the lead-in, but with track 01"},
		{"late lead-in", pq(0, 14, "01"), "error: PQDESCR: the lead-in is at 00:00:01, expected 00:00:00"},
		{"no lead-out", func(f fstest.MapFS) {
			f["PQDESCR"].Data = f["PQDESCR"].Data[:8*64]
			put(f, "DDPMS", 128+14, "     512")
		}, "error: PQDESCR: has no lead-out"},
		{"lead-outs differ", pq(9, 10, "002201"), "error: PQDESCR: the lead-out is at 00:22:00 and at 00:22:01"},
		{"lead-out index", pq(9, 6, "02"), "error: PQDESCR: the lead-out has the index 02, expected 01"},
		{"three lead-outs", func(f fstest.MapFS) {
			f["PQDESCR"].Data = append(f["PQDESCR"].Data, f["PQDESCR"].Data[9*64:]...)
			put(f, "DDPMS", 128+14, "     704")
		}, "warning: PQDESCR: has the lead-out 3 times, expected 2"},
		{"second session", func(f fstest.MapFS) {
			f["PQDESCR"].Data = append(f["PQDESCR"].Data, f["PQDESCR"].Data[:64]...)
			put(f, "DDPMS", 128+14, "     704")
		}, "warning: PQDESCR: a second session begins with record 11, which is not read: it is no plain audio disc"},
		{"control differs", pq(4, 16, "21"), "error: PQDESCR: track 2: has the control 21 at index 01, 01 before"},
		{"data track", pq(7, 16, "41"), "error: PQDESCR: track 3: has the control 41: it is a data track"},
		{"control", pq(7, 16, "x1"), `error: PQDESCR: track 3: has the control "x1", expected a digit and 1 or S`},
		{"marker", pq(7, 0, "VVVX"), "error: PQDESCR: record 8 does not begin with VVVS, or is cut off: records have 64 bytes"},
		{"ISRC differs", pq(2, 20, "QZABC2600009"), "error: PQDESCR: track 1: has the ISRC QZABC2600009 at index 01, QZABC2600001 before"},
		{"ISRC late", func(f fstest.MapFS) { pq(1, 20, "            ")(f); pq(2, 20, "QZABC2600001")(f) }, "warning: PQDESCR: track 1: has its ISRC at index 01 only: it belongs to the first"},
		{"ISRC syntax", pq(7, 20, "QZ-ABC-26-00"), `error: track 3: ISRC "QZ-ABC-26-00": expected two capital letters`},
		{"ISRC in CD-TEXT", pq(7, 20, "QZABC2600009"), "error: CDTEXT.BIN: track 3: has the ISRC QZABC2600003, the PQ descriptor QZABC2600009"},
		{"EAN differs", func(f fstest.MapFS) { put(f, "DDPID", 8, "0036000291452") }, "error: DDPID: has the catalogue number 0036000291452, the PQ descriptor 4006381333931"},
		{"EAN only in DDPID", pq(0, 32, "             "), "warning: DDPID: has the catalogue number 4006381333931, the PQ descriptor none: it may not reach the disc"},
		{"EAN only in PQ", func(f fstest.MapFS) { put(f, "DDPID", 8, "             ") }, "warning: DDPID: has no catalogue number, the PQ descriptor has 4006381333931"},
		{"two EANs", pq(1, 32, "0036000291452"), "error: PQDESCR: record 2 has the catalogue number 0036000291452, others 4006381333931"},
		{"CD-TEXT", func(f fstest.MapFS) { f["CDTEXT.BIN"].Data[7] ^= 1 }, "error: CDTEXT.BIN: CD-TEXT pack 0: its CRC is "},
		{"CD-TEXT of another disc", func(f fstest.MapFS) {
			f["CDTEXT.BIN"].Data, _ = CDText(row2())
			put(f, "DDPMS", 14, fmt.Sprintf("%8d", len(f["CDTEXT.BIN"].Data)))
		}, "error: CDTEXT.BIN: speaks of 2 tracks, the PQ descriptor has 3"},
		{"short track", pq(7, 10, "001900"), "error: track 3: is 00:03:00 long, 00:04:00 at least"},
		{"sound in the pause", func(f fstest.MapFS) { f["IMAGE.DAT"].Data[2352*7] = 1 }, "warning: IMAGE.DAT: there is sound in the first two seconds, at 00:00:07: no player begins there"},
		{"no checksums", func(f fstest.MapFS) { f["CHECKSUM.MD5"] = &fstest.MapFile{} }, "warning: there is no checksum file: damage on the way would not be noticed"},
		{"wrong checksum", func(f fstest.MapFS) {
			f["CHECKSUM.MD5"] = &fstest.MapFile{Data: []byte("00000000000000000000000000000000 *DDPID\n")}
		}, "CHECKSUM.MD5 says 00000000000000000000000000000000"},
		{"wrong CRC", func(f fstest.MapFS) {
			f["CHECKSUM.TXT"] = &fstest.MapFile{Data: []byte("[CRC32 Checksum]\nDDPID=00000000\n")}
		}, "CHECKSUM.TXT says 00000000"},
		{"checksum without file", func(f fstest.MapFS) {
			f["CHECKSUM.MD5"] = &fstest.MapFile{Data: []byte("00000000000000000000000000000000 *GONE\n")}
		}, "error: GONE: is missing: CHECKSUM.MD5 names it"},
		{"file without checksum", func(f fstest.MapFS) {
			f["CHECKSUM.MD5"] = &fstest.MapFile{Data: []byte(fmt.Sprintf("%x *DDPID\n", md5.Sum(f["DDPID"].Data)))}
		}, "warning: IMAGE.DAT: no checksum file names it"},
		{"strange checksum file", func(f fstest.MapFS) {
			f["CHECKSUM.MD5"] = &fstest.MapFile{Data: []byte("; comment\nhello\n")}
		}, "warning: CHECKSUM.MD5: 1 lines are no checksum in a form that is known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := edited(t, c.edit)
			got, err := ReadDDP(files)
			if err == nil && !strings.Contains(got.Findings.Error(), c.want) { // it is about bytes, then
				got, err = VerifyDDP(context.Background(), files)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got.Findings.Error(), c.want) {
				t.Errorf("found\n%v\nwant\n%s", got.Findings, c.want)
			}
		})
	}
}

// row2 is a disc of two tracks with a title.
func row2() Layout {
	l := row(2, 300)
	l.Text.Title = "Two"
	return l
}

func TestNotDDP(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"empty": {}, "other files": {"a.wav": {Data: []byte("RIFF")}}, "an empty map": {"DDPMS": {}}, "another map": {"DDPMS": {Data: []byte(strings.Repeat("x", 128))}},
	} {
		if _, err := ReadDDP(files); !errors.Is(err, ErrNotDDP) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadDDP(os.DirFS(filepath.Join(t.TempDir(), "nowhere"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := VerifyDDP(ctx, pcmFiles(t, row(1, 300))); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestOnlyFilesAreRead: an image that never ends is not begun.
func TestOnlyFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	l := row(1, 300)
	if _, err := Write(dir, l, bytes.NewReader(pcm(l)), Options{DDP: "."}); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(dir, "IMAGE.DAT")
	if err := os.Remove(image); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", image); err != nil {
		t.Skip(err)
	}
	got, err := VerifyDDP(context.Background(), os.DirFS(dir))
	if err != nil || !strings.Contains(got.Findings.Error(), "error: IMAGE.DAT: is missing: DDPMS names it") {
		t.Errorf("%v\n%v", err, got.Findings)
	}
}

func FuzzDDP(f *testing.F) {
	for _, l := range []Layout{demo(), row(1, 300)} {
		packs, _ := CDText(l)
		f.Add(DDPID(l), DDPMS(l, len(packs)), PQDescriptor(l), packs, []byte("00000000000000000000000000000000 *DDPID\n"))
	}
	f.Fuzz(func(t *testing.T, id, ms, pq, text, sums []byte) {
		files := fstest.MapFS{"DDPID": {Data: id}, "DDPMS": {Data: ms}, "PQDESCR": {Data: pq}, "CDTEXT.BIN": {Data: text}, "CHECKSUM.MD5": {Data: sums}, "IMAGE.DAT": {}}
		got, err := VerifyDDP(context.Background(), files)
		if err != nil && !errors.Is(err, ErrNotDDP) {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		for _, f := range got.Findings.Errors() {
			if f.Rule != "checksums" && f.File != "IMAGE.DAT" { // which is empty here
				return
			}
		}
		l := got.Layout // what is right can be written, and is read again
		packs, err := CDText(l)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadDDP(fstest.MapFS{"DDPID": {Data: DDPID(l)}, "DDPMS": {Data: DDPMS(l, len(packs))}, "PQDESCR": {Data: PQDescriptor(l)}, "CDTEXT.BIN": {Data: packs}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(l, again.Layout); diff != "" {
			t.Fatal(diff)
		}
	})
}
