package plot

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/render/measure"
)

// FromReport is the data of a measured file, whose report has a Series. Format
// is the file's, in words: "wav 24-bit 44.1 kHz stereo".
func FromReport(r measure.Report, format string, targets ...Target) Data {
	d := Data{
		Name: filepath.Base(r.File), Format: format, Duration: r.Duration, Targets: targets,
		Integrated: r.Integrated, Range: r.Range, TruePeak: r.TruePeak, TruePeakAt: r.TruePeakAt, PLR: r.PLR,
		MaxMomentary: r.MaxMomentary, MaxShortTerm: r.MaxShortTerm, DR: r.DR, RelativeGate: r.RelativeThreshold,
		ClippedRuns: r.ClippedRuns,
	}
	if r.From != nil {
		d.Start = *r.From
	}
	if r.To != nil {
		d.Duration = *r.To - d.Start
	}
	for _, o := range r.OctaveBands {
		if o.Level != nil {
			d.Octaves = append(d.Octaves, Band{o.Center, *o.Level})
		}
	}
	if r.Series != nil {
		d.takeSeries(*r.Series, r)
	}
	return d
}

func (d *Data) takeSeries(s measure.Series, r measure.Report) {
	names := channelNames(r.ChannelWeights, len(s.Envelope))
	for i, columns := range s.Envelope {
		c := Channel{Name: names[i], Seconds: float64(s.ColumnFrames) / float64(r.SampleRate)}
		for _, e := range columns {
			c.Columns = append(c.Columns, Extent{e.Min, e.Max})
		}
		d.Channels = append(d.Channels, c)
	}
	for _, run := range s.Clipped {
		d.Clipped = append(d.Clipped, Spot{run.Channel, s.Start + float64(run.Frame)/float64(r.SampleRate)})
	}
	// A value belongs to the end of its 100 ms, where a meter would show it.
	d.Momentary = Curve{First: s.Start + s.Step, Step: s.Step, Values: s.Momentary}
	d.ShortTerm = Curve{First: s.Start + s.Step, Step: s.Step, Values: s.ShortTerm}
	d.Spectrum, d.SpectrumBands = bands(s.Spectrum), "1/24 octave"
}

func bands(from []loudness.Band) []Band {
	out := make([]Band, len(from))
	for i, b := range from {
		out[i] = Band{b.Hz, b.Level}
	}
	return out
}

// channelNames names the channels by what they weigh in loudness, which tells
// the usual layouts apart; others are numbered.
func channelNames(weights []float64, channels int) []string {
	switch {
	case channels == 1:
		return []string{"mono"}
	case channels == 2:
		return []string{"L", "R"}
	case slices.Equal(weights, []float64{1, 1, 1, 1.41, 1.41}):
		return []string{"L", "R", "C", "Ls", "Rs"}
	case slices.Equal(weights, []float64{1, 1, 1, 0, 1.41, 1.41}):
		return []string{"L", "R", "C", "LFE", "Ls", "Rs"}
	}
	names := make([]string, channels)
	for i := range names {
		names[i] = fmt.Sprintf("channel %d", i+1)
	}
	return names
}
