package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render/playback"
	"github.com/lathe-audio/lathe/spec"
)

func profilesCommand() *cli.Command {
	return &cli.Command{
		Name:      "profiles",
		Usage:     "list the delivery profiles and the streaming services, with the source and the date of their figures",
		ArgsUsage: "[NAME]   or   lathe profiles --check FILE PROFILE…",
		Description: "Delivery profiles say what `deliver` makes; streaming services say what happens to the level of a file\n" +
			"when it is played. With a NAME, of either, everything about it; a profile of your own is named by its path.\n\n" +
			"With --check, holds any audio file against the rules of profiles; exit code 3 where one is not kept. What is\n" +
			"only advice, or known from nobody who could say, fails nothing.",
		Flags: []cli.Flag{
			&cli.GenericFlag{Name: "check", Value: &fileList{}, Usage: "hold `FILE` against the profiles that are named; may be given several times"},
			&cli.BoolFlag{Name: "playback", Usage: "the streaming services only"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON array: of the delivery profiles, or with --playback of the services"},
		},
		Action: listProfiles,
		BashComplete: func(c *cli.Context) {
			all, _ := spec.Profiles()
			for _, p := range all {
				fmt.Fprintln(c.App.Writer, p.Name)
			}
			services, _ := playback.Services()
			for _, s := range services {
				fmt.Fprintln(c.App.Writer, s.Name)
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
	BitDepth   *int     `json:"bit_depth"`      // null: lossy
	Level      string   `json:"level,omitempty"`
	Float      bool     `json:"float"`
	Loudness   *float64 `json:"loudness_lufs"`
	Tolerance  float64  `json:"tolerance_lu"`
	Ceiling    *float64 `json:"ceiling_dbtp"`
	Dither     string   `json:"dither"`

	Group         string     `json:"group"`
	MaxSampleRate *int       `json:"max_sample_rate_hz"` // null: any
	Peak          *float64   `json:"peak_dbfs"`
	MonoBelow     *float64   `json:"mono_below_hz"`
	FileName      string     `json:"file_name"`
	Characters    string     `json:"characters"`
	Metadata      []string   `json:"metadata"`
	Rules         []ruleText `json:"rules"`
}

// ruleText is one rule of a profile.
type ruleText struct {
	Rule     string   `json:"rule"`
	Limit    string   `json:"limit"`
	Min      *float64 `json:"min"`
	Max      *float64 `json:"max"`
	Severity string   `json:"severity"` // "fail" or "advice"
	Mark     string   `json:"mark"`     // "published", "reported" or "unconfirmed"
	Source   string   `json:"source"`

	LouderThan *float64 `json:"louder_than_lufs,omitempty"`
	Channels   int      `json:"channels_of,omitempty"`
}

// serviceJSON is what `lathe profiles --playback --json` prints of a streaming
// service.
type serviceJSON struct {
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Loudness  float64  `json:"loudness_lufs"`
	Measures  string   `json:"measures"`
	Unit      string   `json:"unit"`      // "track", "album", "either", "unknown"
	Raises    string   `json:"raises"`    // "never", "headroom", "limiter", "full", "unknown"
	Peak      *float64 `json:"peak_dbtp"` // null: no rule about peaks is known
	Confirmed bool     `json:"confirmed"`
	Note      string   `json:"note"`
	Source    string   `json:"source"`
	Date      string   `json:"date"`
}

func listProfiles(c *cli.Context) error {
	if c.IsSet("check") {
		return checkFiles(c)
	}
	if err := atMost(c, 1); err != nil {
		return err
	}
	all, diags := spec.Profiles()
	if diags != nil {
		return faults(diags)
	}
	services, err := playback.Services()
	if err != nil {
		return err
	}
	if name := c.Args().First(); name != "" {
		if all, services, err = namedProfile(name, all, services); err != nil {
			return err
		}
	}
	if c.Bool("playback") {
		all = nil
	}
	one := c.Args().First() != ""
	switch {
	case c.Bool("json") && len(all) > 0:
		return printProfilesJSON(c, all)
	case c.Bool("json"):
		return printServicesJSON(c, services)
	case one:
		for _, p := range all {
			printProfile(c, p)
		}
		for _, s := range services {
			if len(all) > 0 {
				fmt.Fprint(c.App.Writer, "\nAt playback, ")
			}
			printService(c, s)
		}
		return nil
	}
	if len(all) > 0 {
		printProfiles(c, all)
		fmt.Fprintln(c.App.Writer, "\nWhat streaming services do to the level at playback:")
	}
	printServices(c, services)
	return nil
}

// namedProfile picks the profile and the service of a name: a platform may be
// both. A profile of one's own is named by its path.
func namedProfile(name string, all []spec.Profile, services []playback.Service) ([]spec.Profile, []playback.Service, error) {
	var profiles []spec.Profile
	var players []playback.Service
	if i := slices.IndexFunc(all, func(p spec.Profile) bool { return p.Name == name }); i >= 0 {
		profiles = all[i : i+1]
	} else if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
		p, diags := spec.ProfileNamed(name)
		if diags != nil {
			return nil, nil, faults(diags)
		}
		return []spec.Profile{p}, nil, nil
	}
	if i := slices.IndexFunc(services, func(s playback.Service) bool { return s.Name == name }); i >= 0 {
		players = services[i : i+1]
	}
	if profiles != nil || players != nil {
		return profiles, players, nil
	}
	var names, known []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	for _, s := range services {
		known = append(known, s.Name)
	}
	if _, diags := spec.ProfileNamed(name); diags != nil && strings.HasPrefix(diags[0].Hint, "did you mean") {
		return nil, nil, usage("profiles: %s; %s", diags[0].Message, diags[0].Hint)
	}
	return nil, nil, usage("profiles: there is no profile %q; there are %s, and the streaming services %s", name, strings.Join(names, ", "), strings.Join(known, ", "))
}

func printProfilesJSON(c *cli.Context, all []spec.Profile) error {
	var out []profileJSON
	for _, p := range all {
		d := p.Delivery
		j := profileJSON{Name: p.Name, Title: d.Title, Doc: p.Doc, Source: d.Source, Date: d.Date, From: d.From, Format: d.Format,
			Float: d.Float, Loudness: d.Loudness, Tolerance: d.Tolerance, Ceiling: d.Ceiling, Dither: d.Dither,
			Group: d.Group, Peak: d.Peak, FileName: d.FileName.String(), Characters: d.Characters, Metadata: append([]string{}, d.Metadata...), Rules: []ruleText{}}
		if j.BitDepth = &d.BitDepth; d.Lossy() {
			j.BitDepth, j.Level = nil, d.Level()
		}
		if d.SampleRate > 0 {
			j.SampleRate = &d.SampleRate
		}
		if d.MaxSampleRate > 0 {
			j.MaxSampleRate = &d.MaxSampleRate
		}
		if d.MonoBelow > 0 {
			j.MonoBelow = &d.MonoBelow
		}
		for _, r := range d.Rules {
			j.Rules = append(j.Rules, ruleText{
				Rule: r.Figure, Limit: r.Demand(), Min: r.Min, Max: r.Max, Severity: severityWord(r), Mark: r.Mark, Source: r.Source,
				LouderThan: r.LouderThan, Channels: r.Channels,
			})
		}
		out = append(out, j)
	}
	return printJSON(c, out)
}

func printServicesJSON(c *cli.Context, services []playback.Service) error {
	var out []serviceJSON
	for _, s := range services {
		j := serviceJSON{Name: s.Name, Title: s.Title, Loudness: s.Loudness, Measures: s.Measures, Unit: s.Unit, Raises: s.Raises,
			Confirmed: s.Confirmed, Note: s.Note, Source: s.Source, Date: s.Date}
		if s.Raises == "headroom" || s.Raises == "limiter" {
			j.Peak = &s.Peak
		}
		out = append(out, j)
	}
	return printJSON(c, out)
}

func printJSON(c *cli.Context, v any) error {
	e := json.NewEncoder(c.App.Writer)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// wrapped is a column that is so wide at most.
func wrapped(column, width int) table.ColumnConfig {
	return table.ColumnConfig{Number: column, WidthMax: width, WidthMaxEnforcer: text.WrapSoft}
}

func severityWord(r spec.Rule) string {
	if r.Advice {
		return "advice"
	}
	return "fail"
}

func printProfiles(c *cli.Context, all []spec.Profile) {
	t := newTable(c.App.Writer)
	t.AppendHeader(table.Row{"", "profile", "from", "format", "rate", "LUFS", "dBTP", "dither", "rules", "figures of", "for"})
	for _, group := range append(spec.ProfileGroups(), "") {
		title := group
		for _, p := range all {
			if p.Delivery.Group != group {
				continue
			}
			if title != "" && t.Length() > 0 {
				t.AppendSeparator()
			}
			t.AppendRow(append(table.Row{title}, profileRow(p)...))
			title = ""
		}
	}
	t.Render()
}

func profileRow(p spec.Profile) table.Row {
	d := p.Delivery
	rate := "session"
	switch {
	case d.SampleRate > 0:
		rate = fmt.Sprintf("%g kHz", float64(d.SampleRate)/1000)
	case d.MaxSampleRate > 0:
		rate = fmt.Sprintf("session, to %g kHz", float64(d.MaxSampleRate)/1000)
	}
	depth := fmt.Sprintf("%d-bit", d.BitDepth)
	switch {
	case d.Float:
		depth += " float"
	case d.Lossy():
		depth = d.Level()
	}
	fails := 0
	for _, r := range d.Rules {
		if !r.Advice {
			fails++
		}
	}
	rules := "–"
	if len(d.Rules) > 0 {
		rules = fmt.Sprintf("%d + %d", fails, len(d.Rules)-fails)
	}
	return table.Row{p.Name, d.From, d.Format + " " + depth, rate, decimals(d.Loudness, 1), decimals(d.Ceiling, 1), d.Dither, rules, d.Date, p.Doc}
}

func printServices(c *cli.Context, services []playback.Service) {
	t := newTable(c.App.Writer)
	t.AppendHeader(table.Row{"service", "LUFS", "one gain for", "quieter music", "figures of", "published by"})
	for _, s := range services {
		by := "others"
		if s.Confirmed {
			by = "itself"
		}
		t.AppendRow(table.Row{s.Name, fmt.Sprintf("%.1f", s.Loudness), unitWords[s.Unit], raisesWords(s), s.Date, by})
	}
	t.Render()
}

// printService prints all that is known of one service.
func printService(c *cli.Context, s playback.Service) {
	fmt.Fprintf(c.App.Writer, "%s: %s\nfigures of %s: %s\n", s.Name, s.Title, s.Date, s.Source)
	if !s.Confirmed {
		fmt.Fprintln(c.App.Writer, "not published by the service itself")
	}
	t := plainTable(c.App.Writer, 9, 9)
	t.AppendRow(table.Row{"plays at", fmt.Sprintf("%.1f LUFS", s.Loudness)})
	t.AppendRow(table.Row{"measures", s.Measures})
	t.AppendRow(table.Row{"one gain for", unitWords[s.Unit]})
	t.AppendRow(table.Row{"quieter music", raisesWords(s)})
	if s.Note != "" {
		t.AppendRow(table.Row{"note", s.Note})
	}
	fmt.Fprintln(c.App.Writer)
	t.Render()
}

var unitWords = map[string]string{"track": "a track", "album": "an album", "either": "an album, or a track", "unknown": "not known"}

func raisesWords(s playback.Service) string {
	switch s.Raises {
	case "never":
		return "as it is"
	case "headroom":
		return fmt.Sprintf("turned up, to %g dBTP at most", s.Peak)
	case "limiter":
		return fmt.Sprintf("turned up, limited from %g dB", s.Peak)
	case "full":
		return "turned up"
	}
	return "not known"
}

// printProfile prints one profile with all its values and rules.
func printProfile(c *cli.Context, p spec.Profile) {
	d := p.Delivery
	fmt.Fprintf(c.App.Writer, "%s: %s\n%s\nfigures of %s: %s\n\n", p.Name, d.Title, p.Doc, d.Date, d.Source)
	for _, l := range p.Lines[1:] {
		_, key, _ := strings.Cut(strings.TrimPrefix(l.Path, "deliver."), ".")
		if !strings.HasPrefix(key, "rules") {
			fmt.Fprintf(c.App.Writer, "  %-15s %-12s %s\n", key, l.Value, l.Doc)
		}
	}
	if len(d.Rules) == 0 {
		return
	}
	fmt.Fprintln(c.App.Writer)
	t := newTable(c.App.Writer)
	t.AppendHeader(table.Row{"", "rule", "limit", "says"})
	t.SetColumnConfigs([]table.ColumnConfig{wrapped(3, 40), wrapped(4, 80)})
	for _, r := range d.Rules {
		t.AppendRow(table.Row{severityWord(r), r.What() + r.Condition(), r.Demand(), saysWho(r.Mark, r.Source)})
	}
	t.Render()
}
