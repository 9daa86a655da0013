package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/watch"
	"github.com/lathe-audio/lathe/spec"
)

// previews makes the previews of a session.
type previews struct {
	render.Previewer
	seconds float64 // how long they are; 0: there are none
	clear   func() error
}

// previewSeconds reads --preview; 0 where it was not given.
func previewSeconds(c *cli.Context) (float64, error) {
	text := c.String("preview")
	if !c.IsSet("preview") {
		return 0, nil
	}
	seconds, err := spec.Seconds(text)
	if err != nil {
		return 0, usage("--preview: %v", err)
	}
	if seconds < 1 {
		return 0, usage("--preview %s: at least 1 s", text)
	}
	return seconds, nil
}

// makePreview makes and tells a round's preview. Why there is none is only
// worth telling when the build itself does well.
func (s *session) makePreview(ctx context.Context, p *spec.Project, o render.Options, b watch.Batch) error {
	first := s.preview.clear == nil
	s.preview.clear = func() error { return render.RemovePreview(p, o) }
	if s.preview.seconds == 0 {
		if first { // of a watch that was killed
			return s.preview.clear()
		}
		return nil
	}
	made, err := s.preview.Render(ctx, p, o, s.preview.seconds)
	if made != nil && err == nil {
		s.showPreview(made, b)
	}
	return err
}

// remove removes the last preview; whatever is in the way of that is left.
func (v *previews) remove() {
	if v.clear != nil && v.seconds > 0 {
		v.clear()
	}
}

// previewEvent is a preview for programs.
type previewEvent struct {
	*render.Preview
	SinceSave float64 `json:"seconds_since_save"`
}

func (s *session) showPreview(v *render.Preview, b watch.Batch) {
	since := time.Since(b.Saved).Seconds()
	if s.lines != nil {
		s.emit(previewEvent{v, since})
		return
	}
	fmt.Fprintf(s.App.Writer, "  preview %s–%s: %s, %.1f s after the save\n    %s: %s LUFS, %s dBTP, %s\n",
		tenths(v.From), tenths(v.To), passage(v), since, v.File, decimals(v.Integrated, 2), decimals(v.TruePeak, 2), level(v))
}

// tenths writes seconds as minutes and seconds.
func tenths(seconds float64) string {
	n := int(seconds*10 + 0.5)
	return fmt.Sprintf("%d:%02d.%d", n/600, n/10%60, n%10)
}

// passage says why a passage was chosen.
func passage(v *render.Preview) string {
	switch v.Why {
	case render.WhyStrips:
		return "the loudest of " + several(v.Strips)
	case render.WhyAutomation:
		return "where the automation changed"
	}
	return "the loudest"
}

// level says at what level a preview is.
func level(v *render.Preview) string {
	var text string
	switch v.Level {
	case render.LevelLast:
		text = fmt.Sprintf("%+.1f dB as in the last build", v.Gain)
	case render.LevelPassage:
		text = fmt.Sprintf("%+.1f dB found on the passage alone", v.Gain)
	default:
		text = "level unchanged"
	}
	var more []string
	if v.Reduction > 0 {
		more = append(more, fmt.Sprintf("limiter −%.1f dB", v.Reduction))
	}
	if v.Clipped > 0 {
		more = append(more, count(int(v.Clipped), "sample")+" clipped")
	}
	return strings.Join(append([]string{text}, more...), ", ")
}
