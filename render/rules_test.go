package render

import (
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/spec"
)

// ruledOutput is the first output of a song that is delivered so, as a build might
// leave it: right in everything that rules ask for, but for what change does.
func ruledOutput(t *testing.T, deliver string, change func(o *Output)) (job, Output) {
	t.Helper()
	j := handedOverSong(t, "{}", deliver)[0]
	f := func(x float64) *float64 { return &x }
	o := Output{
		Path: j.path, Format: "wav", Encoding: "pcm", BitDepth: j.delivery.BitDepth, SampleRate: 44100, Channels: 2, Duration: 200,
		Integrated: f(-14), TruePeak: f(-1.2), TruePeakAt: f(62.53), SamplePeak: f(-1.3), PLR: f(12.8), DCOffset: f(0), Range: f(6),
		Correlation: f(0.7), CorrelationMin: f(0.2),
	}
	if j.delivery.Float {
		o.Encoding, o.BitDepth = "float", 32
	}
	if rate := j.delivery.SampleRate; rate > 0 {
		o.SampleRate = rate
	}
	if len(j.delivery.Metadata) > 0 {
		o.Tags = []string{"artist", "title"}
	}
	if change != nil {
		change(&o)
	}
	return j, o
}

func TestProfileRules(t *testing.T) {
	f := func(x float64) *float64 { return &x }
	for _, c := range []struct {
		deliver      string
		change       func(o *Output)
		fail, advice []string // parts of the messages, in their order
	}{
		{deliver: "streaming"},
		{deliver: "streaming-16"},
		{deliver: "spotify"},
		{deliver: "cd"},
		{deliver: "streaming", change: func(o *Output) { o.Duration, o.TailSilence, o.TruePeak = 20, 12, f(-0.5) }, advice: []string{
			"true peak is -0.5 dBTP at 1:02.53, where at most -1 dBTP is advised (Spotify for Artists, help page Loudness normalization; published)",
			"duration is 20 s, where at least 30 s is advised", "tail silence is 12 s from 0:08, where at most 10 s is advised",
		}},
		// The same is a fault where the profile takes the narrowest of all rules.
		{deliver: "streaming-16", change: func(o *Output) { o.Duration, o.TailSilence = 20, 6; o.Tags = []string{"title"} }, fail: []string{
			"tags in the file is title, where none is asked for (Symphonic and AudioMaze", "duration is 20 s, where at least 30 s is asked for (Sundesire",
			"tail silence is 6 s from 0:14, where at most 5 s is asked for",
		}},
		{deliver: "streaming-16", change: func(o *Output) { o.Path = "streaming-16/Ünd er.wav" }, fail: []string{"file name is Ünd er.wav, where letters A to Z, digits, _ and - is asked for (CD Baby"}},
		// What the project asks for itself is told and fails nothing.
		{deliver: "'streaming-16': {metadata: true, bit_depth: 24}", advice: []string{"bit depth is 24, where 16 is asked for", "tags in the file is artist, title, where none is asked for"}},
		{deliver: "streaming: {bit_depth: 32 float}", advice: []string{"bit depth is 32 float, where 16 or 24 is asked for"}},
		{deliver: "'streaming-16': {rules: advice}", change: func(o *Output) { o.Duration = 3 }, advice: []string{"duration is 3 s"}},
		{deliver: "'streaming-16': {rules: none}", change: func(o *Output) { o.Duration = 3 }},
		{deliver: "streaming: {rules: [{plr: {min: 13 LU}, source: the label}]}", fail: []string{"PLR is 12.8 LU, where at least 13 LU is asked for (the label)"}},
		// Only files louder than that have the other ceiling.
		{deliver: "spotify", change: func(o *Output) { o.Integrated = f(-13.95) }},
		{deliver: "spotify: {loudness: -10 LUFS}", change: func(o *Output) { o.Integrated = f(-10) }, advice: []string{"loudness is -10 LUFS, where -15 LUFS to -13 LUFS is advised", "true peak is -1.2 dBTP at 1:02.53, where at most -2 dBTP is advised"}},
		{deliver: "broadcast", change: func(o *Output) { o.Integrated = f(-22.7) }, fail: []string{"loudness is -22.7 LUFS, where -23.2 LUFS to -22.8 LUFS is asked for (EBU R 128 version 5.0"}},
		{deliver: "broadcast-us", change: func(o *Output) { o.Integrated, o.TruePeak = f(-24), f(-1.5) }, fail: []string{"true peak is -1.5 dBTP"}},
		{deliver: "broadcast-jp", change: func(o *Output) { o.Integrated = f(-24.9) }},
		{deliver: "podcast", change: func(o *Output) { o.Integrated, o.Channels = f(-19), 1 }},
		{deliver: "podcast", change: func(o *Output) { o.Integrated = f(-19) }, advice: []string{"loudness is -19 LUFS, where -17 LUFS to -15 LUFS is advised (Apple Podcasts"}},
		{deliver: "podcast", change: func(o *Output) { o.Integrated, o.Channels = f(-16), 1 }, advice: []string{"where -20 LUFS to -18 LUFS is advised (custom: as loud as -16 LUFS from two loudspeakers; unconfirmed)"}},
		{deliver: "hires", change: func(o *Output) { o.SampleRate = 32000 }, fail: []string{"sample rate is 32 kHz, where 44.1 kHz, 48 kHz, 88.2 kHz or 96 kHz is asked for"}},
		{deliver: "streaming", change: func(o *Output) { o.Integrated = nil }, advice: []string{"loudness cannot be measured, where"}},
	} {
		j, o := ruledOutput(t, c.deliver, c.change)
		checks := profileRules(j, &o)
		if !strings.Contains(c.deliver, "none") && len(checks) == 0 {
			t.Errorf("%s: no rules", c.deliver)
		}
		for status, want := range map[CheckStatus][]string{CheckFailed: c.fail, CheckAdvised: c.advice} {
			got := said(checks, status)
			if len(got) != len(want) {
				t.Errorf("%s: %s:\n%s\nwant %d", c.deliver, status, strings.Join(got, "\n"), len(want))
				continue
			}
			for i := range want {
				if !strings.Contains(got[i], want[i]) {
					t.Errorf("%s: %s:\n%s, want\n%s", c.deliver, status, got[i], want[i])
				}
			}
		}
		if (Failures(checks) != nil) != (c.fail != nil) {
			t.Errorf("%s: failures: %v", c.deliver, Failures(checks))
		}
		for _, check := range profileRules(j, nil) {
			if check.Status != CheckSkipped {
				t.Errorf("%s: %+v of an output that there is not", c.deliver, check)
			}
		}
	}
}

// The same advice for many files is told once.
func TestNotes(t *testing.T) {
	j, o := ruledOutput(t, "streaming", func(o *Output) { o.Duration = 10 })
	quiet, loud := ruledOutput(t, "streaming: {loudness: -9 LUFS}", func(o *Output) { *o.Integrated = -9 })
	if checks := profileRules(quiet, &loud); len(said(checks, CheckAdvised)) != 1 || notes(checks) != nil {
		t.Errorf("what the project has decided itself is told: %+v", notes(checks))
	}
	var checks []Check
	for range 3 {
		checks = append(checks, profileRules(j, &o)...)
	}
	got := notes(checks)
	if len(got) != 1 || got[0].Event != Note || !strings.HasPrefix(got[0].Message, "streaming/S.wav: duration is 10 s,") || !strings.HasSuffix(got[0].Message, "; likewise 2 more of streaming") {
		t.Errorf("%+v", got)
	}
}

// A file that is not lathe's own is held against a profile's targets as well,
// where no rule is about them.
func TestFileRules(t *testing.T) {
	figures := func(v spec.Delivery) []string {
		var out []string
		for _, r := range v.FileRules() {
			out = append(out, r.String())
		}
		return out
	}
	j, _ := ruledOutput(t, "cd: {rules: none, loudness: -12 LUFS, ceiling: -0.5 dBTP}", nil)
	want := []string{"format: wav", "bit depth: 16", "sample rate: 44.1 kHz", "loudness: -12.1 LUFS to -11.9 LUFS", "true peak: at most -0.5 dBTP"}
	if got := figures(*j.delivery); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	j, _ = ruledOutput(t, "streaming", nil)
	for _, r := range figures(*j.delivery) {
		if strings.HasPrefix(r, "loudness") && !strings.HasSuffix(r, "(advice)") {
			t.Errorf("%s: a service turns the level itself", r)
		}
	}
	j, _ = ruledOutput(t, "vinyl: {rules: none}", nil)
	if got := figures(*j.delivery); !slices.Contains(got, "sample peak: at most -2.99 dBFS") {
		t.Errorf("%q", got)
	}
}

func TestDeliveredRate(t *testing.T) {
	for _, c := range []struct{ own, most, session, want int }{
		{0, 0, 192000, 192000}, {0, 96000, 192000, 96000}, {0, 96000, 176400, 88200}, {0, 96000, 96000, 96000}, {0, 96000, 44100, 44100},
		{0, 96000, 384000, 96000}, {0, 96000, 352800, 88200}, {48000, 96000, 192000, 48000}, {0, 96000, 0, 0}, {0, 48000, 176400, 44100},
	} {
		if got := deliveredRate(&spec.Delivery{SampleRate: c.own, MaxSampleRate: c.most}, c.session); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
