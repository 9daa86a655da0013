package render

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/spec"
)

// dynamicEQ is an equaliser with three bands, of which the outer two listen to others.
func dynamicEQ(first, last string) spec.Processor {
	return processor("eq", param.Values{"bands": []param.Values{
		{"type": "bell", "freq": 150.0, "threshold": -30.0, "range": -12.0, "ratio": 100.0, "sidechain": first},
		{"type": "bell", "freq": 9000.0, "threshold": -20.0, "range": 3.0},
		{"type": "highshelf", "freq": 5000.0, "threshold": -30.0, "range": -6.0, "sidechain": last},
	}})
}

// Keys come in the order of the processors that listen, and of the bands within
// one: that in which the chain takes them.
func TestSidechainsOfItems(t *testing.T) {
	chain := []spec.Processor{
		dynamicEQ("kick", "voice"),
		processor("compressor", param.Values{"sidechain": "snare"}),
		dynamicEQ("voice", "kick"),
	}
	want := []string{"kick", "voice", "snare", "voice", "kick"}
	if diff := cmp.Diff(want, sidechains(chain)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	built, err := (&desk{rate: 48000}).chain("a", chain)
	if err != nil {
		t.Fatal(err)
	}
	if n := built.Keys(); n != len(want) {
		t.Errorf("the chain takes %d keys, want %d", n, len(want))
	}
}

// A band that listens to the kick gives way to it, by its range.
func TestDynamicBandInTheMix(t *testing.T) {
	low := func(from int64, level float64) func(i int64) (float64, float64) {
		return func(i int64) (float64, float64) {
			if i < from {
				return 0, 0
			}
			x := level * math.Sin(2*math.Pi*150*float64(i)/48000)
			return x, x
		}
	}
	d := newTestDesk(&tone{name: "bass", n: 96000, f: low(0, 0.2)}, &tone{name: "kick", n: 96000, f: low(48000, 0.9)},
		&tone{name: "voice", n: 96000, f: low(96000, 0)})
	d.song.Stems[0].Chain = []spec.Processor{dynamicEQ("kick", "voice")}
	d.song.Stems[1].Mute = true
	got := d.mix(t, version{}, 2)
	peak := func(from, to int) (peak float64) {
		for _, x := range got.l[from:to] {
			peak = max(peak, math.Abs(x))
		}
		return peak
	}
	// A peak between two samples is 0.0004 dB higher at 150 Hz.
	if change := 20 * math.Log10(peak(72000, 95000)/peak(20000, 47000)); math.Abs(change+12) > 0.05 {
		t.Errorf("the bass changes by %.3f dB under the kick, want -12", change)
	}
}
