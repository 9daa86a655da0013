package xmath

import "math"

// FastDB returns 20 log10 |x| with an absolute error below 2e-7 dB, for
// detectors and gain computers. x is taken as a normal number: zero and subnormal
// numbers give about -6160 dB, which is as good as silence; Inf and NaN give
// nonsense of some +6165 dB.
func FastDB(x float64) float64 {
	// |x| = 2^k m as in logReduce; two terms of Taylor's series for m/c.
	t := math.Float64bits(x)&absMask - logStart
	e := &dbTable[t>>45&127]
	m := math.Float64frombits(t&(1<<52-1) + logStart)
	r := float64(m*e.inv) - 1
	const a = 20 / math.Ln10
	r = float64(r * (a - float64(r*(a/2))))
	return float64(float64(int64(t)>>52)*(20*math.Ln2/math.Ln10)) + (e.db + r)
}

// FastGain returns 10^(db/20) with a relative error below 1e-8, for -6100 <
// db < 6100; outside of it the result is nonsense.
func FastGain(db float64) float64 {
	const perStep = 128 * math.Ln10 / (20 * math.Ln2)
	k := float64(db*perStep) + roundBias
	bits := math.Float64bits(k)
	s := math.Float64frombits(expTable[bits&127].bits + bits<<45)
	r := float64((float64(db*perStep) - (k - roundBias)) * (math.Ln2 / 128))
	return s + float64(s*(r+float64(0.5*float64(r*r))))
}
