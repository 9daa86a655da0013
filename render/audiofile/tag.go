package audiofile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// CopyTagged copies a WAV file that a [Writer] made without tags, of size
// bytes, and adds tags: the same bytes as if they had been there from the
// start. So new words need no new sound.
func CopyTagged(dst io.Writer, src io.Reader, size int64, tags map[string]string) error {
	list, err := infoChunk(tags)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	head := make([]byte, 28)
	if _, err := io.ReadFull(src, head); err != nil {
		return fmt.Errorf("audiofile: copy: %w", err)
	}
	riffSize := uint64(size) - 8 + uint64(len(list))
	switch id := string(head[:4]); {
	case id == "RF64":
		le.PutUint64(head[20:], riffSize)
	case id == "RIFF" && riffSize <= math.MaxUint32:
		le.PutUint32(head[4:], uint32(riffSize))
	default:
		return fmt.Errorf("audiofile: copy: %q of %d bytes cannot take tags", id, size)
	}
	if _, err := dst.Write(head); err != nil {
		return err
	}
	if n, err := io.Copy(dst, src); err != nil || n != size-int64(len(head)) {
		return fmt.Errorf("audiofile: copied %d bytes of %d: %w", n+int64(len(head)), size, err)
	}
	_, err = dst.Write(list)
	return err
}
