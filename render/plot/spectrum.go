package plot

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

const (
	lowestHz  = 20.0
	highestHz = 20000.0
	maxReach  = 90.0 // dB that the spectrum's scale spans at most
	minReach  = 40.0
)

// frequencies are the labels of the spectrum's axis, fine the lines between.
var (
	frequencies = []struct {
		hz   float64
		text string
	}{
		{20, "20 Hz"}, {50, "50"}, {100, "100"}, {200, "200"}, {500, "500"}, {1000, "1 kHz"}, {2000, "2"}, {5000, "5"}, {10000, "10"}, {20000, "20 kHz"},
	}
	fineHz = []float64{30, 40, 60, 70, 80, 90, 300, 400, 600, 700, 800, 900, 3000, 4000, 6000, 7000, 8000, 9000}
)

// octave is log2 of a frequency: what the axis is even in.
func octave(hz float64) float64 { return xmath.Log2(hz) }

// spectrum draws the long-term spectrum, and returns where it ends.
func (s *scene) spectrum(d Data, top float64) float64 {
	p := panel{x0: marginLeft, x1: plotRight, y0: top + titleHeight, from: octave(lowestHz), to: octave(highestHz)}
	p.y1 = p.y0 + spectrumHeight
	p.low, p.high = d.spectrumScale()
	s.heading(top+28, "Spectrum", "dBFS, mean of the whole length")
	s.frequencyAxis(p)
	for v := p.low; v <= p.high; v += 10 {
		s.line(grid, 1, nil, point{p.x0, p.y(v)}, point{p.x1, p.y(v)})
		s.words(grey, labelFace, right, point{p.x0 - 8, p.y(v) + 4.5}, signed(v, 0))
	}
	s.octaves(p, d.Octaves)
	var line []point
	for _, b := range d.Spectrum {
		if b.Hz < lowestHz || b.Hz > highestHz {
			continue
		}
		y := p.y1 + 1000.0
		if b.DB > p.low {
			y = p.y(b.DB)
		} else if exists(b.DB) {
			y = p.y1 + float64((p.low-b.DB)/(p.high-p.low)*(p.y1-p.y0))
		}
		line = append(line, point{p.x(octave(b.Hz)), y})
	}
	for _, piece := range above(line, p.y1) {
		s.line(blue, 1.8, nil, piece...)
	}
	s.frame(p)
	if len(line) == 0 || p.low == p.high {
		s.message(p, "no spectrum")
	} else {
		s.legend(top+28, []key{{d.SpectrumBands, blue, 1.8, nil}, {"octaves", paleSky, 12, nil}})
	}
	return p.y1 + axisHeight + gap
}

func (s *scene) frequencyAxis(p panel) {
	for _, hz := range fineHz {
		x := p.x(octave(hz))
		s.line(fineGrid, 1, nil, point{x, p.y0}, point{x, p.y1})
	}
	for _, f := range frequencies {
		x := p.x(octave(f.hz))
		s.line(grid, 1, nil, point{x, p.y0}, point{x, p.y1})
		s.line(frame, 1, nil, point{x, p.y1}, point{x, p.y1 + 5})
		s.words(grey, labelFace, centre, point{x, p.y1 + 20}, f.text)
	}
}

// spectrumScale is the lowest and the highest level of the panel, in tens.
func (d Data) spectrumScale() (low, high float64) {
	loudest, quietest := math.Inf(-1), math.Inf(1)
	for _, bands := range [][]Band{d.Spectrum, d.Octaves} {
		for _, b := range bands {
			if exists(b.DB) && b.Hz >= lowestHz && b.Hz <= highestHz {
				db := min(max(b.DB, -300), 900) // floating point may be louder than any scale
				loudest, quietest = max(loudest, db), min(quietest, db)
			}
		}
	}
	if loudest < quietest {
		return -90, 0
	}
	high = float64(math.Ceil((loudest+6)/10) * 10)
	low = float64(math.Floor(quietest/10) * 10)
	return min(max(low, high-maxReach), high-minReach), high
}

// octaves draws the octave bands as bars with their levels.
func (s *scene) octaves(p panel, bands []Band) {
	for _, b := range bands {
		if !exists(b.DB) || b.DB <= p.low {
			continue
		}
		x0, x1 := p.x(octave(b.Hz)-0.5), p.x(octave(b.Hz)+0.5)
		if x1-x0 < 10 {
			continue
		}
		y := p.y(b.DB)
		s.rect(paleSky, x0+1, y, x1-1, p.y1)
		s.words(black, labelFace, centre, point{(x0 + x1) / 2, max(y-6, p.y0+14)}, level(&b.DB, 1))
	}
}
