package loudness

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
)

// The minimum requirement test signals of EBU Tech 3341 (v4, 2023) and Tech
// 3342, synthesised. Cases 7 and 8 of the first and 5 and 6 of the second are
// recordings that cannot be.

var rates = []int{44100, 48000, 96000}

// step is a stretch of a 1 kHz tone at a peak level in dBFS; -Inf is silence.
type step struct{ db, seconds float64 }

var silence = math.Inf(-1)

// tones makes steps of a 1 kHz tone, phase running on.
func tones(rate int, steps ...step) []float64 {
	wave := make([]float64, rate/100) // ten periods
	for i := range wave {
		wave[i] = math.Sin(20 * math.Pi * float64(i) / float64(len(wave)))
	}
	seconds := 0.0
	for _, s := range steps {
		seconds += s.seconds
	}
	x := make([]float64, 0, int(seconds*float64(rate))+1)
	seconds = 0
	for _, s := range steps {
		seconds += s.seconds
		amplitude := math.Pow(10, s.db/20)
		for end := int(math.Round(seconds * float64(rate))); len(x) < end; {
			x = append(x, amplitude*wave[len(x)%len(wave)])
		}
	}
	return x
}

func measure(rate int, channels ...[]float64) Reading {
	m := New(rate, len(channels), Options{})
	m.Write(channels)
	return m.Reading()
}

// integrate measures a stereo stream of twice x without its peaks, which the
// long cases need not wait for; TestIntegrator holds it to Meter's bits.
func integrate(rate int, x []float64) *Integrator {
	m := NewIntegrator(rate)
	m.Write(dsp.Block{x, x})
	return m
}

func maxShortTerm(m *Integrator) float64 { return LUFS(slices.Max(m.ShortTerm())) }

func near(t *testing.T, what string, got, want, below, above float64) {
	t.Helper()
	if !(got >= want-below && got <= want+above) {
		t.Errorf("%s is %.3f, want %.2f -%.2f +%.2f", what, got, want, below, above)
	}
}

func eachRate(t *testing.T, f func(t *testing.T, rate int)) {
	for _, rate := range rates {
		t.Run(fmt.Sprint(rate), func(t *testing.T) { f(t, rate) })
	}
}

func TestEBU3341Integrated(t *testing.T) {
	eachRate(t, func(t *testing.T, rate int) {
		for i, steps := range [][]step{
			0: {{-23, 20}},
			1: {{-33, 20}},
			2: {{-36, 10}, {-23, 60}, {-36, 10}},
			3: {{-72, 10}, {-36, 10}, {-23, 60}, {-36, 10}, {-72, 10}},
			4: {{-26, 20}, {-20, 20.1}, {-26, 20}},
		} {
			want := -23.0
			if i == 1 {
				want = -33
			}
			x := tones(rate, steps...)
			near(t, fmt.Sprintf("case %d: integrated", i+1), integrate(rate, x).Integrated(), want, 0.1, 0.1)
			if i < 2 {
				r := measure(rate, x, x)
				near(t, fmt.Sprintf("case %d: momentary", i+1), r.MaxMomentary, want, 0.1, 0.1)
				near(t, fmt.Sprintf("case %d: short-term", i+1), r.MaxShortTerm, want, 0.1, 0.1)
			}
		}
		front, centre, back := tones(rate, step{-28, 20}), tones(rate, step{-24, 20}), tones(rate, step{-30, 20})
		near(t, "case 6: integrated", measure(rate, front, front, centre, back, back).Integrated, -23, 0.1, 0.1)
		lfe := tones(rate, step{0, 20})
		near(t, "case 6 with a loud LFE: integrated", measure(rate, front, front, centre, lfe, back, back).Integrated, -23, 0.1, 0.1)
	})
}

func TestEBU3341Windows(t *testing.T) {
	eachRate(t, func(t *testing.T, rate int) {
		var steps []step
		for range 5 {
			steps = append(steps, step{-20, 1.34}, step{-30, 1.66})
		}
		x := tones(rate, steps...)
		m := New(rate, 2, Options{})
		m.Write([][]float64{x, x})
		for i, e := range m.ShortTerm() {
			near(t, fmt.Sprintf("case 9: short-term at %d00 ms", i), LUFS(e), -23, 0.1, 0.1)
		}

		// The momentary loudness of case 12 is constant: its maximum and, with
		// the tone's steps in the other order, hence the other extreme, agree.
		steps = nil
		for range 25 {
			steps = append(steps, step{-20, 0.18}, step{-30, 0.22})
		}
		x = tones(rate, steps...)
		near(t, "case 12: momentary", measure(rate, x, x).MaxMomentary, -23, 0.1, 0.1)
		m = New(rate, 2, Options{})
		for tick := int64(0); m.grid.start(tick+1) <= int64(len(x)); tick++ {
			cut := x[m.grid.start(tick):m.grid.start(tick+1)]
			m.loudest = 0 // of this 10 ms step alone
			m.Write([][]float64{cut, cut})
			if tick >= 100 {
				near(t, fmt.Sprintf("case 12: momentary at %d0 ms", tick), LUFS(m.loudest), -23, 0.1, 0.1)
			}
		}

		for i := range 20 {
			late := float64(i) * 0.15
			level := -38 + float64(i)
			x = tones(rate, step{silence, late}, step{-23, 3}, step{silence, 1})
			near(t, fmt.Sprintf("case 10.%d: short-term", i), maxShortTerm(integrate(rate, x)), -23, 0.1, 0.1)
			x = tones(rate, step{silence, late}, step{level, 3}, step{silence, 3 - late})
			near(t, fmt.Sprintf("case 11.%d: short-term", i), maxShortTerm(integrate(rate, x)), level, 0.1, 0.1)

			late = float64(i) * 0.02
			x = tones(rate, step{silence, late}, step{-23, 0.4}, step{silence, 1})
			near(t, fmt.Sprintf("case 13.%d: momentary", i), measure(rate, x, x).MaxMomentary, -23, 0.1, 0.1)
			x = tones(rate, step{silence, late}, step{level, 0.4}, step{silence, 0.4 - late})
			near(t, fmt.Sprintf("case 14.%d: momentary", i), measure(rate, x, x).MaxMomentary, level, 0.1, 0.1)
		}
	})
}

func TestEBU3341TruePeak(t *testing.T) {
	eachRate(t, func(t *testing.T, rate int) {
		for _, c := range []struct {
			number              int
			divisor, amp, phase float64
			want                float64
		}{{15, 4, 0.50, 0, -6}, {16, 4, 0.50, 45, -6}, {17, 6, 0.50, 60, -6}, {18, 8, 0.50, 67.5, -6}, {19, 4, 1.41, 45, 3}} {
			x := make([]float64, rate/2)
			fade := float64(rate) / 100
			for i := range x {
				gain := min(1, float64(i)/fade, float64(len(x)-1-i)/fade)
				x[i] = gain * c.amp * math.Sin(2*math.Pi*float64(i)/c.divisor+c.phase*math.Pi/180)
			}
			near(t, fmt.Sprintf("case %d: true peak", c.number), measure(rate, x, x).TruePeak.DB, c.want, 0.4, 0.2)
		}
		for start := range 4 {
			x := insertedPeriod(start)
			near(t, fmt.Sprintf("case %d: true peak", 20+start), measure(rate, x, x).TruePeak.DB, 0, 0.4, 0.2)
		}
	})
}

// insertedPeriod makes cases 20 to 23: fs/6 at half of full scale with one period of fs/4 at full scale
// inserted, made at 4 fs, low-passed to fs/2, and every fourth sample taken from start on.
func insertedPeriod(start int) []float64 {
	const n = 4 * 1200
	raw := make([]float64, n)
	phase := 0.0
	for i := range raw {
		amp, step := 0.5, 2*math.Pi/24
		if i >= n/2 && i < n/2+16 {
			amp, step = 1.0, 2*math.Pi/16
		}
		raw[i] = amp * math.Sin(phase)
		phase += step
	}
	const half = 256 // Hann windowed sinc with its corner at fs/2
	var x []float64
	for at := half + start; at < n-half; at += 4 {
		sum := 0.0
		for k := -half; k <= half; k++ {
			h := 0.25 * (0.5 + 0.5*math.Cos(math.Pi*float64(k)/half))
			if k != 0 {
				h *= math.Sin(math.Pi*float64(k)/4) / (math.Pi * float64(k) / 4)
			}
			sum += h * raw[at+k]
		}
		x = append(x, sum)
	}
	// The signal's own ends are not part of the case.
	for i := range 48 {
		g := float64(i) / 48
		x[i] *= g
		x[len(x)-1-i] *= g
	}
	return x
}

func TestEBU3342(t *testing.T) {
	eachRate(t, func(t *testing.T, rate int) {
		for i, c := range []struct {
			levels []float64
			want   float64
		}{{[]float64{-20, -30}, 10}, {[]float64{-20, -15}, 5}, {[]float64{-40, -20}, 20}, {[]float64{-50, -35, -20, -35, -50}, 15}} {
			var steps []step
			for _, db := range c.levels {
				steps = append(steps, step{db, 20})
			}
			x := tones(rate, steps...)
			near(t, fmt.Sprintf("case %d: range", i+1), Range(integrate(rate, x).ShortTerm()), c.want, 1, 1)
		}
	})
}

// A sine of 997 Hz at full scale in one channel reads -3.01 LUFS (BS.1770); a
// stereo tone of 1 kHz at -18 dBFS reads -18.0: within 0.01 LU at every rate.
func TestCalibration(t *testing.T) {
	for _, rate := range []int{22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000} {
		const seconds = 3
		x := make([]float64, seconds*rate)
		for i := range x {
			x[i] = math.Sin(2 * math.Pi * 997 * float64(i) / float64(rate))
		}
		near(t, fmt.Sprintf("%d Hz: two channels", rate), measure(rate, x, x).Integrated, 0, 0.01, 0.01)
		near(t, fmt.Sprintf("%d Hz: a channel", rate), measure(rate, x).Integrated, -3.0103, 0.01, 0.01)
		m := New(rate, 1, Options{DualMono: true})
		m.Write([][]float64{x})
		near(t, fmt.Sprintf("%d Hz: dual mono", rate), m.Reading().Integrated, 0, 0.01, 0.01)
		if rate%100 == 0 {
			x = tones(rate, step{-18, seconds})
			near(t, fmt.Sprintf("%d Hz: calibration tone", rate), measure(rate, x, x).Integrated, -18, 0.01, 0.01)
		}
	}
}
