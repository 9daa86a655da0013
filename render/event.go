package render

import "github.com/lathe-audio/lathe/spec"

// Event is something that happened in a build, for whoever shows it. The JSON
// form is what `lathe build --json` prints.
type Event struct {
	Event string `json:"event"` // see the constants

	Song    string  `json:"song,omitempty"`
	Action  string  `json:"action,omitempty"` // "mix", "deliver streaming/Undertow.wav"
	Key     string  `json:"key,omitempty"`    // digest of everything the action depends on
	Cached  bool    `json:"cached"`
	Seconds float64 `json:"seconds"`

	// Fraction is how much of the song's work is done, 0..1, with Progress.
	Fraction float64 `json:"fraction,omitempty"`

	Output  *Output      `json:"output,omitempty"`  // with OutputDone
	Check   *Check       `json:"check,omitempty"`   // with Checked
	Master  *ChainReport `json:"master,omitempty"`  // with MasterDone
	Match   *Match       `json:"match,omitempty"`   // with SongMatched
	Message string       `json:"message,omitempty"` // with Warning and Note
	Pos     spec.Pos     `json:"-"`                 // with Warning and Note: what it is about
}

// The events of a build.
const (
	ActionStarted = "action_started"
	ActionDone    = "action_done"
	Progress      = "progress" // not printed as JSON
	Warning       = "warning"
	Note          = "note" // advice of a profile that is not followed
	Checked       = "check"
	SongMatched   = "match"
	OutputDone    = "output"
	MasterDone    = "master" // the way of a version through its master
)

// Summary is the last line of `lathe build --json`.
type Summary struct {
	Event    string  `json:"event"`    // "summary"
	Rendered int     `json:"rendered"` // actions that ran
	Cached   int     `json:"cached"`   // actions whose result was there already
	Outputs  int     `json:"outputs"`
	Seconds  float64 `json:"seconds"`
	Failed   int     `json:"failed"`
}

// Output is one finished file: a line of the manifest and of the table at the
// end of a build.
type Output struct {
	Path     string `json:"path"` // below the output folder, with forward slashes
	Song     string `json:"song"`
	Version  string `json:"version"` // "main" or the version's name
	Delivery string `json:"delivery"`
	Profile  string `json:"profile,omitempty"` // the title of the delivery's profile
	Print    string `json:"print,omitempty"`   // which part of the song it is
	Carrier  string `json:"carrier,omitempty"` // of a file of several songs: "cd disc 1", "vinyl side A"
	SHA256   string `json:"sha256"`
	PCM      string `json:"pcm_sha256"`

	Format     string  `json:"format"`
	Encoding   string  `json:"encoding"`
	BitDepth   int     `json:"bit_depth"`
	SampleRate int     `json:"sample_rate_hz"`
	Channels   int     `json:"channels"`
	Frames     int64   `json:"frames"`
	Duration   float64 `json:"duration_s"`
	Dither     string  `json:"dither"`
	Coding     *Coding `json:"coding,omitempty"` // of a lossy file

	SessionRate int      `json:"session_rate_hz,omitempty"` // where the file's is another
	Tags        []string `json:"tags,omitempty"`            // what the file says: fields of text, bext, cover, ixml, all read back from it

	Integrated   *float64 `json:"integrated_lufs"`
	Range        *float64 `json:"loudness_range_lu"`
	MaxMomentary *float64 `json:"max_momentary_lufs"`
	MaxShortTerm *float64 `json:"max_short_term_lufs"`
	TruePeak     *float64 `json:"true_peak_dbtp"`
	SamplePeak   *float64 `json:"sample_peak_dbfs"`

	MaxMomentaryAt   *float64  `json:"max_momentary_at_s"`  // where its 400 ms begin
	MaxShortTermAt   *float64  `json:"max_short_term_at_s"` // where its 3 s begin
	TruePeakAt       *float64  `json:"true_peak_at_s"`
	PLR              *float64  `json:"plr_lu"`
	PSR              *float64  `json:"psr_lu"`
	DR               *int      `json:"dr"`
	Crest            *float64  `json:"crest_db"`
	RMS              *float64  `json:"rms_dbfs"`
	NoiseFloor       *float64  `json:"noise_floor_dbfs"`
	DCOffset         *float64  `json:"dc_offset"` // full scale is 1
	Correlation      *float64  `json:"correlation"`
	CorrelationMin   *float64  `json:"correlation_min"`
	CorrelationMinAt *float64  `json:"correlation_min_at_s"` // where its 3 s begin
	ClippedRuns      int64     `json:"clipped_runs"`
	ClippedAt        []float64 `json:"clipped_at_s,omitempty"` // the first of them
	HeadSilence      float64   `json:"head_silence_s"`
	TailSilence      float64   `json:"tail_silence_s"`
	EndPeak          *float64  `json:"end_peak_dbfs,omitempty"` // of the song's last 2 ms, with `handover`; absent where they are silent

	// All songs of the album in this delivery and version together; absent of a song that
	// is a release by itself, and where not all of them were built.
	AlbumIntegrated *float64 `json:"album_integrated_lufs,omitempty"`
	AlbumTruePeak   *float64 `json:"album_true_peak_dbtp,omitempty"`

	Tone *SongTone `json:"tone,omitempty"` // how the song was brought towards its album's; absent without the album's `tone`

	TargetLoudness *float64 `json:"target_lufs"` // null too where the album has it as a whole
	TargetPeak     *float64 `json:"target_peak_dbfs,omitempty"`
	Ceiling        *float64 `json:"ceiling_dbtp"`
	Gain           float64  `json:"gain_db"`          // applied to the master to reach the target
	Reduction      float64  `json:"max_reduction_db"` // the most the limiter took off
	ReductionAt    float64  `json:"max_reduction_at_s"`
	Clip           *float64 `json:"max_clip_db,omitempty"` // the most the soft clipper before it took off; absent where there is none
	ClipAt         *float64 `json:"max_clip_at_s,omitempty"`
	Bound          *Bound   `json:"bound,omitempty"` // the cap that kept it below its target; absent where none did

	Checks []Held `json:"checks,omitempty"` // what the file was held against when it was delivered
}
