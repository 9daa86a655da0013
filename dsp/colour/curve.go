package colour

import "math"

// curve is a saturation curve: it replaces every x by post·(f(pre·x+bias) - rest),
// where f has slope 1 at 0 and rest = f(bias) takes the curve back through the
// origin. It has no memory.
type curve func(x []float64, pre, bias, rest, post float64)

// hyperbolic is f = tanh, from a rational function rather than from an
// exponential: with y = u/4 and Lambert's continued fraction cut after y²/11,
//
//	tanh y ≈ p/q,  p = y(10395 + 1260y² + 21y⁴),  q = 10395 + 4725y² + 210y⁴ + y⁶
//
// and twice tanh 2y = 2pq/(p²+q²), so that there is one division a sample. The
// error is below 2e-10 everywhere (-194 dB); what matters more is that it has no
// steps and no kinks, which would alias: at the limit of the input it has come
// within 1e-12 of ±1.
func hyperbolic(x []float64, pre, bias, rest, post float64) {
	const limit = 16
	x = x[hyperbolicFast(x, pre, bias, rest, post):]
	for i, v := range x {
		u := float64(v*pre) + bias
		if math.Abs(u) > limit { // rare, so a branch is cheaper than min and max
			u = math.Copysign(limit, u)
		}
		y := float64(0.25 * u)
		yy := float64(y * y)
		p := float64(y * (10395 + float64(yy*(1260+float64(21*yy)))))
		q := 10395 + float64(yy*(4725+float64(yy*(210+yy))))
		p, q = float64(2*p*q), float64(p*p)+float64(q*q)
		p, q = float64(2*p*q), float64(p*p)+float64(q*q)
		x[i] = post * (p/q - rest)
	}
}

// cubic is f = u - 4/27·u³ up to |u| = 3/2, where it reaches ±1 with slope 0 and
// stays: the gentlest curve, third harmonic only until it limits.
func cubic(x []float64, pre, bias, rest, post float64) {
	for i, v := range x {
		u := max(-1.5, min(float64(v*pre)+bias, 1.5))
		x[i] = post * (u - float64(float64(4.0/27*u*u)*u) - rest)
	}
}
