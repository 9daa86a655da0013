package disc

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Options say what Write makes.
type Options struct {
	DDP   string // folder of the DDP below the given one, "." for that itself; empty: no DDP
	CRC32 bool   // CHECKSUM.TXT beside CHECKSUM.MD5

	// Image is the base name of the image and what goes with it: NAME.wav, NAME.cue, NAME.toc, and
	// NAME.cdt where there is CD-TEXT; empty: none. Sheet is that of the PQ sheet, NAME.txt and NAME.html.
	Image, Sheet string
	NoCue, NoTOC bool   // lists that the image goes without
	About        []Line // what the PQ sheet says of the release, in its head
}

// Line is a line in the head of a PQ sheet.
type Line struct{ Name, Value string }

// File is a written file.
type File struct {
	Name   string // relative to the folder, with slashes
	Size   int64
	SHA256 [sha256.Size]byte
	MD5    [md5.Size]byte
	CRC32  uint32
}

// Write writes a disc into a folder that exists: what Options name, in one pass over the image.
// image is 16-bit little-endian stereo at 44.1 kHz, exactly LeadOut frames of it, from the
// beginning of the first pregap on. The files come back in the order in which they were written,
// with their digests. The same layout and samples give the same bytes.
//
// A layout against which Check has an error is refused with these Findings before anything is
// written. Nothing is written over a file that exists. After an error the folder holds unfinished files.
func Write(dir string, l Layout, image io.Reader, o Options) ([]File, error) {
	if found := Check(l).Errors(); len(found) > 0 {
		return nil, found
	}
	for _, name := range []string{o.Image, o.Sheet} {
		if err := checkName(name); err != nil {
			return nil, err
		}
	}
	packs, err := CDText(l)
	if err != nil {
		return nil, err
	}
	w := &writer{dir: dir, layout: l, packs: packs, Options: o}
	w.records()
	raw, wav := w.create(o.DDP != "", o.inDDP(fileImage)), w.create(o.Image != "", o.Image+".wav")
	if err := copyImage(raw, wav, l, image); err != nil && w.err == nil {
		w.err = err
	}
	w.close(raw)
	w.checksums()
	w.close(wav)
	w.lists()
	w.sheet()
	if w.err != nil {
		return nil, w.err
	}
	return w.files, nil
}

// records writes what is beside the image in a DDP.
func (w *writer) records() {
	if w.DDP == "" {
		return
	}
	if w.err = os.MkdirAll(filepath.Join(w.dir, w.DDP), 0o755); w.err != nil {
		return
	}
	w.put(w.inDDP(fileID), DDPID(w.layout))
	w.put(w.inDDP(fileMap), DDPMS(w.layout, len(w.packs)))
	if w.packs != nil {
		w.put(w.inDDP(fileText), w.packs)
	}
	w.put(w.inDDP(filePQ), PQDescriptor(w.layout))
}

// checksums writes the digests of what has been written, which is the DDP.
func (w *writer) checksums() {
	if w.DDP == "" || w.err != nil {
		return
	}
	ddp := w.files
	w.put(w.inDDP(fileMD5), md5Sums(ddp))
	if w.CRC32 {
		w.put(w.inDDP(fileCRC32), crcSums(ddp))
	}
}

// lists writes what goes with the WAV image.
func (w *writer) lists() {
	if w.Image == "" {
		return
	}
	text := ""
	if w.packs != nil {
		text = w.Image + ".cdt"
		w.put(text, w.packs)
	}
	if !w.NoCue {
		w.put(w.Image+".cue", Cue(w.layout, w.Image+".wav", text))
	}
	if !w.NoTOC {
		w.put(w.Image+".toc", TOC(w.layout, w.Image+".wav"))
	}
}

// sheet writes the PQ sheet, with the digests of all other files.
func (w *writer) sheet() {
	if w.Sheet == "" || w.err != nil {
		return
	}
	sheet := NewSheet(w.layout, w.About, w.files)
	w.put(w.Sheet+".txt", sheet.Text())
	w.put(w.Sheet+".html", sheet.HTML())
}

func (o Options) inDDP(name string) string { return filepath.ToSlash(filepath.Join(o.DDP, name)) }

// checkName refuses names that a cue sheet cannot hold: it has neither an escape for quotes nor
// a character set.
func checkName(name string) error {
	if strings.ContainsAny(name, `"\/:`) || strings.HasPrefix(name, ".") {
		return fmt.Errorf("%q cannot name files of a disc: a plain name, without folder or quotes", name)
	}
	if at := notASCII(name); at != "" {
		return fmt.Errorf("%q cannot name files of a disc: it has %s, and a cue sheet has no character set for names", name, at)
	}
	return nil
}

// writer writes files into a folder until something fails.
type writer struct {
	Options
	dir    string
	layout Layout
	packs  []byte // of CD-TEXT
	files  []File
	err    error
}

// put writes a whole file.
func (w *writer) put(name string, content []byte) {
	f := w.create(true, name)
	f.write(content)
	w.close(f)
}

// sink is a file that is being written, with what is being added up of it.
type sink struct {
	file     *os.File
	to       *bufio.Writer
	name     string
	size     int64
	sha, md5 hash.Hash
	crc      hash.Hash32
	err      error
}

// create begins a file; nil where it is not wanted or cannot be.
func (w *writer) create(wanted bool, name string) *sink {
	if !wanted || w.err != nil {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(w.dir, filepath.FromSlash(name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		w.err = err
		return nil
	}
	return &sink{file: f, to: bufio.NewWriterSize(f, 1<<18), name: name, sha: sha256.New(), md5: md5.New(), crc: crc32.NewIEEE()}
}

// write appends; a nil sink takes everything.
func (f *sink) write(p []byte) {
	if f == nil || f.err != nil {
		return
	}
	for _, sum := range []hash.Hash{f.sha, f.md5, f.crc} {
		sum.Write(p)
	}
	f.size += int64(len(p))
	_, f.err = f.to.Write(p)
}

// close ends a file and lists it.
func (w *writer) close(f *sink) {
	if f == nil {
		return
	}
	err := errors.Join(f.err, f.to.Flush())
	if err = errors.Join(err, f.file.Close()); err != nil {
		if w.err == nil {
			w.err = err
		}
		return
	}
	done := File{Name: f.name, Size: f.size, CRC32: f.crc.Sum32()}
	f.sha.Sum(done.SHA256[:0])
	f.md5.Sum(done.MD5[:0])
	w.files = append(w.files, done)
}

// copyImage copies the samples: all of them into the DDP's image, and without the first two
// seconds, which a cue sheet's image does not have, into the WAV file.
func copyImage(raw, wav *sink, l Layout, image io.Reader) error {
	if raw == nil && wav == nil {
		return nil
	}
	wav.write(wavHeader(l.Playing().Bytes()))
	const piece = LeadPause / 3 // the two seconds end with a piece
	buf := make([]byte, piece.Bytes())
	for at := MSF(0); at < l.LeadOut; at += piece {
		p := buf[:min(piece, l.LeadOut-at).Bytes()]
		n, err := io.ReadFull(image, p)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return fmt.Errorf("the image ends at %v: the layout's lead-out is at %v", at+MSF(n/BytesPerFrame), l.LeadOut)
		}
		if err != nil {
			return err
		}
		raw.write(p)
		if at >= LeadPause {
			wav.write(p)
		} else if wav != nil && !silent(p) {
			return fmt.Errorf("there is sound in the first two seconds, at %v: a cue sheet's image begins after them", at)
		}
	}
	switch _, err := io.ReadFull(image, buf[:1]); err {
	case io.EOF:
		return nil
	case nil:
		return fmt.Errorf("the image goes on after the layout's lead-out at %v", l.LeadOut)
	default:
		return err
	}
}

func silent(p []byte) bool { return len(bytes.TrimLeft(p, "\x00")) == 0 }

// wavHeader is the plain 44-byte header of 16-bit stereo at 44.1 kHz, which everything that burns
// reads. A disc has too little sound for the sizes to overflow.
func wavHeader(dataBytes int64) []byte {
	le := binary.LittleEndian
	h := append([]byte("RIFF"), le.AppendUint32(nil, uint32(36+dataBytes))...)
	h = le.AppendUint32(append(h, "WAVEfmt "...), 16)
	h = le.AppendUint16(le.AppendUint16(h, 1), 2)         // PCM, two channels
	h = le.AppendUint32(le.AppendUint32(h, Rate), Rate*4) // samples and bytes a second
	h = le.AppendUint16(le.AppendUint16(h, 4), 16)        // bytes and bits
	return le.AppendUint32(append(h, "data"...), uint32(dataBytes))
}

// md5Sums is CHECKSUM.MD5: lines as md5sum writes them for binary files.
func md5Sums(files []File) []byte {
	var b bytes.Buffer
	for _, f := range files {
		fmt.Fprintf(&b, "%x *%s\n", f.MD5, base(f.Name))
	}
	return b.Bytes()
}

// crcSums is CHECKSUM.TXT, as cue2ddp writes it.
func crcSums(files []File) []byte {
	b := bytes.NewBufferString("[CRC32 Checksum]\n")
	for _, f := range files {
		fmt.Fprintf(b, "%s=%08X\n", base(f.Name), f.CRC32)
	}
	return b.Bytes()
}

func base(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
