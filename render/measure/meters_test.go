package measure

import (
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/internal/demo"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// TestAgainstOtherMeters compares with libebur128 (by loudgain, which prints two
// decimals) and with ffmpeg's ebur128, on music: the mixes of the demo songs, and files of your own:
//
//	LATHE_METER_FILES='/music/*.flac' go test -v -run TestAgainstOtherMeters ./render/measure
//
// Integrated loudness: within 0.02 LU of both, and 0.005 for loudgain's rounding.
//
// Loudness range: EBU Tech 3342 leaves open how far apart the 3 s windows are, up to 1 s, and the two
// differ in it, by up to 0.8 LU on music of some minutes. lathe tells both: its own, of a window every
// 100 ms, within 0.1 LU of ffmpeg; and that of a window a second, which is libebur128's, within loudgain's
// rounding. (Of files shorter than a minute ffmpeg's figures are only logged: a block that falls into the other of its bins of 0.01 LU
// counts for much.) The log has the lowest and the highest figure of the ten ways to choose one window in ten.
func TestAgainstOtherMeters(t *testing.T) {
	if testing.Short() {
		t.Skip("renders songs")
	}
	tool(t, "loudgain")
	tool(t, "ffmpeg")
	files := demoMixes(t)
	own, err := filepath.Glob(os.Getenv("LATHE_METER_FILES"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, own...) {
		r := measured(t, path)
		if r.Integrated == nil || r.Range == nil {
			t.Logf("%s: nothing to measure", filepath.Base(path))
			continue
		}
		everyTenth := func(first int) float64 { return loudness.RangeSparse(r.pool.short[min(first, len(r.pool.short)):]) }
		lowest, highest := math.Inf(1), math.Inf(-1)
		for first := range 10 {
			lowest, highest = min(lowest, everyTenth(first)), max(highest, everyTenth(first))
		}
		lib, ff := readLoudgain(t, path), readFFmpeg(t, path)
		t.Logf("%-36s I %8.3f, loudgain %+.3f, ffmpeg %+.3f; LRA %6.3f, ffmpeg %+.3f, %6.3f by a window a second, loudgain %+.3f, of every tenth window %.2f..%.2f; true peak %6.2f, loudgain %+.2f, ffmpeg %+.1f",
			filepath.Base(path), *r.Integrated, lib.integrated-*r.Integrated, ff.integrated-*r.Integrated,
			*r.Range, ff.lra-*r.Range, *r.RangeSparse, lib.lra-*r.RangeSparse, lowest, highest, *r.TruePeak, lib.peak-*r.TruePeak, ff.peak-*r.TruePeak)
		checks := []struct {
			what           string
			got, want, tol float64
		}{
			{"integrated, loudgain", *r.Integrated, lib.integrated, 0.025},
			{"range, loudgain", *r.RangeSparse, lib.lra, 0.011},
			{"true peak, loudgain", *r.TruePeak, lib.peak, 0.7}, // of 4 positions it under-reads by up to 0.69 dB near the end of the band
			{"true peak, ffmpeg", *r.TruePeak, ff.peak, 0.3},
			{"integrated, ffmpeg", *r.Integrated, ff.integrated, 0.02},
			{"range, ffmpeg", *r.Range, ff.lra, 0.1},
		}
		if r.Duration < 60 {
			checks = checks[:len(checks)-2]
		}
		for _, c := range checks {
			if !(math.Abs(c.got-c.want) <= c.tol) {
				t.Errorf("%s: %s: %.3f, want %.3f ± %g", filepath.Base(path), c.what, c.got, c.want, c.tol)
			}
		}
	}
}

// demoMixes writes two programmes of four minutes: a demo song over and over, growing louder and
// softer by 12 dB. The songs themselves are half a minute long, where one window more or less
// decides about the loudness range.
func demoMixes(t *testing.T) []string {
	dir := t.TempDir()
	var paths []string
	for _, song := range demo.Songs()[:2] {
		var part, mix [2][]float64
		rate := 0
		for _, stem := range song.Stems {
			var channels [][]float64
			rate, channels = stem.Samples()
			for c := range part {
				part[c] = append(part[c], make([]float64, 24*rate-len(part[c]))...) // less than the song, whose end fades away
				for i, v := range channels[c%len(channels)][:min(24*rate, len(channels[0]))] {
					part[c][i] += v
				}
			}
		}
		length, gain := rate*2337/100, 0.0 // no whole number of seconds: windows meet every place of the song
		for i := range 240 * rate {
			if i%1000 == 0 {
				gain = math.Pow(10, 6*(math.Sin(2*math.Pi*float64(i)/float64(53*rate))-2)/20)
			}
			for c := range mix {
				mix[c] = append(mix[c], gain*part[c][i%length])
			}
		}
		spec := audiofile.Spec{Rate: rate, Bits: 32, Float: true}
		paths = append(paths, write(t, filepath.Join(dir, song.Name+".wav"), spec, mix[0], mix[1]))
	}
	return paths
}

// reading is what another meter says.
type reading struct{ integrated, lra, peak float64 }

func readLoudgain(t *testing.T, path string) reading {
	out, err := exec.Command("loudgain", "-q", "-O", path).Output()
	if err != nil {
		t.Fatalf("loudgain: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	fields := strings.Split(lines[len(lines)-1], "\t")
	if len(fields) < 4 {
		t.Fatalf("loudgain says %q", out)
	}
	first := func(s string) float64 { return number(t, strings.Fields(s)[0]) }
	return reading{first(fields[1]), first(fields[2]), 20 * math.Log10(first(fields[3]))}
}

// readFFmpeg takes ffmpeg's last figures, which it prints with three decimals,
// and the peak, of which it prints one.
func readFFmpeg(t *testing.T, path string) reading {
	dir := t.TempDir()
	figures := filepath.Join(dir, "figures")
	command := exec.CommandContext(context.Background(), "ffmpeg", "-nostats", "-i", path, "-af", "ebur128=metadata=1:peak=true,ametadata=print:file="+figures, "-f", "null", "-")
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, said[max(0, len(said)-500):])
	}
	out, err := os.ReadFile(figures)
	if err != nil {
		t.Fatal(err)
	}
	last := func(text, key string) float64 {
		at := strings.LastIndex(text, key)
		if at < 0 {
			t.Fatalf("ffmpeg does not say %s", key)
		}
		return number(t, strings.Fields(text[at+len(key):])[0])
	}
	return reading{last(string(out), "lavfi.r128.I="), last(string(out), "lavfi.r128.LRA="), last(string(said), "Peak:")}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
