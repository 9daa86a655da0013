package render

import (
	"context"
	"fmt"
	"strings"

	"github.com/lathe-audio/lathe/render/audiofile"
)

// oneWord writes a program and its version without spaces, for a line of a lock file;
// manyWords reads that.
func oneWord(program string) string { return strings.ReplaceAll(program, " ", "/") }

func manyWords(word string) string { return strings.ReplaceAll(word, "/", " ") }

// programDifferences compares the encoders of lossy outputs with those that are here.
// What is not here at all is no difference: files in place can be held against the
// lock without it, and a build says so itself. Nor is another decoder: it measures, and
// where that has led to another file the output says so.
func (l Lock) programDifferences(ctx context.Context, jobs []job) []Difference {
	var found []Difference
	for _, o := range l.Outputs {
		if o.Encoder == "" {
			continue
		}
		for _, j := range jobs {
			if j.path != o.Path {
				continue
			}
			if c, err := coderOf(ctx, j.delivery, j.song.SampleRate); err == nil && c != nil && c.tool.String() != o.Encoder {
				found = append(found, Difference{"encoder", o.Path, otherProgram(o.Encoder, c.tool.String())})
			}
		}
	}
	return found
}

// otherProgram says that a program is not the one that was used.
func otherProgram(then, here string) string {
	program, _, _ := strings.Cut(then, " ")
	if !strings.HasPrefix(here, program+" ") {
		return fmt.Sprintf("made with %s, and the project now asks for %s", then, here)
	}
	return fmt.Sprintf("made with %s, here is %s: install that version, or release anew by a build without --locked", then, here)
}

// codedOtherwise says what is different in a lossy file, and whose doing it is.
func (o LockedOutput) codedOtherwise(got LockedOutput) string {
	text := fmt.Sprintf("another coded sound: %.12s…, was %.12s…", got.PCM, o.PCM)
	switch {
	case got.Input == "": // the file in place does not say what it was made of
		return text
	case got.Input != o.Input && got.Decoder != o.Decoder:
		return text + fmt.Sprintf("; other samples were encoded, their level measured with %s instead of %s", got.Decoder, o.Decoder)
	case got.Input != o.Input:
		return text + "; other samples were encoded"
	case got.Encoder != o.Encoder:
		return text + fmt.Sprintf(", made by %s of the samples that %s had", got.Encoder, o.Encoder)
	}
	return text + fmt.Sprintf(", made by %s of the same samples: between machines no lossy encoder promises the same bytes", got.Encoder)
}

// soundOf is the digest of what is heard in the file of an output.
func soundOf(path string, locked LockedOutput) ([32]byte, error) {
	if locked.Encoder != "" {
		said, err := audiofile.ReadCoded(path)
		return said.Audio, err
	}
	_, pcm, err := audiofile.Digests(path)
	return pcm, err
}
