package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
)

// encode makes of a stage's finished and measured WAV file the file that its
// delivery asks for, still without words. What it holds is read back: a container
// without losses has to have the samples of the WAV file, all of them and no others.
func (m *mastering) encode(ctx context.Context, s *stage) (*Miss, error) {
	if s.delivery.Format == "wav" || s.delivery.Lossy() { // a lossy file is made before its level is known
		return nil, nil
	}
	wav := s.sound
	path := m.soundPath(s, s.delivery.Format)
	err := m.slot(ctx, func() error { return convert(ctx, path, wav, s.delivery.Format) })
	if ae := (*audiofile.Error)(nil); errors.As(err, &ae) && ae.Kind == audiofile.TooLong {
		return s.missed(Miss{Target: "format", Message: ae.Detail}), nil
	}
	if err != nil {
		return nil, err
	}
	r, err := audiofile.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := r.KeepDigests(); err != nil {
		return nil, err
	}
	_, pcm, err := r.Digests()
	if err != nil {
		return nil, err
	}
	info := r.Info()
	if sum := cache.Digest(pcm).String(); sum != s.output.PCM || info.Format != s.delivery.Format || info.Rate != s.output.SampleRate {
		return nil, fmt.Errorf("%s: %s at %d Hz reads back with other samples (%.12s…) than were written (%.12s…)", path, info.Format, info.Rate, sum, s.output.PCM)
	}
	s.output.Format = info.Format
	s.sound = path
	return nil, os.Remove(wav)
}

// convert writes the samples of a WAV file into one of another format.
func convert(ctx context.Context, to, from, format string) error {
	r, err := audiofile.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("create output: %w", err)
	}
	defer out.Close()
	info := r.Info()
	w, err := audiofile.Create(out, audiofile.Spec{
		Format: format, Rate: info.Rate, Channels: info.Channels, Bits: info.BitDepth, Float: info.Encoding == "float", Frames: info.Frames,
	})
	if err != nil {
		return err
	}
	if err := audiofile.Convert(ctx, w, r); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Close()
}

// copyWith copies a finished sound, adds its words, reads them back, and returns
// the file's digest.
func copyWith(to, from string, words audiofile.Metadata) (string, error) {
	sum, err := copyInto(to, from, func(w io.Writer, in *os.File, size int64) error { return audiofile.CopyWith(w, in, size, words) })
	if err != nil {
		return "", err
	}
	r, err := audiofile.Open(to)
	if err != nil {
		return "", err
	}
	defer r.Close()
	return sum, words.Verify(r)
}

// copyInto has a copy of a file made, sees to it that it is on disk, and returns its
// digest.
func copyInto(to, from string, write func(w io.Writer, in *os.File, size int64) error) (string, error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return "", err
	}
	out, err := os.Create(to)
	if err != nil {
		return "", fmt.Errorf("create output: %w", err)
	}
	defer out.Close()
	sum := sha256.New()
	if err := write(io.MultiWriter(out, sum), in, info.Size()); err != nil {
		return "", err
	}
	if err := out.Sync(); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), out.Close()
}
