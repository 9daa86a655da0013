package render

// Keeping replaces the cache's rule of which strips are worth keeping, which goes
// by the time they take.
func Keeping(o Options, keep func(strip string) bool) Options {
	o.keep = keep
	return o
}
