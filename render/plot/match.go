package plot

import (
	"fmt"
	"image/png"
	"io"
	"math"
)

// Match is a drawing of how a mix is matched to references: the equaliser's curve,
// and the spectra of middle and sides before, after, and of the references.
type Match struct {
	Title string    // the song's
	About string    // in a line: what it is matched to
	Hz    []float64 // at which all curves are
	Range float64   // dB: the most that the equaliser may do

	EQ, SideEQ []float64 // dB: of the equaliser, on the middle and on the sides

	Before, Reference, After Spectra
}

// Spectra are the levels of a sound's middle and sides, in dB.
type Spectra struct{ Mid, Side []float64 }

// MatchSVG writes the drawing as one SVG file, as [SVG] does.
func MatchSVG(w io.Writer, m Match) error {
	s, err := matchSheet(m)
	if err != nil {
		return err
	}
	_, err = w.Write(s.svg())
	return err
}

// MatchPNG writes the drawing as a PNG file, as [PNG] does.
func MatchPNG(w io.Writer, m Match) error {
	s, err := matchSheet(m)
	if err != nil {
		return err
	}
	return png.Encode(w, s.raster())
}

const matchHeader = 110

func matchSheet(m Match) (*scene, error) {
	setter, err := newTypesetter()
	if err != nil {
		return nil, err
	}
	title := Data{Name: m.Title}.name()
	s := &scene{width: sheetWidth, title: title, setter: setter}
	s.words(black, titleFace, left, point{marginLeft, 54}, s.shortened(titleFace, title, plotRight-marginLeft))
	s.words(grey, formatFace, left, point{marginLeft, 80}, s.shortened(formatFace, Data{Name: m.About}.name(), gutterEnd-marginLeft))
	s.line(frame, 1, nil, point{marginLeft, matchHeader - 10}, point{gutterEnd, matchHeader - 10})
	y := s.correction(m, matchHeader)
	y = s.tones(m, y, "Middle", func(t Spectra) []float64 { return t.Mid })
	y = s.tones(m, y, "Sides", func(t Spectra) []float64 { return t.Side })
	s.height = y
	return s, nil
}

// correction draws what the equaliser does, and returns where the panel ends.
func (s *scene) correction(m Match, top float64) float64 {
	most := float64(math.Ceil(m.Range/3) * 3)
	p := panel{x0: marginLeft, x1: plotRight, y0: top + titleHeight, from: octave(lowestHz), to: octave(highestHz), low: -most, high: most}
	p.y1 = p.y0 + spectrumHeight
	s.heading(top+28, "Equaliser", fmt.Sprintf("dB, ±%g dB at the most", m.Range))
	s.scaleOf(p, 3)
	s.line(frame, 1, nil, point{p.x0, p.y(0)}, point{p.x1, p.y(0)})
	s.overFrequency(p, m.Hz, m.SideEQ, key{"sides", green, 1.8, []float64{7, 4}})
	s.overFrequency(p, m.Hz, m.EQ, key{"middle", blue, 2.4, nil})
	s.frame(p)
	s.legend(top+28, []key{{"sides", green, 1.8, []float64{7, 4}}, {"middle", blue, 2.4, nil}})
	return p.y1 + axisHeight + gap
}

// tones draws the spectra before and after with that of the references.
func (s *scene) tones(m Match, top float64, name string, of func(Spectra) []float64) float64 {
	p := panel{x0: marginLeft, x1: plotRight, y0: top + titleHeight, from: octave(lowestHz), to: octave(highestHz)}
	p.y1 = p.y0 + spectrumHeight
	p.low, p.high = toneScale(of(m.Before), of(m.Reference), of(m.After))
	s.heading(top+28, name, "dB in bands of 1/12 octave, loud parts at 0 LUFS")
	s.scaleOf(p, 10)
	lines := []key{{"after", blue, 2.4, nil}, {"before", sky, 1.8, []float64{2, 3}}, {"references", vermilion, 1.8, []float64{9, 4}}}
	s.overFrequency(p, m.Hz, of(m.Before), lines[1])
	s.overFrequency(p, m.Hz, of(m.Reference), lines[2])
	s.overFrequency(p, m.Hz, of(m.After), lines[0])
	s.frame(p)
	s.legend(top+28, lines)
	return p.y1 + axisHeight + gap
}

// toneScale is the lowest and the highest level of a panel, in tens.
func toneScale(curves ...[]float64) (low, high float64) {
	const nothing = -120 // there is no sound below
	loudest, quietest := math.Inf(-1), math.Inf(1)
	for _, c := range curves {
		for _, v := range c {
			if v > nothing {
				loudest, quietest = max(loudest, v), min(quietest, v)
			}
		}
	}
	if loudest < quietest {
		return -60, 0
	}
	high = float64(math.Ceil((loudest+2)/10) * 10)
	low = float64(math.Floor(quietest/10) * 10)
	return min(max(low, high-60), high-20), high
}

// scaleOf draws the axes of a panel, with a line every so many dB.
func (s *scene) scaleOf(p panel, step float64) {
	s.frequencyAxis(p)
	for v := p.low; v <= p.high; v += step {
		s.line(grid, 1, nil, point{p.x0, p.y(v)}, point{p.x1, p.y(v)})
		s.words(grey, labelFace, right, point{p.x0 - 8, p.y(v) + 4.5}, signed(v, 0))
	}
}

// overFrequency draws a curve over frequency as far as it lies in the panel.
func (s *scene) overFrequency(p panel, hz, db []float64, k key) {
	var line []point
	for i, v := range db {
		if hz[i] < lowestHz || hz[i] > highestHz {
			continue
		}
		y := p.y(v)
		if v < p.low {
			y = p.y1 + float64((p.low-v)/(p.high-p.low)*(p.y1-p.y0))
		}
		line = append(line, point{p.x(octave(hz[i])), y})
	}
	for _, piece := range above(line, p.y1) {
		s.line(k.ink, k.width, k.dash, piece...)
	}
}
