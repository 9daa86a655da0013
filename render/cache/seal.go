package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A sealed file is one line that names the format, the kind of content and the
// SHA-256 of everything after that line. A torn write, a flipped bit or a file
// of another kind in its place does not open.

const sealFormat = "lathe-cache/1"

var errSeal = errors.New("damaged: its digest does not match")

func seal(kind string, body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(fmt.Appendf(nil, "%s %s %x\n", sealFormat, kind, sum), body...)
}

// unseal returns the body, which shares memory with text.
func unseal(kind string, text []byte) ([]byte, error) {
	line, body, ok := bytes.Cut(text, []byte{'\n'})
	if !ok {
		return nil, errSeal
	}
	sum, ok := bytes.CutPrefix(line, []byte(sealFormat+" "+kind+" "))
	if !ok {
		return nil, fmt.Errorf("not a sealed %s of this version", kind)
	}
	want := sha256.Sum256(body)
	if string(sum) != hex.EncodeToString(want[:]) {
		return nil, errSeal
	}
	return body, nil
}

// writeFile puts a small file in its place in one step. temp is a folder of the
// same file system. With durable, the bytes are on the disk before the name is.
func writeFile(temp, path string, text []byte, durable bool) error {
	f, err := os.CreateTemp(temp, "file-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil && durable {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = rename(f.Name(), path)
	}
	return err
}

// rename puts a file in its place, making the folder when it is the first one
// there. The folder itself is not synced: a name that is lost with the power is
// a miss, and costs less than a sync of the folder at every store.
func rename(from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return os.Rename(from, to)
}
