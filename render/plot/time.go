package plot

import (
	"fmt"
	"math"
)

// timeSteps are the distances between labels that people count in, in seconds.
var timeSteps = []float64{
	0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
	60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600, 12 * 3600, 24 * 3600,
}

// maxLabels is how many labels of time there is room for.
const maxLabels = 14

// timeStep is the smallest of timeSteps that gives no more labels than fit.
func timeStep(seconds float64) float64 {
	for _, step := range timeSteps {
		if seconds/step <= maxLabels {
			return step
		}
	}
	return math.Ceil(seconds / maxLabels)
}

// clock writes a time as minutes and seconds, with as many decimals as a step
// needs, and with hours where there are any: "2:05", "0:00.02", "1:02:05".
func clock(seconds, step float64) string {
	decimals := 0
	for unit := 1.0; decimals < 3 && step < unit; decimals++ {
		unit /= 10
	}
	ticks := int64(math.Round(max(seconds, 0) * powers[decimals]))
	per := int64(powers[decimals])
	whole, part := ticks/per, ticks%per
	t := fmt.Sprintf("%d:%02d", whole/60, whole%60)
	if whole >= 3600 {
		t = fmt.Sprintf("%d:%02d:%02d", whole/3600, whole/60%60, whole%60)
	}
	if decimals > 0 {
		t += fmt.Sprintf(".%0*d", decimals, part)
	}
	return t
}

var powers = [...]float64{1, 10, 100, 1000}

// timeAxis draws lines at even times through a panel, and labels below it.
func (s *scene) timeAxis(p panel) {
	step := timeStep(p.to - p.from)
	first := math.Ceil(p.from/step - 1e-9)
	for i := 0.0; ; i++ {
		t := float64((first + i) * step)
		if t > p.to+float64(step*1e-9) {
			break
		}
		x := p.x(t)
		s.line(grid, 1, nil, point{x, p.y0}, point{x, p.y1})
		s.line(frame, 1, nil, point{x, p.y1}, point{x, p.y1 + 5})
		s.words(grey, labelFace, centre, point{x, p.y1 + 20}, clock(t, step))
	}
}
