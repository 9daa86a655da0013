// Package demo composes a few short songs and synthesises their stems from
// nothing: every drum, string and syllable is computed when it is asked for, so
// `lathe init --demo` needs no download and the songs are free of anyone's
// rights. The stems are as dry as a studio would hand them over; what makes a
// record of them is the project file that is written beside them.
//
// The same rules hold here as in dsp: the same bytes on every machine.
package demo

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// The projects that [Write] knows.
const (
	Undertow = "undertow" // a song: stems, buses, sends, versions, four deliveries
	LowTide  = "low-tide" // an album: two songs and a finished mix
)

// projectFiles holds the project files, by project.
//
//go:embed projects
var projectFiles embed.FS

// Song is one of the demo songs.
type Song struct {
	Name  string // "breakwater"
	Title string // "Breakwater"
	Stems []Stem
}

// Stem is one sound file of a song: a stem, or a finished mix.
type Stem struct {
	Path string // within its project, with forward slashes: "stems/kick.wav"; the ending is the format
	Bits int    // 16 or 24
	make func() *sound
}

// Songs returns the songs of all projects in the order they were written.
func Songs() []Song { return []Song{undertow(), breakwater(), slackWater(), harbour()} }

// songsOf returns the songs that a project is made of.
func songsOf(project string) []Song {
	switch project {
	case Undertow:
		return []Song{undertow()}
	case LowTide:
		return []Song{breakwater(), slackWater(), harbour()}
	}
	return nil
}

// Write writes a whole project into dir: its project files and its stems. The
// folder is made if there is none; a file that is already there is left alone
// and reported as an error.
func Write(dir, project string) error {
	songs := songsOf(project)
	if songs == nil {
		return fmt.Errorf("no demo project %q: there are %s and %s", project, Undertow, LowTide)
	}
	texts, err := fs.Sub(projectFiles, path.Join("projects", project))
	if err != nil {
		return err
	}
	err = fs.WalkDir(texts, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(texts, name)
		if err != nil {
			return err
		}
		return create(dir, name, func(f *os.File) error { _, err := f.Write(text); return err })
	})
	if err != nil {
		return err
	}
	for _, song := range songs {
		for _, stem := range song.Stems {
			if err := create(dir, stem.Path, func(f *os.File) error { return stem.Write(f) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// Write synthesises the stem and writes its file.
func (s Stem) Write(w io.WriteSeeker) error {
	if strings.HasSuffix(s.Path, ".flac") {
		return writeFLAC(w, s.make(), s.Bits)
	}
	return writeWAV(w, s.make(), s.Bits)
}

// Samples synthesises the stem: its rate, and one or two channels at full scale ±1.
func (s Stem) Samples() (rate int, channels [][]float64) {
	made := s.make()
	return made.rate, made.ch
}

// create makes a new file below dir and lets fill write it.
func create(dir, name string, fill func(*os.File) error) (err error) {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", file, err)
		}
	}()
	return fill(f)
}
