package loudness

import "math"

// The loops that the meters spend their time in. Each has a twin in vector
// instructions that gives the same bits: where a sum is spread over four lanes
// there, it is spread over four variables here. [vector] has those that others share.

// energy2 filters two channels, adds the squares of the filtered samples to
// sumX and sumY and returns the new sums.
func (f *kFilter) energy2(sx, sy *kState, x, y []float64, sumX, sumY float64) (float64, float64) {
	y = y[:len(x)]
	if !useAVX || len(x) == 0 {
		return f.energyOfTwo(sx, sy, x, y, sumX, sumY)
	}
	p := kPair{
		s1: [2]float64{sx.s1, sy.s1}, s2: [2]float64{sx.s2, sy.s2},
		p1: [2]float64{sx.p1, sy.p1}, p2: [2]float64{sx.p2, sy.p2}, sum: [2]float64{sumX, sumY},
	}
	kEnergyAVX(f, &p, &x[0], &y[0], len(x))
	*sx, *sy = kState{p.s1[0], p.s2[0], p.p1[0], p.p2[0]}, kState{p.s1[1], p.s2[1], p.p1[1], p.p2[1]}
	return p.sum[0], p.sum[1]
}

// energyOfTwo is energy2 in Go. One loop over both channels costs hardly more
// than one channel: four short chains of dependent operations run side by side.
func (f *kFilter) energyOfTwo(sx, sy *kState, x, y []float64, sumX, sumY float64) (float64, float64) {
	b0, b1, b2, a1, a2 := f.shelf.B0, f.shelf.B1, f.shelf.B2, f.shelf.A1, f.shelf.A2
	c1, c2 := f.pass.A1, f.pass.A2
	xs1, xs2, xp1, xp2 := sx.s1, sx.s2, sx.p1, sx.p2
	ys1, ys2, yp1, yp2 := sy.s1, sy.s2, sy.p1, sy.p2
	y = y[:len(x)]
	for i, u := range x {
		v := y[i]
		xw := float64(b0*u) + xs1
		yw := float64(b0*v) + ys1
		xs1 = (float64(b1*u) + xs2) - float64(a1*xw)
		ys1 = (float64(b1*v) + ys2) - float64(a1*yw)
		xs2 = float64(b2*u) - float64(a2*xw)
		ys2 = float64(b2*v) - float64(a2*yw)

		xz := xw + xp1
		yz := yw + yp1
		xp1 = (xp2 - (xw + xw)) - float64(c1*xz)
		yp1 = (yp2 - (yw + yw)) - float64(c1*yz)
		xp2 = xw - float64(c2*xz)
		yp2 = yw - float64(c2*yz)

		sumX += float64(xz * xz)
		sumY += float64(yz * yz)
	}
	*sx = kState{xs1, xs2, xp1, xp2}
	*sy = kState{ys1, ys2, yp1, yp2}
	return sumX, sumY
}

// kPair is two channels' [kState], and the sums of their squares.
type kPair struct{ s1, s2, p1, p2, sum [2]float64 }

// halves interpolates the middles of a group of gaps, the first of which has
// x[0] for its first tap.
func (ip *interpolator) halves(dst *[groupSize]float64, x *[groupSize - 1 + taps]float64) {
	if useAVX {
		halvesAVX(&dst[0], &x[0], &ip.half[0])
		return
	}
	for o := range dst {
		w := (*[taps]float64)(x[o:])
		var a, b float64
		for k := 0; k < pairs; k += 2 {
			a += float64(ip.half[k] * (w[centre-k] + w[centre+1+k]))
			b += float64(ip.half[k+1] * (w[centre-k-1] + w[centre+2+k]))
		}
		dst[o] = a + b
	}
}

// quarters gives, for each gap of a group, the two numbers whose sum is the wave at
// a quarter of the gap and whose difference is that at three quarters.
func (ip *interpolator) quarters(even, odd *[groupSize]float64, x *[groupSize - 1 + taps]float64) {
	if useAVX {
		quartersAVX(&even[0], &odd[0], &x[0], &ip.quarter[0], &ip.skew[0])
		return
	}
	for o := range even {
		w := (*[taps]float64)(x[o:])
		var e, d float64
		for k := range pairs {
			l, r := w[centre-k], w[centre+1+k]
			e += float64(ip.quarter[k] * (l + r))
			d += float64(ip.skew[k] * (l - r))
		}
		even[o], odd[o] = e, d
	}
}

// tallies are the four lanes of what [tally] adds up.
type tallies struct {
	sum, squares, largest [4]float64
	odd                   [4]uint64 // not 0 where a sample was infinite or no number
}

// sums are the sum, the sum of squares and the largest magnitude of some samples.
type sums struct{ sum, squares, largest float64 }

// PowerAndPeak returns the sum of the squares of samples and their largest
// magnitude.
func PowerAndPeak(x []float64) (squares, largest float64) {
	s, _ := tally(x)
	return s.squares, s.largest
}

// tally adds up x; not ok if a sample is infinite or no number.
func tally(x []float64) (s sums, ok bool) {
	n := len(x) &^ 3
	var t tallies
	if useAVX && n > 0 {
		tallyAVX(&t, &x[0], n)
	} else {
		t.add(x[:n])
	}
	s.sum = (t.sum[0] + t.sum[1]) + (t.sum[2] + t.sum[3])
	s.squares = (t.squares[0] + t.squares[1]) + (t.squares[2] + t.squares[3])
	s.largest = max(t.largest[0], t.largest[1], t.largest[2], t.largest[3])
	odd := t.odd[0] | t.odd[1] | t.odd[2] | t.odd[3]
	for _, v := range x[n:] {
		s.sum += v
		s.squares += float64(v * v)
		s.largest = max(s.largest, math.Abs(v))
		odd |= math.Float64bits(v - v)
	}
	return s, odd == 0
}

func (t *tallies) add(x []float64) {
	for ; len(x) >= 4; x = x[4:] {
		for lane, v := range x[:4] {
			t.sum[lane] += v
			t.squares[lane] += float64(v * v)
			t.largest[lane] = max(t.largest[lane], math.Abs(v))
			t.odd[lane] |= math.Float64bits(v - v)
		}
	}
}

// product adds up the products of x and y.
func product(x, y []float64) float64 {
	y = y[:len(x)]
	n := len(x) &^ 3
	var lanes [4]float64
	if useAVX && n > 0 {
		productAVX(&lanes, &x[0], &y[0], n)
	} else {
		for i := 0; i < n; i += 4 {
			for lane := range lanes {
				lanes[lane] += float64(x[i+lane] * y[i+lane])
			}
		}
	}
	sum := (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
	for i, v := range x[n:] {
		sum += float64(v * y[n+i])
	}
	return sum
}
