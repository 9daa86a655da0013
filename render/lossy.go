package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/render/encode"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// How the level of a lossy file is settled. A coder adds to peaks what nobody can
// know beforehand, and something else each time, so its margin grows with the tries.
const (
	codedTries   = 4   // encodings at most
	codedLower   = 3.0 // dB by which the limiter's ceiling may be lowered for the coder, at most
	codedStep    = 0.1 // dB more than a file was over its ceiling, times the try
	codedGrid    = 0.01
	codingRules  = "1" // of all this; raised when it changes, as it changes files
	decodedShare = 4   // the part of the tolerance that is met with a second encoding, where it is not with the first
)

// Coding is how a lossy file was made.
type Coding struct {
	Encoder   string   `json:"encoder"` // "lame 3.100"
	Decoder   string   `json:"decoder"` // whose samples are measured
	Level     string   `json:"level"`   // "320 kbps", "V0"
	Bitrate   float64  `json:"bitrate_kbps"`
	Delay     int64    `json:"delay_frames"`   // that the file has before the sound; decoders leave them out
	Padding   int64    `json:"padding_frames"` // and behind it
	Audio     string   `json:"coded_sha256"`   // of the coded sound without words
	InputPCM  string   `json:"input_pcm_sha256"`
	Arguments []string `json:"arguments"`
	History   []Coded  `json:"history"` // every encoding, the last of which is the file
}

// Coded is one encoding of an output and what it measured when it was decoded.
type Coded struct {
	Limiter    *float64 `json:"limiter_ceiling_dbtp"` // of the encoder's input; null without limiter
	Gain       float64  `json:"gain_db"`
	Integrated *float64 `json:"integrated_lufs"`
	TruePeak   *float64 `json:"true_peak_dbtp"`
}

// String says in a line how a file was made: "lame 3.100, 320.6 kbps; levels as ffmpeg
// 5.1.9 decodes it".
func (c Coding) String() string {
	text := fmt.Sprintf("%s, %.1f kbps; levels as %s decodes it", c.Encoder, c.Bitrate, c.Decoder)
	if n := len(c.History); n > 1 {
		text += fmt.Sprintf("; encoded %d times, at first with %s, %s", n, number(c.History[0].Integrated, "LUFS"), number(c.History[0].TruePeak, "dBTP"))
	}
	if lower := c.Lowered(); lower > 0 {
		text += fmt.Sprintf("; limiter %.2f dB lower for it", lower)
	}
	return text
}

// Lowered is by how many dB the limiter works lower than for a file without losses.
func (c Coding) Lowered() float64 {
	first, last := c.History[0].Limiter, c.History[len(c.History)-1].Limiter
	if first == nil || last == nil {
		return 0
	}
	return *first - *last
}

// MarshalJSON has null for what a lossy file does not have: a word length, and
// samples of its own.
func (o Output) MarshalJSON() ([]byte, error) {
	type plain Output
	if o.Coding == nil {
		return json.Marshal(plain(o))
	}
	return json.Marshal(struct {
		plain
		BitDepth *int    `json:"bit_depth"`
		PCM      *string `json:"pcm_sha256"`
	}{plain: plain(o)})
}

// sound is the digest of what is heard, without words: of the samples, or of what
// is decoded to them.
func (o Output) sound() string {
	if o.Coding != nil {
		return o.Coding.Audio
	}
	return o.PCM
}

// Kind is what an output is: "wav 24-bit", "mp3 320 kbps".
func (o Output) Kind() string {
	if o.Coding != nil {
		return o.Format + " " + o.Coding.Level
	}
	return wordLength(o.Format, o.BitDepth, o.Encoding == "float")
}

// deliveredKind is the same of a delivery.
func deliveredKind(d *spec.Delivery) string {
	if d.Lossy() {
		return d.Format + " " + d.Level()
	}
	return wordLength(d.Format, d.BitDepth, d.Float)
}

// coder is what makes and what decodes the lossy files of a delivery.
type coder struct {
	tool, decoder encode.Tool
	setting       encode.Setting
}

// coderOf finds a delivery's programs, in a session of a rate (0: not known yet); nil
// where it needs none.
func coderOf(ctx context.Context, d *spec.Delivery, session int) (*coder, error) {
	if !d.Lossy() {
		return nil, nil
	}
	c := &coder{setting: encode.Setting{Format: d.Format, Program: d.Encoder, Bitrate: d.Bitrate, Quality: d.Quality, Rate: deliveredRate(d, session)}}
	var err error
	if c.tool, err = encode.Find(ctx, d.Encoder); err == nil {
		err = c.tool.Has(ctx, d.Format)
	}
	if err == nil {
		if c.decoder, err = encode.Find(ctx, decoderProgram); err == nil {
			return c, nil
		}
	}
	if ctx.Err() != nil {
		return nil, err
	}
	hint := ""
	missing := (*encode.Error)(nil)
	if others := d.OtherEncoders(); len(others) > 0 && errors.As(err, &missing) && missing.Program == d.Encoder {
		hint = ", or write encoder: " + strings.Join(others, " or ")
	}
	return nil, &InputError{Pos: d.Pos, Message: "deliver: " + d.Name, Err: fmt.Errorf("%w%s", err, hint)}
}

// decoderProgram decodes lossy files, whoever encoded them: one that is not the
// encoder, or another part of it.
const decoderProgram = "ffmpeg"

// CheckPrograms finds lossy deliveries whose programs are not there. Each is an
// [InputError] where the project asks for it, and the machine's fault.
func CheckPrograms(ctx context.Context, p *spec.Project) error {
	var faults []error
	for _, song := range songs(p) {
		for i := range song.Deliver {
			if _, err := coderOf(ctx, &song.Deliver[i], song.SampleRate); err != nil {
				faults = append(faults, err)
			}
		}
		if p.Song == nil && len(faults) > 0 { // an album's songs are delivered alike
			break
		}
	}
	return errors.Join(faults...)
}

// programs finds all that jobs need, before the work.
func programs(ctx context.Context, jobs []job) error {
	for _, j := range jobs {
		if _, err := coderOf(ctx, j.delivery, j.song.SampleRate); err != nil {
			return err
		}
	}
	return nil
}

// describeCoding says what a lossy file depends on beside the samples.
func (s *stage) describeCoding(t *cache.Description) {
	if s.coder == nil {
		return
	}
	t.Add("encoder", s.coder.tool.String())
	t.Add("arguments", strings.Join(s.coder.tool.Arguments(s.coder.setting), " "))
	t.Add("decoder", s.coder.decoder.String())
	t.Add("coding", codingRules)
}

// code encodes a stage's finished WAV file, decodes the result, and measures that. A
// file that is not as long as what was encoded is the encoder's fault.
func (m *mastering) code(ctx context.Context, s *stage, wav string, frames int64, rate int) error {
	_, pcm, err := audiofile.Digests(wav)
	if err != nil {
		return err
	}
	in, err := os.Open(wav)
	if err != nil {
		return err
	}
	defer in.Close()
	path := m.soundPath(s, s.delivery.Format)
	os.Remove(path) // of the try before
	c := s.coder
	if err := c.tool.Run(ctx, c.setting, in, path, encode.Limit(float64(frames)/float64(rate))); err != nil {
		return err
	}
	wrong := func(cause error, format string, args ...any) error {
		return &encode.Error{Program: c.tool.Program, Err: cause, Message: fmt.Sprintf("%s: %s %s", s.path, c.tool, fmt.Sprintf(format, args...))}
	}
	said, err := audiofile.ReadCoded(path)
	switch {
	case err != nil:
		return wrong(err, "wrote a file that is no %s: %v", s.delivery.Format, because(err))
	case said.Format != s.delivery.Format || said.Rate != rate:
		return wrong(nil, "wrote %s at %d Hz, where %s at %d Hz was asked for", said.Format, said.Rate, s.delivery.Format, rate)
	case said.Frames != frames:
		return wrong(nil, "wrote a file that says it has %d frames, where %d were encoded", said.Frames, frames)
	}
	s.report, err = measure.File(ctx, path, measure.Options{To: float64(frames) / float64(rate)})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return wrong(err, "wrote a file that %s cannot decode: %v", c.decoder, because(err))
	}
	if got := s.report.Frames; got != frames && !forgiven(said, got) {
		return wrong(nil, "wrote a file that %s decodes to %d frames, where %d were encoded", c.decoder, got, frames)
	}
	if s.report.Channels != 2 || s.report.SampleRate != rate {
		return wrong(nil, "wrote a file that %s decodes to %d channels at %d Hz", c.decoder, s.report.Channels, s.report.SampleRate)
	}
	s.coding = &Coding{
		Encoder: c.tool.String(), Decoder: s.report.Decoder, Level: s.delivery.Level(),
		Bitrate: math.Round(float64(said.Bytes)*8*float64(rate)/float64(frames)/100) / 10,
		Delay:   said.Delay, Padding: said.Padding,
		Audio: cache.Digest(said.Audio).String(), InputPCM: cache.Digest(pcm).String(),
		Arguments: c.tool.Arguments(c.setting),
	}
	s.report.Frames = frames
	s.sound = path
	return os.Remove(wav)
}

// forgiven reports whether ffmpeg gives another number of frames than a file says for
// reasons that are ffmpeg's: before version 7 it gives all of the last AAC packet, of
// which players leave out what the file says is no sound (it is not measured either);
// and where a Vorbis file's sound is all on one page, half a second or less, it is
// wrong by up to half a block about its beginning or end (oggdec is not).
func forgiven(said audiofile.Coded, got int64) bool {
	const packet, block = 1024, 4096
	switch said.Format {
	case "aac":
		return got > said.Frames && got < said.Frames+packet
	case "vorbis":
		return said.Pages == 1 && got > said.Frames-block && got < said.Frames+block
	}
	return false
}

// because is an error without the name of a file in the workspace.
func because(err error) error {
	if e := (*audiofile.Error)(nil); errors.As(err, &e) {
		return errors.New(e.Detail)
	}
	return err
}

// tried notes an encoding; g is what it was made for.
func (s *stage) tried(g goal, level levelled) {
	t := Coded{Gain: round(level.gain), Integrated: rounded(s.report.Integrated), TruePeak: rounded(s.report.TruePeak)}
	if !math.IsInf(g.ceiling, 1) {
		limit := round(g.ceiling)
		t.Limiter = &limit
	}
	s.history = append(s.history, t)
}

// coded says of an output how it was encoded. Its length is that of the sound, not of
// what an older decoder gives.
func (s *stage) coded(out *Output) {
	if s.coding == nil {
		return
	}
	out.Coding = s.coding
	out.Coding.History = s.history
	out.Format, out.PCM = s.delivery.Format, ""
	out.Duration = float64(out.Frames) / float64(out.SampleRate)
}

// tries is how often an output is made at the most.
func (s *stage) tries() int {
	if s.delivery.Lossy() {
		return codedTries
	}
	return levelTries
}

// settled reports whether an output's level is right, by what its file measures. The
// first encoding of a lossy one has to be well inside its tolerance, since the
// outline may have been wrong; later ones have learned from it, and each costs.
func (s *stage) settled(g goal, f figures, decides *levelCap, try int) bool {
	if !s.delivery.Lossy() || len(g.caps) > 0 {
		return g.settled(f, decides)
	}
	near := s.delivery.Tolerance
	if try == 1 {
		near = max(near/decodedShare, solvePrecision)
	}
	return !(math.Abs(f.loudness-g.loudness) > near)
}

// heard is what a file measures, as far as its level goes. Of a lossy one it counts in
// hundredths: decoders work in floating point that need not be the same on every
// machine, and the encoder's input shall not depend on its last bits.
func (s *stage) heard() figures {
	f := figuresOf(s.report)
	if s.delivery.Lossy() {
		for _, x := range []*float64{&f.loudness, &f.shortTerm, &f.plr, &f.psr} {
			*x = math.Round(*x/codedGrid) * codedGrid
		}
	}
	return f
}

// lowered is how far a limiter's ceiling is lowered after a file that was over its own
// by so much. What a coder adds is decoded by floating point that need not be the same
// on every machine, so it counts in hundredths: the encoder's input shall not
// depend on the rest.
func (s *stage) lowered(over float64, try int) float64 {
	if !s.delivery.Lossy() {
		return over + peakMargin
	}
	more := float64(over*float64(try-1)) / 2 // what is limited harder and as loud is denser, and overshoots more
	return math.Ceil((over+float64(more)+float64(codedStep*float64(try)))/codedGrid) * codedGrid
}

// lowest is the lowest that the limiter's ceiling may be.
func (s *stage) lowest() float64 {
	if !s.delivery.Lossy() {
		return math.Inf(-1)
	}
	return s.goal().ceiling - codedLower
}

// withCoder adds to a miss of the limiter what it is asked for by a coder.
func (s *stage) withCoder(m Miss, g goal) Miss {
	if lower := s.goal().ceiling - g.ceiling; lower > 0 && len(s.history) > 0 {
		last := s.history[len(s.history)-1]
		m.Message += fmt.Sprintf("; the limiter works %.2f dB below what the ceiling alone would ask for, as %s adds to the peaks (decoded: %s with the limiter at %.2f dBTP)",
			lower, s.coder.tool, number(last.TruePeak, "dBTP"), *last.Limiter)
		m.Options = append(m.Options, s.moreBits()...)
	}
	return m
}

// moreBits is what helps against a coder's peaks.
func (s *stage) moreBits() []string {
	if best := s.delivery.BestLevel(); best != "" {
		return []string{best + ", or towards it: what is coded more finely has lower peaks"}
	}
	return nil
}

// peaksStay says that a coder's peaks could not be brought below the ceiling.
func (s *stage) peaksStay() *Miss {
	last := s.history[len(s.history)-1]
	var tried []string
	for _, h := range s.history {
		tried = append(tried, fmt.Sprintf("limiter at %.2f: %s", *h.Limiter, number(h.TruePeak, "dBTP")))
	}
	d := s.delivery
	m := Miss{Target: "ceiling", Message: fmt.Sprintf("decoded by %s, the true peak of what %s makes stays over the ceiling of %.2f dBTP (%s); the limiter may go %.0f dB lower for a coder, in %d tries",
		s.coder.decoder, s.coder.tool, *d.Ceiling, strings.Join(tried, ", "), codedLower, codedTries)}
	m.Options = append(m.Options, s.moreBits()...)
	if last.TruePeak != nil && *last.TruePeak <= 0 {
		m.Options = append(m.Options, fmt.Sprintf("ceiling: %.1f dBTP", math.Ceil(*last.TruePeak*10)/10))
	}
	if d.Loudness != nil {
		m.Options = append(m.Options, fmt.Sprintf("loudness: %.1f LUFS or lower, which needs less limiting", *d.Loudness-1))
	}
	return s.missed(m)
}

// copyCoded copies a finished lossy file, adds its words, reads them back, and returns
// the file's digest.
func (s *stage) copyCoded(to, from string, words audiofile.Metadata) (string, error) {
	sum, err := copyInto(to, from, func(w io.Writer, in *os.File, size int64) error { return audiofile.CopyCoded(w, in, size, words) })
	if err != nil {
		return "", err
	}
	said, err := audiofile.ReadCoded(to)
	if err == nil {
		err = words.VerifyCoded(said)
	}
	if err != nil {
		return "", err
	}
	if got := cache.Digest(said.Audio).String(); got != s.output.Coding.Audio || said.Frames != s.output.Frames {
		return "", fmt.Errorf("%s: reads back with another sound (%.12s…, %d frames) than was encoded (%.12s…, %d)", to, got, said.Frames, s.output.Coding.Audio, s.output.Frames)
	}
	return sum, nil
}

// r128Level is the loudness that the gain in an Opus file brings it to (RFC 7845,
// 5.2.1).
const r128Level = -23.0 // LUFS

// playbackGain adds what a player needs to play a file as loud as others, in the way
// of its format.
func playbackGain(format string, tags map[string]string, o Output) {
	if format == "opus" {
		r128(tags, o)
		return
	}
	replayGain(tags, o)
}

// r128 adds what an Opus player needs to play a file as loud as others: in 256ths of
// a dB. ReplayGain's fields have no place there.
func r128(tags map[string]string, o Output) {
	if o.Integrated == nil {
		return
	}
	const most = 1<<15 - 1
	q := math.Round(256 * (r128Level - *o.Integrated))
	tags["r128_track_gain"] = fmt.Sprint(int(max(-most-1, min(q, most))))
	if o.AlbumIntegrated != nil {
		q = math.Round(256 * (r128Level - *o.AlbumIntegrated))
		tags["r128_album_gain"] = fmt.Sprint(int(max(-most-1, min(q, most))))
	}
}
