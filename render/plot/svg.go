package plot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"strconv"
	"strings"
)

// SVG writes the drawing as one SVG file that needs nothing else: no script, no
// style sheet, no font but what the viewer has.
func SVG(w io.Writer, d Data) error {
	s, err := sheet(d)
	if err != nil {
		return err
	}
	_, err = w.Write(s.svg())
	return err
}

// family is the fonts to use, the widest first: layout is made for that one.
const family = "Go, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"

var (
	weights = [...]string{regular: "400", medium: "600", bold: "700"}
	anchors = [...]string{left: "start", centre: "middle", right: "end"}
)

func (s *scene) svg() []byte {
	var b bytes.Buffer
	w, h := coordinate(s.width), coordinate(s.height)
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" font-family="%s">`+"\n", w, h, w, h, family)
	fmt.Fprintf(&b, "<title>%s</title>\n", escaped(s.title))
	fmt.Fprintf(&b, `<rect width="%s" height="%s" fill="#ffffff"/>`+"\n", w, h)
	for _, x := range s.shapes {
		x.svg(&b)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (x shape) svg(b *bytes.Buffer) {
	at := x.points[0]
	switch x.kind {
	case area:
		fmt.Fprintf(b, `<path d="%sZ" %s/>`, pathData(x.points), paint("fill", x.ink))
	case stroke:
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke-width="%s" stroke-linejoin="round" %s`, pathData(x.points), coordinate(x.width), paint("stroke", x.ink))
		if len(x.dash) > 0 {
			fmt.Fprintf(b, ` stroke-dasharray="%s"`, list(x.dash))
		}
		b.WriteString("/>")
	case dot:
		fmt.Fprintf(b, `<circle cx="%s" cy="%s" r="%s" %s/>`, coordinate(at.x), coordinate(at.y), coordinate(x.radius), paint("fill", x.ink))
	case words:
		fmt.Fprintf(b, `<text x="%s" y="%s" font-size="%s" font-weight="%s" text-anchor="%s" %s>%s</text>`, coordinate(at.x), coordinate(at.y),
			coordinate(x.font.size), weights[x.font.weight], anchors[x.anchor], paint("fill", x.ink), escaped(x.text))
	}
	b.WriteByte('\n')
}

func pathData(points []point) string {
	var b strings.Builder
	for i, p := range points {
		b.WriteByte("ML"[min(i, 1)])
		b.WriteString(coordinate(p.x))
		b.WriteByte(' ')
		b.WriteString(coordinate(p.y))
	}
	return b.String()
}

func list(numbers []float64) string {
	texts := make([]string, len(numbers))
	for i, x := range numbers {
		texts[i] = coordinate(x)
	}
	return strings.Join(texts, " ")
}

// coordinate writes a number of pixels to a tenth, which nobody can see on a
// sheet of this size, in as few characters as it takes.
func coordinate(x float64) string {
	t := strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
	if t == "-0" {
		return "0"
	}
	return t
}

func paint(what string, c color.NRGBA) string {
	t := fmt.Sprintf(`%s="#%02x%02x%02x"`, what, c.R, c.G, c.B)
	if c.A < 255 {
		t += fmt.Sprintf(` %s-opacity="%.3f"`, what, float64(c.A)/255)
	}
	return t
}

// escaped is a text as XML has it; what XML cannot hold, as a file's name may,
// becomes U+FFFD.
func escaped(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
