package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// Clip is a stretch of a file at a place in the song; a stem may be made of
// several. One track has one sound at a time: a clip plays to its end, or until
// the next one begins and, where that has a crossfade, for so long after.
type Clip struct {
	Pos             Pos
	File            File
	At              float64 // seconds from the start of the song at which the clip begins
	Start, End      float64 // seconds of the file; End 0: to the file's end
	Gain            float64 // dB
	FadeIn, FadeOut Fade
	Crossfade       Fade // from the clip before; it begins at At
}

// Fade is a fade at an edge.
type Fade struct {
	Length float64 // seconds; 0: none
	Shape  Shape
}

// Shape is the way of a fade from silence to full level, or back.
type Shape string

// The shapes. With t from 0 in silence to 1 at full level, the gain is:
const (
	FadeLinear      Shape = "linear"      // t
	FadeExponential Shape = "exponential" // (1000^t - 1) / 999: straight in decibels over most of 60 dB
	FadeSCurve      Shape = "s-curve"     // (1 - cos πt) / 2
	FadeEqualPower  Shape = "equal-power" // sin(πt / 2)
)

// SampleTime is a time that may be written in samples.
type SampleTime struct {
	Seconds float64
	Samples int64 // at the session's rate
}

// The pan laws, as written.
const (
	PanLaw3       = "-3 dB"
	PanLaw45      = "-4.5 dB"
	PanLaw6       = "-6 dB"
	PanLawBalance = "balance"
)

// fromBWF is the word in place of an offset.
const fromBWF = "bwf"

// maxClips is more than any edit has: a file cannot make the tool run without end.
const maxClips = 10_000

var (
	inFile = quantity{unit: param.Seconds, max: 86400}

	fadeLengthKey = key{name: "length", typ: quantity{unit: param.Seconds, max: 600, eg: "20 ms"}, required: true, doc: "how long it takes"}
	fadeKeys      = []key{
		fadeLengthKey,
		{name: "shape", typ: choice{[]string{string(FadeLinear), string(FadeExponential), string(FadeSCurve), string(FadeEqualPower)}}, def: string(FadeLinear),
			doc: "how the level rises from 0 to 1 in the time t from 0 to 1: t, (1000^t - 1) / 999, (1 - cos πt) / 2, or sin πt/2; a fade-out is the same backwards"},
	}
	crossfadeKeys = []key{
		fadeLengthKey,
		{name: "shape", typ: choice{[]string{string(FadeEqualPower), string(FadeLinear), string(FadeSCurve)}}, def: string(FadeEqualPower),
			doc: "equal-power keeps the power of two different takes; linear and s-curve keep the level of two copies of the same sound"},
	}
	trimKeys = []key{
		{name: "start", typ: inFile, def: 0.0, doc: "where in the file its sound begins"},
		{name: "end", typ: inFile, absent: "the file's end", doc: "where in the file its sound ends"},
	}
	fadeInKey  = key{name: "fade_in", typ: record{name: "fade", keys: fadeKeys, short: "length"}, absent: "none", doc: "fade where the sound begins: a length, or {length, shape}"}
	fadeOutKey = key{name: "fade_out", typ: record{name: "fade", keys: fadeKeys, short: "length"}, absent: "none", doc: "fade where the sound ends: a length, or {length, shape}"}

	clipKeys = []key{
		{name: "file", typ: filePath{what: "take.wav"}, required: true, doc: "the audio file, relative to this file"},
		{name: "at", typ: position, required: true, doc: "where in the song the clip begins"},
		{name: "start", typ: inFile, def: 0.0, doc: "where in the file the clip begins"},
		{name: "end", typ: inFile, absent: "the file's end", doc: "where in the file the clip ends; the next clip ends it in any case"},
		{name: "gain", typ: quantity{unit: param.DB, min: -144, max: 36}, def: 0.0, doc: "level of the clip"},
		fadeInKey, fadeOutKey,
		{name: "crossfade", typ: record{name: "crossfade", keys: crossfadeKeys, short: "length"}, absent: "none",
			doc: "fade from the clip before into this one, from this one's beginning on: a length, or {length, shape}; the clip before has to go on for so long"},
	}

	// sourceKeys are those of a stem alone: where its sound comes from.
	sourceKeys = []key{
		{name: "file", typ: filePath{what: "stem.wav"}, doc: "the audio file, relative to this file"},
		{name: "clips", typ: items{keys: clipKeys, min: 1, max: maxClips, name: "clip"}, doc: "stretches of files in the order of time, in place of one file; gaps are silent"},
		{name: "offset", typ: quantity{unit: param.Seconds, min: -86400, max: 86400, bars: true, words: []string{fromBWF}}, def: 0.0,
			doc: "where in the song the file (or the clips' time) begins; negative cuts its head off; bwf takes the time stamp of the file, counted from session.start"},
		{name: "trim", typ: record{name: "trim", keys: trimKeys}, absent: "all of the file", doc: "the part of the file that is heard; it stays where it is in the song"},
		fadeInKey, fadeOutKey,
		{name: "channel", typ: choice{[]string{"left", "right", "mid", "side"}}, absent: "both",
			doc: "take one channel of a stereo file, or half the sum (mid) or half the difference (side) of both: the stem is then mono"},
	}

	// headKeys come before a strip's chain.
	headKeys = []key{
		monoKey,
		{name: "delay", typ: sampleTime{quantity{unit: param.MS, max: 10_000, samples: true}}, def: SampleTime{}, doc: "how much later it sounds; to the sample"},
	}
	monoKey      = key{name: "mono", typ: toggle{}, def: false, doc: "put half the sum of both channels on either, before the chain"}
	stemDelayKey = key{name: "delay", typ: sampleTime{quantity{unit: param.MS, min: -10_000, max: 10_000, samples: true}}, def: SampleTime{}, doc: "how much later it sounds, or earlier where negative; to the sample"}

	panLawKey = key{name: "pan_law", typ: panLaw{}, absent: "the session's if mono, else balance", doc: "how much a strip loses in the centre of its pan; balance turns the far side down and leaves the near one"}
	rotateKey = key{name: "rotate", typ: quantity{unit: param.Degrees, min: -90, max: 90, eg: "15°"}, def: 0.0,
		doc: "turn the whole stereo picture to the right, before the pan: at 45° what was in the centre is hard right and what was hard left is in the centre"}
)

// replacing returns a copy of a table in which some keys are others.
func replacing(keys []key, by ...key) []key {
	out := slices.Clone(keys)
	for _, k := range by {
		out[slices.Index(keyNames(out), k.name)] = k
	}
	return out
}

// sampleTime is a time in a unit, or in samples of the session: "3 ms" or
// "12 samples"; the value is a SampleTime.
type sampleTime struct{ quantity }

const samplesPattern = `^[-+−]?(?:0|[1-9][0-9]{0,11}) *samples?$`

func (t sampleTime) decode(d *decoder, n *node, at place) any {
	if n.shape == scalar && matches(samplesPattern, n.text) {
		digits, _, _ := strings.Cut(strings.Replace(n.text, "−", "-", 1), "s")
		samples, _ := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if samples < 0 && t.min >= 0 {
			d.fail(n, at, n.text+" is out of range", "it cannot be negative")
			return nil
		}
		if most := t.mostSamples(); samples > most || samples < -most {
			d.fail(n, at, n.text+" is out of range", fmt.Sprintf("at most %d samples", most))
			return nil
		}
		return SampleTime{Samples: samples}
	}
	v, ok := t.quantity.decode(d, n, at).(float64)
	if !ok {
		return nil
	}
	if t.unit == param.MS {
		v /= 1000
	}
	return SampleTime{Seconds: v}
}

// mostSamples is the longest time in samples of the highest rate.
func (t sampleTime) mostSamples() int64 {
	const highest = 384_000
	if t.unit == param.MS {
		return int64(t.max / 1000 * highest)
	}
	return int64(t.max * highest)
}

func (t sampleTime) print(v any) string {
	s := v.(SampleTime)
	switch {
	case s.Samples == 1 || s.Samples == -1:
		return fmt.Sprintf("%d sample", s.Samples)
	case s.Samples != 0:
		return fmt.Sprintf("%d samples", s.Samples)
	case t.unit == param.MS:
		return t.format(s.Seconds * 1000)
	}
	return t.format(s.Seconds)
}

func (t sampleTime) schema(s *schemas) object {
	return anyOf(t.quantity.schema(s), object{{"type", "string"}, {"pattern", samplesPattern}, {"examples", []string{"12 samples"}}})
}

// panLaw is the loss in the centre, or balance; the value is a string.
type panLaw struct{}

var panLaws = []string{PanLaw3, PanLaw45, PanLaw6, PanLawBalance}

func (panLaw) decode(d *decoder, n *node, at place) any {
	if n.shape == scalar {
		for _, law := range panLaws {
			number, _, _ := strings.Cut(law, " dB")
			if n.text == law || n.text == number+"dB" || n.isBareNumber() && n.text == number {
				return law
			}
		}
	}
	found, hint := n.shape.String(), ""
	if n.shape == scalar {
		found = strconv.Quote(n.text)
		if hint = didYouMean(n.text, panLaws); slices.Contains([]string{"3", "4.5", "6", "3 dB", "4.5 dB", "6 dB"}, n.text) {
			hint = "did you mean -" + strings.TrimSuffix(n.text, " dB") + " dB?"
		}
	}
	d.fail(n, at, "expected "+alternatives(panLaws)+", found "+found, hint)
	return nil
}

func (panLaw) print(v any) string { return v.(string) }

func (panLaw) schema(*schemas) object {
	return object{{"enum", []any{PanLaw3, PanLaw45, PanLaw6, PanLawBalance, "-3dB", "-4.5dB", "-6dB", -3, -4.5, -6}}}
}

// fade takes over a fade that is written, or none.
func (g *group) fade(name string) Fade {
	f := g.group(name)
	if f == nil {
		return Fade{}
	}
	return Fade{Length: f.num("length"), Shape: Shape(f.str("shape"))}
}

// source takes over where a stem's sound comes from.
func (d *decoder) source(m member, stem *Stem) {
	if f := m.file("file"); f != nil {
		stem.File = *f
	}
	stem.Offset, stem.FromBWF = m.num("offset"), m.str("offset") == fromBWF
	stem.Channel = m.str("channel")
	stem.FadeIn, stem.FadeOut = m.fade("fade_in"), m.fade("fade_out")
	if trim := m.group.group("trim"); trim != nil {
		stem.Start, stem.End = trim.num("start"), trim.num("end")
		d.inOrder(trim, m.here.key("trim"))
	}
	switch {
	case m.has("file") && m.has("clips"):
		d.fail(m.at["clips"], m.here, "file and clips exclude each other", "a stem is one file, or a list of clips")
	case m.has("clips"):
		for _, name := range []string{"trim", "fade_in", "fade_out"} {
			if m.has(name) {
				d.fail(m.at[name], m.here, name+" is for a stem of one file", "write start, end, fade_in and fade_out into the clips")
			}
		}
		if stem.FromBWF {
			d.fail(m.at["offset"], m.here, "offset: bwf is for a stem of one file", "clips have their places in at")
		}
		groups, _ := m.values["clips"].([]*group)
		stem.Clips = d.clips(groups, m.here.key("clips"))
	case !m.has("file") && m.node.shape == mapping:
		d.fail(m.node, m.here, "file is missing", "write file: path/to/stem.wav, or clips")
	}
	d.song.bwf = d.song.bwf || stem.FromBWF
}

// inOrder reports an end that does not come after its start.
func (d *decoder) inOrder(g *group, at place) {
	if g.has("end") && g.values["end"] != nil && g.num("end") <= g.num("start") {
		d.fail(g.at["end"], at, fmt.Sprintf("end, %s, does not come after start, %s", FormatClock(g.num("end")), FormatClock(g.num("start"))), "")
	}
}

// clips takes over the clips of a stem.
func (d *decoder) clips(groups []*group, at place) []Clip {
	var out []Clip
	for i, g := range groups {
		c := Clip{
			Pos: g.node.pos(), At: g.num("at"), Start: g.num("start"), End: g.num("end"), Gain: g.num("gain"),
			FadeIn: g.fade("fade_in"), FadeOut: g.fade("fade_out"), Crossfade: g.fade("crossfade"),
		}
		if f := g.file("file"); f != nil {
			c.File = *f
		}
		here := at.item(i)
		d.inOrder(g, here)
		switch {
		case !g.has("crossfade"):
		case g.has("fade_in"):
			d.fail(g.at["crossfade"], here, "fade_in and crossfade exclude each other", "keep one of the two")
		case i == 0:
			d.fail(g.at["crossfade"], here, "there is no clip before the first to cross from", "write fade_in")
		case groups[i-1].has("fade_out"):
			d.fail(g.at["crossfade"], here, "the clip before has a fade_out, and a crossfade fades it out as well", "keep one of the two")
		}
		if i > 0 && g.values["at"] != nil && groups[i-1].values["at"] != nil && c.At <= out[i-1].At {
			d.fail(g.at["at"], here, fmt.Sprintf("%s does not come after the clip before it, at %s", FormatClock(c.At), FormatClock(out[i-1].At)), "write the clips in the order of time")
		}
		out = append(out, c)
	}
	return out
}
