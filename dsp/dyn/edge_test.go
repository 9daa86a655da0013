package dyn

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"pgregory.net/rapid"
)

// Tones at the edge of the band are read to 0.49 of the rate, within 0.1 dB (what its
// cosine leaves of a tone there) and with a margin of the tone's share; what has nothing
// there is not looked at.
func TestEdgeMeter(t *testing.T) {
	for _, c := range []struct {
		frequency float64
		read      bool
	}{{0.1, false}, {0.25, false}, {0.48, true}, {0.485, true}, {0.49, true}} {
		in := dsp.NewBlock(6000)
		for i := range in[0] {
			rise := min(1, float64(i)/2000, float64(len(in[0])-i)/2000)
			in[1][i] = 0.8 * rise * rise * (3 - 2*rise) * math.Sin(2*math.Pi*c.frequency*float64(i)+0.3)
		}
		m := NewEdgeMeter(0.5)
		m.Write(in)
		m.Finish()
		if !c.read {
			if m.Peak() != 0 {
				t.Errorf("%g of the rate: reads %g", c.frequency, m.Peak())
			}
			continue
		}
		t.Logf("%g of the rate: %+.3f dB", c.frequency, db(m.Peak()/0.8))
		if got := m.Peak() / (1 + edgeShare); math.Abs(db(got/0.8)) > 0.1 {
			t.Errorf("%g of the rate: reads %.4f, want 0.8 and its share", c.frequency, m.Peak())
		}
	}
}

// White noise: the meter reads a little more than one that reads every frame, and does not depend on
// how the stream is cut.
func TestEdgeMeterNoise(t *testing.T) {
	meter := newReferencePeak()
	rapid.Check(t, func(t *rapid.T) {
		n := newNoise(rapid.Uint64().Draw(t, "seed"))
		in := dsp.NewBlock(400)
		for i := range in[0] {
			in[0][i], in[1][i] = n.next(), n.next()
		}
		whole := NewEdgeMeter(0.9)
		whole.Write(in)
		whole.Finish()
		cut := NewEdgeMeter(0.9)
		for rest := in; rest.Len() > 0; {
			k := rapid.IntRange(1, rest.Len()).Draw(t, "cut")
			cut.Write(rest.Cut(0, k))
			rest = rest.Cut(k, rest.Len())
		}
		cut.Finish()
		if cut.Peak() != whole.Peak() {
			t.Fatalf("in parts %v, whole %v", cut.Peak(), whole.Peak())
		}
		left, _ := meter.of(in[0], 0.9)
		right, _ := meter.of(in[1], 0.9)
		// Never less than the reference, whose window is another, and 0.6 dB more at most.
		if d := db(whole.Peak() / max(left, right)); d < 0 || d > 0.6 {
			t.Fatalf("%+.3f dB", d)
		}
	})
}
