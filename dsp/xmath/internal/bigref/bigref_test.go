package bigref_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp/xmath/internal/bigref"
)

// Sixty published digits of well-known constants: what the reference itself
// is measured against.
func TestKnownDigits(t *testing.T) {
	sin1, cos1 := bigref.SinCos(bigref.F(1))
	for _, c := range []struct {
		name string
		got  *big.Float
		want string
	}{
		{"π", bigref.Pi(), "3.14159265358979323846264338327950288419716939937510582097494"},
		{"4 atan 1", bigref.Mul(bigref.F(4), bigref.Atan(bigref.F(1))), "3.14159265358979323846264338327950288419716939937510582097494"},
		{"ln 2", bigref.Ln2(), "0.693147180559945309417232121458176568075500134360255254120680"},
		{"ln 10", bigref.Ln10(), "2.30258509299404568401799145468436420760110148862877297603332"},
		{"e", bigref.Exp(bigref.F(1)), "2.71828182845904523536028747135266249775724709369995957496696"},
		{"sin 1", sin1, "0.841470984807896506652502321630298999622563060798371065672751"},
		{"cos 1", cos1, "0.54030230586813971740093660744297660373231042061792222767009"},
		{"I0(1)", bigref.BesselI0(bigref.F(1)), "1.26606587775200833559824462521471753760767031135496"},
	} {
		digits := len(c.want) - 1 // the last may be rounded
		if got := c.got.Text('f', 80); !strings.HasPrefix(got, c.want[:digits]) {
			t.Errorf("%s = %s, want %s", c.name, got, c.want)
		}
	}
}
