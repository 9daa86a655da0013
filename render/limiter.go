package render

import (
	"fmt"
	"strings"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/spec"
)

// limiter is how a delivery's peaks are held below its ceiling. The zero value is the
// limiter as it is where nothing is said of it.
type limiter struct {
	style     dyn.Style
	lookAhead float64 // ms; 0: the style's
	release   float64 // ms; 0: the style's
	unlink    float64 // 0..1
	clip      float64 // dB that the clipper takes off the highest peak
}

// limiterOf reads what a delivery says of its limiter.
func limiterOf(l spec.Limiter) limiter {
	v := limiter{style: dyn.Transparent, clip: l.Clip}
	for _, s := range dyn.Styles() {
		if s.Name == l.Style {
			v.style = s
		}
	}
	v.unlink = v.style.Unlink
	if l.Link != nil {
		v.unlink = 1 - *l.Link/100
	}
	if l.LookAhead != nil {
		v.lookAhead = *l.LookAhead
	}
	if l.Release != nil {
		v.release = *l.Release
	}
	return v
}

// describe names all that changes a byte; nothing of the limiter as it is by itself.
func (l limiter) describe() string {
	var words []string
	if l.style != dyn.Transparent && l.style != (dyn.Style{}) {
		words = append(words, l.style.Name)
	}
	note := func(name string, v, own float64) {
		if v != 0 && v != own {
			words = append(words, fmt.Sprint(name, " ", v))
		}
	}
	note("look-ahead", l.lookAhead, l.style.LookAhead)
	note("release", l.release, l.style.Slow.Release)
	if l.unlink != l.style.Unlink {
		words = append(words, fmt.Sprint("unlink ", l.unlink))
	}
	note("clip", l.clip, 0)
	return strings.Join(words, ", ")
}

// settings are those of the gain at a rate.
func (d drive) settings(rate int) dyn.GainSettings {
	return dyn.GainSettings{Rate: rate, Ceiling: d.ceiling, Style: d.style, LookAhead: d.lookAhead, Release: d.release}
}

// clipper returns the clipper for a take with a peak, nil where there is none. It takes
// its dB off the highest peak of the song, or what that has over the ceiling.
func (d drive) clipper(peak float64) *dyn.SoftClip {
	top := float64(peak * gainOf(d.gain))
	if d.clip <= 0 || top <= d.ceiling {
		return nil
	}
	return dyn.NewSoftClip(top, max(d.ceiling, top/gainOf(d.clip)))
}

// peaks returns what a take with a peak is sent through at a drive.
func (d drive) peaks(peak float64, rate int) peaks {
	if float64(peak*gainOf(d.gain)) <= d.ceiling {
		return peaks{}
	}
	return peaks{clipper: d.clipper(peak), limiter: dyn.NewLimiter(dyn.LimiterSettings{GainSettings: d.settings(rate), Unlink: d.unlink})}
}

// peaks is what works on a take's peaks; both are nil where there is nothing to do.
type peaks struct {
	clipper *dyn.SoftClip
	limiter *dyn.Limiter
}

func (p peaks) latency() (frames int) {
	if p.clipper != nil {
		frames = p.clipper.Latency()
	}
	if p.limiter != nil {
		frames += p.limiter.Latency()
	}
	return frames
}

func (p peaks) process(b dsp.Block) {
	if p.clipper != nil {
		p.clipper.Process(b)
	}
	if p.limiter != nil {
		p.limiter.Process(b)
	}
}

// tell notes what was taken off.
func (p peaks) tell(done *levelled) {
	late := int64(0)
	if p.clipper != nil {
		if least, at := p.clipper.Least(); least < 1 {
			done.clip, done.clipAt = -xmath.DB(least), at
		}
		late = int64(p.clipper.Latency())
	}
	if p.limiter != nil {
		if least, at := p.limiter.Least(); least < 1 {
			done.reduction, done.reductionAt = -xmath.DB(least), max(at-late, 0)
		}
	}
}

// forget has tell begin anew with what comes in next.
func (p peaks) forget() {
	if p.clipper != nil {
		p.clipper.Forget()
	}
	if p.limiter != nil {
		p.limiter.Forget()
	}
}
