// Package measure measures finished audio files: loudness, peaks, dynamics,
// stereo, format and digests, in one pass.
//
// It reads what any other meter would read, the file itself, and knows nothing
// of how the file was made: a build measures its own outputs with it.
package measure

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// Options changes how files are measured.
type Options struct {
	// DualMono reads a mono file as it sounds from two loudspeakers, 3.01 LU
	// louder than the standard's reading of one channel.
	DualMono bool
}

// Report is what was measured of one file. A value that does not exist, such
// as the loudness of silence, is nil and null in JSON.
type Report struct {
	File       string  `json:"file"`
	Format     string  `json:"format"`   // "wav", "rf64", "bw64", "flac"
	Encoding   string  `json:"encoding"` // "pcm" or "float"
	BitDepth   int     `json:"bit_depth"`
	SampleRate int     `json:"sample_rate_hz"`
	Channels   int     `json:"channels"`
	Frames     int64   `json:"frames"`
	Duration   float64 `json:"duration_s"`

	Integrated   *float64 `json:"integrated_lufs"`
	Range        *float64 `json:"loudness_range_lu"`
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

	SHA256    string `json:"sha256"`
	PCMSHA256 string `json:"pcm_sha256"`

	Warnings []string `json:"warnings,omitempty"` // what is odd about the file and was put up with
}

// MarshalJSON rounds to what means something: a thousandth of a dB, a
// microsecond.
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report // without this method
	for _, level := range []**float64{&r.Integrated, &r.Range, &r.MaxMomentary, &r.MaxShortTerm, &r.TruePeak, &r.SamplePeak, &r.PLR, &r.PSR, &r.RMS, &r.Correlation} {
		*level = rounded(*level, 1e3)
	}
	r.DCOffset = rounded(r.DCOffset, 1e7)
	for _, seconds := range []*float64{&r.Duration, &r.HeadSilence, &r.TailSilence} {
		*seconds = *rounded(seconds, 1e6)
	}
	// Not json.Marshal, which would write the & of a file's name as \u0026
	// whatever the caller's encoder says.
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(plain(r))
	return b.Bytes(), err
}

func rounded(x *float64, steps float64) *float64 {
	if x == nil {
		return nil
	}
	y := math.Round(*x*steps)/steps + 0 // + 0: no negative zero
	return &y
}

// File measures one file. Decoding, digests and statistics run beside the
// loudness meter, so that one long file keeps two cores busy; each of them sees
// every frame in order, so the result is the same on one.
func File(ctx context.Context, path string, opts Options) (Report, error) {
	r, err := audiofile.Open(path)
	if err != nil {
		return Report{}, err
	}
	defer r.Close()
	if err := r.KeepDigests(); err != nil {
		return Report{}, err
	}
	info := r.Info()
	bits := info.BitDepth
	if info.Encoding == "float" {
		bits = 0
	}
	meter := loudness.New(info.Rate, info.Channels, loudness.Options{DualMono: opts.DualMono})
	stats := loudness.NewStatistics(info.Rate, info.Channels, bits)
	if err := stream(ctx, r, stats.Write, meter.Write); err != nil {
		return Report{}, err
	}
	file, pcm, err := r.Digests()
	if err != nil {
		return Report{}, err
	}
	report := describe(path, info)
	report.takeLoudness(meter.Reading())
	report.takeFigures(stats.Figures())
	report.SHA256, report.PCMSHA256 = hex.EncodeToString(file[:]), hex.EncodeToString(pcm[:])
	return report, nil
}

// blockFrames is how many frames are handed on at a time, and blocksAhead how
// many such blocks there are: enough that neither side waits for the other's
// hiccups, little enough to stay in the cache.
const (
	blockFrames = 4096
	blocksAhead = 8
)

// stream reads a file to its end and shows each block first to near, which runs
// with the decoder, and then to far, which runs beside it. Blocks go round in a
// ring: free to the reader, full to far, and back.
func stream(ctx context.Context, r *audiofile.Reader, near, far func([][]float64)) error {
	free, full := make(chan [][]float64, blocksAhead), make(chan [][]float64, blocksAhead)
	for range blocksAhead {
		free <- newBlock(r.Info().Channels, blockFrames)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(full)
		for {
			var b [][]float64
			select {
			case b = <-free:
			case <-ctx.Done():
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			n, err := r.Read(b)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			b = cut(b, n)
			near(b)
			full <- b // never waits: it has room for all blocks there are
		}
	})
	g.Go(func() error {
		for b := range full {
			far(b)
			free <- cut(b, blockFrames)
		}
		return nil
	})
	return g.Wait()
}

func newBlock(channels, frames int) [][]float64 {
	b := make([][]float64, channels)
	for ch := range b {
		b[ch] = make([]float64, frames)
	}
	return b
}

// cut sets the length of a block, in place.
func cut(b [][]float64, frames int) [][]float64 {
	for ch := range b {
		b[ch] = b[ch][:frames]
	}
	return b
}

func describe(path string, i audiofile.Info) Report {
	return Report{
		File: path, Format: i.Format, Encoding: i.Encoding, BitDepth: i.BitDepth, SampleRate: i.Rate,
		Channels: i.Channels, Frames: i.Frames, Duration: i.Duration(), Warnings: i.Warnings,
	}
}

func (r *Report) takeLoudness(m loudness.Reading) {
	r.Integrated, r.Range = finite(m.Integrated), finite(m.Range)
	r.MaxMomentary, r.MaxShortTerm = finite(m.MaxMomentary), finite(m.MaxShortTerm)
	r.TruePeak, r.SamplePeak = finite(m.TruePeak.DB), finite(m.SamplePeak.DB)
	r.PLR, r.PSR = finite(m.PLR), finite(m.PSR)
}

func (r *Report) takeFigures(f loudness.Figures) {
	r.RMS, r.Correlation = finite(f.RMS), finite(f.Correlation)
	if !math.IsNaN(f.DR) {
		whole := int(math.Round(f.DR)) // as the meters that made the figure known show it
		r.DR = &whole
	}
	for _, dc := range f.DC {
		if f.Frames > 0 && (r.DCOffset == nil || math.Abs(dc) > math.Abs(*r.DCOffset)) {
			r.DCOffset = &dc
		}
	}
	r.ClippedRuns = f.ClippedRuns
	r.HeadSilence, r.TailSilence = r.seconds(f.Head), r.seconds(f.Tail)
}

func (r *Report) seconds(frames int64) float64 { return float64(frames) / float64(r.SampleRate) }

// finite is nil for a value that does not exist.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
