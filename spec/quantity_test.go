package spec

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/internal/param"
	"pgregory.net/rapid"
)

// Exact equality throughout: a quantity is the float64 nearest to what is
// written, and conversions shift the decimal point before the rounding.
func TestQuantities(t *testing.T) {
	song := music{tempo: 120, meter: Meter{3, 4}} // a beat of 0.5 s, a bar of 1.5 s
	eighths := music{tempo: 120, meter: Meter{6, 8}}
	for _, c := range []struct {
		unit param.Unit
		text string
		want float64
	}{
		{param.DB, "-3 dB", -3}, {param.DB, "+1.5 dB", 1.5}, {param.DB, "-3dB", -3}, {param.DB, "−3 dB", -3}, {param.DB, ".5 dB", 0.5},
		{param.LUFS, "-14 LUFS", -14}, {param.LUFS, "-24 LKFS", -24}, {param.LU, "0.5 LU", 0.5}, {param.LU, "0.5 dB", 0.5}, {param.DBTP, "-1 dBTP", -1},
		{param.Hz, "3.2 kHz", 3200}, {param.Hz, "44.1 kHz", 44100}, {param.Hz, "88.2 kHz", 88200}, {param.Hz, "1.001 kHz", 1001}, {param.Hz, "30 Hz", 30}, {param.Hz, "1e1 kHz", 10000},
		{param.MS, "10 ms", 10}, {param.MS, "0.3 s", 300}, {param.MS, "1.8 s", 1800}, {param.MS, "50 µs", 0.05}, {param.MS, "50 us", 0.05},
		{param.Seconds, "1.2 s", 1.2}, {param.Seconds, "350 ms", 0.35}, {param.Seconds, "1:02.5", 62.5}, {param.Seconds, "0:00", 0},
		{param.Seconds, "1:02:03.25", 3723.25}, {param.Seconds, "90:00", 5400}, {param.Seconds, "-0:01.5", -1.5}, {param.Seconds, "01:05", 65},
		{param.Seconds, "bar 1", 0}, {param.Seconds, "bar 17", 24}, {param.Seconds, "bar 2 beat 3", 2.5}, {param.Seconds, "bar 2 beat 3.5", 2.75},
		{param.MS, "1/4", 500}, {param.MS, "1/8.", 375}, {param.MS, "1/4t", 1000.0 / 3}, {param.MS, "1/1", 2000}, {param.MS, "3/16", 375}, {param.MS, "1/64", 31.25},
		{param.Percent, "30%", 30}, {param.Percent, "30 %", 30}, {param.Ratio, "4:1", 4}, {param.Ratio, "1.6:1", 1.6}, {param.Slope, "24 dB/oct", 24},
		{param.BPM, "92 bpm", 92}, {param.BPM, "92.5bpm", 92.5}, {param.Bits, "24 bit", 24}, {param.Degrees, "90 deg", 90}, {param.Degrees, "90°", 90},
		{param.Pan, "C", 0}, {param.Pan, "L30", -30}, {param.Pan, "R100", 100}, {param.Pan, "L0", 0}, {param.Pan, "R12.5", 12.5},
	} {
		q := quantity{unit: c.unit, notes: c.unit == param.MS, bars: c.unit == param.Seconds}
		if got, f := q.parse(c.text, true, song); f != nil || got != c.want {
			t.Errorf("%q in %s = %v (%v), want %v", c.text, c.unit, got, f, c.want)
		}
	}
	q := quantity{unit: param.Seconds, bars: true}
	if got, f := q.parse("bar 2 beat 4", true, eighths); f != nil || got != 2.25 { // 9 eighths of 0.25 s
		t.Errorf("6/8: %v %v", got, f)
	}
	for _, text := range []string{"3", "-1.5", "+2", "1e2", ".5", "0"} { // as YAML numbers, in the key's own unit
		if _, f := (quantity{unit: param.Hz}).parse(text, false, song); f != nil {
			t.Errorf("%s: %v", text, f)
		}
	}
	for _, c := range []struct {
		unit param.Unit
		text string
	}{
		{param.DB, "-3 db"}, {param.DB, "3 Hz"}, {param.DB, "dB"}, {param.DB, "- 3 dB"}, {param.DB, "3 dB "}, {param.DB, "03 dB"}, {param.DB, "1_0 dB"}, {param.DB, "0x3 dB"},
		{param.DB, "inf dB"}, {param.DB, "NaN"}, {param.DB, "-3 dBFS"}, {param.DB, "3"}, {param.DB, "1. dB"}, {param.Hz, "3,2 kHz"}, {param.Hz, "3 KHz"}, {param.Hz, "1 MHz"},
		{param.Seconds, "1:60"}, {param.Seconds, "1:2"}, {param.Seconds, "1:00:60"}, {param.Seconds, "bar 0"}, {param.Seconds, "bar 2 beat 0"}, {param.Seconds, "bar 2 beat 4"},
		{param.Seconds, "bar 1.5"}, {param.Seconds, "bar -1"}, {param.Seconds, "Bar 1"}, {param.MS, "1/3"}, {param.MS, "0/4"}, {param.MS, "1/8.t"}, {param.MS, "1/128"},
		{param.Pan, "L"}, {param.Pan, "30% left"}, {param.Pan, "l30"}, {param.Pan, "C0"}, {param.Ratio, "4:2"}, {param.Percent, "30 percent"},
	} {
		q := quantity{unit: c.unit, notes: c.unit == param.MS, bars: c.unit == param.Seconds}
		if got, f := q.parse(c.text, true, song); f == nil {
			t.Errorf("%q in %s is taken for %v", c.text, c.unit, got)
		} else if f.message == "" {
			t.Errorf("%q in %s is refused without a reason", c.text, c.unit)
		}
	}
	for _, text := range []string{"0x10", "1_000", "0o17", ".inf", ".nan", "012", "1."} {
		if got, f := (quantity{unit: param.Hz}).parse(text, false, song); f == nil {
			t.Errorf("the YAML number %s is taken for %v", text, got)
		}
	}
	for _, text := range []string{"1e400 dB", "-1e999 dB"} {
		q := quantity{unit: param.DB, min: -10, max: 10}
		if v, f := q.parse(text, true, song); f == nil && q.check(v) == nil {
			t.Errorf("%s passes as %v", text, v)
		}
	}
}

func TestFormatQuantity(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit param.Unit
		want string
	}{
		{-3, param.DB, "-3 dB"}, {3200, param.Hz, "3.2 kHz"}, {44100, param.Hz, "44.1 kHz"}, {999.5, param.Hz, "999.5 Hz"}, {1500, param.MS, "1.5 s"}, {0.05, param.MS, "0.05 ms"},
		{30, param.Percent, "30%"}, {4, param.Ratio, "4:1"}, {-30, param.Pan, "L30"}, {0, param.Pan, "C"}, {12.5, param.Pan, "R12.5"}, {1.4, param.Plain, "1.4"},
		{1.8, param.Seconds, "1.8 s"}, {62.5, param.Seconds, "1:02.5"}, {3723.25, param.Seconds, "1:02:03.25"}, {-90, param.Seconds, "-1:30"}, {1.0 / 3, param.DB, "0.3333 dB"},
		{0.00005, param.DB, "5e-05 dB"}, {math.Copysign(0, -1), param.DB, "0 dB"}, {92, param.BPM, "92 bpm"}, {24, param.Slope, "24 dB/oct"},
	} {
		if got := FormatQuantity(c.v, c.unit); got != c.want {
			t.Errorf("FormatQuantity(%v, %s) = %q, want %q", c.v, c.unit, got, c.want)
		}
	}
	for _, c := range []struct {
		seconds float64
		want    string
	}{{0, "0:00"}, {59.9996, "1:00"}, {600, "10:00"}, {0.05, "0:00.05"}, {-1.5, "-0:01.5"}, {3600, "1:00:00"}} {
		if got := FormatClock(c.seconds); got != c.want {
			t.Errorf("FormatClock(%v) = %q, want %q", c.seconds, got, c.want)
		}
	}
}

// What is printed is read back as the same number, where no more than four
// digits after the point are needed.
func TestFormatIsParsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(dimensions).Draw(t, "dimension")
		v := float64(rapid.IntRange(-1_000_000, 1_000_000).Draw(t, "thousandths")) / 1000
		q := quantity{unit: d.unit}
		text := q.format(v)
		got, f := q.parse(text, !bareNumber.MatchString(text), music{})
		if f != nil || math.Abs(got-v) > 1e-4 {
			t.Fatalf("%v %s is printed as %q and read as %v (%v)", v, d.unit, text, got, f)
		}
	})
}

// The pattern in the schema and the parser accept the same texts.
func TestPatternIsTheGrammar(t *testing.T) {
	piece := rapid.SampledFrom([]string{"-", "+", "1", "0", "2.5", "1e3", " ", ":", "00", "30", "dB", "dBFS", "kHz", "Hz", "ms", "s", "%", "bar ", " beat ", "1/8", ".", "t", "L", "R", "C", "bpm", "/oct", ":1", "LUFS", "é"})
	m := music{tempo: 100, meter: Meter{99, 4}} // so that no beat is too many
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(dimensions).Draw(t, "dimension")
		q := quantity{unit: d.unit, min: -200, max: 0, notes: d.unit == param.MS, bars: d.unit == param.Seconds}
		text := strings.Join(rapid.SliceOfN(piece, 1, 5).Draw(t, "text"), "")
		_, f := q.parse(text, true, m)
		if matched := regexp.MustCompile(q.pattern()).MatchString(text); matched != (f == nil) {
			t.Fatalf("%q in %s: pattern says %v, parser says %v", text, d.unit, matched, f)
		}
	})
}

func TestSuggest(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"drms", "drums"}, {"Drums", "drums"}, {"plat", "plate"}, {"palte", "plate"}, {"xyz", ""}, {"e", ""}, {"drumsss", "drums"}, {"drumssss", ""}, {"ecoh", "echo"},
	} {
		if got := suggest(c.word, []string{"drums", "plate", "echo", "q"}); got != c.want {
			t.Errorf("suggest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
	// The distance is a metric but for the triangle (optimal string alignment).
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 6, -1)
		a, b := []rune(word.Draw(t, "a")), []rune(word.Draw(t, "b"))
		if slips(a, b) != slips(b, a) || (slips(a, b) == 0) != (string(a) == string(b)) || slips(a, b) > max(len(a), len(b)) {
			t.Fatalf("slips(%q, %q) = %d, back %d", string(a), string(b), slips(a, b), slips(b, a))
		}
	})
}
