package render

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// takeOf makes a take of sound, as of a stage that is on disk.
func takeOf(t *testing.T, x dsp.Block, session, rate int) *take {
	t.Helper()
	w, err := newArtifactWriter(filepath.Join(t.TempDir(), "stage"), int64(x.Len()), 0)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < x.Len(); at += chunkFrames {
		if err := w.write(x.Cut(at, min(at+chunkFrames, x.Len()))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	b := &builder{jobs: 2, work: &workspace{dir: t.TempDir()}}
	stage := artifact{stageInfo: w.stageInfo, path: w.file.Name(), rate: session, song: w.Frames}
	made, err := b.makeTake(context.Background(), stage, takeID{stage: &channel{name: "master"}, rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// beats is music enough for a limiter: a chord with drums over it, quieter in
// the middle.
func beats(seconds, rate int) dsp.Block {
	x := dsptest.Signal(seconds*rate, rate, "beats")
	scale(x[0], 0.1)
	scale(x[1], 0.1)
	for i := range x[0] {
		at := float64(i) / float64(rate)
		part := 1.0
		if at > float64(seconds)/3 && at < float64(seconds)/2 {
			part = 0.2
		}
		kick := math.Exp(-math.Mod(at, 0.5)*18) * math.Sin(2*math.Pi*60*math.Mod(at, 0.5))
		chord := 0.15 * (math.Sin(2*math.Pi*220*at) + math.Sin(2*math.Pi*277*at) + math.Sin(2*math.Pi*1330*at))
		x[0][i] = part * (x[0][i] + 0.7*kick + chord)
		x[1][i] = part * (x[1][i] + 0.7*kick - 0.5*chord)
	}
	return x
}

// The outline tells how loud a limited song is nearly as well as playing it
// does: within 0.01 LU where the limiter does nothing, 0.03 LU up to 3 dB, and
// 0.3 LU up to 8 dB. (What is delivered is measured; this bounds how often
// that is done twice.)
func TestOutline(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	for _, rate := range []int{44100, 48000, 96000} {
		made := takeOf(t, beats(8, rate), rate, rate)
		for _, c := range []struct{ over, tolerance float64 }{{-1, 0.01}, {1, 0.03}, {3, 0.03}, {8, 0.3}} {
			d := drive{gain: c.over - 1 - xmath.DB(made.peak), ceiling: gainOf(-1)}
			heard, err := made.listen(context.Background(), d)
			if err != nil {
				t.Fatal(err)
			}
			told := made.outline.loudness(d)
			t.Logf("%d Hz, %+.0f dB: told %.4f, heard %.4f LUFS; %.2f dB off at %s", rate, c.over, told, heard.loudness, heard.reduction, clock(heard.reductionAt, rate))
			if math.Abs(told-heard.loudness) > c.tolerance {
				t.Errorf("%d Hz, limiting by %g dB: the outline says %.3f LUFS, it is %.3f", rate, c.over, told, heard.loudness)
			}
			if want := max(c.over, 0); math.Abs(heard.reduction-want) > 0.01 {
				t.Errorf("%d Hz: the limiter takes off %.3f dB, want %g", rate, heard.reduction, want)
			}
		}
	}
}

// A take is the same whether its stage is cut into chunks that begin with the
// song or, having latency, elsewhere; and a resampled one is as loud.
func TestTake(t *testing.T) {
	x := beats(5, 48000)
	a, b := takeOf(t, x, 48000, 48000), takeOf(t, x, 48000, 44100)
	if math.Abs(a.loudness-b.loudness) > 0.02 || math.Abs(xmath.DB(a.peak/b.peak)) > 0.1 {
		t.Errorf("48 kHz: %.3f LUFS, peak %.4f; 44.1 kHz: %.3f LUFS, peak %.4f", a.loudness, a.peak, b.loudness, b.peak)
	}
	if a.sound.song != 5*48000 || b.sound.song != 5*44100 || b.sound.Frames != b.sound.song {
		t.Errorf("%d and %d frames of %d", a.sound.song, b.sound.song, b.sound.Frames)
	}
	near := float64(a.peakAt)/48000 - float64(b.peakAt)/44100
	if math.Abs(near) > 1e-4 {
		t.Errorf("the peak moved by %g s", near)
	}
}

// The search finds the drive for a loudness; what is out of reach comes back as a
// miss that says how far one gets.
func TestSolve(t *testing.T) {
	made := takeOf(t, beats(8, 44100), 44100, 44100)
	for _, above := range []float64{-10, -3, 0, 2, 4} {
		g := goal{loudness: made.loudness + above, ceiling: xmath.DB(made.peak) - 0.5, maxReduction: 8, tolerance: 0.05}
		level, miss, err := made.solve(context.Background(), g, learned{})
		if err != nil || miss != nil {
			t.Fatal(err, miss)
		}
		heard, err := made.listen(context.Background(), level.drive)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := made.solve(context.Background(), g, learned{loudness: heard.loudness - made.outline.loudness(level.drive)})
		if err != nil {
			t.Fatal(err)
		}
		second, err := made.listen(context.Background(), again.drive)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+.0f LU: off by %.4f LU, then %.4f", above, heard.loudness-g.loudness, second.loudness-g.loudness)
		if math.Abs(heard.loudness-g.loudness) > 0.1 || math.Abs(second.loudness-g.loudness) > solvePrecision {
			t.Errorf("%+.0f LU: %.3f and %.3f LUFS, want %.3f", above, heard.loudness, second.loudness, g.loudness)
		}
	}
	_, miss, err := made.solve(context.Background(), goal{loudness: made.loudness + 9, ceiling: xmath.DB(made.peak), maxReduction: 1, tolerance: 0.05}, learned{})
	if err != nil || miss == nil {
		t.Fatal(err, miss)
	}
	t.Log(fmt.Sprint(miss.Message, miss.Options))
}
