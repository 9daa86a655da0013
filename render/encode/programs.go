package encode

import (
	"maps"
	"regexp"
	"slices"
)

// program is an encoder as data.
type program struct {
	version []string       // arguments that make it say its version
	says    *regexp.Regexp // which is a group of this; a second is that of its library
	library string         // whose name that is
	install string
	codecs  map[string]codec // by format
}

// codec is how a program makes one format.
type codec struct {
	before  []string // arguments about the input
	args    []string // always given
	bitrate []string // more, with {} for kbit/s; nil: not by bitrate
	quality []string // more, with {} for the quality; nil: not by quality
	rate    []string // more, with {} for the sample rate in kHz, which the program may change otherwise
	undo    []string // more, with {} for what the sound is multiplied by, where the program would turn it down
	files   func(out string) []string

	needs   []string // what to run to see whether it can; nil: it can
	shows   string   // what is then said
	library string   // and what is missing otherwise
}

// ffmpegBefore are ffmpeg's arguments about its input: WAV from the pipe and nothing
// from elsewhere.
var ffmpegBefore = []string{"-nostdin", "-y", "-v", "error", "-protocol_whitelist", "pipe", "-f", "wav", "-i", "pipe:0"}

// ffmpegCodec is a format as ffmpeg makes it: one thread, no texts, no versions, dates
// or random serial numbers in the file.
func ffmpegCodec(name, format string, more, bitrate, quality []string) codec {
	args := []string{"-map", "0:a:0", "-map_metadata", "-1", "-threads", "1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-c:a", name}
	return codec{
		before: ffmpegBefore, args: append(args, more...), bitrate: bitrate, quality: quality,
		files: func(out string) []string { return []string{"-f", format, filePrefix + out} },
		needs: []string{"-v", "error", "-h", "encoder=" + name}, shows: "Encoder " + name + " ", library: name,
	}
}

// ffmpegLame is LAME within ffmpeg, which does the same as by itself. What is turned up
// before it may be above full scale, so it stays in floating point.
func ffmpegLame() codec {
	more := []string{"-id3v2_version", "0", "-joint_stereo", "1", "-sample_fmt", "fltp"}
	c := ffmpegCodec("libmp3lame", "mp3", more, []string{"-b:a", "{}k"}, []string{"-q:a", "{}"})
	c.rate, c.undo = []string{"-ar", "{}k"}, []string{"-af", "volume={}:precision=double"}
	return c
}

// turnedDown is what LAME multiplies its input by at a constant bitrate below 256 kbps
// (its table of presets: to leave room for peaks). Levels are settled here, and a
// quieter file is not what was asked for.
var turnedDown = map[int]float64{64: 0.95, 80: 0.95, 96: 0.95, 112: 0.95, 128: 0.95, 160: 0.95, 192: 0.97, 224: 0.98}

// inOut names the pipe and the file, in this order.
func inOut(out string) []string { return []string{"-", out} }

var programs = map[string]program{
	"lame": {
		version: []string{"--version"}, says: regexp.MustCompile(`(?i)^LAME .*version (\S+)`),
		install: "apt install lame, brew install lame, or https://lame.sourceforge.io",
		codecs: map[string]codec{
			// Its own ReplayGain would be of the encoder's input; its sound is untouched by that.
			"mp3": {
				args: []string{"--silent", "--noreplaygain", "-m", "j"}, bitrate: []string{"--cbr", "-b", "{}"}, quality: []string{"-V", "{}"},
				rate: []string{"--resample", "{}"}, undo: []string{"--scale", "{}"}, files: inOut,
			},
		},
	},
	"opusenc": {
		version: []string{"--version"}, says: regexp.MustCompile(`opus-tools (\S+) \(using libopus (\S+?)\)`), library: "libopus",
		install: "apt install opus-tools, brew install opus-tools, or https://opus-codec.org",
		codecs: map[string]codec{
			"opus": {
				args:    []string{"--quiet", "--serial", "1", "--discard-comments", "--discard-pictures", "--padding", "0", "--comp", "10", "--framesize", "20", "--music"},
				bitrate: []string{"--vbr", "--bitrate", "{}"}, files: inOut,
			},
		},
	},
	"oggenc": {
		version: []string{"--version"}, says: regexp.MustCompile(`vorbis-tools (\S+)`),
		install: "apt install vorbis-tools, brew install vorbis-tools, or https://xiph.org/vorbis",
		codecs: map[string]codec{
			"vorbis": {
				args: []string{"--quiet", "--serial", "1", "--discard-comments"}, quality: []string{"-q", "{}"},
				files: func(out string) []string { return []string{"-o", out, "-"} },
			},
		},
	},
	"ffmpeg": {
		version: []string{"-version"}, says: regexp.MustCompile(`^ffmpeg version (\S+)`),
		install: "apt install ffmpeg, brew install ffmpeg, or https://ffmpeg.org",
		codecs: map[string]codec{
			"mp3":    ffmpegLame(),
			"aac":    ffmpegCodec("aac", "ipod", nil, []string{"-b:a", "{}k"}, nil),
			"opus":   ffmpegCodec("libopus", "opus", []string{"-sample_fmt", "flt", "-application", "audio", "-vbr", "on", "-compression_level", "10"}, []string{"-b:a", "{}k"}, nil),
			"vorbis": ffmpegCodec("libvorbis", "ogg", nil, nil, []string{"-q:a", "{}"}),
		},
	},
}

// Programs lists the encoders that lathe can run.
func Programs() []string { return slices.Sorted(maps.Keys(programs)) }

// Takes reports whether a program makes a format by bitrate and by quality.
func Takes(program, format string) (bitrate, quality bool) {
	c := programs[program].codecs[format]
	return c.bitrate != nil, c.quality != nil
}
