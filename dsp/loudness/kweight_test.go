package loudness

import (
	"math"
	"testing"
)

// The 48 kHz row is printed in BS.1770; the others were worked out from the
// same prototypes by an independent program, to 14 decimals.
func TestKWeighting(t *testing.T) {
	for _, c := range []struct {
		rate  int
		shelf Biquad
		pass  [2]float64
	}{
		{32000, Biquad{1.51117789956876, -2.46488941336014, 1.04163327352230, -1.53904509625064, 0.62696685598156}, [2]float64{-1.98508966898869, 0.98514532066955}},
		{44100, Biquad{1.53084123005035, -2.65097999515473, 1.16907907992159, -1.66365511325602, 0.71259542807323}, [2]float64{-1.98916967362980, 0.98919903578704}},
		{48000, Biquad{1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585}, [2]float64{-1.99004745483398, 0.99007225036621}},
		{88200, Biquad{1.55751537557965, -2.90562707992635, 1.36133397747221, -1.83091998796233, 0.84414226108785}, [2]float64{-1.99457751545034, 0.99458487587805}},
		{96000, Biquad{1.55971422897580, -2.92674157825108, 1.37826120231582, -1.84460946989011, 0.85584332293064}, [2]float64{-1.99501754472472, 0.99502375904092}},
		{176400, Biquad{1.57111531774185, -3.03654450240465, 1.46887161198976, -1.91532931683305, 0.91877174416001}, [2]float64{-1.99728692242381, 0.99728876502607}},
		{192000, Biquad{1.57222721509128, -3.04728305156155, 1.47797134097961, -1.92220223060749, 0.92511773511683}, [2]float64{-1.99750722284070, 0.99750877835551}},
	} {
		shelf, pass := kPrototypes(c.rate)
		got := [...]float64{shelf.B0, shelf.B1, shelf.B2, shelf.A1, shelf.A2, pass.A1, pass.A2, pass.B0, pass.B1, pass.B2}
		want := [...]float64{c.shelf.B0, c.shelf.B1, c.shelf.B2, c.shelf.A1, c.shelf.A2, c.pass[0], c.pass[1], 1, -2, 1}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-12*math.Abs(want[i]) {
				t.Errorf("%d Hz, coefficient %d: %.15f, want %.14f", c.rate, i, got[i], want[i])
			}
		}
	}
}

// At the rates of most files the filter is that of every other meter, to the bit.
func TestKWeightingOfUsualRates(t *testing.T) {
	for _, rate := range []int{44100, 48000} {
		shelf, pass := KWeighting(rate)
		if s, p := kPrototypes(rate); shelf != s || pass != p {
			t.Errorf("%d Hz: the gain was changed", rate)
		}
	}
}
