package measure

import (
	"fmt"
	"strings"

	"github.com/lathe-audio/lathe/spec"
)

// Comparison is what would have to change for a file to meet a delivery
// profile. A value that does not exist is nil and null in JSON.
type Comparison struct {
	Profile  string   `json:"profile"`
	Meets    bool     `json:"meets"`
	Loudness *float64 `json:"loudness_lufs"` // the profile's
	Ceiling  *float64 `json:"ceiling_dbtp"`  // the profile's
	// Gain brings the file to the profile's loudness; nil where either has none.
	Gain *float64 `json:"gain_db"`
	// TruePeak is the file's after that gain.
	TruePeak *float64 `json:"true_peak_after_gain_dbtp"`
	// Limiting is what a limiter then has to take off the highest peak to keep the
	// profile's ceiling; 0 where it has nothing to do, nil where there is no
	// ceiling. What it takes off makes the file a little quieter again.
	Limiting *float64 `json:"limiting_db"`
	Changes  []string `json:"changes"` // in words; empty if the file meets the profile
}

// Compare holds a measured file against a delivery profile: loudness, true peak
// and format.
func Compare(r Report, name string, d spec.Delivery) Comparison {
	c := Comparison{Profile: name, Loudness: d.Loudness, Ceiling: d.Ceiling, Changes: []string{}}
	c.level(r.Integrated, r.TruePeak, d)
	c.peak(r.SamplePeak, d)
	c.format(r, d)
	c.Meets = len(c.Changes) == 0
	return c
}

// CompareAlbum holds an album against the levels of a delivery profile: one gain
// for all its files.
func CompareAlbum(a AlbumReport, name string, d spec.Delivery) Comparison {
	c := Comparison{Profile: name, Loudness: d.Loudness, Ceiling: d.Ceiling, Changes: []string{}}
	c.level(a.Integrated, a.TruePeak, d)
	c.Meets = len(c.Changes) == 0
	return c
}

// readable is the least excess over a ceiling, in dB, that counts: what is less
// is not seen in two decimals, and far below what true-peak meters agree on.
const readable = 0.005

// level compares loudness and true peak.
func (c *Comparison) level(integrated, truePeak *float64, d spec.Delivery) {
	gain := 0.0
	switch {
	case d.Loudness == nil:
	case integrated == nil:
		c.change("it has no loudness that could be brought to %g LUFS", *d.Loudness)
	default:
		if off := *d.Loudness - *integrated; off > d.Tolerance || off < -d.Tolerance {
			gain = off
			way := "up"
			if off < 0 {
				way = "down"
			}
			c.change("turn it %s %.2f dB, to %g LUFS (± %g)", way, max(off, -off), *d.Loudness, d.Tolerance)
		}
		c.Gain = &gain
	}
	if truePeak == nil {
		return
	}
	after := *truePeak + gain
	c.TruePeak = &after
	if d.Ceiling == nil {
		return
	}
	over := after - *d.Ceiling
	if over < readable {
		over = 0
	}
	c.Limiting = &over
	switch {
	case over == 0:
	case gain == 0:
		c.change("limit it by %.2f dB: its true peak is %.2f dBTP, the ceiling %g", over, *truePeak, *d.Ceiling)
	default:
		c.change("limit it by %.2f dB: its true peak would be %.2f dBTP, the ceiling is %g", over, after, *d.Ceiling)
	}
}

// peak compares the sample peak, where a profile sets the level by it.
func (c *Comparison) peak(got *float64, d spec.Delivery) {
	switch {
	case d.Peak == nil:
	case got == nil:
		c.change("it is silent: nothing has a sample peak of %g dBFS", *d.Peak)
	default:
		gain := *d.Peak - *got
		switch {
		case gain > spec.PeakTolerance:
			c.change("turn it up %.2f dB, to a sample peak of %g dBFS", gain, *d.Peak)
		case gain < -spec.PeakTolerance:
			c.change("turn it down %.2f dB, to a sample peak of %g dBFS", -gain, *d.Peak)
		}
		c.Gain = &gain
		if c.TruePeak != nil {
			after := *c.TruePeak + gain
			c.TruePeak = &after
		}
	}
}

// format compares everything about the samples that a profile decides.
func (c *Comparison) format(r Report, d spec.Delivery) {
	if r.Channels != 2 {
		c.change("make it stereo: it has %s", plural(r.Channels, "channel"))
	}
	if d.SampleRate > 0 && r.SampleRate != d.SampleRate {
		c.change("resample it from %g to %g kHz", float64(r.SampleRate)/1000, float64(d.SampleRate)/1000)
	}
	if d.SampleRate == 0 && d.MaxSampleRate > 0 && r.SampleRate > d.MaxSampleRate {
		c.change("resample it from %g to %g kHz or less", float64(r.SampleRate)/1000, float64(d.MaxSampleRate)/1000)
	}
	if d.Lossy() {
		if r.Encoding != d.Format {
			c.change("encode it as %s: it is %s", strings.ToUpper(d.Format), strings.ToUpper(r.Format))
		}
		return
	}
	float, whole := r.Encoding == "float", r.Encoding != "float" && r.BitDepth > 0
	switch {
	case !float && !whole:
		c.change("make it anew from a source that was not coded with losses (%s)", r.Encoding)
	case d.Float && (!float || r.BitDepth != d.BitDepth):
		c.change("write it as %d-bit float: it is %s", d.BitDepth, depth(r))
	case !d.Float && r.BitDepth < d.BitDepth && whole:
		c.change("make it anew from a source of %d bits: it has %d, and more of them are only zeros", d.BitDepth, r.BitDepth)
	case !d.Float && (float || r.BitDepth > d.BitDepth):
		dither := ""
		if d.Dither != "none" {
			dither = ", with dither"
		}
		c.change("reduce it from %s to %d%s", depth(r), d.BitDepth, dither)
	}
	// RF64 and BW64 are WAV beyond 4 GiB.
	isWAV := strings.HasSuffix(r.Format, "64") && r.Decoder == "" || r.Format == "wav"
	if !float && !whole {
		return // a decoded copy of what is lossy would not help
	}
	if isWAV != (d.Format == "wav") || !isWAV && r.Format != d.Format {
		c.change("write it as %s: it is %s", strings.ToUpper(d.Format), strings.ToUpper(r.Format))
	}
}

func (c *Comparison) change(format string, args ...any) {
	c.Changes = append(c.Changes, fmt.Sprintf(format, args...))
}

func depth(r Report) string {
	if r.Encoding == "float" {
		return fmt.Sprintf("%d-bit float", r.BitDepth)
	}
	return fmt.Sprintf("%d bits", r.BitDepth)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// MarshalJSON rounds to a thousandth of a dB.
func (c Comparison) MarshalJSON() ([]byte, error) {
	type plain Comparison // without this method
	for _, x := range []**float64{&c.Gain, &c.TruePeak, &c.Limiting} {
		*x = rounded(*x, 1e3)
	}
	return encode(plain(c))
}
