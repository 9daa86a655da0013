package render_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/spec"
)

const referenceSong = `lathe: 1
song: {title: Like, artist: Test}
session: {sample_rate: 48 kHz}
stems:
  beat: {file: beat.wav, tags: [beat]}
  tune: {file: tune.wav, gain: GAIN}
versions: {dub: {mute: [tune]}, replay: {mute: [beat], dynamics: main}}
master: {REFERENCE chain: [saturator: {drive: 2 dB}]}
deliver: [DELIVER]
`

// referenceProject is a song of 12 s with a reference of 11 s; fill says what stands
// in its place-holders.
type referenceProject struct {
	dir  string
	fill map[string]string
}

func newReferenceProject(t *testing.T) *referenceProject {
	t.Helper()
	p := &referenceProject{t.TempDir(), map[string]string{"REFERENCE": "reference: refs/like.wav,", "GAIN": "-3 dB", "DELIVER": "mix: {from: master}"}}
	if err := os.Mkdir(filepath.Join(p.dir, "refs"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		writeSound(filepath.Join(p.dir, "beat.wav"), 48000, 12*48000, 2, 1),
		writeSound(filepath.Join(p.dir, "tune.wav"), 48000, 12*48000, 1, 3),
		writeSound(filepath.Join(p.dir, "refs/like.wav"), 44100, 11*44100, 2, 4),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *referenceProject) load(t *testing.T) *spec.Project {
	t.Helper()
	var pairs []string
	for k, v := range p.fill {
		pairs = append(pairs, k, v)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "lathe.yaml"), []byte(strings.NewReplacer(pairs...).Replace(referenceSong)), 0o644); err != nil {
		t.Fatal(err)
	}
	return load(t, p.dir)
}

func (p *referenceProject) build(t *testing.T) *render.Result {
	t.Helper()
	r, err := render.Build(context.Background(), p.load(t), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// digests are the samples of all outputs.
func digests(r *render.Result) []string {
	var sums []string
	for _, f := range r.Files {
		sums = append(sums, f.Path+" "+f.PCM)
	}
	return sums
}

// tapped is the sound of the master as a tap has it, of all versions.
func (p *referenceProject) tapped(t *testing.T) (sound string) {
	t.Helper()
	taps, err := render.Tap(context.Background(), p.load(t), render.Options{Cache: filepath.Join(p.dir, "other-cache")}, []string{"master", "master@dub"})
	if err != nil || len(taps) != 2 {
		t.Fatal(taps, err)
	}
	for _, tap := range taps {
		b, err := os.ReadFile(tap.File)
		if err != nil {
			t.Fatal(err)
		}
		sound += string(b)
	}
	return sound
}

// The match is a few ordinary processors: written into the chain in place of the
// reference they give the same samples, in every version, whatever the phase.
func TestMatchIsAnOrdinaryChain(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	for _, phase := range []string{"minimum", "linear"} {
		p := newReferenceProject(t)
		p.fill["REFERENCE"] = "reference: {files: refs/like.wav, eq: 80%, width: 50%, dynamics: 60%, phase: " + phase + "},"
		tapped := p.tapped(t)
		matched := p.build(t)
		if len(matched.Matches) != 1 || len(matched.Matches[0].Bands) == 0 || matched.Matches[0].Compressor == nil {
			t.Fatalf("%s: %+v", phase, matched.Matches)
		}
		m := matched.Matches[0]
		chain := "chain: [eq: {phase: " + phase + ", bands: ["
		for _, b := range m.Bands {
			chain += fmt.Sprintf("{type: %s, freq: %v, gain: %v, q: %v, on: %s}, ", b.Shape, b.Hz, b.Gain, b.Q, b.On)
		}
		chain += "]}, "
		if k := m.Compressor; k != nil {
			v := k.Values()
			chain += fmt.Sprintf("compressor: {threshold: %v, ratio: %v, knee: %v, attack: %v, release: %v, range: %v, detector: %s, makeup: %v}, ",
				v["threshold"], v["ratio"], v["knee"], v["attack"], v["release"], v["range"], v["detector"], v["makeup"])
		}
		p.fill["REFERENCE"], p.fill["chain: ["] = "", chain
		if written := p.build(t); !slices.Equal(digests(matched), digests(written)) || len(written.Files) != 3 {
			t.Errorf("%s: matched\n%q\nwritten\n%q\n%s", phase, digests(matched), digests(written), chain)
		}
		if p.tapped(t) != tapped {
			t.Errorf("%s: the taps of the master differ", phase)
		}
	}
}

// A mix that is its own reference is left alone: the build is that without one.
func TestMatchToItself(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	p := newReferenceProject(t)
	p.fill["REFERENCE"] = ""
	p.fill["DELIVER"] = "mix, mix: {name: out, from: master}"
	plain := p.build(t)
	mix, err := os.ReadFile(filepath.Join(p.dir, "dist/mix/Like.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "refs/like.wav"), mix, 0o644); err != nil {
		t.Fatal(err)
	}
	p.fill["REFERENCE"] = "reference: {files: refs/like.wav, eq: 100%, width: 100%, dynamics: 100%},"
	matched := p.build(t)
	if m := matched.Matches[0]; len(m.Bands) > 0 || m.Compressor != nil || m.Louder != 0 {
		t.Errorf("matched to itself: %+v", m.Bands)
	}
	if !slices.Equal(digests(plain), digests(matched)) {
		t.Errorf("%q\nmatched to itself\n%q", digests(plain), digests(matched))
	}
}

// A reference is an input: the lock file and watch know it; when it changes, or a
// setting of the match, what hears it is made again, and why says which it was. The
// mix is as before.
func TestReferenceIsAnInput(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	p := newReferenceProject(t)
	p.build(t)
	file := filepath.Join(p.dir, "refs/like.wav")
	opts := spec.Options{Catalogue: catalogue.Params()}
	if files := spec.Files(p.dir, opts); !slices.Contains(files, file) {
		t.Errorf("watch does not know of %s: %q", file, files)
	}
	if lock, err := os.ReadFile(filepath.Join(p.dir, render.LockName)); err != nil || !strings.Contains(string(lock), " refs/like.wav") {
		t.Errorf("the lock file does not know of it: %v\n%s", err, lock)
	}
	plan := func() (run []string, why string) {
		t.Helper()
		steps, err := render.Plan(context.Background(), p.load(t), render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Run {
				run = append(run, s.Action)
				why += strings.Join(s.Why, "\n") + "\n"
			}
		}
		return run, why
	}
	if run, _ := plan(); len(run) > 0 {
		t.Errorf("after a build, %q are to be done", run)
	}
	all := []string{"match", "master", "master (dub)", "master (replay)", "deliver mix/Like.wav", "deliver mix/Like (Dub).wav", "deliver mix/Like (Replay).wav"}
	expect := func(what, because string) {
		t.Helper()
		run, why := plan()
		if !slices.Equal(run, all) || !strings.Contains(why, because) {
			t.Errorf("%s: %q are to be done, because of\n%swant %q, because of %s", what, run, why, all, because)
		}
		var made []string
		r, err := render.Build(context.Background(), p.load(t), render.Options{Event: func(e render.Event) {
			if e.Event == render.ActionDone && !e.Cached {
				made = append(made, e.Action)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(made)
		if want := slices.Sorted(slices.Values(all)); !slices.Equal(made, want) || len(r.Matches) != 1 {
			t.Errorf("%s: %q were made, want %q", what, made, want)
		}
	}
	if err := writeSound(file, 44100, 11*44100, 2, 5); err != nil {
		t.Fatal(err)
	}
	expect("another reference", "match: file refs/like.wav:")
	p.fill["REFERENCE"] = "reference: {files: refs/like.wav, eq: 50%},"
	expect("another amount", "match: reference.eq: 60 → 50")
	p.fill["REFERENCE"] = "reference: {files: {file: refs/like.wav, weight: 3}, eq: 50%},"
	expect("another weight", "match: weight of refs/like.wav: 1 → 3")

	// What only the main version has moves the match, and with it the masters of the others.
	p.fill["GAIN"] = "-9 dB"
	steps, err := render.Plan(context.Background(), p.load(t), render.Options{Only: []string{"mix/Like (Dub).wav"}})
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, s := range steps {
		if s.Run {
			why[s.Action] = strings.Join(s.Why, "; ")
		}
	}
	want := "main version's stems/tune: fader.gain: -3 → -9"
	if why["match"] != want || why["master (dub)"] != want || why["deliver mix/Like (Dub).wav"] != want {
		t.Errorf("the dub without the tune is made anew because of %q, want %s", why, want)
	}
}

// What is known without rendering is refused before it, the rest when the file is
// listened to; both say what to do.
func TestReferenceRefused(t *testing.T) {
	p := newReferenceProject(t)
	file := filepath.Join(p.dir, "refs/like.wav")
	write := func(rate, channels int, frames, silent int64) {
		t.Helper()
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: channels, Bits: 16, Frames: frames})
		if err != nil {
			t.Fatal(err)
		}
		x := make([][]int32, channels)
		for c := range x {
			x[c] = make([]int32, frames)
			for i := silent; i < frames; i++ {
				x[c][i] = int32(8000 * math.Sin(float64(i)/7))
			}
		}
		if err := w.WriteInt(x); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		rate, channels  int
		seconds, silent float64
		check           bool
		message         string
	}{
		{8000, 2, 9.5, 0, true, "lathe.yaml:8:21: reference: file refs/like.wav: is 9.5 s long: a reference has at least 10 s of sound"},
		{8000, 1, 30, 25, false, "reference: file refs/like.wav: has 5.0 s of sound above -70 dBFS: a reference has at least 10 s"},
		{8000, 1, 20, 20, false, "reference: file refs/like.wav: has 0.0 s of sound above -70 dBFS: a reference has at least 10 s"},
	} {
		write(c.rate, c.channels, int64(c.seconds*float64(c.rate)), int64(c.silent*float64(c.rate)))
		var input *render.InputError
		if _, err := render.Build(context.Background(), p.load(t), render.Options{}); !errors.As(err, &input) || !strings.Contains(err.Error(), c.message) {
			t.Errorf("built: %v, want %s", err, c.message)
		}
		if found := render.Inspect(p.load(t)); found.HasErrors() != c.check {
			t.Errorf("%s: check finds %s", c.message, found.Text())
		}
	}
	if _, err := os.Stat(filepath.Join(p.dir, "dist/mix/Like.wav")); err == nil {
		t.Error("something was delivered")
	}
}

// With loudness: on, a delivery of the master that has none gets the references', and
// another keeps its own.
func TestReferenceLoudness(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	p := newReferenceProject(t)
	p.fill["REFERENCE"] = "reference: {files: refs/like.wav, loudness: on},"
	p.fill["DELIVER"] = "mix, mix: {name: open, from: master, ceiling: -1 dBTP}, streaming"
	r := p.build(t)
	integrated := *r.Matches[0].References[0].Integrated
	for _, f := range r.Files {
		switch {
		case f.Version != "main":
		case f.Delivery == "mix" && f.TargetLoudness != nil,
			f.Delivery == "streaming" && *f.TargetLoudness != -14:
			t.Errorf("%s aims at %v", f.Path, *f.TargetLoudness)
		case f.Delivery == "open" && (f.TargetLoudness == nil || math.Abs(*f.TargetLoudness-integrated) > 0.005 || math.Abs(*f.Integrated-integrated) > 0.1):
			t.Errorf("%s: target %v, has %v LUFS; the reference has %.2f", f.Path, f.TargetLoudness, *f.Integrated, integrated)
		}
	}
}

// A preview does not wait for the whole mix: it has the match of the last build, and
// none before the first.
func TestPreviewMatch(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	p := newReferenceProject(t)
	var v render.Previewer
	preview := func() render.Matched {
		t.Helper()
		made, err := v.Render(context.Background(), p.load(t), render.Options{}, 3)
		if err != nil || made == nil {
			t.Fatal(made, err)
		}
		return made.Match
	}
	if got := preview(); got != render.MatchNone {
		t.Errorf("before the first build: %q", got)
	}
	p.build(t)
	p.fill["GAIN"] = "-6 dB"
	if got := preview(); got != render.MatchLast {
		t.Errorf("after an edit of the mix: %q", got)
	}
	if _, err := render.Matches(context.Background(), p.load(t), render.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := preview(); got != render.MatchCurrent {
		t.Errorf("after lathe match: %q", got)
	}
	p.fill["REFERENCE"] = ""
	if got := preview(); got != "" {
		t.Errorf("without a reference: %q", got)
	}
}
