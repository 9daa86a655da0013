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
