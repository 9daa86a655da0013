package stereo

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/internal/param"
	"pgregory.net/rapid"
)

func db(x float64) float64 { return 20 * math.Log10(x) }

func TestKindImager(t *testing.T) {
	dsptest.Run(t, imagerKind,
		dsptest.Case{Name: "defaults", Golden: "aa0b210bc5b92d0b0ab4ad2b3a72eab7ee072559fa4063980adaffac90fc20b3"},
		dsptest.Case{Name: "wide", Values: param.Values{"width": 140.0}, Golden: "9c88eb38f4b905cc8c9356d0c61c68a262a1d926de4f1e352c48cff91abf6772"},
		dsptest.Case{Name: "mono bass", Values: param.Values{"width": 110.0, "mono_below": 110.0}, Golden: "0e0e94a12b04e84789d01b812abd6877c991a64cdc376106360de09b7a424250"},
		dsptest.Case{Name: "mono bass at 44.1 kHz", Values: param.Values{"mono_below": 300.0}, Rate: 44100, Golden: "7c448a2637eb2cad6d6a2900c19981e7c40528ff788d3fb591924050f9365d27"},
	)
}

func TestPanGainsMono(t *testing.T) {
	for _, c := range []struct{ pan, left, right float64 }{
		{-100, 1, 0},
		{-50, math.Cos(math.Pi / 8), math.Sin(math.Pi / 8)},
		{0, math.Sqrt2 / 2, math.Sqrt2 / 2},
		{50, math.Sin(math.Pi / 8), math.Cos(math.Pi / 8)},
		{100, 0, 1},
	} {
		l, r := LawPower.Gains(c.pan)
		if math.Abs(l-c.left) > 1e-15 || math.Abs(r-c.right) > 1e-15 {
			t.Errorf("pan %v: %v %v, want %v %v", c.pan, l, r, c.left, c.right)
		}
	}
	if l, r := LawPower.Gains(0); l != r {
		t.Errorf("centre is off: %v %v", l, r)
	}
	if l, _ := LawPower.Gains(0); math.Abs(db(l)+3.0103) > 1e-4 {
		t.Errorf("centre at %.4f dB, want -3.0103", db(l))
	}
	if l, r := LawPower.Gains(100); l != 0 || r != 1 {
		t.Errorf("hard right is not exact: %v %v", l, r)
	}
}

func TestPanGainsStereo(t *testing.T) {
	for _, c := range []struct{ pan, left, right float64 }{
		{-100, 1, 0}, {-50, 1, math.Sqrt2 / 2}, {0, 1, 1}, {50, math.Sqrt2 / 2, 1}, {100, 0, 1},
	} {
		l, r := LawBalance.Gains(c.pan)
		if math.Abs(l-c.left) > 1e-15 || math.Abs(r-c.right) > 1e-15 {
			t.Errorf("pan %v: %v %v, want %v %v", c.pan, l, r, c.left, c.right)
		}
	}
	if l, r := LawBalance.Gains(0); l != 1 || r != 1 {
		t.Errorf("the centre changes a stereo source: %v %v", l, r)
	}
	if l, r := LawBalance.Gains(-100); l != 1 || r != 0 {
		t.Errorf("hard left is not exact: %v %v", l, r)
	}
}

func TestPanLawsAreMirrored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pan := rapid.Float64Range(-100, 100).Draw(t, "pan")
		for _, law := range []Law{LawPower, LawMiddle, LawSum, LawBalance} {
			l, r := law.Gains(pan)
			ml, mr := law.Gains(-pan)
			if l != mr || r != ml {
				t.Fatalf("law %v: %v/%v at %v, but %v/%v mirrored", law, l, r, pan, ml, mr)
			}
		}
	})
}

// What each law keeps the same from one side to the other: the power, the sum,
// and for the law between them left^(4/3) + right^(4/3), since there both are
// cosines to the power of 3/2. A few roundings; the measure of a desk, 0.01 dB,
// would be 1e-3.
func TestPanLawsKeepWhatTheyPromise(t *testing.T) {
	for _, c := range []struct {
		law    Law
		power  float64
		centre float64 // dB
	}{{LawPower, 2, -3.0103}, {LawMiddle, 4.0 / 3, -4.5154}, {LawSum, 1, -6.0206}} {
		for pan := -100.0; pan <= 100; pan += 0.5 {
			l, r := c.law.Gains(pan)
			if got := math.Pow(l, c.power) + math.Pow(r, c.power); math.Abs(got-1) > 2e-15 {
				t.Errorf("law %v at %v: %.17g, want 1", c.law, pan, got)
			}
		}
		if l, r := c.law.Gains(0); l != r || math.Abs(db(l)-c.centre) > 1e-4 {
			t.Errorf("law %v: centre at %.4f dB, want %.4f", c.law, db(l), c.centre)
		}
		if l, r := c.law.Gains(-100); l != 1 || r != 0 {
			t.Errorf("law %v: hard left is %v %v", c.law, l, r)
		}
	}
}

// A source on a circle of positions is turned by the angle and as loud as
// before, to a few roundings.
func TestRotation(t *testing.T) {
	for at := -90.0; at <= 90; at += 15 { // 0: hard left, 45: centre, 90: hard right
		for turn := -90.0; turn <= 90; turn += 7.5 {
			b := dsp.Block{{math.Cos(at * math.Pi / 180)}, {math.Sin(at * math.Pi / 180)}}
			Rotation(turn).Apply(b)
			l, r := math.Cos((at+turn)*math.Pi/180), math.Sin((at+turn)*math.Pi/180)
			if math.Abs(b[0][0]-l) > 1e-15 || math.Abs(b[1][0]-r) > 1e-15 {
				t.Errorf("%v° turned by %v°: %v %v, want %v %v", at, turn, b[0][0], b[1][0], l, r)
			}
		}
	}
	for _, c := range []struct{ turn, l, r, wantL, wantR float64 }{
		{45, 0.25, 0.25, 0, math.Sqrt2 / 4}, {-45, 0.25, 0.25, math.Sqrt2 / 4, 0}, {90, 0.5, 0, 0, 0.5}, {-90, 0.5, 0, 0, -0.5}, {0, 0.5, 0.25, 0.5, 0.25},
	} {
		b := dsp.Block{{c.l}, {c.r}}
		Rotation(c.turn).Apply(b)
		if math.Abs(b[0][0]-c.wantL) > 1e-16 || math.Abs(b[1][0]-c.wantR) > 1e-16 || (c.wantL == 0) != (b[0][0] == 0) || (c.wantR == 0) != (b[1][0] == 0) {
			t.Errorf("%v %v turned by %v°: %v %v, want %v %v", c.l, c.r, c.turn, b[0][0], b[1][0], c.wantL, c.wantR)
		}
	}
}

// Picks are exact, and leave exactly nothing of what they leave out.
func TestMatrix(t *testing.T) {
	for name, c := range map[string]struct {
		m    Matrix
		l, r float64
	}{
		"unity": {Unity, 0.75, -0.125}, "left": {Left, 0.75, 0.75}, "right": {Right, -0.125, -0.125}, "mid": {Mid, 0.3125, 0.3125}, "side": {Side, 0.4375, 0.4375},
		"flip left": {Flip(true, false), -0.75, -0.125}, "flip right": {Flip(false, true), 0.75, 0.125},
		"the side of a flipped right is the mid": {Side.After(Flip(false, true)), 0.3125, 0.3125},
		"the mid of the left is the left":        {Mid.After(Left), 0.75, 0.75},
	} {
		b := dsp.Block{{0.75}, {-0.125}}
		c.m.Apply(b)
		if b[0][0] != c.l || b[1][0] != c.r {
			t.Errorf("%s: %v %v, want %v %v", name, b[0][0], b[1][0], c.l, c.r)
		}
	}
	same := dsp.Block{{0.3}, {0.3}}
	if Side.Apply(same); same[0][0] != 0 {
		t.Errorf("the side of a mono signal is %v", same[0][0])
	}
}

func TestWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.Float64Range(-1, 1).Draw(t, "l")
		r := rapid.Float64Range(-1, 1).Draw(t, "r")
		w := rapid.Float64Range(0, 200).Draw(t, "width")
		b := dsp.Block{{l}, {r}}
		Width(b, w)
		// A handful of roundings at magnitude 3.
		if math.Abs(b[0][0]+b[1][0]-l-r) > 4e-15 {
			t.Fatalf("the mono sum moved: %v to %v", l+r, b[0][0]+b[1][0])
		}
		if math.Abs(b[0][0]-b[1][0]-(l-r)*w/100) > 4e-15 {
			t.Fatalf("side is %v, want %v", b[0][0]-b[1][0], (l-r)*w/100)
		}
	})
	b := dsp.Block{{0.1}, {-0.7}}
	Width(b, 100)
	if b[0][0] != 0.1 || b[1][0] != -0.7 {
		t.Errorf("100 %% changes bits: %v", b)
	}
}

func newTestImager(t testing.TB, rate int, v param.Values) dsp.Processor {
	t.Helper()
	p, err := imagerKind.New(dsp.Args{Rate: rate, Values: param.Defaults(imagerKind.Params).With(v)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// response is the complex gain at hz of an impulse response.
func response(h []float64, hz, rate float64) complex128 {
	var sum complex128
	for i, x := range h {
		s, c := math.Sincos(-2 * math.Pi * hz / rate * float64(i))
		sum += complex(x*c, x*s)
	}
	return sum
}

// impulse returns the responses of mid and side to an impulse in both.
func impulse(t *testing.T, rate int, v param.Values) (mid, side []float64) {
	b := dsp.NewBlock(rate)
	b[0][0] = 2 // mid 1, side 1
	p := newTestImager(t, rate, v)
	for at := 0; at < rate; at += dsp.MaxBlock {
		p.Process(b.Cut(at, min(at+dsp.MaxBlock, rate)))
	}
	for i, l := range b[0] {
		mid = append(mid, (l+b[1][i])/2)
		side = append(side, (l-b[1][i])/2)
	}
	return mid, side
}

// A fourth-order Linkwitz-Riley high-pass is -6.02 dB at its corner, falls by
// 24 dB an octave, and has the phase of the second-order all-pass of Q 0.7071.
func TestMonoBelow(t *testing.T) {
	const split = 120.0
	for _, rate := range []int{44100, 96000} {
		mid, side := impulse(t, rate, param.Values{"mono_below": split})
		for _, hz := range []float64{30, 60, 120, 240, 1000, 5000, 15000} {
			m := response(mid, hz, float64(rate))
			s := response(side, hz, float64(rate))
			if g := db(math.Hypot(real(m), imag(m))); math.Abs(g) > 1e-6 {
				t.Errorf("%d Hz: mid at %v Hz is %.7f dB, want 0", rate, hz, g)
			}
			// The analogue curve; the bilinear transform leaves it 0.01 dB at
			// these low corners.
			f4 := math.Pow(hz/split, 4)
			want := db(f4 / (1 + f4))
			if g := db(math.Hypot(real(s), imag(s))); math.Abs(g-want) > 0.01 {
				t.Errorf("%d Hz: side at %v Hz is %.3f dB, want %.3f", rate, hz, g, want)
			}
			// In phase: s/m is real and positive.
			if q := s / m; math.Abs(imag(q)) > 1e-9 || real(q) <= 0 {
				t.Errorf("%d Hz: side and mid are out of phase at %v Hz: %v", rate, hz, q)
			}
		}
	}
}

func TestImagerAtRestChangesNothing(t *testing.T) {
	b := dsp.Block{{0.3, -0.1, 1e-9}, {0.7, 0.2, -1}}
	want := dsp.Block{{0.3, -0.1, 1e-9}, {0.7, 0.2, -1}}
	newTestImager(t, 48000, nil).Process(b)
	for ch := range b {
		for i := range b[ch] {
			if b[ch][i] != want[ch][i] {
				t.Errorf("channel %d sample %d: %v, want %v", ch, i, b[ch][i], want[ch][i])
			}
		}
	}
}

// A jump of the width from 0 to 200 % must not step by more than one smoothing
// step of the side: 2·(1-exp(-1/(0.005·48000))).
func TestWidthMovesWithoutAClick(t *testing.T) {
	p := newTestImager(t, 48000, param.Values{"width": 0.0}).(dsp.Tunable)
	b := dsp.NewBlock(4800)
	for i := range b[0] {
		b[0][i], b[1][i] = 1, -1
	}
	p.Process(b.Cut(0, 1000))
	p.Tune("width")(200)
	p.Process(b.Cut(1000, 2024))
	p.Process(b.Cut(2024, 3000))
	p.Process(b.Cut(3000, 4000))
	limit := 2 * (1 - math.Exp(-1/240.0)) * 1.0001
	for i := 1001; i < 4000; i++ {
		if step := math.Abs(b[0][i] - b[0][i-1]); step > limit {
			t.Fatalf("step of %v at frame %d, want at most %v", step, i, limit)
		}
	}
	if math.Abs(b[0][3999]-2) > 0.001 {
		t.Errorf("width arrives at %v, want 2", b[0][3999])
	}
	// Before the first frame there is nothing to glide from.
	p.Reset()
	p.Tune("width")(200)
	c := dsp.Block{{1}, {-1}}
	p.Process(c)
	if c[0][0] != 2 {
		t.Errorf("a width set at time zero glides: %v, want 2", c[0][0])
	}
}

func BenchmarkImager(b *testing.B) {
	for name, v := range map[string]param.Values{
		"width": {"width": 110.0}, "mono_below": {"width": 110.0, "mono_below": 110.0},
	} {
		b.Run(name, func(b *testing.B) {
			p := newTestImager(b, 48000, v)
			blk := dsp.NewBlock(dsp.MaxBlock)
			for range b.N {
				p.Process(blk)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dsp.MaxBlock, "ns/frame")
		})
	}
}

func BenchmarkPanGains(b *testing.B) {
	var sum float64
	for i := range b.N {
		l, r := LawPower.Gains(float64(i%200 - 100))
		sum += l + r
	}
	b.ReportMetric(sum/float64(b.N), "gain")
}
