package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render/disc"
)

func ddpCommand() *cli.Command {
	return &cli.Command{
		Name:      "ddp",
		Usage:     "read and verify a CD master (DDP 2.00), of any program",
		ArgsUsage: "inspect|verify DIR",
		Description: "inspect shows the disc: tracks, indexes, times, ISRCs, flags, CD-TEXT, files, and what is odd about them.\n" +
			"verify reads every byte: sizes, times and codes against each other, CD-TEXT, checksums and the Red Book;\n" +
			"exit code 3 if something is wrong. A warning is not wrong, but may be refused. Times are MM:SS:FF, 75 frames a second,\n" +
			"from the beginning of the pause before track 1.",
		Flags:        []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print a JSON object"}},
		BashComplete: func(c *cli.Context) { fmt.Fprint(c.App.Writer, "inspect\nverify\n") },
		Action:       readDDP,
	}
}

func readDDP(c *cli.Context) error {
	if err := atMost(c, 2); err != nil {
		return err
	}
	what, dir := c.Args().First(), c.Args().Get(1)
	if what != "inspect" && what != "verify" {
		return usage("ddp: %q: expected inspect or verify", what)
	}
	if dir == "" {
		return usage("ddp %s: which folder?", what)
	}
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s: a DDP is a folder; name the one that the file is in", dir)
	}
	var d *disc.DDP
	var err error
	if what == "verify" {
		d, err = disc.VerifyDDP(c.Context, os.DirFS(dir))
	} else {
		d, err = disc.ReadDDP(os.DirFS(dir))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	var text strings.Builder
	switch {
	case c.Bool("json"):
		err = json.NewEncoder(c.App.Writer).Encode(ddpOf(d))
	case what == "verify":
		printVerified(&text, d)
	default:
		printDDP(&text, d)
	}
	fmt.Fprint(c.App.Writer, printable(text.String()))
	if err == nil && what == "verify" && len(d.Findings.Errors()) > 0 {
		return errUnmet
	}
	return err
}

// printable takes out what a foreign file's texts could do to a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return '�'
		}
		return r
	}, s)
}

// printVerified prints the findings, and how it came out.
func printVerified(w io.Writer, d *disc.DDP) {
	printFindings(w, d.Findings)
	n := map[disc.Severity]int{}
	for _, f := range d.Findings {
		n[f.Severity]++
	}
	fmt.Fprintf(w, "%s, %v: ", count(len(d.Layout.Tracks), "track"), d.Layout.Playing())
	if n[disc.Error] == 0 {
		fmt.Fprintf(w, "right, %s held", count(len(d.Sums), "checksum"))
	} else {
		fmt.Fprint(w, count(n[disc.Error], "error"))
	}
	if n[disc.Warning] > 0 {
		fmt.Fprintf(w, ", %s", count(n[disc.Warning], "warning"))
	}
	fmt.Fprintln(w)
}

func printFindings(w io.Writer, found disc.Findings) {
	for _, f := range found {
		fmt.Fprintln(w, f)
	}
}

// printDDP prints everything that is known of a disc.
func printDDP(w io.Writer, d *disc.DDP) {
	l := d.Layout
	head := [][2]string{
		{"format", d.Level}, {"master ID", l.MasterID}, {"catalogue number (EAN)", l.MCN}, {"title", l.Text.Title}, {"performer", l.Text.Performer},
		{"disc", fmt.Sprintf("%s, %v, lead-out at %v", count(len(l.Tracks), "track"), l.Playing(), l.LeadOut)},
	}
	for _, line := range head {
		if line[1] != "" {
			fmt.Fprintf(w, "%-23s %s\n", line[0], line[1])
		}
	}
	fmt.Fprintln(w)
	printTracks(w, l)
	printText(w, l)
	fmt.Fprintln(w)
	t := newTable(w)
	t.AppendHeader(table.Row{"file", "bytes", "stream", "length"})
	for _, s := range d.Streams {
		size := "missing"
		if s.Size >= 0 {
			size = fmt.Sprint(s.Size)
		}
		unit := "bytes"
		if s.Type == "D0" {
			unit = "frames"
		}
		t.AppendRow(table.Row{s.Name, size, strings.TrimSpace(s.Type + " " + s.Sub + s.Mode), fmt.Sprintf("%d %s", s.Length, unit)})
	}
	t.Render()
	for _, s := range d.Sums {
		fmt.Fprintf(w, "%s: %s %s %s\n", s.In, s.Name, s.Kind, s.Want)
	}
	if len(d.Findings) > 0 {
		fmt.Fprintln(w)
		printFindings(w, d.Findings)
	}
}

// printTracks prints a line for each index.
func printTracks(w io.Writer, l disc.Layout) {
	t := newTable(w)
	t.AppendHeader(table.Row{"track", "index", "start", "length", "ISRC", "flags", "title", "performer"})
	for i, track := range l.Tracks {
		for k, p := range track.Points() {
			row := table.Row{"", fmt.Sprintf("%02d", p.Index), p.Time.String(), "", "", "", "", ""}
			if k == 0 {
				row[0] = fmt.Sprintf("%02d", i+1)
			}
			switch p.Index {
			case 0:
				row[3] = track.Pregap.String()
			case 1:
				row[3], row[4], row[5], row[6], row[7] = l.Length(i).String(), track.ISRC, track.Flags.String(), track.Text.Title, track.Text.Performer
			}
			t.AppendRow(row)
		}
	}
	t.AppendRow(table.Row{"AA", "01", l.LeadOut.String()})
	t.Render()
}

// printText prints what CD-TEXT has beside titles and performers.
func printText(w io.Writer, l disc.Layout) {
	if !l.HasText() {
		fmt.Fprintln(w, "no CD-TEXT")
		return
	}
	rest := func(of string, t disc.Text) {
		for _, line := range [][2]string{{"songwriter", t.Songwriter}, {"composer", t.Composer}, {"arranger", t.Arranger}, {"message", t.Message}} {
			if line[1] != "" {
				fmt.Fprintf(w, "CD-TEXT %s: %s %s\n", of, line[0], line[1])
			}
		}
	}
	rest("disc", l.Text)
	if code := l.Genre.Code; code > 0 {
		fmt.Fprintf(w, "CD-TEXT disc: genre %d", code)
		if code < len(disc.Genres) {
			fmt.Fprintf(w, ", %s", disc.Genres[code])
		}
		if l.Genre.Text != "" {
			fmt.Fprintf(w, ": %s", l.Genre.Text)
		}
		fmt.Fprintln(w)
	}
	if l.DiscID != "" {
		fmt.Fprintf(w, "CD-TEXT disc: ID %s\n", l.DiscID)
	}
	for i, t := range l.Tracks {
		rest(fmt.Sprintf("track %d", i+1), t.Text)
	}
}

// ddpJSON is what --json prints of a DDP. Times and lengths are in frames of 1/75 s, from the
// beginning of the pause before track 1.
type ddpJSON struct {
	Level     string           `json:"level"`
	MasterID  *string          `json:"master_id"`
	EAN       *string          `json:"ean"`
	Text      textJSON         `json:"text"`
	Genre     *int             `json:"genre_code"`
	GenreText *string          `json:"genre"`
	DiscID    *string          `json:"disc_id"`
	Tracks    []ddpTrackJSON   `json:"tracks"`
	LeadOut   int              `json:"lead_out_frames"`
	Playing   float64          `json:"playing_s"`
	Streams   []ddpStreamJSON  `json:"streams"`
	Sums      []ddpSumJSON     `json:"checksums"`
	Findings  []ddpFindingJSON `json:"findings"`
}

type textJSON struct {
	Title      *string `json:"title"`
	Performer  *string `json:"performer"`
	Songwriter *string `json:"songwriter"`
	Composer   *string `json:"composer"`
	Arranger   *string `json:"arranger"`
	Message    *string `json:"message"`
}

type ddpTrackJSON struct {
	Number      int            `json:"number"`
	ISRC        *string        `json:"isrc"`
	Start       int            `json:"start_frames"`
	Length      int            `json:"length_frames"`
	Pregap      int            `json:"pregap_frames"`
	Indexes     []ddpIndexJSON `json:"indexes"`
	Copy        bool           `json:"copy_permitted"`
	PreEmphasis bool           `json:"pre_emphasis"`
	SCMS        bool           `json:"scms"`
	FourChannel bool           `json:"four_channel"`
	Text        textJSON       `json:"text"`
}

type ddpIndexJSON struct {
	Index int    `json:"index"`
	Start int    `json:"start_frames"`
	Time  string `json:"msf"`
}

type ddpStreamJSON struct {
	File   string  `json:"file"`
	Type   string  `json:"type"`
	Sub    *string `json:"subcode"`
	Mode   *string `json:"mode"`
	Bytes  *int64  `json:"size_bytes"`    // null: the file is missing
	Length *int    `json:"length_frames"` // of a D0
	Stated *int    `json:"length_bytes"`  // of an S0
}

type ddpSumJSON struct {
	In       string  `json:"in"`
	File     string  `json:"file"`
	Kind     string  `json:"kind"`
	Expected string  `json:"expected"`
	Found    *string `json:"found"` // null: not looked at, or the file is missing
}

type ddpFindingJSON struct {
	Severity string  `json:"severity"`
	Rule     string  `json:"rule"`
	File     *string `json:"file"`
	Track    *int    `json:"track"`
	Message  string  `json:"message"`
	Found    *int    `json:"found"`
	Limit    *int    `json:"limit"`
	Unit     *string `json:"unit"`
}

func ddpOf(d *disc.DDP) ddpJSON {
	l := d.Layout
	out := ddpJSON{
		Level: d.Level, MasterID: orNull(l.MasterID), EAN: orNull(l.MCN), Text: textOf(l.Text), GenreText: orNull(l.Genre.Text), DiscID: orNull(l.DiscID),
		Tracks: []ddpTrackJSON{}, LeadOut: int(l.LeadOut), Playing: l.Playing().Seconds(), Streams: []ddpStreamJSON{}, Sums: []ddpSumJSON{}, Findings: []ddpFindingJSON{},
	}
	if l.Genre.Code > 0 {
		out.Genre = &l.Genre.Code
	}
	for i, t := range l.Tracks {
		track := ddpTrackJSON{
			Number: i + 1, ISRC: orNull(t.ISRC), Start: int(t.Start), Length: int(l.Length(i)), Pregap: int(t.Pregap), Text: textOf(t.Text),
			Copy: t.Flags.Copy, PreEmphasis: t.Flags.PreEmphasis, SCMS: t.Flags.SCMS, FourChannel: t.Flags.FourChannel,
		}
		for _, p := range t.Points() {
			track.Indexes = append(track.Indexes, ddpIndexJSON{p.Index, int(p.Time), p.Time.String()})
		}
		out.Tracks = append(out.Tracks, track)
	}
	for _, s := range d.Streams {
		out.Streams = append(out.Streams, streamOf(s))
	}
	for _, s := range d.Sums {
		out.Sums = append(out.Sums, ddpSumJSON{In: s.In, File: s.Name, Kind: s.Kind, Expected: s.Want, Found: orNull(s.Got)})
	}
	for _, f := range d.Findings {
		out.Findings = append(out.Findings, findingOf(f))
	}
	return out
}

func textOf(t disc.Text) textJSON {
	return textJSON{orNull(t.Title), orNull(t.Performer), orNull(t.Songwriter), orNull(t.Composer), orNull(t.Arranger), orNull(t.Message)}
}

func streamOf(s disc.Stream) ddpStreamJSON {
	out := ddpStreamJSON{File: s.Name, Type: s.Type, Sub: orNull(s.Sub), Mode: orNull(s.Mode)}
	if s.Size >= 0 {
		out.Bytes = &s.Size
	}
	if s.Length >= 0 && s.Type == "D0" {
		out.Length = &s.Length
	} else if s.Length >= 0 {
		out.Stated = &s.Length
	}
	return out
}

func findingOf(f disc.Finding) ddpFindingJSON {
	out := ddpFindingJSON{Severity: f.Severity.String(), Rule: f.Rule, File: orNull(f.File), Message: f.Message, Unit: orNull(f.Unit)}
	if f.Track > 0 {
		out.Track = &f.Track
	}
	if f.Unit != "" {
		out.Found, out.Limit = &f.Found, &f.Limit
	}
	return out
}

// orNull is a text, or null where there is none.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
