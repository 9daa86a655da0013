package render

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/spec"
)

// handedOverSong loads a song whose mix has that chain, and that is delivered so.
func handedOverSong(t *testing.T, mix, deliver string) []job {
	t.Helper()
	dir := t.TempDir()
	text := "lathe: 1\nsong: {title: S, length: 0:10}\nstems: {a: {file: a.wav, tags: [v]}, k: a.wav}\nversions: {tv: {mute: [v]}}\nmix: " + mix + "\ndeliver: [" + deliver + "]\n"
	for name, text := range map[string]string{"lathe.yaml": text, "a.wav": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	p, diags := spec.Load(".", spec.Options{Catalogue: catalogue.Params()})
	if p == nil || diags.HasErrors() {
		t.Fatal(diags.Text())
	}
	jobs, err := list(p)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

func TestHandoverFigures(t *testing.T) {
	f := func(x float64) *float64 { return &x }
	right := Output{SamplePeak: f(-4.5), TruePeak: f(-4.3), TruePeakAt: f(2.5), Duration: 13, EndPeak: f(-60)}
	for name, c := range map[string]struct {
		change func(o *Output)
		want   string // of the song itself
		tv     string // of the version without the stem a, which may be quieter
	}{
		"right": {func(o *Output) {}, "", ""},
		"loud": {func(o *Output) { o.SamplePeak, o.TruePeak = f(-2.9), f(-2.75) },
			"sample peak is -2.9 dBFS (true peak -2.75 dBTP at 0:02.5), 0.1 dB above the -3 dBFS of a hand-over [mix: {gain: -2.6 dB}]",
			"sample peak is -2.9 dBFS (true peak -2.75 dBTP at 0:02.5), 0.1 dB above the -3 dBFS of a hand-over []"},
		"quiet":   {func(o *Output) { o.SamplePeak = f(-6.5) }, "sample peak is -6.5 dBFS, 0.5 dB below the -6 dBFS of a hand-over [mix: {gain: 1.0 dB}]", ""},
		"bounds":  {func(o *Output) { o.SamplePeak = f(-6) }, "", ""},
		"silent":  {func(o *Output) { o.SamplePeak, o.EndPeak = nil, nil }, "sample peak cannot be measured: the file is silent []", "sample peak cannot be measured: the file is silent []"},
		"clipped": {func(o *Output) { o.ClippedRuns, o.ClippedAt = 3, []float64{4} }, "the file clips 3 times (three samples or more in a row at full scale), the first at 0:04 []", "the file clips 3 times (three samples or more in a row at full scale), the first at 0:04 []"},
		"cut": {func(o *Output) { o.EndPeak = f(-59.9) },
			"the tail is cut: song.length ends the song at 0:10, where it still has -59.9 dBFS [a longer song.length, or none a fade]",
			"the tail is cut: song.length ends the song at 0:10, where it still has -59.9 dBFS [a longer song.length, or none a fade]"},
		"limited": {func(o *Output) { o.Reduction, o.ReductionAt = 1.26, 3 },
			"the delivery's own limiter takes 1.3 dB off at 0:03 [ceiling: none a lower loudness, or none]",
			"the delivery's own limiter takes 1.3 dB off at 0:03 [ceiling: none a lower loudness, or none]"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, severity := range []string{"warn", "strict"} {
				o := right
				c.change(&o)
				jobs := handedOverSong(t, "{gain: -1 dB}", "mixprint: {head: 1 s, tail: 2 s, handover: "+severity+"}")
				status := map[string]CheckStatus{"warn": CheckWarned, "strict": CheckFailed}[severity]
				for i, want := range []string{c.want, c.tv} {
					var got []string
					for _, check := range handover(jobs[i], &o) {
						switch {
						case check.Status == status:
							got = append(got, check.Message+" ["+strings.Join(check.Options, " ")+"]")
						case check.Status != CheckMet:
							t.Errorf("%s is %s", check.Rule, check.Status)
						}
					}
					if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
						t.Errorf("%s, %s (-want +got)\n%s", severity, jobs[i].path, diff)
					}
				}
			}
		})
	}
	o := right
	if got := handover(handedOverSong(t, "{}", "mix")[0], &o); got != nil {
		t.Errorf("checked without handover: %v", got)
	}
}

// What limits is found wherever the whole mix goes through it.
func TestHandoverLimiters(t *testing.T) {
	for mix, want := range map[string][]string{
		"{}": nil,
		"{chain: [{compressor: {ratio: 4, attack: 0.1 ms}}, {compressor: {ratio: 20, attack: 1 ms}}]}": nil,
		"{chain: [{compressor: {ratio: 10, attack: 0.9 ms}}]}":                                         {"compressor: ratio 10:1, attack 0.9 ms"},
		"{chain: [{compressor: {ratio: 10, attack: 0.9 ms, mix: 60%}}]}":                               nil,
		"{chain: [{compressor: {ratio: 10, attack: 0.9 ms, bypass: true}}]}":                           nil,
		"{chain: [{compressor: {ratio: 10, attack: 0.9 ms, sidechain: k}}]}":                           nil,
		"{chain: [{saturator: {type: soft, drive: 12 dB}}]}":                                           nil,
		"{chain: [{saturator: {id: clip, type: hard}}, imager]}":                                       {`saturator "clip": it clips`},
		"{chain: [{parallel: {mix: 30%, chain: [{saturator: {type: hard}}]}}]}":                        nil,
		"{chain: [{mid_side: {mid: [{saturator: {type: hard}}], side: [{compressor: {ratio: 30, attack: 0.5 ms}}]}}]}": {
			"saturator: it clips", "compressor: ratio 30:1, attack 0.5 ms"},
		"{chain: [{multiband: {split: [200 Hz], bands: [{ratio: 2}, {ratio: 12, attack: 0.5 ms}]}}]}":               {"multiband: band 2 has ratio 12:1, attack 0.5 ms"},
		"{chain: [{multiband: {split: [200 Hz], bands: [{ratio: 2}, {ratio: 12, attack: 0.5 ms, bypass: true}]}}]}": nil,
	} {
		jobs := handedOverSong(t, mix, "mixprint, stems: {handover: warn}")
		var got []string
		for _, c := range limiters(jobs[0]) {
			if c.Status == CheckWarned {
				got = append(got, strings.TrimPrefix(strings.Replace(c.Message, ", which a mastering engineer cannot undo", "", 1), "the mix goes through "))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", mix, diff)
		}
		for _, j := range jobs {
			if got := limiters(j); j.print != nil && got != nil {
				t.Errorf("%s: a print is taken before the mix's chain, but %v", mix, got)
			}
		}
	}
}

// An output that missed a target is not held against what was not measured.
func TestHandoverOfAMiss(t *testing.T) {
	jobs := handedOverSong(t, "{chain: [{saturator: {type: hard}}]}", "mixprint: {handover: strict}")
	var got []CheckStatus
	for _, c := range contracts(&spec.Project{Song: jobs[0].song}, jobs[:1], jobs, nil, []Miss{{Output: jobs[0].path, Target: "format", Message: "m"}}) {
		if c.Handover() {
			got = append(got, c.Status)
		}
	}
	if want := []CheckStatus{CheckSkipped, CheckSkipped, CheckSkipped, CheckFailed}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// The end is the same however the song is cut into blocks.
func TestEnding(t *testing.T) {
	const length, window = 1000, 96
	for _, n := range []int{1, 7, 96, 97, 128, 999, 1000} {
		e := ending{left: length, window: window}
		for at := 0; at < length; at += n {
			b := dsp.NewBlock(min(n, length-at))
			for i := range b[0] {
				switch at + i {
				case length - window - 1: // just too early
					b[0][i] = 1
				case length - window:
					b[1][i] = -0.25
				case length - 1:
					b[0][i] = 0.125
				}
			}
			e.hear(b)
		}
		if math.Abs(e.peak-0.25) > 0 {
			t.Errorf("blocks of %d: %v, not 0.25", n, e.peak)
		}
	}
}
