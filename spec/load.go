// Package spec is the language of project files: it reads, checks and
// resolves them. It knows no audio; what processors there are, and what their
// settings mean, comes in as data.
//
// The way of a file: node.go turns YAML into nodes with places, keys.go
// decodes nodes by the tables of the language (song.go, album.go, delivery.go,
// chain.go), refs.go and paths.go check what names other things, and the
// result is a [Project] in which nothing is left to find out. Whatever is
// wrong becomes a [Diagnostic], and decoding goes on, so that one run shows
// everything. explain.go prints the result with its origins, and schema.go
// prints the same tables for editors.
package spec

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// LanguageVersion is the version of the language that this package reads.
const LanguageVersion = 1

// ProjectFile is the name of the project file in a project's folder.
const ProjectFile = "lathe.yaml"

// Options is what Load needs to know besides the file.
type Options struct {
	// Catalogue lists the kinds of processors that a chain may name.
	Catalogue []param.Kind
	// Engine is the version of the engine that is going to render the project:
	// one that is pinned to another is an error. Empty where nothing is rendered.
	Engine string
}

// Load reads, checks and resolves a project: a file, or a folder with a
// lathe.yaml in it. The project is nil when there are errors; warnings do not
// keep it from being built. Diagnostics come in the order of the files.
func Load(name string, opts Options) (*Project, Diagnostics) {
	d := newDecoder(opts)
	p := d.project(name)
	diags := sortByPlace(d.diags, d.order)
	if p == nil || diags.HasErrors() {
		return nil, diags
	}
	p.Warnings = diags.Warnings()
	p.lines = d.lines
	return p, diags
}

// decoder holds what is known while a project is loaded.
type decoder struct {
	catalogue []param.Kind
	engine    string
	kinds     map[string]param.Kind
	kindKeys  map[string][]key

	diags    Diagnostics
	reported map[reported]bool
	order    map[string]int // files, in the order in which they were read
	usedBy   []Note         // the chain entries that lead to the preset being decoded

	lines []Line // of explain
	quiet int    // above 0: decoded values are not for explain

	folders []string         // where files may lie: absolute, once as named and once without links
	parsed  map[string]*node // files that were read, by path
	listing map[string][]string

	prints     map[Pos]printChoice    // by the place of the delivery
	delivered  map[Pos][]word         // versions that are written, likewise
	named      map[*node]bool         // of these, names that a song has a version for
	limiters   map[Pos]map[string]any // likewise, what it says of the limiter
	delivering deliverer              // whose deliveries are being decoded

	song       *scope
	masterUsed map[*node]bool
}

type reported struct {
	pos     Pos
	message string
}

func newDecoder(opts Options) *decoder {
	d := &decoder{
		catalogue: opts.Catalogue,
		engine:    opts.Engine,
		kinds:     map[string]param.Kind{},
		kindKeys:  map[string][]key{},
		reported:  map[reported]bool{},
		order:     map[string]int{},
		parsed:    map[string]*node{},
		listing:   map[string][]string{},
		song:      newScope(),
		prints:    map[Pos]printChoice{},
		limiters:  map[Pos]map[string]any{},
		delivered: map[Pos][]word{},
		named:     map[*node]bool{},

		masterUsed: map[*node]bool{},
	}
	for _, k := range opts.Catalogue {
		d.kinds[k.Name] = k
		d.kindKeys[k.Name] = append(keysOf(k.Params), processorKeys...)
	}
	return d
}

// report keeps a diagnostic. What is reported twice for one place (an album's
// master chain is decoded for every song) is kept once.
func (d *decoder) report(x Diagnostic) {
	if x.Severity == "" {
		x.Severity = SeverityError
	}
	id := reported{x.Pos(), x.Message}
	if d.reported[id] {
		return
	}
	d.reported[id] = true
	for i := len(d.usedBy) - 1; i >= 0; i-- {
		x.Notes = append(x.Notes, d.usedBy[i])
	}
	d.diags = append(d.diags, x)
}

// fail reports an error about a node.
func (d *decoder) fail(n *node, at place, message, hint string) {
	if at.words != "" {
		message = at.words + ": " + message
	}
	d.report(n.diagnostic(message, hint))
}

// warn reports what is odd but no error.
func (d *decoder) warn(n *node, at place, message, hint string) {
	if at.words != "" {
		message = at.words + ": " + message
	}
	x := n.diagnostic(message, hint)
	x.Severity = SeverityWarning
	d.report(x)
}

func (d *decoder) failFile(file, message, hint string) {
	d.report(Diagnostic{File: file, Message: message, Hint: hint})
}

// project loads the file that the user named.
func (d *decoder) project(name string) *Project {
	file := filepath.Clean(name)
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, ProjectFile)
	}
	d.allow(filepath.Dir(file))
	root := d.read(file, file)
	if root == nil || !d.speaks(root) {
		return nil
	}
	p := &Project{File: file, Dir: filepath.Dir(file)}
	if root.get("songs") != nil {
		d.album(root, p)
	} else {
		d.single(root, p)
	}
	return p
}

// read parses a file, or returns what it parsed before.
func (d *decoder) read(shown, path string) *node {
	if root, ok := d.parsed[path]; ok {
		return root
	}
	d.enter(shown)
	var root *node
	if data, ok := d.bytes(shown, path); ok {
		src := &source{name: shown, dir: filepath.Dir(path)}
		root = parse(src, data, d.report)
	}
	d.parsed[path] = root
	return root
}

// enter gives a file its place in the order of the diagnostics.
func (d *decoder) enter(shown string) {
	if _, known := d.order[shown]; !known {
		d.order[shown] = len(d.order)
	}
}

func (d *decoder) bytes(shown, path string) ([]byte, bool) {
	f, err := os.Open(path)
	if err != nil {
		d.failFile(shown, "cannot be read: "+reason(err), d.otherProjectFile(path, err))
		return nil, false
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		d.failFile(shown, "is not a file", "")
		return nil, false
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		d.failFile(shown, "cannot be read: "+reason(err), "")
		return nil, false
	}
	return data, true
}

// reason is the cause of a file error without the path, which the message has
// already.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}

// otherProjectFile names a YAML file that lies where a project file was looked for.
func (d *decoder) otherProjectFile(path string, err error) string {
	if !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	var found []string
	for _, name := range d.list(filepath.Dir(path)) {
		if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
			found = append(found, name)
		}
	}
	if s := suggest(filepath.Base(path), found); s != "" {
		return "did you mean " + s + "?"
	}
	if len(found) == 1 {
		return "did you mean " + found[0] + "?"
	}
	if filepath.Base(path) == ProjectFile {
		return "start a project with: lathe init"
	}
	return ""
}

// speaks checks that the file is in a version of the language known here.
func (d *decoder) speaks(root *node) bool {
	n := root.get("lathe")
	if n == nil {
		d.fail(root, place{}, fmt.Sprintf("lathe: %d is missing: it says which version of the language the file is written in", LanguageVersion),
			fmt.Sprintf("write lathe: %d as the first line", LanguageVersion))
		return true // the rest is checked as version 1
	}
	var version int
	if _, err := fmt.Sscan(n.text, &version); n.isBareNumber() && err == nil && fmt.Sprint(version) == n.text {
		switch {
		case version == LanguageVersion:
			return true
		case version > LanguageVersion:
			d.fail(n, place{}, fmt.Sprintf("the file is in version %d of the language; this lathe reads version %d", version, LanguageVersion), "install a newer lathe")
			return false
		}
	}
	d.fail(n, place{}, fmt.Sprintf("lathe: expected %d, the version of the language", LanguageVersion), fmt.Sprintf("write lathe: %d", LanguageVersion))
	return true
}

// version is the typ of the key lathe, which speaks has checked.
type version struct{}

func (version) decode(*decoder, *node, place) any { return LanguageVersion }
func (version) print(v any) string                { return fmt.Sprint(v) }

// isPath tells a preset or profile of the project's own ("./mine.yaml") from
// the name of one that comes with lathe.
func isPath(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") ||
		strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}
