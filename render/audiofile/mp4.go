package audiofile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// mp4 is an MP4 file (ISO/IEC 14496-12 and -14) with one track of AAC.
type mp4 struct {
	Coded
	src   io.ReaderAt
	kind  []byte // the ftyp box, as it is
	movie []byte // what is in moov
	data  span   // what is in mdat
}

// aacPacket is how many frames an AAC packet holds.
const aacPacket = 1024

// maxMovie is far above what a file's tables, words and cover take.
const maxMovie = 64 << 20

func openMP4(src io.ReaderAt, size int64) (*mp4, error) {
	f := &mp4{src: src, Coded: Coded{Format: "aac", Tags: map[string]string{}}}
	be := binary.BigEndian
	for at := int64(0); at < size; {
		head := make([]byte, 8)
		if err := readAt(src, head, at); err != nil {
			return nil, err
		}
		n := int64(be.Uint32(head))
		switch {
		case n == 0 || n == 1:
			return nil, fmt.Errorf("an MP4 file of more than 4 GiB")
		case n < 8 || n > size-at:
			return nil, io.ErrUnexpectedEOF
		}
		var err error
		switch string(head[4:]) {
		case "ftyp":
			f.kind, err = readSpan(src, at, at+n)
		case "moov":
			f.movie, err = readSpan(src, at+8, at+n)
		case "mdat":
			if f.data.to > 0 {
				return nil, fmt.Errorf("an MP4 file in pieces")
			}
			f.data = span{at + 8, at + n}
		case "moof":
			return nil, fmt.Errorf("an MP4 file in pieces")
		}
		if err != nil {
			return nil, err
		}
		at += n
	}
	if f.movie == nil || f.data.to == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if err := f.length(); err != nil {
		return nil, err
	}
	f.words()
	f.Bytes = f.data.to - f.data.from
	var err error
	f.Audio, err = digestOf(src, f.data.from, f.data.to)
	return f, err
}

func readSpan(src io.ReaderAt, from, to int64) ([]byte, error) {
	if to-from > maxMovie {
		return nil, fmt.Errorf("an MP4 file whose tables do not end")
	}
	b := make([]byte, to-from)
	return b, readAt(src, b, from)
}

// box finds what is in a box by its way from the one that b is in; nil where it is
// not there. It is part of b, so that it can be changed in place.
func box(b []byte, way ...string) []byte {
	for _, id := range way {
		var inner []byte
		eachBox(b, func(name string, whole []byte) {
			if name == id && inner == nil {
				inner = whole[8:]
			}
		})
		if inner == nil {
			return nil
		}
		b = inner
	}
	return b
}

// eachBox calls visit for each box that b is made of, with its header. What is
// damaged ends it.
func eachBox(b []byte, visit func(name string, whole []byte)) {
	for len(b) >= 8 {
		n := int64(binary.BigEndian.Uint32(b))
		if n < 8 || n > int64(len(b)) {
			return
		}
		visit(string(b[4:8]), b[:n:n])
		b = b[n:]
	}
}

// length reads how long the sound is: what the table of packets says, less the
// beginning that the edit list leaves out.
func (f *mp4) length() error {
	be := binary.BigEndian
	if tracks := count(f.movie, "trak"); tracks != 1 {
		return fmt.Errorf("an MP4 file of %d tracks", tracks)
	}
	time, table := box(f.movie, "trak", "mdia", "mdhd"), box(f.movie, "trak", "mdia", "minf", "stbl", "stts")
	edits, screen := box(f.movie, "trak", "edts", "elst"), box(f.movie, "trak", "tkhd")
	movie, places := box(f.movie, "mvhd"), box(f.movie, "trak", "mdia", "minf", "stbl", "stco")
	switch {
	case len(time) < 20 || len(table) < 8 || len(edits) < 8+12 || len(screen) < 24 || len(movie) < 20 || len(places) < 8:
		return fmt.Errorf("an MP4 file without the tables of its sound (mdhd, stts, elst, stco)")
	case time[0]|edits[0]|screen[0]|movie[0] != 0:
		return fmt.Errorf("an MP4 file with times of 64 bits")
	case be.Uint32(edits[4:]) != 1:
		return fmt.Errorf("an MP4 file that is edited in more than one place")
	}
	f.Rate, f.Delay = int(be.Uint32(time[12:])), int64(be.Uint32(edits[12:]))
	packets, total := int64(0), int64(0)
	rows := table[8:]
	for range be.Uint32(table[4:]) {
		if len(rows) < 8 {
			return io.ErrUnexpectedEOF
		}
		n := int64(be.Uint32(rows))
		packets, total = packets+n, total+n*int64(be.Uint32(rows[4:]))
		rows = rows[8:]
	}
	f.Frames = total - f.Delay
	f.Padding = packets*aacPacket - total
	if f.Frames <= 0 || f.Padding < 0 || f.Rate <= 0 {
		return fmt.Errorf("an MP4 file whose tables contradict each other")
	}
	return nil
}

func count(b []byte, id string) (n int) {
	eachBox(b, func(name string, _ []byte) {
		if name == id {
			n++
		}
	})
	return n
}

func (f *mp4) describe() Coded { return f.Coded }

// copy writes the tables before the sound, so that a player can begin before it has
// all of the file, and says in frames how long it is: encoders round that to
// milliseconds.
func (f *mp4) copy(dst io.Writer, m Metadata) error {
	if m.ID3 {
		return fmt.Errorf("audiofile: copy: ID3 is not for MP4 files")
	}
	var movie []byte
	eachBox(f.movie, func(name string, whole []byte) {
		if name == "mvhd" || name == "trak" {
			movie = append(movie, whole...)
		}
	})
	movie = append(movie, f.udta(m)...)
	be := binary.BigEndian
	frames := uint32(f.Frames)
	head := box(movie, "mvhd")
	be.PutUint32(head[12:], uint32(f.Rate))
	be.PutUint32(head[16:], frames)
	be.PutUint32(box(movie, "trak", "tkhd")[20:], frames)
	be.PutUint32(box(movie, "trak", "edts", "elst")[8:], frames)
	start := int64(len(f.kind)+8+len(movie)) + 8
	if start+f.Bytes > 1<<32-1 {
		return tooLong("aac")
	}
	places := box(movie, "trak", "mdia", "minf", "stbl", "stco")
	for i := range int(be.Uint32(places[4:])) {
		if len(places) < 8+4*i+4 {
			return io.ErrUnexpectedEOF
		}
		at := int64(be.Uint32(places[8+4*i:]))
		if at < f.data.from || at >= f.data.to {
			return fmt.Errorf("audiofile: copy: an MP4 file whose packets are not in it")
		}
		be.PutUint32(places[8+4*i:], uint32(at-f.data.from+start))
	}
	out := append(bytes.Clone(f.kind), mp4Box("moov", movie)...)
	out = append(be.AppendUint32(out, uint32(8+f.Bytes)), "mdat"...)
	if _, err := dst.Write(out); err != nil {
		return err
	}
	return part(dst, f.src, f.data.from, f.data.to)
}

// mp4Box is a box.
func mp4Box(id string, content ...[]byte) []byte {
	b := append(make([]byte, 4, 8), id...)
	for _, c := range content {
		b = append(b, c...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// Types of what is in the list of words.
const (
	mp4Binary = 0
	mp4Text   = 1
	mp4JPEG   = 13
	mp4PNG    = 14
)

// mp4Names says under which name the list of words (iTunes' ilst, which everything
// reads) has a field: a box, or behind a colon the name of a free entry.
var mp4Names = map[string]string{
	"title": "\xa9nam", "artist": "\xa9ART", "album_artist": "aART", "album": "\xa9alb", "composer": "\xa9wrt", "date": "\xa9day",
	"genre": "\xa9gen", "comment": "\xa9cmt", "copyright": "cprt", "lyrics": "\xa9lyr", "software": "\xa9too", "track": "trkn", "track_total": "trkn",
	"artists": ":ARTISTS", "lyricist": ":LYRICIST", "isrc": ":ISRC", "upc": ":BARCODE", "label": ":LABEL", "catalog": ":CATALOGNUMBER",
	"language": ":LANGUAGE", "engineer": ":ENGINEER",
	"replaygain_track_gain": ":replaygain_track_gain", "replaygain_track_peak": ":replaygain_track_peak",
	"replaygain_album_gain": ":replaygain_album_gain", "replaygain_album_peak": ":replaygain_album_peak",
}

// gaplessEntry says to iTunes and to what reads its files how many frames to leave
// out at both ends.
const gaplessEntry = "iTunSMPB"

// udta is the box of all that the file says of its recording.
func (f *mp4) udta(m Metadata) []byte {
	be := binary.BigEndian
	data := func(kind uint32, content []byte) []byte {
		return mp4Box("data", be.AppendUint32(nil, kind), make([]byte, 4), content)
	}
	free := func(name, text string) []byte {
		return mp4Box("----", mp4Box("mean", make([]byte, 4), []byte("com.apple.iTunes")), mp4Box("name", make([]byte, 4), []byte(name)), data(mp4Text, []byte(text)))
	}
	var list []byte
	for _, field := range fields {
		text, name := m.Tags[field.Name], mp4Names[field.Name]
		if !m.Texts || text == "" || name == "" || field.Name == "track_total" {
			continue
		}
		switch own, isFree := strings.CutPrefix(name, ":"); {
		case isFree:
			list = append(list, free(own, text)...)
		case field.Name == "track":
			number, _ := strconv.ParseUint(text, 10, 16)
			total, _ := strconv.ParseUint(m.Tags["track_total"], 10, 16)
			list = append(list, mp4Box(name, data(mp4Binary, []byte{0, 0, byte(number >> 8), byte(number), byte(total >> 8), byte(total), 0, 0}))...)
		default:
			list = append(list, mp4Box(name, data(mp4Text, []byte(text)))...)
		}
	}
	if m.Cover != nil && m.Texts {
		kind := uint32(mp4JPEG)
		if m.Cover.MIME == "image/png" {
			kind = mp4PNG
		}
		list = append(list, mp4Box("covr", data(kind, m.Cover.Data))...)
	}
	zeros := strings.Repeat(" 00000000", 8)
	list = append(list, free(gaplessEntry, fmt.Sprintf(" 00000000 %08X %08X %016X%s", f.Delay, f.Padding, f.Frames, zeros))...)
	handler := append(make([]byte, 8), "mdirappl\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	return mp4Box("udta", mp4Box("meta", make([]byte, 4), mp4Box("hdlr", handler), mp4Box("ilst", list)))
}

// words reads that box.
func (f *mp4) words() {
	meta := box(f.movie, "udta", "meta")
	if len(meta) < 4 {
		return
	}
	be := binary.BigEndian
	eachBox(box(meta[4:], "ilst"), func(name string, whole []byte) {
		data := box(whole[8:], "data")
		if len(data) < 8 {
			return
		}
		kind, content := be.Uint32(data), data[8:]
		if name == "----" {
			if own := box(whole[8:], "name"); len(own) >= 4 {
				name = ":" + string(own[4:])
			}
		}
		switch {
		case name == "trkn" && len(content) >= 6:
			for field, n := range map[string]uint16{"track": be.Uint16(content[2:]), "track_total": be.Uint16(content[4:])} {
				if n > 0 {
					f.Tags[field] = strconv.Itoa(int(n))
				}
			}
		case name == "covr":
			f.Cover = &Picture{MIME: map[uint32]string{mp4JPEG: "image/jpeg", mp4PNG: "image/png"}[kind], Data: bytes.Clone(content)}
		default:
			for _, field := range fields {
				if mp4Names[field.Name] == name {
					f.Tags[field.Name] = string(content)
				}
			}
		}
	})
}
