package dyn

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
)

// What the styles are for, in figures: a hit whose attack is 4 dB over the ceiling keeps
// its shape with punchy, loses the attack alone with loud, and is in between with
// transparent; a bass note is distorted by loud only.
func TestStyles(t *testing.T) {
	const rate = 48000
	hits := dsp.NewBlock(4 * rate)
	for i := range hits[0] {
		at := math.Mod(float64(i)/rate, 0.5)
		attack := math.Exp(-at*200) * math.Sin(2*math.Pi*2000*at)
		body := 0.5 * math.Exp(-at*12) * math.Sin(2*math.Pi*180*at)
		hits[0][i] = 1.1 * (attack + body)
		hits[1][i] = hits[0][i]
	}
	peak, _ := dsptest.Peak(hits)
	ceiling := peak * math.Pow(10, -4.0/20)
	level := func(b dsp.Block, from, to float64) float64 { // of a stretch of every hit, in dB
		sum, n := 0.0, 0
		for hit := 1; hit < 7; hit++ {
			for i := int((float64(hit)*0.5 + from) * rate); i < int((float64(hit)*0.5+to)*rate); i++ {
				sum, n = sum+b[0][i]*b[0][i], n+1
			}
		}
		return 10 * math.Log10(sum/float64(n))
	}
	type figures struct{ attack, body, all, thd float64 }
	got := map[string]figures{}
	for _, style := range Styles() {
		set := styled(style, rate, ceiling)
		out := limit(set, hits)
		set.Ceiling = 0.5
		bass := limit(set, dsptest.Sine(3*rate, rate, 50, 0.5*math.Pow(10, 3.0/20)))
		_, thd := harmonics(bass[0][2*rate:], 50, rate, 40)
		f := figures{
			attack: level(out, 0, 0.003) - level(hits, 0, 0.003),
			body:   level(out, 0.01, 0.04) - level(hits, 0.01, 0.04),
			all:    level(out, 0, 0.5) - level(hits, 0, 0.5),
			thd:    db(thd),
		}
		got[style.Name] = f
		t.Logf("%-12s attack %+.2f dB, body %+.2f dB, all %+.2f dB; 50 Hz 3 dB over: THD %.0f dB", style.Name, f.attack, f.body, f.all, f.thd)
	}
	plain, punchy, loud := got["transparent"], got["punchy"], got["loud"]
	if math.Abs(punchy.attack-punchy.body) > 0.7 {
		t.Errorf("punchy: the attack goes down by %.2f dB, the body by %.2f dB", -punchy.attack, -punchy.body)
	}
	if loud.body < -1.2 || loud.body-loud.attack < 2 {
		t.Errorf("loud: the attack goes down by %.2f dB, the body by %.2f dB", -loud.attack, -loud.body)
	}
	if !(punchy.all < plain.all && plain.all < loud.all) {
		t.Errorf("punchy leaves %.2f dB, transparent %.2f, loud %.2f", punchy.all, plain.all, loud.all)
	}
	if plain.thd > -90 || punchy.thd > -90 || loud.thd > -35 {
		t.Errorf("50 Hz: THD %.0f dB transparent, %.0f punchy, %.0f loud", plain.thd, punchy.thd, loud.thd)
	}
}
