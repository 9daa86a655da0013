package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/spec"
)

// What a mastering engineer expects of a mix. The figures are custom, not a
// standard: room above the peaks, and nothing done that cannot be undone.
const (
	handoverLow  = -6.0  // dBFS, sample peak
	handoverHigh = -3.0  // dBFS
	endFloor     = -60.0 // dBFS: above it an end is heard as a cut
	endWindow    = 0.002 // s at the song's end: short enough that a fade of a second passes
	limitRatio   = 10.0  // a compressor with this ratio or more
	limitAttack  = 1.0   // and an attack shorter than this, in ms, is a limiter
)

// handoverFigures names the set of figures that is measured for a hand-over
// beyond those of every output.
const handoverFigures = "1"

// handedOver reports whether a delivery's files are held against what a
// mastering engineer expects.
func handedOver(d *spec.Delivery) bool { return d.Handover == "warn" || d.Handover == "strict" }

// handover holds an output against what a mastering engineer expects; o is nil
// where the output did not come about, and then only what the project says of it
// is known.
func handover(j job, o *Output) []Check {
	if !handedOver(j.delivery) {
		return nil
	}
	checks := []Check{
		newHandover(j, "peak", "sample peak", peakLimit(j)),
		newHandover(j, "clipping", "number of clipped runs", "exactly 0"),
		newHandover(j, "tail", "level at the song's end", "at most "+dBFS(endFloor)),
	}
	if o == nil {
		for i := range checks {
			checks[i].Status, checks[i].Message = CheckSkipped, "not checked: a target of this output was missed"
		}
		return append(checks, limiters(j)...)
	}
	checks[0].peak(j, o)
	checks[1].clipping(j, o)
	checks[2].tail(j, o)
	checks = append(checks, limiters(j)...)
	if o.Reduction > 0 || o.Clip != nil {
		checks = append(checks, deliveryLimiter(j, o))
	}
	return checks
}

// newHandover makes a check, which is met until it fails.
func newHandover(j job, rule, what, limit string) Check {
	c := target(j, rule, what, limit)
	c.Rule = handoverRule + rule
	return c
}

// miss marks a check as not met, and says why and what may be done.
func (c *Check) miss(j job, options []string, format string, args ...any) {
	c.Status = CheckWarned
	if j.delivery.Handover == "strict" {
		c.Status = CheckFailed
	}
	c.Message, c.Options = fmt.Sprintf(format, args...), options
}

func dBFS(v float64) string { return spec.FormatNumber(v) + " dBFS" }

// wholeSong reports whether an output is the song itself: versions and prints lack
// parts of it, and are quieter by nature.
func (j job) wholeSong() bool { return j.print == nil && j.version.name == "" }

func peakLimit(j job) string {
	if j.wholeSong() {
		return dBFS(handoverLow) + " to " + dBFS(handoverHigh)
	}
	return "at most " + dBFS(handoverHigh)
}

// peak checks the room above the mix.
func (c *Check) peak(j job, o *Output) {
	c.measured(o.SamplePeak, nil, dBFS)
	switch {
	case o.SamplePeak == nil:
		c.miss(j, nil, "sample peak cannot be measured: the file is silent")
	case *o.SamplePeak > handoverHigh:
		c.At = o.TruePeakAt
		where := ""
		if o.TruePeakAt != nil {
			where = fmt.Sprintf(" (true peak %s at %s)", number(o.TruePeak, "dBTP"), spec.FormatClock(*o.TruePeakAt))
		}
		c.miss(j, faderOption(j, o), "sample peak is %s%s, %.1f dB above the %s of a hand-over", c.Text, where, *o.SamplePeak-handoverHigh, dBFS(handoverHigh))
	case *o.SamplePeak < handoverLow && j.wholeSong():
		c.miss(j, faderOption(j, o), "sample peak is %s, %.1f dB below the %s of a hand-over", c.Text, handoverLow-*o.SamplePeak, dBFS(handoverLow))
	default:
		c.Message = c.sentence("at")
	}
}

// faderOption is the fader that brings the peak of a mix into the middle of what
// is asked for. It moves nothing of a mix that comes as a file, or of a master.
func faderOption(j job, o *Output) []string {
	if !j.wholeSong() || j.song.MixFile != nil || j.delivery.From != "mix" {
		return nil
	}
	move := (handoverLow+handoverHigh)/2 - *o.SamplePeak
	for _, lane := range j.song.Mix.Automation {
		if lane.Path == "gain" {
			return []string{fmt.Sprintf("move the automation of the mix's gain by %+.1f dB", move)}
		}
	}
	return []string{fmt.Sprintf("mix: {gain: %.1f dB}", j.song.Mix.Gain+move)}
}

// clipping checks for flattened peaks.
func (c *Check) clipping(j job, o *Output) {
	runs, at, _ := numberFigure("clipped_runs", *o)
	c.measured(runs, at, spec.FormatNumber)
	if o.ClippedRuns == 0 {
		c.Message = c.sentence("at")
		return
	}
	first := ""
	if at != nil {
		first = ", the first at " + spec.FormatClock(*at)
	}
	c.miss(j, nil, "the file clips %d times (three samples or more in a row at full scale)%s", o.ClippedRuns, first)
}

// tail checks that the song has died away where its file ends.
func (c *Check) tail(j job, o *Output) {
	ends := o.Duration - j.delivery.Tail // in the file
	inSong := spec.FormatClock(ends - j.delivery.Head)
	if o.EndPeak == nil {
		c.Message = "the song ends in silence"
		return
	}
	c.measured(o.EndPeak, &ends, dBFS)
	switch {
	case *o.EndPeak <= endFloor:
		c.Message = c.sentence("at")
	case j.song.Length > 0:
		c.miss(j, []string{"a longer song.length, or none", "a fade"},
			"the tail is cut: song.length ends the song at %s, where it still has %s", inSong, c.Text)
	default:
		c.miss(j, []string{"stems that ring out", "fade_out of the stem that stops"},
			"the tail is cut: the song stops at %s with %s; its stems end there", inSong, c.Text)
	}
}

// limiters are the processors in an output's chain that a mastering engineer
// could not undo, or one check that is met.
func limiters(j job) []Check {
	if j.print != nil && j.delivery.Through == spec.ThroughNone { // taken before the mix's chain
		return nil
	}
	chain := j.song.Mix.Chain
	if j.delivery.From == "master" || j.delivery.Through == spec.ThroughMaster {
		chain = append(chain[:len(chain):len(chain)], j.song.Master.Chain...)
	}
	var checks []Check
	for _, p := range limiting(chain) {
		c := newHandover(j, "limiter", "limiter or clipper in the mix", "none")
		c.Text = processorName(p)
		name := c.Text
		if p.From != "" {
			name += " of the " + p.From
		} else {
			c.File, c.Line, c.Col = p.Pos.File, p.Pos.Line, p.Pos.Col
		}
		c.miss(j, []string{"bypass: true", "the same in the master's chain", "mix below 100% where it is part of the sound"},
			"the mix goes through %s, which a mastering engineer cannot undo: %s", name, limitingWords(p))
		checks = append(checks, c)
	}
	if checks == nil {
		c := newHandover(j, "limiter", "limiter or clipper in the mix", "none")
		c.Text = "none"
		c.Message = "no limiter or clipper in the mix"
		checks = []Check{c}
	}
	return checks
}

func processorName(p spec.Processor) string {
	name := p.Kind
	if p.ID != "" {
		name += fmt.Sprintf(" %q", p.ID)
	}
	return name
}

// limiting finds the limiters and clippers of a chain that the whole signal goes
// through: not those that are switched off or mixed with the dry signal.
func limiting(chain []spec.Processor) []spec.Processor {
	var found []spec.Processor
	for _, p := range chain {
		if p.Bypass || p.Mix < 100 {
			continue
		}
		if limitingWords(p) != "" {
			found = append(found, p)
		}
		for _, inner := range sortedChains(p) {
			found = append(found, limiting(inner)...)
		}
	}
	return found
}

// sortedChains are a container's chains in the order of their parameters' names.
func sortedChains(p spec.Processor) [][]spec.Processor {
	var out [][]spec.Processor
	for _, name := range slices.Sorted(maps.Keys(p.Chains)) {
		out = append(out, p.Chains[name]...)
	}
	return out
}

// limitingWords says by what a processor is a limiter or a clipper; nothing if it
// is none.
func limitingWords(p spec.Processor) string {
	quick := func(ratio, attack float64) bool { return ratio >= limitRatio && attack < limitAttack }
	figures := func(ratio, attack float64) string {
		return fmt.Sprintf("ratio %s:1, attack %s ms", spec.FormatNumber(ratio), spec.FormatNumber(attack))
	}
	v := p.Values
	switch p.Kind {
	case "saturator":
		if v.Str("type") == "hard" {
			return "it clips"
		}
	case "compressor":
		if !v.Has("sidechain") && quick(v.Num("ratio"), v.Num("attack")) {
			return figures(v.Num("ratio"), v.Num("attack"))
		}
	case "multiband":
		var bands []string
		for i, b := range v.List("bands") {
			if !b.On("bypass") && quick(b.Num("ratio"), b.Num("attack")) {
				bands = append(bands, fmt.Sprintf("band %d has %s", i+1, figures(b.Num("ratio"), b.Num("attack"))))
			}
		}
		return strings.Join(bands, "; ")
	}
	return ""
}

// deliveryLimiter is the check of a delivery that limits what it hands over.
func deliveryLimiter(j job, o *Output) Check {
	c := newHandover(j, "ceiling", "reduction by the delivery's limiter", "none")
	c.measured(&o.Reduction, &o.ReductionAt, func(v float64) string { return spec.FormatNumber(v) + " dB" })
	c.miss(j, []string{"ceiling: none", "a lower loudness, or none"},
		"the delivery's own limiter takes %.1f dB off at %s", o.Reduction, spec.FormatClock(o.ReductionAt))
	return c
}

// ending hears how loud a song is at its end.
type ending struct {
	left   int64 // frames still to come
	window int64 // frames at the end that count
	peak   float64
}

// hear takes the next frames of the song.
func (e *ending) hear(b dsp.Block) {
	from := min(max(e.left-e.window, 0), int64(b.Len()))
	e.left -= int64(b.Len())
	for _, channel := range b.Cut(int(from), b.Len()) {
		for _, x := range channel {
			e.peak = max(e.peak, x, -x)
		}
	}
}

// silent writes frames of digital silence: undithered, as nothing is rounded.
func silent(w audiofile.Writer, frames int64, float bool) error {
	if frames == 0 {
		return nil
	}
	none, zeros := make([]float64, dsp.MaxBlock), make([]int32, dsp.MaxBlock)
	write := func(n int64) error { return w.WriteInt([][]int32{zeros[:n], zeros[:n]}) }
	if float {
		write = func(n int64) error { return w.WriteFloat([][]float64{none[:n], none[:n]}) }
	}
	for frames > 0 {
		n := min(frames, dsp.MaxBlock)
		if err := write(n); err != nil {
			return err
		}
		frames -= n
	}
	return nil
}
