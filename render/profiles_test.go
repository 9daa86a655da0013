package render_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/profiles"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// writeSides writes a stereo file of so many seconds: a low tone that is louder on
// the left, and a high one on either side.
func writeSides(t *testing.T, path string, rate int, seconds float64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := int(seconds * float64(rate))
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: 2, Bits: 24, Frames: int64(n)})
	if err != nil {
		t.Fatal(err)
	}
	tone := func(i int, hz float64) float64 { return math.Sin(2 * math.Pi * hz * float64(i) / float64(rate)) }
	x := [][]float64{make([]float64, n), make([]float64, n)}
	for i := range n {
		x[0][i] = 0.3*tone(i, 50) + 0.15*tone(i, 2000)
		x[1][i] = 0.1*tone(i, 50) + 0.15*tone(i, 3000)
	}
	ints := [][]int32{make([]int32, n), make([]int32, n)}
	for c := range x {
		for i, v := range x[c] {
			ints[c][i] = int32(math.Round(v * 8388607))
		}
	}
	if err := w.WriteInt(ints); err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Every profile that comes with lathe makes its file of a song, and the file is
// what the profile says; a song of three seconds is no fault of it.
func TestEveryProfileBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	dir := t.TempDir()
	var deliver []string
	for _, name := range profiles.DeliveryNames() {
		deliver = append(deliver, fmt.Sprintf("  - %s: {rules: advice}\n", name))
	}
	text := "lathe: 1\nsong: {title: Sides, artist: Test}\nstems: {a: a.wav}\ndeliver:\n" + strings.Join(deliver, "")
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	writeSides(t, filepath.Join(dir, "a.wav"), 48000, 3)
	r, err := render.Build(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]render.Output{}
	for _, o := range r.Files {
		made[o.Delivery] = o
		if o.Profile == "" || len(o.Checks) == 0 {
			t.Errorf("%s: %+v", o.Path, o)
		}
	}
	for _, name := range profiles.DeliveryNames() {
		if _, ok := made[name]; !ok {
			t.Errorf("%s has made nothing", name)
		}
	}
	if o := made["vinyl"]; o.SamplePeak == nil || math.Abs(*o.SamplePeak+3) > 0.01 || o.Reduction != 0 {
		t.Errorf("vinyl: sample peak %v, limiter %v dB", *o.SamplePeak, o.Reduction)
	}
	// At 50 Hz the side is high-passed at 200 Hz with 24 dB/oct: 48 dB down. It was
	// 6 dB below the middle.
	low := [2]float64{}
	x := readWhole(t, filepath.Join(dir, "dist", made["vinyl"].Path))
	side := 0.0
	for c := range x {
		low[c] = level(x[c], 50.0/48000)
	}
	d := make([]float64, len(x[0]))
	for i := range d {
		d[i] = (x[0][i] - x[1][i]) / 2
	}
	if side = level(d, 50.0/48000); side > low[0]-46 || math.Abs(low[0]-low[1]) > 0.1 {
		t.Errorf("vinyl: at 50 Hz the sides have %.2f and %.2f dB, their difference %.2f", low[0], low[1], side)
	}
	if o := made["streaming-16"]; o.Tags != nil || o.Path != "streaming-16/Sides.wav" {
		t.Errorf("streaming-16: tags %v", o.Tags)
	}
}

// level is that of a sine in the middle second of a sound, in dB; f in cycles a
// frame.
func level(x []float64, f float64) float64 {
	from := len(x)/2 - 24000
	re, im := 0.0, 0.0
	for i := range 48000 {
		s, c := math.Sincos(2 * math.Pi * f * float64(i))
		re += x[from+i] * c
		im += x[from+i] * s
	}
	return 20 * math.Log10(2*math.Hypot(re, im)/48000)
}

// A session above max_sample_rate is divided by a whole number, and the output
// says so.
func TestMaxSampleRate(t *testing.T) {
	dir := t.TempDir()
	text := "lathe: 1\nsong: {title: High}\nstems: {a: a.wav}\ndeliver: [hires: {rules: none}, archive]\n"
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	writeSides(t, filepath.Join(dir, "a.wav"), 176400, 0.6)
	r, err := render.Build(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if h, a := r.Files[0], r.Files[1]; h.SampleRate != 88200 || h.SessionRate != 176400 || a.SampleRate != 176400 || a.SessionRate != 0 {
		t.Errorf("hires %d of %d, archive %d of %d", h.SampleRate, h.SessionRate, a.SampleRate, a.SessionRate)
	}
}

// The release sheet lies beside the manifest, which has its digest. It is lathe's
// own, and only where it is: one of somebody else's stops the build.
func TestReleaseSheet(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	song := "lathe: 1\nsong: {title: Sides}\nstems: {a: a.wav}\ndeliver: [mix, streaming]\n"
	write("lathe.yaml", song)
	writeSides(t, filepath.Join(dir, "a.wav"), 44100, 1)
	build := func(tool string) error {
		_, err := render.Build(context.Background(), load(t, dir), render.Options{Tool: tool})
		return err
	}
	sheet := filepath.Join(dir, "dist", "report.md")
	read := func() string {
		t.Helper()
		text, err := os.ReadFile(sheet)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if err := build("lathe 1"); err != nil {
		t.Fatal(err)
	}
	first := read()
	if !strings.Contains(first, "2 files by lathe 1, engine") || !strings.Contains(first, "duration is 1 s, where at least 30 s is advised") {
		t.Error(first)
	}
	before, _ := os.Stat(sheet)
	if err := build("lathe 2"); err != nil { // which changes nothing, and so has made nothing
		t.Fatal(err)
	}
	if after, _ := os.Stat(sheet); !after.ModTime().Equal(before.ModTime()) || read() != first {
		t.Error("the sheet was written again")
	}
	os.Remove(sheet)
	if err := build("lathe 1"); err != nil || read() != first {
		t.Errorf("a sheet that was lost: %v", err)
	}
	// Other rules render nothing, but are another sheet.
	write("lathe.yaml", strings.Replace(song, "streaming]", "streaming: {rules: none}]", 1))
	if err := build("lathe 1"); err != nil || strings.Contains(read(), "duration is") {
		t.Errorf("without rules: %v\n%s", err, read())
	}
	os.WriteFile(sheet, []byte("mine"), 0o644)
	if err := build("lathe 1"); err == nil || !strings.Contains(err.Error(), "report.md: lathe did not write this, or it was changed since") || read() != "mine" {
		t.Errorf("a sheet of somebody else's: %v, %s", err, read())
	}
	names, err := render.Written(load(t, dir))
	if err != nil || !slices.Equal(names, []string{"mix/Sides.wav", "streaming/Sides.wav", "manifest.json", "report.md"}) {
		t.Errorf("%q, %v", names, err)
	}
}
