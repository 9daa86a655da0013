package audiofile

import (
	"slices"
	"testing"

	"github.com/lathe-audio/lathe/internal/scratch"
)

// The files that are written here lie in memory, where there is room.
func TestMain(m *testing.M) { scratch.Tests{M: m}.Run() }

// sameSamples reports whether all channels are equal. (cmp.Equal takes longer for it than
// reading the files does.)
func sameSamples(a, b [][]float64) bool { return slices.EqualFunc(a, b, slices.Equal[[]float64]) }
