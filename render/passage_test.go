package render

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The loudest window, against trying every one of them.
func TestLoudest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := curve(rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 60).Draw(t, "curve"))
		n := rapid.IntRange(1, 70).Draw(t, "window")
		lo := rapid.IntRange(0, len(c)-1).Draw(t, "from")
		hi := rapid.IntRange(lo, len(c)).Draw(t, "to")
		energy := func(at int) (sum float64) {
			for _, e := range c[at : at+n] {
				sum += e
			}
			return sum
		}
		at := int(math.Round(c.loudest(float64(n)/hopsPerSecond, float64(lo)/hopsPerSecond, float64(hi)/hopsPerSecond) * hopsPerSecond))
		if hi-lo <= n {
			if at != lo {
				t.Fatalf("%d, want the only one at %d", at, lo)
			}
			return
		}
		if at < lo || at+n > hi {
			t.Fatalf("window %d+%d outside of %d to %d", at, n, lo, hi)
		}
		for other := lo; other+n <= hi; other++ {
			if energy(other) > energy(at)*(1+1e-6)+1e-12 { // sums of other orders
				t.Fatalf("%d is louder than %d", other, at)
			}
		}
	})
}

// Where two lanes differ.
func TestLaneSpan(t *testing.T) {
	end := math.Inf(1)
	step := func(at, value float64) point { return point{at, value, `"step"`} }
	line := func(at, value float64) point { return point{at, value, `"linear"`} }
	for _, c := range []struct {
		name     string
		a, b     []point
		from, to float64
	}{
		{"a step moved", []point{step(1, 0), step(5, 1), step(9, 0)}, []point{step(1, 0), step(6, 1), step(9, 0)}, 5, 6},
		{"another value of a step", []point{step(1, 0), step(5, 1), step(9, 0)}, []point{step(1, 0), step(5, 2), step(9, 0)}, 5, 9},
		{"of the end of a line", []point{step(1, 0), line(5, 1), step(9, 0)}, []point{step(1, 0), line(5, 2), step(9, 0)}, 1, 9},
		{"a point more", []point{step(1, 0), step(9, 0)}, []point{step(1, 0), step(4, 1), step(9, 0)}, 4, 9},
		{"to the end", []point{step(1, 0)}, []point{step(1, 0), step(7, 1)}, 7, end},
		{"there and back", []point{step(1, 0)}, []point{step(1, 0), step(7, 1), step(8, 0)}, 7, 8},
		{"there and back before a step", []point{step(1, 0), step(9, 5)}, []point{step(1, 0), step(7, 1), step(8, 0), step(9, 5)}, 7, 8},
		{"there and back before a line", []point{step(1, 0), line(9, 5)}, []point{step(1, 0), step(7, 1), step(8, 0), line(9, 5)}, 1, 9},
		{"from nothing", nil, []point{line(3, 1)}, 0, end},
		{"to nothing", []point{step(3, 1)}, nil, 3, end},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, lists := range [][2][]point{{c.a, c.b}, {c.b, c.a}} {
				if from, to := laneSpan(lists[0], lists[1]); from != c.from || to != c.to {
					t.Errorf("%v to %v, want %v to %v", from, to, c.from, c.to)
				}
			}
		})
	}
}

// Stems that are silent say nothing about where to listen.
func TestCurveHeard(t *testing.T) {
	silent := curve(slices.Repeat([]float64{1e-12}, 10))
	if silent.heard() || (curve)(nil).heard() || !(curve{0, 1e-6}).heard() {
		t.Error("-70 LUFS is where a stem begins to be heard")
	}
}
