//go:build !amd64

package resample

func (s *stage) newLanes() []float64 { return nil }

// runFast does nothing: run does it all.
func (s *stage) runFast(x, y pair) bool { return false }
