package plot

import "image/color"

// scene is a drawing before it becomes a file: shapes and words in the order in
// which they cover each other, on a white sheet. Both back ends draw it, so
// what is in one file is in the other. Units are CSS pixels, from the top left.
type scene struct {
	width, height float64
	title         string
	shapes        []shape
	setter        *typesetter
}

// point is a place on the sheet.
type point struct{ x, y float64 }

// kind is what a shape is.
type kind int

const (
	area   kind = iota // a filled polygon
	stroke             // a line through the points
	dot                // a filled circle around the only point
	words              // text at the only point, on its base line
)

// shape is one thing on the sheet. It has the fields that its kind needs.
type shape struct {
	kind   kind
	points []point
	ink    color.NRGBA
	width  float64   // of a stroke
	dash   []float64 // of a stroke: drawn, left out, drawn, ...
	radius float64   // of a dot
	text   string
	font   typeface
	anchor anchor
}

// anchor is which part of a text stands at its point.
type anchor int

const (
	left anchor = iota
	centre
	right
)

// weight is how bold a text is.
type weight int

const (
	regular weight = iota
	medium
	bold
)

// typeface is how a text is set; size in CSS pixels.
type typeface struct {
	size   float64
	weight weight
}

func (s *scene) area(ink color.NRGBA, points ...point) {
	if len(points) > 2 {
		s.shapes = append(s.shapes, shape{kind: area, ink: ink, points: points})
	}
}

func (s *scene) rect(ink color.NRGBA, x0, y0, x1, y1 float64) {
	s.area(ink, point{x0, y0}, point{x1, y0}, point{x1, y1}, point{x0, y1})
}

func (s *scene) line(ink color.NRGBA, width float64, dash []float64, points ...point) {
	if len(points) > 1 {
		s.shapes = append(s.shapes, shape{kind: stroke, ink: ink, width: width, dash: dash, points: points})
	}
}

func (s *scene) dot(ink color.NRGBA, radius float64, at point) {
	s.shapes = append(s.shapes, shape{kind: dot, ink: ink, radius: radius, points: []point{at}})
}

func (s *scene) words(ink color.NRGBA, font typeface, to anchor, at point, text string) {
	if text != "" {
		s.shapes = append(s.shapes, shape{kind: words, ink: ink, font: font, anchor: to, points: []point{at}, text: text})
	}
}

// widthOf is how wide a text is drawn in the PNG. Viewers of the SVG have fonts
// of their own, so layout leaves room.
func (s *scene) widthOf(font typeface, text string) float64 { return s.setter.width(font, text) }
