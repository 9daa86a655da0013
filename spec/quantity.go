package spec

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lathe-audio/lathe/internal/param"
)

// quantity is a number in a unit: what "-3 dB", "3.2 kHz", "1:02.5", "1/8."
// and "bar 17" are instances of. One regular expression, put together from
// these fields, is both the grammar and the pattern in the JSON Schema.
type quantity struct {
	unit     param.Unit
	min, max float64
	words    []string // that may stand instead: "auto", "none", "session"
	notes    bool     // a note length may stand for a time, or for a rate: one cycle of it
	bars     bool     // a position in bars may stand for a time
	samples  bool     // a number of samples may stand for a time; see [sampleTime]
	whole    bool     // no fraction
	eg       string   // an example, where the unit's own would be an odd one
}

// dimension is what the language knows about a unit.
type dimension struct {
	unit    param.Unit
	what    string // with article, for "3 Hz is a frequency"
	example string
	// suffixes are the ways to write it, with the power of ten that leads to
	// the unit itself. Shifting the decimal point before the number is parsed
	// keeps "3.2 kHz" the same as "3200 Hz" to the last bit.
	suffixes []suffix
}

type suffix struct {
	text string
	exp  int
}

var dimensions = []dimension{
	{param.DB, "a level", "-3 dB", []suffix{{"dB", 0}}},
	{param.LUFS, "a loudness", "-14 LUFS", []suffix{{"LUFS", 0}, {"LKFS", 0}}},
	{param.LU, "a loudness difference", "0.5 LU", []suffix{{"LU", 0}, {"dB", 0}}},
	{param.DBTP, "a true peak", "-1 dBTP", []suffix{{"dBTP", 0}}},
	{param.Hz, "a frequency", "3.2 kHz", []suffix{{"Hz", 0}, {"kHz", 3}}},
	{param.MS, "a time", "10 ms", []suffix{{"ms", 0}, {"s", 3}, {"µs", -3}, {"us", -3}}},
	{param.Seconds, "a time", "1.5 s", []suffix{{"s", 0}, {"ms", -3}}},
	{param.Percent, "a share", "30%", []suffix{{"%", 0}}},
	{param.Ratio, "a ratio", "4:1", []suffix{{":1", 0}}},
	{param.Slope, "a slope", "24 dB/oct", []suffix{{"dB/oct", 0}}},
	{param.BPM, "a tempo", "92 bpm", []suffix{{"bpm", 0}}},
	{param.Bits, "a word length", "24 bit", []suffix{{"bit", 0}}},
	{param.Pan, "a pan position", "L30, C or R30", nil},
	{param.Degrees, "an angle", "90 deg", []suffix{{"deg", 0}, {"°", 0}}},
	{param.Kbps, "a bit rate", "320 kbps", []suffix{{"kbps", 0}, {"kbit/s", 0}}},
	{param.Plain, "a number", "1.4", nil},
}

func dimensionOf(u param.Unit) dimension {
	for _, d := range dimensions {
		if d.unit == u {
			return d
		}
	}
	return dimension{unit: u, what: "a number in " + string(u), suffixes: []suffix{{string(u), 0}}}
}

// suffixes are the ways to write the quantity's unit. A level that can only
// lie below full scale (a threshold) may say so.
func (q quantity) suffixes() []suffix {
	s := dimensionOf(q.unit).suffixes
	if q.unit == param.DB && q.min < 0 && q.max <= 0 {
		s = append(slices.Clip(s), suffix{"dBFS", 0})
	}
	return s
}

// The pieces of the grammar. They keep to what Go and ECMAScript both know.
const (
	numberPattern = `[-+−]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?`
	clockPattern  = `[-+−]?[0-9]+:[0-5][0-9](?:\.[0-9]+)?|[-+−]?[0-9]+:[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?`
	notePattern   = `[1-9][0-9]?/(?:1|2|4|8|16|32|64)[.t]?`
	barPattern    = `bar [1-9][0-9]{0,5}(?: beat [1-9][0-9]?(?:\.[0-9]+)?)?`
	panPattern    = `C|[LR](?:0|[1-9][0-9]*)(?:\.[0-9]+)?`
)

// pattern is the regular expression of everything that may be written, other
// than a bare number and the words.
func (q quantity) pattern() string {
	var forms []string
	for _, s := range q.suffixes() {
		forms = append(forms, numberPattern+" *"+regexp.QuoteMeta(s.text))
	}
	switch q.unit {
	case param.Seconds:
		forms = append(forms, clockPattern)
	case param.Pan:
		forms = append(forms, panPattern)
	}
	if q.notes {
		forms = append(forms, notePattern)
	}
	if q.bars {
		forms = append(forms, barPattern)
	}
	return "^(?:" + strings.Join(forms, "|") + ")$"
}

var (
	bareNumber = regexp.MustCompile("^" + numberPattern + "$")
	withSuffix = regexp.MustCompile("^(" + numberPattern + ") *([^ 0-9.].*)$")
	isClock    = regexp.MustCompile("^(?:" + clockPattern + ")$")
	isNote     = regexp.MustCompile("^" + notePattern + "$")
	isBar      = regexp.MustCompile("^" + barPattern + "$")
	isPan      = regexp.MustCompile("^(?:" + panPattern + ")$")
	compiled   sync.Map // pattern → *regexp.Regexp
)

func matches(pattern, text string) bool {
	re, ok := compiled.Load(pattern)
	if !ok {
		re, _ = compiled.LoadOrStore(pattern, regexp.MustCompile(pattern))
	}
	return re.(*regexp.Regexp).MatchString(text)
}

// fault is what is wrong with a value, and what to do about it.
type fault struct{ message, hint string }

func (f *fault) Error() string { return f.message }

// expected describes what may be written: "a frequency from 10 Hz to 24 kHz,
// such as 3.2 kHz".
func (q quantity) expected() string {
	d := dimensionOf(q.unit)
	text := d.what
	if q.bounded() {
		text += " from " + q.format(q.min) + " to " + q.format(q.max)
	}
	if q.unit != param.Plain {
		text += ", such as " + q.example()
	}
	if q.notes {
		text += " or a note length such as 1/8."
	}
	if q.bars {
		text += ", 1:02.5 or bar 17"
	}
	if q.samples {
		text += " or 12 samples"
	}
	for _, w := range q.words {
		text += " or " + w
	}
	return text
}

func (q quantity) bounded() bool { return q.min != 0 || q.max != 0 }

// example is a value that would be accepted.
func (q quantity) example() string {
	if q.eg != "" {
		return q.eg
	}
	d := dimensionOf(q.unit)
	if q.unit == param.Pan {
		return d.example
	}
	if parts := withSuffix.FindStringSubmatch(d.example); parts != nil {
		if v := q.scaled(parts); q.check(v) == nil {
			return d.example
		}
	}
	return q.format(q.max)
}

// parse reads a quantity. text tells a YAML text from a YAML number, which is
// taken in the quantity's own unit. The range is not checked.
func (q quantity) parse(s string, text bool, m music) (float64, *fault) {
	if !text {
		if !bareNumber.MatchString(s) {
			return 0, q.misreadNumber(s)
		}
		return number(s, 0), nil
	}
	if !matches(q.pattern(), s) {
		return 0, q.misread(s)
	}
	switch {
	case isClock.MatchString(s) && q.unit == param.Seconds:
		return clock(s), nil
	case isNote.MatchString(s):
		ms, f := noteLength(s, m)
		if q.unit == param.Hz && f == nil { // of a rate, one cycle
			return 1000 / ms, nil
		}
		return ms, f
	case isBar.MatchString(s):
		return barPosition(s, m)
	case isPan.MatchString(s) && q.unit == param.Pan:
		return panPosition(s), nil
	}
	return q.scaled(withSuffix.FindStringSubmatch(s)), nil
}

// scaled is the number of a text with one of the unit's suffixes.
func (q quantity) scaled(parts []string) float64 {
	for _, suffix := range q.suffixes() {
		if suffix.text == parts[2] {
			return number(parts[1], suffix.exp)
		}
	}
	return math.NaN()
}

// check tells whether a value is in range.
func (q quantity) check(v float64) *fault {
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return &fault{"the number is too large", ""}
	case q.bounded() && (v < q.min || v > q.max):
		return &fault{q.format(v) + " is out of range", fmt.Sprintf("allowed: %s to %s", q.format(q.min), q.format(q.max))}
	case q.whole && v != math.Trunc(v):
		return &fault{q.format(v) + " is not a whole number" + inUnit(q.unit), ""}
	}
	return nil
}

func inUnit(u param.Unit) string {
	if u == param.Plain {
		return ""
	}
	return " of " + string(u)
}

// misreadNumber explains why a number of YAML is not one of ours.
func (q quantity) misreadNumber(s string) *fault {
	if matches(`^[-+]?0[0-9]+(\.[0-9]*)?$`, s) {
		return q.misread(s)
	}
	return &fault{s + " is not a plain decimal number; expected " + q.expected(), ""}
}

// misread explains why s is not such a quantity.
func (q quantity) misread(s string) *fault {
	expected := "expected " + q.expected()
	own := q.suffixes()
	switch {
	case bareNumber.MatchString(s): // as a YAML text: it is in quotes
		return &fault{strconv.Quote(s) + " is in quotes, which makes it a text", "write " + s + " without quotes, or with its unit"}
	case matches(`^[-+]?[0-9]+,[0-9]+( *[^0-9]*)$`, s):
		return &fault{s + " has a decimal comma", "write " + strings.Replace(s, ",", ".", 1)}
	case matches(`^[-+]?0[0-9]+(\.[0-9]*)?( *[^0-9:]*)$`, s):
		sign, digits := "", s
		if s[0] == '-' || s[0] == '+' {
			sign, digits = s[:1], s[1:]
		}
		return &fault{s + " begins with a zero, which some readers of YAML take for base 8", "write " + sign + strings.TrimLeft(digits[:len(digits)-1], "0") + digits[len(digits)-1:]}
	case isNote.MatchString(s):
		return &fault{s + " is a note length; " + expected, ""}
	case isBar.MatchString(s):
		return &fault{s + " is a position in bars; " + expected, ""}
	case isClock.MatchString(s) && !matches(`^[0-9]+:1$`, s):
		return &fault{s + " is minutes and seconds; " + expected, ""}
	case q.unit == param.Seconds && matches(`^[0-9]+:[0-5][0-9]:[0-5][0-9][:;][0-9]+$`, s):
		return &fault{s + " is a time code that counts frames of a picture; " + expected, "write hours, minutes and seconds, such as 10:00:00.48"}
	case q.bars && matches(`^bar [0-9]+\.[0-9]+$`, s):
		return &fault{s + " is not a position", "write " + strings.Replace(s, ".", " beat ", 1)}
	}
	if parts := withSuffix.FindStringSubmatch(s); parts != nil {
		if parts[2] == "dBFS" {
			return &fault{s + " is a level below full scale; " + expected, "write it in dB"}
		}
		for _, d := range dimensions {
			if slices.ContainsFunc(d.suffixes, func(x suffix) bool { return x.text == parts[2] }) {
				return &fault{s + " is " + d.what + "; " + expected, ""}
			}
		}
		var known []string
		for _, x := range own {
			known = append(known, x.text)
		}
		if q.samples {
			known = append(known, "samples")
		}
		hint := didYouMean(parts[2], known)
		if hint == "" && q.unit == param.Plain {
			hint = "write the number alone"
		}
		return &fault{fmt.Sprintf("%q is no unit that is known here; %s", parts[2], expected), hint}
	}
	return &fault{expected + ", found " + strconv.Quote(s), ""}
}

// number parses digits, with the decimal point shifted by exp.
func number(s string, exp int) float64 {
	s = strings.Replace(s, "−", "-", 1)
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		own, _ := strconv.Atoi(s[at+1:])
		s, exp = s[:at], exp+own
	}
	v, _ := strconv.ParseFloat(s+"e"+strconv.Itoa(exp), 64) // out of range gives an infinity, which check refuses
	return v
}

// clock reads m:ss.fff and h:mm:ss.fff in seconds.
func clock(s string) float64 {
	s = strings.Replace(s, "−", "-", 1)
	negative := strings.HasPrefix(s, "-")
	total := 0.0
	for _, part := range strings.Split(strings.TrimLeft(s, "+-"), ":") {
		v, _ := strconv.ParseFloat(part, 64)
		total = float64(total*60) + v
	}
	if negative {
		return -total
	}
	return total
}

// noteLength reads "1/8", "1/8." (dotted: half as long again) and "1/8t"
// (triplet: two thirds), in milliseconds: at the tempo of the song's start, or in
// the value of an automation point at the tempo of its place.
func noteLength(s string, m music) (float64, *fault) {
	if m.tempo == 0 {
		return 0, noTempo(s)
	}
	scale := 6.0 // sixths of the plain length, so that all of this stays in whole numbers
	switch s[len(s)-1] {
	case '.':
		scale = 9
	case 't':
		scale = 4
	}
	over, under, _ := strings.Cut(strings.TrimRight(s, ".t"), "/")
	n, _ := strconv.ParseFloat(over, 64)
	d, _ := strconv.ParseFloat(under, 64)
	return n * 4 * scale * 60000 / (6 * d * m.tempoAt(m.now)), nil
}

// barPosition reads "bar 17" and "bar 17 beat 3.5" in seconds.
func barPosition(s string, m music) (float64, *fault) {
	if m.tempo == 0 {
		return 0, noTempo(s)
	}
	quarters, f := m.quarters(s)
	if f != nil {
		return 0, f
	}
	return m.seconds(quarters), nil
}

func noTempo(s string) *fault {
	return &fault{s + " needs a tempo", "write song.tempo, such as 92 bpm"}
}

// panPosition reads L30, C and R30.
func panPosition(s string) float64 {
	v, _ := strconv.ParseFloat(strings.TrimLeft(s, "LCR"), 64)
	if s[0] == 'L' && v != 0 {
		return -v
	}
	return v
}

// print gives a value as one would write it.
func (q quantity) print(v any) string {
	if f, ok := v.(float64); ok {
		return q.format(f)
	}
	return fmt.Sprint(v)
}

func (q quantity) format(v float64) string { return FormatQuantity(v, q.unit) }

// FormatQuantity prints a number in its unit as one would write it in a
// project file: "-3 dB", "3.2 kHz", "1.8 s", "30%", "L30", "4:1".
func FormatQuantity(v float64, u param.Unit) string {
	switch u {
	case param.Plain:
		return FormatNumber(v)
	case param.Percent, param.Ratio:
		return FormatNumber(v) + string(u)
	case param.Pan:
		switch {
		case v < 0:
			return "L" + FormatNumber(-v)
		case v > 0:
			return "R" + FormatNumber(v)
		}
		return "C"
	case param.Seconds:
		if math.Abs(v) >= 60 {
			return FormatClock(v)
		}
	case param.Hz:
		if math.Abs(v) >= 1000 {
			return FormatNumber(v/1000) + " kHz"
		}
	case param.MS:
		if math.Abs(v) >= 1000 {
			return FormatNumber(v/1000) + " s"
		}
	}
	return FormatNumber(v) + " " + string(u)
}

// FormatClock prints seconds as m:ss.fff, or from one hour on as h:mm:ss.fff.
func FormatClock(seconds float64) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	ms := int64(math.Round(math.Min(seconds, 1e12) * 1000))
	text := fmt.Sprintf("%s%d:%02d.%03d", sign, ms/60000, ms/1000%60, ms%1000)
	if ms >= 3600_000 {
		text = fmt.Sprintf("%s%d:%02d:%02d.%03d", sign, ms/3600_000, ms/60_000%60, ms/1000%60, ms%1000)
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// FormatNumber prints a number without superfluous digits, at most four after
// the point.
func FormatNumber(v float64) string {
	if v != 0 && math.Abs(v) < 0.001 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if at := strings.IndexByte(s, '.'); at >= 0 && len(s)-at > 5 {
		s = strings.TrimRight(strconv.FormatFloat(v, 'f', 4, 64), "0")
		s = strings.TrimSuffix(s, ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}
