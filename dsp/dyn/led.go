package dyn

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/internal/param"
)

// led leads a processor that can listen to a key: what leads is its key.
type led struct{ key [1]dsp.Block }

// process has follower act on b, and then leader on lead. Where there are keys,
// both listen to these, as they would without a leader.
func (l *led) process(follower, leader dsp.Keyed, b, lead dsp.Block, keys []dsp.Block) {
	if len(keys) == 0 {
		l.key[0] = lead
		keys = l.key[:]
	}
	follower.ProcessKeyed(b, keys)
	leader.ProcessKeyed(lead, keys) // last: it changes what both listen to
}

// hearsItself reports whether a processor listens to its input and not to another
// signal.
func hearsItself(v param.Values) bool { return !v.Has("sidechain") }

// always is for processors that listen to nothing but their input.
func always(param.Values) bool { return true }
