package render_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/render/audiofile"
)

// A small song with a choice of values at every place: an edit picks a place and
// another value for it. Values may name other places as ${place}.

// slot is a place of the project with the values it may have; the first is where
// it starts.
type slot struct {
	name   string
	values []string
}

var slots = []slot{
	{"title", []string{"Ebb", "Flow", "Ebb & Flow"}},
	{"artist", []string{"Test", "Test and Others"}},
	{"genre", []string{"", "genre: Ambient, "}},
	{"tempo", []string{"120", "90", "128.5", "120, tempo_map: [{at: bar 1 beat 3, tempo: 140, curve: linear}]"}},
	{"length", []string{"", "length: 1.1 s, ", "length: 4.5 s, "}},
	{"session", []string{"", "session: {sample_rate: 44.1 kHz}", "session: {sample_rate: 48 kHz}", "session: {pan_law: -4.5 dB}", "session: {dynamics: main}"}},

	// The stems' files: what is in them (a seed), and how much.
	{"drums.sound", []string{"1", "2", "3"}},
	{"bass.sound", []string{"4", "5"}},
	{"lead.sound", []string{"6", "7"}},
	{"lead.rate", []string{"44100", "48000"}},
	{"lead.seconds", []string{"0.8", "0.5"}},
	{"pad.sound", []string{"8", "9"}},

	{"drums.gain", []string{"0 dB", "-2 dB", "-6 dB"}},
	{"drums.pan", []string{"C", "L20"}},
	{"drums.to", []string{"band", "mix"}},
	{"drums.order", []string{"${drums.eq}${drums.comp}${drums.sat}", "${drums.sat}${drums.comp}${drums.eq}"}},
	{"drums.eq", []string{"", "eq: {bands: [{type: highpass, freq: 40 Hz}]}, ", "eq: {phase: linear, bands: [{type: bell, freq: 2 kHz, gain: 3 dB}]}, "}},
	{"drums.comp", []string{"compressor: {id: hold, threshold: ${drums.threshold}, bypass: ${drums.bypass}, mix: ${drums.mix}}, "}},
	{"drums.threshold", []string{"-18 dB", "-24 dB", "-30 dB"}},
	{"drums.bypass", []string{"false", "true"}},
	{"drums.mix", []string{"100%", "40%"}},
	{"drums.sat", []string{"", "saturator: {drive: 4 dB, oversample: 2}, "}},
	{"drums.lanes", []string{"", "hold.threshold: [{at: 0:00.2, value: -18 dB}, {at: 0:00.7, value: ${drums.point}, curve: linear}]", "gain: [{at: bar 1 beat 2, value: ${drums.point}}]"}},
	{"drums.point", []string{"-12 dB", "-3 dB"}},

	{"bass.gain", []string{"-4 dB", "-1 dB"}},
	{"bass.polarity", []string{"normal", "invert"}},
	{"bass.key", []string{"", "sidechain: drums, ", "sidechain: lead, "}},
	{"bass.mute", []string{"false", "true"}},

	{"lead.offset", []string{"0 s", "0.25 s", "-0.1 s", "bar 1 beat 2"}},
	{"lead.strip", []string{"", "trim: {start: 0.1 s, end: 0.4 s}, fade_in: 20 ms, ", "channel: mid, pan_law: -6 dB, ", "delay: 12 samples, ", "mono: true, rotate: 20°, "}},
	{"lead.width", []string{"100%", "60%"}},
	{"lead.plate", []string{"-12 dB", "{level: -9 dB, pre: true}"}},
	{"lead.echo", []string{"", ", echo: -15 dB"}},
	{"lead.tags", []string{"[vocal]", "[]"}},
	{"lead.chain", []string{"", "deesser: {threshold: -30 dB}", "parallel: {mix: 30%, chain: [saturator: {drive: 6 dB}]}"}},
	{"lead.lanes", []string{"", "sends.plate: [{at: 0:00.3, value: -20 dB, curve: s-curve}]", "pan: [{at: 0:00, value: L30}, {at: 0:01, value: R30, curve: linear}]"}},
	{"pad", []string{"pad: {file: pad.wav, gain: ${pad.gain}}", "", "pad: {file: pad.wav, gain: ${pad.gain}, to: band}", "pad: {gain: ${pad.gain}, clips: [{file: pad.wav, at: 0, end: ${pad.end}}, {file: bass.wav, at: 0.25, crossfade: 50 ms}]}"}},
	{"pad.end", []string{"0.4 s", "0.35 s"}},
	{"pad.gain", []string{"-6 dB", "-9 dB"}},

	{"band.strip", []string{"", "delay: 2 ms, ", "polarity: left, "}},
	{"band.gain", []string{"0 dB", "-1 dB"}},
	{"band.chain", []string{"", "compressor: {threshold: -20 dB, ratio: 3}", "imager: {width: 70%}"}},
	{"plate.decay", []string{"0.3 s", "0.5 s"}},
	{"plate.gain", []string{"0 dB", "-3 dB"}},
	{"echo.feedback", []string{"20%", "0%"}},
	{"mix.gain", []string{"0 dB", "-2 dB"}},
	{"mix.chain", []string{"", "preset: ./own.yaml"}},
	{"own.threshold", []string{"-10 dB", "-16 dB"}}, // in a preset of the project's own

	{"group", []string{"", "groups: {front: {members: [lead, band], gain: ${group.gain}${group.lanes}}}"}},
	{"group.gain", []string{"-1 dB", "-2.5 dB"}},
	{"group.lanes", []string{"", ", automation: {gain: [{at: 0:00.6, value: 2 dB, curve: s-curve}]}", ", automation: {mute: [{at: bar 1 beat 3, value: true}]}"}},

	{"dub.mute", []string{"[lead]", "[band]", "[drums, bass]", "[drums, bass, lead]"}},
	{"dub.dynamics", []string{"", ", dynamics: main"}},
	{"voice", []string{"", "voice: {solo: [lead]}", "voice: {solo: [lead], dynamics: main}", "voice: {title: A Cappella, solo: [lead]}", "voice: {gain: {lead: 1 dB}}", "voice: {gain: {lead: 2 dB, band: -1 dB}}"}},

	{"master.order", []string{"${master.eq}${master.glue}${master.wide}", "${master.glue}${master.eq}${master.wide}"}},
	{"master.eq", []string{"eq: {phase: linear, bands: [{type: lowshelf, freq: 90 Hz, gain: -1 dB}]}, ", ""}},
	{"master.glue", []string{"compressor: {id: glue, threshold: ${master.threshold}, ratio: 1.5}, "}},
	{"master.threshold", []string{"-12 dB", "-16 dB", "-20 dB"}},
	{"master.wide", []string{"", "imager: {width: 80%}, ", "reverb: {decay: 0.2 s, mix: 5%}, "}},
	{"master.lanes", []string{"", "automation: {glue.makeup: [{at: 0:00.5, value: 1 dB}]}, "}},
	{"master.reference", []string{"reference: ref.wav, ", "", "reference: {files: ref.wav, eq: 100%, phase: linear, dynamics: 50%}, ", "reference: {files: [{file: ref.wav, weight: 2}, other.wav], width: 50%, loudness: on}, "}},
	{"ref.sound", []string{"10", "11"}},
	{"other.sound", []string{"12"}},
	{"master.reduction", []string{"", "max_reduction: 18 dB, "}},

	{"deliver.order", []string{"${streaming}${cd}${float}${club}${prints}", "${prints}${float}${club}${cd}${streaming}"}},
	{"prints", []string{"", "stems, ", "stems: {prints: buses, bit_depth: 24, dither: tpdf}, ", "stems: {prints: [lead]}, ", "stems: {prints: buses, through: mix, versions: '*'}, ", "stems: {prints: [lead, drums], through: master, dynamics: main, versions: [main, dub]}, "}},
	{"streaming", []string{"streaming, ", "streaming: {loudness: -15 LUFS}, ", "streaming: {bit_depth: 16}, ", "streaming: {ceiling: -2 dBTP}, ", "streaming: {name: stream}, "}},
	{"cd", []string{"cd, ", "", "cd: {dither: none}, ", "cd: {dither: shaped}, ", "cd: {resample: minimum}, ", "cd: {metadata: false}, ", "cd: {format: flac}, ", "cd: {format: aifc, metadata: [id3, replaygain]}, "}},
	{"float", []string{"mix, ", "", "mix: {from: master}, ", "mix: {sample_rate: 44.1 kHz}, ", "mix: {sample_rate: 32 kHz, bit_depth: 24, dither: tpdf}, "}},
	{"club", []string{"", "streaming: {name: club, loudness: -11 LUFS, ceiling: -0.5 dBTP, max_reduction: 20 dB}, "}},

	// Only an album has these.
	{"release.title", []string{"Tides", "Tides (Remastered)"}},
	{"songs", []string{"{file: one.yaml}, ${second}", "${second}, {file: one.yaml}", "{file: one.yaml}", "{file: one.yaml}, ${follows}, {mix: drums.wav, title: Last${last}}"}},
	{"second", []string{"{file: two.yaml, title: ${second.title}, trim: ${trim}}", "{mix: bass.wav, title: ${second.title}}"}},
	{"follows", []string{"{file: two.yaml, title: ${second.title}, trim: ${trim}, gap: 0}", "{mix: bass.wav, title: ${second.title}, crossfade: 0.3 s}", "{mix: bass.wav, title: ${second.title}, start: 0.1 s, fade_in: 20 ms}"}},
	{"last", []string{"", ", crossfade: {length: 0.2 s, shape: linear}", ", gap: 0, end: 0.9 s"}},
	{"album.loudness", []string{"", "loudness: album\n", "loudness: {mode: track}\n"}},
	{"album.tone", []string{"", "tone: 0.5 dB\n", "tone: {tilt: 0.2 dB}\n"}},
	{"second.title", []string{"Slack", "Spring"}},
	{"trim", []string{"0 dB", "-1.5 dB"}},
}

// impossible are deliveries that no build can make: the limiter would have to take
// off too much; the sound would clip.
var impossible = []string{"streaming: {name: club, loudness: -4 LUFS, max_reduction: 1 dB}, ", "streaming: {name: club, loudness: 0 LUFS, ceiling: none}, "}

const songTemplate = `lathe: 1
song: {title: ${title}, artist: ${artist}, ${genre}${length}tempo: ${tempo}}
${session}
stems:
  drums: {file: drums.wav, gain: ${drums.gain}, pan: ${drums.pan}, to: ${drums.to}, chain: [${drums.order}], automation: {${drums.lanes}}}
  bass: {file: bass.wav, gain: ${bass.gain}, polarity: ${bass.polarity}, mute: ${bass.mute}, to: band, chain: [compressor: {threshold: -22 dB, ${bass.key}ratio: 4}]}
  lead: {file: lead.wav, offset: ${lead.offset}, ${lead.strip}width: ${lead.width}, tags: ${lead.tags}, chain: [${lead.chain}], sends: {plate: ${lead.plate}${lead.echo}}, automation: {${lead.lanes}}}
  ${pad}
buses:
  band: {${band.strip}gain: ${band.gain}, chain: [${band.chain}]}
returns:
  plate: {gain: ${plate.gain}, chain: [reverb: {decay: ${plate.decay}}]}
  echo: {chain: [delay: {time: 1/16, feedback: ${echo.feedback}}]}
${group}
mix: {gain: ${mix.gain}, chain: [${mix.chain}]}
versions: {dub: {mute: ${dub.mute}${dub.dynamics}}, ${voice}}
`

const (
	masterTemplate  = "master: {${master.reference}${master.lanes}${master.reduction}chain: [${master.order}]}\n"
	deliverTemplate = "deliver: [${deliver.order}]\n"
	albumTemplate   = "lathe: 1\nrelease: {title: '${release.title}', artist: Test}\nsongs: [${songs}]\n${album.loudness}${album.tone}" + masterTemplate + deliverTemplate
	secondSong      = "lathe: 1\nsong: {title: Second}\nstems: {drums: drums.wav, lead: {file: lead.wav, gain: -3 dB}}\n"
	ownPreset       = "doc: the test's own\nchain: [compressor: {threshold: '${own.threshold}', ratio: 2}]\n"
)

// draft is a project being edited: what stands at each place.
type draft struct {
	album   bool
	at      map[string]string
	written map[string]string // what lies on disk
}

func newDraft(album bool) *draft {
	d := &draft{album: album, at: map[string]string{}, written: map[string]string{}}
	for _, s := range slots {
		d.at[s.name] = s.values[0]
	}
	return d
}

// edit puts another value at some place, and says what it did.
func (d *draft) edit(t *rapid.T) string {
	s := slots[rapid.IntRange(0, len(slots)-1).Draw(t, "place")]
	others := slices.DeleteFunc(slices.Clone(s.values), func(v string) bool { return v == d.at[s.name] })
	if len(others) == 0 {
		return "nothing"
	}
	was := d.at[s.name]
	d.at[s.name] = others[rapid.IntRange(0, len(others)-1).Draw(t, "value")]
	return fmt.Sprintf("%s: %q -> %q", s.name, was, d.at[s.name])
}

// text fills a template in.
func (d *draft) text(template string) string {
	for strings.Contains(template, "${") {
		template = os.Expand(template, func(name string) string {
			v, ok := d.at[name]
			if !ok {
				panic("no place " + name)
			}
			return v
		})
	}
	return template
}

// write brings the folder up to date, touching only the files whose content is
// another one, as an editor and a DAW would.
func (d *draft) write(dir string) error {
	files := map[string]string{"own.yaml": d.text(ownPreset)}
	if d.album {
		files["lathe.yaml"], files["one.yaml"], files["two.yaml"] = d.text(albumTemplate), d.text(songTemplate), secondSong
	} else {
		files["lathe.yaml"] = d.text(songTemplate + masterTemplate + deliverTemplate)
	}
	for name, text := range files {
		if d.written[name] == text {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
		d.written[name] = text
	}
	for _, s := range []struct {
		name     string
		rate     string
		seconds  string
		channels int
	}{{"drums", "48000", "1", 2}, {"bass", "48000", "1.4", 1}, {"lead", d.at["lead.rate"], d.at["lead.seconds"], 2}, {"pad", "48000", "0.5", 2}, {"ref", "44100", "10", 2}, {"other", "22050", "10", 1}} {
		want := fmt.Sprint(d.at[s.name+".sound"], s)
		if d.written[s.name] == want {
			continue
		}
		rate, _ := strconv.Atoi(s.rate)
		seconds, _ := strconv.ParseFloat(s.seconds, 64)
		seed, _ := strconv.Atoi(d.at[s.name+".sound"])
		if err := writeSound(filepath.Join(dir, s.name+".wav"), rate, int(seconds*float64(rate)), s.channels, seed); err != nil {
			return err
		}
		d.written[s.name] = want
	}
	return nil
}

// writeSound writes a 24-bit WAV file: a decaying beat of noise over a tone. Like music, and
// unlike white noise, it has nothing just below half its rate: meters take their time there.
func writeSound(path string, rate, frames, channels, seed int) error {
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	x := make([][]int32, channels)
	for c := range x {
		x[c] = make([]int32, frames)
		var a, b float64
		for i := range x[c] {
			beat := math.Exp(-float64(i%(rate/4)) / float64(rate) * 20)
			tone := math.Sin(2 * math.Pi * float64(110*seed) * float64(i) / float64(rate))
			now := 2*random.Float64() - 1
			noise := (a + 2*b + now) / 4
			a, b = b, now
			x[c][i] = int32(1 << 21 * (0.6*beat*noise + 0.4*tone))
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: channels, Bits: 24, Frames: int64(frames)})
	if err != nil {
		return err
	}
	if err := w.WriteInt(x); err != nil {
		return err
	}
	return w.Close()
}
