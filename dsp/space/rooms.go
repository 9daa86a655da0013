package space

import (
	"cmp"
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp/xmath"
)

// room is the geometry from which a reverberation of type room, chamber or hall
// is made: a box of flat walls in which two sources (the two input channels)
// are heard by a pair of microphones. x runs from the left wall to the right
// one, y from the wall behind the sources towards the microphones, z up; all in
// metres at a size of 100 %. Nothing is in the middle, so that no two
// reflections come at the same time.
//
// Two things are taken from it. Early reflections are the image sources of the
// box (J. B. Allen and D. A. Berkley, "Image method for efficiently simulating
// small-room acoustics", J. Acoust. Soc. Am. 65(4), 1979) as the microphones
// hear them. And the delays of the late field are spread about the mean free
// path, 4V/S, which is how far sound travels in a box of volume V and surface S
// from one wall to the next.
type room struct {
	box        [3]float64    // width, length, height
	sources    [2][3]float64 // left, right
	pair       [3]float64    // middle of the microphones
	walls      float64       // pressure that a wall gives back
	paths      [2]float64    // shortest and longest delay of the late field, in mean free paths
	early      float64       // energy of the early reflections relative to the late field, dB
	diffusion  float64       // percent
	diffusers  float64       // length of the input all-passes, relative to the plate's
	modulation float64       // swing at 100 %, ms
}

// rooms are the types that are boxes.
var rooms = map[string]room{
	"hall": { // a concert hall seen from the conductor's microphones
		box:     [3]float64{24, 38, 15},
		sources: [2][3]float64{{8.6, 6.1, 1.6}, {15.1, 6.6, 1.5}},
		pair:    [3]float64{12.5, 15.4, 3.8},
		walls:   0.85, paths: [2]float64{0.7, 2.0},
		early: -7, diffusion: 85, diffusers: 1.1, modulation: 0.8,
	},
	"room": { // a recording room with some absorption
		box:     [3]float64{5.3, 7.2, 2.9},
		sources: [2][3]float64{{1.6, 1.7, 1.3}, {3.5, 1.9, 1.2}},
		pair:    [3]float64{2.8, 4.3, 1.7},
		walls:   0.8, paths: [2]float64{1.0, 5.5},
		early: -3, diffusion: 75, diffusers: 0.5, modulation: 0.6,
	},
	"chamber": { // an echo chamber of hard plaster, loudspeakers to the wall
		box:     [3]float64{4.7, 7.9, 4.1},
		sources: [2][3]float64{{0.9, 1.1, 1.4}, {3.7, 0.8, 2.1}},
		pair:    [3]float64{2.2, 6.1, 1.9},
		walls:   0.95, paths: [2]float64{1.0, 4.5},
		early: -10, diffusion: 100, diffusers: 0.8, modulation: 0.6,
	},
}

const (
	speedOfSound = 343.0 // m/s, air at 20 degrees Celsius

	// The microphones: an ORTF pair, two cardioids 17 cm apart that look 55
	// degrees to either side of the sources.
	pairSpacing = 0.17
	pairAngle   = 55.0

	earlyOrder = 3     // walls that an early reflection has met, at most
	earlyTaps  = 9     // reflections kept from each source to each microphone: the loudest
	earlyAfter = 0.004 // seconds after the direct sound; what comes sooner only colours it
)

// reflection is one early reflection: seconds after the direct sound, and its
// level relative to it.
type reflection struct{ seconds, gain float64 }

// meanFreePath is 4V/S, in metres.
func (r *room) meanFreePath() float64 {
	w, l, h := r.box[0], r.box[1], r.box[2]
	floor, front, side := float64(w*l), float64(w*h), float64(l*h)
	return 2 * float64(floor*h) / (floor + front + side)
}

// delays returns n delays in seconds for the late field, the shortest first,
// spaced evenly in the logarithm.
func (r *room) delays(n int) []float64 {
	path := r.meanFreePath() / speedOfSound
	out := make([]float64, n)
	for i := range out {
		share := float64(i) / float64(n-1)
		out[i] = r.paths[0] * path * xmath.Pow(r.paths[1]/r.paths[0], share)
	}
	return out
}

// reflections returns what microphone out (0 left, 1 right) hears of source in,
// in order of time.
func (r *room) reflections(in, out int) []reflection {
	side := float64(2*out - 1)
	mic := r.pair
	mic[0] += float64(side * pairSpacing / 2)
	turn := math.Pi * pairAngle / 180
	look := [3]float64{side * xmath.Sin(turn), -xmath.Cos(turn), 0}
	direct := distance(r.sources[in], r.pair)

	var all []reflection
	for nx := -earlyOrder; nx <= earlyOrder; nx++ {
		for ny := -earlyOrder; ny <= earlyOrder; ny++ {
			for nz := -earlyOrder; nz <= earlyOrder; nz++ {
				order := abs(nx) + abs(ny) + abs(nz)
				if order == 0 || order > earlyOrder {
					continue
				}
				at := [3]float64{r.image(0, nx, in), r.image(1, ny, in), r.image(2, nz, in)}
				far := distance(at, mic)
				toward := 0.0
				for axis := range at {
					toward += float64(look[axis] * (at[axis] - mic[axis]))
				}
				e := reflection{
					seconds: (far - direct) / speedOfSound,
					gain:    direct / far * xmath.Pow(r.walls, float64(order)) * (1 + toward/far) / 2,
				}
				if e.seconds >= earlyAfter {
					all = append(all, e)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b reflection) int { return cmp.Compare(b.gain, a.gain) })
	all = all[:min(len(all), earlyTaps)]
	slices.SortStableFunc(all, func(a, b reflection) int { return cmp.Compare(a.seconds, b.seconds) })
	return all
}

// image is where image n of a source lies on an axis: mirrored at odd n.
func (r *room) image(axis, n, in int) float64 {
	x, length := r.sources[in][axis], r.box[axis]
	if n%2 != 0 {
		x = length - x
	}
	return float64(float64(n)*length) + x
}

func distance(a, b [3]float64) float64 {
	sum := 0.0
	for axis := range a {
		sum += square(a[axis] - b[axis])
	}
	return math.Sqrt(sum)
}

func abs(n int) int { return max(n, -n) }
