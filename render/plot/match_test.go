package plot_test

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render/plot"
)

// The drawing of a match names its curves and its song, is well-formed, and is the
// same bytes every time; curves without any sound, and a title with anything in it, do
// it no harm.
func TestMatchDrawing(t *testing.T) {
	m := plot.Match{Title: "Bread & <Butter>", About: "Matched to refs/a.wav", Range: 4}
	silence := []float64{}
	for f := 20.0; f < 20000; f *= 1.2 {
		m.Hz = append(m.Hz, f)
		m.EQ = append(m.EQ, 4*math.Sin(f/1000))
		m.SideEQ = append(m.SideEQ, 9) // beyond the scale
		m.Before.Mid = append(m.Before.Mid, -20-f/400)
		silence = append(silence, -150)
	}
	m.Reference.Mid, m.After.Mid = m.Before.Mid, m.Before.Mid
	m.Before.Side, m.Reference.Side, m.After.Side = silence, silence, silence
	var first, again bytes.Buffer
	for _, w := range []io.Writer{&first, &again} {
		if err := plot.MatchSVG(w, m); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), again.Bytes()) {
		t.Error("two drawings of the same differ")
	}
	text := ""
	for d := xml.NewDecoder(&first); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if chars, ok := token.(xml.CharData); ok {
			text += string(chars) + "\n"
		}
	}
	for _, want := range []string{m.Title, m.About, "Equaliser", "Middle", "Sides", "before", "after", "references", "±4 dB"} {
		if !strings.Contains(text, want) {
			t.Errorf("the drawing does not say %q", want)
		}
	}
	var raster bytes.Buffer
	if err := plot.MatchPNG(&raster, m); err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(&raster); err != nil || img.Bounds().Dx() != 3200 {
		t.Errorf("%v, %v", img.Bounds(), err)
	}
}
