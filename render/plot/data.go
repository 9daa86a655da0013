// Package plot draws what was measured of a file: its waveform, its loudness
// over time and its spectrum, with the figures above them, on one sheet that
// prints well. The same drawing is written as SVG or as PNG.
//
// The same data give the same bytes: nothing is looked up, and numbers are
// written with a fixed number of decimals. Colours are of the palette of Okabe
// and Ito, which people with any colour vision can tell apart, and no two
// lines differ by colour alone.
package plot

// Data is what is drawn. A pointer that is nil, and a level of NaN or -Inf,
// stand for what does not exist: a file without a loudness has no integrated
// line and a dash among the figures.
type Data struct {
	Name     string  // the file's, as the sheet shows it
	Format   string  // "wav 24-bit 44.1 kHz stereo"
	Start    float64 // seconds: where the part of the file begins that is drawn, 0 for all of it
	Duration float64 // seconds of it

	Integrated   *float64 // LUFS
	Range        *float64 // LU
	TruePeak     *float64 // dBTP
	TruePeakAt   *float64 // seconds from the beginning of the file
	PLR          *float64 // LU
	MaxMomentary *float64 // LUFS
	MaxShortTerm *float64 // LUFS
	DR           *int
	RelativeGate *float64 // LUFS

	Channels    []Channel
	ClippedRuns int64  // how many there are
	Clipped     []Spot // the first of them, in order

	Momentary, ShortTerm Curve
	Targets              []Target

	Spectrum      []Band // narrow bands side by side, in order
	SpectrumBands string // how wide they are: "1/24 octave"
	Octaves       []Band
}

// Channel is a channel's waveform: columns of equal length, side by side.
type Channel struct {
	Name    string // "L"
	Columns []Extent
	Seconds float64 // length of a column
}

// Extent is the lowest and the highest sample of a column; full scale is 1.
type Extent struct{ Low, High float64 }

// Spot is where a channel is clipped.
type Spot struct {
	Channel int     // index into Data.Channels
	At      float64 // seconds from the beginning of the file
}

// Curve is a loudness over time, in LUFS.
type Curve struct {
	First  float64 // seconds from the beginning of the file to the first value
	Step   float64 // seconds between values
	Values []float64
}

// Target is a loudness to aim at.
type Target struct {
	Name string // "streaming"
	LUFS float64
}

// Band is the level of a band of frequencies.
type Band struct {
	Hz float64 // its centre
	DB float64 // dBFS
}
