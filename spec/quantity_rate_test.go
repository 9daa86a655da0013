package spec

import (
	"testing"

	"github.com/lathe-audio/lathe/internal/param"
)

// A note length that stands for a rate is one cycle of it: a quarter at 120 bpm
// takes half a second.
func TestNoteLengthIsOneCycleOfARate(t *testing.T) {
	rate := quantity{unit: param.Hz, min: 0.01, max: 40, notes: true}
	song := music{tempo: 120}
	for text, want := range map[string]float64{"1/4": 2, "1/8": 4, "1/4.": 4. / 3, "4/1": 0.125, "2 Hz": 2} {
		if got, f := rate.parse(text, true, song); f != nil || got != want {
			t.Errorf("%s = %v Hz (%v), want %v", text, got, f, want)
		}
	}
	if _, f := rate.parse("1/4", true, music{}); f == nil {
		t.Error("a note length without a tempo is taken")
	}
	if _, f := (quantity{unit: param.Hz}).parse("1/4", true, song); f == nil {
		t.Error("a note length is taken for a frequency that has none")
	}
}
