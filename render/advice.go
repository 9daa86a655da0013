package render

import (
	"fmt"
	"math"
	"slices"

	"github.com/lathe-audio/lathe/spec"
)

// advice tells of those songs that were built where their master does what a mix
// should. It never fails a build.
func advice(p *spec.Project, jobs []job, files []staged, chains []ChainReport) []Check {
	var checks []Check
	for _, song := range songs(p) {
		own := slices.DeleteFunc(slices.Clone(jobs), func(j job) bool { return j.song != song })
		if len(own) == 0 {
			continue
		}
		checks = append(checks, equaliserAdvice(song)...)
		checks = append(checks, chainAdvice(song, chains)...)
		for _, j := range own {
			if i := slices.IndexFunc(files, func(f staged) bool { return f.Path == j.path }); i >= 0 {
				checks = append(checks, levelAdvice(j, files[i].Output)...)
			}
		}
	}
	return checks
}

// unheard is the change in dB of loudness, peak and mean level below which a part
// of the chain is said to change nothing.
const unheard = 0.01

// chainAdvice tells where a master does what a mix should, or nothing.
func chainAdvice(song *spec.Song, reports []ChainReport) []Check {
	var checks []Check
	limit := song.Master.Advice.Reduction
	for _, r := range reports {
		if r.Song != song.Title || r.Version != "main" {
			continue
		}
		for i, s := range r.Stages[1:] {
			before := r.Stages[i]
			if same(before.Integrated, s.Integrated) && same(before.Peak, s.Peak) && same(before.RMS, s.RMS) {
				checks = append(checks, advised(song, "idle", s.Name, "a change", "none",
					fmt.Sprintf("%s changes nothing: loudness, peak and mean level are those of what goes in", s.Name)))
			}
			for band, took := range s.Reductions {
				if limit == nil || took.Typical <= *limit {
					continue
				}
				name := s.Name
				if len(s.Reductions) > 1 {
					name = fmt.Sprintf("%s, band %d,", s.Name, band+1)
				}
				checks = append(checks, advised(song, "reduction", s.Name, "at most "+spec.FormatQuantity(*limit, "dB"), spec.FormatQuantity(took.Typical, "dB"),
					fmt.Sprintf("%s takes off %.1f dB while it works (%.0f %% of the song), at most %.1f dB: what has to be held that much is held better in the mix", name, took.Typical, 100*took.Share, took.Most)))
			}
		}
	}
	return checks
}

func same(a, b *float64) bool {
	return a == nil && b == nil || a != nil && b != nil && math.Abs(*a-*b) < unheard
}

// equaliserAdvice tells of the bands of a master's chain that move more than a
// master's should. It needs no sound.
func equaliserAdvice(song *spec.Song) []Check {
	limit := song.Master.Advice.EQ
	if limit == nil {
		return nil
	}
	var checks []Check
	for i, p := range song.Master.Chain {
		if p.Kind != "eq" || p.Bypass {
			continue
		}
		for n, band := range p.Values.List("bands") {
			gain := band.Num("gain")
			if math.Abs(gain) <= *limit {
				continue
			}
			name := fmt.Sprintf("%d eq", i+1)
			c := advised(song, "eq", name, "at most "+spec.FormatQuantity(*limit, "dB"), spec.FormatQuantity(gain, "dB"),
				fmt.Sprintf("band %d of %s moves %s at %s: what needs that much is mended better in the mix", n+1, name,
					spec.FormatQuantity(gain, "dB"), spec.FormatQuantity(band.Num("freq"), "Hz")))
			c.File, c.Line, c.Col = p.Pos.File, p.Pos.Line, p.Pos.Col
			checks = append(checks, c)
		}
	}
	return checks
}

// levelAdvice tells of an output that has been made so dense that its peaks hardly
// stand out.
func levelAdvice(j job, o Output) []Check {
	floor := j.song.Master.Advice.PLR
	if floor == nil || o.PLR == nil || *o.PLR >= *floor || !j.wholeSong() || j.delivery.From != "master" {
		return nil
	}
	c := advised(j.song, "plr", "", "at least "+spec.FormatQuantity(*floor, "LU"), spec.FormatQuantity(*o.PLR, "LU"),
		fmt.Sprintf("peaks stand only %.1f LU above the loudness (PLR): a lower target would leave them more", *o.PLR))
	c.About, c.Delivery, c.Value = j.path, j.delivery.Name, o.PLR
	c.File, c.Line, c.Col = j.delivery.Pos.File, j.delivery.Pos.Line, j.delivery.Pos.Col
	return []Check{c}
}

// advised is a check of the family advice, which never fails a build.
func advised(song *spec.Song, rule, what, limit, text, message string) Check {
	return Check{
		Rule: adviceRule + rule, Status: CheckAdvised, About: song.Title + ": master", Song: song.Title, Version: "main",
		What: what, Limit: limit, Text: text, Message: message,
		File: song.Master.Pos.File, Line: song.Master.Pos.Line, Col: song.Master.Pos.Col,
	}
}
