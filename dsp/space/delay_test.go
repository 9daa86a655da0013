package space

import (
	"math"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

func TestKindDelay(t *testing.T) {
	skip := map[string]string{"latency": "the output is echoes only"}
	dsptest.Run(t, delayKind,
		dsptest.Case{Name: "plain", Golden: "32d562c8bef223842c31190b45f19749ee316b090041eb169089c0f21f29f5b5", Skip: skip, Values: param.Values{"time": 20.0}},
		dsptest.Case{
			Name: "ping-pong", Golden: "ef24fd99b4ba0632b0fd13c1584ee2cf6ba92621cceb927bbc9974f0c585dc0c", Skip: skip,
			Values: param.Values{"time": 31.0, "feedback": 60.0, "pingpong": true, "width": 80.0},
		},
		dsptest.Case{
			Name: "cut", Golden: "64265bd4da470944162aead15f6bff031015fa2124419c15ccd6c8a3ea77273a", Skip: skip, Rate: 44100,
			Values: param.Values{"time": 12.5, "feedback": 90.0, "lowcut": 150.0, "highcut": 4000.0},
		},
		dsptest.Case{Name: "shortest", Golden: "1bb10376c2da4c520086857dcc78a968310bc4cb3e6076d67a15b31f3165432c", Skip: skip, Values: param.Values{"time": 1.0, "feedback": 95.0, "lowcut": 20.0}},
		dsptest.Case{
			Name: "tape", Golden: "540d3312160020b0715818b85d702e09a236275ed190f6692a02dd4e3af995e9",
			Skip:   map[string]string{"latency": skip["latency"], "led": "the loop saturates"},
			Values: param.Values{"time": 25.0, "feedback": 80.0, "highcut": 6000.0, "saturation": 70.0, "ducking": 12.0},
		},
		dsptest.Case{
			Name: "ducked", Golden: "054df02559137ae78c413076234d0212e26126a47e98c024b0b85df5887466ab", Skip: skip, Rate: 44100,
			Values: param.Values{"time": 40.0, "pingpong": true, "ducking": 24.0, "duck_threshold": -20.0, "duck_release": 60.0},
		},
	)
}

// echoes plays an impulse of 1 in the channels given by left and right.
func echoes(t *testing.T, n int, left, right float64, v param.Values) dsp.Block {
	in := dsp.NewBlock(n)
	in[0][0], in[1][0] = left, right
	return dsptest.Play(build(t, delayKind, 48000, 1, v), in)
}

// only checks that the block has these samples, by frame, and zeros elsewhere.
func only(t *testing.T, b dsp.Block, left, right map[int]float64) {
	t.Helper()
	for ch, want := range []map[int]float64{left, right} {
		for i, v := range b[ch] {
			if math.Abs(v-want[i]) > 1e-15 {
				t.Errorf("channel %d, frame %d: %v, want %v", ch, i, v, want[i])
			}
		}
	}
}

func TestEchoes(t *testing.T) {
	b := echoes(t, 2000, 1, -0.5, param.Values{"time": 10.0, "feedback": 50.0})
	only(t, b,
		map[int]float64{480: 1, 960: 0.5, 1440: 0.25, 1920: 0.125},
		map[int]float64{480: -0.5, 960: -0.25, 1440: -0.125, 1920: -0.0625})
}

func TestPingPong(t *testing.T) {
	b := echoes(t, 2000, 1, 0.5, param.Values{"time": 10.0, "feedback": 50.0, "pingpong": true})
	only(t, b, map[int]float64{480: 0.75, 1440: 0.1875}, map[int]float64{960: 0.375, 1920: 0.09375})
}

func TestWidthZeroIsMono(t *testing.T) {
	b := echoes(t, 1000, 1, 0, param.Values{"time": 10.0, "feedback": 0.0, "width": 0.0})
	only(t, b, map[int]float64{480: 0.5}, map[int]float64{480: 0.5})
}

// Echo number n has passed the loop's filters n times.
func TestFiltersAreInTheLoop(t *testing.T) {
	const time = 4800 // long enough for the filter to ring out
	b := echoes(t, 3*time, 1, 1, param.Values{"time": 100.0, "feedback": 50.0, "highcut": 3000.0})
	c := filter.BilinearLowPass(3000, math.Sqrt2/2, 48000)
	for _, hz := range []float64{200, 3000, 8000} {
		once := c.DB(hz, 48000)
		for n := 1; n <= 2; n++ {
			got, _ := dsptest.Response(b[0][n*time:(n+1)*time-1], 48000, hz)
			want := float64(n)*once + float64(n-1)*20*math.Log10(0.5)
			if math.Abs(got-want) > 1e-6 {
				t.Errorf("echo %d at %v Hz is %.4f dB, want %.4f", n, hz, got, want)
			}
		}
	}
}

// While the time moves, a sine keeps its frequency: what comes out at any moment is
// the same sine from two places, added in shares that make up 1. So the output is
// never louder than the input and never jumps by more than the sine's own slope
// plus that of the fade.
func TestTimeMovesWithoutDoppler(t *testing.T) {
	const rate, hz = 48000, 440.0
	p := build(t, delayKind, rate, 1, param.Values{"time": 100.0, "feedback": 0.0})
	set := p.(dsp.Tunable).Tune("time")
	in := dsptest.Sine(2*rate, rate, hz, 0.5)
	first := dsptest.Play(p, in.Cut(0, rate/2))
	set(237.5)
	rest := dsptest.Play(p, in.Cut(rate/2, in.Len()))
	out := append(append([]float64(nil), first[0]...), rest[0]...)

	sine := func(i, delay int) float64 { return 0.5 * math.Sin(2*math.Pi*hz/rate*float64(i-delay)) }
	const fade = 1920 // 40 ms
	for i := 4800; i < len(out); i++ {
		share := math.Min(math.Max(float64(i-rate/2+1)/fade, 0), 1)
		want := (1-share)*sine(i, 4800) + share*sine(i, 11400)
		if math.Abs(out[i]-want) > 1e-9 {
			t.Fatalf("frame %d is %v, want %v", i, out[i], want)
		}
	}
}

// A change during a fade waits for its end, and the last one counts; before the first
// frame a change is taken at once.
func TestTimeTakesTheLastChange(t *testing.T) {
	p := build(t, delayKind, 48000, 1, param.Values{"time": 100.0, "feedback": 0.0})
	set := p.(dsp.Tunable).Tune("time")
	set(1000)
	set(10)
	in := dsp.NewBlock(48000)
	in[0][0], in[0][20000] = 1, 1
	out := dsptest.Play(p, in.Cut(0, 10000))
	only(t, out, map[int]float64{480: 1}, nil)
	set(20)
	dsptest.Play(p, in.Cut(10000, 10100))
	set(30)
	dsptest.Play(p, in.Cut(10100, 10200))
	set(40)
	out = dsptest.Play(p, in.Cut(10200, 48000))
	only(t, out, map[int]float64{20000 + 1920 - 10200: 1}, nil)
	if got := p.Tail(); got < 48000 {
		t.Errorf("tail is %d frames, but the time has been set to 1 s", got)
	}
}

// Saturation is tanh(kx)/k with k = 4 at 100 %: a quiet sound passes, a loud one is
// held at 0.25, and at 0 % nothing changes at all (the golden hashes hold that).
func TestSaturationInTheLoop(t *testing.T) {
	for _, c := range []struct{ in, percent float64 }{{0.001, 100}, {0.1, 100}, {1, 100}, {1, 50}, {1, 1}} {
		b := echoes(t, 1500, c.in, 0, param.Values{"time": 10.0, "feedback": 50.0, "saturation": c.percent})
		k := 4 * c.percent / 100
		one := math.Tanh(k*c.in) / k
		two := math.Tanh(k*one/2) / k
		if math.Abs(b[0][480]-one) > 1e-15 || math.Abs(b[0][960]-two) > 1e-15 {
			t.Errorf("%v at %v %%: echoes %v, %v, want %v, %v", c.in, c.percent, b[0][480], b[0][960], one, two)
		}
	}
}

// A steady sound 12 dB and more above the threshold turns the echoes down by all of
// the depth, one 6 dB above it by half, one below it not at all; and after the sound they come
// back with the release's time constant.
func TestDucking(t *testing.T) {
	const rate = 48000
	v := param.Values{"time": 50.0, "feedback": 0.0, "ducking": 20.0, "duck_threshold": -30.0, "duck_release": 200.0}
	for _, c := range []struct{ level, want float64 }{{-6, 20}, {-18, 20}, {-24, 10}, {-31, 0}} {
		in := dsptest.Sine(rate, rate, 1000, math.Pow(10, c.level/20))
		plain := dsptest.Play(build(t, delayKind, rate, 1, v.With(param.Values{"ducking": 0.0})), in)
		out := dsptest.Play(build(t, delayKind, rate, 1, v), in)
		got := 10 * math.Log10(power(plain[0][rate/2:])/power(out[0][rate/2:]))
		// The held peak of a 1 kHz sine falls by 0.09 dB between two of its tops: 0.16 dB of depth.
		if math.Abs(got-c.want) > 0.2 {
			t.Errorf("a sine of %v dB ducks by %.2f dB, want %v", c.level, got, c.want)
		}
	}

	d := newDucker(param.Defaults(delayKind.Params).With(v), rate)
	for range rate {
		d.next(1, 0)
	}
	quietFor := 0
	for d.peak > d.threshold*math.Pow(10, 12.0/20) {
		d.next(0, 0)
	}
	for d.peak > d.threshold {
		d.next(0, 0)
	}
	from := d.down
	for ; d.down > from/math.E; quietFor++ {
		d.next(0, 0)
	}
	if got := float64(quietFor) / rate; math.Abs(got-0.2) > 0.001 {
		t.Errorf("the echoes come back in %.3f s, want 0.2", got)
	}
}
