package measure

import (
	"testing"

	"github.com/lathe-audio/lathe/internal/scratch"
)

// The files that are written here lie in memory, where there is room.
func TestMain(m *testing.M) { scratch.Tests{M: m}.Run() }
