// Command generate writes the example projects anew: run it in the
// repository's root after a change to package demo.
//
//	go run ./internal/demo/generate
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lathe-audio/lathe/internal/demo"
)

func main() {
	for _, project := range []string{demo.Undertow, demo.LowTide} {
		if err := rewrite(filepath.Join("examples", project), project); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// rewrite makes the project in a folder beside dir and moves every file into
// its place, so that a build going on in dir finds the old file or the new one.
func rewrite(dir, project string) error {
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "."+project+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := demo.Write(fresh, project); err != nil {
		return err
	}
	return filepath.WalkDir(fresh, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(fresh, file)
		if err != nil {
			return err
		}
		place := filepath.Join(dir, name)
		if entry.IsDir() {
			return os.MkdirAll(place, 0o777)
		}
		return os.Rename(file, place)
	})
}
