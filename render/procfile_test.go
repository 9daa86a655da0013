package render_test

import (
	"context"
	"encoding/binary"
	"errors"
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

const roomSong = `lathe: 1
song: {title: Room, artist: Test}
session: {sample_rate: 48 kHz}
stems:
  drum: {file: drum.wav, sends: {room: 0 dB}}
returns:
  room:
    chain:
      - parallel: {chain: [{convolver: {ir: rooms/chapel.wav, normalize: none}}]}
deliver: [mix]
`

// roomProject writes a song that is sent through an impulse response.
func roomProject(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "rooms"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(roomSong), 0o644),
		writeSound(filepath.Join(dir, "drum.wav"), 48000, 24000, 1, 1),
		writeSound(filepath.Join(dir, "rooms/chapel.wav"), 44100, 9000, 2, 2),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// An impulse response is an input like a stem: the lock file and watch know it, and
// when its samples change, what hears it is rendered again, and why names it.
func TestImpulseResponseIsAnInput(t *testing.T) {
	dir := roomProject(t)
	ir := filepath.Join(dir, "rooms", "chapel.wav")
	build := func() string {
		t.Helper()
		r, err := render.Build(context.Background(), load(t, dir), render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Files[0].PCM
	}
	first := build()
	lock, err := render.ReadLock(load(t, dir))
	if err != nil || !slices.ContainsFunc(lock.Inputs, func(in render.LockedInput) bool { return in.Path == "rooms/chapel.wav" }) {
		t.Errorf("the lock file does not name the response: %v, %v", lock.Inputs, err)
	}
	if files := spec.Files(dir, spec.Options{Catalogue: catalogue.Params()}); !slices.Contains(files, ir) {
		t.Errorf("spec.Files does not name it: %v", files)
	}

	if err := writeSound(ir, 44100, 9000, 2, 3); err != nil {
		t.Fatal(err)
	}
	steps, err := render.Plan(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	named := false
	for _, s := range steps {
		named = named || s.Run && strings.Contains(strings.Join(s.Why, "\n"), "file rooms/chapel.wav: ")
	}
	if !named {
		t.Errorf("no step says that the response changed: %+v", steps)
	}
	if second := build(); second == first {
		t.Error("another response gives the same sound")
	}
	if err := writeSound(ir, 44100, 9000, 2, 2); err != nil {
		t.Fatal(err)
	}
	if third := build(); third != first {
		t.Error("the first response gives another sound than before")
	}
}

// Faults of the file are named where the project names the file: by check, and by
// build before anything is delivered.
func TestImpulseResponseFaults(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(path string) error
		want   string
	}{
		"corrupt": {
			func(path string) error { return os.WriteFile(path, []byte("RIFF\x10\x00\x00\x00WAVEnothing"), 0o644) },
			"convolver: file rooms/chapel.wav: ",
		},
		"cut short": {
			func(path string) error { return os.WriteFile(path, []byte("no sound at all"), 0o644) },
			"convolver: file rooms/chapel.wav: ",
		},
		"channels": {
			func(path string) error { return writeChannels(path, 48000, 3, 100) },
			"convolver: file rooms/chapel.wav: has 3 channels: an impulse response has 1, 2, or 4 for true stereo",
		},
		"empty": {
			func(path string) error { return writeSound(path, 48000, 0, 1, 1) },
			"convolver: file rooms/chapel.wav: has no samples",
		},
		"long": {
			func(path string) error { return writeSound(path, 8000, 31*8000, 1, 1) },
			"convolver: file rooms/chapel.wav: is 31.0 s long: an impulse response has at most 30 s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := roomProject(t)
			if err := test.damage(filepath.Join(dir, "rooms", "chapel.wav")); err != nil {
				t.Fatal(err)
			}
			p := load(t, dir)
			found := render.Inspect(p)
			if len(found) != 1 || found[0].Line != 9 || found[0].Col != 45 || !strings.HasPrefix(found[0].Message, test.want) {
				t.Errorf("check says %s", found.Text())
			}
			_, err := render.Build(context.Background(), p, render.Options{})
			var input *render.InputError
			if !errors.As(err, &input) || input.Pos.Line != 9 || !strings.Contains(err.Error(), test.want) {
				t.Errorf("build says %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "dist")); err == nil {
				t.Error("something was delivered")
			}
		})
	}

	t.Run("missing", func(t *testing.T) {
		dir := roomProject(t)
		if err := os.Rename(filepath.Join(dir, "rooms", "chapel.wav"), filepath.Join(dir, "rooms", "chapell.wav")); err != nil {
			t.Fatal(err)
		}
		_, diags := spec.Load(dir, spec.Options{Catalogue: catalogue.Params()})
		if len(diags) != 1 || diags[0].Line != 9 || !strings.HasSuffix(diags[0].Message, "convolver: ir rooms/chapel.wav not found") || diags[0].Hint != "did you mean rooms/chapell.wav?" {
			t.Errorf("load says %s", diags.Text())
		}
	})
}

// Four channels are true stereo. The stem is mono, and the channels are impulses of
// one, two, four and eight steps of a sixteenth: left hears the first and the third.
func TestTrueStereoResponse(t *testing.T) {
	dir := roomProject(t)
	if err := writeChannels(filepath.Join(dir, "rooms", "chapel.wav"), 48000, 4, 200); err != nil {
		t.Fatal(err)
	}
	// The drum goes nowhere but into the room.
	text := strings.Replace(roomSong, "drum: {file: drum.wav, sends: {room: 0 dB}}", "drum: {file: drum.wav, sends: {room: {level: 0 dB, pre: true}}, gain: -100 dB}", 1)
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := render.Build(context.Background(), load(t, dir), render.Options{Out: filepath.Join(dir, "out")})
	if err != nil {
		t.Fatal(err)
	}
	left, right := readStereo(t, filepath.Join(dir, "out", filepath.FromSlash(r.Files[0].Path)))
	var l, rr float64
	for i := range left {
		l += left[i] * left[i]
		rr += right[i] * right[i]
	}
	// (1+4)/16 against (2+8)/16: half.
	if got := math.Sqrt(l / rr); l == 0 || math.Abs(got-0.5) > 0.001 {
		t.Errorf("left is %.4f of right, want 0.5", got)
	}
}

// writeChannels writes a 16-bit WAV file whose first frame has 2048, 4096, 8192, ...
// in its channels; [audiofile.CreateWAV] writes no more than two.
func writeChannels(path string, rate, channels, frames int) error {
	b := []byte("RIFF....WAVEfmt ")
	le := binary.LittleEndian
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*2))
	b = le.AppendUint16(b, uint16(channels*2))
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(frames*channels*2))
	data := make([]byte, frames*channels*2)
	for ch := range channels {
		le.PutUint16(data[2*ch:], uint16(2048<<ch))
	}
	b = append(b, data...)
	le.PutUint32(b[4:], uint32(len(b)-8))
	return os.WriteFile(path, b, 0o644)
}

// A response at another rate is resampled and keeps what it does to a level: the
// same bump of sound, sampled at 44.1 and at 48 kHz, makes the same of a song.
func TestImpulseResponseAtAnotherRate(t *testing.T) {
	sound := func(rate int) []float64 {
		dir := roomProject(t)
		n := rate / 10
		x := [][]float64{make([]float64, n)}
		for i := range x[0] { // 1/s times a Gaussian bump of 1 ms at 20 ms: far below 18 kHz
			s := float64(i)/float64(rate) - 0.02
			x[0][i] = 1000 / float64(rate) * math.Exp(-0.5*s*s/1e-6) * math.Cos(2*math.Pi*700*s)
		}
		if err := writeFloat(filepath.Join(dir, "rooms", "chapel.wav"), rate, x); err != nil {
			t.Fatal(err)
		}
		out := t.TempDir()
		r, err := render.Build(context.Background(), load(t, dir), render.Options{Out: out})
		if err != nil {
			t.Fatal(err)
		}
		left, _ := readStereo(t, filepath.Join(out, filepath.FromSlash(r.Files[0].Path)))
		return left
	}
	a, b := sound(48000), sound(44100)
	sum, diff := 0.0, 0.0
	for i := range min(len(a), len(b)) {
		sum += a[i] * a[i]
		diff += (a[i] - b[i]) * (a[i] - b[i])
	}
	if db := 10 * math.Log10(diff/sum); db > -60 { // 24-bit files, and 0.01 dB is -59 dB
		t.Errorf("the two differ by %.1f dB", db)
	}
}

func writeFloat(path string, rate int, x [][]float64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: len(x), Bits: 32, Float: true, Frames: int64(len(x[0]))})
	if err != nil {
		return err
	}
	if err := w.WriteFloat(x); err != nil {
		return err
	}
	return w.Close()
}

func readStereo(t *testing.T, path string) (left, right []float64) {
	t.Helper()
	r, err := audiofile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	left, right = make([]float64, r.Info().Frames), make([]float64, r.Info().Frames)
	for at := 0; at < len(left); {
		n, err := r.ReadStereo(left[at:], right[at:])
		if err != nil {
			t.Fatal(err)
		}
		at += n
	}
	return left, right
}
