package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/spec"
)

// What a cutting engineer asks of a side. No standard says so: these are customs, for a
// 12-inch record at 33⅓, and what goes beyond them is advice, never a fault.
const (
	sideComfortable = 18 * 60 // seconds that are cut at full level
	sideLongest     = 22 * 60 // beyond this a side is cut much quieter
	lowStereoHz     = 200     // below it the groove wants to be lateral: mono
	lowStereoMost   = -6.0    // dB of side against mid there, where the side is loudest over 400 ms
	lowStereoFloor  = -30.0   // dBFS of the side there, below which it does not matter
	sibilanceLow    = 5000    // Hz of the band in which s and cymbals lie
	sibilanceHigh   = 10000
	sibilanceMost   = 0.0 // dB of 50 ms of it against the song's RMS
	innerLouder     = 1.0 // LU by which the last song may be louder than the side
)

// grooves is what is measured of a song on a side.
type grooves struct {
	low   *worst  // the side below 200 Hz, in dBFS
	ratio float64 // of it against the mid, there, in dB
	hiss  *worst  // 5 to 10 kHz, in dBFS
	rms   float64
	total float64
	count int64
	meter *loudness.Integrator

	lows, highs    *filter.Cascade
	lowMid, lowSd  float64
	lowN           int64
	band           float64
	bandN, at      int64
	window, shorts int64
	tmp            dsp.Block
}

// worst is the highest of a figure, and where it is.
type worst struct {
	db float64
	at int64
}

func (w *worst) hear(db float64, at int64) {
	if db > w.db {
		w.db, w.at = db, at
	}
}

func newGrooves(rate int) *grooves {
	r := float64(rate)
	lows, _ := filter.LR4(lowStereoHz, r)
	g := &grooves{
		low: &worst{db: math.Inf(-1)}, ratio: math.Inf(-1), hiss: &worst{db: math.Inf(-1)}, meter: loudness.NewIntegrator(rate),
		lows: filter.NewCascade(lows[:]...), window: int64(rate) * 4 / 10, shorts: int64(rate) / 20, tmp: dsp.NewBlock(dsp.MaxBlock),
	}
	band := filter.HighPass(sibilanceLow, filter.ButterworthQ, 2, r)
	if high := float64(sibilanceHigh); high < r/2 {
		band = append(band, filter.LowPass(high, filter.ButterworthQ, 2, r)...)
	}
	g.highs = filter.NewCascade(band...)
	return g
}

// hear takes in the next frames of the song.
func (g *grooves) hear(b dsp.Block) {
	g.meter.Write(b)
	for ch := range b {
		for _, v := range b[ch] {
			g.total += float64(v * v)
		}
	}
	g.count += int64(b.Len())
	x := g.tmp.Cut(0, b.Len())
	copy(x[0], b[0])
	copy(x[1], b[1])
	g.lows.Process(x)
	for i, l := range x[0] {
		r := x[1][i]
		mid, side := float64((l+r)*0.5), float64((l-r)*0.5)
		g.lowMid += float64(mid * mid)
		g.lowSd += float64(side * side)
		if g.lowN++; g.lowN == g.window {
			if side := xmath.DB(math.Sqrt(g.lowSd / float64(g.lowN))); side > g.low.db {
				*g.low = worst{side, g.at + int64(i) - g.window}
				g.ratio = xmath.DB(math.Sqrt(g.lowSd / max(g.lowMid, 1e-12)))
			}
			g.lowMid, g.lowSd, g.lowN = 0, 0, 0
		}
	}
	copy(x[0], b[0])
	copy(x[1], b[1])
	g.highs.Process(x)
	for i, l := range x[0] {
		g.band += float64(l*l) + float64(x[1][i]*x[1][i])
		if g.bandN++; g.bandN == g.shorts {
			g.hiss.hear(xmath.DB(math.Sqrt(g.band/float64(2*g.bandN))), g.at+int64(i)-g.shorts)
			g.band, g.bandN = 0, 0
		}
	}
	g.at += int64(b.Len())
}

// level is the song's RMS in dBFS.
func (g *grooves) level() float64 { return xmath.DB(math.Sqrt(g.total / float64(max(2*g.count, 1)))) }

// writeSide writes a side of vinyl and the sheet of its times, and returns the advice.
func (c *carrier) writeSide(ctx context.Context, dir string, s *sequenceReader, pieces []piece, end int64) (notes []string, err error) {
	d, rate := c.jobs[0].delivery, c.rate()
	out, err := os.Create(filepath.Join(dir, c.names[0]))
	if err != nil {
		return nil, fmt.Errorf("create output: %w", err)
	}
	defer out.Close()
	w, err := audiofile.CreateWAV(out, audiofile.Spec{Rate: rate, Channels: 2, Bits: d.BitDepth, Float: d.Float, Frames: end})
	if err != nil {
		return nil, err
	}
	emit := exactly(w, d)
	songs := make([]*grooves, len(pieces))
	for {
		i := s.i
		at := s.at
		b, err := s.next(dsp.MaxBlock)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := emit(b); err != nil {
			return nil, err
		}
		if i < len(pieces) && at >= pieces[i].start {
			if songs[i] == nil {
				songs[i] = newGrooves(rate)
			}
			songs[i].hear(b)
		}
	}
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		return nil, err
	}
	notes = c.advice(pieces, songs, end)
	return notes, os.WriteFile(filepath.Join(dir, c.names[1]), c.sideSheet(pieces, songs, end, notes), 0o644)
}

// exactly writes samples of a delivery's word length as they are.
func exactly(w audiofile.Writer, d *spec.Delivery) func(dsp.Block) error {
	if d.Float {
		return func(b dsp.Block) error { return w.WriteFloat(b[:]) }
	}
	scale := math.Ldexp(1, d.BitDepth-1)
	words := [2][]int32{make([]int32, dsp.MaxBlock), make([]int32, dsp.MaxBlock)}
	return func(b dsp.Block) error {
		for ch := range b {
			for i, v := range b[ch] {
				words[ch][i] = int32(math.Round(float64(v * scale)))
			}
		}
		return w.WriteInt([][]int32{words[0][:b.Len()], words[1][:b.Len()]})
	}
}

// advice is what a cutting engineer would say of a side, with the figures.
func (c *carrier) advice(pieces []piece, songs []*grooves, end int64) []string {
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	rate := c.rate()
	switch seconds := float64(end) / float64(rate); {
	case seconds > sideLongest:
		note("it plays %s: a 12-inch side at 33⅓ rpm of more than %s is cut much quieter; move a song, or ask the cutting house", spec.FormatClock(math.Round(seconds)), spec.FormatClock(sideLongest))
	case seconds > sideComfortable:
		note("it plays %s: a 12-inch side at 33⅓ rpm of more than %s has to be cut quieter than a short one", spec.FormatClock(math.Round(seconds)), spec.FormatClock(sideComfortable))
	}
	var blocks [][]float64
	for i, g := range songs {
		title := pieces[i].stage.song.Title
		blocks = append(blocks, g.meter.Blocks())
		if g.low.db > lowStereoFloor && g.ratio > lowStereoMost {
			note("%q is wide below %d Hz: at %s the side is %.1f dBFS there, %+.1f dB against the mid (custom: at most %.0f dB); imager: {mono_below: %d Hz} makes it mono", title, lowStereoHz, clock(g.low.at, rate), g.low.db, g.ratio, lowStereoMost, lowStereoHz)
		}
		if over := g.hiss.db - g.level(); over > sibilanceMost {
			note("%q is sharp at %s: 50 ms between 5 and 10 kHz lie %.1f dB over the song's RMS of %.1f dBFS; a deesser helps", title, clock(g.hiss.at, rate), over, g.level())
		}
	}
	if n := len(songs); n > 1 {
		side, last := loudness.Integrated(blocks...), songs[n-1].meter.Integrated()
		if last-side > innerLouder {
			note("its last song, %q, lies on the inner grooves, where treble is lost and distorts, and is %.1f LU louder than the side", pieces[n-1].stage.song.Title, last-side)
		}
	}
	return notes
}

// sideSheet is the sheet of a side's times and figures.
func (c *carrier) sideSheet(pieces []piece, songs []*grooves, end int64, notes []string) []byte {
	rate := c.rate()
	r := c.jobs[0].release
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n", r.Title)
	for _, line := range [][2]string{{"Artist", r.Artist}, {"Label", r.Label}, {"Catalogue", r.Catalog}} {
		if line[1] != "" {
			fmt.Fprintf(&out, "%s: %s\n", line[0], line[1])
		}
	}
	fmt.Fprintf(&out, "Side %s: %s, %s\n\n", c.side, spec.FormatClock(float64(end)/float64(rate)), c.names[0])
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "begins\tlength\tLUFS\tlow side dBFS\tagainst mid dB\t5-10 kHz dBFS\tISRC\ttitle")
	for i, p := range pieces {
		g := songs[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", clock(p.start, rate), clock(p.frames, rate), figure(g.meter.Integrated()), figure(g.low.db), figure(g.ratio), figure(g.hiss.db), p.stage.song.ISRC, p.stage.song.Title)
	}
	t.Flush()
	fmt.Fprintf(&out, "\nlow side: the difference of the channels below %d Hz, the highest of any 400 ms; 5-10 kHz: the highest of any 50 ms\n", lowStereoHz)
	for i, n := range notes {
		if i == 0 {
			fmt.Fprintln(&out, "\nAdvice, by custom and no standard:")
		}
		fmt.Fprintf(&out, "- %s\n", n)
	}
	return out.Bytes()
}

// figure is a level to the tenth, or a dash where there is none.
func figure(db float64) string {
	if math.IsInf(db, 0) || math.IsNaN(db) {
		return "-"
	}
	return fmt.Sprintf("%.1f", db)
}
