package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render"
)

func albumCommand() *cli.Command {
	return &cli.Command{
		Name:      "album",
		Usage:     "the songs of an album beside each other, as they were delivered",
		ArgsUsage: "[PROJECT]",
		Description: "Measures the files of the last build: loudness, range, peaks, gain, gaps and starts of every song, its tone against\n" +
			"the album's mean in octaves, and how long discs, sides and the whole are.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "delivery", Usage: "of the delivery `NAME` (default: the first of mastered songs)"},
			&cli.StringFlag{Name: "out", Usage: "output folder `DIR` (default: dist beside the project file)"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON object"},
		},
		Action: func(c *cli.Context) error {
			if err := atMost(c, 1); err != nil {
				return err
			}
			p, err := loadFor(c, project(c), "")
			if err != nil {
				return err
			}
			t, err := render.Album(c.Context, p, c.String("out"), c.String("delivery"))
			if err != nil {
				return err
			}
			if c.Bool("json") {
				e := json.NewEncoder(c.App.Writer)
				e.SetEscapeHTML(false)
				e.SetIndent("", "  ")
				return e.Encode(t)
			}
			printAlbum(c.App.Writer, t)
			return nil
		},
	}
}

// printAlbum prints the tables of an album.
func printAlbum(w io.Writer, a *render.AlbumTable) {
	fmt.Fprintf(w, "%s, %s, loudness: %s\n\n", a.Title, a.Delivery, a.Mode)
	t := newTable(w)
	t.AppendHeader(table.Row{"song", "before it", "start", "length", "LUFS", "short-term", "LRA", "dBTP", "gain", "trim", "limiter", "tilt", "tone"})
	for i, s := range a.Songs {
		if i > 0 && (s.Disc != a.Songs[i-1].Disc || s.Side != a.Songs[i-1].Side) {
			t.AppendSeparator()
		}
		limiter := "–"
		if s.Reduction > 0 {
			limiter = fmt.Sprintf("−%.1f dB", s.Reduction)
		}
		t.AppendRow(table.Row{
			fmt.Sprintf("%02d %s", s.Number, s.Title), before(s, i), length(s.Start), length(s.Duration), decimals(s.Integrated, 2), decimals(s.MaxShortTerm, 1),
			decimals(s.Range, 1), decimals(s.TruePeak, 2), fmt.Sprintf("%+.2f dB", s.Gain), fmt.Sprintf("%+.1f", s.Trim), limiter,
			decimals(s.Tilt, 2), corrected(s.Corrected),
		})
	}
	t.AppendSeparator()
	whole := a.Parts[len(a.Parts)-1]
	t.AppendRow(table.Row{"together", "", "", length(whole.Duration), decimals(a.Album.Integrated, 2), decimals(a.Album.MaxShortTerm, 1), decimals(a.Album.Range, 1), decimals(a.Album.TruePeak, 2), "", "", "", decimals(a.Tilt, 2), ""})
	rightFrom(t, 2, 13)
	t.Render()
	for _, q := range a.Parts[:len(a.Parts)-1] {
		fmt.Fprintf(w, "%s: %s, %s\n", q.Name, count(q.Songs, "song"), length(q.Duration))
	}
	fmt.Fprintf(w, "tilt: of the file's loud parts, dB an octave from 100 Hz to 10 kHz; last line: the mean. tone: what the build tilted the master by, about 1 kHz\n")
	fmt.Fprintf(w, "\ntone in octaves against the mean of the songs, dB, levels left out\n\n")
	t = newTable(w)
	head := table.Row{"song"}
	for _, b := range a.Bands {
		head = append(head, strings.TrimSuffix(strings.Replace(fmt.Sprintf("%g", b.Center), "000", "k", 1), ".0"))
	}
	t.AppendHeader(head)
	for _, s := range a.Songs {
		row := table.Row{fmt.Sprintf("%02d %s", s.Number, s.Title)}
		for _, b := range s.Tone {
			if b.Level == nil {
				row = append(row, "–")
				continue
			}
			row = append(row, fmt.Sprintf("%+.1f", *b.Level))
		}
		t.AppendRow(row)
	}
	rightFrom(t, 2, len(head))
	t.Render()
}

// corrected says what the album's tone did to a song.
func corrected(tone *render.SongTone) string {
	if tone == nil || tone.Correction == 0 {
		return "–"
	}
	return fmt.Sprintf("%+.2f dB", tone.Correction)
}

// before says what lies between a song and the one before it.
func before(s render.AlbumRow, i int) string {
	switch {
	case i == 0:
		return ""
	case s.Crossfade > 0:
		return fmt.Sprintf("crossfade %g s", s.Crossfade)
	case s.Joined:
		return "no break"
	}
	return fmt.Sprintf("%g s", s.Gap)
}

// rightFrom aligns columns to the right.
func rightFrom(t table.Writer, from, to int) {
	var columns []table.ColumnConfig
	for n := from; n <= to; n++ {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
}
