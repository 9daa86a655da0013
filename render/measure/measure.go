// Package measure measures finished audio files: loudness, peaks, dynamics,
// stereo, spectrum, format and digests, in one pass.
//
// It reads what any other meter would read, the file itself, and knows nothing
// of how the file was made: a build measures its own outputs with it.
package measure

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// Options changes how files are measured.
type Options struct {
	// DualMono reads a mono file as it sounds from two loudspeakers, 3.01 LU
	// louder than the standard's reading of one channel.
	DualMono bool
	// From and To are the part to measure, in seconds from the beginning of the file;
	// a To of 0, or beyond the end, is the end. The digests are the whole file's.
	From, To float64
	// Series asks for [Report.Series].
	Series bool
}

// File measures one file. Decoding and digests, statistics and spectrum, and the
// loudness meter run side by side, so that one long file keeps several cores busy;
// each of them sees every frame in order, so the result is the same on one.
func File(ctx context.Context, path string, opts Options) (Report, error) {
	r, err := audiofile.OpenAny(ctx, path)
	if err != nil {
		return Report{}, err
	}
	defer r.Close()
	r.AllowNonFinite()
	if err := r.KeepDigests(); err != nil {
		return Report{}, err
	}
	from, to, err := opts.frames(r.Info().Rate)
	if err != nil {
		return Report{}, fmt.Errorf("%s: %w", path, err)
	}
	m := newMeters(r.Info(), opts)
	if err := stream(ctx, r, from, to, m.clean, m.describe, m.weigh); err != nil {
		return Report{}, err
	}
	file, pcm, err := r.Digests()
	if err != nil {
		return Report{}, err
	}
	info := r.Info() // now, because the length may not have been known before
	if opts.From > 0 && from >= info.Frames {
		return Report{}, fmt.Errorf("%s: the part to measure begins at %g s, and the file ends at %.3f s", path, opts.From, info.Duration())
	}
	report := describe(path, info)
	if opts.From > 0 || opts.To > 0 {
		end := min(opts.To, info.Duration())
		if opts.To == 0 {
			end = info.Duration()
		}
		report.From, report.To = &opts.From, &end
	}
	m.report(&report, from)
	report.SHA256 = hex.EncodeToString(file[:])
	if info.BitDepth > 0 {
		report.PCMSHA256 = hex.EncodeToString(pcm[:])
	}
	return report, nil
}

// frames are the first frame to be measured and the one after the last.
func (o Options) frames(rate int) (from, to int64, err error) {
	const most = 1 << 53 // no file is longer, and float64 has every frame up to there
	if !(o.From >= 0) || !(o.To >= 0) || o.To > 0 && o.To <= o.From {
		return 0, 0, fmt.Errorf("the part from %g s to %g s cannot be measured: it has to begin at 0 or later and end after that", o.From, o.To)
	}
	frame := func(s float64) int64 { return int64(min(math.Round(s*float64(rate)), most)) }
	if o.To == 0 {
		return frame(o.From), most, nil
	}
	return frame(o.From), frame(o.To), nil
}

// meters are all that a file is shown to.
type meters struct {
	loudness   *loudness.Meter
	statistics *loudness.Statistics
	spectrum   *loudness.Spectrum
	envelope   *loudness.Envelope // nil unless asked for

	weights     []float64
	float       bool
	pos         int64 // frames that clean has seen
	nonFinite   int64
	nonFiniteAt int64
	warning     string
}

func newMeters(info audiofile.Info, opts Options) *meters {
	bits := info.BitDepth
	if info.Encoding == "float" {
		bits = 0
	}
	m := &meters{float: bits == 0, weights: loudness.MaskWeights(info.ChannelMask, info.Channels)}
	switch {
	case info.Channels == 1 && opts.DualMono:
		m.weights = []float64{2}
	case info.ChannelMask == 0 && info.Channels > 2:
		m.warning = fmt.Sprintf("nothing says which loudspeakers its %d channels are for: all count alike in loudness", info.Channels)
	}
	m.loudness = loudness.New(info.Rate, info.Channels, loudness.Options{Weights: m.weights})
	m.statistics = loudness.NewStatistics(info.Rate, info.Channels, bits)
	m.spectrum = loudness.NewSpectrum(info.Rate, info.Channels)
	if opts.Series {
		m.envelope = loudness.NewEnvelope(info.Channels, envelopeColumns)
	}
	return m
}

// clean puts 0 for samples that are no number, which only floating point can have.
func (m *meters) clean(b [][]float64) {
	if m.float {
		n, first := loudness.ZeroNonFinite(b)
		if n > 0 && m.nonFinite == 0 {
			m.nonFiniteAt = m.pos + int64(first)
		}
		m.nonFinite += n
	}
	m.pos += int64(len(b[0]))
}

func (m *meters) describe(b [][]float64) {
	m.statistics.Write(b)
	m.spectrum.Write(b)
	if m.envelope != nil {
		m.envelope.Write(b)
	}
}

func (m *meters) weigh(b [][]float64) { m.loudness.Write(b) }

// report fills in what was read. The measurement began at frame first of the file.
func (m *meters) report(r *Report, first int64) {
	reading, figures := m.loudness.Reading(), m.statistics.Figures()
	m.spectrum.Finish()
	r.takeLoudness(reading, first)
	r.takeFigures(figures, first)
	r.takeSpectrum(m.spectrum)
	r.ChannelWeights = m.weights
	if m.nonFinite > 0 {
		at := r.seconds(first + m.nonFiniteAt)
		r.NonFinite, r.NonFiniteAt = m.nonFinite, &at
	}
	if m.warning != "" {
		r.Warnings = append(r.Warnings, m.warning)
	}
	r.pool = &pool{m.loudness.Blocks(), m.loudness.ShortTerm()}
	if m.envelope != nil {
		r.Series = newSeries(m, r.seconds(first), figures.Clipped)
	}
}
