package render_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/encode"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// program makes sure that an encoder is there. Where the tests are run for the record
// (CI is set) it has to be.
func program(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := encode.Find(t.Context(), name); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// hotFrames is the length of hotSong, at no coder's packet.
const hotFrames = 100_003

// hotSong writes a song whose only stem is clipped: drums and a bass driven far over
// full scale, whose squares every coder makes higher. It returns its folder.
func hotSong(t *testing.T, deliver string) string {
	t.Helper()
	dir := t.TempDir()
	writeHotSong(t, dir, "Hot", deliver)
	var x [2][]float64
	noise, peak := uint64(1), 1.0
	if strings.Contains(deliver, "ceiling: none") {
		peak = 0.7
	}
	for i := range hotFrames {
		s := float64(i) / 48000
		beat := math.Mod(s, 0.25)
		bass := 3 * math.Sin(2*math.Pi*55*s) * math.Exp(-4*beat)
		for ch := range x {
			noise = noise*6364136223846793005 + 1442695040888963407
			hiss := float64(int32(noise>>32)) / (1 << 31) * math.Exp(-25*beat)
			x[ch] = append(x[ch], peak*max(-1, min(bass+2*hiss, 1)))
		}
	}
	f, err := os.Create(filepath.Join(dir, "hot.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := audiofile.Create(f, audiofile.Spec{Rate: 48000, Channels: 2, Bits: 32, Float: true, Frames: hotFrames})
	if err == nil {
		err = w.WriteFloat(x[:])
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeHotSong(t *testing.T, dir, title, deliver string) {
	t.Helper()
	text := fmt.Sprintf("lathe: 1\nsong: {title: %s, artist: Test, isrc: QZABC2600001, length: %v s}\nsession: {sample_rate: 48 kHz}\nstems: {a: hot.wav}\ndeliver: [%s]\n", title, float64(hotFrames)/48000, deliver)
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What is delivered keeps level, ceiling and length when it is decoded, however much
// the coder adds to the peaks; twice the same bytes; another title encodes nothing.
func TestLossy(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	program(t, "lame", "ffmpeg", "opusenc", "oggenc")
	for _, c := range []struct {
		deliver, kind, ext string
		more               bool // one encoding is not enough
	}{
		{"{format: mp3, bitrate: 128 kbps}", "mp3 128 kbps", ".mp3", true},
		{"{format: mp3, quality: V0, encoder: ffmpeg, head: 0.5 s, loudness: -11 LUFS, tolerance: 0.2 LU}", "mp3 V0", ".mp3", false},
		{"{format: aac, bitrate: 128 kbps}", "aac 128 kbps", ".m4a", true},
		{"{format: opus, bitrate: 64 kbps}", "opus 64 kbps", ".opus", true},
		{"{format: vorbis, quality: q2, encoder: oggenc}", "vorbis q2", ".ogg", true},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			deliver := strings.Replace("streaming: "+c.deliver, "{", "{rules: none, name: out, sample_rate: 48 kHz, ceiling: -0.1 dBTP, ", 1)
			if !strings.Contains(deliver, "loudness") {
				deliver = strings.Replace(deliver, "{", "{loudness: none, ", 1)
			}
			dir := hotSong(t, deliver)
			first := build(t, dir)
			o := first.Files[0]
			path := filepath.Join(dir, "dist", filepath.FromSlash(o.Path))
			if o.Kind() != c.kind || filepath.Ext(path) != c.ext || o.BitDepth != 0 || o.PCM != "" {
				t.Errorf("made %s as %s, %d bits, samples %q", o.Path, o.Kind(), o.BitDepth, o.PCM)
			}
			frames := int64(hotFrames)
			if strings.Contains(c.deliver, "head") {
				frames += 24000
			}
			said, err := audiofile.ReadCoded(path)
			if err != nil || said.Frames != frames || o.Frames != frames || said.Tags["title"] != "Hot" || said.Tags["isrc"] != "QZABC2600001" {
				t.Errorf("the file says %+v, %v", said, err)
			}
			// As another program decodes it, measured anew, from its place.
			r, err := measure.File(t.Context(), path, measure.Options{To: float64(frames) / 48000})
			if err != nil {
				t.Fatal(err)
			}
			if r.Frames < frames || r.Frames > frames+1023 || c.ext != ".m4a" && r.Frames != frames {
				t.Errorf("decodes to %d frames, want %d", r.Frames, frames)
			}
			// Deliveries are held to what the file measures; the second reading is the same.
			if *r.TruePeak > -0.1 || o.TargetLoudness != nil && math.Abs(*r.Integrated-*o.TargetLoudness) > 0.2 {
				t.Errorf("decoded: %.3f dBTP, %.3f LUFS", *r.TruePeak, *r.Integrated)
			}
			h := o.Coding.History
			if len(h) > 4 || o.Coding.Lowered() > 3 || (len(h) > 1) != c.more && c.more || *h[len(h)-1].TruePeak != *o.TruePeak {
				t.Errorf("history %+v of %+v", h, o)
			}
			if c.more && *h[0].TruePeak <= -0.1 {
				t.Errorf("nothing had to be lowered, so this shows nothing: %v dBTP", *h[0].TruePeak)
			}
			other := hotSong(t, deliver)
			if again := build(t, other).Files[0]; again.SHA256 != o.SHA256 {
				t.Error("a second build from nothing gives other bytes")
			}
			writeHotSong(t, dir, "Cold", deliver)
			retitled := build(t, dir)
			if o := retitled.Files[0]; retitled.Rendered != 0 || o.Coding.Audio != first.Files[0].Coding.Audio || o.SHA256 == first.Files[0].SHA256 {
				t.Errorf("another title: %d steps, %+v", retitled.Rendered, o)
			}
			if b, err := os.ReadFile(filepath.Join(dir, "dist", "manifest.json")); err != nil || !bytes.Contains(b, []byte(`"bit_depth": null`)) || !bytes.Contains(b, []byte(`"pcm_sha256": null`)) {
				t.Errorf("the manifest gives a lossy file a word length, or samples of its own (%v)", err)
			}
		})
	}
}

// fakeProgram puts a shell script of that name before all others on PATH. In it REAL is
// the program's own path.
func fakeProgram(t *testing.T, name, script string) {
	t.Helper()
	program(t, name)
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+strings.ReplaceAll(script, "REAL", path)), 0o755); err != nil {
		t.Skip(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// tryBuild builds and returns what went wrong; then nothing may have been put in place.
func tryBuild(t *testing.T, ctx context.Context, dir string, o render.Options) error {
	t.Helper()
	o.Cache = filepath.Join(dir, ".lathe")
	_, err := render.Build(ctx, load(t, dir), o)
	if err == nil {
		t.Fatal("nothing went wrong")
	}
	if _, e := os.Stat(filepath.Join(dir, "dist", "manifest.json")); !errors.Is(e, fs.ErrNotExist) {
		t.Error("something was put in place")
	}
	if left, e := filepath.Glob(filepath.Join(dir, ".lathe", "tmp", "*")); len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, e)
	}
	return err
}

const cheapMP3 = "streaming: {rules: none, name: out, format: mp3, sample_rate: 48 kHz, loudness: none, ceiling: none}"

// An encoder whose peaks cannot be brought below the ceiling misses the target; the
// message says what was tried.
func TestLossyPeaksStay(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	fakeProgram(t, "lame", `case "$1" in --version) exec REAL --version; esac; exec REAL --scale 2 "$@"`)
	err := tryBuild(t, t.Context(), hotSong(t, strings.Replace(cheapMP3, "ceiling: none", "ceiling: -1 dBTP", 1)), render.Options{})
	if missed := (*render.TargetError)(nil); !errors.As(err, &missed) {
		t.Fatal(err)
	}
	for _, want := range []string{"out/Hot.mp3: decoded by ffmpeg ", "what lame 3", "stays over the ceiling of -1.00 dBTP (limiter at -1.06: ", "the limiter may go 3 dB lower"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

// What an encoder does wrong is the machine's fault, and never delivered.
func TestLossyFaults(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"fails", "cat >/dev/null; echo out of luck >&2; exit 1", "failed: out of luck"},
		{"rubbish", "cat >/dev/null; for out; do :; done; echo rubbish >$out", "wrote a file that is no mp3: cut off"},
		{"too short", `for out; do :; done; head -c 200000 | REAL --silent - $out`, "where 100003 were encoded"},
		{"another format", `for out; do :; done; ffmpeg -v error -f wav -i - -f ogg -c:a libvorbis $out`, "wrote vorbis at 48000 Hz, where mp3 at 48000 Hz was asked for"},
		{"damaged", `for out; do :; done; REAL "$@"; head -c 300 $out >$out.x; yes | head -c 30000 >>$out.x; mv $out.x $out`, "wrote a file that ffmpeg "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			program(t, "ffmpeg")
			fakeProgram(t, "lame", `case "$1" in --version) exec REAL --version; esac; `+tt.script)
			err := tryBuild(t, t.Context(), hotSong(t, cheapMP3), render.Options{})
			if !render.IsMachineFault(err) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "lame 3") {
				t.Errorf("%v lacks %q", err, tt.want)
			}
		})
	}
}

// A build that is cancelled while an encoder hangs ends, and leaves nothing.
func TestLossyCancelled(t *testing.T) {
	dir := hotSong(t, cheapMP3)
	fakeProgram(t, "lame", `case "$1" in --version) exec REAL --version; esac; : >`+dir+`/hangs; exec sleep 600`)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(dir, "hangs")); err == nil {
				stop()
			}
		}
	}()
	if err := tryBuild(t, ctx, dir, render.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A missing encoder is told before any work, with what else could do it.
func TestLossyMissing(t *testing.T) {
	program(t, "ffmpeg")
	dir := hotSong(t, cheapMP3+", streaming: {rules: none, name: o, format: opus, sample_rate: 48 kHz}")
	ffmpeg, _ := exec.LookPath("ffmpeg")
	ffprobe, _ := exec.LookPath("ffprobe")
	bin := t.TempDir()
	if os.Symlink(ffmpeg, filepath.Join(bin, "ffmpeg")) != nil || os.Symlink(ffprobe, filepath.Join(bin, "ffprobe")) != nil {
		t.Skip("no symbolic links")
	}
	t.Setenv("PATH", bin)
	err := tryBuild(t, t.Context(), dir, render.Options{Event: func(e render.Event) {
		if e.Event == render.ActionStarted {
			t.Errorf("work was begun: %s", e.Action)
		}
	}})
	for _, want := range []string{"lathe.yaml:5:11: deliver: out: there is no program lame in " + bin + " (PATH): install it (", ", or write encoder: ffmpeg"} {
		if !render.IsMachineFault(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	all := render.CheckPrograms(t.Context(), load(t, dir))
	if found := render.Findings(spec.SeverityError, all); len(found) != 2 || !strings.Contains(found[1].Message, "deliver: o: there is no program opusenc") {
		t.Errorf("found %+v", found)
	}
	t.Setenv("PATH", t.TempDir())
	writeHotSong(t, dir, "Hot", "mix: {format: vorbis}")
	if err := tryBuild(t, t.Context(), dir, render.Options{}); !strings.Contains(err.Error(), "there is no program ffmpeg") {
		t.Error(err)
	}
}

// Another version of an encoder is named by verify and by a locked build, and is a
// reason to encode anew.
func TestLossyLock(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	program(t, "lame", "ffmpeg")
	dir := hotSong(t, cheapMP3)
	o := build(t, dir).Files[0]
	p, options := load(t, dir), render.Options{Cache: filepath.Join(dir, ".lathe")}
	options.Locked = true
	if _, err := render.Build(t.Context(), p, options); err != nil {
		t.Errorf("locked: %v", err)
	}
	differences := func(rebuild bool) string {
		t.Helper()
		found, err := render.Verify(t.Context(), p, render.Options{Cache: filepath.Join(dir, ".lathe")}, rebuild)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, d := range found {
			all = append(all, d.String())
		}
		return strings.Join(all, "\n")
	}
	if got := differences(true); got != "" {
		t.Errorf("rebuilt: %s", got)
	}
	path := filepath.Join(dir, "dist", filepath.FromSlash(o.Path))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte("Hot"), []byte("Not"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := differences(false); got != "output out/Hot.mp3: other words around the same samples: it was tagged again" {
		t.Errorf("tagged again: %s", got)
	}
	damaged := bytes.Clone(b)
	damaged[len(damaged)-5] ^= 1
	if err := os.WriteFile(path, damaged, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := differences(false); !strings.HasPrefix(got, "output out/Hot.mp3: another coded sound: ") {
		t.Errorf("other bytes: %s", got)
	}
	if err := os.WriteFile(path, []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := differences(false); got != "output out/Hot.mp3: is no audio file any more" {
		t.Errorf("rubbish: %s", got)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}

	// A newer one, that makes other bytes.
	fakeProgram(t, "lame", `case "$1" in --version) echo "LAME 64bits version 3.999 (x)"; exit;; esac; exec REAL "$@" --lowpass 15`)
	older := strings.TrimPrefix(o.Coding.Encoder, "lame ")
	want := "encoder out/Hot.mp3: made with lame " + older + ", here is lame 3.999: install that version, or release anew by a build without --locked"
	if got := differences(false); got != want {
		t.Errorf("verify: %s", got)
	}
	if got := differences(true); !strings.HasPrefix(got, want+"\noutput out/Hot.mp3: another coded sound: ") || !strings.HasSuffix(got, ", made by lame 3.999 of the samples that lame "+older+" had") {
		t.Errorf("verify --rebuild: %s", got)
	}
	var other *render.LockError
	if _, err := render.Build(t.Context(), p, options); !errors.As(err, &other) || !strings.Contains(err.Error(), want) {
		t.Errorf("build --locked: %v", err)
	}
	steps, err := render.Plan(t.Context(), p, render.Options{Cache: filepath.Join(dir, ".lathe")})
	if err != nil {
		t.Fatal(err)
	}
	last := steps[len(steps)-1]
	if !last.Run || !strings.Contains(strings.Join(last.Why, "\n"), "encoder: lame "+older+" → lame 3.999") {
		t.Errorf("plan: %+v", last)
	}
	if r := build(t, dir); r.Files[0].Coding.Encoder != "lame 3.999" || r.Files[0].SHA256 == o.SHA256 {
		t.Errorf("built anew: %+v", r.Files[0])
	}
	options.Locked = true
	if _, err := render.Build(t.Context(), p, options); err != nil {
		t.Errorf("locked again: %v", err)
	}
}

// The session's rate may be one that a format does not have.
func TestLossyRates(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	dir := hotSong(t, "mix: {name: o, format: opus}, mix: {name: m, format: mp3, sample_rate: 44.1 kHz}")
	text, err := os.ReadFile(filepath.Join(dir, "lathe.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), bytes.Replace(text, []byte("session: {sample_rate: 48 kHz}"), []byte("session: {sample_rate: 44.1 kHz}"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	found := render.Inspect(load(t, dir))
	found = slices.DeleteFunc(found, func(d spec.Diagnostic) bool { return d.Severity != spec.SeverityError })
	if len(found) != 1 || found[0].Message != "deliver: o: opus has no sample rate of 44.1 kHz, only 48 kHz: that is the session's; write sample_rate: 48 kHz" {
		t.Errorf("found %+v", found)
	}
}

// The language and the programs agree on who makes what, and how.
func TestLossyEncodersAreThere(t *testing.T) {
	for _, format := range spec.LossyFormats() {
		d := spec.Delivery{Format: format}
		if len(d.OtherEncoders()) == 0 {
			t.Errorf("nothing makes %s", format)
		}
		for _, name := range d.OtherEncoders() {
			byRate, byQuality := encode.Takes(name, format)
			if byRate != (format != "vorbis") {
				t.Errorf("%s makes %s by bitrate: %v", name, format, byRate)
			}
			if byQuality != (format == "mp3" || format == "vorbis") {
				t.Errorf("%s makes %s by quality: %v", name, format, byQuality)
			}
		}
	}
}
