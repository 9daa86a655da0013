package demo

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The examples in the repository are what this package writes, byte for byte.
func TestExamplesAreUpToDate(t *testing.T) {
	for _, project := range []string{Undertow, LowTide} {
		t.Run(project, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "new")
			if err := Write(dir, project); err != nil {
				t.Fatal(err)
			}
			want := filesBelow(t, dir)
			got := filesBelow(t, filepath.Join("..", "..", "examples", project))
			for name, data := range want {
				switch have, ok := got[name]; {
				case !ok:
					t.Errorf("examples/%s/%s is missing: go run ./internal/demo/generate", project, name)
				case !bytes.Equal(have, data):
					t.Errorf("examples/%s/%s differs from what is synthesised now: go run ./internal/demo/generate", project, name)
				}
			}
			for name := range got {
				if _, ok := want[name]; !ok {
					t.Errorf("examples/%s/%s is not written by any project", project, name)
				}
			}
		})
	}
}

// filesBelow reads a project's files, without what a build leaves there.
func filesBelow(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if name == "dist" || name == ".lathe" {
				return fs.SkipDir
			}
			return nil
		}
		if name == "lathe.lock" {
			return nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, file)
		files[filepath.ToSlash(relative)] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWriteLeavesFilesAlone(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "lathe.yaml")
	if err := os.WriteFile(mine, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, Undertow); err == nil {
		t.Error("a project was written over another one")
	}
	if data, _ := os.ReadFile(mine); string(data) != "mine" {
		t.Errorf("the file that was there now says %q", data)
	}
	if err := Write(dir, "overtow"); err == nil || !strings.Contains(err.Error(), Undertow) {
		t.Errorf("unknown project: error %v does not name those there are", err)
	}
}

// What a studio expects of stems: headroom, no offset, nothing cut off.
func TestStemsAreCleanAudio(t *testing.T) {
	for _, song := range Songs() {
		for _, stem := range song.Stems {
			t.Run(song.Name+"/"+stem.Path, func(t *testing.T) {
				t.Parallel()
				s := stem.make()
				for c, x := range s.ch {
					peak, sum := 0.0, 0.0
					for i, v := range x {
						if math.IsNaN(v) || math.IsInf(v, 0) {
							t.Fatalf("channel %d frame %d is %v", c, i, v)
						}
						peak = max(peak, math.Abs(v))
						sum += v
					}
					if peak > 0.709 || peak < 0.01 {
						t.Errorf("channel %d peaks at %.3f of full scale", c, peak)
					}
					// -60 dB of an offset is inaudible and costs no headroom.
					if offset := math.Abs(sum) / float64(len(x)); offset > 0.001 {
						t.Errorf("channel %d has an offset of %.4f", c, offset)
					}
					if last := math.Abs(x[len(x)-1]); last > 1.0/(1<<15) {
						t.Errorf("channel %d ends at %g: cut off", c, last)
					}
				}
			})
		}
	}
}

// The drummer stays within 12 ms of the grid, so that bars in the project file
// are where the music has them.
func TestKickIsOnTheBeat(t *testing.T) {
	s := newSound(undertowPulse.rate, 1, undertowLength)
	undertowKick(s, player{pulse: undertowPulse, dice: newDice("test")})
	for _, b := range []float64{3, 4, 5, 6, 7, 8, 9, 10, 11} {
		at := int(bar(b) * 60 / 92 * 48000)
		before, after := energy(s.ch[0][at-960:at-576]), energy(s.ch[0][at:at+960])
		if after < 1 || before > after/100 {
			t.Errorf("bar %g: no stroke (energy %.3f before, %.3f after the bar line)", b, before, after)
		}
	}
}

func energy(x []float64) (sum float64) {
	for _, v := range x {
		sum += v * v
	}
	return sum
}

// The voice sings what is written: the middle of each long note is within a third of a
// semitone of its pitch (the vibrato's depth), by autocorrelation.
func TestVoiceIsInTune(t *testing.T) {
	s := newSound(undertowPulse.rate, 1, undertowLength)
	undertowLead(s, player{pulse: undertowPulse, dice: newDice("test")})
	checked := 0
	for _, n := range undertowMelody() {
		if n.length < 0.75 {
			continue
		}
		from, to := undertowPulse.frame(n.at+0.4*n.length), undertowPulse.frame(n.at+0.75*n.length)
		got := 69 + 12*math.Log2(float64(s.rate)/period(s.ch[0][from:to], 60, 480)/440)
		if math.Abs(got-n.pitch) > 0.34 {
			t.Errorf("%q at beat %.2f: sung at MIDI pitch %.2f, written %.0f", n.text, n.at, got, n.pitch)
		}
		checked++
	}
	if checked < 10 {
		t.Errorf("only %d notes were long enough to check", checked)
	}
}

// period returns the lag between shortest and longest at which x is most like itself.
func period(x []float64, shortest, longest int) float64 {
	like := func(lag int) float64 {
		sum, a, b := 0.0, 0.0, 0.0
		for i := lag; i < len(x); i++ {
			sum += x[i] * x[i-lag]
			a += x[i] * x[i]
			b += x[i-lag] * x[i-lag]
		}
		return sum / math.Sqrt(a*b)
	}
	best, at := 0.0, 0
	for lag := shortest; lag <= longest; lag++ {
		// A multiple of the period is as alike as the period itself: the first one counts.
		if l := like(lag); l > best+0.01 {
			best, at = l, lag
		}
	}
	l, m, r := like(at-1), like(at), like(at+1)
	return float64(at) + (l-r)/(2*(l-2*m+r))
}

func TestPluckedStringIsInTune(t *testing.T) {
	for _, pitch := range []float64{40, 52, 64, 76, 84} {
		x := pluck(pulse{rate: 48000, bpm: 60, swing: 0.5}, note{length: 1, pitch: pitch, velocity: 0.8}, 3, newDice("string"))
		p := 48000 / hertz(pitch)
		got := 69 + 12*math.Log2(48000/period(x[9600:24000], int(0.7*p), int(1.4*p))/440)
		// 6 cents: what an electronic tuner calls in tune.
		if math.Abs(got-pitch) > 0.06 {
			t.Errorf("pitch %.0f sounds at %.3f", pitch, got)
		}
	}
}

func TestScoreNotation(t *testing.T) {
	for name, want := range map[string]float64{"C4": 60, "A4": 69, "Bb3": 58, "F#2": 42, "B1": 35} {
		if got := pitchOf(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	got := phrase(8, "A4/0.5/la -/1 C5/2")
	want := []note{
		{at: 8, length: 0.5, pitch: 69, velocity: 0.88, text: "la"},
		{at: 9.5, length: 2, pitch: 72, velocity: 0.78},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(note{})); diff != "" {
		t.Error(diff)
	}
	strokes := pattern(4, 0.25, "9.. 3")
	if len(strokes) != 2 || strokes[1].at != 4.75 || strokes[0].velocity != 1 {
		t.Errorf("pattern gives %+v", strokes)
	}
}

func TestSwingMovesOnlyTheSecondSixteenth(t *testing.T) {
	straight, swung := pulse{48000, 60, 0.5}, pulse{48000, 60, 0.6}
	for beat, moved := range map[float64]int{0: 0, 0.25: 2400, 0.5: 0, 0.75: 2400, 1: 0} {
		if got := swung.frame(beat) - straight.frame(beat); got != moved {
			t.Errorf("beat %v moves by %d frames, want %d", beat, got, moved)
		}
	}
}
