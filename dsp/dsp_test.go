package dsp_test

import (
	"testing"

	"github.com/lathe-audio/lathe/dsp"
)

func TestBlock(t *testing.T) {
	b := dsp.NewBlock(10)
	if b.Len() != 10 || len(b[1]) != 10 {
		t.Fatalf("NewBlock(10) has %d and %d frames", len(b[0]), len(b[1]))
	}
	b.Cut(3, 6)[1][0] = 1
	if b[1][3] != 1 {
		t.Error("Cut does not share the block's memory")
	}
	if b.Cut(3, 6).Len() != 3 || b.Cut(10, 10).Len() != 0 {
		t.Error("Cut has the wrong length")
	}
	b[0] = append(b[0], 2)
	if b[1][0] != 0 {
		t.Error("appending to the left runs into the right")
	}
}
