package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/term"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/spec"
)

// progressShow shows how a build goes on: bars for the whole and for the song
// at work on a terminal, plain lines elsewhere.
type progressShow struct {
	w     io.Writer
	bars  progress.Writer // nil where there is no terminal
	total *progress.Tracker
	song  *progress.Tracker
	title string
	songs int64
	done  int64 // songs before the one at work
}

// barSteps is how finely a song's bar moves.
const barSteps = 1000

func newProgress(w io.Writer, p *spec.Project) *progressShow {
	s := &progressShow{w: w, songs: max(int64(len(p.Songs)), 1)}
	if !isTerminal(w) {
		return s
	}
	s.bars = progress.NewWriter()
	s.bars.SetOutputWriter(w)
	s.bars.SetAutoStop(false)
	s.bars.SetUpdateFrequency(100 * time.Millisecond)
	s.bars.SetTrackerLength(30)
	s.bars.SetMessageLength(28)
	s.bars.SetSortBy(progress.SortByNone)
	s.bars.SetTrackerPosition(progress.PositionRight)
	style := progress.StyleBlocks
	style.Visibility.ETA = true
	style.Visibility.ETAOverall = false
	style.Visibility.TrackerOverall = false
	style.Visibility.Value = false
	style.Options.TimeInProgressPrecision = time.Second
	style.Options.ETAPrecision = time.Second
	s.bars.SetStyle(style)
	if s.songs > 1 {
		s.total = &progress.Tracker{Message: "all songs", Total: s.songs * barSteps}
		s.bars.AppendTracker(s.total)
	}
	go s.bars.Render()
	return s
}

// event shows one event.
func (s *progressShow) event(e render.Event) {
	switch e.Event {
	case render.Warning:
		s.say(fmt.Sprintf("%s: warning: %s", e.Pos, e.Message))
	case render.Note:
		s.say(fmt.Sprintf("%s: note: %s", e.Pos, e.Message))
	case render.Progress:
		s.move(e)
	case render.ActionStarted:
		if s.bars == nil && e.Song != s.title {
			s.title = e.Song
			s.say(e.Song)
		}
	case render.ActionDone:
		if s.bars == nil {
			s.say(fmt.Sprintf("  %s: %.1f s", e.Action, e.Seconds))
		}
	}
}

func (s *progressShow) say(line string) {
	if s.bars != nil {
		s.bars.Log("%s", line)
		return
	}
	fmt.Fprintln(s.w, line)
}

func (s *progressShow) move(e render.Event) {
	if s.bars == nil {
		return
	}
	if e.Song != s.title {
		if s.song != nil {
			s.song.MarkAsDone()
			s.done++
		}
		s.title = e.Song
		s.song = &progress.Tracker{Message: e.Song, Total: barSteps}
		s.bars.AppendTracker(s.song)
	}
	value := int64(e.Fraction * barSteps)
	s.song.SetValue(value)
	if s.total != nil {
		s.total.SetValue(s.done*barSteps + value)
	}
}

// stop ends the bars.
func (s *progressShow) stop() {
	if s.bars == nil {
		return
	}
	if s.song != nil {
		s.song.MarkAsDone()
	}
	if s.total != nil {
		s.total.MarkAsDone()
	}
	s.bars.Stop()
	for s.bars.IsRenderInProgress() {
		time.Sleep(5 * time.Millisecond)
	}
}

// isTTY reports whether f is a terminal to draw on. CI asks for plain lines; the
// bars have no colour that NO_COLOR would take away.
func isTTY(f *os.File) bool {
	return os.Getenv("CI") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}
