package dyn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"pgregory.net/rapid"
)

// scanAll returns the peak of each frame of b, silence following it.
func scanAll(s *PeakScanner, b dsp.Block) []float64 {
	in := join(b, dsp.NewBlock(s.Latency()))
	peaks := make([]float64, in.Len())
	s.Scan(in, peaks)
	return peaks[s.Latency():]
}

// For a sine the peak within half a frame of each frame is known: the scanner is
// within 0.02 dB of full scale, over all of the audible band and some more.
func TestScannerAccuracy(t *testing.T) {
	for _, rate := range []int{44100, 48000, 96000, 192000} {
		worst, where := 0.0, ""
		for _, share := range []float64{0.001, 0.02, 0.1, 0.2, 0.25, 0.3, 1.0 / 3, 0.4, 0.43, 0.4535} {
			if rate > 50000 && share > 0.3 {
				continue
			}
			for _, phase := range []float64{0, 0.3, math.Pi / 4, 1.2} {
				b := dsp.NewBlock(600)
				for i := range b[0] {
					b[1][i] = math.Sin(2*math.Pi*share*float64(i) + phase)
				}
				peaks := scanAll(NewPeakScanner(rate, 0), b)
				for i := 60; i < 540; i++ {
					want := 0.0
					for u := -50; u <= 50; u++ {
						want = max(want, math.Abs(math.Sin(2*math.Pi*share*(float64(i)+float64(u)/100)+phase)))
					}
					if e := math.Abs(peaks[i] - want); e > worst {
						worst, where = e, fmt.Sprintf("%g of the rate, frame %d: %.4f instead of %.4f", share, i, peaks[i], want)
					}
				}
			}
		}
		t.Logf("%d Hz: off by %.5f of full scale (%.3f dB) at most, at %s", rate, worst, db(1+worst), where)
		if db(1+worst) > 0.02 {
			t.Errorf("%d Hz: off by %.3f dB", rate, db(1+worst))
		}
	}
}

// A floor changes no peak above it, and raises none that lies below it above it.
func TestScannerFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]int{44100, 96000}).Draw(t, "rate")
		floor := rapid.Float64Range(0.01, 2).Draw(t, "floor")
		b := drawSound(t, 400)
		exact, got := scanAll(NewPeakScanner(rate, 0), b), scanAll(NewPeakScanner(rate, floor), b)
		for i, want := range exact {
			if want > floor && got[i] != want || want <= floor && got[i] > floor {
				t.Fatalf("frame %d: %g, want %g, with a floor of %g", i, got[i], want, floor)
			}
		}
	})
}

// drawSound draws sound of many kinds: bursts of noise and tones with hard edges.
func drawSound(t *rapid.T, frames int) dsp.Block {
	b := dsp.NewBlock(frames)
	n := newNoise(rapid.Uint64().Draw(t, "seed"))
	for at := 0; at < frames; {
		end := min(frames, at+rapid.IntRange(1, frames/3).Draw(t, "length"))
		level := math.Pow(10, rapid.Float64Range(-60, 6).Draw(t, "level")/20)
		hz := rapid.Float64Range(0, 0.45).Draw(t, "frequency")
		noisy := rapid.Bool().Draw(t, "noise")
		for ; at < end; at++ {
			v := math.Sin(2 * math.Pi * hz * float64(at))
			if noisy {
				v = n.next()
			}
			b[0][at], b[1][at] = level*v, 0.7*level*v
		}
	}
	return b
}

// Scanner and gain give the same bits however the stream is cut.
func TestScannerCuts(t *testing.T) {
	in := dsptest.Signal(20000, 44100, "cuts")
	want := make([]float64, in.Len())
	s := NewPeakScanner(44100, 0.3)
	s.Scan(in, want)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		s.Reset()
		got := make([]float64, in.Len())
		for at := 0; at < in.Len(); {
			n := min(rng.IntN(1+rng.IntN(3000)), in.Len()-at)
			s.Scan(in.Cut(at, at+n), got[at:at+n])
			at += n
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("frame %d: %v, want %v", i, got[i], want[i])
			}
		}
	}
}

// A floor that follows leaves the highest peak as it is, with its place, and all
// others above its share of it; and it does so however the stream is cut.
func TestScannerFollows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0.1, 1).Draw(t, "share")
		b := drawSound(t, 400)
		s := NewPeakScanner(44100, 0)
		s.Follow(share)
		exact, got := scanAll(NewPeakScanner(44100, 0), b), scanAll(s, b)
		highest := 0.0
		for i, want := range exact {
			highest = max(highest, want)
			if want > share*highest && got[i] != want || got[i] > max(want, share*highest) {
				t.Fatalf("frame %d: %g, want %g, with a share of %g of %g", i, got[i], want, share, highest)
			}
		}
		s.Reset()
		in := join(b, dsp.NewBlock(s.Latency()))
		cut := make([]float64, in.Len())
		for at := 0; at < in.Len(); {
			n := rapid.IntRange(1, in.Len()-at).Draw(t, "cut")
			s.Scan(in.Cut(at, at+n), cut[at:at+n])
			at += n
		}
		if !slices.Equal(cut[s.Latency():], got) {
			t.Fatal("other cuts, other peaks")
		}
	})
}
