package measure

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lathe-audio/lathe/render/audiofile"
)

// write makes a WAV file of some channels.
func write(tb testing.TB, path string, spec audiofile.Spec, planar ...[]float64) string {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	spec.Channels = len(planar)
	w, err := audiofile.CreateWAV(f, spec)
	if err == nil && spec.Float {
		err = w.WriteFloat(planar)
	} else if err == nil {
		ints := make([][]int32, len(planar))
		for ch := range planar {
			for _, x := range planar[ch] {
				full := math.Ldexp(1, spec.Bits-1)
				ints[ch] = append(ints[ch], int32(min(math.RoundToEven(x*full), full-1)))
			}
		}
		err = w.WriteInt(ints)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

func sine(hz, db, seconds float64, rate int) []float64 {
	x := make([]float64, int(seconds*float64(rate)))
	for i := range x {
		x[i] = math.Pow(10, db/20) * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))
	}
	return x
}

// programme is something with dynamics: tones that come and go, and a click.
func programme(seconds float64, rate int, phase float64) []float64 {
	x := make([]float64, int(seconds*float64(rate)))
	seed := uint32(phase*1000 + 1)
	for i := range x {
		t := float64(i) / float64(rate)
		seed = seed*1664525 + 1013904223
		noise := float64(int32(seed)) / (1 << 31)
		level := 0.02 + 0.3*math.Pow(math.Sin(2*math.Pi*t/7+phase), 2)
		x[i] = level * (math.Sin(2*math.Pi*220*t+phase) + 0.5*math.Sin(2*math.Pi*3100*t) + 0.2*noise)
	}
	x[len(x)/2] = 0.9
	return x
}

var int24 = audiofile.Spec{Rate: 48000, Bits: 24}

func measured(tb testing.TB, path string) Report {
	tb.Helper()
	r, err := File(context.Background(), path, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// TestCalibration: a 997 Hz sine at -20 dBFS in both channels reads -20.0 LUFS
// (BS.1770-5: 0 dBFS in one channel is -3.01); the other figures follow from
// arithmetic. Tolerance: 0.02 LU, a fifth of what EBU Tech 3341 allows; 0.05 dB
// for true peak, because a tone that starts at once overshoots there.
func TestCalibration(t *testing.T) {
	x := sine(997, -20, 20, 48000)
	path := write(t, filepath.Join(t.TempDir(), "tone.wav"), int24, x, x)
	r := measured(t, path)
	for _, c := range []struct {
		name      string
		got       *float64
		want, tol float64
	}{
		{"integrated", r.Integrated, -20, 0.02}, {"momentary", r.MaxMomentary, -20, 0.02}, {"short-term", r.MaxShortTerm, -20, 0.02},
		{"range", r.Range, 0, 0.02}, {"true peak", r.TruePeak, -20, 0.05}, {"sample peak", r.SamplePeak, -20, 0.001},
		{"PLR", r.PLR, 0, 0.06}, {"PSR", r.PSR, 0, 0.06}, {"RMS", r.RMS, -23.01, 0.01}, {"DC", r.DCOffset, 0, 1e-6}, {"correlation", r.Correlation, 1, 1e-9},
	} {
		if c.got == nil || math.Abs(*c.got-c.want) > c.tol {
			t.Errorf("%s is %s; want %g ± %g", c.name, show(c.got), c.want, c.tol)
		}
	}
	if r.Frames != 960000 || r.Duration != 20 || r.DR == nil || *r.DR != 0 || r.ClippedRuns != 0 || r.TailSilence != 0 {
		t.Errorf("report %+v", r)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(whole); r.SHA256 != hex.EncodeToString(sum[:]) {
		t.Error("sha256 is not that of the file")
	}
	if sum := sha256.Sum256(whole[44:]); r.PCMSHA256 != hex.EncodeToString(sum[:]) {
		t.Error("pcm_sha256 is not that of the samples")
	}
}

func show(x *float64) string {
	if x == nil {
		return "null"
	}
	return fmt.Sprint(*x)
}

// TestSideBySide: the two halves of the work see the same frames in the same
// order as meters that are given the whole file at once. Bit for bit.
func TestSideBySide(t *testing.T) {
	left, right := programme(13.37, 48000, 0), programme(13.37, 48000, 1)
	path := write(t, filepath.Join(t.TempDir(), "a.wav"), audiofile.Spec{Rate: 48000, Bits: 32, Float: true}, left, right)
	got := measured(t, path)

	for _, ch := range [][]float64{left, right} {
		for i, x := range ch {
			ch[i] = float64(float32(x))
		}
	}
	m := newMeters(audiofile.Info{Encoding: "float", BitDepth: 32, Channels: 2, ChannelMask: 3, Rate: 48000}, Options{})
	m.describe([][]float64{left, right})
	m.weigh([][]float64{left, right})
	want := Report{
		File: path, Format: "wav", Encoding: "float", BitDepth: 32, SampleRate: 48000, Channels: 2, Frames: int64(len(left)),
		Duration: float64(len(left)) / 48000, SHA256: got.SHA256, PCMSHA256: got.PCMSHA256,
	}
	m.report(&want, 0)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Report{}, pool{})); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// TestRange: a part of a file reads as a file that holds only that part, at its own place; its
// digests are the whole file's.
func TestRange(t *testing.T) {
	dir := t.TempDir()
	left, right := programme(12, 48000, 0), programme(12, 48000, 1)
	left[5*48000], right[7*48000+5] = 0.99, math.Ldexp(1, 0)
	for i := range 4 {
		right[6*48000+i] = 1
	}
	whole := write(t, filepath.Join(dir, "whole.wav"), int24, left, right)
	from, to := 160018, 8*48000 // of 3.3337 s, 160017.6
	alone := measured(t, write(t, filepath.Join(dir, "part.wav"), int24, left[from:to], right[from:to]))
	for _, opts := range []Options{{From: 3.3337, To: 8}, {From: 3.3337, To: 8, Series: true}} {
		got, err := File(context.Background(), whole, opts)
		if err != nil {
			t.Fatal(err)
		}
		if *got.From != 3.3337 || *got.To != 8 || got.Frames != 12*48000 || got.SHA256 != measured(t, whole).SHA256 || got.PCMSHA256 == alone.PCMSHA256 {
			t.Errorf("%+v", got)
		}
		if got.ClippedAt[0] != 6 || math.Abs(*got.TruePeakAt-*alone.TruePeakAt-float64(from)/48000) > 1e-9 {
			t.Errorf("clipped at %v, true peak at %v", got.ClippedAt, *got.TruePeakAt)
		}
		if opts.Series && (math.Abs(got.Series.Start-3.3337) > 1e-5 || len(got.Series.TruePeak) != 46) {
			t.Errorf("series from %v, %d values", got.Series.Start, len(got.Series.TruePeak))
		}
		places := cmpopts.IgnoreFields(Report{}, "File", "Frames", "Duration", "From", "To", "SHA256", "PCMSHA256", "Series",
			"MaxMomentaryAt", "MaxShortTermAt", "TruePeakAt", "CorrelationMinAt", "ClippedAt")
		if diff := cmp.Diff(alone, got, cmp.AllowUnexported(Report{}, pool{}), places); diff != "" {
			t.Errorf("the part in a file of its own, and as a part:\n%s", diff)
		}
	}
	for _, opts := range []Options{{From: 12}, {From: -1}, {From: 3, To: 3}, {To: math.NaN()}} {
		if _, err := File(context.Background(), whole, opts); err == nil || !strings.Contains(err.Error(), "whole.wav: ") {
			t.Errorf("%+v: %v", opts, err)
		}
	}
	if r, err := File(context.Background(), whole, Options{From: 11, To: 99}); err != nil || *r.To != 12 {
		t.Errorf("beyond the end: %v", err)
	}
}

// TestOddSounds: what has no loudness says null, and nothing fails.
func TestOddSounds(t *testing.T) {
	dir := t.TempDir()
	silence := make([]float64, 48000)
	for _, tt := range []struct {
		name   string
		planar [][]float64
		check  func(Report) bool
	}{
		{"nothing", [][]float64{nil, nil}, func(r Report) bool {
			return r.Frames == 0 && r.Integrated == nil && r.TruePeak == nil && r.DCOffset == nil && r.DR == nil
		}},
		{"one sample", [][]float64{{0.5}, {0.5}}, func(r Report) bool {
			return r.Frames == 1 && r.Integrated == nil && *r.SamplePeak < -6 && *r.DCOffset == 0.5 && r.HeadSilence == 0
		}},
		{"silence", [][]float64{silence, silence}, func(r Report) bool {
			return r.Integrated == nil && r.Range == nil && r.TruePeak == nil && r.RMS == nil && r.Correlation == nil && r.HeadSilence == 1 && r.TailSilence == 1
		}},
		{"mono", [][]float64{sine(997, -20, 5, 48000)}, func(r Report) bool {
			return r.Channels == 1 && math.Abs(*r.Integrated+23.01) < 0.02 && r.Correlation == nil
		}},
		{"clipped", [][]float64{sine(100, 6, 0.1, 48000), silence[:4800]}, func(r Report) bool { return r.ClippedRuns == 10 }}, // 20 half waves; only the upper ones, see below
		{"surround", [][]float64{silence, silence, silence, sine(997, 0, 1, 48000), silence, silence}, func(r Report) bool {
			return r.Channels == 6 && r.Integrated == nil && r.SamplePeak != nil // the LFE does not count
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, tt.name+".wav")
			switch tt.name {
			case "surround":
				writeSurround(t, path, tt.planar)
			case "clipped": // the lower half waves end above -1
				for i, x := range tt.planar[0] {
					tt.planar[0][i] = max(x, -0.9)
				}
				fallthrough
			default:
				write(t, path, int24, tt.planar...)
			}
			r := measured(t, path)
			if !tt.check(r) {
				b, err := json.Marshal(r)
				t.Errorf("%s, %v", b, err)
			}
			if _, err := json.Marshal(r); err != nil {
				t.Error(err)
			}
		})
	}
	dual, err := File(context.Background(), filepath.Join(dir, "mono.wav"), Options{DualMono: true})
	if err != nil || math.Abs(*dual.Integrated+20) > 0.02 {
		t.Errorf("dual mono reads %s, %v; want -20", show(dual.Integrated), err)
	}
}

// writeSurround makes a 5.1 file from six mono ones, by ffmpeg.
func writeSurround(t *testing.T, path string, planar [][]float64) {
	args := []string{"-v", "error"}
	for i, x := range planar {
		args = append(args, "-i", write(t, fmt.Sprintf("%s%d.wav", path, i), int24, x))
	}
	args = append(args, "-filter_complex", "join=inputs=6:channel_layout=5.1", "-c:a", "pcm_s24le", path)
	if out, err := exec.Command(tool(t, "ffmpeg"), args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

// tool finds a program that a test needs. Where the tests are run for the
// record (CI is set) it has to be there.
func tool(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") != "" {
		tb.Fatalf("%s is not installed", name)
	} else if err != nil {
		tb.Skipf("%s is not installed", name)
	}
	return path
}

// TestJSON pins the keys: others read them.
func TestJSON(t *testing.T) {
	l, z, dr, bits := -14.0249, -1e-9, 8, 16
	r := Report{File: "a & b.wav", Format: "wav", Encoding: "pcm", BitDepth: 24, SampleRate: 48000, Channels: 2, Frames: 48000, Duration: 1, Integrated: &l, DCOffset: &z, DR: &dr, TailSilence: 1.0 / 3,
		ChannelWeights: []float64{1, 1}, ChannelPeaks: []*float64{&l, nil}, BitsUsed: &bits, OctaveBands: []OctaveBand{{31.5, &l}}}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		t.Fatal(err)
	}
	want := `{"file":"a & b.wav","format":"wav","encoding":"pcm","bit_depth":24,"sample_rate_hz":48000,"channels":2,"frames":48000,"duration_s":1,` +
		`"integrated_lufs":-14.025,"loudness_range_lu":null,"loudness_range_1s_lu":null,"max_momentary_lufs":null,"max_short_term_lufs":null,"true_peak_dbtp":null,"sample_peak_dbfs":null,` +
		`"plr_lu":null,"psr_lu":null,"dr":8,"rms_dbfs":null,"dc_offset":0,"correlation":null,"clipped_runs":0,"head_silence_s":0,"tail_silence_s":0.333333,` +
		`"relative_threshold_lufs":null,"max_momentary_at_s":null,"max_short_term_at_s":null,"true_peak_at_s":null,` +
		`"channel_weights":[1,1],"channel_peaks_dbfs":[-14.025,null],"crest_db":null,"correlation_min":null,"correlation_min_at_s":null,"clipped_at_s":[],` +
		`"noise_floor_dbfs":null,"bits_used":16,"octave_bands":[{"center_hz":31.5,"level_dbfs":-14.025}],"non_finite_samples":0,"non_finite_at_s":null,` +
		`"sha256":"","pcm_sha256":null}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if l != -14.0249 {
		t.Error("rounding has changed the report itself")
	}
}

// TestFiles: folders by name, arguments in their order, and one bad file does
// not hide the others.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	album := filepath.Join(dir, "album")
	if err := os.MkdirAll(filepath.Join(album, "cd 2"), 0o700); err != nil {
		t.Fatal(err)
	}
	x := sine(440, -12, 0.1, 48000)
	for _, name := range []string{"b.wav", "album/02.wav", "album/01.WAV", "album/cd 2/01.wav", "album/._01.wav", "a.wav"} {
		write(t, filepath.Join(dir, name), int24, x)
	}
	for name, text := range map[string]string{"album/cover.jpg": "\xff\xd8\xff", "bad.wav": "<html>Not found</html>"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := func(names ...string) (paths []string) {
		for _, n := range names {
			paths = append(paths, filepath.Join(dir, n))
		}
		return paths
	}
	reports, err := Files(context.Background(), Options{}, in("b.wav", "album", "missing.wav", "bad.wav", "a.wav")...)
	var got []string
	for _, r := range reports {
		got = append(got, r.File)
		if r.Frames != 4800 {
			t.Errorf("%s: %d frames", r.File, r.Frames)
		}
	}
	if diff := cmp.Diff(in("b.wav", "album/01.WAV", "album/02.wav", "album/cd 2/01.wav", "a.wav"), got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	var e *audiofile.Error
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &e) || !strings.Contains(err.Error(), "missing.wav: not found") || !strings.Contains(err.Error(), "bad.wav: not audio but an HTML page") {
		t.Errorf("error: %v", err)
	}
	if _, err := Files(context.Background(), Options{}, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no audio file") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a.wav"), int24, sine(440, -12, 2, 48000))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Files(ctx, Options{}, path); !errors.Is(err, context.Canceled) {
		t.Errorf("Files: %v", err)
	}
	if _, err := File(ctx, path, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("File: %v", err)
	}
}

// TestNonFinite: counted, with the place of the first, and not spread.
func TestNonFinite(t *testing.T) {
	x := sine(997, -20, 4, 48000)
	x[48000] = 0
	clean := write(t, filepath.Join(t.TempDir(), "a.wav"), audiofile.Spec{Rate: 48000, Bits: 32, Float: true}, x, x)
	b, err := os.ReadFile(clean)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[len(b)-8*48000*3+4:], "\x00\x00\xc0\x7f") // NaN, at 1 s in the right channel
	odd := filepath.Join(t.TempDir(), "odd.wav")
	if err := os.WriteFile(odd, b, 0o600); err != nil {
		t.Fatal(err)
	}
	want, got := measured(t, clean), measured(t, odd)
	if got.NonFinite != 1 || *got.NonFiniteAt != 1 {
		t.Errorf("%d of them, the first at %v s", got.NonFinite, show(got.NonFiniteAt))
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Report{}, pool{}), cmpopts.IgnoreFields(Report{}, "File", "SHA256", "PCMSHA256", "NonFinite", "NonFiniteAt")); diff != "" {
		t.Errorf("with 0 and with no number there:\n%s", diff)
	}
	all := make([]byte, len(b))
	copy(all, b[:len(b)-8*len(x)])
	for i := len(b) - 8*len(x); i < len(b); i += 4 {
		copy(all[i:], "\x00\x00\x80\x7f")
	}
	if err := os.WriteFile(odd, all, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := measured(t, odd); r.NonFinite != int64(2*len(x)) || r.Integrated != nil || r.TruePeak != nil || r.RMS != nil {
		t.Errorf("nothing but infinities: %+v", r)
	}
}

// TestAgainstFFmpeg compares with ffmpeg's EBU R 128 meter, which prints one
// decimal: 0.05 for its rounding and 0.02 for its implementation. Its true
// peak is found by a shorter interpolator: 0.15 dB.
func TestAgainstFFmpeg(t *testing.T) {
	ffmpeg := tool(t, "ffmpeg")
	left, right := programme(40, 44100, 0), programme(40, 44100, 1)
	path := write(t, filepath.Join(t.TempDir(), "a.wav"), audiofile.Spec{Rate: 44100, Bits: 24}, left, right)
	out, err := exec.Command(ffmpeg, "-nostats", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	out = out[bytes.LastIndex(out, []byte("Summary:")):]
	r := measured(t, path)
	for _, c := range []struct {
		label string
		got   *float64
		tol   float64
	}{{"I:", r.Integrated, 0.07}, {"LRA:", r.Range, 0.15}, {"Peak:", r.TruePeak, 0.2}} {
		m := regexp.MustCompile(c.label + `\s+(-?[0-9.]+)`).FindSubmatch(out)
		want, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil || math.Abs(*c.got-want) > c.tol {
			t.Errorf("%s %.3f; ffmpeg has %.1f", c.label, *c.got, want)
		}
	}
}

func BenchmarkFile(b *testing.B) {
	left, right := programme(60, 48000, 0), programme(60, 48000, 1)
	path := write(b, filepath.Join(b.TempDir(), "a.wav"), int24, left, right)
	for b.Loop() {
		if _, err := File(context.Background(), path, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(left)), "ns/frame")
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x-real-time")
}
