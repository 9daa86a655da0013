package measure

import (
	"math"

	"github.com/lathe-audio/lathe/dsp/loudness"
)

// AlbumReport is what several files read as one programme. A value that does not
// exist is nil and null in JSON.
type AlbumReport struct {
	Files    int     `json:"files"`
	Duration float64 `json:"duration_s"`

	Integrated   *float64 `json:"integrated_lufs"`   // of all files' gating blocks together
	Range        *float64 `json:"loudness_range_lu"` // of all files' short-term values together
	MaxMomentary *float64 `json:"max_momentary_lufs"`
	MaxShortTerm *float64 `json:"max_short_term_lufs"`
	TruePeak     *float64 `json:"true_peak_dbtp"`
	SamplePeak   *float64 `json:"sample_peak_dbfs"`
	PLR          *float64 `json:"plr_lu"`
	PSR          *float64 `json:"psr_lu"` // the smallest of any 3 s of any file
	DR           *int     `json:"dr"`     // the mean of the files' figures, rounded

	RelativeThreshold *float64 `json:"relative_threshold_lufs"`
	TruePeakFile      string   `json:"true_peak_file,omitempty"` // which file has the highest
	MaxMomentaryFile  string   `json:"max_momentary_file,omitempty"`
	MaxShortTermFile  string   `json:"max_short_term_file,omitempty"`
}

// pool is what [Album] needs of each file beside the report.
type pool struct {
	blocks []float64 // energies of the 400 ms gating blocks
	short  []float64 // energies of the 3 s windows
}

// Blocks returns the energies of a measured file's 400 ms gating blocks, 100 ms apart,
// for [loudness.Integrated]; nil of a report that was read from JSON.
func (r Report) Blocks() []float64 {
	if r.pool == nil {
		return nil
	}
	return r.pool.blocks
}

// Album measures files as one: loudness and loudness range are those of all
// gating blocks and short-term values together, as they were measured. No block
// spans two files. Reports that [File] or [Files] returned are needed, not
// ones read from JSON.
func Album(reports []Report) AlbumReport {
	a := AlbumReport{Files: len(reports)}
	var blocks, short [][]float64
	dr, drs := 0, 0
	for _, r := range reports {
		a.Duration += r.Duration
		if r.pool != nil {
			blocks, short = append(blocks, r.pool.blocks), append(short, r.pool.short)
		}
		if highest(&a.TruePeak, r.TruePeak) {
			a.TruePeakFile = r.File
		}
		if highest(&a.MaxMomentary, r.MaxMomentary) {
			a.MaxMomentaryFile = r.File
		}
		if highest(&a.MaxShortTerm, r.MaxShortTerm) {
			a.MaxShortTermFile = r.File
		}
		highest(&a.SamplePeak, r.SamplePeak)
		if r.PSR != nil && (a.PSR == nil || *r.PSR < *a.PSR) {
			a.PSR = r.PSR
		}
		if r.DR != nil {
			dr, drs = dr+*r.DR, drs+1
		}
	}
	a.Integrated, a.Range = finite(loudness.Integrated(blocks...)), finite(loudness.Range(short...))
	a.RelativeThreshold = finite(loudness.RelativeThreshold(blocks...))
	if a.Integrated != nil && a.TruePeak != nil {
		plr := *a.TruePeak - *a.Integrated
		a.PLR = &plr
	}
	if drs > 0 {
		mean := int(math.Round(float64(dr) / float64(drs)))
		a.DR = &mean
	}
	return a
}

// highest keeps the higher of two values and reports whether that is x.
func highest(max **float64, x *float64) bool {
	if x == nil || *max != nil && **max >= *x {
		return false
	}
	*max = x
	return true
}

// MarshalJSON rounds as [Report.MarshalJSON] does.
func (a AlbumReport) MarshalJSON() ([]byte, error) {
	type plain AlbumReport // without this method
	for _, level := range []**float64{&a.Integrated, &a.Range, &a.MaxMomentary, &a.MaxShortTerm, &a.TruePeak, &a.SamplePeak, &a.PLR, &a.PSR, &a.RelativeThreshold} {
		*level = rounded(*level, 1e3)
	}
	a.Duration = *rounded(&a.Duration, 1e6)
	return encode(plain(a))
}
