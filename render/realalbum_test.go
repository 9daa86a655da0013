package render_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render"
)

// realTargets are what a real album has to reach: without a limiter that does anything,
// and as loud as streaming services play it.
var realTargets = []struct{ loudness, ceiling float64 }{{-20, -1}, {-14, -1}}

// Ten mixes as an album at one gain: the songs keep their levels against each other within
// 0.01 dB, and read together within 0.05 LU of the target, by this test's own reckoning.
// LATHE_MIXES names files or folders of real ones, of which the first ten are taken
// (LATHE_MIXES=~/mixes go test -v -run TestRealAlbum -timeout 30m ./render); else they
// are made.
func TestRealAlbum(t *testing.T) {
	long(t)
	dir := t.TempDir()
	names := realMixes(t, dir)
	text := "loudness: album\nsongs:\n"
	for i := range names {
		text += fmt.Sprintf("  - {mix: %02d.wav, title: %q}\n", i, fmt.Sprintf("Song %02d", i))
	}
	text += "deliver:\n"
	for _, target := range realTargets {
		text += fmt.Sprintf("  - streaming: {name: at%g, sample_rate: 44.1 kHz, loudness: %g LUFS, ceiling: %g dBTP, max_reduction: 30 dB}\n", -target.loudness, target.loudness, target.ceiling)
	}
	rewrite(t, dir, text)
	r, err := render.Build(t.Context(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range realTargets {
		var gains []float64
		var blocks []float64
		for _, o := range r.Files {
			if o.Delivery != fmt.Sprintf("at%g", -target.loudness) {
				continue
			}
			i := len(gains)
			in, out := readWhole(t, filepath.Join(dir, fmt.Sprintf("%02d.wav", i))), readWhole(t, filepath.Join(dir, "dist", filepath.FromSlash(o.Path)))
			db, seconds := gainAtRest(in, out, target.ceiling)
			gains = append(gains, db)
			blocks = append(blocks, plainBlocks(out)...)
			t.Logf("%g LUFS: %-28s %7.2f LUFS, gain %+8.4f dB over %5.1f s, limiter %4.1f dB", target.loudness, names[i], plainLoudness(plainBlocks(out)), db, seconds, o.Reduction)
			if seconds < 1 {
				t.Errorf("%s: the limiter is at rest for %.2f s only: nothing to measure the gain on", names[i], seconds)
			}
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, g := range gains {
			low, high = math.Min(low, g), math.Max(high, g)
		}
		together := plainLoudness(blocks)
		t.Logf("%g LUFS: gains within %.4f dB of each other, %.3f LUFS together", target.loudness, high-low, together)
		if high-low > 0.01 || math.Abs(together-target.loudness) > 0.05 {
			t.Errorf("%g LUFS: gains from %.4f to %.4f dB, %.3f LUFS together", target.loudness, low, high, together)
		}
	}
}

// realMixes puts ten mixes at 44.1 kHz into a folder, and returns their names.
func realMixes(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	for _, name := range filepath.SplitList(os.Getenv("LATHE_MIXES")) {
		files = append(files, filesIn(t, name)...)
	}
	var names []string
	if files == nil {
		for i := range 10 {
			x := madeMix(5+i%2, uint64(i), -28+1.5*float64(i))
			for k := range 4 * 44100 { // a quiet beginning
				x[0][k], x[1][k] = 0.1*x[0][k], 0.1*x[1][k]
			}
			writeSamples(t, filepath.Join(dir, fmt.Sprintf("%02d.wav", i)), 44100, [2][]float64{x[0], x[1]})
			names = append(names, fmt.Sprintf("made mix %d", i))
		}
		return names
	}
	if len(files) < 10 {
		t.Fatalf("LATHE_MIXES has %d files, and an album of ten is wanted", len(files))
	}
	for i, file := range files[:10] {
		in := filepath.Join(dir, fmt.Sprintf("%02d.wav", i))
		if out, err := exec.Command("ffmpeg", "-v", "error", "-i", file, "-ac", "2", "-ar", "44100", "-c:a", "pcm_f32le", in).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", file, err, strings.TrimSpace(string(out)))
		}
		names = append(names, filepath.Base(file))
	}
	return names
}

// gainAtRest is the gain between a mix and its master, by least squares over the seconds
// in which the limiter cannot be at work: no sample of the file comes nearer than 3 dB to the
// ceiling (true peaks of music lie less above samples), nor does one in the second after, which
// the limiter sees coming, nor in the two seconds before, after which its release is over.
func gainAtRest(in, out [2][]float64, ceiling float64) (db, seconds float64) {
	const second = 44100
	n := min(len(in[0]), len(out[0]))
	busy := make([]bool, n/second+1)
	limit := math.Pow(10, (ceiling-3)/20)
	for i := range n {
		if math.Abs(out[0][i]) > limit || math.Abs(out[1][i]) > limit {
			busy[i/second] = true
		}
	}
	xy, xx, frames := 0.0, 0.0, 0
	for i := range n {
		k := i / second
		if busy[k] || k > 0 && busy[k-1] || k > 1 && busy[k-2] || k+1 < len(busy) && busy[k+1] {
			continue
		}
		frames++
		for ch := range in {
			xy += in[ch][i] * out[ch][i]
			xx += in[ch][i] * in[ch][i]
		}
	}
	return 20 * math.Log10(xy/xx), float64(frames) / second
}
