package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// chart is a figure: curves over two axes, drawn as an SVG file that needs nothing
// else. Places are rounded to a tenth of a pixel, so that the same curves make the
// same bytes.
type chart struct {
	x, y   axis
	curves []curve
}

// axis is what runs along an edge. Its ends are where lines and labels are, too.
type axis struct {
	label    string
	min, max float64
	step     float64 // between labels; of an axis of frequency it is not used
	hertz    bool    // logarithmic, in Hz, labelled at 1, 2 and 5
}

// style is how a curve is drawn.
type style int

const (
	line   style = iota
	dashed       // for what the others are compared with
	stems        // a line up to each point from below
	dots         // points alone
)

type curve struct {
	label  string
	style  style
	points []xy
}

type xy struct{ x, y float64 }

const (
	chartWidth, chartHeight                      = 680.0, 340.0
	plotLeft, plotRight, plotTop, plotBottom     = 62.0, 664.0, 38.0, 288.0
	ink, faint, frameInk, aside                  = "#333333", "#e3e3e3", "#888888", "#777777"
	letter                                       = 6.3 // pixels of a usual letter at the size of the labels
	family                                       = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
	lineWidth, stemWidth, dotRadius, smallestDip = 1.8, 2.0, 3.0, 0.1
)

// colours are told apart by most eyes, on paper too.
var colours = []string{"#0b62a8", "#c8452c", "#1b7f5a", "#8a5fb5", "#b07d00", "#4a4a4a"}

// svg draws the chart; title is for those who cannot see it.
func (c chart) svg(title string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%g" height="%g" viewBox="0 0 %g %g" font-family="%s" font-size="12.5" fill="%s">`+"\n",
		chartWidth, chartHeight, chartWidth, chartHeight, family, ink)
	fmt.Fprintf(&b, "<title>%s</title>\n<rect width=\"%g\" height=\"%g\" fill=\"#ffffff\"/>\n", escaped(title), chartWidth, chartHeight)
	fmt.Fprintf(&b, `<clipPath id="plot"><rect x="%g" y="%g" width="%g" height="%g"/></clipPath>`+"\n", plotLeft, plotTop, plotRight-plotLeft, plotBottom-plotTop)
	c.grid(&b)
	fmt.Fprintf(&b, `<g clip-path="url(#plot)" fill="none" stroke-width="%g" stroke-linejoin="round">`+"\n", lineWidth)
	for i, v := range c.curves {
		c.curve(&b, v, v.colour(i))
	}
	b.WriteString("</g>\n")
	fmt.Fprintf(&b, `<rect x="%g" y="%g" width="%g" height="%g" fill="none" stroke="%s"/>`+"\n", plotLeft, plotTop, plotRight-plotLeft, plotBottom-plotTop, frameInk)
	c.legend(&b)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// grid draws the lines of the axes and their labels.
func (c chart) grid(b *bytes.Buffer) {
	const middleX, middleY = (plotLeft + plotRight) / 2, (plotTop + plotBottom) / 2
	for _, t := range c.x.ticks() {
		x := number(c.placeX(t.at))
		fmt.Fprintf(b, `<path d="M%s %gV%g" stroke="%s"/>`, x, plotTop, plotBottom, faint)
		if t.label != "" {
			fmt.Fprintf(b, `<text x="%s" y="%g" text-anchor="middle">%s</text>`, x, plotBottom+17, t.label)
		}
		b.WriteByte('\n')
	}
	for _, t := range c.y.ticks() {
		y := c.placeY(t.at)
		fmt.Fprintf(b, `<path d="M%g %sH%g" stroke="%s"/><text x="%g" y="%s" text-anchor="end">%s</text>`+"\n",
			plotLeft, number(y), plotRight, faint, plotLeft-7, number(y+4), t.label)
	}
	fmt.Fprintf(b, `<text x="%g" y="%g" text-anchor="middle">%s</text>`+"\n", middleX, plotBottom+39, escaped(c.x.label))
	fmt.Fprintf(b, `<text transform="translate(16 %g) rotate(-90)" text-anchor="middle">%s</text>`+"\n", middleY, escaped(c.y.label))
}

func (c chart) curve(b *bytes.Buffer, v curve, colour string) {
	points := make([]xy, len(v.points))
	for i, p := range v.points {
		points[i] = xy{c.placeX(p.x), c.placeY(p.y)}
	}
	switch v.style {
	case dots, stems:
		var places, sticks strings.Builder
		for _, p := range points {
			fmt.Fprintf(&places, "M%s %sh0", number(p.x), number(p.y))
			fmt.Fprintf(&sticks, "M%s %gV%s", number(p.x), plotBottom, number(p.y))
		}
		if v.style == stems {
			fmt.Fprintf(b, `<path d="%s" stroke="%s" stroke-width="%g"/>`+"\n", sticks.String(), colour, stemWidth)
		}
		fmt.Fprintf(b, `<path d="%s" stroke="%s" stroke-width="%g" stroke-linecap="round"/>`+"\n", places.String(), colour, 2*dotRadius)
	default:
		dash := ""
		if v.style == dashed {
			dash = ` stroke-dasharray="5 4"`
		}
		fmt.Fprintf(b, `<path d="%s" stroke="%s"%s/>`+"\n", path(thin(points)), colour, dash)
	}
}

// colour is that of the curve with a number; what the others are compared with
// has none of its own.
func (v curve) colour(i int) string {
	if v.style == dashed {
		return aside
	}
	return colours[i%len(colours)]
}

// legend names the curves above the plot.
func (c chart) legend(b *bytes.Buffer) {
	x := plotLeft
	for i, v := range c.curves {
		if v.label == "" {
			continue
		}
		colour, dash := v.colour(i), ""
		if v.style == dashed {
			dash = ` stroke-dasharray="5 4"`
		}
		if v.style == dots || v.style == stems {
			fmt.Fprintf(b, `<circle cx="%s" cy="20" r="%g" fill="%s"/>`, number(x+9), dotRadius, colour)
		} else {
			fmt.Fprintf(b, `<path d="M%s 20h18" stroke="%s" stroke-width="%g"%s/>`, number(x), colour, lineWidth, dash)
		}
		fmt.Fprintf(b, `<text x="%s" y="24">%s</text>`+"\n", number(x+24), escaped(v.label))
		x += 24 + float64(letter*float64(len([]rune(v.label)))) + 16
	}
}

// check finds a chart that shows nothing: most of a curve lies beyond its axes.
func (c chart) check() error {
	if len(c.curves) == 0 {
		return fmt.Errorf("no curves")
	}
	for _, v := range c.curves {
		seen := 0
		for _, p := range v.points {
			if x, y := c.x.share(p.x), c.y.share(p.y); x >= 0 && x <= 1 && y >= 0 && y <= 1 {
				seen++
			}
		}
		if v.style != dashed && (seen < 2 || 3*seen < len(v.points)) {
			return fmt.Errorf("of curve %q, %d of %d points are within the axes", v.label, seen, len(v.points))
		}
	}
	return nil
}

func (c chart) placeX(x float64) float64 {
	return plotLeft + float64(c.x.share(x)*(plotRight-plotLeft))
}

func (c chart) placeY(y float64) float64 {
	return plotBottom - float64(c.y.share(y)*(plotBottom-plotTop))
}

// share is how far along the axis a value lies; what lies far outside is brought near,
// so that no viewer has to draw a line to infinity.
func (a axis) share(v float64) float64 {
	s := (v - a.min) / (a.max - a.min)
	if a.hertz {
		s = xmath.Log(v/a.min) / xmath.Log(a.max/a.min)
	}
	return max(-1, min(s, 2))
}

type tick struct {
	at    float64
	label string
}

func (a axis) ticks() (ticks []tick) {
	if !a.hertz {
		for i := 0; ; i++ {
			v := a.min + float64(float64(i)*a.step)
			if v > a.max+a.step/1000 {
				return ticks
			}
			v = math.Round(v*1e6) / 1e6
			label := strconv.FormatFloat(v, 'f', -1, 64)
			ticks = append(ticks, tick{v, strings.Replace(label, "-", "−", 1)})
		}
	}
	for decade := 1.0; decade <= a.max; decade *= 10 {
		for digit := 1.0; digit < 10; digit++ {
			v := float64(decade * digit)
			if v < a.min || v > a.max {
				continue
			}
			label := ""
			if digit == 1 || digit == 2 || digit == 5 {
				label = strconv.FormatFloat(v, 'f', -1, 64)
				if v >= 1000 {
					label = strconv.FormatFloat(v/1000, 'f', -1, 64) + "k"
				}
			}
			ticks = append(ticks, tick{v, label})
		}
	}
	return ticks
}

// thin leaves out points that nobody would miss: those that lie within a tenth of a
// pixel of the line between others (Ramer, Douglas and Peucker).
func thin(points []xy) []xy {
	if len(points) < 3 {
		return points
	}
	from, to := points[0], points[len(points)-1]
	dx, dy := to.x-from.x, to.y-from.y
	length := math.Sqrt(float64(dx*dx) + float64(dy*dy))
	farthest, at := 0.0, 0
	for i, p := range points[1 : len(points)-1] {
		px, py := p.x-from.x, p.y-from.y
		away := math.Sqrt(float64(px*px) + float64(py*py))
		if length > 0 {
			away = math.Abs(float64(px*dy)-float64(py*dx)) / length
		}
		if away > farthest {
			farthest, at = away, i+1
		}
	}
	if farthest <= smallestDip {
		return []xy{from, to}
	}
	return append(thin(points[:at+1]), thin(points[at:])[1:]...)
}

func path(points []xy) string {
	var b strings.Builder
	for i, p := range points {
		fmt.Fprintf(&b, "%c%s %s", "ML"[min(i, 1)], number(p.x), number(p.y))
	}
	return b.String()
}

// number writes a place, to a tenth of a pixel.
func number(v float64) string {
	t := strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	if t == "-0" {
		return "0"
	}
	return t
}

func escaped(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
