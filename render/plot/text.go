package plot

import (
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// fonts are the three weights, by their number. They come with the program: a
// font of the machine would be another one elsewhere.
var fonts = sync.OnceValues(func() (parsed [3]*sfnt.Font, err error) {
	for i, ttf := range [][]byte{regular: goregular.TTF, medium: gomedium.TTF, bold: gobold.TTF} {
		if parsed[i], err = sfnt.Parse(ttf); err != nil {
			return parsed, err
		}
	}
	return parsed, nil
})

// typesetter sets the words of one drawing. Widths are whole 64ths of a pixel,
// unhinted, so that they are the same at any scale and on any machine.
type typesetter struct {
	fonts  [3]*sfnt.Font
	buffer sfnt.Buffer
}

func newTypesetter() (*typesetter, error) {
	parsed, err := fonts()
	return &typesetter{fonts: parsed}, err
}

// set calls place with each glyph of a text and where it begins, and returns
// where the text ends. What the font does not have is its empty box.
func (t *typesetter) set(f typeface, text string, place func(glyph sfnt.GlyphIndex, x fixed.Int26_6)) (x fixed.Int26_6) {
	face, size := t.fonts[f.weight], fixed.Int26_6(f.size*64)
	var before sfnt.GlyphIndex
	for i, r := range text {
		// Errors are those of damaged fonts, or say that a pair has no kerning;
		// the zero that comes with them is right.
		glyph, _ := face.GlyphIndex(&t.buffer, r)
		if i > 0 {
			kern, _ := face.Kern(&t.buffer, before, glyph, size, font.HintingNone)
			x += kern
		}
		if place != nil {
			place(glyph, x)
		}
		advance, _ := face.GlyphAdvance(&t.buffer, glyph, size, font.HintingNone)
		x += advance
		before = glyph
	}
	return x
}

func (t *typesetter) width(f typeface, text string) float64 {
	return float64(float64(t.set(f, text, nil)) / 64)
}

// outlines are the contours of a text that begins at a point of its base line.
// The rasteriser's own curves are not the same bits on every machine, its lines
// are.
func (t *typesetter) outlines(f typeface, text string, at point) (contours [][]point) {
	var glyphs []sfnt.GlyphIndex
	var places []fixed.Int26_6
	t.set(f, text, func(glyph sfnt.GlyphIndex, x fixed.Int26_6) {
		glyphs, places = append(glyphs, glyph), append(places, x)
	})
	for i, g := range glyphs {
		segments, err := t.fonts[f.weight].LoadGlyph(&t.buffer, g, fixed.Int26_6(f.size*64), nil)
		if err != nil {
			continue // a damaged font
		}
		x0 := at.x + float64(float64(places[i])/64)
		vertex := func(p fixed.Point26_6) point {
			return point{x0 + float64(float64(p.X)/64), at.y + float64(float64(p.Y)/64)}
		}
		var contour []point
		for _, s := range segments {
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				contours = append(contours, contour)
				contour = []point{vertex(s.Args[0])}
			case sfnt.SegmentOpLineTo:
				contour = append(contour, vertex(s.Args[0]))
			case sfnt.SegmentOpQuadTo: // TrueType has no other curves
				contour = bend(contour, vertex(s.Args[0]), vertex(s.Args[1]))
			}
		}
		contours = append(contours, contour)
	}
	return contours
}

// curveParts is how many lines a curve of a glyph becomes: they are as short as
// a pixel.
const curveParts = 6

// bend continues a contour with a quadratic Bézier curve.
func bend(contour []point, control, end point) []point {
	start := contour[len(contour)-1]
	for i := 1; i <= curveParts; i++ {
		share := float64(i) / curveParts
		a, b, c := float64((1-share)*(1-share)), float64(2*share*(1-share)), float64(share*share)
		contour = append(contour, point{
			float64(a*start.x) + float64(b*control.x) + float64(c*end.x),
			float64(a*start.y) + float64(b*control.y) + float64(c*end.y),
		})
	}
	return contour
}
