package spec

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tempoSong loads a song with a tempo map and automation points at the given
// places, and returns where they are, in seconds.
func tempoSong(t *testing.T, head string, places []string) []float64 {
	t.Helper()
	points := make([]string, len(places))
	for i, p := range places {
		points[i] = fmt.Sprintf("{at: %s, value: %d dB}", p, -i)
	}
	p, diags := loadText(t, "lathe: 1\nsong:\n  title: X\n"+head+"\nstems:\n  a: {file: stems/a.wav, automation: {gain: ["+strings.Join(points, ", ")+"]}}\n")
	if p == nil {
		t.Fatal(diags.Text())
	}
	var out []float64
	for _, point := range p.Song.Stems[0].Automation[0].Points {
		out = append(out, point.At)
	}
	return out
}

// Bars are where a calculation by hand puts them.
func TestTempoMap(t *testing.T) {
	for name, c := range map[string]struct {
		head string
		want map[string]float64 // seconds
	}{
		"steps": {
			// 32 bars of 4/4 at 92 bpm last 128·60/92 s; then 96 bpm; 3/4 from bar 40.
			"  tempo_map: [{at: bar 1, tempo: 92 bpm}, {at: bar 33, tempo: 96 bpm}, {at: bar 40, meter: 3/4}]",
			map[string]float64{
				"bar 2": 240.0 / 92, "bar 33": 128 * 60.0 / 92, "bar 34 beat 3": 128*60.0/92 + 6*60.0/96,
				"bar 40": 128*60.0/92 + 28*60.0/96, "bar 41": 128*60.0/92 + 31*60.0/96, "bar 42 beat 2.5": 128*60.0/92 + 35.5*60.0/96,
			},
		},
		"linear": {
			// From 60 to 120 bpm over 4 bars: 16 quarters at a mean of 90 bpm, 32/3 s. Half
			// of that time makes 60·t/60 + (120-60)/(32/3)/2·t²/60 = 16/3 + 4/3 = 20/3 quarters.
			"  tempo: 60 bpm\n  tempo_map: [{at: bar 5, tempo: 120 bpm, curve: linear}]",
			map[string]float64{"bar 2 beat 3.66666666666666666": 16.0 / 3, "bar 5": 32.0 / 3, "bar 6": 32.0/3 + 2},
		},
		"slower, after a hold": {
			// 2 bars at 120 (4 s), then at 120 to 60 over 2 bars: 8 quarters at 90, 16/3 s.
			"  tempo: 120 bpm\n  tempo_map: [{at: bar 3, tempo: 120 bpm}, {at: bar 5, tempo: 60 bpm, curve: linear}]",
			map[string]float64{"bar 3": 4, "bar 5": 4 + 16.0/3, "bar 6": 4 + 16.0/3 + 4},
		},
		"in time": {
			// 10 s at 60 bpm: 10 quarters. Ten seconds more to 120 bpm: 15 quarters.
			"  tempo: 60 bpm\n  tempo_map: [{at: 0:10, tempo: 60 bpm}, {at: 20 s, tempo: 120 bpm, curve: linear}]",
			map[string]float64{"bar 3 beat 3": 10, "bar 7 beat 2": 20, "bar 8 beat 2": 22},
		},
		"meters": {
			// 7/8 for two bars, 7 eighths each; 2/2 for one; then 4/4. Quarters at 120 bpm.
			"  tempo: 120 bpm\n  meter: 7/8\n  tempo_map: [{at: bar 3, meter: 2/2}, {at: bar 4, meter: 4/4}]",
			map[string]float64{"bar 1 beat 7": 1.5, "bar 2": 1.75, "bar 3": 3.5, "bar 3 beat 2": 4.5, "bar 4": 5.5, "bar 5": 7.5},
		},
		"a meter on the way of a ramp": {
			// The ramp of "linear"; bar 3 is at 8 quarters, bar 4 (3/4) at 11, bar 5 at 14,
			// where the ramp, written at 16 quarters, is not yet over: 14 quarters from
			// 60 bpm with 5.625 bpm a second.
			"  tempo: 60 bpm\n  tempo_map: [{at: bar 3, meter: 3/4}, {at: bar 5 beat 3, tempo: 120 bpm, curve: linear}]",
			map[string]float64{"bar 5 beat 3": 32.0 / 3, "bar 5": (-60 + math.Sqrt(3600+2*5.625*14*60)) / 5.625},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for place, want := range c.want {
				got := tempoSong(t, c.head, []string{place})[0]
				if math.Abs(got-want) > 1e-12*want+1e-14 {
					t.Errorf("%s: %.15g s, want %.15g", place, got, want)
				}
			}
		})
	}
}

// A map that says nothing new changes nothing, to the bit: it is the formula of one
// tempo.
func TestTempoMapOfOneTempo(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tempo := rapid.Float64Range(10, 999).Draw(r, "tempo")
		m := Meter{rapid.IntRange(1, 31).Draw(r, "beats"), 1 << rapid.IntRange(0, 5).Draw(r, "unit")}
		bar := rapid.IntRange(1, 2000).Draw(r, "bar")
		beat := float64(rapid.IntRange(0, m.Beats*8-1).Draw(r, "beat"))/8 + 1
		got, f := barPosition(fmt.Sprintf("bar %d beat %v", bar, beat), music{tempo: tempo, meter: m})
		if f != nil {
			r.Fatal(f)
		}
		beats := float64(bar-1)*float64(m.Beats) + (beat - 1)
		if want := beats * 4 * 60 / (float64(m.Unit) * tempo); got != want {
			r.Fatalf("%.17g, want %.17g", got, want)
		}
	})
}

// Places in quarter notes and in seconds are each other's inverse, wherever the
// tempo steps or moves, and later is later.
func TestTempoMapIsInvertible(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := music{tempo: rapid.Float64Range(20, 300).Draw(r, "tempo"), meter: Meter{4, 4}}
		last := tempoPoint{tempo: m.tempo}
		for range rapid.IntRange(0, 6).Draw(r, "points") {
			last = last.reached(last.quarters+rapid.Float64Range(0.5, 200).Draw(r, "after"), rapid.Float64Range(20, 300).Draw(r, "to"), rapid.Bool().Draw(r, "linear"))
			m.tempi = append(m.tempi, last)
		}
		before := -1.0
		for i := range 200 {
			quarters := (last.quarters + 10) * float64(i) / 200
			seconds := m.seconds(quarters)
			if seconds <= before {
				r.Fatalf("%g quarters are at %g s, no later than what lies before", quarters, seconds)
			}
			before = seconds
			p, next := m.around(func(p tempoPoint) bool { return p.seconds > seconds })
			if back := p.quartersAt(seconds, next); math.Abs(back-quarters) > 1e-9*(1+quarters) {
				r.Fatalf("%g quarters are at %g s, which is at %g", quarters, seconds, back)
			}
			// The tempo is the slope, but for where it steps.
			if h := 1e-4; m.seconds(quarters+h)-seconds > 0 && math.Abs(m.tempoAt(seconds)-m.tempoAt(m.seconds(quarters+h))) < 0.1 {
				slope := 60 * h / (m.seconds(quarters+h) - seconds)
				if math.Abs(slope-m.tempoAt(seconds)) > 0.1 {
					r.Fatalf("at %g s the tempo is %g, but %g quarters a minute go by", seconds, m.tempoAt(seconds), slope)
				}
			}
		}
	})
}

// A note length is taken at the tempo of the start, with a warning where the tempo
// changes, and in automation at the tempo of its point.
func TestNoteLengthsInATempoMap(t *testing.T) {
	p, diags := loadText(t, `lathe: 1
song: {title: X, tempo: 60 bpm, tempo_map: [{at: bar 3, tempo: 120 bpm}, {at: bar 5, tempo: 240 bpm, curve: linear}]}
stems:
  a:
    file: stems/a.wav
    chain: [delay: {id: echo, time: 1/4}]
    automation: {echo.time: [{at: 0, value: 1/4}, {at: bar 3, value: 1/8.}, {at: 10 s, value: 1/4}, {at: bar 9, value: 1/4}]}
`)
	if p == nil {
		t.Fatal(diags.Text())
	}
	if text := diags.Text(); len(diags) != 1 || !strings.Contains(text, "lathe.yaml:6:37: warning: stem \"a\": delay: time: 1/4 is taken at the tempo of the song's start, 60 bpm") {
		t.Errorf("got %s", text)
	}
	if got := p.Song.Stems[0].Chain[0].Values.Num("time"); got != 1000 {
		t.Errorf("1/4 at 60 bpm is %g ms, want 1000", got)
	}
	// Bars 3 and 4 go from 120 to 240 bpm: 8 quarters at 180, 8/3 s from 8 s on. At
	// 10 s the tempo is 120 + 120·2/(8/3) = 210 bpm.
	for i, want := range []float64{1000, 375, 60000.0 / 210, 250} {
		if got := p.Song.Stems[0].Automation[0].Points[i].Value; math.Abs(got-want) > 1e-9 {
			t.Errorf("point %d: %g ms, want %g", i+1, got, want)
		}
	}
	lines := Explain(p, "song.tempo_map[1].at")
	if len(lines) != 1 || lines[0].Value != "0:10.667" || lines[0].Origin != "lathe.yaml:2 (bar 5)" {
		t.Errorf("explain says %+v", lines)
	}
}
