package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// EngineVersion names the sound of this engine. It changes whenever the bytes
// of any output may change, on purpose, with a line in CHANGELOG.md.
const EngineVersion = "1"

// digest identifies what something computes: the SHA-256 of its complete
// description in canonical form. Equal digests mean equal sound.
type digest [sha256.Size]byte

// String is the digest in hexadecimal.
func (d digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText makes digests readable inside the descriptions of others.
func (d digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// digestOf hashes a description. JSON is the canonical form: maps are sorted,
// numbers are written in the shortest way that reads back to the same bits.
func digestOf(kind string, description any) digest {
	text, err := json.Marshal(description)
	if err != nil { // a value that JSON cannot say, such as NaN, never passes spec
		panic(fmt.Sprintf("render: description of %s: %v", kind, err))
	}
	h := sha256.New()
	fmt.Fprintf(h, "lathe %s %s\n", EngineVersion, kind)
	h.Write(text)
	return digest(h.Sum(nil))
}
