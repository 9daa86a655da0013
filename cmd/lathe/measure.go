package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/render/playback"
	"github.com/lathe-audio/lathe/render/plot"
	"github.com/lathe-audio/lathe/spec"
)

func measureCommand() *cli.Command {
	return &cli.Command{
		Name:      "measure",
		Usage:     "loudness, peaks, dynamics, stereo, spectrum and format of audio files",
		ArgsUsage: "FILE|DIR|GLOB…",
		Description: "Measures by ITU-R BS.1770-5 and EBU R 128. WAV, RF64/BW64, AIFF, AIFF-C and FLAC are read by lathe, anything\n" +
			"else is decoded by the ffmpeg on PATH, which the report then names. Of a folder, all audio files in and below it\n" +
			"are measured; a GLOB in quotes is expanded by lathe, ** stands for any number of folders.\n\n" +
			"One file is shown in full, several as one line each; --json always says everything.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON array, an object for each file; with --album an object of `files` and album"},
			&cli.StringFlag{Name: "range", Usage: "measure the part `FROM-TO` of each file, as 1:02.5-2:10, 30 s- or -0:10"},
			&cli.BoolFlag{Name: "album", Usage: "the files together too: gated as one programme"},
			&cli.StringFlag{Name: "target", Usage: "say what a file lacks to meet the delivery profile `PROFILE` (a name or a path); exit code 3 if one does"},
			&cli.StringFlag{Name: "plot", Usage: "draw waveform, loudness and spectrum into `FILE.svg|png`; for several files with {name} in it"},
			&cli.BoolFlag{Name: "dual-mono", Usage: "read a mono file as heard from two loudspeakers: 3.01 LU louder"},
		},
		Action: measureFiles,
	}
}

// measured is everything that is known of the files, for printing.
type measured struct {
	reports  []measure.Report
	album    *measure.AlbumReport // with --album
	profile  *spec.Profile        // with --target
	services []playback.Service
	to       float64 // the end of --range in seconds; 0: the files'
}

func measureFiles(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage("measure: which file?")
	}
	opts := measure.Options{DualMono: c.Bool("dual-mono"), Series: c.IsSet("plot")}
	var err error
	if c.IsSet("range") {
		if opts.From, opts.To, err = parseRange(c.String("range")); err != nil {
			return err
		}
	}
	if err := plotNameFits(c); err != nil {
		return err
	}
	m := measured{to: opts.To}
	if c.IsSet("target") {
		if m.profile, err = targetProfile(c.String("target")); err != nil {
			return err
		}
	}
	if m.services, err = playback.Services(); err != nil {
		return err
	}
	var failed error // what could be measured is shown even if something could not
	m.reports, failed = measure.Files(c.Context, opts, c.Args().Slice()...)
	if c.Context.Err() != nil {
		return failed
	}
	if c.Bool("album") && len(m.reports) > 0 {
		a := measure.Album(m.reports)
		m.album = &a
	}
	m.warn(c.App.ErrWriter)
	if c.Bool("json") {
		err = m.printJSON(c.App.Writer)
	} else {
		m.print(c.App.Writer)
	}
	if err == nil && c.IsSet("plot") {
		err = m.plot(c.String("plot"))
	}
	if err = errors.Join(failed, err); err != nil {
		return err
	}
	return m.missed()
}

// parseRange reads FROM-TO; either may be left out. A to of 0 is the end.
func parseRange(text string) (from, to float64, err error) {
	bad := func(why string) (float64, float64, error) {
		return 0, 0, usage("measure: --range %s: %s; write FROM-TO, as 1:02.5-2:10, 30 s- or -0:10", text, why)
	}
	first, last, ok := strings.Cut(text, "-")
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	if !ok || first == "" && last == "" {
		return bad("no part of a file")
	}
	if first != "" {
		if from, err = position(first); err != nil {
			return bad(err.Error())
		}
	}
	if last == "" {
		return from, 0, nil
	}
	if to, err = position(last); err != nil {
		return bad(err.Error())
	}
	if to <= from {
		return bad("it ends before it begins")
	}
	return from, to, nil
}

// position reads a place in a file as the language has it; a bare number is
// seconds.
func position(text string) (float64, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		text += " s"
	}
	return spec.Seconds(text)
}

// targetProfile loads the profile that --target names.
func targetProfile(name string) (*spec.Profile, error) {
	p, diags := spec.ProfileNamed(name)
	switch {
	case diags == nil:
		return &p, nil
	case diags[0].File == "": // the name itself
		text := diags[0].Message
		if diags[0].Hint != "" {
			text += "; " + diags[0].Hint
		}
		return nil, usage("measure: --target: %s", text)
	}
	return nil, faults(diags)
}

// warn says what is odd about the files.
func (m *measured) warn(w io.Writer) {
	for _, r := range m.reports {
		for _, text := range r.Warnings {
			fmt.Fprintf(w, "%s: warning: %s\n", r.File, text)
		}
		if r.NonFinite > 0 {
			fmt.Fprintf(w, "%s: warning: %d samples are no numbers (NaN or infinite), the first at %s: measured as 0; render it again\n",
				r.File, r.NonFinite, length(*r.NonFiniteAt))
		}
	}
}

// compare holds a report against the profile. An album's loudness is judged of
// the whole, and of its files the rest.
func (m *measured) compare(r measure.Report) measure.Comparison {
	d := m.profile.Delivery
	if m.album != nil {
		d.Loudness = nil
	}
	return measure.Compare(r, m.profile.Name, d)
}

// missed is the error for what does not meet the profile; the report has said
// what that is.
func (m *measured) missed() error {
	if m.profile == nil {
		return nil
	}
	var lacking []string
	for _, r := range m.reports {
		if !m.compare(r).Meets {
			lacking = append(lacking, r.File)
		}
	}
	if m.album != nil && !measure.CompareAlbum(*m.album, m.profile.Name, m.profile.Delivery).Meets {
		lacking = append(lacking, "the album")
	}
	if len(lacking) == 0 {
		return nil
	}
	text := fmt.Sprintf("%s does not meet %s", lacking[0], m.profile.Name)
	if n := len(lacking) - 1; n > 0 {
		text = fmt.Sprintf("%s and %d more do not meet %s", lacking[0], n, m.profile.Name)
	}
	return fmt.Errorf("%s%w", text, &render.TargetError{})
}

// fileJSON is what is added to the report of a file.
type fileJSON struct {
	Playback []playback.Playback `json:"playback"`
	Target   *measure.Comparison `json:"target,omitempty"`
}

func (m *measured) printJSON(w io.Writer) error {
	files := []json.RawMessage{} // [], not null
	for _, r := range m.reports {
		extra := fileJSON{Playback: m.play(r.Integrated, r.TruePeak)}
		if m.profile != nil {
			c := m.compare(r)
			extra.Target = &c
		}
		b, err := extended(r, extra)
		if err != nil {
			return err
		}
		files = append(files, b)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if m.album == nil {
		return e.Encode(files)
	}
	extra := fileJSON{Playback: m.playAlbum()}
	if m.profile != nil {
		c := measure.CompareAlbum(*m.album, m.profile.Name, m.profile.Delivery)
		extra.Target = &c
	}
	album, err := extended(m.album, extra)
	if err != nil {
		return err
	}
	return e.Encode(struct {
		Files []json.RawMessage `json:"files"`
		Album json.RawMessage   `json:"album"`
	}{files, album})
}

// extended is the JSON object of v with the keys of extra behind its own.
func extended(v, extra any) (json.RawMessage, error) {
	encode := func(v any) ([]byte, error) {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		err := e.Encode(v)
		return []byte(strings.TrimSpace(b.String())), err
	}
	a, err := encode(v)
	if err != nil {
		return nil, err
	}
	b, err := encode(extra)
	if err != nil {
		return nil, err
	}
	return append(append(a[:len(a)-1], ','), b[1:]...), nil
}

func (m *measured) play(integrated, truePeak *float64) []playback.Playback {
	var out []playback.Playback
	for _, s := range m.services {
		out = append(out, s.Play(integrated, truePeak))
	}
	return out
}

// playAlbum leaves out the services that give every track its own gain.
func (m *measured) playAlbum() []playback.Playback {
	return slices.DeleteFunc(m.play(m.album.Integrated, m.album.TruePeak), func(p playback.Playback) bool { return p.Unit == "track" })
}

// plotName stands for the measured file's name in the name of a drawing.
const plotName = "{name}"

// plotNameFits refuses what cannot be drawn before anything is measured.
func plotNameFits(c *cli.Context) error {
	if !c.IsSet("plot") {
		return nil
	}
	switch strings.ToLower(filepath.Ext(c.String("plot"))) {
	case ".svg", ".png":
		if c.NArg() > 1 && !strings.Contains(c.String("plot"), plotName) {
			return onePlot(c.String("plot"), c.NArg())
		}
		return nil
	}
	return usage("measure: --plot %s: a drawing is FILE.svg or FILE.png", c.String("plot"))
}

func onePlot(name string, files int) error {
	return usage("measure: --plot %s: %d files cannot be drawn into one; write %s where the file's name shall stand, as in plots/%s.svg", name, files, plotName, plotName)
}

// plot draws every file that was measured.
func (m *measured) plot(name string) error {
	if len(m.reports) > 1 && !strings.Contains(name, plotName) {
		return onePlot(name, len(m.reports))
	}
	drawn := map[string]string{}
	for _, r := range m.reports {
		base := strings.TrimSuffix(filepath.Base(r.File), filepath.Ext(r.File))
		to := strings.ReplaceAll(name, plotName, base)
		if first, taken := drawn[to]; taken {
			return usage("measure: --plot %s: %s and %s would both be drawn into %s", name, first, r.File, to)
		}
		drawn[to] = r.File
		if err := m.draw(r, to); err != nil {
			return err
		}
	}
	return nil
}

// draw writes one drawing, whole or not at all.
func (m *measured) draw(r measure.Report, to string) error {
	var targets []plot.Target
	if m.profile != nil && m.profile.Delivery.Loudness != nil {
		targets = append(targets, plot.Target{Name: m.profile.Name, LUFS: *m.profile.Delivery.Loudness})
	}
	paint := plot.SVG
	if strings.EqualFold(filepath.Ext(to), ".png") {
		paint = plot.PNG
	}
	var picture bytes.Buffer
	if err := paint(&picture, plot.FromReport(r, reportFormat(r), targets...)); err != nil {
		return err
	}
	return writeWhole(to, picture.Bytes())
}
