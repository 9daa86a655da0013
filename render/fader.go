package render

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/stereo"
)

// fader is the end of a strip: polarity, width, gain, pan and mute, each fixed
// or moving.
type fader struct {
	mono   bool // the source has one channel: decides the pan law
	invert bool
	gain   level
	pan    *lane // -100..+100
	width  *lane // percent
	mute   *lane // 0 open .. 1 muted; nil: open
}

// process applies the fader to frames from song frame on.
func (f *fader) process(b dsp.Block, frame int64) {
	n := b.Len()
	for i := 0; i < n; {
		at := frame + int64(i)
		pan, until := f.pan.at(at)
		width, u := f.width.at(at)
		until = min(until, u)
		gain := f.gain.gain
		if f.gain.db != nil {
			db, u := f.gain.db.at(at)
			gain, until = gainOf(db), min(until, u)
		}
		if f.mute != nil {
			mute, u := f.mute.at(at)
			gain, until = float64(gain*(1-mute)), min(until, u)
		}
		if f.invert {
			gain = -gain
		}
		j := int(min(int64(n), until-frame))
		stereo.Width(b.Cut(i, j), width)
		l, r := stereo.PanGains(pan, f.mono)
		scale(b[0][i:j], float64(gain*l))
		scale(b[1][i:j], float64(gain*r))
		i = j
	}
}

func scale(x []float64, g float64) {
	if g == 1 {
		return
	}
	for i := range x {
		x[i] *= g
	}
}
