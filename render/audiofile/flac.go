package audiofile

import (
	"bufio"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// flacSource decodes a FLAC file (RFC 9639) frame by frame with mewkiz/flac.
// The library's own stream type is left aside: it parses pictures and padding
// that nobody needs, and its seeking wants to decode the file twice.
type flacSource struct {
	r       *Reader
	in      flacBytes
	buf     *bufio.Reader
	first   int64 // offset of the first frame
	points  []meta.SeekPoint
	block   int64 // frames in a FLAC frame of a fixed-size stream
	longest int   // bytes of the longest FLAC frame; 0 if not known
	wantMD5 [md5.Size]byte

	cur     *frame.Frame // decoded, or nil
	at      int          // next sample of it
	pos     int64        // its first sample's place in the file, plus at
	scale   float64
	scratch []byte
}

// flacBytes reads the file onwards and feeds the digest on the way.
type flacBytes struct {
	r   *Reader
	off int64
}

func (b *flacBytes) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), b.r.size-b.off)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	n, err := b.r.file.ReadAt(p, b.off)
	b.off += int64(n)
	if b.r.sums != nil {
		b.r.sums.file.Write(p[:n])
	}
	if n > 0 {
		err = nil
	}
	return n, err
}

// openFLAC sets up a reader for the FLAC stream that begins at off.
func (r *Reader) openFLAC(off int64) error {
	s := &flacSource{r: r, in: flacBytes{r, off + 4}}
	s.buf = bufio.NewReaderSize(&s.in, 64<<10)
	if err := s.readHeader(); err != nil {
		return err
	}
	s.first = s.in.off - int64(s.buf.Buffered())
	r.src = s
	if r.info.Frames == 0 {
		return s.count()
	}
	return s.checkEnd()
}

// readHeader reads the metadata blocks up to the first frame.
func (s *flacSource) readHeader() error {
	for i, last := 0, false; !last; i++ {
		block, err := meta.New(s.buf)
		if err != nil {
			return corrupt("its FLAC header breaks off")
		}
		last = block.IsLast
		if (i == 0) != (block.Type == meta.TypeStreamInfo) || i > maxChunks {
			return corrupt("its FLAC header is not in order")
		}
		if block.Type == meta.TypePicture {
			s.notePicture(s.in.off-int64(s.buf.Buffered()), block.Length)
		}
		wanted := i == 0 || (block.Type == meta.TypeVorbisComment || block.Type == meta.TypeSeekTable) && block.Length <= maxMetadata
		if wanted {
			if err := block.Parse(); err != nil {
				if i == 0 {
					return corrupt("its FLAC header makes no sense")
				}
				s.r.warn("FLAC metadata (%v) is damaged and ignored", block.Type)
			}
		}
		if err := block.Skip(); err != nil {
			return err
		}
		switch body := block.Body.(type) {
		case *meta.StreamInfo:
			if err := s.takeInfo(body); err != nil {
				return err
			}
		case *meta.VorbisComment:
			s.takeComments(body)
		case *meta.SeekTable:
			s.points = body.Points
		}
	}
	return nil
}

func (s *flacSource) takeInfo(si *meta.StreamInfo) error {
	bits := int(si.BitsPerSample)
	switch bits {
	case 8, 12, 16, 20, 24:
	default: // the library computes in 32 bits, where the side channel of 32-bit sound needs 33
		return &Error{Kind: Unsupported, Detail: fmt.Sprintf("FLAC with %d-bit samples, which is not supported", bits)}
	}
	if si.SampleRate < minRate {
		return corrupt("its header says a sample rate of %d Hz", si.SampleRate)
	}
	s.block, s.longest = int64(si.BlockSizeMax), int(si.FrameSizeMax)
	s.wantMD5 = si.MD5sum
	s.scale = 1 / float64(int64(1)<<(bits-1))
	info := &s.r.info
	info.Format, info.Encoding = "flac", "pcm"
	info.BitDepth, info.ContainerBits = bits, (bits+7)/8*8
	info.Channels, info.Rate = int(si.NChannels), int(si.SampleRate)
	info.Frames = int64(si.NSamples)
	info.ChannelMask = usualMask(info.Channels)
	return nil
}

// notePicture remembers where a picture lies, to be read when it is asked for: the
// front cover, or the first.
func (s *flacSource) notePicture(off, size int64) {
	r := s.r
	read := func() (*Picture, error) {
		b := make([]byte, min(size, max(r.size-off, 0)))
		if err := readAt(r.file, b, off); err != nil {
			return nil, err
		}
		return parsePicture(b)
	}
	var kind [4]byte
	if _, there := r.cover["vorbis"]; there && (readAt(r.file, kind[:], off) != nil || kind != [4]byte{3: frontCover}) {
		return
	}
	r.setCover("vorbis", read)
}

// parsePicture reads the body of a picture block (RFC 9639, 8.8).
func parsePicture(b []byte) (*Picture, error) {
	be := binary.BigEndian
	take := func(n uint32) []byte {
		if b == nil || uint64(n) > uint64(len(b)) {
			b = nil
			return make([]byte, 4)
		}
		out := b[:n:n]
		b = b[n:]
		return out
	}
	number := func() uint32 { return be.Uint32(take(4)) }
	number() // what it shows
	p := &Picture{MIME: string(take(number()))}
	take(number()) // description
	p.Width, p.Height, p.Depth = int(number()), int(number()), int(number())
	number() // colours
	p.Data = take(number())
	if b == nil {
		return nil, corrupt("its picture breaks off")
	}
	return p, nil
}

// takeComments keeps the tags under the names that WAV tags have here.
func (s *flacSource) takeComments(c *meta.VorbisComment) {
	for _, t := range c.Tags {
		name, text := strings.ToLower(t[0]), t[1]
		if f, ok := fieldOf(vorbisColumn, name); ok {
			name = f.Name
		} else if name == "description" {
			name = "comment"
		}
		if name == "artists" && s.r.info.Tags[name] != "" {
			text = s.r.info.Tags[name] + listSeparator + text
		}
		s.r.setTag("vorbis", name, text)
	}
	const mask = "waveformatextensible_channel_mask" // RFC 9639, 8.6.2
	if n, err := strconv.ParseUint(s.r.info.Tags[mask], 0, 32); err == nil && n > 0 {
		s.r.info.ChannelMask = fileMask(uint32(n), s.r.info.Channels)
	}
	delete(s.r.info.Tags, mask)
	delete(s.r.info.TagsIn["vorbis"], mask)
}

// count finds the length of a file whose writer could not go back to note it:
// by decoding it, which is the only sure way.
func (s *flacSource) count() error {
	s.r.warn("the FLAC header does not say how long the file is: counted")
	for {
		err := s.next()
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		s.pos += int64(s.cur.BlockSize)
		s.cur = nil
	}
	s.r.info.Frames = s.pos
	return s.restart(s.first)
}

// restart goes on at the FLAC frame that begins at the offset.
func (s *flacSource) restart(off int64) error {
	s.in.off = off
	s.buf.Reset(&s.in)
	s.cur, s.at, s.pos = nil, 0, 0
	return nil
}

// next decodes the next FLAC frame into cur; io.EOF at the end.
func (s *flacSource) next() error {
	info := &s.r.info
	if info.Frames > 0 && s.pos >= info.Frames { // what follows may be an ID3v1 tag
		return io.EOF
	}
	f, err := frame.New(s.buf)
	if err == io.EOF && info.Frames == 0 {
		return io.EOF
	}
	if err != nil {
		return s.broken(err)
	}
	if !s.fits(f) {
		return corrupt("the FLAC frame at %s has another format than the header", clock(s.pos, info.Rate))
	}
	if err := f.Parse(); err != nil {
		return s.broken(err)
	}
	s.cur, s.at = f, 0
	if s.r.sums != nil {
		s.hash()
	}
	return nil
}

// broken says whether the stream ends too early or is damaged.
func (s *flacSource) broken(err error) error {
	info := &s.r.info
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		if info.Frames > 0 {
			return truncated(s.pos, info.Frames, info.Rate)
		}
		return &Error{Kind: Truncated, Err: err, Detail: fmt.Sprintf("truncated: the FLAC frame at %s breaks off", clock(s.pos, info.Rate))}
	}
	return &Error{Kind: Corrupt, Err: err, Detail: fmt.Sprintf("damaged: the FLAC frame at %s cannot be decoded", clock(s.pos, info.Rate))}
}

func (s *flacSource) read(dst [][]float64) (int, error) {
	want, n := len(dst[0]), 0
	for n < want {
		if s.cur == nil {
			if err := s.next(); err != nil {
				return n, s.ended(err)
			}
		}
		frames := min(want-n, int(s.cur.BlockSize)-s.at)
		for ch, out := range dst {
			out = out[n : n+frames]
			in := s.cur.Subframes[ch].Samples[s.at:][:frames]
			for i, x := range in {
				out[i] = float64(x) * s.scale
			}
		}
		s.advance(frames)
		n += frames
	}
	return n, nil
}

func (s *flacSource) advance(frames int) {
	s.at += frames
	s.pos += int64(frames)
	if s.at == int(s.cur.BlockSize) {
		s.cur = nil
	}
}

func (s *flacSource) ended(err error) error {
	if err == io.EOF {
		if e := s.checkMD5(); e != nil {
			return e
		}
	}
	return err
}

func (s *flacSource) drain() error {
	for {
		s.skipRest()
		if err := s.next(); err == io.EOF {
			return s.checkMD5()
		} else if err != nil {
			return err
		}
	}
}

// skipRest leaves the rest of the decoded frame.
func (s *flacSource) skipRest() {
	if s.cur != nil {
		s.advance(int(s.cur.BlockSize) - s.at)
	}
}

// seek goes to the last seek point before the frame, if that is nearer than
// where the reader stands, and decodes on from there: exact in any stream.
func (s *flacSource) seek(target int64) error {
	from := seekPoint(s.points, target)
	if s.pos > target || int64(from.SampleNum) > s.pos {
		if err := s.jump(from); err != nil {
			return err
		}
	}
	for s.pos < target {
		if s.cur == nil {
			if err := s.next(); err != nil {
				return s.ended(err)
			}
		}
		s.advance(int(min(target-s.pos, int64(s.cur.BlockSize)-int64(s.at))))
	}
	return nil
}

// seekPoint is the last point at or before the frame; the zero point is the
// beginning of the sound.
func seekPoint(points []meta.SeekPoint, target int64) meta.SeekPoint {
	i := sort.Search(len(points), func(i int) bool { return points[i].SampleNum > uint64(target) })
	if i == 0 {
		return meta.SeekPoint{}
	}
	return points[i-1]
}

// jump goes to a seek point and makes sure that the frame it names is there;
// seek tables are often wrong in files that were edited. The beginning is
// always right.
func (s *flacSource) jump(p meta.SeekPoint) error {
	off := s.first + int64(p.Offset)
	if p.SampleNum == 0 || off < s.first || off >= s.r.size {
		return s.restart(s.first)
	}
	s.restart(off)
	s.pos = int64(p.SampleNum)
	if s.next() == nil && s.start(s.cur) == int64(p.SampleNum) {
		return nil
	}
	return s.restart(s.first)
}

// start is the place of a frame's first sample in the file.
func (s *flacSource) start(f *frame.Frame) int64 {
	if f.HasFixedBlockSize {
		return int64(f.Num) * s.block
	}
	return int64(f.Num)
}

// hash gives the decoded frame to the digests.
func (s *flacSource) hash() {
	size := s.r.info.ContainerBits / 8
	shift := s.r.info.ContainerBits - s.r.info.BitDepth // as WAV has it: the upper bits
	sub := s.cur.Subframes
	b := s.scratch[:0]
	for i := range int(s.cur.BlockSize) {
		for ch := range sub {
			x := uint32(sub[ch].Samples[i]) << shift
			switch size {
			case 1: // unsigned, as in WAV
				b = append(b, byte(x)+128)
			case 2:
				b = append(b, byte(x), byte(x>>8))
			default:
				b = append(b, byte(x), byte(x>>8), byte(x>>16))
			}
		}
	}
	s.scratch = b
	s.r.sums.pcm.Write(b)
	if s.r.sums.md5 != nil {
		s.r.sums.md5.Write(b)
	}
}
