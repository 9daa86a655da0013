package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/dsp/match"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/plot"
	"github.com/lathe-audio/lathe/spec"
)

func matchCommand() *cli.Command {
	return &cli.Command{
		Name:      "match",
		Usage:     "print how the mix is matched to the references of the master, as a chain to keep without them",
		ArgsUsage: "[PROJECT]",
		Description: "Prints the equaliser, and the compressor if there is one, that the master's `reference` comes to, as entries of a\n" +
			"chain. Put at the beginning of master.chain in place of the reference, they give the same bytes. What is not in the\n" +
			"cache is rendered: the mix, but no delivery.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "plot", Usage: "draw the spectra and the equaliser into `FILE.svg|png`; for an album with {name} in it, where the song's title shall stand"},
			&cli.IntFlag{Name: "jobs", Usage: "work on `N` things at once; never changes a result", DefaultText: "one for each core"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON array, an object for each song"},
		},
		Action: matchProject,
	}
}

func matchProject(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	name := c.String("plot")
	if ext := strings.ToLower(filepath.Ext(name)); c.IsSet("plot") && ext != ".svg" && ext != ".png" {
		return usage("match: --plot %s: a drawing is FILE.svg or FILE.png", name)
	}
	p, err := load(c, project(c))
	if err != nil {
		return err
	}
	show := newProgress(c.App.ErrWriter, p)
	found, err := render.Matches(c.Context, p, render.Options{Jobs: c.Int("jobs"), Event: show.event})
	show.stop()
	if err != nil {
		return err
	}
	if len(found) > 1 && c.IsSet("plot") && !strings.Contains(name, plotName) {
		return usage("match: --plot %s: %d songs cannot be drawn into one; write %s where the title shall stand", name, len(found), plotName)
	}
	if c.Bool("json") {
		err = printJSON(c, found)
	} else {
		for i, m := range found {
			if i > 0 {
				fmt.Fprintln(c.App.Writer)
			}
			printMatch(c.App.Writer, m)
		}
	}
	for _, m := range found {
		if err == nil && c.IsSet("plot") {
			err = drawMatch(m, rangeOf(p, m.Song), strings.ReplaceAll(name, plotName, strings.NewReplacer("/", "_", `\`, "_").Replace(m.Song)))
		}
	}
	return err
}

// printMatch prints a match as entries of a chain; what else is known of it stands
// there as comments.
func printMatch(w io.Writer, m render.Match) {
	fmt.Fprintf(w, "# %s: %s\n", m.Song, aboutMatch(m))
	if len(m.Bands) == 0 && m.Compressor == nil {
		fmt.Fprintln(w, "# nothing is to be done")
		return
	}
	if len(m.Bands) > 0 {
		fmt.Fprintln(w, "- eq:")
		if m.Phase != "minimum" {
			fmt.Fprintf(w, "    phase: %s\n", m.Phase)
		}
		fmt.Fprintln(w, "    bands:")
		for _, b := range m.Bands {
			on := ""
			if b.On != "stereo" {
				on = ", on: " + b.On
			}
			fmt.Fprintf(w, "      - {type: %s, freq: %s Hz, gain: %s dB, q: %s%s}\n", b.Shape, spec.FormatNumber(b.Hz), spec.FormatNumber(b.Gain), spec.FormatNumber(b.Q), on)
		}
	}
	if k := m.Compressor; k != nil {
		v := k.Values()
		num := func(name string) string { return spec.FormatNumber(v.Num(name)) }
		fmt.Fprintf(w, "- compressor: {threshold: %s dB, ratio: %s, knee: %s dB, attack: %s ms, release: %s ms, range: %s dB, detector: %s, makeup: %s dB}  # crest %.2f → %.2f dB\n",
			num("threshold"), num("ratio"), num("knee"), num("attack"), num("release"), num("range"), v.Str("detector"), num("makeup"), k.Before, k.After)
	}
}

// aboutMatch says in a line what a mix is matched to and how it compares.
func aboutMatch(m render.Match) string {
	var refs []string
	for _, r := range m.References {
		text := r.File
		if len(m.References) > 1 {
			text += fmt.Sprintf(" (%s)", spec.FormatNumber(r.Weight))
		}
		refs = append(refs, text)
	}
	return fmt.Sprintf("matched to %s, %s", strings.Join(refs, ", "), louder(m.Louder))
}

// louder says how loud the references are beside the mix.
func louder(lu float64) string {
	switch {
	case lu >= 0.05:
		return fmt.Sprintf("whose loud parts are %.1f LU louder", lu)
	case lu <= -0.05:
		return fmt.Sprintf("whose loud parts are %.1f LU quieter", -lu)
	}
	return "whose loud parts are as loud"
}

// matchLine is a match in a line, below the table of a build.
func matchLine(m render.Match) string {
	text := fmt.Sprintf("%s: %s: ", m.Song, aboutMatch(m))
	if len(m.Bands) == 0 && m.Compressor == nil {
		return text + "nothing is to be done"
	}
	var parts []string
	if hz := m.Curves.Hz; len(m.Bands) > 0 {
		curve := match.Response(stereoBands(m), hz)
		low, high := slices.Min(curve), slices.Max(curve)
		parts = append(parts, fmt.Sprintf("eq %+.1f to %+.1f dB", low, high))
	}
	if m.Width != 0 {
		parts = append(parts, fmt.Sprintf("sides %+.1f dB", m.Width))
	}
	if m.Compressor != nil {
		parts = append(parts, fmt.Sprintf("crest %.1f → %.1f dB", m.Compressor.Before, m.Compressor.After))
	}
	return text + strings.Join(parts, ", ")
}

// stereoBands are the bands on both channels.
func stereoBands(m render.Match) []match.Band {
	return slices.DeleteFunc(slices.Clone(m.Bands), func(b match.Band) bool { return b.On != "stereo" })
}

// rangeOf is what the equaliser of a song may do at the most.
func rangeOf(p *spec.Project, song string) float64 {
	songs := []*spec.Song{p.Song}
	if p.Song == nil {
		songs = nil
		for _, s := range p.Songs {
			songs = append(songs, s.Song)
		}
	}
	for _, s := range songs {
		if s.Title == song && s.Master.Reference != nil {
			return s.Master.Reference.Range
		}
	}
	return 0
}

// drawMatch writes one drawing, whole or not at all.
func drawMatch(m render.Match, most float64, to string) error {
	spectra := func(t match.Tone) plot.Spectra { return plot.Spectra{Mid: t.Mid, Side: t.Side} }
	hz := m.Curves.Hz
	about := aboutMatch(m)
	d := plot.Match{
		Title: m.Song, About: strings.ToUpper(about[:1]) + about[1:], Hz: hz, Range: most,
		EQ: match.Response(stereoBands(m), hz), SideEQ: match.Response(m.Bands, hz),
		Before: spectra(m.Curves.Before), Reference: spectra(m.Curves.Reference), After: spectra(m.Curves.After),
	}
	paint := plot.MatchSVG
	if strings.EqualFold(filepath.Ext(to), ".png") {
		paint = plot.MatchPNG
	}
	var picture bytes.Buffer
	if err := paint(&picture, d); err != nil {
		return err
	}
	return writeWhole(to, picture.Bytes())
}
