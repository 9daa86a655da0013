package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/render/playback"
)

// print shows one file in full, several as one line each.
func (m *measured) print(w io.Writer) {
	switch len(m.reports) {
	case 0:
		return
	case 1:
		m.printOne(w, m.reports[0])
	default:
		m.printLines(w)
	}
	if m.album != nil {
		if m.album.Integrated != nil {
			fmt.Fprintln(w, "\nplayed as an album")
			printPlayback(w, m.playAlbum())
		}
		if m.profile != nil {
			fmt.Fprintln(w)
			printTarget(w, "the album", measure.CompareAlbum(*m.album, m.profile.Name, m.profile.Delivery))
		}
	}
}

// plainTable is a table without frame, its numbers to the right from a column on.
func plainTable(w io.Writer, numbersFrom, columns int) table.Writer {
	t := newTable(w)
	var configs []table.ColumnConfig
	for n := numbersFrom; n <= columns; n++ {
		configs = append(configs, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	return t
}

// printLines prints a line for each of several files: what they are compared by.
func (m *measured) printLines(w io.Writer) {
	if r := m.reports[0]; r.From != nil {
		end := "the end"
		if m.to > 0 {
			end = length(m.to)
		}
		fmt.Fprintf(w, "measured from %s to %s\n\n", length(*r.From), end)
	}
	t := plainTable(w, 3, 13)
	head := table.Row{"file", "format", "length", "LUFS", "LRA", "max M", "max S", "dBTP", "PLR", "DR", "clipped"}
	if m.profile != nil {
		head = append(head, "gain", "limit", m.profile.Name)
	}
	t.AppendHeader(head)
	for _, r := range m.reports {
		row := table.Row{
			r.File, reportFormat(r), length(r.Duration), decimals(r.Integrated, 2), decimals(r.Range, 1), decimals(r.MaxMomentary, 1),
			decimals(r.MaxShortTerm, 1), decimals(r.TruePeak, 2), decimals(r.PLR, 1), whole(r.DR), r.ClippedRuns,
		}
		if m.profile != nil {
			row = append(row, targetCells(m.compare(r))...)
		}
		t.AppendRow(row)
	}
	if a := m.album; a != nil {
		t.AppendSeparator()
		row := table.Row{
			"album", fmt.Sprintf("%d files", a.Files), length(a.Duration), decimals(a.Integrated, 2), decimals(a.Range, 1), decimals(a.MaxMomentary, 1),
			decimals(a.MaxShortTerm, 1), decimals(a.TruePeak, 2), decimals(a.PLR, 1), whole(a.DR), "",
		}
		if m.profile != nil {
			row = append(row, targetCells(measure.CompareAlbum(*a, m.profile.Name, m.profile.Delivery))...)
		}
		t.AppendRow(row)
	}
	t.Render()
	if m.profile == nil {
		return
	}
	for _, r := range m.reports {
		if c := m.compare(r); !c.Meets {
			fmt.Fprintln(w)
			printTarget(w, r.File, c)
		}
	}
}

func targetCells(c measure.Comparison) table.Row {
	meets := "meets it"
	if !c.Meets {
		meets = "does not"
	}
	limit := "–"
	if c.Limiting != nil && *c.Limiting > 0 {
		limit = decimals(c.Limiting, 2)
	}
	return table.Row{signed(c.Gain), limit, meets}
}

// printOne prints everything about one file.
func (m *measured) printOne(w io.Writer, r measure.Report) {
	s := sheet{t: newTable(w)}
	s.t.SetColumnConfigs([]table.ColumnConfig{{Number: 3, Align: text.AlignRight}})
	fmt.Fprintf(w, "%s: %s\n", r.File, fileLine(r))
	if r.From != nil {
		fmt.Fprintf(w, "measured from %s to %s; the digests are of the whole file\n", length(*r.From), length(*r.To))
	}
	fmt.Fprintln(w)
	s.loudness(r)
	s.peaks(r)
	s.dynamics(r)
	if r.Channels == 2 {
		s.stereo(r)
	}
	s.sound(r)
	s.t.Render()
	printSpectrum(w, r.OctaveBands)
	if r.Integrated != nil {
		fmt.Fprintln(w, "\nplayback")
		printPlayback(w, m.play(r.Integrated, r.TruePeak))
	}
	if m.profile != nil {
		fmt.Fprintln(w)
		printTarget(w, r.File, m.compare(r))
	}
	fmt.Fprintf(w, "\nsha256      %s\n", r.SHA256)
	if r.PCMSHA256 != "" {
		fmt.Fprintf(w, "pcm sha256  %s\n", r.PCMSHA256)
	}
}

// sheet is the table of one file's figures: group, name, value, and the rest in
// words.
type sheet struct {
	t     table.Writer
	group string
}

// begin starts a group, whose name stands before its first line.
func (s *sheet) begin(group string) {
	if s.t.Length() > 0 {
		s.t.AppendSeparator()
	}
	s.group = group
}

func (s *sheet) add(name string, value any, rest ...string) {
	s.t.AppendRow(table.Row{s.group, name, value, strings.Join(rest, "")})
	s.group = ""
}

func (s *sheet) loudness(r measure.Report) {
	s.begin("loudness")
	gate := ""
	if r.RelativeThreshold != nil {
		gate = fmt.Sprintf(", gated at %.1f", *r.RelativeThreshold)
	}
	s.add("integrated", decimals(r.Integrated, 2), "LUFS", gate)
	s.add("range (LRA)", decimals(r.Range, 1), "LU", sparse(r))
	s.add("max momentary", decimals(r.MaxMomentary, 1), "LUFS", at(r.MaxMomentaryAt))
	s.add("max short-term", decimals(r.MaxShortTerm, 1), "LUFS", at(r.MaxShortTermAt))
}

// sparse is the loudness range that meters read which look once a second, where
// that is another.
func sparse(r measure.Report) string {
	if r.Range == nil || r.RangeSparse == nil || math.Abs(*r.Range-*r.RangeSparse) < 0.05 {
		return ""
	}
	return fmt.Sprintf("; %.1f by a window a second (libebur128)", *r.RangeSparse)
}

func (s *sheet) peaks(r measure.Report) {
	s.begin("peaks")
	s.add("true peak", decimals(r.TruePeak, 2), "dBTP", at(r.TruePeakAt))
	each := ""
	if len(r.ChannelPeaks) > 1 {
		var all []string
		for i, p := range r.ChannelPeaks {
			name := fmt.Sprint(i + 1)
			if len(r.ChannelPeaks) == 2 {
				name = "LR"[i : i+1]
			}
			all = append(all, name+" "+decimals(p, 2))
		}
		each = ": " + strings.Join(all, ", ")
	}
	s.add("sample peak", decimals(r.SamplePeak, 2), "dBFS", each)
	s.add("clipped", r.ClippedRuns, clippedAt(r))
	if r.NonFinite > 0 {
		s.add("not finite", r.NonFinite, "samples, measured as 0; the first", at(r.NonFiniteAt))
	}
}

// clippedAt says where the first clipped runs are.
func clippedAt(r measure.Report) string {
	if r.ClippedRuns == 0 {
		return "runs of samples at full scale"
	}
	const shown = 4
	var times []string
	for _, t := range r.ClippedAt[:min(len(r.ClippedAt), shown)] {
		times = append(times, length(t))
	}
	text := "at " + strings.Join(times, ", ")
	if r.ClippedRuns > shown {
		text += ", …"
	}
	return text
}

func (s *sheet) dynamics(r measure.Report) {
	s.begin("dynamics")
	s.add("PLR", decimals(r.PLR, 1), "LU, true peak over loudness")
	s.add("PSR, smallest", decimals(r.PSR, 1), "LU, the same of any 3 s")
	s.add("DR", whole(r.DR))
	s.add("crest", decimals(r.Crest, 1), "dB, sample peak over RMS")
	s.add("RMS", decimals(r.RMS, 2), "dBFS")
}

func (s *sheet) stereo(r measure.Report) {
	s.begin("stereo")
	s.add("correlation", decimals(r.Correlation, 2))
	s.add("lowest of 3 s", decimals(r.CorrelationMin, 2), strings.TrimPrefix(at(r.CorrelationMinAt), " "))
}

func (s *sheet) sound(r measure.Report) {
	s.begin("sound")
	s.add("noise floor", decimals(r.NoiseFloor, 1), "dBFS")
	s.add("DC offset", decimals(r.DCOffset, 5))
	if r.BitDepth > 0 {
		s.add("bits used", whole(r.BitsUsed), "of a "+depthOf(r)+" file")
	}
	s.add("silence", length(r.HeadSilence), fmt.Sprintf("at the head, %s at the tail", length(r.TailSilence)))
}

// at is " at 1:02.50".
func at(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	return " at " + length(*seconds)
}

// bars are the octave bands' levels as bars: the highest band is full, and each
// step is 6 dB.
const bars = "▁▂▃▄▅▆▇█"

func printSpectrum(w io.Writer, bands []measure.OctaveBand) {
	top := math.Inf(-1)
	for _, b := range bands {
		if b.Level != nil {
			top = max(top, *b.Level)
		}
	}
	if math.IsInf(top, 0) {
		return
	}
	const step = 6.0
	steps := []rune(bars)
	var names, levels, picture strings.Builder
	for _, b := range bands {
		bar := ' '
		if b.Level != nil {
			if i := len(steps) - 1 - int(math.Round((top-*b.Level)/step)); i >= 0 {
				bar = steps[i]
			}
		}
		fmt.Fprintf(&names, "%6s", hertz(b.Center))
		fmt.Fprintf(&picture, "   %c%c%c", bar, bar, bar)
		fmt.Fprintf(&levels, "%6s", decimals(b.Level, 0))
	}
	fmt.Fprintf(w, "\nspectrum    %s\n  Hz       %s\n  dBFS     %s\n", picture.String(), names.String(), levels.String())
}

// hertz is "31.5", "500", "16k".
func hertz(hz float64) string {
	if hz >= 1000 {
		return fmt.Sprintf("%gk", hz/1000)
	}
	return fmt.Sprintf("%g", hz)
}

func printPlayback(w io.Writer, all []playback.Playback) {
	others := false
	for _, p := range all {
		mark := ""
		if !p.Confirmed {
			mark, others = " *", true
		}
		fmt.Fprintf(w, "  %s%s\n", p.Text, mark)
	}
	if others {
		fmt.Fprintln(w, "  * by figures that others have measured; see lathe profiles --playback")
	}
}

func printTarget(w io.Writer, name string, c measure.Comparison) {
	if c.Meets {
		fmt.Fprintf(w, "%s meets %s\n", name, c.Profile)
		return
	}
	fmt.Fprintf(w, "%s does not meet %s yet:\n", name, c.Profile)
	for _, change := range c.Changes {
		fmt.Fprintf(w, "  %s\n", change)
	}
}

// fileLine is what a file is, in one line.
func fileLine(r measure.Report) string {
	line := fmt.Sprintf("%s, %s (%s)", reportFormat(r), length(r.Duration), plural(r.Frames, "frame", "frames"))
	if r.Decoder != "" {
		line += ", decoded by " + r.Decoder
	}
	return line
}

func reportFormat(r measure.Report) string {
	words := []string{r.Format}
	if r.Encoding != "pcm" && r.Encoding != "float" && r.Encoding != r.Format {
		words = append(words, r.Encoding)
	}
	if r.BitDepth > 0 {
		words = append(words, depthOf(r))
	}
	channels := fmt.Sprintf("%d channels", r.Channels)
	switch r.Channels {
	case 1:
		channels = "mono"
	case 2:
		channels = "stereo"
	}
	words = append(words, fmt.Sprintf("%g kHz", float64(r.SampleRate)/1000), channels)
	return strings.Join(words, " ")
}

func depthOf(r measure.Report) string {
	if r.Encoding == "float" {
		return fmt.Sprintf("%d-bit float", r.BitDepth)
	}
	return fmt.Sprintf("%d-bit", r.BitDepth)
}

func whole(x *int) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprint(*x)
}

// signed is a change of level: "+2.10", "-0.30".
func signed(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%+.2f", *x)
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
