package disc

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// golden are packs that cue2ddp 1.1 wrote, as published: disc "Disc" by "Artist", three tracks of
// the same artist.
const golden = `
80 00 00 00 44 69 73 63 00 54 72 61 63 6b 20 4f 48 04
80 01 01 07 6e 65 00 54 72 61 63 6b 20 54 77 6f 55 c9
80 02 02 09 00 54 72 61 63 6b 20 54 68 72 65 65 e6 6f
80 03 03 0b 00 00 00 00 00 00 00 00 00 00 00 00 5d f7
81 00 04 00 41 72 74 69 73 74 00 41 72 74 69 73 fd 22
81 01 05 05 74 00 41 72 74 69 73 74 00 41 72 74 8c 25
81 03 06 03 69 73 74 00 00 00 00 00 00 00 00 00 62 ac
8f 00 07 00 00 01 03 00 04 03 00 00 00 00 00 00 40 fb
8f 01 08 00 00 00 00 00 00 00 00 03 09 00 00 00 d6 a6
8f 02 09 00 00 00 00 00 09 00 00 00 00 00 00 00 0a 4e`

func goldenLayout() Layout {
	l := row(3, 300)
	l.Text = Text{Title: "Disc", Performer: "Artist"}
	for i, title := range []string{"Track One", "Track Two", "Track Three"} {
		l.Tracks[i].Text = Text{Title: title, Performer: "Artist"}
	}
	return l
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCDTextGolden(t *testing.T) {
	got, err := CDText(goldenLayout())
	if err != nil {
		t.Fatal(err)
	}
	if want := unhex(t, golden); !bytes.Equal(got, want) {
		t.Errorf("got\n% x\nwant\n% x", got, want)
	}
	l, found := ParseCDText(got)
	if len(found) > 0 {
		t.Error(found)
	}
	want := goldenLayout()
	if diff := cmp.Diff(textOnly(want), l); diff != "" {
		t.Error(diff)
	}
}

// textOnly is what CD-TEXT can say of a layout.
func textOnly(l Layout) Layout {
	out := Layout{Text: l.Text, Genre: l.Genre, DiscID: l.DiscID, TextCodes: l.TextCodes, Tracks: make([]Track, len(l.Tracks))}
	if l.TextCodes {
		out.MCN = l.MCN
	}
	for i, t := range l.Tracks {
		out.Tracks[i].Text = t.Text
		if l.TextCodes {
			out.Tracks[i].ISRC = t.ISRC
		}
	}
	return out
}

// TestCRC holds the CRC against the catalogue's check value, and against the packs of Sony's
// example that the libcdio documentation prints.
func TestCRC(t *testing.T) {
	if got := crc16([]byte("123456789")); got != 0x31C3 || ^got != 0xCE3C {
		t.Errorf("%04X", got)
	}
	for _, pack := range []string{
		"88 00 23 00 01 0e 00 3f 02 12 00 00 00 00 00 00 12 00",
		"88 01 24 00 00 02 00 04 0b 19 08 02 32 0b 2f 3e 67 2d",
		"88 0d 27 00 35 18 19 39 03 19 00 00 00 00 00 00 ea af",
		"89 01 28 00 01 04 00 00 00 00 02 29 30 02 34 3a f3 0c",
	} {
		b := unhex(t, pack)
		if got := ^crc16(b[:16]); got != uint16(b[16])<<8|uint16(b[17]) {
			t.Errorf("%s: %04X", pack, got)
		}
	}
}

func TestCDTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayout(t)
		packs, err := CDText(l)
		if err != nil {
			t.Fatal(err)
		}
		if packs == nil {
			if l.HasText() {
				t.Fatal("has text, and no packs")
			}
			return
		}
		got, found := ParseCDText(packs)
		if len(found) > 0 {
			t.Fatal(found)
		}
		if diff := cmp.Diff(textOnly(l), got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestCDTextDamage(t *testing.T) {
	whole := unhex(t, golden)
	for _, c := range []struct {
		name string
		edit func([]byte) []byte
		want string
	}{
		{"a flipped bit", func(b []byte) []byte { b[5] ^= 1; return b }, "error: CD-TEXT pack 0: its CRC is 4804, its content gives "},
		{"a missing pack", func(b []byte) []byte { return append(b[:18], b[36:]...) }, "error: CD-TEXT pack 1 has the number 2, expected 1"},
		{"a missing pack of titles", func(b []byte) []byte { return append(b[:18], b[36:]...) }, "error: CD-TEXT has 3 packs of type 80, its size information says 4"},
		{"no size information", func(b []byte) []byte { return b[:7*18] }, "error: CD-TEXT has 0 packs of size information, expected 3"},
		{"a cut", func(b []byte) []byte { return b[:len(b)-1] }, "error: CD-TEXT ends with 17 bytes that are no whole pack"},
		{"a byte 00 behind", func(b []byte) []byte { return append(b, 0) }, "note: CD-TEXT ends with 1 bytes 00 behind the packs, as some programs write it"},
		{"a drive's header", func(b []byte) []byte { return append([]byte{0, 182, 0, 0}, b...) }, "warning: CD-TEXT begins with the four bytes of a drive's answer: a DDP has packs only"},
		{"nothing", func([]byte) []byte { return nil }, "error: CD-TEXT has 0 packs of size information, expected 3"},
	} {
		_, found := ParseCDText(c.edit(bytes.Clone(whole)))
		if !strings.Contains(found.Error(), c.want) {
			t.Errorf("%s:\n%v\nwant\n%s", c.name, found, c.want)
		}
	}
	l, _ := ParseCDText(append(bytes.Clone(whole), 0))
	if diff := cmp.Diff(textOnly(goldenLayout()), l); diff != "" {
		t.Error(diff)
	}
}

// TestCDTextTab: a TAB alone says that the text is that of the track before.
func TestCDTextTab(t *testing.T) {
	l := goldenLayout()
	packs := stringPacks(0x81, encoded([]string{"Artist", "Artist", "?", "?"}))
	packs = append(packs, sizeInfo(packs, 3)...)
	var data []byte
	for i, p := range packs {
		p[2] = byte(i)
		data = append(data, bytes.ReplaceAll(p[:16], []byte("?"), []byte("\t"))...)
		crc := ^crc16(data[i*18:])
		data = append(data, byte(crc>>8), byte(crc))
	}
	got, found := ParseCDText(data)
	if len(found) > 0 {
		t.Error(found)
	}
	for i := range l.Tracks {
		if got.Tracks[i].Text.Performer != "Artist" {
			t.Errorf("track %d: %q", i+1, got.Tracks[i].Text.Performer)
		}
	}
}

func FuzzCDText(f *testing.F) {
	f.Add(unhex(f, golden))
	packs, _ := CDText(demo())
	f.Add(packs)
	f.Fuzz(func(t *testing.T, data []byte) {
		l, _ := ParseCDText(data)
		if len(l.Tracks) > MaxTracks {
			t.Fatal(len(l.Tracks))
		}
	})
}
