package plot

import (
	"image/color"
	"math"
)

// absoluteGate is that of BS.1770-5, in LUFS.
const absoluteGate = -70.0

// loudness draws loudness over time, and returns where it ends.
func (s *scene) loudness(d Data, top float64) float64 {
	p := panel{x0: marginLeft, x1: plotRight, y0: top + titleHeight, from: d.Start, to: d.Start + d.Duration}
	p.y1 = p.y0 + loudnessHeight
	p.low, p.high = d.loudnessScale()
	s.heading(top+28, "Loudness", "LUFS")
	s.legend(top+28, []key{
		{"integrated", black, 1.6, nil}, {"short-term (3 s)", blue, 2.2, nil}, {"momentary (400 ms)", sky, 1.2, nil},
		{"gates", grey, 1.2, gateDash}, {"target", green, 1.6, targetDash},
	}[:4+min(len(d.Targets), 1)])
	if d.Duration > 0 {
		s.timeAxis(p)
	}
	s.loudnessLines(p)
	var notes []note
	notes = append(notes, s.gates(d, p)...)
	s.curve(p, d.Momentary, sky, 1.2)
	s.curve(p, d.ShortTerm, blue, 2.2)
	notes = append(notes, s.levelsOf(d, p)...)
	notes = append(notes, s.maxima(d, p)...)
	s.frame(p)
	s.notes(p, notes)
	if why := d.noLoudness(); why != "" {
		s.message(p, why)
	}
	return p.y1 + axisHeight + gap
}

// loudnessLines draws the lines of the scale, every second one with a label.
func (s *scene) loudnessLines(p panel) {
	step := 5.0
	for (p.y1-p.y0)/(p.high-p.low)*step < 9 {
		step *= 2
	}
	for i := math.Ceil(p.low / step); float64(i*step) <= p.high; i++ {
		v, ink := float64(i*step), fineGrid
		if math.Mod(i, 2) == 0 {
			ink = grid
			s.words(grey, labelFace, right, point{p.x0 - 8, p.y(v) + 4.5}, signed(v, 0))
		}
		s.line(ink, 1, nil, point{p.x0, p.y(v)}, point{p.x1, p.y(v)})
	}
}

var (
	gateDash   = []float64{3, 3}
	targetDash = []float64{10, 5}
)

// loudnessScale is the lowest and the highest loudness of the panel, in fives:
// from above the loudest to below the gate and the quietest twentieth.
func (d Data) loudnessScale() (low, high float64) {
	loudest, quietest := math.Inf(-1), math.Inf(1)
	see := func(x float64) { // floating point may be louder than any scale
		x = min(max(x, -150), 900)
		loudest, quietest = max(loudest, x), min(quietest, x)
	}
	for _, x := range []*float64{d.Integrated, d.MaxMomentary, d.MaxShortTerm} {
		if x != nil && exists(*x) {
			see(*x)
		}
	}
	for _, t := range d.Targets {
		see(t.LUFS)
	}
	if loudest < quietest { // there is nothing
		return -60, 0
	}
	if d.RelativeGate != nil && exists(*d.RelativeGate) {
		see(*d.RelativeGate)
	}
	if q, ok := d.ShortTerm.quiet(); ok {
		see(q)
	}
	high = float64(math.Ceil((loudest+2)/5) * 5)
	low = float64(math.Floor((quietest-3)/5) * 5)
	return max(min(low, high-30), -75), max(high, -40)
}

// quiet is the value that a twentieth of a curve, as far as it is above the
// absolute gate, stays below.
func (c Curve) quiet() (float64, bool) {
	const step = 0.5
	var counts [400]int // from the gate up, in halves
	total := 0
	for _, v := range c.Values {
		if v >= absoluteGate {
			counts[int(min((v-absoluteGate)/step, float64(len(counts)-1)))]++
			total++
		}
	}
	seen := 0
	for i, n := range counts {
		if seen += n; seen*20 > total {
			return absoluteGate + float64(float64(i)*step), true
		}
	}
	return 0, false
}

// gates draws the gates of integrated loudness.
func (s *scene) gates(d Data, p panel) (notes []note) {
	if d.Integrated == nil {
		return nil
	}
	draw := func(v float64, name string) {
		if v < p.low {
			notes = append(notes, note{p.y1, grey, name + " ↓"})
			return
		}
		s.line(grey, 1.2, gateDash, point{p.x0, p.y(v)}, point{p.x1, p.y(v)})
		notes = append(notes, note{p.y(v), grey, name})
	}
	if d.RelativeGate != nil {
		draw(*d.RelativeGate, "relative gate "+level(d.RelativeGate, 1))
	}
	draw(absoluteGate, "absolute gate "+signed(absoluteGate, 0))
	return notes
}

// levelsOf draws the integrated loudness, and the targets over it, whose dashes
// let it be seen where they are met.
func (s *scene) levelsOf(d Data, p panel) (notes []note) {
	if d.Integrated != nil {
		y := p.y(*d.Integrated)
		s.line(black, 1.6, nil, point{p.x0, y}, point{p.x1, y})
		notes = append(notes, note{y, black, "integrated " + level(d.Integrated, 2)})
	}
	for _, t := range d.Targets {
		s.line(green, 1.6, targetDash, point{p.x0, p.y(t.LUFS)}, point{p.x1, p.y(t.LUFS)})
		value := " " + level(&t.LUFS, 1)
		name := s.shortened(labelFace, t.Name, gutterEnd-gutter-s.widthOf(labelFace, value))
		notes = append(notes, note{p.y(t.LUFS), green, name + value})
	}
	return notes
}

// maxima marks where the curves are highest.
func (s *scene) maxima(d Data, p panel) (notes []note) {
	for _, m := range []struct {
		curve Curve
		value *float64
		ink   color.NRGBA
		name  string
	}{{d.Momentary, d.MaxMomentary, blue, "max momentary "}, {d.ShortTerm, d.MaxShortTerm, blue, "max short-term "}} {
		at, ok := m.curve.highest()
		if !ok || m.value == nil {
			continue
		}
		where := point{p.x(at), p.y(*m.value)}
		s.dot(color.NRGBA{0xff, 0xff, 0xff, 0xff}, 5.5, where)
		s.dot(m.ink, 4, where)
		notes = append(notes, note{where.y, m.ink, m.name + level(m.value, 1)})
	}
	return notes
}

// highest is when the curve is highest.
func (c Curve) highest() (at float64, ok bool) {
	best := math.Inf(-1)
	for i, v := range c.Values {
		if v > best {
			best, at, ok = v, c.at(i), true
		}
	}
	return at, ok
}

func (c Curve) at(i int) float64 { return c.First + float64(float64(i)*c.Step) }

func (d Data) noLoudness() string {
	_, heard := d.Momentary.highest()
	switch {
	case d.Duration <= 0:
		return "no samples"
	case heard || d.Integrated != nil:
		return ""
	case d.Duration < 0.4:
		return "shorter than the 400 ms that loudness is measured over"
	}
	return "silence: no loudness"
}

// curve draws a loudness over time.
func (s *scene) curve(p panel, c Curve, ink color.NRGBA, width float64) {
	if len(c.Values) > 4*columns { // a line that goes up and down in every column: finer, to be seen as one
		width /= 2
	}
	for _, piece := range above(thinned(p, c), p.y1) {
		s.line(ink, width, nil, piece...)
	}
}

// thinned places a curve on the sheet, below it where there is no loudness. Of
// more values than there are columns, the lowest and the highest of each column are kept.
func thinned(p panel, c Curve) (line []point) {
	place := func(i int) point {
		y := p.y1 + 1000.0
		if v := c.Values[i]; v > p.low {
			y = p.y(v)
		} else if exists(v) {
			y = p.y1 + float64((p.low-v)/(p.high-p.low)*(p.y1-p.y0))
		}
		return point{p.x(c.at(i)), y}
	}
	n := len(c.Values)
	if n <= columns {
		for i := range n {
			line = append(line, place(i))
		}
		return begun(line, p)
	}
	for column := range columns {
		first, last := column*n/columns, (column+1)*n/columns
		low, high := first, first
		for i := first; i < last; i++ {
			if c.Values[i] < c.Values[low] {
				low = i
			}
			if c.Values[i] > c.Values[high] {
				high = i
			}
		}
		line = append(line, place(min(low, high)))
		if low != high {
			line = append(line, place(max(low, high)))
		}
	}
	return begun(line, p)
}

// begun is a line without what comes before its first point on the panel:
// before the first 400 ms or 3 s there is nothing to rise from.
func begun(line []point, p panel) []point {
	for i, at := range line {
		if at.y <= p.y1 {
			return line[i:]
		}
	}
	return nil
}

// above cuts off what of a line lies below a height of the sheet.
func above(line []point, floor float64) (pieces [][]point) {
	var piece []point
	end := func() {
		if len(piece) > 1 {
			pieces = append(pieces, piece)
		}
		piece = nil
	}
	cross := func(a, b point) point {
		share := (floor - a.y) / (b.y - a.y)
		return point{a.x + float64(share*(b.x-a.x)), floor}
	}
	for i, b := range line {
		switch {
		case b.y <= floor && i > 0 && line[i-1].y > floor:
			piece = append(piece, cross(line[i-1], b), b)
		case b.y <= floor:
			piece = append(piece, b)
		case i > 0 && line[i-1].y <= floor:
			piece = append(piece, cross(line[i-1], b))
			end()
		}
	}
	end()
	return pieces
}

// key is an entry of a legend.
type key struct {
	name  string
	ink   color.NRGBA
	width float64
	dash  []float64
}

// legend names lines, from the right edge of the panels to the left.
func (s *scene) legend(y float64, keys []key) {
	x := float64(plotRight)
	for _, k := range keys {
		s.words(grey, captionFace, right, point{x, y}, k.name)
		x -= float64(s.widthOf(captionFace, k.name)*slack) + 8
		s.line(k.ink, k.width, k.dash, point{x - 30, y - 5}, point{x, y - 5})
		x -= 30 + 24
	}
}
