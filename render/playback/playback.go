// Package playback says what streaming services do to the level of a file when
// they play it. Their figures are data (profiles/playback), each with a source,
// a date, and whether the service itself publishes it; this package only does
// the arithmetic. It is a forecast for people, not a target of a delivery.
package playback

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/lathe-audio/lathe/spec"
)

// Service is a streaming service, in one of its settings.
type Service spec.PlaybackService

// Services returns the services that lathe knows, in alphabetical order of
// their names. An error would be a fault of the data that lathe was built with.
func Services() ([]Service, error) {
	all, diags := spec.PlaybackServices()
	if diags != nil {
		return nil, errors.New(diags.Text())
	}
	out := make([]Service, len(all))
	for i, s := range all {
		out[i] = Service(s)
	}
	return out, nil
}

// Playback is what a service makes of a file or an album. What is not known, or
// does not exist for want of a loudness, is nil and null in JSON. Levels are
// rounded to a thousandth of a dB.
type Playback struct {
	Service   string   `json:"service"` // "spotify-loud"
	Title     string   `json:"title"`   // "Spotify (loud)"
	Target    float64  `json:"target_lufs"`
	Unit      string   `json:"unit"`
	Gain      *float64 `json:"gain_db"`
	Loudness  *float64 `json:"loudness_lufs"`   // after the gain, before any limiter
	TruePeak  *float64 `json:"true_peak_dbtp"`  // after the gain; nil where a limiter works
	Limiter   *float64 `json:"into_limiter_db"` // how far the highest peak goes into the service's limiter; nil where it does not
	Confirmed bool     `json:"confirmed"`       // whether the service itself publishes what this rests on
	Text      string   `json:"text"`            // "Spotify (loud) turns it up 3.0 dB, its peaks 1.2 dB into a limiter"
}

// audible is the least change of level, in dB, that is worth words: what is
// smaller prints as 0.0.
const audible = 0.05

// Play forecasts what the service does to a file of that integrated loudness in
// LUFS and true peak in dBTP, or to an album whose tracks together have these.
// Nil, as package measure has it, stands for a value that does not exist.
func (s Service) Play(integrated, truePeak *float64) Playback {
	p := Playback{Service: s.Name, Title: s.Title, Target: s.Loudness, Unit: s.Unit, Confirmed: s.Confirmed}
	if integrated == nil || truePeak == nil {
		p.Text = s.Title + " plays it as it is: it has no loudness to go by"
		return p
	}
	wanted := s.Loudness - *integrated
	gain, known := s.gain(wanted, *truePeak)
	if !known {
		p.Text = fmt.Sprintf("%s plays at %s LUFS; what it does to music that is %.1f LU below is not published", s.Title, number(s.Loudness), wanted)
		return p
	}
	p.Gain, p.Loudness = rounded(gain), rounded(*integrated+gain)
	peak := *truePeak + gain
	if s.Raises == "limiter" && gain > 0 && peak > s.Peak {
		p.Limiter = rounded(peak - s.Peak)
	} else {
		p.TruePeak = rounded(peak)
	}
	p.Text = s.words(wanted, gain, peak)
	return p
}

// gain is what the service applies to a file that is that many LU below its
// level, and whether that is known. Everybody turns down.
func (s Service) gain(wanted, truePeak float64) (gain float64, known bool) {
	if wanted <= 0 {
		return wanted, true
	}
	switch s.Raises {
	case "limiter", "full":
		return wanted, true
	case "headroom":
		// A file without headroom is left alone: the rule is about how far
		// music is raised, and never turns it down.
		return min(wanted, max(s.Peak-truePeak, 0)), true
	case "never":
		return 0, true
	}
	return 0, wanted < audible
}

// words says it in one sentence.
func (s Service) words(wanted, gain, peak float64) string {
	switch {
	case gain <= -audible:
		return fmt.Sprintf("%s turns it down %.1f dB", s.Title, -gain)
	case gain < audible && wanted < audible:
		return s.Title + " plays it as it is"
	case s.Raises == "never":
		return fmt.Sprintf("%s plays it as it is, %.1f LU below its level: it turns nothing up", s.Title, wanted)
	case gain < audible:
		return fmt.Sprintf("%s plays it as it is, %.1f LU below its level: the true peak leaves no room", s.Title, wanted)
	case wanted-gain >= audible:
		return fmt.Sprintf("%s turns it up %.1f dB and not %.1f: it stops at %s dBTP", s.Title, gain, wanted, number(s.Peak))
	case s.Raises == "limiter" && peak-s.Peak >= audible:
		return fmt.Sprintf("%s turns it up %.1f dB, its peaks %.1f dB into a limiter", s.Title, gain, peak-s.Peak)
	case s.Raises == "full" && peak >= audible:
		return fmt.Sprintf("%s turns it up %.1f dB, its peaks to +%.1f dBTP: what becomes of them is not published", s.Title, gain, peak)
	}
	return fmt.Sprintf("%s turns it up %.1f dB", s.Title, gain)
}

// number writes a level with a real minus sign.
func number(x float64) string {
	return strings.Replace(fmt.Sprintf("%g", x), "-", "−", 1)
}

func rounded(x float64) *float64 {
	y := math.Round(x*1000)/1000 + 0 // + 0: no negative zero
	return &y
}
