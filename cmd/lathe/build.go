package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/spec"
)

func buildCommand() *cli.Command {
	return &cli.Command{
		Name:      "build",
		Usage:     "render the project's deliveries, check them and put them in place",
		ArgsUsage: "[PROJECT]",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "output folder `DIR` (default: dist beside the project file)"},
			&cli.IntFlag{Name: "jobs", Usage: "work on `N` things at once; never changes a byte", DefaultText: "one for each core"},
			&cli.StringSliceFlag{Name: "only", Usage: "only outputs that match `GLOB`: a path (streaming/*), or the name of a delivery, a version or a song; may be given again"},
			&cli.StringFlag{Name: "remote-cache", Usage: "share results through `DIR|URL`: a folder, or a server of Bazel's HTTP cache protocol"},
			&cli.StringSliceFlag{Name: "tap", Usage: "after the build, write the sound behind `NODE` into the folder taps: a strip, mix, master, a processor of the master (master/2); of a version: mix@instrumental; may be given again"},
			&cli.BoolFlag{Name: "locked", Usage: "fail where an input, the engine or an output is not what lathe.lock says"},
			&cli.BoolFlag{Name: "json", Usage: "print events as JSON, one a line, and a summary"},
		}, reportFlags()...),
		Action: build,
	}
}

func build(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	if c.IsSet("jobs") && c.Int("jobs") < 1 {
		return usage("--jobs %d: at least 1", c.Int("jobs"))
	}
	r, err := newReports(c)
	if err != nil {
		return err
	}
	return r.write(c, buildProject(c, r))
}

// buildProject builds, and tells r what there is to report.
func buildProject(c *cli.Context, r *reports) error {
	p, err := load(c, project(c))
	if err != nil {
		return err
	}
	r.warnings = p.Warnings
	if err := r.refuseOutputs(p, c.String("out")); err != nil {
		return err
	}
	taps := c.StringSlice("tap")
	if err := render.CheckTaps(p, taps); err != nil {
		return err
	}
	show := newProgress(c.App.ErrWriter, p)
	event := show.event
	if c.Bool("json") {
		lines := json.NewEncoder(c.App.Writer)
		event = func(e render.Event) {
			if e.Event != render.Progress {
				lines.Encode(e)
			}
		}
	}
	o := render.Options{
		Out: c.String("out"), Jobs: c.Int("jobs"), Only: c.StringSlice("only"), Locked: c.Bool("locked"), Remote: c.String("remote-cache"),
		Tool: "lathe " + toolVersion(),
		Event: func(e render.Event) {
			r.event(e)
			event(e)
		},
	}
	result, err := render.Build(c.Context, p, o)
	var tapped []render.Tapped
	if err == nil && len(taps) > 0 {
		tapped, err = render.Tap(c.Context, p, o, taps)
	}
	show.stop()
	if c.Bool("json") {
		s := render.Summary{Event: "summary", Failed: 1}
		if err == nil {
			s = result.Summary
		}
		lines := json.NewEncoder(c.App.Writer)
		for _, t := range tapped {
			lines.Encode(t)
		}
		lines.Encode(s)
		return err
	}
	if err != nil {
		return err
	}
	printResult(c.App.Writer, result)
	for _, t := range tapped {
		fmt.Fprintf(c.App.Writer, "tapped %s: %s\n", t.Node, t.File)
	}
	return nil
}

// load loads the project of that name, to be rendered, printing its warnings.
func load(c *cli.Context, name string) (*spec.Project, error) {
	return loadFor(c, name, render.EngineVersion)
}

// loadFor loads a project for an engine. What only reads a project does not mind
// the engine it is pinned to, and gives none.
func loadFor(c *cli.Context, name, engine string) (*spec.Project, error) {
	p, diags := spec.Load(name, spec.Options{Catalogue: catalogue.Params(), Engine: engine})
	if p == nil {
		return nil, faults(diags)
	}
	fmt.Fprint(c.App.ErrWriter, diags.Text())
	return p, nil
}

// printResult prints the table of finished outputs.
func printResult(w io.Writer, r *render.Result) {
	t := newTable(w)
	t.AppendHeader(table.Row{"output", "format", "LUFS", "target", "dBTP", "ceiling", "limiter", "length"})
	for _, o := range r.Files {
		if o.Frames == 0 && o.Carrier != "" { // a list, or an image without a header
			t.AppendRow(table.Row{o.Path, o.Format, "–", "–", "–", "–", "–", "–"})
			continue
		}
		t.AppendRow(table.Row{
			o.Path, formatOf(o), decimals(o.Integrated, 2), targetOf(o), decimals(o.TruePeak, 2), decimals(o.Ceiling, 1),
			limited(o), length(o.Duration),
		})
	}
	right := func(n int) table.ColumnConfig { return table.ColumnConfig{Number: n, Align: text.AlignRight} }
	t.SetColumnConfigs([]table.ColumnConfig{right(3), right(4), right(5), right(6), right(7), right(8)})
	t.Render()
	printMasters(w, r.Masters)
	for _, o := range r.Files {
		printBound(w, o)
		if o.Coding != nil {
			fmt.Fprintf(w, "%s: %s\n", o.Path, o.Coding)
		}
	}
	for _, path := range r.Removed {
		fmt.Fprintf(w, "removed %s: the project no longer names it\n", path)
	}
	for _, m := range r.Matches {
		fmt.Fprintln(w, matchLine(m))
	}
	printAsserted(w, r.Checks)
	fmt.Fprintf(w, "%s in %s, %.1f s (%s rendered, %d as before)\n",
		count(len(r.Files), "output"), r.Dir, r.Seconds, count(r.Rendered, "step"), r.Cached)
}

// printMasters prints the way of each song's main version through its master.
func printMasters(w io.Writer, masters []render.ChainReport) {
	for _, m := range masters {
		if m.Version != "main" {
			continue
		}
		t := newTable(w)
		t.AppendHeader(table.Row{m.Song + ", through the master", "LUFS", "peak dBFS", "RMS dBFS", "takes off, by band (most)"})
		for _, s := range m.Stages {
			t.AppendRow(table.Row{s.Name, decimals(s.Integrated, 2), decimals(s.Peak, 2), decimals(s.RMS, 2), reductions(s)})
		}
		right := func(n int) table.ColumnConfig { return table.ColumnConfig{Number: n, Align: text.AlignRight} }
		t.SetColumnConfigs([]table.ColumnConfig{right(2), right(3), right(4)})
		t.Render()
	}
}

// reductions is what a compressor takes off while it works, and at the most; of a
// multiband, of each band.
func reductions(s render.ChainStage) string {
	if len(s.Reductions) == 0 {
		return "–"
	}
	var typical, most []string
	for _, r := range s.Reductions {
		typical, most = append(typical, fmt.Sprintf("%.1f", r.Typical)), append(most, fmt.Sprintf("%.1f", r.Most))
	}
	return fmt.Sprintf("%s dB (%s)", strings.Join(typical, ", "), strings.Join(most, ", "))
}

// printAsserted says how the project's assertions came out; a result has none
// that failed.
func printAsserted(w io.Writer, checks []render.Check) {
	n := map[render.CheckStatus]int{}
	for _, c := range checks {
		if c.Asserted() {
			n[c.Status]++
		}
	}
	if len(n) == 0 {
		return
	}
	fmt.Fprintf(w, "%s met", count(n[render.CheckMet], "assertion"))
	if warned := n[render.CheckWarned]; warned > 0 {
		fmt.Fprintf(w, ", %s", count(warned, "warning"))
	}
	if skipped := n[render.CheckSkipped]; skipped > 0 {
		fmt.Fprintf(w, ", %d not checked", skipped)
	}
	fmt.Fprintln(w)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// newTable is a table in the house's plain style.
func newTable(w io.Writer) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Options = table.OptionsNoBorders
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	return t
}

func formatOf(o render.Output) string {
	text := fmt.Sprintf("%s %g kHz", o.Kind(), float64(o.SampleRate)/1000)
	if o.SessionRate > 0 && o.SessionRate%o.SampleRate == 0 { // by a whole number: max_sample_rate, or asked for
		text += fmt.Sprintf(" (of %g)", float64(o.SessionRate)/1000)
	}
	return text
}

// targetOf is what an output's level goes by: a loudness, or its sample peak.
func targetOf(o render.Output) string {
	if o.TargetPeak != nil {
		return decimals(o.TargetPeak, 1) + " dBFS"
	}
	return decimals(o.TargetLoudness, 1)
}

func decimals(x *float64, n int) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%.*f", n, *x)
}

func limited(o render.Output) string {
	text := "–"
	if o.Reduction > 0 {
		text = fmt.Sprintf("−%.1f dB at %s", o.Reduction, length(o.ReductionAt))
	}
	if o.Clip != nil {
		text += fmt.Sprintf(", clip −%.1f dB", *o.Clip)
	}
	return text
}

// printBound says what keeps an output below its loudness.
func printBound(w io.Writer, o render.Output) {
	b := o.Bound
	if b == nil {
		return
	}
	where := ""
	if b.At != nil {
		where = " at " + length(*b.At)
	}
	fmt.Fprintf(w, "%s: %.1f LU below its loudness: %s is reached (%s of %s %s%s)\n",
		o.Path, b.Short, b.By, decimals(b.Value, 2), spec.FormatNumber(b.Limit), b.Unit, where)
}

func length(seconds float64) string {
	m := int(seconds / 60)
	return fmt.Sprintf("%d:%05.2f", m, seconds-float64(60*m))
}

// isTerminal reports whether w is a terminal that shows colour and motion.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isTTY(f)
}
