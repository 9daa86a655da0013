package render

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// LockName is the lock file's name, beside the project file.
const LockName = "lathe.lock"

// Lock says what a release was made from and what was made: text to be
// committed and compared, one line for each file.
type Lock struct {
	Engine  string
	Inputs  []LockedInput
	Outputs []LockedOutput
}

// LockedInput is a file the project uses.
type LockedInput struct {
	Path   string // relative to the project file's folder, with forward slashes
	SHA256 string
}

// LockedOutput is a finished file.
type LockedOutput struct {
	Path        string // below the output folder
	SHA256, PCM string
	Loudness    string // LUFS; "-" where there is none
	TruePeak    string // dBTP; likewise

	// Of a lossy file, whose PCM is the digest of its coded sound: what made it,
	// what its decoded level was measured with, and the samples that were encoded.
	Encoder, Decoder, Input string
}

const lockHead = "# What this release was made from and what was made of it. Written by lathe build; commit it.\n" +
	"# input  SHA-256 PATH\n# output SHA-256 SHA-256-of-the-samples LUFS dBTP PATH\n"

// lockCoded is added where there are lossy files; the samples of their outputs' lines
// are then what is coded, without tags.
const lockCoded = "# encoded SHA-256-of-the-samples ENCODER DECODER PATH\n"

// text is the file's content.
func (l Lock) text() []byte {
	var b bytes.Buffer
	b.WriteString(lockHead)
	if slices.ContainsFunc(l.Outputs, func(o LockedOutput) bool { return o.Encoder != "" }) {
		b.WriteString(lockCoded)
	}
	fmt.Fprintf(&b, "lathe 1\nengine %s\n", l.Engine)
	for _, in := range l.Inputs {
		fmt.Fprintf(&b, "input %s %s\n", in.SHA256, in.Path)
	}
	for _, out := range l.Outputs {
		fmt.Fprintf(&b, "output %s %s %s %s %s\n", out.SHA256, out.PCM, out.Loudness, out.TruePeak, out.Path)
		if out.Encoder != "" {
			fmt.Fprintf(&b, "encoded %s %s %s %s\n", out.Input, oneWord(out.Encoder), oneWord(out.Decoder), out.Path)
		}
	}
	return b.Bytes()
}

// ReadLock reads a project's lock file. An error that is [fs.ErrNotExist] says
// that there is none yet.
func ReadLock(p *spec.Project) (Lock, error) {
	path := filepath.Join(p.Dir, LockName)
	text, err := os.ReadFile(path)
	if err != nil {
		return Lock{}, err
	}
	var l Lock
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		word, rest, _ := strings.Cut(line, " ")
		fields := func(n int) []string { return strings.SplitN(rest, " ", n) }
		switch {
		case line == "" || line[0] == '#' || line == "lathe 1":
		case word == "engine":
			l.Engine = rest
		case word == "input" && len(fields(2)) == 2:
			f := fields(2)
			l.Inputs = append(l.Inputs, LockedInput{SHA256: f[0], Path: f[1]})
		case word == "output" && len(fields(5)) == 5:
			f := fields(5)
			l.Outputs = append(l.Outputs, LockedOutput{SHA256: f[0], PCM: f[1], Loudness: f[2], TruePeak: f[3], Path: f[4]})
		case word == "encoded" && len(fields(4)) == 4 && len(l.Outputs) > 0 && l.Outputs[len(l.Outputs)-1].Path == fields(4)[3]:
			f, o := fields(4), &l.Outputs[len(l.Outputs)-1]
			o.Input, o.Encoder, o.Decoder = f[0], manyWords(f[1]), manyWords(f[2])
		default:
			return l, &InputError{Pos: spec.Pos{File: path, Line: n, Col: 1}, Message: "is no line of a lock file: restore it from version control, or delete it and build"}
		}
	}
	if err := lines.Err(); err != nil || l.Engine != "" {
		return l, err
	}
	return l, &InputError{Message: fmt.Sprintf("%s names no engine: restore it from version control, or delete it and build", path)}
}

// lockInputs digests every file the project uses.
func lockInputs(ctx context.Context, p *spec.Project, known *cache.Digests, jobs int) ([]LockedInput, error) {
	var paths []string
	for _, path := range spec.Files(p.File, spec.Options{Catalogue: catalogue.Params()}) {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			paths = append(paths, path)
		}
	}
	sums, err := known.Files(ctx, paths, jobs)
	if err != nil {
		return nil, err
	}
	var inputs []LockedInput
	dir, err := filepath.Abs(p.Dir)
	if err != nil {
		return nil, err
	}
	for i, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		if rel, err := filepath.Rel(dir, abs); err == nil {
			abs = rel
		}
		inputs = append(inputs, LockedInput{Path: filepath.ToSlash(abs), SHA256: sums[i].String()})
	}
	slices.SortFunc(inputs, func(a, b LockedInput) int { return strings.Compare(a.Path, b.Path) })
	return slices.Compact(inputs), nil
}

// noPCM stands for the digest of the samples of a file that is a list, or an image
// without a header.
const noPCM = "-"

// lockOutputs are the outputs of a manifest.
func lockOutputs(m Manifest) []LockedOutput {
	level := func(x *float64) string {
		if x == nil {
			return "-"
		}
		return fmt.Sprintf("%.2f", *x)
	}
	var outputs []LockedOutput
	for _, o := range m.Outputs {
		out := LockedOutput{Path: o.Path, SHA256: o.SHA256, PCM: o.sound(), Loudness: level(o.Integrated), TruePeak: level(o.TruePeak)}
		if out.PCM == "" {
			out.PCM = noPCM
		}
		if c := o.Coding; c != nil {
			out.Encoder, out.Decoder, out.Input = c.Encoder, c.Decoder, c.InputPCM
		}
		outputs = append(outputs, out)
	}
	return outputs
}

// writeLock writes the lock file: the inputs as they were when the build began,
// and those of the project's outputs that are in place now. What has not changed
// is not written.
func writeLock(p *spec.Project, inputs []LockedInput, m Manifest, outputs []string) error {
	m.Outputs = slices.DeleteFunc(slices.Clone(m.Outputs), func(o Output) bool { return !slices.Contains(outputs, o.Path) })
	text := Lock{Engine: EngineVersion, Inputs: inputs, Outputs: lockOutputs(m)}.text()
	path := filepath.Join(p.Dir, LockName)
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	return writeBeside(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// locked reads the lock file and refuses what differs before the work begins.
func locked(ctx context.Context, p *spec.Project, inputs []LockedInput, jobs []job) (Lock, error) {
	lock, err := ReadLock(p)
	if errors.Is(err, fs.ErrNotExist) {
		return lock, &InputError{Message: fmt.Sprintf("%s: there is no lock file to hold to: build once without --locked and commit it", filepath.Join(p.Dir, LockName))}
	}
	if err != nil {
		return lock, err
	}
	if found := append(lock.inputDifferences(inputs), lock.programDifferences(ctx, jobs)...); found != nil {
		return lock, &LockError{found}
	}
	return lock, nil
}

// Difference is one thing that is not as the lock file says.
type Difference struct {
	What    string `json:"what"` // "engine", "input", "encoder" or "output"
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

// String is the difference as a line for people.
func (d Difference) String() string {
	if d.Path == "" {
		return d.What + ": " + d.Message
	}
	return fmt.Sprintf("%s %s: %s", d.What, d.Path, d.Message)
}

// LockError says that a locked build would not give what the lock file says.
type LockError struct{ Differences []Difference }

// Error implements error.
func (e *LockError) Error() string {
	lines := []string{"not as " + LockName + " says:"}
	for _, d := range e.Differences {
		lines = append(lines, "  "+d.String())
	}
	return strings.Join(lines, "\n")
}

// otherEngine says that another engine made the release.
func (l Lock) otherEngine() string {
	return fmt.Sprintf("%s was written by engine %s, this is engine %s", LockName, l.Engine, EngineVersion)
}

// warnOfEngine tells, before the work, that a release made by another engine is
// about to be made anew. A lock file that cannot be read is not this one's fault
// to find.
func (b *builder) warnOfEngine(p *spec.Project) {
	if lock, err := ReadLock(p); err == nil && lock.Engine != EngineVersion {
		b.event(Event{Event: Warning, Pos: spec.Pos{File: filepath.Join(p.Dir, LockName)}, Message: fmt.Sprintf(
			"%s: every output is rendered anew and may differ; engine: %s in the project file pins it to the engine it has", lock.otherEngine(), lock.Engine)})
	}
}

// inputDifferences compares the engine and the inputs with the lock.
func (l Lock) inputDifferences(inputs []LockedInput) []Difference {
	var found []Difference
	if l.Engine != EngineVersion {
		found = append(found, Difference{What: "engine", Message: fmt.Sprintf(
			"%s: install a lathe with engine %s, or release anew by a build without --locked", l.otherEngine(), l.Engine)})
	}
	now := map[string]string{}
	for _, in := range inputs {
		now[in.Path] = in.SHA256
	}
	locked := map[string]bool{}
	for _, in := range l.Inputs {
		locked[in.Path] = true
		switch sum, ok := now[in.Path]; {
		case !ok:
			found = append(found, Difference{"input", in.Path, "missing, or no longer used"})
		case sum != in.SHA256:
			found = append(found, Difference{"input", in.Path, fmt.Sprintf("changed: sha256 %.12s…, was %.12s…", sum, in.SHA256)})
		}
	}
	for _, in := range inputs {
		if !locked[in.Path] {
			found = append(found, Difference{"input", in.Path, "new: the lock file does not name it"})
		}
	}
	return found
}

// outputDifferences compares outputs with the lock. Where they are not complete,
// those that are not there are not missed.
func (l Lock) outputDifferences(outputs []LockedOutput, complete bool) []Difference {
	var found []Difference
	now := map[string]LockedOutput{}
	for _, o := range outputs {
		now[o.Path] = o
	}
	for _, o := range l.Outputs {
		got, ok := now[o.Path]
		delete(now, o.Path)
		switch {
		case !ok && complete:
			found = append(found, Difference{"output", o.Path, "missing"})
		case !ok:
		case got.SHA256 == o.SHA256:
		case got.PCM == "":
			found = append(found, Difference{"output", o.Path, "is no audio file any more"})
		case o.PCM == noPCM:
			found = append(found, Difference{"output", o.Path, fmt.Sprintf("other content: %.12s…, was %.12s…", got.SHA256, o.SHA256)})
		case got.PCM == o.PCM:
			found = append(found, Difference{"output", o.Path, "other words around the same samples: it was tagged again"})
		case o.Encoder != "":
			found = append(found, Difference{"output", o.Path, o.codedOtherwise(got)})
		default:
			found = append(found, Difference{"output", o.Path, fmt.Sprintf("other samples: %.12s…, were %.12s…", got.PCM, o.PCM)})
		}
	}
	for _, o := range outputs {
		if _, ok := now[o.Path]; ok {
			found = append(found, Difference{"output", o.Path, "new: the lock file does not name it"})
		}
	}
	return found
}

// Verify holds a project's inputs and outputs against its lock file and names
// everything that differs. With rebuild, the outputs are rendered again from
// nothing, in a place of their own, and compared instead of those in place.
func Verify(ctx context.Context, p *spec.Project, o Options, rebuild bool) ([]Difference, error) {
	lock, err := ReadLock(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &InputError{Message: fmt.Sprintf("%s: there is no lock file yet: lathe build writes it", filepath.Join(p.Dir, LockName))}
	}
	if err != nil {
		return nil, err
	}
	if rebuild {
		return verifyRebuilt(ctx, p, o, lock)
	}
	b, jobs, _, err := start(p, o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	inputs, err := lockInputs(ctx, p, b.inputs, b.jobs)
	if err != nil {
		return nil, err
	}
	found := append(lock.inputDifferences(inputs), lock.programDifferences(ctx, jobs)...)
	var outputs []LockedOutput
	for _, out := range lock.Outputs {
		path := filepath.Join(b.place.dir, filepath.FromSlash(out.Path))
		now, err := b.placed(ctx, path, out)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, now)
	}
	return append(found, lock.outputDifferences(outputs, true)...), nil
}

// placed is the output at a path as it is now. Where that is not audio, it has no
// PCM digest.
func (b *builder) placed(ctx context.Context, path string, locked LockedOutput) (LockedOutput, error) {
	now := LockedOutput{Path: locked.Path}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return now, nil
	}
	sum, _, err := b.inputs.File(ctx, path)
	if err != nil {
		return now, err
	}
	now.SHA256, now.PCM = sum.String(), locked.PCM
	if now.SHA256 != locked.SHA256 && locked.PCM != noPCM {
		pcm, err := soundOf(path, locked)
		now.PCM = cache.Digest(pcm).String()
		if err != nil {
			now.PCM = ""
		}
	}
	return now, nil
}

// verifyRebuilt renders from nothing and compares.
func verifyRebuilt(ctx context.Context, p *spec.Project, o Options, lock Lock) ([]Difference, error) {
	dir, err := os.MkdirTemp("", "lathe-verify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	o.Out, o.Cache, o.keepLock = filepath.Join(dir, "dist"), filepath.Join(dir, "cache"), true
	b, jobs, _, err := start(p, o)
	if err != nil {
		return nil, err
	}
	inputs, err := lockInputs(ctx, p, b.inputs, b.jobs)
	b.close()
	if err != nil {
		return nil, err
	}
	found := append(lock.inputDifferences(inputs), lock.programDifferences(ctx, jobs)...)
	if lock.Engine != EngineVersion { // what another engine renders proves nothing
		return found, nil
	}
	r, err := Build(ctx, p, o)
	if err != nil {
		return nil, err
	}
	return append(found, lock.outputDifferences(lockOutputs(Manifest{Outputs: r.Files}), len(o.Only) == 0)...), nil
}
