package audiofile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// UnknownFrames is the [Info.Frames] of a file that ffmpeg decodes, until it has
// been read to its end: only then is its length known.
const UnknownFrames = math.MaxInt64

// OpenAny is [Open], and where that finds audio that it does not read it hands
// the file to ffmpeg: the first audio stream, at its own rate and channels. What
// is coded without losses comes as the integers it was coded from, everything
// else as ffmpeg decodes it to float.
//
// [Info.Decoder] then names the program, [Info.Format] and [Info.Encoding] are
// as ffprobe calls them ("mp3", "alac"), and [Info.Frames] is [UnknownFrames]
// until the end. Cancelling ctx ends the program. Where there is none the
// [*Error] says what it is needed for.
func OpenAny(ctx context.Context, path string) (*Reader, error) {
	r, err := Open(path)
	var e *Error
	if !errors.As(err, &e) || e.Kind != Unsupported && !e.unknown {
		return r, err
	}
	what, _, _ := strings.Cut(e.Detail, ", which is not supported")
	version, missing := ffmpegVersion()
	if missing != nil {
		if e.unknown {
			return nil, err
		}
		return nil, &Error{Path: path, Kind: Unsupported, Err: missing, Detail: what +
			": needs ffmpeg and ffprobe on PATH to be decoded, and they are not there: install ffmpeg, or convert the file to WAV"}
	}
	info, convert, said := probe(ctx, path)
	if said != "" {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !e.unknown {
			err = &Error{Path: path, Kind: Unsupported, Detail: what + ", which " + version + " cannot read: " + said}
		}
		return nil, err
	}
	info.Decoder = version
	return openFFmpeg(ctx, path, info, convert)
}

// ffmpegVersion is "ffmpeg 5.1.6-0+deb12u1", if both programs are there.
var ffmpegVersion = sync.OnceValues(func() (string, error) {
	if _, err := exec.LookPath("ffprobe"); err != nil {
		return "", err
	}
	out, err := exec.Command("ffmpeg", "-version").Output()
	if err != nil {
		return "", err
	}
	words := strings.Fields(string(out))
	if len(words) < 3 || words[0] != "ffmpeg" {
		return "ffmpeg (version unknown)", nil
	}
	return "ffmpeg " + words[2], nil
})

// input names a file to ffmpeg so that no name is taken for an option or a URL,
// and no file for a reason to fetch another from the network.
func input(path string) []string {
	return []string{"-protocol_whitelist", "file", "-i", "file:" + path}
}

// lossless are the codecs, beside those that begin with pcm_, whose samples are
// what was put in.
var lossless = []string{"alac", "ape", "flac", "mlp", "mp4als", "shorten", "tak", "truehd", "tta", "wavpack", "wmalossless"}

// rawFormat is what the decoded samples shall look like, as ffmpeg calls it.
func rawFormat(codec, sampleFormat string, depth int) (name string, f pcmFormat) {
	whole := slices.Contains(lossless, codec) || strings.HasPrefix(codec, "pcm_") && !slices.Contains([]string{"pcm_alaw", "pcm_mulaw", "pcm_vidc"}, codec)
	sampleFormat = strings.TrimSuffix(sampleFormat, "p") // planar
	switch {
	case whole && sampleFormat == "dbl":
		return "f64le", pcmFormat{float: true, container: 8, valid: 64}
	case whole && sampleFormat == "flt":
		return "f32le", pcmFormat{float: true, container: 4, valid: 32}
	case whole && depth > 0 && depth <= 8:
		return "u8", pcmFormat{container: 1, valid: depth}
	case whole && depth > 0 && depth <= 16:
		return "s16le", pcmFormat{container: 2, valid: depth}
	case whole && depth > 0 && depth <= 24:
		return "s24le", pcmFormat{container: 3, valid: depth}
	case whole && depth > 0 && depth <= 32:
		return "s32le", pcmFormat{container: 4, valid: depth}
	}
	return "f32le", pcmFormat{float: true, container: 4}
}

// piped is how decoded samples come out of ffmpeg.
type piped struct {
	name   string // "s24le"
	format pcmFormat
}

// probe asks ffprobe what is in a file; said is why that did not work.
func probe(ctx context.Context, path string) (info Info, out piped, said string) {
	var stderr bytes.Buffer
	args := append([]string{"-v", "error", "-of", "json", "-select_streams", "a", "-show_entries",
		"stream=codec_name,sample_fmt,sample_rate,channels,channel_layout,bits_per_sample,bits_per_raw_sample:format=format_name"}, input(path)...)
	cmd := exec.CommandContext(ctx, "ffprobe", args...)
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		return info, out, lastLine(stderr.Bytes(), path, err)
	}
	var p struct {
		Streams []struct {
			Codec    string `json:"codec_name"`
			Samples  string `json:"sample_fmt"`
			Rate     string `json:"sample_rate"`
			Channels int
			Layout   string `json:"channel_layout"`
			Bits     int    `json:"bits_per_sample"`
			RawBits  string `json:"bits_per_raw_sample"`
		}
		Format struct {
			Name string `json:"format_name"`
		}
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return info, out, "what ffprobe says of it cannot be read"
	}
	if len(p.Streams) == 0 {
		return info, out, "there is no audio in it"
	}
	s := p.Streams[0]
	rate, _ := strconv.Atoi(s.Rate)
	if s.Channels < 1 || s.Channels > maxChannels || rate < minRate || rate > maxRate {
		return info, out, fmt.Sprintf("it says %d channels at %s Hz", s.Channels, s.Rate)
	}
	depth, _ := strconv.Atoi(s.RawBits)
	if depth == 0 {
		depth = s.Bits
	}
	out.name, out.format = rawFormat(s.Codec, s.Samples, depth)
	out.format.channels, out.format.rate = s.Channels, rate
	info = Info{
		Format: formatName(p.Format.Name, path), Encoding: s.Codec, BitDepth: out.format.valid, ContainerBits: 8 * out.format.container,
		Channels: s.Channels, Rate: rate, Frames: UnknownFrames, ChannelMask: usualMask(s.Channels),
	}
	if info.BitDepth > 0 && (out.format.float || strings.HasPrefix(s.Codec, "pcm_")) {
		info.Encoding = out.format.encoding()
	}
	if mask, ok := ffmpegLayouts[s.Layout]; ok {
		info.ChannelMask = fileMask(mask, s.Channels)
	}
	if n := len(p.Streams); n > 1 {
		info.Warnings = append(info.Warnings, fmt.Sprintf("%d audio streams: the first is read", n))
	}
	return info, out, ""
}

// formatName picks one of the names under which ffprobe knows a family of
// formats: that which the file has too, or the first.
func formatName(names, path string) string {
	all := strings.Split(names, ",")
	for _, n := range all {
		if strings.HasSuffix(strings.ToLower(path), "."+n) {
			return n
		}
	}
	return all[0]
}

// ffmpegLayouts are the layouts that matter to loudness. ffmpeg gives channels
// in the order of the mask's bits, as WAV does.
var ffmpegLayouts = map[string]uint32{
	"mono": 0x4, "stereo": 0x3, "2.1": 0xB, "3.0": 0x7, "3.0(back)": 0x103, "4.0": 0x107, "quad": 0x33, "quad(side)": 0x603, "3.1": 0xF,
	"5.0": 0x37, "5.0(side)": 0x607, "4.1": 0x10F, "5.1": 0x3F, "5.1(side)": 0x60F, "6.0": 0x707, "6.1": 0x70F, "7.0": 0x637, "7.1": 0x63F,
}

// lastLine is the end of what a program complained of, without the file's name.
func lastLine(stderr []byte, path string, err error) string {
	lines := strings.Split(strings.TrimSpace(string(stderr)), "\n")
	text := strings.TrimPrefix(lines[len(lines)-1], "file:"+path+": ")
	if text == "" {
		text = err.Error()
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// ffmpegSource reads what ffmpeg decodes, as it comes.
type ffmpegSource struct {
	interleaved
	r    *Reader
	ctx  context.Context
	path string
	raw  string
	buf  []byte

	cmd    *exec.Cmd // running, or nil
	stop   context.CancelFunc
	pipe   *bufio.Reader
	stderr *firstBytes
	ended  bool
}

func openFFmpeg(ctx context.Context, path string, info Info, out piped) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, osError(path, err)
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, osError(path, err)
	}
	r := &Reader{info: info, name: path, file: f, size: fi.Size()}
	align := out.format.frameBytes()
	s := &ffmpegSource{
		interleaved: interleaved{align: align, convert: converterFor(out.format), rate: info.Rate},
		r:           r, ctx: ctx, path: path, raw: out.name, buf: make([]byte, max(bufBytes/align, 1)*align),
	}
	s.fill = s.readOn
	r.src, r.closer = s, closers{s, f}
	return r, nil
}

type closers []io.Closer

func (c closers) Close() (err error) {
	for _, one := range c {
		err = errors.Join(err, one.Close())
	}
	return err
}

// start runs ffmpeg from the beginning of the file.
func (s *ffmpegSource) start() error {
	ctx, stop := context.WithCancel(s.ctx)
	args := append([]string{"-nostdin", "-v", "error"}, input(s.path)...)
	args = append(args, "-map", "0:a:0", "-c:a", "pcm_"+s.raw, "-f", s.raw, "-")
	s.cmd, s.stop, s.stderr = exec.CommandContext(ctx, "ffmpeg", args...), stop, &firstBytes{}
	s.cmd.Stderr = s.stderr
	pipe, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		stop()
		s.cmd = nil
		return err
	}
	s.pipe = bufio.NewReaderSize(pipe, 256<<10)
	return nil
}

// readOn fills the empty buffer from the pipe.
func (s *ffmpegSource) readOn() error {
	if s.ended {
		return io.EOF
	}
	if s.cmd == nil {
		if err := s.start(); err != nil {
			return err
		}
	}
	n, err := io.ReadFull(s.pipe, s.buf)
	if n -= n % s.align; n > 0 {
		s.have = s.buf[:n]
		if s.r.sums != nil {
			s.r.sums.samples(s.have)
		}
		return nil
	}
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	return s.finish()
}

// finish takes note of how ffmpeg has ended, which it has by itself.
func (s *ffmpegSource) finish() error {
	err := s.cmd.Wait()
	s.stop()
	s.cmd, s.ended = nil, true
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	said := bytes.TrimSpace(s.stderr.b)
	if err != nil {
		return &Error{Kind: Corrupt, Err: err, Detail: s.r.info.Decoder + " cannot decode it: " + lastLine(said, s.path, err)}
	}
	if len(said) > 0 && s.r.info.Frames == UnknownFrames {
		first, _, _ := strings.Cut(string(said), "\n")
		s.r.warn("%s says: %s", s.r.info.Decoder, first)
	}
	s.r.info.Frames = s.pos
	return io.EOF
}

// seek decodes on, or again from the start: exact in any format.
func (s *ffmpegSource) seek(target int64) error {
	if target < s.pos || s.ended {
		s.rewind()
	}
	for s.pos < target {
		if len(s.have) == 0 {
			if err := s.fill(); err != nil {
				if err == io.EOF { // shorter than that: the next read says so
					return nil
				}
				return err
			}
		}
		s.skip(int(min(target-s.pos, int64(len(s.have)/s.align))))
	}
	return nil
}

// rewind begins anew with the next read.
func (s *ffmpegSource) rewind() {
	s.Close()
	s.have, s.pos, s.ended = nil, 0, false
}

func (s *ffmpegSource) drain() error {
	for {
		s.skip(len(s.have) / s.align)
		if err := s.fill(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// begin and offset: the bytes of the file are none of those that are decoded,
// and are hashed on their own.
func (s *ffmpegSource) begin(*digester) (int64, error) {
	s.rewind()
	return 0, nil
}

func (s *ffmpegSource) offset() int64 { return 0 }

// Close ends ffmpeg, wherever it is.
func (s *ffmpegSource) Close() error {
	if s.cmd != nil {
		s.stop()
		s.cmd.Wait()
		s.cmd = nil
	}
	return nil
}

// firstBytes keeps the beginning of what is written to it: a program that
// complains of every frame shall not fill the memory.
type firstBytes struct{ b []byte }

func (f *firstBytes) Write(p []byte) (int, error) {
	f.b = append(f.b, p[:min(len(p), 4096-len(f.b))]...)
	return len(p), nil
}
