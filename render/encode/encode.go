// Package encode runs the encoders of lossy formats: programs of the user's own, found
// on PATH, each with arguments of its own and an environment that holds nothing but
// what a program needs to start. So the same version of an encoder makes the same
// file of the same samples, on the same kind of machine: between machines no lossy
// encoder promises that, and lathe does not either.
//
// Nothing is chosen by what is installed. A program that is asked for and is not there
// is an [Error] that names it.
package encode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Setting is how a file is to be encoded.
type Setting struct {
	Format  string // "mp3", "aac" (in MP4), "opus" or "vorbis" (both in Ogg)
	Program string // one of [Programs]
	Bitrate int    // kbit/s; 0: by Quality
	Rate    int    // Hz, of the file and of what it is made of
	Quality int    // on the encoder's own scale: MP3 0 (best) to 9, Vorbis -1 to 10 (best)
}

// Tool is a program that is there.
type Tool struct {
	Program string // "lame"
	Path    string
	Version string // "3.100"; of a front end, with that of its library: "0.2 libopus 1.3.1"
}

// String is "lame 3.100".
func (t Tool) String() string { return t.Program + " " + t.Version }

// Error says that a program is missing or has failed: the machine's fault, not the
// project's.
type Error struct {
	Program string
	Missing bool // it is not there, or cannot do what it is for
	Message string
	Err     error // may be nil
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Find finds a program of [Programs] on PATH and asks for its version, once for as long
// as the program is the same file. An [*Error] says where it was looked for and how to
// get it.
func Find(ctx context.Context, name string) (Tool, error) {
	p, ok := programs[name]
	if !ok {
		return Tool{}, fmt.Errorf("encode: there is no program %q, only %v", name, Programs())
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return Tool{}, &Error{Program: name, Missing: true, Err: err, Message: fmt.Sprintf(
			"there is no program %s in %s (PATH): install it (%s)", name, places(), p.install)}
	}
	info, err := os.Stat(path)
	if err != nil {
		return Tool{}, &Error{Program: name, Missing: true, Err: err, Message: fmt.Sprintf("%s cannot be run: %v", path, err)}
	}
	key := fmt.Sprint(path, info.Size(), info.ModTime().UnixNano())
	if t, ok := found.Load(key); ok {
		return t.(Tool), nil
	}
	out, err := say(ctx, path, p.version...)
	if ctx.Err() != nil {
		return Tool{}, ctx.Err()
	}
	said := p.says.FindStringSubmatch(out)
	if said == nil {
		return Tool{}, &Error{Program: name, Missing: true, Err: err, Message: fmt.Sprintf(
			"%s %s does not say which version of %s it is: is it that program? (%s)", path, strings.Join(p.version, " "), name, p.install)}
	}
	t := Tool{Program: name, Path: path, Version: strings.Join(said[1:], " "+p.library+" ")}
	found.Store(key, t)
	return t, nil
}

// found are the tools by path, size and time of their files.
var found sync.Map

// places is PATH for people.
func places() string {
	dirs := filepath.SplitList(os.Getenv("PATH"))
	if len(dirs) == 0 {
		return "an empty list of folders"
	}
	return strings.Join(dirs, ", ")
}

// say runs a program that says something and returns it.
func say(ctx context.Context, path string, args ...string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, sayLimit)
	defer stop()
	cmd := command(ctx, path, args...)
	out := &tail{}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	return string(out.b), err
}

// sayLimit is how long a program may take to say its version.
const sayLimit = time.Minute

// Has makes sure that a tool can encode a format: ffmpeg comes with and without the
// libraries it takes for that.
func (t Tool) Has(ctx context.Context, format string) error {
	c, ok := programs[t.Program].codecs[format]
	switch {
	case !ok:
		return fmt.Errorf("encode: %s makes no %s", t.Program, format)
	case c.needs == nil:
		return nil
	}
	key := t.Path + t.Version + format
	if _, ok := found.Load(key); ok {
		return nil
	}
	out, err := say(ctx, t.Path, c.needs...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !strings.Contains(out, c.shows) {
		return &Error{Program: t.Program, Missing: true, Err: err, Message: fmt.Sprintf("%s (%s) was built without %s: install one that has it", t, t.Path, c.library)}
	}
	found.Store(key, true)
	return nil
}

// Arguments are what a tool is run with, in and out left out: what besides the samples
// and the tool decides the file.
func (t Tool) Arguments(s Setting) []string {
	c := programs[t.Program].codecs[s.Format]
	level, n := c.bitrate, s.Bitrate
	if n == 0 {
		level, n = c.quality, s.Quality
	}
	args := append([]string(nil), c.args...)
	add := func(more []string, value string) {
		for _, a := range more {
			args = append(args, strings.ReplaceAll(a, "{}", value))
		}
	}
	add(level, fmt.Sprint(n))
	add(c.rate, fmt.Sprint(float64(s.Rate)/1000))
	if scale := turnedDown[s.Bitrate]; scale > 0 && c.undo != nil {
		add(c.undo, fmt.Sprintf("%.7f", 1/scale))
	}
	return args
}

// Limit is how long an encoder may take for a sound of that many seconds before it is
// taken to hang: far longer than one takes on a machine that is busy with other things.
func Limit(seconds float64) time.Duration {
	return 10*time.Minute + time.Duration(5*seconds)*time.Second
}

// Run encodes: wav is a WAV file's bytes, which are piped in, and out the file to be
// written, in a folder of the caller's. Cancelling ctx, or the limit, ends the program
// and all it has started. An [*Error] has the end of what the program said.
func (t Tool) Run(ctx context.Context, s Setting, wav io.Reader, out string, limit time.Duration) error {
	c, ok := programs[t.Program].codecs[s.Format]
	if !ok {
		return fmt.Errorf("encode: %s makes no %s", t.Program, s.Format)
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	inner, stop := context.WithTimeout(ctx, limit)
	defer stop()
	args := append(append(append([]string(nil), c.before...), t.Arguments(s)...), c.files(out)...)
	cmd := command(inner, t.Path, args...)
	cmd.Dir = filepath.Dir(out)
	in, said := &source{r: wav}, &tail{}
	cmd.Stdin, cmd.Stderr = in, said
	err = cmd.Run()
	fail := func(format string, args ...any) error {
		return &Error{Program: t.Program, Err: err, Message: t.String() + " " + fmt.Sprintf(format, args...)}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case in.err != nil:
		return in.err
	case inner.Err() != nil:
		return fail("has not finished after %v, and was ended", limit)
	case err != nil:
		return fail("failed: %s", said.lastLine(err))
	}
	if info, err := os.Stat(out); err != nil || info.Size() == 0 {
		return fail("has written nothing, and says it is done")
	}
	return nil
}

// command is a program to be run in an environment of its own, which ends with all it
// has started when ctx does.
func command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = environment()
	cmd.WaitDelay = 5 * time.Second // for the pipes of what does not want to end
	alone(cmd)
	return cmd
}

// kept are the variables without which programs may not start: where they, their
// libraries and their temporary files are. No other reaches an encoder: LAMEOPT would
// add arguments.
var kept = []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT"}

func environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range kept {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// source tells an error of who reads from one of who is written to.
type source struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// tail keeps the end of what a program says.
type tail struct{ b []byte }

const tailBytes = 64 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - tailBytes; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

// lastLine is the last thing a program said, or how it ended.
func (t *tail) lastLine(err error) string {
	lines := bytes.FieldsFunc(t.b, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := len(lines) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(strings.ToValidUTF8(string(lines[i]), "?")); line != "" {
			return fmt.Sprintf("%s (%v)", line, err)
		}
	}
	return err.Error()
}

// filePrefix keeps ffmpeg from taking a name for an address.
const filePrefix = "file:"
