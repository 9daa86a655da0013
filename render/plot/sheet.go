package plot

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// The sheet, in CSS pixels. A panel has its labels to the left and what names
// its lines to the right.
const (
	sheetWidth = 1600
	marginLeft = 86
	plotRight  = 1414
	gutter     = plotRight + 14 // where labels to the right begin
	gutterEnd  = sheetWidth - 24

	headerHeight   = 170
	titleHeight    = 46 // above a panel
	axisHeight     = 30 // below a panel
	gap            = 14 // between the parts
	loudnessHeight = 276
	spectrumHeight = 226
)

// slack is how much wider than ours the fonts of an SVG viewer may be.
const slack = 1.05

// The inks. blue, sky, green and vermilion are those of Okabe and Ito.
var (
	black     = color.NRGBA{0x1a, 0x1a, 0x1a, 0xff}
	grey      = color.NRGBA{0x5c, 0x5c, 0x5c, 0xff} // text beside the point: 6.6:1 on white
	frame     = color.NRGBA{0x9a, 0x9a, 0x9a, 0xff}
	grid      = color.NRGBA{0xe2, 0xe2, 0xe2, 0xff}
	fineGrid  = color.NRGBA{0xf0, 0xf0, 0xf0, 0xff}
	blue      = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	sky       = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	paleSky   = color.NRGBA{0x56, 0xb4, 0xe9, 0x50}
	green     = color.NRGBA{0x00, 0x7a, 0x59, 0xff} // darker than theirs, for thin lines
	vermilion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	paleRed   = color.NRGBA{0xd5, 0x5e, 0x00, 0x60}
)

var (
	titleFace   = typeface{27, bold}
	formatFace  = typeface{15, regular}
	figureFace  = typeface{27, medium}
	unitFace    = typeface{14, regular}
	headingFace = typeface{17, bold}
	captionFace = typeface{14, regular}
	labelFace   = typeface{13, regular}
	nameFace    = typeface{14, medium}
)

// sheet lays out the whole drawing.
func sheet(d Data) (*scene, error) {
	setter, err := newTypesetter()
	if err != nil {
		return nil, err
	}
	s := &scene{width: sheetWidth, title: d.name(), setter: setter}
	s.header(d)
	y := float64(headerHeight)
	y = s.waveform(d, y)
	y = s.loudness(d, y)
	y = s.spectrum(d, y)
	s.height = y
	return s, nil
}

// name is the file's name as it can be shown.
func (d Data) name() string {
	name := strings.ToValidUTF8(d.Name, "\ufffd")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '\ufffd'
		}
		return r
	}, name)
}

// header draws the name, the format and the figures.
func (s *scene) header(d Data) {
	s.words(black, titleFace, left, point{marginLeft, 54}, s.shortened(titleFace, d.name(), plotRight-marginLeft))
	about := "length " + clock(d.Duration, 0.01)
	if d.Start > 0 {
		about += ", from " + clock(d.Start, 0.01)
	}
	if d.Format != "" {
		about = d.Format + "   ·   " + about
	}
	s.words(grey, formatFace, left, point{marginLeft, 80}, about)
	figures := []struct{ name, value, unit string }{
		{"integrated", level(d.Integrated, 2), "LUFS"},
		{"loudness range", distance(d.Range, 1), "LU"},
		{"true peak", level(d.TruePeak, 2), "dBTP"},
		{"peak to loudness (PLR)", distance(d.PLR, 1), "LU"},
		{"max short-term", level(d.MaxShortTerm, 1), "LUFS"},
		{"max momentary", level(d.MaxMomentary, 1), "LUFS"},
		{"DR", whole(d.DR), ""},
	}
	step := float64(gutterEnd-marginLeft) / float64(len(figures))
	for i, f := range figures {
		x := marginLeft + float64(step*float64(i))
		s.words(grey, unitFace, left, point{x, 112}, f.name)
		s.words(black, figureFace, left, point{x, 143}, f.value)
		if f.value != dash {
			s.words(grey, unitFace, left, point{x + float64(s.widthOf(figureFace, f.value)*slack) + 6, 143}, f.unit)
		}
	}
	s.line(frame, 1, nil, point{marginLeft, headerHeight - 10}, point{gutterEnd, headerHeight - 10})
}

// shortened takes out of the middle of a name what does not fit: its beginning
// says which song it is, its end which version.
func (s *scene) shortened(font typeface, name string, room float64) string {
	const ellipsis = " … "
	room /= slack
	if s.widthOf(font, name) <= room {
		return name
	}
	room -= s.widthOf(font, ellipsis)
	head, tail := name, name
	for tail != "" && s.widthOf(font, tail) > room/3 {
		_, size := utf8.DecodeRuneInString(tail)
		tail = tail[size:]
	}
	for head != "" && s.widthOf(font, head)+s.widthOf(font, tail) > room {
		_, size := utf8.DecodeLastRuneInString(head)
		head = head[:len(head)-size]
	}
	return strings.TrimSpace(head) + ellipsis + strings.TrimSpace(tail)
}

const dash = "–"

// level writes a level, with a sign, or a dash where there is none.
func level(x *float64, decimals int) string {
	if x == nil || !exists(*x) {
		return dash
	}
	t := signed(*x, decimals)
	if *x > 0 && strings.Trim(t, "0.") != "" {
		t = "+" + t
	}
	return t
}

// distance writes a difference of levels, which is rarely below zero.
func distance(x *float64, decimals int) string {
	if x == nil || !exists(*x) {
		return dash
	}
	return signed(*x, decimals)
}

// signed writes a number with a real minus sign.
func signed(x float64, decimals int) string {
	t := fmt.Sprintf("%.*f", decimals, x)
	if strings.Trim(t, "-0.") == "" {
		t = strings.TrimPrefix(t, "-")
	}
	return strings.Replace(t, "-", "−", 1)
}

func whole(x *int) string {
	if x == nil {
		return dash
	}
	return fmt.Sprint(*x)
}

func exists(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// panel is a rectangle of the sheet with a scale on each side.
type panel struct {
	x0, x1, y0, y1 float64 // on the sheet; y0 is its top
	from, to       float64 // of the scale along it
	low, high      float64 // of the scale up it
}

// x and y place a value. What lies outside is placed on the edge.
func (p panel) x(v float64) float64 {
	return between(p.x0, p.x1, (v-p.from)/(p.to-p.from))
}

func (p panel) y(v float64) float64 {
	return between(p.y1, p.y0, (v-p.low)/(p.high-p.low))
}

func between(a, b, share float64) float64 {
	if !(share > 0) { // NaN too
		share = 0
	}
	return a + float64((b-a)*min(share, 1))
}

func (s *scene) frame(p panel) {
	s.line(frame, 1, nil, point{p.x0, p.y0}, point{p.x1, p.y0}, point{p.x1, p.y1}, point{p.x0, p.y1}, point{p.x0, p.y0}, point{p.x1, p.y0})
}

// heading names a panel, with its unit.
func (s *scene) heading(y float64, name, unit string) {
	s.words(black, headingFace, left, point{marginLeft, y}, name)
	s.words(grey, captionFace, left, point{marginLeft + float64(s.widthOf(headingFace, name)*slack) + 11, y}, unit)
}

// message says in the middle of a panel why it is empty.
func (s *scene) message(p panel, text string) {
	s.words(grey, typeface{16, regular}, centre, point{(p.x0 + p.x1) / 2, float64((p.y0+p.y1)/2) + 5}, text)
}

// note is a line of text to the right of a panel, for something at a height.
type note struct {
	y    float64
	ink  color.NRGBA
	text string
}

// noteHeight is how far apart notes have to be.
const noteHeight = 18

// notes writes them where they belong, or as near as they fit without lying on
// each other, and joins those that had to move to their line.
func (s *scene) notes(p panel, all []note) {
	slices.SortStableFunc(all, func(a, b note) int { return cmp.Compare(a.y, b.y) })
	ys := make([]float64, len(all))
	floor := p.y0
	for i, n := range all {
		ys[i] = max(n.y, floor)
		floor = ys[i] + noteHeight
	}
	ceiling := p.y1
	for i := len(ys) - 1; i >= 0; i-- {
		ys[i] = min(ys[i], ceiling)
		ceiling = ys[i] - noteHeight
	}
	for i, n := range all {
		s.line(n.ink, 1, nil, point{plotRight + 2, n.y}, point{gutter - 3, ys[i]})
		s.words(n.ink, labelFace, left, point{gutter, ys[i] + 4.5}, n.text)
	}
}
