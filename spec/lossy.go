package spec

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// coding is what the language knows of a format that is coded with losses: by a
// program of the user's, which `encoder` names.
type coding struct {
	extension string
	encoders  []string // programs that make it; the first unless another is asked for, never by what is installed
	rates     []int    // Hz, in ascending order
	bitrates  []int    // kbit/s, all there are; two: a range; nil: not by bitrate
	bitrate   int      // usual; 0: by quality
	scale     string   // the letter of its quality; "": not by quality
	low, high int      // of the scale's numbers
	quality   int      // usual
}

// codings are the lossy formats. Rates are those at which the format is what it is
// known for: MP3 below 32 kHz is another format (MPEG-2), and Opus has one rate.
var codings = map[string]coding{
	"mp3": {
		extension: "mp3", encoders: []string{"lame", "ffmpeg"}, rates: []int{32000, 44100, 48000},
		bitrates: []int{64, 80, 96, 112, 128, 160, 192, 224, 256, 320}, bitrate: 320, scale: "V", low: 0, high: 9,
	},
	"aac": {
		extension: "m4a", encoders: []string{"ffmpeg"}, rates: []int{32000, 44100, 48000, 88200, 96000},
		bitrates: []int{64, 512}, bitrate: 256,
	},
	"opus": {
		extension: "opus", encoders: []string{"opusenc", "ffmpeg"}, rates: []int{48000},
		bitrates: []int{24, 510}, bitrate: 160,
	},
	"vorbis": {
		extension: "ogg", encoders: []string{"ffmpeg", "oggenc"}, rates: []int{32000, 44100, 48000, 88200, 96000},
		scale: "q", low: -1, high: 10, quality: 6,
	},
}

// What an encoder gets: as fine as any of them takes, and no float, whose peaks above
// full scale nobody would be told of.
const (
	encodedDepth = "24"
	encodedNoise = "tpdf"
)

// LossyFormats lists them.
func LossyFormats() []string { return slices.Sorted(maps.Keys(codings)) }

// Lossy reports whether a delivery's files are coded with losses.
func (v *Delivery) Lossy() bool { return codings[v.Format].encoders != nil }

// OtherEncoders are the programs that could make a delivery's files in place of the one
// that does.
func (v *Delivery) OtherEncoders() []string {
	return slices.DeleteFunc(slices.Clone(codings[v.Format].encoders), func(name string) bool { return name == v.Encoder })
}

// Extension ends the names of a delivery's files.
func (v *Delivery) Extension() string {
	if c, ok := codings[v.Format]; ok {
		return c.extension
	}
	return v.Format
}

// Level is how much of the sound a lossy file keeps: "320 kbps", "V0".
func (v *Delivery) Level() string {
	if v.Bitrate > 0 {
		return FormatQuantity(float64(v.Bitrate), param.Kbps)
	}
	return codings[v.Format].scale + strconv.Itoa(v.Quality)
}

// BestLevel is the most that the format keeps of a sound, as it would be written; ""
// where a delivery has that already.
func (v *Delivery) BestLevel() string {
	c, best := codings[v.Format], *v
	switch {
	case v.Bitrate > 0:
		best.Bitrate = c.bitrates[len(c.bitrates)-1]
	case c.scale == "V": // counts down
		best.Quality = c.low
	default:
		best.Quality = c.high
	}
	switch {
	case best.Level() == v.Level():
		return ""
	case v.Bitrate > 0:
		return "bitrate: " + best.Level()
	}
	return "quality: " + best.Level()
}

// RateFault says why a delivery's files cannot have a sample rate, and what to do; it
// is empty where they can.
func (v *Delivery) RateFault(rate int) (message, hint string) {
	c, ok := codings[v.Format]
	if !ok || slices.Contains(c.rates, rate) {
		return "", ""
	}
	var all []string
	best := c.rates[len(c.rates)-1]
	for _, r := range c.rates {
		all = append(all, FormatQuantity(float64(r), param.Hz))
		if rate%r == 0 { // of the same family
			best = r
		}
	}
	return fmt.Sprintf("%s has no sample rate of %s, only %s", v.Format, FormatQuantity(float64(rate), param.Hz), alternatives(all)),
		"sample_rate: " + FormatQuantity(float64(best), param.Hz)
}

// qualityPattern is what `quality` may be.
const qualityPattern = `^(?:[Vv][0-9]|[Qq](?:-1|10|[0-9]))$`

// lossyKeys are the keys of a delivery that is coded with losses.
var lossyKeys = []key{
	{name: "encoder", typ: choice{[]string{"lame", "ffmpeg", "opusenc", "oggenc"}}, absent: "lame for mp3, opusenc for opus, ffmpeg for aac and vorbis", doc: "the program on PATH that encodes mp3 (lame, ffmpeg), aac (ffmpeg), opus (opusenc, ffmpeg) or vorbis (ffmpeg, oggenc); ffmpeg decodes what it made, whichever it was"},
	{name: "bitrate", typ: quantity{unit: param.Kbps, min: 24, max: 512, whole: true}, absent: "the format's", doc: "of mp3 (constant: 64 to 320, by default 320), aac (64 to 512, by default 256) and opus (on average: 24 to 510, by default 160)"},
	{name: "quality", typ: text{pattern: qualityPattern, expect: "V0 (best) to V9 of mp3, or q-1 to q10 (best) of vorbis", tidy: tidyQuality}, absent: "the format's", doc: "in place of a bitrate: V0 (best) to V9 of mp3, q-1 to q10 (best) of vorbis, by default q6; the bitrate follows the sound"},
}

// tidyQuality writes v0 as V0 and Q6 as q6.
func tidyQuality(s string) string {
	return strings.NewReplacer("v", "V", "Q", "q").Replace(s)
}

// fillCoding completes what a lossy delivery is, and refuses what it cannot be.
func (d *decoder) fillCoding(v *Delivery, l layers, at place) {
	c, lossy := codings[v.Format]
	if !lossy {
		for _, key := range []string{"encoder", "bitrate", "quality"} {
			if n := l.topNode(key, "format"); n != nil {
				d.fail(n, at, fmt.Sprintf("%s is for formats that are coded with losses, and %s is not", key, v.Format), "remove it, or choose format: "+alternatives(LossyFormats()))
			}
		}
		return
	}
	for _, key := range []string{"bit_depth", "dither"} {
		if n := l.topNode(key, "format"); n != nil {
			d.fail(n, at, fmt.Sprintf("%s has no word length: its encoder gets 24 bits with TPDF dither", v.Format), "remove "+key)
		}
	}
	if message, hint := v.RateFault(v.SampleRate); v.SampleRate > 0 && message != "" {
		n := l.topNode("sample_rate", "format")
		if n == nil { // the profile's
			n = l.node("format")
		}
		d.fail(n, at, message, hint)
	}
	if n := l.node("peak"); n != nil && v.Peak != nil {
		d.fail(n, at, "what a coder makes of a peak is not known beforehand: "+v.Format+" cannot be brought to one", "write peak: none, and ceiling and loudness")
	}
	v.Encoder = c.encoders[0]
	if name, ok := l.own("encoder").(string); ok {
		v.Encoder = name
		if !slices.Contains(c.encoders, name) {
			d.fail(l.node("encoder"), at, fmt.Sprintf("%s makes no %s", name, v.Format), "encoder: "+alternatives(c.encoders))
		}
	} else {
		l.explainUsual("encoder", v.Encoder)
	}
	bitrate, byRate := l.own("bitrate").(float64)
	quality, byQuality := l.own("quality").(string)
	if byRate && byQuality { // the upper one counts
		_, topRate := l.top.at["bitrate"]
		_, topQuality := l.top.at["quality"]
		if topRate == topQuality {
			d.fail(l.node("quality"), at, "a file is made by bitrate or by quality, not by both", "remove one of them")
		}
		byRate, byQuality = topRate, topQuality
	}
	switch {
	case byRate:
		d.checkBitrate(v, c, int(bitrate), l.node("bitrate"), at)
	case byQuality:
		d.checkQuality(v, c, quality, l.node("quality"), at)
	case c.bitrate > 0:
		v.Bitrate = c.bitrate
		l.explainUsual("bitrate", v.Level())
	default:
		v.Quality = c.quality
		l.explainUsual("quality", v.Level())
	}
}

func (d *decoder) checkBitrate(v *Delivery, c coding, kbps int, n *node, at place) {
	v.Bitrate = kbps
	switch {
	case c.bitrates == nil:
		d.fail(n, at, v.Format+" is not made by bitrate", fmt.Sprintf("quality: %s%d", c.scale, c.quality))
	case len(c.bitrates) == 2 && (kbps < c.bitrates[0] || kbps > c.bitrates[1]):
		d.fail(n, at, fmt.Sprintf("%s has no %s", v.Format, v.Level()), fmt.Sprintf("it goes from %d to %d kbps", c.bitrates[0], c.bitrates[1]))
	case len(c.bitrates) > 2 && !slices.Contains(c.bitrates, kbps):
		var all []string
		for _, b := range c.bitrates {
			all = append(all, strconv.Itoa(b))
		}
		d.fail(n, at, fmt.Sprintf("%s has no %s", v.Format, v.Level()), "there are "+list(all)+" kbps")
	}
}

func (d *decoder) checkQuality(v *Delivery, c coding, text string, n *node, at place) {
	number, _ := strconv.Atoi(text[1:])
	v.Quality = number
	switch {
	case c.scale == "":
		d.fail(n, at, v.Format+" is not made by quality", fmt.Sprintf("bitrate: %d kbps", c.bitrate))
	case text[:1] != c.scale || number < c.low || number > c.high:
		d.fail(n, at, fmt.Sprintf("%s has no quality %s", v.Format, text), fmt.Sprintf("it goes from %s%d to %s%d", c.scale, c.low, c.scale, c.high))
	}
}

// own is the value of a key that has no default, from the topmost layer that has it.
// It is explained where it counts.
func (l layers) own(name string) any {
	n := l.node(name)
	if n == nil {
		return nil
	}
	for _, g := range []*group{l.top, l.base} {
		if g.at[name] == n && g.values[name] != nil {
			k := keyNamed(deliveryKeys, name)
			l.d.explainValue(l.at.key(name), k, k.typ.(printer), g.values[name], n)
			return g.values[name]
		}
	}
	return nil
}

// explainUsual notes a default that the format decides.
func (l layers) explainUsual(name, value string) {
	l.d.explainDefault(l.at.key(name), keyNamed(deliveryKeys, name), value, nil)
}

// node is where a key is written: by the project, rather than by its profile.
func (l layers) node(name string) *node {
	for _, g := range []*group{l.top, l.base} {
		if n := g.at[name]; n != nil {
			return n
		}
	}
	return nil
}

// topNode is where a key is written, if that is not below where decisive is: what a
// profile says for its own format is no fault of who asks for another.
func (l layers) topNode(name, decisive string) *node {
	if n := l.top.at[name]; n != nil {
		return n
	}
	if l.top.at[decisive] == nil {
		return l.base.at[name]
	}
	return nil
}
