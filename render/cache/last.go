package cache

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Last is how an action was last made (or found in the cache): what a plan
// compares with, and what its estimates of time come from.
type Last struct {
	Project     string      `json:"project"` // absolute path of the project file
	Name        string      `json:"name"`    // stable name of the action: "song/Undertow/mix"
	Key         Key         `json:"key"`
	Seconds     float64     `json:"seconds"` // what it cost to make
	Description Description `json:"description"`
}

const lastKind = "last"

// Remember notes how an action of a project was made. It is worth calling also
// for results that are not stored, and for those that were found in the cache
// (with the seconds of their [Entry]).
func (s *Store) Remember(l Last) error {
	path := s.lastPath(l.Project, l.Name)
	if old, ok := s.Latest(l.Project, l.Name); ok && old.Key == l.Key && old.Seconds == l.Seconds {
		touch(path)
		return nil
	}
	body, err := json.Marshal(l)
	if err == nil {
		err = writeFile(s.newDir(), path, seal(lastKind, body), false)
	}
	if err != nil {
		return fmt.Errorf("remember action %s: %w", l.Name, err)
	}
	return nil
}

// Latest returns how the action of that name was last made in the project.
func (s *Store) Latest(project, name string) (Last, bool) {
	var l Last
	path := s.lastPath(project, name)
	text, err := os.ReadFile(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.warn(fmt.Sprintf("cache: %v", err))
		}
		return Last{}, false
	}
	body, err := unseal(lastKind, text)
	if err == nil {
		err = json.Unmarshal(body, &l)
	}
	if err != nil || l.Project != absolute(project) || l.Name != name {
		os.Remove(path) // a torn write: it was not synced
		return Last{}, false
	}
	return l, true
}

// lastPath: every project has names of its own, also in a shared cache.
func (s *Store) lastPath(project, name string) string {
	return hexPath(s.dir, "last", sha256.Sum256([]byte(absolute(project)+"\x00"+name)))
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
