package render_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render"
)

// A preview of a song of clips, trims, fades, delays and turned pictures is, sample
// for sample, what the finished mix has there: its files are entered in the middle.
func TestPreviewOfClips(t *testing.T) {
	long(t)
	dir := t.TempDir()
	steady := func(float64) float64 { return 0.1 }
	writeNoise(t, filepath.Join(dir, "a.wav"), 48000, 6, 1, steady)
	writeNoise(t, filepath.Join(dir, "b.wav"), 44100, 6, 2, steady)
	const text = `lathe: 1
song: {title: Song}
session: {sample_rate: 48 kHz, pan_law: -6 dB}
stems:
  comp:
    gain: GAIN
    clips:
      - {file: a.wav, at: 0}
      - {file: b.wav, at: 2.5 s, start: 1 s, end: 4 s, crossfade: 200 ms}
      - {file: a.wav, at: 5.2 s, start: 3 s, crossfade: {length: 100 ms, shape: s-curve}}
      - {file: b.wav, at: 9 s, gain: 6 dB}
  part: {file: b.wav, offset: 1 s, trim: {start: 0.5 s, end: 5.5 s}, fade_in: 2 s, fade_out: {length: 2 s, shape: exponential}, channel: mid, pan: L30}
  room: {file: a.wav, delay: -12 samples, rotate: 20°, to: late}
buses:
  late: {delay: 5 ms}
deliver: [mix]
`
	write := func(gain string) {
		if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(strings.Replace(text, "GAIN", gain, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("0 dB")
	r, err := render.Build(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write("-1 dB")
	var v render.Previewer
	for _, seconds := range []float64{1.3, 3} {
		p, err := v.Render(context.Background(), load(t, dir), render.Options{}, seconds)
		if err != nil || p == nil {
			t.Fatal(p, err)
		}
		if p.Why != render.WhyStrips || p.From < 9-0.2 { // where the comp is loudest
			t.Errorf("%s at %g", p.Why, p.From)
		}
		_, got := samples(t, p.File)
		if r, err = render.Build(context.Background(), load(t, dir), render.Options{Out: t.TempDir(), Cache: t.TempDir()}); err != nil {
			t.Fatal(err)
		}
		rate, whole := samples(t, filepath.Join(r.Dir, r.Files[0].Path))
		at := int(p.From*float64(rate) + 0.5)
		for ch := range got {
			for i, x := range got[ch] {
				if x != whole[ch][at+i] {
					t.Fatalf("%g s from %g on: frame %d is %g, want %g", seconds, p.From, i, x, whole[ch][at+i])
				}
			}
		}
	}
}
