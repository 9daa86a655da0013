package render

import (
	"testing"

	"github.com/lathe-audio/lathe/internal/scratch"
)

// The songs that are built here lie in memory, where there is room.
func TestMain(m *testing.M) { scratch.Tests{M: m}.Run() }
