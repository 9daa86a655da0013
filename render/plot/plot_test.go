package plot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

func ptr[T any](x T) *T { return &x }

// song is the data of a made-up song: what a file of that length gives. It is the
// same on every machine.
func song(seconds float64, channels int) Data {
	d := Data{
		Name: "Undertow <1>.wav", Format: "wav 24-bit 44.1 kHz stereo", Duration: seconds,
		Integrated: ptr(-14.02), Range: ptr(4.8), TruePeak: ptr(-1.06), TruePeakAt: ptr(seconds * 0.7), PLR: ptr(12.96),
		MaxMomentary: ptr(-9.8), MaxShortTerm: ptr(-11.5), DR: ptr(10), RelativeGate: ptr(-24.3),
		ClippedRuns: 2, Clipped: []Spot{{0, seconds * 0.25}, {0, seconds * 0.5}},
		Targets: []Target{{"streaming", -14}}, SpectrumBands: "1/24 octave",
	}
	seed := uint32(1)
	random := func() float64 {
		seed = seed*1664525 + 1013904223
		return float64(seed>>8) / (1 << 24)
	}
	names := []string{"L", "R", "C", "LFE", "Ls", "Rs"}
	for ch := range channels {
		c := Channel{Name: names[ch%len(names)], Seconds: seconds / 5000}
		for range 5000 {
			c.Columns = append(c.Columns, Extent{-random() * 0.9, random() * 0.9})
		}
		d.Channels = append(d.Channels, c)
	}
	d.Momentary = Curve{First: 0.4, Step: 0.1}
	d.ShortTerm = Curve{First: 3, Step: 0.1}
	for i := range int(seconds * 10) {
		level := -16 + float64(6*random())
		if i%600 > 560 {
			level = math.Inf(-1) // a pause
		}
		d.Momentary.Values = append(d.Momentary.Values, level)
		d.ShortTerm.Values = append(d.ShortTerm.Values, level-1)
	}
	for i := range 240 {
		d.Spectrum = append(d.Spectrum, Band{20 * xmath.Exp2((float64(i)+0.5)/24), -35 - float64(20*random())})
	}
	for i := range 10 {
		d.Octaves = append(d.Octaves, Band{31.25 * xmath.Exp2(float64(i)), -20 - float64(5*random())})
	}
	return d
}

// odd are inputs that real files give.
func odd() map[string]Data {
	silence := song(20, 2)
	silence.Integrated, silence.Range, silence.TruePeak, silence.TruePeakAt, silence.PLR = nil, nil, nil, nil, nil
	silence.MaxMomentary, silence.MaxShortTerm, silence.DR, silence.RelativeGate = nil, nil, nil, nil
	silence.Clipped, silence.ClippedRuns, silence.Spectrum, silence.Octaves = nil, 0, nil, nil
	for _, c := range silence.Channels {
		clear(c.Columns)
	}
	for i := range silence.Momentary.Values {
		silence.Momentary.Values[i], silence.ShortTerm.Values[i] = math.Inf(-1), math.Inf(-1)
	}
	short := silence
	short.Duration, short.Momentary, short.ShortTerm = 0.2, Curve{}, Curve{}
	short.Channels = song(0.2, 2).Channels
	one := short
	one.Duration, one.Channels = 1.0/48000, []Channel{{Name: "mono", Columns: []Extent{{0.5, 0.5}}, Seconds: 1.0 / 48000}}
	quiet := song(60, 2)
	quiet.Integrated, quiet.MaxMomentary, quiet.MaxShortTerm, quiet.RelativeGate = ptr(-40.0), ptr(-35.0), ptr(-37.0), ptr(-50.0)
	for _, c := range quiet.Channels {
		for i := range c.Columns {
			c.Columns[i].Low, c.Columns[i].High = c.Columns[i].Low/20, c.Columns[i].High/20
		}
	}
	clipped := song(60, 2)
	clipped.ClippedRuns = 400000
	for _, c := range clipped.Channels {
		for i := range c.Columns {
			c.Columns[i] = Extent{-1, 1}
		}
	}
	over := song(60, 2)
	over.Channels[0].Columns[7].High, over.TruePeak = 2.5, ptr(7.96)
	huge := song(60, 2)
	huge.Channels[0].Columns[7].High, huge.TruePeak, huge.Integrated, huge.MaxMomentary = 3e38, ptr(770.0), ptr(700.0), ptr(765.0)
	name := song(60, 2)
	name.Name = strings.Repeat("A very long name, ", 20) + "v12 (approved).wav"
	name.Targets = []Target{{"a profile with a name that is far too long", -14}, {"b", -14}, {"c", -14.2}, {"d", -16}, {"e", -11}}
	broken := song(60, 2)
	broken.Name = "a\x00\x1b\xff<&>\"'\u202e.wav"
	part := song(60, 2)
	part.Start, part.Momentary.First, part.ShortTerm.First, part.TruePeakAt = 3600, 3600.4, 3603, ptr(3610.0)
	return map[string]Data{
		"stereo": song(240, 2), "mono": song(240, 1), "5.1": song(240, 6), "24 channels": song(30, 24), "an hour": song(3600, 2), "a day": song(86400, 1),
		"silence": silence, "0.2 s": short, "one sample": one, "nothing": {Name: "nothing.wav"}, "quiet": quiet, "clipped": clipped, "over": over,
		"huge": huge, "long name": name, "broken name": broken, "part": part,
	}
}

func drawn(t *testing.T, d Data) *scene {
	t.Helper()
	s, err := sheet(d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLayout: whatever is drawn, every word lies on the sheet and on no other
// word, with some width to spare for the fonts of SVG viewers, and every point of
// every shape lies on the sheet.
func TestLayout(t *testing.T) {
	for name, d := range odd() {
		t.Run(name, func(t *testing.T) {
			s := drawn(t, d)
			if problem := s.misplaced(); problem != "" {
				t.Error(problem)
			}
		})
	}
}

type box struct {
	x0, y0, x1, y1 float64
	text           string
}

// misplaced says which shape or word lies where it should not.
func (s *scene) misplaced() string {
	var boxes []box
	for _, x := range s.shapes {
		for _, p := range x.points {
			if !(p.x >= 0 && p.x <= s.width && p.y >= 0 && p.y <= s.height) {
				return "a point off the sheet: " + strconv.FormatFloat(p.x, 'g', 5, 64) + " " + strconv.FormatFloat(p.y, 'g', 5, 64) + " " + x.text
			}
		}
		if x.kind != words {
			continue
		}
		w, at := s.widthOf(x.font, x.text)*slack, x.points[0]
		b := box{at.x, at.y - x.font.size*0.74, at.x + w, at.y + x.font.size*0.2, x.text}
		switch x.anchor {
		case centre:
			b.x0, b.x1 = at.x-w/2, at.x+w/2
		case right:
			b.x0, b.x1 = at.x-w, at.x
		}
		if b.x0 < 0 || b.x1 > s.width || b.y0 < 0 || b.y1 > s.height {
			return "off the sheet: " + x.text
		}
		for _, o := range boxes {
			if b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 {
				return "on each other: " + o.text + " / " + b.text
			}
		}
		boxes = append(boxes, b)
	}
	return ""
}

// TestLayoutAnything is TestLayout for what no file is likely to give.
func TestLayoutAnything(t *testing.T) {
	level := rapid.OneOf(rapid.Float64Range(-120, 20), rapid.SampledFrom([]float64{math.Inf(-1), math.NaN(), math.Inf(1), 800, -0.0}))
	some := rapid.Ptr(level, true)
	rapid.Check(t, func(t *rapid.T) {
		d := Data{
			Name: rapid.String().Draw(t, "name"), Format: "flac 16-bit 44.1 kHz stereo", Duration: rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(1e-6, 1e5)).Draw(t, "duration"),
			Integrated: some.Draw(t, "integrated"), TruePeak: some.Draw(t, "true peak"), MaxMomentary: some.Draw(t, "M"), MaxShortTerm: some.Draw(t, "S"), RelativeGate: some.Draw(t, "gate"),
			ClippedRuns: rapid.Int64Range(0, 1e9).Draw(t, "clipped"), SpectrumBands: "1/24 octave",
		}
		d.TruePeakAt = ptr(rapid.Float64Range(0, 1).Draw(t, "at") * d.Duration)
		curve := Curve{First: 0.1, Step: 0.1, Values: rapid.SliceOfN(level, 0, 3000).Draw(t, "curve")}
		d.Momentary, d.ShortTerm = curve, curve
		for range rapid.IntRange(0, 8).Draw(t, "channels") {
			c := Channel{Name: "channel", Seconds: d.Duration / 20}
			for range rapid.IntRange(0, 20).Draw(t, "columns") {
				c.Columns = append(c.Columns, Extent{-rapid.Float64Range(0, 2).Draw(t, "low"), rapid.Float64Range(0, 2).Draw(t, "high")})
			}
			d.Channels = append(d.Channels, c)
		}
		for _, hz := range []float64{31.5, 500, 16000} {
			d.Octaves = append(d.Octaves, Band{hz, level.Draw(t, "octave")})
			d.Spectrum = append(d.Spectrum, Band{hz, level.Draw(t, "band")})
		}
		s, err := sheet(d)
		if err != nil {
			t.Fatal(err)
		}
		if problem := s.misplaced(); problem != "" {
			t.Fatal(problem)
		}
	})
}

// element is what the test reads back of an SVG file.
type element struct {
	Kind   string
	Points []point
	Ink    string
	Text   string
}

// TestBothShowTheSame reads the SVG back and compares it with the shapes that
// the PNG is painted from, one by one; and paints each shape alone, to see that
// it leaves something in the picture, and only where it is in the SVG.
func TestBothShowTheSame(t *testing.T) {
	d := song(61, 2)
	s := drawn(t, d)
	var want []element
	for _, x := range s.shapes {
		kind := [...]string{area: "path", stroke: "path", dot: "circle", words: "text"}[x.kind]
		want = append(want, element{kind, x.points, hex.EncodeToString([]byte{x.ink.R, x.ink.G, x.ink.B}), x.text})
	}
	// 0.05: the file has tenths.
	if diff := cmp.Diff(want, readSVG(t, s.svg()), cmp.AllowUnexported(point{}), cmpopts.EquateApprox(0, 0.0501)); diff != "" {
		t.Errorf("SVG (-shapes +file):\n%s", diff)
	}
	for i, x := range s.shapes {
		if i%9 != 0 && x.kind != dot { // all would take long
			continue
		}
		alone := &scene{width: s.width, height: s.height, shapes: []shape{x}, setter: s.setter}
		img := alone.raster()
		room := bounds(scaled(x.points)).Inset(-int(math.Ceil(math.Max(x.width, x.radius)*scale)) - 2)
		if x.kind == words {
			w, h := int(s.widthOf(x.font, x.text)*scale)+4, int(x.font.size*scale)
			room.Min.X, room.Max.X, room.Min.Y, room.Max.Y = room.Min.X-w, room.Max.X+w, room.Min.Y-h, room.Max.Y+h/2
		}
		painted := 0
		for p := 0; p < len(img.Pix); p += 4 {
			if img.Pix[p] == 255 && img.Pix[p+1] == 255 && img.Pix[p+2] == 255 {
				continue
			}
			painted++
			if px, py := p/4%img.Rect.Dx(), p/4/img.Rect.Dx(); px < room.Min.X || px >= room.Max.X || py < room.Min.Y || py >= room.Max.Y {
				t.Fatalf("shape %d (%s) paints at %d,%d; it belongs into %v", i, x.text, px, py, room)
			}
		}
		if white := x.ink == (color.NRGBA{0xff, 0xff, 0xff, 0xff}); painted == 0 && !white {
			t.Errorf("shape %d (%v %q) leaves nothing in the PNG", i, x.points[0], x.text)
		}
	}
}

func readSVG(t *testing.T, file []byte) (out []element) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(file))
	var text strings.Builder
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return out[1:] // less the white sheet
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			a := map[string]string{}
			for _, attr := range x.Attr {
				a[attr.Name.Local] = attr.Value
			}
			text.Reset()
			number := func(name string) float64 {
				v, err := strconv.ParseFloat(a[name], 64)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				return v
			}
			e := element{Kind: x.Name.Local, Ink: strings.TrimPrefix(a["fill"], "#")}
			switch x.Name.Local {
			case "svg", "title":
				continue
			case "circle":
				e.Points = []point{{number("cx"), number("cy")}}
			case "text":
				e.Points = []point{{number("x"), number("y")}}
			case "path":
				if e.Ink == "none" {
					e.Ink = strings.TrimPrefix(a["stroke"], "#")
				}
				for _, pair := range strings.FieldsFunc(a["d"], func(r rune) bool { return strings.ContainsRune("MLZ", r) }) {
					px, py, _ := strings.Cut(pair, " ")
					a["px"], a["py"] = px, py
					e.Points = append(e.Points, point{number("px"), number("py")})
				}
			}
			out = append(out, e)
		case xml.CharData:
			text.Write(x)
		case xml.EndElement:
			if x.Name.Local == "text" {
				out[len(out)-1].Text = text.String()
			}
		}
	}
}

// TestGolden: the drawing of fixed data, as it was when it was last meant to
// change. Of the PNG the pixels are compared: how they are packed is Go's matter.
// LATHE_GOLDEN=update prints the hashes.
func TestGolden(t *testing.T) {
	const wantSVG, wantPixels = "539f3db26e9626b1", "50e4e3626cda6f3f"
	d := song(61, 2)
	var svg, again, picture bytes.Buffer
	for _, w := range []io.Writer{&svg, &again} {
		if err := SVG(w, d); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(svg.Bytes(), again.Bytes()) {
		t.Error("two files of the same data differ")
	}
	if err := PNG(&picture, d); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&picture)
	if err != nil {
		t.Fatal(err)
	}
	pixels := drawn(t, d).raster()
	if img.Bounds() != pixels.Bounds() || img.Bounds().Dx() != 2*sheetWidth {
		t.Errorf("the PNG is %v, the picture %v", img.Bounds(), pixels.Bounds())
	}
	hash := func(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:8]) }
	gotSVG, gotPixels := hash(svg.Bytes()), hash(pixels.Pix)
	if os.Getenv("LATHE_GOLDEN") == "update" {
		t.Logf("Golden: %q, %q", gotSVG, gotPixels)
		return
	}
	if gotSVG != wantSVG || gotPixels != wantPixels {
		t.Errorf("SVG %s, pixels %s; want %s, %s", gotSVG, gotPixels, wantSVG, wantPixels)
	}
}

// TestSmall: an hour takes no more room than a song, and no curve more points
// than two for each column.
func TestSmall(t *testing.T) {
	s := drawn(t, song(3600, 2))
	for _, x := range s.shapes {
		if len(x.points) > 2*columns {
			t.Errorf("a shape of %d points", len(x.points))
		}
	}
	if size := len(s.svg()); size > 250_000 {
		t.Errorf("%d bytes", size)
	}
}

// TestWords: what odd files say of themselves.
func TestWords(t *testing.T) {
	all := odd()
	for name, want := range map[string][]string{
		"silence": {"silence: no loudness", "silent", "no spectrum", "not clipped", "–"},
		"0.2 s":   {"shorter than the 400 ms that loudness is measured over", "0:00.10"},
		"nothing": {"no samples", "length 0:00.00"},
		"quiet":   {"dBFS, enlarged by 24 dB", "−40.00", "integrated −40.00"},
		"clipped": {"clipped 400000 times, first at 0:15.00"},
		"over":    {"+7.96", "true peak +7.96 dBTP at 0:42.00", "peak +7.96 dBFS"},
		"stereo":  {"−14.02", "4.8", "−1.06", "13.0", "−11.5", "−9.8", "10", "L", "R", "relative gate −24.3", "absolute gate −70 ↓", "streaming −14.0", "max short-term −11.5", "−20", "1 kHz"},
		"an hour": {"1:00:00"},
		"part":    {"wav 24-bit 44.1 kHz stereo   ·   length 1:00.00, from 1:00:00.00", "1:00:05", "true peak −1.06 dBTP at 1:00:10.00"},
		// the name has no characters that XML or a terminal would take amiss
		"broken name": {"a\ufffd\ufffd\ufffd<&>\"'\u202e.wav"},
	} {
		shown := map[string]bool{}
		for _, x := range drawn(t, all[name]).shapes {
			shown[x.text] = true
		}
		for _, w := range want {
			if !shown[w] {
				t.Errorf("%s: %q is missing", name, w)
			}
		}
	}
}

// TestTimeAxis: steps that people count in, and as many decimals as they need.
func TestTimeAxis(t *testing.T) {
	for _, c := range []struct {
		seconds, step float64
		label         string // of the second
	}{
		{0.01, 0.001, "0:00.001"}, {0.2, 0.02, "0:00.02"}, {1, 0.1, "0:00.1"}, {3, 0.5, "0:00.5"}, {30, 5, "0:05"},
		{241, 30, "0:30"}, {500, 60, "1:00"}, {3600, 300, "5:00"}, {7000, 600, "10:00"}, {86400, 7200, "2:00:00"},
	} {
		step := timeStep(c.seconds)
		if step != c.step || clock(step, step) != c.label {
			t.Errorf("%g s: step %g, %q; want %g, %q", c.seconds, step, clock(step, step), c.step, c.label)
		}
	}
	if got := clock(59.999, 1); got != "1:00" {
		t.Errorf("59.999 s is %q", got)
	}
}

// TestPause: a curve that falls below the scale leaves the panel and comes back
// in; it is not drawn along its edge.
func TestPause(t *testing.T) {
	line := []point{{0, 5}, {1, 5}, {2, 25}, {3, 30}, {4, 0}, {5, 5}}
	want := [][]point{{{0, 5}, {1, 5}, {1.25, 10}}, {{3 + 2.0/3, 10}, {4, 0}, {5, 5}}}
	if diff := cmp.Diff(want, above(line, 10), cmp.AllowUnexported(point{}), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("pieces (-want +got):\n%s", diff)
	}
}

// TestThinned: however many values a column has, its highest and lowest show.
func TestThinned(t *testing.T) {
	p := panel{x0: 0, x1: columns, y0: 0, y1: 100, from: 0, to: 3600, low: -50, high: 0}
	c := Curve{Step: 0.1, Values: make([]float64, 36000)}
	for i := range c.Values {
		c.Values[i] = -20
	}
	c.Values[12345], c.Values[23456] = -5, -45
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, at := range thinned(p, c) {
		top, bottom = min(top, at.y), max(bottom, at.y)
	}
	if math.Abs(top-10) > 1e-9 || math.Abs(bottom-90) > 1e-9 {
		t.Errorf("the curve goes from %g to %g; want 10 to 90", top, bottom)
	}
}

// TestClipped: spots beyond those that are listed are found by their columns.
func TestClipped(t *testing.T) {
	d := Data{Duration: 10, ClippedRuns: 2, Clipped: []Spot{{0, 1}, {1, 2}}, Channels: make([]Channel, 2)}
	for ch := range d.Channels {
		d.Channels[ch] = Channel{Seconds: 1, Columns: make([]Extent, 10)}
		d.Channels[ch].Columns[0].High = 1
		d.Channels[ch].Columns[7].Low = -1
	}
	if diff := cmp.Diff([]float64{1}, d.clippedIn(0)); diff != "" {
		t.Errorf("all are listed (-want +got):\n%s", diff)
	}
	d.ClippedRuns = 3
	if diff := cmp.Diff([]float64{2, 7.5}, d.clippedIn(1)); diff != "" {
		t.Errorf("more than are listed (-want +got):\n%s", diff)
	}
}

// TestDashes: the drawn pieces of a dashed line, around a corner.
func TestDashes(t *testing.T) {
	got := dashed([]point{{0, 0}, {4, 0}, {4, 10}}, []float64{3, 2})
	want := [][]point{{{0, 0}, {3, 0}}, {{4, 1}, {4, 4}}, {{4, 6}, {4, 9}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(point{})); diff != "" {
		t.Errorf("pieces (-want +got):\n%s", diff)
	}
}

func BenchmarkPNG(b *testing.B) {
	d := song(240, 2)
	for b.Loop() {
		if err := PNG(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}
