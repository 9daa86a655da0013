package audiofile

import (
	"encoding/binary"
	"fmt"
	"io"
)

// chunk is one chunk of a RIFF or AIFF file: where its payload lies.
type chunk struct {
	id        string
	off, size int64
}

func (c chunk) end() int64 { return c.off + c.size }

// riff is the table of a RIFF file's chunks.
type riff struct {
	chunkTable
	form    string // "RIFF", "RF64" or "BW64"
	data    chunk
	hasData bool
	short   int64 // bytes of data that the header promises and the file lacks
}

// chunkTable is what WAV and AIFF have in common: a row of chunks, and what is
// odd about it and was put up with.
type chunkTable struct {
	chunks   []chunk
	warnings []string
}

const (
	streamed = 0xFFFFFFFF // a size that the writer did not know, or that ds64 has
	gib4     = 1 << 32
	// maxChunks bounds the scan of a file made to look endless; real files have
	// a few dozen.
	maxChunks = 4096
)

// scanRIFF lists the chunks of a WAV, RF64 or BW64 file. It reads chunk headers
// only and believes no size that the file's own length does not bear out.
func scanRIFF(f io.ReaderAt, fileSize int64) (*riff, error) {
	var head [12]byte
	if err := readAt(f, head[:], 0); err != nil {
		return nil, err
	}
	t := &riff{form: string(head[:4])}
	var big ds64
	for pos := int64(12); fileSize-pos >= 8; {
		if len(t.chunks) == maxChunks {
			t.warn("more than %d chunks: the rest is ignored", maxChunks)
			break
		}
		var h [8]byte
		if err := readAt(f, h[:], pos); err != nil {
			return nil, err
		}
		c := chunk{id: string(h[:4]), off: pos + 8, size: int64(binary.LittleEndian.Uint32(h[4:]))}
		if !isID(h[:4]) {
			t.warn("%d bytes that are no chunk, at byte %d, are ignored", fileSize-pos, pos)
			break
		}
		if c.size == streamed {
			c.size = big.size(c.id, c.size)
		}
		if c.id == "data" && !t.hasData {
			if err := t.takeData(f, &c, fileSize); err != nil {
				return nil, err
			}
		} else if rest := fileSize - c.off; c.size > rest {
			t.warn("chunk %q is cut off: %d bytes of %d", c.id, rest, c.size)
			break
		}
		if c.id == "ds64" && t.form != "RIFF" {
			var err error
			if big, err = parseDS64(f, c); err != nil {
				return nil, err
			}
		}
		t.chunks = append(t.chunks, c)
		next, err := afterChunk(f, c, fileSize)
		if err != nil {
			return nil, err
		}
		pos = next
	}
	return t, nil
}

func (t *chunkTable) warn(format string, args ...any) {
	t.warnings = append(t.warnings, fmt.Sprintf(format, args...))
}

// find returns the first chunk with that id.
func (t *chunkTable) find(id string) (chunk, bool) {
	for _, c := range t.chunks {
		if c.id == id {
			return c, true
		}
	}
	return chunk{}, false
}

// takeData settles how long the samples really are. Writers that cannot seek
// back leave 0 or 0xFFFFFFFF; writers that know no RF64 wrap at 4 GiB.
func (t *riff) takeData(f io.ReaderAt, c *chunk, fileSize int64) error {
	rest := fileSize - c.off
	switch {
	case c.size == streamed || c.size < 0:
		t.warn("the data size was never filled in: read to the end of the file")
		c.size = rest
	case c.size == 0 && rest > 0:
		ends, err := chunksToEnd(f, binary.LittleEndian, c.off, fileSize)
		if err != nil {
			return err
		}
		if !ends {
			t.warn("the data size is 0: read to the end of the file")
			c.size = rest
		}
	case c.size > rest:
		t.short = c.size - rest
		c.size = rest
	case t.form == "RIFF" && rest-c.size >= gib4:
		t.warn("the data size wraps at 4 GiB: read as the file's length says")
		c.size += (rest - c.size) / gib4 * gib4
	}
	t.data, t.hasData = *c, true
	return nil
}

// chunksToEnd reports whether what begins at pos is a row of chunks that ends
// where the file ends: then an empty data chunk before it is really empty.
func chunksToEnd(f io.ReaderAt, order binary.ByteOrder, pos, fileSize int64) (bool, error) {
	for range maxChunks {
		if fileSize-pos < 8 {
			return pos == fileSize, nil
		}
		var h [8]byte
		if err := readAt(f, h[:], pos); err != nil {
			return false, err
		}
		size := int64(order.Uint32(h[4:]))
		if !isID(h[:4]) || size > fileSize-pos-8 {
			return false, nil
		}
		pos = min(pos+8+size+size&1, fileSize)
	}
	return false, nil
}

// afterChunk is where the chunk after c begins: behind a pad byte if c is odd,
// unless the writer forgot it and the next id follows at once.
func afterChunk(f io.ReaderAt, c chunk, fileSize int64) (int64, error) {
	end := c.end()
	if c.size&1 == 0 || end >= fileSize {
		return end, nil
	}
	var b [5]byte
	if fileSize-end >= int64(len(b)) {
		if err := readAt(f, b[:], end); err != nil {
			return 0, err
		}
		if b[0] != 0 && isID(b[:4]) && !isID(b[1:]) {
			return end, nil
		}
	}
	return end + 1, nil
}

// isID reports whether four bytes can name a chunk: printable ASCII.
func isID(b []byte) bool {
	for _, c := range b[:4] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// ds64 holds the 64-bit sizes of an RF64 file (EBU Tech 3306, ITU-R BS.2088).
type ds64 struct {
	data  int64
	table map[string]int64
}

// size is the real size of a chunk whose own field says 0xFFFFFFFF.
func (d ds64) size(id string, field int64) int64 {
	if id == "data" && d.data > 0 {
		return d.data
	}
	if s, ok := d.table[id]; ok {
		return s
	}
	return field
}

func parseDS64(f io.ReaderAt, c chunk) (ds64, error) {
	b := make([]byte, min(c.size, 28+12*64))
	if err := readAt(f, b, c.off); err != nil {
		return ds64{}, err
	}
	if len(b) < 28 {
		return ds64{}, &Error{Kind: Corrupt, Detail: fmt.Sprintf("damaged: its ds64 chunk has %d bytes where 28 are needed", len(b))}
	}
	d := ds64{data: int64(binary.LittleEndian.Uint64(b[8:])), table: map[string]int64{}}
	if d.data < 0 { // all ones: a streaming writer
		d.data = 0
	}
	n := binary.LittleEndian.Uint32(b[24:])
	for b = b[28:]; n > 0 && len(b) >= 12; n, b = n-1, b[12:] {
		if s := int64(binary.LittleEndian.Uint64(b[4:])); s >= 0 {
			d.table[string(b[:4])] = s
		}
	}
	return d, nil
}

// readAt fills b, which is known to lie within the file.
func readAt(f io.ReaderAt, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		return &Error{Kind: Truncated, Detail: "became shorter while it was read", Err: io.ErrUnexpectedEOF}
	}
	return err
}
