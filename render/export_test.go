package render

import "time"

// Keeping replaces the cache's rule of which strips are worth keeping, which goes
// by the time they take.
func Keeping(o Options, worth func() bool) Options {
	o.worth = func(time.Duration, int64) bool { return worth() }
	return o
}
