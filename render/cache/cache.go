// Package cache keeps the results of a build's actions on disk, so that an
// action whose description has not changed is not run again.
//
// # What is stored where
//
// A [Key] is the SHA-256 of the complete description of an action: engine,
// settings, digests of the inputs. Under it lies a small entry (file ac/xx/KEY)
// that names the files the action made by their own SHA-256; these blobs lie in
// cas/xx/DIGEST. Two actions with the same result share a blob. Beside them:
//
//	last/xx/…     the latest description of each named action, for "what changed since" (last.go)
//	digests       digests of input files by path, size and times (digests.go)
//	new/          files being written
//	*.lock        advisory locks; they hold no data
//
// Several processes may use a folder at once, without a daemon and without a
// lock around reading or storing.
//
// # What can go wrong, and what then happens
//
// A file appears under its final name only by a rename, when it is complete, and
// an entry only after its blobs. So a process killed at any moment leaves nothing
// but a file in new/ or a blob that nothing names, which [Store.GC] removes. A
// power cut may leave a blob half written: nobody waits for the disk, because what
// is not whole is found when it is used.
//
// Nothing that is read is trusted. An entry, a record in last/ and the file of
// digests begin with the SHA-256 of the rest (seal.go). A blob is hashed when it
// is first used in a process, before it is handed out; afterwards the same
// inode with the same size and time of modification passes without. Whatever is
// damaged or gone is dropped and counts as a miss: the action runs again. No
// fault of the cache is a fault of the build, save a full disk in the place
// where a file was asked for.
//
// What the store cannot see is an input that changes between being digested and
// being read by the action. Digest the inputs again after the action, and store
// only when the digests are the same (see [Digests.File]; it costs a stat).
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Key identifies an action: equal keys mean equal results.
type Key [sha256.Size]byte

// Digest is the SHA-256 of a file's bytes.
type Digest [sha256.Size]byte

// String is the key in hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// MarshalText writes the key in hexadecimal.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (k *Key) UnmarshalText(text []byte) error { return unhex((*[32]byte)(k), text) }

// String is the digest in hexadecimal, as sha256sum prints it.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText writes the digest in hexadecimal.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (d *Digest) UnmarshalText(text []byte) error { return unhex((*[32]byte)(d), text) }

func unhex(to *[32]byte, text []byte) error {
	if len(text) != 2*len(to) {
		return fmt.Errorf("%d characters where 64 hexadecimal digits belong", len(text))
	}
	_, err := hex.Decode(to[:], text)
	return err
}

// Blob names a file's content.
type Blob struct {
	Digest Digest `json:"sha256"`
	Size   int64  `json:"bytes"`
}

// Entry is what is known of a finished action.
type Entry struct {
	Key         Key             `json:"key"`
	Seconds     float64         `json:"seconds"` // what it cost to make
	Files       map[string]Blob `json:"files"`   // by the names the action gave them; never paths
	Meta        json.RawMessage `json:"meta,omitempty"`
	Description Description     `json:"description,omitempty"` // what the key was made from
}

// bytes is the size of all files of the entry.
func (e Entry) bytes() (n int64) {
	for _, b := range e.Files {
		n += b.Size
	}
	return n
}

// ErrGone says that a blob is no longer there, or was damaged and is therefore
// no longer there. The action that made it has to run again.
var ErrGone = errors.New("no longer in the cache")

// entryKind is the kind of sealed file that holds an [Entry].
const entryKind = "entry"

// maxEntry bounds what is read for an entry, from disk or from a server. A
// description of 100 stems with automation is some 200 kB.
const maxEntry = 32 << 20

// parseEntry reads the text of an entry, and believes it only if it is whole
// and belongs to the key.
func parseEntry(key Key, text []byte) (Entry, error) {
	var e Entry
	body, err := unseal(entryKind, text)
	if err != nil {
		return Entry{}, err
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return Entry{}, fmt.Errorf("entry: %w", err)
	}
	if e.Key != key {
		return Entry{}, fmt.Errorf("entry of another action, %s", e.Key)
	}
	for name, b := range e.Files {
		if name == "" || b.Size < 0 {
			return Entry{}, fmt.Errorf("entry: file %q of %d bytes", name, b.Size)
		}
	}
	return e, nil
}

func formatEntry(e Entry) ([]byte, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	return seal(entryKind, body), nil
}
