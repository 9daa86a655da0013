package match_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/match"
	"github.com/lathe-audio/lathe/dsp/seed"
)

// White noise rises by 3 dB an octave, and what was tilted about 1 kHz by no more than 1 dB
// has moved by what a slope says of a tilt. Tolerances: 9 s of noise is good to half a dB in
// the third of an octave at 100 Hz, and better above, so its slope over 6.6 octaves to 0.05;
// the tilt of the same noise moves loud windows against each other, by a twentieth of that.
func TestSlope(t *testing.T) {
	white := dsp.NewBlock(9 * rate)
	r := seed.New(1)
	for i := range white[0] {
		white[0][i], white[1][i] = 0.1*r.Next(), 0.1*r.Next()
	}
	s, ok := profile(white).Slope()
	if !ok || math.Abs(s.DB-10*math.Log10(2)) > 0.05 {
		t.Errorf("white noise: %.4f dB an octave, want 3.01", s.DB)
	}
	// By a tilt of 1 dB, of tanh(ln x) about its pivot: its line over 6.64 octaves.
	if math.Abs(s.PerDB-0.388) > 0.005 {
		t.Errorf("1 dB of tilt is %.4f dB an octave, want 0.388", s.PerDB)
	}
	times(t, 5)
	sound := music(5)
	before, _ := profile(sound).Slope()
	rapid.Check(t, func(rt *rapid.T) {
		db := rapid.Float64Range(-1, 1).Draw(rt, "tilt")
		got, _ := profile(equalised(rt, sound, match.EQ([]match.Band{match.TiltBand(db)}, "minimum"))).Slope()
		if off := got.DB - before.Tilted(db); math.Abs(off) > 0.002 {
			rt.Fatalf("tilted by %+.3f dB it is %+.4f dB an octave from what was said", db, off)
		}
	})
}

// A correction is never more than what is allowed, on its grid unless the bound is not,
// towards the goal, and leaves no more than half a step where the bound does not hold it.
func TestTowards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := match.Slope{DB: rapid.Float64Range(-12, 6).Draw(t, "slope"), PerDB: rapid.Float64Range(0.2, 0.6).Draw(t, "per dB")}
		goal, most := rapid.Float64Range(-12, 6).Draw(t, "goal"), rapid.Float64Range(0.05, 0.5).Draw(t, "most")
		got := s.Towards(goal, most, 20)
		left := goal - s.Tilted(got)
		switch {
		case math.Abs(got) > most:
			t.Fatalf("%+.4f dB, where %.4f is the most", got, most)
		case math.Abs(got) < most && math.Abs(left) > s.PerDB/40*1.0001:
			t.Fatalf("%+.4f dB leaves %+.4f dB an octave", got, left)
		case got*(goal-s.DB) < 0:
			t.Fatalf("%+.4f dB leads away from %.4f", got, goal)
		}
	})
}

// Silence, and what is only a bass note, has no slope.
func TestNoSlope(t *testing.T) {
	note := dsp.NewBlock(3 * rate)
	for i := range note[0] {
		note[0][i] = 0.3 * math.Sin(2*math.Pi*55*float64(i)/rate)
		note[1][i] = note[0][i]
	}
	for name, b := range map[string]dsp.Block{"silence": dsp.NewBlock(3 * rate), "a note": note} {
		if s, ok := profile(b).Slope(); ok {
			t.Errorf("%s has a slope of %+v", name, s)
		}
	}
}
