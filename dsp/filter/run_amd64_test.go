package filter

import (
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
)

// TestPairsAreTheirTwins: a cascade has the same bits and the same state whether its
// sections run in pairs or one by one, for blocks of any length.
func TestPairsAreTheirTwins(t *testing.T) {
	if !useAVX {
		t.Skip("this processor has no AVX")
	}
	coefs := []Coef{
		BilinearLowPass(3000, 0.7, 48000), BilinearHighPass(40, 1.2, 48000), BilinearAllPass(900, 0.7, 48000),
		BilinearLowPass(12000, 2, 48000), BilinearHighPass(200, 0.7, 48000),
	}
	defer func() { useAVX = true }()
	for sections := range len(coefs) + 1 {
		fast, plain := NewCascade(coefs[:sections]...), NewCascade(coefs[:sections]...)
		noise := dsptest.Noise(5000, 1, "pairs")
		want := dsp.NewBlock(noise.Len())
		copyBlock(want, noise)
		for at, n := 0, 1; at < noise.Len(); at, n = at+n, n*2%700+1 {
			to := min(at+n, noise.Len())
			useAVX = true
			fast.Process(noise.Cut(at, to))
			useAVX = false
			plain.Process(want.Cut(at, to))
		}
		for ch := range noise {
			for i, v := range noise[ch] {
				if v != want[ch][i] {
					t.Fatalf("%d sections: frame %d of channel %d is %v in pairs, %v one by one", sections, i, ch, v, want[ch][i])
				}
			}
		}
		for i := range fast.sections {
			if fast.sections[i] != plain.sections[i] {
				t.Fatalf("section %d of %d: %+v in pairs, %+v one by one", i, sections, fast.sections[i], plain.sections[i])
			}
		}
	}
}
