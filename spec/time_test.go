package spec

import "testing"

func TestSeconds(t *testing.T) {
	for text, want := range map[string]float64{"30s": 30, "30 s": 30, "1500 ms": 1.5, "1:30": 90, "0.5s": 0.5} {
		if got, err := Seconds(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "30", "30 Hz", "s", "bar 3", "1/8", "1e999 s", "30,5 s"} {
		if got, err := Seconds(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
