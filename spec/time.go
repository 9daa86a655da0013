package spec

import (
	"errors"

	"github.com/lathe-audio/lathe/internal/param"
)

// Seconds reads a time as a project file would have it ("30 s", "500 ms",
// "1:30") and returns it in seconds. The error says what may be written.
func Seconds(text string) (float64, error) {
	q := quantity{unit: param.Seconds}
	v, f := q.parse(text, true, music{})
	if f == nil {
		f = q.check(v)
	}
	if f != nil {
		if f.hint != "" {
			return 0, errors.New(f.message + "; " + f.hint)
		}
		return 0, f
	}
	return v, nil
}
