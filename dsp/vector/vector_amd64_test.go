package vector

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// inGo is f without vector instructions.
func inGo(f func()) {
	had := useAVX
	useAVX = false
	defer func() { useAVX = had }()
	f()
}

// sameBits fails where two results are not the same to the bit.
func sameBits(t *rapid.T, what string, fast, plain []float64) {
	t.Helper()
	for i := range plain {
		if math.Float64bits(fast[i]) != math.Float64bits(plain[i]) {
			t.Fatalf("%s: %d of %d is %v with vector instructions, %v without", what, i, len(plain), fast[i], plain[i])
		}
	}
}

// samples are finite numbers, of any size and of both zeros.
func samples(n int) *rapid.Generator[[]float64] {
	return rapid.SliceOfN(rapid.OneOf(
		rapid.Float64Range(-1, 1),
		rapid.Float64Range(-1e30, 1e30),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, 0x1p-140, 0x1p-1060}),
	), n, n)
}

// TestVectorsAreTheirTwins: every loop gives the bits that it gives in Go.
func TestVectorsAreTheirTwins(t *testing.T) {
	if !useAVX {
		t.Skip("no AVX")
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 41).Draw(t, "n")
		x, y := samples(n).Draw(t, "x"), samples(n).Draw(t, "y")
		gain := rapid.Float64Range(-4, 4).Draw(t, "gain")
		loops := map[string]func(x []float64){
			"Add":      func(x []float64) { Add(x, y) },
			"Subtract": func(x []float64) { Subtract(x, y) },
			"Put":      func(x []float64) { Put(x, y) },
			"Scale":    func(x []float64) { Scale(x, gain) },
			"Multiply": func(x []float64) { Multiply(x, y) },
			"Round32":  Round32,
			"Largest": func(x []float64) {
				if len(x) > 0 {
					x[0] = Largest(x)
				}
			},
			"Above": func(x []float64) {
				if len(x) > 2 {
					var count int
					x[0], x[1], count = Above(x, math.Abs(gain)/8)
					x[2] = float64(count)
				}
			},
			"Spans": func(x []float64) {
				spans := make([]Span, len(x)/Group)
				Spans(spans, x)
				for i, s := range spans {
					x[2*i], x[2*i+1] = s.Middle, s.Reach
				}
			},
			"Bounds": func(x []float64) {
				spans := make([]Span, max(0, len(x)-1)+7)
				for i := range len(x) - 1 {
					spans[i+3] = Span{x[i], math.Abs(x[i+1])}
				}
				Bounds(x, spans[:len(x)+6], []float64{0.1, 0.2, 0.4, 1, 0.5, 0.3, 0.1}, 1.25)
			},
			"Dots": func(x []float64) {
				if n := len(x) &^ 3; n > 0 {
					x[0], x[1] = Dots(x[:n], y[:n], y[:n])
				}
			},
		}
		for name, loop := range loops {
			fast, plain := slices.Clone(x), slices.Clone(x)
			loop(fast)
			inGo(func() { loop(plain) })
			// A minus before a zero makes no difference to a span, and the two ways may choose
			// differently among +0 and -0.
			if name == "Spans" {
				Put(fast, slices.Clone(fast))
				Put(plain, slices.Clone(plain))
			}
			sameBits(t, name, fast, plain)
		}
	})
}

// TestFramesAreTheirTwins: bytes to samples and back, with and without.
func TestFramesAreTheirTwins(t *testing.T) {
	if !useAVX {
		t.Skip("no AVX")
	}
	splits := map[string]func(l, r []float64, raw []byte) bool{
		"16": func(l, r []float64, raw []byte) bool { Split16(l, r, raw); return true },
		"24": func(l, r []float64, raw []byte) bool { Split24(l, r, raw); return true },
		"32": Split32,
	}
	size := map[string]int{"16": 4, "24": 6, "32": 8}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 23).Draw(t, "n")
		raw := rapid.SliceOfN(rapid.Byte(), 8*n, 8*n).Draw(t, "raw")
		for name, split := range splits {
			in := slices.Clip(slices.Clone(raw[:size[name]*n])) // no byte behind it may be read
			fast, plain := make([]float64, 2*n), make([]float64, 2*n)
			finite := split(fast[:n], fast[n:], in)
			var also bool
			inGo(func() { also = split(plain[:n], plain[n:], in) })
			if finite != also {
				t.Fatalf("%s bits: finite: %v with vector instructions, %v without", name, finite, also)
			}
			sameBits(t, name+" bits", fast, plain)
			if name != "32" || !finite {
				continue
			}
			back := make([]byte, len(in))
			Join32(back, fast[:n], fast[n:])
			if !bytes.Equal(back, in) {
				t.Fatalf("32 bits taken apart and put together: % x, not % x", back, in)
			}
		}

		l, r := samples(n).Draw(t, "left"), samples(n).Draw(t, "right")
		fast, plain := make([]byte, 8*n), make([]byte, 8*n)
		Join32(fast, l, r)
		inGo(func() { Join32(plain, l, r) })
		if !bytes.Equal(fast, plain) {
			t.Fatalf("Join32: % x with vector instructions, % x without", fast, plain)
		}

		most := rapid.SampledFrom([]int32{1<<23 - 1, 1 << 23, math.MaxInt32}).Draw(t, "most")
		word := rapid.SliceOfN(rapid.Int32Range(-most-1, most), n, n)
		wl, wr := word.Draw(t, "left words"), word.Draw(t, "right words")
		fast, plain = make([]byte, 6*n+JoinSlack), make([]byte, 6*n+JoinSlack)
		fit := Join24(fast, wl, wr)
		var also bool
		inGo(func() { also = Join24(plain, wl, wr) })
		if fit != also || fit && !bytes.Equal(fast[:6*n], plain[:6*n]) {
			t.Fatalf("Join24: fit %v % x with vector instructions, %v % x without", fit, fast, also, plain)
		}
		if fit {
			Split24(l, r, fast[:6*n])
			for i := range wl {
				if l[i]*(1<<23) != float64(wl[i]) || r[i]*(1<<23) != float64(wr[i]) {
					t.Fatalf("24 bits put together and taken apart: %v %v, not %d %d", l[i]*(1<<23), r[i]*(1<<23), wl[i], wr[i])
				}
			}
		}
	})
}

// TestSplit32FindsWhatIsNotFinite in every place of a register and behind the last.
func TestSplit32FindsWhatIsNotFinite(t *testing.T) {
	l, r := make([]float64, 11), make([]float64, 11)
	for at := range 2 * len(l) {
		for _, odd := range []uint32{0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001} {
			raw := make([]byte, 8*len(l))
			binary.LittleEndian.PutUint32(raw[4*at:], odd)
			if Split32(l, r, raw) {
				t.Errorf("%#x as sample %d is taken for finite", odd, at)
			}
		}
	}
}

// TestLargestPassesOverNaN wherever it stands.
func TestLargestPassesOverNaN(t *testing.T) {
	for at := range 9 {
		x := []float64{1, -3, 2, 0.5, -1, 2.5, -2, 0, 1}
		x[at] = math.NaN()
		want := 3.0
		if at == 1 {
			want = 2.5
		}
		if got := Largest(x); got != want {
			t.Errorf("the largest with NaN at %d is %v, not %v", at, got, want)
		}
		inGo(func() {
			if got := Largest(x); got != want {
				t.Errorf("in Go: the largest with NaN at %d is %v, not %v", at, got, want)
			}
		})
	}
}
