package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render/measure"
)

func measureCommand() *cli.Command {
	return &cli.Command{
		Name:      "measure",
		Usage:     "loudness, peaks, dynamics, stereo and format of audio files",
		ArgsUsage: "FILE|DIR…",
		Description: "Measures by ITU-R BS.1770-5 and EBU R 128. Of a folder, all WAV and FLAC files in and below it are\n" +
			"measured. One file is shown in full, several as one line each; --json always says everything.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON array, an object for each file"},
			&cli.BoolFlag{Name: "dual-mono", Usage: "read a mono file as heard from two loudspeakers: 3.01 LU louder"},
		},
		Action: measureFiles,
	}
}

func measureFiles(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage("measure: which file?")
	}
	reports, err := measure.Files(c.Context, measure.Options{DualMono: c.Bool("dual-mono")}, c.Args().Slice()...)
	for _, r := range reports {
		for _, w := range r.Warnings {
			fmt.Fprintf(c.App.ErrWriter, "%s: warning: %s\n", r.File, w)
		}
	}
	// What could be measured is shown even if something could not.
	switch {
	case c.Bool("json"):
		if e := printReportsJSON(c.App.Writer, reports); e != nil {
			return e
		}
	case len(reports) == 1:
		printReport(c.App.Writer, reports[0])
	case len(reports) > 1:
		printReports(c.App.Writer, reports)
	}
	return err
}

func printReportsJSON(w io.Writer, reports []measure.Report) error {
	if reports == nil {
		reports = []measure.Report{} // [], not null
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(reports)
}

// plainTable is a table without frame, its numbers to the right from a column on.
func plainTable(w io.Writer, numbersFrom, columns int) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Options = table.OptionsNoBorders
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	var configs []table.ColumnConfig
	for n := numbersFrom; n <= columns; n++ {
		configs = append(configs, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	return t
}

// printReports prints a line for each of several files: what they are compared by.
func printReports(w io.Writer, reports []measure.Report) {
	t := plainTable(w, 3, 11)
	t.AppendHeader(table.Row{"file", "format", "length", "LUFS", "LRA", "max M", "max S", "dBTP", "PLR", "DR", "clipped"})
	for _, r := range reports {
		t.AppendRow(table.Row{
			r.File, reportFormat(r), length(r.Duration), decimals(r.Integrated, 2), decimals(r.Range, 1), decimals(r.MaxMomentary, 1),
			decimals(r.MaxShortTerm, 1), decimals(r.TruePeak, 2), decimals(r.PLR, 1), whole(r.DR), r.ClippedRuns,
		})
	}
	t.Render()
}

// printReport prints everything about one file.
func printReport(w io.Writer, r measure.Report) {
	t := plainTable(w, 2, 2)
	add := func(name string, value any, unit string) { t.AppendRow(table.Row{name, value, unit}) }
	t.AppendHeader(table.Row{r.File, reportFormat(r), ""})
	add("length", length(r.Duration), fmt.Sprintf("%d frames", r.Frames))
	add("integrated loudness", decimals(r.Integrated, 2), "LUFS")
	add("loudness range", decimals(r.Range, 1), "LU")
	add("max momentary", decimals(r.MaxMomentary, 1), "LUFS")
	add("max short-term", decimals(r.MaxShortTerm, 1), "LUFS")
	add("true peak", decimals(r.TruePeak, 2), "dBTP")
	add("sample peak", decimals(r.SamplePeak, 2), "dBFS")
	add("PLR", decimals(r.PLR, 1), "LU")
	add("PSR, smallest", decimals(r.PSR, 1), "LU")
	add("DR", whole(r.DR), "")
	add("RMS", decimals(r.RMS, 2), "dBFS")
	add("DC offset", decimals(r.DCOffset, 5), "")
	add("correlation", decimals(r.Correlation, 2), "")
	add("clipped runs", r.ClippedRuns, "")
	add("silence at the head", length(r.HeadSilence), "")
	add("silence at the tail", length(r.TailSilence), "")
	t.Render()
	fmt.Fprintf(w, "sha256      %s\npcm sha256  %s\n", r.SHA256, r.PCMSHA256)
}

func reportFormat(r measure.Report) string {
	depth := fmt.Sprintf("%d-bit", r.BitDepth)
	if r.Encoding == "float" {
		depth += " float"
	}
	channels := fmt.Sprintf("%d channels", r.Channels)
	switch r.Channels {
	case 1:
		channels = "mono"
	case 2:
		channels = "stereo"
	}
	return fmt.Sprintf("%s %s %g kHz %s", r.Format, depth, float64(r.SampleRate)/1000, channels)
}

func whole(x *int) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprint(*x)
}
