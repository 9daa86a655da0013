package colour

// clipper clips one channel at ±limit without the aliases that a clipper makes
// sample by sample, whose corners have harmonics without end.
//
// It takes the sound for a continuous line, a cubic through each four samples
// drawn as short straight pieces; finds what of the line exceeds the limit; and
// takes the mean of that excess over the two samples around each sample,
// weighted with a triangle, from the sound. This is antiderivative anti-aliasing
// (J. D. Parker, V. Zavalishin, E. Le Bivic, "Reducing the aliasing of nonlinear
// waveshaping using continuous-time convolution", DAFx-16) of the second order,
// with three differences. The integral is written out for each straight piece
// instead of as a difference of antiderivatives, so nothing cancels and no
// tolerance is needed. The line between samples is rounder than a straight one,
// whose own corners would be clipped into new frequencies. And only the excess is
// averaged, so what does not reach the limit passes bit for bit.
type clipper struct {
	latency int // frames at the lower rate

	x      [4]float64 // last samples, newest last
	excess [3]float64 // averaged, newest last
	rising float64    // share of the last stretch in the next sample's average
	wait   [8]float64 // ring that makes the delay a whole number of frames
	pad    int        // its length
	pos    int
}

const (
	// clipDelay is the delay of the method in samples of the higher rate: two for
	// the stretch between the middle two of four samples, and one for the
	// correction of the triangle.
	clipDelay = 3

	// clipPieces is how many straight pieces a stretch between samples is drawn
	// in. Twice as many bring less than 0.2 dB.
	clipPieces = 4

	// A cubic through four samples stays within 5/4 of the largest of them
	// (its weights half way: -1/16, 9/16, 9/16, -1/16).
	cubicReach = 1.25

	// A triangle two samples wide is a low-pass of 1 - w²/12 + ... ; adding so
	// much of the second difference takes the square away.
	triangleRepair = 1. / 12
)

func newClipper(factor int) clipper {
	frames := (clipDelay + factor - 1) / factor
	return clipper{latency: frames, pad: frames*factor - clipDelay}
}

func (c *clipper) reset() { *c = clipper{latency: c.latency, pad: c.pad} }

func (c *clipper) process(x []float64, limit float64) {
	x3, x2, x1 := c.x[1], c.x[2], c.x[3]
	r2, r1, rising := c.excess[1], c.excess[2], c.rising
	quiet := limit / cubicReach
	for i, x0 := range x {
		// Around x2: the stretch before it was integrated a sample ago.
		r0 := rising
		rising = 0
		if max(x0, x1, x2, x3) > quiet {
			falling, up := stretch(x3, x2, x1, x0, limit)
			r0 += falling
			rising = up
		}
		if min(x0, x1, x2, x3) < -quiet {
			falling, up := stretch(-x3, -x2, -x1, -x0, limit)
			r0 -= falling
			rising -= up
		}
		out := x3
		if r0 != 0 || r1 != 0 || r2 != 0 {
			out -= r1 + float64(triangleRepair*(r1+r1-r0-r2))
		}
		x[i] = c.delay(out)
		x3, x2, x1, r2, r1 = x2, x1, x0, r1, r0
	}
	c.x = [4]float64{0, x3, x2, x1}
	c.excess = [3]float64{0, r2, r1}
	c.rising = rising
}

// delay returns what it was given pad samples ago.
func (c *clipper) delay(x float64) float64 {
	if c.pad == 0 {
		return x
	}
	out := c.wait[c.pos]
	c.wait[c.pos] = x
	if c.pos++; c.pos == c.pad {
		c.pos = 0
	}
	return out
}

// stretch integrates what of the cubic through w, x, y and z lies above the limit,
// over the stretch from x (t = 0) to y (t = 1), weighted with 1-t (its share in the
// average around x) and with t (around y).
func stretch(w, x, y, z, limit float64) (falling, rising float64) {
	var whole float64
	from := x - limit
	for k := 1; k <= clipPieces; k++ {
		to := y - limit
		if k < clipPieces {
			l := &cubicAt[k-1]
			to = float64(l[0]*w) + float64(l[1]*x) + float64(l[2]*y) + float64(l[3]*z) - limit
		}
		i0, i1 := over(from, to)
		whole += i0
		rising += float64(i0*float64(k-1)) + i1
		from = to
	}
	rising = float64(rising / (clipPieces * clipPieces))
	return float64(whole/clipPieces) - rising, rising
}

// cubicAt has Lagrange's weights of four samples (at -1, 0, 1 and 2) for the
// places 1/4, 1/2 and 3/4.
var cubicAt = [clipPieces - 1][4]float64{
	{-7. / 128, 105. / 128, 35. / 128, -5. / 128},
	{-1. / 16, 9. / 16, 9. / 16, -1. / 16},
	{-5. / 128, 35. / 128, 105. / 128, -7. / 128},
}

// over integrates the positive part of the straight line from a (t = 0) to b
// (t = 1), plain and weighted with t.
func over(a, b float64) (plain, weighted float64) {
	if a <= 0 && b <= 0 {
		return 0, 0
	}
	if a >= 0 && b >= 0 {
		return (a + b) / 2, (a + b + b) / 6
	}
	if a < 0 { // a triangle from the crossing to the end
		width := b / (b - a)
		plain = float64(width*b) / 2
		return plain, float64(plain * (1 - width/3))
	}
	width := a / (a - b)
	plain = float64(width*a) / 2
	return plain, float64(plain * (width / 3))
}
