package audiofile

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// digester hashes a file while it is read: all its bytes, and its samples alone.
//
// The samples are taken interleaved, little-endian, at the file's own depth in
// whole bytes: 24-bit sound is hashed in three bytes a sample also where the
// file pads it to four, so that equal samples have equal digests.
type digester struct {
	file, pcm hash.Hash
	md5       hash.Hash // of the samples as FLAC has it; nil elsewhere

	unpack int // bytes of a padded sample, 0 where samples are packed
	keep   int // of which these many, the upper ones, are hashed
	buf    []byte
}

// samples takes the next samples, as a WAV file has them.
func (d *digester) samples(b []byte) {
	if d.unpack == 0 {
		d.pcm.Write(b)
		return
	}
	d.buf = d.buf[:0]
	for ; len(b) >= d.unpack; b = b[d.unpack:] {
		d.buf = append(d.buf, b[d.unpack-d.keep:d.unpack]...)
	}
	d.pcm.Write(d.buf)
}

// digestible is a source that can begin again with every byte being hashed.
type digestible interface {
	source
	begin(d *digester) (start int64, err error) // where the first byte is that it will read
	offset() int64                              // up to where it has read
}

// KeepDigests makes the reader hash the file as it is read, from the first
// frame; call it before reading. [Reader.Digests] gives the result.
func (r *Reader) KeepDigests() error {
	d := &digester{file: sha256.New(), pcm: sha256.New()}
	start, err := r.src.(digestible).begin(d)
	if err != nil {
		return r.fail(err)
	}
	if err := r.hashRaw(d, 0, start); err != nil {
		return r.fail(err)
	}
	r.pos, r.sums = 0, d
	return nil
}

// Digests returns the SHA-256 of the whole file and that of its samples alone:
// interleaved, little-endian, at the file's own bit depth, without a header
// (what `ffmpeg -i FILE -f s24le -` writes for a 24-bit file). What has not
// been read yet is read now. The reader must have been told to
// [Reader.KeepDigests], and not to seek since. What is coded with losses has no
// samples but those that a decoder makes of it: their digest is left zero.
func (r *Reader) Digests() (file, pcm [32]byte, err error) {
	if r.sums == nil {
		return file, pcm, errors.New("audiofile: digests were not kept, or the reader has moved about")
	}
	if err := r.src.drain(); err != nil {
		return file, pcm, r.fail(err)
	}
	if err := r.hashRaw(r.sums, r.src.(digestible).offset(), r.size); err != nil {
		return file, pcm, r.fail(err)
	}
	r.pos = r.info.Frames
	copy(file[:], r.sums.file.Sum(nil))
	if r.info.BitDepth > 0 {
		copy(pcm[:], r.sums.pcm.Sum(nil))
	}
	r.sums = nil // the bytes after the samples are in it: it cannot go on
	return file, pcm, nil
}

// hashRaw hashes the bytes of the file that hold no samples.
func (r *Reader) hashRaw(d *digester, from, to int64) error {
	n, err := io.Copy(d.file, io.NewSectionReader(r.file, from, to-from))
	if err == nil && n < to-from {
		err = &Error{Kind: Truncated, Detail: "became shorter while it was read", Err: io.ErrUnexpectedEOF}
	}
	return err
}

// Digests returns the SHA-256 of a whole audio file and of its samples alone,
// as [Reader.Digests] does.
func Digests(path string) (file, pcm [32]byte, err error) {
	r, err := Open(path)
	if err != nil {
		return file, pcm, err
	}
	defer r.Close()
	if err := r.KeepDigests(); err != nil {
		return file, pcm, err
	}
	return r.Digests()
}

func (s *pcmSource) begin(d *digester) (int64, error) {
	if keep := (s.r.info.BitDepth + 7) / 8; 8*keep != s.r.info.ContainerBits {
		d.unpack, d.keep = s.r.info.ContainerBits/8, keep
	}
	return s.data.off, s.seek(0)
}

func (s *pcmSource) offset() int64 { return s.next }

func (s *flacSource) begin(d *digester) (int64, error) {
	if s.wantMD5 != ([md5.Size]byte{}) && s.r.info.BitDepth%8 == 0 && s.r.info.BitDepth > 8 {
		d.md5 = md5.New()
	}
	s.restart(s.first)
	return s.first, nil
}

func (s *flacSource) offset() int64 { return s.in.off }

// checkMD5 compares the samples with the digest in the FLAC header: it finds
// what the checksums of the single frames cannot, an encoder's or decoder's fault.
func (s *flacSource) checkMD5() error {
	d := s.r.sums
	if d == nil || d.md5 == nil || bytes.Equal(d.md5.Sum(nil), s.wantMD5[:]) {
		return nil
	}
	return corrupt("its samples do not have the MD5 that its header names")
}
