package audiofile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// sniffLen is how many bytes of a file are looked at to tell what it is.
const sniffLen = 512

type looks int

const (
	looksOther looks = iota
	looksWAV
	looksAIFF
	looksAIFC
	looksFLAC
	looksID3
)

// sniff tells what can be read from what cannot.
func sniff(head []byte) looks {
	switch {
	case len(head) >= 12 && string(head[8:12]) == "WAVE" && isRIFF(string(head[:4])):
		return looksWAV
	case len(head) >= 12 && string(head[:4]) == "FORM" && string(head[8:12]) == "AIFF":
		return looksAIFF
	case len(head) >= 12 && string(head[:4]) == "FORM" && string(head[8:12]) == "AIFC":
		return looksAIFC
	case bytes.HasPrefix(head, []byte("fLaC")):
		return looksFLAC
	case len(head) >= 10 && string(head[:3]) == "ID3":
		return looksID3
	}
	return looksOther
}

func isRIFF(id string) bool { return id == "RIFF" || id == "RF64" || id == "BW64" }

// id3Size is the length of an ID3v2 tag with its header: four bytes of seven bits.
func id3Size(head []byte) int64 {
	n := int64(10)
	for i, b := range head[6:10] {
		n += int64(b&0x7f) << (7 * (3 - i))
	}
	return n
}

const canRead = "lathe reads WAV, RF64/BW64, AIFF and FLAC"

// notAudio is the error for a file that is none of the formats read here.
func notAudio(head []byte, size int64) error {
	switch {
	case size == 0:
		return &Error{Kind: Empty, Detail: "empty file (0 bytes)"}
	case bytes.HasPrefix(head, []byte("version https://git-lfs.github.com/spec/")):
		return &Error{Kind: LFSPointer, Detail: "a Git LFS pointer, not audio: run git lfs pull"}
	case len(head) < 12:
		return &Error{Kind: NotAudio, Detail: fmt.Sprintf("not audio: only %d bytes long; %s", size, canRead)}
	}
	what, audio := describe(head)
	if audio {
		return &Error{Kind: Unsupported, Detail: what + ", which is not supported: convert it first; " + canRead}
	}
	return &Error{Kind: NotAudio, Detail: "not audio but " + what + "; " + canRead, unknown: what == unknownData}
}

const unknownData = "unknown data"

// describe names what a file looks like, and whether there may be audio in it.
func describe(head []byte) (what string, audio bool) {
	for _, m := range magics {
		if len(head) >= m.at+len(m.magic) && string(head[m.at:m.at+len(m.magic)]) == m.magic {
			return m.what, m.audio
		}
	}
	switch {
	case isMPEGAudio(head):
		return "MP3", true
	case len(bytes.Trim(head, "\x00")) == 0:
		return "nothing but zero bytes (a copy that failed?)", false
	}
	lower := strings.ToLower(string(bytes.TrimSpace(head)))
	switch {
	case strings.HasPrefix(lower, "<!doctype html"), strings.HasPrefix(lower, "<html"):
		return "an HTML page (a download that failed?)", false
	case isText(head):
		return "text", false
	}
	return unknownData, false
}

// magics is looked through in order: what is more specific comes first.
var magics = []struct {
	at    int
	magic string
	what  string
	audio bool
}{
	{0, "RIFX", "a big-endian WAV (RIFX)", true},
	{8, "AVI ", "AVI video", true},
	{28, "\x01vorbis", "Ogg Vorbis", true},
	{28, "OpusHead", "Ogg Opus", true},
	{28, "\x7fFLAC", "FLAC in Ogg", true},
	{0, "OggS", "Ogg", true},
	{0, "ID3", "MP3 (it begins with an ID3 tag)", true},
	{0, "riff\x2e\x91\xcf\x11", "Sony Wave64", true},
	{0, "caff", "Core Audio (CAF)", true},
	{0, "wvpk", "WavPack", true},
	{0, "MAC ", "Monkey's Audio", true},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media", true},
	{0, ".snd", "Sun audio (AU)", true},
	{0, "MThd", "a MIDI file", false},
	{4, "ftypM4A", "M4A (AAC or Apple Lossless)", true},
	{4, "ftyp", "MP4 or QuickTime", true},
	{0, "\x1a\x45\xdf\xa3", "Matroska or WebM", true},
	{0, "PK\x03\x04", "a ZIP archive", false},
	{0, "Rar!", "a RAR archive", false},
	{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", false},
	{0, "\x1f\x8b", "a gzip file", false},
	{0, "%PDF", "a PDF", false},
	{0, "\x89PNG", "a PNG picture", false},
	{0, "\xff\xd8\xff", "a JPEG picture", false},
	{0, "\x00\x00\x00\x01Bud1", "a macOS folder file (.DS_Store)", false},
	{0, "\x00\x05\x16\x07", "a macOS resource file (._ name)", false},
}

// isMPEGAudio reports whether the bytes begin with a valid MPEG audio frame
// header: sync, a known layer, bit rate and sample rate.
func isMPEGAudio(b []byte) bool {
	h := binary.BigEndian.Uint32(b)
	return h>>21 == 0x7ff && // sync
		h>>19&3 != 1 && // version 01 is reserved
		h>>17&3 != 0 && // layer 00 is AAC in ADTS or reserved
		h>>12&15 != 15 && h>>12&15 != 0 && h>>10&3 != 3
}

func isText(b []byte) bool {
	// The last rune may be cut.
	for len(b) > 0 && !utf8.Valid(b) && len(b) > sniffLen-utf8.UTFMax {
		b = b[:len(b)-1]
	}
	return utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }) < 0
}
