package render

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

func TestSheet(t *testing.T) {
	f := func(x float64) *float64 { return &x }
	m := Manifest{Lathe: 1, Engine: "7", Tool: "lathe v1", Outputs: []Output{
		{
			Path: "cd/A|`B.wav", Song: "A", Delivery: "cd", Profile: "CD", SHA256: "aa", PCM: "bb", Format: "wav", Encoding: "pcm", BitDepth: 16,
			SampleRate: 44100, SessionRate: 88200, Channels: 2, Frames: 441000, Duration: 10, Dither: "tpdf", Integrated: f(-11), TruePeak: f(-1.01),
			TruePeakAt: f(2.5), Ceiling: f(-1), TargetLoudness: f(-11), Reduction: 2.34, ReductionAt: 3, DCOffset: f(-0.00000004), Tags: []string{"title"},
			Checks: []Held{{Status: CheckMet, Message: "m"}, {Status: CheckAdvised, Message: "no <b>*stars*</b>"}},
		},
		{Path: "mix/A.wav", Song: "A", Delivery: "mix", Profile: "Mixdown", SHA256: "cc", PCM: "dd", Format: "wav", Encoding: "float", BitDepth: 32, SampleRate: 88200, Channels: 2, Dither: "none"},
	}}
	text, err := m.sheet()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 files by lathe v1, engine 7. Every figure was read back",
		"1 check met, 1 not as advised.",
		"## cd\n", "## mix (Mixdown)\n",
		"| `` cd/A\\|`B.wav `` | wav 16-bit 44.1 kHz (session 88.2 kHz) | 0:10 | -11.00 | -11.0 | – | – | -1.01 at 0:02.5 | -1.0 | – | – | – | -2.3 dB at 0:03 |",
		" 0.0000 % | 0 |", "| tpdf | title | 1 met, 1 advice |", "- advice: no \\<b\\>\\*stars\\*\\</b\\>\n",
		"| Spotify (normal) |", "| -3.0 |",
		"aa  cd/A|`B.wav\ncc  mix/A.wav\n", "bb  cd/A|`B.wav\ndd  mix/A.wav\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the sheet has no %q:\n%s", want, text)
		}
	}
	if strings.Count(string(text), "mix/A.wav") != 4 { // no forecast of a file that is not finished
		t.Errorf("the mix is forecast:\n%s", text)
	}
	sum := sha256.Sum256(text)
	if m.Report != hex.EncodeToString(sum[:]) {
		t.Error("the manifest has another digest of the sheet")
	}
	again, _ := m.sheet()
	if string(again) != string(text) {
		t.Error("the sheet depends on its own digest")
	}
}
