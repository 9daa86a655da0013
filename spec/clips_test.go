package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What is written of a strip arrives in its units, and what is not at its default.
func TestStripIsLoaded(t *testing.T) {
	p := mustLoad(t, song(`
session: {pan_law: -4.5 dB, start: 1:00:00}
stems:
  a:
    file: stems/a.wav
    offset: bwf
    delay: -3 ms
    channel: side
    polarity: left
    mono: true
    pan_law: -6dB
    rotate: -15°
    trim: {start: 1.2 s, end: 3:10.5}
    fade_in: 20 ms
    fade_out: {length: 1:30, shape: exponential}
  b:
    offset: bar 2
    delay: 12 samples
    clips:
      - {file: stems/a.wav, at: bar 1 beat 2, end: 2 s, gain: -2 dB}
      - {file: stems/b.wav, at: 0:04, start: 500 ms, crossfade: 20 ms}
  c: stems/a.wav
buses:
  g: {delay: 1 sample, mono: true}
`))
	s := p.Song
	if s.PanLaw != PanLaw45 || s.Start == nil || *s.Start != (SampleTime{Seconds: 3600}) {
		t.Errorf("session: law %q, start %v", s.PanLaw, s.Start)
	}
	want := []Stem{
		{
			Strip: Strip{Name: "a", Width: 100, To: "mix", InvertSide: "left", Mono: true, Delay: SampleTime{Seconds: -0.003}, PanLaw: PanLaw6, Rotate: -15},
			File:  File{Name: "stems/a.wav"}, FromBWF: true, Channel: "side", Start: 1.2, End: 190.5,
			FadeIn: Fade{0.02, FadeLinear}, FadeOut: Fade{90, FadeExponential},
		},
		{
			Strip:  Strip{Name: "b", Width: 100, To: "mix", Delay: SampleTime{Samples: 12}},
			Offset: 2,
			Clips: []Clip{
				{File: File{Name: "stems/a.wav"}, At: 0.5, End: 2, Gain: -2},
				{File: File{Name: "stems/b.wav"}, At: 4, Start: 0.5, Crossfade: Fade{0.02, FadeEqualPower}},
			},
		},
		{Strip: Strip{Name: "c", Width: 100, To: "mix"}, File: File{Name: "stems/a.wav"}},
	}
	if diff := cmp.Diff(want, s.Stems, cmpopts.IgnoreTypes(Pos{}), cmpopts.IgnoreFields(File{}, "Path"), cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if g := s.Buses[0]; g.Delay != (SampleTime{Samples: 1}) || !g.Mono {
		t.Errorf("bus: %+v", g.Strip)
	}
	for path, want := range map[string]string{
		"stems.a.delay":              "stems.a.delay = -3 ms | lathe.yaml:9\n",
		"stems.b.delay":              "stems.b.delay = 12 samples | lathe.yaml:20\n",
		"stems.c.delay":              "stems.c.delay = 0 ms | default\n",
		"buses.g.delay":              "buses.g.delay = 1 sample | lathe.yaml:26\n",
		"stems.a.fade_in":            "stems.a.fade_in.length = 0.02 s | lathe.yaml:16\nstems.a.fade_in.shape = linear | default\n",
		"stems.b.clips[1].crossfade": "stems.b.clips[1].crossfade.length = 0.02 s | lathe.yaml:23\nstems.b.clips[1].crossfade.shape = equal-power | default\n",
		"stems.b.clips[0].at":        "stems.b.clips[0].at = 0:00.5 | lathe.yaml:22 (bar 1 beat 2 at 120 bpm)\n",
		"session.start":              "session.start = 1:00:00 | lathe.yaml:4\n",
		"session.pan_law":            "session.pan_law = -4.5 dB | lathe.yaml:4\n",
		"stems.c.pan_law":            "stems.c.pan_law = the session's if mono, else balance | default\n",
		"stems.a.offset":             "stems.a.offset = bwf | lathe.yaml:8\n",
	} {
		if diff := cmp.Diff(want, explained(p, path)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
}
