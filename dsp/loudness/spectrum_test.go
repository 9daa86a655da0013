package loudness

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
)

func octaveLevels(rate int, channels ...[]float64) []Band {
	s := NewSpectrum(rate, len(channels))
	s.Write(channels)
	s.Finish()
	return s.Bands(1, 31.25, 16000)
}

// A tone in the middle of an octave is in that octave with its rms, and 50 dB down in
// the others. Tolerance 0.1 dB: the window's share that falls into the next bands and what the
// short window at the end adds.
func TestOctavesOfTones(t *testing.T) {
	for _, rate := range []int{44100, 48000, 96000} {
		for octave := range 10 {
			hz := 31.25 * math.Ldexp(1, octave)
			x := make([]float64, 4*rate)
			for i := range x {
				x[i] = 0.5 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))
			}
			for i, b := range octaveLevels(rate, x, x) {
				if math.Abs(b.Hz-31.25*math.Ldexp(1, i)) > 1e-9*b.Hz {
					t.Errorf("band %d is at %v Hz", i, b.Hz)
				}
				if i == octave {
					near(t, fmt.Sprintf("%d Hz: %g Hz in its octave", rate, hz), b.Level, -9.03, 0.1, 0.1)
				} else if b.Level > -59 {
					t.Errorf("%d Hz: %g Hz reads %.1f dB in the octave at %g Hz", rate, hz, b.Level, b.Hz)
				}
			}
		}
	}
}

// The bands' powers add up to the rms, white noise rises by 3 dB an octave, and a silent
// channel halves the mean power.
func TestOctavesOfNoise(t *testing.T) {
	const rate = 48000
	b := dsptest.Noise(20*rate, 0.5, "octaves")
	rms := figures(rate, 0, b[0], b[1]).RMS
	total := 0.0
	s := NewSpectrum(rate, 2)
	s.Write(b[:])
	s.Finish()
	bands := s.Bands(3, 20, 24000)
	for i, band := range bands {
		total += math.Pow(10, band.Level/10)
		if i > 9 && i < len(bands)-1 { // a few hundred bins by then: within 0.3 dB
			near(t, fmt.Sprintf("third at %.0f Hz", band.Hz), band.Level, rms+10*math.Log10(band.Hz*(math.Pow(2, 1./6)-math.Pow(2, -1./6))/24000), 0.3, 0.3)
		}
	}
	near(t, "all thirds together", 10*math.Log10(total), rms, 0.05, 0.05)
	both, one := octaveLevels(rate, b[0], b[0]), octaveLevels(rate, b[0], make([]float64, b.Len()))
	for i := range both {
		near(t, "a silent channel", one[i].Level, both[i].Level-3.0103, 1e-4, 1e-4)
	}
}

// What there is too little of is still measured, and silence is -Inf.
func TestSpectrumOfLittle(t *testing.T) {
	for n, want := range map[int]float64{1: 0, 2: 0, 100: -3.01, 3000: -3.01, 30000: -3.01} {
		x := make([]float64, n)
		for i := range x {
			x[i] = math.Cos(2 * math.Pi * float64(i) / 12)
		}
		total := 0.0
		for _, b := range octaveLevels(48000, x) {
			if math.IsNaN(b.Level) {
				t.Fatalf("%d samples: %v", n, b)
			}
			total += math.Pow(10, b.Level/10)
		}
		if n > 2 {
			near(t, fmt.Sprintf("%d samples", n), 10*math.Log10(total), want, 0.5, 0.5)
		}
	}
	for _, x := range [][]float64{{}, make([]float64, 10000)} {
		for _, b := range octaveLevels(48000, x) {
			if !math.IsInf(b.Level, -1) {
				t.Errorf("silence: %v", b)
			}
		}
	}
	if n := len(octaveLevels(16000, make([]float64, 100))); n != 9 {
		t.Errorf("%d octaves at 16 kHz, want 9: the last begins at 5.7 kHz", n)
	}
}

func TestSpectrumCutsDoNotMatter(t *testing.T) {
	b := dsptest.Signal(30011, 22050, "spectrum cuts")
	want := octaveLevels(22050, b[0], b[1])
	e := NewEnvelope(2, 64)
	e.Write(b[:])
	columns, frames := e.Columns()
	rapid.Check(t, func(t *rapid.T) {
		s, e := NewSpectrum(22050, 2), NewEnvelope(2, 64)
		length := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 9000))
		for at := 0; at < b.Len(); {
			n := min(length.Draw(t, "frames"), b.Len()-at)
			cut := b.Cut(at, at+n)
			s.Write(cut[:])
			e.Write(cut[:])
			at += n
		}
		s.Finish()
		if d := cmp.Diff(want, s.Bands(1, 31.25, 16000)); d != "" {
			t.Fatal(d)
		}
		got, span := e.Columns()
		if d := cmp.Diff(columns, got); d != "" || span != frames {
			t.Fatalf("%d frames in a column, want %d\n%s", span, frames, d)
		}
	})
}

func TestEnvelope(t *testing.T) {
	for n := range 300 {
		b := dsptest.Noise(n, 1, "envelope")
		e := NewEnvelope(2, 16)
		e.Write(b[:])
		columns, frames := e.Columns()
		if n > 16 && len(columns[0]) <= 8 || len(columns[0]) > 16 {
			t.Fatalf("%d columns for %d frames", len(columns[0]), n)
		}
		for c := range b {
			for i, got := range columns[c] {
				want := Extent{math.Inf(1), math.Inf(-1)}
				for _, v := range b[c][i*int(frames) : min((i+1)*int(frames), n)] {
					want = Extent{min(want.Min, v), max(want.Max, v)}
				}
				if got != want {
					t.Fatalf("%d frames, column %d: %v, want %v", n, i, got, want)
				}
			}
		}
	}
}

func TestGoldenSpectrum(t *testing.T) {
	b := dsptest.Signal(5*44100+77, 44100, "spectrum")
	s := NewSpectrum(44100, 2)
	s.Write(b[:])
	s.Finish()
	var levels []float64
	for _, band := range s.Bands(24, 20, 24000) {
		levels = append(levels, band.Hz, band.Level)
	}
	dsptest.CheckGolden(t, dsp.Block{levels, levels}, "5b62d128441e0e315dd643d2ca4b59642b6115eb2c706438f3f5408a05866892")
}
