package render

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/lathe-audio/lathe/spec"
)

// job is one output to be made.
type job struct {
	song     *spec.Song
	number   int // in the album, from 1; 0: no album
	of       int // how many songs that has
	trim     float64
	release  *spec.Release
	entry    *spec.AlbumSong // its place in the sequence; nil: no album
	mode     string          // how the album's songs are levelled
	balance  *spec.Balance   // by which rules; nil: none
	version  version
	delivery *spec.Delivery
	print    *spec.Print // a part of the song; nil: the song whole
	path     string      // below the output folder, with forward slashes
}

// list lists the songs' outputs of a project in the project's order, and refuses two
// of the same name.
func list(p *spec.Project) ([]job, error) {
	jobs, err := every(p)
	return delivered(jobs), err
}

// delivered leaves out what is only made to be put onto a side of vinyl.
func delivered(jobs []job) []job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j job) bool { return j.delivery.Split == spec.SplitSide })
}

// every lists the sounds that are finished for a project, delivered or not.
func every(p *spec.Project) ([]job, error) {
	var jobs []job
	var fault error // the first
	named := func(j job) {
		var err error
		if j.path, err = outputPath(j); fault == nil {
			fault = err
		}
		jobs = append(jobs, j)
	}
	add := func(song *spec.Song, j job) {
		j.song = song
		for _, v := range versions(song) {
			for i := range song.Deliver {
				if j.version, j.delivery, j.print = v, &song.Deliver[i], nil; !j.delivery.Makes(v.name) {
					continue
				}
				if j.delivery.Prints == nil {
					named(j)
					continue
				}
				for _, part := range prints(j) {
					named(part)
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
		add(p.Song, job{release: p.Release})
	}
	for i := range p.Songs {
		s := &p.Songs[i]
		add(s.Song, job{number: s.Number, of: tracks(p), trim: s.Trim, release: p.Release, entry: s, mode: p.Loudness.Mode, balance: p.Loudness.Balance})
	}
	if fault != nil {
		return nil, fault
	}
	taken := map[string]job{}
	fold := cases.Fold()
	for _, j := range jobs {
		key := fold.String(norm.NFC.String(j.path)) // as a file system that ignores case would see it
		if first, ok := taken[key]; ok {
			return nil, &InputError{Pos: j.song.Pos, Message: fmt.Sprintf("%s and %s would be the same file %s: give one of them another title%s",
				first.what(), j.what(), j.path, orAnotherName(j.delivery))}
		}
		taken[key] = j
	}
	return jobs, nil
}

// orAnotherName is what else helps against files of the same name.
func orAnotherName(d *spec.Delivery) string {
	if d.FileName.String() == spec.DefaultFileName && d.Characters == spec.AnyCharacters {
		return ""
	}
	return ", or the delivery a file_name that tells them apart"
}

// tracks is how many songs of an album have a number.
func tracks(p *spec.Project) int {
	n := 0
	for _, s := range p.Songs {
		n = max(n, s.Track)
	}
	return n
}

// what names a job's sound for people.
func (j job) what() string {
	what := fmt.Sprintf("%q", j.song.Title)
	if j.version.name != "" {
		what += fmt.Sprintf(" (%s)", j.version.name)
	}
	if j.print != nil {
		what = fmt.Sprintf("the print %s of %s", j.print.Name, what)
	}
	return what
}

// outputPath is <delivery>/<name>.<ext>, the name by the delivery's template.
func outputPath(j job) (string, error) {
	d := j.delivery
	name, missing := d.FileName.Expand(j.nameField)
	fail := func(format string, args ...any) (string, error) {
		return "", &InputError{Pos: d.Pos, Message: fmt.Sprintf("delivery %q: file_name %q: ", d.Name, d.FileName) + fmt.Sprintf(format, args...)}
	}
	if len(missing) > 0 {
		return fail("%s has no %s: write it, or put it into brackets with what belongs to it, as [ {%s}]", j.what(), missing[0], missing[0])
	}
	clean, readable := spelled(strings.TrimSpace(name), d.Characters)
	switch {
	case strings.TrimSpace(name) == "":
		return fail("nothing is left of it for %s", j.what())
	case !readable:
		return fail("nothing of %q can be written in characters: %s; name the file by other fields, such as {isrc} or {track:02}", strings.TrimSpace(name), d.Characters)
	}
	return path.Join(fileName(d.Name, ""), fileName(clean, "."+d.Extension())), nil
}

// nameField is the value of a field of `file_name`; "" where there is none.
func (j job) nameField(field string) string {
	var release spec.Release
	if j.release != nil {
		release = *j.release
	}
	switch field {
	case "title":
		return j.song.Title
	case "version":
		return j.version.title
	case "print":
		return j.printName()
	case "artist":
		return cmp.Or(j.song.Artist, release.Artist)
	case "album":
		return release.Title
	case "track":
		if j.entry != nil { // what is hidden has the number 0
			return strconv.Itoa(j.entry.Track)
		}
	case "isrc":
		return j.isrc()
	case "catalog":
		return release.Catalog
	case "upc":
		return release.UPC
	case "label":
		return release.Label
	case "date":
		return cmp.Or(j.song.Date, release.Date)
	case "delivery":
		return j.delivery.Name
	case "rate":
		if rate := deliveredRate(j.delivery, j.song.SampleRate); rate > 0 {
			return spec.FormatNumber(float64(rate) / 1000)
		}
	case "depth":
		if j.delivery.Float {
			return strconv.Itoa(j.delivery.BitDepth) + "f"
		}
		return strconv.Itoa(j.delivery.BitDepth)
	}
	return ""
}

// deliveredRate is the sample rate of a delivery's files; 0 where the session's
// decides and is not known yet. A session above max_sample_rate is divided by the
// smallest whole number that brings it there.
func deliveredRate(d *spec.Delivery, session int) int {
	if d.SampleRate > 0 {
		return d.SampleRate
	}
	if d.MaxSampleRate == 0 || session <= d.MaxSampleRate {
		return session
	}
	for n := 2; ; n++ {
		if session%n == 0 && session/n <= d.MaxSampleRate {
			return session / n
		}
	}
}

// wanted picks the jobs and carriers that --only asks for: globs over the output's
// path, or the name of a delivery, a version or a song.
func wanted(jobs []job, carriers []*carrier, only []string) ([]job, []*carrier, error) {
	if len(only) == 0 {
		return jobs, carriers, nil
	}
	used := make([]bool, len(only))
	asked := func(paths []string, names ...string) (hit bool, err error) {
		for i, glob := range only {
			match := false
			for _, p := range paths {
				m, err := path.Match(glob, p)
				if err != nil {
					return false, &UsageError{Message: fmt.Sprintf("--only %s: not a pattern: %v", glob, err)}
				}
				match = match || m
			}
			for _, name := range names {
				match = match || name != "" && strings.EqualFold(glob, name)
			}
			if match {
				hit, used[i] = true, true
			}
		}
		return hit, nil
	}
	var picked []job
	for _, j := range jobs {
		hit, err := asked([]string{j.path}, j.delivery.Name, j.version.name, j.song.Title, j.printName())
		if err != nil {
			return nil, nil, err
		}
		if hit {
			picked = append(picked, j)
		}
	}
	var some []*carrier
	for _, c := range carriers {
		hit, err := asked(c.paths(), c.jobs[0].delivery.Name)
		if err != nil {
			return nil, nil, err
		}
		if hit {
			some = append(some, c)
		}
	}
	for i, glob := range only {
		if !used[i] {
			return nil, nil, &UsageError{Message: fmt.Sprintf("--only %s: matches no output; outputs are %s", glob, strings.Join(outputPaths(jobs, carriers), ", "))}
		}
	}
	return picked, some, nil
}

// Written lists what a build writes, as paths below the output folder: the
// project's outputs in their order, the manifest and the release sheet.
func Written(p *spec.Project) ([]string, error) {
	all, err := every(p)
	if err != nil {
		return nil, err
	}
	carriers, err := findCarriers(p, all)
	return append(outputPaths(delivered(all), carriers), manifestName, reportName), err
}
