package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/spec"
)

func profilesCommand() *cli.Command {
	return &cli.Command{
		Name:      "profiles",
		Usage:     "list the delivery profiles, with the source and the date of their figures",
		ArgsUsage: "[NAME]",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print a JSON array"}},
		Action:    listProfiles,
		BashComplete: func(c *cli.Context) {
			all, _ := spec.Profiles()
			for _, p := range all {
				fmt.Fprintln(c.App.Writer, p.Name)
			}
		},
	}
}

// profileJSON is what `lathe profiles --json` prints of a profile.
type profileJSON struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Doc        string   `json:"doc"`
	Source     string   `json:"source"`
	Date       string   `json:"date"`
	From       string   `json:"from"`
	Format     string   `json:"format"`
	SampleRate *int     `json:"sample_rate_hz"` // null: the session's
	BitDepth   int      `json:"bit_depth"`
	Float      bool     `json:"float"`
	Loudness   *float64 `json:"loudness_lufs"`
	Tolerance  float64  `json:"tolerance_lu"`
	Ceiling    *float64 `json:"ceiling_dbtp"`
	Dither     string   `json:"dither"`
}

func listProfiles(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	all, diags := spec.Profiles()
	if diags != nil {
		return faults(diags)
	}
	if name := c.Args().First(); name != "" {
		i := slices.IndexFunc(all, func(p spec.Profile) bool { return p.Name == name })
		if i < 0 {
			var names []string
			for _, p := range all {
				names = append(names, p.Name)
			}
			return usage("profiles: there is no profile %q; there are %s", name, strings.Join(names, ", "))
		}
		all = all[i : i+1]
		if !c.Bool("json") {
			printProfile(c, all[0])
			return nil
		}
	}
	if c.Bool("json") {
		out := []profileJSON{}
		for _, p := range all {
			d := p.Delivery
			j := profileJSON{Name: p.Name, Title: d.Title, Doc: p.Doc, Source: d.Source, Date: d.Date, From: d.From, Format: d.Format,
				BitDepth: d.BitDepth, Float: d.Float, Loudness: d.Loudness, Tolerance: d.Tolerance, Ceiling: d.Ceiling, Dither: d.Dither}
			if d.SampleRate > 0 {
				j.SampleRate = &d.SampleRate
			}
			out = append(out, j)
		}
		e := json.NewEncoder(c.App.Writer)
		e.SetIndent("", "  ")
		return e.Encode(out)
	}
	t := newTable(c.App.Writer)
	t.AppendHeader(table.Row{"profile", "from", "format", "rate", "LUFS", "dBTP", "dither", "figures of", "for"})
	for _, p := range all {
		d := p.Delivery
		rate := "session"
		if d.SampleRate > 0 {
			rate = fmt.Sprintf("%g kHz", float64(d.SampleRate)/1000)
		}
		depth := fmt.Sprintf("%d-bit", d.BitDepth)
		if d.Float {
			depth += " float"
		}
		t.AppendRow(table.Row{p.Name, d.From, d.Format + " " + depth, rate, decimals(d.Loudness, 1), decimals(d.Ceiling, 1), d.Dither, d.Date, p.Doc})
	}
	t.Render()
	return nil
}

// printProfile prints one profile with all its values.
func printProfile(c *cli.Context, p spec.Profile) {
	fmt.Fprintf(c.App.Writer, "%s: %s\n%s\nfigures of %s: %s\n\n", p.Name, p.Delivery.Title, p.Doc, p.Delivery.Date, p.Delivery.Source)
	for _, l := range p.Lines[1:] {
		_, key, _ := strings.Cut(strings.TrimPrefix(l.Path, "deliver."), ".")
		fmt.Fprintf(c.App.Writer, "  %-14s %-12s %s\n", key, l.Value, l.Doc)
	}
}
