package render

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/spec"
)

// asserted loads an album of two songs that deliver streaming and mix, with what
// it asserts.
func asserted(t *testing.T, assertions string) (*spec.Project, []job) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"lathe.yaml": "lathe: 1\nrelease: {title: R, artist: A, label: L}\nsongs:\n" +
			"  - {mix: a.wav, title: One, isrc: QZABC2600001}\n  - {mix: a.wav, title: Two, crossfade: 3 s}\n  - {file: three.yaml, gap: 1 s}\n" +
			"deliver: [streaming: {rules: none}, mix: {metadata: false}]\nassert:\n" + assertions,
		"three.yaml": "lathe: 1\nsong: {title: Three, composer: C}\nmix: a.wav\nassert: [{plr: {min: 8 LU}}]\n",
		"a.wav":      "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	p, diags := spec.Load(".", spec.Options{Catalogue: catalogue.Params()})
	if p == nil {
		t.Fatal(diags.Text())
	}
	jobs, err := list(p)
	if err != nil {
		t.Fatal(err)
	}
	return p, jobs
}

// finishedAll are outputs as a build would leave them.
func finishedAll(jobs []job) []staged {
	var files []staged
	f := func(x float64) *float64 { return &x }
	for i, j := range jobs {
		o := Output{
			Path: j.path, Format: "wav", Encoding: "pcm", BitDepth: 24, SampleRate: 44100, Channels: 2, Duration: 200,
			Integrated: f(-14 - float64(i)), TruePeak: f(-1.2), TruePeakAt: f(62.53), SamplePeak: f(-1.3), PLR: f(7.5), DCOffset: f(-0.0002),
			MaxShortTerm: f(-10), MaxShortTermAt: f(30), Reduction: 2, ReductionAt: 3, ClippedRuns: 2, ClippedAt: []float64{61.25}, TailSilence: 1.5,
		}
		if j.delivery.Float {
			o.Encoding, o.BitDepth = "float", 32
		}
		files = append(files, staged{Output: o})
	}
	return files
}

// said are the messages of the checks that came out in one way.
func said(checks []Check, status CheckStatus) []string {
	var out []string
	for _, c := range checks {
		if c.Status == status {
			out = append(out, c.About+": "+c.Message)
		}
	}
	return out
}

func TestContractsFail(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"true_peak: {max: -1.3 dBTP}, song: One, delivery: streaming",
			[]string{"streaming/01 One.wav: true peak is -1.2 dBTP at 1:02.53, where at most -1.3 dBTP is asserted"}},
		{"name: label, short_term: {max: -11 LUFS}, song: One, delivery: streaming",
			[]string{"streaming/01 One.wav: label: highest short-term loudness is -10 LUFS from 0:30, where at most -11 LUFS is asserted"}},
		{"sample_peak: {max: -2 dBFS}, song: One, delivery: streaming",
			[]string{"streaming/01 One.wav: sample peak is -1.3 dBFS, where at most -2 dBFS is asserted"}},
		{"clipped_runs: 0, song: One, delivery: streaming",
			[]string{"streaming/01 One.wav: number of clipped runs is 2 at 1:01.25, where exactly 0 is asserted"}},
		{"dc_offset: {max: 0.01%}, song: One, delivery: streaming",
			[]string{"streaming/01 One.wav: DC offset is 0.02%, where at most 0.01% is asserted"}},
		{"reduction: {max: 1 dB}, song: One, delivery: streaming",
			[]string{"streaming/01 One.wav: limiter's reduction is 2 dB at 0:03, where at most 1 dB is asserted"}},
		{"tail_silence: {max: 1 s}, song: One, delivery: streaming",
			[]string{"streaming/01 One.wav: tail silence is 1.5 s from 3:18.5, where at most 1 s is asserted"}},
		// What cannot be measured keeps no promise, in either direction.
		{"correlation: {min: -1}, song: One, delivery: streaming",
			[]string{"streaming/01 One.wav: correlation cannot be measured, where at least -1 is asserted"}},
		{"bit_depth: [16, 24], song: One",
			[]string{"mix/01 One.wav: bit depth is 32 float, where 16 or 24 is asserted"}},
		{"metadata: [title, label, isrc], song: [One, Two]", []string{
			`mix/01 One.wav: title is missing (the delivery's metadata is off)`,
			`mix/02 Two.wav: title is missing (the delivery's metadata is off)`,
			"streaming/02 Two.wav: ISRC is missing",
			"mix/02 Two.wav: ISRC is missing (the delivery's metadata is off)",
		}},
		{"metadata: {isrc: QZXYZ*, composer: C, track: 3}, song: [One, Three], delivery: streaming", []string{
			`streaming/01 One.wav: ISRC is "QZABC2600001", where "QZXYZ*" is asserted`,
			`streaming/03 Three.wav: ISRC is missing, where "QZXYZ*" is asserted`,
			`streaming/01 One.wav: composer is missing, where "C" is asserted`,
			`streaming/01 One.wav: track is "1", where "3" is asserted`,
		}},
		{"spread: {max: 3 LU}, delivery: streaming", []string{
			`streaming: loudness spread is 4 LU, where at most 3 LU is asserted: from "Three" (-18 LUFS) to "One" (-14 LUFS)`}},
		{"gap: {min: 0 s, max: 2 s}", []string{`song 2: gap before "Two" is -3 s, where 0 s to 2 s is asserted`}},
	} {
		p, jobs := asserted(t, "  - {"+c.text+"}\n")
		checks := contracts(p, jobs, jobs, finishedAll(jobs), nil)
		got := said(checks, CheckFailed)
		got = slices.DeleteFunc(got, func(s string) bool { return strings.Contains(s, "PLR") })
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.text, diff)
		}
	}
}

// A song's own assertions are about its outputs alone; what is met says so.
func TestContractsOfSongs(t *testing.T) {
	p, jobs := asserted(t, "  - {true_peak: {max: -1 dBTP}, severity: warning}\n")
	checks := contracts(p, jobs, jobs, finishedAll(jobs), nil)
	want := []string{
		"streaming/03 Three.wav: PLR is 7.5 LU, where at least 8 LU is asserted",
		"mix/03 Three.wav: PLR is 7.5 LU, where at least 8 LU is asserted",
	}
	if diff := cmp.Diff(want, said(checks, CheckFailed)); diff != "" {
		t.Error(diff)
	}
	met := said(checks, CheckMet)
	for _, want := range []string{
		"streaming/01 One.wav: format is wav 24-bit 44.1 kHz (wav 24-bit)",
		"streaming/01 One.wav: loudness is -14 LUFS (-14 LUFS ±0.1 LU)",
		"streaming/01 One.wav: true peak is -1.2 dBTP at 1:02.53 (at most -1 dBTP)",
		"mix/01 One.wav: format is wav 32-bit float 44.1 kHz (wav 32-bit float)",
	} {
		if !slices.Contains(met, want) {
			t.Errorf("%q is not in\n%s", want, strings.Join(met, "\n"))
		}
	}
	var failed *TargetError
	if err := Failures(checks); !errors.As(err, &failed) || len(failed.Misses) != 2 || failed.Misses[0].Pos != p.Songs[2].Song.Assert[0].Pos {
		t.Errorf("%v", err)
	}
}

// Warnings fail nothing.
func TestContractsWarn(t *testing.T) {
	p, jobs := asserted(t, "  - {true_peak: {max: -3 dBTP}, severity: warning, song: T*}\n")
	checks := slices.DeleteFunc(contracts(p, jobs, jobs, finishedAll(jobs), nil), func(c Check) bool { return c.Rule == "assert/plr" })
	if n := len(said(checks, CheckWarned)); n != 4 || Failures(checks) != nil {
		t.Errorf("%d warnings, %v", n, Failures(checks))
	}
}

// Outputs that miss a target are told, beside the assertions about those that
// are right; the spread of songs of which one is missing is not known.
func TestContractsBesideMisses(t *testing.T) {
	p, jobs := asserted(t, "  - {duration: {max: 10 s}, delivery: streaming}\n  - spread: {max: 30 LU}\n")
	files := finishedAll(jobs)
	miss := Miss{Pos: jobs[0].delivery.Pos, Output: jobs[0].path, Message: "out of reach", Options: []string{"another"}}
	checks := contracts(p, jobs, jobs, files[1:], []Miss{miss})
	failed := said(checks, CheckFailed)
	want := []string{"streaming/01 One.wav: out of reach",
		"streaming/02 Two.wav: duration is 3:20, where at most 10 s is asserted", "streaming/03 Three.wav: duration is 3:20, where at most 10 s is asserted"}
	if diff := cmp.Diff(want, failed[:3]); diff != "" {
		t.Error(diff)
	}
	skipped := said(checks, CheckSkipped)
	want = []string{
		"streaming/01 One.wav: not checked: another target of this output was missed",
		"streaming/01 One.wav: not checked: another target of this output was missed",
		"streaming: loudness spread is not checked: only 2 of its 3 songs were built",
	}
	if diff := cmp.Diff(want, skipped); diff != "" {
		t.Error(diff)
	}
	if e := Failures(checks).(*TargetError); e.Misses[0].Message != miss.Message || !cmp.Equal(e.Misses[0].Options, miss.Options) {
		t.Errorf("%+v", e.Misses[0])
	}
	// The target that a miss names is the one that fails.
	miss.Target = "ceiling"
	for _, c := range contracts(p, jobs, jobs, files[1:], []Miss{miss}) {
		if c.About == miss.Output && (c.Status == CheckFailed) != (c.Rule == "target/ceiling") {
			t.Errorf("%s: %s", c.Rule, c.Status)
		}
	}
}

// Every number that the language lets a project assert is one that outputs have.
func TestFiguresAreMeasured(t *testing.T) {
	var schema struct {
		Defs struct {
			Assertion struct {
				Properties map[string]json.RawMessage
			} `json:"song_assertion"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(spec.Schema(catalogue.Params()), &schema); err != nil {
		t.Fatal(err)
	}
	var o Output
	v := reflect.ValueOf(&o).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer {
			f.Set(reflect.New(f.Type().Elem()))
		}
	}
	others := []string{"name", "severity", "version", "delivery", "format", "sample_rate", "bit_depth", "channels", "metadata"}
	numbers := 0
	for name := range schema.Defs.Assertion.Properties {
		if slices.Contains(others, name) {
			continue
		}
		numbers++
		if v, _, _ := numberFigure(name, o); v == nil {
			t.Errorf("%s is not measured", name)
		}
	}
	if numbers < 20 {
		t.Errorf("%d numbers in the schema", numbers)
	}
}

// CheckPlan finds without rendering what needs no sound.
func TestCheckPlan(t *testing.T) {
	p, _ := asserted(t, "  - {bit_depth: 16, sample_rate: 48 kHz, true_peak: {max: -20 dBTP}, metadata: label, song: One}\n  - gap: {max: 0.5 s}\n")
	checks, err := CheckPlan(p)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"streaming/01 One.wav: bit depth is 24, where 16 is asserted",
		"mix/01 One.wav: bit depth is 32 float, where 16 is asserted",
		"streaming/01 One.wav: sample rate is 44.1 kHz, where 48 kHz is asserted", // that of mix is the session's, not known yet
		`song 3: gap before "Three" is 1 s, where at most 0.5 s is asserted`,
	}
	if diff := cmp.Diff(want, said(checks, CheckFailed)); diff != "" {
		t.Error(diff)
	}
}
