package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/render/playback"
	"github.com/lathe-audio/lathe/spec"
)

// reportName is the release sheet's file name in the output folder.
const reportName = "report.md"

// sheet is the release sheet: what a mastering engineer hands over with the files,
// as text that says the same wherever and whenever it is made. It follows from the
// manifest alone, and notes its own digest there.
func (m *Manifest) sheet() ([]byte, error) {
	services, err := playback.Services()
	if err != nil {
		return nil, err
	}
	var s sheet
	by := m.Tool
	if by != "" {
		by += ", "
	}
	s.line("# Release sheet\n\n%s by %sengine %s. Every figure was read back from the finished file.\n", plural(len(m.Outputs), "file", "s"), by, m.Engine)
	s.line("%s\n", m.verdict())
	for _, d := range m.deliveries() {
		s.delivery(d)
	}
	s.playback(m.Outputs, services)
	s.digests(m.Outputs)
	text := s.Bytes()
	sum := sha256.Sum256(text)
	m.Report = hex.EncodeToString(sum[:])
	return text, nil
}

// verdict sums up how all checks came out.
func (m *Manifest) verdict() string {
	n := map[CheckStatus]int{}
	for _, o := range m.Outputs {
		for _, c := range o.Checks {
			n[c.Status]++
		}
	}
	text := plural(n[CheckMet], "check", "s") + " met"
	for _, s := range []struct {
		status CheckStatus
		words  string
	}{{CheckWarned, "not met and told as warnings"}, {CheckAdvised, "not as advised"}, {CheckSkipped, "not checked"}} {
		if n[s.status] > 0 {
			text += fmt.Sprintf(", %d %s", n[s.status], s.words)
		}
	}
	return text + "."
}

// deliveries groups the outputs, which are in the order of their paths, by
// delivery.
func (m *Manifest) deliveries() [][]Output {
	var groups [][]Output
	for i, o := range m.Outputs {
		if i == 0 || m.Outputs[i-1].Delivery != o.Delivery {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], o)
	}
	return groups
}

// sheet is the text that is being written.
type sheet struct{ bytes.Buffer }

func (s *sheet) line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

func (s *sheet) row(cells ...string) { s.line("| %s |", strings.Join(cells, " | ")) }

// head begins a table; columns after the first are figures, to the right.
func (s *sheet) head(cells ...string) {
	s.row(cells...)
	marks := []string{"---"}
	for range cells[1:] {
		marks = append(marks, "---:")
	}
	s.row(marks...)
}

// delivery is what there is to say of the files of one delivery.
func (s *sheet) delivery(files []Output) {
	title := escaped(files[0].Delivery)
	if p := files[0].Profile; p != "" && !strings.EqualFold(p, files[0].Delivery) {
		title += " (" + escaped(p) + ")"
	}
	s.line("## %s\n", title)
	s.head("file", "format", "length", "LUFS", "target", "LRA", "max S", "dBTP", "ceiling", "dBFS", "PLR", "DR", "limiter")
	for _, o := range files {
		limiter := "–"
		if o.Reduction > 0 {
			limiter = fmt.Sprintf("-%.1f dB at %s", o.Reduction, spec.FormatClock(o.ReductionAt))
		}
		target := figureText(o.TargetLoudness, 1)
		if o.TargetPeak != nil {
			target = fmt.Sprintf("peak %.1f dBFS", *o.TargetPeak)
		}
		s.row(code(o.Path), formatText(o), spec.FormatClock(o.Duration), figureText(o.Integrated, 2), target, figureText(o.Range, 1),
			figureText(o.MaxShortTerm, 1), peakText(o), figureText(o.Ceiling, 1), figureText(o.SamplePeak, 2), figureText(o.PLR, 1),
			figureText(whole(o.DR), 0), limiter)
	}
	s.line("")
	s.head("file", "frames", "silence before", "after", "DC", "clipped runs", "correlation", "lowest", "noise floor", "dither", "tags", "checks")
	for _, o := range files {
		s.row(code(o.Path), fmt.Sprint(o.Frames), fmt.Sprintf("%.2f s", o.HeadSilence), fmt.Sprintf("%.2f s", o.TailSilence), dcText(o.DCOffset),
			fmt.Sprint(o.ClippedRuns), figureText(o.Correlation, 2), figureText(o.CorrelationMin, 2), figureText(o.NoiseFloor, 1),
			o.Dither, tagsText(o.Tags), checksText(o.Checks))
	}
	s.line("")
	s.encodings(files)
	s.tones(files)
	s.found(files)
}

// found lists what is not as it should or might be: the same of several files once.
func (s *sheet) found(files []Output) {
	type finding struct{ mark, text string }
	var order []finding
	of := map[finding][]string{}
	for _, o := range files {
		for _, c := range o.Checks {
			mark := map[CheckStatus]string{CheckWarned: "warning", CheckAdvised: "advice", CheckSkipped: "not checked"}[c.Status]
			if mark == "" {
				continue
			}
			f := finding{mark, c.Message}
			if of[f] == nil {
				order = append(order, f)
			}
			of[f] = append(of[f], code(o.Path))
		}
	}
	for _, f := range order {
		where := ""
		if len(of[f]) < len(files) {
			where = strings.Join(of[f], ", ") + ": "
		}
		s.line("- %s: %s%s", f.mark, where, escaped(f.text))
	}
	if order != nil {
		s.line("")
	}
}

// playback forecasts what streaming services do to the level of the masters.
func (s *sheet) playback(files []Output, services []playback.Service) {
	files = slices.DeleteFunc(slices.Clone(files), func(o Output) bool { return o.Ceiling == nil || o.Print != "" || o.Integrated == nil })
	if len(files) == 0 {
		return
	}
	s.line("## At playback\n\nWhat streaming services do to the level, in dB; `*`: as others report, not published by the service; `L`: into its limiter.\n")
	columns := []string{"file"}
	for _, v := range services {
		title := escaped(v.Title)
		if !v.Confirmed {
			title += " `*`"
		}
		columns = append(columns, title)
	}
	s.head(columns...)
	for _, o := range files {
		cells := []string{code(o.Path)}
		for _, v := range services {
			p := v.Play(o.Integrated, o.TruePeak)
			cell := "not known"
			if p.Gain != nil {
				cell = fmt.Sprintf("%+.1f", *p.Gain+0)
				if cell == "-0.0" || cell == "+0.0" {
					cell = "0.0"
				}
			}
			if p.Limiter != nil {
				cell += " `L`"
			}
			cells = append(cells, cell)
		}
		s.row(cells...)
	}
	s.line("")
}

// digests are what tells whether a file is the one that was made.
func (s *sheet) digests(files []Output) {
	s.line("## Digests\n\nSHA-256 of the files, as `sha256sum -c` reads it:\n\n```")
	for _, o := range files {
		s.line("%s  %s", o.SHA256, o.Path)
	}
	s.line("```\n\nand of their samples alone (interleaved, little-endian, at the file's word length):\n\n```")
	for _, o := range files {
		if o.Coding == nil {
			s.line("%s  %s", o.PCM, o.Path)
		}
	}
	s.line("```")
	if !slices.ContainsFunc(files, func(o Output) bool { return o.Coding != nil }) {
		return
	}
	s.line("\nOf lossy files, of what is coded (without tags) and of the 24-bit samples that were encoded:\n\n```")
	for _, o := range files {
		if c := o.Coding; c != nil {
			s.line("%s  %s  %s", c.Audio, c.InputPCM, o.Path)
		}
	}
	s.line("```")
}

// encodings is how lossy files were made.
func (s *sheet) encodings(files []Output) {
	if !slices.ContainsFunc(files, func(o Output) bool { return o.Coding != nil }) {
		return
	}
	s.head("file", "encoder", "decoder", "kbps", "limiter", "dBTP", "LUFS")
	for _, o := range files {
		if o.Coding == nil {
			continue
		}
		for i, h := range o.Coding.History {
			first := []string{"", "", "", ""}
			if i == 0 {
				first = []string{code(o.Path), o.Coding.Encoder, o.Coding.Decoder, fmt.Sprintf("%.1f", o.Coding.Bitrate)}
			}
			s.row(append(first, figureText(h.Limiter, 2), figureText(h.TruePeak, 2), figureText(h.Integrated, 2))...)
		}
	}
	s.line("")
}

// tones is how an album's songs were brought towards its tone.
func (s *sheet) tones(files []Output) {
	if !slices.ContainsFunc(files, func(o Output) bool { return o.Tone != nil }) {
		return
	}
	s.head("file", "tilt, dB an octave", "of the album", "tilted by", "then")
	for _, o := range files {
		if o.Tone == nil {
			continue
		}
		tilted := "–"
		if o.Tone.Correction != 0 {
			tilted = fmt.Sprintf("%+.2f dB about 1 kHz", o.Tone.Correction)
		}
		s.row(code(o.Path), figureText(o.Tone.Tilt, 2), figureText(o.Tone.Mean, 2), tilted, figureText(o.Tone.After, 2))
	}
	s.line("")
}

// formatText is "wav 24-bit 44.1 kHz", with the session's rate where that is another.
func formatText(o Output) string {
	text := o.Kind() + " " + spec.FormatQuantity(float64(o.SampleRate), "Hz")
	if o.SessionRate > 0 {
		text += " (session " + spec.FormatQuantity(float64(o.SessionRate), "Hz") + ")"
	}
	return text
}

func figureText(v *float64, decimals int) string {
	if v == nil {
		return "–"
	}
	text := fmt.Sprintf("%.*f", decimals, *v)
	if strings.Trim(text, "-0.") == "" { // no negative zero
		return strings.TrimPrefix(text, "-")
	}
	return text
}

func peakText(o Output) string {
	text := figureText(o.TruePeak, 2)
	if o.TruePeakAt != nil {
		text += " at " + spec.FormatClock(*o.TruePeakAt)
	}
	return text
}

func dcText(v *float64) string {
	if v == nil {
		return "–"
	}
	percent := *v * 100
	return figureText(&percent, 4) + " %"
}

func tagsText(tags []string) string {
	if len(tags) == 0 {
		return "none"
	}
	return strings.Join(tags, ", ")
}

// checksText is "8 met, 2 advice".
func checksText(checks []Held) string {
	n := map[CheckStatus]int{}
	for _, c := range checks {
		n[c.Status]++
	}
	var parts []string
	for _, status := range []CheckStatus{CheckMet, CheckWarned, CheckAdvised, CheckSkipped} {
		if n[status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[status], status))
		}
	}
	return strings.Join(parts, ", ")
}

// escaped is a text as Markdown shows it literally.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_[]<>|#~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code is a path as Markdown shows it literally.
func code(s string) string {
	s = strings.ReplaceAll(s, "|", `\|`)
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}
