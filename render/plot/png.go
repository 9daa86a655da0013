package plot

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/vector"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// scale is how many pixels of the PNG a CSS pixel is: enough for paper.
const scale = 2

// PNG writes the drawing as a PNG file, two pixels to each of the SVG's.
func PNG(w io.Writer, d Data) error {
	s, err := sheet(d)
	if err != nil {
		return err
	}
	return png.Encode(w, s.raster())
}

// raster draws the scene: the same bits on every machine.
func (s *scene) raster() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, int(s.width*scale), int(s.height*scale)))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	c := canvas{img: img, setter: s.setter}
	for _, x := range s.shapes {
		c.draw(x)
	}
	return img
}

// canvas is where a raster image is drawn.
type canvas struct {
	img    *image.RGBA
	setter *typesetter
	fill   vector.Rasterizer
}

func (c *canvas) draw(x shape) {
	switch x.kind {
	case area:
		c.polygons(x.ink, [][]point{scaled(x.points)})
	case dot:
		c.polygons(x.ink, [][]point{disc(scaled(x.points)[0], x.radius*scale, dotCorners)})
	case stroke:
		var parts [][]point
		for _, piece := range dashed(x.points, x.dash) {
			parts = append(parts, outline(scaled(piece), x.width*scale)...)
		}
		c.polygons(x.ink, parts)
	case words:
		c.words(x)
	}
}

func scaled(points []point) []point {
	out := make([]point, len(points))
	for i, p := range points {
		out[i] = point{float64(p.x * scale), float64(p.y * scale)}
	}
	return out
}

// tile is the largest image that the rasteriser draws with whole numbers. In a
// larger one it adds floating-point numbers, in an order that depends on the
// processor.
const tile = 512

// polygons fills polygons that turn the same way, as one shape: where they lie
// on each other, the ink is not doubled.
func (c *canvas) polygons(ink color.NRGBA, polygons [][]point) {
	boxes := make([]image.Rectangle, len(polygons))
	var all image.Rectangle
	for i, p := range polygons {
		boxes[i] = bounds(p)
		all = all.Union(boxes[i])
	}
	all = all.Intersect(c.img.Bounds())
	for y := all.Min.Y; y < all.Max.Y; y += tile {
		for x := all.Min.X; x < all.Max.X; x += tile {
			c.tile(image.Rect(x, y, x+tile, y+tile).Intersect(all), ink, polygons, boxes)
		}
	}
}

// tile fills what of the polygons lies in a part of the image.
func (c *canvas) tile(part image.Rectangle, ink color.NRGBA, polygons [][]point, boxes []image.Rectangle) {
	c.fill.Reset(part.Dx(), part.Dy())
	x0, y0 := float64(part.Min.X), float64(part.Min.Y)
	drawn := false
	for i, p := range polygons {
		if !boxes[i].Overlaps(part) {
			continue
		}
		drawn = true
		for j, at := range p {
			x, y := float32(at.x-x0), float32(at.y-y0)
			if j == 0 {
				c.fill.MoveTo(x, y)
			} else {
				c.fill.LineTo(x, y)
			}
		}
		c.fill.ClosePath()
	}
	if drawn {
		c.fill.Draw(c.img, part, image.NewUniform(ink), image.Point{})
	}
}

// bounds is a rectangle of whole pixels around a polygon.
func bounds(polygon []point) (box image.Rectangle) {
	for _, at := range polygon {
		x, y := int(at.x), int(at.y)
		box = box.Union(image.Rect(x-1, y-1, x+2, y+2))
	}
	return box
}

// words draws a text. The contours of its glyphs turn one way and those of the
// holes in them the other, as polygons wants it.
func (c *canvas) words(x shape) {
	face := typeface{x.font.size * scale, x.font.weight}
	at := scaled(x.points)[0]
	switch x.anchor {
	case centre:
		at.x -= float64(c.setter.width(face, x.text) / 2)
	case right:
		at.x -= c.setter.width(face, x.text)
	}
	c.polygons(x.ink, c.setter.outlines(face, x.text, at))
}

const (
	dotCorners  = 32
	jointCorner = 8
)

// disc is a circle as a polygon.
func disc(middle point, radius float64, corners int) []point {
	out := make([]point, corners)
	for i := range out {
		sin, cos := xmath.Sincos(2 * pi * float64(i) / float64(corners))
		out[i] = point{middle.x + float64(radius*cos), middle.y + float64(radius*sin)}
	}
	return out
}

const pi = 3.14159265358979323846

// thin is the width of line, in pixels, below which a joint cannot be seen.
const thin = 1.5

// outline is the polygons that a line of that width covers: a rectangle for
// each segment and a small disc at each bend, all turning the same way.
func outline(points []point, width float64) (polygons [][]point) {
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		dx, dy := b.x-a.x, b.y-a.y
		length := math.Sqrt(float64(dx*dx) + float64(dy*dy))
		if length == 0 {
			continue
		}
		nx, ny := float64(dy/length*width/2), float64(-dx/length*width/2)
		polygons = append(polygons, []point{{a.x + nx, a.y + ny}, {b.x + nx, b.y + ny}, {b.x - nx, b.y - ny}, {a.x - nx, a.y - ny}})
		if i > 1 && width > thin {
			polygons = append(polygons, disc(a, width/2, jointCorner))
		}
	}
	return polygons
}

// dashed cuts a line into the pieces that are drawn.
func dashed(points []point, dash []float64) [][]point {
	if len(dash) == 0 {
		return [][]point{points}
	}
	var pieces [][]point
	piece := []point{points[0]}
	part, rest := 0, dash[0]
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		for {
			dx, dy := b.x-a.x, b.y-a.y
			length := math.Sqrt(float64(dx*dx) + float64(dy*dy))
			if length <= rest {
				rest -= length
				piece = append(piece, b)
				break
			}
			a = point{a.x + float64(dx*rest/length), a.y + float64(dy*rest/length)}
			if part%2 == 0 {
				pieces = append(pieces, append(piece, a))
			}
			piece = []point{a}
			part++
			rest = dash[part%len(dash)]
		}
	}
	if part%2 == 0 {
		pieces = append(pieces, piece)
	}
	return pieces
}
