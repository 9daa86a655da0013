package render_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// albumOf writes an album's project file, with mixes a.wav, b.wav and so on of 24 bits
// at 44.1 kHz, of so many seconds each.
func albumOf(t *testing.T, text string, seconds ...float64) string {
	t.Helper()
	dir := t.TempDir()
	for i, s := range seconds {
		if err := writeSound(filepath.Join(dir, fmt.Sprintf("%c.wav", 'a'+i)), 44100, int(s*44100), 2, i+1); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(t, dir, text)
	return dir
}

func rewrite(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte("lathe: 1\nrelease: {title: R, artist: A, upc: \"036000291452\"}\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// made builds a project and returns what it made of each song: the actions that ran.
func made(t *testing.T, dir string, only ...string) (*render.Result, []string) {
	t.Helper()
	var ran []string
	var mu sync.Mutex
	r, err := render.Build(context.Background(), load(t, dir), render.Options{Only: only, Event: func(e render.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Event == render.ActionDone && !e.Cached {
			ran = append(ran, e.Action)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(ran)
	return r, ran
}

// joined reads files one after the other.
func joined(t *testing.T, paths ...string) [2][]float64 {
	t.Helper()
	var out [2][]float64
	for _, p := range paths {
		x := readWhole(t, p)
		for ch := range out {
			out[ch] = append(out[ch], x[ch]...)
		}
	}
	return out
}

// Songs lie where the sequence says, to the sample, cut, faded and crossed as it says,
// and their files one after the other are the programme. Exact: 32-bit float holds the
// 24-bit samples, and what is multiplied is rounded once, as here.
func TestSequenceIsExact(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	dir := albumOf(t, `songs:
  - {mix: a.wav, title: One, start: 0.25 s, fade_in: 100 ms}
  - {mix: b.wav, title: Two, gap: 0, end: 1.5 s}
  - {mix: c.wav, title: Three, crossfade: {length: 0.5 s, shape: linear}, fade_out: {length: 1 s, shape: s-curve}}
  - {mix: a.wav, title: Four}
deliver: [mix: {from: master, name: f}]
`, 2, 2, 2.5)
	made(t, dir)
	a, b, c := readWhole(t, filepath.Join(dir, "a.wav")), readWhole(t, filepath.Join(dir, "b.wav")), readWhole(t, filepath.Join(dir, "c.wav"))
	const rate = 44100
	want := [2][]float64{}
	songs := [3]int{}
	for ch := range want {
		one := slices.Clone(a[ch][rate/4:])
		for i := range rate / 10 {
			one[i] *= (float64(i) + 0.5) / (rate / 10)
		}
		two, three := slices.Clone(b[ch][:rate*3/2]), slices.Clone(c[ch])
		for i := range rate / 2 {
			g := (float64(i) + 0.5) / (rate / 2)
			two[len(two)-1-i] *= g
			three[i] *= g
		}
		for i := range rate {
			three[len(three)-1-i] *= 0.5 - 0.5*math.Cos(math.Pi*(float64(i)+0.5)/rate)
		}
		songs = [3]int{len(one), len(two) - rate/2, len(three)}
		want[ch] = append(one, two...)
		for i, x := range three {
			if i < rate/2 {
				want[ch][len(one)+len(two)-rate/2+i] += x
			} else {
				want[ch] = append(want[ch], x)
			}
		}
	}
	files := []string{"01 One.wav", "02 Two.wav", "03 Three.wav"}
	for i, f := range files {
		files[i] = filepath.Join(dir, "dist", "f", f)
		if n := len(readWhole(t, files[i])[0]); n != songs[i] {
			t.Errorf("%s: %d frames, want %d", f, n, songs[i])
		}
	}
	got := joined(t, files...)
	for ch := range want {
		if len(got[ch]) != len(want[ch]) {
			t.Fatalf("%d frames, want %d", len(got[ch]), len(want[ch]))
		}
		for i, w := range want[ch] {
			if math.Abs(got[ch][i]-w) > 1.0/(1<<25) { // half a step of 32-bit float at full scale
				t.Fatalf("channel %d, frame %d: %.10f, want %.10f", ch, i, got[ch][i], w)
			}
		}
	}
	if four := readWhole(t, filepath.Join(dir, "dist", "f", "04 Four.wav")); !slices.Equal(four[0], a[0]) {
		t.Error("a song by itself is not as it was")
	}
}

// Songs that follow without a break are what their files in one would be: one limiter
// and one dither go through all of them, and the files of the songs one after the other
// have exactly the samples of the one.
func TestRunIsOneProgramme(t *testing.T) {
	long(t)
	t.Parallel()
	const deliver = "deliver: [cd: {loudness: none, ceiling: -14 dBTP}, streaming: {sample_rate: 48 kHz, loudness: none, ceiling: none}]\n"
	dir := albumOf(t, "songs: [{mix: a.wav, title: One}, {mix: b.wav, title: Two, gap: 0}, {mix: c.wav, title: Three, gap: 0}]\n"+deliver, 1.1, 1.3, 0.9)
	r, _ := made(t, dir)
	whole := joined(t, filepath.Join(dir, "a.wav"), filepath.Join(dir, "b.wav"), filepath.Join(dir, "c.wav"))
	writeSamples(t, filepath.Join(dir, "whole.wav"), 44100, whole)
	for _, f := range r.Files[:3] {
		if f.Delivery == "cd" && f.Reduction < 1 {
			t.Errorf("%s: the limiter takes off %.2f dB; the test is about one that works", f.Path, f.Reduction)
		}
	}
	one := filepath.Join(dir, "one")
	if err := os.Mkdir(one, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "whole.wav"), filepath.Join(one, "whole.wav")); err != nil {
		t.Fatal(err)
	}
	rewrite(t, one, "songs: [{mix: whole.wav, title: Whole}]\n"+deliver)
	made(t, one)
	want := joined(t, filepath.Join(one, "dist", "cd", "01 Whole.wav"))
	got := joined(t, filepath.Join(dir, "dist", "cd", "01 One.wav"), filepath.Join(dir, "dist", "cd", "02 Two.wav"), filepath.Join(dir, "dist", "cd", "03 Three.wav"))
	if !slices.Equal(want[0], got[0]) || !slices.Equal(want[1], got[1]) {
		t.Error("the songs' files are not the programme")
	}
	// At another rate the joints are those of the songs' own ends: the length is that of
	// each, rounded.
	for i, seconds := range []float64{1.1, 1.3, 0.9} {
		x := readWhole(t, filepath.Join(dir, "dist", "streaming", []string{"01 One.wav", "02 Two.wav", "03 Three.wav"}[i]))
		if d := float64(len(x[0])) - seconds*48000; math.Abs(d) > 1 {
			t.Errorf("song %d has %d frames at 48 kHz", i+1, len(x[0]))
		}
	}
}

// What a file that is cut from a run measures by itself keeps the ceiling too, though it
// begins and ends in the middle of loud sound, and with it the whole programme.
func TestRunKeepsCeilingInEveryFile(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	dir := albumOf(t, `songs: [{mix: a.wav, title: One, end: 0.7 s}, {mix: a.wav, title: Two, gap: 0, start: 0.7 s, end: 1.3 s}, {mix: a.wav, title: Three, gap: 0, start: 1.3 s}]
deliver: [streaming: {loudness: -9 LUFS, ceiling: -3 dBTP, max_reduction: 20 dB}]
`, 2)
	const rate = 44100
	loud := [2][]float64{}
	for ch := range loud { // at both marks the wave stands at its highest
		for i := range 2 * rate {
			loud[ch] = append(loud[ch], 0.9*math.Cos(2*math.Pi*100*float64(i)/rate))
		}
	}
	writeSamples(t, filepath.Join(dir, "a.wav"), rate, loud)
	r, _ := made(t, dir)
	for _, f := range r.Files {
		if *f.TruePeak > -3 || math.Abs(*f.Integrated+9) > 0.05 {
			t.Errorf("%s: %.2f dBTP, %.2f LUFS", f.Path, *f.TruePeak, *f.Integrated)
		}
		if f.Reduction > 4 { // for -9 LUFS the tone is 2 dB above the ceiling
			t.Errorf("%s: the limiter took off %.2f dB: it was made to work for the cuts", f.Path, f.Reduction)
		}
	}
}

// One gain for an album: the songs keep their levels against each other, and read the
// target together, by a meter of the test's own.
func TestAlbumLoudness(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	const text = `loudness: album
songs:
  - {mix: a.wav, title: One}
  - {mix: b.wav, title: Two, trim: -1.5 dB}
  - {mix: c.wav, title: Three, gap: 0}
  - {mix: d.wav, title: Four, crossfade: 0.5 s}
  - {mix: e.wav, title: Silent}
deliver: [streaming: {ceiling: none, loudness: -20 LUFS}, cd: {loudness: -13 LUFS, max_reduction: 20 dB}]
`
	dir := albumOf(t, text, 3, 4, 2.5, 3, 1)
	quieter(t, filepath.Join(dir, "b.wav"), 0.3)
	quieter(t, filepath.Join(dir, "d.wav"), 0.6)
	quieter(t, filepath.Join(dir, "e.wav"), 0)
	r, _ := made(t, dir)
	blocks := map[string][]float64{}
	gains := map[string][]float64{}
	for _, f := range r.Files {
		path := filepath.Join(dir, "dist", f.Path)
		got := readWhole(t, path)
		blocks[f.Delivery] = append(blocks[f.Delivery], plainBlocks(got)...)
		if f.Delivery == "streaming" && f.Song != "Silent" {
			src := readWhole(t, filepath.Join(dir, map[string]string{"One": "a.wav", "Two": "b.wav", "Three": "c.wav", "Four": "d.wav"}[f.Song]))
			from, to := 0, min(len(got[0]), len(src[0]))
			if f.Song == "Four" {
				from = 44100 // past the crossfade
			}
			xy, xx := 0.0, 0.0
			for i := from; i < to; i++ {
				xy += src[0][i] * got[0][i]
				xx += src[0][i] * src[0][i]
			}
			gains[f.Delivery] = append(gains[f.Delivery], 20*math.Log10(xy/xx))
		}
		if f.TargetLoudness != nil {
			t.Errorf("%s has a target of its own", f.Path)
		}
	}
	g := gains["streaming"]
	for i, trim := range []float64{0, -1.5, 0, 0} {
		if d := g[i] - g[0] - trim; math.Abs(d) > 0.01 {
			t.Errorf("song %d is %.4f dB from where its trim has it", i+1, d)
		}
	}
	for delivery, target := range map[string]float64{"streaming": -20, "cd": -13} {
		pooled := plainLoudness(blocks[delivery])
		if math.Abs(pooled-target) > 0.05 {
			t.Errorf("%s: the album reads %.3f LUFS, want %.1f", delivery, pooled, target)
		}
		for _, f := range r.Files {
			if f.Delivery == delivery && math.Abs(*f.AlbumIntegrated-pooled) > 0.01 {
				t.Errorf("%s says the album reads %.3f LUFS, not %.3f", f.Path, *f.AlbumIntegrated, pooled)
			}
		}
	}

	// Nothing to do; then a song that changes, and does not move the gain, is made with
	// what follows it without a break, and the album's loudness is found anew.
	if _, ran := made(t, dir); len(ran) > 0 {
		t.Errorf("made again: %q", ran)
	}
	flip(t, filepath.Join(dir, "a.wav"), 5)
	if _, ran := made(t, dir); !slices.Equal(ran, []string{"album loudness cd", "album loudness streaming", "deliver cd/01 One.wav", "deliver streaming/01 One.wav", "mix"}) {
		t.Errorf("after another sample in One: %q", ran)
	}
	flip(t, filepath.Join(dir, "d.wav"), 5)
	if _, ran := made(t, dir); !slices.Equal(ran, []string{"album loudness cd", "album loudness streaming", "deliver cd/02 Two.wav", "deliver cd/03 Three.wav", "deliver cd/04 Four.wav",
		"deliver streaming/02 Two.wav", "deliver streaming/03 Three.wav", "deliver streaming/04 Four.wav", "mix"}) {
		t.Errorf("after another sample in Four: %q", ran)
	}
	// One song asked for by itself is as it is in the album.
	before, err := os.ReadFile(filepath.Join(dir, "dist", "cd", "02 Two.wav"))
	if err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(filepath.Join(dir, ".lathe"))
	os.RemoveAll(filepath.Join(dir, "dist"))
	made(t, dir, "cd/02*")
	after, err := os.ReadFile(filepath.Join(dir, "dist", "cd", "02 Two.wav"))
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("built alone it is another: %v", err)
	}
}

// What of a sequence can only be known with the sound at hand is told with numbers.
func TestSequenceFaults(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"end beyond":      {"songs: [{mix: a.wav, title: One, end: 3 s}]\n", `song 1, "One": end, 0:03, lies beyond the end of the song, which is 0:01.5 long`},
		"start beyond":    {"songs: [{mix: a.wav, title: One, start: 2 s}]\n", "nothing is left of it from 0:02 on"},
		"long crossfades": {"songs: [{mix: a.wav, title: One}, {mix: a.wav, title: Two, crossfade: 1 s}, {mix: a.wav, title: Three, crossfade: 1 s}]\n", "its fades and crossfades take 0:02, and it is 0:01.5 long"},
		"head":            {"songs: [{mix: a.wav, title: One}, {mix: a.wav, title: Two, gap: 0}]\ndeliver: [streaming: {head: 1 s}]\n", "head and tail would lie between songs that follow without a break"},
		"loud":            {"songs: [{mix: a.wav, title: One}, {mix: a.wav, title: Two}]\nloudness: album\ndeliver: [streaming: {loudness: -3 LUFS, max_reduction: 2 dB}]\n", "-3.0 LUFS for the songs of the album together needs more than"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := albumOf(t, c.text, 1.5)
			_, err := render.Build(context.Background(), load(t, dir), render.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

// writeSamples writes a file of 24 bits.
func writeSamples(t *testing.T, path string, rate int, x [2][]float64) {
	t.Helper()
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := audiofile.CreateWAV(out, audiofile.Spec{Rate: rate, Channels: 2, Bits: 24, Frames: int64(len(x[0]))})
	if err != nil {
		t.Fatal(err)
	}
	words := [][]int32{make([]int32, len(x[0])), make([]int32, len(x[0]))}
	for ch := range x {
		for i, v := range x[ch] {
			words[ch][i] = int32(math.Round(v * (1 << 23)))
		}
	}
	if err := errors.Join(w.WriteInt(words), w.Close()); err != nil {
		t.Fatal(err)
	}
}

// quieter multiplies a file's samples.
func quieter(t *testing.T, path string, by float64) {
	t.Helper()
	x := readWhole(t, path)
	for ch := range x {
		for i := range x[ch] {
			x[ch][i] *= by
		}
	}
	writeSamples(t, path, 44100, x)
}

// flip changes one sample by a little.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	x := readWhole(t, path)
	x[0][at] += 1.0 / (1 << 20)
	writeSamples(t, path, 44100, x)
}

// plainBlocks are the energies of the 400 ms gating blocks of stereo sound at 44.1 kHz,
// by ITU-R BS.1770 written down as it stands, with its filters' coefficients at that rate.
func plainBlocks(x [2][]float64) []float64 {
	squares := make([]float64, len(x[0]))
	for ch := range x {
		y := biquad(x[ch], 1.53084123005035, -2.65097999515473, 1.16907907992159, -1.66365511325602, 0.71259542807323)
		for i, v := range biquad(y, 1, -2, 1, -1.98916967362980, 0.98919903578704) {
			squares[i] += v * v
		}
	}
	var blocks []float64
	for from := 0; from+17640 <= len(squares); from += 4410 {
		sum := 0.0
		for _, v := range squares[from : from+17640] {
			sum += v
		}
		blocks = append(blocks, sum/17640)
	}
	return blocks
}

func biquad(x []float64, b0, b1, b2, a1, a2 float64) []float64 {
	y := make([]float64, len(x))
	var x1, x2, y1, y2 float64
	for i, v := range x {
		y[i] = b0*v + b1*x1 + b2*x2 - a1*y1 - a2*y2
		x1, x2, y1, y2 = v, x1, y[i], y1
	}
	return y
}

// plainLoudness gates blocks and gives their loudness in LUFS.
func plainLoudness(blocks []float64) float64 {
	lufs := func(e float64) float64 { return -0.691 + 10*math.Log10(e) }
	above := func(gate float64) (sum float64, n int) {
		for _, e := range blocks {
			if lufs(e) > gate {
				sum, n = sum+e, n+1
			}
		}
		return sum, n
	}
	sum, n := above(-70)
	sum, n = above(lufs(sum/float64(n)) - 10)
	return lufs(sum / float64(n))
}

// Where files say how loud they are, an album's say how loud it is as well, also when
// only one of them is asked for; and a build with nothing to do leaves them alone.
func TestAlbumReplayGain(t *testing.T) {
	const text = "songs: [{mix: a.wav, title: One}, {mix: b.wav, title: Two, trim: -6 dB}]\ndeliver: [streaming: {format: flac, metadata: [info, replaygain]}]\n"
	dir := albumOf(t, text, 2, 3)
	r, _ := made(t, dir)
	said := func(name string) map[string]string {
		t.Helper()
		f, err := audiofile.Open(filepath.Join(dir, "dist", "streaming", name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return f.Info().Tags
	}
	want := fmt.Sprintf("%+.2f dB", -18-*r.Files[0].AlbumIntegrated)
	if one, two := said("01 One.flac"), said("02 Two.flac"); one["replaygain_album_gain"] != want || two["replaygain_album_gain"] != want || one["replaygain_track_gain"] == want {
		t.Errorf("album gain %s, want %s; track gain %s", one["replaygain_album_gain"], want, one["replaygain_track_gain"])
	}
	stat := func() string {
		info, err := os.Stat(filepath.Join(dir, "dist", "streaming", "01 One.flac"))
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime().String()
	}
	before := stat()
	if _, ran := made(t, dir); len(ran) > 0 || stat() != before {
		t.Errorf("made again: %q", ran)
	}
	rewrite(t, dir, strings.Replace(text, "-6 dB", "-3 dB", 1))
	made(t, dir, "*/01 One.flac")
	if got := said("01 One.flac")["replaygain_album_gain"]; got == want {
		t.Errorf("with another song as loud as it is now, the album gain is still %s", got)
	}
}

// A run is coded song by song, and what is decoded keeps the ceiling and the loudness.
func TestRunCoded(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("lame"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("lame is not installed")
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("ffmpeg is not installed")
	}
	dir := albumOf(t, "songs: [{mix: a.wav, title: One}, {mix: b.wav, title: Two, gap: 0}]\ndeliver: [streaming: {format: mp3, bitrate: 192 kbps, loudness: -16 LUFS, max_reduction: 20 dB, rules: none}]\n", 3, 2.5)
	r, _ := made(t, dir)
	for _, f := range r.Files {
		if f.Coding == nil || f.Format != "mp3" || math.Abs(*f.Integrated+16) > 0.1 || *f.TruePeak > -1 {
			t.Errorf("%s: %+v, %.2f LUFS, %.2f dBTP", f.Path, f.Coding, *f.Integrated, *f.TruePeak)
		}
	}
	if _, ran := made(t, dir); len(ran) > 0 {
		t.Errorf("made again: %q", ran)
	}
}
