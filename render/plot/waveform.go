package plot

import (
	"fmt"
	"math"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

const (
	waveformHeight = 226
	laneHeight     = 46 // of a channel where there are many, at least
	laneGap        = 6
	peakStrip      = 20 // above the lanes, for the true peak

	// columns is how many a curve has at most: one for each CSS pixel.
	columns = plotRight - marginLeft

	// fullScale is the highest sample of 16 bits, less a half.
	fullScale = 0.99995
)

// waveform draws a lane for each channel, and returns where it ends.
func (s *scene) waveform(d Data, top float64) float64 {
	p := panel{x0: marginLeft, x1: plotRight, y0: top + titleHeight + peakStrip, from: d.Start, to: d.Start + d.Duration}
	lanes := float64(max(len(d.Channels), 1))
	p.y1 = p.y0 + max(waveformHeight, float64(laneHeight*lanes))
	reach := d.reach()
	s.heading(top+24, "Waveform", "dBFS"+zoomed(reach))
	s.clippingCaption(d, top+24)
	if d.Duration > 0 {
		s.timeAxis(p)
	}
	height := (p.y1 - p.y0 - float64(laneGap*(lanes-1))) / lanes
	channels := d.Channels
	if d.Duration <= 0 {
		channels = nil
	}
	for i, c := range channels {
		lane := p
		lane.y0 = p.y0 + float64(float64(i)*(height+laneGap))
		lane.y1 = lane.y0 + height
		lane.low, lane.high = -reach, reach
		s.lane(lane, c, d.clippedIn(i))
	}
	if len(channels) == 0 {
		s.frame(p)
		s.message(p, "no samples")
	}
	s.truePeak(d, p)
	return p.y1 + axisHeight + gap
}

// reach is the highest sample that the lanes have room for: full scale, or what
// is above it; for a quiet file a half of it, a quarter, and so on.
func (d Data) reach() float64 {
	peak := 0.0
	for _, c := range d.Channels {
		peak = max(peak, c.peak())
	}
	if peak > 1 {
		return peak
	}
	reach := 1.0
	for peak > 0 && peak <= reach/2 && reach > 1.0/4096 {
		reach /= 2
	}
	return reach
}

func zoomed(reach float64) string {
	if reach >= 1 {
		return ""
	}
	return fmt.Sprintf(", enlarged by %.0f dB", -xmath.DB(reach))
}

func (c Channel) peak() (peak float64) {
	for _, e := range c.Columns {
		if exists(e.Low) && exists(e.High) {
			peak = max(peak, math.Abs(e.Low), math.Abs(e.High))
		}
	}
	return peak
}

// lane draws one channel.
func (s *scene) lane(p panel, c Channel, clipped []float64) {
	s.levels(p)
	s.marks(p, clipped)
	s.area(blue, envelope(p, c, hair)...)
	s.overs(p, c)
	s.frame(p)
	middle := float64((p.y0 + p.y1) / 2)
	s.words(black, nameFace, left, point{gutter, middle}, c.Name)
	about := "silent"
	if peak := c.peak(); peak > 0 {
		db := xmath.DB(peak)
		about = "peak " + level(&db, 2) + " dBFS"
	}
	s.words(grey, labelFace, left, point{gutter, middle + 17}, about)
}

// overs draws over a waveform what of it lies above full scale, as floating
// point can, and a line there.
func (s *scene) overs(p panel, c Channel) {
	if p.high <= 1 {
		return
	}
	above, below := p, p
	above.y1, above.low = p.y(1), 1
	below.y0, below.high = p.y(-1), -1
	for _, edge := range []panel{above, below} {
		if c.peak() > 1 {
			s.area(vermilion, envelope(edge, c, 0)...)
		}
	}
	for _, y := range []float64{above.y1, below.y0} {
		s.line(black, 1, []float64{6, 4}, point{p.x0, y}, point{p.x1, y})
	}
}

// levels draws the lines of a lane, from its edge in steps of 6 dB as long as
// there is room for their labels.
func (s *scene) levels(p panel) {
	half := (p.y1 - p.y0) / 2
	top := min(p.high, 1)
	for share, i := top, 0; i < 2; share, i = share/2, i+1 {
		room := share / p.high * half
		if room < 17 {
			break
		}
		text := signed(math.Round(xmath.DB(share)), 0)
		s.line(fineGrid, 1, nil, point{p.x0, p.y(share)}, point{p.x1, p.y(share)})
		s.line(fineGrid, 1, nil, point{p.x0, p.y(-share)}, point{p.x1, p.y(-share)})
		s.words(grey, labelFace, right, point{p.x0 - 8, p.y(share) + 4.5}, text)
		if i > 0 {
			s.words(grey, labelFace, right, point{p.x0 - 8, p.y(-share) + 4.5}, text)
		}
	}
	s.line(grid, 1, nil, point{p.x0, p.y(0)}, point{p.x1, p.y(0)})
	s.words(grey, labelFace, right, point{p.x0 - 8, p.y(0) + 4.5}, "−∞")
}

// hair is the least height of the waveform: silence is a line.
const hair = 0.5

// envelope is the outline of a channel's waveform: along its highest samples,
// and back along the lowest, at least that far from its middle.
func envelope(p panel, c Channel, hair float64) []point {
	n := len(c.Columns)
	if n == 0 {
		return nil
	}
	shown := min(n, columns)
	outline := make([]point, 2*shown)
	for i := range shown {
		first, last := i*n/shown, (i+1)*n/shown
		low, high := math.Inf(1), math.Inf(-1)
		for _, e := range c.Columns[first:last] {
			low, high = min(low, e.Low), max(high, e.High)
		}
		x := p.x(p.from + float64(float64(first+last)/2*c.Seconds))
		above, below := p.y(high), p.y(low)
		if below-above < 2*hair {
			middle := float64((above + below) / 2)
			above, below = max(middle-hair, p.y0), min(middle+hair, p.y1)
		}
		outline[i], outline[2*shown-1-i] = point{x, above}, point{x, below}
	}
	if shown == 1 { // one sample: no width of its own
		a, b := outline[0], outline[1]
		return []point{{a.x - 2, a.y}, {a.x + 2, a.y}, {b.x + 2, b.y}, {b.x - 2, b.y}}
	}
	return outline
}

// clippedIn is where a channel is clipped. Where the list of spots ends before
// the clipping does, the columns that reach full scale stand for the rest.
func (d Data) clippedIn(channel int) (times []float64) {
	last := math.Inf(-1)
	for _, spot := range d.Clipped {
		if spot.Channel == channel {
			times = append(times, spot.At)
		}
		last = max(last, spot.At)
	}
	if d.ClippedRuns <= int64(len(d.Clipped)) {
		return times
	}
	c := d.Channels[channel]
	for i, e := range c.Columns {
		at := d.Start + float64((float64(i)+0.5)*c.Seconds)
		if at > last && (e.High >= fullScale || e.Low <= -fullScale) {
			times = append(times, at)
		}
	}
	return times
}

// maxMarks is how many lines through the waveform are still readable.
const maxMarks = 40

// marks draws a bar along the top of a lane where it is clipped, and lines down
// from single spots.
func (s *scene) marks(p panel, times []float64) {
	var bars [][2]float64
	for _, t := range times {
		x0, x1 := p.x(t)-1.5, p.x(t)+1.5
		if n := len(bars); n > 0 && x0 <= bars[n-1][1] {
			bars[n-1][1] = max(x1, bars[n-1][1])
		} else {
			bars = append(bars, [2]float64{x0, x1})
		}
	}
	for _, b := range bars {
		if len(bars) <= maxMarks {
			middle := (b[0] + b[1]) / 2
			s.line(paleRed, 1, nil, point{middle, p.y0}, point{middle, p.y1})
		}
		s.rect(vermilion, b[0], p.y0-5, b[1], p.y0)
	}
}

func (s *scene) clippingCaption(d Data, y float64) {
	if d.ClippedRuns == 0 {
		s.words(grey, captionFace, right, point{plotRight, y}, "not clipped")
		return
	}
	text := "clipped once"
	if d.ClippedRuns > 1 {
		text = fmt.Sprintf("clipped %d times", d.ClippedRuns)
	}
	if len(d.Clipped) > 0 {
		first := " at "
		if d.ClippedRuns > 1 {
			first = ", first at "
		}
		text += first + clock(d.Clipped[0].At, 0.01)
	}
	s.words(vermilion, typeface{captionFace.size, medium}, right, point{plotRight, y}, text)
	x := plotRight - float64(s.widthOf(captionFace, text)*slack)
	s.rect(vermilion, x-16, y-8, x-8, y-2)
}

// truePeak marks the highest true peak above the lanes.
func (s *scene) truePeak(d Data, p panel) {
	if d.TruePeak == nil || d.TruePeakAt == nil || d.Duration <= 0 {
		return
	}
	x, y := p.x(*d.TruePeakAt), p.y0-peakStrip
	s.line(black, 1, []float64{2, 3}, point{x, y + 6}, point{x, p.y1})
	s.area(black, point{x - 5, y + 2}, point{x + 5, y + 2}, point{x, y + 11})
	text := fmt.Sprintf("true peak %s dBTP at %s", level(d.TruePeak, 2), clock(*d.TruePeakAt, 0.01))
	if x < (p.x0+p.x1)/2 {
		s.words(black, labelFace, left, point{x + 10, y + 11}, text)
	} else {
		s.words(black, labelFace, right, point{x - 10, y + 11}, text)
	}
}
