package seed_test

import (
	"fmt"
	"math"
	"math/bits"
	"testing"

	"github.com/lathe-audio/lathe/dsp/seed"
)

func TestOfKeepsBorders(t *testing.T) {
	keys := map[uint64][]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"a", "b", "c"}} {
		k := seed.Of(parts...)
		if other, taken := keys[k]; taken {
			t.Errorf("Of(%q) = Of(%q)", parts, other)
		}
		keys[k] = parts
	}
}

func TestGoldenNumbers(t *testing.T) {
	// Written once, never to change: dither and modulation of every release
	// made so far hang on it.
	if got, want := seed.Of("song", "master", "left"), uint64(0x551f10829681091); got != want {
		t.Errorf("Of = %#x, want %#x", got, want)
	}
	s := seed.New(42)
	want := []string{"0x1.08c309b26d4eap-02", "-0x1.80acd388b62bcp-03", "-0x1.e1d1f67e26004p-03", "0x1.f13e4fd9e3838p-04"}
	for n := range want {
		if got := fmt.Sprintf("%x", s.Uniform(uint64(n))); got != want[n] {
			t.Errorf("number %d is %s, want %s", n, got, want[n])
		}
	}
}

func TestNextIsUniformInOrder(t *testing.T) {
	s := seed.New(seed.Of("x"))
	for n := range uint64(100) {
		if got, want := s.Next(), s.Uniform(n); got != want {
			t.Fatalf("Next %d = %v, want %v", n, got, want)
		}
	}
	s.Seek(7)
	if s.Next() != s.Uniform(7) {
		t.Error("Next after Seek(7) is not number 7")
	}
}

// Limits are five standard deviations of the figure over true random numbers: a sound
// generator exceeds one in a run of millions, and these runs never change.
func TestDistribution(t *testing.T) {
	const n = 1 << 20
	for _, key := range []uint64{0, 1, 2, 1 << 63, seed.Of("a"), seed.Of("b")} {
		s, neighbour := seed.New(key), seed.New(key+1)
		var sum, squares, serial, cross float64
		var bins [256]int
		last := 0.0
		for i := range uint64(n) {
			x := s.Uniform(i)
			if !(x > -0.5 && x < 0.5) {
				t.Fatalf("number %d is %v", i, x)
			}
			sum += x
			squares += x * x
			serial += x * last
			cross += x * neighbour.Uniform(i)
			bins[int((x+0.5)*256)]++
			last = x
		}
		chi := 0.0
		for _, c := range bins {
			d := float64(c) - n/256.
			chi += d * d / (n / 256.)
		}
		check := func(what string, got, want, sd float64) {
			if math.Abs(got-want) > 5*sd {
				t.Errorf("key %#x: %s is %g, want %g within %g", key, what, got, want, 5*sd)
			}
		}
		root := math.Sqrt(n)
		check("mean", sum/n, 0, math.Sqrt(1./12)/root)
		check("variance", squares/n, 1./12, math.Sqrt(1./180)/root)
		check("correlation of neighbours", serial/n, 0, 1./12/root)
		check("correlation of neighbouring keys", cross/n, 0, 1./12/root)
		check("chi square of 256 bins", chi, 255, math.Sqrt(2*255))
	}
}

// One bit changed in counter or key changes each bit of the number with
// probability one half.
func TestAvalanche(t *testing.T) {
	const n = 4096
	for bit := range 64 {
		var byCounter, byKey [64]int
		for i := range uint64(n) {
			key := seed.New(i).Bits(99)
			base := seed.New(key).Bits(i)
			a := base ^ seed.New(key).Bits(i^1<<bit)
			b := base ^ seed.New(key^1<<bit).Bits(i)
			for out := range 64 {
				byCounter[out] += int(a >> out & 1)
				byKey[out] += int(b >> out & 1)
			}
		}
		for out := range 64 {
			const sd = 32 // √(n/4)
			if c, k := byCounter[out]-n/2, byKey[out]-n/2; max(c, -c, k, -k) > 6*sd {
				t.Errorf("bit %d changes bit %d in %d and %d of %d cases", bit, out, c+n/2, k+n/2, n)
			}
		}
	}
	if bits.OnesCount64(seed.New(0).Bits(0)) < 10 {
		t.Error("key 0 at position 0 is not random")
	}
}

func BenchmarkUniform(b *testing.B) {
	s := seed.New(1)
	x := 0.0
	for i := range b.N {
		x += s.Uniform(uint64(i))
	}
	if x == 1 {
		b.Log(x)
	}
}
