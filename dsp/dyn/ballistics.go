package dyn

import "math"

// The automatic release has two stages, like the program-dependent positions of
// the Fairchild 660 and 670 ("individual peaks" fast, "consistently high level"
// slow) and the bus compressors that followed. The slow stage follows the
// wanted reduction with autoCharge up and autoSlow down; the fast one lets go
// of what stands above it. So what a short peak took off is back after
// autoFast, and what has been taken off for a second comes back with autoSlow.
const (
	autoFast   = 60.0   // ms
	autoCharge = 400.0  // ms
	autoSlow   = 1000.0 // ms
)

// settled is the reduction in dB (less than one part in 10^10 of the signal) at
// which a release has arrived. From there on the gain is exact, and costs nothing.
const settled = 1e-9

// ballistics smooths a reduction in dB over time: the "smooth, branching"
// peak detector of Giannoulis et al. 2012 (equation 16), on the gain side. All
// coefficients are the part of the way covered in one frame.
type ballistics struct {
	attack, release float64
	charge, slow    float64 // of the slow stage; both 0 where there is none
	auto            bool

	now  float64 // reduction in dB
	base float64 // the slow stage's
}

// setTimes takes times in ms. hold is how long the detector before it holds: so
// much sooner must a release be done to be done in time.
func (s *ballistics) setTimes(attack, release, hold float64, auto bool, rate int) {
	s.attack = share(attack, rate)
	s.release = share(release-hold, rate)
	s.auto = auto
	s.charge, s.slow = share(autoCharge, rate), share(autoSlow, rate)
}

func (s *ballistics) reset() { s.now, s.base = 0, 0 }

// idle reports that there is nothing to let go of.
func (s *ballistics) idle() bool { return s.now == 0 && s.base == 0 }

// run replaces levels by the reductions that the curve wants for them,
// smoothed. Two things make it fast. A held level stays the same over many
// frames and costs one logarithm. And the recursion, written keep*now +
// share*goal, has only one product and one sum that wait for the frame before.
func (s *ballistics) run(x []float64, k *computer) {
	if s.auto {
		s.runAuto(x, k)
		return
	}
	attack, release := s.attack, s.release
	attackKeep, releaseKeep := 1-attack, 1-release
	now := s.now
	level, goal := uint64(0), 0.0
	for i, v := range x {
		if bits := math.Float64bits(v); bits != level {
			level, goal = bits, k.at(v)
		}
		if goal > now {
			now = float64(attackKeep*now) + float64(attack*goal)
		} else {
			now = float64(releaseKeep*now) + float64(release*goal)
			if now < settled {
				now = 0
			}
		}
		x[i] = now
	}
	s.now = now
}

// runAuto is run with the two stages of the automatic release.
func (s *ballistics) runAuto(x []float64, k *computer) {
	attack, release, charge, slow := s.attack, s.release, s.charge, s.slow
	attackKeep, releaseKeep, chargeKeep, slowKeep := 1-attack, 1-release, 1-charge, 1-slow
	now, base := s.now, s.base
	level, goal := uint64(0), 0.0
	for i, v := range x {
		if bits := math.Float64bits(v); bits != level {
			level, goal = bits, k.at(v)
		}
		if goal > base {
			base = float64(chargeKeep*base) + float64(charge*goal)
		} else {
			base = float64(slowKeep*base) + float64(slow*goal)
			if base < settled {
				base = 0
			}
		}
		held := max(goal, base) // the fast stage does not go below the slow one
		if held > now {
			now = float64(attackKeep*now) + float64(attack*held)
		} else {
			now = float64(releaseKeep*now) + float64(release*held)
			if now < settled {
				now = 0
			}
		}
		x[i] = now
	}
	s.now, s.base = now, base
}
