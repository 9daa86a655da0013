package measure

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// Series is what a picture of a file is drawn from. Curves have one value for
// each 100 ms; a value that does not exist is -Inf.
type Series struct {
	Start float64 // seconds from the beginning of the file to the first value and column
	Step  float64 // seconds between two values of a curve: 0.1

	Momentary []float64 // LUFS of the 400 ms that end where the value's 100 ms end
	ShortTerm []float64 // LUFS of the 3 s that end there
	TruePeak  []float64 // dBTP of the 100 ms, all channels

	// Envelope has, for each channel, the lowest and the highest sample of each column,
	// which is ColumnFrames long (the last one shorter). There are 4096 to 8192 columns,
	// or one for each frame of what is shorter.
	Envelope     [][]loudness.Extent
	ColumnFrames int64

	Clipped []loudness.Run // the first hundred stretches at full scale, frames counted from Start

	// Spectrum is the long-term average in bands of 1/24 octave side by side, from 20 Hz to
	// half the sample rate (or to 24 kHz): pink noise is a level line.
	Spectrum []loudness.Band
}

const (
	envelopeColumns = 8192
	spectrumFrom    = 20.0    // Hz
	spectrumTo      = 24000.0 // Hz
	spectrumBands   = 24      // in an octave
)

// newSeries takes the curves from the meters, which began start seconds into the file.
func newSeries(m *meters, start float64, clipped []loudness.Run) *Series {
	peaks := m.loudness.TruePeaks()
	s := &Series{
		Start: start, Step: 0.1,
		Momentary: curve(m.loudness.Blocks(), len(peaks)),
		ShortTerm: curve(m.loudness.ShortTerm(), len(peaks)),
		TruePeak:  make([]float64, len(peaks)),
		Clipped:   clipped,
		Spectrum:  m.spectrum.Bands(spectrumBands, spectrumFrom, spectrumTo),
	}
	for i, p := range peaks {
		s.TruePeak[i] = xmath.DB(p)
	}
	s.Envelope, s.ColumnFrames = m.envelope.Columns()
	return s
}

// curve is the loudness of windows at the places where they end, n in all: before the
// first one there is nothing.
func curve(energies []float64, n int) []float64 {
	lufs := make([]float64, n)
	for i := range lufs {
		lufs[i] = math.Inf(-1)
		if at := i - (n - len(energies)); at >= 0 {
			lufs[i] = loudness.LUFS(energies[at])
		}
	}
	return lufs
}

// octaves are the nominal centres of the bands of a report, in Hz.
var octaves = []float64{31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000}

func (r *Report) takeSpectrum(s *loudness.Spectrum) {
	bands := s.Bands(1, octaves[0], octaves[len(octaves)-1])
	for i, hz := range octaves {
		band := OctaveBand{Center: hz}
		if i < len(bands) {
			band.Level = finite(bands[i].Level)
		}
		r.OctaveBands = append(r.OctaveBands, band)
	}
}
