package render

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/lathe-audio/lathe/render/cache"
)

// Manifest is dist/manifest.json: every output, in the order of the project.
type Manifest struct {
	Lathe   int      `json:"lathe"`
	Engine  string   `json:"engine"`
	Tool    string   `json:"tool,omitempty"`          // the program that put the newest of them there
	Report  string   `json:"report_sha256,omitempty"` // of the release sheet beside the manifest
	Outputs []Output `json:"outputs"`
}

// manifestName is the manifest's file name in the output folder.
const manifestName = "manifest.json"

// staged is a finished output that is not in its place yet.
type staged struct {
	Output
	file string // in the workspace
}

// manifestOf lists finished outputs.
func manifestOf(files []staged) Manifest {
	m := Manifest{Lathe: 1, Engine: EngineVersion}
	for _, f := range files {
		m.Outputs = append(m.Outputs, f.Output)
	}
	return m
}

// outputs looks after an output folder: what lathe wrote there, and putting
// new files into their places all at once.
//
// A killed build must leave no half file and no file that the next build takes
// for somebody else's. So files are finished and checked in the workspace;
// then the journal lists what is about to appear, the files are renamed into
// place, the release sheet and the manifest are written, and the journal goes.
type outputs struct {
	dir     string // the output folder
	mine    string // lists what this project put there; others may put things there too
	journal string
	lock    string
	tool    string // for the release sheet
	known   *cache.Digests
}

// newOutputs looks after a folder for a project, whose folder may move together
// with its cache.
func newOutputs(dir, project, cacheDir string, known *cache.Digests) (*outputs, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	home, err := filepath.Abs(cacheDir)
	if err != nil {
		return nil, err
	}
	owner := project
	if in, err := filepath.Rel(filepath.Dir(project), home); err == nil && filepath.IsLocal(in) {
		if to, err := filepath.Rel(filepath.Dir(project), abs); err == nil {
			owner = filepath.Base(project) + " " + to
		}
	}
	name := func(text string) string {
		id := sha256.Sum256([]byte(text))
		return filepath.Join(cacheDir, "out-"+hex.EncodeToString(id[:6]))
	}
	base := name(abs)
	return &outputs{dir: dir, mine: name(owner+" "+filepath.Base(abs)) + ".mine", journal: base + ".journal", lock: base + ".lock", known: known}, nil
}

// manifest reads the manifest; there may be none.
func (o *outputs) manifest() (Manifest, error) {
	return readManifest(filepath.Join(o.dir, manifestName))
}

func readManifest(path string) (Manifest, error) {
	var m Manifest
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, &InputError{Message: fmt.Sprintf("%s is not a manifest that lathe wrote (%v): move it away", path, err)}
	}
	return m, nil
}

// owned lists the digests under which lathe wrote each path: of the manifest,
// and of a journal that a killed build left. The release sheet is one of them.
func (o *outputs) owned() (map[string][]string, error) {
	own := map[string][]string{}
	for _, path := range []string{filepath.Join(o.dir, manifestName), o.journal} {
		m, err := readManifest(path)
		if err != nil {
			return nil, err
		}
		for _, out := range m.Outputs {
			own[out.Path] = append(own[out.Path], out.SHA256)
		}
		if m.Report != "" {
			own[reportName] = append(own[reportName], m.Report)
		}
	}
	return own, nil
}

// errOvertaken says that what was in place when a build began no longer is:
// another build, or a person, changed it meanwhile.
var errOvertaken = errors.New("the outputs were changed while this was building: build again")

// check refuses paths that are taken by something lathe did not write. It waits
// for a build that is just putting its files there.
func (o *outputs) check(ctx context.Context, paths []string) error {
	unlock, err := o.hold(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return o.refuse(paths)
}

// hold keeps other builds from changing the folder until unlock is called: those
// that use the same cache by a lock file there, and those of other projects by a
// lock on the folder itself, where the system has that.
func (o *outputs) hold(ctx context.Context) (unlock func(), err error) {
	ours := flock.New(o.lock)
	if _, err := ours.TryLockContext(ctx, lockRetry); err != nil {
		return nil, fmt.Errorf("lock output folder: %w", err)
	}
	folder := flock.New(o.dir, flock.SetFlag(os.O_RDONLY))
	if _, err := folder.TryLockContext(ctx, lockRetry); ctx.Err() != nil {
		ours.Unlock()
		return nil, fmt.Errorf("lock output folder: %w", err)
	}
	return func() {
		folder.Unlock()
		ours.Unlock()
	}, nil
}

// lockRetry is how often it is tried to get a lock that another process holds.
const lockRetry = 20 * time.Millisecond

func (o *outputs) refuse(paths []string) error {
	own, err := o.owned()
	if err != nil {
		return err
	}
	var foreign []string
	for _, p := range paths {
		if theirs, err := o.foreign(p, own[p]); err != nil {
			return err
		} else if theirs {
			foreign = append(foreign, filepath.Join(o.dir, filepath.FromSlash(p)))
		}
	}
	if len(foreign) > 0 {
		return &InputError{Message: fmt.Sprintf("%s: lathe did not write this, or it was changed since, and does not overwrite it: move it away or delete it", strings.Join(foreign, ", "))}
	}
	return nil
}

// holds reports whether the file at a path is the one of that digest, and
// lathe's own.
func (o *outputs) holds(ctx context.Context, path, digest string) bool {
	own, err := o.owned()
	if err != nil || !slices.Contains(own[path], digest) {
		return false
	}
	return o.is(ctx, path, digest)
}

// is reports whether the file at a path has that digest.
func (o *outputs) is(ctx context.Context, path, digest string) bool {
	sum, _, err := o.known.File(ctx, filepath.Join(o.dir, filepath.FromSlash(path)))
	return err == nil && sum.String() == digest
}

// foreign reports whether something is at the path that has none of the digests.
func (o *outputs) foreign(path string, digests []string) (bool, error) {
	sum, _, err := o.known.File(context.Background(), filepath.Join(o.dir, filepath.FromSlash(path)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR):
		return true, nil
	case err != nil:
		return false, err
	}
	return !slices.Contains(digests, sum.String()), nil
}

// commit puts the finished files into place. keep lists older outputs that
// stay; other outputs of the old manifest are removed, unless they were
// changed since. It returns the paths it removed. accept gets the manifest while
// no other build can change what it says. errOvertaken means that a file that was
// to stay in its place is no longer there.
func (o *outputs) commit(ctx context.Context, files []staged, keep func(Output) bool, accept func(Manifest) error) (removed []string, err error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return nil, err
	}
	unlock, err := o.hold(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()

	old, err := o.manifest()
	if err != nil {
		return nil, err
	}
	now := Manifest{Lathe: 1, Engine: EngineVersion}
	paths := map[string]bool{}
	for _, f := range files {
		paths[f.Path] = true
	}
	before, _ := readManifest(o.mine) // damaged, it lists nothing: then nothing is removed
	mine := map[string]bool{}
	for _, out := range before.Outputs {
		mine[out.Path] = true
	}
	var stale []Output
	listed := map[string]bool{}
	for _, out := range old.Outputs {
		listed[out.Path] = true
		switch {
		case paths[out.Path]:
		case keep(out) || !mine[out.Path]: // another project may have put it there
			now.Outputs = append(now.Outputs, out)
		default:
			stale = append(stale, out)
		}
	}
	left, err := readManifest(o.journal)
	if err != nil {
		return nil, err
	}
	for _, out := range left.Outputs { // what a killed build put there that nobody asks for now
		if !paths[out.Path] && !listed[out.Path] && out.Path != reportName {
			stale = append(stale, out)
		}
	}
	var all []string
	for _, f := range files {
		now.Outputs = append(now.Outputs, f.Output)
		all = append(all, f.Path)
	}
	slices.SortStableFunc(now.Outputs, func(a, b Output) int { return strings.Compare(a.Path, b.Path) })
	if err := o.refuse(append(all, reportName)); err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.file == "" && !o.is(ctx, f.Path, f.SHA256) {
			return nil, errOvertaken
		}
	}
	now.Tool = old.Tool // as long as nothing changes, it made them
	sheet, err := now.sheet()
	if err != nil {
		return nil, err
	}
	if len(stale) == 0 && reflect.DeepEqual(now, old) && o.is(ctx, reportName, now.Report) && !slices.ContainsFunc(files, func(f staged) bool { return f.file != "" }) {
		return nil, accept(now) // all is in its place
	}
	now.Tool = o.tool
	if sheet, err = now.sheet(); err != nil {
		return nil, err
	}
	if err := o.announce(now); err != nil {
		return nil, err
	}
	if err := writeJSON(o.mine, Manifest{Lathe: 1, Engine: EngineVersion, Outputs: slices.DeleteFunc(slices.Clone(now.Outputs), func(out Output) bool {
		return !paths[out.Path] && !mine[out.Path]
	})}); err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.file == "" { // it is there
			continue
		}
		to := filepath.Join(o.dir, filepath.FromSlash(f.Path))
		if err := place(f.file, to); err != nil {
			return nil, err
		}
		var sum cache.Digest
		if sum.UnmarshalText([]byte(f.SHA256)) == nil {
			o.known.Learn(to, sum)
		}
	}
	for _, out := range stale {
		path := filepath.Join(o.dir, filepath.FromSlash(out.Path))
		if sum, err := fileSHA256(path); err == nil && sum == out.SHA256 {
			if os.Remove(path) == nil {
				removed = append(removed, out.Path)
				os.Remove(filepath.Dir(path)) // only if empty
			}
		}
	}
	if err := o.report(ctx, sheet, now.Report); err != nil {
		return nil, err
	}
	if err := writeJSON(filepath.Join(o.dir, manifestName), now); err != nil {
		return nil, err
	}
	if err := os.Remove(o.journal); err != nil {
		return removed, err
	}
	return removed, accept(now)
}

// announce writes the journal: what is about to appear, what the manifest lists, and what
// the journal of a killed build has, whose files may be in place and in no manifest.
func (o *outputs) announce(now Manifest) error {
	own, err := o.owned()
	if err != nil {
		return err
	}
	for _, out := range append(slices.Clone(now.Outputs), Output{Path: reportName, SHA256: now.Report}) {
		own[out.Path] = append(own[out.Path], out.SHA256)
	}
	journal := Manifest{Lathe: 1, Engine: EngineVersion}
	for _, path := range slices.Sorted(maps.Keys(own)) {
		slices.Sort(own[path])
		for _, digest := range slices.Compact(own[path]) {
			journal.Outputs = append(journal.Outputs, Output{Path: path, SHA256: digest})
		}
	}
	return writeJSON(o.journal, journal)
}

// report writes the release sheet, unless it is there.
func (o *outputs) report(ctx context.Context, sheet []byte, digest string) error {
	if o.is(ctx, reportName, digest) {
		return nil
	}
	to := filepath.Join(o.dir, reportName)
	err := writeBeside(to, func(w io.Writer) error {
		_, err := w.Write(sheet)
		return err
	})
	var sum cache.Digest
	if err == nil && sum.UnmarshalText([]byte(digest)) == nil {
		o.known.Learn(to, sum)
	}
	return err
}

// place moves a finished, synced file to its place in one step. Between file
// systems it is copied beside its place first.
func place(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	err := os.Rename(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return writeBeside(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// writeJSON writes a value as readable JSON, atomically.
func writeJSON(path string, value any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		return err
	}
	return writeBeside(path, func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return err
	})
}

// writeBeside writes a file under another name beside its place, makes it
// durable and renames it, so that the place never holds half of it.
func writeBeside(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".lathe-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func fileSHA256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
