package audiofile

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// Spec is the format of a file to be written.
type Spec struct {
	Format   string // one of [Formats]; "" is "wav"
	Rate     int
	Channels int  // 1 to 8, in WAV's order of loudspeakers; FLAC: 1 or 2
	Bits     int  // 16, 24 or 32; FLAC: 16 or 24
	Float    bool // 32-bit float: WAV and AIFF-C
	// Frames is how many frames will be written, 0 if that is not known. It
	// matters above 4 GiB: such a WAV file is RF64 from its first byte on, and
	// one that was not announced cannot become so.
	Frames int64
	// Tags is written into a WAV file as LIST/INFO after the samples. Names are
	// those of [InfoTags]; others are an error. Everything else that a file can
	// say is written by [CopyWith].
	Tags map[string]string
}

// Formats lists the formats that [Create] writes.
func Formats() []string { return []string{"wav", "aiff", "aifc", "flac"} }

// Writer writes the samples of one file. What Close returns is the file's
// verdict: no error before it says that the file is whole. It is not for several
// goroutines at once.
type Writer interface {
	// WriteInt writes samples that are integers of the file's depth, one slice
	// per channel and all equally long. A sample that does not fit its depth is
	// an error, never wrapped.
	WriteInt(planar [][]int32) error
	// WriteFloat writes samples to a float file, rounded to 32 bits. NaN and
	// infinities are an error.
	WriteFloat(planar [][]float64) error
	// Close writes what is still held back and completes the header. It does not
	// close what is written to.
	Close() error
	// Frames is how many frames have been written.
	Frames() int64
}

// Create begins a file at w, which is at its beginning and empty. The same Spec
// and samples give the same bytes on every machine.
func Create(w io.WriteSeeker, spec Spec) (Writer, error) {
	var out Writer
	var err error
	switch spec.format() {
	case "wav":
		out, err = CreateWAV(w, spec)
	case "aiff", "aifc":
		out, err = createAIFF(w, spec)
	case "flac":
		out, err = createFLAC(w, spec)
	default:
		err = fmt.Errorf("audiofile: cannot write format %q, only %v", spec.Format, Formats())
	}
	if err != nil {
		return nil, err // and not an interface that holds a nil pointer
	}
	return out, nil
}

func (s Spec) format() string {
	if s.Format == "" {
		return "wav"
	}
	return s.Format
}

// align is what a frame takes in a file that holds samples as they are.
func (s Spec) align() int { return s.Channels * s.Bits / 8 }

// maxWritten is the most channels that are written: as many as have a usual
// order of loudspeakers.
const maxWritten = 8

// check refuses what no file of the format can hold.
func (s Spec) check(channels int, bits []int, float bool) error {
	switch {
	case s.Channels < 1 || s.Channels > channels:
		return fmt.Errorf("audiofile: cannot write %d channels as %s, only up to %d", s.Channels, s.format(), channels)
	case !slices.Contains(bits, s.Bits), s.Float && (s.Bits != 32 || !float):
		return fmt.Errorf("audiofile: cannot write %d-bit samples (float: %v) as %s", s.Bits, s.Float, s.format())
	case s.Rate < minRate || s.Rate > maxRate:
		return fmt.Errorf("audiofile: cannot write a sample rate of %d Hz", s.Rate)
	case len(s.Tags) > 0 && s.format() != "wav":
		return fmt.Errorf("audiofile: Spec.Tags are for WAV")
	}
	return nil
}

// tooLong is the error for a file whose format ends at 4 GiB.
func tooLong(format string) error {
	return &Error{Kind: TooLong, Detail: fmt.Sprintf("longer than the 4 GiB that a file of the format %s can hold: choose wav or flac", format)}
}

// Convert writes the samples of an open file, from its first on, into another
// one: made for the same rate, channels and depth.
func Convert(ctx context.Context, to Writer, from *Reader) error {
	info := from.Info()
	const frames = 4096
	float, ints := make([][]float64, info.Channels), make([][]int32, info.Channels)
	for ch := range float {
		float[ch], ints[ch] = make([]float64, frames), make([]int32, frames)
	}
	scale := float64(int64(1) << (max(info.BitDepth, 1) - 1))
	for ctx.Err() == nil {
		n, err := from.Read(float)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for ch := range float { // only the last is short
			float[ch], ints[ch] = float[ch][:n], ints[ch][:n]
		}
		if info.Encoding == "float" {
			err = to.WriteFloat(float)
		} else {
			for ch, x := range float {
				for i, v := range x {
					ints[ch][i] = int32(v * scale) // exact: an integer was divided by this power of two
				}
			}
			err = to.WriteInt(ints)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
