package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// filePath is the name of a file, relative to the folder of the file that names
// it; the value is a *File. It must lie in the project's folder or in one that
// the project lists under roots, and it must exist.
type filePath struct {
	what string // "file.wav": an example
	dir  bool   // a folder is meant, and it may lie anywhere
}

func (t filePath) decode(d *decoder, n *node, at place) any {
	name, ok := d.pathText(n, at)
	if !ok {
		return nil
	}
	f := &File{Pos: n.pos(), Name: name, Path: filepath.FromSlash(name)}
	if !filepath.IsAbs(f.Path) {
		f.Path = filepath.Join(n.src.dir, f.Path)
	}
	if !t.dir && !d.inFolders(f.Path) {
		d.failPath(n, at, name+" lies outside the project's folder", "to allow it, list its folder under roots")
		return nil
	}
	d.enter(f.Path) // Files lists it
	info, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.failPath(n, at, name+" not found", d.sibling(name, f.Path))
		return nil
	case err != nil:
		d.failPath(n, at, name+" cannot be read: "+reason(err), "")
		return nil
	case info.IsDir() != t.dir && t.dir:
		d.failPath(n, at, name+" is not a folder", "")
		return nil
	case info.IsDir() != t.dir:
		d.failPath(n, at, name+" is a folder", "")
		return nil
	case !t.dir && !info.Mode().IsRegular():
		d.failPath(n, at, name+" is not a file", "")
		return nil
	}
	if t.dir {
		return f
	}
	if real, err := filepath.EvalSymlinks(f.Path); err != nil || !d.inFolders(real) {
		d.failPath(n, at, name+" is a link that leads outside the project's folder", "to allow it, list the folder it leads to under roots")
		return nil
	}
	return f
}

func (filePath) print(v any) string { return v.(*File).Name }

// pathText checks what can be said of a path without looking at the disk.
func (d *decoder) pathText(n *node, at place) (string, bool) {
	switch {
	case n.shape != scalar:
		d.fail(n, at, "expected the name of a file, found "+n.shape.String(), "")
	case strings.TrimSpace(n.text) == "":
		d.fail(n, at, "is empty", "")
	case strings.ContainsFunc(n.text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		d.fail(n, at, "has a control character in it", "")
	case strings.Contains(n.text, `\`):
		d.failPath(n, at, n.text+" has backslashes", "write "+strings.ReplaceAll(n.text, `\`, "/")+", which works everywhere")
	case n.src.dir == "":
		d.fail(n, at, "what comes with lathe cannot name files", "")
	default:
		return n.text, true
	}
	return "", false
}

// failPath reads as "stem "lead": file stems/lead.wav not found".
func (d *decoder) failPath(n *node, at place, message, hint string) {
	d.report(n.diagnostic(at.words+" "+message, hint))
}

// allow lets files lie in a folder.
func (d *decoder) allow(folder string) {
	if abs, err := filepath.Abs(folder); err == nil {
		d.folders = append(d.folders, abs)
	}
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		if abs, err := filepath.Abs(real); err == nil {
			d.folders = append(d.folders, abs)
		}
	}
}

func (d *decoder) inFolders(file string) bool {
	abs, err := filepath.Abs(file)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(d.folders, func(folder string) bool {
		rel, err := filepath.Rel(folder, abs)
		return err == nil && filepath.IsLocal(rel)
	})
}

// sibling finds what a missing file was meant to be: the nearest name in the
// first folder of the path that does not hold the next part.
func (d *decoder) sibling(name, path string) string {
	tail := ""
	for range 50 {
		folder, base := filepath.Dir(path), filepath.Base(path)
		if folder == path {
			return ""
		}
		entries := d.list(folder)
		if entries == nil {
			if !d.inFolders(folder) {
				return ""
			}
			path, tail = folder, filepath.Join(base, tail)
			continue
		}
		if tail != "" && slices.Contains(entries, base) {
			return "" // it is there, but it is no folder
		}
		found := suggest(base, entries)
		if found == "" {
			stem := strings.TrimSuffix(base, filepath.Ext(base))
			for _, e := range entries { // the same stem in another format
				if strings.EqualFold(strings.TrimSuffix(e, filepath.Ext(e)), stem) {
					found = e
					break
				}
			}
		}
		if found == "" {
			if tail != "" {
				return fmt.Sprintf("there is no folder %s", base)
			}
			return ""
		}
		written := strings.Split(name, "/")
		depth := 0
		if tail != "" {
			depth = len(strings.Split(filepath.ToSlash(tail), "/"))
		}
		if at := len(written) - 1 - depth; at >= 0 {
			written[at] = found
		}
		return "did you mean " + strings.Join(written, "/") + "?"
	}
	return ""
}

// list returns the names in a folder, or nil where there is none.
func (d *decoder) list(folder string) []string {
	names, known := d.listing[folder]
	if known {
		return names
	}
	if entries, err := os.ReadDir(folder); err == nil {
		names = make([]string, 0, len(entries))
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	d.listing[folder] = names
	return names
}
