package measure

import (
	"bytes"
	"encoding/json"
	"math"

	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// Report is what was measured of one file. A value that does not exist, such
// as the loudness of silence, is nil and null in JSON. Times are seconds from
// the beginning of the file.
type Report struct {
	File       string  `json:"file"`
	Format     string  `json:"format"`    // "wav", "rf64", "bw64", "aiff", "aifc", "flac", or as ffprobe calls it
	Encoding   string  `json:"encoding"`  // "pcm", "float", or as ffprobe calls it
	BitDepth   int     `json:"bit_depth"` // 0, and null in JSON, where samples have no depth of their own (MP3)
	SampleRate int     `json:"sample_rate_hz"`
	Channels   int     `json:"channels"`
	Frames     int64   `json:"frames"`
	Duration   float64 `json:"duration_s"`
	Decoder    string  `json:"decoder,omitempty"` // the program that decoded it, if lathe did not

	// From and To are the part of the file that was measured, where
	// [Options] asked for a part; everything above and the digests are the whole file's.
	From *float64 `json:"from_s,omitempty"`
	To   *float64 `json:"to_s,omitempty"`

	Integrated   *float64 `json:"integrated_lufs"`
	Range        *float64 `json:"loudness_range_lu"`
	RangeSparse  *float64 `json:"loudness_range_1s_lu"` // by one window a second, as libebur128 has it
	MaxMomentary *float64 `json:"max_momentary_lufs"`
	MaxShortTerm *float64 `json:"max_short_term_lufs"`
	TruePeak     *float64 `json:"true_peak_dbtp"`
	SamplePeak   *float64 `json:"sample_peak_dbfs"`
	PLR          *float64 `json:"plr_lu"` // true peak less integrated loudness
	PSR          *float64 `json:"psr_lu"` // the smallest true peak less loudness of any 3 s
	DR           *int     `json:"dr"`
	RMS          *float64 `json:"rms_dbfs"`       // of all channels; a full-scale sine is -3.01
	DCOffset     *float64 `json:"dc_offset"`      // of the channel that has most of it; full scale is 1
	Correlation  *float64 `json:"correlation"`    // of left and right; null for mono
	ClippedRuns  int64    `json:"clipped_runs"`   // stretches of three samples or more at full scale
	HeadSilence  float64  `json:"head_silence_s"` // below -90 dBFS; of a silent file its whole length
	TailSilence  float64  `json:"tail_silence_s"`

	// RelativeThreshold is the gate that integrated loudness was taken above: 10 LU below the
	// loudness of all that passes the gate at -70 LUFS.
	RelativeThreshold *float64 `json:"relative_threshold_lufs"`
	MaxMomentaryAt    *float64 `json:"max_momentary_at_s"`  // where its 400 ms begin
	MaxShortTermAt    *float64 `json:"max_short_term_at_s"` // where its 3 s begin
	TruePeakAt        *float64 `json:"true_peak_at_s"`
	// ChannelWeights is what each channel's energy counts for in loudness: 1, 1.41 for
	// surrounds, 0 for LFE; 2 for a mono file read as dual mono.
	ChannelWeights []float64 `json:"channel_weights"`
	// ChannelPeaks is each channel's sample peak in dBFS, null for a silent one.
	ChannelPeaks     []*float64 `json:"channel_peaks_dbfs"`
	Crest            *float64   `json:"crest_db"`             // sample peak over RMS
	CorrelationMin   *float64   `json:"correlation_min"`      // the lowest of any 3 s
	CorrelationMinAt *float64   `json:"correlation_min_at_s"` // where they begin
	ClippedAt        []float64  `json:"clipped_at_s"`         // where the first clipped runs begin, ten at most
	// NoiseFloor is the RMS that one in twenty blocks of 400 ms stays below, those left
	// out that hold 100 ms of digital silence.
	NoiseFloor *float64 `json:"noise_floor_dbfs"`
	// BitsUsed is how many bits a sample needs, were the last ones that are zero in every
	// sample left away: 16 for 16-bit sound in a file of 24 or in floating point. Null
	// for silence, and for floating point that no 32 bits can hold.
	BitsUsed    *int         `json:"bits_used"`
	OctaveBands []OctaveBand `json:"octave_bands"`
	NonFinite   int64        `json:"non_finite_samples"` // NaN or infinite; measured as 0
	NonFiniteAt *float64     `json:"non_finite_at_s"`    // the first of them

	SHA256    string `json:"sha256"`
	PCMSHA256 string `json:"pcm_sha256"` // empty, and null in JSON, of what is coded with losses: its samples are the decoder's

	Warnings []string `json:"warnings,omitempty"` // what is odd about the file and was put up with

	// Series is the curves of a picture, if [Options] asked for them.
	Series *Series `json:"-"`

	pool *pool // for Album
}

// OctaveBand is the long-term level of one octave, all channels' mean power:
// the bands' powers add up to that of [Report.RMS].
type OctaveBand struct {
	Center float64  `json:"center_hz"`  // nominal: 31.5, 63, ... 16000
	Level  *float64 `json:"level_dbfs"` // a full-scale sine is -3.01; null where there is nothing, or above half the sample rate
}

// MarshalJSON rounds to what means something: a thousandth of a dB, a
// microsecond.
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report // without this method
	r.ClippedAt = append([]float64{}, r.ClippedAt...)
	r.ChannelPeaks = append([]*float64{}, r.ChannelPeaks...)
	r.ChannelWeights = append([]float64{}, r.ChannelWeights...)
	r.OctaveBands = append([]OctaveBand{}, r.OctaveBands...)
	levels := []**float64{&r.Integrated, &r.Range, &r.RangeSparse, &r.MaxMomentary, &r.MaxShortTerm, &r.TruePeak, &r.SamplePeak, &r.PLR, &r.PSR,
		&r.RMS, &r.Correlation, &r.RelativeThreshold, &r.Crest, &r.CorrelationMin, &r.NoiseFloor}
	for i := range r.ChannelPeaks {
		levels = append(levels, &r.ChannelPeaks[i])
	}
	for i := range r.OctaveBands {
		levels = append(levels, &r.OctaveBands[i].Level)
	}
	for _, level := range levels {
		*level = rounded(*level, 1e3)
	}
	r.DCOffset = rounded(r.DCOffset, 1e7)
	for _, at := range []**float64{&r.From, &r.To, &r.MaxMomentaryAt, &r.MaxShortTermAt, &r.TruePeakAt, &r.CorrelationMinAt, &r.NonFiniteAt} {
		*at = rounded(*at, 1e6)
	}
	seconds := []*float64{&r.Duration, &r.HeadSilence, &r.TailSilence}
	for i := range r.ClippedAt {
		seconds = append(seconds, &r.ClippedAt[i])
	}
	for _, s := range seconds {
		*s = *rounded(s, 1e6)
	}
	// What stands here takes the place of the same in plain.
	out := struct {
		File     string `json:"file"`
		Format   string `json:"format"`
		Encoding string `json:"encoding"`
		BitDepth *int   `json:"bit_depth"`
		plain
		PCMSHA256 *string `json:"pcm_sha256"`
	}{File: r.File, Format: r.Format, Encoding: r.Encoding, plain: plain(r)}
	if r.BitDepth > 0 {
		out.BitDepth = &r.BitDepth
	}
	if r.PCMSHA256 != "" {
		out.PCMSHA256 = &r.PCMSHA256
	}
	return encode(out)
}

// encode is json.Marshal, which would write the & of a file's name as \u0026
// whatever the caller's encoder says, without that.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func rounded(x *float64, steps float64) *float64 {
	if x == nil {
		return nil
	}
	y := math.Round(*x*steps)/steps + 0 // + 0: no negative zero
	return &y
}

func describe(path string, i audiofile.Info) Report {
	return Report{
		File: path, Format: i.Format, Encoding: i.Encoding, BitDepth: i.BitDepth, SampleRate: i.Rate,
		Channels: i.Channels, Frames: i.Frames, Duration: i.Duration(), Decoder: i.Decoder, Warnings: i.Warnings,
	}
}

// takeLoudness fills in what the loudness meter has read, which began at frame first of the file.
func (r *Report) takeLoudness(m loudness.Reading, first int64) {
	r.Integrated, r.Range, r.RangeSparse = finite(m.Integrated), finite(m.Range), finite(m.RangeSparse)
	r.MaxMomentary, r.MaxShortTerm = finite(m.MaxMomentary), finite(m.MaxShortTerm)
	r.TruePeak, r.SamplePeak = finite(m.TruePeak.DB), finite(m.SamplePeak.DB)
	r.PLR, r.PSR = finite(m.PLR), finite(m.PSR)
	r.RelativeThreshold = finite(m.RelativeThreshold)
	r.MaxMomentaryAt = r.at(r.MaxMomentary, first+m.MaxMomentaryAt)
	r.MaxShortTermAt = r.at(r.MaxShortTerm, first+m.MaxShortTermAt)
	r.TruePeakAt = r.at(r.TruePeak, first+m.TruePeak.Frame)
}

// takeFigures fills in the statistics, which began at frame first of the file.
func (r *Report) takeFigures(f loudness.Figures, first int64) {
	r.RMS, r.Crest, r.NoiseFloor = finite(f.RMS), finite(f.Crest), finite(f.NoiseFloor)
	r.Correlation, r.CorrelationMin = finite(f.Correlation), finite(f.LowestCorr)
	r.CorrelationMinAt = r.at(r.CorrelationMin, first+f.LowestFrame)
	if !math.IsNaN(f.DR) {
		whole := int(math.Round(f.DR)) // as the meters that made the figure known show it
		r.DR = &whole
	}
	for _, dc := range f.DC {
		if f.Frames > 0 && (r.DCOffset == nil || math.Abs(dc) > math.Abs(*r.DCOffset)) {
			r.DCOffset = &dc
		}
	}
	for _, p := range f.Peaks {
		r.ChannelPeaks = append(r.ChannelPeaks, finite(p))
	}
	if f.BitsUsed > 0 {
		r.BitsUsed = &f.BitsUsed
	}
	r.ClippedRuns = f.ClippedRuns
	for _, run := range f.Clipped[:min(len(f.Clipped), clippedShown)] {
		r.ClippedAt = append(r.ClippedAt, r.seconds(first+run.Frame))
	}
	r.HeadSilence, r.TailSilence = r.seconds(f.Head), r.seconds(f.Tail)
}

// clippedShown is how many clipped runs a report has the times of.
const clippedShown = 10

// at is the time of a frame, where there is something that is there.
func (r *Report) at(something *float64, frame int64) *float64 {
	if something == nil {
		return nil
	}
	s := r.seconds(frame)
	return &s
}

func (r *Report) seconds(frames int64) float64 { return float64(frames) / float64(r.SampleRate) }

// finite is nil for a value that does not exist.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
