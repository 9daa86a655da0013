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
	long(t)
	t.Parallel()
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
// noise in a rhythm, a low sawtooth, and a sparse pulse train at another rate; and
// a reference of 11 s, which is noise in a slower rhythm, duller than white.
func writeGoldenStems(t *testing.T, dir string) {
	t.Helper()
	noise, seconds := seed.New(seed.Of("golden stems")), 2
	write := func(name string, rate int, f func(i int) (l, r int32)) {
		x := [][]int32{make([]int32, seconds*rate), make([]int32, seconds*rate)}
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
	seconds = 11
	low, wide := int32(0), int32(0)
	write("reference.wav", 44100, func(i int) (int32, int32) {
		level := int32(8_000_000) >> ((i % 30000) / 5000)
		low += (int32(noise.Next()*float64(level)) - low) / 8
		wide += (int32(noise.Next()*float64(level)) - wide) / 4
		return low + wide/4, low - wide/4
	})
}

const goldenSong = `lathe: 1
song: {title: Golden, artist: Test, tempo_map: [{at: bar 1, tempo: 120 bpm, meter: 4/4}, {at: bar 2, tempo: 140 bpm, curve: linear}]}
session: {sample_rate: 48 kHz, pan_law: -4.5 dB}
stems:
  drums:
    file: drums.wav
    to: band
    trim: {start: 0.01 s, end: 1.97 s}
    fade_in: {length: 5 ms, shape: s-curve}
    fade_out: {length: 50 ms, shape: exponential}
    chain:
      - gate: {threshold: -50 dB, hysteresis: 3 dB, attack: 1 ms, hold: 20 ms, release: 60 ms, range: 30 dB}
      - transient: {attack: 2 dB, sustain: -2 dB}
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
            - {type: bell, freq: 150 Hz, gain: 1 dB, threshold: -30 dB, range: -4 dB, attack: 5 ms, release: 80 ms, sidechain: bass}
            - {type: lowpass, freq: 18 kHz, slope: 18 dB/oct, on: mid}
  bass:
    file: bass.wav
    gain: -4 dB
    polarity: left
    delay: 24 samples
    chain:
      - expander: {threshold: -45 dB, ratio: 1.5, attack: 2 ms, release: 80 ms}
      - exciter: {freq: 3 kHz, drive: 6 dB}
  comp:
    channel: mid
    mono: true
    rotate: 10°
    gain: -14 dB
    pan: R40
    clips:
      - {file: lead.wav, at: 0, end: 0.5 s, fade_in: {length: 5 ms, shape: equal-power}}
      - {file: bass.wav, at: 0.4, start: 0.2 s, gain: -2 dB, crossfade: 50 ms}
      - {file: lead.wav, at: 1 s, start: 1 s, crossfade: {length: 30 ms, shape: linear}}
    chain:
      - ducker: {sidechain: drums, threshold: -30 dB, range: 6 dB, attack: 5 ms, hold: 10 ms, release: 100 ms}
      - crusher: {bits: 10, rate: 16 kHz, dither: tpdf}
      - chorus: {rate: 0.8 Hz, depth: 3 ms, mix: 50%}
      - flanger: {rate: 1/2, depth: 2 ms, feedback: 40%}
      - phaser: {rate: 0.5 Hz, feedback: 30%}
      - tremolo: {rate: 5 Hz, depth: 40%}
      - autopan: {rate: 1/4, depth: 50%}
    sends: {hall: -10 dB, tape: -12 dB}
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
      - compressor: {threshold: -20 dB, ratio: 2, attack: 8 ms, release: 120 ms, sidechain: lead}
groups:
  low: {members: [bass, comp], gain: -1 dB, automation: {gain: [{at: 0:01, value: -2 dB, curve: linear}]}}
returns:
  hall: {chain: [{reverb: {type: hall, decay: 0.5 s, bass: 120%, early: -4 dB, diffusion: 70%}}, {reverb: {type: room, decay: 0.3 s, mix: 30%}}, {reverb: {type: chamber, decay: 0.4 s, mix: 20%}}]}
  chapel: {chain: [{convolver: {ir: lead.wav, length: 0.3 s, reverse: true, predelay: 10 ms, lowcut: 200 Hz, highcut: 8 kHz, width: 120%, gain: -6 dB}}]}
  tape: {chain: [{delay: {id: tape, time: 90 ms, saturation: 50%, ducking: 12 dB}}], sends: {chapel: -20 dB}, automation: {tape.time: [{at: 0:01, value: 120 ms}]}}
  plate: {chain: [{reverb: {type: plate, decay: 0.6 s, predelay: 20 ms}}]}
  echo: {chain: [{delay: {time: 1/8., feedback: 35%, highcut: 5 kHz, pingpong: true}}]}
mix:
  chain:
    - compressor: {threshold: -14 dB, ratio: 2, attack: 30 ms, release: auto, knee: 6 dB}
versions:
  instrumental: {mute: [vocal], gain: {low: 1 dB}}
  replay: {mute: [vocal], dynamics: main}
master:
  reference: {files: [{file: reference.wav, weight: 2}], eq: 60%, width: 30%, dynamics: 50%, loudness: on, range: 4 dB, phase: linear, from: 40 Hz, to: 15 kHz}
  chain:
    - eq: {phase: linear, bands: [{type: lowshelf, freq: 90 Hz, gain: -0.8 dB}, {type: bell, freq: 3 kHz, gain: 0.6 dB, q: 0.7, on: mid}]}
    - multiband:
        split: [120 Hz, 2.5 kHz]
        bands: [{threshold: -18 dB, ratio: 2}, {threshold: -20 dB, ratio: 1.6}, {threshold: -22 dB, ratio: 1.6}]
    - saturator: {type: tape, drive: 2 dB}
    - saturator: {type: asymmetric, drive: 1 dB}
    - saturator: {type: hard, drive: 1 dB}
    - imager: {width: 110%, mono_below: 110 Hz}
  limiter: transparent
deliver:
  - streaming: {versions: [main, instrumental]}
  - cd: {versions: [main, instrumental]}
  - broadcast: {versions: [main, instrumental]}
  - mix: {versions: [main, instrumental]}
  - stems: {name: parts, prints: [band, low]}
  - streaming: {name: club, loudness: -12 LUFS, ceiling: -0.5 dBTP, max_reduction: 20 dB, versions: [main, instrumental]}
  - cd: {name: cd-shaped, dither: shaped, versions: [main, instrumental]}
  - cd: {name: cd-minimum, dither: tpdf-hp, resample: minimum, versions: [main, instrumental]}
  - mix: {name: replayed, from: master, versions: replay}
  - stems: {name: through, prints: buses, through: mix, dynamics: main}
  - stems: {name: mastered, prints: [band, low], through: master, versions: [main, re*]}
  - cd: {name: flac, format: flac, versions: [main, instrumental]}
  - streaming: {name: hires, format: flac, sample_rate: 96 kHz, versions: [main, instrumental]}
  - streaming: {name: aiff, format: aiff, metadata: full, versions: [main, instrumental]}
  - mix: {name: aifc, format: aifc, versions: [main, instrumental]}
  - streaming: {name: bwf, bit_depth: 32, metadata: full, versions: [main, instrumental]}
  - streaming: {name: punchy, loudness: -13 LUFS, max_short_term: -12 LUFS, limiter: {style: punchy, release: 500 ms, clip: 1 dB}, versions: [main, instrumental]}
  - streaming: {name: loud, loudness: -6 LUFS, max_reduction: 30 dB, min_plr: 9 LU, min_psr: 6 LU, limiter: {style: loud, lookahead: 2 ms, link: 30%}, versions: [main, instrumental]}
`

// TestGoldenAlbum does the same for an album that uses every word of the sequence: runs
// by a gap of 0 and by a crossfade, with edits and a hidden track, at one gain.
func TestGoldenAlbum(t *testing.T) {
	long(t)
	t.Parallel()
	dir := t.TempDir()
	writeGoldenStems(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(goldenAlbum), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := render.Build(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, r, "testdata/golden-album.txt")
}

// TestGoldenTone does the same for an album whose songs are tilted towards their mean.
func TestGoldenTone(t *testing.T) {
	long(t)
	dir := t.TempDir()
	writeGoldenStems(t, dir)
	for name, text := range map[string]string{"lathe.yaml": goldenTone, "song.yaml": goldenToneSong} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := render.Build(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, r, "testdata/golden-tone.txt")
}

const goldenTone = `lathe: 1
release: {title: Golden, artist: Test}
loudness: album
tone: {tilt: 0.4 dB, except: [5]}
songs:
  - {mix: drums.wav, title: One}
  - {mix: bass.wav, title: Two, gap: 0}
  - {file: song.yaml, crossfade: 0.3 s}
  - {mix: lead.wav, title: Four}
  - {mix: drums.wav, title: Five}
deliver:
  - streaming: {versions: [main]}
  - mix: {from: master, name: float, sample_rate: 44.1 kHz, mono_below: 120 Hz}
`

const goldenToneSong = `lathe: 1
song: {title: Three}
session: {sample_rate: 48 kHz}
stems: {drums: drums.wav, lead: {file: lead.wav, gain: -3 dB}}
versions: {dub: {mute: [lead]}}
master: {chain: [eq: {bands: [{type: highshelf, freq: 4 kHz, gain: 3 dB}]}]}
`

const goldenAlbum = `lathe: 1
release: {title: Golden, artist: Test, upc: "036000291452"}
loudness: album
songs:
  - {mix: bass.wav, title: Hidden, hidden: true, end: 1.5 s, fade_out: {length: 0.5 s, shape: exponential}}
  - {mix: drums.wav, title: One, isrc: QZABC2600001, gap: 1 s}
  - {mix: lead.wav, title: Two, gap: 0, start: 0.2 s, trim: -2 dB}
  - {mix: drums.wav, title: Three, crossfade: {length: 0.4 s, shape: s-curve}, fade_out: 0.3 s}
  - {mix: lead.wav, title: Four, side: B, disc: 2, fade_in: {length: 50 ms, shape: equal-power}}
  - {mix: bass.wav, title: Five, crossfade: 0.25 s}
master: {chain: [{eq: {bands: [{type: highpass, freq: 40 Hz}]}}]}
deliver:
  - streaming
  - cd
  - streaming: {name: plain, loudness: none, ceiling: none, bit_depth: 32 float}
`
