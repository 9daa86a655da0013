package render

import (
	"fmt"
	"path"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/lathe-audio/lathe/spec"
)

// job is one output to be made.
type job struct {
	song     *spec.Song
	number   int // in the album, from 1; 0: no album
	trim     float64
	release  *spec.Release
	version  version
	delivery *spec.Delivery
	print    *spec.Print // a part of the song; nil: the song whole
	path     string      // below the output folder, with forward slashes
}

// list lists every output of a project in the project's order, and refuses two
// of the same name.
func list(p *spec.Project) ([]job, error) {
	var jobs []job
	add := func(song *spec.Song, j job) {
		j.song = song
		for _, v := range versions(song) {
			for i := range song.Deliver {
				j.version, j.delivery, j.print = v, &song.Deliver[i], nil
				if j.delivery.Prints == nil {
					j.path = outputPath(j)
					jobs = append(jobs, j)
				} else if v.name == "" {
					jobs = append(jobs, prints(j)...)
				}
			}
		}
	}
	for _, song := range songs(p) {
		if err := anyPrints(song); err != nil {
			return nil, err
		}
	}
	if p.Song != nil {
		add(p.Song, job{})
	}
	for _, s := range p.Songs {
		add(s.Song, job{number: s.Number, trim: s.Trim, release: p.Release})
	}
	taken := map[string]job{}
	fold := cases.Fold()
	for _, j := range jobs {
		key := fold.String(norm.NFC.String(j.path)) // as a file system that ignores case would see it
		if first, ok := taken[key]; ok {
			return nil, &InputError{Pos: j.song.Pos, Message: fmt.Sprintf("%s and %s would be the same file %s: give one of them another title",
				first.what(), j.what(), j.path)}
		}
		taken[key] = j
	}
	return jobs, nil
}

// what names a job's sound for people.
func (j job) what() string {
	if j.print != nil {
		return fmt.Sprintf("the print %s of %q", j.print.Name, j.song.Title)
	}
	if j.version.name == "" {
		return fmt.Sprintf("%q", j.song.Title)
	}
	return fmt.Sprintf("%q (%s)", j.song.Title, j.version.name)
}

// outputPath is <delivery>/<number> <title> (<version>).<ext>, or of a print
// <delivery>/<number> <title> - <print>.<ext>.
func outputPath(j job) string {
	name := j.song.Title
	if j.number > 0 {
		name = fmt.Sprintf("%02d %s", j.number, name)
	}
	if j.version.title != "" {
		name += " (" + j.version.title + ")"
	}
	if j.print != nil {
		name += " - " + j.print.Name
	}
	return path.Join(fileName(j.delivery.Name, ""), fileName(name, "."+j.delivery.Format))
}

// wanted picks the jobs that --only asks for: globs over the output's path, or
// the name of a delivery, a version or a song.
func wanted(jobs []job, only []string) ([]job, error) {
	if len(only) == 0 {
		return jobs, nil
	}
	var picked []job
	used := make([]bool, len(only))
	for _, j := range jobs {
		hit := false
		for i, glob := range only {
			match, err := path.Match(glob, j.path)
			if err != nil {
				return nil, &UsageError{Message: fmt.Sprintf("--only %s: not a pattern: %v", glob, err)}
			}
			for _, name := range []string{j.delivery.Name, j.version.name, j.song.Title, j.printName()} {
				match = match || name != "" && strings.EqualFold(glob, name)
			}
			if match {
				hit, used[i] = true, true
			}
		}
		if hit {
			picked = append(picked, j)
		}
	}
	for i, glob := range only {
		if !used[i] {
			return nil, &UsageError{Message: fmt.Sprintf("--only %s: matches no output; outputs are %s", glob, strings.Join(paths(jobs), ", "))}
		}
	}
	return picked, nil
}

// Written lists what a build writes, as paths below the output folder: the
// project's outputs in their order, and the manifest.
func Written(p *spec.Project) ([]string, error) {
	jobs, err := list(p)
	return append(paths(jobs), manifestName), err
}
