package smooth

import (
	"math"
	"testing"
)

func TestGlide(t *testing.T) {
	const rate = 48000
	v := New(1, rate)
	if !v.Begin(10) {
		t.Error("a new value moves")
	}
	v.Set(2)
	if v.Begin(10) {
		t.Error("a value with a new target is at rest")
	}
	last := v.Now
	for i := range int(Time * rate) {
		next := v.Step()
		if next <= last || next > 2 {
			t.Fatalf("frame %d: %v after %v", i, next, last)
		}
		last = next
	}
	// After one time constant 1/e of the way is left.
	if got := 2 - v.Now; math.Abs(got-1/math.E) > 1e-6 {
		t.Errorf("%v of the way is left, want 1/e", got)
	}
	for range rate {
		v.Step()
	}
	if v.Now != 2 || !v.Begin(1) {
		t.Errorf("after a second the value is %v, not at its target", v.Now)
	}
	v.Reset()
	if v.Now != 1 || v.Target != 1 {
		t.Errorf("Reset goes to %v, target %v", v.Now, v.Target)
	}
}

// Before the first frame a target is taken at once, an empty block being no frame.
func TestSetBeforeTheFirstFrame(t *testing.T) {
	v := New(1, 48000)
	v.Begin(0)
	v.Set(3)
	if v.Now != 3 {
		t.Errorf("value is %v, want 3", v.Now)
	}
}
