package disc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// ErrNotDDP says that a folder holds no DDP.
var ErrNotDDP = errors.New("this is no DDP")

// DDP is a DDP as it was read.
type DDP struct {
	Level    string // "DDP 2.00"
	Layout   Layout
	Streams  []Stream
	Sums     []Sum    // what its checksum files say
	Findings Findings // what is wrong or unusual, the layout's own faults last
}

// Stream is a record of the map: a file and what it is.
type Stream struct {
	Type   string // "S0": beside the sound; "D0": the sound
	Sub    string // of an S0: "PQ DESCR", "CDTEXT"
	Mode   string // of a D0: "DA" is audio
	Name   string // as the map has it
	Length int    // bytes of an S0, frames of a D0; -1 where it is not given
	Size   int64  // of the file; -1 where it is not there

	file        string // its name in the folder
	pre2, start int    // of a D0; -1 where they are not given
	storage     string
}

// Largest files that are read whole: what a disc can fill of them, generously.
const (
	maxMapBytes  = 1000 * msBytes
	maxPQBytes   = (MaxTracks*(MaxIndex+1) + 100) * pqBytes
	maxTextBytes = 8*256*packBytes + 1024
	maxSumBytes  = 1 << 20
)

// ReadDDP reads the DDP in the top folder of fsys. It takes what other programs write: numbers
// padded with spaces or zeros, file names in other capitals, one lead-out or two, a catalogue
// number of 12 digits, ISRCs on the first index or on all, bytes 00 behind the CD-TEXT, and the
// checksum files of HOFA, Sonoris and cue2ddp. What contradicts itself is a finding. The error is
// ErrNotDDP where there is no map of streams, or that of reading a file.
//
// Digests and the sound itself are VerifyDDP's matter.
func ReadDDP(fsys fs.FS) (*DDP, error) {
	r, err := newReader(fsys)
	if err != nil {
		return nil, err
	}
	r.readAll()
	return &r.ddp, r.err
}

// reader reads a DDP until a file cannot be read.
type reader struct {
	checker
	fsys  fs.FS
	names map[string]string // of files in the folder, by their names in capitals
	ddp   DDP
	upc   string // of DDPID
	err   error
}

func newReader(fsys fs.FS) (*reader, error) {
	list, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	r := &reader{fsys: fsys, names: map[string]string{}}
	for _, e := range list { // a pipe or a device would be read without end
		if info, err := fs.Stat(fsys, e.Name()); err == nil && info.Mode().IsRegular() {
			r.names[strings.ToUpper(e.Name())] = e.Name()
		}
	}
	if _, there := r.names[fileMap]; !there {
		return nil, fmt.Errorf("%w: it has no file %s", ErrNotDDP, fileMap)
	}
	return r, nil
}

func (r *reader) readAll() {
	r.readID()
	r.readMap()
	if r.err != nil {
		return
	}
	r.readPQ()
	r.compareMCN()
	r.compareTimes()
	r.readText()
	r.readSums()
	r.ddp.Findings = append(r.list, Check(r.ddp.Layout)...)
}

// wrong adds a finding about a file.
func (r *reader) wrong(s Severity, rule, file string, format string, args ...any) *Finding {
	f := r.add(s, rule, 0, format, args...)
	f.File = file
	return f
}

// find finds a file whatever its capitals are.
func (r *reader) find(name string) (string, bool) {
	file, there := r.names[strings.ToUpper(name)]
	return file, there
}

// read reads a small file.
func (r *reader) read(file string, most int64) []byte {
	f, err := r.fsys.Open(file)
	if err != nil {
		r.fail(err)
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		r.fail(err)
		return nil
	}
	if int64(len(data)) > most {
		r.wrong(Error, "size", file, "is larger than %d bytes, and is not read", most).numbers(len(data), int(most), "bytes")
		return nil
	}
	return data
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// get is a field's text without what pads it.
func (r record) get(f field) string { return strings.Trim(string(r[f.at:f.at+f.width]), " \x00") }

// number is a field's number, padded with spaces or zeros; -1 where it is blank or none.
func (r record) number(f field) int {
	if n, ok := decimal(r.get(f)); ok {
		return n
	}
	return -1
}

// records cuts a file into records, and says what is not one.
func (r *reader) records(file string, data []byte, length int, marker string) []record {
	var list []record
	for len(data) >= length && bytes.HasPrefix(data, []byte(marker)) {
		list = append(list, record(data[:length]))
		data = data[length:]
	}
	switch {
	case len(data) == 0:
	case len(bytes.Trim(data, " \x00\r\n\x1a")) == 0:
		r.wrong(Warning, "size", file, "ends with %d bytes behind the records", len(data)).numbers(len(data), 0, "bytes")
	default:
		r.wrong(Error, "records", file, "record %d does not begin with %s, or is cut off: records have %d bytes", len(list)+1, marker, length)
	}
	return list
}

// readID reads DDPID.
func (r *reader) readID() {
	file, there := r.find(fileID)
	if !there {
		r.wrong(Error, "files", fileID, "is missing")
		return
	}
	list := r.records(file, r.read(file, maxMapBytes), idBytes, "DDP ")
	if len(list) != 1 {
		r.wrong(Error, "records", file, "has %d records of %d bytes, expected one", len(list), idBytes).numbers(len(list), 1, "records")
	}
	if len(list) == 0 {
		return
	}
	id := list[0]
	r.ddp.Level, r.ddp.Layout.MasterID, r.upc = id.get(idLevel), id.get(idMID), id.get(idUPC)
	if r.ddp.Level != level {
		r.wrong(Warning, "level", file, "is %q: read as %s", r.ddp.Level, level)
	}
	if kind := id.get(idType); kind != "CD" {
		r.wrong(Error, "type", file, "the type of disc is %q, expected CD", kind)
	}
}

// readMap reads DDPMS, and looks for the files it names.
func (r *reader) readMap() {
	file, _ := r.find(fileMap)
	list := r.records(file, r.read(file, maxMapBytes), msBytes, mapMarker)
	if len(list) == 0 && r.err == nil {
		r.err = fmt.Errorf("%w: %s has no records", ErrNotDDP, file)
	}
	for _, m := range list {
		s := Stream{
			Type: m.get(msType), Sub: m.get(msSub), Mode: m.get(msMode), Name: m.get(msName), Length: m.number(msLength),
			Size: -1, pre2: m.number(msPre2), start: m.number(msStart), storage: m.get(msSSM),
		}
		r.locate(&s)
		r.ddp.Streams = append(r.ddp.Streams, s)
	}
	r.oneEach()
}

// locate finds a stream's file, and holds its size against the map.
func (r *reader) locate(s *Stream) {
	var there bool
	if s.file, there = r.find(s.Name); !there {
		r.wrong(Error, "files", s.Name, "is missing: %s names it", fileMap)
		return
	}
	if s.file != s.Name {
		r.wrong(Note, "files", s.file, "is %s in %s: other capitals", s.Name, fileMap)
	}
	info, err := fs.Stat(r.fsys, s.file)
	if err != nil {
		r.fail(err)
		return
	}
	s.Size = info.Size()
	unit, want := "bytes", int64(s.Length)
	if s.Type == streamMain && s.isAudio() {
		unit, want = "frames", want*BytesPerFrame
	} else if s.Type != streamSub {
		return // data of another kind: its sectors have other lengths
	}
	switch {
	case s.Length < 0:
		r.wrong(Error, "length", s.file, "%s does not say how long it is", fileMap)
	case s.Size != want && unit == "frames":
		r.wrong(Error, "length", s.file, "has %d bytes, %d frames and %d bytes; %s says %d frames", s.Size, s.Size/BytesPerFrame, s.Size%BytesPerFrame, fileMap, s.Length).
			numbers(int(s.Size/BytesPerFrame), s.Length, unit)
	case s.Size != want:
		r.wrong(Error, "length", s.file, "has %d bytes, %s says %d", s.Size, fileMap, s.Length).numbers(int(s.Size), s.Length, unit)
	}
}

func (s *Stream) isAudio() bool { return s.Type == streamMain && s.Mode == "DA" }

// oneEach demands one PQ descriptor and one image, and names the streams that are not read.
func (r *reader) oneEach() {
	for _, want := range []struct {
		what      string
		is        func(*Stream) bool
		min, most int
	}{
		{"PQ descriptors", (*Stream).isPQ, 1, 1}, {"audio images", (*Stream).isAudio, 1, 1}, {"CD-TEXTs", (*Stream).isText, 0, 1},
	} {
		n := 0
		for i := range r.ddp.Streams {
			if want.is(&r.ddp.Streams[i]) {
				n++
			}
		}
		if n < want.min || n > want.most {
			text := fmt.Sprintf("names %d %s, expected %d", n, want.what, want.most)
			if n > want.most {
				text += ": the first is read"
			}
			r.wrong(Error, "streams", fileMap, "%s", text).numbers(n, want.most, "streams")
		}
	}
	for i := range r.ddp.Streams {
		if s := &r.ddp.Streams[i]; !s.isPQ() && !s.isAudio() && !s.isText() {
			r.wrong(Warning, "streams", s.Name, "is a stream of type %s %s%s, which is not read", s.Type, s.Sub, s.Mode)
		} else if s.isAudio() {
			r.checkImage(s)
		}
	}
}

func (r *reader) checkImage(s *Stream) {
	if s.storage != "7" && s.storage != "0" { // programs write either for frames of 2352 bytes
		r.wrong(Error, "storage", s.Name, "has the storage mode %q, expected 7", s.storage)
	}
	if s.start > 0 {
		r.wrong(Warning, "start", s.Name, "is to begin at frame %d: the first image begins the disc", s.start).numbers(s.start, 0, "frames")
	}
}

func (s *Stream) isPQ() bool   { return s.Type == streamSub && s.Sub == subPQ }
func (s *Stream) isText() bool { return s.Type == streamSub && s.Sub == subText }

// stream is the first one of a kind whose file is there.
func (r *reader) stream(is func(*Stream) bool) *Stream {
	for i := range r.ddp.Streams {
		if s := &r.ddp.Streams[i]; is(s) && s.Size >= 0 {
			return s
		}
	}
	return nil
}

// readText reads the CD-TEXT into the layout, and holds it against the PQ descriptor.
func (r *reader) readText() {
	s := r.stream((*Stream).isText)
	if s == nil {
		return
	}
	text, found := ParseCDText(r.read(s.file, maxTextBytes))
	for _, f := range found {
		f.File = s.file
		r.list = append(r.list, f)
	}
	l := &r.ddp.Layout
	if n := len(text.Tracks); n != len(l.Tracks) {
		r.wrong(Error, "text-tracks", s.file, "speaks of %d tracks, the PQ descriptor has %d", n, len(l.Tracks)).numbers(n, len(l.Tracks), "tracks")
	}
	l.Text, l.DiscID, l.Genre, l.TextCodes = text.Text, text.DiscID, text.Genre, text.TextCodes
	for i := range min(len(text.Tracks), len(l.Tracks)) {
		l.Tracks[i].Text = text.Tracks[i].Text
	}
	if !text.TextCodes {
		return
	}
	if text.MCN != "" && text.MCN != l.MCN {
		r.wrong(Error, "mcn", s.file, "has the catalogue number %s, the disc %s", text.MCN, orNone(l.MCN))
	}
	for i := range min(len(text.Tracks), len(l.Tracks)) {
		if a, b := text.Tracks[i].ISRC, l.Tracks[i].ISRC; a != "" && a != b {
			r.wrong(Error, "isrc", s.file, "has the ISRC %s, the PQ descriptor %s", a, orNone(b)).Track = i + 1
		}
	}
}

func orNone(code string) string {
	if code == "" {
		return "none"
	}
	return code
}

// compareTimes holds the map against the PQ descriptor.
func (r *reader) compareTimes() {
	l := &r.ddp.Layout
	s := r.stream((*Stream).isAudio)
	if s == nil || len(l.Tracks) == 0 {
		return
	}
	if s.Length >= 0 && MSF(s.Length) != l.LeadOut {
		r.wrong(Error, "lead-out", s.Name, "is %v long, the lead-out is at %v", MSF(s.Length), l.LeadOut).numbers(s.Length, int(l.LeadOut), "frames")
	}
	switch first := int(l.Tracks[0].Start); {
	case s.pre2 < 0:
		r.wrong(Warning, "first-pregap", fileMap, "does not say how long the first pregap is")
	case s.pre2 != first:
		r.wrong(Error, "first-pregap", fileMap, "says that the first pregap is %v long, track 1 begins at %v", MSF(s.pre2), MSF(first)).numbers(s.pre2, first, "frames")
	}
}

// compareMCN holds the catalogue numbers of DDPID and the PQ descriptor against each other.
func (r *reader) compareMCN() {
	l := &r.ddp.Layout
	id, pq := ean(r.upc), l.MCN
	switch {
	case id == pq:
	case pq == "": // a plant may take it from either; some discs were pressed without it
		r.wrong(Warning, "mcn", fileID, "has the catalogue number %s, the PQ descriptor none: it may not reach the disc", id)
		l.MCN = id
	case id == "":
		r.wrong(Warning, "mcn", fileID, "has no catalogue number, the PQ descriptor has %s", pq)
	default:
		r.wrong(Error, "mcn", fileID, "has the catalogue number %s, the PQ descriptor %s", id, pq)
	}
}

// ean makes 13 digits of the 12 that some programs write.
func ean(code string) string {
	if len(code) == 12 {
		return "0" + code
	}
	return code
}
