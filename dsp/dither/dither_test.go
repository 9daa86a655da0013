package dither

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
)

func words(n int) [2][]int32 { return [2][]int32{make([]int32, n), make([]int32, n)} }

// The error of TPDF dither is 0.5 LSB rms with mean 0, whatever the signal's
// place between two steps: no distortion, no noise modulation. Theory says
// exactly so; 0.5 % and 0.005 LSB are three standard deviations of this many
// samples.
func TestTPDF(t *testing.T) {
	const n = 1 << 18
	for _, bits := range []int{16, 20, 24} {
		lsb := math.Ldexp(1, 1-bits)
		for offset := 0.0; offset <= 1; offset += 0.125 {
			in, out := dsp.NewBlock(n), words(n)
			for i := range n {
				in[0][i], in[1][i] = offset*lsb, -offset*lsb
			}
			New(bits, TPDF, 7).Process(in, out)
			for ch := range in {
				sum, squares := 0.0, 0.0
				for i, w := range out[ch] {
					e := float64(w) - in[ch][i]/lsb
					sum, squares = sum+e, squares+e*e
				}
				mean, rms := sum/n, math.Sqrt(squares/n)
				if math.Abs(mean) > 0.005 || math.Abs(rms-0.5) > 0.0025 {
					t.Errorf("%d bits, offset %.3f LSB, channel %d: mean %.4f, rms %.4f LSB, want 0 and 0.5", bits, offset, ch, mean, rms)
				}
			}
		}
	}
}

// A ramp through many steps: the error is uncorrelated with the signal, white
// (no correlation with itself one sample on) and independent between channels.
func TestErrorIsNoise(t *testing.T) {
	const n = 1 << 18
	in, out := dsp.NewBlock(n), words(n)
	for i := range n {
		in[0][i] = (float64(i)/n - 0.5) * 0.01
		in[1][i] = in[0][i]
	}
	New(16, TPDF, 3).Process(in, out)
	var e [2][]float64
	for ch := range e {
		for i, w := range out[ch] {
			e[ch] = append(e[ch], float64(w)-in[ch][i]*32768)
		}
	}
	correlation := func(a, b []float64) float64 {
		var ab, aa, bb float64
		for i := range a {
			ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
		}
		return ab / math.Sqrt(aa*bb)
	}
	for what, c := range map[string]float64{
		"the signal":        correlation(e[0], in[0]),
		"itself delayed":    correlation(e[0][1:], e[0][:n-1]),
		"the other channel": correlation(e[0], e[1]),
	} {
		if math.Abs(c) > 0.008 { // four standard deviations, 4/sqrt(n)
			t.Errorf("correlation with %s is %.4f", what, c)
		}
	}
}

// The noise before rounding: triangular from -1 to 1 with variance 1/6.
func TestTriangle(t *testing.T) {
	var counts [4]int
	const n = 1 << 18
	noise := New(16, TPDF, 1).noise[0]
	for i := range uint64(n) {
		counts[int(2*(triangle(noise.Bits(i))+1))]++
	}
	for i, want := range []float64{1. / 8, 3. / 8, 3. / 8, 1. / 8} {
		if got := float64(counts[i]) / n; math.Abs(got-want) > 0.004 {
			t.Errorf("quarter %d holds %.4f of the values, want %.4f", i, got, want)
		}
	}
	if low, high := triangle(0), triangle(math.MaxUint64); low != -high || high >= 1 {
		t.Errorf("values lie from %v to %v", low, high)
	}
}

func TestRounding(t *testing.T) {
	lsb := math.Ldexp(1, -15)
	in := dsp.Block{
		{0, 0.4 * lsb, 0.5 * lsb, 1.5 * lsb, -0.5 * lsb, -0.6 * lsb, 1 - lsb, -1, math.Copysign(0, -1)},
		{1, 1.5, -1 - 0.4*lsb, -1.1, 1e300, -1e300, math.Inf(1), math.Inf(-1), math.NaN()},
	}
	out := words(9)
	q := New(16, None, 0)
	q.Process(in, out)
	want := [2][]int32{{0, 0, 0, 2, 0, -1, 32767, -32768, 0}, {32767, 32767, -32768, -32768, 32767, -32768, 32767, -32768, 0}}
	if got := fmt.Sprint(out); got != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if q.Clipped() != 8 {
		t.Errorf("%d samples clamped, want 8", q.Clipped())
	}
	q.Reset()
	if q.Clipped() != 0 {
		t.Error("Reset keeps the count")
	}
}

func TestOnGrid(t *testing.T) {
	b := dsp.Block{{0, 0.5, -1, 1 - math.Ldexp(1, -15)}, {math.Ldexp(1, -15), -math.Ldexp(1, -15), 0.25, 0}}
	if !OnGrid(b, 16) || !OnGrid(b, 24) || OnGrid(b, 15) {
		t.Error("16-bit words must be on the grid of 16 and 24 bits, not of 15")
	}
	for _, off := range []float64{math.Ldexp(1, -16), 1, -1.0001, math.NaN(), math.Inf(1)} {
		b[1][3] = off
		if OnGrid(b, 16) {
			t.Errorf("%v is no 16-bit word", off)
		}
	}
}

// Words go through rounding without dither unchanged.
func TestWordsStayAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(2, 32).Draw(t, "bits")
		word := rapid.Int32Range(int32(-1<<(bits-1)), int32(1<<(bits-1)-1)).Draw(t, "word")
		x := math.Ldexp(float64(word), 1-bits)
		out := words(1)
		New(bits, None, 0).Process(dsp.Block{{x}, {x}}, out)
		if out[0][0] != word || out[1][0] != word || !OnGrid(dsp.Block{{x}, {x}}, bits) {
			t.Fatalf("%d became %v", word, out)
		}
	})
}

func TestCutsDoNotMatter(t *testing.T) {
	in := dsptest.Noise(5000, 1.1, "cuts")
	for kind := None; kind <= Wannamaker24; kind++ {
		want := words(in.Len())
		whole := New(16, kind, 9)
		whole.Process(in, want)
		clipped := whole.Clipped()
		again := words(in.Len())
		whole.Reset()
		whole.Process(in, again)
		if diff := cmp.Diff(want, again); diff != "" {
			t.Fatalf("%v: after Reset: %s", kind, diff)
		}
		rapid.Check(t, func(t *rapid.T) {
			q, got := New(16, kind, 9), words(in.Len())
			for at := 0; at < in.Len(); {
				n := min(rapid.IntRange(0, 2000).Draw(t, "frames"), in.Len()-at)
				q.Process(in.Cut(at, at+n), [2][]int32{got[0][at : at+n], got[1][at : at+n]})
				at += n
			}
			for ch := range got {
				for i := range got[ch] {
					if got[ch][i] != want[ch][i] {
						t.Fatalf("%v, channel %d, frame %d: %d, want %d", kind, ch, i, got[ch][i], want[ch][i])
					}
				}
			}
			if q.Clipped() != clipped {
				t.Fatalf("%v: %d clamped, want %d", kind, q.Clipped(), clipped)
			}
		})
	}
}

func TestKeysDiffer(t *testing.T) {
	in, a, b := dsp.NewBlock(1000), words(1000), words(1000)
	New(16, TPDF, 1).Process(in, a)
	New(16, TPDF, 2).Process(in, b)
	equal := 0
	for i := range a[0] {
		if a[0][i] == b[0][i] {
			equal++
		}
	}
	// Silence becomes -1, 0, 1 with 1/8, 3/4, 1/8: two independent streams agree on 19/32.
	if equal < 530 || equal > 660 {
		t.Errorf("%d of 1000 words agree under another key, want about 594", equal)
	}
}

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		bits int
		kind Kind
		sum  string
	}{
		{16, TPDF, "1c881f3ffe98199628382d327d72b72210845d4abc63e4ec233a9cde8f6a42c3"},
		{20, TPDF, "6a5b5599aa7de2fb224561bade69d4a8d2720e0120c791da95566eaf84d52815"},
		{24, TPDF, "021672666d88406b205650911fef1ee5fcee068695c3776229bfb89c0892d8de"},
		{24, None, "4b2edb197a70cd0e6c5e6eac01dad52af8aa1258902b95a4b330ce3a5df31bc3"},
		{32, None, "40b37ee80dd5c039957526fb3e628aca8d31667331c14b473ab0c60d01ac00c0"},
		{16, HighPass, "e31dbd6b98e7d8c473cd577265adbc2bb24b5bd2479a5508b909ca5d5b9e6c36"},
		{16, Lipshitz5, "b568e56879edafdef26a59e8077e8bce9dd9edd4c0855a0467e0d6be56323d62"},
		{16, ModifiedE9, "59a61a89ac9011a471e97a11b4dee2fc9b04d4b158c57a25fdb450834b40633f"},
		{16, ImprovedE9, "a7c15130760dd23269f9dd7dc04d644dd5edd14b15847b32458d2a26b0b1a750"},
		{16, Wannamaker3, "b8dcf01e8d4a4da7065ea49f350a75e9d1ad2121d9ee8dc7a3306c73c1e78a18"},
		{16, Wannamaker9, "95501520664f5c0ff7d8265ff33b1e87ec48b6d2336e6047035f214a661a64fe"},
		{24, Wannamaker9, "49f3060b25aeae2a3ec634f486c783d4399c28290bbfaf98cb646c748b2287cb"},
		{16, Wannamaker24, "a9b50a807073f9422db6e3e920e2e69fddc4a16a12d6af5243a8d0733415716f"},
	} {
		t.Run(fmt.Sprint(c.bits, "-", c.kind), func(t *testing.T) {
			in := dsptest.Noise(20000, 1.01, "dither")
			out, block := words(in.Len()), dsp.NewBlock(in.Len())
			New(c.bits, c.kind, 5).Process(in, out)
			for ch := range out {
				for i, w := range out[ch] {
					block[ch][i] = float64(w)
				}
			}
			dsptest.CheckGolden(t, block, c.sum)
		})
	}
}
