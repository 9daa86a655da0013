package render_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// TestGoldenSong renders a short song that uses every word of the language and
// holds every output against its digest: on every processor, with any number
// of workers, the same bytes. The digests change only with
// render.EngineVersion, on purpose; LATHE_GOLDEN=update prints the new ones.
func TestGoldenSong(t *testing.T) {
	dir := t.TempDir()
	writeGoldenStems(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(goldenSong), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := render.Build(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, r, "testdata/golden-song.txt")
}

// compareGolden holds a build's outputs against a file of lines "digest path".
func compareGolden(t *testing.T, r *render.Result, file string) {
	t.Helper()
	var got strings.Builder
	for _, o := range r.Files {
		fmt.Fprintf(&got, "%s  %s\n", o.SHA256, o.Path)
	}
	if os.Getenv("LATHE_GOLDEN") == "update" {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("outputs differ from engine %s as it was:\n%swant\n%s", render.EngineVersion, got.String(), want)
	}
}

// writeGoldenStems writes three stems of 2 s, made of integers alone: decaying
// noise in a rhythm, a low sawtooth, and a sparse pulse train at another rate.
func writeGoldenStems(t *testing.T, dir string) {
	t.Helper()
	noise := seed.New(seed.Of("golden stems"))
	write := func(name string, rate int, f func(i int) (l, r int32)) {
		x := [][]int32{make([]int32, 2*rate), make([]int32, 2*rate)}
		for i := range x[0] {
			x[0][i], x[1][i] = f(i)
		}
		out, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		w, err := audiofile.CreateWAV(out, audiofile.Spec{Rate: rate, Channels: 2, Bits: 24, Frames: int64(len(x[0]))})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteInt(x); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("drums.wav", 48000, func(i int) (int32, int32) {
		level := int32(4_000_000) >> ((i % 12000) / 900)
		return int32(noise.Next() * float64(level)), int32(noise.Next() * float64(level))
	})
	write("bass.wav", 48000, func(i int) (int32, int32) {
		saw := int32(i%655)*6000 - 1_965_000
		return saw, saw
	})
	write("lead.wav", 44100, func(i int) (int32, int32) {
		if i%147 < 20 {
			return 2_500_000, 2_400_000
		}
		return -350_000, -340_000
	})
}

const goldenSong = `lathe: 1
song: {title: Golden, artist: Test, tempo: 120 bpm, meter: 4/4}
session: {sample_rate: 48 kHz}
stems:
  drums:
    file: drums.wav
    to: band
    chain:
      - eq:
          bands:
            - {type: highpass, freq: 30 Hz, slope: 24 dB/oct}
            - {type: lowshelf, freq: 120 Hz, gain: 2 dB}
            - {type: bell, freq: 400 Hz, gain: -3 dB, q: 1.4}
            - {type: highshelf, freq: 9 kHz, gain: 1 dB, on: side}
            - {type: notch, freq: 1 kHz, q: 8, on: left}
            - {type: bandpass, freq: 3 kHz, q: 0.1, on: right}
            - {type: tilt, freq: 1 kHz, gain: 1 dB}
            - {type: allpass, freq: 200 Hz}
            - {type: lowpass, freq: 18 kHz, slope: 18 dB/oct, on: mid}
  bass:
    file: bass.wav
    gain: -4 dB
    chain:
      - compressor: {threshold: -20 dB, ratio: 4, attack: 8 ms, release: 120 ms, sidechain: drums}
  lead:
    file: lead.wav
    width: 80%
    tags: [vocal]
    chain:
      - compressor: {id: level, threshold: -24 dB, ratio: 3, detector: rms, lookahead: 2 ms, release: auto}
      - deesser: {freq: 6.5 kHz, threshold: -34 dB}
      - mid_side: {mid: [{saturator: {type: tube, drive: 3 dB}}], side: [{eq: {bands: [{type: highpass, freq: 200 Hz}]}}]}
      - bands: {split: [800 Hz], chains: [[], [{saturator: {type: soft, drive: 4 dB}}]]}
    sends: {plate: -12 dB, echo: {level: -18 dB, pre: true}}
    automation:
      gain: [{at: 0:00, value: 0 dB}, {at: bar 1 beat 3, value: 1.5 dB, curve: linear}]
      pan: [{at: 0:00, value: L20}, {at: 0:01.5, value: R20, curve: s-curve}]
      sends.plate: [{at: 0:00.7, value: -6 dB}]
      level.threshold: [{at: 0:00.2, value: -24 dB}, {at: 0:01.1, value: -12 dB, curve: linear}]
buses:
  band:
    chain:
      - parallel: {mix: 35%, chain: [{compressor: {threshold: -30 dB, ratio: 8, attack: 1 ms, release: 60 ms}}]}
returns:
  plate: {chain: [{reverb: {type: plate, decay: 0.6 s, predelay: 20 ms}}]}
  echo: {chain: [{delay: {time: 1/8., feedback: 35%, highcut: 5 kHz, pingpong: true}}]}
mix:
  chain:
    - compressor: {threshold: -14 dB, ratio: 2, attack: 30 ms, release: auto, knee: 6 dB}
versions:
  instrumental: {mute: [vocal]}
master:
  chain:
    - eq: {phase: linear, bands: [{type: lowshelf, freq: 90 Hz, gain: -0.8 dB}, {type: bell, freq: 3 kHz, gain: 0.6 dB, q: 0.7, on: mid}]}
    - multiband:
        split: [120 Hz, 2.5 kHz]
        bands: [{threshold: -18 dB, ratio: 2}, {threshold: -20 dB, ratio: 1.6}, {threshold: -22 dB, ratio: 1.6}]
    - saturator: {type: tape, drive: 2 dB}
    - imager: {width: 110%, mono_below: 110 Hz}
deliver:
  - streaming
  - cd
  - broadcast
  - mix
  - streaming: {name: club, loudness: -12 LUFS, ceiling: -0.5 dBTP, max_reduction: 20 dB}
`
