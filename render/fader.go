package render

import (
	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/stereo"
	"github.com/lathe-audio/lathe/dsp/vector"
)

// fader is the end of a strip: polarity, width, rotation, gain, pan and mute,
// each fixed or moving.
type fader struct {
	law    stereo.Law
	invert bool
	gain   level
	added  float64 // dB, where the gain moves: what groups and the version add
	rides  []*lane // groups' moving gains in dB, added as well
	pan    *lane   // -100..+100
	width  *lane   // percent
	rotate *lane   // degrees; nil: none
	mute   *lane   // 0 open .. 1 muted; nil: open
	mutes  []*lane // those of groups
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
			until, db = min(until, u), db+f.added
			for _, ride := range f.rides {
				more, u := ride.at(at)
				until, db = min(until, u), db+more
			}
			gain = gainOf(db)
		}
		if f.mute != nil {
			mute, u := f.mute.at(at)
			gain, until = float64(gain*(1-mute)), min(until, u)
		}
		for _, m := range f.mutes {
			mute, u := m.at(at)
			gain, until = float64(gain*(1-mute)), min(until, u)
		}
		if f.invert {
			gain = -gain
		}
		turn := stereo.Unity
		if f.rotate != nil {
			degrees, u := f.rotate.at(at)
			turn, until = stereo.Rotation(degrees), min(until, u)
		}
		j := int(min(int64(n), until-frame))
		stereo.Width(b.Cut(i, j), width)
		turn.Apply(b.Cut(i, j))
		l, r := f.law.Gains(pan)
		scale(b[0][i:j], float64(gain*l))
		scale(b[1][i:j], float64(gain*r))
		i = j
	}
}

func scale(x []float64, g float64) {
	if g == 1 {
		return
	}
	vector.Scale(x, g)
}
