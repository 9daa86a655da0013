package measure

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/spec"
)

// TestCompare: what is asked for is arithmetic on the report and the profile.
func TestCompare(t *testing.T) {
	f := func(x float64) *float64 { return &x }
	profile := spec.Delivery{Format: "wav", SampleRate: 44100, BitDepth: 24, Loudness: f(-14), Tolerance: 0.1, Ceiling: f(-1), Dither: "tpdf"}
	right := Report{Format: "wav", Encoding: "pcm", BitDepth: 24, SampleRate: 44100, Channels: 2, Integrated: f(-14.05), TruePeak: f(-1)}
	type want = Comparison
	for _, tt := range []struct {
		name    string
		change  func(*Report)
		profile func(*spec.Delivery)
		want    Comparison // but for what is the profile's
	}{
		{"meets it", nil, nil, want{Meets: true, Gain: f(0), TruePeak: f(-1), Limiting: f(0), Changes: []string{}}},
		{"RF64 is WAV", func(r *Report) { r.Format = "rf64" }, nil, want{Meets: true, Gain: f(0), TruePeak: f(-1), Limiting: f(0), Changes: []string{}}},
		{"too loud", func(r *Report) { r.Integrated, r.TruePeak = f(-10), f(0.5) }, nil,
			want{Gain: f(-4), TruePeak: f(-3.5), Limiting: f(0), Changes: []string{"turn it down 4.00 dB, to -14 LUFS (± 0.1)"}}},
		{"too quiet, with a peak", func(r *Report) { r.Integrated, r.TruePeak = f(-16), f(-2) }, nil,
			want{Gain: f(2), TruePeak: f(0), Limiting: f(1), Changes: []string{"turn it up 2.00 dB, to -14 LUFS (± 0.1)", "limit it by 1.00 dB: its true peak would be 0.00 dBTP, the ceiling is -1"}}},
		{"over its ceiling", func(r *Report) { r.TruePeak = f(-0.75) }, nil,
			want{Gain: f(0), TruePeak: f(-0.75), Limiting: f(0.25), Changes: []string{"limit it by 0.25 dB: its true peak is -0.75 dBTP, the ceiling -1"}}},
		{"over it by less than can be read", func(r *Report) { r.TruePeak = f(-0.9951) }, nil, want{Meets: true, Gain: f(0), TruePeak: f(-0.9951), Limiting: f(0), Changes: []string{}}},
		{"silence", func(r *Report) { r.Integrated, r.TruePeak = nil, nil }, nil, want{Changes: []string{"it has no loudness that could be brought to -14 LUFS"}}},
		{"no target, no ceiling", func(r *Report) { r.Integrated, r.TruePeak = f(-3), f(2) }, func(d *spec.Delivery) { d.Loudness, d.Ceiling = nil, nil }, want{Meets: true, TruePeak: f(2), Changes: []string{}}},
		{"other format", func(r *Report) { r.Format, r.SampleRate, r.BitDepth, r.Channels = "aiff", 96000, 16, 1 }, nil,
			want{Gain: f(0), TruePeak: f(-1), Limiting: f(0), Changes: []string{"make it stereo: it has 1 channel", "resample it from 96 to 44.1 kHz", "make it anew from a source of 24 bits: it has 16, and more of them are only zeros", "write it as WAV: it is AIFF"}}},
		{"float", func(r *Report) { r.Encoding, r.BitDepth = "float", 32 }, nil, want{Gain: f(0), TruePeak: f(-1), Limiting: f(0), Changes: []string{"reduce it from 32-bit float to 24, with dither"}}},
		{"the session's rate, float", func(r *Report) { r.SampleRate = 96000 }, func(d *spec.Delivery) { d.SampleRate, d.BitDepth, d.Float = 0, 32, true },
			want{Gain: f(0), TruePeak: f(-1), Limiting: f(0), Changes: []string{"write it as 32-bit float: it is 24 bits"}}},
		{"by its peak, at most 48 kHz", func(r *Report) { r.SampleRate, r.SamplePeak = 96000, f(-1.25) }, func(d *spec.Delivery) {
			d.SampleRate, d.MaxSampleRate, d.Loudness, d.Ceiling, d.Peak = 0, 48000, nil, nil, f(-3)
		}, want{Gain: f(-1.75), TruePeak: f(-2.75), Changes: []string{"turn it down 1.75 dB, to a sample peak of -3 dBFS", "resample it from 96 to 48 kHz or less"}}},
		{"lossy", func(r *Report) { r.Format, r.Encoding, r.BitDepth, r.Decoder = "mp3", "mp3", 0, "ffmpeg 5" }, nil,
			want{Gain: f(0), TruePeak: f(-1), Limiting: f(0), Changes: []string{"make it anew from a source that was not coded with losses (mp3)"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, d := right, profile
			if tt.change != nil {
				tt.change(&r)
			}
			if tt.profile != nil {
				tt.profile(&d)
			}
			tt.want.Profile, tt.want.Loudness, tt.want.Ceiling = "streaming", d.Loudness, d.Ceiling
			if diff := cmp.Diff(encoded(t, tt.want), encoded(t, Compare(r, "streaming", d))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	a := CompareAlbum(AlbumReport{Integrated: f(-12), TruePeak: f(0)}, "streaming", profile)
	if a.Meets || *a.Gain != -2 || *a.TruePeak != -2 || len(a.Changes) != 1 {
		t.Errorf("album: %+v", a)
	}
}

// encoded is a comparison as people script against it, rounded.
func encoded(t *testing.T, c Comparison) (out map[string]any) {
	t.Helper()
	b, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
