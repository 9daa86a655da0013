package measure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// extensions are the names by which audio files are found in folders and by
// patterns. A file that is named itself is measured whatever its name.
var extensions = []string{
	".wav", ".wave", ".bwf", ".rf64", ".bw64", ".aif", ".aiff", ".aifc", ".flac",
	// what ffmpeg is asked for
	".mp3", ".mp2", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".wma", ".wv", ".ape", ".tta", ".caf", ".w64", ".au", ".mka", ".ac3", ".eac3", ".dsf",
}

func isAudio(name string) bool {
	// macOS's "._" twins of files are hidden too.
	return !strings.HasPrefix(name, ".") && slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}

// expand lists the files that an argument stands for: of a folder the audio
// files in and below it, of a pattern (a*.wav, mixes/**) the audio files and
// folders that match, by name. Anything else stands for itself, and what is
// wrong with it is said when it is opened. An error comes with what was found.
func expand(arg string) ([]string, error) {
	if _, err := os.Lstat(arg); err == nil || !strings.ContainsAny(arg, "*?[") {
		return inFolder(arg)
	}
	matches, err := glob(arg)
	if err != nil {
		return nil, fmt.Errorf("%s: not found, and no pattern either: %w", arg, err)
	}
	var files []string
	var errs []error
	for _, m := range matches {
		if fi, err := os.Stat(m); err == nil && fi.IsDir() {
			if strings.HasSuffix(arg, "**") { // what is in it matches too
				continue
			}
			found, err := inFolder(m)
			files, errs = append(files, found...), append(errs, err)
		} else if isAudio(filepath.Base(m)) {
			files = append(files, m)
		}
	}
	if len(files) == 0 && errors.Join(errs...) == nil {
		return nil, fmt.Errorf("%s: no audio file matches", arg)
	}
	return files, errors.Join(errs...)
}

// inFolder lists the audio files in a folder and below it. Links to folders are
// not followed, except the argument itself, so that there is no going in circles.
func inFolder(dir string) ([]string, error) {
	fi, err := os.Stat(dir)
	if err != nil || !fi.IsDir() {
		return []string{dir}, nil
	}
	var files []string
	var errs []error
	filepath.WalkDir(dir+string(filepath.Separator), func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil: // a folder that may not be read; the rest may be
			errs = append(errs, err)
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && filepath.Clean(p) != filepath.Clean(dir):
			return fs.SkipDir
		case !d.IsDir() && isAudio(d.Name()):
			files = append(files, p)
		}
		return nil
	})
	if len(files) == 0 && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("%s: no audio file in this folder", dir))
	}
	return files, errors.Join(errs...)
}

// glob is [filepath.Glob], sorted, with ** for any number of folders. Hidden
// names match only where the pattern says the dot.
func glob(pattern string) ([]string, error) {
	if !strings.Contains(pattern, "**") {
		matches, err := filepath.Glob(pattern)
		matches = slices.DeleteFunc(matches, func(m string) bool {
			return strings.HasPrefix(filepath.Base(m), ".") && !strings.HasPrefix(filepath.Base(pattern), ".")
		})
		slices.Sort(matches)
		return matches, err
	}
	parts := strings.Split(filepath.ToSlash(pattern), "/")
	for _, p := range parts {
		if _, err := path.Match(p, ""); err != nil {
			return nil, err
		}
	}
	fixed := slices.IndexFunc(parts, func(p string) bool { return strings.ContainsAny(p, "*?[") })
	root := strings.Join(parts[:fixed], "/")
	switch {
	case fixed == 0:
		root = "."
	case root == "": // an absolute path
		root = "/"
	}
	var matches []string
	err := filepath.WalkDir(filepath.FromSlash(root), func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == filepath.FromSlash(root) {
			return nil // what is not there or may not be read does not match
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(root, p)
		if err == nil && matchParts(parts[fixed:], strings.Split(filepath.ToSlash(rel), "/")) {
			matches = append(matches, p)
		}
		return err
	})
	return matches, err
}

// matchParts matches a path, name by name.
func matchParts(pattern, names []string) bool {
	for len(pattern) > 0 && pattern[0] != "**" {
		if len(names) == 0 {
			return false
		}
		if ok, _ := path.Match(pattern[0], names[0]); !ok {
			return false
		}
		pattern, names = pattern[1:], names[1:]
	}
	if len(pattern) == 0 {
		return len(names) == 0
	}
	for n := range len(names) + 1 { // ** takes n names
		if matchParts(pattern[1:], names[n:]) {
			return true
		}
	}
	return false
}
