package render

import (
	"math"
	"slices"

	"github.com/lathe-audio/lathe/spec"
)

// rider is a group's automation on the fader of one of its members.
type rider struct {
	group  string
	param  string // "gain" or "mute"
	start  float64
	points []spec.Point
}

// groupsByMember lists the groups of each strip, in the order of the project.
func groupsByMember(song *spec.Song) map[string][]*spec.Group {
	of := map[string][]*spec.Group{}
	for i := range song.Groups {
		for _, name := range song.Groups[i].Members {
			of[name] = append(of[name], &song.Groups[i])
		}
	}
	return of
}

// ride notes what is added to a strip's own fader: by its groups, and by the
// version.
func (r *routing) ride(c *channel) {
	for _, g := range r.groups[c.strip.Name] {
		if points := automation(g.Automation, spec.Target{Param: "gain"}); points != nil {
			c.riders = append(c.riders, rider{g.Name, "gain", g.Gain, points})
		} else {
			c.added += g.Gain
		}
		if points := automation(g.Automation, spec.Target{Param: "mute"}); points != nil {
			c.riders = append(c.riders, rider{g.Name, "mute", 0, points})
		}
	}
	c.added = written(c.added + r.version.gain[c.strip.Name])
}

// written is a sum of levels as one would write it: -2.3 dB and -6 dB are -8.3 dB,
// to the bit what a fader at -8.3 dB is.
func written(db float64) float64 { return math.Round(db*1e9) / 1e9 }

// ride sets a fader's gain: the strip's own, and what its groups and the version
// add to it.
func (f *fader) ride(c *channel, rate int) {
	for _, r := range c.riders {
		l := newLane(r.points, r.start, rate)
		if r.param == "mute" {
			f.mutes = append(f.mutes, l)
		} else {
			f.rides = append(f.rides, l)
		}
	}
	points := automation(c.lanes, spec.Target{Param: "gain"})
	f.gain = fixedLevel(c.strip.Gain)
	if c.added != 0 {
		f.gain = fixedLevel(written(c.strip.Gain + c.added))
	}
	if points != nil || len(f.rides) > 0 {
		f.gain.db, f.added = newLane(points, c.strip.Gain, rate), c.added
	}
}

// muted reports whether a strip is switched off: by itself, by a group, or in
// this version.
func (r *routing) muted(s *spec.Strip) bool {
	return s.Mute || slices.Contains(r.version.mute, s.Name) ||
		slices.ContainsFunc(r.groups[s.Name], func(g *spec.Group) bool { return g.Mute })
}

// solos lists sets of strips that alone are heard, all of them at once: a print of a
// version has its own and the version's.
func (r *routing) solos() [][]string {
	if r.print == nil {
		if solo := r.soloed(); len(solo) > 0 {
			return [][]string{solo}
		}
		return nil
	}
	if len(r.version.solo) > 0 {
		return [][]string{r.print, r.version.solo}
	}
	return [][]string{r.print}
}

// soloed lists the strips that alone are heard: those of the version, or else
// those that are soloed for working.
func (r *routing) soloed() []string {
	if len(r.version.solo) > 0 {
		return r.version.solo
	}
	var solo []string
	for _, s := range r.strips() {
		if s.Solo || slices.ContainsFunc(r.groups[s.Name], func(g *spec.Group) bool { return g.Solo }) {
			solo = append(solo, s.Name)
		}
	}
	return solo
}
