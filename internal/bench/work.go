package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// The settings that every tool is given: a high-pass, two bells and a
// compressor on each stem, then gain and pan.
const (
	highpass  = 40.0
	bell1     = 300.0
	bell1Q    = 1.2
	bell1Gain = -2.0
	bell2     = 3000.0
	bell2Q    = 0.9
	bell2Gain = 1.5
	threshold = -24.0
	ratio     = 3.0
	attack    = 10.0  // ms
	release   = 120.0 // ms
	gain      = -8.0  // dB
)

// panOf spreads the stems: -60..60.
func panOf(i, n int) float64 { return float64(120*i)/float64(max(n-1, 1)) - 60 }

// project is the work as a lathe project.
func project(work string, stems []string) string {
	var b strings.Builder
	b.WriteString("lathe: 1\nsong: {title: Bench, artist: Bench}\nstems:\n")
	for i, s := range stems {
		fmt.Fprintf(&b, "  s%02d:\n    file: stems/%s\n    gain: %g dB\n    pan: %g\n    chain:\n", i+1, filepath.Base(s), gain, panOf(i, len(stems)))
		fmt.Fprintf(&b, "      - eq: {bands: [{type: highpass, freq: %g Hz}, {type: bell, freq: %g Hz, q: %g, gain: %g dB}, {type: bell, freq: %g Hz, q: %g, gain: %g dB}]}\n",
			highpass, bell1, bell1Q, bell1Gain, bell2, bell2Q, bell2Gain)
		fmt.Fprintf(&b, "      - compressor: {threshold: %g dB, ratio: %g, attack: %g ms, release: %g ms}\n", threshold, ratio, attack, release)
	}
	if work == "mix" {
		b.WriteString("deliver: [mix]\n")
		return b.String()
	}
	b.WriteString(`master:
  chain:
    - eq: {bands: [{type: lowshelf, freq: 90 Hz, gain: -0.8 dB}, {type: bell, freq: 250 Hz, gain: -0.5 dB, q: 0.8}, {type: bell, freq: 3 kHz, gain: 0.6 dB, q: 0.7}, {type: highshelf, freq: 9 kHz, gain: 0.8 dB}]}
    - multiband: {split: [120 Hz, 2.5 kHz], bands: [{threshold: -18 dB, ratio: 2}, {threshold: -20 dB, ratio: 1.6}, {threshold: -22 dB, ratio: 1.6}]}
    - imager: {width: 110%}
deliver: [streaming, cd, broadcast]
`)
	return b.String()
}

var mixTools = []tool{
	{name: "lathe", command: latheCommand},
	{name: "ffmpeg, one filter graph", needs: []string{"ffmpeg"}, command: func(b *benchmark) string {
		return ffmpegMix(b.stems, "", b.out+"/mix.wav") + "\n"
	}},
	{name: "ffmpeg, tuned, two processes and a sum", needs: []string{"ffmpeg"}, command: func(b *benchmark) string {
		half := len(b.stems) / 2
		tuned := "-filter_complex_threads 1 -threads 1"
		return fmt.Sprintf("%s & p=$!\n%s\nwait $p\n%s\n",
			ffmpegMix(b.stems[:half], tuned, b.out+"/a.wav"), ffmpegMix(b.stems[half:], tuned, b.out+"/b.wav"),
			fmt.Sprintf("ffmpeg -nostdin -loglevel error -y -max_size 65536 -i %s/a.wav -max_size 65536 -i %s/b.wav -filter_complex 'amix=inputs=2:normalize=0' -c:a pcm_f32le %s/mix.wav", b.out, b.out, b.out))
	}},
	{name: "SoX, -m over pipes", needs: []string{"sox"}, command: soxMix},
	{name: "ecasound with LADSPA (Debian's swh-plugins)", needs: []string{"ecasound"}, command: ecasoundMix},
}

var releaseTools = []tool{
	{name: "lathe", command: latheCommand},
	{name: "ffmpeg, one filter graph, loudnorm per master", needs: []string{"ffmpeg"}, command: ffmpegRelease},
}

func latheCommand(b *benchmark) string {
	return fmt.Sprintf("%s build %s --out %s/dist", b.lathe, b.dir, b.out)
}

// ffmpegStem is one stem's filters.
func ffmpegStem(i, n int) string {
	left, right := 1.0, 1.0
	if p := panOf(i, n) / 100; p > 0 {
		left = 1 - p
	} else {
		right = 1 + p
	}
	return fmt.Sprintf("highpass=f=%g:p=2,equalizer=f=%g:t=q:w=%g:g=%g,equalizer=f=%g:t=q:w=%g:g=%g,acompressor=threshold=%gdB:ratio=%g:attack=%g:release=%g,volume=%gdB,pan=stereo|c0=%.3f*c0|c1=%.3f*c1",
		highpass, bell1, bell1Q, bell1Gain, bell2, bell2Q, bell2Gain, threshold, ratio, attack, release, gain, left, right)
}

func ffmpegInputs(stems []string, options string) string {
	var b strings.Builder
	for _, s := range stems {
		if options != "" {
			b.WriteString(" -max_size 65536")
		}
		b.WriteString(" -i " + s)
	}
	return b.String()
}

func ffmpegSum(stems []string) string {
	var graph, sum strings.Builder
	for i := range stems {
		fmt.Fprintf(&graph, "[%d:a]%s[s%d];", i, ffmpegStem(i, len(stems)), i)
		fmt.Fprintf(&sum, "[s%d]", i)
	}
	return fmt.Sprintf("%s%samix=inputs=%d:normalize=0", graph.String(), sum.String(), len(stems))
}

// ffmpegMix mixes stems to a 32-bit float file.
func ffmpegMix(stems []string, options, out string) string {
	return fmt.Sprintf("ffmpeg -nostdin -loglevel error -y %s%s -filter_complex '%s' -c:a pcm_f32le %s", options, ffmpegInputs(stems, options), ffmpegSum(stems), out)
}

// ffmpegRelease mixes, masters and delivers in one command.
func ffmpegRelease(b *benchmark) string {
	master := "equalizer=f=250:t=q:w=0.8:g=-0.5,equalizer=f=3000:t=q:w=0.7:g=0.6,bass=f=90:g=-0.8,treble=f=9000:g=0.8," +
		"acompressor=threshold=-20dB:ratio=1.7:attack=20:release=150,extrastereo=m=1.1"
	return fmt.Sprintf("ffmpeg -nostdin -loglevel error -y%s -filter_complex '%s,%s,asplit=3[a][b][c];"+
		"[a]loudnorm=I=-14:TP=-1:LRA=11,aresample=44100:resampler=swr[a2];[b]loudnorm=I=-14:TP=-1:LRA=11,aresample=44100:dither_method=triangular[b2];[c]loudnorm=I=-23:TP=-1:LRA=11,aresample=48000[c2]' "+
		"-map [a2] -c:a pcm_s24le %s/streaming.wav -map [b2] -c:a pcm_s16le %s/cd.wav -map [c2] -c:a pcm_s24le %s/broadcast.wav",
		ffmpegInputs(b.stems, ""), ffmpegSum(b.stems), master, b.out, b.out, b.out)
}

// soxMix is the mix by SoX: a process for each stem, piped into one that sums.
func soxMix(b *benchmark) string {
	var inputs strings.Builder
	for i, s := range b.stems {
		left, right := 1.0, 1.0
		if p := panOf(i, len(b.stems)) / 100; p > 0 {
			left = 1 - p
		} else {
			right = 1 + p
		}
		knee := threshold
		top := threshold - threshold/ratio
		fmt.Fprintf(&inputs, " -v 1 '|sox %s -p highpass %g equalizer %g %gq %g equalizer %g %gq %g compand %g,%g -90,-90,%g,%g,0,%g gain %g remix 1v%.3f 2v%.3f'",
			s, highpass, bell1, bell1Q, bell1Gain, bell2, bell2Q, bell2Gain, attack/1000, release/1000, knee, knee, top, gain, left, right)
	}
	return fmt.Sprintf("sox -m%s -e floating-point -b 32 %s/mix.wav", inputs.String(), b.out)
}

// ecasoundMix is the mix by ecasound, one chain for each stem. Its equaliser takes
// bandwidths in octaves: those of the bells' Q.
func ecasoundMix(b *benchmark) string {
	var chains strings.Builder
	for i, s := range b.stems {
		fmt.Fprintf(&chains, " -a:%d -i %s -el:highpass_iir,%g,1 -el:singlePara,%g,%g,1.17 -el:singlePara,%g,%g,1.53 -el:sc4,0,%g,%g,%g,%g,3,0 -eadb:%g -epp:%g",
			i+1, s, highpass, bell1Gain, bell1, bell2Gain, bell2, attack, release, threshold, ratio, gain, 50+panOf(i, len(b.stems))/2)
	}
	return fmt.Sprintf("ecasound -q -b:4096%s -a:all -f:f32_le,2,48000 -o %s/mix.wav", chains.String(), b.out)
}
