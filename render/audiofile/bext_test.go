package audiofile

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// The time stamp of a Broadcast WAVE is a number of 64 bits at byte 338 of its
// bext chunk (EBU Tech 3285); a chunk that ends before it is put up with.
func TestTimeStamp(t *testing.T) {
	const stamp = 10*3600*96000 + 1234567 // above 2^31
	bext := append(make([]byte, 338), binary.LittleEndian.AppendUint64(nil, stamp)...)
	bext = append(bext, make([]byte, 602-len(bext))...)
	open := func(chunks ...[]byte) Info {
		b := riffOf("RIFF", append(chunks, proper("fmt ", format(1, 1, 96000, 2, 16)), proper("data", le16(1, 2, 3)))...)
		r, err := NewReader(bytes.NewReader(b), int64(len(b)), "x.wav")
		if err != nil {
			t.Fatal(err)
		}
		return r.Info()
	}
	for name, chunk := range map[string][]byte{"as it should be": proper("bext", bext), "with a coding history": proper("bext", append(bext, "A=PCM,F=96000\r\n"...))} {
		if i := open(chunk); i.TimeStamp == nil || *i.TimeStamp != stamp || len(i.Warnings) != 0 {
			t.Errorf("%s: %v, %q", name, i.TimeStamp, i.Warnings)
		}
	}
	if i := open(); i.TimeStamp != nil {
		t.Errorf("no chunk: %d", *i.TimeStamp)
	}
	if i := open(proper("bext", bext[:340])); i.TimeStamp != nil || len(i.Warnings) != 1 || !strings.Contains(i.Warnings[0], "bext") {
		t.Errorf("a short chunk: %v, %q", i.TimeStamp, i.Warnings)
	}
}
