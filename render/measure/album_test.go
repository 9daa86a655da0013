package measure

import (
	"context"
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp/loudness"
)

// TestAlbum: loudness and range of an album are those of all blocks together, each as it was
// measured; peaks are the highest, and say where.
func TestAlbum(t *testing.T) {
	dir := t.TempDir()
	loud, soft := sine(997, -20, 10, 48000), sine(997, -26, 10, 48000)
	loud[240000] = 0.9
	paths := []string{
		write(t, filepath.Join(dir, "1.wav"), int24, soft, soft),
		write(t, filepath.Join(dir, "2.wav"), int24, loud, loud),
		write(t, filepath.Join(dir, "3 silence.wav"), int24, make([]float64, 48000), make([]float64, 48000)),
	}
	reports, err := Files(context.Background(), Options{}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	a := Album(reports)
	if want := 10 * math.Log10((math.Pow(10, -2)+math.Pow(10, -2.6))/2); math.Abs(*a.Integrated-want) > 0.02 || math.Abs(*a.RelativeThreshold-want+10) > 0.02 {
		t.Errorf("integrated %.3f, threshold %.3f, want %.3f and 10 less", *a.Integrated, *a.RelativeThreshold, want)
	}
	if want := loudness.Range(reports[0].pool.short, reports[1].pool.short); *a.Range != want || math.Abs(want-6) > 0.1 {
		t.Errorf("range %.3f, want %.3f, about 6", *a.Range, want)
	}
	if a.Files != 3 || a.Duration != 21 || *a.TruePeak != *reports[1].TruePeak || a.TruePeakFile != paths[1] || a.MaxShortTermFile != paths[1] ||
		*a.PLR != *a.TruePeak-*a.Integrated || *a.PSR != *reports[0].PSR {
		t.Errorf("%+v", a)
	}
	b, err := json.Marshal(a)
	if err != nil || !strings.HasPrefix(string(b), `{"files":3,"duration_s":21,"integrated_lufs":-22`) {
		t.Errorf("%s, %v", b, err)
	}
	if a = Album(nil); a.Integrated != nil || a.Range != nil || a.TruePeak != nil || a.PLR != nil || a.DR != nil {
		t.Errorf("nothing: %+v", a)
	}
}

// TestSeries: the curves stand where they belong.
func TestSeries(t *testing.T) {
	x := make([]float64, 10*48000)
	copy(x[5*48000:], sine(997, -20, 4, 48000))
	path := write(t, filepath.Join(t.TempDir(), "a.wav"), int24, x, x)
	r, err := File(context.Background(), path, Options{Series: true})
	if err != nil {
		t.Fatal(err)
	}
	s := r.Series
	if len(s.Momentary) != 100 || len(s.ShortTerm) != 100 || len(s.TruePeak) != 100 || s.Step != 0.1 || s.Start != 0 {
		t.Fatalf("%d, %d, %d values", len(s.Momentary), len(s.ShortTerm), len(s.TruePeak))
	}
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"momentary at the end of its first 400 ms", s.Momentary[53], -20}, {"short-term at the end of its first 3 s", s.ShortTerm[79], -20},
		{"a tenth of it", s.ShortTerm[52], -30}, {"true peak", s.TruePeak[60], -20},
	} {
		if math.Abs(c.got-c.want) > 0.06 {
			t.Errorf("%s: %.3f, want %.2f", c.name, c.got, c.want)
		}
	}
	if !math.IsInf(s.Momentary[2], -1) || !math.IsInf(s.Momentary[49], -1) || !math.IsInf(s.TruePeak[10], -1) {
		t.Errorf("before the tone: %v, %v", s.Momentary[49], s.TruePeak[10])
	}
	columns := s.Envelope[1]
	if n := int64(len(columns)); n < 4096 || n > 8192 || (n-1)*s.ColumnFrames >= r.Frames || n*s.ColumnFrames < r.Frames {
		t.Errorf("%d columns of %d frames for %d", n, s.ColumnFrames, r.Frames)
	}
	middle := columns[7*48000/s.ColumnFrames]
	if math.Abs(middle.Max-0.1) > 1e-3 || math.Abs(middle.Min+0.1) > 1e-3 || columns[4*48000/s.ColumnFrames] != (loudness.Extent{}) {
		t.Errorf("envelope %v, %v", middle, columns[0])
	}
	loudest := s.Spectrum[0]
	for _, b := range s.Spectrum {
		if b.Level > loudest.Level {
			loudest = b
		}
	}
	if math.Abs(loudest.Hz-1000) > 20 || s.Spectrum[0].Hz > 20.5 || s.Spectrum[len(s.Spectrum)-1].Hz < 23000 {
		t.Errorf("spectrum from %v to %v, highest %v", s.Spectrum[0], s.Spectrum[len(s.Spectrum)-1], loudest)
	}
	if r.BitsUsed == nil || *r.BitsUsed != 24 || r.OctaveBands[5].Level == nil || r.OctaveBands[5].Center != 1000 || len(r.OctaveBands) != 10 {
		t.Errorf("%v bits, %v", r.BitsUsed, r.OctaveBands)
	}
}
