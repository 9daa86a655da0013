package render_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lathe-audio/lathe/render"
)

// Silence before and after a song is digital silence of that length at the file's
// rate, and the song between is the same to the last bit, dither and limiter
// included. Times in the manifest are those of the file.
func TestHeadAndTail(t *testing.T) {
	long(t)
	t.Parallel()
	dir, cache := t.TempDir(), t.TempDir()
	writeGoldenStems(t, dir)
	build := func(keys string) map[string]render.Output {
		text := "lathe: 1\nsong: {title: S, length: 0:02}\nsession: {sample_rate: 48 kHz}\nstems: {drums: drums.wav, lead: lead.wav}\ndeliver:\n" +
			"  - mix: {" + keys + "}\n  - mixprint: {" + keys + "}\n  - streaming: {ceiling: -6 dBTP, loudness: none, " + keys + "}\n"
		if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := render.Build(context.Background(), load(t, dir), render.Options{Cache: cache}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "dist/manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		var m render.Manifest
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		out := map[string]render.Output{}
		for _, o := range m.Outputs {
			out[o.Delivery] = o
		}
		return out
	}
	read := func() map[string][2][]float64 {
		sound := map[string][2][]float64{}
		for _, name := range []string{"mix", "mixprint", "streaming"} {
			sound[name] = readWhole(t, filepath.Join(dir, "dist", name, "S.wav"))
		}
		return sound
	}
	plain := build("max_reduction: 12 dB")
	before := read()
	with := build("max_reduction: 12 dB, head: 0.5 s, tail: 1.25 s")
	after := read()
	for name, want := range before {
		rate := with[name].SampleRate
		head, tail := rate/2, rate*5/4
		for ch, x := range after[name] {
			if len(x) != head+len(want[ch])+tail {
				t.Fatalf("%s: %d frames, not %d + %d + %d", name, len(x), head, len(want[ch]), tail)
			}
			end := head + len(want[ch])
			if !slices.Equal(x[head:end], want[ch]) {
				t.Errorf("%s: the song is not the same", name)
			}
			loud := func(v float64) bool { return v != 0 }
			if slices.ContainsFunc(x[:head], loud) || slices.ContainsFunc(x[end:], loud) {
				t.Errorf("%s: the silence is not silent", name)
			}
		}
		if got := *with[name].TruePeakAt - *plain[name].TruePeakAt; got < 0.499999 || got > 0.500001 { // times are kept to the microsecond
			t.Errorf("%s: the true peak has moved by %v s, not 0.5 s", name, got)
		}
		if got := with[name].ReductionAt - plain[name].ReductionAt; name == "streaming" && (plain[name].Reduction == 0 || got < 0.499999 || got > 0.500001) {
			t.Errorf("the limiter's %v dB have moved by %v s, not 0.5 s", plain[name].Reduction, got)
		}
		if (with[name].EndPeak != nil) != (name == "mixprint") {
			t.Errorf("%s: level at the end: %v", name, with[name].EndPeak)
		}
	}
}
