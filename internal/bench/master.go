package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The work of -work master: one mix through a four-band equaliser, a three-band
// compressor and a widener, brought to -14 LUFS below -1 dBTP at 44.1 kHz/24-bit. Every
// tool writes master.wav; what they wrote is measured afterwards by one meter.

// masterProject is the work as a lathe project; the mix is linked beside it.
const masterProject = `lathe: 1
song: {title: master, artist: Bench}
mix: mix.wav
master:
  chain:
    - eq: {bands: [{type: lowshelf, freq: 90 Hz, gain: -0.8 dB}, {type: bell, freq: 250 Hz, gain: -0.5 dB, q: 0.8}, {type: bell, freq: 3 kHz, gain: 0.6 dB, q: 0.7}, {type: highshelf, freq: 9 kHz, gain: 0.8 dB}]}
    - multiband: {split: [120 Hz, 2.5 kHz], bands: [{threshold: -18 dB, ratio: 2}, {threshold: -20 dB, ratio: 1.6}, {threshold: -22 dB, ratio: 1.6}]}
    - imager: {width: 110%}
deliver: [{streaming: {max_reduction: 20 dB}}]
`

// ffmpegMaster is the chain before the level, as an ffmpeg filter graph from [0:a].
const ffmpegMaster = "[0:a]bass=f=90:g=-0.8,equalizer=f=250:t=q:w=0.8:g=-0.5,equalizer=f=3000:t=q:w=0.7:g=0.6,treble=f=9000:g=0.8," +
	"acrossover=split=120 2500:order=4th[l][m][h];[l]acompressor=threshold=-18dB:ratio=2[l2];[m]acompressor=threshold=-20dB:ratio=1.6[m2];" +
	"[h]acompressor=threshold=-22dB:ratio=1.6[h2];[l2][m2][h2]amix=inputs=3:normalize=0,extrastereo=m=1.1"

var masterTools = []tool{
	{name: "lathe", command: func(b *benchmark) string {
		return fmt.Sprintf("%s build %s --out %s/dist && cp %[3]s/dist/streaming/master.wav %[3]s/master.wav", b.lathe, b.dir, b.out)
	}},
	{name: "ffmpeg, ebur128, volume, alimiter at 192 kHz", needs: []string{"ffmpeg"}, command: func(b *benchmark) string {
		return fmt.Sprintf(`i=$(ffmpeg -nostdin -nostats -i mix.wav -filter_complex '%[1]s,ebur128' -f null - 2>&1 | grep 'I:' | tail -1 | sed 's/.*I: *//;s/ LUFS.*//')
g=$(awk "BEGIN { print -14 - ($i) }")
ffmpeg -nostdin -loglevel error -y -i mix.wav -filter_complex "%[1]s,volume=${g}dB,aresample=192000,alimiter=limit=-1dB:level=disabled,aresample=44100" -c:a pcm_s24le %[2]s/master.wav`,
			ffmpegMaster, b.out)
	}},
	{name: "ffmpeg, loudnorm in two passes", needs: []string{"ffmpeg"}, command: func(b *benchmark) string {
		return ffmpegLoudnorm(b, "", "")
	}},
	{name: "ffmpeg, loudnorm forced linear, alimiter", needs: []string{"ffmpeg"}, command: func(b *benchmark) string {
		return ffmpegLoudnorm(b, ":TP=0:LRA=50:linear=true", ",alimiter=limit=-1dB:level=disabled")
	}},
}

// ffmpegLoudnorm measures with loudnorm, and levels with what it measured.
func ffmpegLoudnorm(b *benchmark, more, after string) string {
	if more == "" {
		more = ":TP=-1:LRA=11"
	}
	return fmt.Sprintf(`m=$(ffmpeg -nostdin -nostats -i mix.wav -filter_complex '%[1]s,loudnorm=I=-14%[3]s:print_format=json' -f null - 2>&1 | tail -13)
v() { echo "$m" | grep "\"$1\"" | sed 's/.*: "//;s/".*//'; }
ffmpeg -nostdin -loglevel error -y -i mix.wav -filter_complex "%[1]s,loudnorm=I=-14%[3]s:measured_I=$(v input_i):measured_TP=$(v input_tp):measured_LRA=$(v input_lra):measured_thresh=$(v input_thresh):offset=$(v target_offset)%[4]s,aresample=44100" -c:a pcm_s24le %[2]s/master.wav`,
		ffmpegMaster, b.out, more, after)
}

// prepareMaster makes the mix, or takes a file that is given, and the project.
func (b *benchmark) prepareMaster(file string, minutes float64) (what string, err error) {
	if what, err = b.prepareFile(file, minutes); err != nil {
		return "", err
	}
	mix := filepath.Join(b.dir, "mix.wav")
	if err := os.RemoveAll(mix); err != nil {
		return "", err
	}
	if err := os.Link(b.stems[0], mix); err != nil {
		return "", err
	}
	return "master" + what[len("measure"):], os.WriteFile(filepath.Join(b.dir, "lathe.yaml"), []byte(masterProject), 0o644)
}

// measureMasters prints what the tools' masters measure.
func measureMasters(b *benchmark, tools []tool) error {
	fmt.Printf("\n%-46s %10s %10s\n", "asked for: -14.00 LUFS, at most -1.00 dBTP", "LUFS", "dBTP")
	for i, t := range tools {
		out, err := exec.Command(b.lathe, "measure", "--json", filepath.Join(b.dir, fmt.Sprintf("out%d", i), "master.wav")).Output()
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		var r []struct {
			Integrated float64 `json:"integrated_lufs"`
			TruePeak   float64 `json:"true_peak_dbtp"`
		}
		if err := json.NewDecoder(bytes.NewReader(out)).Decode(&r); err != nil {
			return err
		}
		fmt.Printf("%-46s %10.2f %10.2f\n", t.name, r[0].Integrated, r[0].TruePeak)
	}
	return nil
}
